"""What is due gets done: tasks for a person are raised, what the inbox must carry is written."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from plugin import letters
from plugin.config import InboxSettings
from plugin.decide import Acted, IncidentTold, TaskDue, TouchDraft, date_of, predecessors, short, withdrawal
from plugin.desk import reminders
from plugin.desk.incidents import Telling, telling_of, told_to, worded
from plugin.desk.ledger import ASSESSMENT, Policies, follow, keep_fault, stay_quiet, store_events, words_in, words_of
from plugin.inbox import ALONE, Change, Inbox, InboxError, InboxUnavailable, Receipt
from plugin.incident import Incident
from plugin.letters.alike import MOST, Lately, stock_of
from plugin.model import Assessment, Draft, Place, Purpose, Reminder, Written, clip
from plugin.store import UNTRUSTED, Claim, Session, Store, StoreError
from plugin.timeline import (
    CAPPED,
    FORBIDDEN,
    Case,
    DraftChanged,
    DraftFate,
    DraftState,
    DraftWritten,
    Event,
    Kind,
    Noted,
    ReminderOver,
    ReminderPlaced,
    ReminderPlanned,
    TagsKept,
    Task,
    TaskDone,
    TaskDropped,
    TaskRaised,
    TaskRefused,
    TaskScheduled,
    TaskState,
)

log = logging.getLogger("amends.desk")

LEASE = timedelta(seconds=120)
LATE = timedelta(minutes=5)
"""A task raised this long after its time was held up by downtime; such tasks come as one list."""
LONGEST_PAUSE = timedelta(seconds=80)
REFUSED_PAUSE = timedelta(minutes=5)
NO_PAUSE = timedelta()
READ_FIRST = timedelta(seconds=5)
"""Within so long what changed in a conversation under our hands is read."""
MANY = 5
"""More raised tasks than this in one pass come as one list."""
BATCH = 200
CAP = 20
"""New drafts an hour for one sender, and for all mail that failed DMARC (contract, section 6)."""
_ALLOWED = {"watch": frozenset[Kind](), "tag": frozenset(Kind) - {Kind.DRAFT}, "draft": frozenset(Kind)}
"""What may be written into an inbox, by its mode (contract, section 3)."""

_Tasks = list[tuple[str, Task]]  # each with the id of its case
_Held = list[tuple[str, Task, str]]  # the same, with what holds it back
_Texts = Mapping[tuple[str, str], Mapping[str, str]]  # by case and key
_KEPT = "this server cannot remove a single message, so the old draft stays"


# ---- raising --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Raising:
    """Raises the due tasks of one pass and plans the reminders that tell of them, in one transaction."""

    session: Session
    policies: Policies
    now: datetime
    _raised: dict[str, list[reminders.Raised]] = field(default_factory=lambda: defaultdict(list))

    def run(self, inbox: str = "") -> int:
        """Every due task of a person, of all inboxes or of one; how many there were."""
        total = 0
        while claims := self.session.claim(self.now, LEASE, for_inbox=False, inbox=inbox, limit=BATCH):
            texts = self.session.letters_of(list(self.session.load(claim.case_id for claim in claims)))
            for claim in claims:
                self._try(claim, texts)
            total += len(claims)
        for name, raised in self._raised.items():
            self._remind(name, raised)
        return total

    def _try(self, claim: Claim, texts: _Texts) -> None:
        """One case that cannot be decided must not hold up the others."""
        try:
            self._raise(claim, texts)
        except Exception as error:
            log.exception("case %s: its task %s could not be raised", claim.case_id, claim.key)
            self.session.postpone([claim.key], self.now + REFUSED_PAUSE, f"{type(error).__name__}: {error}")

    def _raise(self, claim: Claim, texts: _Texts) -> None:
        case = self.session.case(claim.case_id)
        if claim.inbox not in self.policies.inboxes:
            self.session.postpone([claim.key], self.now + REFUSED_PAUSE, f"inbox {claim.inbox} is not configured")
            return
        trigger = TaskDue(at=self.now, key=claim.key, text=words_in(texts.get((case.id, case.message))))
        after, events = follow(self.session, self.policies, case, claim.inbox, trigger)
        if not events:
            self.session.postpone([claim.key], self.now + REFUSED_PAUSE, "nothing follows from this task")
        for event in events:
            if isinstance(event, TaskRaised) and (task := after.task(event.key)) is not None:
                self._raised[claim.inbox].append(reminders.Raised(after, task, self.now - task.run_at > LATE))

    def _remind(self, inbox: str, raised: Sequence[reminders.Raised]) -> None:
        if not self.policies.inboxes[inbox].reminders:
            return
        calendar = self.policies.calendars[self.policies.inboxes[inbox].hours]
        late = [item for item in raised if item.late]
        prompt = [item for item in raised if not item.late]
        groups = [late] if late else []
        groups += [prompt] if len(prompt) > MANY else [[item] for item in prompt]
        in_place = self.policies.inboxes[inbox].kind in ALONE
        if in_place:
            groups = [[item] for item in raised]
        for group in groups:
            self._plan(inbox, group, reminders.write(group, calendar, self.now, in_place=in_place))

    def _plan(self, inbox: str, group: Sequence[reminders.Raised], reminder: Reminder) -> None:
        self.session.will_write(inbox, reminder.message_id, reminder.case, "reminder", self.now)
        keys: dict[str, list[str]] = defaultdict(list)
        for item in group:
            keys[item.case.id].append(item.task.key)
        for case_id, tasks in keys.items():
            case = self.session.case(case_id)
            place = Task(
                key=f"{case_id}/reminder/{short(reminder.message_id)}",
                kind=Kind.REMINDER,
                run_at=self.now,
                message_id=reminder.message_id,
            )
            planned = ReminderPlanned(
                at=self.now, message_id=reminder.message_id, tasks=tuple(tasks), listed=len(keys) > 1
            )
            store_events(self.session, case, [planned, TaskScheduled(at=self.now, task=place)], inbox)
            self.session.keep_letter(case_id, reminder.message_id, "reminder", reminder.text, subject=reminder.subject)


# ---- writing --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Job:
    """One change and the tasks it does."""

    change: Change
    tasks: list[tuple[str, Task]]  # (case id, task)
    letter: letters.Letter | None = None
    draft: Draft | None = None
    telling: Telling = ("", 0)  # the incident's facts the letter was made of
    stock: frozenset[str] = frozenset()  # sentences that are the same in every letter made from this text


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pass of writing came to; `again` counts tasks that must be tried again."""

    done: int = 0
    again: int = 0

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(self.done + other.done, self.again + other.again)


