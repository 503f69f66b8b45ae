"""Row S08 of the fault table: playbooks change while a case runs. It keeps its own until a person moves it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from plugin.decide import ActRefused, EndTask, Resolve, SayReplied, Snooze
from plugin.desk import Replan
from plugin.model import Purpose
from plugin.playbook import Book
from plugin.register.difference import difference, untouched
from plugin.timeline import Case, DraftFate, Kind, Replanned, Status, TaskState
from tests.player import WORDS, Shop, book, clock

OLD = """\
name: shop
when: complaint_received
then:
  - tag: [old, both]
  - due_by: {for: acknowledgement, within: 4 business hours}
  - due_by: {for: update, every: 3 business days, draft: news}
  - draft: {text: hello}
  - follow_up: {after: 3 business days, draft: still-well}
"""
NEW = """\
name: shop
when: complaint_received
then:
  - tag: [new, both]
  - due_by: {for: acknowledgement, within: 6 business hours}
  - due_by: {for: resolution, within: 5 business days}
  - draft: {text: good-day}
  - follow_up: {after: 1 business day, draft: still-well}
"""
UPDATES = """\
name: updates
when: complaint_received
then:
  - due_by: {for: update, every: 2 business days}
"""


@pytest.fixture
def old(tmp_path: Path) -> Book:
    return book(tmp_path / "old", {"shop": OLD})


@pytest.fixture
def new(tmp_path: Path) -> Book:
    return book(tmp_path / "new", {"shop": NEW})


@pytest.fixture
def shop(tmp_path: Path, old: Book) -> Shop:
    return opened(tmp_path / "shop", old)


def opened(folder: Path, playbooks: Book) -> Shop:
    """A shop with one complaint, received Monday 10:00 and dealt with."""
    folder.mkdir()
    made = Shop(folder, playbooks)
    made.now += timedelta(hours=10)
    made.box.arrive(WORDS["complaint"], subject="Broken lamp", sender="anna@example.org", name="Anna", at=made.now)
    made.run()
    return made


def moved(shop: Shop, to: Book) -> Case:
    """The case after these playbooks came into force, a person moved it to them, and a pass was made."""
    shop.change(to)
    shop.act(Replan(by="maya"))
    return shop.case


def due(case: Case) -> dict[str, str]:
    return {one.due_for: clock(one.due_at) for one in case.due}


def drafts(shop: Shop) -> list[str]:
    """What lies in Drafts, by its first line."""
    return [draft.text.splitlines()[0] for draft in shop.box.box.drafts.values()]


def tags(shop: Shop) -> set[str]:
    """The playbooks' tags on the complaint."""
    (marks,) = shop.box.box.marks.values()
    return {"old", "new", "both"} & marks


# ---- a running case keeps its version ------------------------------------------------------------------------------


def test_a_running_case_keeps_the_playbooks_it_started_with(shop: Shop, old: Book, new: Book) -> None:
    shop.change(new)
    shop.pass_time(hours=1)
    assert shop.case.book == old.version
    assert due(shop.case) == {"acknowledgement": "Mon 14:00", "update": "Thu 17:00"}
    shop.act(Resolve(at=shop.now, outcome="upheld"))
    assert [clock(task.run_at) for task in shop.case.open_tasks(Kind.FOLLOW_UP)] == ["Thu 17:00"]


def test_a_case_that_comes_later_has_the_new_ones(shop: Shop, new: Book) -> None:
    shop.change(new)
    shop.box.arrive(WORDS["complaint"], subject="Another", sender="bob@example.net", name="Bob", at=shop.now)
    shop.run()
    assert [case.book == new.version for case in shop.cases()] == [False, True]


# ---- and is moved on purpose ---------------------------------------------------------------------------------------


def test_a_moved_case_has_the_promises_of_the_new_playbooks(shop: Shop, new: Book) -> None:
    case = moved(shop, new)
    assert case.book == new.version
    assert due(case) == {"acknowledgement": "Mon 16:00", "resolution": "Mon 17:00 (+1)"}
    watching = {task.kind: clock(task.run_at) for task in case.open_tasks() if not task.kind.for_inbox}
    assert watching == {Kind.ACKNOWLEDGEMENT: "Mon 16:00", Kind.RESOLUTION: "Mon 17:00 (+1)"}


