"""The HTTP edge of the stand-in, and the stand-in as a whole."""

from __future__ import annotations

import base64
import binascii
import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.http import http_date
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from integrations.zendesk.standin import refusals
from integrations.zendesk.standin.account import Account
from integrations.zendesk.standin.api import ROUTES, Answer, Api, Route
from integrations.zendesk.standin.asked import Asked
from integrations.zendesk.standin.clock import Clock
from integrations.zendesk.standin.export import Export
from integrations.zendesk.standin.faults import Fault, Faults, Kind
from integrations.zendesk.standin.limits import Limits, Meter
from integrations.zendesk.standin.once import Once
from integrations.zendesk.standin.page import page
from integrations.zendesk.standin.people import People
from integrations.zendesk.standin.records import Json, Role, User
from integrations.zendesk.standin.rules import Rules
from integrations.zendesk.standin.shapes import Shapes
from integrations.zendesk.standin.shown import Shown
from integrations.zendesk.standin.webhooks import Webhooks
from integrations.zendesk.standin.witness import Logged, Witness

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ROOT = "/api/v2/"
_SELF = "zendesk.standin"
ACCOUNT_ID = 22129848
_RANKS = (Role.END_USER, Role.LIGHT_AGENT, Role.AGENT, Role.ADMIN)
_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Login:
    """What a client needs to know: an address and a token."""

    email: str = "bot@example.com"
    token: str = "token-of-the-bot"  # noqa: S105 - a stand-in keeps no secret