@dataclass(slots=True)
class Writing:
    """Writes what is due into one inbox after the other; safe to repeat at any point."""

    store: Store
    policies: Policies
    inboxes: Mapping[str, Inbox]
    now: datetime
    may: Callable[[], bool] = lambda: True
    """Whether we may go on; asked before anything is taken in hand, and before it is written."""

    def run(self, inbox: str = "", *, only: Sequence[str] = (), begun: bool = False) -> Outcome:
        """Everything due, for all inboxes or for one; a task that fails is postponed, so this ends.

        With `only` what is due of these cases alone; of that, with `begun`, what was tried before.
        """
        outcome = Outcome()
        while self.may() and (claims := self._claimed(inbox, only, begun=begun)):
            outcome += self._taken_in_hand(claims)
        return outcome

    def some(self) -> Outcome:
        """What is due now, at most a handful; for who looks himself whether there is more."""
        return self._taken_in_hand(self._claimed())

    def _claimed(self, inbox: str = "", only: Sequence[str] = (), *, begun: bool = False) -> list[Claim]:
        with self.store.writing(inbox or None) as session:
            if only:
                return session.claim_of(only, self.now, LEASE, begun=begun, limit=BATCH)
            return session.claim(self.now, LEASE, for_inbox=True, inbox=inbox, limit=BATCH)

    def _taken_in_hand(self, claims: Sequence[Claim]) -> Outcome:
        outcome = Outcome()
        by_inbox: dict[str, list[Claim]] = defaultdict(list)
        for claim in claims:
            by_inbox[claim.inbox].append(claim)
        for name, some in by_inbox.items():
            outcome += self._write(name, some)
        return outcome

    def _write(self, name: str, claims: Sequence[Claim]) -> Outcome:
        inbox = self.inboxes.get(name)
        if inbox is None:
            return self._postpone(claims, REFUSED_PAUSE, f"inbox {name} is not configured")
        jobs, again = self._prepare(name, claims)
        if not jobs or not self.may():
            return again  # what may not be written any more is another's, at the latest when its lease ends
        try:
            with self.store.reading() as session:
                stay_quiet(session.inbox(name), self.now)
            receipts = inbox.write([job.change for job in jobs])
        except InboxUnavailable as error:
            return self._postpone(claims, max(_pause(claims), timedelta(seconds=error.wait)), error)
        except InboxError as error:
            return self._postpone(claims, REFUSED_PAUSE, error)
        except StoreError:
            raise  # it is the same for every inbox; what was written is found there at the next try
        except Exception as error:  # a fault of ours with one inbox must not hold up the others
            log.exception("inbox %s could not be written", name)
            fault = InboxError(name, f"unexpected {type(error).__name__}: {error}", "report it")
            return self._postpone(claims, REFUSED_PAUSE, fault)
        with self.store.writing(name) as session:
            session.load(claim.case_id for claim in claims)
            attempts = {claim.key: claim.attempts for claim in claims}
            lately = self._lately(session, name) if any(job.letter is not None for job in jobs) else Lately()
            settled = _Settled(session, self.policies, name, self.now, attempts, lately)
            for job, receipt in zip(jobs, receipts, strict=True):
                settled.take(job, receipt)
            return settled.outcome + again

    def _postpone(self, claims: Sequence[Claim], pause: timedelta, why: InboxError | str) -> Outcome:
        log.warning("%d writes postponed: %s", len(claims), why)
        with self.store.writing(claims[0].inbox) as session:
            session.postpone([claim.key for claim in claims], self.now + pause, str(why))
            if isinstance(why, InboxError):
                keep_fault(session, why, self.now)
        return Outcome(again=len(claims))

    def _lately(self, session: Session, name: str) -> Lately:
        """The drafts of today, the last ones; with the one that is held against them they are as many as are kept.

        They are read before anything else is stored, so that all of that goes to the database together.
        """
        calendar = self.policies.calendars[self.policies.inboxes[name].hours]
        today = calendar.local(self.now).replace(hour=0, minute=0, second=0)
        return Lately(dict(session.latest_drafts(name, today.astimezone(UTC), MOST - 1)))

    def _prepare(self, name: str, claims: Sequence[Claim]) -> tuple[list[_Job], Outcome]:
        """The jobs to do; what mode or caps forbid is dropped for good, what cannot be prepared is tried later."""
        build, tasks, held = self._build(name, claims)
        jobs = build.jobs(tasks)
        if not held and not build.faults and not build.waiting:
            return jobs, Outcome()
        with self.store.writing(name) as session:
            for case_id, task, why in held:
                dropped = TaskDropped(at=self.now, key=task.key, reason=why)
                store_events(session, session.case(case_id), [dropped], name)
            for key, why in build.faults.items():
                session.postpone([key], self.now + REFUSED_PAUSE, why)
            for key, pause in build.waiting.items():
                session.postpone([key], self.now + pause, "")
        again = len(build.faults) + sum(pause > NO_PAUSE for pause in build.waiting.values())
        return jobs, Outcome(again=again)

    def _build(self, name: str, claims: Sequence[Claim]) -> tuple[_Build, _Tasks, _Held]:
        with self.store.reading() as session:
            cases = session.load(claim.case_id for claim in claims)
            for case in cases.values():
                self.policies.of(session, case, name)  # has the book it started with at hand
            texts = session.letters_of(list(cases))
            found = [(claim.case_id, cases[claim.case_id].task(claim.key)) for claim in claims]
            there = [(case, task) for case, task in found if task is not None and task.state is TaskState.WAITING]
            waiting = _in_turn(cases, there)
            there = [(case, task) for case, task in there if task.key not in waiting]
            allowed, held = self._within_mode(name, cases, there)
            untrusted = session.untrusted(name, [task.message_id for _, task in allowed if task.kind is Kind.DRAFT])
            tasks, capped = self._within_caps(session, name, cases, allowed, untrusted)
            tagged = [task.message for _, task in tasks if task.kind is Kind.TAG]
            places = session.place_of(name, [*tagged, *(case.message for case in cases.values())])
            targets = [task.message_id for _, task in tasks if task.kind in (Kind.WITHDRAWAL, Kind.SETTLING)]
            written = session.written_as(name, targets)
            settling = [task.message_id for _, task in tasks if task.kind is Kind.SETTLING]
            needed = {one for one in dict.fromkeys(targets) if _still_needed(session, name, one)}
            over = [written[one][0] for one in settling if one in written]
            incidents = told_to(session, list(cases.values()))
            beside = _beside(session, name, over) if self.policies.inboxes[name].kind in ALONE else set()
        written = {message_id: row for message_id, row in written.items() if message_id not in needed}
        build = _Build(
            self.policies, name, self.now, cases, texts, places, written, untrusted, incidents, beside, waiting
        )
        return build, tasks, held + capped

    def _within_mode(self, name: str, cases: Mapping[str, Case], tasks: _Tasks) -> tuple[_Tasks, _Held]:
        """What this inbox lets us write, and the rest: it is decided all the same, so that the register has it.

        Of an undone case nothing is left but what a person asked to have taken back, whatever the mode is by now.
        """
        mode = self.policies.inboxes[name].mode
        good: _Tasks = []
        held: _Held = []
        for case_id, task in tasks:
            if task.kind in _ALLOWED[mode] or cases[case_id].undone:
                good.append((case_id, task))
            else:
                held.append((case_id, task, FORBIDDEN[mode]))
        return good, held

    def _within_caps(
        self, session: Session, name: str, cases: Mapping[str, Case], tasks: _Tasks, untrusted: Set[str]
    ) -> tuple[_Tasks, _Held]:
        """Those that may be written now, and the drafts that would be too many for one hour."""
        if not any(task.kind is Kind.DRAFT for _, task in tasks):
            return tasks, []
        counts = session.drafts_since(name, self.now - timedelta(hours=1))
        good: _Tasks = []
        capped: _Held = []
        for case_id, task in tasks:
            names = [cases[case_id].complainant.email, *([UNTRUSTED] if task.message_id in untrusted else [])]
            if task.kind is Kind.DRAFT and task.key != task.family:
                good.append((case_id, task))  # it takes the place of another, so there is not one draft more
                continue
            if task.kind is Kind.DRAFT and any(counts[who] >= CAP for who in names):
                capped.append((case_id, task, CAPPED))
                continue
            good.append((case_id, task))
            counts.update(names if task.kind is Kind.DRAFT else ())
        return good, capped