def test_the_tags_nobody_wants_any_more_come_off(shop: Shop, new: Book) -> None:
    case = moved(shop, new)
    assert tags(shop) == {"new", "both"}
    assert {"new", "both", "complaint"} <= set(case.tags)
    assert "old" not in case.tags


def test_an_untouched_draft_is_withdrawn_and_the_new_one_is_written(shop: Shop, new: Book) -> None:
    assert drafts(shop) == ["This is the letter hello."]
    case = moved(shop, new)
    assert drafts(shop) == ["This is the letter good-day."]
    assert [draft.fate for draft in case.drafts] == [DraftFate.WITHDRAWN, DraftFate.WRITTEN]
    assert not [task for task in case.open_tasks(Kind.DRAFT) if task.purpose is Purpose.UPDATE]


def test_a_draft_that_a_person_edited_stays_and_gets_no_second_one_beside_it(shop: Shop, new: Book) -> None:
    shop.box.edit_draft(shop.draft(), "My own words.")
    shop.run()
    case = moved(shop, new)
    assert [draft.fate for draft in case.drafts] == [DraftFate.EDITED]
    assert len(drafts(shop)) == 1


def test_a_draft_that_a_person_was_editing_just_then_stays_the_only_one(shop: Shop, new: Book) -> None:
    shop.change(new)
    shop.desk.act(shop.case.id, Replan())
    shop.box.edit_draft(shop.draft(), "My own words.")
    shop.desk.run_due()  # before anybody looked into the mailbox
    shop.run()
    shop.run()
    assert drafts(shop) == ["My own words."]


def test_a_letter_that_may_promise_a_date_is_written_anew_where_a_date_moved_and_else_kept(
    shop: Shop, old: Book, tmp_path: Path
) -> None:
    first = shop.draft().message_id
    moved(shop, book(tmp_path / "tags", {"shop": OLD.replace("old, both", "both")}))
    assert shop.draft().message_id == first
    moved(shop, book(tmp_path / "dates", {"shop": OLD.replace("within: 4", "within: 5")}))
    assert shop.draft().message_id != first
    assert drafts(shop) == ["This is the letter hello."]


def test_a_draft_that_a_person_deleted_is_not_made_again(shop: Shop, new: Book) -> None:
    del shop.box.box.drafts[shop.draft().message_id]
    shop.run()
    assert [draft.fate for draft in moved(shop, new).drafts] == [DraftFate.GONE]
    assert drafts(shop) == []


def test_a_promise_that_was_met_stays_met(shop: Shop, new: Book) -> None:
    shop.pass_time(hours=1)
    shop.act(SayReplied(at=shop.now, how="by phone"))
    case = moved(shop, new)
    acknowledged = case.due_by("acknowledgement")
    assert acknowledged is not None
    assert (clock(acknowledged.due_at), clock(acknowledged.met_at)) == ("Mon 14:00", "Mon 11:00")


def test_a_promise_of_updates_counts_from_the_reply_that_was_sent_before(shop: Shop, tmp_path: Path) -> None:
    shop.pass_time(hours=1)
    shop.act(SayReplied(at=shop.now, how="by phone"))
    silent = "name: shop\nwhen: complaint_received\nthen:\n  - tag: [old]\n"
    assert "acknowledgement" in due(moved(shop, book(tmp_path / "silent", {"shop": silent})))  # met, so it stays
    weekly = NEW.replace("within: 5 business days", "within: 9 business days")
    other = book(tmp_path / "weekly", {"shop": weekly, "updates": UPDATES})
    case = moved(shop, other)
    assert due(case) == {"acknowledgement": "Mon 14:00", "resolution": "Fri 17:00 (+1)", "update": "Wed 17:00"}


def test_a_promise_that_was_missed_stays_missed_and_on_the_list(shop: Shop, new: Book) -> None:
    shop.pass_time(hours=5)
    assert [task.kind for task in shop.case.tasks if task.state is TaskState.RAISED] == [Kind.ACKNOWLEDGEMENT]
    case = moved(shop, new)
    missed = case.due_by("acknowledgement")
    assert missed is not None
    assert (missed.missed, clock(missed.due_at)) == (True, "Mon 14:00")
    assert [task.kind for task in case.tasks if task.state is TaskState.RAISED] == [Kind.ACKNOWLEDGEMENT]


