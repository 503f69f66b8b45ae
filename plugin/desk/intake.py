"""A page from an inbox becomes timelines: messages, acts and what could not be read, in one transaction."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from plugin.decide import (
    Act as PersonAct,
)
from plugin.decide import (
    Acted,
    Correct,
    EndReminder,
    MarkAnswered,
    MessageSeen,
    Note,
    Rate,
    Reopen,
    Resolve,
    TouchDraft,
    Vanish,
    Wait,
    case_id,
    withdrawal,
)
from plugin.desk.ledger import ASSESSMENT, Policies, follow, store_events, words_of
from plugin.inbox import ALONE, Act, ActKind, Page, Unreadable
from plugin.judge import Glance
from plugin.judge.own import own_text
from plugin.letters import promised
from plugin.model import CATEGORIES, SEVERITIES, Address, Assessment, Direction, Message, Origin, Place, Promise
from plugin.store import Known, Session
from plugin.timeline import (
    Case,
    Confirmed,
    DraftFate,
    Event,
    Joined,
    Kind,
    Noted,
    Received,
    Reopened,
    Replied,
    Status,
    TaskState,
)

_PREFIXES = re.compile(r"^(?:\s*[^\W\d_]{1,5}\s*(?:\[\d+\]\s*)?:)+\s*")
"""What mail programs put before a subject: Re:, AW:, Fwd:."""

_BESIDE = "one of us wrote to them outside this thread, which proves no answer here"
_THEIRS = ("complaint", "undecided", "no")
"""Verdicts on what a complainant wrote; a stranger's message in the thread is `unverified`."""


