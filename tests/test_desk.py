"""The desk over a memory inbox and a real store: intake, raising, writing, and what happens when something breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from plugin.decide import EndTask, Reopen, Resolve, SayReplied, Snooze
from plugin.decide.messages import tags_of
from plugin.desk import Desk, UnknownCase
from plugin.hours import Hours
from plugin.inbox import (
    ActKind,
    Change,
    Cursor,
    Inbox,
    InboxError,
    InboxRefused,
    InboxUnavailable,
    Memory,
    Page,
    Receipt,
    Unreadable,
)
from plugin.judge import Judge
from plugin.model import Assessment, Message, Place
from plugin.playbook import load_book
from plugin.store import Conflict, Session, Store, StoreUnavailable
from plugin.testing import MemoryInbox
from plugin.timeline import DraftFate, Kind, Noted, Status, TaskState
from tests.player import HOURS, MONDAY, WORDS, Shop, book
from tests.stores import ON_BOTH, store_at

pytestmark = ON_BOTH

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
  - follow_up: {after: 1 business day, draft: ask}
"""
NINE = MONDAY + timedelta(hours=9)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path, book(tmp_path / "playbooks", {"10-shop": SHOP}), now=NINE)


def complain(shop: Shop, sender: str = "anna@example.org", **more: Any) -> Message:
    """A complaint arrives and is dealt with."""
    message = shop.box.arrive(WORDS["complaint"], sender=sender, **{"at": shop.now, **more})
    shop.run()
    return message


def drafts(shop: Shop) -> int:
    """How many drafts lie in the inbox."""
    return len(shop.box.box.drafts)


def reminders(shop: Shop) -> list[str]:
    """The subjects of the reminders that are still flagged."""
    return [subject for subject, _, flagged in shop.box.box.reminders.values() if flagged]


# ---- what counts as a case -------------------------------------------------------------------------------------------


def test_the_same_mail_in_two_folders_is_one_case(shop: Shop) -> None:
    message = complain(shop)
    shop.box.put(replace(message, place=Place("Team", 1, 0)))
    shop.run()
    assert len(shop.cases()) == drafts(shop) == 1


def test_the_same_mail_twice_in_one_page_is_one_case(shop: Shop) -> None:
    message = shop.box.arrive(WORDS["complaint"])
    shop.box.put(replace(message, place=Place("Team", 1, 0)))
    shop.run()
    assert len(shop.cases()) == 1


def test_a_message_id_used_again_for_other_content_is_a_second_case(shop: Shop) -> None:
    first = complain(shop)
    shop.pass_time(minutes=1)
    complain(shop, subject="Another matter", message_id=first.message_id)
    one, other = shop.cases()
    assert not any(isinstance(event, Noted) for event in shop.timeline(one.id))
    assert [event.note for event in shop.timeline(other.id) if isinstance(event, Noted)] == [
        "its Message-ID was used before for other content"
    ]


def test_the_same_page_received_twice_changes_nothing(shop: Shop) -> None:
    message = shop.box.arrive(WORDS["complaint"])
    page = Page(cursor={"uid": 1}, messages=(message,))
    shop.desk.receive("support", page)
    once = shop.timeline()
    shop.desk.receive("support", page)
    assert shop.timeline() == once


def test_a_further_message_of_another_inbox_does_not_join(tmp_path: Path) -> None:
    inboxes = {"support": MemoryInbox(), "sales": MemoryInbox("sales", "sales@example.com")}
    shop = Shop(tmp_path, book(tmp_path / "playbooks", {"10-shop": SHOP}), NINE, dict(inboxes))
    first = complain(shop, at=NINE)
    inboxes["sales"].arrive(WORDS["complaint again"], after=first.message_id, at=NINE + timedelta(minutes=1))
    shop.run()
    assert [case.inbox for case in shop.cases()] == ["support", "sales"]


def test_a_draft_that_the_inbox_shows_us_is_our_echo_and_no_mail(shop: Shop) -> None:
    complain(shop)
    draft = shop.draft()
    shop.box.arrive(draft.text, message_id=draft.message_id, sender="support@example.com")
    before = shop.timeline()
    shop.run()
    assert shop.timeline() == before


