"""What a decision is made of: the case as it stands, the events so far, and the few things every room adds."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from plugin.hours import Hours
from plugin.incident import Incident
from plugin.model import Assessment, Message, Promise, Purpose
from plugin.playbook import Book
from plugin.timeline import (
    Case,
    DraftChanged,
    DraftFate,
    DraftState,
    Event,
    Kind,
    ReminderState,
    Status,
    Task,
    TaskDone,
    TaskDropped,
    TaskScheduled,
    TaskSnoozed,
    TaskState,
    evolve,
)

ANSWERS = (Purpose.ACKNOWLEDGEMENT, Purpose.UPDATE, Purpose.ANSWER)
"""Drafts that are out of date as soon as a person has answered."""

LATER = (Purpose.FOLLOW_UP, Purpose.GOODWILL)
"""Drafts that belong to a task, and end with it."""

PROMISES = (Kind.ACKNOWLEDGEMENT, Kind.UPDATE, Kind.RESOLUTION, Kind.PROMISE)
"""Tasks that are raised because a due-by was missed."""

_TAKING_BACK = (Kind.WITHDRAWAL, Kind.SETTLING, Kind.NOTE)

TOGETHER = timedelta(minutes=10)
"""Two answers this close to each other belong together, or were written by people who did not know of each other."""

SENDING = timedelta(minutes=10)
"""A draft that vanished this close to a reply was the one that was sent."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What decides: the playbooks of this case, the calendars now in force, and which of them is the inbox's.

    `incidents` are those that complaints may be linked to now, the one opened last first.
    """

    book: Book
    calendars: Mapping[str, Hours]
    hours: str = "default"
    incidents: tuple[Incident, ...] = ()

    def calendar(self, name: str) -> Hours:
        """The calendar of that name; the inbox's own where none is named or the name is gone."""
        found = self.calendars.get(name or self.hours) or self.calendars.get(self.hours)
        return found or next(iter(self.calendars.values()))  # an inbox that is set up no more has none of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSeen:
    """A message reached us at `at`; `case` is the id a new case would have.

    `repeat` is true where the sender complained before, `parent_known` where the mail it answers was seen;
    `insist` is a person's word that this is a complaint.
    """

    at: datetime
    message: Message
    assessment: Assessment
    case: str
    repeat: bool = False
    parent_known: bool = True
    insist: bool = False
    promises: tuple[Promise, ...] = ()  # with a date, in what one of us wrote


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDue:
    """The time of a task has come; `text` is the complaint's text, for conditions."""

    at: datetime
    key: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarsChanged:
    """At `at` it was seen that the calendars in force are not those of before."""

    at: datetime


