"""An IMAP mailbox as an inbox: what the port `plugin.inbox.Inbox` promises, kept on at most two connections.

One connection reads and writes, one at a time under a lock, since imapclient is not made for threads; the other only
waits for news. A connection that died is dropped and made anew at the next call.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError

from integrations.imap.acts import Mark, find_by_id
from integrations.imap.checks import look_at_everything
from integrations.imap.door import Door, ImapSettings
from integrations.imap.reading import Reader
from integrations.imap.session import Session
from integrations.imap.writing import Shelf, Writer
from plugin.inbox import Change, Cursor, Ear, Finding, InboxUnavailable, Memory, Page, Receipt, Recorded, Tokens
from plugin.model import Message, Place

log = logging.getLogger("amends.imap")

_IDLE_AT_MOST = 290.0  # seconds; a NAT on the way forgets connections that are silent for longer
_LOUD = 5  # times a server may speak while we begin to listen
_BREATH = 1.0  # seconds before a waiting connection that died is made anew


class ImapInbox:
    """One account; safe to use from several threads."""

    def __init__(self, settings: ImapSettings, tokens: Tokens | None = None) -> None:
        """`tokens` are shown in place of the password, where there are any."""
        self.name = settings.name
        self._settings = settings
        door = Door(settings, tokens)
        self._lock = threading.RLock()
        self._session = Session(settings, door)
        self._waiting_lock = threading.Lock()
        self._waiting = Session(settings, door)
        door.hushed = self._waiting.interrupt  # not even the end of an IDLE is said then
        self._closed = threading.Event()
        self._own: dict[Mark, None] = {}
        self._shelves: dict[str, Shelf] = {}
        self._restless: dict[str, int] = {}
        self._told_of_lost_tags = False
        self._news = 0  # UIDNEXT of the first watched folder when it was last read
        self._suspect = threading.Event()  # the waiting connection died, and the other, the same way, likely with it

    def fetch(self, cursor: Cursor | None, memory: Memory) -> Iterator[Page]:
        """What came since `cursor`, in pages of at most 100 messages; nothing at all is yielded where nothing came.

        The lock is held while a page is made, not while the caller works on it.
        """
        if self._suspect.is_set():
            self._suspect.clear()
            with self._lock:
                self._session.drop()
        self._freshen()
        reader, quiet = Reader(self._session, self._settings, memory, self._own, self._restless), True
        for page in self._one_by_one(reader.pages(cursor)):
            quiet = False
            self._remember(page.cursor)
            yield page
        if quiet and cursor is not None:
            self._remember(cursor)

    def history(self, since: datetime, most: int) -> Iterator[Page]:
        """Mail the server took since then, the newest `most` of each watched and each Sent folder; by EXAMINE alone."""
        self._freshen()
        reader = Reader(self._session, self._settings, _Nothing(), {}, {})
        yield from self._one_by_one(reader.past(since, most))

    def backlog(self, since: datetime, cursor: Cursor, known: Recorded, at_once: int = 100) -> Iterator[Page]:
        """Mail from before the first pass that is not on record, oldest first; by EXAMINE alone."""
        self._freshen()
        reader = Reader(self._session, self._settings, _Nothing(), self._own, {})
        yield from self._one_by_one(reader.backlog(since, cursor, known, at_once))

    def reread(self, place: Place, cursor: Cursor | None) -> Page:
        """What lies at this place, read anew."""
        with self._lock, self._session.speaking():
            self._session.freshen()
            return Reader(self._session, self._settings, _Nothing(), self._own, {}).reread(place, cursor)

    def _one_by_one(self, pages: Iterator[Page]) -> Iterator[Page]:
        while True:
            with self._lock, self._session.speaking():
                page = next(pages, None)
            if page is None:
                return
            yield page

    def _freshen(self) -> None:
        with self._lock, self._session.speaking():
            self._session.freshen()

    def write(self, changes: Sequence[Change]) -> Sequence[Receipt]:
        """Write tags, drafts and reminders, take back and tick off; a refusal of one part is told in its receipt."""
        with self._lock:
            try:
                with self._session.speaking():
                    self._session.freshen()
                    receipts = Writer(self._session, self._settings, self._own, self._shelves).write(changes)
            except InboxUnavailable:
                # Nobody knows what the server did last: the next write has to look before it appends.
                self._shelves.clear()
                raise
        self._tell_of_lost_tags(receipts)
        return receipts

    def _tell_of_lost_tags(self, receipts: Sequence[Receipt]) -> None:
        if self._told_of_lost_tags or not any(receipt.tags_unkept for receipt in receipts):
            return
        self._told_of_lost_tags = True
        log.warning("inbox %s: this server does not keep our tags; the register has them all, `show: flag` marks "
                    "complaints with a flag instead, and `amends doctor` says more", self.name)  # fmt: skip

    def check(self, make_folders: bool = False) -> Sequence[Finding]:
        """One line per thing that must be right; with `make_folders` makes the folders for a person's acts."""
        with self._lock:
            return look_at_everything(self._session, self._settings, make_folders=make_folders)

    def find(self, message_id: str) -> Message | None:
        """The message with this Message-ID in a watched folder."""
        with self._lock, self._session.speaking():
            self._session.freshen()
            reader = Reader(self._session, self._settings, _Nothing(), self._own, self._restless)
            for folder in self._session.folders().watched:
                self._session.examine(folder)
                for uid in find_by_id(self._session, message_id):
                    if (message := reader.read_one(folder, uid)) is not None:
                        return message
        return None

    def wait(self, seconds: float) -> bool:
        """Wait for news in the first watched folder by IDLE (RFC 2177); where a server has none, just wait."""
        deadline = time.monotonic() + seconds
        self._closed.clear()
        with self._waiting_lock:
            try:
                with self._waiting.speaking():
                    return self._listen(deadline)
            except InboxUnavailable:
                self._closed.wait(min(_BREATH, max(0.0, deadline - time.monotonic())))
                raise

    def listen(self) -> Ear | None:
        """An ear at the first watched folder, by IDLE (RFC 2177); None where the server has none."""
        self._closed.clear()
        with self._waiting_lock, self._waiting.speaking():
            self._waiting.freshen()
            if not self._waiting.has("IDLE"):
                return None
            news = self._came_meanwhile()
            client = self._waiting.client
            client.idle()
            for _ in range(_LOUD):  # what came with the answer to IDLE lies in a buffer where nobody watches
                if not self._waiting.has_unread():
                    break
                _, heard = client.idle_done()
                news = news or any(map(_is_news, heard))
                client.idle()
            return _Ear(self, client, news, time.monotonic() + self._waiting.fresh_for(_IDLE_AT_MOST))

    def hear(self, client: IMAPClient) -> bool:
        """What was said on this connection, which an ear listens to; see `Ear`."""
        if not self._waiting_lock.acquire(blocking=False):
            return False  # it is being closed
        try:
            with self._still(client):
                heard = client.idle_check(timeout=0)
                # Something to read that is nothing, or a BYE, is how a dead connection looks.
                if not heard or any(line[0] == b"BYE" for line in heard):
                    raise OSError("it was ended while nothing was said")
                return any(map(_is_news, heard))
        finally:
            self._waiting_lock.release()

    def leave(self, client: IMAPClient) -> bool:
        """End the IDLE on this connection; see `Ear.close`."""
        with self._waiting_lock, self._still(client):
            _, heard = client.idle_done()
            return any(map(_is_news, heard))

    @contextmanager
    def _still(self, client: IMAPClient) -> Iterator[None]:
        """Speak on the waiting connection, if it is this one still; one that dies may have died for both."""
        try:
            with self._waiting.speaking():
                if self._waiting.known_client is not client:
                    raise OSError("it was closed meanwhile")
                yield
        except InboxUnavailable:
            self._suspect.set()
            raise

    def close(self) -> None:
        """Let go of both connections, and wake whoever waits."""
        self._wake()
        while not self._waiting_lock.acquire(timeout=_BREATH):
            self._wake()  # a wait that began just then has not heard the first one
        try:
            self._waiting.close()
        finally:
            self._waiting_lock.release()
        with self._lock:
            self._session.close()

    def _wake(self) -> None:
        self._closed.set()
        self._waiting.interrupt()

    def _listen(self, deadline: float) -> bool:
        while (left := deadline - time.monotonic()) > 0 and not self._closed.is_set():
            self._waiting.freshen()
            if not self._waiting.has("IDLE"):
                self._closed.wait(max(0.0, deadline - time.monotonic()))
                return False
            if self._came_meanwhile():
                return True
            if (heard := self._idle(self._waiting.fresh_for(min(left, _IDLE_AT_MOST)))) is not None:
                return heard
        return False

    def _came_meanwhile(self) -> bool:
        """Opens the folder to listen to; True if a message came between the last reading and now."""
        watched = self._waiting.folders().watched
        folder = watched[0] if watched else "INBOX"
        fresh = not self._waiting.is_open(folder)
        uidnext = self._waiting.examine(folder).uidnext
        return fresh and 0 < self._news < uidnext

    def _idle(self, seconds: float) -> bool | None:
        """One IDLE: True for news, None for silence; a connection found dead is news, for something may be missed."""
        client, until = self._waiting.client, time.monotonic() + seconds
        try:
            client.idle()
        except (IMAPClientAbortError, OSError) as error:
            return self._bury(error)
        news = False
        # What came with the answer to IDLE lies in a buffer where idle_check, which polls the socket, never looks.
        while not news and not self._waiting.has_unread() and (left := until - time.monotonic()) > 0:
            heard = client.idle_check(timeout=left)
            # Silence that ends before its time, or a BYE, is how a dead connection looks.
            if any(line[0] == b"BYE" for line in heard) or (not heard and time.monotonic() < until - 0.01):
                return self._bury()
            news = any(map(_is_news, heard))
        try:
            _, heard = client.idle_done()
        except (IMAPClientAbortError, OSError) as error:
            return self._bury(error)
        return news or any(map(_is_news, heard)) or None

    def _bury(self, error: Exception | None = None) -> bool:
        self._waiting.drop()
        self._suspect.set()
        if not isinstance(error, TimeoutError):  # it took long to find that out
            self._closed.wait(_BREATH)  # a server that ends every connection at once must not be stormed
        return not self._closed.is_set()

    def _remember(self, cursor: Cursor) -> None:
        folders = self._session.known_folders
        if folders and folders.watched and folders.watched[0] in cursor["folders"]:
            self._news = cursor["folders"][folders.watched[0]]["uidnext"]


@dataclass(slots=True)
class _Ear:
    """See plugin.inbox.Ear."""

    _inbox: ImapInbox
    _client: IMAPClient
    news: bool
    until: float
    _watched: int = field(init=False)

    def __post_init__(self) -> None:
        self._watched = self._client.socket().fileno()

    def fileno(self) -> int:
        return self._watched  # also of a connection that is closed by now

    def hear(self) -> bool:
        return self._inbox.hear(self._client)

    def close(self) -> bool:
        return self._inbox.leave(self._client)


class _Nothing:
    """A memory without memories, for looking at one message."""

    def known(self, fingerprints: Sequence[str]) -> dict[str, Sequence[str]]:
        return {}

    def recorded(self, folder: str, validity: int, uids: Sequence[int]) -> dict[int, str]:
        return {}

    def written(self) -> Sequence[Any]:
        return ()

    def notices(self) -> Sequence[Any]:
        return ()

    def bookmarks(self, topics: Sequence[str]) -> dict[str, str]:
        return {}


def _is_news(line: Any) -> bool:
    """Whether an untagged line tells of a message or a flag, and is not just `* OK Still here`."""
    return len(line) > 1 and line[1] in {b"EXISTS", b"FETCH", b"EXPUNGE"}