def test_historic_mail_gets_tags_and_no_draft_and_no_reminder(shop: Shop) -> None:
    message = complain(shop, historic=True)
    shop.pass_time(days=9)
    assert shop.box.box.marks[message.key] >= {"complaint"}
    assert (drafts(shop), reminders(shop)) == (0, [])


def test_a_mail_that_could_not_be_read_is_kept_once_with_its_reason(shop: Shop) -> None:
    page = Page(cursor={"uid": 0}, unreadable=(Unreadable(Place("INBOX", 1, 7), "too deep", b"raw"),))
    shop.desk.receive("support", page)
    shop.desk.receive("support", page)
    with shop.desk.store.reading() as session:
        (row,) = session.aside()
        kept = session.aside_as(str(row["id"]))
    assert (row["folder"], row["uid"], row["reason"]) == ("INBOX", 7, "too deep")
    assert "raw" not in row  # a list of them all reads none of them
    assert kept is not None
    assert kept["raw"] == b"raw"


def test_a_message_over_which_we_stumble_is_put_aside_and_holds_up_no_other(shop: Shop) -> None:
    bad, good = shop.box.arrive(WORDS["complaint"], sender="bob@example.net"), shop.box.arrive(WORDS["complaint"])
    broken = replace(bad, at=None)  # type: ignore[arg-type]
    shop.desk.receive("support", Page(cursor={"uid": 2}, messages=(broken, good)))
    assert shop.case.complainant.email == "anna@example.org"
    with shop.desk.store.reading() as session:
        assert [row["uid"] for row in session.aside()] == [bad.place.uid]
        assert session.inbox("support")["cursor"] == '{"uid":2}'


class Full(Store):
    """A store whose disk is full."""

    @contextmanager
    def writing(self, inbox: str | None = None) -> Iterator[Session]:
        with super().writing(inbox) as session:
            yield session
            raise StoreUnavailable(self.url, "database or disk is full")


def test_a_page_is_stored_with_its_cursor_or_not_at_all(shop: Shop) -> None:
    message = shop.box.arrive(WORDS["complaint"])
    working, shop.desk.store = shop.desk.store, Full(store_at(shop.folder / "amends.db"))
    with pytest.raises(StoreUnavailable, match="database or disk is full"):
        shop.desk.receive("support", Page(cursor={"uid": 1}, messages=(message,)))
    shop.desk.store.close()
    shop.desk.store = working
    assert shop.cases() == []
    with working.reading() as session:
        assert session.inbox("support")["cursor"] == '{"uid":0}'


# ---- acts in a mail program ------------------------------------------------------------------------------------------


def test_a_question_that_a_person_marks_becomes_a_case(shop: Shop) -> None:
    message = shop.box.arrive(WORDS["question"])
    shop.run()
    shop.box.say(ActKind.COMPLAINT, message)
    shop.run()
    assert shop.case.status is Status.OPEN
    assert drafts(shop) == 1


def test_a_stranger_in_a_thread_whom_a_person_marks_has_a_case_of_his_own(shop: Shop) -> None:
    first = complain(shop)
    shop.pass_time(minutes=1)
    other = complain(shop, "bob@example.net", after=first.message_id)
    shop.box.say(ActKind.COMPLAINT, other)
    shop.run()
    assert [case.complainant.email for case in shop.cases()] == ["anna@example.org", "bob@example.net"]


def test_marking_a_whole_conversation_says_nothing_about_our_own_words(shop: Shop) -> None:
    first = complain(shop)
    ours = shop.box.arrive(WORDS["answer"], sender="anna@example.org", after=first.message_id, sent=True)
    shop.run()
    before = shop.timeline()
    for message in (first, ours):
        shop.box.say(ActKind.COMPLAINT, message)
    shop.run()
    assert shop.timeline() == before


def test_not_a_complaint_said_of_another_message_of_the_thread_does_not_end_the_case(shop: Shop) -> None:
    first = complain(shop)
    other = shop.box.arrive(WORDS["thanks"], after=first.message_id)
    shop.run()
    shop.box.say(ActKind.NOT_A_COMPLAINT, other)
    shop.run()
    assert shop.case.status is Status.OPEN


