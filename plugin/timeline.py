"""A case is the timeline of what happened to one complaint; everything else about it is a fold of that timeline.

`evolve` is total: an event that was once stored always applies, in any later version of Amends.
Events carry their own time; folding needs no clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import singledispatch
from typing import Any, TypeVar

from pydantic import TypeAdapter

from plugin.model import Address, Origin, Place, Purpose

T = TypeVar("T")
NOBODY = Address("")
PROMISE = "promise"
"""What a due-by is for that one of us promised in a reply; a case may have several: `promise/<name>`."""


def kind_of(due_for: str) -> str:
    """Acknowledgement, update, resolution or promise: what a due-by is for, without the name it has of its own."""
    return due_for.partition("/")[0]


class Status(StrEnum):
    """Where a case stands; UNDECIDED waits for a person's word and is not listed as a case."""

    NONE = "none"
    UNDECIDED = "undecided"
    OPEN = "open"
    RESOLVED = "resolved"


class Kind(StrEnum):
    """What a task asks for: the first six of the inbox, the others of a person."""

    TAG = "tag"
    DRAFT = "draft"
    REMINDER = "reminder"
    WITHDRAWAL = "withdrawal"
    SETTLING = "settling"
    NOTE = "note"
    ACKNOWLEDGEMENT = "acknowledgement"
    UPDATE = "update"
    RESOLUTION = "resolution"
    FOLLOW_UP = "follow_up"
    GOODWILL = "goodwill"
    APPROVAL = "approval"
    PREVENTION = "prevention"
    PROMISE = "promise"

    @property
    def for_inbox(self) -> bool:
        """Whether Amends itself does it, in the inbox; else it is on a person's list."""
        return self in _FOR_INBOX

    @property
    def what(self) -> str:
        """What is to be done, in a person's words."""
        return _WHAT[self]


_FOR_INBOX = frozenset({Kind.TAG, Kind.DRAFT, Kind.REMINDER, Kind.WITHDRAWAL, Kind.SETTLING, Kind.NOTE})


_WHAT = {
    Kind.ACKNOWLEDGEMENT: "acknowledge this complaint",
    Kind.UPDATE: "send an update",
    Kind.RESOLUTION: "resolve this complaint",
    Kind.FOLLOW_UP: "ask whether all is well",
    Kind.GOODWILL: "make a small gesture of goodwill",
    Kind.APPROVAL: "approve",
    Kind.PREVENTION: "see that it does not happen again",
    Kind.PROMISE: "keep what was promised",
    Kind.TAG: "put the tags on the message",
    Kind.DRAFT: "write the draft",
    Kind.REMINDER: "put the reminder into the inbox",
    Kind.WITHDRAWAL: "take back the draft",
    Kind.SETTLING: "settle the reminder",
    Kind.NOTE: "leave a note for colleagues",
}


class TaskState(StrEnum):
    """A task waits for its time, is raised onto a person's list, and ends done or dropped."""

    WAITING = "waiting"
    RAISED = "raised"
    DONE = "done"
    DROPPED = "dropped"

    @property
    def open(self) -> bool:
        """Whether something is still to come of it."""
        return self in (TaskState.WAITING, TaskState.RAISED)


