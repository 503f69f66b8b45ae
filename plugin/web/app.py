"""The application: a few pages, read-only, for this machine alone."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address

from flask import Blueprint, Flask, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from plugin.model import AmendsError
from plugin.register import NoSuchCase, Register
from plugin.web.checks import CHECKS, Health, add_checks
from plugin.web.view import CasePage, RegisterPage, marked, moment, verdict
from plugin.web.webhooks import Doors, add_webhooks, is_call

_HERE = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_CASE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ON_A_PAGE = 50
_PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")
"""What a proxy adds: somebody elsewhere asks through a machine that is ours."""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_SENTENCES = {
    400: "This page answers only to localhost or 127.0.0.1: open it under that name.",
    403: "This page is for the machine Amends runs on: open it there.",
    404: "There is nothing under this address.",
    405: "This page is for reading only: use the command amends, or your mail program.",
    500: "Something went wrong here: look into the log of Amends.",
}


def now_utc() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


def create_app(
    register: Register, *, health: Health | None = None, clock: Callable[[], datetime] = now_utc,
    doors: Doors | None = None, sidebars: Sequence[Blueprint] = (), token: str = "",
) -> Flask:  # fmt: skip
    """The application over this register; `health` tells how each inbox fares, by default what the register knows.

    Inboxes call through `doors`; without them nobody can. `sidebars` are the pages that stand inside a helpdesk. Who
    shows `token` is told from anywhere how all fares.
    """
    app = Flask(__name__)
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.filters |= {"marked": marked, "moment": moment, "verdict": verdict}
    _add_guards(app)
    _add_headers(app)
    add_checks(app, register, health or register.inboxes, clock, lambda: is_here() or shows(token))
    _add_pages(app, register, clock)
    add_webhooks(app, doors, clock)
    for pages in sidebars:
        app.register_blueprint(pages)
    _add_problems(app)
    return app


# ---- who may look ---------------------------------------------------------------------------------------------------


def _add_guards(app: Flask) -> None:
    """Calls and the pages inside a helpdesk have guards of their own: they prove who asks."""
    app.before_request(_only_from_here)
    app.before_request(_only_reading)


def _only_from_here() -> None:
    """A page without a login is for this machine; its name is checked, since another site may point its own here."""
    if request.path in CHECKS or is_call() or request.blueprint or is_here():
        return
    abort(400 if _is_near() else 403)


def is_here() -> bool:
    """Whether somebody on this machine asks for it by its own name."""
    return _is_near() and _HERE.fullmatch(request.headers.get("Host", "")) is not None


def _is_near() -> bool:
    passed_on = any(name in request.headers for name in _PASSED_ON)
    return not passed_on and _is_loopback(request.remote_addr or "")


def shows(token: str) -> bool:
    """Whether whoever asks shows this token (RFC 6750); compared in a time that tells nothing about it."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(token) and hmac.compare_digest(given.encode(), token.encode())


def _only_reading() -> None:
    if request.method not in ("GET", "HEAD") and not (is_call() or request.blueprint):
        raise MethodNotAllowed(valid_methods=["GET", "HEAD"])


def _is_loopback(address: str) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return (mapped or ip).is_loopback


def _add_headers(app: Flask) -> None:
    @app.after_request
    def seal(response: Response) -> Response:
        if not request.blueprint:  # what stands inside a helpdesk seals itself, since it must be framed there
            response.headers.update(_HEADERS)
        return response


# ---- what is shown --------------------------------------------------------------------------------------------------


def _add_pages(app: Flask, register: Register, clock: Callable[[], datetime]) -> None:
    @app.get("/")
    def cases() -> ResponseReturnValue:
        show = "all" if request.args.get("show") == "all" else "open"
        after = _case_id(request.args.get("after", ""), or_none=True)
        page = RegisterPage.of(register, clock(), show, after, _ON_A_PAGE, asked=request.args.get("q", ""))
        return render_template("register.html", page=page)

    @app.get("/cases/<case_id>")
    def case(case_id: str) -> ResponseReturnValue:
        page = CasePage(register, register.case(_case_id(case_id)), clock())
        return render_template("case.html", page=page)


def _case_id(text: str, *, or_none: bool = False) -> str:
    """The text, where it can be the id of a case; some databases choke on what cannot."""
    if not _CASE_ID.fullmatch(text) and not (or_none and not text):
        abort(404)
    return text


def _add_problems(app: Flask) -> None:
    @app.errorhandler(NoSuchCase)
    def no_such_case(error: NoSuchCase) -> ResponseReturnValue:
        return _problem(404, f"{str(error)[:1].upper()}{str(error)[1:]}.")

    @app.errorhandler(AmendsError)
    def out_of_order(error: AmendsError) -> ResponseReturnValue:
        return _problem(503, f"{error}.")

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> ResponseReturnValue:
        code = error.code or 500
        body, status = _problem(code, _SENTENCES.get(code, error.description or error.name))
        return body, status, [pair for pair in error.get_headers() if pair[0] == "Allow"]


def _problem(code: int, sentence: str) -> tuple[str, int]:
    return render_template("problem.html", code=code, sentence=sentence), code
