"""How decisions are stored: a case and what follows from its events, in the session of the moment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any

from pydantic import TypeAdapter

from plugin.config import InboxSettings
from plugin.decide import CalendarsChanged, Policy, Replanning, Trigger, short, told
from plugin.desk.corrections import corrections
from plugin.desk.incidents import in_force
from plugin.hours import Hours
from plugin.inbox import Cursor, InboxError, InboxRefused, InboxUnavailable, Notice
from plugin.letters import SHIPPED, Phrases
from plugin.model import Assessment, Message, Written
from plugin.playbook import Book
from plugin.store import Session, Store
from plugin.timeline import (
    Case,
    Corrected,
    DraftChanged,
    DraftFate,
    DraftWritten,
    Event,
    Kind,
    ReminderOver,
    ReminderPlaced,
    Reopened,
    Resolved,
    TaskScheduled,
)

ASSESSMENT: TypeAdapter[Assessment] = TypeAdapter(Assessment)


_UNCOUNTED = ("no", "undecided", "unverified", "automatic")
"""Verdicts on mail that a person may still take for a complaint; its text is kept only from then on."""


@dataclass(slots=True)
class Policies:
    """Which playbooks and calendars decide, and which phrases say it: a running case keeps the book it started with."""

    book: Book
    calendars: Mapping[str, Hours]
    inboxes: Mapping[str, InboxSettings]
    phrases: Phrases = SHIPPED
    _books: dict[str, Book] = field(default_factory=dict)

    def of(self, session: Session, case: Case, inbox: str) -> Policy:
        """The policy of this case; of a new one, that now in force."""
        return self.under(session, self._book(session, case.book), inbox)

    def under(self, session: Session, book: Book, inbox: str) -> Policy:
        """The policy of this inbox under this book."""
        hours = self.inboxes[inbox].hours if inbox in self.inboxes else "default"  # it may be set up no more
        return Policy(book, self.calendars, hours, in_force(session))

    def calendars_of(self, inbox: str) -> str:
        """A digest of the calendars now in force and of which of them is the inbox's."""
        lines = [self.inboxes[inbox].hours]
        for name, hours in sorted(self.calendars.items()):
            known = f"{hours.holidays} {version('holidays')}" if hours.holidays else ""
            lines.append(f"{name}|{hours.zone.key}|{hours.week}|{sorted(hours.closed)}{known and f'|{known}'}")
        return short("\n".join(lines))

    def kept(self, version: str) -> Book:
        """The book of that version, if `of` has met it; else the one in force."""
        return self._books.get(version, self.book)

    def _book(self, session: Session, version: str) -> Book:
        if version in ("", self.book.version):
            return self.book
        if version not in self._books:
            sources = session.book(version)
            self._books[version] = Book.from_json(sources) if sources else self.book
        return self._books[version]


def follow(
    session: Session, policies: Policies, case: Case, inbox: str, trigger: Trigger
) -> tuple[Case, Sequence[Event]]:
    """Decide and store; the case as it stands afterwards, and what was added to it."""
    moves = isinstance(trigger, Replanning)  # only that asks for the playbooks now in force
    policy = policies.under(session, policies.book, inbox) if moves else policies.of(session, case, inbox)
    events, after = told(case, trigger, policy)
    if policy.incidents and any(isinstance(event, Corrected) for event in events):
        session.incidents.look_again()  # under another category it may belong to one of them, or no more
    if events:
        session.append(case, events, after)
        _enter_all(session, inbox, after, events, getattr(trigger, "message", None))
        for said in corrections(case, after, events, trigger):
            session.corrections.note(said)
    return after, events


def words_of(session: Session, case: Case) -> str:
    """What the complainant wrote himself to open this round, as conditions look at it; empty once it was forgotten."""
    return words_in(session.letter(case.id, case.message))


def words_in(letter: Mapping[str, Any] | None) -> str:
    """The same, of a complaint as it is kept."""
    if letter is None:
        return ""
    own = ASSESSMENT.validate_json(letter["detail"]).own_text if letter["detail"] else ""
    return own or str(letter["text"])


def store_events(session: Session, case: Case, events: Sequence[Event], inbox: str) -> Case:
    """Append, and keep the ledger of what we write in step with the timeline."""
    after = session.append(case, events)
    _enter_all(session, inbox, after, events)
    return after


def _enter_all(
    session: Session, inbox: str, case: Case, events: Sequence[Event], message: Message | None = None
) -> None:
    for event in events:
        _enter(session, inbox, case, event, message)