class DraftFate(StrEnum):
    """What became of a draft; only a written one may be withdrawn."""

    WRITTEN = "written"
    EDITED = "edited"
    SENT = "sent"
    GONE = "gone"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something that must happen at `run_at`; `key` is `<case>/<round>/<playbook>/<step>` and unique for ever."""

    key: str
    kind: Kind
    run_at: datetime
    state: TaskState = TaskState.WAITING
    playbook: str = ""
    note: str = ""
    template: str = ""  # a draft's text, or the one to write when this task is raised
    purpose: Purpose | None = None
    message_id: str = ""  # of the draft or reminder it writes, takes back or settles
    message: str = ""  # the key of the message it tags
    tags: tuple[str, ...] = ()
    untag: bool = False
    number: int = 1  # which update due-by of the round
    up_to: str = ""
    offer: tuple[str, ...] = ()
    until: datetime | None = None  # a person put it off to then

    @property
    def held_back(self) -> str:
        """Why it was never written into the inbox, where a cap or the mode of the inbox forbade it; else empty."""
        return self.note if self.state is TaskState.DROPPED and self.note in _HELD_BACK else ""

    @property
    def family(self) -> str:
        """Of a draft, the key of the first one for the same purpose: where it is another, this takes its place."""
        return self.key.partition(".")[0]

    @property
    def looked_at(self) -> bool:
        """Whether the promise it watches over was found wanting before it was put off."""
        return self.until is not None and self.run_at == self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class DueBy:
    """One promise of the case: what must be proved by when, and whether it was.

    One that was made in a reply has its words in `said`, which stand at `said_start` to `said_end` of that reply's own
    text, and the `sentence` around them; `said_in` is the key and `message_id` the Message-ID of that reply.
    """

    due_for: str
    due_at: datetime | None
    start: str = "receipt"
    anchor_at: datetime | None = None
    span: str = ""
    every: bool = False
    hours: str = ""
    roll: str = "none"
    provisional: bool = False  # counted from a date that may still move
    pause: bool = False  # the clock stands still while we wait for the customer
    paused_at: datetime | None = None  # since when it does
    pauses: tuple[tuple[datetime, datetime], ...] = ()  # when it did
    playbook: str = ""
    task: str = ""
    draft: str = ""
    number: int = 1
    met_at: datetime | None = None
    met_by: str = ""
    missed: bool = False
    note: str = ""
    said: str = ""
    said_start: int = 0
    said_end: int = 0
    sentence: str = ""
    said_in: str = ""
    message_id: str = ""

    @property
    def open(self) -> bool:
        """Whether it still waits for its proof."""
        return self.met_at is None

    @property
    def kind(self) -> str:
        """Acknowledgement, update, resolution or promise."""
        return kind_of(self.due_for)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftState:
    """One draft we wrote: where it lies and what became of it."""

    message_id: str
    purpose: Purpose
    round: int
    task: str
    written_at: datetime
    fate: DraftFate = DraftFate.WRITTEN
    place: Place | None = None
    digest: str = ""
    marks: int = 0
    answers: str = ""  # the Message-ID it answers
    gone_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderState:
    """One reminder we put into the inbox, with the tasks of this case it speaks of."""

    message_id: str
    tasks: tuple[str, ...]
    place: Place | None = None
    digest: str = ""
    placed: bool = False
    over: bool = False  # a person ended or removed it, or we settled it
    listed: bool = False  # speaks of tasks of several cases


@dataclass(frozen=True, slots=True)
class LooseReply:
    """A reply that is no draft of ours as far as we know: what it answers, when it was sent and when we saw it."""

    answers: str
    replied_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply that was seen: its Message-ID, who sent it, what it answers, and when it was sent."""

    message_id: str
    by: str
    answers: str
    replied_at: datetime


@dataclass(frozen=True, slots=True)
class Ran:
    """A playbook that was looked at: whether it applied, and if not the first condition that failed."""

    name: str
    version: str
    applied: bool
    reason: str = ""
    round: int = 1


