"""What follows from what: whole stories as text, and single decisions."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plugin.decide import (
    Act,
    Acted,
    ActRefused,
    EndReminder,
    EndTask,
    MessageSeen,
    Policy,
    Reopen,
    Resolve,
    SayReplied,
    Snooze,
    TaskDue,
    TouchDraft,
    date_of,
    decide,
    working_of,
)
from plugin.model import Address, Assessment, Direction, Message, Origin, Place
from plugin.timeline import Case, DraftFate, DueBy, Event, Kind, Status, TagsKept, TaskState, fold
from tests.player import HOURS, MONDAY, book, perform

STORIES = sorted((Path(__file__).parent / "timelines").glob("*.txt"))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_the_story_comes_out_as_it_is_told(path: Path, tmp_path: Path) -> None:
    """`AMENDS_REFRESH=1 pytest` tells every story anew; read the difference before you keep it."""
    told = path.read_text("utf-8")
    came = perform(told, tmp_path)
    if os.environ.get("AMENDS_REFRESH"):
        path.write_text(came, "utf-8")
    assert came == path.read_text("utf-8")


# ---- a clock that stood still ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "received", "pause", "told"),
    [
        ("2 weeks receipt next", "06-01 10:00", "06-03 10:00 06-08 10:00",
         ["due Sat 20 Jun 2026 10:00", "Sat 20 Jun: closed; rolled to the next working day",
          "due Mon 22 Jun 2026 17:00"]),
        ("2 weeks receipt previous", "06-01 10:00", "06-03 10:00 06-08 10:00",
         ["due Sat 20 Jun 2026 10:00", "Sat 20 Jun: closed; rolled to the previous working day",
          "due Fri 19 Jun 2026 17:00"]),
        ("2 weeks receipt next", "06-06 10:00", "06-20 12:00 06-21 12:00", ["due Tue 23 Jun 2026 17:00"]),
        ("2 weeks receipt next", "06-06 10:00", "06-10 10:00 06-12 10:00",
         ["due Mon 22 Jun 2026 10:00", "no pause brings a date forward", "due Mon 22 Jun 2026 17:00"]),
        ("30 days day_after_receipt none", "06-01 10:00", "06-03 10:00 06-08 11:00", ["due Mon 6 Jul 2026 24:00"]),
    ],
)  # fmt: skip
def test_what_stood_still_ends_on_a_working_day_all_the_same(
    clock: str, received: str, pause: str, told: list[str]
) -> None:
    amount, unit, start, roll = clock.split()
    began, stop, go = (
        datetime.fromisoformat(f"2026-{moment}").replace(tzinfo=HOURS.zone)
        for moment in (received, pause[:11], pause[12:])
    )
    promise = DueBy(due_for="resolution", due_at=None, start=start, anchor_at=began, span=f"{amount} {unit}",
                    roll=roll, pause=True, pauses=((stop, go),))  # fmt: skip
    working, due_at = working_of(HOURS, promise), date_of(HOURS, promise)
    assert due_at is not None
    assert working[-1] == f"due {HOURS.shown(due_at)}"
    assert [line.removesuffix(" Europe/London") for line in working[-len(told) :]] == told


@settings(max_examples=60, deadline=None)
@example(clock="1 month", rest=("receipt", "next"), received=1, stops=[(1, 1), (1, 4319), (1, 2880)])
@given(
    clock=st.sampled_from(["9 business hours", "3 business days", "2 weeks", "1 month", "40 hours"]),
    rest=st.tuples(st.sampled_from(["receipt", "day_after_receipt"]), st.sampled_from(["none", "next", "previous"])),
    received=st.integers(0, 20_000),
    stops=st.lists(st.tuples(st.integers(1, 9_000), st.integers(1, 9_000)), max_size=3),
)
def test_no_pause_shortens_a_clock_or_ends_it_on_a_closed_day(
    clock: str, rest: tuple[str, str], received: int, stops: list[tuple[int, int]]
) -> None:
    """All in minutes: when it was received, then how long the clock went and stood still."""
    began = moment = MONDAY + timedelta(minutes=received)
    promise = DueBy(due_for="resolution", due_at=None, start=rest[0], roll=rest[1], anchor_at=began, span=clock)
    due_at = date_of(HOURS, promise)
    for went, stood in stops:
        paused = moment + timedelta(minutes=went)
        if due_at is None or paused >= due_at:
            break
        moment = paused + timedelta(minutes=stood)
        promise = replace(promise, pauses=(*promise.pauses, (paused, moment)))
        before, due_at = due_at, date_of(HOURS, promise)
        assert due_at is not None
        assert due_at > moment
        assert due_at >= before or promise.roll == "previous"
        assert promise.roll == "none" or HOURS.local(due_at - timedelta(seconds=1)).weekday() < 5
        assert working_of(HOURS, promise)[-1] == f"due {HOURS.shown(due_at)}"


# ---- single decisions ------------------------------------------------------------------------------------------------

SHOP = """\
name: shop
about: The promises of a small shop.
when: complaint_received
then:
  - due_by: {for: acknowledgement, within: 4 business hours}
  - draft: {text: thanks-for-telling}
