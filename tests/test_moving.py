"""A store moves into another database whole and compared, or not at all."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, Table, func, inspect, select

from plugin.cli.running import leadership
from plugin.config import load
from plugin.model import Address
from plugin.store import MovedBadly, MoveRefused, Store, StoreNewer, StoreUnavailable
from plugin.store.moving import move
from plugin.store.tables import REVISIONS, Moment, metadata
from plugin.timeline import Case, Noted
from tests.postgres import PASSWORD, server
from tests.shop import Shop, open_shop
from tests.stores import left_by, looking
from tests.test_copies import NOW, received

TABLES = [table for table in metadata.sorted_tables if not table.info.get("derived")]
CASES = 40


@pytest.fixture
def filed(tmp_path: Path) -> str:
    """A store in a file, with cases as they come and, in every other table, rows of everything a row may hold."""
    address = f"sqlite:///{tmp_path / 'amends.db'}"
    with closing(Store(address)) as store, store.writing() as session:
        for number in range(CASES):
            session.append(Case(), [received(number), Noted(at=NOW, note=f"“{number}” – ünï\U0001f4e6")])
            session.keep_letter(f"c{number}", f"k{number}", "message", "Sehr geehrte\tDamen,\r\n\\N\\." * number)
    with looking(address) as connection:
        for table in TABLES:
            if table.name not in ("complaint", "event", "letter", "task"):
                connection.execute(table.insert(), [_row(table, number) for number in range(5)])
        connection.commit()
    return address


def _row(table: Table, number: int) -> dict[str, Any]:
    return {one.name: _value(one, number) for one in table.columns}


def _value(one: Column[Any], number: int) -> Any:
    if one.nullable and number == 1:
        return None
    if isinstance(one.type, Moment):
        return NOW
    if isinstance(one.type, Integer):
        return (1 << 40) + number if isinstance(one.type, BigInteger) else number
    given = {Boolean: number % 2 == 0, LargeBinary: bytes(range(256)) * number}
    return given.get(type(one.type), f"{number} Z\u00fcrich a\u0301 \\N \t")


@pytest.fixture
def empty() -> str:
    return server().empty()


def held(store: str) -> dict[str, list[tuple[Any, ...]]]:
    with looking(store) as connection:
        rows = {table.name: connection.execute(select(table)).all() for table in TABLES}
    return {name: sorted(map(tuple, some), key=repr) for name, some in rows.items()}


def tables_in(store: str) -> list[str]:
    with looking(store) as connection:
        return inspect(connection).get_table_names()


def test_a_store_moves_there_and_back_and_is_the_same(filed: str, empty: str, tmp_path: Path) -> None:
    heard: dict[str, int] = {}
    moved = move(filed, empty, lambda table, rows: heard.update({table: rows}))
    assert held(empty) == held(filed)
    assert (moved.cases, moved.tables, moved.rows) == (CASES, len(TABLES), sum(heard.values()))
    back = f"sqlite:///{tmp_path / 'back.db'}"
    assert move(empty, back) == moved
    assert held(back) == held(filed)
    assert (tmp_path / "back.db").stat().st_mode & 0o777 == 0o600
    with closing(Store(empty)) as store, store.reading() as session:
        assert len(session.open_cases("support")) == CASES


def test_a_nul_that_an_older_amends_kept_in_a_text_is_left_out(filed: str, empty: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "amends.db")) as opened, opened:
        opened.execute("UPDATE letter SET text = 'be' || char(0) || 'fore' WHERE case_id = 'c1'")
    move(filed, empty)
    with looking(empty) as connection:
        letters = metadata.tables["letter"]
        assert connection.execute(select(letters.c.text).where(letters.c.case_id == "c1")).scalars().all() == ["before"]


def test_a_target_that_is_not_empty_is_refused_and_stays(filed: str, store_url: str, tmp_path: Path) -> None:
    target = store_url if store_url.startswith("postgresql") else f"sqlite:///{tmp_path / 'other.db'}"
    with closing(Store(target)) as store, store.writing() as session:
        session.append(Case(), [received(1)])
    before = held(target)
    with pytest.raises(MoveRefused, match=r"it is not empty \(complaint, event.*\) - name a database with nothing"):
        move(filed, target)
    assert held(target) == before


def test_a_target_of_a_later_amends_is_refused_with_its_version(filed: str, empty: str) -> None:
    Store(empty).close()
    with looking(empty) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(StoreNewer, match="its version 9999 is newer"):
        move(filed, empty)


def test_a_store_is_not_moved_onto_itself_or_from_nowhere(filed: str, empty: str, tmp_path: Path) -> None:
    with pytest.raises(MoveRefused, match="this is the same store"):
        move(filed, f"sqlite:///{tmp_path}/../{tmp_path.name}/amends.db")
    with pytest.raises(MoveRefused, match="there is no such file"):
        move(f"sqlite:///{tmp_path / 'nowhere.db'}", empty)
    with pytest.raises(MoveRefused, match="there is no store of Amends in it"):
        move(empty, filed)
    with pytest.raises(StoreUnavailable, match="No such file or directory"):
        move(filed, f"sqlite:///{tmp_path / 'no-folder' / 'amends.db'}")
    assert not (tmp_path / "nowhere.db").exists()
    assert tables_in(empty) == []


class Broken(Exception):
    """Somebody broke it off."""


def breaks_off(table: str, _rows: int) -> None:
    if table == "letter":
        raise Broken


def test_broken_off_the_target_is_as_it_was(filed: str, empty: str, tmp_path: Path) -> None:
    with pytest.raises(Broken):
        move(filed, empty, breaks_off)
    assert tables_in(empty) == []
    with pytest.raises(Broken):
        move(filed, f"sqlite:///{tmp_path / 'new.db'}", breaks_off)
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith("new.db")] == []
    assert move(filed, empty).cases == CASES  # and it can be done after all


def test_killed_in_the_middle_the_target_is_as_it_was(filed: str, empty: str, tmp_path: Path) -> None:
    script = (
        "import os, signal, sys\nfrom plugin.store.moving import move\n"
        "def told(table, rows):\n    if table == 'letter': os.kill(os.getpid(), signal.SIGKILL)\n"
        "move(sys.argv[1], sys.argv[2], told)\n"
    )
    for target in (empty, f"sqlite:///{tmp_path / 'new.db'}"):
        ran = subprocess.run([sys.executable, "-c", script, filed, target], check=False)
        assert ran.returncode == -signal.SIGKILL
        assert tables_in(target) == []
        assert move(filed, target).cases == CASES


@pytest.mark.parametrize(("spoilt", "told"), [
    ("NEW.text := 'other'; RETURN NEW", "not all of its 40 rows are the same"), ("RETURN NULL", "0 of 40 rows arrived"),
])  # fmt: skip
def test_what_does_not_arrive_as_it_was_is_noticed(filed: str, empty: str, spoilt: str, told: str) -> None:
    Store(empty).close()
    with looking(empty) as connection:
        connection.exec_driver_sql(
            f"CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {spoilt}; END$$"
        )
        connection.exec_driver_sql("CREATE TRIGGER spoil BEFORE INSERT ON letter FOR EACH ROW EXECUTE FUNCTION spoil()")
        connection.commit()
    with pytest.raises(MovedBadly, match=f"table letter: {told}, so nothing was moved"):
        move(filed, empty)
    with looking(empty) as connection:
        assert connection.execute(select(func.count()).select_from(metadata.tables["complaint"])).scalar() == 0


def test_an_older_store_is_brought_up_to_date_before_it_moves_and_kept_as_it_was(empty: str, tmp_path: Path) -> None:
    left_by(tmp_path / "amends.db", "0006")
    with closing(sqlite3.connect(tmp_path / "amends.db")) as opened, opened:
        opened.execute("INSERT INTO complaint VALUES ('c1', 'support', 1, 'open', 0, NULL, 'anna@example.org')")
    assert move(f"sqlite:///{tmp_path / 'amends.db'}", empty).cases == 1
    kept = tmp_path / "amends.db.version-0006"
    with closing(sqlite3.connect(kept)) as opened:
        assert opened.execute("SELECT version_num FROM alembic_version").fetchall() == [("0006",)]


def test_no_word_of_it_shows_a_password(filed: str, empty: str) -> None:
    wrong = empty.replace(PASSWORD, "canary-of-mine")
    with pytest.raises(StoreUnavailable) as caught:
        move(filed, wrong)
    assert "canary-of-mine" not in str(caught.value)
    assert ":***@" in str(caught.value)
    assert Address("anna@example.org").email not in str(caught.value)
    assert REVISIONS[-1] not in str(caught.value)


# ---- the command ----------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop whose store in a file holds forty cases, and which knows the password of another one."""
    shop = open_shop(tmp_path / "shop", 1, "secret")
    with closing(Store(f"sqlite:///{shop.folder / 'amends.db'}")) as store, store.writing() as session:
        for number in range(CASES):
            session.append(Case(), [received(number)])
    with (shop.folder / ".env").open("a") as secrets:
        secrets.write(f"DB={PASSWORD}\n")
    use(shop, "sqlite:///amends.db")
    return shop


