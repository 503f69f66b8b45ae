"""Due while nobody was at work, several at work at once, clocks that jump, and mails that lie about their date."""

from __future__ import annotations

import multiprocessing
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from plugin.config import load
from plugin.desk import Desk, open_desk
from plugin.jobs import run_once
from plugin.timeline import TaskRaised
from tests.faults.house import Account
from tests.faults.letters import letter
from tests.faults.table import record
from tests.player import WORDS, Shop, book
from tests.witness import Seen

HALF_AN_HOUR = """\
    name: half-an-hour
    about: An answer within half an hour.
    when: complaint_received
    then:
      - due_by: {for: acknowledgement, within: 30 minutes}
    """
FOUR = """\
name: four
about: Four dates for each complaint.
when: complaint_received
then:
  - due_by: {for: acknowledgement, within: 1 hour}
  - due_by: {for: update, every: 2 hours}
  - due_by: {for: resolution, within: 3 hours}
  - follow_up: {after: 1 hour, from: receipt, draft: ask}
"""


@contextmanager
def desk_at(ours: Account, monkeypatch: pytest.MonkeyPatch, now: datetime) -> Iterator[Desk]:
    """Amends on a machine whose clock shows this."""
    monkeypatch.chdir(ours.shop.folder)
    desk = open_desk(load(Path("amends.yaml")), lambda: now)
    try:
        yield desk
    finally:
        desk.close()


def cases(ours: Account) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ours.shop.json("cases")["cases"]
    return found


def reminders(ours: Account) -> list[Seen]:
    return [seen for seen in ours.witness.folder("INBOX") if str(seen.mail["Subject"]).startswith("To do: ")]


def test_s01_what_fell_due_while_nobody_was_at_work_is_all_done_late_and_said_to_be(
    each: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty dates within ten minutes; Amends comes back a quarter of an hour behind the last of them."""
    each.shop.playbook("half-an-hour", HALF_AN_HOUR)
    now = datetime.now(UTC).replace(microsecond=0)
    for number in range(50):
        at = now - timedelta(seconds=12 * number)
        each.witness.append("INBOX", letter(number, complaint=True).raw(), at=at)
    each.shop.once()
    assert reminders(each) == []
    for _ in range(2):
        with desk_at(each, monkeypatch, now + timedelta(minutes=45)) as desk:
            assert run_once(desk) == []
    tasks = each.shop.json("tasks")["tasks"]
    raised = [task for task in tasks if task["kind"] == "acknowledgement" and task["state"] == "raised"]
    missed = [
        case for case in cases(each) if any(due["for"] == "acknowledgement" and due["missed"] for due in case["due"])
    ]
    told = reminders(each)
    listed = sum(len(re.findall(r"(?m)^\d+\. acknowledge", seen.text)) for seen in told)
    right = (len(raised), len(missed), len(told), listed) == (50, 50, 1, 50)
    record(
        "S01", f"{len(raised)}/50 done, {len(missed)} marked late, told in {len(told)} list", right, each.server.name
    )
    assert (len(raised), len(missed), len(told), listed) == (50, 50, 1, 50)


# ---- several at work ------------------------------------------------------------------------------------------------


def work(folder: Path, start: Any, now: datetime) -> None:
    """One of several that all think they are the only one."""
    shop = Shop(folder, book(folder / f"books-{multiprocessing.current_process().pid}", {"four": FOUR}), now=now)
    start.wait()
    for _ in range(3):
        shop.desk.run_due()
    shop.desk.close()


def test_s02_four_at_work_on_one_store_do_each_of_a_thousand_tasks_once(tmp_path: Path) -> None:
    shop = Shop(tmp_path, book(tmp_path / "playbooks", {"four": FOUR}))
    for number in range(250):
        shop.box.arrive(WORDS["complaint"], sender=f"anna{number}@example.org", subject=f"Lamp {number}")
    shop.run()
    tasks = {task.key for case in shop.cases() for task in case.tasks if not task.kind.for_inbox}
    later = shop.now + timedelta(hours=5)
    shop.desk.close()
    context = multiprocessing.get_context("fork")  # each opens the store for itself
    start = context.Barrier(4)
    workers = [context.Process(target=work, args=(tmp_path, start, later)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    raised = Counter(event.key for case in shop.cases() for event in shop.timeline(case.id)
                     if isinstance(event, TaskRaised) and event.key in tasks)  # fmt: skip
    right = len(tasks) == 1000 and raised == Counter(tasks)
    record("S02", f"4 at work, {len(tasks):,} tasks: {sum(raised.values()):,} runs", right)
    assert len(tasks) == 1000
    assert raised == Counter(tasks)


# ---- clocks ---------------------------------------------------------------------------------------------------------

FALSE_DATES = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2099, 12, 31, 23, 59, tzinfo=UTC))


def test_s05_a_date_that_lies_starts_no_clock(each: Account) -> None:
    each.shop.playbook("half-an-hour", HALF_AN_HOUR)
    for number, date in enumerate(FALSE_DATES):
        raw = letter(number, complaint=True).raw()
        each.witness.append("INBOX", raw.replace(b"Fri, 20 Nov 2026 08:00:00 +0000", format_datetime(date).encode()))
    begun = datetime.now(UTC) - timedelta(minutes=1)
    each.shop.once()
    each.shop.once()
    found = cases(each)
    breached = sum(due["missed"] for case in found for due in case["due"])
    started = [datetime.fromisoformat(case["received_at"]) for case in found]
    in_time = all(begun <= at <= datetime.now(UTC) + timedelta(minutes=1) for at in started)
    right = len(found) == 2 and not breached and in_time and not reminders(each)
    record("S05", f"Date of 1970 and 2099: {breached} breached at once", right, each.server.name)
    assert (len(found), breached, in_time, reminders(each)) == (2, 0, True, [])


@pytest.mark.parametrize("hours", [1, -1])
def test_s05_a_clock_that_jumps_breaches_nothing_and_doubles_nothing(
    ours: Account, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """The machine's clock jumps, and is set right again; the mail server's goes on."""
    now = datetime.now(UTC)
    ours.witness.append("INBOX", letter(1, complaint=True).raw())
    for jumped in (0, hours, 0):
        with desk_at(ours, monkeypatch, now + timedelta(hours=jumped)) as desk:
            assert run_once(desk) == []
        ours.witness.append("INBOX", letter(20 + 2 * jumped + (jumped == 0), complaint=False).raw())
    ours.witness.append("INBOX", letter(2, complaint=True).raw())
    for jumped in (hours, 0):
        with desk_at(ours, monkeypatch, now + timedelta(hours=jumped)) as desk:
            assert run_once(desk) == []
    breached = sum(due["missed"] for case in cases(ours) for due in case["due"])
    once = ours.answered() == {letter(number, complaint=True).message_id: 1 for number in (1, 2)}
    record("S05", f"clock {hours:+d} h and back: {breached} breached, none doubled", not breached and once)
    assert (breached, once, reminders(ours)) == (0, True, [])
