"""A store that forgets: it works like any other, and no file with a name ever holds what it was told."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plugin.model import Address
from plugin.store import ForgetfulStore
from plugin.timeline import Case, Kind, Noted, Received, Task, TaskScheduled

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SECONDS = timedelta(seconds=1)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files lie."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def store(folder: Path) -> Iterator[ForgetfulStore]:
    with closing(ForgetfulStore()) as store:
        yield store


def opened(store: ForgetfulStore, case: str, *tasks: Task) -> Case:
    who = Address("anna@example.org")
    received = Received(
        at=NOW, case=case, inbox="support", message=f"key-{case}", message_id=f"<{case}@x>", references=(),
        complainant=who, answer_to=who, identity=Address("support@example.com"), subject="A subject " * 40,
    )  # fmt: skip
    with store.writing() as session:
        return session.append(Case(), [received, *(TaskScheduled(at=NOW, task=task) for task in tasks)])


def test_what_was_written_is_read_again_however_much_it_is(store: ForgetfulStore, folder: Path) -> None:
    cases = [opened(store, f"c{number:04}") for number in range(2000)]  # more than are kept folded
    with store.writing() as session:
        noted = session.append(session.case("c0000"), [Noted(at=NOW, note="again")])
    with store.reading() as session:
        assert session.case("c0000").version == noted.version == cases[0].version + 1
        assert len(session.summaries(statuses=("open",), limit=5000)) == 2000
        assert session.case("c1234").subject == cases[1234].subject
    assert list(folder.rglob("*")) == []


def test_another_one_knows_nothing_of_it(store: ForgetfulStore) -> None:
    opened(store, "c1")
    with closing(ForgetfulStore()) as other, other.reading() as session:
        assert session.case("c1") == Case()


def test_what_falls_due_next_is_told_for_a_person_and_for_the_inbox(store: ForgetfulStore) -> None:
    later, soon, tag = (
        Task(key=f"c1/1/shop/{number}", kind=kind, run_at=NOW + number * SECONDS)
        for number, kind in ((3, Kind.UPDATE), (2, Kind.ACKNOWLEDGEMENT), (1, Kind.TAG))
    )
    opened(store, "c1", later, soon, tag)
    with store.writing() as session:
        assert session.agenda() == (soon.run_at, tag.run_at)
        session.postpone([soon.key], NOW, "it failed")
        assert session.agenda() == (later.run_at, tag.run_at)
        session.claim(later.run_at, 120 * SECONDS, for_inbox=True)
        assert session.agenda() == (later.run_at, None)
