"""A thousand mails, looked at three times: nothing in the mailbox changes but the tags that were asked for."""

from __future__ import annotations

from pathlib import Path

from tests.faults.house import Account, House, asked
from tests.faults.letters import letter, letters
from tests.witness import Flags, Seen

LETTERS = list(letters(1000, share=0.35, seed=7))
FOLDERS = ("INBOX", "Drafts", "Sent", "Trash")
PEOPLES = {5: ("\\Seen",), 6: ("\\Flagged", "Work"), 7: ("\\Seen", "$Label1"), 8: ("\\Deleted",), 9: ("\\Draft",)}
"""What people and other programs had put on the letters of these UIDs before Amends saw them."""


def test_of_a_thousand_mails_only_the_complaints_carry_tags_and_nothing_else_changes(ours: Account) -> None:
    for one in LETTERS:
        ours.witness.append("INBOX", one.raw())
    for uid, marks in PEOPLES.items():
        ours.witness.flag(uid, *marks)
    before = ours.witness.state("INBOX")

    ours.shop.once()
    after_one, drafts = state(ours), ours.drafts()
    assert without_tags(ours) == before
    assert tagged(ours) == asked(ours)
    assert set(asked(ours)) == {one.subject for one in LETTERS if one.complaint}
    assert answered(drafts) == sorted(one.message_id for one in LETTERS if one.complaint)

    ours.shop.once()
    ours.shop.once()
    assert state(ours) == after_one
    assert [draft.mail.as_bytes() for draft in ours.drafts()] == [draft.mail.as_bytes() for draft in drafts]
    assert ours.shop.json("quarantine") == {"quarantine": []}


def test_mail_that_was_there_before_us_gets_nothing_at_all(house: House, tmp_path: Path) -> None:
    with house.account(tmp_path, attach=False) as ours:
        for number in range(30):
            ours.witness.append("INBOX", letter(number, complaint=True).raw())
        before = state(ours)
        ours.shop.once()
        ours.shop.once()
        assert state(ours) == before
        assert asked(ours) == {}


def state(ours: Account) -> dict[str, dict[int, Flags]]:
    return {folder: ours.witness.state(folder) for folder in FOLDERS}


def tagged(ours: Account) -> dict[str, Flags]:
    """The tags each mail carries, without what people had put there."""
    found = {
        str(seen.mail["Subject"]): seen.flags - frozenset(PEOPLES.get(seen.uid, ())) for seen in ours.inbox().values()
    }
    return {subject: held for subject, held in found.items() if held}


def without_tags(ours: Account) -> dict[int, Flags]:
    """The flags of each mail without the tags the register has for it."""
    tags = asked(ours)
    return {seen.uid: seen.flags - tags.get(str(seen.mail["Subject"]), frozenset()) for seen in ours.inbox().values()}


def answered(drafts: list[Seen]) -> list[str]:
    return sorted(str(draft.mail["In-Reply-To"]) for draft in drafts)