@dataclass(frozen=True, kw_only=True)
class Case:
    """One complaint as it stands now. Without slots, since it is copied for every event, and a dict copies fast."""

    id: str = ""
    inbox: str = ""
    status: Status = Status.NONE
    round: int = 0
    version: int = 0
    book: str = ""
    message: str = ""  # key of the message that opened the round
    message_id: str = ""
    references: tuple[str, ...] = ()  # ancestry a draft must carry, ending with the message it answers
    complainant: Address = NOBODY
    answer_to: Address = NOBODY
    identity: Address = NOBODY
    to: tuple[Address, ...] = ()
    origin: Origin = Origin.DIRECT
    subject: str = ""
    channel: str = "email"
    has_attachment: bool = False
    repeat: bool = False
    received_at: datetime | None = None
    since: datetime | None = None  # receipt of what set off this round
    wrote_at: datetime | None = None  # receipt of `message`, which a person's reopening leaves as it is
    reopened_at: datetime | None = None
    resolved_at: datetime | None = None
    replies: tuple[tuple[str, datetime], ...] = ()  # this round's: (Message-ID or "", when), oldest first
    loose: tuple[LooseReply, ...] = ()  # this round's replies that belong to no draft
    answers: tuple[Answered, ...] = ()  # this round's replies that were seen
    historic: bool = False
    untrusted: bool = False  # the mail that made it what it is failed DMARC, so its words may be somebody else's
    category: str = "other"
    severity: str = "low"
    risks: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    heated: bool = False
    chaser: bool = False
    language: str = ""
    judged: tuple[str, ...] = ()  # tags people or the judge set
    tags: tuple[str, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()  # (message key, tag) that were not there before us
    owner: str = ""
    due: tuple[DueBy, ...] = ()
    tasks: tuple[Task, ...] = ()
    drafts: tuple[DraftState, ...] = ()
    reminders: tuple[ReminderState, ...] = ()
    playbooks: tuple[Ran, ...] = ()
    outcome: str = ""
    cause: str = ""
    incident: str = ""  # the one it was linked to, which is its cause unless a person says otherwise
    incident_version: int = 0  # of the facts it was linked by
    undone: bool = False  # Amends took its hands off, until a person says otherwise
    erased: bool = False  # who wrote, and what, was forgotten
    words_gone_at: datetime | None = None  # what was written up to then was given up, as the site's rules say

    def task(self, key: str) -> Task | None:
        """The task with this key."""
        return next((task for task in self.tasks if task.key == key), None)

    def due_by(self, due_for: str) -> DueBy | None:
        """This round's due-by of that kind."""
        return next((due for due in self.due if due.due_for == due_for), None)

    def draft(self, message_id: str) -> DraftState | None:
        """The draft with this Message-ID."""
        return next((draft for draft in self.drafts if draft.message_id == message_id), None)

    def open_tasks(self, *kinds: Kind) -> tuple[Task, ...]:
        """Tasks still to come, of these kinds or of any."""
        return tuple(task for task in self.tasks if task.state.open and (not kinds or task.kind in kinds))


# ---- events: what happened, in the past tense -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a case at `at`."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Event):
    """A message opened the case, or opened it undecided."""

    case: str
    inbox: str
    message: str
    message_id: str
    references: tuple[str, ...]
    complainant: Address
    answer_to: Address
    identity: Address
    to: tuple[Address, ...] = ()
    origin: Origin = Origin.DIRECT
    subject: str = ""
    channel: str = "email"
    has_attachment: bool = False
    repeat: bool = False
    historic: bool = False
    untrusted: bool = False  # the receiving server's DMARC result was `fail`
    book: str = ""
    undecided: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed(Event):
    """An undecided case became one, by a person's word or a further message."""

    by: str
    since: datetime
    message: str = ""
    message_id: str = ""
    references: tuple[str, ...] = ()
    historic: bool = False
    untrusted: bool = False
    has_attachment: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined(Event):
    """A message joined the timeline; standing is complainant, earlier, passed-on, unverified, automatic or ours.

    An `earlier` one is the complainant's too, and was found after the case had been opened by a later one.
    """

    message: str
    message_id: str
    standing: str
    references: tuple[str, ...] = ()
    sender: str = ""
    note: str = ""
    has_attachment: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed(Event):
    """The judge's view of the message that set off this round."""

    category: str
    severity: str
    score: float
    language: str = ""
    risks: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    heated: bool = False
    chaser: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected(Event):
    """A person's word on what the judge said of this round's message; both labels as they are now."""

    category: str
    severity: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged(Event):
    """Tags the case shall carry; `judged` are those that do not come from a playbook."""

    tags: tuple[str, ...]
    judged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TagsKept(Event):
    """The inbox took our tags on a message: these were not there before us; `removed` are off again."""

    message: str
    tags: tuple[str, ...] = ()
    unkept: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned(Event):
    """Somebody owns the case now."""

    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybooksRan(Event):
    """Every playbook for this occasion was looked at, with the message that was at hand, if one was.

    What each condition saw is not kept: it is worked out again from the case as it stood and the letter, so that it
    goes with the letter when a person is forgotten.
    """

    when: str
    ran: tuple[Ran, ...]
    message: str = ""
    missed: str = ""  # after `due_missed`: for what
    satisfied: bool | None = None  # after `feedback_received`


@dataclass(frozen=True, slots=True, kw_only=True)
class DueBySet(Event):
    """A promise was made, or (update) made anew."""

    due: DueBy


@dataclass(frozen=True, slots=True, kw_only=True)
class DueByMet(Event):
    """A promise was proved at `met_at`, by a reply that was seen or by a person's act."""

    due_for: str
    met_at: datetime
    met_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueByUnmet(Event):
    """The proof fell away: the reply bounced."""

    due_for: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueByMissed(Event):
    """The date passed without proof."""

    due_for: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueByReleased(Event):
    """It was no promise after all: the reply did not arrive, or a person said so."""

    due_for: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueByNoted(Event):
    """Something a person should know about this promise, such as `answered, not seen`."""

    due_for: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskScheduled(Event):
    """Something will happen at `task.run_at`."""

    task: Task


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRaised(Event):
    """A task is now on a person's list."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDone(Event):
    """A task ended well; a gesture counts as delivered only with `gave` and a note."""

    key: str
    by: str = ""
    note: str = ""
    gave: str = ""


CAPPED = "the hour's cap on drafts is reached"
"""Why a draft is not written that would have been one too many."""
FORBIDDEN = {"watch": "mode watch: nothing is written", "tag": "mode tag: no draft is written"}
"""Why something is not written into the inbox, by the mode of that inbox."""
_HELD_BACK = frozenset({CAPPED, *FORBIDDEN.values()})


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDropped(Event):
    """A task ended because it was no longer needed, or because it was held back."""

    key: str
    reason: str
    by: str = ""

    @property
    def held_back(self) -> bool:
        """Whether it would have been written, and a cap or the mode of the inbox forbade it."""
        return self.reason in _HELD_BACK


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSnoozed(Event):
    """A person put a task off: it is on nobody's list before `until`.

    `run_at` is earlier where a promise it watches over falls due before that.
    """

    key: str
    until: datetime
    run_at: datetime
    note: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRefused(Event):
    """The inbox said no; the task stays and is tried again later."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftWritten(Event):
    """A draft lies in the inbox."""

    draft: DraftState


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftChanged(Event):
    """A person edited, sent or removed a draft, or we withdrew it."""

    message_id: str
    fate: DraftFate


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderPlanned(Event):
    """A reminder with this fixed Message-ID is about to be put into the inbox."""

    message_id: str
    tasks: tuple[str, ...]
    listed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderPlaced(Event):
    """The reminder lies in the inbox."""

    message_id: str
    place: Place | None
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderOver(Event):
    """The reminder was ticked off, removed by a person, or settled by us."""

    message_id: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied(Event):
    """A person answered the complainant; `message` is empty where a person only said so."""

    replied_at: datetime
    message: str = ""
    message_id: str = ""
    answers: str = ""
    draft: str = ""
    how: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyBounced(Event):
    """A reply did not arrive, so it proves nothing."""

    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved(Event):
    """A person resolved the case; an empty outcome means not stated."""

    resolved_at: datetime
    outcome: str = ""
    cause: str = ""
    note: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened(Event):
    """A new round began; `message` is empty where a person said so."""

    reason: str
    since: datetime
    message: str = ""
    message_id: str = ""
    references: tuple[str, ...] = ()
    has_attachment: bool = False
    historic: bool = False
    untrusted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked(Event):
    """The case belongs to an incident, by these facts of it; `message` was at hand, if one was.

    What each condition saw is not kept, as with playbooks.
    """

    incident: str
    version: int
    reason: str = ""
    message: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlinked(Event):
    """The facts of the incident were corrected, and the case belongs to it no more."""

    incident: str
    reason: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone(Event):
    """A person took back what Amends had done here; it does nothing more until a person says otherwise."""

    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenUp(Event):
    """A case from before the inbox was attached is dealt with like any other from now on."""

    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased(Event):
    """Who complained, and in what words, was forgotten; dates and acts stay."""

    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsGone(Event):
    """The case has rested as long as words are kept (`kept`, such as 24 months): no letter of it is there any more."""

    kept: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replanned(Event):
    """A person moved the case to another book; what its playbooks want follows, with this round's runs anew.

    `tags` are no longer wanted, and promises for `released` no longer made.
    """

    book: str
    by: str = ""
    tags: tuple[str, ...] = ()
    released: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackReceived(Event):
    """The complainant said whether he is content, and perhaps why."""

    satisfied: bool
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Event):
    """Something worth keeping that changes nothing."""

    note: str


