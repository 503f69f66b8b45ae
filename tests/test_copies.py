"""A backup is whole, though the store is at work meanwhile; a restore keeps what it replaces, or changes nothing."""

from __future__ import annotations

import sqlite3
import stat
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plugin.model import Address
from plugin.store import CopyRefused, Store, StoreInUse, StoreNewer, backup, restore
from plugin.store.tables import REVISIONS
from plugin.timeline import Case, Noted, Received
from tests.stores import IN_A_FILE, left_by

pytestmark = IN_A_FILE

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ROOM = "sqlite:///{}"


def received(number: int) -> Received:
    who = Address("anna@example.org")
    return Received(
        at=NOW + timedelta(seconds=number), case=f"c{number}", inbox="support", message=f"key-{number}",
        message_id=f"<{number}@x>", references=(), complainant=who, answer_to=who, identity=Address("us@example.com"),
    )  # fmt: skip


def with_cases(path: Path, number: int) -> str:
    url = ROOM.format(path)
    with closing(Store(url)) as store, store.writing() as session:
        for one in range(number):
            session.append(Case(), [received(one), Noted(at=NOW, note=f"note {one}")])
    return url


def cases_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as opened:
        return int(opened.execute("SELECT count(*) FROM complaint").fetchone()[0])


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_a_copy_made_while_others_write_holds_whole_transactions_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    url, ended = with_cases(tmp_path / "amends.db", 50), threading.Event()

    def go_on_writing() -> None:
        number = 50
        with closing(Store(url)) as store:
            while not ended.is_set():
                with store.writing() as session:
                    session.append(Case(), [received(number)])
                    session.append(session.case(f"c{number}"), [Noted(at=NOW, note="both or none")])
                number += 1

    writer = threading.Thread(target=go_on_writing)
    writer.start()
    try:
        copies = [backup(url, tmp_path / f"copy-{number}.db") for number in range(5)]
    finally:
        ended.set()
        writer.join()
    for number, copied in enumerate(copies):
        path = tmp_path / f"copy-{number}.db"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with closing(sqlite3.connect(path)) as opened:
            assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert opened.execute("PRAGMA journal_mode").fetchone() == ("delete",)
            events = opened.execute("SELECT count(*) FROM event").fetchone()[0]
        assert copied.cases == cases_in(path) >= 50
        assert events == 2 * copied.cases
    assert not [name for name in names(tmp_path) if ".part" in name]


def test_a_backup_overwrites_nothing_and_there_must_be_something_to_copy(tmp_path: Path) -> None:
    url = with_cases(tmp_path / "amends.db", 1)
    (tmp_path / "there.db").write_text("mine")
    with pytest.raises(CopyRefused, match="overwrites nothing"):
        backup(url, tmp_path / "there.db")
    assert (tmp_path / "there.db").read_text() == "mine"
    with pytest.raises(CopyRefused, match="no store yet"):
        backup(ROOM.format(tmp_path / "none.db"), tmp_path / "new.db")
    with pytest.raises(CopyRefused, match="cannot be written there"):
        backup(url, tmp_path / "no" / "folder" / "new.db")
    with pytest.raises(CopyRefused, match="only a store in SQLite"):
        backup("postgresql+psycopg://amends:secret@db/amends", tmp_path / "new.db")


def test_a_backup_comes_back_and_what_it_replaces_is_kept(tmp_path: Path) -> None:
    url = with_cases(tmp_path / "amends.db", 3)
    backup(url, tmp_path / "copy.db")
    with_cases_more(url, 3, 5)
    restored, kept = restore(tmp_path / "copy.db", url, NOW)
    assert restored.cases == cases_in(tmp_path / "amends.db") == 3
    assert kept == tmp_path / "amends.db.replaced-20261122-090000"
    assert cases_in(kept) == 5
    assert stat.S_IMODE((tmp_path / "amends.db").stat().st_mode) == 0o600
    assert names(tmp_path) == {"amends.db", "copy.db", kept.name}
    with closing(Store(url)) as store, store.reading() as session:
        assert session.case("c2").subject == ""


def with_cases_more(url: str, start: int, end: int) -> None:
    with closing(Store(url)) as store, store.writing() as session:
        for one in range(start, end):
            session.append(Case(), [received(one)])


