"""Incidents as JSON: their facts, the cases they caused, what became of the drafts, and why a case belongs to one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from plugin.decide.past import Kept
from plugin.decide.trace import Belonging, belongings
from plugin.hours import Hours
from plugin.incident import Incident, kept_incident
from plugin.register.explaining import look_document
from plugin.register.shape import Calendars, utc
from plugin.source import Problems
from plugin.store import Session
from plugin.store.incidents import Opened
from plugin.timeline import Case, DraftFate, Event, Linked, Status

_AT_ONCE = 500  # cases in memory
_SHOWN = (DraftFate.WRITTEN, DraftFate.EDITED, DraftFate.SENT, DraftFate.GONE)


def incident_document(session: Session, told: Opened, calendars: Calendars, inboxes: Sequence[str]) -> dict[str, Any]:
    """One incident; its facts are empty where this Amends cannot read them any more. `inboxes` are all there are."""
    incident = _read(told)
    cases, still_open, drafts = _counted(session, told.name)
    meant = list(incident.inboxes if incident and incident.inboxes else inboxes)
    hours = calendars.calendar(next(iter(meant), ""))
    began, ended = incident.span(hours) if incident and hours else (None, None)
    return {
        "name": told.name,
        "what": _what(incident),
        "from": utc(began),
        "until": utc(ended),
        "inboxes": meant,
        "version": told.version,
        "opened_at": utc(session.incidents.first_opened(told.name)),
        "opened_by": told.by,
        "closed_at": utc(told.closed_at),
        "cases": cases,
        "open": still_open,
        "drafts": {fate.value: drafts[fate] for fate in _SHOWN},
    }


def _what(incident: Incident | None) -> str:
    return next(iter(incident.what.values()), "") if incident else ""


def _counted(session: Session, name: str) -> tuple[int, int, Counter[DraftFate]]:
    """How many cases it caused, how many of them are open, and what became of their drafts.

    Those drafts that lie there or were taken up by a person are shown; those taken back are not counted.
    """
    ids, still_open, drafts = session.incidents.cases_of(name), 0, Counter[DraftFate]()
    for start in range(0, len(ids), _AT_ONCE):
        for case in session.load(ids[start : start + _AT_ONCE]).values():
            still_open += case.status is Status.OPEN
            drafts.update(draft.fate for draft in case.drafts)
        session.let_go(_AT_ONCE)
    return len(ids), still_open, drafts


def _read(told: Opened) -> Incident | None:
    try:
        return kept_incident(told.text, told.version)
    except Problems:
        return None


# ---- why a case belongs to one --------------------------------------------------------------------------------------


def incidents_asked(session: Session, events: Sequence[Event]) -> list[Incident]:
    """The incidents a case was linked to, as they were told then, and those in force now."""
    tellings = {(event.incident, event.version) for event in events if isinstance(event, Linked)}
    rows = [session.incidents.told(name, version) for name, version in sorted(tellings)]
    found = [_read(one) for one in (*rows, *session.incidents.in_force()) if one is not None]
    return list({(one.name, one.version): one for one in found if one is not None}.values())


def belonging(
    case: Case, events: Sequence[Event], letters: Mapping[str, Kept], asked: Sequence[Incident], hours: Hours | None
) -> list[dict[str, Any]]:
    """Each incident the case was linked to, with what its conditions saw; then those in force, and why they are not
    its own.
    """
    return [_belonging(one) for one in belongings(case, events, letters, asked, hours)] if hours else []


def _belonging(one: Belonging) -> dict[str, Any]:
    return {
        "name": one.incident,
        "version": one.version,
        "linked": one.linked,
        "reason": one.reason,
        "at": utc(one.at),
        "conditions": [look_document(look) for look in one.looks],
    }
