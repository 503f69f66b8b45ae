"""W04: the database is stalled, and calls rain: each is answered soon, and 503 only if it is really not stored.

How soon, is measured by `make bench` (row W04).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event

import pytest

from plugin.store import Doorbook, Entry, NotEntered, Session, Store
from plugin.store.doorbook import PATIENCE
from tests.calls import NOW, event, invocation, signed, waiting
from tests.faults.called import Called
from tests.stores import looking, on_postgresql, store_at

BURST = 500
BODY = event()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Somebody else writes into the database, and goes on and on."""
    with looking(store_at(folder / "amends.db")) as other:
        other.exec_driver_sql("LOCK TABLE notice IN EXCLUSIVE MODE" if on_postgresql() else "BEGIN IMMEDIATE")
        yield
        other.rollback()


def burst(called: Called, numbers: Iterable[int]) -> dict[str, int]:
    """These calls, thirty-two at a time; the status of each."""

    def one(number: int) -> tuple[str, int]:
        return invocation(number), called.call(BODY, signed(BODY, invocation=invocation(number)))

    with ThreadPoolExecutor(32) as callers:
        return dict(callers.map(one, numbers))


@pytest.fixture
def called(tmp_path: Path) -> Iterator[Called]:
    """A helpdesk with as little patience as usual."""
    with closing(Called(tmp_path, patience=PATIENCE)) as one:
        yield one


def test_all_are_answered_while_it_lasts_and_none_of_those_is_stored(called: Called, tmp_path: Path) -> None:
    with locked(tmp_path):
        answers = burst(called, range(BURST))  # which ends, though the database is not to be had
        assert set(answers.values()) == {503}
    called.doors.close()
    assert waiting(called.store) == []


def test_once_it_is_over_all_that_come_again_are_stored_each_once(called: Called, tmp_path: Path) -> None:
    with locked(tmp_path):
        rest = set(burst(called, range(100)))
    while rest:
        answers = burst(called, [number for number in range(100) if invocation(number) in rest])
        assert set(answers.values()) <= {202, 503}
        rest = {one for one, status in answers.items() if status == 503}
    assert sorted(waiting(called.store)) == [invocation(number) for number in range(100)]


def test_what_was_answered_with_503_is_never_stored_and_the_rest_always(called: Called, tmp_path: Path) -> None:
    answers: dict[str, int] = {}
    for turn in range(4):
        with ThreadPoolExecutor(1) as crowd:
            with locked(tmp_path):
                raining = crowd.submit(burst, called, range(turn * 100, turn * 100 + 100))
                called.call(BODY, signed(BODY, invocation=invocation(90_000 + turn)))  # some time passes
            answers |= raining.result()
    called.doors.close()
    stored = {one for one in waiting(called.store) if one in answers}
    assert stored == {one for one, status in answers.items() if status == 202}
    assert set(answers.values()) <= {202, 503}


class Slow(Store):
    """A store whose disk takes its time over every commit."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.begun, self.done = Event(), Event()

    @contextmanager
    def entering(self) -> Iterator[Session]:
        """As ever, but the end waits."""
        with super().entering() as session:
            yield session
            self.begun.set()
            self.done.wait(60)


def test_who_is_being_stored_is_answered_when_that_is_certain_and_not_before(tmp_path: Path) -> None:
    with closing(Slow(store_at(tmp_path / "amends.db"))) as store, ThreadPoolExecutor(2) as callers:
        book = Doorbook(store, patience=0.01)
        first = callers.submit(book.enter, Entry(inbox="helpdesk", id="first", at=NOW, topic="ticket:1"))
        assert store.begun.wait(60)
        with pytest.raises(NotEntered, match=r"the database was busy for more than 0\.01 s"):
            book.enter(Entry(inbox="helpdesk", id="second", at=NOW, topic="ticket:1"))
        assert not first.done()  # its patience is long over, and nobody can tell yet what becomes of it
        store.done.set()
        assert first.result() is True
        book.close()
        assert waiting(store) == ["first"]
