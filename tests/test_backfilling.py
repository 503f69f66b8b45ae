"""A backlog is taken in page by page, at the rate that was set; what is on record is not read twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click
import pytest

from plugin.cli.backfilling import Rate, RateText, _Reading
from plugin.desk.backfilling import Backfill
from plugin.inbox import InboxUnavailable, Page
from plugin.preview.pages import Pages
from tests.counter import COMPLAINT, FRIDAY, Counter
from tests.stores import ON_BOTH

pytestmark = ON_BOTH


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    counter = Counter(tmp_path)
    for number in range(7):
        counter.mail.arrive(f"{COMPLAINT} {number}", subject=f"Kettle {number}", sender=f"c{number}@example.org",
                            at=FRIDAY - timedelta(days=60 - number))  # fmt: skip
    with counter.store.writing() as session:
        session.keep_inbox("support", cursor='{"uid": 7}')  # as if all of it had lain there before
    yield counter
    counter.close()


def backfill(counter: Counter) -> Backfill:
    return Backfill(counter.desk, "support", FRIDAY - timedelta(days=90))


def mails(pages: list[Page]) -> list[int]:
    return [len(page.messages) for page in pages]


def test_broken_off_between_pages_it_goes_on_behind_the_last_one(counter: Counter) -> None:
    first = backfill(counter)
    for page in list(first.pages(2))[:3]:  # the first one is empty
        first.take(page)
    again = backfill(counter)
    pages = list(again.pages(2))
    assert mails(pages) == [0, 2, 1]
    assert pages[0].ahead is not None
    assert pages[0].ahead.mails == 3
    for page in pages:
        again.take(page)
    assert mails(list(backfill(counter).pages(2))) == [0]
    assert [case["subject"] for case in counter.register.cases()] == [f"Kettle {number}" for number in range(6, -1, -1)]


def test_what_was_laid_by_is_not_read_again_though_it_is_not_on_record(counter: Counter) -> None:
    old = backfill(counter)
    page = list(old.pages(5))[1]
    old.lay(page.messages, page.unreadable)
    assert mails(list(old.pages(5))) == [0, 2]


def test_an_answer_that_came_while_old_mail_was_read_is_seen_by_looking_once_more(counter: Counter) -> None:
    old = backfill(counter)
    pages = list(old.pages(5))
    old.lay(*(page.messages for page in pages))
    first = counter.mail.box.messages[0]
    counter.mail.arrive("It is settled.", subject="Re: Kettle 0", after=first.message_id, at=FRIDAY, sent=True,
                        sender=first.sender.email)  # fmt: skip
    counter.work()  # as `amends run` does beside it: an answer to nothing it knows
    for page in pages:
        old.take(page)
    again = list(old.pages(5))
    assert mails(again) == [0, 1]
    for page in again:
        old.take(page)
    settled = old.settle()
    assert (settled.settled, settled.open) == (1, 6)


def test_pages_laid_by_come_back_as_they_were(counter: Counter) -> None:
    pages, laid = list(backfill(counter).pages(3)), Pages()
    for page in pages:
        laid.put(page)
    assert [(page.messages, page.unreadable, page.acts) for page in laid] == [
        (page.messages, page.unreadable, page.acts) for page in pages
    ]
    assert laid.mails == 7
    laid.close()


def test_an_inbox_that_does_not_answer_is_asked_again_and_nothing_comes_twice(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, breaks, waits = counter.mail.backlog, [1, 2], list[float]()

    def breaking(*asked: object) -> Iterator[Page]:
        for number, page in enumerate(whole(*asked)):  # type: ignore[arg-type]
            yield page
            if breaks and number == breaks[0]:
                breaks.pop()
                raise InboxUnavailable("support", "it hung up")

    monkeypatch.setattr(counter.mail, "backlog", breaking)
    monkeypatch.setattr("plugin.cli.backfilling.time.sleep", waits.append)
    reading = _Reading(old := backfill(counter), Rate(mails=12))
    read = []
    for page in reading.pages("taking in"):
        old.take(page)
        read += [message.subject for message in page.messages]
    assert read == [f"Kettle {number}" for number in range(7)]
    assert [wait for wait in waits if wait == 2.0] == [2.0, 2.0]


def test_so_much_a_minute_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("plugin.cli.backfilling.time.monotonic", lambda: now[0])
    monkeypatch.setattr("plugin.cli.backfilling.time.sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    by_mails, by_size = Rate(mails=600), Rate(size=2_000_000)
    for _ in range(10):
        by_mails.spent(by_mails.at_once, 0)
    assert now[0] - 100 == pytest.approx(60 * 10 * by_mails.at_once / 600, abs=1.5)
    now[0] = 200.0
    for _ in range(10):
        by_size.spent(1, 1_000_000)
    assert now[0] - 200 == pytest.approx(300, abs=1.5)


@pytest.mark.parametrize(
    ("text", "mails", "size"), [("600", 600, 0), ("20MB", 0, 20_000_000), ("500 kB", 0, 500_000), ("1gb", 0, 10**9)]
)
def test_a_rate_is_mails_or_an_amount_a_minute(text: str, mails: int, size: int) -> None:
    rate = RateText().convert(text, None, None)
    assert (rate.mails, rate.size) == (mails, size)


@pytest.mark.parametrize("text", ["0", "fast", "-3", "20XB", "1.5MB"])
def test_anything_else_is_no_rate(text: str) -> None:
    with pytest.raises(click.BadParameter, match="mails a minute"):
        RateText().convert(text, None, None)
