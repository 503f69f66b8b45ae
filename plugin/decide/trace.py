"""Why a playbook did or did not apply: each condition with what it wanted, what it saw, and the words behind that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from plugin.decide import rules
from plugin.decide.past import Letters, Occasion, linkings, occasions, words_now
from plugin.decide.story import Policy, Story
from plugin.hours import Hours, HoursError
from plugin.incident import Incident
from plugin.model import Evidence
from plugin.playbook import (
    AnyOf,
    Assign,
    Book,
    Condition,
    DueBy,
    Facts,
    Flag,
    Not,
    OneOf,
    Party,
    Playbook,
    Says,
    When,
    WriteDraft,
)
from plugin.timeline import Case, Event, Kind, Ran, Status

PolicyOf = Callable[[Case], Policy | None]
"""The policy under which a case stood, by the book it names; None where that book cannot be read any more."""

_LABELS = {"category": "category-", "severity": "severity-", "risk": "risk-", "asks": "ask-"}


@dataclass(frozen=True, slots=True)
class Words:
    """Words of a letter; `start` and `end` count in its subject or in its own text, as `of` says."""

    of: str  # subject | text
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Look:
    """One condition as it was asked: what it wanted, whether it held and why, what it saw, the words that made it.

    `value` is None where nothing is known; of a condition made of others `parts` are those others.
    """

    condition: str
    held: bool
    reason: str
    value: str | bool | tuple[str, ...] | None = None
    words: Words | None = None
    parts: tuple[Look, ...] = ()
    missing: tuple[str, ...] = ()  # the fewest conditions that would have had to hold for this one to hold


@dataclass(frozen=True, slots=True)
class Unused:
    """Something a playbook that applied offers and the case does not use, and whose took its place."""

    what: str
    due_at: datetime | None
    instead: str


@dataclass(frozen=True, slots=True)
class Trace:
    """One playbook on one occasion; `looks` is empty where what it saw is not kept any more."""

    ran: Ran
    when: str
    at: datetime
    looks: tuple[Look, ...] = ()
    unused: tuple[Unused, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The nearest miss: the fewest conditions that would have had to hold for it to apply."""
        return tuple(condition for look in self.looks for condition in look.missing)


def traces(events: Sequence[Event], letters: Letters, policy_of: PolicyOf) -> list[Trace]:
    """Every playbook that was looked at for a case, on every occasion, in the order they were looked at."""
    return [trace for occasion in occasions(events, letters) for trace in _traced(occasion, policy_of)]


def never_looked_at(book: Book, looked_at: Sequence[Trace]) -> Iterator[Playbook]:
    """The playbooks whose occasion has not come."""
    known = {trace.ran.name for trace in looked_at}
    return (playbook for playbook in book.playbooks if playbook.name not in known)


def looks(playbook: Playbook, facts: Facts, evidence: Sequence[Evidence] = ()) -> tuple[Look, ...]:
    """Each condition of a playbook, asked about these facts; `evidence` are the words behind the judge's labels."""
    return tuple(_look(condition, facts, evidence) for condition in playbook.condition.conditions)


def _traced(occasion: Occasion, policy_of: PolicyOf) -> Iterator[Trace]:
    policy = policy_of(occasion.case)
    facts = occasion.facts(policy) if policy else {}
    known = {playbook.name: playbook for playbook in policy.book.playbooks} if policy else {}
    evidence = occasion.assessment.evidence if occasion.assessment else ()
    for ran in occasion.ran.ran:
        trace = Trace(ran, occasion.ran.when, occasion.ran.at)
        playbook = known.get(ran.name)
        if policy is None or playbook is None or playbook.version != ran.version:
            yield trace
            continue
        verdict = playbook.condition.check(facts)
        same = (verdict.held, verdict.reason) == (ran.applied, ran.reason)
        seen = looks(playbook, facts, evidence) if same else ()  # a forgotten letter tells another story
        unused = tuple(_unused(occasion, policy, playbook)) if ran.applied else ()
        yield Trace(ran, trace.when, trace.at, seen, unused)


# ---- what a condition saw -------------------------------------------------------------------------------------------


