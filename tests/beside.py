"""A helpdesk's desk at work, the pages that stand beside its tickets, and the Zendesk that signs for them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Blueprint, Flask

from plugin import letters
from plugin.config import HelpdeskSettings
from plugin.desk import Desk
from plugin.desk.ledger import Policies
from plugin.inbox import Page
from plugin.judge import Judge
from plugin.model import Address, Place
from plugin.playbook import load_book
from plugin.register import Register
from plugin.store import Store
from plugin.testing import MemoryInbox
from plugin.web import create_app, open_sidebars
from tests.counter import COMPLAINT, FRIDAY, LONDON, PLAYBOOKS
from tests.stores import store_at

APP, INSTALLATION = 77, 4711
TICKET = 35436
LETTER = """\
Dear {name},

thank you for writing. We will [[say what we do]], <img src="x" onerror="alert(1)"> & so on.
"""


def audience(installation: int = INSTALLATION, subdomain: str = "example") -> str:
    """Whom a token is meant for: one installation of our app."""
    return f"https://{subdomain}.zendesk.com/api/v2/apps/installations/{installation}.json"


def new_key() -> RSAPrivateKey:
    """A key pair."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(slots=True)
class Signer:
    """What Zendesk knows of the app: the key it signs with, and where it is installed; told over HTTP on loopback."""

    key: RSAPrivateKey = field(default_factory=new_key)
    installations: list[dict[str, Any]] = field(
        default_factory=lambda: [{"id": 1, "app_id": 5}, {"id": INSTALLATION, "app_id": APP}]
    )
    asked: list[str] = field(default_factory=list)
    url: str = ""
    silent: bool = False

    @property
    def pem(self) -> bytes:
        """The public key."""
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def answer(self, path: str) -> tuple[int, bytes]:
        """What is said to a request for this path."""
        self.asked.append(path)
        if self.silent:
            return 503, b"<html>Sorry</html>"
        if path == f"/api/v2/apps/{APP}/public_key.pem":
            return 200, self.pem
        if path == "/api/v2/apps/installations.json":
            return 200, json.dumps({"installations": self.installations}).encode()
        return 404, b'{"error": "RecordNotFound"}'

    def token(self, now: datetime, key: RSAPrivateKey | None = None, **changes: Any) -> str:
        """A token as Zendesk signs it now; a claim changed to None is left out."""
        claims: dict[str, Any] = {
            "iss": "example.zendesk.com", "aud": audience(), "sub": "https://example.zendesk.com/api/v2/users/42.json",
            "iat": int(now.timestamp()), "nbf": int(now.timestamp()), "exp": int(now.timestamp()) + 300,
            "context": {"product": "support", "location": "ticket_sidebar"}, "qsh": "0" * 64,
        }  # fmt: skip
        claims = {name: value for name, value in (claims | changes).items() if value is not None}
        return jwt.encode(claims, key or self.key, algorithm="RS256")


@contextmanager
def signer() -> Iterator[Signer]:
    """Zendesk's word on the app, for as long as the block runs."""
    zendesk = Signer()

    class Asked(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = self.headers.get("Authorization", "").startswith("Basic ")
            status, body = zendesk.answer(self.path) if told else (401, b"{}")
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    zendesk.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield zendesk
    finally:
        server.shutdown()
        server.server_close()


@dataclass(slots=True)
class Beside:
    """The desk of the inbox `helpdesk`, whose messages lie on tickets, and a clock the test sets."""

    zendesk: Signer
    settings: HelpdeskSettings
    mail: MemoryInbox
    now: datetime = FRIDAY
    desk: Desk = field(init=False)
    register: Register = field(init=False)
    app: Flask = field(init=False)
    pages: Sequence[Blueprint] = ()

    def complaint(self, ticket: int = TICKET, text: str = COMPLAINT, sender: str = "anna@example.org") -> str:
        """A complaint comes in on this ticket and is dealt with; the id of its case."""
        known = {case["id"] for case in self.register.cases()}
        arrived = self.mail.arrive(text, subject=f"Ticket {ticket}", sender=sender, at=self.now)
        message = replace(arrived, place=Place("tickets", ticket, 1))
        self.desk.receive("helpdesk", Page(cursor={}, messages=(message,)))
        self.desk.run_due()
        return next((str(case["id"]) for case in self.register.cases() if case["id"] not in known), "")

    def later(self, **span: float) -> None:
        """Time passes, and what falls due is done."""
        self.now += timedelta(**span)
        self.desk.run_due()

    def task(self, case: str, kind: str) -> dict[str, Any]:
        """The task of that kind."""
        return next(task for task in self.register.case(case)["tasks"] if task["kind"] == kind)


@contextmanager
def beside(folder: Path, zendesk: Signer, **more: Any) -> Iterator[Beside]:
    """All of it over a store in this folder."""
    for name, text in (PLAYBOOKS | {"drafts/hello.en.txt": LETTER}).items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text)
    us = Address("support@example.zendesk.com", "Support")
    given: dict[str, Any] = {"subdomain": "example", "email": "bot@example.com", "token": "s3cret", "sidebar_app": APP}
    settings = HelpdeskSettings(
        name="helpdesk", url=zendesk.url, identities=(us,), ours=(us.email,), **(given | more)
    )  # fmt: skip
    mail = MemoryInbox("helpdesk")
    one = Beside(zendesk, settings, mail)
    policies = Policies(load_book([], folder, check_text=letters.problems), {"default": LONDON}, {"helpdesk": settings})
    store = Store(store_at(folder / "amends.db"))
    with closing(Desk(store, {"helpdesk": mail}, policies, Judge(), lambda: one.now)) as one.desk:
        one.register = Register(store, {"default": LONDON}, {"helpdesk": settings})
        one.pages = open_sidebars(one.register, lambda: one.desk, [settings], lambda: one.now)
        one.app = create_app(one.register, clock=lambda: one.now, sidebars=one.pages)
        yield one
