"""The numbers of a folder change: a mail is known by what it is, and nothing is done to it a second time."""

from __future__ import annotations

from pathlib import Path

from tests.faults.house import Account, House, asked
from tests.faults.letters import Letter, letter
from tests.witness import Flags

FIRST = [letter(number, complaint=number % 3 != 0) for number in range(12)]
LATER = [letter(number, complaint=True) for number in (20, 21)]


def deliver(ours: Account, letters: list[Letter], folder: str = "INBOX") -> None:
    for one in letters:
        ours.witness.append(folder, one.raw())


def state(ours: Account) -> dict[str, dict[int, Flags]]:
    return {folder: ours.witness.state(folder) for folder in ("INBOX", "Drafts")}


def complaints(letters: list[Letter]) -> set[str]:
    return {one.message_id for one in letters if one.complaint}


def test_another_uidvalidity_lets_nothing_be_acted_on_twice(ours: Account) -> None:
    deliver(ours, FIRST)
    ours.shop.once()
    before = state(ours)

    renumber(ours, 4711)
    ours.shop.once()
    assert state(ours) == before
    assert len(asked(ours)) == len(complaints(FIRST))

    deliver(ours, LATER)
    ours.shop.once()
    assert ours.answered() == dict.fromkeys(complaints(FIRST + LATER), 1)
    inbox = ours.inbox()
    assert all("complaint" in inbox[one.subject].flags for one in LATER)


def test_mail_that_comes_with_the_new_uidvalidity_is_not_missed(ours: Account) -> None:
    deliver(ours, FIRST)
    ours.shop.once()
    renumber(ours, 4712)
    deliver(ours, LATER)
    ours.shop.once()
    assert ours.answered() == dict.fromkeys(complaints(FIRST + LATER), 1)
    assert len(asked(ours)) == len(complaints(FIRST + LATER))


def test_a_case_goes_on_after_the_numbers_changed(ours: Account) -> None:
    deliver(ours, FIRST)
    ours.shop.once()
    renumber(ours, 4713)
    case = next(case for case in ours.shop.json("cases")["cases"] if case["subject"] == FIRST[1].subject)
    follow = "This is a complaint still! My order arrived broken and nobody answers, I am very disappointed."
    uid = len(FIRST) + 1
    ours.witness.deliver(follow, subject="Again", sender=case["sender"], after=FIRST[1].message_id)
    ours.shop.once()
    assert len(asked(ours)) == len(complaints(FIRST))
    assert "complaint" in ours.witness.state("INBOX")[uid]


def test_a_folder_made_anew_may_use_its_first_uid_for_another_mail(house: House, tmp_path: Path) -> None:
    with house.account(tmp_path, more="folders: [INBOX, Shop]", attach=False) as ours:
        ours.doveadm("mailbox create", "Shop")
        ours.shop.once()
        deliver(ours, FIRST[1:2], "Shop")
        ours.shop.once()
        assert ours.answered() == {FIRST[1].message_id: 1}

        ours.doveadm("mailbox delete", "Shop")
        ours.doveadm("mailbox create", "Shop")
        deliver(ours, LATER, "Shop")
        ours.shop.once()
        assert ours.answered() == dict.fromkeys(complaints(FIRST[1:2] + LATER), 1)
        assert [sorted(flags & {"complaint"}) for flags in ours.witness.state("Shop").values()] == [["complaint"]] * 2


def test_a_folder_that_is_gone_is_no_end_and_its_return_is_seen(house: House, tmp_path: Path) -> None:
    with house.account(tmp_path, more="folders: [INBOX, Shop]", attach=False) as ours:
        ours.doveadm("mailbox create", "Shop")
        ours.shop.once()
        ours.doveadm("mailbox delete", "Shop")
        deliver(ours, FIRST[1:2])
        ours.shop.once()
        ours.doveadm("mailbox create", "Shop")
        deliver(ours, LATER, "Shop")
        ours.shop.once()
        assert ours.answered() == dict.fromkeys(complaints(FIRST[1:2] + LATER), 1)


def renumber(ours: Account, validity: int) -> None:
    """The folder gets another UIDVALIDITY, as after a restore from a backup."""
    ours.doveadm("mailbox update --uid-validity", str(validity), "INBOX")