def _enter(session: Session, inbox: str, case: Case, event: Event, message: Message | None) -> None:
    match event:
        case TaskScheduled(task=task) if task.kind is Kind.DRAFT:
            untrusted = (message is not None and message.trusted is False) or _is_untrusted(session, inbox, case)
            session.will_write(
                inbox, task.message_id, case.id, "draft", event.at, sender=case.complainant.email, untrusted=untrusted
            )
        case DraftWritten(draft=draft):
            lies = Written(draft.message_id, "draft", draft.place, draft.digest)
            session.was_written(inbox, lies, event.at)
        case DraftChanged(fate=fate) if fate is not DraftFate.WRITTEN:
            session.is_over(inbox, event.message_id)
        case ReminderPlaced():
            lies = Written(event.message_id, "reminder", event.place, event.digest)
            session.was_written(inbox, lies, event.at)
        case ReminderOver():
            session.is_over(inbox, event.message_id)
        case Resolved(outcome="not-a-complaint"):
            session.change_verdict(inbox, case.message, "no", case.id)
        case Reopened(message=""):  # by a person
            session.change_verdict(inbox, case.message, "complaint", case.id)
        case _:
            pass


def _is_untrusted(session: Session, inbox: str, case: Case) -> bool:
    """Whether the words a draft of this case is made of failed DMARC; an older timeline knows by its drafts alone."""
    if case.untrusted:
        return True
    return bool(case.drafts) and bool(session.untrusted(inbox, [draft.message_id for draft in case.drafts]))


def recount(session: Session, policies: Policies, inbox: str, now: datetime) -> None:
    """Move the open due-bys of this inbox, if its calendars are not those in which they were counted."""
    calendars = policies.calendars_of(inbox)
    if session.inbox(inbox).get("calendars") == calendars:
        return
    for case_id in session.open_cases(inbox):
        follow(session, policies, session.case(case_id), inbox, CalendarsChanged(at=now))
    session.keep_inbox(inbox, calendars=calendars)


def keep_fault(session: Session, error: InboxError, now: datetime) -> None:
    """An inbox could not be reached, or said no: why, of what kind, and how long it wants to be left alone."""
    wait = error.wait if isinstance(error, InboxUnavailable) else 0.0
    until = now + timedelta(seconds=wait) if wait else None
    session.keep_fault(error.inbox, str(error), now, "throttled" if wait else _kind_of(error), until)


def _kind_of(error: InboxError) -> str:
    """What keeps us from an inbox; a fault of our own over a write is none of a closed door."""
    if isinstance(error, InboxUnavailable):
        return "unreachable"
    return "refused" if isinstance(error, InboxRefused) else "unwritten"


def stay_quiet(row: Mapping[str, Any], now: datetime) -> None:
    """Raises InboxUnavailable as long as an inbox, by its row of the store, asked to be left alone; also after a
    restart.
    """
    if row["fault_kind"] == "throttled" and row["fault_until"] is not None and row["fault_until"] > now:
        why = str(row["fault"]).removeprefix(f"inbox {row['name']}: ")
        raise InboxUnavailable(row["name"], why, wait=(row["fault_until"] - now).total_seconds())


def cursor_of(store: Store, inbox: str) -> Cursor | None:
    """How far this inbox was read; None where nobody has looked into it yet."""
    with store.reading() as session:
        cursor = session.inbox(inbox)["cursor"]
    return json.loads(cursor) if cursor else None


class StoreMemory:
    """What the store remembers for one inbox; the inbox itself stays without state."""

    def __init__(self, store: Store, inbox: str) -> None:
        self._store, self._inbox = store, inbox

    def known(self, fingerprints: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """The message keys recorded under each of these header fingerprints, oldest first."""
        with self._store.reading() as session:
            return session.keys_of(self._inbox, fingerprints)

    def recorded(self, folder: str, validity: int, uids: Sequence[int]) -> Mapping[int, str]:
        """The message keys recorded at these places, but of mail that may become a complaint: it must be read again."""
        with self._store.reading() as session:
            keys = session.keys_at(self._inbox, folder, validity, uids)
            known = session.known(self._inbox, list(keys.values()))
        return {uid: key for uid, key in keys.items() if key in known and known[key].verdict not in _UNCOUNTED}

    def written(self) -> Sequence[Written]:
        """Our drafts nobody has sent, edited or removed, and our reminders that are still open."""
        with self._store.reading() as session:
            return session.live(self._inbox)

    def bookmarks(self, topics: Sequence[str]) -> Mapping[str, str]:
        """How far each of these conversations was read, of those that ever were."""
        with self._store.reading() as session:
            return session.bookmarks(self._inbox, topics)

    def notices(self) -> Sequence[Notice]:
        """Notices nobody has heeded yet, oldest first, those with the same topic together."""
        with self._store.reading() as session:
            return [Notice(entry.id, entry.topic, entry.group) for entry in session.notices.waiting(self._inbox)]