def test_a_backup_can_come_to_where_there_was_no_store(tmp_path: Path) -> None:
    backup(with_cases(tmp_path / "amends.db", 2), tmp_path / "copy.db")
    restored, kept = restore(tmp_path / "copy.db", ROOM.format(tmp_path / "new.db"), NOW)
    assert (restored.cases, kept) == (2, None)


def test_an_older_backup_is_brought_up_to_date_and_a_newer_one_is_refused_by_its_version(tmp_path: Path) -> None:
    url = with_cases(tmp_path / "amends.db", 1)
    left_by(tmp_path / "older.db", REVISIONS[0])
    restored, _ = restore(tmp_path / "older.db", url, NOW)
    assert restored.version == REVISIONS[-1]

    backup(url, tmp_path / "newer.db")
    with closing(sqlite3.connect(tmp_path / "newer.db")) as opened, opened:
        opened.execute("UPDATE alembic_version SET version_num = '9999'")
    before = (tmp_path / "amends.db").read_bytes()
    with pytest.raises(StoreNewer, match="9999"):
        restore(tmp_path / "newer.db", url, NOW)
    assert (tmp_path / "amends.db").read_bytes() == before


def test_what_is_damaged_or_no_store_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    url = with_cases(tmp_path / "amends.db", 300)
    backup(url, tmp_path / "copy.db")
    raw = bytearray((tmp_path / "copy.db").read_bytes())
    raw[8192:12288] = b"\x99" * 4096
    (tmp_path / "damaged.db").write_bytes(raw)
    (tmp_path / "letter.txt").write_text("Dear Sir, " * 500)
    before = (tmp_path / "amends.db").read_bytes()
    for wrong in ("damaged.db", "letter.txt", "not-there.db", "amends.db"):
        with pytest.raises(CopyRefused):
            restore(tmp_path / wrong, url, NOW)
    assert (tmp_path / "amends.db").read_bytes() == before
    assert not [name for name in names(tmp_path) if "replaced" in name or ".part" in name]


def test_a_store_that_something_has_open_is_not_replaced(tmp_path: Path) -> None:
    url = with_cases(tmp_path / "amends.db", 1)
    backup(url, tmp_path / "copy.db")
    with closing(Store(url)) as store, store.reading() as session:
        session.hold()
        session.case("c0")
        with pytest.raises(StoreInUse):
            restore(tmp_path / "copy.db", url, NOW)
    assert cases_in(tmp_path / "amends.db") == 1
    assert not [name for name in names(tmp_path) if "replaced" in name]


@pytest.mark.parametrize("store", ["gone", "damaged"])
def test_journals_left_behind_by_what_is_replaced_are_put_aside_with_it(tmp_path: Path, store: str) -> None:
    """SQLite would take them for the new file's own, and mix the old pages into it."""
    url, live = with_cases(tmp_path / "amends.db", 3), tmp_path / "live.db"
    backup(url, tmp_path / "copy.db")
    with closing(Store(ROOM.format(live))) as other:
        with other.writing() as session:
            session.append(Case(), [received(9)])
        for name in ("wal", "shm"):
            (tmp_path / f"amends.db-{name}").write_bytes((tmp_path / f"live.db-{name}").read_bytes())
    if store == "gone":
        (tmp_path / "amends.db").unlink()
    else:
        (tmp_path / "amends.db").write_text("no database " * 1000)
    restored, kept = restore(tmp_path / "copy.db", url, NOW)
    assert (kept is None) == (store == "gone")
    assert not {"amends.db-wal", "amends.db-shm"} & names(tmp_path)
    with closing(Store(url)) as opened, opened.reading() as session:
        assert session.case("c9").id == ""
        assert session.case("c2").id == "c2"
    assert restored.cases == cases_in(tmp_path / "amends.db") == 3


def test_where_a_file_cannot_have_two_names_a_backup_is_made_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on most sticks: FAT and exFAT know no hard links."""
    url = with_cases(tmp_path / "amends.db", 2)

    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("plugin.store.copies.os.link", refused)
    assert backup(url, tmp_path / "copy.db").cases == cases_in(tmp_path / "copy.db") == 2
    restored, kept = restore(tmp_path / "copy.db", url, NOW)
    assert kept is not None
    assert restored.cases == cases_in(kept) == cases_in(tmp_path / "amends.db") == 2
    with pytest.raises(CopyRefused, match="overwrites nothing"):
        backup(url, tmp_path / "copy.db")
