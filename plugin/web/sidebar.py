"""Pages that stand inside a helpdesk, beside a ticket: what they show of a case, and what people do there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from importlib import import_module
from typing import Any

from flask import Blueprint

from plugin.config import InboxSettings
from plugin.decide import EndTask, Snooze
from plugin.desk import Desk
from plugin.inbox import PAGES
from plugin.register import Register
from plugin.store import Entry

_MORNING = time(9)
_TICKETS = "tickets"
"""The folder in which messages of a helpdesk lie; what IMAP calls the validity of a place is the ticket there."""


def open_sidebars(
    register: Register, desk: Callable[[], Desk], inboxes: Sequence[InboxSettings],
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Sequence[Blueprint]:  # fmt: skip
    """The pages of those inboxes that bring any; `desk` is asked for when the first of them is looked at."""
    tickets = _Tickets(register, desk, clock)
    kinds = dict.fromkeys(inbox.kind for inbox in inboxes if inbox.kind in PAGES)
    return [
        import_module(PAGES[kind]).pages({one.name: one for one in inboxes if one.kind == kind}, tickets, clock)
        for kind in kinds
    ]


def app_for(settings: InboxSettings, url: str, contact: str) -> bytes:
    """The app that shows the pages of this inbox inside the helpdesk; `url` is where we can be reached."""
    bundle: bytes = import_module(PAGES[settings.kind]).bundle(f"{url}/sidebar/{settings.name}", contact)
    return bundle


@dataclass(frozen=True, slots=True)
class _Tickets:
    """What a page beside a ticket may see and do; the same words as on the command line."""

    register: Register
    desk: Callable[[], Desk]
    clock: Callable[[], datetime]

    def cases(self, inbox: str, ticket: int) -> list[dict[str, Any]]:
        """The cases whose messages lie on this ticket, newest first."""
        with self.desk().store.reading() as session:
            ids = session.cases_in(inbox, _TICKETS, ticket)
        return [self.register.case(case_id) for case_id in reversed(ids)]

    def zone(self, inbox: str) -> str:
        """The zone of the inbox's calendar."""
        return self.register.zone(inbox)

    def done(self, task: str, *, by: str, gave: str = "", note: str = "") -> None:
        """A person's task is done."""
        self.desk().act(_case_of(task), EndTask(key=task, done=True, gave=gave, note=note, by=by))

    def snooze(self, inbox: str, task: str, days: int, *, by: str) -> None:
        """A person's task is put off to the morning of that day, in the inbox's zone."""
        today = self.register.local(self.clock(), inbox)
        until = datetime.combine(today.date() + timedelta(days=days), _MORNING, today.tzinfo).astimezone(UTC)
        self.desk().act(_case_of(task), Snooze(key=task, until=until, by=by))

    def first_use(self, digest: str, at: datetime) -> bool:
        """Whether this token was never used before; it lies in the ledger of calls, where all of us look."""
        # For all inboxes together: two of one account may show the same app, and a token fits both.
        use = Entry(inbox="", id=f"sidebar {digest}", at=at)
        with self.desk().store.writing(use.inbox) as session:
            (new,) = session.notices.enter([use])
            session.notices.heed(use.inbox, [use.id], at)
        return new


def _case_of(task: str) -> str:
    return task.partition("/")[0]
