"""Moving a running case to the playbooks now in force: what a person asks for, and what would come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from plugin.decide import Replanning, told
from plugin.decide.past import kept, this_round
from plugin.desk.ledger import Policies
from plugin.playbook import Book
from plugin.source import Problems
from plugin.store import Session
from plugin.timeline import Case, Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Replan:
    """A person moves the case to the playbooks now in force."""

    by: str = ""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would follow: the case as it stands, the events, and the case as it would stand."""

    before: Case
    events: Sequence[Event]
    after: Case


def trigger_of(session: Session, policies: Policies, case: Case, by: str, at: datetime) -> Replanning:
    """The trigger, with what only the store knows: how the round went, and what is kept of its letters."""
    letters = kept({key: row for (_, key), row in session.letters_of([case.id]).items()})
    moments = this_round(session.timeline(case.id), letters)
    return Replanning(at=at, by=by, before=_before(session, policies, case), moments=moments)


def _before(session: Session, policies: Policies, case: Case) -> Book:
    """The book it has; an empty one where this Amends cannot read it any more, since moving the case is the way out."""
    try:
        return policies.of(session, case, case.inbox).book
    except Problems:
        return Book(case.book, (), ())


def foresee(session: Session, policies: Policies, case: Case, by: str, at: datetime) -> Foreseen:
    """Decide, and store nothing; raises ActRefused."""
    trigger = trigger_of(session, policies, case, by, at)
    events, after = told(case, trigger, policies.under(session, policies.book, case.inbox))
    return Foreseen(case, events, after)
