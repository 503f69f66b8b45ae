"""A message arrived: does it open a case, join one, prove a promise, or reopen what was closed?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from plugin.decide import incidents, promises, rules, said
from plugin.decide.story import LATER, SENDING, TOGETHER, MessageSeen, Story, round_of, short
from plugin.model import Assessment, Direction, Message, Origin, Promise
from plugin.playbook import When
from plugin.timeline import (
    Answered,
    Assessed,
    Case,
    Confirmed,
    DraftFate,
    DraftState,
    DraftWritten,
    Joined,
    Kind,
    Received,
    Reopened,
    Replied,
    Status,
    Tagged,
    Task,
    TaskDone,
)

MAYBE = "maybe-complaint"
_MARK = re.compile(r"\[\[[^\[\]\n]{1,200}\]\]")


def seen(story: Story, trigger: MessageSeen) -> None:
    """What a message does to the case it belongs to, or to none."""
    message = trigger.message
    if story.state.status is Status.NONE:
        _first(story, trigger)
    elif message.direction is Direction.OUT:
        _ours(story, message, trigger.promises)
    elif message.automatic and not trigger.insist:
        _machine(story, message)
    elif _is_complainant(story, message) and message.origin is Origin.FORWARD and not trigger.insist:
        _join(story, message, "passed-on", "nothing changes by it")
    elif _is_complainant(story, message):
        _complainant(story, trigger)
    else:
        _join(story, message, "unverified", "a stranger in this thread: nothing changes by it")


# ---- no case yet ----------------------------------------------------------------------------------------------------


def _first(story: Story, trigger: MessageSeen) -> None:
    message, assessment = trigger.message, trigger.assessment
    if not trigger.insist and (message.direction is Direction.OUT or message.automatic):
        return
    if trigger.insist or assessment.complaint:
        _open(story, trigger)
    elif assessment.maybe:
        _receive(story, trigger, undecided=True)
        story.tag(message.key, (MAYBE,))


def _open(story: Story, trigger: MessageSeen) -> None:
    _receive(story, trigger)
    _begin_round(story, trigger)


def _receive(story: Story, trigger: MessageSeen, *, undecided: bool = False) -> None:
    message = trigger.message
    story.add(
        Received(
            at=message.at,
            case=trigger.case,
            inbox=message.inbox,
            message=message.key,
            message_id=message.message_id,
            references=ancestry(message),
            complainant=message.sender,
            answer_to=message.answer_to,
            identity=message.identity,
            to=message.to,
            origin=message.origin,
            subject=message.subject,
            channel=message.channel,
            has_attachment=bool(message.attachments),
            repeat=trigger.repeat,
            historic=message.historic,
            untrusted=message.trusted is False,
            book=story.policy.book.version,
            undecided=undecided,
        )
    )
    _assess(story, trigger.assessment)


def _begin_round(story: Story, trigger: MessageSeen) -> None:
    judged = tags_of(trigger.assessment)
    story.add(Tagged(at=story.at, tags=judged, judged=(*judged, *trigger.message.marks)))
    incidents.link(story)
    rules.run(story, When.COMPLAINT_RECEIVED)
    story.tag(trigger.message.key, story.state.tags)
    _count_replies(story)


def _assess(story: Story, assessment: Assessment) -> None:
    story.add(
        Assessed(
            at=story.at,
            category=assessment.category,
            severity=assessment.severity,
            score=round(assessment.score, 3),
            language=assessment.language,
            risks=assessment.risks,
            asks=assessment.asks,
            heated=assessment.heated,
            chaser=assessment.chaser,
        )
    )


def tags_of(judged: Assessment | Case) -> tuple[str, ...]:
    """The tags the judge gives to a complaint."""
    risks = (f"risk-{risk}" for risk in judged.risks)
    return ("complaint", f"category-{judged.category}", f"severity-{judged.severity}", *risks)


def _count_replies(story: Story) -> None:
    """What was answered before anybody took it for a complaint is answered all the same."""
    for message_id, at in story.state.replies:
        story.answered()
        promises.replied(story, at, "reply" if message_id else "act")
    said.watch(story)


def ancestry(message: Message) -> tuple[str, ...]:
    """What an answer to this message must reference, ending with the message itself (RFC 5322, 3.6.4)."""
    own = (message.message_id,) if message.message_id else ()
    return (*(ref for ref in message.references if ref != message.message_id), *own)


# ---- the complainant again ------------------------------------------------------------------------------------------


def _is_complainant(story: Story, message: Message) -> bool:
    theirs = {story.state.complainant.email, story.state.answer_to.email}
    return message.sender.email in theirs


def _complainant(story: Story, trigger: MessageSeen) -> None:
    complaint = trigger.insist or (trigger.assessment.complaint and not story.state.undone)
    if complaint and (story.state.status is Status.RESOLVED or _begins_anew(story, trigger.message)):
        _reopen(story, trigger)
        return
    _join(story, trigger.message, "complainant")
    promises.go_on(story, trigger.message.at)
    if not trigger.parent_known:
        promises.note_unseen(story, "answered, not seen")
    if story.state.status is Status.UNDECIDED and complaint:
        _confirm(story, trigger)
    elif story.listening:
        if complaint:
            story.tag(trigger.message.key, tags_of(trigger.assessment))
        rules.run(story, When.MESSAGE_RECEIVED)


def _begins_anew(story: Story, message: Message) -> bool:
    """An old case is only on record; who complains in it again today is owed an answer like anybody else."""
    return story.listening and story.state.historic and not message.historic


def _confirm(story: Story, trigger: MessageSeen) -> None:
    message = trigger.message
    story.add(
        Confirmed(
            at=story.at,
            by="a person" if trigger.insist else "a further message",
            since=message.at,
            message=message.key,
            message_id=message.message_id,
            references=ancestry(message),
            historic=message.historic,
            untrusted=message.trusted is False,
            has_attachment=bool(message.attachments),
        )
    )
    story.untag(MAYBE)
    _assess(story, trigger.assessment)
    _begin_round(story, trigger)


def _reopen(story: Story, trigger: MessageSeen) -> None:
    message = trigger.message
    story.add(
        Reopened(
            at=message.at,
            reason="a new complaint in the same thread",
            since=message.at,
            message=message.key,
            message_id=message.message_id,
            references=ancestry(message),
            has_attachment=bool(message.attachments),
            historic=message.historic,
            untrusted=message.trusted is False,
        )
    )
    drop_later(story, "the case was reopened")
    _assess(story, trigger.assessment)
    rules.run(story, When.REOPENED)
    _begin_round(story, trigger)


def drop_later(story: Story, reason: str) -> None:
    """Follow_ups and gestures of the round that is over are not wanted any more."""
    for task in story.state.open_tasks(Kind.FOLLOW_UP, Kind.GOODWILL):
        story.drop(task, reason)
    story.withdraw(LATER, reason)


# ---- our own words --------------------------------------------------------------------------------------------------


def _ours(story: Story, message: Message, made: Sequence[Promise]) -> None:
    if not message.genuine:
        _join(story, message, "unverified", "it says that it is ours and nothing proves it: nothing changes by it")
        return
    _join(story, message, "ours")
    _own_up(story, message)
    if not _is_reply(story, message) or message.message_id in (reply for reply, _ in story.state.replies if reply):
        return
    draft = _draft_behind(story, message)
    other = _beside(story, message)
    story.add(
        Replied(
            at=story.at,
            replied_at=message.at,
            message=message.key,
            message_id=message.message_id,
            answers=_parent(message),
            draft=draft,
            by=message.sender.email,
        )
    )
    if draft:
        story.draft_sent(draft)
    story.answered()
    promises.replied(story, message.at, "reply")
    said.promised(story, message, made)
    _raise_marks(story, message)
    _raise_second(story, message, other)
    if story.listening:
        rules.run(story, When.REPLY_SENT)


def _beside(story: Story, message: Message) -> Answered | None:
    """An answer within ten minutes of this one, by another of us or to the same mail."""
    by, parent = message.sender.email, _parent(message)
    near = (other for other in story.state.answers if abs(message.at - other.replied_at) <= TOGETHER)
    return next((other for other in near if other.by != by or (parent and other.answers == parent)), None)


def _raise_second(story: Story, message: Message, other: Answered | None) -> None:
    """Whoever answered without knowing of each other is told at once."""
    if other is None or not story.listening or story.state.historic:
        return
    who = " and ".join(dict.fromkeys((other.by, message.sender.email)))
    note = f"two answers went out within ten minutes, by {who}: where they differ, tell them which one holds"
    key = story.key("twice", short(message.key, 8))
    story.schedule(Task(key=key, kind=Kind.UPDATE, run_at=story.at, note=note))


def _own_up(story: Story, message: Message) -> None:
    """A draft of ours was sent before we learned that it had been written: it was, so it is not written again."""
    for task in story.state.open_tasks(Kind.DRAFT):
        if task.purpose is not None and task.message_id in (message.message_id, message.draft_mark):
            draft = DraftState(
                message_id=task.message_id, purpose=task.purpose, round=round_of(task), task=task.key,
                written_at=message.at, answers=_parent(message),
            )  # fmt: skip
            story.add(DraftWritten(at=story.at, draft=draft))
            story.add(TaskDone(at=story.at, key=task.key))


def _is_reply(story: Story, message: Message) -> bool:
    """A reply is no machine's, to the complainant, and not older than what it answers (contract, section 6)."""
    theirs = {story.state.complainant.email, story.state.answer_to.email}
    reaches = any(address.email in theirs for address in message.to)
    since = story.state.since
    return not message.automatic and reaches and (since is None or message.at >= since)


