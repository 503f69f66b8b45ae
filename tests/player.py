"""Plays a story told in text over a real desk: MemoryInbox, SQLite in a folder, real playbooks, real judge.

A story is a file: a title, playbooks as indented blocks, then steps (`> when  what`), each followed by what came of it.
Playing it writes the whole file anew, so a story that still holds is one that comes out as it stands. Times are those
of the shop in London, open Mon-Fri 09:00-17:00; a weekday is the next such day, a `+1` before it means a week later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from plugin import timeline as t
from plugin.config import MailboxSettings
from plugin.decide import Act, EndTask, Reopen, Resolve, SayReplied, Snooze, Wait
from plugin.desk import Desk, Replan
from plugin.desk.ledger import Policies
from plugin.hours import Hours
from plugin.inbox import ActKind, Inbox
from plugin.judge import Judge
from plugin.model import Address, Draft, Message
from plugin.playbook import Book, load_book
from plugin.store import Store
from plugin.testing import MemoryInbox
from tests.stores import store_at

LONDON = ZoneInfo("Europe/London")
HOURS = Hours.parse("default", "Europe/London", {"mon-fri": "09:00-17:00"})
JUDGE = Judge()
MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
PEOPLE = {"Anna": "anna@example.org", "Bob": "bob@example.net"}
WORDS = {
    "complaint": "This is a formal complaint. My order LL-10234 arrived broken and nobody answers. I am very "
    "disappointed and want my money back!",
    "complaint again": "This is another complaint. The replacement is broken as well. I am very angry, this is "
    "unacceptable, and I want my money back now!",
    "question": "Do you sell lamps with a blue shade, and what do they cost?",
    "thanks": "Thank you very much, all is well now.",
    "chaser": "I am still waiting for an answer to my complaint. When will I hear from you?",
    "answer": "Dear Anna, we are sorry. A new one is on its way.",
    "answer with a mark": "Dear Anna, a new one will be with you on [[which day]].",
    "answer promising friday": "Dear Anna, we are sorry. We will send you a new one by Friday.\n\nExample Ltd",
    "answer promising twice": "Dear Anna, I will call you tomorrow. You will have your money within 3 working days.",
    "answer quoting a promise": "Dear Anna, it is on its way.\n\nOn Monday we wrote:\n> You will have it by Friday.",
    "answer quoting a mark": "Dear Anna, yes.\n\n> You wrote [[which day]] in your letter.",
}


def settings(name: str = "support", **more: Any) -> MailboxSettings:
    """How the inbox of a test is set up."""
    us = Address(f"{name}@example.com", "Support")
    given: dict[str, Any] = {"host": "localhost", "port": 1, "user": "u", "password": "p", "signature": "Example Ltd"}
    return MailboxSettings(name=name, identities=(us,), ours=(us.email,), **(given | more))


def book(folder: Path, playbooks: dict[str, str], *packs: str) -> Book:
    """These playbooks, and a letter of one sentence for each that they name."""
    (folder / "drafts").mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.yaml"):
        old.unlink()
    for name, text in playbooks.items():
        (folder / f"{name}.yaml").write_text(text, "utf-8")
        for letter in re.findall(r"(?:text|draft): *([a-z-]+)", text):
            (folder / "drafts" / f"{letter}.en.txt").write_text(f"This is the letter {letter}.\n", "utf-8")
    return load_book(packs, folder, calendars={"default": HOURS})


@dataclass(slots=True)
class Shop:
    """A desk with one or more memory inboxes, and a clock that only the story moves."""

    folder: Path
    book: Book
    now: datetime = MONDAY
    inboxes: dict[str, Inbox] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    hours: Hours = HOURS
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        if not self.inboxes:
            self.inboxes = {"support": MemoryInbox(clock=lambda: self.now)}
        self.open()
        for name in self.inboxes:
            self.desk.poll(name)

    @property
    def box(self) -> MemoryInbox:
        """The inbox called support."""
        found = self.inboxes["support"]
        assert isinstance(found, MemoryInbox)
        return found

    def open(self) -> None:
        """Start anew over the same store, as after a restart."""
        inboxes = {name: settings(name, **self.options) for name in self.inboxes}
        policies = Policies(self.book, {"default": self.hours}, inboxes)
        self.desk = Desk(Store(store_at(self.folder / "amends.db")), self.inboxes, policies, JUDGE, lambda: self.now)

    def change(self, book: Book, hours: Hours = HOURS) -> None:
        """Other playbooks, or other opening hours, are in force from now on."""
        self.desk.store.close()
        self.book, self.hours = book, hours
        self.open()

    def run(self) -> None:
        """One pass: what came is taken in, what is due is done."""
        for name in self.inboxes:
            self.desk.poll(name)
        self.desk.run_due()

    def pass_time(self, **span: int) -> None:
        """The clock moves on, then there is one pass."""
        self.now += timedelta(**span)
        self.run()

    def cases(self) -> list[t.Case]:
        """Every case, oldest first, the undecided ones too."""
        with self.desk.store.reading() as session:
            ids = session.summaries(statuses=("open", "resolved", "undecided"))
            return sorted(session.load(ids).values(), key=lambda case: (case.received_at or MONDAY, case.id))

    @property
    def case(self) -> t.Case:
        """The only case."""
        (case,) = self.cases()
        return case

    def timeline(self, case_id: str = "") -> list[t.Event]:
        """What happened to that case, or to the only one."""
        with self.desk.store.reading() as session:
            return session.timeline(case_id or self.case.id)

    def act(self, act: Act | Replan) -> t.Case:
        """A person's act on the only case, and one pass."""
        after = self.desk.act(self.case.id, act)
        self.run()
        return after

    def draft(self, purpose: str = "acknowledgement") -> Draft:
        """The newest draft of that purpose that lies in the inbox."""
        states = [state for case in self.cases() for state in case.drafts if state.purpose == purpose]
        return next(self.box.box.drafts[d.message_id] for d in reversed(states) if d.message_id in self.box.box.drafts)


