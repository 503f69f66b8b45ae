"""A Zendesk account as an inbox: what the port `plugin.inbox.Inbox` promises, kept by one connection.

It writes tags and internal notes, and nothing a customer could see. A lock keeps reading and writing apart.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from integrations.zendesk.checks import look_at_everything
from integrations.zendesk.conversation import FIRST
from integrations.zendesk.reading import Reader, account
from integrations.zendesk.shelf import Shelf
from integrations.zendesk.wire import Gone, Wire, ZendeskSettings
from integrations.zendesk.writing import Writer
from plugin.inbox import Act, Change, Cursor, Finding, Memory, Notice, Page, Receipt, Recorded
from plugin.model import Message, Place

EXPORT_EVERY = 60.0
"""Seconds between two looks at what no notice told; the export shows nothing younger than a minute anyway."""


class ZendeskInbox:
    """One account; safe to use from several threads."""

    def __init__(self, settings: ZendeskSettings, *, export_every: float = EXPORT_EVERY) -> None:
        self.name = settings.name
        self._settings, self._every = settings, export_every
        self._lock = threading.RLock()
        self._wire, self._shelf = Wire(settings), Shelf()
        self._looked = -export_every
        self._closed = threading.Event()

    def fetch(self, cursor: Cursor | None, memory: Memory) -> Iterator[Page]:
        """What came since `cursor`: what notices tell of, and once a minute what the export shows.

        The lock is held while a page is made, not while the caller works on it.
        """
        pages = self._pages(cursor, memory)
        while True:
            with self._lock:
                page = next(pages, None)
            if page is None:
                return
            yield page

    def _pages(self, cursor: Cursor | None, memory: Memory) -> Iterator[Page]:
        reader = Reader(self._wire, self._settings, self._shelf, memory)
        if cursor is None:
            cursor = reader.attach()
            yield Page(cursor=cursor)
            if cursor["begin"] == cursor["since"]:
                return
        yield from reader.heeded(cursor)
        if time.monotonic() - self._looked >= self._every:
            yield from reader.exported(cursor)
            self._looked = time.monotonic()

    def write(self, changes: Sequence[Change]) -> Sequence[Receipt]:
        """One update for each ticket; what stands there already is not written again."""
        with self._lock:
            return Writer(self._wire, self._settings, self._shelf).write(changes)

    def check(self, make_folders: bool = False) -> Sequence[Finding]:
        """One line per thing that must be right."""
        with self._lock:
            return look_at_everything(self._wire, self._settings)

    def find(self, message_id: str) -> Message | None:
        """The message with this Message-ID of ours, or the first one of the ticket with this number."""
        with self._lock:
            ticket, uid = self._named(message_id)
            if not ticket:
                return None
            try:
                told = Reader(self._wire, self._settings, self._shelf, _Nothing()).one(ticket)
            except Gone:
                return None
            return next((one for one in told.messages() if uid in (one.place.uid, FIRST)), None)

    def _named(self, text: str) -> tuple[int, int]:
        bare = text.strip().strip("<>").removesuffix(f"@{account(self._settings).host}").lstrip("#")
        number = bare.removeprefix("ticket.")
        return (int(number), FIRST) if number.isdecimal() else (0, 0)

    def history(self, since: datetime, most: int) -> Iterator[Page]:
        """The tickets that changed since then, with all that was said and done in them since, from the export.

        It takes about as many requests as tickets, and waits for the next minute where its share of one is used up;
        of more than `most` messages those in tickets that changed first are told.
        """
        pages = Reader(self._wire, self._settings, self._shelf, _Nothing()).past(since, most, self._closed.wait)
        while True:
            with self._lock:
                page = next(pages, None)
            if page is None:
                return
            yield page

    def backlog(self, since: datetime, cursor: Cursor, known: Recorded, at_once: int = 100) -> Iterator[Page]:
        """What was said and done in tickets before the inbox was attached; nobody knows how much.

        Tickets come in the order in which they changed last; within one everything is in order. An answer given since
        then, seen before we knew what it answers, comes along.
        """
        yield Page(cursor={})
        until = datetime.fromisoformat(cursor["since"])
        for page in self.history(since, sys.maxsize):
            on_record = known([one.place for one in page.messages])
            fresh = tuple(
                replace(one, historic=True) for one in page.messages
                if (one.place not in on_record if one.at < until else on_record.get(one.place) is False)
            )  # fmt: skip
            there = {one.place.validity for one in fresh}
            acts = tuple(act for act in page.acts if act.at < until and _ticket_of(act) in there)
            if fresh or page.unreadable:
                yield replace(page, messages=fresh, acts=acts)

    def reread(self, place: Place, cursor: Cursor | None) -> Page:
        """What the ticket of this place says now, as far as nothing of it is on record."""
        with self._lock:
            try:
                told = Reader(self._wire, self._settings, self._shelf, _Nothing()).one(place.validity)
            except Gone:
                return Page(cursor={})
            found = told.messages()
            return Page(cursor={}, messages=tuple(one for one in found if place.uid in (0, one.place.uid)))

    def wait(self, seconds: float) -> bool:
        """Zendesk calls by a webhook, which is heard elsewhere; this only waits."""
        self._closed.wait(seconds)
        return False

    def close(self) -> None:
        """Let go of the connection, and wake whoever waits."""
        self._closed.set()
        with self._lock:
            self._wire.close()
        self._closed.clear()


def _ticket_of(act: Act) -> int:
    """The ticket an act is about; 0 where it is about what we wrote."""
    place = act.conversation or (act.message.place if act.message else None)
    return place.validity if place else 0


class _Nothing:
    """A memory without memories, for looking at one ticket."""

    def known(self, fingerprints: Sequence[str]) -> dict[str, Sequence[str]]:
        return {}

    def recorded(self, folder: str, validity: int, uids: Sequence[int]) -> dict[int, str]:
        return {}

    def written(self) -> tuple[()]:
        return ()

    def notices(self) -> Sequence[Notice]:
        return ()

    def bookmarks(self, topics: Sequence[str]) -> dict[str, str]:
        return {}
