"""What people say of the judge's labels is kept as corrections, each with its letter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from plugin.decide import ActRefused, Correct, Reopen, Resolve
from plugin.desk.ledger import StoreMemory
from plugin.inbox import Act, ActKind, Change, Page, Receipt
from plugin.judge import Judge
from plugin.store import Correction
from plugin.testing import MemoryInbox
from tests.counter import FRIDAY, Counter
from tests.stores import ON_BOTH

pytestmark = ON_BOTH

QUESTION = "Hello, do you also sell this lamp in green, and how long does it take to Leeds?"


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    counter = Counter(tmp_path)
    yield counter
    counter.close()


def said(counter: Counter) -> list[tuple[str, str, str]]:
    """Each correction as (label, what the judge said, what a person says)."""
    return [(one.label, one.was, one.value) for one in corrections(counter)]


def corrections(counter: Counter) -> list[Correction]:
    with counter.store.reading() as session:
        return session.corrections.all()


def test_a_case_that_is_no_complaint_is_a_correction_with_its_letter(counter: Counter) -> None:
    case = counter.complaint("Where is my order?")
    counter.desk.act(case, Resolve(at=counter.now, outcome="not-a-complaint", by="mia"))
    (one,) = corrections(counter)
    assert (one.label, one.was, one.value, one.by, one.case_id) == ("complaint", "yes", "no", "mia", case)
    assert one.subject == "Where is my order?"
    assert "not arrived" in one.text


def test_a_settled_complaint_is_no_correction(counter: Counter) -> None:
    counter.desk.act(counter.complaint("Late"), Resolve(at=counter.now, outcome="upheld"))
    assert said(counter) == []


def test_the_later_word_on_a_label_counts(counter: Counter) -> None:
    case = counter.complaint("Late")
    counter.desk.act(case, Resolve(at=counter.now, outcome="not-a-complaint"))
    counter.desk.act(case, Reopen())
    assert said(counter) == [("complaint", "yes", "yes")]


def test_a_mail_a_person_opens_as_a_complaint_is_a_correction(counter: Counter) -> None:
    message = counter.mail.arrive(QUESTION, subject="Green?", at=counter.now)
    counter.work()
    assert said(counter) == []
    act = Act(ActKind.COMPLAINT, counter.now, message=message)
    counter.desk.receive("support", Page(cursor={"uid": 1}, acts=(act,)))
    (one,) = corrections(counter)
    assert (one.label, one.was, one.value, one.text) == ("complaint", "no", "yes", QUESTION)


def test_a_complaint_marked_as_one_teaches_nothing(counter: Counter) -> None:
    case = counter.complaint("Late")
    message = counter.mail.box.messages[0]
    counter.desk.receive("support", Page(cursor={"uid": 1}, acts=(Act(ActKind.COMPLAINT, FRIDAY, message=message),)))
    assert counter.register.case(case)["status"] == "open"
    assert said(counter) == []


def test_a_corrected_category_changes_the_tags_in_the_inbox(counter: Counter) -> None:
    case = counter.complaint("Late")
    before = counter.register.case(case)
    assert (before["category"], before["severity"]) != ("billing", "critical")
    counter.desk.act(case, Correct(category="billing", severity="critical", by="mia"))
    counter.work()
    now = counter.register.case(case)
    assert (now["category"], now["severity"]) == ("billing", "critical")
    assert {"category-billing", "severity-critical", "complaint"} <= set(now["tags"])
    assert not {f"category-{before['category']}", f"severity-{before['severity']}"} & set(now["tags"])
    (marks,) = counter.mail.box.marks.values()
    assert set(marks) == set(now["tags"])
    assert set(said(counter)) == {
        ("category", before["category"], "billing"), ("severity", before["severity"], "critical"),
    }  # fmt: skip


def test_a_category_may_be_corrected_and_corrected_back(counter: Counter) -> None:
    case = counter.complaint("Late")
    first = counter.register.case(case)["category"]
    for category in ("billing", first, "billing"):
        counter.desk.act(case, Correct(category=category))
        counter.work()
    (marks,) = counter.mail.box.marks.values()
    assert [mark for mark in marks if mark.startswith("category-")] == ["category-billing"]
    assert [(one.was, one.value) for one in corrections(counter)] == [(first, "billing")]


def test_a_correction_before_the_tags_are_written_writes_the_right_ones_only(counter: Counter) -> None:
    counter.mail.arrive("This is a formal complaint: you charged me twice and nobody answers!", at=counter.now)
    counter.desk.poll("support")
    (case,) = (line["id"] for line in counter.register.cases())
    counter.desk.act(case, Correct(category="privacy"))
    counter.now += timedelta(minutes=1)
    counter.desk.run_due()
    (marks,) = counter.mail.box.marks.values()
    assert [mark for mark in marks if mark.startswith("category-")] == ["category-privacy"]


def test_a_correction_that_says_nothing_new_is_not_recorded(counter: Counter) -> None:
    case = counter.complaint("Late")
    category = counter.register.case(case)["category"]
    counter.desk.act(case, Correct(category=category))
    assert said(counter) == []


def test_what_nobody_took_for_a_complaint_yet_has_no_category_to_correct(tmp_path: Path) -> None:
    counter = Counter(tmp_path, Judge(complaint_at=2.0, ask_between=(0.0, 1.0)))
    counter.mail.arrive(QUESTION, at=counter.now)
    counter.work()
    with counter.store.reading() as session:
        (case,) = session.summaries(statuses=("undecided",))
    with pytest.raises(ActRefused, match="nobody has said yet"):
        counter.desk.act(case, Correct(category="billing"))
    counter.close()


def relabel(counter: Counter, *labels: str) -> None:
    act = Act(ActKind.RELABELLED, counter.now, message=counter.mail.box.messages[0], labels=labels)
    counter.desk.receive("support", Page(cursor={"uid": 1}, acts=(act,)))
    counter.desk.run_due()


def test_another_category_put_on_in_the_mail_program_is_a_correction(counter: Counter) -> None:
    case = counter.complaint("Late")
    before = counter.register.case(case)
    relabel(counter, "category-refund", f"severity-{before['severity']}")
    assert counter.register.case(case)["category"] == "refund"
    assert said(counter) == [("category", before["category"], "refund")]


def test_a_category_put_beside_ours_takes_its_place(counter: Counter) -> None:
    case = counter.complaint("Late")
    ours = counter.register.case(case)["category"]
    relabel(counter, f"category-{ours}", "category-refund")
    (marks,) = counter.mail.box.marks.values()
    assert counter.register.case(case)["category"] == "refund"
    assert f"category-{ours}" not in marks


def test_of_two_other_categories_nobody_knows_which_is_meant(counter: Counter) -> None:
    case = counter.complaint("Late")
    before = counter.register.case(case)["category"]
    relabel(counter, "category-refund", "category-privacy")
    assert counter.register.case(case)["category"] == before
    assert said(counter) == []


def test_labels_on_mail_that_is_no_case_mean_nothing(counter: Counter) -> None:
    counter.mail.arrive(QUESTION, at=counter.now)
    counter.work()
    relabel(counter, "category-refund")
    assert counter.register.cases() == []
    assert said(counter) == []


def test_our_own_label_that_still_stands_is_nobodys_word(counter: Counter) -> None:
    case = counter.complaint("Late")
    before = counter.register.case(case)
    counter.desk.act(case, Correct(category="privacy", by="mia"))
    relabel(counter, f"category-{before['category']}", f"severity-{before['severity']}")
    assert counter.register.case(case)["category"] == "privacy"


def test_a_category_a_person_goes_back_to_in_the_mail_program_is_a_word_too(counter: Counter) -> None:
    case = counter.complaint("Late")
    first = counter.register.case(case)["category"]
    counter.desk.act(case, Correct(category="privacy", by="mia"))
    counter.work()
    relabel(counter, "category-privacy", f"category-{first}")
    assert counter.register.case(case)["category"] == first


def test_a_correction_while_the_tags_are_being_written_leaves_the_right_ones_only(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = while_writing(counter, monkeypatch, Correct(category="privacy"))
    (marks,) = counter.mail.box.marks.values()
    assert set(marks) == set(counter.register.case(case)["tags"])
    assert [mark for mark in marks if mark.startswith("category-")] == ["category-privacy"]


def test_no_complaint_said_while_the_tags_are_being_written_leaves_none(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    while_writing(counter, monkeypatch, Resolve(at=counter.now, outcome="not-a-complaint"))
    assert list(counter.mail.box.marks.values()) == [set()]


def while_writing(counter: Counter, monkeypatch: pytest.MonkeyPatch, act: Correct | Resolve) -> str:
    """A complaint arrives, and a person acts on it in the moment in which its tags are put on; its case."""
    counter.mail.arrive("This is a formal complaint: you charged me twice and nobody answers!", at=counter.now)
    counter.desk.poll("support")
    (case,) = (str(line["id"]) for line in counter.register.cases())

    def write(changes: Sequence[Change]) -> Sequence[Receipt]:
        receipts = MemoryInbox.write(counter.mail, changes)
        monkeypatch.undo()
        counter.desk.act(case, act)
        return receipts

    monkeypatch.setattr(counter.mail, "write", write)
    counter.desk.run_due()
    counter.later(minutes=5)
    return case


def test_a_category_corrected_and_corrected_back_before_it_is_written_stays(counter: Counter) -> None:
    case = counter.complaint("Late")
    first = counter.register.case(case)["category"]
    counter.desk.act(case, Correct(category="privacy"))
    counter.desk.act(case, Correct(category=first))
    counter.work()
    (marks,) = counter.mail.box.marks.values()
    assert set(marks) == set(counter.register.case(case)["tags"])
    assert f"category-{first}" in marks


def test_a_chaser_that_bears_the_old_category_gets_the_new_one(counter: Counter) -> None:
    case = counter.complaint("Late")
    opening = counter.mail.box.messages[0]
    first = counter.register.case(case)["category"]
    chaser = counter.mail.arrive(opening.text, subject="Re: Late", after=opening.message_id, at=counter.now)
    counter.work()
    assert f"category-{first}" in counter.mail.box.marks[chaser.key]
    counter.desk.act(case, Correct(category="privacy"))
    counter.work()
    for marks in counter.mail.box.marks.values():
        assert [mark for mark in marks if mark.startswith("category-")] == ["category-privacy"]


def take_off(counter: Counter) -> None:
    act = Act(ActKind.TAKEN_OFF, counter.now, message=counter.mail.box.messages[0])
    counter.desk.receive("support", Page(cursor={"uid": 1}, acts=(act,)))


def test_a_complaint_tag_taken_off_says_that_it_is_none(counter: Counter) -> None:
    case = counter.complaint("Late")
    take_off(counter)
    assert counter.register.case(case)["outcome"] == "not-a-complaint"
    assert said(counter) == [("complaint", "yes", "no")]


def test_a_complaint_tag_taken_off_a_settled_complaint_is_tidying_up(counter: Counter) -> None:
    case = counter.complaint("Late")
    counter.desk.act(case, Resolve(at=counter.now, outcome="upheld"))
    take_off(counter)
    assert counter.register.case(case)["outcome"] == "upheld"
    assert said(counter) == []


def test_a_complaint_tag_that_we_have_yet_to_put_on_again_was_taken_off_by_nobody(counter: Counter) -> None:
    case = counter.complaint("Late")
    counter.desk.act(case, Resolve(at=counter.now, outcome="not-a-complaint"))
    counter.work()
    counter.desk.act(case, Reopen())
    take_off(counter)
    assert counter.register.case(case)["status"] == "open"


def test_what_was_settled_as_no_complaint_is_one_where_a_person_marks_it(counter: Counter) -> None:
    case = counter.complaint("Late")
    message = counter.mail.box.messages[0]
    act = Act(ActKind.COMPLAINT, counter.now, message=message)
    counter.desk.act(case, Resolve(at=counter.now, outcome="not-a-complaint"))
    counter.desk.receive("support", Page(cursor={"uid": 1}, acts=(act,)))
    assert counter.register.case(case)["status"] == "resolved"  # that was our own tag, not yet taken off
    counter.work()
    counter.desk.receive("support", Page(cursor={"uid": 1}, acts=(act,)))
    assert counter.register.case(case)["status"] == "open"


def test_mail_that_may_become_a_complaint_is_read_again_when_it_is_marked(counter: Counter) -> None:
    counter.complaint("Late")
    counter.mail.arrive(QUESTION, subject="Green?", at=counter.now)
    counter.work()
    assert list(StoreMemory(counter.store, "support").recorded("INBOX", 1, [1, 2])) == [1]


def test_a_correction_is_as_old_as_the_word_not_as_the_mail(counter: Counter) -> None:
    message = counter.mail.arrive(QUESTION, subject="Green?", at=counter.now)
    counter.later(days=9)
    act = Act(ActKind.COMPLAINT, counter.now, message=message)
    counter.desk.receive("support", Page(cursor={"uid": 1}, acts=(act,)))
    assert [one.at for one in corrections(counter)] == [counter.now]
