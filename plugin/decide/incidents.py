"""Which incident a complaint belongs to; and drafts that nobody touched, written anew where its facts were corrected.

A letter is composed when it is written, from the facts as they stand then. So a draft that still waits needs nothing,
and one that lies there is taken back and written anew under a key of its own, as a moved case has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from plugin.decide import rules
from plugin.decide.story import ANSWERS, Story, making_room, withdrawal
from plugin.incident import Incident
from plugin.playbook import Verdict
from plugin.timeline import Case, DraftFate, DraftState, Linked, Status, Task, Unlinked

REWRITTEN = "the facts of its incident have changed"
"""Why a draft is taken back for another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentTold:
    """At `at` the facts of an incident are new to this case; `text` is the complaint's, for conditions.

    `stale` are the Message-IDs of drafts that would read otherwise by these facts.
    """

    at: datetime
    text: str = ""
    stale: tuple[str, ...] = ()
    by: str = ""


def link(story: Story) -> None:
    """Link a round that begins to the incident it belongs to, if there is one."""
    if story.state.status is Status.OPEN and not story.state.incident:
        _link(story)


def renew(story: Story) -> None:
    """A person reopens a case: it stays with its incident, by the facts that were told meanwhile."""
    case = story.state
    own = next((one for one in story.policy.incidents if one.name == case.incident), None)
    if own is not None and own.version != case.incident_version:
        story.add(Linked(at=story.at, incident=own.name, version=own.version, reason="it was linked before"))


def told(story: Story, trigger: IncidentTold) -> None:
    """Bring an open case in line with the incidents in force, and have its stale drafts written anew."""
    case = story.state
    if case.status is not Status.OPEN or case.undone or case.erased:
        return
    _link(story, trigger.by)
    for message_id in trigger.stale:
        draft = story.state.draft(message_id)
        if draft is not None and is_untouched(story.state, draft):
            _write_anew(story, draft)


def is_untouched(case: Case, draft: DraftState) -> bool:
    """Whether it is an answer of this round that lies there as we wrote it, and nobody means to take it back."""
    ours = draft.fate is DraftFate.WRITTEN and draft.round == case.round and draft.purpose in ANSWERS
    return ours and case.task(withdrawal(case, draft.message_id, draft.written_at).key) is None


def _link(story: Story, by: str = "") -> None:
    case, at_hand = story.state, story.message.key if story.message else ""
    own = next((one for one in story.policy.incidents if one.name == case.incident), None)
    if case.incident and own is None:
        return  # it is closed, and what it caused it has caused
    for incident, verdict in _asked(story, own):
        if verdict.held:
            if (incident.name, incident.version) != (case.incident, case.incident_version):
                story.add(Linked(at=story.at, incident=incident.name, version=incident.version,
                                 reason=verdict.reason, message=at_hand, by=by))  # fmt: skip
            return
    if own is not None:
        reason = _verdict(story, own).reason
        story.add(Unlinked(at=story.at, incident=own.name, reason=reason, by=by))


def _asked(story: Story, own: Incident | None) -> Iterator[tuple[Incident, Verdict]]:
    """The case stays with the one it has, as long as it belongs there; else that which was opened last comes first."""
    others = (one for one in story.policy.incidents if one is not own)
    for incident in (*((own,) if own else ()), *others):
        yield incident, _verdict(story, incident)


def _verdict(story: Story, incident: Incident) -> Verdict:
    case = story.state
    return incident.belongs(rules.facts_of(story), case.inbox, case.since or story.at, story.policy.calendar(""))


def _write_anew(story: Story, draft: DraftState) -> None:
    have = story.state.task(draft.task)
    if have is None:
        return
    story.schedule(making_room(story.state, draft.message_id, story.at, REWRITTEN))
    key = rules.draft_key(story, draft.purpose, have.number, anew=True)
    task = rules.draft_task(story, draft.purpose, have.template, have.playbook, number=have.number, key=key)
    rules.plan_draft(story, replace(task, up_to=have.up_to, offer=have.offer))


def predecessors(case: Case, task: Task) -> tuple[Task, ...]:
    """What still has to be taken back before this draft may be written: there is one for each purpose."""
    if task.key == task.family:
        return ()
    before = (draft for draft in case.drafts if draft.task.partition(".")[0] == task.family and draft.task != task.key)
    taking = (case.task(withdrawal(case, draft.message_id, draft.written_at).key) for draft in before)
    return tuple(one for one in taking if one is not None and one.state.open)
