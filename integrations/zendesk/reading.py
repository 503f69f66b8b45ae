"""What came: from notices at once, and from the incremental export, which finds what no notice told.

The cursor holds when the inbox was attached, from when on anything counts, and where the export stands. How far each
ticket was read is its bookmark, so that a ticket shown twice is read once.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

from integrations.zendesk.conversation import (
    FOLDER,
    Account,
    Conversation,
    Json,
    Turn,
    former_requesters,
    from_export,
    instant,
    said_in,
    speaks_for_itself,
)
from integrations.zendesk.shelf import Shelf, Standing
from integrations.zendesk.wire import ODD, Barred, Exported, Gone, Unwritable, Wire, ZendeskSettings
from plugin.inbox import Act, ActKind, Cursor, InboxError, InboxRefused, InboxUnavailable, Memory, Page, Unreadable
from plugin.model import Place

TOPIC = "ticket:"
PAGE = 50
"""Tickets in a page."""
MINUTE = 60.0
"""Seconds after which all of the limit is there again."""
_TOO_RECENT = timedelta(seconds=90)
"""The export shows nothing of the last minute, and refuses to start there (managing-tickets, incremental exports)."""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """How far a ticket was read: its last audit, its `updated_at` then, and whether it was thrown away.

    Without `updated` nobody knows whether more has happened to it since.
    """

    audit: int = 0
    updated: str = ""
    gone: bool = False

    @property
    def begun(self) -> bool:
        """Whether anything of the ticket was ever read."""
        return bool(self.audit or self.updated)

    @classmethod
    def parse(cls, text: str | None) -> Bookmark:
        """What `str` wrote; of a ticket never read, the beginning."""
        return cls(*json.loads(text)) if text else cls()

    def __str__(self) -> str:
        return json.dumps([self.audit, self.updated, self.gone])


@dataclass(slots=True)
class _Found:
    """What a few tickets told: the turns of each, and how far it is read with the last of them."""

    turns: list[tuple[str, Sequence[Turn], Bookmark]] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)

    def pages(self, cursor: Cursor, heard: Sequence[str] = ()) -> Iterator[Page]:
        """As many pages as the longest of them has turns, at least one: in a page, what was said comes before what was
        done, and a ticket where something was said after that goes on in the next one.
        """
        last = max((len(turns) for _, turns, _ in self.turns), default=1) - 1
        for number in range(last + 1):
            page = self._page(cursor, number)
            yield replace(page, heard=tuple(heard), unreadable=tuple(self.unreadable)) if number == last else page

    def _page(self, cursor: Cursor, number: int) -> Page:
        some = [(topic, turns, end) for topic, turns, end in self.turns if number < len(turns)]
        messages = sorted((one for _, turns, _ in some for one in turns[number].messages), key=lambda one: one.at)
        acts = sorted((one for _, turns, _ in some for one in turns[number].acts), key=lambda one: one.at)
        # A ticket of which more is to come counts as not read to its end, whatever the export may say.
        read = {topic: str(end if turns[number] is turns[-1] else Bookmark(turns[number].last))
                for topic, turns, end in some}  # fmt: skip
        return Page(cursor=cursor, messages=tuple(messages), acts=tuple(acts), bookmarks=read)


class Reader:
    """Reads for one call of fetch."""

    def __init__(self, wire: Wire, settings: ZendeskSettings, shelf: Shelf, memory: Memory) -> None:
        self._wire, self._settings, self._shelf, self._memory = wire, settings, shelf, memory
        self._account = account(settings)

    # ---- the first pass ---------------------------------------------------------------------------------------------

    def attach(self) -> Cursor:
        """Where an inbox begins that was never read: what came before counts only where `start` says so."""
        self._must_be_admin()
        now, start = self._wire.now().replace(microsecond=0), self._settings.start
        begin = now
        if start == "all":
            begin = datetime(1970, 1, 2, tzinfo=UTC)
        elif isinstance(start, date):
            begin = datetime(start.year, start.month, start.day, tzinfo=UTC)
        return {"since": now.isoformat(), "begin": begin.isoformat(), "export": ""}

    def _must_be_admin(self) -> None:
        """Only an admin may read the export, without which nobody learns of what no notice told."""
        if self._wire.me().get("role") != "admin":
            raise InboxRefused(
                self._settings.name, f"{self._settings.email} is no admin in Zendesk, so it may not read the export",
                "give it the role of an admin in Admin Center",
            )  # fmt: skip

    # ---- notices ----------------------------------------------------------------------------------------------------

    def heeded(self, cursor: Cursor) -> Iterator[Page]:
        """What notices tell of, and tickets that changed under our hands."""
        heard: dict[str, list[str]] = defaultdict(list)
        for notice in self._memory.notices():
            heard[notice.topic].append(notice.id)
        topics = [*dict.fromkeys([*heard, *(f"{TOPIC}{ticket}" for ticket in self._shelf.changed)])]
        for start in range(0, len(topics), PAGE):
            yield from self._heeded(cursor, topics[start : start + PAGE], heard)

    def _heeded(self, cursor: Cursor, topics: Sequence[str], heard: Mapping[str, Sequence[str]]) -> Iterator[Page]:
        """These topics; where Zendesk stops answering in their midst, those that were read until then are told."""
        found, known, fault = _Found(), self._bookmarks([*map(ticket_of, topics)]), None
        told: list[str] = []
        for topic in topics:
            ticket = ticket_of(topic)
            try:
                if ticket:
                    self._take(cursor, ticket, known.get(ticket, Bookmark()), found)
            except InboxError as error:
                fault = error
                break
            self._shelf.changed.pop(ticket, None)
            told += heard.get(topic, ())
        yield from found.pages(cursor, told)
        if fault is not None:
            raise fault

    def _take(self, cursor: Cursor, ticket: int, bookmark: Bookmark, found: _Found) -> None:
        with self._alone_if_odd(ticket, found):
            try:
                standing = self._shelf.read(self._wire, ticket)
            except Gone:
                self._thrown_away(ticket, bookmark, found)
            except Barred as error:
                self._barred(ticket, error, found)
            else:
                updated = self._updated(standing.ticket)
                self._told(self._conversation(cursor, standing), bookmark, updated, found)

    @contextmanager
    def _alone_if_odd(self, ticket: int, found: _Found) -> Iterator[None]:
        """A ticket of which nobody can make sense must not hold up the others."""
        try:
            yield
        except Unwritable as error:
            found.unreadable.append(_aside(ticket, f"Zendesk would not tell: {error}"))
        except ODD as error:
            # Only the name of the error: its words may hold what a customer wrote.
            what = f"what Zendesk says of it makes no sense ({type(error).__name__})"
            found.unreadable.append(_aside(ticket, what))

    def _updated(self, ticket: Json) -> str:
        """When a ticket that was read just now changed last; nothing if that second may not be over.

        `updated_at` has whole seconds: what happens later in the same one would not show in it.
        """
        updated = str(ticket["updated_at"])
        return updated if self._wire.now() >= instant(updated) + timedelta(seconds=1) else ""

    def _barred(self, ticket: int, error: Barred, found: _Found) -> None:
        """One ticket of a closed group must not hold up the others; a login without rights is another matter."""
        self._must_be_admin()
        found.unreadable.append(_aside(ticket, error.problem))

    def _told(self, told: Conversation, bookmark: Bookmark, updated: str, found: _Found) -> None:
        turns = told.turns(bookmark.audit)
        if bookmark.gone and not told.settled:
            turns[0].acts.append(Act(ActKind.REOPENED, self._wire.now(), conversation=told.place, by="an agent"))
        for turn in turns:
            turn.acts = [one for act in turn.acts for one in self._meant(told.id, act)]
        found.turns.append((f"{TOPIC}{told.id}", turns, Bookmark(turns[-1].last, updated)))

    def _meant(self, ticket: int, act: Act) -> Sequence[Act]:
        return self._reminders_at(ticket, act) if act.kind is ActKind.REMINDER_DONE else (act,)

    def _thrown_away(self, ticket: int, bookmark: Bookmark, found: _Found) -> None:
        if bookmark.gone or not bookmark.begun:
            return  # nothing of it was ever ours
        place = Place(FOLDER, ticket, 0)
        note = f"the ticket #{ticket} was deleted"
        ended = Act(ActKind.ENDED, self._wire.now(), conversation=place, note=note, by="an agent")
        turn = Turn(bookmark.audit, acts=[ended])
        found.turns.append((f"{TOPIC}{ticket}", [turn], replace(bookmark, gone=True)))

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
            for page in self._fresh(cursor, shown.tickets):
                yield page
                if not self._wire.has_room():
                    return
            if shown.cursor == cursor["export"]:
                return
            cursor = cursor | {"export": shown.cursor}
            yield Page(cursor=cursor)
            if shown.end or not self._wire.has_room():
                return

    def past(self, since: datetime, most: int, pause: Callable[[float], object]) -> Iterator[Page]:
        """What changed since then, until `most` messages are told; where too little of the limit is left, it pauses."""
        self._must_be_admin()
        now = self._wire.now().replace(microsecond=0)
        cursor: Cursor = {"since": now.isoformat(), "begin": min(since, now).isoformat()}
        start, export = int((min(since, now) - _TOO_RECENT).timestamp()), ""
        while True:
            shown = self._patiently(partial(self._wire.export, start=max(0, start), cursor=export), pause)
            self._shelf.meet(shown.users)
            for page in self._fresh(cursor, shown.tickets):
                yield replace(page, cursor={}, bookmarks=None)
                most -= len(page.messages)
                if most <= 0:
                    return
                if not self._wire.has_room():
                    pause(MINUTE)
            if shown.end or shown.cursor == export:
                return
            export = shown.cursor

    def _patiently(self, ask: Callable[[], Exported], pause: Callable[[float], object]) -> Exported:
        """The export has a limit of its own, ten requests a minute: where it says when to come again, we do, once."""
        try:
            return ask()
        except InboxUnavailable as error:
            if not error.wait:
                raise
            pause(error.wait)
            return ask()

    def _fresh(self, cursor: Cursor, tickets: Sequence[Json]) -> Iterator[Page]:
        tickets = [ticket for ticket in tickets if ticket and ticket.get("id")]  # of anything else nothing can be asked
        known = self._bookmarks([int(ticket["id"]) for ticket in tickets])
        unread = {}
        for ticket in tickets:
            bookmark = known.get(int(ticket["id"]), Bookmark())
            if bookmark.updated != ticket.get("updated_at") or bookmark.gone != (ticket.get("status") == "deleted"):
                unread[int(ticket["id"])] = ticket, bookmark
        numbers = list(unread)
        for start in range(0, len(numbers), PAGE):
            yield from self._changes(cursor, [unread[number] for number in numbers[start : start + PAGE]])

    def _changes(self, cursor: Cursor, lines: Iterable[tuple[Json, Bookmark]]) -> Iterator[Page]:
        """These lines; where Zendesk stops answering in their midst, those that were read until then are told."""
        found, fault = _Found(), None
        for ticket, bookmark in lines:
            try:
                with self._alone_if_odd(int(ticket["id"]), found):
                    self._changed(cursor, ticket, bookmark, found)
            except InboxError as error:
                fault = error
                break
        if found.turns or found.unreadable:
            yield from found.pages(cursor)
        if fault is not None:
            raise fault

    def _changed(self, cursor: Cursor, ticket: Json, bookmark: Bookmark, found: _Found) -> None:
        """One line of the export; of what is history it may say all there is, else the ticket must be asked.

        It tells neither attachments nor whether a machine wrote, which matters only where somebody will be answered.
        """
        number = int(ticket["id"])
        if ticket.get("status") == "deleted":
            self._thrown_away(number, bookmark, found)
        elif instant(str(ticket["updated_at"])) < instant(cursor["begin"]):
            return
        elif not bookmark.begun and self._is_history(cursor, ticket) and speaks_for_itself(ticket):
            self._alone(cursor, ticket, found)
        else:
            self._asked(cursor, ticket, bookmark, found)

    def _is_history(self, cursor: Cursor, ticket: Json) -> bool:
        return instant(str(ticket["updated_at"])) < instant(cursor["since"])

    def _asked(self, cursor: Cursor, ticket: Json, bookmark: Bookmark, found: _Found) -> None:
        number = int(ticket["id"])
        try:
            standing = self._shelf.keep(Standing(ticket, self._wire.audits(number)))
        except Gone:
            return  # thrown away since; the export will say so
        except Barred as error:
            self._barred(number, error, found)
            return
        # The export shows nothing of the last minute, so the second in which it changed is long over.
        self._told(self._conversation(cursor, standing), bookmark, str(ticket["updated_at"]), found)

    def _alone(self, cursor: Cursor, ticket: Json, found: _Found) -> None:
        people = self._shelf.people(self._wire, [int(ticket["requester_id"])])
        message = from_export(self._account, ticket, people, instant(cursor["since"]))
        read = Bookmark(0, str(ticket["updated_at"]))
        found.turns.append((f"{TOPIC}{ticket['id']}", [Turn(messages=[message])], read))

    # ---- both -------------------------------------------------------------------------------------------------------

    def one(self, ticket: int) -> Conversation:
        """A ticket as it stands, whatever its age; raises Gone."""
        long_ago = datetime(1970, 1, 2, tzinfo=UTC).isoformat()
        return self._conversation({"since": long_ago, "begin": long_ago}, self._shelf.read(self._wire, ticket))

    def _conversation(self, cursor: Cursor, standing: Standing) -> Conversation:
        authors = {int(event["author_id"]) for audit in standing.audits for event in said_in(audit)}
        askers = {int(standing.ticket["requester_id"]), *former_requesters(standing.audits)}
        people = self._shelf.people(self._wire, authors | askers)
        since, begin = instant(cursor["since"]), instant(cursor["begin"])
        return Conversation(self._account, standing.ticket, standing.audits, people, since, begin)

    def _bookmarks(self, tickets: Sequence[int]) -> Mapping[int, Bookmark]:
        found = self._memory.bookmarks([f"{TOPIC}{ticket}" for ticket in tickets])
        return {ticket_of(topic): Bookmark.parse(text) for topic, text in found.items()}


def account(settings: ZendeskSettings) -> Account:
    """What must be known of an inbox to read its tickets."""
    host = f"{settings.subdomain}.zendesk.com"
    return Account(settings.name, host, settings.identities[0], settings.tag_prefix)


def _aside(ticket: int, why: str) -> Unreadable:
    return Unreadable(Place(FOLDER, ticket, 0), f"ticket #{ticket}: {why}", b"")


def ticket_of(topic: str) -> int:
    """The ticket a topic names; 0 for none."""
    number = topic.removeprefix(TOPIC)
    return int(number) if number.isdecimal() else 0


__all__ = ["PAGE", "TOPIC", "Bookmark", "Reader", "account", "ticket_of"]