def _in_turn(cases: Mapping[str, Case], tasks: _Tasks) -> dict[str, timedelta]:
    """The drafts that must wait until the one they take the place of is gone, and for how long; no time at all where
    that is done in this very pass.
    """
    at_hand = {task.key for _, task in tasks}
    found: dict[str, timedelta] = {}
    for case_id, task in tasks:
        before = predecessors(cases[case_id], task) if task.kind is Kind.DRAFT else ()
        if before:
            found[task.key] = NO_PAUSE if all(one.key in at_hand for one in before) else READ_FIRST
    return found


def _still_needed(session: Session, inbox: str, reminder: str) -> bool:
    """Whether a list still speaks of something open, in whichever case."""
    cases = session.load(session.cases_reminded(inbox, reminder)).values()
    tasks = ((case, key) for case in cases for item in case.reminders if item.message_id == reminder
             for key in item.tasks)  # fmt: skip
    return any((task := case.task(key)) is not None and task.state.open for case, key in tasks)


def _beside(session: Session, inbox: str, over: Sequence[Written]) -> set[tuple[str, int]]:
    """The conversations, by folder and validity, where what is over lies beside another reminder that is not."""
    ended, where = {one.message_id for one in over}, {_conversation(one) for one in over}
    lying = [one for one in (session.live(inbox) if over else ()) if one.message_id not in ended]
    return {_conversation(one) for one in lying
            if one.kind == "reminder" and _conversation(one) in where
            and _still_needed(session, inbox, one.message_id)}  # fmt: skip


