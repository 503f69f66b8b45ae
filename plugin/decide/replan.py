"""A running case is moved to the playbooks now in force: what they want instead comes, what nobody wants any more goes.

The round is played again under the new playbooks, from its first message to its last, on a case that forgets; where
that comes out otherwise than the case as it stands, the case is changed. Only what still waits is changed. What was
met or missed, what lies on a person's list, and what a person edited, sent or ended stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from plugin.decide import promises, rules
from plugin.decide.acts import look_ahead
from plugin.decide.past import Moment
from plugin.decide.story import ANSWERS, Story, making_room, round_of, withdrawal
from plugin.decide.taking import ActRefused
from plugin.model import Purpose
from plugin.playbook import Book, Tag, When
from plugin.timeline import (
    PROMISE,
    Assigned,
    Case,
    DraftFate,
    DraftState,
    DueBy,
    DueByMet,
    DueBySet,
    Kind,
    PlaybooksRan,
    Replanned,
    Replied,
    Resolved,
    Status,
    Tagged,
    Task,
    TaskScheduled,
    TaskState,
)

REPLANNED = "moved to other playbooks"
"""Why something was dropped; what ended for this reason may be planned again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replanning:
    """At `at` a person moves the case to the policy's book; `before` is the book it had, `moments` are its round's."""

    at: datetime
    by: str
    before: Book
    moments: tuple[Moment, ...]


def replan(story: Story, trigger: Replanning) -> None:
    """Move the case; nothing follows where it has that book already. Raises ActRefused where nothing can be moved."""
    case = story.state
    if case.status is Status.UNDECIDED:
        raise ActRefused(case.id, "nobody has said yet whether it is a complaint - `amends open` says so")
    if case.undone:
        raise ActRefused(case.id, "it was undone, so nothing is at work on it - `amends reopen` takes it up again")
    if case.outcome == "not-a-complaint":
        raise ActRefused(case.id, "it is no complaint, so no playbook is at work on it")
    if case.book == story.policy.book.version:
        return
    wanted = _played_again(story, trigger.moments)
    due = list(_due_changes(case, wanted.state))
    _move(story, trigger, wanted, tuple(standing.due_for for standing, fresh in due if standing and fresh is None))
    _take_up_promises(story, due)
    _take_up_drafts(story, case, trigger.before, wanted.state, moved=bool(due))
    _take_up_later(story, wanted.state)


# ---- what the playbooks want -----------------------------------------------------------------------------------------


def _played_again(story: Story, moments: tuple[Moment, ...]) -> Story:
    """The round as it would have gone under these playbooks, with what is known of the case now."""
    blank = replace(
        story.state, status=Status.OPEN, due=(), tasks=(), drafts=(), reminders=(), replies=(), loose=(), tags=(),
        owner="", outcome="", resolved_at=None, playbooks=(),
    )  # fmt: skip
    again = Story(blank, story.at, story.policy)
    for moment in moments:
        again.at, again.text = moment.at, moment.text
        again.message, again.assessment = moment.message, moment.assessment
        _play(again, moment, story.state)
    return again


def _play(again: Story, moment: Moment, case: Case) -> None:
    """Replies before the case was one are counted once it is; others, and the resolution, before playbooks run."""
    if moment.when is When.RESOLVED:
        _resolve(again, case)
    if moment.when is When.REPLY_SENT:
        _reply(again, moment.replies)
    rules.run(again, moment.when, missed=moment.missed, satisfied=moment.satisfied)
    if moment.when is When.COMPLAINT_RECEIVED:
        _reply(again, moment.replies)
    if moment.when is When.RESOLVED:
        look_ahead(again)


def _reply(again: Story, replies: Sequence[tuple[str, datetime]]) -> None:
    for message_id, at in replies:
        again.add(Replied(at=again.at, replied_at=at, message_id=message_id))
        again.answered()
        promises.replied(again, at, "reply" if message_id else "act")


def _resolve(again: Story, case: Case) -> None:
    """With the outcome it has now, which a person may have corrected since."""
    resolved_at = case.resolved_at or again.at
    again.add(Resolved(at=again.at, resolved_at=resolved_at, outcome=case.outcome, cause=case.cause))
    promises.meet(again, "resolution", resolved_at, "act", "resolved")
    again.withdraw(ANSWERS, "the case was resolved")


# ---- tags and owner --------------------------------------------------------------------------------------------------


