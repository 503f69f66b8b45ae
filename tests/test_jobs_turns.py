"""Turns and ears: what is slow or dead holds up nobody else."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from plugin.inbox import Ear, Inbox, InboxUnavailable
from plugin.jobs.listening import Listeners
from plugin.jobs.turns import APART, AT_ONE_SERVER, Turns
from plugin.testing import MemoryInbox
from tests.test_jobs import eventually


@pytest.fixture
def turns() -> Iterator[Turns]:
    made = Turns("test", places=3, long=0.2)
    yield made
    made.close()


def test_what_is_asked_for_twice_before_its_turn_runs_once_and_never_beside_itself(turns: Turns) -> None:
    begun, free = list[int](), threading.Event()

    def run() -> int:
        begun.append(1)
        free.wait()
        return len(begun)

    first = turns.ask("poll a", run)
    eventually(lambda: begun)
    asked = {turns.ask("poll a", run) for _ in range(5)}
    assert len(asked) == 1
    free.set()
    assert first.result() == 1
    assert asked.pop().result() == 2


def test_a_server_that_hangs_takes_only_its_own_places_and_gives_them_up(turns: Turns) -> None:
    free = threading.Event()
    for number in range(AT_ONE_SERVER + 5):
        turns.ask(f"poll {number}", free.wait, server="dead")
    try:
        assert turns.ask("poll well", lambda: "well", server="alive").result(30) == "well"
        assert sum(turn.server == "dead" for turn in list(turns._working.values())) <= AT_ONE_SERVER
    finally:
        free.set()


def test_news_goes_before_routine_and_routine_looks_at_one_server_are_spread(turns: Turns) -> None:
    done = list[str]()
    began = time.monotonic()
    routine = [turns.ask(f"poll {n}", lambda: done.append("routine"), server="one", routine=True) for n in range(4)]
    turns.ask("poll 3", lambda: None, server="one")  # news of one that waits for its turn
    assert turns.ask("poll news", lambda: done.append("news"), server="one").result(30) is None
    for turn in routine:
        turn.result(30)
    assert time.monotonic() - began >= 2 * APART
    assert "news" in done[:3]


def test_who_asks_after_the_end_is_told(turns: Turns) -> None:
    turns.close()
    assert turns.ask("poll a", lambda: None).cancelled()


def test_a_fault_is_told_to_who_asked_and_the_next_one_has_his_turn(turns: Turns) -> None:
    def stumble() -> None:
        raise RuntimeError("a fault of ours")

    with pytest.raises(RuntimeError):
        turns.ask("poll a", stumble).result(30)
    assert turns.ask("poll a", lambda: 1).result(30) == 1


# ---- ears ------------------------------------------------------------------------------------------------------------


@dataclass
class Wired:
    """An ear at one end of a line; at the other end stands the test."""

    lives: float = 3600.0
    news: bool = False
    until: float = field(init=False)

    def __post_init__(self) -> None:
        self.near, self.far = socket.socketpair()
        self.until = time.monotonic() + self.lives

    def fileno(self) -> int:
        return self.near.fileno()

    def hear(self) -> bool:
        said = self.near.recv(100)
        if not said:
            raise InboxUnavailable("support", "the line is dead")
        return said == b"mail"

    def close(self) -> bool:
        self.near.close()
        self.far.close()
        return False


class Lending(MemoryInbox):
    """A memory inbox that lends an ear; each time another one."""

    def __init__(self, name: str, lives: float = 3600.0) -> None:
        super().__init__(name, f"{name}@example.com")
        self.lives, self.ears = lives, list[Wired]()

    def close(self) -> None:
        super().close()
        for ear in self.ears:
            ear.close()

    def listen(self) -> Ear:
        self.ears.append(Wired(self.lives))
        return self.ears[-1]


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture
def inboxes() -> dict[str, Inbox]:
    return {}


@pytest.fixture
def listeners(heard: list[str], inboxes: dict[str, Inbox]) -> Iterator[Listeners]:
    made = Listeners(inboxes, heard.append, lambda name: True)
    yield made
    made.stop()
    for inbox in inboxes.values():
        inbox.close()
    made.close()


def listened(listeners: Listeners, inboxes: dict[str, Inbox], *some: Lending) -> None:
    """Have the listeners listen to them."""
    for one in some:
        inboxes[one.name] = one
        listeners.add(one.name, one.name)
    eventually(lambda: all(one.ears and one.name in listeners._ears for one in some))


def test_one_thread_hears_which_of_many_has_news(
    listeners: Listeners, inboxes: dict[str, Inbox], heard: list[str]
) -> None:
    some = [Lending(f"shop{number}") for number in range(20)]
    before = threading.active_count()
    listened(listeners, inboxes, *some)
    assert threading.active_count() - before < len(some)
    some[7].ears[0].far.send(b"* OK Still here")
    some[13].ears[0].far.send(b"mail")
    eventually(lambda: heard == ["shop13"])


def test_a_line_that_died_is_news_and_is_listened_to_anew(
    listeners: Listeners, inboxes: dict[str, Inbox], heard: list[str]
) -> None:
    support, sales = Lending("support"), Lending("sales")
    listened(listeners, inboxes, support, sales)
    support.ears[0].far.close()
    eventually(lambda: heard == ["support"])
    eventually(lambda: len(support.ears) == 2 and listeners._ears.get("support") is support.ears[1])
    sales.ears[0].far.send(b"mail")
    eventually(lambda: heard == ["support", "sales"])


def test_an_ear_whose_time_is_over_is_changed_for_a_new_one(listeners: Listeners, inboxes: dict[str, Inbox]) -> None:
    support = Lending("support", lives=0.1)
    listened(listeners, inboxes, support)
    eventually(lambda: len(support.ears) > 3)


def test_who_is_reached_in_another_way_is_listened_to_there(listeners: Listeners, inboxes: dict[str, Inbox]) -> None:
    listened(listeners, inboxes, Lending("support"))
    other, before = Lending("support"), inboxes["support"]
    inboxes["support"] = other
    before.close()
    listeners.renew("support")
    eventually(lambda: other.ears and listeners._ears.get("support") is other.ears[0])


def test_who_is_held_no_more_is_heard_no_more(
    listeners: Listeners, inboxes: dict[str, Inbox], heard: list[str]
) -> None:
    support = Lending("support")
    listened(listeners, inboxes, support)
    listeners.remove("support")
    eventually(lambda: not listeners._ears)
    support.ears[0].far.send(b"mail")
    assert heard == []