EVENTS: dict[str, type[Event]] = {kind.__name__: kind for kind in Event.__subclasses__()}
_ADAPTERS: dict[str, TypeAdapter[Any]] = {}


def _adapter(kind: str) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(EVENTS[kind])
    return _ADAPTERS[kind]


def to_json(event: Event) -> str:
    """The event's body as JSON; together with its class name it can be read back."""
    return _adapter(type(event).__name__).serializer.to_json(event, exclude_defaults=True).decode()


def from_json(kind: str, body: str) -> Event:
    """The event that `to_json` wrote."""
    event: Event = _adapter(kind).validator.validate_json(body)
    return event


# ---- the fold -------------------------------------------------------------------------------------------------------


def fold(events: Iterable[Event], case: Case | None = None) -> Case:
    """The case these events make, on top of `case` where one is given."""
    state = case or Case()
    for event in events:
        state = evolve(state, event)
    return state


def evolve(state: Case, event: Event) -> Case:
    """The case after one more event; total: it never raises and never looks at a clock."""
    after = _FOLDS.get(type(event), _apply)(event, state)
    if after is state:
        return _with(state, version=state.version + 1)
    after.__dict__["version"] = state.version + 1  # made a moment ago and seen by nobody yet
    return after


@singledispatch
def _apply(event: Event, case: Case) -> Case:
    return case


