"""What Amends did can be taken back, of one case or of all: what it made goes, what a person made stays."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.faults.house import Account, flags
from tests.faults.letters import letter
from tests.faults.old import snapshot
from tests.witness import eventually

SHOP = """
    name: in-a-hurry
    when: complaint_received
    then:
      - due_by: {for: acknowledgement, within: 1 seconds}
"""
UNDO_ALL = ("undo", "--inbox", "support", "--all", "--yes")


def three_complaints(ours: Account) -> None:
    """Each with tags, a draft and a reminder; one draft is edited by a person, and one sent."""
    ours.shop.playbook("in-a-hurry", SHOP)
    for number in range(3):
        ours.witness.append("INBOX", letter(number, complaint=True).raw(), ("vip",) if number == 1 else ())
    ours.shop.once()
    time.sleep(1.0)  # what was due within a second is overdue by then, however fast the machine
    ours.shop.once()
    assert len(ours.drafts()) == len(reminders(ours)) == 3


def reminders(ours: Account) -> list[str]:
    return [subject for subject in ours.inbox() if subject.startswith("To do: ")]


def cases(ours: Account) -> dict[str, dict[str, Any]]:
    return {case["subject"]: case for case in ours.shop.json("cases")["cases"]}


def change(text: str) -> str:
    return f"{text}\nPS: by a person\n"


def test_one_case_is_undone_and_the_others_stay(ours: Account) -> None:
    three_complaints(ours)
    subject = letter(0, complaint=True).subject
    case = cases(ours)[subject]["id"]
    before = snapshot(ours)
    for unclear in ((), ("--inbox", "support"), (case, "--inbox", "support", "--all"), ("c0ffee",)):
        assert ours.shop.amends("undo", *unclear, stdin=b"y\n").returncode == 2
    assert ours.shop.amends("undo", "--inbox", "support", "--all", stdin=b"n\n").returncode == 1
    assert snapshot(ours) == before
    asked = ours.shop.amends("undo", case, stdin=b"y\n")
    assert asked.returncode == 0, asked.stderr.decode()
    assert "1 that nobody has touched" in asked.stdout.decode()
    held = flags(ours)
    assert held[subject] == frozenset()
    assert {len(kept) > 2 for other, kept in held.items() if other.endswith((" 1", " 2")) and "To do" not in other} == {
        True
    }
    assert len(ours.drafts()) == 2
    assert len(reminders(ours)) == 2
    found = cases(ours)
    assert (found[subject]["status"], found[subject]["undone"]) == ("resolved", True)
    assert [case["undone"] for case in found.values()].count(True) == 1
    again, after = ours.shop.amends("undo", case, "--yes"), snapshot(ours)
    assert again.returncode == 0
    told = f"case {case}: it is undone already, and nothing of ours is left there, so there is nothing to do.\n"
    assert again.stdout.decode() == told
    assert snapshot(ours) == after


def test_a_whole_inbox_is_undone_and_looks_as_before_but_for_what_people_wrote(ours: Account) -> None:
    three_complaints(ours)
    edited, sent, _ = ours.drafts()
    ours.witness.append("Drafts", edited.mail.as_bytes().replace(b"regards", b"cheers"), ("\\Draft",))
    ours.witness.remove("Drafts", edited.uid)
    ours.witness.send(sent, change)
    ours.shop.once()
    told = ours.shop.amends(*UNDO_ALL)
    assert told.returncode == 0, told.stderr.decode()
    assert "1 edited and 1 sent drafts" in told.stdout.decode()
    assert [held for held in flags(ours).values() if held] == [{"vip"}]  # it was there before us
    assert reminders(ours) == []
    (left,) = ours.drafts()
    assert "cheers" in left.text
    assert len(ours.witness.folder("Sent")) == 1
    assert all(case["undone"] for case in cases(ours).values())


def test_what_was_undone_is_left_alone_until_a_person_says_otherwise(ours: Account) -> None:
    three_complaints(ours)
    assert ours.shop.amends(*UNDO_ALL).returncode == 0
    after = snapshot(ours)
    ours.shop.once()
    assert snapshot(ours) == after
    first = letter(0, complaint=True)
    again = ours.witness.write(first.text, subject=f"Re: {first.subject}", sender="customer0@example.org",
                               after=first.message_id)  # fmt: skip
    ours.witness.append("INBOX", again)
    ours.shop.once()
    assert ours.drafts() == []
    assert flags(ours)[f"Re: {first.subject}"] == frozenset()
    assert len(cases(ours)) == 3

    one, other = letter(1, complaint=True).subject, letter(2, complaint=True).subject
    ours.witness.flag(ours.inbox()[one].uid, "complaint")
    assert ours.shop.amends("reopen", cases(ours)[other]["id"]).returncode == 0
    ours.shop.once()
    assert {subject for subject, case in cases(ours).items() if not case["undone"]} == {one, other}
    assert len(ours.drafts()) == 2
    assert "category-billing" in flags(ours)[other]


@pytest.mark.long
def test_a_run_at_work_takes_it_back(ours: Account) -> None:
    three_complaints(ours)
    with ours.shop.running():
        eventually(lambda: ours.shop.address, "register")
        told = ours.shop.amends(*UNDO_ALL)
        assert "by amends run" in told.stdout.decode()
        eventually(lambda: not ours.drafts() and not reminders(ours), "taking back")


LONG = [pytest.param(point, nth, marks=pytest.mark.long) for point in ("append", "commit", "tag", "schedule")
        for nth in range(2, 11)]  # fmt: skip


@pytest.mark.parametrize(("point", "nth"), [("tag", 2), *LONG])
def test_killed_anywhere_it_goes_on(ours: Account, point: str, nth: int) -> None:
    three_complaints(ours)
    ours.shop.forks.run(ours.shop.folder, *UNDO_ALL, point=point, nth=nth)
    assert ours.shop.amends(*UNDO_ALL).returncode == 0
    assert [held for held in flags(ours).values() if held] == [{"vip"}]
    assert ours.drafts() == []
    assert reminders(ours) == []
