"""An undone case is left alone, whatever comes; an old one is settled by what the mailbox shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from plugin.decide import ActRefused, Correct, Reopen, Resolve, SettleOld, TakeUp, Undo
from plugin.desk import Replan
from tests.counter import COMPLAINT, FRIDAY, Counter


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    counter = Counter(tmp_path)
    yield counter
    counter.close()


def undone(counter: Counter, subject: str = "Kettle") -> str:
    case = counter.complaint(subject)
    counter.desk.act(case, Undo(by="mia"))
    counter.desk.run_due()
    return case


def open_tasks(counter: Counter, case: str) -> list[dict[str, Any]]:
    return [task for task in counter.register.case(case)["tasks"] if task["state"] in ("waiting", "raised")]


def test_tags_drafts_and_tasks_are_gone_and_the_record_stays(counter: Counter) -> None:
    case = undone(counter)
    assert counter.mail.box.drafts == {}
    assert set().union(*counter.mail.box.marks.values()) == set()
    assert open_tasks(counter, case) == []
    found = counter.register.case(case)
    assert (found["status"], found["undone"], found["outcome"]) == ("resolved", True, None)
    assert [due["owed"] for due in found["due"]] == [False, False]
    assert [due["met_at"] for due in found["due"]] == [None, None]


def test_whatever_people_and_time_do_to_an_undone_case_nothing_is_written_again(counter: Counter) -> None:
    case = undone(counter)
    counter.desk.act(case, Correct(category="billing"))
    counter.desk.act(case, Resolve(at=counter.now, outcome="upheld"))
    first = counter.mail.box.messages[0]
    counter.mail.arrive(COMPLAINT, subject="Re: Kettle", after=first.message_id, at=counter.now)
    counter.mail.arrive("We are sorry.", subject="Re: Kettle", after=first.message_id, at=counter.now, sent=True)
    for _ in range(3):
        counter.later(days=10)
    assert (counter.mail.box.drafts, counter.mail.box.reminders) == ({}, {})
    assert set().union(*counter.mail.box.marks.values()) == set()
    assert open_tasks(counter, case) == []
    assert len(counter.register.cases()) == 1
    with pytest.raises(ActRefused, match="it was undone"):
        counter.desk.act(case, Replan())


def test_reopened_by_a_person_it_is_dealt_with_again(counter: Counter) -> None:
    case = undone(counter)
    counter.desk.act(case, Reopen(by="mia"))
    counter.desk.run_due()
    assert not counter.register.case(case)["undone"]
    assert len(counter.mail.box.drafts) == 1
    assert "complaint" in counter.mail.box.marks[counter.mail.box.messages[0].key]


def test_what_was_written_before_the_inbox_was_only_watched_is_taken_back_all_the_same(counter: Counter) -> None:
    case = counter.complaint("Kettle")
    counter.settings["support"] = replace(counter.settings["support"], mode="watch")
    counter.desk.act(case, Undo(by="mia"))
    counter.desk.run_due()
    assert counter.mail.box.drafts == {}
    assert set().union(*counter.mail.box.marks.values()) == set()


def test_undone_twice_is_undone_once(counter: Counter) -> None:
    case = undone(counter)
    before = counter.register.case(case)["timeline"]
    counter.desk.act(case, Undo(by="mia"))
    assert counter.register.case(case)["timeline"] == before


def test_a_list_that_still_speaks_of_another_case_stays_until_that_is_undone_too(counter: Counter) -> None:
    cases = [counter.complaint(f"Kettle {number}", sender=f"c{number}@example.org") for number in range(6)]
    counter.later(days=4)
    ((subject, _, _),) = counter.mail.box.reminders.values()
    assert subject.startswith("To do: ")
    for case in cases[:5]:
        counter.desk.act(case, Undo(by="mia"))
    counter.desk.run_due()
    assert len(counter.mail.box.reminders) == 1
    counter.desk.act(cases[5], Undo(by="mia"))
    counter.desk.run_due()
    assert counter.mail.box.reminders == {}


def test_a_note_is_left_only_where_something_of_ours_is_still_gone_by(counter: Counter) -> None:
    case = counter.complaint("Kettle")
    first = counter.mail.box.messages[0]
    counter.mail.arrive("We are sorry.", subject="Re: Kettle", after=first.message_id, at=counter.now, sent=True)
    counter.later(minutes=10)
    counter.desk.act(case, Undo(by="mia", tell=True))
    with counter.store.reading() as session:
        assert not [task for task in session.case(case).tasks if task.kind == "note"]


def old(counter: Counter) -> str:
    counter.mail.arrive(COMPLAINT, subject="Kettle", at=FRIDAY - timedelta(days=60), historic=True)
    counter.work()
    return str(counter.register.cases()[0]["id"])


def test_what_no_reply_shows_is_not_taken_for_kept(counter: Counter) -> None:
    case = old(counter)
    counter.desk.act(case, SettleOld())
    found = counter.register.case(case)
    assert found["status"] == "resolved"
    assert [due["met_at"] for due in found["due"]] == [None, None]


def test_an_old_case_that_is_only_on_record_says_what_was_missed_and_asks_nothing(counter: Counter) -> None:
    case = old(counter)
    counter.desk.act(case, TakeUp(quietly=True))
    assert [due["missed"] for due in counter.register.case(case)["due"]] == [True, True]
    assert open_tasks(counter, case) == []
    counter.desk.act(case, TakeUp(quietly=True))
    assert [line["event"] for line in counter.register.case(case)["timeline"]].count("DueByMissed") == 2


def test_an_old_case_that_is_taken_up_asks_for_one_thing_with_one_draft(counter: Counter) -> None:
    case = old(counter)
    counter.desk.act(case, TakeUp(by="mia"))
    counter.desk.run_due()
    assert [task["kind"] for task in open_tasks(counter, case)] == ["acknowledgement"]
    assert len(counter.mail.box.drafts) == len(counter.mail.box.reminders) == 1