@_apply.register
def _received(event: Received, case: Case) -> Case:
    return Case(
        id=event.case,
        inbox=event.inbox,
        status=Status.UNDECIDED if event.undecided else Status.OPEN,
        round=1,
        version=case.version,
        book=event.book,
        message=event.message,
        message_id=event.message_id,
        references=event.references,
        complainant=event.complainant,
        answer_to=event.answer_to,
        identity=event.identity,
        to=event.to,
        origin=event.origin,
        subject=event.subject,
        channel=event.channel,
        has_attachment=event.has_attachment,
        repeat=event.repeat,
        received_at=event.at,
        since=event.at,
        wrote_at=event.at,
        historic=event.historic,
        untrusted=event.untrusted,
    )


@_apply.register
def _confirmed(event: Confirmed, case: Case) -> Case:
    return _with(
        case,
        status=Status.OPEN,
        since=event.since,
        wrote_at=event.since if event.message else case.wrote_at,
        message=event.message or case.message,
        message_id=event.message_id or case.message_id,
        references=event.references or case.references,
        historic=event.historic,
        untrusted=case.untrusted or event.untrusted,
        undone=False,
    )


@_apply.register
def _joined(event: Joined, case: Case) -> Case:
    if event.standing != "complainant":
        return case
    return _with(case, references=event.references)


@_apply.register
def _assessed(event: Assessed, case: Case) -> Case:
    return _with(
        case,
        category=event.category,
        severity=event.severity,
        risks=event.risks,
        asks=event.asks,
        heated=event.heated,
        chaser=event.chaser,
        language=event.language or case.language,
    )


@_apply.register
def _corrected(event: Corrected, case: Case) -> Case:
    now = {f"category-{case.category}": f"category-{event.category}",
           f"severity-{case.severity}": f"severity-{event.severity}"}  # fmt: skip
    return _with(
        case,
        category=event.category,
        severity=event.severity,
        tags=tuple(now.get(tag, tag) for tag in case.tags),
        judged=tuple(now.get(tag, tag) for tag in case.judged),
    )


@_apply.register
def _tagged(event: Tagged, case: Case) -> Case:
    return _with(case, tags=_union(case.tags, event.tags), judged=_union(case.judged, event.judged))


@_apply.register
def _tags_kept(event: TagsKept, case: Case) -> Case:
    kept = _union(case.kept, tuple((event.message, tag) for tag in event.tags))
    gone = {(event.message, tag) for tag in event.removed}
    return _with(
        case,
        kept=tuple(pair for pair in kept if pair not in gone),
        tags=tuple(tag for tag in case.tags if tag not in event.removed),
    )


