"""One outage on a real server: many complaints, one cause, and a letter each that is written anew only where it may be.

A second client edits, sends and deletes drafts, and the program dies in the middle of writing them anew.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.faults.house import Account, QuickShop
from tests.faults.test_hands import edit
from tests.faults.test_undo_zendesk import Desk, desk  # noqa: F401 - a fixture
from tests.outage import FACTS, Complaint, complaints
from tests.witness import Seen

PEOPLE = complaints(40)
FEW = complaints(6)
FIXED = "we restarted the login servers and put a second one beside each"
SURE = "we replaced a broken switch in the cellar"
LETTER = "{greeting},\n\n{incident_what}, {incident_from}. {incident_fix}.\n\n{sentence}\n\n{signature}\n"


def happens(ours: Account, people: Sequence[Complaint]) -> None:
    """They complain, and each has the draft that any complaint has; the business has a letter for outages."""
    texts = ours.shop.folder / "my-playbooks" / "drafts"
    texts.mkdir()
    for language in {one.language for one in PEOPLE}:
        (texts / f"incident.{language}.txt").write_text(LETTER, "utf-8")
    ours.witness.append_all("INBOX", (one.raw() for one in people))
    ours.shop.once()
    assert len(ours.drafts()) == len(people)


def facts(shop: QuickShop, *, fix: str = FIXED) -> str:
    """A person writes the facts down; where they lie."""
    began = datetime.now(ZoneInfo("Europe/London")) - timedelta(hours=2)
    text = FACTS.format(since=f"{began:%Y-%m-%d} 00:00" if began.hour < 6 else f"{began:%Y-%m-%d %H:%M}")
    (shop.folder / "outage.yaml").write_text(text.replace(FIXED, fix), "utf-8")
    return "outage.yaml"


def opens(ours: Account, *, fix: str = FIXED) -> str:
    """A person opens the incident, or corrects it, and a pass is made; what the command said."""
    ran = ours.shop.amends("incident", "open", facts(ours.shop, fix=fix), stdin=b"y\n")
    assert ran.returncode == 0, ran.stderr.decode()
    ours.shop.once()
    return ran.stdout.decode()


def by_answer(ours: Account) -> dict[str, Seen]:
    """The drafts by the mail each answers; no mail has two."""
    drafts = ours.drafts()
    found = {str(draft.mail["In-Reply-To"]): draft for draft in drafts}
    assert len(found) == len(drafts), "a mail has two drafts"
    assert len({str(draft.mail["Message-ID"]) for draft in drafts}) == len(drafts)
    return found


def test_an_outage_is_opened_and_corrected_and_only_untouched_drafts_are_written_anew(ours: Account) -> None:
    happens(ours, PEOPLE)
    said = opens(ours)
    assert "40 open cases will be linked to it" in said
    drafts = by_answer(ours)
    assert set(drafts) == {one.message_id for one in PEOPLE}
    english = {one.message_id for one in PEOPLE if one.language == "en"}
    assert [name for name in english if FIXED not in drafts[name].text] == []
    edited, sent, deleted = [drafts[one.message_id] for one in PEOPLE if one.language == "en"][:3]
    edit(ours, edited, str(edited.mail["Message-ID"]))
    ours.witness.send(sent)
    ours.witness.remove("Drafts", deleted.uid)
    ours.shop.once()
    said = opens(ours, fix=SURE)
    after = by_answer(ours)
    touched = {str(draft.mail["In-Reply-To"]) for draft in (edited, sent, deleted)}
    assert "left as a person left them: 1 edited, 1 deleted, 1 sent" in said
    assert set(after) == set(drafts) - {str(one.mail["In-Reply-To"]) for one in (sent, deleted)}
    assert SURE not in after[str(edited.mail["In-Reply-To"])].text
    assert [name for name in english - touched if SURE not in after[name].text] == []
    others = {one.message_id for one in PEOPLE} - english
    assert {name: after[name].uid for name in others} == {name: drafts[name].uid for name in others}
    (one,) = ours.shop.json("incident", "list")["incidents"]
    assert (one["cases"], one["drafts"]) == (40, {"written": 37, "edited": 1, "sent": 1, "gone": 1})


def test_three_commands_are_enough_for_a_person_under_stress(ours: Account) -> None:
    amends, file = ours.shop.amends, ours.shop.folder / "outage.yaml"
    assert amends("incident", "example", "outage.yaml").returncode == 0
    assert amends("incident", "example", "outage.yaml").returncode == 2  # nothing is ever overwritten
    text = file.read_text("utf-8").replace("name: ", "name: portal-")
    ours.witness.append_all("INBOX", [one.raw() for one in PEOPLE if one.language == "en"][:2])
    ours.shop.once()
    file.write_text(text.replace("from: ", "form: "), "utf-8")
    wrong = amends("incident", "open", "outage.yaml", "--yes")
    assert (wrong.returncode, b"outage.yaml:6:1: unknown key `form`: did you mean `from`?" in wrong.stderr) == (2, True)
    file.write_text(re.sub("from: .*", "from: 2026-01-01 00:00", text), "utf-8")
    refused = amends("incident", "open", "outage.yaml", stdin=b"n\n")
    assert (refused.returncode, b"open cases will be linked to it" in refused.stdout) == (1, True)
    assert ours.shop.json("incident", "list") == {"incidents": []}
    assert amends("incident", "open", "outage.yaml", "--yes").returncode == 0
    again = amends("incident", "open", "outage.yaml", "--yes")
    assert b"nothing to do" in again.stdout
    ours.shop.once()
    (one,) = ours.shop.json("incident", "list")["incidents"]
    assert (one["cases"], one["closed_at"]) == (2, None)
    assert b"2 cases, 2 open; drafts: 2 written" in amends("incident", "list").stdout
    case = ours.shop.json("cases")["cases"][0]["id"]
    assert f"The incident {one['name']}; linked".encode() in amends("explain", case).stdout
    assert amends("incident", "close", one["name"]).returncode == 0
    assert amends("incident", "close", one["name"]).returncode == 2
    assert ours.shop.json("incident", "list")["incidents"][0]["closed_at"]


def test_in_a_ticket_the_new_suggestion_stands_in_a_note_of_its_own(desk: Desk) -> None:  # noqa: F811 - the fixture
    person = next(one for one in PEOPLE if one.language == "en")
    ticket = desk.zendesk.people.customer_writes(person.text, subject=person.subject)
    desk.later()
    assert FIXED not in "".join(desk.notes(ticket))
    before = len(desk.notes(ticket))
    assert desk.shop.amends("incident", "open", facts(desk.shop), "--yes").returncode == 0
    desk.later()
    (note,) = desk.notes(ticket)[before:]
    assert FIXED in note
    assert person.effect in note
    assert desk.shop.amends("incident", "open", facts(desk.shop, fix=SURE), "--yes").returncode == 0
    desk.later()
    desk.later()
    (note,) = desk.notes(ticket)[before + 1 :]
    assert SURE in note
    (case,) = desk.shop.json("cases")["cases"]
    assert [draft["state"] for draft in case["drafts"]] == ["withdrawn", "withdrawn", "written"]


POINTS = ("append", "commit", "schedule", "expunge", "draft")
LATER = [(point, nth) for point in POINTS for nth in (2, 3, 5, 6 if point == "expunge" else 8)]
"""Six drafts are written anew, so six are taken away."""


@pytest.mark.parametrize(
    ("point", "nth"),
    [*((point, 1) for point in POINTS), *(pytest.param(*each, marks=pytest.mark.long) for each in LATER)],
)
def test_killed_while_drafts_are_written_anew_none_is_doubled_or_lost(ours: Account, point: str, nth: int) -> None:
    happens(ours, FEW)
    assert ours.shop.amends("incident", "open", facts(ours.shop), "--yes").returncode == 0
    assert ours.shop.killed(point, nth)
    ours.shop.once()
    whole(ours)
    ours.shop.once()
    whole(ours)


@pytest.mark.parametrize("nth", [1, pytest.param(2, marks=pytest.mark.long)])
@pytest.mark.parametrize("point", ["append", "commit"])
def test_killed_while_it_is_opened_the_next_pass_brings_every_case_in_line(ours: Account, point: str, nth: int) -> None:
    happens(ours, FEW)
    assert ours.shop.killed(point, nth, "incident", "open", facts(ours.shop), "--yes")
    if not ours.shop.json("incident", "list")["incidents"]:
        assert ours.shop.amends("incident", "open", facts(ours.shop), "--yes").returncode == 0
    ours.shop.once()
    whole(ours)


def whole(ours: Account) -> None:
    """Every complaint has one draft, and it tells of the outage."""
    drafts = by_answer(ours)
    doubled = sum(ours.answered().values()) - len(drafts)
    told = [name for name in (one.message_id for one in FEW if one.language == "en") if FIXED in drafts[name].text]
    lost = len(FEW) - len(drafts)
    assert (doubled, lost) == (0, 0)
    assert len(told) == sum(one.language == "en" for one in FEW)
    assert {case["cause"] for case in ours.shop.json("cases")["cases"]} == {"portal-outage"}
