"""Playbooks at work: which apply, and what follows from those that do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import TypedDict

from plugin.decide.story import LATER, Story, message_id
from plugin.hours import Hours, Roll, Span
from plugin.model import Direction, Purpose
from plugin.playbook import Action, Assign, DueBy, Facts, FollowUp, From, Goodwill, Playbook, Tag, When, WriteDraft
from plugin.timeline import (
    PROMISE,
    Assigned,
    Case,
    DueByMissed,
    DueBySet,
    Kind,
    Noted,
    PlaybooksRan,
    Ran,
    Status,
    Tagged,
    Task,
    TaskScheduled,
    TaskState,
)
from plugin.timeline import DueBy as Promise

_PURPOSE_OF = {
    "acknowledgement": Purpose.ACKNOWLEDGEMENT,
    "update": Purpose.UPDATE,
    "resolution": Purpose.ANSWER,
}
_TO_OUTCOMES = ("", "upheld", "partly-upheld")
"""Only after these does a follow_up or a gesture counted from the resolution come up (contract: `from`)."""


def run(story: Story, when: When, *, missed: str = "", satisfied: bool | None = None) -> None:
    """Look at every playbook for this occasion and take what follows from those that apply; not of an undone case."""
    if story.state.undone:
        return
    _take(story, look(story, when, missed=missed, satisfied=satisfied))


def look(story: Story, when: When, *, missed: str = "", satisfied: bool | None = None) -> list[Playbook]:
    """The playbooks that apply on this occasion; that they were looked at goes into the story."""
    facts = facts_of(story, missed, satisfied)
    ran, applied = [], []
    for playbook in story.policy.book.playbooks:
        if playbook.when is not when:
            continue
        verdict = playbook.condition.check(facts)
        ran.append(Ran(playbook.name, playbook.version, verdict.held, verdict.reason))
        if verdict.held:
            applied.append(playbook)
    if ran:
        at_hand = story.message.key if story.message else ""
        told = PlaybooksRan(
            at=story.at, when=when.value, ran=tuple(ran), message=at_hand, missed=missed, satisfied=satisfied
        )
        story.add(told)
    return applied


def facts_of(story: Story, missed: str = "", satisfied: bool | None = None) -> Facts:
    """What conditions may ask about; a word that is missing is not known.

    What a message shows by itself (asks, heated, chaser) is asked of the message at hand, what a case is of the case.
    """
    case, message, judged = story.state, story.message, story.assessment or story.state
    text = story.text or (message.text if message else "")
    facts: dict[str, object] = {
        "category": case.category,
        "severity": case.severity,
        "risk": tuple(dict.fromkeys((*case.risks, *judged.risks))),
        "asks": judged.asks,
        "heated": judged.heated,
        "chaser": judged.chaser,
        "channel": case.channel,
        "inbox": case.inbox,
        "to": tuple(address.email for address in case.to),
        "from": case.complainant.email,
        "subject": message.subject if message else case.subject,
        "tag": case.judged,
        "has_attachment": bool(message.attachments) if message else case.has_attachment,
        "repeat": case.repeat,
    }
    optional = {"language": case.language, "text": text, "outcome": case.outcome, "missed": missed}
    known = {} if satisfied is None else {"satisfied": satisfied}
    return facts | {name: value for name, value in optional.items() if value} | known


def show_tags(story: Story, before: Case) -> None:
    """Have the tags that came to the case put on the message that brought them, where nobody has yet."""
    scheduled = [event.task for event in story.events if isinstance(event, TaskScheduled)]
    planned = {tag for task in scheduled if task.kind is Kind.TAG and not task.untag for tag in task.tags}
    known = {*before.tags, *planned}
    heard = story.message is not None and story.message.direction is Direction.IN
    message = story.message.key if story.message is not None and heard else story.state.message
    story.tag(message, tuple(tag for tag in story.state.tags if tag not in known))


def _take(story: Story, applied: list[Playbook]) -> None:
    _tag(story, applied)
    _assign(story, applied)
    _promise(story, applied)
    _draft(story, applied)
    _plan_later(story, applied)


def _actions(applied: list[Playbook]) -> Iterator[tuple[Playbook, int, Action]]:
    for playbook in applied:
        for step, action in enumerate(playbook.actions, 1):
            yield playbook, step, action


def _tag(story: Story, applied: list[Playbook]) -> None:
    tags = [tag for _, _, action in _actions(applied) if isinstance(action, Tag) for tag in action.tags]
    new = tuple(tag for tag in dict.fromkeys(tags) if tag not in story.state.tags)
    if new:
        story.add(Tagged(at=story.at, tags=new))


def _assign(story: Story, applied: list[Playbook]) -> None:
    owner = next((action.owner for _, _, action in _actions(applied) if isinstance(action, Assign)), "")
    if owner and not story.state.owner:
        story.add(Assigned(at=story.at, owner=owner))


# ---- due-bys --------------------------------------------------------------------------------------------------------


def _promise(story: Story, applied: list[Playbook]) -> None:
    """What counts from the acknowledgement is counted last, when that has its own date."""
    for later in (False, True):
        best: dict[str, Promise] = {}
        for playbook, step, action in _actions(applied):
            if isinstance(action, DueBy) and (action.start is From.ACKNOWLEDGEMENT) is later:
                promise = made(story, playbook, step, action)
                best[promise.due_for] = _earlier(best.get(promise.due_for), promise)
        for promise in best.values():
            _offer_due(story, promise)


def _offer_due(story: Story, promise: Promise) -> None:
    standing = story.state.due_by(promise.due_for)
    if standing is None or (standing.open and _earlier(standing, promise) is promise):
        set_due(story, promise, f"an earlier date by {promise.playbook}")


def _earlier(first: Promise | None, second: Promise) -> Promise:
    if first is None or second.due_at is None:
        return first or second
    return second if first.due_at is None or second.due_at < first.due_at else first


def made(story: Story, playbook: Playbook, step: int, action: DueBy) -> Promise:
    """The promise this step of a playbook makes; raises HoursError."""
    promise = Promise(
        due_for=action.due_for.value,
        due_at=None,
        start=action.start.value,
        anchor_at=anchor_of(story, action.start),
        span=str(action.span),
        every=action.every,
        hours=action.hours,
        roll=action.roll.value,
        pause=action.pause,
        provisional=action.start is From.ACKNOWLEDGEMENT and not _is_acknowledged(story),
        playbook=playbook.name,
        task=story.key(playbook.name, str(step)),
        draft=action.draft,
    )
    return replace(promise, due_at=date_of(story.policy.calendar(action.hours), promise))


def date_of(calendar: Hours, promise: Promise) -> datetime | None:
    """When a promise is due, by its anchor; None while that has not come. Raises HoursError."""
    if promise.anchor_at is None:
        return None
    if promise.pauses:
        return [due for _, due in _stood_still(calendar, promise, promise.anchor_at)][-1]
    return calendar.due(promise.anchor_at, Span.parse(promise.span), **_terms(promise))


def working_of(calendar: Hours, promise: Promise) -> tuple[str, ...]:
    """The working of `date_of`, line by line; nothing while the anchor has not come. Raises HoursError."""
    if promise.anchor_at is None:
        return ()
    span, terms = Span.parse(promise.span), _terms(promise)
    if not promise.pauses:
        return calendar.derivation(promise.anchor_at, span, **terms)
    lines = calendar.derivation(promise.anchor_at, span, day_after=terms["day_after"])
    then = _stood_still(calendar, promise, promise.anchor_at)
    return (*lines, *(line for told, due in then for line in (told, f"due {calendar.shown(due)}")))


def _stood_still(calendar: Hours, promise: Promise, anchor: datetime) -> Iterator[tuple[str, datetime]]:
    """What each pause made of the date, in words and as the date; it rolls where it ends up, from a closed day."""
    span, terms = Span.parse(promise.span), _terms(promise)
    roll = terms["roll"]
    since, due = anchor, calendar.due(anchor, span, day_after=terms["day_after"])
    promised = calendar.rolled(since, due, roll)
    for paused, back in promise.pauses:
        if due <= paused:  # it had rolled from a closed day, and they were asked before that was over
            due = calendar.rolled(since, due, roll)
        since, due = back, calendar.resumed(due, span, paused, back)
        promised = max(promised, calendar.rolled(since, due, roll)) if roll is Roll.NEXT else promised
        yield f"waiting for the customer from {calendar.shown(paused)} to {calendar.shown(back)}", due
    moved = calendar.rolled(since, due, roll)
    for why in calendar.roll_told(due, moved, roll):
        yield why, moved
    if roll is Roll.NEXT and moved < promised:  # it had rolled to a closing, and ends in the morning of that day now
        yield "no pause brings a date forward", promised


def _terms(promise: Promise) -> _Terms:
    return {"roll": Roll(promise.roll), "day_after": promise.start == From.DAY_AFTER_RECEIPT}


class _Terms(TypedDict):
    roll: Roll
    day_after: bool


def _is_acknowledged(story: Story) -> bool:
    due = story.state.due_by("acknowledgement")
    return bool(story.state.replies) if due is None else due.met_at is not None


def anchor_of(story: Story, start: From) -> datetime | None:
    """The moment a span counts from; None while it has not come."""
    case = story.state
    if start is From.RESOLUTION:
        return case.resolved_at if case.status is Status.RESOLVED and case.outcome in _TO_OUTCOMES else None
    if start is From.REOPENING:
        return case.reopened_at
    if start is From.ACKNOWLEDGEMENT:
        return _acknowledgement(story)
    message = story.message
    return message.at if message is not None and message.direction is Direction.IN else case.since


def _acknowledgement(story: Story) -> datetime | None:
    """When it was acknowledged; until then, when that is due."""
    due = story.state.due_by("acknowledgement")
    if due is None:
        return story.state.replies[0][1] if story.state.replies else None
    return due.met_at or due.due_at


def counts_from_resolution(story: Story, task: Task) -> bool:
    """Whether this follow_up or gesture counts from the resolution, as its playbook has it."""
    action = _action_behind(story, task)
    return action is None or action.start is From.RESOLUTION


def _action_behind(story: Story, task: Task) -> FollowUp | Goodwill | None:
    """The action that planned this follow_up or gesture; None where its playbook has it no more."""
    playbook = next((item for item in story.policy.book.playbooks if item.name == task.playbook), None)
    step = task.key.split("/")[3]
    if playbook is None or not step.isdigit() or int(step) > len(playbook.actions):
        return None
    action = playbook.actions[int(step) - 1]
    return action if isinstance(action, FollowUp | Goodwill) else None


def move_later(story: Story, start: From) -> None:
    """Follow_ups and gestures that count from there, and still wait, move with it."""
    for task in story.state.open_tasks(Kind.FOLLOW_UP, Kind.GOODWILL):
        action, anchor = _action_behind(story, task), anchor_of(story, start)
        if action is None or action.start is not start or anchor is None or task.state is not TaskState.WAITING:
            continue
        run_at = _later_at(story, action, anchor)
        if run_at != task.run_at and task.until is None:
            story.add(TaskScheduled(at=story.at, task=replace(task, run_at=run_at)))


def working_of_later(story: Story, task: Task) -> tuple[str, ...]:
    """The working of a follow_up's or a gesture's date, line by line: what it counts, then day by day.

    Empty where the playbook has it no more, or it was counted from what is not known any more. Raises HoursError.
    """
    action = _action_behind(story, task)
    anchor = anchor_of(story, action.start) if action else None
    if action is None or anchor is None or (task.until is None and _later_at(story, action, anchor) != task.run_at):
        return ()
    day_after = action.start is From.DAY_AFTER_RECEIPT
    lines = story.policy.calendar(action.hours).derivation(anchor, action.after, day_after=day_after)
    return f"{action.after} from the {action.start.replace('_', ' ')}", *lines


def _later_at(story: Story, action: FollowUp | Goodwill, anchor: datetime) -> datetime:
    day_after = action.start is From.DAY_AFTER_RECEIPT
    return story.policy.calendar(action.hours).due(anchor, action.after, day_after=day_after)


def set_due(story: Story, promise: Promise, reason: str, *, ahead: bool = False) -> None:
    """Make the promise, with the task that is raised if it is missed; `ahead` with the draft that lies ready before.

    `reason` is why the task of the one it takes the place of is dropped.
    """
    standing = story.state.due_by(promise.due_for)
    if standing is not None and standing.due_at is not None:
        promise = in_line(story, promise, standing.number + 1)
        if (task := story.state.task(standing.task)) is not None:
            story.drop(task, reason)
        if promise.due_for == "update":
            _drop_ahead(story, standing, reason)
    story.add(DueBySet(at=story.at, due=promise))
    if promise.due_at is None or story.state.historic:
        return
    kind = Kind(promise.due_for)
    story.schedule(
        Task(key=promise.task, kind=kind, run_at=promise.due_at, playbook=promise.playbook, number=promise.number)
    )
    if ahead:
        plan_draft(story, draft_ahead(story, promise))


def in_line(story: Story, promise: Promise, number: int) -> Promise:
    """The promise under this number, or the next that is free, and so with a task and a draft of its own."""
    base = "/".join(promise.task.split("/")[:4])
    while story.state.task(key := base if number == 1 else f"{base}/{number}") is not None:
        number += 1  # a step of other playbooks had it, before the case was moved to these
    return replace(promise, number=number, task=key)


def _drop_ahead(story: Story, standing: Promise, reason: str) -> None:
    task = story.state.task(draft_key(story, Purpose.UPDATE, standing.number))
    if task is not None:
        story.drop(task, reason)


# ---- drafts ---------------------------------------------------------------------------------------------------------


def _draft(story: Story, applied: list[Playbook]) -> None:
    """One draft per round and purpose (update: per due-by): the first playbook that offers one wins."""
    offered: set[str] = set()
    for playbook, step, action in _actions(applied):
        task = _offer(story, playbook, step, action)
        if task is not None and task.key not in offered:
            offered.add(task.key)
            plan_draft(story, task)


def _offer(story: Story, playbook: Playbook, step: int, action: Action) -> Task | None:
    if isinstance(action, WriteDraft):
        due = story.state.due_by("update") if action.purpose is Purpose.UPDATE else None
        return draft_task(story, action.purpose, action.text, playbook.name, number=due.number if due else 1)
    if isinstance(action, DueBy):
        standing = story.state.due_by(action.due_for.value)
        own = story.key(playbook.name, str(step)).split("/")
        return draft_ahead(story, standing) if standing and standing.task.split("/")[:4] == own else None
    return None


def draft_ahead(story: Story, promise: Promise) -> Task | None:
    """The draft that lies ready when three quarters of the promise's span have passed; None where it names none."""
    if not promise.draft or promise.due_at is None or promise.anchor_at is None:
        return None
    calendar = story.policy.calendar(promise.hours)
    ready_at = calendar.part(promise.anchor_at, promise.due_at, Span.parse(promise.span))
    purpose = _PURPOSE_OF[promise.due_for]
    number = promise.number if purpose is Purpose.UPDATE else 1
    return draft_task(story, purpose, promise.draft, promise.playbook, run_at=ready_at, number=number)


