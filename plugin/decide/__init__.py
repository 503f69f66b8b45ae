"""Something happened; what follows? A pure function of the case, what happened, and the playbooks in force.

`decide` reads only its arguments: no clock, no database, no network. Time arrives inside the trigger.
"""

from __future__ import annotations

from plugin.decide import acts, incidents, messages, promises, replan, rules
from plugin.decide.acts import (
    Act,
    Acted,
    Correct,
    EndReminder,
    EndTask,
    MarkAnswered,
    Note,
    Rate,
    Reopen,
    Resolve,
    SayReplied,
    Snooze,
    TouchDraft,
    Vanish,
    Wait,
)
from plugin.decide.incidents import IncidentTold, is_untouched, predecessors
from plugin.decide.replan import Replanning
from plugin.decide.rules import date_of, working_of, working_of_later
from plugin.decide.story import (
    CalendarsChanged,
    MessageSeen,
    Policy,
    Story,
    TaskDue,
    case_id,
    message_id,
    short,
    withdrawal,
)
from plugin.decide.taking import ActRefused, SettleOld, TakeUp, Undo
from plugin.model import Direction
from plugin.timeline import Case, Event

Trigger = MessageSeen | TaskDue | Acted | CalendarsChanged | Replanning | IncidentTold

__all__ = [
    "Act",
    "ActRefused",
    "Acted",
    "CalendarsChanged",
    "Correct",
    "EndReminder",
    "EndTask",
    "IncidentTold",
    "MarkAnswered",
    "MessageSeen",
    "Note",
    "Policy",
    "Rate",
    "Reopen",
    "Replanning",
    "Resolve",
    "SayReplied",
    "SettleOld",
    "Snooze",
    "TakeUp",
    "TaskDue",
    "TouchDraft",
    "Trigger",
    "Undo",
    "Vanish",
    "Wait",
    "case_id",
    "date_of",
    "decide",
    "is_untouched",
    "message_id",
    "predecessors",
    "short",
    "told",
    "withdrawal",
    "working_of",
    "working_of_later",
]


def decide(state: Case, trigger: Trigger, policy: Policy) -> tuple[Event, ...]:
    """The events that follow from `trigger`, none where nothing does; raises ActRefused for an act that cannot be."""
    return told(state, trigger, policy)[0]


def told(state: Case, trigger: Trigger, policy: Policy) -> tuple[tuple[Event, ...], Case]:
    """What `decide` gives, and the case as it stands with these events applied."""
    story = Story(state, trigger.at, policy)
    match trigger:
        case MessageSeen():
            story.message = trigger.message
            story.text = trigger.assessment.own_text
            if trigger.message.direction is Direction.IN:
                story.assessment = trigger.assessment
            messages.seen(story, trigger)
        case TaskDue():
            story.text = trigger.text
            acts.came_due(story, trigger.key)
        case Acted():
            story.text = trigger.text
            acts.acted(story, trigger.act)
        case CalendarsChanged():
            promises.move(story)
        case Replanning():
            replan.replan(story, trigger)
        case IncidentTold():
            story.text = trigger.text
            incidents.told(story, trigger)
    rules.show_tags(story, state)
    return tuple(story.events), story.state