def _draft_behind(story: Story, message: Message) -> str:
    """The Message-ID of the draft that went out as this message, or nothing."""
    for draft in reversed(story.state.drafts):
        if draft.message_id in (message.message_id, message.draft_mark):
            return draft.message_id
    likely = [draft for draft in story.state.drafts if _left_to_be_sent(draft, message, story.at)]
    return likely[-1].message_id if likely else ""


def _left_to_be_sent(draft: DraftState, message: Message, now: datetime) -> bool:
    """Mail programs may send a draft under another Message-ID: it was edited, or vanished as the reply went out."""
    if draft.answers and draft.answers != _parent(message):
        return False
    if draft.fate is DraftFate.EDITED:
        return True
    return draft.fate is DraftFate.GONE and draft.gone_at is not None and now - draft.gone_at <= SENDING


def _parent(message: Message) -> str:
    return message.references[-1] if message.references else ""


def _raise_marks(story: Story, message: Message) -> None:
    """A sent message that still holds a mark is raised at once."""
    own = "\n".join(line for line in message.text.splitlines() if not line.startswith(">"))
    marks = _MARK.findall(own)
    if marks:
        note = f"a sent message still holds {marks[0]}: write again and fill it in"
        key = story.key("mark", short(message.key, 8))
        story.schedule(Task(key=key, kind=Kind.UPDATE, run_at=story.at, note=note))


# ---- machines -------------------------------------------------------------------------------------------------------


def _machine(story: Story, message: Message) -> None:
    _join(story, message, "automatic", message.automatic)
    if message.automatic == "bounce" and message.bounced:
        promises.bounced(story, message.bounced)


def _join(story: Story, message: Message, standing: str, note: str = "") -> None:
    story.add(
        Joined(
            at=message.at,
            message=message.key,
            message_id=message.message_id,
            standing=standing,
            references=ancestry(message),
            sender=message.sender.email,
            note=note,
            has_attachment=bool(message.attachments),
        )
    )
