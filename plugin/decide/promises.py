"""Due-bys: proved by a reply or an act, begun anew, unproved by a bounce, missed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from plugin.decide import rules, said
from plugin.decide.story import Story
from plugin.model import Purpose
from plugin.playbook import From, When
from plugin.timeline import (
    PROMISE,
    DueBy,
    DueByMet,
    DueByMissed,
    DueByNoted,
    DueBySet,
    DueByUnmet,
    Kind,
    Noted,
    ReplyBounced,
    Task,
    TaskDropped,
    TaskRaised,
    TaskScheduled,
    TaskState,
)

BOUNCED = "the reply bounced"
WAITING = "waiting for the customer"


def replied(story: Story, at: datetime, by: str) -> None:
    """The first reply meets the acknowledgement; each restarts the update, and ends what was promised before."""
    meet(story, "acknowledgement", at, by, "already replied")
    acknowledged = story.state.due_by("acknowledgement")
    if acknowledged is not None and acknowledged.met_at is not None and at < acknowledged.met_at:
        story.add(DueByMet(at=story.at, due_for="acknowledgement", met_at=at, met_by=by))  # seen late, sent first
    follow_acknowledgement(story)
    said.kept(story, at, by, "already replied")
    update = story.state.due_by("update")
    if update is None or not update.open or not story.listening:
        return
    if update.anchor_at is None or at < update.anchor_at:
        return  # a reply from before this silence began does not end it
    meet(story, "update", at, by, "already replied")
    _restart(story, update, at)


def meet(story: Story, due_for: str, at: datetime, by: str, reason: str) -> None:
    """Prove the promise, if it is open, and end the task that watched over it."""
    due = story.state.due_by(due_for)
    if due is None or not due.open:
        return
    story.add(DueByMet(at=story.at, due_for=due_for, met_at=at, met_by=by))
    task = story.state.task(due.task)
    if task is not None:
        story.end(task, reason)


def _restart(story: Story, update: DueBy, at: datetime, note: str = "") -> None:
    fresh = replace(update, anchor_at=at, met_at=None, met_by="", missed=False, note=note, paused_at=None, pauses=())
    due_at = rules.date_of(story.policy.calendar(fresh.hours), fresh)
    rules.set_due(story, replace(fresh, due_at=due_at), note or "already replied", ahead=True)


def start_waiting(story: Story) -> None:
    """Due-bys that counted from the resolution have their date now."""
    for due in story.state.due:
        anchor = story.state.resolved_at
        if due.open and due.due_at is None and due.start == "resolution" and anchor is not None:
            begun = replace(due, anchor_at=anchor)
            due_at = rules.date_of(story.policy.calendar(due.hours), begun)
            rules.set_due(story, replace(begun, due_at=due_at), "", ahead=True)


def pause(story: Story, at: datetime) -> None:
    """We wait for the customer: what may pause stands still from then on, once somebody has written to them."""
    since = max(at, story.state.replies[-1][1]) if story.state.replies else None
    for due in story.state.due if story.listening else ():
        if not (due.pause and due.open and due.due_at and due.paused_at is None and not due.missed):
            continue
        if since is None:
            story.add(Noted(at=story.at, note=f"{due.due_for} goes on: nobody has written to them yet"))
        elif since < due.due_at:
            _stop_clock(story, due, since)


def _stop_clock(story: Story, due: DueBy, since: datetime) -> None:
    story.add(DueBySet(at=story.at, due=replace(due, paused_at=since, note=WAITING)))
    ahead = rules.draft_ahead(story, due)
    for task in (story.state.task(due.task), story.state.task(ahead.key) if ahead else None):
        if task is not None and task.state is TaskState.WAITING:
            story.drop(task, WAITING)


def go_on(story: Story, at: datetime) -> None:
    """They have answered: the clock goes on, and what was left then is left now."""
    for due in story.state.due if story.listening else ():
        if due.paused_at is None or not due.open:
            continue
        pauses = (*due.pauses, (due.paused_at, at)) if at > due.paused_at else due.pauses
        fresh = replace(due, paused_at=None, pauses=pauses, note="")
        due_at = rules.date_of(story.policy.calendar(due.hours), fresh)
        rules.set_due(story, replace(fresh, due_at=due_at), WAITING, ahead=True)


def bounced(story: Story, message_id: str) -> None:
    """The reply did not arrive: what it proved is open again, unless another reply proves it too."""
    reply = next((reply for reply in story.state.replies if reply[0] == message_id), None)
    if reply is None:
        return
    story.add(ReplyBounced(at=story.at, message_id=message_id))
    _take_back_restart(story, reply[1])
    said.bounced(story, message_id, reply[1], BOUNCED)
    due = story.state.due_by("acknowledgement")
    if due is None or due.met_by != "reply" or due.met_at != reply[1]:
        return
    story.add(DueByUnmet(at=story.at, due_for=due.due_for, reason=BOUNCED))
    if story.state.replies:
        first, at = story.state.replies[0]
        meet(story, due.due_for, at, "reply" if first else "act", "already replied")
    elif due.due_at is not None and story.listening:
        _watch_again(story, due, due.due_at)
    follow_acknowledgement(story)


def _take_back_restart(story: Story, at: datetime) -> None:
    """The silence was not broken by what did not arrive: it lasts since the reply before, or since the receipt."""
    update = story.state.due_by("update")
    since = story.state.replies[-1][1] if story.state.replies else story.state.since
    if update is not None and update.open and update.anchor_at == at and since is not None and story.listening:
        story.withdraw((Purpose.UPDATE,), BOUNCED)
        _restart(story, update, since, BOUNCED)


def _watch_again(story: Story, due: DueBy, due_at: datetime) -> None:
    tries = sum(task.key.startswith(f"{due.task}/again") for task in story.state.tasks)
    key = f"{due.task}/again{tries + 1}"
    story.add(DueBySet(at=story.at, due=replace(due, task=key, met_at=None, met_by="", note=BOUNCED)))
    story.schedule(
        Task(
            key=key,
            kind=Kind(due.due_for),
            run_at=max(due_at, story.at),
            playbook=due.playbook,
            note="the reply bounced: it did not reach them",
        )
    )


def note_unseen(story: Story, note: str) -> None:
    """Somebody answered where we cannot see it: say so, once, on every promise a reply would prove."""
    for due in story.state.due:
        if due.open and due.note != note and due.due_for != "resolution":
            story.add(DueByNoted(at=story.at, due_for=due.due_for, note=note))


def fell_due(story: Story, task: Task) -> None:
    """The date of a promise passed; without proof it is missed, and raised once, or when a person put it off to."""
    due = next((item for item in story.state.due if item.task == task.key), None)
    watched = task.playbook or task.kind is Kind.PROMISE
    if watched and (due is None or not due.open or not story.listening):
        story.add(TaskDropped(at=story.at, key=task.key, reason="nothing is owed any more"))
        return
    if due is None or task.looked_at:
        story.add(TaskRaised(at=story.at, key=task.key))
        return
    story.add(DueByMissed(at=story.at, due_for=due.due_for))
    if due.note == "answered, not seen" and due.due_for == "update":
        story.add(TaskDropped(at=story.at, key=task.key, reason=due.note))
        return
    if task.until is not None and task.until > story.at:
        story.put_off(task, task.until)
    elif other := _owed_as_well(story, due):
        story.add(TaskDropped(at=story.at, key=task.key, reason=f"the {other} is due the same day"))
    else:
        story.add(TaskRaised(at=story.at, key=task.key))
    rules.run(story, When.DUE_MISSED, missed=due.kind)


def _owed_as_well(story: Story, due: DueBy) -> str:
    """What a playbook wants by then on the same day as this promise; our drafts name that day, and one word will do."""
    if due.kind != PROMISE or due.due_at is None:
        return ""
    last = due.due_at - timedelta(microseconds=1)  # what is due at midnight is due at the end of the day before
    begins = story.policy.calendar("").local(last).replace(hour=0, minute=0, second=0, microsecond=0)
    others = (other for other in story.state.due if other.kind != PROMISE and other.open and other.paused_at is None)
    return next((other.due_for for other in others if other.due_at and begins < other.due_at <= due.due_at), "")


def move(story: Story) -> None:
    """The calendar was changed: what is open is counted anew in it, and moves with its task and its draft."""
    for due in story.state.due if story.listening else ():
        if not due.open or due.due_at is None or due.anchor_at is None or due.kind == PROMISE:
            continue  # what was promised in a reply was promised, whatever our hours are now
        _recount(story, due, due, "the calendar changed")
    follow_acknowledgement(story)


def _recount(story: Story, before: DueBy, after: DueBy, why: str) -> None:
    """Count a promise anew; if it has another date, it moves and says why."""
    calendar = story.policy.calendar(after.hours)
    due_at = rules.date_of(calendar, after)
    if before.due_at is not None and due_at is not None and due_at != before.due_at:
        _move(story, before, replace(after, due_at=due_at))
        then, now = calendar.shown(before.due_at), calendar.shown(due_at)
        story.add(Noted(at=story.at, note=f"{after.due_for} moved from {then} to {now}: {why}"))
    elif after != before:
        story.add(DueBySet(at=story.at, due=after))


def follow_acknowledgement(story: Story) -> None:
    """What counts from the acknowledgement has its date by that: provisional until it is proved, and when it moved."""
    acknowledged = story.state.due_by("acknowledgement")
    if acknowledged is None or not story.listening:
        return
    anchor, provisional = acknowledged.met_at or acknowledged.due_at, acknowledged.open
    why = "the acknowledgement is not proved any more" if provisional else "it counts from the acknowledgement"
    for due in story.state.due:
        if due.open and due.start == From.ACKNOWLEDGEMENT and due.due_for != "update":
            _recount(story, due, replace(due, anchor_at=anchor, provisional=provisional), why)
    rules.move_later(story, From.ACKNOWLEDGEMENT)


def _move(story: Story, before: DueBy, after: DueBy) -> None:
    story.add(DueBySet(at=story.at, due=after))
    watch, old, new = story.state.task(after.task), rules.draft_ahead(story, before), rules.draft_ahead(story, after)
    waiting = watch is not None and watch.state is TaskState.WAITING and not watch.looked_at
    if watch is not None and waiting and after.due_at is not None:
        story.add(TaskScheduled(at=story.at, task=replace(watch, run_at=after.due_at)))
    draft = story.state.task(new.key) if new else None
    if new and old and draft is not None and draft.state is TaskState.WAITING and draft.run_at == old.run_at:
        story.add(TaskScheduled(at=story.at, task=replace(draft, run_at=new.run_at)))
