"""One connection to an IMAP server: opened when needed, dropped when dead, its faults told in our own words.

`imapclient` objects never leave this package. One session belongs to one thread at a time.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, IMAPClientReadOnlyError
from imapclient.imap_utf7 import decode as decode_utf7
from imapclient.imap_utf7 import encode as encode_utf7
from imapclient.imapclient import _normalise_search_criteria
from imapclient.response_parser import parse_response

from integrations.imap.door import TIMEOUT, Door, ImapSettings, end, what_was_said
from integrations.imap.folders import Folders, Listed, choose
from integrations.imap.replies import Facts, Order, spans
from plugin.inbox import InboxError, InboxRefused, InboxUnavailable, Token

_FOLDERS_FRESH = 20.0  # seconds; a folder made meanwhile is seen after that
_SENT_AT_ONCE = 1 << 16  # bytes; the read timeout holds for sending so many, however slow the line
_MARKS = {"FLAGS", "X-GM-LABELS"}
_STATUS_ITEMS = ("UIDNEXT", "UIDVALIDITY", "MESSAGES")
_FOUND = re.compile(rb"([\d ]*)(?:\(MODSEQ \d+\) *)?", re.IGNORECASE)

WIRE_FAULTS = (IMAPClientError, OSError, ValueError, LookupError, AttributeError, TypeError)
"""What a broken connection raises, and the last four what the client library makes of an answer that is not IMAP."""


@dataclass(frozen=True, slots=True)
class Status:
    """A folder's numbers without opening it (RFC 9051, 6.3.11); 0 stands for a number the server does not tell."""

    validity: int
    uidnext: int
    messages: int
    modseq: int


@dataclass(frozen=True, slots=True)
class Opened:
    """An open folder; `keywords` are those it can hold in lower case, `any_keyword` whether it takes new ones."""

    folder: str
    validity: int
    uidnext: int
    readonly: bool
    keywords: frozenset[str]
    any_keyword: bool