def _move(story: Story, trigger: Replanning, wanted: Story, released: tuple[str, ...]) -> None:
    case, now = story.state, wanted.state
    gone = tuple(tag for tag in _given(case, trigger.before) if tag in case.tags and tag not in now.tags)
    for due_for in released:
        _drop_watch(story, case.due_by(due_for))
    story.add(Replanned(at=story.at, book=story.policy.book.version, by=trigger.by, tags=gone, released=released))
    for ran in wanted.events:
        if isinstance(ran, PlaybooksRan):
            story.add(replace(ran, at=story.at))
    came = tuple(tag for tag in now.tags if tag not in story.state.tags)
    if came:
        story.add(Tagged(at=story.at, tags=came))
    story.swap_tags(gone, came, REPLANNED)
    if now.owner and now.owner != case.owner:
        story.add(Assigned(at=story.at, owner=now.owner))


def _given(case: Case, before: Book) -> tuple[str, ...]:
    """The tags only this round's playbooks gave: no earlier round's, no person and not the judge."""
    given: dict[bool, set[str]] = {True: set(), False: set()}
    for ran in case.playbooks:
        playbook = next((one for one in before.playbooks if one.name == ran.name), None)
        if ran.applied and playbook is not None:
            tags = {tag for action in playbook.actions if isinstance(action, Tag) for tag in action.tags}
            given[ran.round == case.round] |= tags
    return tuple(sorted(given[True] - given[False] - set(case.judged)))


# ---- due-bys ---------------------------------------------------------------------------------------------------------


def _due_changes(case: Case, wanted: Case) -> Iterator[tuple[DueBy | None, DueBy | None]]:
    """Each promise that changes: as it stands (None: it is new), and as it shall be (None: it is no longer made)."""
    for due_for in dict.fromkeys(due.due_for for due in (*case.due, *wanted.due)):
        standing, fresh = case.due_by(due_for), wanted.due_by(due_for)
        if standing is not None and (standing.missed or not standing.open or standing.kind == PROMISE):
            continue  # what one of us promised stands whatever playbooks want
        if case.status is Status.RESOLVED and "resolution" not in {due.start for due in (standing, fresh) if due}:
            continue  # nothing else is owed any more
        if standing is None or fresh is None or not _same_promise(standing, fresh):
            yield standing, fresh


def _same_promise(standing: DueBy, fresh: DueBy) -> bool:
    """Whether both say the same; of one whose clock stood still the dates differ for that alone."""
    stood_still = bool(standing.pauses) or standing.paused_at is not None
    return _terms(standing) == _terms(fresh) and (stood_still or standing.due_at == fresh.due_at)


def _terms(due: DueBy) -> tuple[object, ...]:
    return due.playbook, due.start, due.anchor_at, due.span, due.every, due.hours, due.roll, due.pause, due.draft


def _take_up_promises(story: Story, changes: list[tuple[DueBy | None, DueBy | None]]) -> None:
    for standing, fresh in changes:
        if fresh is None:
            continue
        carried = _carried(story, fresh, standing)
        watch = _drop_watch(story, standing)
        story.add(DueBySet(at=story.at, due=replace(carried, met_at=None, met_by="", missed=False)))
        if carried.met_at is not None:
            met = DueByMet(at=story.at, due_for=carried.due_for, met_at=carried.met_at, met_by=carried.met_by)
            story.add(met)
        elif carried.due_at is not None and carried.paused_at is None and not story.state.historic:
            story.schedule(_watch_over(carried, carried.due_at, watch.until if watch else None))


def _watch_over(due: DueBy, run_at: datetime, until: datetime | None) -> Task:
    """The task of a promise; one that a person put off stays put off."""
    return Task(key=due.task, kind=Kind(due.due_for), run_at=run_at, playbook=due.playbook, number=due.number,
                until=until)  # fmt: skip


def _carried(story: Story, fresh: DueBy, standing: DueBy | None) -> DueBy:
    """The new promise with a number and a task of its own, and the time the clock of the old one stood still."""
    watches = [task.number for task in story.state.tasks if _is_of_round(task, story) and task.kind == fresh.due_for]
    carried = rules.in_line(story, fresh, 1 + max([*watches, standing.number if standing else 0]))
    if standing is None or not fresh.pause or not fresh.open:
        return carried
    paused = replace(carried, pauses=standing.pauses, paused_at=standing.paused_at)
    return replace(paused, due_at=rules.date_of(story.policy.calendar(paused.hours), paused))


def _drop_watch(story: Story, due: DueBy | None) -> Task | None:
    """Drop the task that watches over a promise; it is one nobody has seen yet."""
    task = story.state.task(due.task) if due is not None else None
    if task is not None:
        story.drop(task, REPLANNED)
    return task


def _is_of_round(task: Task, story: Story) -> bool:
    return round_of(task) == story.state.round


# ---- drafts ----------------------------------------------------------------------------------------------------------


def _take_up_drafts(story: Story, case: Case, before: Book, wanted: Case, *, moved: bool) -> None:
    """A letter that may promise a date is written anew where a date has moved; `case` is as it was before."""
    for purpose in ANSWERS:
        have = story.state.task(rules.draft_key(story, purpose, _number(case, purpose)))
        want = _wanted_draft(wanted, purpose)
        if have is None:
            _plan(story, want, _number(story.state, purpose))
        elif _may_change(story, have) and (moved or not _same_letter(story, before, have, want)):
            _take_back(story, have)
            _plan(story, want, _number(story.state, purpose))