def told(shop: Shop, *args: str, code: int = 0) -> str:
    """What the command says, no word of which shows a password."""
    ran = shop.amends(*args)
    said = (ran.stdout + ran.stderr).decode()
    assert ran.returncode == code, said
    assert PASSWORD not in said
    return said


def named(address: str) -> str:
    """The address as a person writes it."""
    return address.replace(PASSWORD, "${DB}")


def use(shop: Shop, store: str) -> None:
    settings = shop.folder / "amends.yaml"
    rest = [line for line in settings.read_text().splitlines() if not line.startswith("store:")]
    settings.write_text("\n".join([*rest, f"store: {store}", ""]))


def test_a_shop_moves_and_goes_on_there(shop: Shop, empty: str) -> None:
    said = told(shop, "store", "move", "sqlite:///amends.db", named(empty))
    assert f"Moved: {CASES} cases, " in said
    assert "each was read back and is the same." in said
    assert "amends:***@" in said
    use(shop, named(empty))
    assert len(shop.json("cases")["cases"]) == CASES
    assert "is not empty" in told(shop, "store", "move", "sqlite:///amends.db", empty, code=2)
    assert f"Moved: {CASES} cases, " in told(shop, "store", "move", empty, "sqlite:///back.db")


def test_no_store_is_moved_while_a_run_is_at_work_on_it(shop: Shop, empty: str) -> None:
    settings = load(shop.folder / "amends.yaml")
    move_it = ("store", "move", "sqlite:///amends.db", named(empty))
    with leadership(settings):
        assert "end `amends run`" in told(shop, *move_it, code=1)
    with leadership(replace(settings, store=empty)):
        assert "end `amends run`" in told(shop, *move_it, code=1)
    assert tables_in(empty) == []
    told(shop, *move_it)


