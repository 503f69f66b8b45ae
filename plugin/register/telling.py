"""What happened, told in one plain sentence per event."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import singledispatch

from plugin.inbox import FLAG
from plugin.model import clip
from plugin.timeline import (
    PROMISE,
    Assessed,
    Assigned,
    Case,
    Confirmed,
    Corrected,
    DraftChanged,
    DraftFate,
    DraftWritten,
    DueByMet,
    DueByMissed,
    DueByNoted,
    DueByReleased,
    DueBySet,
    DueByUnmet,
    Erased,
    Event,
    FeedbackReceived,
    Joined,
    Kind,
    Linked,
    Noted,
    PlaybooksRan,
    Received,
    ReminderOver,
    ReminderPlaced,
    ReminderPlanned,
    Reopened,
    Replanned,
    Replied,
    ReplyBounced,
    Resolved,
    Tagged,
    TagsKept,
    TakenUp,
    TaskDone,
    TaskDropped,
    TaskRaised,
    TaskRefused,
    TaskScheduled,
    TaskSnoozed,
    Undone,
    Unlinked,
    WordsGone,
    kind_of,
)

"""Each task in plain words, to stand after `to`."""

_PROMISES = (Kind.ACKNOWLEDGEMENT, Kind.UPDATE, Kind.RESOLUTION)
_JOINED = {
    "complainant": "The complainant wrote again",
    "earlier": "The complainant had written before in this thread",
    "passed-on": "A colleague passed on what they had written",
    "unverified": "Somebody else wrote in this thread",
    "automatic": "A machine wrote in this thread",
    "ours": "One of us wrote in this thread",
}
_FATES = {
    DraftFate.WRITTEN: "lies among the drafts",
    DraftFate.EDITED: "was edited by a person",
    DraftFate.SENT: "was sent by a person",
    DraftFate.GONE: "was removed by a person",
    DraftFate.WITHDRAWN: "was withdrawn, since nobody had touched it",
}


@dataclass(frozen=True, slots=True)
class Tale:
    """Tells the events of `case`, as it stands now; `shown` writes a time for people."""

    case: Case
    shown: Callable[[datetime], str]

    def tell(self, event: Event) -> str:
        """One sentence; for an event nobody has taught it, the event's name."""
        return _tell(event, self)

    def what(self, key: str) -> str:
        """The task in plain words."""
        task = self.case.task(key)
        return f"task {key}" if task is None else task.kind.what

    def draft(self, message_id: str) -> str:
        """The draft by its purpose."""
        draft = self.case.draft(message_id)
        return f"The {_words(draft.purpose)} draft" if draft else "A draft"


def is_minor(event: Event, case: Case) -> bool:
    """Whether it is a working step of Amends that another event tells better."""
    if isinstance(event, TagsKept | ReminderPlanned):
        return not getattr(event, "unkept", ())  # that a tag does not show is news
    if isinstance(event, TaskSnoozed):
        return not event.by
    if isinstance(event, TaskScheduled):
        return event.task.kind.for_inbox or (event.task.kind in _PROMISES and not event.task.note)
    if not isinstance(event, TaskDone | TaskDropped) or getattr(event, "held_back", False):
        return False
    task = case.task(event.key)
    return task is not None and (task.kind.for_inbox or (task.kind in _PROMISES and not event.by))


def _words(name: str) -> str:
    return name.replace("_", "-")


def _list(words: Iterable[str]) -> str:
    return ", ".join(words)


def _by(who: str) -> str:
    return f" by {who}" if who else ""


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


@singledispatch
def _tell(event: Event, tale: Tale) -> str:
    return f"{type(event).__name__}."


# ---- messages -------------------------------------------------------------------------------------------------------


@_tell.register
def _received(event: Received, tale: Tale) -> str:
    who = event.complainant if event.complainant.email else "Somebody"  # who was forgotten since
    told = f"{who} wrote to {event.inbox}: “{clip(event.subject, 120) or 'no subject'}”."
    if event.undecided:
        told += " It may be a complaint; a person must say."
    if event.repeat:
        told += " They have complained before."
    if event.historic:
        told += " It came before this inbox was attached, so it gets no draft and no reminder."
    return told


@_tell.register
def _confirmed(event: Confirmed, tale: Tale) -> str:
    return f"It is a complaint, as {event.by} shows."


@_tell.register
def _joined(event: Joined, tale: Tale) -> str:
    sender = f" ({event.sender})" if event.sender else ""
    return f"{_JOINED.get(event.standing, event.standing)}{sender}{_because(event.note)}."


