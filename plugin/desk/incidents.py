"""What is known of the incidents a store keeps, and how a letter tells of one: in which language, and by which text."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from plugin import letters
from plugin.config import InboxSettings
from plugin.hours import Hours
from plugin.incident import Incident, kept_incident
from plugin.model import Purpose
from plugin.playbook import Book, Text
from plugin.source import Problems
from plugin.store import Session
from plugin.timeline import Case, Task

log = logging.getLogger("amends.desk")

Telling = tuple[str, int]
"""An incident by its name, and which telling of its facts; ("", 0) for none."""


def in_force(session: Session) -> tuple[Incident, ...]:
    """The incidents complaints may be linked to now, the one opened last first; one that cannot be read is left out."""
    found = (kept(one.name, one.text, one.version) for one in session.incidents.in_force())
    return tuple(one for one in found if one is not None)


def kept(name: str, text: str, version: int) -> Incident | None:
    """The incident as it was told; None where this Amends cannot read it any more, which must hold up nobody."""
    try:
        return kept_incident(text, version)
    except Problems:
        log.warning("incident %s: its facts cannot be read any more - open its file anew", name)
        return None


def told_to(session: Session, cases: Sequence[Case]) -> dict[Telling, Incident]:
    """The incidents these cases are linked to, each as it was told when the case was brought in line with it."""
    found: dict[Telling, Incident] = {}
    for telling in dict.fromkeys(telling_of(case) for case in cases if case.incident):
        row = session.incidents.told(*telling)
        incident = kept(row.name, row.text, row.version) if row else None
        if incident is not None:
            found[telling] = incident
    return found


def telling_of(case: Case) -> Telling:
    """The telling of its incident that the case is in line with."""
    return case.incident, case.incident_version


@dataclass(frozen=True, slots=True)
class Wording:
    """An incident as a letter tells it; `text` is its own letter, None where that of the playbook is written."""

    facts: letters.Incident
    language: str
    text: Text | None = None


def worded(
    incident: Incident, book: Book, case: Case, task: Task, *, settings: InboxSettings, hours: Hours
) -> tuple[Wording, ...]:
    """Ways to tell the incident in this letter, the best one first.

    The letter that acknowledges the complaint is the incident's own, in the customer's language where the facts are
    told in it, else in the inbox's; whatever else is written stays as it is, and may name the facts.
    """
    found = []
    for language in incident.languages(case.language, settings.language):
        facts = _facts(incident, language, settings.language, hours)
        text = book.text(incident.letter, language) if task.purpose is Purpose.ACKNOWLEDGEMENT else None
        found.append(Wording(facts, language, text))
    return tuple(sorted(found, key=lambda wording: wording.text is None))


def _facts(incident: Incident, language: str, inbox: str, hours: Hours) -> letters.Incident:
    began, ended = incident.span(hours)
    return letters.Incident(
        what=incident.told(incident.what, language, inbox),
        started=began,
        ended=ended,
        fix=incident.told(incident.fix, language, inbox),
        gesture=incident.told(incident.gesture, language, inbox),
    )