def test_a_mail_marked_not_a_complaint_loses_our_tags_and_no_others(shop: Shop) -> None:
    message = shop.box.arrive(WORDS["complaint"])
    tags = tags_of(shop.desk._judge.assess(message))
    before = {"vip", tags[1]}  # its category stood on it already
    shop.box.box.marks[message.key] = set(before)
    shop.run()
    assert shop.box.box.marks[message.key] == {"vip", *tags}
    shop.box.say(ActKind.NOT_A_COMPLAINT, message)
    shop.run()
    assert shop.box.box.marks[message.key] == before
    assert drafts(shop) == 0


def test_answered_said_of_a_mail_that_was_not_read_yet_does_not_settle_what_it_is(shop: Shop) -> None:
    message = shop.box.arrive(WORDS["complaint"])
    act = MemoryInbox(clock=lambda: NINE)
    act.say(ActKind.ANSWERED, message)
    shop.desk.receive("support", Page(cursor={"uid": 0}, acts=tuple(act.box.acts)))
    shop.run()
    assert shop.case.status is Status.OPEN


def test_a_copy_of_our_answer_that_nothing_vouches_for_counts_once_it_is_found_in_sent(shop: Shop) -> None:
    first = complain(shop)
    copy = shop.box.arrive(WORDS["answer"], after=first.message_id, sent=True, genuine=False)
    shop.run()
    assert not shop.case.replies
    shop.box.put(replace(copy, place=Place("Sent", 1, 0), genuine=True))
    shop.run()
    assert shop.case.replies == ((copy.message_id, NINE),)


# ---- the caps on drafts ----------------------------------------------------------------------------------------------


def test_one_sender_gets_twenty_drafts_an_hour_and_the_rest_is_tagged(shop: Shop) -> None:
    for number in range(25):
        shop.box.arrive(WORDS["complaint"], subject=f"Matter {number}")
    shop.run()
    assert drafts(shop) == 20
    assert len(shop.cases()) == 25
    assert all("complaint" in marks for marks in shop.box.box.marks.values())
    shop.pass_time(minutes=59)
    complain(shop, subject="Within the hour")
    assert drafts(shop) == 20
    complain(shop, "bob@example.net")
    shop.pass_time(minutes=2)
    complain(shop, subject="After the hour")
    assert drafts(shop) == 22


def test_all_mail_that_fails_dmarc_gets_twenty_drafts_an_hour_together(shop: Shop) -> None:
    for number in range(25):
        shop.box.arrive(WORDS["complaint"], sender=f"somebody{number}@example.net", trusted=False)
    shop.box.arrive(WORDS["complaint"], sender="anna@example.org", trusted=True)
    shop.run()
    assert drafts(shop) == 21


def test_words_of_mail_that_failed_dmarc_stand_in_no_later_draft_either(shop: Shop) -> None:
    """Whoever is answered may never have written: not after our reply, his own next mail, or the resolution."""
    planned = SHOP.replace("- draft", "- due_by: {for: update, every: 1 business day, draft: news}\n  - draft")
    more = "name: more\nabout: More mail.\nwhen: message_received\nthen:\n  - draft: {text: more, for: answer}\n"
    shop.change(book(shop.folder / "playbooks", {"10-shop": planned, "20-later": LATER, "30-more": more}))
    forged = complain(shop, name="Canary", trusted=False)
    shop.box.arrive("We look into it.", after=forged.message_id, sent=True, at=shop.now)
    shop.pass_time(days=1, hours=7)
    news = shop.draft("update")
    shop.box.arrive("What do you mean?", after=forged.message_id, name="Victim", trusted=True, at=shop.now)
    shop.run()
    answer = shop.draft("answer")
    shop.act(Resolve(at=shop.now, outcome="upheld"))
    shop.pass_time(days=4)
    written = [news, answer, shop.draft("follow_up")]
    assert [(draft.to.name, draft.quoted) for draft in written] == [("", "")] * 3


