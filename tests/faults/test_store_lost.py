"""The store cannot be written: nothing is done off the record, it is told in a sentence, and it goes on after."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Timer

import pytest
from sqlalchemy import text

from tests.faults.house import Account, House, QuickShop
from tests.faults.letters import letter
from tests.faults.table import record
from tests.postgres import PASSWORD, Server
from tests.stores import IN_A_FILE, looking, on_postgresql, store_at
from tests.witness import eventually

FIRST = letter(1, complaint=True)
LATER = [letter(number, complaint=True) for number in range(2, 8)]
ALL = {one.message_id: 1 for one in (FIRST, *LATER)}


@pytest.fixture
def attached(house: House, tmp_path: Path) -> Iterator[Account]:
    """A mailbox with one complaint that was dealt with, and six that came since."""
    with house.account(tmp_path) as ours:
        ours.witness.append("INBOX", FIRST.raw())
        ours.shop.once()
        ours.witness.append_all("INBOX", (one.raw() for one in LATER))
        yield ours


def on_record(ours: Account, beside: Path, address: str = "") -> bool:
    """Whether everything that lies in the mailbox by our doing stands in the store, whose file is looked at beside."""
    if address or on_postgresql():
        with looking(address or store_at(ours.shop.store)) as connection:
            written = set(connection.execute(text("SELECT message_id FROM written")).scalars())
            known = set(connection.execute(text("SELECT message_id FROM message")).scalars())
        return _lies_in(ours, written, known)
    for path in ours.shop.folder.glob("amends.db*"):  # looked at in a copy: looking takes room as well
        shutil.copy(path, beside / f"copy-{path.name}")
    with closing(sqlite3.connect(beside / "copy-amends.db")) as store:
        written = {row[0] for row in store.execute("SELECT message_id FROM written")}
        known = {row[0] for row in store.execute("SELECT message_id FROM message")}
    return _lies_in(ours, written, known)


def _lies_in(ours: Account, written: set[str], known: set[str]) -> bool:
    tagged = {str(seen.mail["Message-ID"]) for seen in ours.witness.folder("INBOX") if "complaint" in seen.flags}
    return {str(draft.mail["Message-ID"]) for draft in ours.drafts()} <= written and tagged <= known


def sentence(told: str, *words: str) -> None:
    """It is told in one sentence that says what and what to do."""
    assert "Traceback" not in told
    assert all(word in told for word in words), told


# ---- a full disk ----------------------------------------------------------------------------------------------------


Attempt = Callable[[int], subprocess.CompletedProcess[bytes]]
"""A pass while so many bytes are left."""


@contextmanager
def small_disk(shop: QuickShop, beside: Path) -> Iterator[Attempt]:
    """The store lies on a small file system; whoever may not mount one gets a bound on the size of files instead."""
    kept = shutil.copytree(shop.folder, beside / "kept")
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", str(shop.folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        yield lambda left: bounded(shop, left)
        return
    try:
        shutil.copytree(kept, shop.folder, dirs_exist_ok=True)
        yield lambda left: crowded(shop, left)
        (shop.folder / "filler").unlink()
        shutil.rmtree(kept)
        shutil.copytree(shop.folder, kept)
    finally:
        subprocess.run(["umount", shop.folder], check=True)
    shutil.copytree(kept, shop.folder, dirs_exist_ok=True)


def crowded(shop: QuickShop, left: int) -> subprocess.CompletedProcess[bytes]:
    """One pass on a disk that is filled up but for so many bytes."""
    filler = shop.folder / "filler"
    filler.unlink(missing_ok=True)
    free = shutil.disk_usage(shop.folder).free
    filler.write_bytes(bytes(max(0, free - left)))
    return shop.amends("run", "--once")


def bounded(shop: QuickShop, most: int) -> subprocess.CompletedProcess[bytes]:
    """One pass in which no file grows beyond so many bytes; SQLite meets that as it does a full disk."""
    limit = ["bash", "-c", f'trap "" XFSZ; ulimit -f {most // 1024}; exec "$@"', "bounded"]
    command = [*limit, str(Path(sys.executable).with_name("amends")), "run", "--once"]
    return subprocess.run(command, cwd=shop.folder, capture_output=True, check=False, timeout=120)


@IN_A_FILE
def test_s07_a_full_disk_is_told_nothing_is_done_off_the_record_and_it_goes_on_once_there_is_room(
    attached: Account, tmp_path: Path
) -> None:
    """The room grows by 64 KiB from pass to pass, so that it ends at another step each time."""
    with small_disk(attached.shop, tmp_path) as attempt:
        failed = 0
        for left in range(0, 2 << 20, 64 << 10):
            ran = attempt(left)
            assert on_record(attached, tmp_path)
            if ran.returncode == 0:
                break
            assert ran.returncode == 1
            sentence((ran.stdout + ran.stderr).decode(), "store sqlite", "check that the folder can be written")
            failed += 1
    attached.shop.once()
    right = attached.answered() == ALL and failed > 2
    record("S07", "full disk at any step: told, 0 acts off the record, exact afterwards", right)
    assert failed > 2
    assert attached.answered() == ALL


# ---- a locked store -------------------------------------------------------------------------------------------------


def locked_for(attached: Account, beside: Path, seconds: float) -> None:
    """`amends run` is at work while another program holds the store for so long, and longer than it waits."""
    with attached.shop.running():
        eventually(lambda: attached.answered() == ALL, "draft for each")
        with closing(sqlite3.connect(attached.shop.store, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            last = letter(9, complaint=True)
            attached.witness.append("INBOX", last.raw())
            eventually(lambda: "locked" in attached.shop.log, "word of the lock", seconds)
            before = attached.answered() == ALL
            other.execute("ROLLBACK")
        eventually(lambda: attached.answered() == {**ALL, last.message_id: 1}, "draft once it is free")
        sentence(attached.shop.log, "database is locked")
    record("S07", "locked: told, 0 acts meanwhile, exact afterwards", before and on_record(attached, beside))
    assert before
    assert on_record(attached, beside)


@IN_A_FILE
def test_s07_a_store_that_is_locked_is_told_and_it_goes_on_once_it_is_free(attached: Account, tmp_path: Path) -> None:
    locked_for(attached, tmp_path, 60)


# ---- a store that is gone -------------------------------------------------------------------------------------------


@IN_A_FILE
def test_s07_a_store_that_is_taken_away_is_told_and_it_goes_on_once_it_is_back(
    attached: Account, tmp_path: Path
) -> None:
    with attached.shop.running():
        eventually(lambda: attached.answered() == ALL, "draft for each")
        away = attached.shop.store.with_suffix(".away")
        attached.shop.store.rename(away)
        last = letter(9, complaint=True)
        attached.witness.append("INBOX", last.raw())
        eventually(lambda: "its file was removed" in attached.shop.log, "word of the missing store")
        assert not attached.shop.store.exists()
        before = attached.answered() == ALL
        away.rename(attached.shop.store)
        eventually(lambda: attached.answered() == {**ALL, last.message_id: 1}, "draft once it is back")
        sentence(attached.shop.log, "put it back")
    record("S07", "taken away: told, 0 acts meanwhile, exact once it is back", before and on_record(attached, tmp_path))
    assert before
    assert on_record(attached, tmp_path)


# ---- a server that is gone ------------------------------------------------------------------------------------------


@pytest.fixture
def own() -> Iterator[Server]:
    """A PostgreSQL that may be killed, since nobody else uses it."""
    with closing(Server()) as own:
        yield own


@pytest.fixture
def served(house: House, tmp_path: Path, own: Server) -> Iterator[tuple[Account, str]]:
    """The same mailbox with its store on that server, and the address of the store."""
    with house.account(tmp_path, attach=False) as ours:
        address, settings = own.fresh(), ours.shop.folder / "amends.yaml"
        rest = [line for line in settings.read_text().splitlines() if not line.startswith("store:")]
        settings.write_text("\n".join([f"store: {address.replace(PASSWORD, '${OWN}')}", *rest]))
        with (ours.shop.folder / ".env").open("a") as secrets:
            secrets.write(f"OWN={PASSWORD}\n")
        ours.shop.once()
        ours.witness.append("INBOX", FIRST.raw())
        ours.shop.once()
        ours.witness.append_all("INBOX", (one.raw() for one in LATER))
        yield ours, address


def test_s07_a_server_killed_in_a_pass_is_told_nothing_is_done_off_the_record_and_it_goes_on_once_it_is_back(
    served: tuple[Account, str], own: Server, tmp_path: Path
) -> None:
    """It is killed ever later, so that a pass ends at another step each time."""
    ours, address = served
    failed = 0
    for tenths in range(1, 40):
        killing = Timer(tenths / 10, own.kill)
        killing.start()
        ran = ours.shop.amends("run", "--once")
        killing.cancel()
        killing.join()
        if not own.is_up:
            own.start()
        assert on_record(ours, tmp_path, address)
        if ran.returncode == 0:
            break
        assert ran.returncode == 1
        sentence((ran.stdout + ran.stderr).decode(), "amends.yaml:1:8: store postgresql+psycopg://amends:***@", " - ")
        failed += 1
    ours.shop.once()
    right = ours.answered() == ALL and failed > 1
    record("S07", "PostgreSQL killed at any step: told, 0 acts off the record, exact afterwards", right)
    assert failed > 1
    assert ours.answered() == ALL


def test_s07_a_server_killed_under_a_run_is_told_and_it_goes_on_once_it_is_back(
    served: tuple[Account, str], own: Server, tmp_path: Path
) -> None:
    ours, address = served
    with ours.shop.running():
        eventually(lambda: len(ours.drafts()) > 1, "first of the drafts")
        own.kill()
        last = letter(9, complaint=True)
        ours.witness.append("INBOX", last.raw())
        eventually(lambda: "store postgresql" in ours.shop.log, "word of the missing server")
        before = len(ours.drafts())
        own.start()
        eventually(lambda: ours.answered() == {**ALL, last.message_id: 1}, "draft once it is back", 90)
        assert PASSWORD not in ours.shop.log
        sentence(ours.shop.log, "check its address, and that the server runs")
    record("S07", "PostgreSQL killed under a run: told, exact once it is back", on_record(ours, tmp_path, address))
    assert before < len(ALL) + 1
    assert on_record(ours, tmp_path, address)