def draft_task(
    story: Story, purpose: Purpose, template: str, playbook: str, *, run_at: datetime | None = None, number: int = 1,
    key: str = "",
) -> Task:  # fmt: skip
    """A task that writes this letter, at once or at `run_at`; its Message-ID is fixed by its key."""
    key = key or draft_key(story, purpose, number)
    return Task(
        key=key,
        kind=Kind.DRAFT,
        run_at=run_at or story.at,
        playbook=playbook,
        template=template,
        purpose=purpose,
        message_id=message_id(story.state, *key.split("/")[1:2], *key.split("/")[3:]),
        number=number,
    )


def draft_key(story: Story, purpose: Purpose, number: int = 1, *, anew: bool = False) -> str:
    """The key of the one draft for this purpose, and of an update's number; `anew` one that was never used.

    Only a case that was moved to other playbooks has more than one: `draft/answer/1`, then `draft/answer/1.1`.
    """
    base = story.key("draft", purpose.value, str(number))
    nth = [int(task.key[len(base) + 1 :] or 0) for task in story.state.tasks if task.key.split(".")[0] == base]
    last = max(nth, default=-1 if anew else 0) + anew
    return f"{base}.{last}" if last else base


def plan_draft(story: Story, task: Task | None) -> None:
    """Have a draft written, once; a planned one that still waits gives way to one that is wanted earlier."""
    if task is None or story.state.historic:
        return
    if "@" not in story.state.answer_to.email:
        story.add(Noted(at=story.at, note="no draft: who wrote this gave no address that can be answered"))
        return
    standing = story.state.task(task.key)
    if standing is not None and standing.state is TaskState.WAITING and task.run_at < standing.run_at:
        story.add(TaskScheduled(at=story.at, task=task))
    story.schedule(task)


