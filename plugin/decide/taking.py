"""Whole cases at once: what Amends did is taken back, and what is from before its time is settled or taken up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from plugin.decide import promises, rules, said
from plugin.decide.story import Story, message_id, withdrawal
from plugin.model import AmendsError
from plugin.timeline import PROMISE, DraftFate, DueByMissed, Kind, Resolved, Status, TakenUp, Task, Undone

UNDONE = "undone"
"""Why a task was dropped that an undone case no longer needs."""


class ActRefused(AmendsError):
    """What a person asked for does not fit the case as it stands."""

    input_is_wrong = True

    def __init__(self, case: str, problem: str) -> None:
        self.case = case
        super().__init__(f"case {case}: {problem}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """Take back our tags, untouched drafts and reminders, and do nothing more here; `tell` colleagues by a note.

    With `forget` the person is to be forgotten afterwards: tags stay, since they say nothing of anybody.
    """

    by: str = ""
    tell: bool = False
    forget: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleOld:
    """The mailbox shows that an old complaint was answered, at `replied_at`, or at a time nobody knows."""

    replied_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeUp:
    """An old case that is still open is dealt with like a new one, or else (`quietly`) just stands in the register."""

    by: str = ""
    quietly: bool = False


def take(story: Story, act: Undo | SettleOld | TakeUp) -> None:
    """What such an act does to the case; one that is already true changes nothing."""
    match act:
        case Undo():
            _undo(story, act)
        case SettleOld():
            _settle_old(story, act)
        case TakeUp():
            _take_up(story, act)


def _undo(story: Story, act: Undo) -> None:
    """Plan the taking back; of a case that was undone before, what came since."""
    if not story.state.undone:
        story.add(Undone(at=story.at, by=act.by, reason="the person is to be forgotten" if act.forget else ""))
    if act.tell and _lies_open(story):
        _tell(story)
    _drop_all(story, keep_tags=act.forget)
    if not act.forget:
        _untag(story)
    for draft in story.state.drafts:
        if draft.fate is DraftFate.WRITTEN:
            story.schedule(withdrawal(story.state, draft.message_id, story.at))
    for reminder in story.state.reminders:
        if reminder.placed:
            story.schedule(withdrawal(story.state, reminder.message_id, story.at))


def _drop_all(story: Story, *, keep_tags: bool) -> None:
    """Nothing is owed any more, by a person or by us; a reminder that can not be removed is at least ticked off."""
    taking_back = (Kind.WITHDRAWAL, Kind.SETTLING, Kind.NOTE)
    for task in story.state.open_tasks():
        if task.kind not in taking_back and not (task.kind is Kind.TAG and (task.untag or keep_tags)):
            story.drop(task, UNDONE)


def _untag(story: Story) -> None:
    tags = dict.fromkeys(tag for _, tag in story.state.kept)
    story.swap_tags(tuple(tags), (), UNDONE)


def _lies_open(story: Story) -> bool:
    """Whether anything of ours stands where colleagues may still go by it."""
    drafts = any(draft.fate is DraftFate.WRITTEN for draft in story.state.drafts)
    return drafts or any(reminder.placed and not reminder.over for reminder in story.state.reminders)


def _tell(story: Story) -> None:
    key = story.key("note", UNDONE, str(story.state.version))
    ours = message_id(story.state, *key.split("/")[1:])
    story.schedule(Task(key=key, kind=Kind.NOTE, run_at=story.at, message_id=ours))


def _settle_old(story: Story, act: SettleOld) -> None:
    """Close an old case that was answered; what no reply shows is not taken for kept."""
    state = story.state
    if state.status is not Status.OPEN or not state.historic:
        return
    note = "answered, and no complaint came after that" if act.replied_at else "marked as answered, nobody knows when"
    at = act.replied_at or story.at
    story.add(Resolved(at=story.at, resolved_at=at, note=note, by="the mailbox"))
    if act.replied_at is not None:
        promises.meet(story, "resolution", act.replied_at, "reply", "answered")


def _take_up(story: Story, act: TakeUp) -> None:
    """Of an old case that is still open, what was missed is said; a person may have it dealt with like a new one."""
    state = story.state
    if state.status is not Status.OPEN or not state.historic:
        return
    if not act.quietly:
        story.add(TakenUp(at=story.at, by=act.by))
        rules.take_up(story)
        said.watch(story)
        return
    for due in state.due:
        if due.open and not due.missed and due.due_at is not None and due.due_at <= story.at and due.kind != PROMISE:
            story.add(DueByMissed(at=story.at, due_for=due.due_for))
