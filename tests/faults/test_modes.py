"""How much may be written, by `mode`: all, tags and reminders, or nothing; what is decided is the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from integrations.zendesk.standin import StandIn
from tests.faults.house import Account, Forks, House, QuickShop, flags
from tests.faults.letters import letter
from tests.faults.passes import passes
from tests.proxy import Proxy
from tests.shop import open_helpdesk
from tests.stages import SECRET
from tests.zendesk.desk import assert_nobody_heard

HURRY = """
    name: in-a-hurry
    when: complaint_received
    then:
      - tag: [parcel-desk]
      - due_by: {for: acknowledgement, within: 1 minutes}
      - draft: {text: acknowledgement}
"""
FOLDERS = ("INBOX", "Drafts", "Sent", "Trash")
FIRST, SECOND = letter(0, complaint=True), letter(1, complaint=True)
WRITING = (b" SELECT ", b" STORE ", b" APPEND ", b" EXPUNGE", b" COPY ", b" MOVE ", b" CREATE ", b" SUBSCRIBE ")
HOUR = timedelta(hours=1)
WATCHED = "mode watch: nothing is written"


@dataclass(frozen=True, slots=True)
class Whole:
    """A folder as a second client finds it: its numbers, and every message with its bytes and flags."""

    numbers: dict[str, int]
    mails: list[tuple[int, frozenset[str], bytes]]


def whole(ours: Account) -> dict[str, Whole]:
    return {
        name: Whole(ours.witness.numbers(name),
                    [(one.uid, one.flags, one.mail.as_bytes()) for one in ours.witness.folder(name)])
        for name in FOLDERS
    }  # fmt: skip


def set_mode(shop: QuickShop, mode: str) -> None:
    path = shop.folder / "amends.yaml"
    path.write_text(re.sub(r"mode: \w+", f"mode: {mode}", path.read_text("utf-8")), "utf-8")


def only_case(shop: QuickShop) -> dict[str, Any]:
    (case,) = shop.json("cases")["cases"]
    return dict(case)


def test_watch_leaves_every_folder_as_it_was_and_fills_the_register(house: House, tmp_path: Path) -> None:
    with (
        Proxy(house.server.host, house.server.port) as proxy,
        house.account(tmp_path, port=proxy.port, more="mode: watch") as ours,
    ):
        ours.shop.playbook("in-a-hurry", HURRY)
        ours.witness.append("INBOX", FIRST.raw(), ("\\Flagged", "mine"))
        ours.witness.append("INBOX", letter(1, complaint=False).raw(), ("\\Seen",))
        before = whole(ours)
        passes(ours.shop, 3)
        passes(ours.shop, later=HOUR)
        assert whole(ours) == before
        case = only_case(ours.shop)
        assert {"complaint", "parcel-desk"} <= set(case["tags"])
        assert case["due"][0]["missed"]
        assert ours.shop.json("tasks")["tasks"]
        shown, explained = (ours.shop.amends(verb, case["id"]).stdout.decode() for verb in ("show", "explain"))
        assert f"Not done: write the draft ({WATCHED})" in shown
        assert f"put the tags on the message: {WATCHED}" in explained

        assert ours.shop.amends("resolve", case["id"], "--outcome", "not-a-complaint").returncode == 0
        passes(ours.shop)
        assert whole(ours) == before
        assert [verb for verb in WRITING if verb in bytes(proxy.said)] == []


def test_a_preview_shows_what_there_would_be_and_says_so(house: House, tmp_path: Path) -> None:
    with house.account(tmp_path, more="mode: watch", attach=False) as ours:
        ours.witness.append("INBOX", FIRST.raw())
        told = ours.shop.amends("preview").stdout.decode()
        assert "shown as `mode: draft` would have it; this inbox is set to `mode: watch`" in told
        assert "draft     acknowledgement 1" in told
        tried = ours.shop.amends("try", "-", "--json", stdin=FIRST.raw())
        assert b"acknowledgement" in tried.stdout


def test_tag_writes_tags_and_reminders_and_no_draft(house: House, tmp_path: Path) -> None:
    with house.account(tmp_path, more="mode: tag") as ours:
        ours.shop.playbook("in-a-hurry", HURRY)
        ours.witness.append("INBOX", FIRST.raw())
        passes(ours.shop, 1)
        passes(ours.shop, later=HOUR)
        held = flags(ours)
        assert {"complaint", "parcel-desk"} <= held[FIRST.subject]
        assert [subject for subject in held if subject.startswith("To do: ")] != []
        assert ours.drafts() == []
        shown = ours.shop.amends("show", only_case(ours.shop)["id"]).stdout.decode()
        assert "Not done: write the draft (mode tag: no draft is written)" in shown


def test_with_tag_and_reminders_off_only_tags_are_written(house: House, tmp_path: Path) -> None:
    with house.account(tmp_path, more="mode: tag\nreminders: off") as ours:
        ours.shop.playbook("in-a-hurry", HURRY)
        ours.witness.append("INBOX", FIRST.raw())
        passes(ours.shop, 1)
        passes(ours.shop, later=HOUR)
        assert set(flags(ours)) == {FIRST.subject}
        assert ours.drafts() == []


@pytest.mark.parametrize("before", ["watch", "tag"])
def test_another_mode_later_writes_nothing_for_what_was_held_back_before(
    house: House, tmp_path: Path, before: str
) -> None:
    with house.account(tmp_path, more=f"mode: {before}") as ours:
        ours.witness.append("INBOX", FIRST.raw())
        passes(ours.shop, 1)
        held = flags(ours)
        set_mode(ours.shop, "draft")
        passes(ours.shop, 2)
        assert (flags(ours), ours.drafts()) == (held, [])
        ours.witness.append("INBOX", SECOND.raw())
        passes(ours.shop, 1)
        (draft,) = ours.drafts()
        assert draft.mail["In-Reply-To"] == SECOND.message_id


def test_what_lay_there_when_watching_began_stays_as_it_is(house: House, tmp_path: Path) -> None:
    with house.account(tmp_path, more="mode: draft") as ours:
        ours.shop.playbook("in-a-hurry", HURRY)
        ours.witness.append("INBOX", FIRST.raw())
        passes(ours.shop, 1)
        passes(ours.shop, later=HOUR)
        set_mode(ours.shop, "watch")
        before = whole(ours)
        assert len(before["INBOX"].mails) == 2
        case = only_case(ours.shop)["id"]
        assert len(before["Drafts"].mails) == 1
        assert ours.shop.amends("resolve", case, "--outcome", "upheld").returncode == 0
        passes(ours.shop)
        assert whole(ours) == before


def test_undo_is_a_person_s_wish_and_is_done_while_watching(house: House, tmp_path: Path) -> None:
    with house.account(tmp_path, more="mode: draft") as ours:
        ours.witness.append("INBOX", FIRST.raw())
        passes(ours.shop, 1)
        set_mode(ours.shop, "watch")
        assert ours.shop.amends("undo", only_case(ours.shop)["id"], "--yes").returncode == 0
        assert (flags(ours), ours.drafts()) == ({FIRST.subject: frozenset()}, [])


def test_a_person_s_word_counts_while_watching(house: House, tmp_path: Path) -> None:
    with house.account(tmp_path, more="mode: watch") as ours:
        ours.witness.append("INBOX", FIRST.raw())
        passes(ours.shop, 1)
        case = only_case(ours.shop)["id"]
        assert ours.shop.amends("undo", case, "--yes").returncode == 0
        ours.witness.flag(1, "complaint")
        passes(ours.shop, 1)
        assert only_case(ours.shop)["status"] == "open"
        assert flags(ours) == {FIRST.subject: {"complaint"}}


def test_in_a_ticket_watch_writes_nothing(tmp_path: Path, forks: Forks) -> None:
    with StandIn(live=True) as zendesk:
        shop = QuickShop(open_helpdesk(tmp_path / "shop", zendesk, SECRET, more="mode: watch").folder, forks=forks)
        passes(shop, 1)
        ticket = zendesk.people.customer_writes(FIRST.text, subject=FIRST.subject)
        before = list(ticket.tags)
        zendesk.clock.later(minutes=3)
        passes(shop)
        assert list(ticket.tags) == before
        assert zendesk.witness.notes(zendesk.bot, ticket) == []
        assert only_case(shop)["category"]
    assert_nobody_heard(zendesk)


def test_in_a_ticket_tag_writes_tags_and_the_notes_of_reminders(tmp_path: Path, forks: Forks) -> None:
    with StandIn(live=True) as zendesk:
        shop = QuickShop(open_helpdesk(tmp_path / "shop", zendesk, SECRET, more="mode: tag").folder, forks=forks)
        shop.playbook("in-a-hurry", HURRY)
        passes(shop, 1)
        ticket = zendesk.people.customer_writes(FIRST.text, subject=FIRST.subject)
        zendesk.clock.later(minutes=3)
        passes(shop, 1)
        passes(shop, 1, later=HOUR)
        (note,) = (comment.body for comment in zendesk.witness.notes(zendesk.bot, ticket))
        assert "acknowledge this complaint" in note
        assert {"complaint", "amends-due"} <= set(ticket.tags)
    assert_nobody_heard(zendesk)