def _look(condition: Condition, facts: Facts, evidence: Sequence[Evidence]) -> Look:
    verdict = condition.check(facts)
    wanted = str(condition)
    match condition:
        case AnyOf():
            parts = tuple(_look(one, facts, evidence) for one in condition.conditions)
            nearest = min(parts, key=lambda part: len(part.missing))  # of those that hold the first, as it was decided
            value, words = (nearest.value, nearest.words) if nearest.held else (None, None)
            return Look(wanted, verdict.held, verdict.reason, value, words, parts, nearest.missing)
        case Not():
            part = _look(condition.condition, facts, evidence)
            missing = () if verdict.held else (wanted,)
            return Look(wanted, verdict.held, verdict.reason, part.value, part.words, (part,), missing)
        case _:
            value, words = _saw(condition, facts, evidence)
            return Look(wanted, verdict.held, verdict.reason, value, words, (), () if verdict.held else (wanted,))


def _saw(
    condition: Condition, facts: Facts, evidence: Sequence[Evidence]
) -> tuple[str | bool | tuple[str, ...] | None, Words | None]:
    match condition:
        case OneOf():
            value = _plain(facts.get(condition.word))
            return value, _behind(condition, value, evidence)
        case Flag():
            so = facts.get(condition.word)
            return so if isinstance(so, bool) else None, _words_of(evidence, (condition.word,))
        case Party():
            return _plain(facts.get(condition.word)), None
        case Says():
            return _said(condition, facts)
        case _:
            return None, None


def _plain(known: object) -> str | tuple[str, ...] | None:
    if isinstance(known, tuple | list):
        return tuple(map(str, known))
    return str(known) if known else None


def _behind(condition: OneOf, value: str | tuple[str, ...] | None, evidence: Sequence[Evidence]) -> Words | None:
    """The words behind a label: behind those that were wanted, if there are any of them, else behind the others."""
    prefix = _LABELS.get(condition.word)
    if prefix is None or not value:
        return None
    labels = (value,) if isinstance(value, str) else value
    wanted = [prefix + label for label in labels if label in condition.values]
    return _words_of(evidence, wanted or [prefix + label for label in labels])


def _words_of(evidence: Sequence[Evidence], labels: Sequence[str]) -> Words | None:
    found = next((item for item in evidence if item.label in labels), None)
    return Words("text", found.text, found.start, found.end) if found else None


def _said(condition: Says, facts: Facts) -> tuple[str | None, Words | None]:
    """What was found; of a subject in which nothing was, the subject, since that is short."""
    known = facts.get(condition.word)
    text = known if isinstance(known, str) else ""
    for sought in condition.sought:
        if sought.found_in(text):
            span = sought.span_in(text)
            words = Words(condition.word, text[span[0] : span[1]], *span) if span else None
            return words.text if words else str(sought), words
    return (text or None) if condition.word == "subject" else None, None


# ---- which incident it belongs to -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Belonging:
    """An incident a case was asked about: whether it was linked, why, when, and what each condition saw."""

    incident: str
    version: int
    linked: bool
    reason: str
    at: datetime | None = None
    looks: tuple[Look, ...] = ()


def belongings(
    case: Case, events: Sequence[Event], letters: Letters, asked: Sequence[Incident], hours: Hours
) -> list[Belonging]:
    """The incidents a case was linked to, oldest first, then why an open one does not belong to the others `asked`."""
    known = {(one.name, one.version): one for one in asked}
    found, names = [], set[str]()
    policy = Policy(Book("", (), ()), {"": hours}, "")
    for one in linkings(events, letters):
        names.add(one.linked.incident)
        incident = known.get((one.linked.incident, one.linked.version))
        facts = rules.facts_of(Story(one.case, one.linked.at, policy, one.text, one.message, one.assessment))
        evidence = one.assessment.evidence if one.assessment else _evidence(one.case, letters)
        seen = _incident_looks(incident, facts, evidence, one.case, hours) if incident else ()
        told = (one.linked.incident, one.linked.version, True, one.linked.reason, one.linked.at)
        found.append(Belonging(*told, seen if all(look.held for look in seen) else ()))  # a forgotten letter tells less
    if case.status is Status.OPEN and not case.incident:
        text = words_now(events, case, letters)
        facts = rules.facts_of(Story(case, case.since or events[-1].at, policy, text))
        found += [_apart(one, facts, case, letters, hours) for one in asked if one.name not in names]
    return found


