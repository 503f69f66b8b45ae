"""Why each playbook did or did not apply to a case, as JSON and in words (contract, section 9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plugin.decide import Policy, working_of_later
from plugin.decide.past import Kept
from plugin.decide.story import Story, round_of
from plugin.decide.trace import Look, PolicyOf, Trace, Unused, Words, never_looked_at, occasion_told, traces
from plugin.hours import HoursError
from plugin.playbook import Playbook
from plugin.register.shape import Calendars, utc
from plugin.timeline import Case, Event, Kind, Task, TaskState


def explanation(
    case: Case, events: Sequence[Event], letters: Mapping[str, Kept], policy_of: PolicyOf, calendars: Calendars
) -> dict[str, Any]:
    """Every playbook on every occasion: those that were looked at in that order, then those that never were.

    `later` are the follow_ups and gestures of the round, each with the working of its date; `held_back` is what was
    decided and not written into the inbox, with the reason.
    """
    looked_at = traces(events, letters, policy_of)
    policy = policy_of(case)
    others = never_looked_at(policy.book, looked_at) if policy else iter(())
    told = [_traced(trace, case, calendars) for trace in looked_at]
    later = [_later(case, task, policy) for task in case.tasks if _is_to_come(case, task)]
    held_back = [{"what": task.kind.what, "reason": task.held_back} for task in case.tasks if task.held_back]
    return {"id": case.id, "playbooks": [*told, *map(_never, others)], "later": later, "held_back": held_back}


def _is_to_come(case: Case, task: Task) -> bool:
    later = task.kind in (Kind.FOLLOW_UP, Kind.GOODWILL) and round_of(task) == case.round
    return later and task.state in (TaskState.WAITING, TaskState.RAISED)


def _later(case: Case, task: Task, policy: Policy | None) -> dict[str, Any]:
    try:
        working = working_of_later(Story(case, task.run_at, policy), task) if policy else ()
    except HoursError:
        working = ()  # the calendar has changed so much since that there is no such date in it any more
    return {
        "kind": task.kind.value,
        "what": task.kind.what,
        "playbook": task.playbook,
        "due_at": utc(task.run_at),
        "counted": working[0] if working else None,
        "derivation": list(working[1:]),
        "snoozed": task.until is not None,
    }


def _traced(trace: Trace, case: Case, calendars: Calendars) -> dict[str, Any]:
    return {
        "name": trace.ran.name,
        "version": trace.ran.version,
        "applied": trace.ran.applied,
        "reason": trace.ran.reason,
        "conditions": [look_document(look) for look in trace.looks],
        "when": trace.when,
        "at": utc(trace.at),
        "round": trace.ran.round,
        "missing": list(trace.missing),
        "unused": [_unused(one, case, calendars) for one in trace.unused],
    }


def _never(playbook: Playbook) -> dict[str, Any]:
    return {
        "name": playbook.name,
        "version": playbook.version,
        "applied": False,
        "reason": occasion_told(playbook.when),
        "conditions": [],
        "when": playbook.when.value,
        "at": None,
        "round": None,
        "missing": [],
        "unused": [],
    }


def look_document(look: Look) -> dict[str, Any]:
    """One condition and what it saw."""
    found = {
        "condition": look.condition,
        "held": look.held,
        "value": list(look.value) if isinstance(look.value, tuple) else look.value,
        "span": _span(look.words),
        "reason": look.reason,
    }
    return found | ({"parts": [look_document(part) for part in look.parts]} if look.parts else {})


def _span(words: Words | None) -> dict[str, Any] | None:
    return {"start": words.start, "end": words.end, "text": words.text, "of": words.of} if words else None


def _unused(one: Unused, case: Case, calendars: Calendars) -> str:
    when = f", {calendars.shown(one.due_at, case.inbox)}" if one.due_at else ""
    return f"{one.what}{when}: {one.instead}"
