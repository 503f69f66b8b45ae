"""The page inside a process that does other things as well."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from waitress.server import BaseWSGIServer, create_server

from plugin.model import AmendsError
from plugin.register import Register
from plugin.web.app import create_app

_TRIES = 50
_THREADS = 4


class PortTaken(AmendsError):
    """The page cannot be served at this address."""

    def __init__(self, host: str, port: int, why: str) -> None:
        self.host, self.port = host, port
        super().__init__(
            f"web: cannot listen on {host}:{port}: {why} - set another `web: {{listen: …}}` in amends.yaml"
        )


@contextmanager
def serve(register: Register, listen: tuple[str, int]) -> Iterator[str]:
    """Serve the page while the block runs, on this port or the next free one; gives its address. Raises PortTaken."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a request that waits a moment is no news
    bound = _bound(*listen)
    host, port = bound.getsockname()[:2]
    server = create_server(create_app(register), sockets=[bound], threads=_THREADS, ident=None)
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
