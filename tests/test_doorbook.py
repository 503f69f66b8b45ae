"""Notices are entered once, durably before whoever called is answered, and many with one commit."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from plugin.desk.ledger import StoreMemory
from plugin.inbox import Notice, Page
from plugin.store import Doorbook, Entry, NotEntered, Session, Store
from tests.counter import Counter

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


class Counting(Store):
    """A store that counts its transactions, and holds back the end of the first until it is let go."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.commits, self.begun, self.go = 0, Event(), Event()

    @contextmanager
    def entering(self) -> Iterator[Session]:
        """As ever, counted."""
        with super().entering() as session:
            yield session
            self.commits += 1
            self.begun.set()
            self.go.wait(60)


@pytest.fixture
def store(store_url: str) -> Iterator[Counting]:
    with closing(Counting(store_url)) as store:
        yield store


def entry(number: int, inbox: str = "helpdesk", topic: str = "ticket:1", group: str = "", unknown: str = "") -> Entry:
    at = NOW + timedelta(seconds=number)
    return Entry(inbox=inbox, id=f"call-{number}", at=at, topic=topic, group=group, unknown=unknown)


def enter(store: Store, *entries: Entry) -> list[bool]:
    with store.entering() as session:
        return session.notices.enter(entries)


# ---- the ledger -----------------------------------------------------------------------------------------------------


def test_a_notice_is_entered_once_also_within_one_transaction(store: Counting) -> None:
    store.go.set()
    assert enter(store, entry(1), entry(2), entry(1)) == [True, True, False]
    assert enter(store, entry(2), entry(3)) == [False, True]


def test_two_inboxes_may_give_the_same_id(store: Counting) -> None:
    store.go.set()
    assert enter(store, entry(1), entry(1, inbox="other")) == [True, True]
    assert enter(store, entry(1, inbox="other")) == [False]


def test_an_inbox_is_told_what_waits_for_it_the_oldest_topic_first(store: Counting) -> None:
    store.go.set()
    enter(store, entry(3), entry(2, topic="ticket:2"), entry(1, group="act"), entry(4, inbox="other"))
    assert StoreMemory(store, "helpdesk").notices() == [
        Notice("call-1", "ticket:1", "act"),
        Notice("call-3", "ticket:1"),
        Notice("call-2", "ticket:2"),
    ]


def test_what_was_heeded_waits_no_more_and_is_known(store: Counting) -> None:
    store.go.set()
    enter(store, *(entry(number) for number in range(1200)))
    with store.writing() as session:
        session.notices.heed("helpdesk", [f"call-{number}" for number in range(1, 1200)], NOW)
    assert [notice.id for notice in StoreMemory(store, "helpdesk").notices()] == ["call-0"]
    assert enter(store, entry(7)) == [False]


def test_what_was_heeded_long_ago_is_forgotten_a_bounded_number_at_once(store: Counting) -> None:
    store.go.set()
    enter(store, *(entry(number) for number in range(5)), entry(9, inbox="other"))
    with store.writing() as session:
        session.notices.heed("helpdesk", ["call-0", "call-1", "call-2"], NOW)
        session.notices.heed("other", ["call-9"], NOW)
        later = NOW + timedelta(seconds=1)
        assert [session.notices.forget(NOW), session.notices.forget(later, 3), session.notices.forget(later, 3)] == [
            False, True, False,
        ]  # fmt: skip
    assert enter(store, entry(0), entry(4), entry(9, inbox="other")) == [True, False, True]


def test_a_notice_is_heeded_with_the_page_it_led_to_or_not_at_all(tmp_path: Path) -> None:
    with closing(Counter(tmp_path)) as counter:
        enter(counter.store, entry(1, inbox="support"), entry(2, inbox="support"))
        unstorable = Page(cursor={"uid": object()}, heard=("call-1", "call-2"))
        with pytest.raises(TypeError):
            counter.desk.receive("support", unstorable)
        assert len(StoreMemory(counter.store, "support").notices()) == 2
        counter.desk.receive("support", Page(cursor={"uid": 1}, heard=("call-1",)))
        assert [notice.id for notice in StoreMemory(counter.store, "support").notices()] == ["call-2"]


# ---- many with one commit -------------------------------------------------------------------------------------------


def test_those_that_come_while_one_is_stored_share_the_next_commit(store: Counting) -> None:
    book = Doorbook(store, patience=60)
    with ThreadPoolExecutor(31) as callers:
        first = callers.submit(book.enter, entry(0))
        assert store.begun.wait(60)
        others = [callers.submit(book.enter, entry(number)) for number in range(1, 31)]
        while len(book._queue) < 30:
            pass
        store.go.set()
        assert first.result()
        assert all(other.result() for other in others)
    assert store.commits == 2
    book.close()


def test_each_inbox_is_rung_once_a_commit_and_not_for_what_was_known(store: Counting) -> None:
    store.go.set()
    rung: list[str] = []
    book = Doorbook(store, rung.append, patience=60)
    for one in (entry(1), entry(1), entry(1, inbox="other"), entry(2, unknown="no ticket")):
        book.enter(one)
    book.close()
    assert rung == ["helpdesk", "other"]


def test_a_bell_that_fails_changes_nothing(store: Counting, caplog: pytest.LogCaptureFixture) -> None:
    def broken(inbox: str) -> None:
        raise RuntimeError(inbox)

    store.go.set()
    book = Doorbook(store, broken, patience=60)
    assert [book.enter(entry(1)), book.enter(entry(1)), book.enter(entry(2))] == [True, False, True]
    book.close()
    assert "inbox helpdesk: nobody heard that it called" in caplog.text


def test_whoever_comes_after_the_end_is_refused(store: Counting) -> None:
    store.go.set()
    book = Doorbook(store, patience=60)
    assert book.enter(entry(1))
    book.close()
    with pytest.raises(NotEntered, match=r"a notice was not stored, since Amends is ending - it has to come again"):
        book.enter(entry(2))


def test_what_cannot_be_stored_is_refused_at_once_and_its_words_stay_out_of_the_log(
    store: Counting, caplog: pytest.LogCaptureFixture
) -> None:
    store.go.set()
    book = Doorbook(store, patience=60)
    wrong = Entry(inbox="helpdesk", id="call-1", at=NOW, topic=None, group="secret")  # type: ignore[arg-type]
    with caplog.at_level(logging.DEBUG), pytest.raises(NotEntered):
        book.enter(wrong)
    assert "1 notices could not be stored" in caplog.text
    assert "secret" not in caplog.text
    assert book.enter(entry(2))
    book.close()