@pytest.mark.parametrize(("target", "why"), [
    ("mysql://db/amends", "`store` must be a file in SQLite, as sqlite:///amends.db, or a database in PostgreSQL"),
    ("postgresql://amends:${NOBODY}@h/db", "NOBODY is not set"),
    ("postgresql://amends:${DB}@h", "this address of a PostgreSQL is not complete"),
    ("postgresql://amends:a@b@h/db", "this address of a PostgreSQL is not complete"),
])  # fmt: skip
def test_an_address_that_is_none_is_one_sentence(shop: Shop, target: str, why: str) -> None:
    said = told(shop, "store", "move", "sqlite:///amends.db", target, code=2)
    assert why in said
    assert said.count("\n") == 1


# ---- a store on a server, seen from the command line ----------------------------------------------------------------


def test_a_server_that_refuses_us_is_told_with_the_line_that_names_it(shop: Shop) -> None:
    for address in (f"postgresql://amends:{PASSWORD}@127.0.0.1:1/amends", server().address("nowhere")):
        use(shop, named(address))
        last = len((shop.folder / "amends.yaml").read_text().splitlines())
        for command in (("cases",), ("run", "--once")):
            said = told(shop, *command, code=1)
            assert said.startswith(f"amends.yaml:{last}:8: store postgresql+psycopg://amends:***@127.0.0.1:")
            assert said.count("\n") == 1


def test_the_doctor_tells_the_release_the_size_and_how_far_away_a_server_is(shop: Shop, empty: str) -> None:
    use(shop, named(empty))
    (found,) = [one for one in told(shop, "doctor", code=1).splitlines() if "database" in one]
    assert re.match(r"ok   store: database: postgresql\+psycopg://amends:\*\*\*@\S+ can be opened: "
                    r"PostgreSQL \d+\S*.*, [\d.]+ MB, [\d.]+ ms there and back$", found)  # fmt: skip


def test_copies_of_a_server_are_for_its_own_tools(shop: Shop, empty: str) -> None:
    use(shop, named(empty))
    assert "as pg_dump" in told(shop, "store", "backup", "copy.db", code=2)
    (shop.folder / "copy.db").write_bytes(b"")
    assert "as pg_dump" in told(shop, "store", "restore", "copy.db", "--yes", code=2)
