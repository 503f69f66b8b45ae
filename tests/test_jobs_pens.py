"""One process at a time writes into an inbox: one that was taken for dead and wakes finds nobody beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from plugin.desk import Desk
from plugin.desk.ledger import Policies
from plugin.jobs.pens import PEN, Pens
from plugin.jobs.queue import conninfo
from plugin.jobs.sharing import Worker
from plugin.store import Store
from plugin.store.postgresql import number_of
from tests.player import HOURS, JUDGE, WORDS, book, settings
from tests.postgres import server
from tests.test_jobs import SECOND, Quiet, eventually

END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'amends pens' AND datname = %s"


@pytest.fixture
def url() -> Iterator[str]:
    """A store of the test's own."""
    made = server().fresh()
    yield made
    server().drop(made)


def test_a_pen_is_one_workers_until_he_gives_it_back(url: str) -> None:
    with closing(Pens(url)) as one, closing(Pens(url)) as two:
        with one.taken("a") as mine, two.taken("a") as others, two.taken("b") as another:
            assert (mine, others, another) == (True, False, True)
            assert one.has("a")
            assert not two.has("a")
        with two.taken("a") as mine:
            assert mine


def test_a_pen_is_free_when_the_connection_has_ended_and_who_had_it_knows(url: str) -> None:
    with closing(Pens(url)) as one, closing(Pens(url)) as two, one.taken("a"):
        with psycopg.connect(conninfo(url), autocommit=True) as wire:
            wire.execute(END, (wire.info.dbname,))
        eventually(lambda: not one.has("a"))
        with two.taken("a") as mine:
            assert mine
            assert not one.has("a")


def test_without_the_database_nobody_has_a_pen(url: str) -> None:
    nowhere = url.rpartition("/")[0] + "/nowhere"
    with closing(Pens(nowhere)) as pens, pens.taken("a") as mine:
        assert not mine


def test_nothing_is_written_while_another_process_may_still_be_writing(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = Quiet()
    policies = Policies(
        book(tmp_path / "playbooks", {"10-second": SECOND}), {"default": HOURS}, {"support": settings()}
    )
    desk = Desk(Store(url), {"support": inbox}, policies, JUDGE)
    desk.poll("support")  # what comes from now on is new
    with psycopg.connect(conninfo(url), autocommit=True) as asleep, at_work(Worker(desk, url)) as worker:
        asleep.execute("SELECT pg_advisory_lock(%s, %s)", (PEN, number_of("support")))
        inbox.arrive(WORDS["complaint"])
        worker.rung("support")
        eventually(lambda: "another process may still be writing there" in caplog.text)
        assert not inbox.box.drafts
        asleep.close()
        eventually(lambda: inbox.box.drafts)


@contextmanager
def at_work(worker: Worker) -> Iterator[Worker]:
    """It begins, and ends with the test."""
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()
