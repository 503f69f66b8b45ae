"""A wrong tag corrected once is not repeated; learning is kept where it helps, and can be taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from plugin.decide import Correct, Resolve
from plugin.desk.learning import learn_when_due, retrain
from plugin.inbox import Act, ActKind, Page
from plugin.judge import Judge
from plugin.store import Store
from tests.counter import COMPLAINT, Counter
from tests.stores import ON_BOTH
from tests.test_judge_learn import TRADE

pytestmark = ON_BOTH

MONTHLY = (
    COMPLAINT
    + "\n\nThis is what our customers used to write, before we came. Statistics for month {month}, your agency."
)


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    counter = Counter(tmp_path)
    yield counter
    counter.close()


def arrive(counter: Counter, text: str, subject: str) -> str:
    """A mail arrives; the status of its case, or nothing."""
    counter.mail.arrive(text, subject=subject, at=counter.now)
    counter.work()
    return next((str(case["status"]) for case in counter.register.cases() if case["subject"] == subject), "")


def say_complaint(counter: Counter, text: str) -> None:
    message = counter.mail.arrive(text, subject=text[:20], at=counter.now)
    counter.work()
    act = Act(ActKind.COMPLAINT, counter.now, message=message)
    cursor = {"uid": len(counter.mail.box.messages)}
    counter.desk.receive("support", Page(cursor=cursor, acts=(act,)))


def judged(store: Store) -> list[tuple[int, bool]]:
    with store.reading() as session:
        return [(one.version, one.in_force) for one in session.corrections.judges()]


def test_a_letter_like_one_that_was_no_complaint_is_none(counter: Counter) -> None:
    assert arrive(counter, MONTHLY.format(month=1), "January") == "open"
    (case,) = counter.register.cases()
    counter.desk.act(str(case["id"]), Resolve(at=counter.now, outcome="not-a-complaint"))
    assert arrive(counter, MONTHLY.format(month=2), "February") == ""
    assert arrive(counter, COMPLAINT, "A real one") == "open"


def test_a_letter_like_one_a_person_opened_is_a_complaint(counter: Counter) -> None:
    say_complaint(counter, TRADE[0])
    assert arrive(counter, TRADE[0], "Again") == "open"


def test_a_corrected_category_holds_for_the_same_letter(counter: Counter) -> None:
    case = counter.complaint("First")
    counter.desk.act(case, Correct(category="privacy", severity="low"))
    again = counter.register.case(counter.complaint("Second"))
    assert (again["category"], again["severity"]) == ("privacy", "low")


def test_another_process_learns_of_it_too(counter: Counter, tmp_path: Path) -> None:
    case = counter.complaint("First")
    elsewhere = Counter(tmp_path)
    elsewhere.desk.act(case, Correct(category="privacy"))
    elsewhere.close()
    assert counter.register.case(counter.complaint("Second"))["category"] == "privacy"


def test_what_was_learned_judges_from_then_on_and_can_be_taken_back(counter: Counter) -> None:
    kestrel = "The jess on my golden eagle sits askew, and she plucks her breast."
    for text in TRADE:
        say_complaint(counter, text)
    assert arrive(counter, kestrel, "Before") == ""
    outcome, version = retrain(counter.desk.judge, counter.store, counter.now)
    assert outcome.wrong_after < outcome.wrong_before
    assert version == 1
    assert arrive(counter, kestrel.replace("golden", "tawny"), "After") == "open"
    with counter.store.writing() as session:
        assert session.corrections.back() == 0
    assert arrive(counter, kestrel.replace("golden", "spotted"), "Later") == ""


def test_what_does_not_help_is_recorded_and_not_kept(counter: Counter) -> None:
    say_complaint(counter, TRADE[0])
    _, version = retrain(counter.desk.judge, counter.store, counter.now)
    assert version is None
    assert judged(counter.store) == [(1, False)]


def test_a_letter_that_was_forgotten_teaches_nothing(counter: Counter) -> None:
    case = counter.complaint("First")
    counter.desk.act(case, Correct(category="privacy"))
    with counter.store.writing() as session:
        session._connection.exec_driver_sql("DELETE FROM letter")
    outcome, _ = retrain(counter.desk.judge, counter.store, counter.now)
    assert outcome.lessons == 0


@pytest.mark.parametrize(
    ("rhythm", "days", "attempts"), [("never", 8, 0), ("daily", 2, 2), ("weekly", 2, 1), ("weekly", 8, 2)]
)
def test_it_learns_on_a_schedule_where_there_is_something_new(
    counter: Counter, rhythm: str, days: int, attempts: int
) -> None:
    def look() -> None:
        learn_when_due(counter.desk.judge, counter.store, rhythm, counter.now)

    look()
    assert judged(counter.store) == []
    counter.desk.act(counter.complaint("First"), Correct(category="privacy"))
    look()
    look()
    counter.now += timedelta(days=days)
    look()  # nobody has said anything since
    counter.desk.act(counter.complaint("Second"), Correct(category="booking"))
    look()
    assert len(judged(counter.store)) == attempts


def test_figures_of_an_attempt_are_kept_with_it(counter: Counter) -> None:
    retrain(Judge(), counter.store, counter.now)
    with counter.store.reading() as session:
        (one,) = session.corrections.judges()
    assert json.loads(one.figures)["lessons"] == 0


@pytest.mark.parametrize("learned", ['{"labels": {"nonsense": {"late": 1.0}}}', '{"weights": {}}', "[]", "no JSON"])
def test_what_another_version_learned_holds_up_no_mail(counter: Counter, learned: str) -> None:
    with counter.store.writing() as session:
        session.corrections.keep_judge(learned, "", counter.now, in_force=True)
    assert arrive(counter, COMPLAINT, "Late") == "open"
