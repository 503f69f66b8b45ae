"""What people do: in the mail program, on the command line, on a page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from plugin.decide import incidents, promises, rules, said
from plugin.decide.messages import drop_later, tags_of
from plugin.decide.story import ANSWERS, PROMISES, SENDING, Story, round_of, withdrawal
from plugin.decide.taking import ActRefused, SettleOld, TakeUp, Undo, take
from plugin.model import Purpose
from plugin.playbook import From, When
from plugin.timeline import (
    Corrected,
    DraftChanged,
    DraftFate,
    DraftState,
    FeedbackReceived,
    Kind,
    Noted,
    ReminderOver,
    Reopened,
    Replied,
    Resolved,
    Status,
    Tagged,
    Task,
    TaskDone,
    TaskDropped,
    TaskRaised,
    TaskState,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve:
    """The complaint is settled; an empty outcome means not stated."""

    at: datetime
    outcome: str = ""
    cause: str = ""
    note: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen:
    """The complaint is not settled after all."""

    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SayReplied:
    """A person's word that the complainant was answered at `at`, and how."""

    at: datetime
    how: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndTask:
    """A task is done or dropped."""

    key: str
    done: bool
    note: str = ""
    gave: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze:
    """A task is put off to `until`; what was promised stays promised."""

    key: str
    until: datetime
    note: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchDraft:
    """A person edited our draft, or it is gone from Drafts."""

    message_id: str
    fate: DraftFate


@dataclass(frozen=True, slots=True, kw_only=True)
class EndReminder:
    """A reminder was ticked off in the mail program (`done`), or a person removed it."""

    message_id: str
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkAnswered:
    """The mail program says a message of the complainant was answered; we did not see the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correct:
    """The complaint is of another category or severity than the judge said; an empty one stays."""

    category: str = ""
    severity: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """The complainant said whether he is content."""

    satisfied: bool
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vanish:
    """The conversation of this case was thrown away, or lives on in another case: nothing is owed here any more."""

    at: datetime
    reason: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """From `at` on we wait for the customer, or (`over`) we do no longer."""

    at: datetime
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something to keep in the timeline that changes nothing."""

    text: str