def _conversation(one: Written) -> tuple[str, int]:
    return (one.place.folder, one.place.validity) if one.place is not None else ("", 0)


@dataclass(slots=True)
class _Build:
    """Turns tasks into changes: tags and draft of one case together, a list of reminders as one."""

    policies: Policies
    inbox: str
    now: datetime
    cases: Mapping[str, Case]
    texts: _Texts
    places: Mapping[str, Place]
    written: Mapping[str, tuple[Written, str]]
    untrusted: Set[str]  # drafts that answer mail which failed DMARC
    incidents: Mapping[Telling, Incident]
    beside: Set[tuple[str, int]] = frozenset()
    waiting: Mapping[str, timedelta] = field(default_factory=dict)  # drafts that have to wait for their turn
    faults: dict[str, str] = field(default_factory=dict)

    def jobs(self, tasks: Iterable[tuple[str, Task]]) -> list[_Job]:
        """A job for each task; one that cannot be prepared must not hold up the others, and is named in `faults`."""
        found: dict[str, _Job] = {}
        for case_id, task in sorted(tasks, key=lambda item: item[1].kind is not Kind.TAG):
            key = task.message_id if task.kind is Kind.REMINDER else task.key
            if key in found:
                found[key].tasks.append((case_id, task))
                continue
            try:
                found[key] = self._job(self.cases[case_id], task)
            except Exception as error:  # a fault of ours in one case; it is kept, shown and tried again
                log.exception("case %s: its task %s could not be prepared", case_id, task.key)
                self.faults[task.key] = f"{type(error).__name__}: {error}"
        return _merged(list(found.values()))

    def _job(self, case: Case, task: Task) -> _Job:
        about = Change(key=task.key, case=case.id, message_id=case.message_id, place=self.places.get(case.message))
        job = _Job(about, [(case.id, task)])
        match task.kind:
            case Kind.TAG:
                job.change = self._tags(case, task, job.change)
            case Kind.DRAFT:
                self._draft(case, task, job)
            case Kind.REMINDER:
                job.change = replace(job.change, reminder=self._reminder(case, task))
            case Kind.WITHDRAWAL:
                job.change = replace(job.change, withdraw=self._targets(task))
            case Kind.NOTE:
                job.change = replace(job.change, note=reminders.undone(case, task))
            case _:
                over = self._targets(task)
                due = any(other.state is TaskState.RAISED for other in case.tasks)
                due = due or any(_conversation(one) in self.beside for one in over)
                job.change = replace(job.change, settle=over, still_due=due)
        return job

    def _tags(self, case: Case, task: Task, change: Change) -> Change:
        place = self.places.get(task.message)
        message_id = case.message_id if task.message == case.message else ""
        change = replace(change, message_id=message_id, place=place)
        return replace(change, remove_tags=task.tags) if task.untag else replace(change, add_tags=task.tags)

    def _targets(self, task: Task) -> tuple[Written, ...]:
        found = self.written.get(task.message_id)
        return (found[0],) if found else ()

    def _reminder(self, case: Case, task: Task) -> Reminder:
        row = self.texts[case.id, task.message_id]
        return Reminder(
            message_id=task.message_id, case=case.id, subject=row["subject"], text=row["text"], at=task.run_at
        )

    def _draft(self, case: Case, task: Task, job: _Job) -> None:
        settings = self.policies.inboxes[self.inbox]
        row = self.texts.get((case.id, case.message))
        assessment = ASSESSMENT.validate_json(row["detail"]) if row and row["detail"] else Assessment(
            complaint=True, maybe=False, score=1.0
        )  # fmt: skip
        untrusted = task.message_id in self.untrusted
        incident = self.incidents.get(telling_of(case))
        material, source = matter(
            self.policies, settings, case, task, assessment, untrusted=untrusted, incident=incident, now=self.now
        )
        letter = letters.compose(source, material)
        quoted = row["text"] if row and not untrusted else ""
        subject = letters.clean(case.subject, 200) if untrusted else case.subject
        draft = Draft(
            message_id=task.message_id,
            case=case.id,
            sender=case.identity,
            to=replace(case.answer_to, name="") if untrusted else case.answer_to,
            subject=letter.subject or answering(subject),
            references=case.references,
            text=letter.text,
            at=task.run_at,
            quoted=quoted,
            quote_head=letters.quote_head(material) if quoted else "",
            aside=(*reminders.ahead(case, self.policies.calendars[settings.hours]), *letters.why(letter).splitlines()),
        )
        job.letter, job.draft, job.telling = letter, draft, telling_of(case)
        job.stock = stock_of(self._sources(case, material.language), material.language, material.phrases)
        job.change = replace(job.change, draft=draft)

    def _sources(self, case: Case, language: str) -> tuple[str, ...]:
        """All letters of the case's book in this language."""
        return tuple(text.source for text in self.policies.kept(case.book).texts if text.language == language)