@dataclass(slots=True)
class Intake:
    """Takes one page in; `assessed` holds the judge's view of each of its messages, by key.

    Where that is a Glance and the message belongs to a case, `whole` is asked for all there is to be said of it.

    With `past` a message counts as taken in when it came, and not `now`, if that is later than `now`. With `old` the
    page is of a backlog: later parts of its threads may be known already.
    """

    session: Session
    policies: Policies
    inbox: str
    now: datetime
    assessed: dict[str, Assessment]
    past: bool = False
    old: bool = False
    whole: Callable[[Message], Assessment] | None = None
    _by_id: dict[str, list[Known]] = field(default_factory=lambda: defaultdict(list))
    _seen: dict[str, Known] = field(default_factory=dict)
    _complaints: dict[str, set[str]] = field(default_factory=dict)

    def take(self, page: Page) -> None:
        """All of the page, and the cursor that stands behind it."""
        self._look_up(page)
        for sighting in page.sightings:
            self.session.saw(self.inbox, sighting.place, sighting.fingerprint, sighting.key)
        for unreadable in page.unreadable:
            self._put_aside(unreadable)
        for message in page.messages:
            self._message(message, page)
        for act in page.acts:
            self._act(act)
        for topic, read in (page.bookmarks or {}).items():
            self.session.keep_bookmark(self.inbox, topic, read)
        self.session.notices.heed(self.inbox, page.heard, self.now)
        if page.cursor:
            self.session.keep_inbox(self.inbox, cursor=json.dumps(page.cursor, separators=(",", ":")))

    def _look_up(self, page: Page) -> None:
        everything = [*page.messages, *(act.message for act in page.acts if act.message)]
        self._seen = self.session.known(self.inbox, [m.key for m in everything])
        people = [m.sender.email for m in everything] + [one.email for m in everything for one in _addressed(m)]
        self._complaints = self.session.complaints_of(self.inbox, people)
        ids = [ref for m in everything for ref in (m.message_id, m.bounced, *m.references)]
        for known in self.session.by_message_id(self.inbox, ids):
            self._by_id[known.message_id].append(known)

    # ---- messages -----------------------------------------------------------------------------------------------

    def _message(self, message: Message, page: Page) -> None:
        if self.past:
            self.now = max(self.now, message.at)
        fingerprint = (page.prints or {}).get(message.place, message.key)
        self.session.saw(self.inbox, message.place, fingerprint, message.key)
        known = self._seen.get(message.key)
        if known is None:
            self._first_sight(message)
        elif known.verdict == "unproved" and message.genuine:
            self._proved(message, known)
        elif self.old and known.verdict == "ours" and not known.case_id:
            self._proved(message, known)  # it answers what only now came to be known

    def _first_sight(self, message: Message, *, insist: bool = False) -> None:
        if self._is_echo(message):
            self._record(message, "", "echo")
            return
        case = self._case_for(message)
        if self.old and (later := self._begun_later(message, case)) is not None:
            self._goes_before(message, self._view(message), later)
            return
        assessment = self.assessed[message.key] if case.status is Status.NONE else self._view(message)
        after, events = follow(
            self.session, self.policies, case, self.inbox, self._trigger(message, case, assessment, insist)
        )
        after = self._note_reuse(message, after, events)
        joined = any(isinstance(event, Received | Joined | Reopened) for event in events)
        self._record(message, after.id if joined else "", _verdict(message, assessment, events))
        if joined:
            self._keep(message, assessment, after.id, reply=_is_reply(events))
        elif case.status is Status.NONE:
            self._note_beside(message)

    def _view(self, message: Message) -> Assessment:
        """All that the judge says of a message."""
        told = self.assessed[message.key]
        if isinstance(told, Glance) and self.whole is not None:
            told = self.assessed[message.key] = self.whole(message)
        return told

    def _note_beside(self, message: Message) -> None:
        """A mail of ours to a complainant that names no thread proves nothing; where its subject fits, that is said."""
        if not message.genuine or message.automatic or not self._subject_of(message.subject):
            return
        ids = {case for one in _addressed(message) for case in self._complaints.get(one.email, ())}
        for case in self.session.load(sorted(ids)).values():
            subject = self._subject_of(case.subject)
            if case.status is Status.OPEN and subject and subject in self._subject_of(message.subject):
                told = f"{_BESIDE}; if it was one, `amends replied {case.id}` says so"
                store_events(self.session, case, [Noted(at=self.now, note=told)], self.inbox)

    @staticmethod
    def _subject_of(subject: str) -> str:
        return " ".join(_PREFIXES.sub("", subject).casefold().split())

    def _proved(self, message: Message, known: Known) -> None:
        """One of ours that lay elsewhere first, where nothing vouched for it, lies in Sent after all."""
        assessment = self._view(message)
        trigger = self._trigger(message, self._case_for(message), assessment, False)
        case, events = follow(self.session, self.policies, self._case_for(message), self.inbox, trigger)
        self.session.change_verdict(self.inbox, known.key, "ours", case.id)
        if _is_reply(events):
            self.session.forget_letter(case.id, message.key)
            self._keep(message, assessment, case.id, reply=True)

    def _begun_later(self, message: Message, case: Case) -> Case | None:
        """The case that a later message of the same person in the same thread has opened; None where there is none."""
        if message.direction is Direction.OUT or case.status is not Status.NONE or not message.message_id:
            return None
        theirs = self.session.load(sorted(self._complaints.get(message.sender.email, ()))).values()
        return next((one for one in theirs if message.message_id in one.references and not one.erased), None)

    def _goes_before(self, message: Message, assessment: Assessment, case: Case) -> None:
        """It belongs to that case and changes nothing there: promises count from the message that was seen."""
        before = Joined(at=message.at, message=message.key, message_id=message.message_id, standing="earlier",
                        sender=message.sender.email, has_attachment=bool(message.attachments))  # fmt: skip
        store_events(self.session, case, [before], self.inbox)
        self._record(message, case.id, "complaint" if assessment.complaint else "no")
        self._keep(message, assessment, case.id)

    def _is_echo(self, message: Message) -> bool:
        """A mail is our echo only if its Message-ID is one we wrote; one of ours that was sent is a reply."""
        ours = any(known.verdict in ("draft", "reminder") for known in self._by_id[message.message_id])
        return ours and not (message.direction is Direction.OUT and message.genuine)

    def _trigger(self, message: Message, case: Case, assessment: Assessment, insist: bool) -> MessageSeen:
        counts = insist or assessment.complaint
        known = not message.references or message.references[-1] in self._ids_known
        return MessageSeen(
            at=self.now,
            message=message,
            assessment=assessment,
            case=case_id(self.inbox, message.key),
            repeat=counts and bool(self._complaints.get(message.sender.email, set()) - {case.id}),
            parent_known=known,
            insist=insist,
            promises=self._promises(message, case, assessment),
        )

    def _promises(self, message: Message, case: Case, assessment: Assessment) -> tuple[Promise, ...]:
        """What one of us promised by a date, in the words that are kept of it."""
        if case.status is Status.NONE or not message.genuine or message.automatic:
            return ()
        settings = self.policies.inboxes[self.inbox]
        spoken = (assessment.language, case.language, settings.language)
        language = next((one for one in spoken if one in promised.LANGUAGES), "")
        calendar = self.policies.calendars[settings.hours]
        return promised.promised(assessment.own_text, language, message.at, calendar)

    @property
    def _ids_known(self) -> set[str]:
        return {message_id for message_id, known in self._by_id.items() if known}

    def _case_for(self, message: Message) -> Case:
        """Same thread and same sender is the same case; else the thread's case, which a stranger cannot change."""
        refs = [message.message_id, *reversed(message.references)] if message.direction is Direction.OUT else [
            *reversed(message.references)
        ]  # fmt: skip
        ids = [known.case_id for ref in (message.bounced, *refs) for known in self._by_id.get(ref, ()) if known.case_id]
        if message.direction is Direction.OUT and message.case_mark:
            ids.append(message.case_mark)
        cases = [case for case in self.session.load(ids).values() if case.inbox == self.inbox and not case.erased]
        speakers = {message.sender.email} if message.direction is Direction.IN else {a.email for a in message.to}
        same = [case for case in cases if speakers & {case.complainant.email, case.answer_to.email}]
        if not same and message.references and self._is_helpdesk:
            beside = self._cases_in(message.place)  # one that came here when conversations were joined
            same = [case for case in beside if speakers & {case.complainant.email, case.answer_to.email}]
        if message.origin is Origin.FORWARD:
            cases = [case for case in same if case.status is not Status.RESOLVED or self._is_known(message, case)]
            same = []
        return next(iter(same or cases), Case())

    def _is_known(self, message: Message, case: Case) -> bool:
        """Whether what a colleague passed on are the words the case is about."""
        row = self.session.letter(case.id, case.message)
        words, known = " ".join(message.text.split()), " ".join(str(row["text"]).split()) if row else ""
        return bool(words) and (words in known or known in words)

    @property
    def _is_helpdesk(self) -> bool:
        """Whether the folder and validity of a place name one conversation, and not a whole folder of them."""
        return self.policies.inboxes[self.inbox].kind in ALONE

    def _note_reuse(self, message: Message, case: Case, events: Sequence[Event]) -> Case:
        others = [known for known in self._by_id[message.message_id] if known.key not in ("", message.key)]
        if not (message.message_id and others and any(isinstance(event, Received) for event in events)):
            return case
        note = Noted(at=self.now, note="its Message-ID was used before for other content")
        return store_events(self.session, case, [note], self.inbox)

    def _record(self, message: Message, case: str, verdict: str) -> None:
        known = Known(message.key, message.message_id, case, verdict)
        self.session.record(self.inbox, known, message.at)
        self._seen[message.key] = known
        if verdict == "complaint":
            self._complaints.setdefault(message.sender.email, set()).add(case)
        if message.message_id:
            self._by_id[message.message_id].append(known)

    def _keep(self, message: Message, assessment: Assessment, case: str, *, reply: bool = False) -> None:
        """Keep what was said: of a reply our own words alone, since what it quotes is kept already."""
        detail = ASSESSMENT.dump_json(assessment, exclude_defaults=True).decode()
        kind, text = ("reply", assessment.own_text) if reply else ("message", message.text)
        self.session.keep_letter(case, message.key, kind, text, subject=message.subject, detail=detail)

    # ---- acts ---------------------------------------------------------------------------------------------------

    def _act(self, act: Act) -> None:
        if act.conversation is not None:
            self._act_on_all_of(act, act.conversation)
        elif act.message is not None:
            self._act_on(act, act.message)
        else:
            self._act_on_ours(act)

    def _act_on(self, act: Act, message: Message) -> None:
        known = self.session.known(self.inbox, [message.key]).get(message.key)
        if act.kind is ActKind.COMPLAINT:
            self._say_complaint(message, known)
            return
        case = self.session.case(known.case_id) if known and known.case_id else Case()
        if case.status is Status.NONE:
            if known is None and act.kind in (ActKind.NOT_A_COMPLAINT, ActKind.RESOLVED):
                self._record(message, "", "no")
            return
        theirs = known is not None and known.verdict in _THEIRS
        if act.kind in (ActKind.ANSWERED, ActKind.WAITING):
            waiting = act.kind is ActKind.WAITING
            if theirs or waiting:
                self._person(case, act, Wait(at=act.at) if waiting else MarkAnswered())
            return
        if act.kind is not ActKind.RESOLVED and message.key != case.message:
            return  # the case is about another message
        if act.kind is ActKind.TAKEN_OFF and not _means_none(case):
            return
        if act.kind is ActKind.RELABELLED:
            self._relabel(case, act)
            return
        outcome = "" if act.kind is ActKind.RESOLVED else "not-a-complaint"
        self._person(case, act, Resolve(at=act.at, outcome=outcome, by=act.by))
        if outcome and known:
            self.session.change_verdict(self.inbox, known.key, "no", case.id)

    def _act_on_all_of(self, act: Act, conversation: Place) -> None:
        """A person's act on a whole conversation is one on every case in it."""
        for case in self._cases_in(conversation):
            meant = self._meant(case, act)
            if meant is not None:
                self._person(case, act, meant)
            if isinstance(meant, Note) and act.into is not None:
                self._goes_along(case, act.into)

    def _goes_along(self, case: Case, into: Place) -> None:
        """What people do where the conversation went is about the case from now on."""
        # Nothing that was said lies at a negative place, and several cases may go to the same conversation.
        uid = -int(hashlib.sha256(case.message.encode()).hexdigest()[:12], 16)
        self.session.saw(self.inbox, replace(into, uid=uid), case.message, case.message)

    def _cases_in(self, conversation: Place) -> list[Case]:
        found = self.session.cases_in(self.inbox, conversation.folder, conversation.validity)
        return [case for case in self.session.load(found).values() if case.status is not Status.NONE]

    def _meant(self, case: Case, act: Act) -> PersonAct | None:
        """What this act means for a case; nothing where it says what is so already."""
        if act.kind is ActKind.RELABELLED:
            self._relabel(case, act)
            return None
        if act.kind is ActKind.MOVED and not self._lives_on(case, act):
            return Note(text=act.note)
        if act.kind is ActKind.REOPENED and case.status is not Status.RESOLVED:
            return None
        if act.kind is ActKind.RESOLVED and case.status is Status.RESOLVED:
            return None
        if act.kind is ActKind.TAKEN_OFF and not _means_none(case):
            return None
        return _on_case(act)

    def _lives_on(self, case: Case, act: Act) -> bool:
        """Whether where the conversation went there is another open case of the same person."""
        there = self._cases_in(act.into) if act.into else []
        return any(other.id != case.id and other.status is Status.OPEN and
                   other.complainant.email == case.complainant.email for other in there)  # fmt: skip

    def _relabel(self, case: Case, act: Act) -> None:
        """A person put another category or severity on it; of several others nobody knows which is meant."""
        if case.status not in (Status.OPEN, Status.RESOLVED) or case.outcome == "not-a-complaint":
            return
        labels = set(act.labels) - _ours_on(case)
        category = _other("category", case.category, CATEGORIES, labels)
        severity = _other("severity", case.severity, SEVERITIES, labels)
        self._person(case, act, Correct(category=category, severity=severity, by=act.by))

    def _say_complaint(self, message: Message, known: Known | None) -> None:
        """A person's word that this is a complaint; of one that already counts as such it says nothing new."""
        if message.direction is Direction.OUT:
            return  # a whole conversation was marked, and our own words are in it
        if known is None:
            if self._is_helpdesk:  # a page tells of it by the act alone, where it was said before we came
                self.session.saw(self.inbox, message.place, message.key, message.key)
            self._first_sight(message, insist=True)
            return
        if self._taken_up_again(message, known):
            return
        if known.verdict in ("complaint", "echo", "draft", "reminder") or message.key not in self.assessed:
            return
        case = self.session.case(known.case_id) if known.case_id else self._case_for(message)
        if case.message == message.key and "complaint" in _ours_on(case):
            return  # our own tag, which we have yet to take off
        if message.sender.email not in (case.complainant.email, case.answer_to.email):
            case = Case()  # a stranger in somebody else's thread has a case of his own
        trigger = self._trigger(message, case, self._view(message), True)
        after, events = follow(self.session, self.policies, case, self.inbox, trigger)
        if events:
            self.session.change_verdict(self.inbox, message.key, "complaint", after.id)
            self._keep(message, self.assessed[message.key], after.id)

    def _taken_up_again(self, message: Message, known: Known) -> bool:
        """A person puts the tag back on what was undone: they want it dealt with after all."""
        case = self.session.case(known.case_id) if known.case_id else Case()
        if not case.undone or case.erased or case.status is not Status.RESOLVED or case.message != message.key:
            return False
        if "complaint" in _ours_on(case):
            return False  # our own tag, which we have yet to take off
        reopen = Acted(at=self.now, act=Reopen(by="mail program"), text=words_of(self.session, case))
        follow(self.session, self.policies, case, self.inbox, reopen)
        return True

    def _act_on_ours(self, act: Act) -> None:
        found = self.session.written_as(self.inbox, [act.written]).get(act.written)
        if found is None:
            return
        cases = [found[1]]
        if act.kind in (ActKind.REMINDER_DONE, ActKind.REMINDER_GONE):
            cases = self.session.cases_reminded(self.inbox, act.written)
        for case in self.session.load(cases).values():
            if act.kind is ActKind.DRAFT_GONE and self._took_back(case, act.written):
                continue
            self._person(case, act, _person_act(act))
            if act.kind is ActKind.DRAFT_EDITED and not case.erased and (said := own_text(act.text)):
                self.session.keep_edited(case.id, act.written, said)  # as it was when that was noticed

    def _took_back(self, case: Case, draft: str) -> bool:
        """Whether we had begun to take this draft back, so that it was we who removed it; that is finished later."""
        return self.session.is_begun(withdrawal(case, draft, self.now).key)

    def _person(self, case: Case, act: Act, meant: PersonAct) -> None:
        runs_playbooks = isinstance(meant, Resolve | Reopen | Rate)
        text = words_of(self.session, case) if runs_playbooks else ""
        follow(self.session, self.policies, case, self.inbox, Acted(at=act.at, act=meant, text=text))

    # ---- what could not be read ---------------------------------------------------------------------------------

    def _put_aside(self, unreadable: Unreadable) -> None:
        place = unreadable.place
        name = f"{self.inbox}|{place.folder}|{place.validity}|{place.uid}"
        row = {
            "id": "q" + hashlib.sha256(name.encode()).hexdigest()[:10],
            "inbox": self.inbox,
            "folder": place.folder,
            "validity": place.validity,
            "uid": place.uid,
            "at": self.now,
            "reason": unreadable.reason,
            "raw": unreadable.raw,
            "received_at": unreadable.at,
            "historic": unreadable.historic,
        }
        self.session.put_aside(row)


