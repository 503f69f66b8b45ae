"""PostgreSQL as a store: who waits for whom, what its errors come to, and that it may go away and come back."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from threading import Event

import pytest
from psycopg import sql
from sqlalchemy import text

from plugin.store import Session, Store, StoreUnavailable, postgresql, shown
from plugin.store.tables import metadata
from plugin.timeline import Case
from tests.postgres import PASSWORD, USER, Server, server
from tests.stores import looking
from tests.test_copies import received

Writing = Callable[[Store], AbstractContextManager[Session]]


@pytest.fixture
def address() -> str:
    return server().fresh()


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    with closing(Store(address)) as store:
        yield store


@pytest.fixture
def own() -> Iterator[Server]:
    """A server that may be killed, since nobody else uses it."""
    with closing(Server()) as own:
        yield own


# ---- turns ----------------------------------------------------------------------------------------------------------

SUPPORT: Writing = lambda store: store.writing("support")  # noqa: E731 - they read best side by side
SALES: Writing = lambda store: store.writing("sales")  # noqa: E731
ALL: Writing = lambda store: store.writing()  # noqa: E731
NOTICE: Writing = lambda store: store.entering()  # noqa: E731


@pytest.mark.parametrize(("first", "second", "waits"), [
    (SUPPORT, SUPPORT, True), (SUPPORT, SALES, False), (SUPPORT, ALL, True), (ALL, SUPPORT, True), (ALL, ALL, True),
    (SUPPORT, NOTICE, False), (ALL, NOTICE, False), (NOTICE, ALL, False),
])  # fmt: skip
def test_writers_of_one_inbox_take_turns_and_those_of_others_do_not_wait(
    store: Store, address: str, first: Writing, second: Writing, waits: bool
) -> None:
    entered, go, done = Event(), Event(), Event()

    def behind() -> None:
        with closing(Store(address)) as other:
            entered.set()
            with second(other):
                pass
        done.set()

    with ThreadPoolExecutor(1) as others:
        with first(store):
            waiting = others.submit(behind)
            assert entered.wait(60)
            if waits:
                _until_somebody_waits(address)
                assert not done.is_set()
            else:
                waiting.result(60)
            go.set()
        waiting.result(60)


def _until_somebody_waits(address: str) -> None:
    query = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
                 "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")  # fmt: skip
    with looking(address) as connection:
        while not connection.execute(query).scalar():
            connection.rollback()


def test_who_had_to_wait_sees_what_was_written_before(store: Store, address: str) -> None:
    with closing(Store(address)) as other:

        def count(own: Store) -> None:
            for _ in range(20):
                with own.writing("support") as session:
                    read = int(session.bookmarks("support", ["t"]).get("t", "0"))
                    session.keep_bookmark("support", "t", str(read + 1))

        threads = [threading.Thread(target=count, args=(one,)) for one in (store, other, store, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with store.reading() as session:
        assert session.bookmarks("support", ["t"]) == {"t": "80"}


def test_who_waits_too_long_is_told_so_in_a_sentence(
    store: Store, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "_LIMITS", "SET lock_timeout = '50ms'")
    with (
        store.writing("support"),
        closing(Store(address)) as other,
        pytest.raises(StoreUnavailable, match="lock timeout - see in pg_stat_activity who holds it up"),
        other.writing("support"),
    ):
        pass


def test_programs_that_start_at_once_make_the_tables_once() -> None:
    address = server().empty()
    with ThreadPoolExecutor(4) as programs:
        for opened in [programs.submit(Store, address) for _ in range(4)]:
            opened.result(120).close()


# ---- text -----------------------------------------------------------------------------------------------------------


def test_text_sorts_by_its_bytes_as_in_a_file_whatever_language_the_server_speaks(address: str) -> None:
    columns = text("SELECT table_name, column_name, collation_name FROM information_schema.columns "
                   "WHERE table_schema = current_schema() AND data_type IN ('character varying', 'text')")  # fmt: skip
    with looking(address) as connection:
        found = [row for row in connection.execute(columns) if row[0] in metadata.tables]
    assert found
    assert [row for row in found if row[2] != "C"] == []


def test_a_nul_within_a_text_is_left_out_on_both(store_url: str) -> None:
    with closing(Store(store_url)) as store:
        with store.writing() as session:
            session.keep_letter("c1", "k\0", "message", "be\0fore", subject="\0")
            session.keep_bookmark("support", "t", "a\0b")
        with store.reading() as session:
            assert session.letters_of(["c\x001"])["c1", "k"]["text"] == "before"
            assert session.bookmarks("support", ["t\0"]) == {"t": "ab"}


# ---- what may be wrong ----------------------------------------------------------------------------------------------


def refused(address: str) -> str:
    """What is told where this store cannot be opened; no word of it shows a password."""
    with pytest.raises(StoreUnavailable) as caught:
        Store(address)
    told = str(caught.value)
    assert PASSWORD not in told
    assert "canary-of-mine" not in told
    assert "\n" not in told
    return told


def test_a_server_that_does_not_answer_is_one_sentence() -> None:
    told = refused(f"postgresql+psycopg://amends:{PASSWORD}@127.0.0.1:1/amends")
    assert told == (
        'store postgresql+psycopg://amends:***@127.0.0.1:1/amends: connection to server at "127.0.0.1", port 1 failed: '
        "Connection refused - check its address, and that the server runs and lets this user in"
    )


def test_a_wrong_password_and_a_missing_database_are_one_sentence(address: str) -> None:
    assert 'password authentication failed for user "amends" - check' in refused(
        address.replace(PASSWORD, "canary-of-mine")
    )
    told = refused(server().address("nowhere"))
    assert """database "nowhere" does not exist - make it: CREATE DATABASE … OWNER … ENCODING 'UTF8'""" in told


def test_a_user_without_the_right_to_make_tables_is_one_sentence() -> None:
    address = server().empty()
    name = address.rpartition("/")[2]
    server().tell("CREATE ROLE reader LOGIN PASSWORD 'canary-of-mine'", name)
    told = refused(server().address(name, "reader", "canary-of-mine"))
    assert "permission denied for schema public - let its user make tables there: GRANT CREATE, USAGE ON SCHEMA" in told


def test_a_database_of_another_encoding_or_another_program_is_refused() -> None:
    making = sql.SQL("CREATE DATABASE latin OWNER {} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C' "
                     "LOCALE_PROVIDER 'libc'")  # fmt: skip
    server().tell(making.format(sql.Identifier(USER)))
    assert "its encoding is LATIN1" in refused(server().address("latin"))
    address = server().empty()
    with looking(address) as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num varchar(32))")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('4711')")
        connection.commit()
    assert "it holds the tables of another program - make a database of its own for Amends" in refused(address)


@pytest.mark.parametrize(("address", "told"), [
    ("postgresql://u:secret@h/db", "postgresql://u:***@h/db"),
    ("postgresql+psycopg://u@h/db?password=secret&sslpassword=secret", "u@h/db?password=***&sslpassword=***"),
    ("sqlite:////var/lib/amends.db", "sqlite:////var/lib/amends.db"),
])  # fmt: skip
def test_an_address_is_told_without_its_passwords(address: str, told: str) -> None:
    assert told in shown(address)
    assert "secret" not in shown(address)


def test_the_plain_name_of_the_scheme_will_do(address: str) -> None:
    with closing(Store(address.replace("postgresql+psycopg:", "postgresql:"))) as store:
        assert store.about().startswith(": PostgreSQL ")


# ---- a server that goes away ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [Server.kill, lambda own: own.stop(signal.SIGINT)])
def test_a_server_that_goes_is_told_and_works_again_when_it_is_back(own: Server, end: Callable[[Server], None]) -> None:
    with closing(Store(own.fresh())) as store:
        with store.writing("support") as session:
            session.append(Case(), [received(1)])
        with pytest.raises(StoreUnavailable), store.writing("support") as session:
            session.append(Case(), [received(2)])
            end(own)
        with pytest.raises(StoreUnavailable, match="Connection refused"), store.reading() as session:
            session.case("c1")
        own.start()
        with store.writing("support") as session:
            assert session.case("c1").version == 1
            assert session.case("c2") == Case()
            session.append(Case(), [received(2)])
        with store.reading() as session:
            assert session.open_cases("support") == ["c1", "c2"]
