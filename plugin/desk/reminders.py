"""What a reminder says: one task, or a list of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from plugin.decide import message_id
from plugin.hours import Hours
from plugin.model import Reminder, clip
from plugin.timeline import Case, Kind, Status, Task

_HOW = {
    Kind.ACKNOWLEDGEMENT: "They have had no answer yet. A draft may {wait}: read it, mend it, send it.",
    Kind.UPDATE: "They have not heard from us for too long. Tell them where things stand and when they hear again.",
    Kind.RESOLUTION: "The date by which this was to be settled has passed. Settle it, or tell them when it will be.",
    Kind.PROMISE: "It was promised in a reply, and nobody has written since. Keep it, or tell them when it will be.",
    Kind.FOLLOW_UP: "It was settled some time ago. A letter that asks may {wait}: read it and send it.",
    Kind.GOODWILL: "It was settled. A letter for a gesture may {wait}: choose the gesture, read it, send it.",
    Kind.APPROVAL: "A person with the authority must say yes or no.",
    Kind.PREVENTION: "Look at the cause, and note what was changed.",
}
_END = "When it is done, clear the flag (star) of this message. Moving or deleting this message does not end the task."
_END_THERE = "When it is done, take the tag amends-due off this ticket. The sidebar and `amends done` end it as well."
_END_ALL = "When all of it is done, clear the flag (star) of this message. For single ones use the command amends done."


@dataclass(frozen=True, slots=True)
class Raised:
    """A task that has just come onto a person's list."""

    case: Case
    task: Task
    late: bool


def write(group: Sequence[Raised], calendar: Hours, now: datetime, *, in_place: bool = False) -> Reminder:
    """One reminder for these tasks; its Message-ID follows from them, so that it is never written twice.

    One `in_place` stands at its own case, in the ticket itself.
    """
    first = group[0]
    keys = sorted(_occasion(item.task) for item in group)
    alone = len(group) == 1
    return Reminder(
        message_id=message_id(first.case, "reminder", *keys),
        case=first.case.id,
        subject=_subject(first) if alone else f"To do: {len(group)} things about complaints",
        text=_single(first, calendar, in_place) if alone else _list(group, calendar),
        at=now,
    )


def undone(case: Case, task: Task) -> Reminder:
    """The word to colleagues that what stands in the notes above counts no more."""
    return Reminder(
        message_id=task.message_id,
        case=case.id,
        subject="Taken back: the suggestions and reminders of Amends above count no more.",
        text="Somebody undid this case in Amends, or asked to have it forgotten. Nothing more will be written here.",
        at=task.run_at,
    )


def _occasion(task: Task) -> str:
    """A task that was put off is raised again, and that is a reminder of its own."""
    return f"{task.key}@{task.until.isoformat()}" if task.until else task.key


def _subject(item: Raised) -> str:
    return f"To do: {item.task.kind.what} - {clip(item.case.subject, 120) or '(no subject)'}"


def _single(item: Raised, calendar: Hours, in_place: bool) -> str:
    how = _HOW[item.task.kind].format(wait="stand in a note above" if in_place else "wait in Drafts")
    end = _END_THERE if in_place else _END
    return "\n".join([*_facts(item, calendar), "", *_what(item, how), *_offer(item), "", end, ""])


def _what(item: Raised, how: str) -> list[str]:
    """What a task says of itself; of a promise both the words it was made with and what to do about it."""
    return [item.task.note, how] if item.task.kind is Kind.PROMISE else [item.task.note or how]


def _facts(item: Raised, calendar: Hours) -> list[str]:
    case, task = item.case, item.task
    due = next((due for due in case.due if due.task == task.key), None)
    lines = [
        f"What to do:  {task.kind.what}",
        f"Who wrote:   {case.complainant}",
        f"About:       {clip(case.subject, 200) or '(no subject)'}",
        f"Received:    {_when(case.received_at, calendar)}",
        f"Due by:      {_when(task.run_at, calendar)}",
        f"Case:        {case.id}",
        f"Task:        {task.key}",
    ]
    return [*lines, f"Note:        {due.note}"] if due is not None and due.note else lines


def ahead(case: Case, calendar: Hours) -> tuple[str, ...]:
    """What is promised by when and what comes after it, a line each, for whoever reads a draft."""
    dates = [(due.due_at, f"{due.kind} due by {_when(due.due_at, calendar)}") for due in case.due
             if due.open and due.due_at is not None and case.status is Status.OPEN]  # fmt: skip
    dates += [(task.run_at, f"{task.kind.what}: {_when(task.run_at, calendar)}")
              for task in case.open_tasks(Kind.FOLLOW_UP, Kind.GOODWILL)]  # fmt: skip
    return tuple(line for _, line in sorted(dates))


def _offer(item: Raised) -> list[str]:
    task = item.task
    if task.kind is not Kind.GOODWILL:
        return []
    return [f"Up to {task.up_to}: {', '.join(task.offer)}." if task.up_to else f"Offer: {', '.join(task.offer)}."]


def _list(group: Sequence[Raised], calendar: Hours) -> str:
    parts = [f"{len(group)} things are to be done.", ""]
    for number, item in enumerate(group, 1):
        case, task = item.case, item.task
        parts += [
            f"{number}. {task.kind.what}: {clip(case.subject, 100) or '(no subject)'}",
            f"   from {case.complainant}, due by {_when(task.run_at, calendar)}, task {task.key}",
        ]
    return "\n".join([*parts, "", _END_ALL, ""])


def _when(moment: datetime | None, calendar: Hours) -> str:
    return "not known" if moment is None else calendar.shown(moment)
