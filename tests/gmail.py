"""A stand-in for Gmail's IMAP: Dovecot with Gmail's folders, behind a proxy that speaks Gmail's extensions.

What it does is what Google documents (developers.google.com/workspace/gmail/imap/imap-extensions: X-GM-EXT-1 among the
capabilities, X-GM-LABELS in FETCH, STORE and SEARCH, labels as astrings in modified UTF-7, Gmail's own labels with a
backslash; developers.google.com/gmail/api/reference/rest/v1/ImapSettings: auto-expunge). A label is kept as a keyword
of Dovecot that the client never sees. What Gmail does not understand it calls BAD, a blank at the end of a command
included (github.com/nojb/ocaml-imap/issues/12). It shows no labels as folders, and All Mail is a folder of its own.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from imapclient.imap_utf7 import decode as decode_utf7
from imapclient.imap_utf7 import encode as encode_utf7

from plugin.demo.mailbox import Dovecot

FOLDERS = {"[Gmail]/Drafts": "Drafts", "[Gmail]/Sent Mail": "Sent", "[Gmail]/Trash": "Trash", "[Gmail]/All Mail": "All"}
_CAPABILITIES = (
    b"IMAP4rev1 UNSELECT LITERAL+ IDLE NAMESPACE ID CHILDREN X-GM-EXT-1 UIDPLUS ENABLE MOVE CONDSTORE ESEARCH "
    b"LIST-EXTENDED LIST-STATUS SPECIAL-USE"
)
_PREFIX = "gm."
_OURS = b"GMAIL"
_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r\n$")
_CAPABILITY = re.compile(rb"CAPABILITY [^\]\r]+")
_FLAGS = re.compile(rb"FLAGS \(([^()]*)\)")
_STORE = re.compile(rb"(UID STORE \S+ [+-]?)X-GM-LABELS(\.SILENT)? (.+)\r\n$", re.I)
_DELETED = re.compile(rb"UID STORE (\S+) \+FLAGS(?:\.SILENT)? \(?\\Deleted\)?\r\n$", re.I)
_SEARCHED = re.compile(rb'X-GM-LABELS ("(?:[^"\\]|\\.)*"|[^\s()"]+)', re.I)
_ITEM = re.compile(rb' *("(?:[^"\\]|\\.)*"|[^\s()"{%*\]]+)')
_ATOM = re.compile(rb"[A-Za-z0-9_.-]+")


class Bad(Exception):
    """Gmail does not understand this command."""


@contextmanager
def gmail_server(folder: Path, password: str) -> Iterator[Dovecot]:
    """A Dovecot with the folders Gmail has."""
    folders = "".join(
        f'  mailbox "{name}" {{\n    auto = create\n    special_use = \\{use}\n  }}\n' for name, use in FOLDERS.items()
    )
    extra = f"namespace inbox {{\n{folders}}}\n"
    with Dovecot(folder, password=password, special_use=False, extra=extra, fsync="never") as server:
        yield server


class Gmail:
    """Listens on `port` and passes everything on to a Dovecot, in Gmail's words; `said` is all a client ever said.

    With `auto_expunge`, as Gmail is set unless one asks for something else, what is marked as deleted is gone at once.
    A command that holds `unknown` is called BAD.
    """

    def __init__(self, host: str, port: int, *, auto_expunge: bool = True, unknown: bytes = b"\0") -> None:
        self._target, self._auto_expunge, self._unknown = (host, port), auto_expunge, unknown
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.said: list[bytes] = []
        self.refused: list[bytes] = []
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for end in (self._listener, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
            except OSError:
                return  # the listener was closed: the test is over
            self._ends += [near, far]
            talk = _Talk(near, far, self.said, self.refused, self._unknown, auto_expunge=self._auto_expunge)
            for run in (talk.pass_commands, talk.pass_answers):
                threading.Thread(target=run, daemon=True).start()


@dataclass(slots=True)
class _Talk:
    """One connection."""

    near: socket.socket
    far: socket.socket
    said: list[bytes]
    refused: list[bytes]
    unknown: bytes
    auto_expunge: bool = field(kw_only=True)
    asked: dict[bytes, str] = field(default_factory=dict)  # what is said of flags in answer to each command, in order
    lock: threading.Lock = field(default_factory=threading.Lock)

    # -- what the client says

    def pass_commands(self) -> None:
        """Each command in Dovecot's words, until the client hangs up."""
        with suppress(OSError, ValueError), self.near.makefile("rb") as lines:
            while line := lines.readline():
                self._command(line, lines)
        _hang_up(self.far)

    def _command(self, line: bytes, lines: BinaryIO) -> None:
        self.said.append(line)
        tag, _, rest = line.partition(b" ")
        try:
            self.far.sendall(self._translated(tag, rest) if rest else line)
        except Bad:
            self.refused.append(line)
            with self.lock:
                self.near.sendall(tag + b" BAD Could not parse command\r\n")
            return
        while literal := _LITERAL.search(line):
            self.far.sendall(lines.read(int(literal[1])))
            line = lines.readline()
            self.far.sendall(line)
        if self.auto_expunge and (deleted := _DELETED.match(rest)):
            self.far.sendall(b"%s UID EXPUNGE %s\r\n" % (_OURS, deleted[1]))

    def _translated(self, tag: bytes, rest: bytes) -> bytes:
        if rest.endswith(b" \r\n") or self.unknown in rest:
            raise Bad(rest)
        name = rest.upper()
        if store := _STORE.match(rest):
            keywords = b" ".join(_keyword(label) for label in _labels(store[3]))
            self.asked[tag] = "labels"
            return b"%s %sFLAGS%s (%s)\r\n" % (tag, store[1], store[2] or b"", keywords)
        if name.startswith((b"UID FETCH ", b"FETCH ")):
            self.asked[tag] = "both" if b"X-GM-LABELS" in name else "flags"
            rest = re.sub(rb" ?X-GM-LABELS", b"" if b"FLAGS" in name else b" FLAGS", rest, flags=re.I)
        elif name.startswith((b"UID STORE ", b"STORE ")):
            self.asked[tag] = "flags"
        elif b"X-GM-LABELS" in name and b"SEARCH " in name:
            rest = _SEARCHED.sub(lambda found: b"KEYWORD " + _keyword(_label(found[1])), rest)
        if b"X-GM-" in rest.upper():
            raise Bad(rest)
        return tag + b" " + rest

    # -- what the server says

    def pass_answers(self) -> None:
        """Each answer in Gmail's words, until the server hangs up."""
        with suppress(OSError, ValueError), self.far.makefile("rb") as lines:
            while line := lines.readline():
                self._answer(line, lines)
        _hang_up(self.near)

    def _answer(self, line: bytes, lines: BinaryIO) -> None:
        tag = line.partition(b" ")[0]
        if tag == _OURS:
            return
        about = next(iter(self.asked.values()), "flags")
        self.asked.pop(tag, None)
        fetched = b" FETCH (" in line
        parts = [self._told(line, about, fetched=fetched)]
        while literal := _LITERAL.search(line):
            parts.append(lines.read(int(literal[1])))
            line = lines.readline()
            parts.append(self._told(line, about, fetched=fetched))
        with self.lock:
            self.near.sendall(b"".join(parts))

    def _told(self, line: bytes, about: str, *, fetched: bool) -> bytes:
        line = _CAPABILITY.sub(_capabilities, line)
        return _FLAGS.sub(lambda found: _flags(found[1], about if fetched else "flags"), line)


