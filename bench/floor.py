"""The floor: the leanest honest code for the work Amends does on a backlog. A limit to measure against, no product.

Mails come in by the hundred, the next hundred on its way while one is read; words tell which are complaints; each
hundred is stored in one durable transaction; then come the tags, five hundred a command, and the drafts, fifty.

    IMAP_HOST=127.0.0.1 IMAP_PORT=1143 IMAP_USER=anna IMAP_PASS=secret python -m bench.floor floor.db
"""

from __future__ import annotations

import os
import re
import sqlite3
import sys
from base64 import b64decode
from binascii import a2b_qp
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bench.wire import Account, Line, Wire, numbers

Item = TypeVar("Item")

_COMPLAINT = re.compile(r"complain|refund|reklam|beschwer|réclam|reclam|klacht|reembols", re.I)
_FETCHED, _STORED, _APPENDED = 100, 500, 50
_UID = re.compile(rb"UID (\d+)")
_FIELD = {
    name: re.compile(rb"^" + name.encode() + rb":[ \t]*([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", re.I | re.M)
    for name in ("From", "Subject", "Message-ID", "Content-Type", "Content-Transfer-Encoding")
}
_BOUNDARY = re.compile(rb'boundary="?([^";\r\n]+)', re.I)
_CHARSET = re.compile(rb'charset="?([\w-]+)', re.I)
_DECODERS: dict[bytes, Callable[[bytes], bytes]] = {b"base64": b64decode, b"quoted-printable": a2b_qp}
_TABLES = """
create table mail (uid integer primary key, message_id text, sender text, subject text, body text, complaint integer);
create table task (uid integer primary key, due_at text, drafted integer default 0, tagged integer default 0);
"""
_LETTER = "We have received your complaint and will answer within three working days.\r\n" * 10


@dataclass(frozen=True, slots=True)
class _Mail:
    uid: int
    message_id: str
    sender: str
    subject: str
    text: str

    @property
    def complaint(self) -> bool:
        return bool(_COMPLAINT.search(self.subject) or _COMPLAINT.search(self.text))


def main() -> None:
    """Work off the inbox the environment names, into the database of the first argument."""
    env = os.environ
    wire = Wire(Account(env["IMAP_HOST"], int(env["IMAP_PORT"]), env["IMAP_USER"], env["IMAP_PASS"]))
    stored = database(sys.argv[1])
    wire.tell("SELECT INBOX")
    for batch in _batches(wire):
        _store(stored, batch)
    _tag(wire, stored)
    _write_drafts(wire, stored)
    wire.close()


def one(wire: Wire, stored: sqlite3.Connection, uid: int) -> None:
    """All the work on the one mail of this UID in the open folder: one step after the other, one commit."""
    (line,) = wire.tell(f"UID FETCH {uid} (UID BODY.PEEK[])")
    mail = _read(line)
    _store(stored, [mail])
    wire.tell(f"UID STORE {uid} +FLAGS.SILENT (complaint)")
    wire.answer(wire.append("Drafts", [_draft(mail)], "(\\Draft \\Seen) "))


def database(path: str) -> sqlite3.Connection:
    """A database that is durable with every commit, with the floor's two tables."""
    opened = sqlite3.connect(path, isolation_level=None)
    opened.execute("pragma journal_mode=wal")
    opened.execute("pragma synchronous=full")
    opened.executescript(_TABLES)
    return opened


def _batches(wire: Wire) -> Iterator[list[_Mail]]:
    """All mail, read; the server sends the next batch while the caller works on this one."""
    asked = [f"UID FETCH {numbers(some)} (UID BODY.PEEK[])" for some in _chunks(wire.search("ALL"), _FETCHED)]
    tag = wire.ask(asked[0]) if asked else b""
    for following in (*asked[1:], ""):
        lines = wire.answer(tag)
        tag = wire.ask(following) if following else b""
        yield [_read(line) for line in lines]


def _read(line: Line) -> _Mail:
    told, raw = line
    match = _UID.search(told)
    head, _, body = raw.partition(b"\r\n\r\n")
    message_id, sender, subject = (
        _field(head, name).decode(errors="replace") for name in ("Message-ID", "From", "Subject")
    )
    return _Mail(int(match[1]) if match else 0, message_id, sender, subject, _text(head, body))


def _field(head: bytes, name: str) -> bytes:
    match = _FIELD[name].search(head)
    return match[1] if match else b""


def _text(head: bytes, body: bytes) -> str:
    """The first plain text."""
    kind = _field(head, "Content-Type")
    if boundary := _BOUNDARY.search(kind):
        parts = body.split(b"--" + boundary[1])[1:]
        cut = (part.lstrip(b"\r\n").partition(b"\r\n\r\n") for part in parts)
        return next((text for inner, _, rest in cut if (text := _text(inner, rest))), "")
    if b"text/plain" not in kind:
        return ""
    encoding, charset = _field(head, "Content-Transfer-Encoding").lower(), _CHARSET.search(kind)
    decode = _DECODERS.get(encoding, bytes)
    return decode(body).decode(charset[1].decode() if charset else "utf-8", "replace")


def _store(database: sqlite3.Connection, mails: Sequence[_Mail]) -> None:
    due_at = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    rows = [(mail.uid, mail.message_id, mail.sender, mail.subject, mail.text, mail.complaint) for mail in mails]
    database.execute("begin immediate")
    database.executemany("insert into mail values (?, ?, ?, ?, ?, ?)", rows)
    database.executemany("insert into task (uid, due_at) values (?, ?)", [(row[0], due_at) for row in rows if row[-1]])
    database.execute("commit")


def _tag(wire: Wire, database: sqlite3.Connection) -> None:
    uids = [uid for (uid,) in database.execute("select uid from task where not tagged order by uid")]
    for some in _chunks(uids, _STORED):
        wire.tell(f"UID STORE {numbers(some)} +FLAGS.SILENT (complaint)")
        _mark(database, "tagged", some)


def _write_drafts(wire: Wire, database: sqlite3.Connection) -> None:
    """The drafts, one command on its way while the last one is written down."""
    query = "select uid, message_id, sender, subject, body from mail natural join task where not drafted order by uid"
    mails = [_Mail(*row) for row in database.execute(query)]
    sent: list[tuple[bytes, Sequence[_Mail]]] = []
    for some in _chunks(mails, _APPENDED):
        sent.append((wire.append("Drafts", map(_draft, some), "(\\Draft \\Seen) "), some))
    for tag, some in sent:
        wire.answer(tag)
        _mark(database, "drafted", [mail.uid for mail in some])


def _draft(mail: _Mail) -> bytes:
    quoted = mail.text[:2_000].replace("\r\n", "\n").replace("\n", "\r\n> ")
    return (
        f"From: support@example.com\r\nTo: {mail.sender}\r\nSubject: Re: {mail.subject}\r\n"
        f"In-Reply-To: {mail.message_id}\r\nReferences: {mail.message_id}\r\n"
        f"Message-ID: <floor.{mail.uid}@example.com>\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: 8bit\r\n\r\n{_LETTER}\r\n> {quoted}\r\n"
    ).encode()


def _mark(database: sqlite3.Connection, column: str, uids: Sequence[int]) -> None:
    database.execute("begin immediate")
    database.executemany(f"update task set {column} = 1 where uid = ?", [(uid,) for uid in uids])  # noqa: S608 - ours
    database.execute("commit")


def _chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))


if __name__ == "__main__":
    main()
