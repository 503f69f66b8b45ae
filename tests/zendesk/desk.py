"""A stand-in with a desk behind it: what Amends makes of an account, and the time that passes for both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any
from uuid import uuid4

from integrations.zendesk.client import ZendeskInbox
from integrations.zendesk.standin import Clock, Limits, StandIn
from integrations.zendesk.standin.records import Role, Ticket
from plugin import letters
from plugin.config import HelpdeskSettings
from plugin.desk import Desk
from plugin.desk.ledger import Policies
from plugin.hours import Hours
from plugin.judge import Judge
from plugin.model import Address
from plugin.playbook import load_book
from plugin.store import Store
from plugin.store.notices import Entry
from plugin.timeline import Case, Event
from tests.stores import store_at

CALENDARS = {"default": Hours.parse("default", "Europe/London", {"mon-sun": "00:00-24:00"})}
FRIDAY = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


def attached(zendesk: StandIn, name: str = "helpdesk", **more: Any) -> HelpdeskSettings:
    """Settings for an inbox at this stand-in."""
    us = Address("support@example.zendesk.com")
    return HelpdeskSettings(
        name=name, subdomain="example", email=zendesk.login.email, token=zendesk.login.token, url=zendesk.url,
        identities=(us,), ours=(us.email,), **more,
    )  # fmt: skip


def assert_nobody_heard(zendesk: StandIn) -> None:
    """Nothing that was written is public or leaves open whether it is, and every answer was as Zendesk gives it."""
    assert zendesk.misshapen == []
    assert zendesk.witness.unsaid_or_public() == []
    assert zendesk.witness.public_comments(zendesk.bot) == []


@contextmanager
def on_friday(
    *, clock: Clock | None = None, limits: Limits | None = None, role: Role = Role.ADMIN
) -> Iterator[StandIn]:
    """An account whose clock stands still; at the end nobody outside has heard anything from Amends."""
    with StandIn(clock=clock or Clock(FRIDAY), limits=limits or Limits.none(), role=role) as zendesk:
        yield zendesk
    assert_nobody_heard(zendesk)


@dataclass(frozen=True, slots=True)
class Helpdesk:
    """An account, the desk that works in it, and one clock for both."""

    zendesk: StandIn
    desk: Desk
    name: str = "helpdesk"

    def work(self, **later: float) -> None:
        """So much time passes (two minutes, so that the export shows everything), then one full pass."""
        self.zendesk.clock.later(**(later or {"minutes": 2}))
        self.desk.poll(self.name)
        self.desk.run_due()

    def heed(self, *tickets: Ticket) -> None:
        """Notices for these tickets, then one full pass; no time passes."""
        with self.desk.store.writing() as session:
            now = self.zendesk.clock.now()
            session.notices.enter(
                [Entry(inbox=self.name, id=uuid4().hex, at=now, topic=f"ticket:{ticket.id}") for ticket in tickets]
            )
        self.desk.poll(self.name)
        self.desk.run_due()

    def cases(self) -> list[Case]:
        """Every case there is, as it stands."""
        with self.desk.store.reading() as session:
            ids = dict.fromkeys(case for ticket in self.zendesk.account.tickets
                                for case in session.cases_in(self.name, "tickets", ticket))  # fmt: skip
            return [session.case(case_id) for case_id in ids]

    def case(self) -> Case:
        """The only case."""
        (found,) = self.cases()
        return found

    def case_of(self, ticket: Ticket) -> Case:
        """The case in this ticket."""
        with self.desk.store.reading() as session:
            return session.case(session.cases_in(self.name, "tickets", ticket.id)[0])

    def events(self, ticket: Ticket) -> list[Event]:
        """The timeline of the case in this ticket."""
        with self.desk.store.reading() as session:
            return list(session.timeline(self.case_of(ticket).id))

    def fault(self) -> str:
        """What is said to be wrong with the inbox."""
        with self.desk.store.reading() as session:
            return str(session.inbox(self.name)["fault"])

    def note(self, ticket: Ticket) -> str:
        """The latest note of ours in a ticket."""
        return self.zendesk.witness.notes(self.zendesk.bot, ticket)[-1].body


@contextmanager
def helpdesk(
    folder: Path,
    zendesk: StandIn,
    *playbooks: str,
    packs: tuple[str, ...] = ("general",),
    ahead: timedelta = timedelta(),
    **settings: Any,
) -> Iterator[Helpdesk]:
    """A desk attached to this account, with a store in this folder; `playbooks` are YAML.

    `ahead` is by how much its clock is wrong.
    """
    (folder / "playbooks").mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(playbooks):
        (folder / "playbooks" / f"{number}.yaml").write_text(dedent(text), "utf-8")
    account = attached(zendesk, **settings)
    book = load_book(packs, folder / "playbooks", calendars=CALENDARS, check_text=letters.problems)
    policies = Policies(book, CALENDARS, {account.name: account})
    inbox = ZendeskInbox(account, export_every=0)
    store = Store(store_at(folder / "amends.db"))
    desk = Desk(store, {account.name: inbox}, policies, Judge(), lambda: zendesk.clock.now() + ahead)
    try:
        yield Helpdesk(zendesk, desk)
    finally:
        desk.close()


def attach(ours: Helpdesk) -> None:
    """The first pass, and a moment after it: what comes from now on is new."""
    ours.work(seconds=1)
    ours.zendesk.clock.later(seconds=5)
