"""A case as JSON: the shape other programs rely on (contract, section 9). Keys may be added, never taken away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Protocol

from plugin.decide import date_of, working_of
from plugin.hours import Hours, HoursError, Span, SpanError
from plugin.letters import Kept, without
from plugin.letters.alike import MANY
from plugin.register.telling import Tale, is_minor
from plugin.timeline import PROMISE, Case, DraftFate, DraftState, DueBy, Event, Ran, Status, Task, TaskState

WOULD_BE = "would be written"
"""The state of a draft that is only tried."""


class Calendars(Protocol):
    """Which calendar counts, and how a time is told to people."""

    def calendar(self, inbox: str, name: str = "") -> Hours | None:
        """The calendar of that name, else the inbox's own."""

    def shown(self, moment: datetime, inbox: str) -> str:
        """A time in the inbox's zone."""

    def in_place(self, inbox: str) -> bool:
        """Whether drafts lie at what they answer, as in a ticket, and in no folder of their own."""


def utc(moment: datetime | None) -> str | None:
    """A time as RFC 3339 in UTC, ending in Z."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def document(case: Case, events: Sequence[Event], texts: Mapping[str, str], calendars: Calendars) -> dict[str, Any]:
    """The whole case: the summary with the drafts' texts, the complaint's own text, and the timeline."""
    drafts = [_draft(draft, case, calendars) | {"text": texts.get(draft.message_id, "")} for draft in case.drafts]
    timeline = _timeline(case, events, calendars)
    return summary(case, calendars) | {
        "drafts": drafts,
        "their_text": texts.get(case.message, ""),
        "timeline": timeline,
    }


def summary(case: Case, calendars: Calendars) -> dict[str, Any]:
    """One case without texts and timeline."""
    return {
        "id": case.id,
        "inbox": case.inbox,
        "status": case.status.value,
        "tags": list(case.tags),
        "category": case.category,
        "severity": case.severity,
        "language": case.language,
        "channel": case.channel,
        "sender": str(case.complainant),
        "subject": case.subject,
        "received_at": utc(case.received_at),
        "owner": case.owner or None,
        "round": case.round,
        "due": [_due(case, due, calendars) for due in case.due],
        "tasks": [_task(task) for task in case.tasks if not task.kind.for_inbox],
        "drafts": [_draft(draft, case, calendars) for draft in case.drafts],
        "needs_you": sum(draft.fate is DraftFate.WRITTEN and draft.marks > 0 for draft in case.drafts),
        "playbooks": [_playbook(ran) for ran in case.playbooks],
        "outcome": case.outcome or None,
        "cause": case.cause or None,
        "resolved_at": utc(case.resolved_at),
        "undone": case.undone,
        "erased": case.erased,
        "words_gone_at": utc(case.words_gone_at),
    }


def _due(case: Case, due: DueBy, calendars: Calendars) -> dict[str, Any]:
    return {
        "for": due.kind,
        "due_at": utc(due.due_at),
        "provisional": due.provisional and due.open,
        "met_at": utc(due.met_at),
        "met_by": due.met_by or None,
        "missed": due.missed,
        "owed": due.open and case.status is Status.OPEN,
        "derivation": list(_derivation(case, due, calendars)),
        "within": due.span,
        "from": due.start,
        "since_reply": any(at == due.anchor_at for _, at in case.replies) and due.due_for == "update",
        "playbook": due.playbook,
        "note": due.note,
        "paused_since": utc(due.paused_at),
        "said": _said(due),
    }


def _said(due: DueBy) -> dict[str, Any] | None:
    """The words a promise was made with; the span counts in the own text of the reply with that key."""
    if due.kind != PROMISE:
        return None
    return {"text": due.said, "start": due.said_start, "end": due.said_end, "sentence": due.sentence,
            "reply": due.said_in, "replied_at": utc(due.anchor_at)}  # fmt: skip


def _derivation(case: Case, due: DueBy, calendars: Calendars) -> tuple[str, ...]:
    """The working of the date in the calendar now in force, which may have changed since the date was set."""
    calendar = calendars.calendar(case.inbox, due.hours)
    if calendar is None or due.anchor_at is None or due.due_at is None:
        return ()
    then = calendars.shown(due.due_at, case.inbox)
    if due.kind == PROMISE:
        return _promised(case, due, calendar, calendars)
    try:
        lines = working_of(calendar, due)
        same = date_of(calendar, due) == due.due_at
    except (SpanError, HoursError) as error:
        return (f"it was set to {then}; the working cannot be shown: {error}",)
    return lines if same else (*lines, f"the calendar has changed since; the date that counts was set before: {then}")


def _promised(case: Case, due: DueBy, calendar: Hours, calendars: Calendars) -> tuple[str, ...]:
    """The reply, its words, and how the date follows from them; it stays as it was, whatever the calendar says now."""
    sent, due_at = due.anchor_at or due.due_at, due.due_at
    if sent is None or due_at is None:
        return ()
    words = f"the reply of {calendars.shown(sent, case.inbox)} says: “{due.said}”"
    if due.span:
        with suppress(SpanError, HoursError):
            span = Span.parse(due.span)
            if calendar.due(sent, span) == due_at:
                return words, *calendar.derivation(sent, span)
    return words, f"due {calendar.shown(due_at)}"


def _task(task: Task) -> dict[str, Any]:
    return {
        "id": task.key,
        "kind": task.kind.value,
        "due_at": utc(task.run_at),
        "state": task.state.value,
        "note": task.note,
        "what": task.kind.what,
        "playbook": task.playbook,
        "snoozed_until": utc(task.until) if task.state is TaskState.WAITING else None,
    }


def task_document(case: Case, task: Task, now: datetime) -> dict[str, Any]:
    """A task beside the case it belongs to, as a list of tasks shows it."""
    return _task(task) | {
        "case": case.id,
        "inbox": case.inbox,
        "subject": case.subject,
        "sender": str(case.complainant),
        "overdue": task.run_at < now,
    }


def _draft(draft: DraftState, case: Case, calendars: Calendars) -> dict[str, Any]:
    folder = "" if draft.place is None or calendars.in_place(case.inbox) else draft.place.folder
    where = f"{draft.place.folder}/{draft.place.uid}" if draft.place and draft.place.uid else draft.message_id
    return {
        "purpose": draft.purpose.value,
        "ref": where,
        "folder": folder,
        "state": draft.fate.value,
        "marks": draft.marks,
        "standing": standing(draft.fate.value, draft.marks),
        "round": draft.round,
        "message_id": draft.message_id,
        "written_at": utc(draft.written_at),
    }


def standing(state: str, marks: int) -> str:
    """Whether a draft may go out as it is, in words for people: never "ready" with a mark in it.

    Of one that a person edited, sent or removed only that is said.
    """
    if state not in (DraftFate.WRITTEN.value, WOULD_BE):
        return state
    return f"needs you ({marks} mark{'' if marks == 1 else 's'})" if marks else "ready"


def worded(draft: dict[str, Any], kept: Kept, spoken: str) -> dict[str, Any]:
    """The draft with the slots it was made of, the lines that say why it is worded so, and its language.

    `foreign` is a line for people where that is not `spoken`, what the customer wrote in; else it is empty.
    """
    slots = [{"name": slot.name, "value": slot.value} for slot in kept.slots]
    told = {"language": kept.language or None, "foreign": without(spoken, kept.language)}
    return draft | told | {"slots": slots, "why": kept.why.splitlines(), "remarks": list(_alike(kept))}


def _alike(kept: Kept) -> Iterator[dict[str, Any]]:
    """A remark on a draft of which nearly the same went to many that day; it is about the whole of it."""
    if kept.alike >= MANY:
        better = f"nearly the same went to {kept.alike} others that day: say what is theirs alone"
        yield {"text": "", "start": 0, "end": 0, "practice": "P8", "better": better}


def _playbook(ran: Ran) -> dict[str, Any]:
    return {
        "name": ran.name,
        "version": ran.version,
        "applied": ran.applied,
        "reason": ran.reason,
        "round": ran.round,
    }


def _timeline(case: Case, events: Sequence[Event], calendars: Calendars) -> list[dict[str, Any]]:
    tale = Tale(case, lambda moment: calendars.shown(moment, case.inbox))
    return [
        {"at": utc(event.at), "event": type(event).__name__, "text": tale.tell(event), "minor": is_minor(event, case)}
        | {item.name: _plain(getattr(event, item.name)) for item in fields(event) if item.name != "at"}
        for event in events
    ]


def _plain(value: Any) -> Any:
    """The value as JSON knows it."""
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