def _is_reply(events: Sequence[Event]) -> bool:
    return any(isinstance(event, Replied) for event in events)


def _addressed(message: Message) -> tuple[Address, ...]:
    """To whom one of us wrote; of anybody else's mail it does not matter."""
    return message.to if message.direction is Direction.OUT else ()


def _means_none(case: Case) -> bool:
    """Whether a complaint without its tag is none: not once it is settled, nor while we have yet to put the tag on."""
    waiting = (task for task in case.open_tasks(Kind.TAG) if task.message == case.message and not task.untag)
    return case.status is Status.OPEN and not any("complaint" in task.tags for task in waiting)


def _ours_on(case: Case) -> set[str]:
    """The tags we put on the complaint, or may have, and have not taken off since; they are no person's word."""
    ours: set[str] = set()
    for task in case.tasks:
        if task.kind is Kind.TAG and task.message == case.message and not task.held_back:
            if not task.untag:
                ours.update(task.tags)
            elif task.state is TaskState.DONE:
                ours.difference_update(task.tags)
    return ours


def _other(kind: str, ours: str, known: Sequence[str], labels: Container[str]) -> str:
    """The one label of this kind that is not ours; empty where there is none, or more than one."""
    others = [label for label in known if label != ours and f"{kind}-{label}" in labels]
    return others[0] if len(others) == 1 else ""


