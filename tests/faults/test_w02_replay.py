"""W02: a call that is sent again, by Zendesk or by whoever overheard it, has no effect."""

from __future__ import annotations

from datetime import timedelta

import pytest

from plugin.desk.ledger import StoreMemory
from tests.calls import INVOCATION, NOW, event, invocation, signed, waiting
from tests.faults.called import Called

BODY = event()


@pytest.mark.parametrize("late", [timedelta(minutes=5, seconds=1), timedelta(hours=1), timedelta(days=30)])
def test_an_overheard_call_is_refused_after_five_minutes(called: Called, late: timedelta) -> None:
    overheard = signed(BODY)
    called.now = NOW + late
    assert called.call(BODY, overheard) == 401
    assert waiting(called.store) == []


def test_a_call_signed_for_later_is_refused_too(called: Called) -> None:
    assert called.call(BODY, signed(BODY, at=NOW + timedelta(minutes=5, seconds=1))) == 401


def test_within_five_minutes_it_is_known_and_has_no_effect(called: Called) -> None:
    assert called.call(BODY) == 202
    called.now = NOW + timedelta(minutes=4)
    assert [called.call(BODY, signed(BODY)) for _ in range(20)] == [200] * 20
    assert waiting(called.store) == [INVOCATION]
    assert called.rung == ["helpdesk"]


def test_under_another_id_which_is_not_signed_it_only_asks_for_the_same_ticket_again(called: Called) -> None:
    overheard = signed(BODY)
    assert called.call(BODY, overheard) == 202
    again = overheard | {"X-Zendesk-Webhook-Invocation-Id": invocation(99)}
    assert called.call(BODY, again) == 202
    assert [notice.topic for notice in StoreMemory(called.store, "helpdesk").notices()] == ["ticket:35436"] * 2


def test_what_was_heeded_is_known_for_days_and_wakes_nobody(called: Called) -> None:
    called.call(BODY)
    called.heed(INVOCATION)
    for day in range(1, 7):
        called.now = NOW + timedelta(days=day)
        assert called.call(BODY, signed(BODY, at=called.now)) == 200
    assert waiting(called.store) == []
    assert called.rung == ["helpdesk"]


def test_what_was_heeded_a_week_ago_is_forgotten_and_what_waits_is_not(called: Called) -> None:
    called.call(BODY)
    called.call(BODY, signed(BODY, invocation=invocation(2)))
    called.heed(INVOCATION)
    called.now = NOW + timedelta(days=8)
    assert called.call(BODY, signed(BODY, invocation=invocation(3), at=called.now)) == 202
    assert called.call(BODY, signed(BODY, at=called.now)) == 202  # of a week ago, and forgotten
    assert called.call(BODY, signed(BODY, invocation=invocation(2), at=called.now)) == 200
    assert set(waiting(called.store)) == {INVOCATION, invocation(2), invocation(3)}
