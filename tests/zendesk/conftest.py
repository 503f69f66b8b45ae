"""A Zendesk of its own for every test, and clients to talk to it with."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry
from zenpy import Zenpy
from zenpy.lib.api_objects import Comment, Ticket

from integrations.zendesk.standin import Clock, Limits, StandIn
from integrations.zendesk.standin.records import Json

FRIDAY = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
BACKFILL = int((FRIDAY - timedelta(days=1)).timestamp())


def note(ticket_id: int, text: str = "Suggested reply: …", **more: Any) -> Ticket:
    """An update as it should be: a note that says it is one."""
    return Ticket(id=ticket_id, comment=Comment(body=text, public=False), **more)


@pytest.fixture
def zendesk(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """An account on a Friday afternoon; whatever a test does, every answer keeps to the descriptions."""
    with StandIn(clock=Clock(FRIDAY), limits=Limits()) as standin:
        monkeypatch.setenv("ZENPY_FORCE_SCHEME", "http")
        monkeypatch.setenv("ZENPY_FORCE_NETLOC", standin.netloc)
        yield standin
    assert standin.misshapen == []


@pytest.fixture
def api(zendesk: StandIn) -> Iterator[Zenpy]:
    """zenpy as it should be used: nothing is repeated, nothing is remembered."""
    with _session(Retry(total=0)) as session:
        yield zenpy(zendesk, session, disable_cache=True)


@pytest.fixture
def careless(zendesk: StandIn) -> Iterator[Zenpy]:
    """zenpy as it comes: its own way of repeating, which it mounts for https only, is mounted for http as well."""
    with _session(Zenpy.http_adapter_kwargs()["max_retries"]) as session:
        yield zenpy(zendesk, session)


@pytest.fixture
def http(zendesk: StandIn) -> Iterator[requests.Session]:
    """Plain requests, with the bot's login."""
    with _session(Retry(total=0)) as session:
        session.auth = (f"{zendesk.login.email}/token", zendesk.login.token)
        yield session


def zenpy(
    zendesk: StandIn, session: requests.Session, *, disable_cache: bool = False, budget: int | None = None
) -> Zenpy:
    """A zenpy client for the stand-in."""
    return Zenpy(
        subdomain="example", email=zendesk.login.email, token=zendesk.login.token, session=session, timeout=5,
        disable_cache=disable_cache, ratelimit_budget=budget,
    )  # fmt: skip


def _session(retry: Retry) -> requests.Session:
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def until(there: Callable[[], object]) -> None:
    """Waits for what another thread is about to do."""
    for _ in range(1000):
        if there():
            return
        time.sleep(0.01)
    raise AssertionError("it never happened")


class Ear:
    """Listens for webhooks on loopback; `heard` is what came, `answer` the status it gives."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.answer = 202
        ear = self

        class Call(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                ear.heard.append((dict(self.headers.items()), body))
                self.send_response(ear.answer)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Call)
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhooks/helpdesk"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def bodies(self) -> list[Json]:
        """What was said, as JSON."""
        return [json.loads(body) for _, body in self.heard]

    def close(self) -> None:
        """Listens no more."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def ear() -> Iterator[Ear]:
    ear = Ear()
    yield ear
    ear.close()
