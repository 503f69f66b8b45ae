"""Workers that are killed: the others take over within a minute, and nothing is lost or done twice."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import requests

from plugin.demo.mailbox import Dovecot
from tests.faults.house import PASSWORD, Forks
from tests.faults.letters import Letter, letter
from tests.faults.table import record
from tests.fleet import Fleet, fleet
from tests.postgres import PASSWORD as PASSWORD_OF_STORE
from tests.postgres import Server
from tests.postgres import server as database

IN_TIME = 60.0
"""Seconds until the work of a worker that was killed goes on elsewhere."""
_PATIENCE = 900.0  # seconds until a test gives up


@pytest.fixture(scope="module")
def mail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    with Dovecot(tmp_path_factory.mktemp("mail"), password=PASSWORD, fsync="never") as server:
        yield server


def until(true: Callable[[], object], what: str) -> float:
    """Seconds until it is true."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < _PATIENCE, what
        time.sleep(0.2)
    return time.monotonic() - began


def letters(first: int, count: int) -> list[Letter]:
    """So many mails, every other one a complaint."""
    return [letter(number, complaint=number % 2 == 0) for number in range(first, first + count)]


def amiss(made: Fleet, arrived: Mapping[str, Sequence[Letter]]) -> tuple[int, int]:
    """How many complaints have no draft or no tag, and how many drafts there are too many."""
    lost = doubled = 0
    for name, some in arrived.items():
        answered = made.answered(name)
        with made.watching(name) as witness:
            tagged = {str(one.mail["Message-ID"]) for one in witness.folder("INBOX") if "complaint" in one.flags}
        lost += sum(one.complaint and not (answered[one.message_id] and one.message_id in tagged) for one in some)
        lost += sum(not one.complaint and (one.message_id in tagged or answered[one.message_id] > 0) for one in some)
        doubled += sum(answered.values()) - len(answered)
    return lost, doubled


# ---- S06: in the middle of a step ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kill:
    """At which point a worker dies, and at which passing of it (see `forked`)."""

    point: str
    nth: int


FEW = [Kill("match", 3), Kill("schedule", 0), Kill("draft", 2)]
TWENTY = [
    Kill(point, nth) for nth in (0, 2, 4, 6) for point in ("fetch", "match", "schedule", "append", "cursor", "draft")
][:20]


@pytest.mark.parametrize("kills", [
    pytest.param(FEW, id="few"), pytest.param(TWENTY, id="long-twenty", marks=pytest.mark.long),
])  # fmt: skip
def test_s06_what_a_killed_worker_was_at_goes_on_elsewhere(tmp_path: Path, mail: Dovecot, kills: list[Kill]) -> None:
    stores = [database().fresh() for _ in kills]
    with ThreadPoolExecutor(3) as at_once:
        came = list(at_once.map(partial(_killed, tmp_path, mail), kills, stores))
    slowest = max(seconds for seconds, _, _ in came)
    well = sum(seconds <= IN_TIME and not lost + doubled for seconds, lost, doubled in came)
    record("S06", f"{well}/{len(kills)} resumed and exact, after {slowest:.0f} s at most", well == len(kills))
    assert [(kill, *one[1:]) for kill, one in zip(kills, came, strict=True)] == [(kill, 0, 0) for kill in kills]
    assert slowest <= IN_TIME


def _killed(above: Path, mail: Dovecot, kill: Kill, store: str) -> tuple[float, int, int]:
    """Seconds from the death of a worker until all is done by another, what was lost, and what was done twice."""
    folder = above / f"{kill.point}{kill.nth}"
    with (
        fleet(folder, mail, store, ["support"]) as made,
        closing(Forks()) as forks,
        ThreadPoolExecutor(1) as doom,
    ):
        arrived = {"support": letters(0, 12)}
        made.deliver("support", arrived["support"])
        doomed = doom.submit(forks.run, folder, "worker", point=kill.point, nth=kill.nth)
        until(lambda: made.ask("SELECT 1 FROM holding"), "it holds the inbox")
        other = made.begin()
        assert doomed.result(_PATIENCE).returncode == -9
        seconds = until(lambda: not _waiting(made, 12, 6), "the other does the rest")
        other.end()
        return seconds, *amiss(made, arrived)


def _waiting(made: Fleet, mails: int, complaints: int) -> bool:
    """Whether there are mails that are not on record, or drafts that are not written."""
    asked = (
        "SELECT (SELECT count(*) FROM message), "
        "(SELECT count(*) FROM written WHERE kind = 'draft' AND digest <> ''), "
        "(SELECT count(*) FROM task WHERE for_inbox AND run_at < extract(epoch FROM now()) * 1000000)"
    )
    return made.ask(asked) != [(mails, complaints, 0)]


