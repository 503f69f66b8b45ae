"""kill -9 wherever it hurts: no complaint is lost, nothing is done twice, and the next run makes everything whole."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing

import pytest

from tests.faults.house import Account, House, asked, flags
from tests.faults.letters import Letter, letter
from tests.shop import Shop
from tests.witness import Flags

POINTS = ("fetch", "append", "keyword", "draft", "cursor")
LETTERS = [*(letter(number, complaint=True) for number in range(10)), letter(10, complaint=False),
           letter(11, complaint=False)]  # fmt: skip


@pytest.fixture(scope="module")
def unharmed(house: House, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Flags]:
    """The flags of each letter after a run that nobody killed."""
    with house.account(tmp_path_factory.mktemp("unharmed")) as ours:
        deliver(ours)
        ours.shop.once()
        everything_is_whole(ours)
        assert {subject: held for subject, held in flags(ours).items() if held} == asked(ours)
        return flags(ours)


@pytest.mark.parametrize("nth", range(10))
@pytest.mark.parametrize("point", POINTS)
def test_a_run_killed_anywhere_loses_nothing_and_does_nothing_twice(
    ours: Account, unharmed: dict[str, Flags], point: str, nth: int
) -> None:
    deliver(ours)
    assert ours.shop.killed(point, nth)
    ours.shop.once()
    everything_is_whole(ours)
    assert flags(ours) == unharmed
    before = snapshot(ours)
    ours.shop.once()
    assert snapshot(ours) == before


def deliver(ours: Account) -> None:
    for one in LETTERS:
        ours.witness.append("INBOX", one.raw())


def everything_is_whole(ours: Account) -> None:
    """Every complaint is tagged and has one draft, nothing else was touched, and every mail is in the ledger once."""
    inbox, drafts = ours.inbox(), ours.drafts()
    assert list(inbox) == [one.subject for one in LETTERS]
    assert {subject for subject, seen in inbox.items() if "complaint" in seen.flags} == complaints()
    assert ours.answered() == Counter(one.message_id for one in LETTERS if one.complaint)
    assert len({str(draft.mail["Message-ID"]) for draft in drafts}) == len(drafts)
    assert {draft.flags for draft in drafts} == {frozenset({"\\Draft", "\\Seen"})}
    assert ours.witness.folder("Sent") == ours.witness.folder("Trash") == []
    assert ledger(ours.shop) == [one.message_id for one in sorted(LETTERS, key=by_id)]


def complaints() -> set[str]:
    return {one.subject for one in LETTERS if one.complaint}


def by_id(one: Letter) -> str:
    return one.message_id


def ledger(shop: Shop) -> list[str]:
    with closing(sqlite3.connect(shop.store)) as store:
        return [row[0] for row in store.execute("SELECT message_id FROM message ORDER BY message_id")]


def snapshot(ours: Account) -> dict[str, dict[int, Flags]]:
    return {folder: ours.witness.state(folder) for folder in ("INBOX", "Drafts", "Sent")}
