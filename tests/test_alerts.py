"""When the team is told how an inbox fares, and that it is told once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plugin.alerts import Alerts, due
from plugin.store import Store
from tests.faults.listening import Listener, listening

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
WELL = {"name": "support", "last_success": NOW, "fault": "", "fault_kind": "", "fault_since": None,
        "fault_at": None, "fault_until": None, "told": ""}  # fmt: skip


def minutes(count: float) -> datetime:
    """So many minutes before now."""
    return NOW - timedelta(minutes=count)


def faulty(kind: str, since: float, told: str = "", until: float | None = None) -> dict[str, Any]:
    """An inbox with a fault of this kind since so many minutes, asked to wait for `until` more."""
    wait = None if until is None else NOW + timedelta(minutes=until)
    return WELL | {"fault": "inbox support: no", "fault_kind": kind, "fault_since": minutes(since), "fault_at": NOW,
                   "fault_until": wait, "told": told, "last_success": minutes(since)}  # fmt: skip


@pytest.mark.parametrize(
    ("row", "waiting", "kind"),
    [
        (WELL, None, None),
        (faulty("refused", 0), None, "refused"),  # only a person can help: at once
        (faulty("refused", 30, told="refused"), None, None),
        (faulty("unreachable", 5), None, None),  # networks drop
        (faulty("unreachable", 15), None, "silent"),
        (faulty("unreachable", 90, told="silent"), None, None),
        (faulty("refused", 90, told="silent"), None, "refused"),  # it turned out to be worse
        (faulty("throttled", 1, until=1), None, None),  # a provider's ordinary work
        (faulty("throttled", 1, until=5), None, "throttled"),
        (faulty("unwritten", 1), minutes(1), None),
        (faulty("unwritten", 20) | {"last_success": NOW}, minutes(1), None),  # it answers, and can be read
        (faulty("unwritten", 20) | {"last_success": NOW}, minutes(20), "unwritten"),
        (WELL, minutes(20), "unwritten"),
        (WELL | {"last_success": minutes(20)}, None, "silent"),  # a look that never ended
        (WELL | {"told": "silent"}, None, ""),
        (faulty("unreachable", 1, told="throttled"), None, None),  # not well yet
    ],
)
def test_the_team_is_told_once_when_it_matters_and_once_when_it_is_over(
    row: dict[str, Any], waiting: datetime | None, kind: str | None
) -> None:
    alert = due(row, waiting, minutes(60), NOW)
    assert (alert.kind if alert else None) == kind


def test_a_night_without_anybody_at_work_is_no_silence() -> None:
    assert due(WELL | {"last_success": minutes(600)}, None, minutes(1), NOW) is None


def test_a_refusal_of_before_the_start_waits_for_the_first_look() -> None:
    """The password may just have been mended; where nothing is looked at, as with a sign-in that is over, it is."""
    row = faulty("refused", 30) | {"fault_at": minutes(30)}
    assert due(row, None, NOW, NOW) is None
    later = due(row, None, NOW, NOW + timedelta(seconds=20))
    assert later is not None
    assert later.kind == "refused"


def test_an_alert_says_what_since_when_and_why() -> None:
    alert = due(faulty("throttled", 3, until=5), None, minutes(60), NOW)
    assert alert is not None
    assert alert.text == (
        "Inbox support asks to be left alone until 20 Nov 2026 16:05 UTC: mail that comes is seen after that. "
        "The reason: inbox support: no"
    )


@pytest.fixture
def team() -> Iterator[Listener]:
    with listening() as one:
        yield one


def test_what_does_not_get_through_is_tried_again_and_then_not_repeated(
    team: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store("sqlite://")
    with store.writing() as session:
        session.keep_fault("support", "inbox support: the password was refused", NOW, "refused")
    alerts = Alerts(store, ["support"], [team.address], lambda: NOW)
    team.status = 500
    alerts.look()
    alerts.look()
    said = [record.getMessage() for record in caplog.records if record.name == "amends.alerts"]
    assert len(said) == 2  # what is wrong, and that it was not taken; tried over and over it does not fill the log
    team.status = 200
    alerts.look()
    alerts.look()
    with store.writing() as session:
        session.keep_well("support", NOW)
    alerts.look()
    alerts.look()
    assert [told["title"] for told in team.heard] == [
        "Amends: inbox support needs you",
        "Amends: inbox support needs you",
        "Amends: inbox support needs you",
        "Amends: inbox support is well again",
    ]
