"""The page inside a process that does other things as well."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Thread

from flask import Blueprint
from waitress.server import BaseWSGIServer, create_server

from plugin.model import AmendsError
from plugin.register import Register
from plugin.web.app import create_app
from plugin.web.webhooks import LARGEST, Doors

_TRIES = 50
_THREADS = 32  # callers wait together for one commit; a thread that waits costs next to nothing
_CONNECTIONS = 500  # kept open by callers; without a thread each


class PortTaken(AmendsError):
    """The page cannot be served at this address."""

    def __init__(self, host: str, port: int, why: str) -> None:
        self.host, self.port = host, port
        super().__init__(
            f"web: cannot listen on {host}:{port}: {why} - set another `web: {{listen: …}}` in amends.yaml"
        )


@contextmanager
def serve(
    register: Register, listen: tuple[str, int], doors: Doors | None = None, sidebars: Sequence[Blueprint] = (),
    *, token: str = "",
) -> Iterator[str]:  # fmt: skip
    """Serve the page while the block runs, on this port or the next free one; gives its address. Raises PortTaken.

    Through `doors` inboxes can call; they stay open for whoever opened them. `sidebars` and `token` as for create_app.
    """
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a request that waits a moment is no news
    bound = _bound(*listen)
    host, port = bound.getsockname()[:2]
    server = create_server(
        create_app(register, doors=doors, sidebars=sidebars, token=token),
        sockets=[bound], threads=_THREADS, ident=None, connection_limit=_CONNECTIONS, asyncore_use_poll=True,
        max_request_body_size=LARGEST + 1,  # it refuses what has as many bytes, before it reads them
        clear_untrusted_proxy_headers=False,  # by them the page tells who asks through a proxy, and is elsewhere
    )  # fmt: skip
    thread = Thread(target=server.run, name="web", daemon=True)
    thread.start()
    try:
        yield f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    finally:
        server.trigger.pull_trigger(lambda: _close(server))
        thread.join()
        server.task_dispatcher.shutdown()


def _bound(host: str, port: int) -> socket.socket:
    """A socket on the first free port from this one on; port 0 is any free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for tried in range(port, min(port + _TRIES, 65_536)):
        try:
            return socket.create_server((host, tried), family=family)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise PortTaken(host, tried, error.strerror or str(error)) from error
    raise PortTaken(host, port, f"it and the {_TRIES - 1} ports after it are taken")


def _close(server: BaseWSGIServer) -> None:
    """End the server's loop, from within it: browsers keep connections open, which would keep it going."""
    for channel in list(server.active_channels.values()):
        channel.handle_close()
    server.close()