def matter(
    policies: Policies, settings: InboxSettings, case: Case, task: Task, assessment: Assessment,
    *, untrusted: bool = False, incident: Incident | None = None, now: datetime | None = None,
) -> tuple[letters.Material, str]:  # fmt: skip
    """What the letter of this task is made of, and its text: in the customer's language, the inbox's, or English.

    Of an `untrusted` mail no word is used: whoever is answered may not have written it, and would get a stranger's.
    What is about an `incident` is acknowledged by its own letter, and any other letter may name its facts. What was
    held up names no day that is past `now`.
    """
    at = max(task.run_at, now or task.run_at)
    text = policies.kept(case.book).text(task.template, case.language, settings.language, "en")
    material = letters.Material(
        name=case.complainant.name,
        assessment=replace(assessment, category=case.category, asks=case.asks, heated=case.heated),
        subject=case.subject,
        received_at=case.wrote_at or task.run_at,
        written_at=at,
        hours=policies.calendars[settings.hours],
        dates=_dates(policies, settings, case, task, at),
        language=text.language if text else "en",
        signature=settings.signature,
        origin=case.origin,
        up_to=task.up_to,
        offer=task.offer,
        voice=settings.voice,
        case=case.id,
        category=case.category,
        channel=case.channel,
        attached=case.has_attachment,
        phrases=policies.phrases,
    )
    material = letters.wordless(material) if untrusted else material
    hours = policies.calendars[settings.hours]
    for wording in worded(incident, policies.book, case, task, settings=settings, hours=hours) if incident else ():
        if wording.text is not None or wording.language == material.language:
            text = wording.text or text
            material = replace(material, incident=wording.facts, language=wording.language)
            break
    return material, text.source if text else f"[[the text {task.template} is missing]]"


