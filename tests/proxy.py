"""A small TCP proxy on loopback: it forwards, counts, and breaks a connection where a test asks for it."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

_CHUNK = 1 << 16


class Proxy:
    """Forwards to one server; `port` is where it listens.

    `said` holds every byte the client sent; `sent` and `received` count bytes to and from the server, `trips` how often
    the server answered after we spoke.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.sent = self.received = self.trips = self.connections = 0
        self.said = bytearray()
        self._spoken = False
        self._swallowed = b""
        self._replaced: tuple[bytes, bytes] = (b"", b"")
        self._left: int | None = None
        self._stalled = threading.Event()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stalled.clear()
        _close(self._listener)
        self.cut()

    def reset(self) -> None:
        """Count from nothing again."""
        self.sent = self.received = self.trips = 0
        self.said.clear()
        self._spoken = False

    def swallow(self, answer: bytes) -> None:
        """The next piece of an answer that holds these bytes never arrives, and the connection ends; only once."""
        self._swallowed = answer

    def replace(self, told: bytes, instead: bytes) -> None:
        """From now on the server seems to say `instead` wherever it says `told`."""
        self._replaced = (told, instead)

    def cut_after(self, count: int) -> None:
        """End the connection once the server has answered so many more bytes; only once."""
        self._left = count

    def stall(self) -> None:
        """From now on nothing passes in either direction, and nobody is told."""
        self._stalled.set()

    def cut(self) -> None:
        """End every connection there is."""
        for pair in self._pairs:
            for end in pair:
                _close(end)
        self._pairs.clear()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
            except OSError:
                return  # the listener was closed: the test is over
            self.connections += 1
            self._pairs.append((near, far))
            threading.Thread(target=self._pump, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._pump, args=(far, near, False), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, to_server: bool) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                if self._stalled.is_set():
                    continue
                passing = self._count_question(data) if to_server else self._count_answer(data)
                if passing is None:
                    break
                target.sendall(passing)
        if not self._stalled.is_set():
            _close(source)
            _close(target)

    def _count_question(self, data: bytes) -> bytes:
        self.sent += len(data)
        self.said += data
        self._spoken = True
        return data

    def _count_answer(self, data: bytes) -> bytes | None:
        if self._swallowed and self._swallowed in data:
            self._swallowed = b""
            return None
        if self._left is not None:
            self._left -= len(data)
            if self._left <= 0:
                self._left = None
                return None
        self.received += len(data)
        self.trips += self._spoken
        self._spoken = False
        told, instead = self._replaced
        return data.replace(told, instead) if told else data


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