@dataclass(slots=True)
class Story:
    """Events as they are decided; `state` is always the case with all of them applied."""

    state: Case
    at: datetime
    policy: Policy
    text: str = ""
    message: Message | None = None
    assessment: Assessment | None = None  # of the complainant's message at hand
    events: list[Event] = field(default_factory=list)

    def add(self, event: Event) -> None:
        """Take the event into the story."""
        self.events.append(event)
        self.state = evolve(self.state, event)

    def schedule(self, task: Task) -> None:
        """Plan a task; one that was ever planned under the same key is left as it is.

        Of an undone case nothing is planned but taking back.
        """
        if self.state.undone and not (task.untag or task.kind in _TAKING_BACK):
            return
        if self.state.task(task.key) is None:
            self.add(TaskScheduled(at=self.at, task=task))

    def tag(self, message: str, tags: tuple[str, ...]) -> None:
        """Have these tags put on the message with this key; once in a round."""
        if tags:
            key = self.key("tags", message[:16], short("|".join(tags), 8))
            self.schedule(Task(key=key, kind=Kind.TAG, run_at=self.at, message=message, tags=tags))

    def untag(self, *only: str) -> None:
        """Have our own tags taken off again, all of them or these; what was there before us stays."""
        for task in self.state.open_tasks(Kind.TAG):
            if not task.untag and (not only or set(task.tags) <= set(only)):
                self.drop(task, "no longer true")
        for message in dict.fromkeys(message for message, _ in self.state.kept):
            tags = tuple(tag for key, tag in self.state.kept if key == message and (not only or tag in only))
            key = self.key("untag", message[:16], short("|".join(tags), 8))
            if tags:
                self.schedule(Task(key=key, kind=Kind.TAG, run_at=self.at, message=message, tags=tags, untag=True))

    def retag(self, replaced: Mapping[str, str]) -> None:
        """Have tags replaced, old by new: those that wait to be put on, and those we put on before."""
        nth = str(self.state.version)  # a person may change their mind, and change it back
        for task in self.state.open_tasks(Kind.TAG):
            tags = _retagged(task, replaced)
            if tags != task.tags:
                self.drop(task, "corrected by a person")
                self._retag(nth, task.message, tags, untag=task.untag)
        for message in dict.fromkeys(message for message, tag in self.state.kept if tag in replaced):
            gone = tuple(tag for key, tag in self.state.kept if key == message and tag in replaced)
            self._retag(nth, message, gone, untag=True)
            self._retag(nth, message, tuple(replaced[tag] for tag in gone))
        self._retag(nth, self.state.message, tuple(replaced.values()))

    def swap_tags(self, gone: tuple[str, ...], came: tuple[str, ...], reason: str) -> None:
        """Have these tags taken off wherever we put them or still mean to, and those put on the complaint."""
        nth = str(self.state.version)
        for task in self.state.open_tasks(Kind.TAG):
            left = tuple(tag for tag in task.tags if tag not in (came if task.untag else gone))
            if left != task.tags:
                self.drop(task, reason)
                self._retag(nth, task.message, left, untag=task.untag)
        for message in dict.fromkeys(message for message, tag in self.state.kept if tag in gone):
            off = tuple(tag for key, tag in self.state.kept if key == message and tag in gone)
            self._retag(nth, message, off, untag=True)
        self._retag(nth, self.state.message, came)

    def _retag(self, nth: str, message: str, tags: tuple[str, ...], *, untag: bool = False) -> None:
        if tags and message:
            key = self.key("untag" if untag else "tags", message[:16], short("|".join(tags), 8), nth)
            self.schedule(Task(key=key, kind=Kind.TAG, run_at=self.at, message=message, tags=tags, untag=untag))

    def key(self, *parts: str) -> str:
        """A task key of this round."""
        return "/".join((self.state.id, str(self.state.round), *parts))

    def end(self, task: Task, reason: str) -> None:
        """A task nobody saw is dropped; one on a person's list is done, and its reminder settled."""
        if task.state is TaskState.WAITING:
            self.add(TaskDropped(at=self.at, key=task.key, reason=reason))
        elif task.state is TaskState.RAISED:
            self.add(TaskDone(at=self.at, key=task.key, note=reason))
            self.settle_reminder(task)

    def drop(self, task: Task, reason: str, by: str = "") -> None:
        """End a task without its having been done."""
        if task.state.open:
            self.add(TaskDropped(at=self.at, key=task.key, reason=reason, by=by))
            self.settle_reminder(task)

    def settle_reminder(self, ended: Task) -> None:
        """Have the reminder of an ended task unflagged, once nothing on it is open any more."""
        self._settle([reminder for reminder in self.state.reminders if ended.key in reminder.tasks])

    def put_off(
        self, task: Task, until: datetime, *, run_at: datetime | None = None, note: str = "", by: str = ""
    ) -> None:
        """Take a task off the list until then, and its reminder with it; a promise is still looked at at `run_at`."""
        spoken = [reminder.message_id for reminder in self.state.reminders if task.key in reminder.tasks]
        self.add(TaskSnoozed(at=self.at, key=task.key, until=until, run_at=run_at or until, note=note, by=by))
        self._settle([reminder for reminder in self.state.reminders if reminder.message_id in spoken])

    def _settle(self, reminders: Iterable[ReminderState]) -> None:
        for reminder in reminders:
            if reminder.over or self._still_open(reminder.tasks):
                continue
            for task in self.state.open_tasks(Kind.REMINDER):
                if task.message_id == reminder.message_id:
                    self.add(TaskDropped(at=self.at, key=task.key, reason="nothing on it is open any more"))
            key = f"{self.state.id}/settle/{short(reminder.message_id)}"
            self.schedule(Task(key=key, kind=Kind.SETTLING, run_at=self.at, message_id=reminder.message_id))

    def _still_open(self, keys: tuple[str, ...]) -> bool:
        tasks = (self.state.task(key) for key in keys)
        return any(task is not None and task.state.open for task in tasks)

    def answered(self) -> None:
        """A person answered: our drafts of an answer are taken back, but for the one planned for a later day.

        A first word settles nothing, so the answer is still wanted before the day by which it is settled.
        """
        later = {task.key for task in self.state.open_tasks(Kind.DRAFT)
                 if task.purpose is Purpose.ANSWER and task.run_at > self.at}  # fmt: skip
        self.withdraw(ANSWERS, "a person answered", but=later)

    def withdraw(
        self, purposes: tuple[Purpose, ...], reason: str, playbook: str = "", *, but: Collection[str] = ()
    ) -> None:
        """Take back drafts of these purposes (and playbook): planned ones are dropped, untouched ones withdrawn.

        `but` are the keys of planned ones that stay.
        """
        for task in self.state.open_tasks(Kind.DRAFT):
            if task.purpose in purposes and playbook in ("", task.playbook) and task.key not in but:
                self.drop(task, reason)
        for draft in self.state.drafts:
            ours = draft.purpose in purposes and draft.fate is DraftFate.WRITTEN
            if ours and playbook in ("", self._playbook_of(draft)):
                self.schedule(withdrawal(self.state, draft.message_id, self.at))

    def _playbook_of(self, draft: DraftState) -> str:
        task = self.state.task(draft.task)
        return task.playbook if task else ""

    def draft_sent(self, message_id: str) -> None:
        """A draft went out; a follow_up that was sent is a follow_up done."""
        draft = self.state.draft(message_id)
        if draft is None or draft.fate is DraftFate.SENT:
            return
        self.add(DraftChanged(at=self.at, message_id=message_id, fate=DraftFate.SENT))
        if draft.purpose is Purpose.FOLLOW_UP:
            for task in self.state.open_tasks(Kind.FOLLOW_UP):
                if round_of(task) == draft.round and task.playbook == self._playbook_of(draft):
                    self.end(task, "its draft was sent")

    @property
    def listening(self) -> bool:
        """Whether this is an open case."""
        return self.state.status is Status.OPEN