def test_after_the_resolution_the_follow_up_moves_unless_a_person_put_it_off(shop: Shop, old: Book, new: Book) -> None:
    shop.act(Resolve(at=shop.now, outcome="upheld"))
    case = moved(shop, new)
    (task,) = case.open_tasks(Kind.FOLLOW_UP)
    assert clock(task.run_at) == "Tue 17:00"
    shop.act(Snooze(key=task.key, until=task.run_at + timedelta(days=2)))
    (put_off,) = moved(shop, old).open_tasks(Kind.FOLLOW_UP)
    assert put_off.key == task.key


def test_a_follow_up_that_was_done_is_not_asked_for_again(shop: Shop, new: Book) -> None:
    shop.act(Resolve(at=shop.now, outcome="upheld"))
    (task,) = shop.case.open_tasks(Kind.FOLLOW_UP)
    shop.act(EndTask(key=task.key, done=True))
    assert moved(shop, new).open_tasks(Kind.FOLLOW_UP) == ()


def test_moving_twice_gives_nothing_new(shop: Shop, new: Book) -> None:
    first = moved(shop, new)
    assert shop.desk.foresee(first.id, Replan()).events == ()
    assert shop.act(Replan()).version == first.version


def test_moving_there_and_back_and_there_again_ends_where_it_was(shop: Shop, old: Book, new: Book) -> None:
    before, promised = drafts(shop), due(shop.case)
    moved(shop, new)
    moved(shop, old)
    assert (drafts(shop), due(shop.case), tags(shop)) == (before, promised, {"old", "both"})
    moved(shop, new)
    assert (drafts(shop), tags(shop)) == (["This is the letter good-day."], {"new", "both"})
    assert len([task for task in shop.case.open_tasks() if not task.kind.for_inbox]) == len(shop.case.due)


def test_what_has_not_come_yet_is_taken_from_the_new_playbooks_too(shop: Shop, new: Book) -> None:
    moved(shop, new)
    shop.pass_time(hours=1)
    shop.act(Resolve(at=shop.now, outcome="upheld"))
    assert [clock(task.run_at) for task in shop.case.open_tasks(Kind.FOLLOW_UP)] == ["Tue 17:00"]


def test_the_difference_is_told_before_anything_is_done(shop: Shop, new: Book) -> None:
    shop.change(new)
    case = shop.case
    seen = shop.desk.foresee(case.id, Replan(by="maya"))
    assert difference(seen.before, seen.events, seen.after, clock) == [
        "tags       off: old",
        "tags       on: new",
        "due        acknowledgement: Mon 14:00 by shop -> Mon 16:00 by shop",
        "due        update: no longer promised, was Thu 17:00 by shop",
        "due        resolution: new, Mon 17:00 (+1) by shop",
        "draft      acknowledgement (hello): withdrawn, nobody has touched it",
        "draft      acknowledgement (good-day): written at once",
        "draft      update (news): not written any more, was planned for Thu 09:15",
    ]
    assert shop.case == case


def test_what_a_person_did_is_told_to_stay(shop: Shop, new: Book) -> None:
    shop.box.edit_draft(shop.draft(), "My own words.")
    shop.pass_time(hours=1)
    shop.act(SayReplied(at=shop.now, how="by phone"))
    assert untouched(shop.case, clock) == [
        "acknowledgement: met Mon 11:00",
        "acknowledgement draft: edited by a person",
    ]


def test_the_timeline_says_who_moved_it_and_what_applied_then(shop: Shop, new: Book) -> None:
    case = moved(shop, new)
    (event,) = (event for event in shop.timeline() if isinstance(event, Replanned))
    assert (event.by, event.tags, event.released) == ("maya", ("old",), ("update",))
    assert [(ran.name, ran.applied, ran.round) for ran in case.playbooks] == [("shop", True, 1)]


def test_a_promise_nobody_made_before_is_met_by_the_reply_that_was_sent(tmp_path: Path, new: Book) -> None:
    silent = "name: shop\nwhen: complaint_received\nthen:\n  - tag: [old]\n"
    shop = opened(tmp_path / "silent-shop", book(tmp_path / "silent", {"shop": silent}))
    shop.pass_time(hours=1)
    shop.act(SayReplied(at=shop.now, how="by phone"))
    promised = moved(shop, new).due_by("acknowledgement")
    assert promised is not None
    assert (clock(promised.due_at), clock(promised.met_at), promised.missed) == ("Mon 16:00", "Mon 11:00", False)
    assert shop.case.open_tasks(Kind.ACKNOWLEDGEMENT) == ()
    assert drafts(shop) == []