class StandIn:
    """A Zendesk account of its own, served on a free port of loopback from `start` (or `with`) to `close`.

    `bot` is whoever holds the token of `login`, an admin unless `role` says otherwise. With `live`, webhooks go out by
    themselves; else they are held back. Every answer is checked against the descriptions: `misshapen` tells the faults.
    """

    def __init__(
        self, *, clock: Clock | None = None, limits: Limits | None = None, role: Role = Role.ADMIN,
        live: bool = False, port: int = 0,
    ) -> None:  # fmt: skip
        self.clock = clock or Clock()
        self.login = Login()
        self.account = Account(self.clock)
        self.bot = self.account.join("Amends", self.login.email, role, self.login.token)
        self.meter = Meter(self.clock, limits or Limits())
        self.faults = Faults()
        self.misshapen: list[str] = []
        self._log: list[Logged] = []
        self._ended = threading.Event()
        self._server = _Server("127.0.0.1", port, self._wsgi, self.clock)
        self.url = f"http://127.0.0.1:{self._server.port}"
        self.netloc = f"127.0.0.1:{self._server.port}"
        shown = Shown(self.account, self.url)
        self.export = Export(self.account, shown)
        self.webhooks = Webhooks(self.account, ACCOUNT_ID, live)
        self.rules = Rules(self.account, self.url, self.webhooks.send_for_rule)
        self.people = People(self.account)
        self.witness = Witness(self.account, self._log)
        self._api = Api(self.account, shown, self.export, self.rules, self.webhooks)
        self._shapes = Shapes()
        self._once = Once(self.clock)
        self._running = False

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def address(self, path: str) -> str:
        """Where something of the API lies."""
        return f"{self.url}{ROOT}{path}"

    def start(self) -> Self:
        """From now on it answers."""
        self._running = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.webhooks.start()
        return self

    def close(self) -> None:
        """It no longer answers, and every connection ends."""
        self._ended.set()
        self.webhooks.close()
        if self._running:
            self._server.shutdown()
        self._server.end()

    # ---- one request ------------------------------------------------------------------------------------------------

    def _wsgi(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Every stand-in shares one application, which is slow to make, and finds itself in the request."""
        environ[_SELF] = self
        environ["PATH_INFO"] = environ["PATH_INFO"].removesuffix(".json")
        return _app()(environ, start)

    def _arrive(self) -> Response | None:
        """Who asks what; and whatever is to go wrong before anything is done."""
        g.path = request.path.removeprefix(ROOT)
        g.raw = request.get_data()
        g.fault, g.user, g.headers = self.faults.take(request.method, g.path), None, {}
        trouble = self._trouble(g.fault) if g.fault else None
        if trouble is None:
            g.user = self._who()
            g.headers = self.meter.count(request.method, g.path, g.user.id if g.user else 0)
        return trouble

    def _answer(self, route: Route, parts: Json) -> Response:
        self._must_be(route.role)
        asked = Asked(g.path, request.args.to_dict(), _body(g.raw), g.user)
        with self.account.lock if route.alone else nullcontext():
            return _json(*self._done_once(route, asked, parts))

    def _done_once(self, route: Route, asked: Asked, parts: Json) -> Answer:
        key = request.headers.get("Idempotency-Key", "") if route.name == "create" else ""
        known = self._once.find(asked.who.id, key, g.raw) if key else None
        answer: Answer = known or getattr(self._api, route.name)(asked, **parts)
        if key:
            g.headers |= {"x-idempotency-lookup": "hit" if known else "miss"}
            self._once.keep(asked.who.id, key, g.raw, answer)
        return answer

    def _leave(self, response: Response) -> Response:
        """The headers, the log, the check; and whatever is to go wrong now that it is done."""
        response.headers.update(g.headers)
        fault: Fault | None = g.fault
        self._log.append(Logged(
            method=request.method, path=g.path, query=request.args.to_dict(), body=g.raw, status=response.status_code,
            user_id=g.user.id if g.user else None, at=self.clock.now(), fault=str(fault.kind) if fault else "",
        ))  # fmt: skip
        if fault is None or fault.kind not in (Kind.FAIL, Kind.DROP):
            bodies, query = (g.raw, response.get_data()), request.args.to_dict()
            self.misshapen += self._shapes.problems(request.method, g.path, response.status_code, query, bodies)
        return self._spoil(response, fault) if fault else response

    # ---- who asks ---------------------------------------------------------------------------------------------------

    def _who(self) -> User | None:
        """`address/token` and the token; None where nobody said anything at all."""
        given = request.headers.get("Authorization", "")
        if not given:
            return None
        with suppress(ValueError, binascii.Error):
            name, _, token = base64.b64decode(given.removeprefix("Basic "), validate=True).decode().partition(":")
            email = name.removesuffix("/token").lower()
            found = next((u for u in self.account.users.values() if u.email == email), None)
            if found and found.token and found.token == token and name.endswith("/token") and not found.suspended:
                return found
        raise refusals.unknown_user()

    def _must_be(self, role: Role | None) -> None:
        if role is None:
            return
        user: User | None = g.user
        if user is None:
            raise refusals.unknown_user()
        if _RANKS.index(user.role) < _RANKS.index(role):
            raise refusals.forbidden()

    # ---- what goes wrong on purpose ---------------------------------------------------------------------------------

    def _trouble(self, fault: Fault) -> Response | None:
        if fault.kind is Kind.MEANWHILE and fault.act:
            fault.act()
        elif fault.kind is Kind.SLOW:
            self._ended.wait(fault.seconds)
        elif fault.kind is Kind.DROP:
            return Response(status=204)  # nobody will read it
        elif fault.kind is Kind.FAIL:
            return self._failure(fault)
        return None

    def _failure(self, fault: Fault) -> Response:
        g.headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
        if fault.html:
            return Response(_PAGE.format(f"{fault.status} Service Unavailable"), fault.status, content_type="text/html")
        name = "APIRateLimitExceeded" if fault.status == 429 else "InternalError"
        return _json({"error": name, "description": "Try again later"}, fault.status)

    def _spoil(self, response: Response, fault: Fault) -> Response:
        if fault.kind in (Kind.LOSE, Kind.DROP):
            _hang_up()
        elif fault.kind is Kind.HANG:
            self._ended.wait(fault.seconds)
        elif fault.kind is Kind.TRUNCATE:
            response.set_data(response.get_data()[: len(response.get_data()) // 2])
        elif fault.kind is Kind.CUT:
            data = response.get_data()
            return Response(
                _half(data, _socket()), response.status_code, {**response.headers, "Content-Length": str(len(data))}
            )
        return response


@cache
def _app() -> Flask:
    app = Flask(__name__)
    for route in ROUTES:
        app.add_url_rule(ROOT + route.path, f"{route.method} {route.path}", _view(route), methods=[route.method])
    app.add_url_rule("/", "page", lambda: page(_standin().account))
    app.before_request(lambda: None if _is_for_people() else _standin()._arrive())
    app.after_request(lambda response: response if _is_for_people() else _standin()._leave(response))
    app.register_error_handler(refusals.Refusal, _refused)
    app.register_error_handler(HTTPException, _unknown)
    return app


def _is_for_people() -> bool:
    """The page is no part of the API: it needs no token, counts for no limit and stands in no log."""
    return request.path == "/" and request.method in ("GET", "HEAD")


def _standin() -> StandIn:
    return cast(StandIn, request.environ[_SELF])


def _view(route: Route) -> Callable[..., Response]:
    return lambda **parts: _standin()._answer(route, parts)


def _refused(refusal: Exception) -> Response:
    refused = cast(refusals.Refusal, refusal)
    g.headers = {**g.headers, **refused.headers}
    return _json(refused.body, refused.status)


def _unknown(error: Exception) -> Response:
    status = cast(HTTPException, error).code or 500
    return _json({"error": "InvalidEndpoint" if status == 404 else "InternalError", "description": str(error)}, status)


class _Wire(WSGIRequestHandler):
    """Keeps connections open as the real one does, and says nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body leave apart; without this each answer waits for an acknowledgement

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The header Date: the account's time."""
        return http_date(cast(_Server, self.server).clock.now())

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  the name is the library's
        """Nothing: the stand-in has a log of its own."""


class _Server(ThreadedWSGIServer):
    """Remembers its connections, so that they end with it."""

    def __init__(self, host: str, port: int, app: WSGIApplication, clock: Clock) -> None:
        self.clock = clock
        self._open: set[socket.socket] = set()
        super().__init__(host, port, app, handler=_Wire)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def end(self) -> None:
        """No more connections, and none that lingers."""
        self.server_close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _socket() -> socket.socket:
    return cast(socket.socket, request.environ["werkzeug.socket"])


def _hang_up() -> None:
    """The connection ends here; whatever is written afterwards is never read."""
    with suppress(OSError):
        _socket().shutdown(socket.SHUT_RDWR)


def _half(data: bytes, connection: socket.socket) -> Iterator[bytes]:
    yield data[: len(data) // 2]
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    yield data[len(data) // 2 :]


def _json(body: Json | None, status: int) -> Response:
    if body is None:
        return Response(status=status)
    return Response(json.dumps(body), status, content_type="application/json; charset=utf-8")


def _body(raw: bytes) -> Json:
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        raise refusals.Refusal(
            400, {"error": "Unprocessable Entity", "message": "Server could not parse JSON"}
        ) from None
    return body if isinstance(body, dict) else {}


__all__ = ["Login", "StandIn"]