def _dates(
    policies: Policies, settings: InboxSettings, case: Case, task: Task, at: datetime
) -> dict[str, datetime]:  # fmt: skip
    """The dates a letter may promise that is written at that time: none that is past, and of updates the next one, not
    that it is written for.
    """
    dates = {due.due_for: due.due_at for due in case.due if due.due_at is not None and due.due_at > at}
    update = case.due_by("update")
    if task.purpose is Purpose.UPDATE and update is not None and update.span:
        calendar = policies.calendars.get(update.hours) or policies.calendars[settings.hours]
        following = date_of(calendar, replace(update, anchor_at=at, pauses=()))
        dates |= {"update": following} if following else {}
    return dates


def answering(subject: str) -> str:
    """Their subject with one `Re:` before it."""
    bare = subject.strip()
    return bare if bare[:3].lower() == "re:" else f"Re: {bare}" if bare else "Re: your message"


def _merged(jobs: list[_Job]) -> list[_Job]:
    """Tags and draft of one case go out together, so that an inbox may write them as one."""
    merged: list[_Job] = []
    tags: dict[str, _Job] = {}
    for job in jobs:
        case_id, task = job.tasks[0]
        partner = tags.get(case_id)
        if task.kind is Kind.DRAFT and partner is not None and partner.draft is None:
            partner.change = replace(partner.change, draft=job.change.draft)
            partner.draft, partner.letter = job.draft, job.letter
            partner.telling, partner.stock = job.telling, job.stock
            partner.tasks += job.tasks
            continue
        if task.kind is Kind.TAG and not task.untag:
            tags.setdefault(case_id, job)
        merged.append(job)
    return merged


def _pause(claims: Sequence[Claim]) -> timedelta:
    """2, 4, 8 … 80 seconds, by how often it was tried."""
    tries = min(max(claim.attempts for claim in claims), 10)
    return min(timedelta(seconds=2**tries), LONGEST_PAUSE)


