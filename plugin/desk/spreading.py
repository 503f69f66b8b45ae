"""An incident is told of, corrected or closed; every open case is brought in line with its facts.

First its text is stored: whatever arrives from then on is linked as it arrives. Then the cases that are there already
are gone through, some at a time, each lot in a transaction of its own. Broken off anywhere, the next pass goes on.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from plugin import letters
from plugin.decide import IncidentTold, is_untouched, told
from plugin.desk.incidents import Telling, in_force, kept, telling_of, told_to
from plugin.desk.ledger import ASSESSMENT, Policies, follow, words_of
from plugin.desk.work import matter
from plugin.incident import Incident
from plugin.model import AmendsError, Purpose
from plugin.store import Conflict, Session, Store
from plugin.store.incidents import Opened
from plugin.timeline import Case, DraftFate, Kind, Linked, Unlinked

log = logging.getLogger("amends.desk")

_AT_ONCE = 50
_TRIES = 5


class NoSuchIncident(AmendsError):
    """There is no incident of this name, or it is closed already."""

    input_is_wrong = True

    def __init__(self, name: str, problem: str = "there is none of this name - `amends incident list` shows them"):
        self.name = name
        super().__init__(f"incident {name}: {problem}")


@dataclass(slots=True)
class Foreseen:
    """What would follow from these facts: cases that come to belong to it, or no more; drafts that are written anew.

    `kept` are drafts of its cases that a person edited, sent or deleted, and that stay as they are; `apart` are other
    open complaints of its time, by category, which belong to no incident.
    """

    incident: Incident
    before: Incident | None = None
    linked: list[str] = field(default_factory=list)
    corrected: list[str] = field(default_factory=list)
    unlinked: list[str] = field(default_factory=list)
    rewritten: int = 0
    kept: Counter[str] = field(default_factory=Counter)
    apart: Counter[str] = field(default_factory=Counter)

    def take(self, case: Case, after: Case, stale: int) -> None:
        """One more case, as it is and as it would be."""
        before, now = case.incident == self.incident.name, after.incident == self.incident.name
        if before or now:
            (self.corrected if before and now else self.linked if now else self.unlinked).append(case.id)
        elif not after.incident:
            self.apart[case.category] += 1
        self.rewritten += stale
        touched = (draft.fate for draft in case.drafts if (before or now) and _is_first(case, draft.task))
        self.kept.update(fate.value for fate in touched if fate not in (DraftFate.WRITTEN, DraftFate.WITHDRAWN))


def _is_first(case: Case, key: str) -> bool:
    task = case.task(key)
    return task is not None and task.purpose is Purpose.ACKNOWLEDGEMENT and key.split("/")[1] == str(case.round)


@dataclass(slots=True)
class Incidents:
    """Tells a desk of incidents."""

    store: Store
    policies: Policies
    now: datetime

    def standing(self, name: str) -> Opened | None:
        """How it was told last."""
        with self.store.reading() as session:
            return session.incidents.told(name)

    def foresee(self, incident: Incident) -> Foreseen:
        """What opening it, or correcting it, would do; nothing is done."""
        with self.store.reading() as session:
            standing = session.incidents.told(incident.name)
            incident = replace(incident, version=standing.version + 1 if standing else 1)
            before = kept(standing.name, standing.text, standing.version) if standing else None
            found = Foreseen(incident, before)
            others = (one for one in in_force(session) if one.name != incident.name)
            bringing = _Bringing(session, self.policies, self.now, (incident, *others))
            for case in session.load(_candidates(session, self.policies, incident)).values():
                _, after, stale = bringing.of(case)
                found.take(case, after, len(stale))
            return found

    def open(self, incident: Incident, by: str) -> Opened:
        """Open it, or correct it, and bring every case in line."""
        with self.store.writing() as session:
            opened = session.incidents.tell(incident.name, incident.source, self.now, by)
        spread(self.store, self.policies, self.now)
        return opened

    def close(self, name: str, by: str) -> None:
        """No more complaints are linked to it; those that are stay so. Raises NoSuchIncident."""
        spread(self.store, self.policies, self.now)  # what was told last reaches every case that has it
        with self.store.writing() as session:
            standing = session.incidents.told(name)
            if standing is None:
                raise NoSuchIncident(name)
            if standing.closed_at is not None:
                raise NoSuchIncident(name, "it is closed already - opening its file once more opens it again")
            session.incidents.close(name, self.now, by)


def spread(store: Store, policies: Policies, now: datetime) -> int:
    """Bring every case in line with the incidents in force that were told of anew; how many cases were changed."""
    with store.reading() as session:
        waiting = [one for one in session.incidents.in_force() if not one.spread]
    changed = 0
    for one in waiting:
        incident = kept(one.name, one.text, one.version)
        if incident is not None:
            with store.reading() as session:
                ids = _candidates(session, policies, incident)
            changed += sum(_spread(store, policies, now, some, one.by) for some in _lots(ids))
        with store.writing() as session:
            session.incidents.is_spread(one)
    return changed


def _lots(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))


def _spread(store: Store, policies: Policies, now: datetime, some: Sequence[str], by: str) -> int:
    """The letters are composed before anything is held up; a case in which something happened meanwhile, be it that
    its draft was written by the facts of before, is looked at again.
    """
    changed, left = 0, some
    for _ in range(_TRIES):
        with store.reading() as session:
            seen = session.load(left)
            triggers = _Bringing(session, policies, now, in_force(session), by).triggers(seen.values())
        try:
            with store.writing() as session:
                found = session.load(triggers)
                same = [case for case in found.values() if case.version == seen[case.id].version]
                for case in same:
                    follow(session, policies, case, case.inbox, triggers[case.id])
        except Conflict:
            continue
        changed += len(same)
        left = [one for one in triggers if found[one].version != seen[one].version]
        if not left:
            return changed
    raise Conflict(left[0])


def _candidates(session: Session, policies: Policies, incident: Incident) -> list[str]:
    """The open cases that may belong to it, and those that do."""
    names = [name for name in incident.inboxes or policies.inboxes if name in policies.inboxes]
    since = [incident.span(policies.calendars[policies.inboxes[name].hours])[0] for name in names]
    found = session.incidents.open_since(names, min(since)) if since else []
    return list(dict.fromkeys((*session.incidents.cases_of(incident.name), *found)))


@dataclass(slots=True)
class _Bringing:
    """Works out what follows for one case after the other, and which drafts would read otherwise."""

    session: Session
    policies: Policies
    now: datetime
    incidents: tuple[Incident, ...]
    by: str = ""

    def triggers(self, cases: Iterable[Case]) -> dict[str, IncidentTold]:
        """What to decide, by case; nothing for those in which nothing follows."""
        found = {}
        for case in cases:
            try:
                trigger, after, stale = self.of(case)
            except Exception as error:  # noqa: BLE001 - one case must not hold up the others; no word of it is logged
                log.error("case %s: it could not be brought in line (%s)", case.id, type(error).__name__)
                continue
            if telling_of(after) != telling_of(case):
                found[case.id] = replace(trigger, stale=tuple(stale))
        return found

    def of(self, case: Case) -> tuple[IncidentTold, Case, list[str]]:
        """The trigger, the case as it would be, and the drafts that would read otherwise."""
        trigger = IncidentTold(at=self.now, text=words_of(self.session, case), by=self.by)
        policy = replace(self.policies.of(self.session, case, case.inbox), incidents=self.incidents)
        events, after = told(case, trigger, policy)
        linked = any(isinstance(event, Linked | Unlinked) for event in events)
        return trigger, after, list(self._stale(case, after)) if linked else []

    def _stale(self, case: Case, after: Case) -> Iterator[str]:
        known: Mapping[Telling, Incident] = told_to(self.session, [case])
        before = known.get(telling_of(case))
        now = next((one for one in self.incidents if (one.name, one.version) == telling_of(after)), None)
        for draft in case.drafts:
            task = case.task(draft.task)
            if task is None or task.kind is not Kind.DRAFT or not is_untouched(case, draft):
                continue
            if self._text(case, task.key, before) != self._text(case, task.key, now):
                yield draft.message_id

    def _text(self, case: Case, key: str, incident: Incident | None) -> tuple[str, str]:
        """Subject and text of a letter, as the facts of this incident make it."""
        task = case.task(key)
        row = self.session.letter(case.id, case.message)
        if task is None or row is None or not row["detail"] or case.inbox not in self.policies.inboxes:
            return "", ""
        assessment = ASSESSMENT.validate_json(row["detail"])
        settings = self.policies.inboxes[case.inbox]
        material, source = matter(self.policies, settings, case, task, assessment, incident=incident)
        letter = letters.compose(source, material)
        return letter.subject, letter.text
