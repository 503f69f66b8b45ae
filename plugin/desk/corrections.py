"""What a person's act says about the judge: pure, and noted in the same transaction as the act."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from plugin.decide import MessageSeen, Trigger
from plugin.store import Correction
from plugin.timeline import Case, Confirmed, Corrected, Event, Received, Reopened, Resolved, Status

_NOT = "not-a-complaint"


def corrections(before: Case, after: Case, events: Sequence[Event], trigger: Trigger) -> Iterator[Correction]:
    """The person's words in these events that differ from what the judge, or another person, had said."""
    for event in events:
        match event:
            case Resolved(outcome="not-a-complaint") if before.outcome != _NOT:
                was = "maybe" if before.status is Status.UNDECIDED else "yes"
                yield _correction(after, trigger, "complaint", was, "no", by=event.by)
            case Resolved() if before.outcome == _NOT != event.outcome:
                yield _correction(after, trigger, "complaint", "no", "yes", by=event.by)
            case Received() | Confirmed() | Reopened():
                yield from _taken_for_one(before, after, trigger)
            case Corrected():
                yield from _relabelled(before, after, event, trigger)


def _taken_for_one(before: Case, after: Case, trigger: Trigger) -> Iterator[Correction]:
    """A person said that this is a complaint, and somebody had said otherwise."""
    if isinstance(trigger, MessageSeen):
        judged = trigger.assessment
        if trigger.insist and (not judged.complaint or before.outcome == _NOT):
            yield _correction(after, trigger, "complaint", "maybe" if judged.maybe else "no", "yes")
    elif before.outcome == _NOT:
        yield _correction(after, trigger, "complaint", "no", "yes")


def _relabelled(before: Case, after: Case, event: Corrected, trigger: Trigger) -> Iterator[Correction]:
    for label in ("category", "severity"):
        was, now = getattr(before, label), getattr(after, label)
        if was != now:
            yield _correction(after, trigger, label, was, now, by=event.by)


def _correction(case: Case, trigger: Trigger, label: str, was: str, value: str, *, by: str = "") -> Correction:
    """At the time of the person's act: what it leads to may bear the time of a mail."""
    return Correction(
        inbox=case.inbox, key=case.message, label=label, value=value, was=was, case_id=case.id,
        by=by or "mail program", at=trigger.at,
    )  # fmt: skip