# ---- telling ---------------------------------------------------------------------------------------------------------


def clock(moment: datetime | None) -> str:
    """Weekday and time in London; with the date where it is not this first week."""
    if moment is None:
        return "not started"
    local = moment.astimezone(LONDON)
    week = (local.date() - MONDAY.date()).days // 7
    return f"{local:%a %H:%M}" + (f" (+{week})" if week else "")


def _number(number: int) -> str:
    return f" #{number}" if number > 1 else ""


def _said(due: t.DueBy) -> str:
    return f" “{due.said}”" if due.said else ""


def _scheduled(task: t.Task) -> str:
    if task.kind is t.Kind.DRAFT:
        return f"TaskScheduled draft {task.purpose}{_number(task.number)} ({task.template}) {clock(task.run_at)}"
    return f"TaskScheduled {task.kind} {clock(task.run_at)}"


def _task(case: t.Case, key: str) -> str:
    task = case.task(key)
    assert task is not None
    return f"draft {task.purpose}{_number(task.number)}" if task.kind is t.Kind.DRAFT else str(task.kind)


def _purpose(case: t.Case, message_id: str) -> str:
    return next(str(draft.purpose) for draft in case.drafts if draft.message_id == message_id)


def _quiet(case: t.Case, event: t.Event) -> bool:
    """What the inbox is asked to carry shows by what lies there afterwards."""
    if isinstance(event, t.Assessed | t.TagsKept | t.ReminderPlanned | t.ReminderPlaced):
        return True
    if isinstance(event, t.TaskScheduled):
        return event.task.kind.for_inbox and event.task.kind is not t.Kind.DRAFT
    if isinstance(event, t.TaskDone | t.TaskDropped):
        task = case.task(event.key)
        done = isinstance(event, t.TaskDone)
        return task is not None and task.kind.for_inbox and (done or task.kind is not t.Kind.DRAFT)
    return False


def told(case: t.Case, event: t.Event) -> str:  # noqa: PLR0911, PLR0912 - one line for each kind of event
    """One event in one line."""
    name = type(event).__name__
    match event:
        case t.Received():
            return name + (" undecided" if event.undecided else "") + (" historic" if event.historic else "")
        case t.Joined():
            return f"{name} {event.standing}" + (f": {event.note}" if event.note else "")
        case t.Tagged():
            shown = [tag for tag in event.tags if not re.match("category|severity|risk", tag)]
            return f"{name} {', '.join(shown)}"
        case t.PlaybooksRan():
            return f"{name} {event.when}: {', '.join(ran.name for ran in event.ran if ran.applied) or 'none applies'}"
        case t.DueBySet(due=due):
            by = due.playbook or "a reply"
            return f"{name} {due.kind}{_said(due)}{_number(due.number)} {clock(due.due_at)} by {by}"
        case t.DueByMet():
            return f"{name} {t.kind_of(event.due_for)} {clock(event.met_at)} by {event.met_by}"
        case t.DueByUnmet() | t.DueByReleased():
            return f"{name} {t.kind_of(event.due_for)}: {event.reason}"
        case t.DueByMissed():
            return f"{name} {t.kind_of(event.due_for)}"
        case t.DueByNoted():
            return f"{name} {t.kind_of(event.due_for)}: {event.note}"
        case t.TaskScheduled(task=task):
            return _scheduled(task)
        case t.TaskRaised():
            raised = case.task(event.key)
            return f"{name} {_task(case, event.key)}" + (f": {raised.note}" if raised and raised.note else "")
        case t.TaskSnoozed():
            return f"{name} {_task(case, event.key)} {clock(event.until)}"
        case t.TaskDone():
            note = f"gave {event.gave}, {event.note}" if event.gave else event.note
            return f"{name} {_task(case, event.key)}" + (f": {note}" if note else "")
        case t.TaskDropped():
            return f"{name} {_task(case, event.key)}: {event.reason}"
        case t.DraftWritten(draft=draft):
            return f"{name} {draft.purpose}"
        case t.DraftChanged():
            return f"{name} {_purpose(case, event.message_id)} {event.fate}"
        case t.ReminderOver():
            return f"{name} {event.how}"
        case t.Replied():
            said = f" {event.how}" if event.how else f" with the {_purpose(case, event.draft)}" if event.draft else ""
            return f"{name} {clock(event.replied_at)}{said}"
        case t.Resolved():
            return f"{name} {event.outcome or 'not stated'}"
        case t.Reopened():
            return f"{name} {event.reason}"
        case t.Replanned():
            return f"{name} by {event.by}"
        case t.Assigned():
            return f"{name} {event.owner}"
        case t.Noted():
            return f"{name} {event.note}"
        case _:
            return name