def take_up(story: Story) -> None:
    """An old case is like any other from now on; of all that was missed one thing is asked for, with one draft."""
    pressing = _most_pressing(story)
    for due in story.state.due:
        if not due.open or due.due_at is None or due.paused_at is not None:
            continue
        if due.kind == PROMISE:
            continue
        if due.due_at > story.at or due is pressing:
            story.schedule(
                Task(key=due.task, kind=Kind(due.due_for), run_at=due.due_at, playbook=due.playbook, number=due.number)
            )
        elif not due.missed:
            story.add(DueByMissed(at=story.at, due_for=due.due_for))
    plan_draft(story, _late_draft(story))


def _most_pressing(story: Story) -> Promise | None:
    """Of what was missed, what a person would do first: answer, then settle, then tell how things stand."""
    missed = {due.due_for: due for due in story.state.due if due.open and due.due_at and due.due_at <= story.at}
    return next((missed[due_for] for due_for in ("acknowledgement", "resolution", "update") if due_for in missed), None)


def _late_draft(story: Story) -> Task | None:
    """The first draft offered where nobody answered; who was answered and complained again is told how it stands."""
    if not story.state.replies:
        names = {ran.name for ran in story.state.playbooks if ran.applied and ran.round == story.state.round}
        applied = [playbook for playbook in story.policy.book.playbooks if playbook.name in names]
        offers = (_offer(story, *found) for found in _actions(applied) if isinstance(found[2], WriteDraft))
        return next((task for task in offers if task is not None), None)
    update = story.state.due_by("update")
    ahead = draft_ahead(story, update) if update is not None else None
    return replace(ahead, run_at=story.at) if ahead is not None else None


