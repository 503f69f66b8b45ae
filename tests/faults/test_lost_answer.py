"""The server did as it was told, and its answer got lost: the next run finds the letter and lays no second one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.house import Account, House
from tests.faults.letters import letter
from tests.faults.table import record
from tests.proxy import Proxy
from tests.witness import Seen

COMPLAINT = letter(1, complaint=True)
HURRY = """\
    name: hurry
    about: Everything must be answered within a second, so that it is missed.
    when: complaint_received
    then:
      - due_by: {for: acknowledgement, within: 1 second}
    """


@pytest.fixture
def proxy(house: House) -> Iterator[Proxy]:
    with Proxy(house.server.host, house.server.port) as between:
        yield between


@pytest.fixture
def ours(house: House, tmp_path: Path, proxy: Proxy) -> Iterator[Account]:
    with house.account(tmp_path, port=proxy.port) as one:
        yield one


def test_d01_a_lost_answer_to_append_leaves_one_draft(ours: Account, proxy: Proxy) -> None:
    ours.witness.append("INBOX", COMPLAINT.raw())
    it_fails_for_now(ours, proxy, b"APPENDUID")
    (draft,) = ours.drafts()
    ours.shop.once()
    record("D01", f"{len(ours.drafts())} draft after a lost answer", len(ours.drafts()) == 1)
    assert [one.mail.as_bytes() for one in ours.drafts()] == [draft.mail.as_bytes()]
    assert states(ours) == ["written"]


@pytest.mark.long
def test_d01_a_hundred_lost_answers_leave_one_draft_each(ours: Account, proxy: Proxy) -> None:
    letters = [letter(number, complaint=True) for number in range(100)]
    for one in letters:
        ours.witness.append("INBOX", one.raw())
        it_fails_for_now(ours, proxy, b"APPENDUID")
        ours.shop.once()
    once = sum(count == 1 for count in ours.answered().values())
    record("D01", f"one draft in each of {once} runs of 100", once == 100)
    assert ours.answered() == {one.message_id: 1 for one in letters}


def test_d01_several_drafts_laid_at_once_are_all_found_again(ours: Account, proxy: Proxy) -> None:
    letters = [letter(number, complaint=True) for number in range(5)]
    for one in letters:
        ours.witness.append("INBOX", one.raw())
    it_fails_for_now(ours, proxy, b"APPENDUID")
    ours.shop.once()
    assert ours.answered() == {one.message_id: 1 for one in letters}
    assert states(ours) == ["written"] * 5


def test_d01_a_lost_answer_to_append_leaves_one_reminder(ours: Account, proxy: Proxy) -> None:
    ours.doveadm("mailbox update --uid-validity", "4711", "INBOX")  # tells its APPENDUID from that of Drafts
    ours.shop.playbook("hurry", HURRY)
    ours.witness.append("INBOX", COMPLAINT.raw())
    time.sleep(1.1)  # the date passes
    it_fails_for_now(ours, proxy, b"APPENDUID 4711 ")
    (reminder,) = reminders(ours)
    ours.shop.once()
    ours.shop.once()
    assert [one.uid for one in reminders(ours)] == [reminder.uid]
    assert [task["state"] for task in ours.shop.json("tasks")["tasks"]] == ["raised"]


def test_d01_a_lost_answer_to_a_tag_leaves_the_tags_as_asked(ours: Account, proxy: Proxy) -> None:
    ours.witness.append("INBOX", COMPLAINT.raw())
    it_fails_for_now(ours, proxy, b"OK Store completed")
    ours.shop.once()
    (case,) = ours.shop.json("cases")["cases"]
    assert [seen.flags for seen in ours.witness.folder("INBOX")] == [frozenset(case["tags"])]
    assert ours.answered() == {COMPLAINT.message_id: 1}


def it_fails_for_now(ours: Account, proxy: Proxy, lost: bytes) -> None:
    """A run in which this answer is lost ends with 1 and a sentence."""
    proxy.swallow(lost)
    ran = ours.shop.amends("run", "--once")
    assert ran.returncode == 1
    assert "inbox support: lost the connection to 127.0.0.1" in ran.stderr.decode()
    assert "Traceback" not in ran.stderr.decode()


def reminders(ours: Account) -> list[Seen]:
    return [seen for seen in ours.witness.folder("INBOX") if str(seen.mail["Subject"]).startswith("To do: ")]


def states(ours: Account) -> list[str]:
    return [draft["state"] for case in ours.shop.json("cases")["cases"] for draft in case["drafts"]]