class Session:
    """A connection that opens itself; use its `client` only inside `speaking()`."""

    def __init__(self, settings: ImapSettings, door: Door) -> None:
        self._settings, self._door = settings, door
        self._client: IMAPClient | None = None
        self._token: Token | None = None
        self._orders: list[Order] = []  # not answered yet, the first one first
        self._able: dict[str, bool] = {}
        self._opened: Opened | None = None
        self._folders: Folders | None = None
        self._listed_at = 0.0

    @property
    def client(self) -> IMAPClient:
        """The live connection, made and logged in if there is none."""
        if self._client is None:
            inside = self._door.enter()
            self._client, self._token = inside.client, inside.token
        while self._orders:  # what is said next is answered behind them
            self._orders.pop(0).hold()
        return self._client

    @property
    def known_client(self) -> IMAPClient | None:
        """The connection there is, if any; none is made."""
        return self._client

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Turns whatever goes wrong on the wire into an InboxError; a connection that may be dead is dropped."""
        self._door.stay_quiet()
        try:
            yield
        except InboxError:
            raise
        except WIRE_FAULTS as error:
            self.drop()
            self.heed(error)
            raise InboxUnavailable(
                self._settings.name, f"lost the connection to {self._settings.host}: {what_was_said(error)}"
            ) from error

    def heed(self, error: Exception, *, appending: bool = False) -> None:
        """Raises InboxUnavailable, and keeps silent, where what the server said asks for silence; see `Door.heed`."""
        self._door.heed(what_was_said(error), appending=appending)

    def freshen(self) -> None:
        """Give up a connection whose token ends soon, for one with the next; a folder that was open is so no more.

        Raises InboxRefused where there is no next one until a person has signed in.
        """
        if self._client is not None and self._door.outdated(self._token):
            self.close()

    def fresh_for(self, most: float) -> float:
        """For how many seconds, at most so many, this connection's token need not be renewed."""
        if self._token is None or not self._token.renew_at:
            return most
        return min(most, max(0.1, self._token.renew_at - time.time()))

    def drop(self) -> None:
        """Forget the connection without a word to the server."""
        client, self._client, self._opened, self._folders = self._client, None, None, None
        self._able = {}
        while self._orders:
            self._orders.pop().lost = True
        if client is not None:
            end(client.shutdown)

    def close(self) -> None:
        """Log out, politely where that still works and nothing else is being told."""
        if self._client is not None and not self._orders and not self._door.is_quiet:
            end(self._client.logout)
        self.drop()

    def interrupt(self) -> None:
        """Wake a thread that waits on this connection; safe from another thread."""
        client = self._client
        if client is not None:
            end(lambda: client.socket().shutdown(socket.SHUT_RDWR))

    def has_unread(self) -> bool:
        """Whether the server has said something that was received and not yet read."""
        wire = self.client.socket()
        wire.setblocking(False)
        try:
            return bool(self.client._imap.file.peek(1))
        except ssl.SSLWantReadError:
            return False
        finally:
            wire.settimeout(TIMEOUT.read)

    def has(self, capability: str) -> bool:
        """Whether the server offers this capability."""
        if self._client is None or capability not in self._able:  # else no order need be answered first
            self._able[capability] = bool(self.client.has_capability(capability))
        return self._able[capability]

    @property
    def has_labels(self) -> bool:
        """Whether this is Gmail, where tags are labels (its IMAP extensions, X-GM-EXT-1)."""
        return self.has("X-GM-EXT-1")

    @property
    def known_folders(self) -> Folders | None:
        """The folders that matter as last asked for, without asking."""
        return self._folders

    def folders(self, *, fresh: bool = False) -> Folders:
        """The folders that matter; asked for once per connection and again after five minutes."""
        if fresh or self._folders is None or time.monotonic() - self._listed_at > _FOLDERS_FRESH:
            settings = self._settings
            self._folders = choose(
                self._listing(), watched=settings.folders, sent=settings.sent, drafts=settings.drafts,
                reminders=settings.reminders, prefix=self._prefix(),
            )  # fmt: skip
            self._listed_at = time.monotonic()
        return self._folders

    def statuses(self, names: Sequence[str]) -> dict[str, Status]:
        """The numbers of these folders, in one round trip where the server can (RFC 5819); absent ones are left out."""
        if not names:
            return {}
        plain = [name for name in names if not set(name) & set("*%")]
        if len(plain) == len(names) and self.has("LIST-STATUS") and self.has("LIST-EXTENDED"):
            return self._list_status(plain)
        return {name: status for name in names if (status := self._status(name)) is not None}

    def examine(self, folder: str) -> Opened:
        """Open a folder for reading only; nothing happens where it is open already, for reading or writing."""
        if self._opened is not None and self._opened.folder == folder:
            return self._opened
        return self._open(folder, readonly=True)

    def select(self, folder: str) -> Opened:
        """Open a folder for writing; `readonly` tells where the server allows reading only."""
        if self._opened is not None and self._opened.folder == folder and not self._opened.readonly:
            return self._opened
        try:
            return self._open(folder, readonly=False)
        except IMAPClientReadOnlyError:
            return self._open(folder, readonly=True)

    def is_open(self, folder: str) -> bool:
        """Whether this folder is the open one."""
        return self._opened is not None and self._opened.folder == folder

    def leave(self) -> None:
        """Have no folder open: a STATUS of an open folder may be stale (RFC 9051, 6.3.11).

        A connection that has died since it was used last, as Cyrus ends it where the open folder was deleted, is given
        up without a word: nothing was under way on it, and the next command is said on a new one.
        """
        if self._opened is None:
            return
        try:
            if self.has("UNSELECT"):
                self.client.unselect_folder()
            else:
                self.client.noop()
        except (IMAPClientAbortError, OSError):
            self.drop()
        self._opened = None

    def search(self, *criteria: str | date) -> list[int]:
        """The UIDs in the open folder that match, ascending."""
        charset = None if all(str(word).isascii() for word in criteria) else "UTF-8"
        words = _normalise_search_criteria(list(criteria), charset)
        # imapclient's search takes an answer without numbers, like Cyrus' `* SEARCH (MODSEQ 7)`, for a fault.
        lines = self.client._raw_command_untagged(b"SEARCH", [b"CHARSET", b"UTF-8", *words] if charset else words)
        return sorted({uid for line in lines if line for uid in _found(line)})

    def fetch(self, uids: Sequence[int], *items: str) -> dict[int, Facts]:
        """What the server says of these messages of the open folder; those that are gone are left out."""
        return self.receive(self.order(uids, *items)) if uids else {}

    def order(self, uids: Sequence[int], *items: str) -> Order:
        """Ask now and `receive` later; several are answered in turn, other commands take all their answers in first."""
        if "FLAGS" in items and self.has_labels:
            items = (*items, "X-GM-LABELS")
        return self._ordered(uids, items)

    def order_marks(self, uids: Sequence[int], flags: Iterable[str], *, add: bool) -> Order:
        """Put flags or keywords on messages of the open folder, or take them off; `receive` tells what stands there.

        A message it does not tell of has to be asked about.
        """
        return self._ordered(uids, sorted(flags), "+FLAGS" if add else "-FLAGS")

    def _ordered(self, uids: Sequence[int], items: Sequence[str], change: str = "") -> Order:
        marks_alone = (change or _MARKS.issuperset(items)) and not any(one.has_content for one in self._orders)
        client = self._client if marks_alone and self._client is not None else self.client
        order = Order(client._imap, uids, items, change, behind=self._orders)
        self._orders.append(order)
        return order

    def receive(self, order: Order) -> dict[int, Facts]:
        """The answer to an order; raises IMAPClientError where the server refuses."""
        while order in self._orders and (first := self._orders.pop(0)) is not order:
            first.hold()
        return order.receive()

    def label(self, uids: Sequence[int], labels: Iterable[str], *, add: bool) -> None:
        """Put labels on messages of the open folder, or take them off, where there are labels."""
        # imapclient's own method wants X-GM-LABELS in every answer, and Gmail may answer with FLAGS alone.
        names, sign = " ".join(map(_quoted, sorted(labels))), "+" if add else "-"
        self.client._command_and_check("store", spans(uids), f"{sign}X-GM-LABELS", f"({names})", uid=True)

    def append(self, folder: str, flags: Sequence[str], letters: Sequence[bytes]) -> list[bytes | IMAPClientError]:
        """Lay letters into a folder; what the server says, or why it refuses.

        One answer for all of them, which are then laid there together or not at all, where it can (RFC 3502); else one
        for each.
        """
        if not self.has("LITERAL+"):
            return self._heeded([self._answered(partial(self.client.append, folder, one, flags)) for one in letters])
        commands = [letters] if self.has("MULTIAPPEND") else [[letter] for letter in letters]
        tags = [self._send_append(folder, flags, some) for some in commands]
        return self._heeded([self._answered(partial(self._appended, tag)) for tag in tags])

    def _send_append(self, folder: str, flags: Sequence[str], letters: Sequence[bytes]) -> bytes:
        """The command as it is, without waiting (RFC 7888); imapclient gives every literal packets of its own."""
        imap, marks = self.client._imap, " ".join(flags).encode()
        pieces = [piece for letter in letters for piece in (b" (%s) {%d+}\r\n" % (marks, len(letter)), letter)]
        tag: bytes = imap._new_tag()
        command = b"".join((tag, b" APPEND ", _quoted(folder).encode("ascii"), *pieces, b"\r\n"))
        for start in range(0, len(command), _SENT_AT_ONCE):
            imap.send(command[start : start + _SENT_AT_ONCE])
        return tag

    def _appended(self, tag: bytes) -> bytes:
        kind, data = self.client._imap._command_complete("APPEND", tag)
        self.client._checkok("append", kind, data)
        return bytes(data[0] or b"")

    def _answered(self, command: Callable[[], Any]) -> bytes | IMAPClientError:
        try:
            answer = command()
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            return error
        return answer.encode() if isinstance(answer, str) else bytes(answer or b"")

    def _heeded(self, answers: list[bytes | IMAPClientError]) -> list[bytes | IMAPClientError]:
        """The answers, all of them read, unless a throttling server asks for silence in one."""
        for answer in answers:
            if isinstance(answer, IMAPClientError):
                self.heed(answer, appending=True)
        return answers

    def _open(self, folder: str, *, readonly: bool) -> Opened:
        self._opened = None
        answer = self.client.select_folder(folder, readonly=readonly)
        if not isinstance(answer.get(b"UIDVALIDITY"), int):
            raise InboxRefused(
                self._settings.name, f"the folder {folder} has no UIDVALIDITY", "this server cannot be used"
            )
        permanent = answer.get(b"PERMANENTFLAGS", answer.get(b"FLAGS", ()))
        keywords = frozenset(flag.lower().decode("ascii", "replace") for flag in permanent)
        self._opened = Opened(
            folder=folder,
            validity=answer[b"UIDVALIDITY"],
            uidnext=answer.get(b"UIDNEXT", 0),
            readonly=readonly or b"READ-WRITE" not in answer,
            keywords=keywords,
            any_keyword="\\*" in keywords or b"PERMANENTFLAGS" not in answer,
        )
        return self._opened

    def _listing(self) -> list[Listed]:
        client = self.client
        if self.has("SPECIAL-USE") and self.has("LIST-EXTENDED"):
            # imapclient has no LIST with RETURN; the command goes through the imaplib object below it (RFC 6154).
            lines = _command(client, "LIST", '""', '"*"', "RETURN (SPECIAL-USE)")
        else:
            lines = _command(client, "LIST", '""', '"*"')
        return [
            Listed(
                name=name,
                separator=separator.decode() if separator else "",
                marks=frozenset(mark.decode("ascii", "replace").lower() for mark in marks),
            )
            for marks, separator, name in client._proc_folder_list(lines)
        ]

    def _prefix(self) -> str:
        if not self.has("NAMESPACE"):
            return ""
        personal = self.client.namespace().personal
        return str(personal[0][0]) if personal else ""

    def _items(self) -> tuple[str, ...]:
        return (*_STATUS_ITEMS, "HIGHESTMODSEQ") if self.has("CONDSTORE") else _STATUS_ITEMS

    def _list_status(self, names: Sequence[str]) -> dict[str, Status]:
        # imapclient has no LIST-STATUS; the command goes through the imaplib object below it (RFC 5819).
        patterns = " ".join(_quoted(name) for name in names)
        client = self.client
        client._imap.untagged_responses.pop("STATUS", None)
        _command(client, "LIST", '""', f"({patterns})", f"RETURN (STATUS ({' '.join(self._items())}))")
        answers = parse_response(client._imap.untagged_responses.pop("STATUS", []))
        pairs = zip(answers[::2], answers[1::2], strict=False)
        found = {_readable(name): _numbers(values) for name, values in pairs}
        return {name: found[name] for name in names if name in found}

    def _status(self, name: str) -> Status | None:
        try:
            answer = self.client.folder_status(name, self._items())
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            self.heed(error)
            return None  # the server says NO to a folder that is not there; the caller sees that it is missing
        return _numbers([part for pair in answer.items() for part in pair])


