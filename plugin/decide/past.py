"""What was so when playbooks were looked at, worked out again from the timeline and from the letters that are kept.

Nothing of it is stored a second time: the case as it stood is the fold of what came before, and the words of a letter
lie where they can be forgotten. Whoever asks after a letter was forgotten gets the verdicts, which quote nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from pydantic import TypeAdapter

from plugin.decide import rules
from plugin.decide.story import Policy, Story
from plugin.model import Assessment, Attachment, Direction, Message, Place
from plugin.playbook import Facts, When
from plugin.timeline import (
    Case,
    Confirmed,
    DueByMissed,
    Event,
    FeedbackReceived,
    Joined,
    Linked,
    PlaybooksRan,
    Received,
    Reopened,
    Replied,
    Resolved,
    Status,
    evolve,
    kind_of,
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a message: its subject, its text, and what the judge thought of it."""

    subject: str
    text: str
    assessment: Assessment


Letters = Mapping[str, Kept]
"""What is kept of the messages of a case, by message key."""

_ASSESSMENT = TypeAdapter(Assessment)
_AFTERWARDS = (When.RESOLVED, When.FEEDBACK_RECEIVED, When.DUE_MISSED)
"""Occasions on which a case may be resolved already."""


def kept(rows: Mapping[str, Mapping[str, str]]) -> dict[str, Kept]:
    """The messages among the letters of a case, by message key; each row has kind, subject, text and detail."""
    return {
        key: Kept(row["subject"], row["text"], _ASSESSMENT.validate_json(row["detail"]))
        for key, row in rows.items()
        if row["kind"] in ("message", "reply") and row["detail"]
    }


@dataclass(frozen=True, slots=True)
class Occasion:
    """One look at the playbooks: the case as it stood, the message at hand, and the case once it was decided."""

    ran: PlaybooksRan
    case: Case
    after: Case
    message: Message | None
    assessment: Assessment | None
    text: str

    def story(self, policy: Policy) -> Story:
        """The story as it stood when the playbooks were looked at."""
        judged = self.assessment if self.message and self.message.direction is Direction.IN else None
        # Where it was looked at again after the case was resolved, it was asked about the time before.
        case = self.case if self.ran.when in _AFTERWARDS else replace(self.case, outcome="")
        return Story(case, self.ran.at, policy, self.text, self.message, judged)

    def facts(self, policy: Policy) -> Facts:
        """What the conditions were asked about."""
        return rules.facts_of(self.story(policy), self.ran.missed, self.ran.satisfied)


def occasions(events: Sequence[Event], letters: Letters) -> list[Occasion]:
    """Every look at the playbooks of a case, oldest first."""
    heard, state, found = _Heard(letters), Case(), list[Occasion]()
    for event in events:
        if isinstance(event, PlaybooksRan):
            message, assessment, text = heard.at_hand(state, event.message)
            found.append(Occasion(event, state, state, message, assessment, text))
        heard.take(event)
        state = evolve(state, event)
        # Several may be looked at in one decision, and what comes of it stands behind the last of them.
        for place in range(len(found) - 1, -1, -1):
            if found[place].ran.at != event.at:
                break
            found[place] = replace(found[place], after=state)
    return found


@dataclass(frozen=True, slots=True)
class Linking:
    """One linking to an incident: the case as it stood, the message at hand and what was thought of it."""

    linked: Linked
    case: Case
    message: Message | None
    assessment: Assessment | None
    text: str


def linkings(events: Sequence[Event], letters: Letters) -> list[Linking]:
    """Every linking of a case to an incident, oldest first."""
    heard, state, found = _Heard(letters), Case(), list[Linking]()
    for event in events:
        if isinstance(event, Linked):
            found.append(Linking(event, state, *heard.at_hand(state, event.message)))
        heard.take(event)
        state = evolve(state, event)
    return found


def words_now(events: Sequence[Event], case: Case, letters: Letters) -> str:
    """The words of the complaint that opened the round, as conditions look at them."""
    heard = _Heard(letters)
    for event in events:
        heard.take(event)
    return heard.at_hand(case, "")[2]