# ---- as if it had been so from the first message on ------------------------------------------------------------------

MORE = {
    "chased": """\
name: chased
when: message_received
if:
  - chaser: true
then:
  - tag: [chased]
  - due_by: {for: update, within: 1 business day}
  - draft: {text: hurry, for: update}
""",
    "told": """\
name: told
when: reply_sent
then:
  - due_by: {for: resolution, within: 4 business days, from: acknowledgement}
""",
    "after": """\
name: after
when: resolved
then:
  - goodwill: {after: 2 business days, up_to: 10 EUR, offer: [voucher], draft: gift}
""",
}


def _chases(shop: Shop) -> None:
    first = shop.box.box.messages[0]
    shop.box.arrive(WORDS["chaser"], subject="Re: Broken lamp", after=first.message_id, name="Anna")


def _answers(shop: Shop) -> None:
    first = shop.box.box.messages[0]
    shop.box.arrive(WORDS["answer"], sender="anna@example.org", after=first.message_id, sent=True)


def _complains_again(shop: Shop) -> None:
    first = shop.box.box.messages[0]
    shop.box.arrive(WORDS["complaint again"], subject="Re: Broken lamp", after=first.message_id, name="Anna")


def _resolves(shop: Shop) -> None:
    shop.desk.act(shop.case.id, Resolve(at=shop.now, outcome="upheld"))


STEPS = {
    "nothing more": [],
    "a chaser": [_chases],
    "an answer, then a chaser": [_answers, _chases],
    "an answer and the resolution": [_answers, _resolves],
    "the resolution without an answer": [_resolves],
    "a second round": [_answers, _resolves, _complains_again],
    "a second round, answered": [_resolves, _complains_again, _answers],
}


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_it_comes_out_as_if_the_new_playbooks_had_been_there_all_along(
    tmp_path: Path, old: Book, steps: list[Callable[[Shop], object]]
) -> None:
    later = book(tmp_path / "later", {"shop": NEW, **MORE})
    moving, native = opened(tmp_path / "moving", old), opened(tmp_path / "native", later)
    for step in steps:
        for shop in (moving, native):
            step(shop)
            shop.pass_time(minutes=30)
    moved(moving, later)
    assert owed(moving.case) == owed(native.case)
    assert sorted(drafts(moving)) == sorted(drafts(native))
    assert {tag for tag in moving.case.tags if tag != "old"} == set(native.case.tags)
    for shop in (moving, native):
        shop.pass_time(days=14)
    assert owed(moving.case) == owed(native.case)


def test_a_promise_that_takes_the_place_of_another_takes_over_its_draft_too(tmp_path: Path) -> None:
    chased = {"shop": OLD, "chased": MORE["chased"].replace("within: 1 business day", "within: 2 business days")}
    shop = opened(tmp_path / "chased-shop", book(tmp_path / "slow", chased))
    _chases(shop)
    shop.pass_time(minutes=30)
    assert drafts(shop)[1:] == ["This is the letter hurry."]
    case = moved(shop, book(tmp_path / "fast", {"shop": OLD, "chased": MORE["chased"]}))
    assert due(case)["update"] == "Tue 17:00"
    assert sorted(drafts(shop)) == ["This is the letter hello.", "This is the letter hurry."]


def owed(case: Case) -> set[tuple[str, str]]:
    """What a person will owe, and when; what was met is history, and history is not rewritten."""
    tasks = {(str(task.kind), clock(task.run_at)) for task in case.open_tasks() if not task.kind.for_inbox}
    promises = {(due.due_for, clock(due.due_at)) for due in case.due if due.open}
    return tasks | (promises if case.status is Status.OPEN else set())


def test_an_undecided_mail_and_one_that_is_no_complaint_cannot_be_moved(shop: Shop, new: Book) -> None:
    shop.act(Resolve(at=shop.now, outcome="not-a-complaint"))
    shop.change(new)
    with pytest.raises(ActRefused, match="it is no complaint, so no playbook is at work on it"):
        shop.desk.act(shop.case.id, Replan())