@_apply.register
def _assigned(event: Assigned, case: Case) -> Case:
    return _with(case, owner=event.owner)


@_apply.register
def _ran(event: PlaybooksRan, case: Case) -> Case:
    return _with(case, playbooks=case.playbooks + tuple(_of_round(ran, case.round) for ran in event.ran))


@_apply.register
def _replanned(event: Replanned, case: Case) -> Case:
    return _with(
        case,
        book=event.book,
        tags=tuple(tag for tag in case.tags if tag not in event.tags),
        due=tuple(due for due in case.due if due.due_for not in event.released),
        playbooks=tuple(ran for ran in case.playbooks if ran.round != case.round),
    )


@_apply.register
def _due_set(event: DueBySet, case: Case) -> Case:
    others = tuple(due for due in case.due if due.due_for != event.due.due_for)
    return _with(case, due=(*others, event.due))


@_apply.register
def _due_met(event: DueByMet, case: Case) -> Case:
    due = case.due_by(event.due_for)
    late = due is not None and due.due_at is not None and event.met_at > due.due_at
    return _change_due(case, event.due_for, met_at=event.met_at, met_by=event.met_by, missed=late, note="")


@_apply.register
def _due_unmet(event: DueByUnmet, case: Case) -> Case:
    return _change_due(case, event.due_for, met_at=None, met_by="", note=event.reason)


@_apply.register
def _due_missed(event: DueByMissed, case: Case) -> Case:
    return _change_due(case, event.due_for, missed=True)


@_apply.register
def _due_released(event: DueByReleased, case: Case) -> Case:
    return _with(case, due=tuple(due for due in case.due if due.due_for != event.due_for))


@_apply.register
def _due_noted(event: DueByNoted, case: Case) -> Case:
    return _change_due(case, event.due_for, note=event.note)


@_apply.register
def _scheduled(event: TaskScheduled, case: Case) -> Case:
    others = tuple(task for task in case.tasks if task.key != event.task.key)
    return _with(case, tasks=(*others, event.task))


@_apply.register
def _raised(event: TaskRaised, case: Case) -> Case:
    return _change_task(case, event.key, state=TaskState.RAISED)


@_apply.register
def _done(event: TaskDone, case: Case) -> Case:
    note = "; ".join(part for part in (event.gave and f"gave {event.gave}", event.note) if part)
    changed = {"state": TaskState.DONE} | ({"note": note} if note else {})
    return _change_task(case, event.key, **changed)


@_apply.register
def _dropped(event: TaskDropped, case: Case) -> Case:
    return _change_task(case, event.key, state=TaskState.DROPPED, note=event.reason)


@_apply.register
def _snoozed(event: TaskSnoozed, case: Case) -> Case:
    """A reminder of before no longer speaks of it."""
    noted = {"note": event.note} if event.note else {}
    after = _change_task(case, event.key, state=TaskState.WAITING, run_at=event.run_at, until=event.until, **noted)
    reminders = tuple(
        replace(item, tasks=tuple(key for key in item.tasks if key != event.key)) if event.key in item.tasks else item
        for item in case.reminders
    )
    return _with(after, reminders=reminders)


@_apply.register
def _refused(event: TaskRefused, case: Case) -> Case:
    return _change_task(case, event.key, note=event.reason)


@_apply.register
def _draft_written(event: DraftWritten, case: Case) -> Case:
    others = tuple(draft for draft in case.drafts if draft.message_id != event.draft.message_id)
    return _with(case, drafts=(*others, event.draft))


@_apply.register
def _draft_changed(event: DraftChanged, case: Case) -> Case:
    gone_at = event.at if event.fate is DraftFate.GONE else None
    drafts = tuple(
        replace(draft, fate=event.fate, gone_at=gone_at) if draft.message_id == event.message_id else draft
        for draft in case.drafts
    )
    return _with(case, drafts=drafts)


@_apply.register
def _reminder_planned(event: ReminderPlanned, case: Case) -> Case:
    planned = ReminderState(message_id=event.message_id, tasks=event.tasks, listed=event.listed)
    return _with(case, reminders=(*case.reminders, planned))


