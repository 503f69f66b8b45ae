"""The clock: one leader, ticks that go on whatever happens, and a pass that ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plugin.cli.running import Engine
from plugin.desk import Desk
from plugin.desk.ledger import Policies
from plugin.inbox import Change, Cursor, Inbox, InboxRefused, InboxUnavailable, Memory, Page, Receipt
from plugin.jobs import AlreadyRunning, Busy, Jobs, Leadership, run_once
from plugin.jobs.looks import REFUSED_PAUSE, Looks
from plugin.jobs.sharing import Worker
from plugin.store import Store
from plugin.testing import MemoryInbox
from plugin.timeline import Case, Kind, TaskState
from tests.player import HOURS, JUDGE, WORDS, book, settings
from tests.stores import ON_BOTH, store_at

SECOND = """\
name: second
about: One second to acknowledge.
when: complaint_received
then:
  - due_by: {for: acknowledgement, within: 1 second}
  - draft: {text: hello}
"""
Start = Callable[[Engine], Engine]
PATIENCE = 60.0  # seconds until a test gives up; no test needs them where all is well


def eventually(true: Callable[[], object]) -> None:
    """Wait until it is true."""
    limit = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < limit, "it never came true"
        time.sleep(0.02)


class Stumbling(MemoryInbox):
    """A memory inbox that fails the first times it is asked for something."""

    def __init__(self, name: str = "support", *, fetches: int = 0, writes: int = 0, waits: int = 0) -> None:
        super().__init__(name, f"{name}@example.com")
        self.fetches, self.writes, self.waits = fetches, writes, waits
        self.error: Exception = RuntimeError("a fault of ours")

    def fetch(self, cursor: Cursor | None, memory: Memory) -> Iterator[Page]:
        if cursor is not None and self.fetches > 0:
            self.fetches -= 1
            raise self.error
        return super().fetch(cursor, memory)

    def write(self, changes: Sequence[Change]) -> Sequence[Receipt]:
        if changes and self.writes > 0:
            self.writes -= 1
            raise self.error
        return super().write(changes)

    def wait(self, seconds: float) -> bool:
        if self.waits > 0:
            self.waits -= 1
            raise self.error
        return super().wait(seconds)


class Works:
    """A desk over these inboxes, and its clock while it runs."""

    def __init__(self, folder: Path, *inboxes: MemoryInbox) -> None:
        by_name: dict[str, Inbox] = {inbox.name: inbox for inbox in inboxes}
        names = {name: settings(name) for name in by_name}
        policies = Policies(book(folder / "playbooks", {"10-second": SECOND}), {"default": HOURS}, names)
        self.url = store_at(folder / "amends.db")
        self.desk = Desk(Store(self.url), by_name, policies, JUDGE)
        for name in by_name:
            self.desk.poll(name)

    def engine(self, *, poll_every: float, mended: Callable[[str], bool] | None = None) -> Engine:
        """The engine that the store asks for, with quick ticks where it has any."""
        if self.desk.store.dialect == "sqlite":
            return Jobs(self.desk, tick_every=0.05, poll_every=poll_every, mended=mended)
        return Worker(self.desk, self.url, poll_every=poll_every, mended=mended)

    def cases(self) -> list[Case]:
        """Every case."""
        with self.desk.store.reading() as session:
            return list(session.load(session.summaries(statuses=("open",))).values())

    def raised(self) -> bool:
        """Whether an acknowledgement is on a person's list, and its reminder in the inbox."""
        tasks = [task for case in self.cases() for task in case.open_tasks(Kind.ACKNOWLEDGEMENT)]
        placed = any(reminder.placed for case in self.cases() for reminder in case.reminders)
        return placed and any(task.state is TaskState.RAISED for task in tasks)


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[Engine] = []

    def begin(jobs: Engine) -> Engine:
        jobs.start()
        running.append(jobs)
        return jobs

    yield begin
    for jobs in running:
        jobs.stop()


# ---- one leader ------------------------------------------------------------------------------------------------------

HOLD = """
import sys
from pathlib import Path
from plugin.jobs import AlreadyRunning, Leadership
try:
    with Leadership("sqlite:///amends.db", Path(sys.argv[1])):
        print("leads", flush=True)
        sys.stdin.read()
except AlreadyRunning as error:
    print(error, flush=True)
"""


