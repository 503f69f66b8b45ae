# ruff: noqa: S101 - a contract is told in assertions
"""For whoever writes the next inbox: a real one in memory, and the contract every inbox must keep.

    class TestMyInbox(InboxContract):
        @pytest.fixture
        def box(self) -> Box: ...        # your inbox, and the few things a person does to it

The story a person sees is told in the port's words, so that it holds for every inbox alike.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Protocol

from plugin.inbox import (
    Act,
    ActKind,
    Ahead,
    Change,
    Cursor,
    Finding,
    Inbox,
    Memory,
    Notice,
    Page,
    Receipt,
    Recorded,
)
from plugin.model import Address, Direction, Draft, Message, Place, Written

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Letterbox:
    """What lies in a MemoryInbox: messages with their marks, drafts, reminders, and acts not yet fetched."""

    messages: list[Message] = field(default_factory=list)
    marks: dict[str, set[str]] = field(default_factory=dict)
    drafts: dict[str, Draft] = field(default_factory=dict)
    reminders: dict[str, tuple[str, str, bool]] = field(default_factory=dict)  # subject, text, flagged
    acts: list[Act] = field(default_factory=list)


class MemoryInbox:
    """An inbox without a server: everything the port promises, in a few lists."""

    def __init__(
        self, name: str = "support", us: str = "support@example.com",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self.name, self.us, self.box = name, Address(us, "Support"), Letterbox()
        self._clock, self._news = clock, threading.Event()

    # ---- what people do -----------------------------------------------------------------------------------------

    def arrive(self, text: str, *, sender: str = "anna@example.org", subject: str = "Hello", after: str = "",
               at: datetime | None = None, sent: bool = False, name: str = "Anna Jones", automatic: str = "",
               message_id: str = "", **more: Any) -> Message:  # fmt: skip
        """A message arrives, or (`sent`) one of us sends one; `after` is the Message-ID it answers.

        `more` are other fields of the Message, such as `bounced` or `trusted`.
        """
        uid = len(self.box.messages) + 1
        own, other = self.us, Address(sender, name)
        key = hashlib.sha256(f"{uid}|{sender}|{subject}|{text}".encode()).hexdigest()[:24]
        message = Message(
            inbox=self.name, key=key, place=Place("Sent" if sent else "INBOX", 1, uid),
            message_id=message_id or f"<{key}@mail.example>", references=(after,) if after else (),
            at=at or self._clock(), direction=Direction.OUT if sent else Direction.IN,
            sender=own if sent else other, answer_to=other, identity=own, to=(other,) if sent else (own,),
            subject=subject, text=text, genuine=sent, automatic=automatic,
        )  # fmt: skip
        return self.put(replace(message, **more))

    def put(self, message: Message) -> Message:
        """This very message arrives, at the next free UID of its folder."""
        place = Place(message.place.folder, 1, len(self.box.messages) + 1)
        self.box.messages.append(replace(message, place=place))
        self._news.set()
        return self.box.messages[-1]

    def edit_draft(self, draft: Draft, text: str) -> Draft:
        """A person changes the text of this draft, in a mail program that keeps its Message-ID."""
        edited = replace(draft, text=text)
        self.box.drafts[draft.message_id] = edited
        return edited

    def tick_off(self, message_id: str) -> None:
        """A person clears the flag of this reminder."""
        subject, text, _ = self.box.reminders[message_id]
        self.box.reminders[message_id] = (subject, text, False)

    def say(self, kind: ActKind, message: Message) -> None:
        """A person does this to a message."""
        self.box.acts.append(Act(kind, self._clock(), message))
        self._news.set()

    def send_draft(self, draft: Draft, *, at: datetime | None = None, message_id: str = "") -> Message:
        """A person sends this draft; `message_id` is the one a mail program gives it that does not keep ours."""
        del self.box.drafts[draft.message_id]
        return self.arrive(draft.text, sender=draft.to.email, name=draft.to.name, subject=draft.subject, sent=True,
                           after=draft.references[-1], at=at, message_id=message_id or draft.message_id)  # fmt: skip

    # ---- the port -----------------------------------------------------------------------------------------------

    def fetch(self, cursor: Cursor | None, memory: Memory) -> Iterator[Page]:
        """Everything after the cursor; the first pass starts behind what is there."""
        if cursor is None:
            yield Page(cursor={"uid": len(self.box.messages)})
            return
        fresh = tuple(self.box.messages[cursor["uid"] :])
        acts, self.box.acts = tuple(self.box.acts), []
        yield Page(cursor={"uid": len(self.box.messages)}, messages=fresh, acts=(*acts, *self._ended(memory)))

    def _ended(self, memory: Memory) -> Iterator[Act]:
        for written in memory.written():
            now, mid = self._clock(), written.message_id
            if written.kind == "draft" and mid not in self.box.drafts:
                yield Act(ActKind.DRAFT_GONE, now, written=mid)
            elif written.kind == "draft" and _digest(self.box.drafts[mid].text) != written.digest:
                yield Act(ActKind.DRAFT_EDITED, now, written=mid, text=self.box.drafts[mid].text)
            elif written.kind == "reminder" and mid not in self.box.reminders:
                yield Act(ActKind.REMINDER_GONE, now, written=mid)
            elif written.kind == "reminder" and not self.box.reminders[mid][2]:
                yield Act(ActKind.REMINDER_DONE, now, written=mid)

    def write(self, changes: Sequence[Change]) -> Sequence[Receipt]:
        """Write them; the second time has no further effect."""
        return [self._write(change) for change in changes]

    def _write(self, change: Change) -> Receipt:
        added, removed = self._mark(change)
        draft = self._put_draft(change)
        self._settle(change)
        return Receipt(
            key=change.key, tags_added=added, tags_removed=removed, draft=draft,
            reminder=self._put_reminder(change),
            withdrawn={written.message_id: self._take_back(written) for written in change.withdraw},
        )  # fmt: skip

    def _mark(self, change: Change) -> tuple[tuple[str, ...], tuple[str, ...]]:
        message = next((m for m in self.box.messages if m.place == change.place), None)
        marks = self.box.marks.setdefault(message.key, set()) if message else set()
        added = tuple(tag for tag in change.add_tags if tag not in marks)
        removed = tuple(tag for tag in change.remove_tags if tag in marks)
        marks |= set(added)
        marks -= set(removed)
        return added, removed

    def _settle(self, change: Change) -> None:
        for written in change.settle:
            if written.message_id in self.box.reminders:
                self.tick_off(written.message_id)

    def _put_draft(self, change: Change) -> Written | None:
        if change.draft is None:
            return None
        draft = self.box.drafts.setdefault(change.draft.message_id, change.draft)
        return Written(draft.message_id, "draft", Place("Drafts", 1, len(self.box.drafts)), _digest(draft.text))

    def _put_reminder(self, change: Change) -> Written | None:
        if change.reminder is None:
            return None
        item = change.reminder
        self.box.reminders.setdefault(item.message_id, (item.subject, item.text, True))
        return Written(item.message_id, "reminder", Place("INBOX", 1, 0), _digest(item.text))

    def _take_back(self, written: Written) -> str:
        if written.kind == "reminder":
            lies = self.box.reminders.get(written.message_id)
            if lies is None or _digest(lies[1]) != written.digest:
                return "gone" if lies is None else "edited"
            del self.box.reminders[written.message_id]
            return "withdrawn"
        draft = self.box.drafts.get(written.message_id)
        if draft is None:
            return "gone"
        if _digest(draft.text) != written.digest:
            return "edited"
        del self.box.drafts[written.message_id]
        return "withdrawn"

    def check(self, make_folders: bool = False) -> Sequence[Finding]:
        """There is nothing that could be wrong with it."""
        return [Finding("memory", True, "always there")]

    def find(self, message_id: str) -> Message | None:
        """The message with this Message-ID."""
        return next((message for message in self.box.messages if message.message_id == message_id), None)

    def history(self, since: datetime, most: int) -> Iterator[Page]:
        """Everything since then, each folder for itself."""
        for folder in dict.fromkeys(message.place.folder for message in self.box.messages):
            found = [message for message in self.box.messages if message.place.folder == folder and message.at >= since]
            yield Page(cursor={}, messages=tuple(found[-most:]))

    def backlog(self, since: datetime, cursor: Cursor, known: Recorded, at_once: int = 100) -> Iterator[Page]:
        """What came before the cursor and is not on record, oldest first."""
        before = [message for message in self.box.messages[: cursor["uid"]] if message.at >= since]
        on_record = known([message.place for message in before])
        left = sorted((one for one in before if not on_record.get(one.place)), key=lambda one: one.at)
        for start in range(-at_once, len(left), at_once):
            some = tuple(replace(one, historic=True) for one in left[max(0, start) : max(0, start + at_once)])
            ahead = Ahead(len(left) - max(0, start + at_once), 0)
            yield Page(cursor={}, messages=some, ahead=ahead)

    def reread(self, place: Place, cursor: Cursor | None) -> Page:
        """The message at this place."""
        return Page(cursor={}, messages=tuple(one for one in self.box.messages if one.place == place))

    def wait(self, seconds: float) -> bool:
        """Until something arrives, or a person does something to a message."""
        came = self._news.wait(seconds)
        self._news.clear()
        return came

    def close(self) -> None:
        """Nothing is held open; whoever waits is let go."""
        self._news.set()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Forgetful:
    """A memory that remembers what it is told, for tests of an inbox alone."""

    def __init__(self, *written: Written, keys: Mapping[str, Sequence[str]] | None = None) -> None:
        self._written, self._keys = written, keys or {}
        self.places: dict[Place, str] = {}
        self.heard: list[Notice] = []
        self.read: dict[str, str] = {}

    def known(self, fingerprints: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """The keys it was told."""
        return {name: self._keys[name] for name in fingerprints if name in self._keys}

    def recorded(self, folder: str, validity: int, uids: Sequence[int]) -> Mapping[int, str]:
        """The places it was told."""
        places = {uid: self.places.get(Place(folder, validity, uid)) for uid in uids}
        return {uid: key for uid, key in places.items() if key}

    def written(self) -> Sequence[Written]:
        """What it was told we wrote."""
        return self._written

    def notices(self) -> Sequence[Notice]:
        """What it was told outside."""
        return self.heard

    def bookmarks(self, topics: Sequence[str]) -> Mapping[str, str]:
        """How far it was read, as it was told."""
        return {topic: self.read[topic] for topic in topics if topic in self.read}

    def take(self, page: Page) -> Page:
        """Remember of this page what a store would."""
        self.read |= page.bookmarks or {}
        self.heard = [notice for notice in self.heard if notice.id not in page.heard]
        self.places |= {message.place: message.key for message in page.messages}
        return page


class Box(Protocol):
    """An inbox under test and what people do to it."""

    @property
    def inbox(self) -> Inbox:
        """The inbox under test."""

    def deliver(self, text: str, subject: str) -> None:
        """Somebody's message arrives."""

    def mark(self, subject: str, tag: str) -> None:
        """A person puts a tag on the message with this subject."""

    def marks(self, subject: str) -> set[str]:
        """The tags the message with this subject carries."""

    def drafts(self) -> list[str]:
        """The Message-IDs of what lies among the drafts."""

    def somewhere(self) -> Place | None:
        """Where a message lies to which a draft may belong; nothing where drafts lie by themselves."""

    def snapshot(self) -> object:
        """Everything that lies in the inbox with all its flags, for comparing."""


