"""IMAP in its barest form: a socket on which one may ask again before the last answer has come (RFC 9051, 5.5)."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count

_LITERAL = re.compile(rb"\{(\d+)\}\r\n$")

Line = tuple[bytes, bytes]
"""An untagged line of an answer, and the literal in it, if there was one."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whose mailbox it is, and where."""

    host: str
    port: int
    user: str
    password: str


class Wire:
    """A connection that is logged in; what the server refuses is an error, since here nothing may go wrong."""

    def __init__(self, account: Account) -> None:
        self._socket = socket.create_connection((account.host, account.port), timeout=120)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._lines = self._socket.makefile("rb", 1 << 20)
        self._tags = count(1)
        self._lines.readline()
        self.tell(f"LOGIN {account.user} {account.password}")

    def ask(self, command: str, *more: bytes) -> bytes:
        """Send a command; the tag its answer will carry."""
        tag = b"b%d" % next(self._tags)
        self._socket.sendall(b"".join((tag, b" ", command.encode(), *more, b"\r\n")))
        return tag

    def answer(self, tag: bytes) -> list[Line]:
        """What the server says up to the end of this command; asked in turn, answered in turn."""
        told: list[Line] = []
        while True:
            line, literal = self._line()
            if line.startswith(tag + b" "):
                if not line.startswith(tag + b" OK"):
                    raise RuntimeError(line.decode(errors="replace").strip())
                return told
            told.append((line, literal))

    def tell(self, command: str) -> list[Line]:
        """Ask and await the answer."""
        return self.answer(self.ask(command))

    def append(self, folder: str, mails: Iterable[bytes], flags: str = "") -> bytes:
        """Send these mails in one command (RFC 3502, MULTIAPPEND; RFC 7888, LITERAL+); the tag of its answer."""
        pieces = [piece for raw in mails for piece in (b" %s{%d+}\r\n" % (flags.encode(), len(raw)), raw)]
        return self.ask(f"APPEND {folder}", *pieces)

    def search(self, criteria: str) -> list[int]:
        """The UIDs in the open folder that match."""
        return [int(uid) for line, _ in self.tell(f"UID SEARCH {criteria}") for uid in line.split()[2:]]

    def close(self) -> None:
        """Log out."""
        self.tell("LOGOUT")
        self._lines.close()
        self._socket.close()

    def _line(self) -> Line:
        line, literal = self._lines.readline(), b""
        if not line:
            raise EOFError("the server hung up")
        while size := _LITERAL.search(line):
            literal = self._lines.read(int(size[1]))
            line += self._lines.readline()
        return line, literal


def numbers(uids: Sequence[int]) -> str:
    """UIDs as IMAP wants them."""
    return ",".join(map(str, uids))
