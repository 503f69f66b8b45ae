"""Many machines: inboxes are shared out and move, what is planned is heard at once, and nothing hangs on a job."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import psycopg
import pytest
from sqlalchemy import create_engine, text

from plugin.desk import Desk
from plugin.desk.ledger import Policies
from plugin.inbox import Cursor, InboxRefused, Memory, Page
from plugin.jobs import AlreadyRunning, Busy, SharedLeadership
from plugin.jobs.leading import LEADS
from plugin.jobs.queue import POLL, Calls, announce, conninfo, performing, share
from plugin.jobs.sharing import Worker
from plugin.store import Store, StoreUnavailable
from plugin.store.holdings import LAPSE, PRESENT, Share
from plugin.store.postgresql import number_of
from plugin.testing import MemoryInbox
from tests.player import HOURS, JUDGE, WORDS, book, settings
from tests.postgres import PASSWORD, server
from tests.test_jobs import PATIENCE, SECOND, Quiet, eventually

FIVE = ["a", "b", "c", "d", "e"]


@pytest.fixture
def url() -> Iterator[str]:
    """A store of the test's own, on a server that has been up for longer than a worker may be silent."""
    made = server().fresh()
    up = f"SELECT 1 WHERE now() - pg_postmaster_start_time() > interval '{LAPSE.total_seconds() + 2} seconds'"
    eventually(lambda: rows(made, up))
    yield made
    server().drop(made)


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with closing(Store(url)) as opened:
        yield opened