def test_the_cap_holds_for_drafts_that_were_planned_earlier(shop: Shop) -> None:
    news = "- due_by: {for: update, every: 1 business day, draft: news}"
    planned = SHOP.replace("- draft: {text: thanks-for-telling}", news)
    shop.change(book(shop.folder / "playbooks", {"10-shop": planned}))
    for number in range(30):
        shop.box.arrive(WORDS["complaint"], subject=f"Matter {number}")
    shop.run()
    assert drafts(shop) == 0
    shop.pass_time(days=1, hours=7)
    assert drafts(shop) == 20


# ---- what is due -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "subjects"), [(5, 5), (6, 1)])
def test_more_than_five_due_in_one_pass_come_as_one_list(shop: Shop, count: int, subjects: int) -> None:
    for number in range(count):
        shop.box.arrive(WORDS["complaint"], sender=f"somebody{number}@example.net")
    shop.run()
    shop.pass_time(hours=4)
    assert len(reminders(shop)) == subjects
    assert ("To do: 6 things about complaints" in reminders(shop)) == (count == 6)


def test_what_is_overdue_after_downtime_comes_as_one_list(shop: Shop) -> None:
    complain(shop)
    complain(shop, "bob@example.net")
    shop.pass_time(days=2)
    assert reminders(shop) == ["To do: 2 things about complaints"]


def test_a_list_is_settled_only_when_all_on_it_has_ended(shop: Shop) -> None:
    complain(shop)
    complain(shop, "bob@example.net")
    shop.pass_time(days=2)
    for case, left in zip(shop.cases(), (1, 0), strict=True):
        (task,) = case.open_tasks(Kind.ACKNOWLEDGEMENT)
        shop.desk.act(case.id, EndTask(key=task.key, done=True))
        shop.run()
        assert len(reminders(shop)) == left


def test_a_list_that_is_half_done_can_still_be_ticked_off(shop: Shop) -> None:
    complain(shop)
    complain(shop, "bob@example.net")
    shop.pass_time(days=2)
    first, second = shop.cases()
    shop.desk.act(first.id, EndTask(key=first.open_tasks(Kind.ACKNOWLEDGEMENT)[0].key, done=True))
    shop.run()
    shop.box.tick_off(next(iter(shop.box.box.reminders)))
    shop.run()
    with shop.desk.store.reading() as session:
        assert session.case(second.id).open_tasks(Kind.ACKNOWLEDGEMENT) == ()


def test_a_list_no_longer_speaks_of_what_was_put_off(shop: Shop) -> None:
    complain(shop)
    complain(shop, "bob@example.net")
    shop.pass_time(days=2)
    first, second = shop.cases()
    key = first.open_tasks(Kind.ACKNOWLEDGEMENT)[0].key
    shop.desk.act(first.id, Snooze(key=key, until=shop.now + timedelta(hours=1), by="jo"))
    shop.run()
    assert reminders(shop) == ["To do: 2 things about complaints"]
    shop.pass_time(hours=1)
    assert len(reminders(shop)) == 2
    shop.box.tick_off(next(iter(shop.box.box.reminders)))
    shop.run()
    left = [(case.id, [task.state for task in case.open_tasks(Kind.ACKNOWLEDGEMENT)]) for case in shop.cases()]
    assert left == [(first.id, ["raised"]), (second.id, [])]


def test_reminders_can_be_off(tmp_path: Path) -> None:
    playbooks = book(tmp_path / "playbooks", {"10-shop": SHOP})
    shop = Shop(tmp_path, playbooks, NINE, options={"reminders": ""})
    complain(shop)
    shop.pass_time(hours=4)
    assert [task.state for task in shop.case.open_tasks(Kind.ACKNOWLEDGEMENT)] == [TaskState.RAISED]
    assert reminders(shop) == []


def test_a_running_case_keeps_the_playbooks_and_letters_it_started_with(shop: Shop) -> None:
    shop.change(book(shop.folder / "playbooks", {"10-shop": SHOP, "20-later": LATER}))
    complain(shop)
    (shop.folder / "playbooks" / "drafts" / "ask.en.txt").write_text("Something else.\n")
    shop.change(book(shop.folder / "playbooks", {"10-shop": SHOP.replace("4 business hours", "1 business hour")}))
    shop.act(Resolve(at=shop.now))
    shop.pass_time(days=1, hours=8)
    assert shop.draft("follow_up").text.startswith("This is the letter ask.")
    complain(shop, "bob@example.net")
    assert [due.span for case in shop.cases() for due in case.due] == ["4 business hours", "1 business hour"]