def _capabilities(found: re.Match[bytes]) -> bytes:
    """Gmail's, with the ways to log in this server has."""
    ways = [one for one in found[0].split() if one.startswith((b"AUTH=", b"SASL-IR"))]
    return b" ".join((b"CAPABILITY", _CAPABILITIES, *ways))


def _flags(told: bytes, about: str) -> bytes:
    """Flags as Gmail tells them, with the labels or instead of them."""
    every = told.split()
    labels = [one[len(_PREFIX) :] for one in every if one.startswith(_PREFIX.encode())]
    flags = b"FLAGS (" + b" ".join(one for one in every if not one.startswith(_PREFIX.encode())) + b")"
    names = b'X-GM-LABELS ("\\\\Important"' + b"".join(b" " + _told_label(one) for one in labels) + b")"
    return {"flags": flags, "labels": names, "both": flags + b" " + names}[about]


def _keyword(label: str) -> bytes:
    """The keyword Dovecot keeps for a label."""
    return _PREFIX.encode() + re.sub(rb"[^A-Za-z0-9-]", lambda byte: b"_%02X" % byte[0][0], label.encode())


def _told_label(keyword: bytes) -> bytes:
    """The label a keyword stands for, as Gmail writes it."""
    label = re.sub(rb"_([0-9A-Fa-f]{2})", lambda code: bytes([int(code[1], 16)]), keyword).decode()
    told: bytes = encode_utf7(label)
    return told if _ATOM.fullmatch(told) else b'"' + told.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _labels(told: bytes) -> list[str]:
    """The labels of a STORE, in brackets or a single one; Bad where it is neither."""
    inside = told[1:-1] if told.startswith(b"(") and told.endswith(b")") else told
    found, at = [], 0
    while match := _ITEM.match(inside, at):
        found.append(_label(match[1]))
        at = match.end()
    if at != len(inside) or not found:
        raise Bad(told)
    return found


def _label(told: bytes) -> str:
    """One label; Bad where it is empty, not in modified UTF-7, or one of Gmail's own that nobody may make."""
    name = re.sub(rb"\\(.)", rb"\1", told[1:-1]) if told.startswith(b'"') else told
    if not name or not name.isascii() or name.startswith((b"^", b"\\")):
        raise Bad(told)
    try:
        label = str(decode_utf7(name))
    except ValueError as error:
        raise Bad(told) from error
    if encode_utf7(label) != name:
        raise Bad(told)
    return label


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