# ---- follow_up and goodwill -----------------------------------------------------------------------------------------


def _plan_later(story: Story, applied: list[Playbook]) -> None:
    for playbook, step, action in _actions(applied):
        if isinstance(action, FollowUp | Goodwill):
            _plan(story, playbook, step, action)


def plan_after_resolution(story: Story) -> None:
    """Follow_ups and gestures of the round's playbooks, now that the case is resolved."""
    names = {ran.name for ran in story.state.playbooks if ran.applied and ran.round == story.state.round}
    _plan_later(story, [playbook for playbook in story.policy.book.playbooks if playbook.name in names])


def _plan(story: Story, playbook: Playbook, step: int, action: FollowUp | Goodwill) -> None:
    anchor = anchor_of(story, action.start)
    if anchor is None or story.state.historic:
        return
    goodwill = isinstance(action, Goodwill)
    story.schedule(
        Task(
            key=story.key(playbook.name, str(step)),
            kind=Kind.GOODWILL if goodwill else Kind.FOLLOW_UP,
            run_at=_later_at(story, action, anchor),
            playbook=playbook.name,
            template=action.draft,
            purpose=LATER[1] if goodwill else LATER[0],
            up_to=action.up_to if isinstance(action, Goodwill) else "",
            offer=action.offer if isinstance(action, Goodwill) else (),
        )
    )
