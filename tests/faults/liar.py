"""Servers that are none: they hang up, speak another tongue, or agree to everything."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

Manners = Callable[[socket.socket], None]


def says(greeting: bytes, answer: bytes = b"") -> Manners:
    """Greets so, gives every line the same answer (`%s` stands for its tag), or hangs up where there is none."""

    def speak(caller: socket.socket) -> None:
        caller.sendall(greeting)
        if not answer:
            return
        with caller.makefile("rb") as lines:
            for line in lines:
                caller.sendall(answer.replace(b"%s", line.split(b" ")[0]))

    return speak


class Liar:
    """Listens on `port` of 127.0.0.1 and treats every caller the same way."""

    def __init__(self, manners: Manners) -> None:
        self._manners = manners
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._answer, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _answer(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return  # the test is over
            with caller, suppress(OSError):
                self._manners(caller)


def closed_port() -> int:
    """A port of 127.0.0.1 nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
