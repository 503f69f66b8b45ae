"""In Zendesk tags go, and a note says that the notes above count no more; nothing public, ever."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from integrations.zendesk.standin import StandIn
from integrations.zendesk.standin.records import Ticket
from tests.faults.house import Forks, QuickShop
from tests.faults.letters import letter
from tests.shop import open_helpdesk
from tests.stages import SECRET
from tests.zendesk.desk import assert_nobody_heard


@dataclass(frozen=True, slots=True)
class Desk:
    """A business on Zendesk, and the account."""

    shop: QuickShop
    zendesk: StandIn

    def ticket(self, number: int) -> Ticket:
        """A complaint comes in."""
        one = letter(number, complaint=True)
        return self.zendesk.people.customer_writes(one.text, subject=one.subject)

    def notes(self, ticket: Ticket) -> list[str]:
        """What Amends wrote in it."""
        return [comment.body for comment in self.zendesk.witness.notes(self.zendesk.bot, ticket)]

    def later(self) -> None:
        """So much time passes that the export shows what happened, and Amends looks."""
        self.zendesk.clock.later(minutes=3)
        self.shop.once()


@pytest.fixture
def desk(tmp_path: Path, forks: Forks) -> Iterator[Desk]:
    with StandIn(live=True) as zendesk:
        plain = open_helpdesk(tmp_path / "shop", zendesk, SECRET)
        one = Desk(QuickShop(plain.folder, forks=forks), zendesk)
        one.shop.once()
        yield one
    assert_nobody_heard(zendesk)


def test_tags_go_one_note_says_so_and_what_comes_later_is_left_alone(desk: Desk) -> None:
    ticket, other = desk.ticket(0), desk.ticket(1)
    desk.zendesk.people.agent_tags(ticket, "vip")
    desk.later()
    assert "complaint" in ticket.tags
    assert "complaint" in other.tags
    before = len(desk.notes(ticket))
    assert before >= 1

    case = next(one["id"] for one in desk.shop.json("cases")["cases"] if one["subject"] == ticket.values["subject"])
    told = desk.shop.amends("undo", case, "--yes")
    assert told.returncode == 0, told.stderr.decode()
    assert set(ticket.tags) == {"vip"}
    (note,) = desk.notes(ticket)[before:]
    assert note.startswith("Taken back: ")
    assert "complaint" in other.tags

    assert desk.shop.amends("undo", case, "--yes").returncode == 0
    desk.zendesk.people.customer_writes(letter(7, complaint=True).text, ticket=ticket)
    desk.later()
    desk.later()
    assert set(ticket.tags) == {"vip"}
    assert len(desk.notes(ticket)) == before + 1
    found = {one["id"]: one for one in desk.shop.json("cases")["cases"]}
    assert found[case]["undone"]
    assert all(draft["state"] != "written" for draft in found[case]["drafts"])


def test_old_tickets_are_taken_in_on_purpose(tmp_path: Path, forks: Forks) -> None:
    with StandIn(live=True) as zendesk:
        answered, open_still = (
            zendesk.people.customer_writes(letter(n, complaint=True).text, subject=letter(n, complaint=True).subject)
            for n in range(2)
        )
        zendesk.people.agent_replies(answered, "It is settled.", status="solved")
        zendesk.clock.later(days=1)
        plain = open_helpdesk(tmp_path / "shop", zendesk, SECRET)
        one = Desk(QuickShop(plain.folder, forks=forks), zendesk)
        one.shop.once()
        since = f"{zendesk.clock.now():%Y}-01-01"
        for _ in range(2):
            told = one.shop.amends("backfill", "--inbox", "helpdesk", "--since", since, "--yes")
            assert told.returncode == 0, told.stderr.decode()
            found = {case["subject"]: case for case in one.shop.json("cases")["cases"]}
            assert {subject: case["status"] for subject, case in found.items()} == {
                str(answered.values["subject"]): "resolved", str(open_still.values["subject"]): "open",
            }  # fmt: skip
            assert {"complaint"} <= set(open_still.tags)
            assert one.notes(open_still) == one.notes(answered) == []
    assert_nobody_heard(zendesk)


def test_an_old_ticket_that_was_answered_since_then_is_settled(tmp_path: Path, forks: Forks) -> None:
    with StandIn(live=True) as zendesk:
        old = zendesk.people.customer_writes(letter(0, complaint=True).text, subject=letter(0, complaint=True).subject)
        zendesk.clock.later(days=1)
        one = Desk(QuickShop(open_helpdesk(tmp_path / "shop", zendesk, SECRET).folder, forks=forks), zendesk)
        one.shop.once()
        zendesk.people.agent_replies(old, "It is settled.")
        one.later()
        since = f"{zendesk.clock.now():%Y}-01-01"
        told = one.shop.amends("backfill", "--inbox", "helpdesk", "--since", since, "--yes", "--drafts")
        assert told.returncode == 0, told.stderr.decode()
        one.later()
        assert [case["status"] for case in one.shop.json("cases")["cases"]] == ["resolved"]
        assert one.notes(old) == []