def test_a_changed_calendar_moves_the_open_due_bys_and_says_so(shop: Shop) -> None:
    news = "  - due_by: {for: update, every: 2 business days, draft: news}\n"
    shop.change(book(shop.folder / "playbooks", {"10-shop": SHOP + news}))
    complain(shop)
    shop.act(SayReplied(at=shop.now, how="by phone"))
    shop.change(shop.book, Hours.parse("default", "Europe/London", {"mon-fri": "09:00-17:00"}, [date(2026, 11, 3)]))
    shop.pass_time(minutes=1)
    assert [event.note for event in shop.timeline() if isinstance(event, Noted)] == [
        "update moved from Wed 4 Nov 2026 17:00 Europe/London to Thu 5 Nov 2026 17:00 Europe/London: "
        "the calendar changed"
    ]
    assert [task.run_at for task in shop.case.open_tasks(Kind.UPDATE)] == [MONDAY + timedelta(days=3, hours=17)]
    before = shop.timeline()
    shop.change(shop.book, shop.hours)
    shop.pass_time(minutes=1)
    assert shop.timeline() == before
    shop.pass_time(days=2, hours=9)
    assert reminders(shop) == []  # Wednesday evening, when it was due before
    shop.pass_time(days=1)
    assert reminders(shop) == ["To do: send an update - Hello"]


def test_a_sites_playbook_replaces_the_packs_of_the_same_name(tmp_path: Path) -> None:
    own = SHOP.replace("name: shop", "name: acknowledge")
    shop = Shop(tmp_path, book(tmp_path / "playbooks", {"90-own": own}, "general"), NINE)
    complain(shop)
    due = shop.case.due_by("acknowledgement")
    assert due is not None
    assert due.playbook == "acknowledge"
    update = shop.case.due_by("update")
    assert update is not None
    assert update.playbook == "faulty-product"  # the pack's own for the matter; the site's for all names no update


# ---- when something breaks -------------------------------------------------------------------------------------------


class Flaky(MemoryInbox):
    """A memory inbox that fails on demand: before anything is written, or after all of it was."""

    def __init__(self, name: str = "support") -> None:
        super().__init__(name, f"{name}@example.com")
        self.before: list[Exception] = []
        self.after: list[Exception] = []

    def write(self, changes: Sequence[Change]) -> Sequence[Receipt]:
        if changes and self.before:
            raise self.before.pop(0)
        receipts = super().write(changes)
        if changes and self.after:
            raise self.after.pop(0)
        return receipts


@pytest.fixture
def flaky(tmp_path: Path) -> tuple[Shop, Flaky]:
    inbox = Flaky()
    inboxes: dict[str, Inbox] = {"support": inbox, "sales": Flaky("sales")}
    return Shop(tmp_path, book(tmp_path / "playbooks", {"10-shop": SHOP}), NINE, inboxes), inbox


@pytest.mark.parametrize("lost", [InboxUnavailable("support", "the answer was lost"), RuntimeError("killed")])
def test_a_crash_between_writing_and_storing_doubles_nothing(flaky: tuple[Shop, Flaky], lost: Exception) -> None:
    shop, inbox = flaky
    inbox.after.append(lost)
    complain(shop)
    assert (drafts(shop), shop.case.drafts) == (1, ())
    shop.pass_time(minutes=10)
    assert drafts(shop) == 1
    assert [draft.fate for draft in shop.case.drafts] == [DraftFate.WRITTEN]
    inbox.after.append(lost)
    shop.pass_time(hours=4)
    shop.pass_time(minutes=10)
    assert len(reminders(shop)) == 1