# ---- playing ---------------------------------------------------------------------------------------------------------


class Player:
    """Plays one story; each verb is a method whose docstring is the pattern it is told by."""

    def __init__(self, folder: Path, playbooks: dict[str, str], packs: tuple[str, ...]) -> None:
        self._folder = folder
        self.shop = Shop(folder, book(folder / "playbooks", playbooks, *packs))
        self._said: dict[str, int] = {}
        self._lay: list[str] = []
        self._names: dict[str, str] = {}
        self._last: Message | None = None  # the last message of the thread
        self._ours: Message | None = None
        self._verbs: list[tuple[re.Pattern[str], Callable[..., None]]] = [
            (re.compile(method.__doc__ or ""), method)
            for name in dir(self)
            if name.startswith("do_") and (method := getattr(self, name))
        ]

    def play(self, step: str) -> list[str]:
        """What came of one step, line by line."""
        when, _, what = step.partition("  ")
        self.shop.now = self._moment(when.strip())
        for pattern, verb in self._verbs:
            if found := pattern.fullmatch(what.strip()):
                verb(**found.groupdict())
                self.shop.run()
                return [*self._events(), *self._inbox()]
        raise AssertionError(f"no verb fits: {what}")

    def _moment(self, when: str) -> datetime:
        found = re.fullmatch(r"(?:\+(\d) )?(\w{3}) (\d\d):(\d\d)", when)
        assert found, when
        weeks, day, hour, minute = int(found[1] or 0), DAYS.index(found[2]), int(found[3]), int(found[4])
        moment = MONDAY + timedelta(days=day, hours=hour, minutes=minute)
        while moment < self.shop.now:
            moment += timedelta(days=7)
        return moment + timedelta(days=7 * weeks)

    def _events(self) -> Iterator[str]:
        for case in self.shop.cases():
            letter = self._names.setdefault(case.id, "ABCDEFGH"[len(self._names)])
            events = self.shop.timeline(case.id)
            for event in events[self._said.get(case.id, 0) :]:
                if not _quiet(case, event):
                    yield (f"{letter} " if len(self._names) > 1 else "") + told(case, event)
            self._said[case.id] = len(events)

    def _inbox(self) -> list[str]:
        """What lies there now, where that has changed."""
        box = self.shop.box.box
        purposes = {draft.message_id: draft.purpose for case in self.shop.cases() for draft in case.drafts}
        lies = [f"in Drafts: {', '.join(sorted(purposes[mid] for mid in box.drafts)) or 'nothing'}"]
        lies += [f"reminder{'' if flagged else ' (over)'}: {subject}" for subject, _, flagged in box.reminders.values()]
        marks = sorted({mark for marks in box.marks.values() for mark in marks})
        own = [mark for mark in marks if not re.match("category|severity|risk", mark)]
        lies.append(f"tags: {', '.join(own) or 'none'}")
        new = [line for line in lies if line not in self._lay]
        self._lay = lies
        return new

    def _open(self) -> t.Case:
        return self.shop.cases()[0]

    # ---- verbs

    def do_arrive(self, who: str, kind: str, about: str, thread: str | None) -> None:
        r"(?P<who>\w+) writes a (?P<kind>[a-z ]+?) (?:about (?P<about>.+)|(?P<thread>in the thread))"
        after = self._last.message_id if thread and self._last else ""
        subject = about or f"Re: {self._last.subject if self._last else ''}"
        message = self.shop.box.arrive(WORDS[kind], sender=PEOPLE[who], name=who, subject=subject, after=after)
        if not thread or who == "Anna":
            self._last = message

    def do_reply(self, kind: str) -> None:
        r"we send an (?P<kind>answer[a-z ]*)"
        assert self._last
        self._ours = self.shop.box.arrive(WORDS[kind], sender=PEOPLE["Anna"], after=self._last.message_id, sent=True)

    def do_forge(self) -> None:
        r"somebody sends an answer in our name"
        assert self._last
        after = self._last.message_id
        self.shop.box.arrive(WORDS["answer"], sender=PEOPLE["Anna"], after=after, sent=True, genuine=False)

    def do_vacation(self) -> None:
        r"our auto-reply goes out"
        assert self._last
        after = self._last.message_id
        self.shop.box.arrive("We are away.", sender=PEOPLE["Anna"], after=after, sent=True, automatic="auto-reply")

    def do_their_vacation(self) -> None:
        r"her auto-reply comes in"
        assert self._last
        self.shop.box.arrive(WORDS["complaint again"], after=self._last.message_id, automatic="auto-reply")

    def do_bounce(self) -> None:
        r"the answer bounces"
        assert self._ours
        self.shop.box.arrive("No such mailbox.", sender="mailer-daemon@example.org", automatic="bounce",
                             bounced=self._ours.message_id, after=self._ours.message_id)  # fmt: skip

    def do_send(self, purpose: str, renamed: str | None) -> None:
        r"we send the (?P<purpose>\w+) draft(?P<renamed> under another Message-ID)?"
        draft = self.shop.draft(purpose)
        self._ours = self.shop.box.send_draft(draft, message_id=f"<{purpose}@example.com>" if renamed else "")

    def do_edit(self, purpose: str) -> None:
        r"we edit the (?P<purpose>\w+) draft"
        self.shop.box.edit_draft(self.shop.draft(purpose), "Dear Anna, in my own words.")

    def do_delete(self, purpose: str) -> None:
        r"we delete the (?P<purpose>\w+) draft"
        del self.shop.box.box.drafts[self.shop.draft(purpose).message_id]

    def do_resolve(self, outcome: str) -> None:
        r"we resolve it: (?P<outcome>[a-z -]+)"
        given = "" if outcome == "not stated" else outcome
        self.shop.desk.act(self._open().id, Resolve(at=self.shop.now, outcome=given, by="me"))

    def do_reopen(self) -> None:
        r"we reopen it"
        self.shop.desk.act(self._open().id, Reopen(by="me"))

    def do_await(self) -> None:
        r"we wait for Anna"
        self.shop.desk.act(self._open().id, Wait(at=self.shop.now))

    def do_say_replied(self, how: str) -> None:
        r"we say that we answered (?P<how>.+)"
        self.shop.desk.act(self._open().id, SayReplied(at=self.shop.now, how=how, by="me"))

    def do_end(self, how: str, kind: str) -> None:
        r"(?P<how>done|drop): (?P<kind>\w+)"
        case = self._open()
        task = case.open_tasks(t.Kind(kind))[0]
        self.shop.desk.act(case.id, EndTask(key=task.key, done=how == "done", note="seen to", by="me"))

    def do_put_off(self, until: str, kind: str) -> None:
        r"put off to (?P<until>.+): (?P<kind>\w+)"
        case = self._open()
        task = case.open_tasks(t.Kind(kind))[0]
        self.shop.desk.act(case.id, Snooze(key=task.key, until=self._moment(until), by="me"))

    def do_tick(self) -> None:
        r"we clear the flag of the reminder"
        self.shop.box.tick_off(list(self.shop.box.box.reminders)[-1])

    def do_remove(self) -> None:
        r"we delete the reminder"
        del self.shop.box.box.reminders[list(self.shop.box.box.reminders)[-1]]

    def do_mark(self, word: str) -> None:
        r"we mark it (?P<word>[a-z-]+)"
        assert self._last
        self.shop.box.say(ActKind(word), self._last)

    def do_wait(self) -> None:
        r"time passes"


def perform(story: str, folder: Path) -> str:
    """The story as it comes out when it is played."""
    lines = [line for line in story.splitlines() if not line.startswith("    ")]
    first = next(number for number, line in enumerate(story.splitlines()) if line.startswith("> "))
    head = story.splitlines()[:first]
    packs = ("general",) if any(line == "With the general pack." for line in head) else ()
    player = Player(folder, _playbooks(head), packs)
    told_steps = []
    for line in lines:
        if line.startswith("> "):
            told_steps += [line, *(f"    {came}" for came in player.play(line[2:]))]
    player.shop.desk.close()
    return "\n".join([*head, *told_steps]) + "\n"


def _playbooks(head: list[str]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for line in head:
        if line.startswith("playbook "):
            found[line.removeprefix("playbook ").rstrip(":")] = []
        elif line.startswith("    ") and found:
            list(found.values())[-1].append(line[4:])
    return {name: "\n".join(text) + "\n" for name, text in found.items()}