@pytest.fixture
def begin(url: str, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Begins workers, each with inboxes of its own and the same settings; they end with the test."""
    running: list[Worker] = []

    def started(*inboxes: MemoryInbox, mended: Callable[[str], bool] | None = None) -> Worker:
        names = {inbox.name: settings(inbox.name) for inbox in inboxes}
        policies = Policies(book(tmp_path / "playbooks", {"10-second": SECOND}), {"default": HOURS}, names)
        desk = Desk(Store(url), {inbox.name: inbox for inbox in inboxes}, policies, JUDGE)
        for inbox in inboxes:
            desk.poll(inbox.name)  # what comes from now on is new
        worker = Worker(desk, url, poll_every=3600, mended=mended)
        worker.start()
        running.append(worker)
        return worker

    yield started
    for worker in running:
        worker.stop()


def rows(url: str, asked: str) -> list[tuple[object, ...]]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(asked))]
    finally:
        engine.dispose()


# ---- who holds what --------------------------------------------------------------------------------------------------


def take(store: Store, worker: str, wanted: list[str]) -> Share:
    """A sign of life of a worker."""
    with store.entering() as session:
        return session.holdings.share(worker, wanted)


def age(url: str, worker: str, seconds: int) -> None:
    """So long ago the worker was seen last."""
    with psycopg.connect(conninfo(url), autocommit=True) as wire:
        wire.execute("UPDATE worker SET seen = seen - %s WHERE name = %s", (seconds * 1_000_000, worker))


def test_inboxes_are_shared_out_evenly_and_stay_where_they_are(store: Store) -> None:
    assert take(store, "one", FIVE) == Share(frozenset("abcde"), frozenset(), moved=True)
    assert take(store, "two", FIVE).held == frozenset()  # nothing is free yet
    assert take(store, "one", FIVE) == Share(frozenset("abc"), frozenset(), moved=True)
    assert take(store, "two", FIVE) == Share(frozenset("de"), frozenset(), moved=False)
    assert take(store, "one", FIVE) == Share(frozenset("abc"), frozenset(), moved=False)


def test_who_goes_leaves_what_he_held_to_the_others(store: Store) -> None:
    take(store, "one", FIVE)
    with store.entering() as session:
        session.holdings.leave("one")
    assert take(store, "two", FIVE) == Share(frozenset("abcde"), frozenset(), moved=True)


def test_what_a_dead_worker_held_is_orphaned(store: Store, url: str) -> None:
    take(store, "one", ["a"])
    age(url, "one", 9)
    assert take(store, "two", ["a"]) == Share(frozenset("a"), frozenset("a"), moved=True)


def test_who_was_not_seen_since_the_server_was_begun_anew_may_still_be_at_work(store: Store, url: str) -> None:
    take(store, "one", ["a"])
    with psycopg.connect(conninfo(url)) as wire:
        wire.execute("UPDATE worker SET seen = (extract(epoch FROM pg_postmaster_start_time()) - 9) * 1000000")
    assert take(store, "two", ["a"]) == Share(frozenset("a"), frozenset(), moved=True)


def test_a_worker_whose_connection_lasts_is_given_longer(store: Store, url: str) -> None:
    with psycopg.connect(conninfo(url), autocommit=True) as wire:
        wire.execute("SELECT pg_advisory_lock_shared(%s, %s)", (PRESENT, number_of("one")))
        take(store, "one", ["a"])
        age(url, "one", 9)
        assert take(store, "two", ["a"]).held == frozenset()
        age(url, "one", 12)
        assert take(store, "two", ["a"]).orphaned == frozenset("a")


def test_an_inbox_that_is_set_up_no_more_is_given_back(store: Store) -> None:
    take(store, "one", ["a", "b"])
    assert take(store, "one", ["a"]).held == frozenset("a")
    with store.reading() as session:
        assert [(one.inbox, one.worker) for one in session.holdings.all()] == [("a", "one")]


# ---- what is planned -------------------------------------------------------------------------------------------------


def jobs(url: str) -> list[tuple[object, ...]]:
    return rows(url, "SELECT queue_name, queueing_lock FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id")


def test_what_falls_due_soon_gets_one_job_a_second_in_the_same_transaction(store: Store, url: str) -> None:
    share(store, url)
    now = datetime.now(UTC)
    soon = (now + timedelta(seconds=30)).replace(microsecond=0)
    planned = {("a", soon - timedelta(microseconds=n)) for n in range(5)} | {("b", now + timedelta(hours=1))}
    with store._engine.begin() as connection:
        announce(connection, planned)
        announce(connection, planned)
    assert jobs(url) == [("inbox:a", performing("a", soon)["queueing_lock"])]
    with pytest.raises(RuntimeError), store._engine.begin() as connection:
        announce(connection, {("b", now)})
        raise RuntimeError("the transaction fails")
    assert len(jobs(url)) == 1


def test_the_queue_is_reached_as_the_store_is(url: str) -> None:
    more = f"{url}?options=-c%20work_mem%3D5MB%20-c%20geqo%3Doff"
    with closing(Store(more)) as store, psycopg.connect(conninfo(more)) as wire:
        share(store, more)
        assert wire.execute("SHOW work_mem").fetchone() == ("5MB",)


def test_a_store_whose_queue_cannot_be_reached_is_named_without_its_password(store: Store, url: str) -> None:
    nowhere = url.rpartition("/")[0] + "/nowhere"
    with pytest.raises(StoreUnavailable, match=r"nowhere.*make it: CREATE DATABASE") as told:
        share(store, nowhere)
    assert PASSWORD not in str(told.value)


def test_of_two_jobs_with_one_lock_the_one_that_is_due_first_comes_first() -> None:
    now = datetime.now(UTC)
    assert performing("a", now)["priority"] > performing("a", now + timedelta(seconds=2))["priority"]


def test_procrastinates_tables_are_made_once(store: Store, url: str) -> None:
    share(store, url)
    share(store, url)
    (told,) = rows(url, "SELECT obj_description(to_regclass('procrastinate_jobs'))")
    assert str(told[0]).endswith(".sql")


CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = 'amends jobs' AND wait_event_type = 'Lock' AND query LIKE %s
"""


# ---- workers ---------------------------------------------------------------------------------------------------------


def test_two_workers_share_the_inboxes_and_the_one_that_stays_takes_all_at_once(
    begin: Callable[..., Worker], url: str
) -> None:
    workers = [begin(Quiet("a"), Quiet("b")) for _ in range(2)]
    eventually(lambda: [len(worker._held) for worker in workers] == [1, 1])
    workers[1].stop()
    assert rows(url, "SELECT count(*) FROM worker") == [(1,)]
    eventually(lambda: workers[0]._held == {"a", "b"})


def test_a_call_from_another_process_is_heard_at_once(begin: Callable[..., Worker], url: str) -> None:
    inbox = Quiet()
    worker = begin(inbox)
    eventually(lambda: worker._held and rows(url, "SELECT 1 FROM procrastinate_jobs WHERE status = 'todo'"))
    inbox.arrive(WORDS["complaint"])
    with closing(Calls(url)) as calls:
        for _ in range(20):
            calls.poll_soon("support")
    eventually(lambda: inbox.box.drafts)


class Lingering(Quiet):
    """An inbox in which a look takes as long as one wants."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.end = Event(), Event()

    def fetch(self, cursor: Cursor | None, memory: Memory) -> Iterator[Page]:
        if cursor is not None:
            self.asked.set()
            self.end.wait(PATIENCE)
        return super().fetch(cursor, memory)


def test_a_job_whose_end_was_lost_with_its_connection_holds_up_no_other(begin: Callable[..., Worker], url: str) -> None:
    inbox = Lingering()
    worker = begin(inbox)
    eventually(inbox.asked.is_set)
    with psycopg.connect(conninfo(url), autocommit=True) as wire:
        with psycopg.connect(conninfo(url)) as holding_up:
            holding_up.execute("SELECT 1 FROM procrastinate_jobs WHERE task_name = %s FOR UPDATE", (POLL,))
            inbox.end.set()
            eventually(lambda: wire.execute(CUT, ("%finish_job%",)).fetchall())
        inbox.arrive(WORDS["complaint"])
        worker.rung("support")
        eventually(lambda: inbox.box.drafts)


def test_an_inbox_that_said_no_is_tried_again_when_something_was_mended(begin: Callable[..., Worker]) -> None:
    inbox = Quiet(fetches=1)
    inbox.error = InboxRefused("support", "wrong password")
    begin(inbox, mended=lambda name: inbox.fetches == 0)
    inbox.arrive(WORDS["complaint"])
    eventually(lambda: inbox.box.drafts)


def test_what_a_worker_left_lying_is_found_by_the_next_one(begin: Callable[..., Worker], url: str) -> None:
    """A job of a worker that died holds the lock of its inbox, and a task is leased to it for two minutes."""
    inbox = Quiet()
    first = begin(inbox)
    inbox.arrive(WORDS["complaint"])
    first.rung("support")
    eventually(lambda: inbox.box.drafts)
    first.stop()
    with psycopg.connect(conninfo(url)) as wire:
        wire.execute("INSERT INTO worker (name, since, seen) VALUES ('dead', 0, extract(epoch FROM now()) * 1000000)")
        wire.execute("INSERT INTO holding (inbox, worker, since) VALUES ('support', 'dead', 0)")
        wire.execute(
            "UPDATE procrastinate_jobs SET status = 'doing' WHERE id IN "
            "(SELECT min(id) FROM procrastinate_jobs WHERE queue_name = 'inbox:support' GROUP BY lock)"
        )
        wire.execute("UPDATE task SET run_at = 0, lease_until = %s", (4_000_000_000_000_000,))
    age(url, "dead", 9)
    begin(inbox)
    eventually(lambda: not rows(url, "SELECT 1 FROM task WHERE run_at = 0"))


def test_a_worker_that_comes_back_to_a_command_that_is_alone_holds_nothing(
    begin: Callable[..., Worker], url: str, caplog: pytest.LogCaptureFixture
) -> None:
    worker = begin(Quiet())
    eventually(lambda: worker._held)
    with psycopg.connect(conninfo(url), autocommit=True) as command:
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'amends worker'"
        alone = "SELECT pg_try_advisory_lock(%s, 0)"
        eventually(lambda: (command.execute(cut), command.execute(alone, (LEADS,)).fetchone())[1] == (True,))
        eventually(lambda: "a command that needs to be alone is at work" in caplog.text)
        assert not worker._held
    eventually(lambda: worker._held)


# ---- who works on a store --------------------------------------------------------------------------------------------


def test_workers_share_a_store_and_a_command_has_it_alone(url: str) -> None:
    with (
        SharedLeadership(url, "worker", alone=False),
        SharedLeadership(url, "run", alone=False),
        pytest.raises(AlreadyRunning),
        SharedLeadership(url, "undo"),
    ):
        pass
    with (
        SharedLeadership(url, "undo"),
        pytest.raises(Busy, match="amends undo is at work on it - try again once that is over"),
        SharedLeadership(url, "worker", alone=False),
    ):
        pass