def _hold(lock: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLD, str(lock)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _says(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def test_a_second_process_is_told_that_another_works_on_the_store(tmp_path: Path) -> None:
    lock = tmp_path / "amends.lock"
    with Leadership("sqlite:///amends.db", lock), _hold(lock) as second:
        assert _says(second) == (
            "store sqlite:///amends.db: another amends run works on it already, so this one has nothing to do"
        )
    with _hold(lock) as third:
        assert _says(third) == "leads"
        third.communicate("")


def test_the_lock_goes_with_its_process_however_it_ends(tmp_path: Path) -> None:
    lock = tmp_path / "amends.lock"
    with _hold(lock) as first:
        assert _says(first) == "leads"
        with pytest.raises(AlreadyRunning), Leadership("sqlite:///amends.db", lock):
            pass
        first.send_signal(signal.SIGKILL)
        first.wait()
        with Leadership("sqlite:///amends.db", lock):
            assert lock.stat().st_mode & 0o777 == 0o600


def test_a_command_that_is_soon_over_is_told_from_a_run(tmp_path: Path) -> None:
    lock = tmp_path / "amends.lock"
    with (
        Leadership("sqlite:///amends.db", lock, "undo"),
        pytest.raises(Busy, match="amends undo is at work on it - try again once that is over"),
        Leadership("sqlite:///amends.db", lock),
    ):
        pass
    with _hold(lock) as other:  # what the one before left in the file counts no more
        assert _says(other) == "leads"
        with pytest.raises(AlreadyRunning), Leadership("sqlite:///amends.db", lock, "undo"):
            pass
        other.communicate("")


# ---- ticks -----------------------------------------------------------------------------------------------------------


@ON_BOTH
def test_a_tick_raises_what_has_fallen_due(tmp_path: Path, start: Start) -> None:
    inbox = MemoryInbox()
    works = Works(tmp_path, inbox)
    start(works.engine(poll_every=0.05))
    inbox.arrive(WORDS["complaint"])
    eventually(works.raised)
    assert len(inbox.box.drafts) == 1


@ON_BOTH
def test_news_is_fetched_at_once_though_the_next_poll_is_far_away(tmp_path: Path, start: Start) -> None:
    inbox = MemoryInbox()
    works = Works(tmp_path, inbox)
    start(works.engine(poll_every=3600))
    inbox.arrive(WORDS["complaint"])
    eventually(lambda: inbox.box.drafts)


class Quiet(Stumbling):
    """A memory inbox that does not tell by itself that something came."""

    def wait(self, seconds: float) -> bool:
        time.sleep(min(seconds, 0.05))
        return False


@ON_BOTH
def test_an_inbox_that_called_is_looked_into_at_once(tmp_path: Path, start: Start) -> None:
    inbox = Quiet()
    works = Works(tmp_path, inbox)
    jobs = start(works.engine(poll_every=3600))
    inbox.arrive(WORDS["complaint"])
    for _ in range(100):
        jobs.rung("support")  # a hundred calls do not put off the look that the first one asked for
    eventually(lambda: inbox.box.drafts)
    jobs.rung("nobody")


def test_an_inbox_that_says_no_is_tried_ever_more_seldom_and_at_once_when_something_was_mended(
    tmp_path: Path, start: Start
) -> None:
    inbox = Quiet(fetches=3)
    inbox.error = InboxRefused("support", "wrong password")
    works = Works(tmp_path, inbox)
    asked: list[str] = []

    def mended(name: str) -> bool:
        asked.append(name)
        return len(asked) % 3 == 0

    start(works.engine(poll_every=0.05, mended=mended))
    inbox.arrive(WORDS["complaint"])
    eventually(lambda: inbox.box.drafts)
    assert inbox.fetches == 0
    assert len(asked) >= 3


def test_the_pauses_of_an_inbox_that_says_no_double_up_to_an_hour(tmp_path: Path) -> None:
    inbox = Stumbling(fetches=6)
    inbox.error = InboxRefused("support", "wrong password")
    looks = Looks(Works(tmp_path, inbox).desk)
    assert [looks.look("support")[1] for _ in range(7)] == [300, 600, 1200, 2400, 3600, 3600, 0]
    assert not looks.is_refused("support")


def test_a_call_does_not_shorten_the_pause_of_an_inbox_that_does_not_answer(tmp_path: Path, start: Start) -> None:
    inbox = Quiet(fetches=1000)
    inbox.error = InboxRefused("support", "the token was refused")
    works = Works(tmp_path, inbox)
    jobs = Jobs(works.desk, tick_every=0.05, poll_every=3600)
    start(jobs)

    def next_look() -> datetime:
        at: datetime = jobs._clock.get_job("support").next_run_time
        return at

    eventually(lambda: inbox.fetches < 1000 and next_look() < datetime.now(UTC) + timedelta(seconds=REFUSED_PAUSE))
    set_for = next_look()
    jobs.rung("support")
    assert next_look() == set_for
    assert inbox.fetches == 999


@pytest.mark.parametrize("error", [RuntimeError("a fault of ours"), InboxUnavailable("support", "no answer")])
@ON_BOTH
def test_the_ticks_go_on_after_an_exception(tmp_path: Path, start: Start, error: Exception) -> None:
    inbox = Stumbling(fetches=1, waits=1)
    inbox.error = error
    works = Works(tmp_path, inbox, MemoryInbox("sales", "sales@example.com"))
    start(works.engine(poll_every=0.05))
    inbox.arrive(WORDS["complaint"])
    eventually(lambda: inbox.box.drafts)
    eventually(works.raised)
    assert (inbox.fetches, inbox.waits) == (0, 0)


@ON_BOTH
def test_a_listener_survives_a_fault_of_the_inbox(tmp_path: Path, start: Start) -> None:
    inbox = Stumbling(waits=1)
    works = Works(tmp_path, inbox)
    start(works.engine(poll_every=3600))
    eventually(lambda: inbox.waits == 0)
    inbox.arrive(WORDS["complaint"])
    eventually(lambda: inbox.box.drafts)


class Hanging(Quiet):
    """A memory inbox that answers neither who looks nor who writes, after the first look, until it is let go."""

    def __init__(self, name: str = "support") -> None:
        super().__init__(name)
        self.hangs, self.free = threading.Event(), threading.Event()

    def fetch(self, cursor: Cursor | None, memory: Memory) -> Iterator[Page]:
        if cursor is not None:
            self.hangs.set()
            self.free.wait()
        return super().fetch(cursor, memory)

    def write(self, changes: Sequence[Change]) -> Sequence[Receipt]:
        if changes:
            self.hangs.set()
            self.free.wait()
        return super().write(changes)


@ON_BOTH
def test_an_inbox_that_hangs_holds_up_no_other(tmp_path: Path, start: Start) -> None:
    hanging, deaf, well = Hanging(), Hanging("deaf"), MemoryInbox("sales", "sales@example.com")
    works = Works(tmp_path, hanging, deaf, well)
    deaf.arrive(WORDS["complaint"])
    deaf.free.set()
    works.desk.poll("deaf")  # so that there is something to write
    deaf.free.clear()
    start(works.engine(poll_every=0.05))
    eventually(lambda: hanging.hangs.is_set() and deaf.hangs.is_set())
    well.arrive(WORDS["complaint"])
    eventually(lambda: well.box.drafts)
    assert not hanging.box.drafts and not deaf.box.drafts
    hanging.free.set()
    deaf.free.set()
    eventually(lambda: deaf.box.drafts)


@ON_BOTH
def test_stopping_ends_every_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    works = Works(tmp_path, MemoryInbox())
    jobs = works.engine(poll_every=0.05)
    jobs.start()
    jobs.stop()
    eventually(lambda: set(threading.enumerate()) <= before)


# ---- one pass --------------------------------------------------------------------------------------------------------


def test_one_pass_does_all_that_is_due_and_has_no_fault(tmp_path: Path) -> None:
    inbox = MemoryInbox()
    works = Works(tmp_path, inbox)
    inbox.arrive(WORDS["complaint"])
    assert run_once(works.desk) == []
    assert len(inbox.box.drafts) == 1


def test_one_pass_says_what_could_not_be_reached_and_does_the_rest(tmp_path: Path) -> None:
    closed, sales = Stumbling(fetches=1), MemoryInbox("sales", "sales@example.com")
    closed.error = InboxUnavailable("support", "no answer", "look at the network")
    works = Works(tmp_path, closed, sales)
    sales.arrive(WORDS["complaint"])
    assert run_once(works.desk) == ["inbox support: no answer - look at the network"]
    assert len(sales.box.drafts) == 1


def test_one_pass_says_what_must_be_written_again(tmp_path: Path) -> None:
    inbox = Stumbling(writes=1)
    inbox.error = InboxUnavailable("support", "no room")
    works = Works(tmp_path, inbox)
    inbox.arrive(WORDS["complaint"])
    faults = run_once(works.desk)
    assert set(faults) == {"inbox support: no room"}