def _command(client: IMAPClient, name: str, *args: str) -> list[Any]:
    """The untagged lines that answer one command imapclient has no method for."""
    kind, data = client._imap._simple_command(name, *args)
    client._checkok(name, kind, data)
    lines: list[Any] = client._imap._untagged_response(kind, data, name)[1]
    return lines


def _found(line: bytes) -> Iterator[int]:
    """The numbers in an answer to SEARCH (RFC 7162, 3.1.5: perhaps with a MODSEQ behind them)."""
    if (match := _FOUND.fullmatch(line)) is None:
        raise ValueError("the server's answer to SEARCH is not IMAP")
    return map(int, match[1].split())


def _quoted(name: str) -> str:
    encoded: str = encode_utf7(name).decode("ascii")
    return '"' + encoded.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _readable(name: object) -> str:
    return str(decode_utf7(name)) if isinstance(name, bytes) else str(name)


def _numbers(values: Sequence[Any]) -> Status:
    numbers: Mapping[bytes, int] = {
        key.upper(): value for key, value in zip(values[::2], values[1::2], strict=False) if isinstance(value, int)
    }
    return Status(
        validity=numbers.get(b"UIDVALIDITY", 0),
        uidnext=numbers.get(b"UIDNEXT", 0),
        messages=numbers.get(b"MESSAGES", 0),
        modseq=numbers.get(b"HIGHESTMODSEQ", 0),
    )