class InboxContract:
    """What every inbox promises; inherit it and give a fixture `box`.

    `notes_stay` where what was written cannot be taken back and is only offered no more.
    """

    notes_stay: ClassVar[bool] = False

    def _attached(self, box: Box) -> Cursor:
        return list(box.inbox.fetch(None, Forgetful()))[-1].cursor

    def _new(self, box: Box, cursor: Cursor) -> list[Message]:
        return [message for page in box.inbox.fetch(cursor, Forgetful()) for message in page.messages]

    def test_the_first_pass_brings_nothing_old(self, box: Box) -> None:
        box.deliver("It was here before.", "Old")
        pages = list(box.inbox.fetch(None, Forgetful()))
        assert [message for page in pages for message in page.messages] == []

    def test_what_arrives_later_is_fetched_once(self, box: Box) -> None:
        cursor = self._attached(box)
        box.deliver("My kettle is broken.", "Kettle")
        pages = list(box.inbox.fetch(cursor, Forgetful()))
        assert [message.subject for page in pages for message in page.messages] == ["Kettle"]
        assert self._new(box, pages[-1].cursor) == []

    def test_fetching_changes_nothing(self, box: Box) -> None:
        cursor = self._attached(box)
        box.deliver("My kettle is broken.", "Kettle")
        before = box.snapshot()
        self._new(box, cursor)
        self._new(box, cursor)
        assert box.snapshot() == before

    def test_tags_are_put_on_and_none_that_was_there_before_us_is_called_ours(self, box: Box) -> None:
        cursor = self._attached(box)
        box.deliver("My kettle is broken.", "Kettle")
        message = self._new(box, cursor)[0]
        box.mark("Kettle", "a-persons")
        first = self._tag(box, message, "complaint")
        second = self._tag(box, message, "category-delivery", "a-persons")
        assert first.tags_added == ("complaint",)
        assert second.tags_added == ("category-delivery",)
        assert box.marks("Kettle") >= {"complaint", "category-delivery", "a-persons"}

    def test_the_past_is_told_as_well_and_telling_it_changes_nothing(self, box: Box) -> None:
        cursor = self._attached(box)
        box.deliver("My kettle is broken.", "Kettle")
        at, before = self._new(box, cursor)[0].at, box.snapshot()
        assert self._past(box, at - timedelta(hours=1)) == ["Kettle"]
        assert self._past(box, at + timedelta(hours=1)) == []
        assert box.snapshot() == before

    def test_the_backlog_is_what_came_before_and_is_not_on_record(self, box: Box) -> None:
        box.deliver("It was here before.", "Old")
        cursor = self._attached(box)
        box.deliver("My kettle is broken.", "Kettle")
        before = box.snapshot()
        first, *pages = box.inbox.backlog(LONG_AGO, cursor, lambda places: {})
        (old,) = (message for page in pages for message in page.messages)
        assert (first.messages, old.subject, old.historic) == ((), "Old", True)
        pages = list(box.inbox.backlog(LONG_AGO, cursor, lambda places: dict.fromkeys(places, True)))
        assert [message for page in pages for message in page.messages] == []
        assert box.snapshot() == before

    def test_one_message_can_be_read_again_where_it_lies(self, box: Box) -> None:
        cursor = self._attached(box)
        box.deliver("My kettle is broken.", "Kettle")
        message, before = self._new(box, cursor)[0], box.snapshot()
        assert [one.key for one in box.inbox.reread(message.place, cursor).messages] == [message.key]
        assert box.inbox.reread(replace(message.place, uid=message.place.uid + 4000), cursor).messages == ()
        assert box.snapshot() == before

    def _past(self, box: Box, since: datetime) -> list[str]:
        return [message.subject for page in box.inbox.history(since, 100) for message in page.messages]

    def _tag(self, box: Box, message: Message, *tags: str) -> Receipt:
        change = Change(key="k", case="c1", place=message.place, message_id=message.message_id, add_tags=tags)
        return box.inbox.write([change])[0]

    def _draft(self, box: Box) -> Change:
        return Change(key="k", case="c1", draft=a_draft(), place=box.somewhere())

    def test_a_draft_written_twice_is_one_draft(self, box: Box) -> None:
        change = self._draft(box)
        receipts = [box.inbox.write([change])[0] for _ in range(2)]
        assert all(receipt.draft and receipt.draft.message_id == a_draft().message_id for receipt in receipts)
        assert box.drafts() == [a_draft().message_id]

    def test_an_untouched_draft_can_be_taken_back(self, box: Box) -> None:
        receipt = box.inbox.write([self._draft(box)])[0]
        assert receipt.draft is not None
        taken = box.inbox.write([Change(key="w", case="c1", withdraw=(receipt.draft,))])[0]
        assert dict(taken.withdrawn or {}) == {a_draft().message_id: "over" if self.notes_stay else "withdrawn"}
        assert box.drafts() == ([a_draft().message_id] if self.notes_stay else [])

    def test_a_draft_that_is_not_byte_for_byte_ours_is_left_alone(self, box: Box) -> None:
        receipt = box.inbox.write([self._draft(box)])[0]
        assert receipt.draft is not None
        other = Written(receipt.draft.message_id, "draft", receipt.draft.place, "another digest")
        taken = box.inbox.write([Change(key="w", case="c1", withdraw=(other,))])[0]
        assert dict(taken.withdrawn or {}) == {a_draft().message_id: "over" if self.notes_stay else "edited"}
        assert box.drafts() == [a_draft().message_id]


def a_draft() -> Draft:
    """A small letter."""
    return Draft(
        message_id="<amends.0123456789abcdef@example.com>", case="c0123456789",
        sender=Address("support@example.com", "Support"), to=Address("anna@example.org", "Anna Jones"),
        subject="Re: Kettle", references=("<kettle@example.org>",), text="Dear Anna Jones,\n\nThank you.\n",
        at=datetime(2026, 11, 20, 10, 0, tzinfo=UTC), quoted="My kettle is broken.",
    )  # fmt: skip
