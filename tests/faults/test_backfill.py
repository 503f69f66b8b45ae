"""Old mail is taken in on purpose: on record and tagged, nothing owed, nothing doubled, wherever it is broken off."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faults.house import Account, House, flags
from tests.faults.old import NOW, PAST, Old, snapshot, with_a_past
from tests.witness import eventually

SINCE = f"{NOW - timedelta(days=90):%Y-%m-%d}"
BACKFILL = ("backfill", "--inbox", "support", "--since", SINCE)


def by_subject(account: Account) -> dict[str, dict[str, Any]]:
    return {case["subject"]: case for case in account.shop.json("cases")["cases"]}


def tagged(account: Account) -> set[str]:
    return {subject for subject, held in flags(account).items() if "complaint" in held}


def test_old_complaints_become_cases_on_record_and_nothing_is_owed(house: House, tmp_path: Path) -> None:
    with with_a_past(house, tmp_path) as ours:
        before = snapshot(ours)
        assert ours.shop.amends(*BACKFILL, stdin=b"n\n").returncode == 0
        assert by_subject(ours) == {}
        assert snapshot(ours) == before
        asked = ours.shop.amends(*BACKFILL, stdin=b"y\n")
        assert asked.returncode == 0, asked.stderr.decode()
        told = asked.stdout.decode()
        assert "8 mails (0.0 MB) looked at, none of them on record yet" in told
        assert "4 complaints in 5 mails, 1 ordinary, 2 ours\n" in told
        assert "2 that were answered, as settled; 2 that were not, as open" in told
        assert "no draft and no reminder" in told

        cases = by_subject(ours)
        assert {subject: case["status"] for subject, case in cases.items()} == {
            "anna lost parcel": "resolved", "ben broken lamp": "open", "carla charged twice": "resolved",
            "emil rude clerk": "open",
        }  # fmt: skip
        assert datetime.fromisoformat(cases["anna lost parcel"]["resolved_at"]) == PAST[1].at
        for case in cases.values():
            assert datetime.fromisoformat(case["received_at"]) == mail(case["subject"]).at
            assert case["tasks"] == []
            assert case["drafts"] == []
        assert json.loads(ours.shop.amends("tasks", "--json").stdout)["tasks"] == []

        assert tagged(ours) == {"anna lost parcel", "ben broken lamp", "carla charged twice", "emil rude clerk",
                                "emil still furious"}  # fmt: skip
        after = snapshot(ours)
        assert {folder: set(held) for folder, held in after.items()} == {
            folder: set(held) for folder, held in before.items()
        }
        for folder, held in before.items():
            assert all(after[folder][uid] >= kept and "\\Seen" not in after[folder][uid] - kept
                       for uid, kept in held.items())  # fmt: skip
        dates_are_those_of_then(cases)
        ours.shop.once()
        assert snapshot(ours) == after


def dates_are_those_of_then(cases: dict[str, dict[str, Any]]) -> None:
    """Counted from the receipt, met by the answer, missed without one, and not met where nobody knows when."""
    first = {subject: next(due for due in case["due"] if due["for"] == "acknowledgement")
             for subject, case in cases.items()}  # fmt: skip
    assert datetime.fromisoformat(first["anna lost parcel"]["met_at"]) == PAST[1].at
    forgotten = first["ben broken lamp"]
    assert datetime.fromisoformat(forgotten["due_at"]) - mail("ben broken lamp").at < timedelta(days=4)
    assert (forgotten["missed"], forgotten["met_at"]) == (True, None)
    unseen = first["carla charged twice"]
    assert (unseen["met_at"], unseen["note"]) == (None, "answered, not seen")


def test_with_drafts_those_still_open_are_dealt_with_and_one_list_tells_what_is_overdue(
    house: House, tmp_path: Path
) -> None:
    with with_a_past(house, tmp_path) as ours:
        assert ours.shop.amends(*BACKFILL, "--drafts", "--yes").returncode == 0
        ours.shop.once()
        ours.shop.once()
        assert set(ours.answered()) == {mail("ben broken lamp").message_id, mail("emil still furious").message_id}
        assert max(ours.answered().values()) == 1
        assert sum(ours.answered().values()) == 2
        (list_of_all,) = [one for subject, one in ours.inbox().items() if subject.startswith("To do: ")]
        assert list_of_all.mail["Subject"] == "To do: 2 things about complaints"
        (first,) = [draft for draft in ours.drafts() if "ben" in str(draft.mail["Subject"])]
        assert "[[day you will answer]]" in first.text  # nothing is promised for a day that is past


def test_who_complains_again_today_is_owed_an_answer_though_the_case_is_old(house: House, tmp_path: Path) -> None:
    with with_a_past(house, tmp_path) as ours:
        assert ours.shop.amends(*BACKFILL, "--yes").returncode == 0
        again = Old("ben broken still", 0, mail("ben broken lamp").text, after="ben broken lamp")
        ours.witness.append("INBOX", again.raw())
        ours.shop.once()
        assert set(ours.answered()) == {again.message_id}
        assert by_subject(ours)["ben broken lamp"]["round"] == 2


def test_an_answer_seen_before_what_it_answers_was_known_still_counts(house: House, tmp_path: Path) -> None:
    with with_a_past(house, tmp_path) as ours:
        late = Old("ben answer", 0, "It is settled.", after="ben broken lamp", sent=True)
        ours.witness.append("Sent", late.raw(), ("\\Seen",))
        ours.shop.once()
        assert ours.shop.amends(*BACKFILL, "--yes").returncode == 0
        assert by_subject(ours)["ben broken lamp"]["status"] == "resolved"


def test_the_beginning_of_a_thread_joins_the_case_that_its_later_end_opened(house: House, tmp_path: Path) -> None:
    with with_a_past(house, tmp_path) as ours:
        again = Old("ben broken still", 0, mail("ben broken lamp").text, after="ben broken lamp")
        ours.witness.append("INBOX", again.raw())
        ours.shop.once()
        drafts = ours.answered()
        assert ours.shop.amends(*BACKFILL, "--yes").returncode == 0
        ours.shop.once()
        assert "ben broken lamp" not in by_subject(ours)
        assert by_subject(ours)["ben broken still"]["status"] == "open"
        assert ours.answered() == drafts


LONG = [pytest.param(point, nth, marks=pytest.mark.long) for point in ("fetch", "parse", "append", "commit", "tag")
        for nth in range(1, 9)]  # fmt: skip


@pytest.mark.parametrize(("point", "nth"), [("commit", 3), *LONG])
def test_killed_anywhere_it_goes_on_and_doubles_nothing(house: House, tmp_path: Path, point: str, nth: int) -> None:
    with with_a_past(house, tmp_path) as ours:
        killed = ours.shop.forks.run(ours.shop.folder, *BACKFILL, "--yes", "--rate", "3000", point=point, nth=nth)
        assert killed.returncode in (-9, 0)  # some points are passed less often
        again = ours.shop.amends(*BACKFILL, "--yes")
        assert again.returncode == 0, again.stderr.decode()
        ours.shop.once()
        assert {subject: case["status"] for subject, case in by_subject(ours).items()} == {
            "anna lost parcel": "resolved", "ben broken lamp": "open", "carla charged twice": "resolved",
            "emil rude clerk": "open",
        }  # fmt: skip
        assert tagged(ours) == {"anna lost parcel", "ben broken lamp", "carla charged twice", "emil rude clerk",
                                "emil still furious"}  # fmt: skip
        assert ours.drafts() == []


def mail(name: str) -> Old:
    return next(one for one in PAST if one.name == name)


def test_beside_a_run_at_work_nothing_is_doubled_and_new_mail_is_new(house: House, tmp_path: Path) -> None:
    with with_a_past(house, tmp_path) as ours:
        with ours.shop.running():
            eventually(lambda: ours.shop.address, "register")
            fresh = Old("gina new", 0, mail("ben broken lamp").text)
            ours.witness.append("INBOX", fresh.raw())
            told = ours.shop.amends(*BACKFILL, "--yes")
            assert told.returncode == 0, told.stderr.decode()
            assert "by amends run" in told.stdout.decode()
            eventually(lambda: len(tagged(ours)) == 6, "tags on old and new mail")
            eventually(lambda: ours.answered() == {fresh.message_id: 1}, "draft for the new one alone")
        assert len(by_subject(ours)) == 5


@pytest.mark.long
def test_only_since_then_and_only_what_is_asked_for(house: House, tmp_path: Path) -> None:
    with with_a_past(house, tmp_path) as ours:
        since = f"{NOW - timedelta(days=45):%Y-%m-%d}"
        assert ours.shop.amends("backfill", "--inbox", "support", "--since", since, "--yes").returncode == 0
        assert set(by_subject(ours)) == {"carla charged twice", "emil rude clerk"}
        for wrong in (("--inbox", "other", "--since", since), ("--inbox", "support", "--since", "soon")):
            assert ours.shop.amends("backfill", *wrong, "--yes").returncode == 2
