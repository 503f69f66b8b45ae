"""What came: from notices at once, and from the incremental export, which finds what no notice told.

The cursor holds when the inbox was attached, from when on anything counts, and where the export stands. How far each
ticket was read is its bookmark, so that a ticket shown twice is read once.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from integrations.zendesk.conversation import (
    FOLDER,
    Account,
    Conversation,
    Json,
    from_export,
    instant,
    speaks_for_itself,
)
from integrations.zendesk.shelf import Shelf, Standing
from integrations.zendesk.wire import Gone, Wire, ZendeskSettings
from plugin.inbox import Act, ActKind, Cursor, Memory, Page
from plugin.model import Message, Place

TOPIC = "ticket:"
PAGE = 50
"""Tickets in a page."""
_TOO_RECENT = timedelta(seconds=90)
"""The export shows nothing of the last minute, and refuses to start there (managing-tickets, incremental exports)."""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """How far a ticket was read: its last audit, its `updated_at` then, and whether it was thrown away."""

    audit: int = 0
    updated: str = ""
    gone: bool = False

    @classmethod
    def parse(cls, text: str | None) -> Bookmark:
        """What `str` wrote; of a ticket never read, the beginning."""
        return cls(*json.loads(text)) if text else cls()

    def __str__(self) -> str:
        return json.dumps([self.audit, self.updated, self.gone])


@dataclass(slots=True)
class _Found:
    """What a few tickets told."""

    messages: list[Message]
    acts: list[Act]
    bookmarks: dict[str, str]

    @classmethod
    def nothing(cls) -> _Found:
        return cls([], [], {})

    def page(self, cursor: Cursor, heard: Sequence[str] = ()) -> Page:
        """A page of it, messages and acts in the order they happened."""
        messages = tuple(sorted(self.messages, key=lambda one: one.at))
        acts = tuple(sorted(self.acts, key=lambda one: one.at))
        return Page(cursor=cursor, messages=messages, acts=acts, bookmarks=self.bookmarks, heard=tuple(heard))


class Reader:
    """Reads for one call of fetch."""

    def __init__(self, wire: Wire, settings: ZendeskSettings, shelf: Shelf, memory: Memory) -> None:
        self._wire, self._settings, self._shelf, self._memory = wire, settings, shelf, memory
        self._account = account(settings)

    # ---- the first pass ---------------------------------------------------------------------------------------------

    def attach(self) -> Cursor:
        """Where an inbox begins that was never read: what came before counts only where `start` says so."""
        self._wire.me()
        now, start = self._wire.now().replace(microsecond=0), self._settings.start
        begin = now
        if start == "all":
            begin = datetime(1970, 1, 2, tzinfo=UTC)
        elif isinstance(start, date):
            begin = datetime(start.year, start.month, start.day, tzinfo=UTC)
        return {"since": now.isoformat(), "begin": begin.isoformat(), "export": ""}

    # ---- notices ----------------------------------------------------------------------------------------------------

    def heeded(self, cursor: Cursor) -> Iterator[Page]:
        """What notices tell of, and tickets that changed under our hands; one page."""
        heard: dict[str, list[str]] = defaultdict(list)
        for notice in self._memory.notices():
            heard[notice.topic].append(notice.id)
        topics = [*dict.fromkeys([*heard, *(f"{TOPIC}{ticket}" for ticket in self._shelf.changed)])]
        for start in range(0, len(topics), PAGE):
            some = topics[start : start + PAGE]
            found = self._read(cursor, [ticket for ticket in map(ticket_of, some) if ticket])
            for ticket in map(ticket_of, some):
                self._shelf.changed.pop(ticket, None)
            yield found.page(cursor, [one for topic in some for one in heard.get(topic, ())])

    def _read(self, cursor: Cursor, tickets: Sequence[int]) -> _Found:
        found, known = _Found.nothing(), self._bookmarks(tickets)
        for ticket in tickets:
            self._take(cursor, ticket, known.get(ticket, Bookmark()), found)
        return found

    def _take(self, cursor: Cursor, ticket: int, bookmark: Bookmark, found: _Found) -> None:
        try:
            standing = self._shelf.read(self._wire, ticket)
        except Gone:
            self._thrown_away(ticket, bookmark, found)
            return
        self._told(self._conversation(cursor, standing), bookmark, found)

    def _told(self, told: Conversation, bookmark: Bookmark, found: _Found) -> None:
        topic = f"{TOPIC}{told.id}"
        found.messages += told.messages()
        if bookmark.gone:
            back = Act(ActKind.REOPENED, self._wire.now(), conversation=told.place, by="an agent")
            found.acts.append(back)
        for act in told.acts(bookmark.audit):
            found.acts += self._reminders_at(told.id, act) if act.kind is ActKind.REMINDER_DONE else [act]
        found.bookmarks[topic] = str(Bookmark(told.last, str(told.ticket["updated_at"])))

    def _thrown_away(self, ticket: int, bookmark: Bookmark, found: _Found) -> None:
        if bookmark.gone or not bookmark.updated:
            return  # nothing of it was ever ours
        place = Place(FOLDER, ticket, 0)
        note = f"the ticket #{ticket} was deleted"
        found.acts.append(Act(ActKind.ENDED, self._wire.now(), conversation=place, note=note, by="an agent"))
        found.bookmarks[f"{TOPIC}{ticket}"] = str(replace(bookmark, gone=True))

    def _reminders_at(self, ticket: int, act: Act) -> list[Act]:
        """The tag that says something is due was taken off: every reminder there is over."""
        return [
            Act(ActKind.REMINDER_DONE, act.at, written=one.message_id, by=act.by)
            for one in self._memory.written()
            if one.kind == "reminder" and one.place is not None and one.place.validity == ticket
        ]

    # ---- the export -------------------------------------------------------------------------------------------------

    def exported(self, cursor: Cursor) -> Iterator[Page]:
        """Everything that changed behind the cursor, page by page; it ends early where too little of the limit is left.

        The cursor moves when all of a page of the export is stored; tickets of it that are known are passed over.
        """
        while True:
            start = int((instant(cursor["begin"]) - _TOO_RECENT).timestamp())
            shown = self._wire.export(start=max(0, start), cursor=cursor["export"])
            self._shelf.meet(shown.users)
            yield from self._fresh(cursor, shown.tickets)
            if shown.cursor != cursor["export"]:
                cursor = cursor | {"export": shown.cursor}
                yield Page(cursor=cursor)
            if shown.end or not self._wire.has_room():
                return

    def _fresh(self, cursor: Cursor, tickets: Sequence[Json]) -> Iterator[Page]:
        known = self._bookmarks([int(ticket["id"]) for ticket in tickets])
        unread = {}
        for ticket in tickets:
            bookmark = known.get(int(ticket["id"]), Bookmark())
            if bookmark.updated != ticket["updated_at"] or bookmark.gone != (ticket["status"] == "deleted"):
                unread[int(ticket["id"])] = ticket, bookmark
        numbers = list(unread)
        for start in range(0, len(numbers), PAGE):
            found = _Found.nothing()
            for number in numbers[start : start + PAGE]:
                self._changed(cursor, *unread[number], found)
            if found.bookmarks:
                yield found.page(cursor)

    def _changed(self, cursor: Cursor, ticket: Json, bookmark: Bookmark, found: _Found) -> None:
        """One line of the export; it says all there is, or the ticket must be asked."""
        number = int(ticket["id"])
        if ticket["status"] == "deleted":
            self._thrown_away(number, bookmark, found)
        elif not bookmark.updated and speaks_for_itself(ticket):
            self._alone(cursor, ticket, found)
        elif instant(str(ticket["updated_at"])) >= instant(cursor["begin"]):
            audits = self._audits(number)
            if audits is not None:
                self._told(self._conversation(cursor, self._shelf.keep(Standing(ticket, audits))), bookmark, found)

    def _audits(self, ticket: int) -> Sequence[Json] | None:
        try:
            return self._wire.audits(ticket)
        except Gone:
            return None  # thrown away since; the export will say so

    def _alone(self, cursor: Cursor, ticket: Json, found: _Found) -> None:
        if instant(str(ticket["created_at"])) < instant(cursor["begin"]):
            return
        people = self._shelf.people(self._wire, [int(ticket["requester_id"])])
        if int(ticket["requester_id"]) in people:
            found.messages.append(from_export(self._account, ticket, people, instant(cursor["since"])))
            found.bookmarks[f"{TOPIC}{ticket['id']}"] = str(Bookmark(0, str(ticket["updated_at"])))

    # ---- both -------------------------------------------------------------------------------------------------------

    def one(self, ticket: int) -> Conversation:
        """A ticket as it stands, whatever its age; raises Gone."""
        long_ago = datetime(1970, 1, 2, tzinfo=UTC).isoformat()
        return self._conversation({"since": long_ago, "begin": long_ago}, self._shelf.read(self._wire, ticket))

    def _conversation(self, cursor: Cursor, standing: Standing) -> Conversation:
        authors = {int(event["author_id"]) for audit in standing.audits for event in audit["events"]
                   if event["type"] == "Comment"}  # fmt: skip
        people = self._shelf.people(self._wire, authors | {int(standing.ticket["requester_id"])})
        since, begin = instant(cursor["since"]), instant(cursor["begin"])
        return Conversation(self._account, standing.ticket, standing.audits, people, since, begin)

    def _bookmarks(self, tickets: Sequence[int]) -> Mapping[int, Bookmark]:
        found = self._memory.bookmarks([f"{TOPIC}{ticket}" for ticket in tickets])
        return {ticket_of(topic): Bookmark.parse(text) for topic, text in found.items()}


def account(settings: ZendeskSettings) -> Account:
    """What must be known of an inbox to read its tickets."""
    host = f"{settings.subdomain}.zendesk.com"
    return Account(settings.name, host, settings.identities[0], settings.tag_prefix)


def ticket_of(topic: str) -> int:
    """The ticket a topic names; 0 for none."""
    number = topic.removeprefix(TOPIC)
    return int(number) if number.isdecimal() else 0


__all__ = ["PAGE", "TOPIC", "Bookmark", "Reader", "account", "ticket_of"]