def _on_case(act: Act) -> PersonAct | None:
    """What an act on a whole conversation means for a case in it; nothing for acts that are about one message."""
    none = Resolve(at=act.at, outcome="not-a-complaint", by=act.by)
    gone = Vanish(at=act.at, reason=act.note, by=act.by)
    meant: dict[ActKind, PersonAct] = {
        ActKind.RESOLVED: Resolve(at=act.at, by=act.by),
        ActKind.NOT_A_COMPLAINT: none,
        ActKind.TAKEN_OFF: none,
        ActKind.REOPENED: Reopen(by=act.by),
        ActKind.RATED: Rate(satisfied=bool(act.satisfied), comment=act.note),
        ActKind.ENDED: gone,
        ActKind.MOVED: gone,
        ActKind.WAITING: Wait(at=act.at),
        ActKind.WAITING_OVER: Wait(at=act.at, over=True),
    }
    return meant.get(act.kind)


def _person_act(act: Act) -> PersonAct:
    match act.kind:
        case ActKind.DRAFT_EDITED:
            return TouchDraft(message_id=act.written, fate=DraftFate.EDITED)
        case ActKind.DRAFT_GONE:
            return TouchDraft(message_id=act.written, fate=DraftFate.GONE)
        case _:
            return EndReminder(message_id=act.written, done=act.kind is ActKind.REMINDER_DONE)


def _verdict(message: Message, assessment: Assessment, events: Sequence[Event]) -> str:
    received = next((event for event in events if isinstance(event, Received)), None)
    if received is not None:
        return "undecided" if received.undecided else "complaint"
    if any(isinstance(event, Reopened | Confirmed) for event in events):
        return "complaint"
    standing = next((event.standing for event in events if isinstance(event, Joined)), "")
    if standing == "complainant":
        return "complaint" if assessment.complaint else "no"
    if message.direction is Direction.OUT:
        return "ours" if message.genuine else "unproved"
    return "automatic" if message.automatic else "unverified" if standing else "no"
