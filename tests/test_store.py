"""The database: what is stored together is stored together, and nobody overwrites anybody."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

from plugin.model import Address, Place, Written
from plugin.store import UNTRUSTED, Conflict, CopyRefused, Known, Store, StoreNewer, StoreUnavailable
from plugin.store.tables import REVISIONS, metadata
from plugin.timeline import (
    Case,
    DueBy,
    DueBySet,
    Event,
    Kind,
    Noted,
    Received,
    Resolved,
    Task,
    TaskDone,
    TaskScheduled,
    fold,
)
from tests.stores import IN_A_FILE, left_by, looking

NOW = datetime(2026, 11, 2, 9, 0, 0, 123456, tzinfo=UTC)
LEASE = timedelta(seconds=120)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "amends.db"


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = Store(store_url)
    yield store
    store.close()


def _received(case: str = "c1", at: datetime = NOW, sender: str = "anna@example.org") -> Received:
    who = Address(sender)
    return Received(
        at=at, case=case, inbox="support", message=f"key-{case}", message_id=f"<{case}@x>", references=(f"<{case}@x>",),
        complainant=who, answer_to=who, identity=Address("support@example.com"),
    )  # fmt: skip


def _task(key: str = "c1/1/shop/1", kind: Kind = Kind.ACKNOWLEDGEMENT, run_at: datetime = NOW) -> Task:
    return Task(key=key, kind=kind, run_at=run_at)


def _open(store: Store, case: str = "c1", *more: Event, at: datetime = NOW, sender: str = "anna@example.org") -> Case:
    with store.writing() as session:
        return session.append(Case(), [_received(case, at, sender), *more])


# ---- the file --------------------------------------------------------------------------------------------------------


def test_an_error_of_the_database_shows_nobodys_words(store: Store) -> None:
    """Errors come into the log, and a log names cases and keys alone."""
    with pytest.raises(IntegrityError) as caught, store.writing() as session:
        session.keep_letter("c1", "k1", None, "Dear Sir, my cat Minka")  # type: ignore[arg-type]
    assert "letter" in str(caught.value)
    assert "Minka" not in str(caught.value)


def test_the_migrations_make_exactly_the_tables_that_are_used(store: Store, store_url: str) -> None:
    with looking(store_url) as connection:
        # SQLite keeps the index for searching in tables of its own, and PostgreSQL in an index that SQLite has not.
        ours = {
            "include_name": lambda name, kind, _: kind != "table" or not str(name).startswith("search"),
            "include_object": lambda _, name, *__: name != "sought_words",
        }
        context = MigrationContext.configure(connection, opts={"compare_type": True, **ours})
        assert compare_metadata(context, metadata) == []


@IN_A_FILE
def test_the_migrations_give_every_column_the_default_that_is_used(path: Path) -> None:
    Store(f"sqlite:///{path}").close()
    with create_engine(f"sqlite:///{path}").connect() as migrated, create_engine("sqlite://").connect() as fresh:
        metadata.create_all(fresh)
        for table in metadata.tables:
            columns = text(f"PRAGMA table_info({table})")
            assert list(migrated.execute(columns)) == list(fresh.execute(columns))


def test_the_versions_that_open_without_loading_alembic_are_those_of_the_migrations() -> None:
    scripts = ScriptDirectory(str(Path(__file__).parent.parent / "plugin" / "migrations"))
    assert [script.revision for script in reversed(list(scripts.walk_revisions()))] == list(REVISIONS)


@IN_A_FILE
def test_the_file_and_its_journals_are_for_its_owner_alone(path: Path) -> None:
    with closing(Store(f"sqlite:///{path}")) as store:
        _open(store)
        files = sorted(path.parent.glob("amends.db*"))
        assert len(files) > 1
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


@IN_A_FILE
def test_a_file_that_others_could_read_is_closed_to_them(path: Path) -> None:
    Store(f"sqlite:///{path}").close()
    path.chmod(0o644)
    Store(f"sqlite:///{path}").close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_database_of_a_later_amends_is_refused_with_its_version(store_url: str) -> None:
    Store(store_url).close()
    with looking(store_url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.commit()
    with pytest.raises(StoreNewer, match="its version 9999 is newer than this Amends - upgrade Amends"):
        Store(store_url)


def test_who_was_at_work_while_a_later_amends_moved_the_tables_on_writes_no_more(store: Store, store_url: str) -> None:
    with looking(store_url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.commit()
    for writing in (store.writing(), store.writing("support"), store.entering()):
        with pytest.raises(StoreNewer, match="its version 9999 is newer than this Amends - upgrade Amends"), writing:
            pytest.fail("it may write")
    with store.reading() as session:
        assert session.summaries(statuses=("open",)) == []


@IN_A_FILE
def test_a_store_of_an_older_amends_is_brought_up_to_date_and_kept_as_it_was(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    left_by(path, "0006")
    for kept in ("amends.db.version-0006", "amends.db.version-0006-2"):
        before = path.read_bytes()
        Store(f"sqlite:///{path}").close()
        with looking(f"sqlite:///{path.with_name(kept)}") as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "0006"
        assert path.with_name(kept).stat().st_mode & 0o777 == 0o600
        assert f"from version 0006 to {REVISIONS[-1]}; as it was before it is kept in {path}.version" in caplog.text
        path.write_bytes(before)  # an older Amends is at work again, and upgraded once more
    assert len(list(path.parent.glob("*.part"))) == 0


@IN_A_FILE
def test_a_store_that_cannot_be_kept_as_it_was_stays_as_it_is(path: Path) -> None:
    left_by(path, "0006")
    (path.parent / f".amends.db.version-0006.{os.getpid()}.part").mkdir()
    with pytest.raises(CopyRefused, match=r"amends\.db\.version-0006: it cannot be written there"):
        Store(f"sqlite:///{path}")
    with looking(f"sqlite:///{path}") as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "0006"


@pytest.mark.parametrize("where", ["missing/amends.db", "file/amends.db", "."])
@IN_A_FILE
def test_a_path_that_cannot_be_written_is_one_sentence(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable) as caught:
        Store(f"sqlite:///{tmp_path / where}")
    assert str(caught.value).startswith(f"store sqlite:///{tmp_path / where}: ")
    assert "\n" not in str(caught.value)


@IN_A_FILE
def test_a_file_that_is_no_database_is_one_sentence(path: Path) -> None:
    path.write_bytes(b"This is a letter and no database at all. " * 50)
    with pytest.raises(StoreUnavailable, match="file is not a database"):
        Store(f"sqlite:///{path}")


@IN_A_FILE
def test_a_database_that_was_damaged_meanwhile_is_one_sentence(path: Path) -> None:
    store = Store(f"sqlite:///{path}")
    _open(store)
    store.close()
    raw = path.read_bytes()
    path.write_bytes(raw[:4096] + b"\xff" * (len(raw) - 4096))
    with pytest.raises(StoreUnavailable), store.reading() as session:
        session.case("c1")


# ---- transactions ----------------------------------------------------------------------------------------------------


def test_what_was_stored_comes_back_after_a_restart(store_url: str) -> None:
    first = Store(store_url)
    due = DueBySet(at=NOW, due=DueBy(due_for="acknowledgement", due_at=NOW + timedelta(hours=4)))
    case = _open(first, "c1", due)
    first.close()
    second = Store(store_url)
    with second.reading() as session:
        assert session.case("c1") == case
        assert session.timeline("c1") == [_received(), due]
    second.close()


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.writing() as session:
        session.append(Case(), [_received(), TaskScheduled(at=NOW, task=_task())])
        session.record("support", Known("k", "<1@x>", "c1", "complaint"), NOW)
        _ = 1 / 0
    with store.writing() as session:
        assert session.case("c1") == Case()
        assert session.claim(NOW, LEASE, for_inbox=False) == []
        assert session.known("support", ["k"]) == {}


def test_a_case_one_has_at_hand_is_read_anew_where_another_process_added_to_it(store_url: str) -> None:
    one, other = Store(store_url), Store(store_url)
    _open(one)
    with other.writing() as session:
        session.append(session.case("c1"), [Resolved(at=NOW, resolved_at=NOW, outcome="upheld")])
    with one.reading() as session:
        assert session.case("c1").outcome == "upheld"
        assert session.case("c1") == fold(session.timeline("c1"))
    one.close()
    other.close()


def test_what_a_transaction_that_failed_added_to_a_case_is_forgotten(store: Store) -> None:
    opened = _open(store)
    with pytest.raises(ZeroDivisionError), store.writing() as session:
        session.append(session.case("c1"), [Noted(at=NOW, note="never said")])
        _ = 1 / 0
    with store.reading() as session:
        assert session.case("c1") == opened


def test_far_more_cases_than_are_kept_at_hand_all_stand_as_they_should(store: Store) -> None:
    with store.writing() as session:
        for number in range(1200):
            session.append(Case(), [_received(f"c{number}")])
    with store.writing() as session:
        for case in session.load(f"c{number}" for number in range(1200)).values():
            session.append(case, [Noted(at=NOW, note="again")])
    with store.reading() as session:
        assert {case.version for case in session.load(f"c{number}" for number in range(1200)).values()} == {2}


def test_who_decided_on_an_old_state_meets_a_conflict(store_url: str) -> None:
    one, other = Store(store_url), Store(store_url)
    stale = _open(one)
    with other.writing() as session:
        session.append(session.case("c1"), [Noted(at=NOW, note="first")])
    with pytest.raises(Conflict, match="case c1: it changed meanwhile"), one.writing() as session:
        session.append(stale, [Noted(at=NOW, note="second")])
    with one.reading() as session:
        assert [event.note for event in session.timeline("c1") if isinstance(event, Noted)] == ["first"]
    one.close()
    other.close()


def test_who_opens_a_case_that_was_opened_meanwhile_meets_a_conflict(store_url: str) -> None:
    one, other = Store(store_url), Store(store_url)
    _open(one)
    with pytest.raises(Conflict):
        _open(other)
    one.close()
    other.close()


def test_threads_take_turns_and_lose_nothing(store: Store) -> None:
    _open(store)

    def note(who: int) -> None:
        for number in range(5):
            with store.writing() as session:
                session.append(session.case("c1"), [Noted(at=NOW, note=f"{who}-{number}")])

    threads = [threading.Thread(target=note, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as session:
        notes = {event.note for event in session.timeline("c1") if isinstance(event, Noted)}
        assert (len(notes), session.case("c1").version) == (20, 21)


def test_a_reader_sees_one_moment_while_another_writes(store: Store) -> None:
    _open(store)
    with store.reading() as before:
        assert before.case("c1").version == 1
        with store.writing() as session:
            session.append(session.case("c1"), [Noted(at=NOW, note="later")])
        assert len(before.timeline("c1")) == 1


# ---- the agenda ------------------------------------------------------------------------------------------------------


def test_a_claimed_task_is_nobody_elses_until_its_lease_ends(store: Store) -> None:
    _open(store, "c1", TaskScheduled(at=NOW, task=_task()))
    with store.writing() as session:
        assert [claim.key for claim in session.claim(NOW, LEASE, for_inbox=False)] == ["c1/1/shop/1"]
        assert session.claim(NOW + LEASE - timedelta(seconds=1), LEASE, for_inbox=False) == []
        (again,) = session.claim(NOW + LEASE, LEASE, for_inbox=False)
        assert again.attempts == 2


def test_the_agenda_holds_exactly_the_waiting_tasks(store: Store) -> None:
    case = _open(store, "c1", TaskScheduled(at=NOW, task=_task()), TaskScheduled(at=NOW, task=_task("c1/1/shop/2")))
    with store.writing() as session:
        session.append(case, [TaskDone(at=NOW, key="c1/1/shop/1")])
    with store.writing() as session:
        assert [claim.key for claim in session.claim(NOW, LEASE, for_inbox=False)] == ["c1/1/shop/2"]


def test_a_task_that_is_planned_anew_moves_on_the_agenda(store: Store) -> None:
    tomorrow = _task(kind=Kind.DRAFT, run_at=NOW + timedelta(days=1))
    case = _open(store, "c1", TaskScheduled(at=NOW, task=tomorrow))
    with store.writing() as session:
        assert session.claim(NOW, LEASE, for_inbox=True) == []
        session.append(case, [TaskScheduled(at=NOW, task=_task(kind=Kind.DRAFT))])
        assert [claim.run_at for claim in session.claim(NOW, LEASE, for_inbox=True)] == [NOW]


def test_a_postponed_task_waits_and_says_why(store: Store) -> None:
    _open(store, "c1", TaskScheduled(at=NOW, task=_task()))
    with store.writing() as session:
        session.postpone(["c1/1/shop/1"], NOW + timedelta(minutes=5), "over quota")
        assert session.claim(NOW, LEASE, for_inbox=False) == []
        assert session.faults() == [("support", "c1", "over quota")]
        assert len(session.claim(NOW + timedelta(minutes=5), LEASE, for_inbox=False)) == 1


# ---- lists -----------------------------------------------------------------------------------------------------------


def test_cases_come_newest_first_page_by_page(store: Store) -> None:
    for number in range(5):
        _open(store, f"c{number}", at=NOW + timedelta(minutes=number // 2))
    with store.reading() as session:
        first = session.summaries(statuses=("open",), limit=3)
        last = session.case(first[-1])
        assert last.received_at is not None
        rest = session.summaries(statuses=("open",), after=(last.received_at, last.id))
        assert [*first, *rest] == ["c4", "c3", "c2", "c1", "c0"]


def test_a_case_shows_by_when_it_owes_something(store: Store) -> None:
    due = DueBySet(at=NOW, due=DueBy(due_for="acknowledgement", due_at=NOW + timedelta(hours=4)))
    case = _open(store, "c1", due)
    with store.writing() as session:
        assert session.summaries(statuses=("open",), due_before=NOW + timedelta(hours=3)) == []
        assert session.summaries(statuses=("open",), due_before=NOW + timedelta(hours=4)) == ["c1"]
        session.append(case, [Resolved(at=NOW, resolved_at=NOW)])
    with store.reading() as session:
        assert session.owing() == []


def test_who_complained_before_is_known_by_a_case_and_not_by_a_maybe(store: Store) -> None:
    with store.writing() as session:
        maybe = Received(**{**{f: getattr(_received(), f) for f in Received.__dataclass_fields__}, "undecided": True})
        session.append(Case(), [maybe])
        assert session.complaints_of("support", ["anna@example.org"]) == {}
    _open(store, "c2")
    with store.reading() as session:
        assert session.complaints_of("support", ["anna@example.org", "bob@example.org"]) == {"anna@example.org": {"c2"}}
        assert session.complaints_of("other", ["anna@example.org"]) == {}


# ---- the ledger ------------------------------------------------------------------------------------------------------


def test_a_message_is_found_by_its_key_and_its_id_before_and_after_it_is_stored(store: Store) -> None:
    known = Known("k", "<1@x>", "c1", "complaint")
    with store.writing() as session:
        session.record("support", known, NOW)
        assert session.known("support", ["k", "l"]) == {"k": known}
        assert session.by_message_id("support", ["<1@x>"]) == [known]
        assert session.known("other", ["k"]) == {}
    with store.reading() as session:
        assert session.known("support", ["k"]) == {"k": known}
        assert session.verdicts("support") == {"complaint": 1}


def test_the_place_of_a_message_is_where_it_was_seen_last(store: Store) -> None:
    with store.writing() as session:
        session.saw("support", Place("INBOX", 1, 7), "print", "k")
        session.saw("support", Place("Archive", 2, 3), "print", "k")
        session.saw("support", Place("INBOX", 1, 7), "print", "k")
        assert session.place_of("support", ["k"]) == {"k": Place("Archive", 2, 3)}
        assert session.keys_of("support", ["print"]) == {"print": ["k"]}
        assert session.keys_at("support", "INBOX", 1, [7, 8]) == {7: "k"}


def test_drafts_are_counted_from_when_they_lie_there(store: Store) -> None:
    with store.writing() as session:
        for number in range(3):
            mid = f"<{number}@x>"
            session.will_write("support", mid, "c1", "draft", NOW, sender="anna@example.org", untrusted=number == 0)
        for number in range(2):
            lies = Written(f"<{number}@x>", "draft", Place("Drafts", 1, number + 1), "digest")
            session.was_written("support", lies, NOW + timedelta(hours=number))
        assert session.drafts_since("support", NOW - timedelta(hours=1)) == {"anna@example.org": 2, UNTRUSTED: 1}
        assert session.drafts_since("support", NOW)["anna@example.org"] == 1
        assert session.untrusted("support", ["<0@x>", "<1@x>"]) == {"<0@x>"}


def test_what_is_over_is_not_watched_any_more(store: Store) -> None:
    with store.writing() as session:
        session.will_write("support", "<1@x>", "c1", "draft", NOW)
        session.was_written("support", Written("<1@x>", "draft", None, "digest"), NOW)
        assert [written.message_id for written in session.live("support")] == ["<1@x>"]
        session.is_over("support", "<1@x>")
        assert session.live("support") == []


def test_many_keys_at_once_are_no_matter(store: Store) -> None:
    keys = [f"k{number}" for number in range(1200)]
    with store.writing() as session:
        for key in keys:
            session.record("support", Known(key, f"<{key}@x>", "", "no"), NOW)
    with store.reading() as session:
        assert set(session.known("support", keys)) == set(keys)