"""
LATER = """\
name: later
about: Ask again.
when: resolved
then:
  - follow_up: {after: 3 business days, draft: still-well}
"""
MAYBE = Assessment(complaint=False, maybe=True, score=0.5)
COMPLAINT = Assessment(complaint=True, maybe=False, score=0.9, category="delivery")
NOTHING = Assessment(complaint=False, maybe=False, score=0.1)
ANNA = Address("anna@example.org", "Anna")


@dataclass(slots=True)
class Mail:
    """Makes messages of one thread."""

    count: int = 0

    def __call__(self, sender: Address = ANNA, after: str = "", **more: Any) -> Message:
        self.count += 1
        us = Address("support@example.com")
        out = sender == us
        given: dict[str, Any] = {
            "inbox": "support", "key": f"key{self.count:021}", "place": Place("INBOX", 1, self.count),
            "message_id": f"<{self.count}@example.org>", "references": (after,) if after else (), "at": MONDAY,
            "direction": Direction.OUT if out else Direction.IN, "sender": sender, "answer_to": sender,
            "identity": us, "to": (ANNA,) if out else (us,), "subject": "Broken lamp", "text": "Hello", "genuine": out,
        }  # fmt: skip
        return Message(**(given | more))


@pytest.fixture
def mail() -> Mail:
    return Mail()


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    return Policy(book(tmp_path, {"10-shop": SHOP, "20-later": LATER}), {"default": HOURS})


def _seen(message: Message, assessment: Assessment, **more: Any) -> MessageSeen:
    return MessageSeen(at=message.at, message=message, assessment=assessment, case="c1", **more)


def _kinds(events: Sequence[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_deciding_reads_only_its_arguments(mail: Mail, policy: Policy) -> None:
    trigger = _seen(mail(), COMPLAINT)
    assert decide(Case(), trigger, policy) == decide(Case(), trigger, policy)


@pytest.mark.parametrize("machine", ["auto-reply", "bounce", "list"])
def test_bounces_auto_replies_and_list_mail_open_no_case(mail: Mail, policy: Policy, machine: str) -> None:
    assert decide(Case(), _seen(mail(automatic=machine), COMPLAINT), policy) == ()


def test_our_own_first_message_opens_no_case(mail: Mail, policy: Policy) -> None:
    assert decide(Case(), _seen(mail(Address("support@example.com")), COMPLAINT), policy) == ()


def test_what_is_no_complaint_opens_no_case_and_runs_no_playbook(mail: Mail, policy: Policy) -> None:
    assert decide(Case(), _seen(mail(), NOTHING), policy) == ()


def test_a_person_who_insists_is_right_whatever_the_judge_said(mail: Mail, policy: Policy) -> None:
    case = fold(decide(Case(), _seen(mail(automatic="list"), NOTHING, insist=True), policy))
    assert case.status is Status.OPEN
    assert "complaint" in case.tags


def test_an_undecided_mail_gets_a_tag_and_no_playbook(mail: Mail, policy: Policy) -> None:
    case = fold(decide(Case(), _seen(mail(), MAYBE), policy))
    assert case.status is Status.UNDECIDED
    assert [(task.kind, task.tags) for task in case.tasks] == [(Kind.TAG, ("maybe-complaint",))]
    assert (case.due, case.playbooks) == ((), ())


def test_an_undecided_mail_becomes_a_case_by_a_persons_word_and_loses_its_maybe(mail: Mail, policy: Policy) -> None:
    first = mail()
    case = fold(decide(Case(), _seen(first, MAYBE), policy))
    case = fold([TagsKept(at=MONDAY, message=first.key, tags=("maybe-complaint",))], case)
    case = fold(decide(case, _seen(first, MAYBE, insist=True), policy), case)
    assert case.status is Status.OPEN
    assert [due.due_for for due in case.due] == ["acknowledgement"]
    assert [task.tags for task in case.open_tasks(Kind.TAG) if task.untag] == [("maybe-complaint",)]


def test_an_undecided_mail_that_was_answered_already_counts_as_acknowledged(mail: Mail, policy: Policy) -> None:
    first = mail()
    case = fold(decide(Case(), _seen(first, MAYBE), policy))
    reply = mail(Address("support@example.com"), first.message_id, at=MONDAY + timedelta(hours=10))
    case = fold(decide(case, _seen(reply, NOTHING), policy), case)
    case = fold(decide(case, _seen(first, MAYBE, insist=True), policy), case)
    due = case.due_by("acknowledgement")
    assert due is not None
    assert due.met_at == reply.at
    assert case.open_tasks(Kind.DRAFT, Kind.ACKNOWLEDGEMENT) == ()


def test_a_person_who_says_no_to_an_undecided_mail_sets_off_no_playbook(mail: Mail, policy: Policy) -> None:
    case = fold(decide(Case(), _seen(mail(), MAYBE), policy))
    act = Resolve(at=MONDAY, outcome="not-a-complaint")
    events = decide(case, Acted(at=MONDAY, act=act), policy)
    assert "PlaybooksRan" not in _kinds(events)
    assert fold(events, case).open_tasks() == ()


def test_a_maybe_of_the_complainant_does_not_reopen(mail: Mail, policy: Policy) -> None:
    first = mail()
    case = fold(decide(Case(), _seen(first, COMPLAINT), policy))
    case = fold(decide(case, Acted(at=MONDAY, act=Resolve(at=MONDAY)), policy), case)
    events = decide(case, _seen(mail(after=first.message_id), MAYBE), policy)
    assert _kinds(events) == ["Joined"]


def test_historic_mail_gets_tags_and_due_bys_but_no_draft_and_no_reminder(mail: Mail, policy: Policy) -> None:
    case = fold(decide(Case(), _seen(mail(historic=True), COMPLAINT), policy))
    assert [task.kind for task in case.tasks] == [Kind.TAG]
    assert [due.due_for for due in case.due] == ["acknowledgement"]


def test_a_reply_to_somebody_else_in_the_thread_proves_nothing(mail: Mail, policy: Policy) -> None:
    first = mail()
    case = fold(decide(Case(), _seen(first, COMPLAINT), policy))
    aside = mail(Address("support@example.com"), first.message_id, to=(Address("carrier@example.net"),))
    assert _kinds(decide(case, _seen(aside, NOTHING), policy)) == ["Joined"]


def test_the_first_reply_counts_though_it_is_seen_second(mail: Mail, policy: Policy) -> None:
    first = mail()
    case = fold(decide(Case(), _seen(first, COMPLAINT), policy))
    for hours in (15, 11):
        reply = mail(Address("support@example.com"), first.message_id, at=MONDAY + timedelta(hours=hours))
        case = fold(decide(case, _seen(reply, NOTHING), policy), case)
    due = case.due_by("acknowledgement")
    assert due is not None
    assert (due.met_at, due.missed) == (MONDAY + timedelta(hours=11), False)


def test_the_customer_answering_a_mail_we_never_saw_is_noted(mail: Mail, policy: Policy) -> None:
    case = fold(decide(Case(), _seen(mail(), COMPLAINT), policy))
    case = fold(decide(case, _seen(mail(after="<unknown@x>"), NOTHING, parent_known=False), policy), case)
    assert [due.note for due in case.due] == ["answered, not seen"]


@pytest.mark.parametrize(
    ("second", "told"),
    [
        (("carla@example.com", "<later@example.org>", 10), True),
        (("carla@example.com", "", 11), False),
        (("bob@example.com", "", 10), True),
        (("bob@example.com", "<later@example.org>", 1), False),
    ],
)
def test_two_answers_within_ten_minutes_by_two_people_or_to_one_mail_are_raised(
    mail: Mail, policy: Policy, second: tuple[str, str, int], told: bool
) -> None:
    first, (by, parent, minutes) = mail(), second
    case = fold(decide(Case(), _seen(first, COMPLAINT), policy))
    for who, after, late in (("bob@example.com", first.message_id, 0), (by, parent or first.message_id, minutes)):
        at = MONDAY + timedelta(hours=10, minutes=late)
        reply = mail(Address(who), after, direction=Direction.OUT, to=(ANNA,), genuine=True, at=at)
        case = fold(decide(case, _seen(reply, NOTHING), policy), case)
    raised = [task.note for task in case.open_tasks(Kind.UPDATE)]
    assert [note.partition(",")[0] for note in raised] == ["two answers went out within ten minutes"] * told


def test_what_a_colleague_passes_on_again_changes_nothing(mail: Mail, policy: Policy) -> None:
    case = fold(decide(Case(), _seen(mail(), COMPLAINT), policy))
    (event,) = decide(case, _seen(mail(origin=Origin.FORWARD), COMPLAINT), policy)
    assert (type(event).__name__, getattr(event, "standing", "")) == ("Joined", "passed-on")


def test_a_draft_sent_before_we_learned_that_it_was_written_is_not_written_again(mail: Mail, policy: Policy) -> None:
    first = mail()
    case = fold(decide(Case(), _seen(first, COMPLAINT), policy))
    (task,) = case.open_tasks(Kind.DRAFT)
    sent = mail(Address("support@example.com"), first.message_id, message_id=task.message_id)
    case = fold(decide(case, _seen(sent, NOTHING), policy), case)
    assert [draft.fate for draft in case.drafts] == [DraftFate.SENT]
    assert case.open_tasks(Kind.DRAFT) == ()


def test_two_follow_ups_end_each_on_its_own(mail: Mail, tmp_path: Path) -> None:
    other = LATER.replace("later", "much-later").replace("3 business", "20 business")
    policy = Policy(book(tmp_path, {"10-shop": SHOP, "20-later": LATER, "30-much": other}), {"default": HOURS})
    case = fold(decide(Case(), _seen(mail(), COMPLAINT), policy))
    case = fold(decide(case, Acted(at=MONDAY, act=Resolve(at=MONDAY)), policy), case)
    soon, late = case.open_tasks(Kind.FOLLOW_UP)
    case = fold(decide(case, TaskDue(at=soon.run_at, key=soon.key), policy), case)
    (task,) = case.open_tasks(Kind.DRAFT)
    sent = mail(Address("support@example.com"), message_id=task.message_id, at=soon.run_at)
    case = fold(decide(case, _seen(sent, NOTHING), policy), case)
    assert [task.key for task in case.open_tasks(Kind.FOLLOW_UP)] == [late.key]


@pytest.mark.parametrize(
    ("act", "problem"),
    [
        (Reopen(), "it is not resolved, so it cannot be reopened"),
        (EndTask(key="c1/9/none/1", done=True), "it has no task c1/9/none/1"),
    ],
)
def test_an_act_that_does_not_fit_is_refused_in_one_sentence(
    mail: Mail, policy: Policy, act: Act, problem: str
) -> None:
    case = fold(decide(Case(), _seen(mail(), COMPLAINT), policy))
    with pytest.raises(ActRefused, match=f"case c1: {problem}"):
        decide(case, Acted(at=MONDAY, act=act), policy)


def test_a_task_can_be_ended_once(mail: Mail, policy: Policy) -> None:
    case = fold(decide(Case(), _seen(mail(), COMPLAINT), policy))
    (task,) = case.open_tasks(Kind.ACKNOWLEDGEMENT)
    act = EndTask(key=task.key, done=True, gave="10 EUR voucher", note="order 7")
    case = fold(decide(case, Acted(at=MONDAY, act=act), policy), case)
    ended = case.task(task.key)
    assert ended is not None
    assert ended.note == "gave 10 EUR voucher; order 7"
    with pytest.raises(ActRefused, match=r"has already ended \(done\)"):
        decide(case, Acted(at=MONDAY, act=act), policy)


def _promised(mail: Mail, policy: Policy) -> tuple[Case, str]:
    """A case whose acknowledgement is due at 13:00, and the task that watches over it."""
    case = fold(decide(Case(), _seen(mail(), COMPLAINT), policy))
    return case, case.open_tasks(Kind.ACKNOWLEDGEMENT)[0].key


def test_a_task_that_was_put_off_can_be_put_off_again_or_taken_forward_but_not_to_the_past(
    mail: Mail, policy: Policy
) -> None:
    case, key = _promised(mail, policy)
    case = fold(decide(case, TaskDue(at=MONDAY + timedelta(days=1), key=key), policy), case)
    for days in (4, 6, 3):
        act = Acted(at=MONDAY + timedelta(days=2), act=Snooze(key=key, until=MONDAY + timedelta(days=days)))
        case = fold(decide(case, act, policy), case)
        assert decide(case, act, policy) == ()
        assert case.open_tasks(Kind.ACKNOWLEDGEMENT)[0].run_at == MONDAY + timedelta(days=days)
    past = Acted(at=MONDAY + timedelta(days=2), act=Snooze(key=key, until=MONDAY + timedelta(days=2)))
    with pytest.raises(ActRefused, match="is past, so no task can be put off to then"):
        decide(case, past, policy)


def test_a_task_that_waits_is_not_put_off_to_before_its_own_time(mail: Mail, policy: Policy) -> None:
    case, key = _promised(mail, policy)
    with pytest.raises(ActRefused, match="cannot be put off to an earlier time than its own"):
        decide(case, Acted(at=MONDAY, act=Snooze(key=key, until=MONDAY + timedelta(minutes=1))), policy)


def test_putting_a_task_off_leaves_what_was_promised_as_it_is(mail: Mail, policy: Policy) -> None:
    case, key = _promised(mail, policy)
    (promise,) = case.due
    case = fold(decide(case, Acted(at=MONDAY, act=Snooze(key=key, until=MONDAY + timedelta(days=5))), policy), case)
    assert case.due == (promise,)
    case = fold(decide(case, TaskDue(at=MONDAY + timedelta(days=1), key=key), policy), case)
    assert [due.missed for due in case.due] == [True]
    (task,) = case.open_tasks(Kind.ACKNOWLEDGEMENT)
    assert (task.state, task.run_at) == (TaskState.WAITING, MONDAY + timedelta(days=5))


def test_a_promise_that_was_put_off_and_seen_only_after_that_is_missed_and_raised(mail: Mail, policy: Policy) -> None:
    case, key = _promised(mail, policy)
    case = fold(decide(case, Acted(at=MONDAY, act=Snooze(key=key, until=MONDAY + timedelta(days=5))), policy), case)
    case = fold(decide(case, TaskDue(at=MONDAY + timedelta(days=9), key=key), policy), case)
    assert ([due.missed for due in case.due], case.open_tasks(Kind.ACKNOWLEDGEMENT)[0].state) == ([True], "raised")


@pytest.mark.parametrize("done", [True, False])
def test_a_task_that_has_ended_is_not_put_off(mail: Mail, policy: Policy, done: bool) -> None:
    case, key = _promised(mail, policy)
    case = fold(decide(case, Acted(at=MONDAY, act=EndTask(key=key, done=done)), policy), case)
    with pytest.raises(ActRefused, match="has already ended"):
        decide(case, Acted(at=MONDAY, act=Snooze(key=key, until=MONDAY + timedelta(days=5))), policy)


def test_acts_that_are_already_true_change_nothing(mail: Mail, policy: Policy) -> None:
    case = fold(decide(Case(), _seen(mail(), COMPLAINT), policy))
    said = Acted(at=MONDAY, act=SayReplied(at=MONDAY, how="by phone"))
    case = fold(decide(case, said, policy), case)
    assert decide(case, said, policy) == ()
    resolved = Acted(at=MONDAY, act=Resolve(at=MONDAY, outcome="upheld"))
    case = fold(decide(case, resolved, policy), case)
    assert decide(case, resolved, policy) == ()
    assert decide(case, Acted(at=MONDAY, act=Resolve(at=MONDAY)), policy) == ()
    assert decide(case, Acted(at=MONDAY, act=EndReminder(message_id="<none@x>", done=True)), policy) == ()
    assert decide(case, Acted(at=MONDAY, act=TouchDraft(message_id="<none@x>", fate=DraftFate.GONE)), policy) == ()


def test_a_task_falls_due_once(mail: Mail, policy: Policy) -> None:
    case = fold(decide(Case(), _seen(mail(), COMPLAINT), policy))
    (task,) = case.open_tasks(Kind.ACKNOWLEDGEMENT)
    due = TaskDue(at=task.run_at, key=task.key)
    case = fold(decide(case, due, policy), case)
    assert decide(case, due, policy) == ()


def test_what_was_tagged_before_us_is_never_taken_off(mail: Mail, policy: Policy) -> None:
    first = mail(marks=("vip",))
    case = fold(decide(Case(), _seen(first, COMPLAINT), policy))
    case = fold([TagsKept(at=MONDAY, message=first.key, tags=("category-delivery",))], case)
    case = fold(decide(case, Acted(at=MONDAY, act=Resolve(at=MONDAY, outcome="not-a-complaint")), policy), case)
    assert "vip" in case.judged
    assert [task.tags for task in case.open_tasks(Kind.TAG)] == [("category-delivery",)]
