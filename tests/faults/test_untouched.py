"""A thousand mails: nothing changes but the tags that were asked for, and not even that when all numbers change."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.house import Account, House, asked
from tests.faults.letters import Letter, letter, letters
from tests.faults.table import record
from tests.proxy import Proxy
from tests.witness import Flags, Seen

FOLDERS = ("INBOX", "Shop", "Drafts", "Sent", "Trash")
PEOPLES = {5: ("\\Seen",), 6: ("\\Flagged", "Work"), 7: ("\\Seen", "$Label1"), 8: ("\\Deleted",), 9: ("\\Draft",)}
"""What people and other programs had put on the letters of these UIDs before Amends saw them."""
HOUSES = [
    pytest.param(("house", 1000), id="Dovecot"),
    pytest.param(("second_house", 200), id="Cyrus"),
    pytest.param(("second_house", 1000), id="Cyrus-1000", marks=pytest.mark.long),
]


@dataclass(frozen=True, slots=True)
class Full:
    """A mailbox with many mails that were all handled, and how it was before that."""

    ours: Account
    proxy: Proxy
    letters: list[Letter]
    before: dict[int, Flags]

    @property
    def size(self) -> str:
        return f"{len(self.letters):,} mails"


@pytest.fixture(scope="module", params=HOUSES)
def full(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Full]:
    """The tests of this module look at it one after the other, in their order."""
    name, count = request.param
    house: House = request.getfixturevalue(name)
    folder, arriving = tmp_path_factory.mktemp("full"), list(letters(count, share=0.35, seed=7))
    with (
        Proxy(house.server.host, house.server.port) as proxy,
        house.account(folder, port=proxy.port, more="folders: [INBOX, Shop]", attach=False) as ours,
    ):
        ours.witness.make("Shop")
        ours.shop.once()
        ours.witness.append_all("Shop", (one.raw() for one in arriving))
        for uid, marks in PEOPLES.items():
            ours.witness.flag(uid, *marks, folder="Shop")
        before = ours.witness.state("Shop")
        ours.shop.once()
        yield Full(ours, proxy, arriving, before)


def test_m06_of_many_mails_only_the_complaints_carry_tags_and_nothing_else_changes(full: Full) -> None:
    after_one, drafts = state(full.ours), full.ours.drafts()
    changed = [uid for uid, held in without_tags(full.ours).items() if held != full.before[uid]]
    assert tagged(full.ours) == asked(full.ours)
    assert set(asked(full.ours)) == {one.subject for one in full.letters if one.complaint}
    assert answered(drafts) == complaints(full)

    full.ours.shop.once()
    full.ours.shop.once()
    again = state(full.ours)
    record("M06", f"{full.size}: {len(changed)} changed", changed == [] and again == after_one, full.ours.server.name)
    assert changed == []
    assert again == after_one
    assert [draft.mail.as_bytes() for draft in full.ours.drafts()] == [draft.mail.as_bytes() for draft in drafts]
    assert full.ours.shop.json("quarantine") == {"quarantine": []}


def test_m01_another_uidvalidity_is_met_with_headers_alone_and_nothing_is_done_again(full: Full) -> None:
    tags, drafts = tagged(full.ours), state(full.ours)["Drafts"]
    before = full.ours.witness.numbers("Shop")["UIDVALIDITY"]
    full.ours.witness.made_anew("Shop")
    assert full.ours.witness.numbers("Shop")["UIDVALIDITY"] != before
    full.proxy.reset()
    began = time.monotonic()
    full.ours.shop.once()
    took, told, bodies = time.monotonic() - began, full.proxy.received, bodies_asked(full.proxy)

    doubled = len(full.ours.drafts()) - len(complaints(full))
    lost = len(set(complaints(full)) - set(answered(full.ours.drafts())))
    right = not (doubled or lost or bodies) and tagged(full.ours) == tags and took <= 30
    cost = f"{bodies} bodies, {told / len(full.letters):.0f} B a mail, {took:.0f} s"
    record("M01", f"{full.size}: {doubled} doubled, {lost} lost, {cost}", right, full.ours.server.name)
    assert (doubled, lost, bodies) == (0, 0, 0)
    assert tagged(full.ours) == tags
    assert state(full.ours)["Drafts"] == drafts
    assert len(asked(full.ours)) == len(complaints(full))

    later = letter(5000, complaint=True)
    full.ours.witness.append("Shop", later.raw())
    full.ours.shop.once()
    assert answered(full.ours.drafts()) == sorted([*complaints(full), later.message_id])


def test_mail_that_was_there_before_us_gets_nothing_at_all(house: House, tmp_path: Path) -> None:
    with house.account(tmp_path, attach=False) as ours:
        for number in range(30):
            ours.witness.append("INBOX", letter(number, complaint=True).raw())
        before = ours.witness.state("INBOX")
        ours.shop.once()
        ours.shop.once()
        assert ours.witness.state("INBOX") == before
        assert ours.drafts() == []
        assert asked(ours) == {}


def complaints(full: Full) -> list[str]:
    return sorted(one.message_id for one in full.letters if one.complaint)


def state(ours: Account) -> dict[str, dict[int, Flags]]:
    return {folder: ours.witness.state(folder) for folder in FOLDERS}


def tagged(ours: Account) -> dict[str, Flags]:
    """The tags each mail carries, without what people had put there."""
    found = {
        str(seen.mail["Subject"]): seen.flags - frozenset(PEOPLES.get(seen.uid, ()))
        for seen in ours.inbox("Shop").values()
    }
    return {subject: held for subject, held in found.items() if held}


def without_tags(ours: Account) -> dict[int, Flags]:
    """The flags of each mail without the tags the register has for it."""
    tags = asked(ours)
    return {
        seen.uid: seen.flags - tags.get(str(seen.mail["Subject"]), frozenset()) for seen in ours.inbox("Shop").values()
    }


def answered(drafts: list[Seen]) -> list[str]:
    return sorted(str(draft.mail["In-Reply-To"]) for draft in drafts)


def bodies_asked(proxy: Proxy) -> int:
    """How many commands asked for whole messages."""
    return len(re.findall(rb"BODY\.PEEK\[\]", proxy.said))