@_tell.register
def _assessed(event: Assessed, tale: Tale) -> str:
    told = f"Read as {event.category}, severity {event.severity}, score {event.score:.2f}"
    parts = [f"asks for {_list(event.asks)}" if event.asks else "", f"risk {_list(event.risks)}" if event.risks else ""]
    parts += ["heated" if event.heated else "", "not the first time they ask" if event.chaser else ""]
    return "; ".join([told, *filter(None, parts)]) + "."


@_tell.register
def _corrected(event: Corrected, tale: Tale) -> str:
    return f"Read as {event.category}, severity {event.severity}, as said{_by(event.by)}."


@_tell.register
def _replied(event: Replied, tale: Tale) -> str:
    when = tale.shown(event.replied_at)
    if not event.message:
        return f"The complainant was answered on {when}, as said{_by(event.by)}{_because(event.how)}."
    return f"A person answered the complainant on {when}{', with our draft' if event.draft else ''}."


@_tell.register
def _bounced(event: ReplyBounced, tale: Tale) -> str:
    return "The answer came back: it did not reach the complainant."


# ---- the case -------------------------------------------------------------------------------------------------------


@_tell.register
def _tagged(event: Tagged, tale: Tale) -> str:
    return f"Tagged {_list(event.tags)}."


@_tell.register
def _tags_kept(event: TagsKept, tale: Tale) -> str:
    told = [f"carries {_list(_marks(event.tags))}"] if event.tags else []
    told += [f"no longer carries {_list(_marks(event.removed))}"] if event.removed else []
    told += [f"cannot carry {_list(_marks(event.unkept))} on this server"] if event.unkept else []
    return f"The message {'; '.join(told) or 'carried these tags already'}."


def _marks(tags: Iterable[str]) -> Iterable[str]:
    return ("a flag" if tag == FLAG else tag for tag in tags)


@_tell.register
def _assigned(event: Assigned, tale: Tale) -> str:
    return f"{event.owner} owns it now."


@_tell.register
def _ran(event: PlaybooksRan, tale: Tale) -> str:
    applied = [ran.name for ran in event.ran if ran.applied]
    count = f"{len(event.ran)} playbook{'' if len(event.ran) == 1 else 's'}"
    return f"Looked at {count} for {event.when.replace('_', ' ')}: {_list(applied) or 'none'} applied."


@_tell.register
def _resolved(event: Resolved, tale: Tale) -> str:
    outcome = f": {event.outcome}" if event.outcome else ", without an outcome stated"
    cause = f"; cause: {event.cause}" if event.cause else ""
    return f"Resolved{_by(event.by)} on {tale.shown(event.resolved_at)}{outcome}{cause}{_note(event.note)}."


@_tell.register
def _reopened(event: Reopened, tale: Tale) -> str:
    return f"A new round began{_because(event.reason)}."


@_tell.register
def _linked(event: Linked, tale: Tale) -> str:
    how = f"{', as corrected' if event.version > 1 else ''}{_by(event.by) and ', told'}{_by(event.by)}"
    return f"It belongs to the incident {event.incident}{how}{_because(event.reason)}."


@_tell.register
def _unlinked(event: Unlinked, tale: Tale) -> str:
    return f"It belongs to the incident {event.incident} no more{_because(event.reason)}."


@_tell.register
def _undone(event: Undone, tale: Tale) -> str:
    return f"Undone{_by(event.by)}{_because(event.reason)}: Amends takes back what it did, and does nothing more here."


@_tell.register
def _taken_up(event: TakenUp, tale: Tale) -> str:
    return f"Taken up{_by(event.by)}: from now on it is dealt with like a new one."


@_tell.register
def _words_gone(event: WordsGone, tale: Tale) -> str:
    return f"Amends gave up what was written in this case: words are kept for {event.kept} (keep: text)."


@_tell.register
def _erased(event: Erased, tale: Tale) -> str:
    return f"Forgotten{_by(event.by)}: who complained, and in what words. Dates and acts stay."


@_tell.register
def _replanned(event: Replanned, tale: Tale) -> str:
    told = [f"Moved{_by(event.by)} to the playbooks now in force"]
    told += [f"no longer tagged {_list(event.tags)}"] if event.tags else []
    told += [f"no longer promised: {_list(event.released)}"] if event.released else []
    return "; ".join(told) + "."


@_tell.register
def _rated(event: FeedbackReceived, tale: Tale) -> str:
    return f"The customer said: {'content' if event.satisfied else 'not content'}{_note(event.note)}."


