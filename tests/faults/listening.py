"""A team's chat on this machine: hears what is posted to it, in apprise's `json://`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass(slots=True)
class Listener:
    """What was heard, oldest first; `status` is the answer."""

    address: str = ""
    status: int = 200
    heard: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Listener]:
    """A chat that is there for as long as the block runs."""
    listener = Listener()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            listener.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(listener.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing to say."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    listener.address = f"json://127.0.0.1:{server.server_port}/hook"
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