def _apart(incident: Incident, facts: Facts, case: Case, letters: Letters, hours: Hours) -> Belonging:
    looks = _incident_looks(incident, facts, _evidence(case, letters), case, hours)
    reason = next((look.reason for look in looks if not look.held), "it came before this was told")
    return Belonging(incident.name, incident.version, False, reason, None, looks)


def _evidence(case: Case, letters: Letters) -> Sequence[Evidence]:
    kept = letters.get(case.message)
    return kept.assessment.evidence if kept else ()


def _incident_looks(
    incident: Incident, facts: Facts, evidence: Sequence[Evidence], case: Case, hours: Hours
) -> tuple[Look, ...]:
    """When it came and which inbox it came to, then each of its conditions."""
    received = case.since or case.received_at
    within = incident.within(received, hours) if received else None
    looks = [Look("from", within.held, within.reason, hours.shown(received))] if within and received else []
    if incident.inboxes:
        among = case.inbox in incident.inboxes
        reason = f"the inbox is {case.inbox}" + ("" if among else f", not {' or '.join(incident.inboxes)}")
        looks.append(Look(f"inboxes: [{', '.join(incident.inboxes)}]", among, reason, case.inbox))
    return (*looks, *(_look(one, facts, evidence) for one in incident.condition.conditions))


# ---- what was offered and not taken ---------------------------------------------------------------------------------


def _unused(occasion: Occasion, policy: Policy, playbook: Playbook) -> Iterator[Unused]:
    """What this playbook wanted and another had done better: an earlier date, a draft or an owner that came first."""
    for step, action in enumerate(playbook.actions, 1):
        match action:
            case DueBy():
                yield from _later(occasion, policy, playbook, step, action)
            case WriteDraft():
                yield from _second(occasion, playbook, action)
            case Assign() if occasion.after.owner not in ("", action.owner):
                yield Unused(f"the owner {action.owner}", None, f"{occasion.after.owner} owns it already")
            case _:
                pass


def _later(occasion: Occasion, policy: Policy, playbook: Playbook, step: int, action: DueBy) -> Iterator[Unused]:
    standing = occasion.after.due_by(action.due_for)
    if standing is None or standing.playbook == playbook.name:
        return
    try:
        due_at = rules.made(occasion.story(policy), playbook, step, action).due_at
    except HoursError:
        due_at = None  # the calendar has changed so much since that no such date can be worked out in it any more
    before = occasion.case.due_by(action.due_for)
    over = before is not None and not before.open
    instead = "it is met already" if over else f"{standing.playbook} {_first(due_at, standing.due_at)}"
    yield Unused(f"{action.due_for} within {action.span}", due_at, instead)


def _first(due_at: datetime | None, standing: datetime | None) -> str:
    if due_at is None:
        return "has a date for it already"
    return "stood first with the same date" if due_at == standing else "promises it earlier"


def _second(occasion: Occasion, playbook: Playbook, action: WriteDraft) -> Iterator[Unused]:
    for task in reversed(occasion.after.tasks):
        ours = task.kind is Kind.DRAFT and task.purpose is action.purpose
        if ours and task.key.split("/")[1] == str(occasion.after.round):
            if task.playbook != playbook.name:
                yield Unused(f"the draft {action.text}", None, f"{task.playbook} offers one first")
            return


def occasion_told(when: When) -> str:
    """Why a playbook was not looked at, in a person's words."""
    return f"looked at {_WHEN[when]}, which has not happened"


_WHEN = {
    When.COMPLAINT_RECEIVED: "when a complaint arrives",
    When.MESSAGE_RECEIVED: "when the complainant writes again",
    When.REPLY_SENT: "when a person has answered",
    When.DUE_MISSED: "when a due date has passed",
    When.RESOLVED: "when the case is resolved",
    When.REOPENED: "when the case is reopened",
    When.FEEDBACK_RECEIVED: "when the complainant says whether he is content",
}
