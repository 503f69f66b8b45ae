"""Why each playbook did or did not apply to a case, as JSON and in words (contract, section 9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plugin.decide.past import Kept
from plugin.decide.trace import Look, PolicyOf, Trace, Unused, Words, never_looked_at, occasion_told, traces
from plugin.playbook import Playbook
from plugin.register.shape import Calendars, utc
from plugin.timeline import Case, Event


def explanation(
    case: Case, events: Sequence[Event], letters: Mapping[str, Kept], policy_of: PolicyOf, calendars: Calendars
) -> dict[str, Any]:
    """Every playbook on every occasion: those that were looked at in that order, then those that never were."""
    looked_at = traces(events, letters, policy_of)
    policy = policy_of(case)
    others = never_looked_at(policy.book, looked_at) if policy else iter(())
    told = [_traced(trace, case, calendars) for trace in looked_at]
    return {"id": case.id, "playbooks": [*told, *map(_never, others)]}


def _traced(trace: Trace, case: Case, calendars: Calendars) -> dict[str, Any]:
    return {
        "name": trace.ran.name,
        "version": trace.ran.version,
        "applied": trace.ran.applied,
        "reason": trace.ran.reason,
        "conditions": [_look(look) for look in trace.looks],
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


def _look(look: Look) -> dict[str, Any]:
    found = {
        "condition": look.condition,
        "held": look.held,
        "value": list(look.value) if isinstance(look.value, tuple) else look.value,
        "span": _span(look.words),
        "reason": look.reason,
    }
    return found | ({"parts": [_look(part) for part in look.parts]} if look.parts else {})


def _span(words: Words | None) -> dict[str, Any] | None:
    return {"start": words.start, "end": words.end, "text": words.text, "of": words.of} if words else None


def _unused(one: Unused, case: Case, calendars: Calendars) -> str:
    when = f", {calendars.shown(one.due_at, case.inbox)}" if one.due_at else ""
    return f"{one.what}{when}: {one.instead}"