@pytest.mark.parametrize(
    ("error", "pause", "kind"),
    [
        (InboxUnavailable("support", "no answer"), timedelta(seconds=2), "unreachable"),
        (InboxRefused("support", "wrong password"), timedelta(minutes=5), "refused"),
        (ValueError("a fault of ours"), timedelta(minutes=5), "unwritten"),
    ],
)
def test_an_inbox_that_fails_is_tried_again_and_holds_up_no_other(
    flaky: tuple[Shop, Flaky], error: Exception, pause: timedelta, kind: str
) -> None:
    shop, inbox = flaky
    sales = shop.inboxes["sales"]
    assert isinstance(sales, MemoryInbox)
    inbox.before.append(error)
    inbox.arrive(WORDS["complaint"], at=shop.now)
    sales.arrive(WORDS["complaint"], at=shop.now)
    shop.run()
    assert (drafts(shop), len(sales.box.drafts)) == (0, 1)
    with shop.desk.store.reading() as session:
        assert str(error) in session.faults()[0][2]
        assert session.inbox("support")["fault_kind"] == kind
    shop.now += pause - timedelta(seconds=1)
    shop.run()
    assert drafts(shop) == 0
    shop.now += timedelta(seconds=1)
    shop.run()
    assert drafts(shop) == 1


class Refusing(MemoryInbox):
    """A memory inbox whose Drafts is full."""

    full = True

    def _write(self, change: Change) -> Receipt:
        if change.draft is None or not self.full:
            return super()._write(change)
        return replace(super()._write(replace(change, draft=None)), refused="Drafts is full")


def test_a_refused_draft_is_said_once_and_tried_again_while_its_tags_are_on(tmp_path: Path) -> None:
    inbox = Refusing()
    shop = Shop(tmp_path, book(tmp_path / "playbooks", {"10-shop": SHOP}), NINE, {"support": inbox})
    message = complain(shop)
    shop.pass_time(minutes=6)
    shop.pass_time(minutes=6)
    kinds = [type(event).__name__ for event in shop.timeline()]
    assert (kinds.count("TaskRefused"), kinds.count("TagsKept")) == (1, 1)
    assert "complaint" in inbox.box.marks[message.key]
    inbox.full = False
    shop.pass_time(minutes=6)
    assert drafts(shop) == 1


class Meddling(MemoryInbox):
    """A memory inbox in which a person acts at the very moment something is written."""

    meddle: Callable[[], object] | None = None

    def write(self, changes: Sequence[Change]) -> Sequence[Receipt]:
        meddle, self.meddle = self.meddle, None
        if changes and meddle:
            meddle()
        return super().write(changes)


def test_a_draft_that_became_needless_while_it_was_written_is_taken_back(tmp_path: Path) -> None:
    inbox = Meddling()
    shop = Shop(tmp_path, book(tmp_path / "playbooks", {"10-shop": SHOP}), NINE, {"support": inbox})
    inbox.meddle = lambda: shop.desk.act(shop.case.id, SayReplied(at=NINE, how="by phone"))
    complain(shop)
    shop.run()
    assert drafts(shop) == 0
    assert [draft.fate for draft in shop.case.drafts] == [DraftFate.WITHDRAWN]


def test_a_reminder_that_became_needless_before_it_was_written_is_not_written(flaky: tuple[Shop, Flaky]) -> None:
    shop, inbox = flaky
    complain(shop)
    inbox.before.append(InboxUnavailable("support", "no answer"))
    shop.pass_time(hours=4)
    shop.act(SayReplied(at=shop.now, how="by phone"))
    shop.pass_time(minutes=10)
    assert inbox.box.reminders == {}


class Unreachable(MemoryInbox):
    """A memory inbox that does not answer once it was attached, until it is `there` again."""

    there = True

    def fetch(self, cursor: Cursor | None, memory: Memory) -> Iterator[Page]:
        if not self.there:
            raise InboxUnavailable("support", "no answer", "look at the network")
        return super().fetch(cursor, memory)


