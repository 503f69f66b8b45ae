"""A second IMAP client that looks at a mailbox from outside, and does what a person with a mail program does."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any, TypeVar

from imapclient import IMAPClient

T = TypeVar("T")
Flags = frozenset[str]


@dataclass(frozen=True, slots=True)
class Seen:
    """One message as it lies in a folder."""

    uid: int
    flags: Flags
    mail: EmailMessage

    @property
    def text(self) -> str:
        """Its plain text."""
        body = self.mail.get_body(("plain",))
        return str(body.get_content()) if body else ""


def written(
    text: str,
    *,
    subject: str = "Hello",
    sender: str = "Anna Jones <anna@example.org>",
    to: str = "support@example.com",
    after: str = "",
    **headers: str,
) -> bytes:
    """A mail as bytes; `after` is the Message-ID it answers, `headers` are further fields with _ for -."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Date"], mail["Message-ID"] = format_datetime(datetime.now(UTC)), make_msgid(domain="mail.example")
    if after:
        mail["In-Reply-To"] = mail["References"] = after
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


class Witness:
    """Looks and acts on a connection of its own."""

    def __init__(self, host: str, port: int, user: str, password: str) -> None:
        self._where, self._password = (host, port), password
        self.user = user
        self._client = self._connected()

    def reconnect(self) -> None:
        """A new connection, as after a restart of the server."""
        self._client.shutdown()
        self._client = self._connected()

    def _connected(self) -> IMAPClient:
        client = IMAPClient(*self._where, ssl=False, timeout=30)
        # Nagle's delay costs 40 ms for each mail that is put into a folder of Cyrus.
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.login(self.user, self._password)
        return client

    def close(self) -> None:
        """Log out."""
        self._client.logout()

    # ---- mail in ------------------------------------------------------------------------------------------------

    def write(self, text: str, **about: str) -> bytes:
        """A mail to us, as bytes; see `written`."""
        return written(text, to=self.user, **about)

    def deliver(self, text: str, *, folder: str = "INBOX", **about: str) -> str:
        """A mail arrives; its Message-ID."""
        raw = self.write(text, **about)
        self._client.append(folder, raw)
        return str(message_from_bytes(raw)["Message-ID"])

    def append(self, folder: str, raw: bytes, flags: tuple[str, ...] = (), at: datetime | None = None) -> None:
        """These very bytes are put into a folder, as if they had come `at` that time."""
        self._client.append(folder, raw, flags, at)

    def append_all(self, folder: str, raws: Iterable[bytes]) -> None:
        """Many mails are put into a folder, in this order."""
        for raw in raws:
            self._client.append(folder, raw)

    # ---- folders ------------------------------------------------------------------------------------------------

    def folders(self) -> set[str]:
        """The names of all folders."""
        return {str(name) for _, _, name in self._client.list_folders()}

    def make(self, *names: str) -> None:
        """A person makes folders."""
        for name in names:
            self._client.create_folder(name)

    def drop(self, *names: str) -> None:
        """A person deletes folders with all that is in them."""
        self._leave()
        for name in names:
            self._client.delete_folder(name)

    def rename(self, old: str, new: str) -> None:
        """A person renames a folder."""
        self._leave()
        self._client.rename_folder(old, new)

    def made_anew(self, folder: str) -> None:
        """The same mails with the same flags lie in a folder of the same name that is another one."""
        self.rename(folder, "Aside")
        self.make(folder)
        self._client.select_folder("Aside")
        if uids := self._client.search(["ALL"]):
            self._client.move(uids, folder)
        self.drop("Aside")

    def _leave(self) -> None:
        """Have no folder open, since it may be taken away."""
        if self._client._imap.state == "SELECTED":
            self._client.unselect_folder()

    def threads(self, folder: str) -> list[Any]:
        """The UIDs in a folder as the server threads them by References (RFC 5256)."""
        self._client.select_folder(folder, readonly=True)
        return list(self._client.thread("REFERENCES"))

    # ---- looking ------------------------------------------------------------------------------------------------

    def folder(self, name: str) -> list[Seen]:
        """Everything in a folder, oldest first; looking changes nothing."""
        self._client.select_folder(name, readonly=True)
        uids = self._client.search(["ALL"])
        found: Any = self._client.fetch(uids, ["FLAGS", "BODY.PEEK[]"]) if uids else {}
        return [_seen(uid, found[uid]) for uid in sorted(found) if b"BODY[]" in found[uid]]  # else it goes just now

    def by_subject(self, folder: str, subject: str) -> Seen | None:
        """The newest message of that folder whose subject holds these words."""
        return next((seen for seen in reversed(self.folder(folder)) if subject in str(seen.mail["Subject"])), None)

    def state(self, folder: str) -> dict[int, Flags]:
        """UIDs and flags, nothing else."""
        self._client.select_folder(folder, readonly=True)
        uids = self._client.search(["ALL"])
        found: Any = self._client.fetch(uids, ["FLAGS"]) if uids else {}
        return {uid: _flags(row) for uid, row in found.items()}

    def numbers(self, folder: str) -> dict[str, int]:
        """What a server counts of a folder: any change of any flag moves HIGHESTMODSEQ (RFC 7162, 3.1.2.1)."""
        items = ("UIDVALIDITY", "UIDNEXT", "MESSAGES", "UNSEEN", "RECENT", "HIGHESTMODSEQ")
        found = self._client.folder_status(folder, items)
        return {name.decode(): int(value) for name, value in found.items()}

    # ---- acting -------------------------------------------------------------------------------------------------

    def send(self, draft: Seen, change: Callable[[str], str] = lambda text: text, *, keep_id: bool = True) -> None:
        """Edit and send a draft the way mail programs do: a copy goes to Sent, the draft is removed."""
        mail = EmailMessage(policy=policy.SMTP)
        for name in ("From", "To", "Subject", "In-Reply-To", "References"):
            mail[name] = draft.mail[name]
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Message-ID"] = draft.mail["Message-ID"] if keep_id else make_msgid(domain="mail.example")
        mail.set_content(change(draft.text))
        self._client.append("Sent", mail.as_bytes(), ("\\Seen",))
        self.remove("Drafts", draft.uid)

    def remove(self, folder: str, uid: int) -> None:
        """A person deletes a message."""
        self._client.select_folder(folder)
        self._client.delete_messages([uid])
        self._client.uid_expunge([uid])

    def copy(self, uid: int, folder: str) -> None:
        """A person copies a message of the INBOX into a folder."""
        if not self._client.folder_exists(folder):
            self._client.create_folder(folder)
        self._client.select_folder("INBOX", readonly=True)
        self._client.copy([uid], folder)

    def flag(self, uid: int, *flags: str, folder: str = "INBOX", on: bool = True) -> None:
        """A person puts flags or keywords on a message, or takes them off."""
        self._client.select_folder(folder)
        change = self._client.add_flags if on else self._client.remove_flags
        change([uid], [flag.encode() for flag in flags])


def _flags(row: Any) -> Flags:
    return frozenset(flag.decode() for flag in row[b"FLAGS"] if flag != b"\\Recent")


def _seen(uid: int, row: Any) -> Seen:
    mail = message_from_bytes(row[b"BODY[]"], policy=policy.default)
    return Seen(uid, _flags(row), mail)


@contextmanager
def watching(host: str, port: int, user: str, password: str) -> Iterator[Witness]:
    """A witness for the length of a test."""
    witness = Witness(host, port, user, password)
    try:
        yield witness
    finally:
        witness.close()


def eventually(look: Callable[[], T | None], what: str, seconds: float = 30.0) -> T:
    """The first true value of `look`; the test fails with `what` if none comes within so many seconds."""
    until = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > until:
            raise AssertionError(f"within {seconds:.0f} s there was no {what}")
        time.sleep(0.2)
