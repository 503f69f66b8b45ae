"""What one of us promised in a reply: watched until the next reply, the resolution, or a person's word.

No machine can see that money was paid. So a reply sent later ends the watch, for whoever writes again has the case in
hand; and what a person says of it counts. Several promises stand side by side, each with a due-by of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from plugin.decide.story import TOGETHER, Story, short
from plugin.model import Message, Promise
from plugin.timeline import (
    PROMISE,
    DueBy,
    DueByMet,
    DueByReleased,
    DueBySet,
    DueByUnmet,
    Kind,
    Status,
    Task,
)

_OPEN = (Status.OPEN, Status.UNDECIDED)


def promised(story: Story, reply: Message, promises: Sequence[Promise]) -> None:
    """Each promise of a reply becomes a due-by; one read before makes none twice, and a settled case owes nothing.

    Of old mail what is past already is nobody's business any more.
    """
    if story.state.status not in _OPEN or story.state.undone:
        return
    old = story.state.historic or reply.historic
    for number, promise in enumerate(promises, 1):
        due = _due_by(story, reply, promise, number)
        if story.state.due_by(due.due_for) is None and not (old and promise.due_at <= story.at):
            story.add(DueBySet(at=story.at, due=due))
            if not _answered_since(story, due):
                _watch(story, due)


def _due_by(story: Story, reply: Message, promise: Promise, number: int) -> DueBy:
    name = f"{short(reply.key, 8)}.{number}"
    return DueBy(
        due_for=f"{PROMISE}/{name}", due_at=promise.due_at, start="reply", anchor_at=reply.at, span=promise.within,
        task=story.key(PROMISE, name), said=promise.text, said_start=promise.start, said_end=promise.end,
        sentence=promise.what, said_in=reply.key, message_id=reply.message_id,
    )  # fmt: skip


def _answered_since(story: Story, due: DueBy) -> bool:
    """Whether a reply that was sent later was seen before this one; if so it ended the watch."""
    for message_id, at in story.state.replies:
        if due.open and _is_later(due, at):
            how = "reply" if message_id else "act"
            story.add(DueByMet(at=story.at, due_for=due.due_for, met_at=at, met_by=how))
            return True
    return False


def _is_later(due: DueBy, at: datetime) -> bool:
    """Whether a reply at that time is another one; what is sent within minutes, such as what was forgotten, is not."""
    return due.anchor_at is not None and at - due.anchor_at > TOGETHER


def watch(story: Story) -> None:
    """See that each open promise of the case has the task that watches over it."""
    for due in story.state.due:
        if due.kind == PROMISE and due.open:
            _watch(story, due)


def _watch(story: Story, due: DueBy) -> None:
    if story.listening and not story.state.historic and due.due_at is not None:
        note = f"you wrote: “{due.sentence}”"
        story.schedule(Task(key=due.task, kind=Kind.PROMISE, run_at=due.due_at, note=note))


def kept(story: Story, at: datetime, by: str, reason: str, *, settled: bool = False) -> None:
    """What was promised before the reply at that time is watched no more; once all is `settled`, nothing is."""
    for due in story.state.due:
        if due.kind == PROMISE and due.open and (settled or _is_later(due, at)):
            story.add(DueByMet(at=story.at, due_for=due.due_for, met_at=at, met_by=by))
            if (task := story.state.task(due.task)) is not None:
                story.end(task, reason)


def ended(story: Story, task: Task, *, done: bool, by: str) -> None:
    """A person ended the watch: done is their word that it was kept; dropped, that nothing was promised."""
    due = next((due for due in story.state.due if due.task == task.key and due.kind == PROMISE), None)
    if due is None or not due.open:
        return
    if done:
        story.add(DueByMet(at=story.at, due_for=due.due_for, met_at=story.at, met_by="act"))
    else:
        release(story, due, f"dropped by {by or 'a person'}")


def release(story: Story, due: DueBy, reason: str) -> None:
    """What was taken for a promise is owed no more, and is not counted as kept or missed."""
    story.add(DueByReleased(at=story.at, due_for=due.due_for, reason=reason))
    if (task := story.state.task(due.task)) is not None:
        story.drop(task, reason)


def bounced(story: Story, message_id: str, at: datetime, reason: str) -> None:
    """What was promised in a reply that did not arrive was not promised; what it had ended is watched again."""
    for due in story.state.due:
        if due.kind != PROMISE:
            continue
        if due.message_id == message_id:
            release(story, due, reason)
        elif due.met_by == "reply" and due.met_at == at:
            story.add(DueByUnmet(at=story.at, due_for=due.due_for, reason=reason))
            open_again = story.state.due_by(due.due_for)
            if open_again is not None and not _answered_since(story, open_again):
                _watch_again(story, open_again)


def _watch_again(story: Story, due: DueBy) -> None:
    """With a task of its own, since the one before has ended."""
    tries = sum(task.key.startswith(f"{due.task}/again") for task in story.state.tasks)
    fresh = replace(due, task=f"{due.task}/again{tries + 1}")
    story.add(DueBySet(at=story.at, due=fresh))
    _watch(story, fresh)