# ---- a round as it went ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A moment of a round on which playbooks are looked at, and the replies that count from then on.

    Each reply is its Message-ID, empty where a person only said so, and when it was sent.
    """

    when: When
    at: datetime
    message: Message | None
    assessment: Assessment | None
    text: str
    missed: str = ""
    satisfied: bool | None = None
    replies: tuple[tuple[str, datetime], ...] = ()


def this_round(events: Sequence[Event], letters: Letters) -> tuple[Moment, ...]:
    """The moments of the case's present round, oldest first; a reply that bounced is none."""
    heard, state, found = _Heard(letters), Case(), list[Moment]()
    for number, event in enumerate(events):
        before, state = state, evolve(state, event)
        heard.take(event)
        if isinstance(event, Reopened):
            found = []
        following = events[number + 1] if number + 1 < len(events) else None
        for moment in _moments(event, before, state, following):
            message, assessment, text = heard.at_hand(state, moment.key)
            found.append(
                Moment(
                    when=moment.when, at=event.at, message=message, assessment=assessment, text=text,
                    missed=moment.missed, satisfied=moment.satisfied, replies=moment.replies,
                )
            )  # fmt: skip
    proved = [replace(one, replies=tuple(reply for reply in one.replies if reply in state.replies)) for one in found]
    return tuple(moment for moment in proved if moment.replies or moment.when is not When.REPLY_SENT)


@dataclass(frozen=True, slots=True)
class _Mark:
    """What an event says of a moment; `key` is the message at hand, or empty."""

    when: When
    key: str = ""
    missed: str = ""
    satisfied: bool | None = None
    replies: tuple[tuple[str, datetime], ...] = ()


def _moments(event: Event, before: Case, after: Case, following: Event | None) -> Iterator[_Mark]:
    """As decisions are made when a message comes or a person acts; see `messages` and `acts`."""
    is_open = after.status is Status.OPEN
    match event:
        case Received(undecided=False) | Confirmed():
            yield _Mark(When.COMPLAINT_RECEIVED, event.message or after.message, replies=before.replies)
        case Reopened():
            yield _Mark(When.REOPENED, event.message)
            yield _Mark(When.COMPLAINT_RECEIVED, event.message)
        case Joined(standing="complainant") if is_open and not isinstance(following, Confirmed):
            yield _Mark(When.MESSAGE_RECEIVED, event.message)
        case Replied() if is_open:
            yield _Mark(When.REPLY_SENT, event.message, replies=((event.message_id, event.replied_at),))
        case DueByMissed():
            yield _Mark(When.DUE_MISSED, missed=kind_of(event.due_for))
        case Resolved() if before.status is Status.OPEN or before.status is Status.UNDECIDED:
            yield _Mark(When.RESOLVED)
        case FeedbackReceived() if after.status is not Status.UNDECIDED:
            yield _Mark(When.FEEDBACK_RECEIVED, satisfied=event.satisfied)
        case _:
            pass


@dataclass(slots=True)
class _Heard:
    """The messages of a case as far as its timeline and its letters tell of them."""

    letters: Letters
    _seen: dict[str, tuple[datetime, Direction, bool]] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """One more event, in their order."""
        match event:
            case Received():
                self._note(event.message, event.at, event.has_attachment)
            case Confirmed() | Reopened() if event.message:
                self._note(event.message, event.since, event.has_attachment)
            case Joined():
                direction = Direction.OUT if event.standing == "ours" else Direction.IN
                self._note(event.message, event.at, event.has_attachment, direction)
            case _:
                pass

    def _note(self, key: str, at: datetime, has_attachment: bool, direction: Direction = Direction.IN) -> None:
        self._seen.setdefault(key, (at, direction, has_attachment))

    def at_hand(self, case: Case, key: str) -> tuple[Message | None, Assessment | None, str]:
        """A message of the case, what was thought of it, and the words conditions look at.

        Without a message these are the words of the complaint that opened the round.
        """
        kept = self.letters.get(key or case.message)
        words = (kept.assessment.own_text or kept.text) if kept else ""
        if key not in self._seen:
            return None, None, words
        return self._message(case, key, kept), kept.assessment if kept else None, words

    def _message(self, case: Case, key: str, kept: Kept | None) -> Message:
        """As much of it as decisions ask for; where it lies and whom it names besides is not kept with a case."""
        at, direction, has_attachment = self._seen[key]
        theirs = direction is Direction.IN
        return Message(
            inbox=case.inbox,
            key=key,
            place=Place("", 0, 0),
            message_id="",
            references=(),
            at=at,
            direction=direction,
            sender=case.complainant if theirs else case.identity,
            answer_to=case.answer_to,
            identity=case.identity,
            to=case.to if theirs else (case.complainant,),
            subject=kept.subject if kept else case.subject,
            text=kept.text if kept else "",
            attachments=(Attachment("", 0),) if has_attachment else (),
        )
