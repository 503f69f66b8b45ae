"""What the reader keeps of a ticket, and how it cuts what it read into pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from integrations.zendesk.client import ZendeskInbox
from integrations.zendesk.reading import PAGE, Bookmark, ticket_of
from integrations.zendesk.standin import StandIn
from plugin.inbox import ActKind, Cursor, InboxUnavailable, Notice, Page
from plugin.model import Written
from tests.zendesk.desk import attached, on_friday


@dataclass(slots=True)
class Remembered:
    """A memory that keeps what pages say, if they are stored."""

    read: dict[str, str] = field(default_factory=dict)
    waiting: list[Notice] = field(default_factory=list)
    ours: list[Written] = field(default_factory=list)
    cursor: Cursor | None = None

    def known(self, fingerprints: Sequence[str]) -> dict[str, Sequence[str]]:
        return {}

    def recorded(self, folder: str, validity: int, uids: Sequence[int]) -> dict[int, str]:
        return {}

    def written(self) -> Sequence[Written]:
        return self.ours

    def notices(self) -> Sequence[Notice]:
        return self.waiting

    def bookmarks(self, topics: Sequence[str]) -> dict[str, str]:
        return {topic: self.read[topic] for topic in topics if topic in self.read}

    def store(self, page: Page) -> Page:
        self.cursor = page.cursor
        self.read |= page.bookmarks or {}
        self.waiting = [notice for notice in self.waiting if notice.id not in page.heard]
        return page


@pytest.fixture
def zendesk() -> Iterator[StandIn]:
    with on_friday() as standin:
        yield standin


@pytest.fixture
def inbox(zendesk: StandIn) -> Iterator[ZendeskInbox]:
    inbox = ZendeskInbox(attached(zendesk), export_every=0)
    yield inbox
    inbox.close()


@pytest.fixture
def memory(zendesk: StandIn, inbox: ZendeskInbox) -> Remembered:
    """Attached a moment ago."""
    memory = Remembered()
    look(inbox, memory)
    zendesk.clock.later(seconds=5)
    return memory


def look(inbox: ZendeskInbox, memory: Remembered) -> list[Page]:
    return [memory.store(page) for page in inbox.fetch(memory.cursor, memory)]


def notify(memory: Remembered, *tickets: int) -> None:
    memory.waiting += [Notice(f"n{number}-{len(memory.waiting)}", f"ticket:{number}") for number in tickets]


@pytest.mark.parametrize("mark", [Bookmark(), Bookmark(7, "2026-11-20T16:00:00Z"), Bookmark(7, "", gone=True)])
def test_a_bookmark_is_read_as_it_was_written(mark: Bookmark) -> None:
    assert Bookmark.parse(str(mark)) == mark
    assert Bookmark.parse(None) == Bookmark.parse("") == Bookmark()


@pytest.mark.parametrize(("topic", "number"), [("ticket:7", 7), ("ticket:", 0), ("ticket:x", 0), ("7", 7), ("", 0),
                                              ("ticket:-7", 0), ("user:7", 0)])  # fmt: skip
def test_a_topic_names_a_ticket_or_none(topic: str, number: int) -> None:
    assert ticket_of(topic) == number


def test_turns_come_page_by_page_and_only_the_last_one_ends_the_notice(
    zendesk: StandIn, inbox: ZendeskInbox, memory: Remembered
) -> None:
    ticket, other = (zendesk.people.customer_writes(text, sender=f"{text}@example.org") for text in ("one", "two"))
    for _ in range(2):
        zendesk.clock.later(minutes=1)
        zendesk.people.solve(ticket)
        zendesk.clock.later(minutes=1)
        zendesk.people.customer_writes("again", ticket=ticket, sender="one@example.org")
    notify(memory, ticket.id, other.id)
    pages = [page for page in look(inbox, memory) if page.messages or page.acts]
    assert [[one.text for one in page.messages] for page in pages] == [["one", "two"], ["again"], ["again"]]
    assert [[act.kind for act in page.acts] for page in pages] == [[ActKind.RESOLVED], [ActKind.RESOLVED], []]
    assert [bool(page.heard) for page in pages] == [False, False, True]
    assert memory.waiting == []


def test_a_crash_between_two_pages_goes_on_where_the_first_ended(
    zendesk: StandIn, inbox: ZendeskInbox, memory: Remembered
) -> None:
    ticket = zendesk.people.customer_writes("one")
    zendesk.people.solve(ticket)
    zendesk.clock.later(minutes=1)
    zendesk.people.customer_writes("two", ticket=ticket)
    notify(memory, ticket.id)
    memory.store(next(iter(inbox.fetch(memory.cursor, memory))))
    pages = [page for page in look(inbox, memory) if page.messages or page.acts]
    assert [([one.text for one in page.messages], page.acts) for page in pages] == [(["two"], ())]


def test_many_notices_are_many_pages_and_a_fault_in_the_middle_keeps_the_first_ones(
    zendesk: StandIn, inbox: ZendeskInbox, memory: Remembered
) -> None:
    tickets = [zendesk.people.customer_writes("hello", sender=f"a{n}@example.org") for n in range(PAGE + 10)]
    notify(memory, *(ticket.id for ticket in tickets))
    zendesk.faults.drop(f"GET tickets/{tickets[PAGE + 5].id}")
    with pytest.raises(InboxUnavailable):
        look(inbox, memory)
    assert len(memory.waiting) == 5  # and those before it in its page
    look(inbox, memory)
    assert memory.waiting == []


def test_notices_about_nothing_and_about_no_ticket_are_heard_and_that_is_all(
    inbox: ZendeskInbox, memory: Remembered
) -> None:
    notify(memory, 4711)
    memory.waiting.append(Notice("n", "brand:7"))
    (page,) = [page for page in look(inbox, memory) if page.heard]
    assert (page.messages, page.acts, page.bookmarks, memory.waiting) == ((), (), {}, [])


def test_the_export_goes_on_behind_what_was_stored(zendesk: StandIn, inbox: ZendeskInbox, memory: Remembered) -> None:
    zendesk.export.page = 2
    for number in range(6):
        zendesk.people.customer_writes("hello", sender=f"a{number}@example.org")
        zendesk.clock.later(seconds=1)
    zendesk.clock.later(minutes=2)
    seen = 0
    for page in inbox.fetch(memory.cursor, memory):
        memory.store(page)
        seen += len(page.messages)
        if seen == 4:
            break  # as if the power failed: the second page of the export was taken in, its cursor was not kept
    zendesk.witness.forget()
    assert sum(len(page.messages) for page in look(inbox, memory)) == 2
    assert "cursor" in zendesk.witness.asked("GET", "incremental/tickets/cursor")[0].query


def test_what_was_there_before_is_no_news_and_what_comes_to_it_now_is(tmp_path: Path) -> None:
    with on_friday() as zendesk:
        old = zendesk.people.customer_writes("long ago")
        zendesk.clock.later(days=30)
        inbox, memory = ZendeskInbox(attached(zendesk), export_every=0), Remembered()
        look(inbox, memory)
        zendesk.clock.later(minutes=1)
        zendesk.people.customer_writes("and again", ticket=old)
        zendesk.clock.later(minutes=2)
        assert [one.text for page in look(inbox, memory) for one in page.messages] == ["and again"]
        inbox.close()