Act = (
    Correct | Rate | Vanish | Wait | Note | Resolve | Reopen | SayReplied | EndTask | Snooze | TouchDraft | EndReminder
    | MarkAnswered | Undo | SettleOld | TakeUp
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """A person did something at `at`; `text` is the complaint's text, for conditions."""

    at: datetime
    act: Act
    text: str = ""


def acted(story: Story, act: Act) -> None:
    """What a person's act does to the case; an act that is already true changes nothing."""
    match act:
        case Correct():
            _correct(story, act)
        case Resolve():
            _resolve(story, act)
        case Reopen():
            _reopen(story, act)
        case SayReplied():
            _say_replied(story, act)
        case EndTask() | Snooze():
            _with_task(story, act)
        case TouchDraft():
            _touch(story, act)
        case EndReminder():
            _end_reminder(story, act)
        case Rate() | Vanish() | Wait() | Note():
            _heard(story, act)
        case Undo() | SettleOld() | TakeUp():
            take(story, act)
        case MarkAnswered():
            if not story.state.replies:
                promises.note_unseen(story, "answered, not seen")


def _correct(story: Story, act: Correct) -> None:
    before = story.state
    category, severity = act.category or before.category, act.severity or before.severity
    if (category, severity) == (before.category, before.severity):
        return
    if before.status is Status.UNDECIDED:
        raise ActRefused(before.id, "nobody has said yet whether it is a complaint - `amends open` says so")
    story.add(Corrected(at=story.at, category=category, severity=severity, by=act.by))
    old, new = _labels(before.category, before.severity), _labels(category, severity)
    story.retag({was: now for was, now in zip(old, new, strict=True) if was != now})


def _labels(category: str, severity: str) -> tuple[str, str]:
    return f"category-{category}", f"severity-{severity}"


def _resolve(story: Story, act: Resolve) -> None:
    state = story.state
    if state.status is Status.RESOLVED and (act.outcome in ("", state.outcome)) and act.cause in ("", state.cause):
        return
    story.add(Resolved(at=story.at, resolved_at=act.at, outcome=act.outcome, cause=act.cause, note=act.note, by=act.by))
    promises.meet(story, "resolution", act.at, "act", "resolved")
    said.kept(story, act.at, "act", "resolved", settled=True)
    for task in story.state.open_tasks(Kind.ACKNOWLEDGEMENT, Kind.UPDATE):
        story.drop(task, "the case was resolved")
    story.withdraw(ANSWERS, "the case was resolved")
    if act.outcome == "not-a-complaint":
        story.untag()
    if state.status is Status.OPEN or (state.status is Status.UNDECIDED and act.outcome != "not-a-complaint"):
        rules.run(story, When.RESOLVED)
    look_ahead(story)


def look_ahead(story: Story) -> None:
    """After the resolution: what was waiting for it starts, or is dropped where the outcome forbids it."""
    if rules.anchor_of(story, From.RESOLUTION) is None:
        _drop_what_waited(story, f"the outcome is {story.state.outcome}")
        return
    promises.start_waiting(story)
    rules.plan_after_resolution(story)


def _drop_what_waited(story: Story, reason: str) -> None:
    """A corrected outcome ends what counted from the resolution, and nothing else."""
    for task in story.state.open_tasks(Kind.FOLLOW_UP, Kind.GOODWILL):
        if rules.counts_from_resolution(story, task):
            story.drop(task, reason)
            _end_draft_of(story, task)


def _heard(story: Story, act: Rate | Vanish | Wait | Note) -> None:
    """What people do elsewhere, and we learn of."""
    match act:
        case Rate():
            _rate(story, act)
        case Vanish():
            _vanish(story, act)
        case Wait():
            (promises.go_on if act.over else promises.pause)(story, act.at)
        case Note():
            story.add(Noted(at=story.at, note=act.text))


def _rate(story: Story, act: Rate) -> None:
    story.add(FeedbackReceived(at=story.at, satisfied=act.satisfied, note=act.comment))
    if story.state.status is not Status.UNDECIDED:
        rules.run(story, When.FEEDBACK_RECEIVED, satisfied=act.satisfied)


def _vanish(story: Story, act: Vanish) -> None:
    """No playbook runs and nothing comes up later: there is nobody left to whom it could be said here."""
    if story.state.status is not Status.RESOLVED:
        story.add(Resolved(at=story.at, resolved_at=act.at, note=act.reason, by=act.by))
    for task in story.state.open_tasks():
        story.drop(task, act.reason)


def _reopen(story: Story, act: Reopen) -> None:
    if story.state.erased:
        raise ActRefused(story.state.id, "who complained was forgotten, so there is nobody to answer")
    if story.state.status is not Status.RESOLVED:
        raise ActRefused(story.state.id, "it is not resolved, so it cannot be reopened")
    story.add(Reopened(at=story.at, reason=f"reopened by {act.by or 'a person'}", since=story.at))
    incidents.renew(story)
    drop_later(story, "the case was reopened")
    for task in story.state.open_tasks(Kind.TAG):
        if task.untag:
            story.drop(task, "the case was reopened")
    story.add(Tagged(at=story.at, tags=tags_of(story.state), judged=tags_of(story.state)))
    rules.run(story, When.REOPENED)
    rules.run(story, When.COMPLAINT_RECEIVED)


def _say_replied(story: Story, act: SayReplied) -> None:
    if any(how == "" and at == act.at for how, at in story.state.replies):
        return
    since = story.state.since
    if since is not None and act.at < since:
        raise ActRefused(story.state.id, f"an answer before {since:%Y-%m-%d %H:%M} UTC answers nothing of this round")
    story.add(Replied(at=story.at, replied_at=act.at, how=act.how, by=act.by))
    story.answered()
    promises.replied(story, act.at, "act")
    if story.listening:
        rules.run(story, When.REPLY_SENT)


def _with_task(story: Story, act: EndTask | Snooze) -> None:
    task = story.state.task(act.key)
    if task is None or task.kind.for_inbox:
        raise ActRefused(story.state.id, f"it has no task {act.key}")
    if isinstance(act, Snooze):
        _snooze(story, task, act)
    else:
        _end_task(story, task, act)


def _end_task(story: Story, task: Task, act: EndTask) -> None:
    late_proof = task.kind is Kind.GOODWILL and task.state is TaskState.DONE and act.done and act.gave
    if not task.state.open and not late_proof:
        raise ActRefused(story.state.id, f"task {act.key} has already ended ({task.state.value})")
    if act.done:
        story.add(TaskDone(at=story.at, key=task.key, by=act.by, note=act.note, gave=act.gave))
        story.settle_reminder(task)
    else:
        story.drop(task, act.note or "dropped", act.by)
    said.ended(story, task, done=act.done, by=act.by)
    _end_draft_of(story, task)


def _snooze(story: Story, task: Task, act: Snooze) -> None:
    """An earlier time than its own would not put it off; a promise is looked at when it falls due all the same."""
    if not task.state.open:
        raise ActRefused(story.state.id, f"task {act.key} has already ended ({task.state.value})")
    if act.until <= story.at:
        raise ActRefused(story.state.id, f"{act.until:%Y-%m-%d %H:%M} UTC is past, so no task can be put off to then")
    waiting = task.state is TaskState.WAITING
    if waiting and act.until == task.until:
        return
    if waiting and not task.looked_at and act.until <= task.run_at:
        planned = f"it comes up at {task.run_at:%Y-%m-%d %H:%M} UTC"
        raise ActRefused(story.state.id, f"task {act.key} cannot be put off to an earlier time than its own: {planned}")
    watching = waiting and task.kind in PROMISES and not task.looked_at
    story.put_off(task, act.until, run_at=task.run_at if watching else None, note=act.note, by=act.by)


def _end_draft_of(story: Story, task: Task) -> None:
    purposes = {Kind.FOLLOW_UP: Purpose.FOLLOW_UP, Kind.GOODWILL: Purpose.GOODWILL}
    if task.kind in purposes:
        story.withdraw((purposes[task.kind],), "its task has ended", task.playbook)


def _touch(story: Story, act: TouchDraft) -> None:
    draft = story.state.draft(act.message_id)
    if draft is None or draft.fate not in (DraftFate.WRITTEN, DraftFate.EDITED) or draft.fate is act.fate:
        return
    if act.fate is DraftFate.GONE and _went_out(story, draft):
        story.draft_sent(draft.message_id)
    else:
        story.add(DraftChanged(at=story.at, message_id=act.message_id, fate=act.fate))
    _give_way(story, draft)


def _give_way(story: Story, theirs: DraftState) -> None:
    """A person took up a letter that was to be withdrawn for another one: that other one goes."""
    family = theirs.task.split(".")[0]
    for task in story.state.tasks:
        other = story.state.draft(task.message_id)
        if task.kind is not Kind.DRAFT or task.key.split(".")[0] != family or task.key == theirs.task:
            continue
        story.drop(task, "a person took up the one before")
        if other is not None and other.fate is DraftFate.WRITTEN:
            story.schedule(withdrawal(story.state, other.message_id, story.at))


def _went_out(story: Story, draft: DraftState) -> bool:
    """Whether a reply to the same message, and that belongs to no other draft, has just been seen."""
    written_at = draft.written_at.replace(microsecond=0)  # a mail's Date has no fractions
    return any(
        reply.answers == draft.answers and reply.replied_at >= written_at and story.at - reply.seen_at <= SENDING
        for reply in story.state.loose
    )


def _end_reminder(story: Story, act: EndReminder) -> None:
    reminder = next((item for item in story.state.reminders if item.message_id == act.message_id), None)
    if reminder is None or reminder.over:
        return
    story.add(ReminderOver(at=story.at, message_id=act.message_id, how="ticked off" if act.done else "removed"))
    for key in reminder.tasks if act.done else ():
        task = story.state.task(key)
        if task is not None and task.state is TaskState.RAISED:
            story.add(TaskDone(at=story.at, key=key, by="mail program", note="its reminder was ticked off"))
            said.ended(story, task, done=True, by="mail program")
            _end_draft_of(story, task)


def came_due(story: Story, key: str) -> None:
    """The time of a person's task has come: raise it, with its draft, unless nothing is owed any more."""
    task = story.state.task(key)
    if task is None or task.state is not TaskState.WAITING or task.kind.for_inbox:
        return
    if task.kind in PROMISES:
        promises.fell_due(story, task)
        return
    if story.state.status is Status.OPEN and round_of(task) != story.state.round:
        story.add(TaskDropped(at=story.at, key=key, reason="the case was reopened"))
        return
    _raise(story, task)


def _raise(story: Story, task: Task) -> None:
    story.add(TaskRaised(at=story.at, key=task.key))
    if task.template and task.purpose is not None:
        draft = rules.draft_task(story, task.purpose, task.template, task.playbook)
        rules.plan_draft(story, replace(draft, up_to=task.up_to, offer=task.offer))