@_tell.register
def _noted(event: Noted, tale: Tale) -> str:
    return f"Note: {event.note}."


def _note(note: str) -> str:
    return f"; note: {note}" if note else ""


# ---- due-bys --------------------------------------------------------------------------------------------------------


@_tell.register
def _due_set(event: DueBySet, tale: Tale) -> str:
    due = event.due
    if due.kind == PROMISE and due.due_at is not None:
        return f"Promised in a reply: “{due.said or due.sentence}”, due {tale.shown(due.due_at)}."
    if due.due_at is None:
        return f"{_promise(due.due_for)}: due {due.span} after the {due.start}, by playbook {due.playbook}."
    every = "every " if due.every else "within "
    return f"{_promise(due.due_for)}: due {tale.shown(due.due_at)} ({every}{due.span}, by playbook {due.playbook})."


@_tell.register
def _due_met(event: DueByMet, tale: Tale) -> str:
    how = "by a reply" if event.met_by == "reply" else "by a person's act"
    return f"{_promise(event.due_for)}: done {how} on {tale.shown(event.met_at)}."


@_tell.register
def _due_unmet(event: DueByUnmet, tale: Tale) -> str:
    return f"{_promise(event.due_for)}: open again, since {event.reason}."


@_tell.register
def _due_missed(event: DueByMissed, tale: Tale) -> str:
    return f"{_promise(event.due_for)}: the date has passed, and it was not done."


@_tell.register
def _due_released(event: DueByReleased, tale: Tale) -> str:
    return f"{_promise(event.due_for)}: not owed after all, {event.reason}."


@_tell.register
def _due_noted(event: DueByNoted, tale: Tale) -> str:
    return f"{_promise(event.due_for)}: {event.note}."


def _promise(due_for: str) -> str:
    return kind_of(due_for).replace("_", "-").capitalize()


# ---- tasks ----------------------------------------------------------------------------------------------------------


@_tell.register
def _scheduled(event: TaskScheduled, tale: Tale) -> str:
    task = event.task
    purpose = f" ({_words(task.purpose)})" if task.kind is Kind.DRAFT and task.purpose else ""
    return f"Planned for {tale.shown(task.run_at)}: {task.kind.what}{purpose}{_note(task.note)}."


@_tell.register
def _raised(event: TaskRaised, tale: Tale) -> str:
    return f"Now to be done by a person: {tale.what(event.key)}."


@_tell.register
def _done(event: TaskDone, tale: Tale) -> str:
    gave = f"; given: {event.gave}" if event.gave else ""
    return f"Done{_by(event.by)}: {tale.what(event.key)}{gave}{_note(event.note)}."


@_tell.register
def _dropped(event: TaskDropped, tale: Tale) -> str:
    if event.held_back:
        return f"Not done: {tale.what(event.key)} ({event.reason})."
    return f"No longer needed{_by(event.by) and ', said' + _by(event.by)}: {tale.what(event.key)} ({event.reason})."


@_tell.register
def _snoozed(event: TaskSnoozed, tale: Tale) -> str:
    return f"Put off{_by(event.by)} to {tale.shown(event.until)}: {tale.what(event.key)}{_note(event.note)}."


@_tell.register
def _refused(event: TaskRefused, tale: Tale) -> str:
    return f"Not possible yet, and tried again later: {tale.what(event.key)} ({event.reason})."


# ---- drafts and reminders -------------------------------------------------------------------------------------------


@_tell.register
def _draft_written(event: DraftWritten, tale: Tale) -> str:
    draft = event.draft
    where = f" in {draft.place.folder}" if draft.place and draft.place.folder else ""
    marks = f", with {draft.marks} place{'' if draft.marks == 1 else 's'} to fill in" if draft.marks else ""
    return f"{_words(draft.purpose).capitalize()} draft written{where}{marks}."


@_tell.register
def _draft_changed(event: DraftChanged, tale: Tale) -> str:
    return f"{tale.draft(event.message_id)} {_FATES[event.fate]}."


@_tell.register
def _planned(event: ReminderPlanned, tale: Tale) -> str:
    return f"A reminder is on its way: {_list(tale.what(key) for key in event.tasks)}."


@_tell.register
def _placed(event: ReminderPlaced, tale: Tale) -> str:
    where = f" in {event.place.folder}" if event.place and event.place.folder else " in the inbox"
    return f"A reminder lies{where}."


@_tell.register
def _over(event: ReminderOver, tale: Tale) -> str:
    return f"The reminder was {event.how}."
