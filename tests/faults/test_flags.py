"""A flag instead of tags, where mail programs or servers know no keywords; one that was there before us is not ours."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.faults.house import Account, House, asked, flags
from tests.faults.letters import letter
from tests.faults.passes import passes
from tests.proxy import Proxy

COMPLAINT, FLAGGED, ORDINARY = letter(0, complaint=True), letter(1, complaint=True), letter(2, complaint=False)
UNDO_ALL = ("undo", "--inbox", "support", "--all", "--yes")


def three_mails(ours: Account) -> None:
    """A complaint, one that somebody had flagged already, and mail that is none."""
    ours.witness.append("INBOX", COMPLAINT.raw())
    ours.witness.append("INBOX", FLAGGED.raw(), ("\\Flagged",))
    ours.witness.append("INBOX", ORDINARY.raw())
    passes(ours.shop, 1)


def the_case(ours: Account, subject: str) -> str:
    return next(str(case["id"]) for case in ours.shop.json("cases")["cases"] if case["subject"] == subject)


@pytest.mark.parametrize("show", ["flag", "both"])
def test_a_complaint_is_flagged_and_only_our_flag_is_taken_back(house: House, tmp_path: Path, show: str) -> None:
    with house.account(tmp_path, more=f"show: {show}") as ours:
        three_mails(ours)
        tags = asked(ours) if show == "both" else dict.fromkeys(asked(ours), frozenset[str]())
        assert set(tags) == {COMPLAINT.subject, FLAGGED.subject}
        assert flags(ours) == {ORDINARY.subject: frozenset()} | {one: {"\\Flagged", *tags[one]} for one in tags}
        assert ours.shop.amends(*UNDO_ALL).returncode == 0
        assert flags(ours) == {COMPLAINT.subject: frozenset(), FLAGGED.subject: {"\\Flagged"},
                               ORDINARY.subject: frozenset()}  # fmt: skip


def test_what_is_none_after_all_loses_the_flag_we_set(house: House, tmp_path: Path) -> None:
    with house.account(tmp_path, more="show: flag") as ours:
        three_mails(ours)
        for one in (COMPLAINT, FLAGGED):
            case = the_case(ours, one.subject)
            assert ours.shop.amends("resolve", case, "--outcome", "not-a-complaint").returncode == 0
        passes(ours.shop, 1)
        held = flags(ours)
        assert (held[COMPLAINT.subject], held[FLAGGED.subject]) == (frozenset(), frozenset({"\\Flagged"}))


def test_clearing_the_flag_of_a_complaint_ends_nothing_and_it_is_not_set_again(house: House, tmp_path: Path) -> None:
    with house.account(tmp_path, more="show: flag") as ours:
        ours.shop.playbook("in-a-hurry", """
            name: in-a-hurry
            when: complaint_received
            then:
              - due_by: {for: acknowledgement, within: 1 minutes}
        """)  # fmt: skip
        ours.witness.append("INBOX", COMPLAINT.raw())
        passes(ours.shop, 1)
        passes(ours.shop, 1, later=timedelta(hours=1))
        before = ours.shop.json("tasks")["tasks"]
        assert len(before) == 1
        ours.witness.flag(1, "\\Flagged", on=False)
        passes(ours.shop)
        assert ours.shop.json("tasks")["tasks"] == before
        assert flags(ours)[COMPLAINT.subject] == frozenset()
        reminder = next(one for one in ours.witness.folder("INBOX") if str(one.mail["Subject"]).startswith("To do"))
        assert "\\Flagged" in reminder.flags


def test_it_is_told_in_the_timeline_and_by_the_doctor(house: House, tmp_path: Path) -> None:
    with house.account(tmp_path, more="show: flag") as ours:
        three_mails(ours)
        timeline = ours.shop.json("show", the_case(ours, COMPLAINT.subject))["timeline"]
        assert "The message carries a flag." in [event["text"] for event in timeline]
        told = ours.shop.amends("doctor").stdout.decode()
        assert "ok   support: marks: a complaint is flagged, as `show: flag` asks" in told


def test_with_a_flag_a_server_that_keeps_no_keywords_gives_no_warning(house: House, tmp_path: Path) -> None:
    with (
        Proxy(house.server.host, house.server.port) as proxy,
        house.account(tmp_path, port=proxy.port, more="show: flag") as ours,
    ):
        proxy.replace(b" \\*)]", b")]")  # PERMANENTFLAGS without leave to make keywords
        ours.witness.append("INBOX", COMPLAINT.raw())
        ran = ours.shop.amends("run", "--once")
        assert (ran.returncode, b"does not keep" in ran.stderr) == (0, False)
        assert flags(ours)[COMPLAINT.subject] == {"\\Flagged"}


def test_where_keywords_are_asked_for_and_not_kept_the_log_and_the_doctor_name_the_way_out(
    house: House, tmp_path: Path
) -> None:
    with (
        Proxy(house.server.host, house.server.port) as proxy,
        house.account(tmp_path, port=proxy.port) as ours,
    ):
        proxy.replace(b" \\*)]", b")]")
        for number in range(3):
            ours.witness.append("INBOX", letter(number, complaint=True).raw())
        ran = ours.shop.amends("run", "--once")
        assert ran.stderr.decode().count("this server does not keep our tags") == 1
        doctor = ours.shop.amends("doctor")
        assert doctor.returncode == 1
        assert "INBOX keeps no new keywords: no tags will show; the register has them all; `show: flag`" in (
            doctor.stdout.decode())  # fmt: skip