def _number(case: Case, purpose: Purpose) -> int:
    """Which draft of this purpose the round is at: of an update, that of its due-by."""
    update = case.due_by("update") if purpose is Purpose.UPDATE else None
    return update.number if update else 1


def _wanted_draft(wanted: Case, purpose: Purpose) -> Task | None:
    return next((task for task in reversed(wanted.open_tasks(Kind.DRAFT)) if task.purpose is purpose), None)


def _may_change(story: Story, have: Task) -> bool:
    """Whether nobody has seen this draft, or it lies there untouched, or it went for the sake of other playbooks."""
    if have.state is TaskState.DROPPED:
        return have.note == REPLANNED
    draft = story.state.draft(have.message_id)
    return draft is None or draft.fate is DraftFate.WRITTEN or _was_replanned(story, draft)


def _was_replanned(story: Story, draft: DraftState) -> bool:
    taken_back = story.state.task(withdrawal(story.state, draft.message_id, story.at).key)
    return draft.fate is DraftFate.WITHDRAWN and taken_back is not None and taken_back.note == REPLANNED


def _same_letter(story: Story, before: Book, have: Task, want: Task | None) -> bool:
    """Whether the same words are wanted at the same time; all that is due by now is wanted now."""
    there = _is_there(story, have)
    if want is None or not there:
        return want is None and not there
    now = story.policy.book
    letters = [tuple(text.source for text in book.texts if text.name == name)
               for book, name in ((before, have.template), (now, want.template))]  # fmt: skip
    written = have.state is TaskState.DONE or max(have.run_at, story.at) == max(want.run_at, story.at)
    return have.template == want.template and letters[0] == letters[1] and written


def _is_there(story: Story, have: Task) -> bool:
    draft = story.state.draft(have.message_id)
    return have.state is TaskState.WAITING or (draft is not None and draft.fate is DraftFate.WRITTEN)


def _take_back(story: Story, have: Task) -> None:
    story.drop(have, REPLANNED)
    draft = story.state.draft(have.message_id)
    if draft is not None and draft.fate is DraftFate.WRITTEN:
        story.schedule(making_room(story.state, draft.message_id, story.at, REPLANNED))


def _plan(story: Story, want: Task | None, number: int) -> None:
    if want is None or want.purpose is None:
        return
    key = rules.draft_key(story, want.purpose, number, anew=True)
    run_at = max(want.run_at, story.at)
    rules.plan_draft(story, rules.draft_task(story, want.purpose, want.template, want.playbook, run_at=run_at,
                                             number=number, key=key))  # fmt: skip


# ---- follow_up and goodwill ------------------------------------------------------------------------------------------


def _take_up_later(story: Story, wanted: Case) -> None:
    """What waits is kept where the same is wanted, else dropped; what has ended or a person put off counts as had."""
    for kind in (Kind.FOLLOW_UP, Kind.GOODWILL):
        have = [task for task in story.state.tasks if task.kind is kind and _is_of_round(task, story)]
        have = [task for task in have if task.note != REPLANNED]
        missing = [task for task in wanted.tasks if task.kind is kind and not _take_out(have, task, _is_same)]
        settled = [task for task in have if task.state is not TaskState.WAITING or task.until is not None]
        missing = [task for task in missing if not _take_out(settled, task, _is_of_same_playbook)]
        for task in have:
            if task.state is TaskState.WAITING and task.until is None:
                story.drop(task, REPLANNED)
        for task in missing:
            story.add(TaskScheduled(at=story.at, task=replace(task, key=_free(story, task.key))))


def _take_out(have: list[Task], wanted: Task, alike: Callable[[Task, Task], bool]) -> bool:
    """Whether one of these tasks is what is wanted; it is taken out, so that it serves one wish."""
    found = next((task for task in have if alike(task, wanted)), None)
    if found is not None:
        have.remove(found)
    return found is not None


def _is_same(have: Task, wanted: Task) -> bool:
    same = (have.playbook, have.template, have.up_to, have.offer) == (
        wanted.playbook, wanted.template, wanted.up_to, wanted.offer)  # fmt: skip
    return same and (have.run_at == wanted.run_at or have.state is not TaskState.WAITING or have.until is not None)


def _is_of_same_playbook(have: Task, wanted: Task) -> bool:
    return have.playbook == wanted.playbook


def _free(story: Story, key: str) -> str:
    """The key, or with the first number behind it under which nothing was ever planned."""
    number = 1
    free = key
    while story.state.task(free) is not None:
        number += 1
        free = f"{key}/{number}"
    return free
