"""kill -9 wherever it hurts: no complaint is lost, nothing is done twice, and the next run makes everything whole."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from tests.faults.house import Account, House, asked, flags
from tests.faults.letters import Letter, letter
from tests.faults.table import record
from tests.shop import Shop
from tests.stores import ask
from tests.witness import Flags

POINTS = ("fetch", "parse", "match", "schedule", "append", "commit", "cursor", "tag", "draft")
"""See `forked`; in the order in which a pass comes to them first."""
_OFTEN = {"Dovecot": 0, "Cyrus": 2}
_HOUSES = {"Dovecot": "house", "Cyrus": "second_house"}


@dataclass(frozen=True, slots=True)
class Kill:
    """On which server, at which point, and at which passing of it."""

    server: str
    point: str
    nth: int

    @property
    def letters(self) -> tuple[Letter, ...]:
        """The mails that arrive before it; enough of them that each point is passed so often."""
        complaints = 10 if self.nth < 5 else 22
        return tuple(letter(number, complaint=number < complaints) for number in range(complaints + 2))

    def param(self, *, long: bool) -> ParameterSet:
        """As a test takes it."""
        name = f"{self.server}-{self.point}-{self.nth}"
        return pytest.param(self, id=f"long-{name}" if long else name, marks=pytest.mark.long if long else ())


QUICK = [Kill(server, point, nth).param(long=False) for server, nth in _OFTEN.items() for point in POINTS]
LONG = [Kill(server, point, nth).param(long=True) for server in _HOUSES for point in POINTS for nth in range(20)]
Unharmed = Callable[[House, tuple[Letter, ...]], dict[str, Flags]]


@pytest.fixture(scope="module")
def unharmed(tmp_path_factory: pytest.TempPathFactory) -> Unharmed:
    """The flags of each letter after a run that nobody killed."""

    @cache
    def of(house: House, letters: tuple[Letter, ...]) -> dict[str, Flags]:
        with house.account(tmp_path_factory.mktemp("unharmed")) as ours:
            deliver(ours, letters)
            ours.shop.once()
            everything_is_whole(ours, letters)
            assert {subject: held for subject, held in flags(ours).items() if held} == asked(ours)
            return flags(ours)

    return of


@pytest.fixture(scope="module")
def tally() -> Iterator[dict[str, Counter[str]]]:
    """What came of the kills on each server, recorded at the end of them all."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    yield counted
    for server, came in counted.items():
        points = sum(point in came for point in POINTS)
        figure = f"{came['killed']} kills at {points} points: {came['doubled']} doubled, {came['lost']} lost"
        record("D02", figure, not came["doubled"] + came["lost"], server)


@pytest.mark.parametrize("kill", [*QUICK, *LONG])
def test_d02_a_run_killed_anywhere_loses_nothing_and_does_nothing_twice(
    request: pytest.FixtureRequest, tmp_path: Path, unharmed: Unharmed, tally: dict[str, Counter[str]], kill: Kill
) -> None:
    house: House = request.getfixturevalue(_HOUSES[kill.server])
    with house.account(tmp_path) as ours:
        deliver(ours, kill.letters)
        assert ours.shop.killed(kill.point, kill.nth)
        ours.shop.once()
        tally[kill.server].update({"killed": 1, kill.point: 1, **amiss(ours, kill.letters)})
        everything_is_whole(ours, kill.letters)
        assert flags(ours) == unharmed(house, kill.letters)
        before = snapshot(ours)
        ours.shop.once()
        assert snapshot(ours) == before


def deliver(ours: Account, letters: Sequence[Letter]) -> None:
    ours.witness.append_all("INBOX", (one.raw() for one in letters))


def amiss(ours: Account, letters: Sequence[Letter]) -> dict[str, int]:
    """How many drafts there are too many, and how many complaints have none or no tag."""
    answered, inbox = ours.answered(), ours.inbox()
    wanted = [one for one in letters if one.complaint]
    doubled = sum(answered.values()) - len(answered)
    lost = [one for one in wanted if not answered[one.message_id] or "complaint" not in inbox[one.subject].flags]
    return {"doubled": doubled, "lost": len(lost)}


def everything_is_whole(ours: Account, letters: Sequence[Letter]) -> None:
    """Every complaint is tagged and has one draft, nothing else was touched, and every mail is in the ledger once."""
    inbox, drafts = ours.inbox(), ours.drafts()
    complaints = [one for one in letters if one.complaint]
    assert list(inbox) == [one.subject for one in letters]
    assert {subject for subject, seen in inbox.items() if "complaint" in seen.flags} == {c.subject for c in complaints}
    assert ours.answered() == Counter(one.message_id for one in complaints)
    assert len({str(draft.mail["Message-ID"]) for draft in drafts}) == len(drafts)
    assert {draft.flags for draft in drafts} == {frozenset({"\\Draft", "\\Seen"})}
    assert ours.witness.folder("Sent") == ours.witness.folder("Trash") == []
    assert ledger(ours.shop) == sorted(one.message_id for one in letters)


def ledger(shop: Shop) -> list[str]:
    return [row[0] for row in ask(shop.store, "SELECT message_id FROM message ORDER BY message_id")]


def snapshot(ours: Account) -> dict[str, dict[int, Flags]]:
    return {folder: ours.witness.state(folder) for folder in ("INBOX", "Drafts", "Sent")}
