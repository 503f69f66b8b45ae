"""A small TCP proxy on loopback: it forwards, counts, and breaks a connection where a test asks for it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_CHUNK = 1 << 16


class Proxy:
    """Forwards to one server; `port` is where it listens.

    `said` holds every byte the client sent and `heard` every byte it got; `sent` and `received` count bytes to and from
    the server, `trips` how often the server answered after we spoke.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.sent = self.received = self.trips = self.connections = 0
        self.said, self.heard = bytearray(), bytearray()
        self._spoken = False
        self._swallowed = b""
        self._replaced: tuple[bytes, bytes] = (b"", b"")
        self._rewritten: Callable[[bytes], bytes] | None = None
        self._left: int | None = None
        self._left_to_say: int | None = None
        self._stalled = threading.Event()
        self._deaf: set[socket.socket] = set()  # what comes from these ends goes nowhere
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
        self.heard.clear()
        self._spoken = False

    def keep(self, folder: Path) -> None:
        """Write what was said and heard into a folder, for looking at a fault."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "said").write_bytes(self.said)
        (folder / "heard").write_bytes(self.heard)

    def swallow(self, answer: bytes) -> None:
        """The next piece of an answer that holds these bytes never arrives, and the connection ends; only once."""
        self._swallowed = answer

    def replace(self, told: bytes, instead: bytes) -> None:
        """From now on the server seems to say `instead` wherever it says `told`."""
        self._replaced = (told, instead)

    def rewrite(self, change: Callable[[bytes], bytes] | None) -> None:
        """From now on each line of the server arrives as `change` makes it, with its line end; None: as it is."""
        self._rewritten = change

    def cut_after(self, count: int) -> None:
        """End the connection once the server has answered exactly so many more bytes; only once."""
        self._left = count

    def cut_said_after(self, count: int) -> None:
        """End the connection once exactly so many more bytes were said to the server; only once."""
        self._left_to_say = count

    def spare(self) -> None:
        """Take back a cut that did not come."""
        self._left = self._left_to_say = None

    @property
    def will_cut(self) -> bool:
        """Whether a cut that was asked for is still to come."""
        return self._left is not None or self._left_to_say is not None

    def stall(self) -> None:
        """From now on nothing passes in either direction, and nobody is told."""
        self._stalled.set()

    def forget(self) -> None:
        """Nothing passes any more on the connections there are, as where a NAT forgot them; new ones work."""
        self._deaf.update(end for pair in self._pairs for end in pair)

    def deafen(self) -> None:
        """What the server says on the connections there are goes nowhere; what we say arrives."""
        self._deaf.update(far for _, far in self._pairs)

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
        begun = b""  # a line that is to be rewritten and is not all there
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                if self._stalled.is_set() or source in self._deaf:
                    continue
                if not to_server and self._rewritten is not None:
                    whole, end, begun = (begun + data).rpartition(b"\n")
                    data = b"".join(map(self._rewritten, (whole + end).splitlines(keepends=True)))
                passing, going_on = self._question(data) if to_server else self._answer(data)
                target.sendall(passing)
                if not going_on:
                    break
        if not self._stalled.is_set() and source not in self._deaf:
            _close(source)
            _close(target)

    def _question(self, data: bytes) -> tuple[bytes, bool]:
        """What of this reaches the server, and whether the connection goes on."""
        going_on = True
        if self._left_to_say is not None:
            data, self._left_to_say, going_on = _shortened(data, self._left_to_say)
        self.sent += len(data)
        self.said += data
        self._spoken = True
        return data, going_on

    def _answer(self, data: bytes) -> tuple[bytes, bool]:
        """What of this reaches the client, and whether the connection goes on."""
        if self._swallowed and self._swallowed in data:
            self._swallowed = b""
            return b"", False
        going_on = True
        if self._left is not None:
            data, self._left, going_on = _shortened(data, self._left)
        self.received += len(data)
        self.heard += data
        self.trips += self._spoken
        self._spoken = False
        told, instead = self._replaced
        return data.replace(told, instead) if told else data, going_on


def _shortened(data: bytes, left: int) -> tuple[bytes, int | None, bool]:
    """What may still pass, what may pass after it, and whether that is anything."""
    return (data, left - len(data), True) if len(data) < left else (data[:left], None, False)


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