def _taking_back(case: Case, task: Task, events: Sequence[Event], now: datetime) -> Task | None:
    """What takes off the tags that were put on too late; those that are to be put on anew stay."""
    planned = (other for other in case.open_tasks(Kind.TAG) if other.message == task.message and not other.untag)
    wanted = {tag for other in planned for tag in other.tags}
    put_on = [tag for event in events if isinstance(event, TagsKept) for tag in event.tags]
    tags = tuple(tag for tag in put_on if tag not in wanted)
    key = "/".join((case.id, str(case.round), "untag", task.message[:16], short("|".join(tags), 8), str(case.version)))
    untag = Task(key=key, kind=Kind.TAG, run_at=now, message=task.message, tags=tags, untag=True)
    return untag if tags else None


# ---- what came of it ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Settled:
    """Stores receipts as events."""

    session: Session
    policies: Policies
    inbox: str
    now: datetime
    attempts: Mapping[str, int]  # how often each task was taken in hand, this time included
    lately: Lately
    outcome: Outcome = Outcome()

    def take(self, job: _Job, receipt: Receipt) -> None:
        for case_id, task in job.tasks:
            if receipt.again:
                self._anew(task, receipt.again)
                continue
            events = self._events(job, task, receipt)
            if events is None:
                self._again(case_id, task, receipt.refused or "the inbox did not say that it was written")
                continue
            case = self.session.case(case_id)
            if (standing := case.task(task.key)) is not None and not standing.state.open:
                events = self._too_late(case, task, events)
            store_events(self.session, case, events, self.inbox)
            self._after(case_id, task, receipt)
            self._in_line(case_id, task, job.telling)
            self.outcome += Outcome(done=1)
        if job.letter is not None and receipt.draft is not None and job.draft is not None:
            self._keep(job.draft, job.letter, job.stock)

    def _too_late(self, case: Case, task: Task, events: Sequence[Event]) -> list[Event]:
        """The task was dropped while it was being written: what lies there now is taken back."""
        left = [event for event in events if not isinstance(event, TaskDone)]
        if task.kind is Kind.DRAFT:
            left.append(TaskScheduled(at=self.now, task=withdrawal(case, task.message_id, self.now)))
        if task.kind is Kind.TAG and (untag := _taking_back(case, task, events, self.now)) is not None:
            left.append(TaskScheduled(at=self.now, task=untag))
        return left

    def _events(self, job: _Job, task: Task, receipt: Receipt) -> list[Event] | None:
        if receipt.gone:
            return [TaskDropped(at=self.now, key=task.key, reason=receipt.gone)]
        done: list[Event] = [TaskDone(at=self.now, key=task.key)]
        match task.kind:
            case Kind.TAG:
                tagged = receipt.tags_added or receipt.tags_removed or receipt.tags_unkept
                return None if receipt.refused and not tagged else [*self._tags_kept(task, receipt), *done]
            case Kind.DRAFT:
                return None if receipt.draft is None else [self._draft_written(job, task, receipt.draft), *done]
            case Kind.REMINDER:
                return None if receipt.reminder is None else [self._placed(receipt.reminder), *done]
            case Kind.WITHDRAWAL | Kind.NOTE:
                return None if receipt.refused else [*self._withdrawn(job, task, receipt), *done]
            case _:
                over = ReminderOver(at=self.now, message_id=task.message_id, how="settled")
                ended: list[Event] = [over] if job.change.settle else []
                return None if receipt.refused else [*ended, *done]

    def _tags_kept(self, task: Task, receipt: Receipt) -> list[Event]:
        return [
            TagsKept(
                at=self.now,
                message=task.message,
                tags=receipt.tags_added,
                unkept=receipt.tags_unkept,
                removed=receipt.tags_removed,
            )
        ]

    def _draft_written(self, job: _Job, task: Task, written: Written) -> DraftWritten:
        draft = DraftState(
            message_id=written.message_id,
            purpose=task.purpose or Purpose.ANSWER,
            round=int(task.key.split("/")[1]),
            task=task.key,
            written_at=self.now,
            place=written.place,
            digest=written.digest,
            marks=job.letter.marks if job.letter else 0,
            answers=job.draft.references[-1] if job.draft and job.draft.references else "",
        )
        return DraftWritten(at=self.now, draft=draft)

    def _placed(self, written: Written) -> ReminderPlaced:
        return ReminderPlaced(at=self.now, message_id=written.message_id, place=written.place, digest=written.digest)

    def _withdrawn(self, job: _Job, task: Task, receipt: Receipt) -> list[Event]:
        fate = self._fate(task, receipt)
        if any(one.kind == "reminder" for one in job.change.withdraw):
            return [] if fate == "edited" else [ReminderOver(at=self.now, message_id=task.message_id, how="taken back")]
        if fate in ("withdrawn", "over"):
            return [DraftChanged(at=self.now, message_id=task.message_id, fate=DraftFate.WITHDRAWN)]
        if fate == "kept":
            return [Noted(at=self.now, note=_KEPT)]
        return []

    def _fate(self, task: Task, receipt: Receipt) -> str:
        """What became of what we came to take back; where it was begun before, it was we who removed it."""
        fate = (receipt.withdrawn or {}).get(task.message_id, "gone")
        return "withdrawn" if fate == "gone" and self.attempts.get(task.key, 1) > 1 else fate

    def _after(self, case_id: str, task: Task, receipt: Receipt) -> None:
        """A draft we came to take back and that was gone or not ours any more: a person sent, deleted or edited it."""
        fate = self._fate(task, receipt)
        if task.kind is Kind.WITHDRAWAL and fate == "kept":
            self._give_way(case_id, task)
        if task.kind is not Kind.WITHDRAWAL or fate not in ("gone", "edited"):
            return
        act = TouchDraft(message_id=task.message_id, fate=DraftFate(fate))
        follow(self.session, self.policies, self.session.case(case_id), self.inbox, Acted(at=self.now, act=act))

    def _give_way(self, case_id: str, withdrawn: Task) -> None:
        """The old draft stays, so the one that was to take its place is not written: there is one for each purpose."""
        case = self.session.case(case_id)
        draft = case.draft(withdrawn.message_id)
        have = case.task(draft.task) if draft else None
        gone = [
            TaskDropped(at=self.now, key=task.key, reason=_KEPT)
            for task in case.open_tasks(Kind.DRAFT)
            if have is not None and task.family == have.family
        ]
        store_events(self.session, case, gone, self.inbox)

    def _in_line(self, case_id: str, task: Task, telling: Telling) -> None:
        """The facts of its incident were corrected while the draft was being written: it is written anew."""
        case = self.session.case(case_id)
        if task.kind is Kind.DRAFT and telling_of(case) != telling and case.draft(task.message_id) is not None:
            trigger = IncidentTold(at=self.now, text=words_of(self.session, case), stale=(task.message_id,))
            follow(self.session, self.policies, case, self.inbox, trigger)

    def _keep(self, draft: Draft, letter: letters.Letter, stock: frozenset[str]) -> None:
        if self.session.case(draft.case).erased:
            return  # forgotten while it was being written: it is taken back, and its words are not kept
        near = self._alike(draft.case, letter.text, stock)
        subject, detail = clip(draft.subject, 500), letters.to_keep(letter, alike=near)
        self.session.keep_letter(draft.case, draft.message_id, "draft", letter.text, subject=subject, detail=detail)

    def _alike(self, case_id: str, text: str, stock: frozenset[str]) -> int:
        """To how many others nearly the same was written today, of the last fifty drafts in this inbox."""
        near = self.lately.near(case_id, text, stock, self.policies.inboxes[self.inbox].signature)
        self.lately.add(case_id, text)
        return near

    def _anew(self, task: Task, why: str) -> None:
        """It was decided on what is no longer so: what changed is read before it is tried again."""
        self.outcome += Outcome(again=1)
        self.session.postpone([task.key], self.now + READ_FIRST, why)

    def _again(self, case_id: str, task: Task, why: str) -> None:
        self.outcome += Outcome(again=1)
        self.session.postpone([task.key], self.now + REFUSED_PAUSE, why)
        self.session.keep_fault(self.inbox, why, self.now, "unwritten")
        case = self.session.case(case_id)
        if task.note != why:
            refused = TaskRefused(at=self.now, key=task.key, reason=why)
            store_events(self.session, case, [refused], self.inbox)