@_apply.register
def _reminder_placed(event: ReminderPlaced, case: Case) -> Case:
    return _change_reminder(case, event.message_id, placed=True, place=event.place, digest=event.digest)


@_apply.register
def _reminder_over(event: ReminderOver, case: Case) -> Case:
    return _change_reminder(case, event.message_id, over=True)


@_apply.register
def _replied(event: Replied, case: Case) -> Case:
    replies = sorted((*case.replies, (event.message_id, event.replied_at)), key=lambda reply: reply[1])
    loose = () if event.draft or not event.message else (LooseReply(event.answers, event.replied_at, event.at),)
    if event.message:
        seen = Answered(event.message_id, event.by, event.answers, event.replied_at)
        return _with(case, replies=tuple(replies), loose=case.loose + loose, answers=(*case.answers, seen))
    return _with(case, replies=tuple(replies), loose=case.loose + loose)


@_apply.register
def _bounced(event: ReplyBounced, case: Case) -> Case:
    return _with(
        case,
        replies=tuple(reply for reply in case.replies if reply[0] != event.message_id),
        answers=tuple(answer for answer in case.answers if answer.message_id != event.message_id),
    )


@_apply.register
def _resolved(event: Resolved, case: Case) -> Case:
    return _with(
        case, status=Status.RESOLVED, resolved_at=event.resolved_at, outcome=event.outcome,
        cause=event.cause or case.cause,  # that of its incident, or what a person called it before
    )  # fmt: skip


@_apply.register
def _reopened(event: Reopened, case: Case) -> Case:
    # What a person reopens is the same complaint, and has the cause it had; another message may have another.
    incident, version = ("", 0) if event.message else (case.incident, case.incident_version)
    return _with(
        case,
        status=Status.OPEN,
        round=case.round + 1,
        reopened_at=event.at,
        since=event.since,
        wrote_at=event.since if event.message else case.wrote_at,
        message=event.message or case.message,
        message_id=event.message_id or case.message_id,
        references=event.references or case.references,
        resolved_at=None,
        replies=(),
        loose=(),
        answers=(),
        outcome="",
        cause=incident,
        incident=incident,
        incident_version=version,
        due=(),
        historic=event.historic,
        untrusted=case.untrusted or event.untrusted,
        undone=False,
    )


@_apply.register
def _linked(event: Linked, case: Case) -> Case:
    return _with(case, incident=event.incident, incident_version=event.version, cause=event.incident)


@_apply.register
def _unlinked(event: Unlinked, case: Case) -> Case:
    return _with(case, incident="", incident_version=0, cause="")


@_apply.register
def _undone(event: Undone, case: Case) -> Case:
    status = case.status if case.status is Status.UNDECIDED else Status.RESOLVED
    return _with(case, status=status, undone=True)


@_apply.register
def _taken_up(event: TakenUp, case: Case) -> Case:
    return _with(case, historic=False)


@_apply.register
def _erased(event: Erased, case: Case) -> Case:
    return _with(case, erased=True)


@_apply.register
def _words_gone(event: WordsGone, case: Case) -> Case:
    return _with(case, words_gone_at=event.at)


def _union(first: tuple[T, ...], second: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def _change_due(case: Case, due_for: str, **changes: Any) -> Case:
    due = tuple(replace(item, **changes) if item.due_for == due_for else item for item in case.due)
    return _with(case, due=due)


def _change_task(case: Case, key: str, **changes: Any) -> Case:
    return _with(case, tasks=tuple(replace(task, **changes) if task.key == key else task for task in case.tasks))


def _change_reminder(case: Case, message_id: str, **changes: Any) -> Case:
    reminders = tuple(replace(item, **changes) if item.message_id == message_id else item for item in case.reminders)
    return _with(case, reminders=reminders)


def _with(case: Case, **changes: Any) -> Case:
    """The case with these fields changed, as dataclasses.replace does, only without looking at every field anew."""
    copy = object.__new__(Case)
    copy.__dict__.update(case.__dict__, **changes)
    return copy


def _of_round(ran: Ran, number: int) -> Ran:
    return ran if ran.round == number else replace(ran, round=number)


_FOLDS = _apply.registry
"""What `_apply` does for each event, looked up without its weak references; there is one fold for each event."""