def _retagged(task: Task, replaced: Mapping[str, str]) -> tuple[str, ...]:
    """What is left for this task to put on, or to take off, once the old tags are replaced by the new."""
    if task.untag:
        return tuple(tag for tag in task.tags if tag not in replaced.values())
    return tuple(replaced.get(tag, tag) for tag in task.tags)


def round_of(task: Task) -> int:
    """The round a task belongs to; 0 for what belongs to none."""
    part = task.key.split("/")[1]
    return int(part) if part.isdigit() else 0


def making_room(case: Case, draft: str, at: datetime, reason: str) -> Task:
    """The task that takes back this draft for another one, which is written at `at`: it comes up just before."""
    return replace(withdrawal(case, draft, at - timedelta(microseconds=1)), note=reason)


def withdrawal(case: Case, draft: str, at: datetime) -> Task:
    """The one task that takes back the draft with this Message-ID."""
    key = f"{case.id}/withdraw/{short(draft)}"
    return Task(key=key, kind=Kind.WITHDRAWAL, run_at=at, message_id=draft)


def short(text: str, length: int = 16) -> str:
    """A stable opaque name for `text`, of lower-case hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def case_id(inbox: str, message_key: str) -> str:
    """The id of the case this message opens; the same message always gives the same id."""
    return "c" + short(f"{inbox}|{message_key}", 11)


def message_id(case: Case, *parts: str) -> str:
    """A Message-ID fixed for this case and purpose, so that writing twice can be recognised (RFC 5322, 3.6.4)."""
    domain = case.identity.email.rpartition("@")[2] or "amends.invalid"
    return f"<amends.{short('|'.join((case.id, *parts)), 24)}@{domain}>"
