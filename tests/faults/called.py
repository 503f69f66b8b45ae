"""A helpdesk that can be called: a store of its own, the application before it, and what was entered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient

from plugin.register import Register
from plugin.store import Doorbook, Store
from plugin.web import Doors, create_app, serve
from tests.calls import HELPDESK, NOW, post
from tests.stores import store_at


class Called:
    """One store with one door; its clock stands still until a test moves it."""

    def __init__(self, folder: Path, *, patience: float = 60.0) -> None:
        """With more `patience` than usual, since the machine may be busy with other things."""
        self.now = NOW
        self.rung: list[str] = []
        self.store = Store(store_at(folder / "amends.db"))
        self.register = Register(self.store, {}, {"helpdesk": HELPDESK})
        self.doors = Doors(Doorbook(self.store, self.rung.append, patience=patience), [HELPDESK])
        self.app = create_app(self.register, clock=lambda: self.now, doors=self.doors)

    def caller(self) -> FlaskClient:
        """Somebody on another machine."""
        client = self.app.test_client()
        client.environ_base |= {"REMOTE_ADDR": "192.0.2.7", "HTTP_HOST": "amends.example.com"}
        return client

    def call(self, body: bytes, headers: Mapping[str, str] | None = None) -> int:
        """Call once; the status of the answer."""
        return post(self.caller(), body, headers)

    def aside(self) -> list[dict[str, Any]]:
        """What lies in quarantine, whole."""
        with self.store.reading() as session:
            kept = [session.aside_as(one) for one in session.ids_aside()]
        return [dict(row) for row in kept if row is not None]

    def heed(self, *ids: str, at: datetime | None = None) -> None:
        """These notices were heeded."""
        with self.store.writing() as session:
            session.notices.heed("helpdesk", ids, at or self.now)

    @contextmanager
    def on_the_wire(self) -> Iterator[HTTPConnection]:
        """A connection to the same application on a real server."""
        with (
            serve(self.register, ("127.0.0.1", 0), self.doors) as url,
            closing(HTTPConnection(urlsplit(url).netloc, timeout=60)) as wire,
        ):
            yield wire

    def close(self) -> None:
        """Let go of everything."""
        with closing(self.store), closing(self.doors):
            pass
