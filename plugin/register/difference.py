"""What changes for a case that is moved to other playbooks, line by line: what goes, what comes, what stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from plugin.timeline import (
    Case,
    DraftFate,
    DueBy,
    Event,
    Kind,
    Task,
    TaskDropped,
    TaskScheduled,
)

Shown = Callable[[datetime], str]
_LATER = (Kind.FOLLOW_UP, Kind.GOODWILL)


def difference(before: Case, events: Sequence[Event], after: Case, shown: Shown) -> list[str]:
    """The lines, each with a word in front that says what it is about; none where only the version changes."""
    return [*_tags(before, after), *_owner(before, after), *_due(before, after, shown),
            *_drafts(before, events, shown), *_later(before, events, shown)]  # fmt: skip


def untouched(before: Case, shown: Shown) -> list[str]:
    """What a person did, or time: it stays whatever playbooks are in force."""
    return [*_kept_promises(before, shown), *_kept_drafts(before)]


def _tags(before: Case, after: Case) -> Iterator[str]:
    gone = [tag for tag in before.tags if tag not in after.tags]
    came = [tag for tag in after.tags if tag not in before.tags]
    if gone:
        yield f"tags       off: {', '.join(gone)}"
    if came:
        yield f"tags       on: {', '.join(came)}"


def _owner(before: Case, after: Case) -> Iterator[str]:
    if before.owner != after.owner:
        yield f"owner      {before.owner or 'nobody'} -> {after.owner}"


def _due(before: Case, after: Case, shown: Shown) -> Iterator[str]:
    for due_for in dict.fromkeys(due.due_for for due in (*before.due, *after.due)):
        was, now = before.due_by(due_for), after.due_by(due_for)
        if was is None and now is not None:
            yield f"due        {due_for}: new, {_dated(now, shown)}"
        elif was is not None and now is None:
            yield f"due        {due_for}: no longer promised, was {_dated(was, shown)}"
        elif was is not None and now is not None and was != now:
            yield f"due        {due_for}: {_dated(was, shown)} -> {_dated(now, shown)}"


def _dated(due: DueBy, shown: Shown) -> str:
    when = shown(due.due_at) if due.due_at else f"{due.span} after the {due.start}"
    met = f", met {shown(due.met_at)}" if due.met_at else ""
    return f"{when} by {due.playbook}{met}"


def _drafts(before: Case, events: Sequence[Event], shown: Shown) -> Iterator[str]:
    for event in events:
        if isinstance(event, TaskDropped) and (task := before.task(event.key)) and task.kind is Kind.DRAFT:
            yield f"draft      {_letter(task)}: not written any more, was planned for {shown(task.run_at)}"
        if isinstance(event, TaskScheduled) and event.task.kind is Kind.WITHDRAWAL:
            draft = before.draft(event.task.message_id)
            written = before.task(draft.task) if draft else None
            yield f"draft      {_letter(written) if written else 'a draft'}: withdrawn, nobody has touched it"
        if isinstance(event, TaskScheduled) and event.task.kind is Kind.DRAFT:
            when = f"on {shown(event.task.run_at)}" if event.task.run_at > event.at else "at once"
            yield f"draft      {_letter(event.task)}: written {when}"


def _letter(task: Task) -> str:
    return f"{task.purpose} ({task.template})"


def _later(before: Case, events: Sequence[Event], shown: Shown) -> Iterator[str]:
    for event in events:
        if isinstance(event, TaskDropped) and (task := before.task(event.key)) and task.kind in _LATER:
            yield f"{task.kind:10} no longer planned, was {shown(task.run_at)} by {task.playbook}"
        if isinstance(event, TaskScheduled) and event.task.kind in _LATER:
            yield f"{event.task.kind:10} new, {shown(event.task.run_at)} by {event.task.playbook}"


def _kept_promises(before: Case, shown: Shown) -> Iterator[str]:
    for due in before.due:
        if due.met_at is not None:
            yield f"{due.kind}: met {shown(due.met_at)}"
        elif due.missed and due.due_at is not None:
            yield f"{due.kind}: missed {shown(due.due_at)}"


def _kept_drafts(before: Case) -> Iterator[str]:
    for draft in before.drafts:
        if draft.round == before.round and draft.fate in (DraftFate.EDITED, DraftFate.SENT, DraftFate.GONE):
            yield f"{draft.purpose} draft: {draft.fate} by a person"
