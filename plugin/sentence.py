"""A playbook said in one English sentence, for whoever wants to read a rule back before it is in force."""

from __future__ import annotations

from collections.abc import Sequence

from plugin.hours import Roll
from plugin.model import Purpose
from plugin.patterns import Pattern
from plugin.playbook import (
    Action,
    AnyOf,
    Assign,
    Condition,
    DueBy,
    DueFor,
    Flag,
    FollowUp,
    From,
    Goodwill,
    Not,
    OneOf,
    Party,
    Playbook,
    Says,
    Tag,
    When,
    WriteDraft,
)


def sentence(playbook: Playbook) -> str:
    """When it is looked at, what must hold and what is then done, as one sentence; the same for the same playbook."""
    asked = [_said(condition, so=True) for condition in playbook.condition.conditions]
    when = " and ".join((_WHEN[playbook.when], *asked))
    return f"{when}: {_series([_done(action) for action in playbook.actions], 'and')}."


_WHEN = {
    When.COMPLAINT_RECEIVED: "When a complaint is received",
    When.MESSAGE_RECEIVED: "When the customer of an open case writes again",
    When.REPLY_SENT: "When we have answered the customer",
    When.DUE_MISSED: "When a due date is missed",
    When.RESOLVED: "When a case is resolved",
    When.REOPENED: "When a case is reopened",
    When.FEEDBACK_RECEIVED: "When the customer gives feedback",
}


# --- conditions ------------------------------------------------------------------------------------------------------

_LABELS = {
    "category": ("its category is", "its category is not"),
    "severity": ("its severity is", "its severity is not"),
    "risk": ("it bears the risk", "it does not bear the risk"),
    "asks": ("it asks for", "it does not ask for"),
    "language": ("its language is", "its language is not"),
    "channel": ("it came by", "it did not come by"),
    "inbox": ("it came to the inbox", "it did not come to the inbox"),
    "to": ("it was sent to", "it was not sent to"),
    "from": ("it comes from", "it does not come from"),
    "subject": ("its subject holds", "its subject does not hold"),
    "text": ("its text holds", "its text does not hold"),
    "tag": ("it is tagged", "it is not tagged"),
    "outcome": ("the outcome is", "the outcome is not"),
    "missed": ("what is missed is the", "what is missed is not the"),
}
_FLAGS = {
    "heated": ("it is heated", "it is not heated"),
    "has_attachment": ("it has an attachment", "it has no attachment"),
    "repeat": ("the customer complained before", "the customer has not complained before"),
    "chaser": ("the customer is asking again", "the customer is not asking again"),
    "satisfied": ("the customer is satisfied", "the customer is not satisfied"),
}


def _said(condition: Condition, *, so: bool) -> str:
    """The condition, or that it does not hold."""
    match condition:
        case Not():
            return _said(condition.condition, so=not so)
        case AnyOf():
            several = [_said(one, so=so) for one in condition.conditions]
            return f"either {' or '.join(several)}" if so and len(several) > 1 else " and ".join(several)
        case Flag():
            return _FLAGS[condition.word][condition.value is not so]
        case Says():
            sought = [str(one) if isinstance(one, Pattern) else f'"{one.source}"' for one in condition.sought]
            return _of(condition.word, sought, so=so)
        case OneOf() | Party():
            return _of(condition.word, condition.values, so=so)
    return str(condition)


def _of(word: str, values: Sequence[str], *, so: bool) -> str:
    return f"{_LABELS[word][not so]} {_series(values, 'or')}"


# --- actions ---------------------------------------------------------------------------------------------------------

_TASKS = {
    DueFor.ACKNOWLEDGEMENT: "acknowledge it",
    DueFor.UPDATE: "tell the customer how it stands",
    DueFor.RESOLUTION: "resolve it",
}
_LETTERS = {
    Purpose.ACKNOWLEDGEMENT: "an acknowledgement",
    Purpose.UPDATE: "an update",
    Purpose.ANSWER: "an answer",
    Purpose.FOLLOW_UP: "a follow-up",
    Purpose.GOODWILL: "a gesture",
}
_STARTS = {
    From.RECEIPT: "its receipt",
    From.DAY_AFTER_RECEIPT: "its receipt, the next day being the first",
    From.ACKNOWLEDGEMENT: "the acknowledgement",
    From.RESOLUTION: "the resolution",
    From.REOPENING: "the reopening",
}
_ROLLS = {
    Roll.NEXT: "on a closed day the next working day",
    Roll.PREVIOUS: "on a closed day the last working day before",
}


def _done(action: Action) -> str:
    match action:
        case Tag():
            return f"tag it {_series(action.tags, 'and')}"
        case Assign():
            return f"give it to {action.owner}"
        case DueBy():
            return _due(action)
        case WriteDraft():
            return f"write the draft {action.text} ({_LETTERS[action.purpose]})"
        case FollowUp():
            asked = f"{action.after} after {_STARTS[action.start]} ask whether all is well"
            return asked + _aside(_counted(action.hours), _draft(action.draft))
        case Goodwill():
            worth = f" worth up to {action.up_to}" if action.up_to else ""
            offered = f"{action.after} after {_STARTS[action.start]} offer {_series(action.offer, 'or') or 'a gesture'}"
            return offered + worth + _aside(_counted(action.hours), _draft(action.draft))


def _due(action: DueBy) -> str:
    start = "" if action.start is From.RECEIPT else f" of {_STARTS[action.start]}"
    span = f"at least every {action.span}" if action.every else f"within {action.span}"
    if action.every and start:
        start = f" from {_STARTS[action.start]} on"
    pause = "not counting while we wait for the customer" if action.pause else ""
    ready = f"with the draft {action.draft} ready before" if action.draft else ""
    return f"{_TASKS[action.due_for]} {span}{start}" + _aside(
        _counted(action.hours), _ROLLS.get(action.roll, ""), pause, ready
    )


def _counted(hours: str) -> str:
    return f"by the calendar {hours}" if hours else ""


def _draft(text: str) -> str:
    return f"with the draft {text}" if text else ""


def _aside(*remarks: str) -> str:
    said = "; ".join(remark for remark in remarks if remark)
    return f" ({said})" if said else ""


def _series(words: Sequence[str], last: str) -> str:
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)