def test_a_poll_that_fails_is_remembered_until_one_goes_well(tmp_path: Path) -> None:
    inbox = Unreachable()
    shop = Shop(tmp_path, book(tmp_path / "playbooks", {"10-shop": SHOP}), NINE, {"support": inbox})
    inbox.there = False
    with pytest.raises(InboxError, match="inbox support: no answer - look at the network"):
        shop.desk.poll("support")
    with shop.desk.store.reading() as session:
        assert "no answer" in session.inbox("support")["fault"]
    inbox.there = True
    shop.desk.poll("support")
    with shop.desk.store.reading() as session:
        assert session.inbox("support")["fault"] == ""


def test_a_case_of_an_inbox_that_is_gone_holds_up_nothing(flaky: tuple[Shop, Flaky]) -> None:
    shop, _ = flaky
    complain(shop)
    del shop.inboxes["support"]
    shop.inboxes["sales"].arrive(WORDS["complaint"], at=NINE + timedelta(hours=1))  # type: ignore[attr-defined]
    shop.change(shop.book)
    shop.pass_time(hours=4)
    with shop.desk.store.reading() as session:
        assert ("support", "inbox support is not configured") in {(who, why) for who, _, why in session.faults()}
    assert [case.inbox for case in shop.cases() if case.drafts] == ["support", "sales"]


def test_there_is_no_such_case(shop: Shop) -> None:
    with pytest.raises(UnknownCase, match="case c0: there is none with this id - `amends cases` lists them"):
        shop.desk.act("c0", Reopen())


def test_two_desks_on_one_store_do_not_overwrite_each_other(shop: Shop) -> None:
    complain(shop)
    other = Desk(shop.desk.store, {}, shop.desk.policies, shop.desk._judge, lambda: shop.now)
    with pytest.raises(Conflict), shop.desk.store.writing() as session:
        stale = replace(session.case(shop.case.id), version=1)
        session.append(stale, [Noted(at=shop.now, note="old")])
    other.act(shop.case.id, SayReplied(at=shop.now, how="by phone"))
    assert len(shop.case.replies) == 1


class Stumbling(Judge):
    """A judge with a fault of ours: one subject makes it fall."""

    def glance(self, message: Message) -> Assessment:
        """As every judge does, but for that one."""
        if message.subject == "stumble":
            raise IndexError("a fault of ours")
        return super().glance(message)


def test_a_message_over_which_we_stumble_is_put_aside_and_the_rest_goes_on(shop: Shop) -> None:
    desk = Desk(shop.desk.store, {"support": shop.box}, shop.desk.policies, Stumbling(), lambda: shop.now)
    for subject in ("before", "stumble", "after"):
        shop.box.arrive(WORDS["complaint"], sender=f"{subject}@example.org", subject=subject, at=shop.now)
    desk.poll("support")
    desk.run_due()
    assert drafts(shop) == 2
    with desk.store.reading() as session:
        (aside,) = session.aside()
    assert aside["reason"] == "Amends stumbled over it: IndexError: a fault of ours"
    assert desk.poll("support") == 0


def test_someone_without_an_address_to_answer_gets_no_draft(shop: Shop) -> None:
    complain(shop, sender="root")
    assert drafts(shop) == 0
    assert any(isinstance(event, Noted) and "no address" in event.note for event in shop.timeline())


def test_an_update_promises_the_day_by_which_the_next_one_is_due(tmp_path: Path) -> None:
    text = (
        "name: weekly\nwhen: complaint_received\nthen:\n"
        "  - due_by: {for: update, every: 7 days, roll: next, draft: how-it-stands}\n"
    )
    folder = tmp_path / "playbooks"
    book(folder, {"weekly": text})
    (folder / "drafts" / "how-it-stands.en.txt").write_text("Next by {update_by}.\n", "utf-8")
    shop = Shop(tmp_path, load_book([], folder, calendars={"default": HOURS}))
    shop.now += timedelta(hours=10)
    shop.box.arrive(WORDS["complaint"], at=shop.now)
    shop.run()
    shop.pass_time(
        days=5, hours=7
    )  # a Saturday: three quarters of the way, and a week before another one, which is closed
    written = shop.draft("update")
    shop.act(SayReplied(at=shop.now, how="mail"))
    due = shop.case.due_by("update")
    assert due is not None
    assert due.due_at is not None
    assert HOURS.shown(due.due_at).startswith("Mon ")
    assert "Next by Monday" in written.text