# ---- G17: in the middle of a backlog ---------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [pytest.param(240), pytest.param(5000, id="long-5000", marks=pytest.mark.long)])
def test_g17_one_of_three_workers_is_killed_in_the_middle_of_a_backlog(
    tmp_path: Path, mail: Dovecot, count: int
) -> None:
    names = [f"shop{number}" for number in range(6)]
    share = count // len(names)
    arrived: dict[str, Sequence[Letter]] = {name: letters(number * share, share) for number, name in enumerate(names)}
    with fleet(tmp_path / "fleet", mail, database().fresh(), names) as made:
        for name, some in arrived.items():
            made.deliver(name, some)
        workers = [made.begin() for _ in range(3)]
        until(lambda: all(worker.held for worker in workers), "each holds some")
        total = share * len(names)
        complaints = sum(one.complaint for some in arrived.values() for one in some)
        until(lambda: _written(made) > complaints // 10, "it has begun")
        victim = workers[0]
        held = victim.held
        victim.kill()
        moved = until(lambda: held <= workers[1].held | workers[2].held, "what it held is held by the others")
        until(lambda: not _waiting(made, total, complaints), "the others do all")
        lost, doubled = amiss(made, arrived)
        for worker in workers[1:]:
            worker.end()
    well = not lost + doubled and moved <= IN_TIME
    figure = f"{total:,} mails, one of 3 killed: {lost} lost, {doubled} doubled, taken over after {moved:.0f} s"
    record("G17", figure, well)
    assert (lost, doubled) == (0, 0)
    assert moved <= IN_TIME


def _written(made: Fleet) -> int:
    ((found,),) = made.ask("SELECT count(*) FROM written WHERE kind = 'draft' AND digest <> ''")
    return int(str(found))


# ---- S07: the database is gone for a while ---------------------------------------------------------------------------


def test_workers_go_on_when_a_database_that_was_killed_is_back(tmp_path: Path, mail: Dovecot) -> None:
    with closing(Server()) as own, fleet(tmp_path / "fleet", mail, own.fresh(), ["support"]) as made:
        worker = made.begin()
        until(lambda: worker.held, "it holds the inbox")
        own.kill()
        made.deliver("support", letters(0, 4))
        until(lambda: "store postgresql" in worker.said, "it says what it lacks")
        own.start()
        until(lambda: not _waiting(made, 4, 2), "all is done")
        lost, doubled = amiss(made, {"support": letters(0, 4)})
        assert PASSWORD_OF_STORE not in worker.said
        assert "Traceback" not in worker.said
        worker.end()
    assert (lost, doubled) == (0, 0)


def test_a_worker_stops_writing_as_soon_as_a_newer_amends_has_moved_the_tables_on(
    tmp_path: Path, mail: Dovecot
) -> None:
    with fleet(tmp_path / "fleet", mail, database().fresh(), ["support"]) as made:
        worker = made.begin()
        until(lambda: worker.held, "it holds the inbox")
        ((ours,),) = made.ask("SELECT version_num FROM alembic_version")
        made.change("UPDATE alembic_version SET version_num = '9999'")
        made.deliver("support", letters(0, 2))
        until(lambda: not worker.held, "it lets go of the inbox")
        assert "its version 9999 is newer than this Amends - upgrade Amends" in worker.said
        assert not made.answered("support")
        assert not made.ask("SELECT key FROM message")
        made.change("UPDATE alembic_version SET version_num = :was", was=ours)
        until(lambda: not _waiting(made, 2, 1), "it goes on where the tables are its own again")
        assert amiss(made, {"support": letters(0, 2)}) == (0, 0)
        worker.end()


# ---- all of it together ----------------------------------------------------------------------------------------------


def test_what_people_do_elsewhere_is_heard_by_the_worker_and_the_pages_say_who_holds_what(
    tmp_path: Path, mail: Dovecot
) -> None:
    with fleet(tmp_path / "fleet", mail, database().fresh(), ["support"]) as made:
        worker, pages = made.begin(), made.begin("web")
        made.deliver("support", letters(0, 1))
        until(lambda: made.answered("support"), "a draft lies there")
        (case,) = json.loads(made.amends("cases", "--json").stdout)["cases"]
        assert made.amends("resolve", case["id"], "--outcome", "upheld").returncode == 0
        until(lambda: not made.answered("support"), "the draft is taken back")
        until(lambda: pages.address, "there are pages")
        (inbox,) = requests.get(f"{pages.address}/readyz", timeout=30).json()["inboxes"]
        assert inbox["worker"] in worker.said
        figures = requests.get(f"{pages.address}/metrics", timeout=30).text
        assert f'amends_inbox_worker_silent_seconds{{inbox="support",worker="{inbox["worker"]}"}}' in figures
        pages.end()
        worker.end()


@pytest.mark.parametrize("command", ["worker", "web"])
def test_a_store_in_a_file_is_for_one_process(tmp_path: Path, mail: Dovecot, command: str) -> None:
    made = Fleet(tmp_path, mail, "sqlite:///amends.db", ["support"])
    made.set_up()
    ran = made.amends(command)
    assert ran.returncode == 2
    assert ran.stderr.startswith(f"amends {command}: a store in a file is for one process, so `amends run` does all")
