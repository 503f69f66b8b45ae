"""Calls from Zendesk: which are Zendesk's own, what they are about, and what is made of the others."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.zendesk.standin import Clock, StandIn
from integrations.zendesk.standin.webhooks import FROM_RULES, signature
from integrations.zendesk.webhook import WINDOW, accept, verify
from plugin.inbox import DOORS, CallRefused, Notice
from tests.calls import HELPDESK, INVOCATION, NOW, SECRET, SEQUENCE, called, event, signed

VECTORS = json.loads((Path(__file__).parents[1] / "zendesk" / "signature_vectors.json").read_text("utf-8"))["vectors"]


def heard(body: bytes, **changed: str) -> Notice:
    headers = signed(body) | {name.replace("_", "-"): value for name, value in changed.items()}
    return accept(called(body, headers), HELPDESK, NOW)


def trigger(**told: Any) -> bytes:
    return json.dumps(told).encode()


# ---- whose it is ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["name"]))
def test_signatures_others_have_computed_are_right(vector: dict[str, str]) -> None:
    told = (vector["secret"], vector["timestamp"], vector["body"].encode(), vector["signature"])
    assert verify(*told)
    assert not verify(told[0], told[1], told[2] + b" ", told[3])


def test_the_order_of_an_older_page_is_no_signature() -> None:
    secret, time, body = "HRkRd4BeOAoUkfZr-mhauJT64rvBASlJRoIyPsd3zeA=", "2021-07-25T10:00:00Z", b'{"say": "hello"}'
    assert not verify(secret, time, body, "tRDSF7URY8BLCDlaBcQ7FHu051Zk+aAB0NKMP53teMw=")


@given(st.binary(max_size=40), st.text(max_size=40), st.text(max_size=60))
def test_whatever_is_not_the_signature_is_refused_and_nothing_breaks(body: bytes, time: str, other: str) -> None:
    assert not verify(SECRET, time, body, other)


def test_a_call_without_a_body_can_be_signed_too() -> None:
    assert heard(b"").unknown == "its body is not JSON"


def test_an_inbox_without_a_secret_believes_nobody() -> None:
    nobody = replace(HELPDESK, webhook_secret="")
    with pytest.raises(CallRefused, match="inbox helpdesk: a call was not signed with this inbox's webhook_secret"):
        accept(called(b"{}", signed(b"{}", secret="")), nobody, NOW)


@pytest.mark.parametrize("off", [-WINDOW, -timedelta(seconds=1), timedelta(0), WINDOW])
def test_five_minutes_either_way_are_now(off: timedelta) -> None:
    body = event()
    assert accept(called(body), HELPDESK, NOW + off).topic == "ticket:35436"


@pytest.mark.parametrize("off", [-WINDOW, WINDOW])
def test_a_second_more_is_not_now(off: timedelta) -> None:
    beyond = NOW + off + (timedelta(seconds=1) if off > timedelta(0) else -timedelta(seconds=1))
    with pytest.raises(CallRefused, match="signed more than five minutes before or after now") as refused:
        accept(called(event()), HELPDESK, beyond)
    assert refused.value.status == 401


@pytest.mark.parametrize(
    "time",
    ["2026-11-20T16:00:00.123Z", "2026-11-20T16:00:00.123456789Z", "2026-11-20T16:00:00+00:00",
     "2026-11-20T17:00:00+01:00"],
)  # fmt: skip
def test_the_time_may_be_written_in_any_iso_form_with_its_zone(time: str) -> None:
    assert heard(b"{}", **_at(time)).unknown


@pytest.mark.parametrize(
    "time",
    ["1234", "2026-11-20T16:00:00", "2026-11-20 16:00:00Z", "2026-11-20T16:00Z", "20261120T160000Z", "now", "",
     "2026-02-31T16:00:00Z", "2026-11-20T16:00:00Z ", "٢٠٢٦-11-20T16:00:00Z"],
)  # fmt: skip
def test_what_is_no_time_is_not_now(time: str) -> None:
    with pytest.raises(CallRefused):
        heard(b"{}", **_at(time))


def _at(time: str, body: bytes = b"{}") -> dict[str, str]:
    """Headers with this time, rightly signed."""
    return {"X_Zendesk_Webhook_Signature_Timestamp": time, "X_Zendesk_Webhook_Signature": signature(SECRET, time, body)}


# ---- what it is about -----------------------------------------------------------------------------------------------


def test_an_event_names_its_ticket_and_the_act_it_belongs_to() -> None:
    assert heard(event()) == Notice(id=INVOCATION, topic="ticket:35436", group=SEQUENCE)


@pytest.mark.parametrize("kind", ["ticket.created", "ticket.status_changed", "ticket.merged", "ticket.not_yet_made"])
def test_of_which_type_an_event_is_matters_not_where_it_is_about_a_ticket(kind: str) -> None:
    assert heard(event(kind=kind)).topic == "ticket:35436"


def test_an_event_about_two_tickets_is_about_none() -> None:
    assert heard(event(detail={"id": "7"})).unknown == "its subject and its detail name different tickets"


@pytest.mark.parametrize(
    "told",
    [
        {"ticket_id": "35436"},
        {"ticket_id": 35436},
        {"ticketID": "35436", "type": "End User Comment"},
        {"ticketId": " 35436 "},
        {"id": 35436},
        {"id": "#35436", "status": "open"},
        {"ticket": {"id": "35436", "subject": "Late"}},
        {"ticket": {"ID": 35436}, "id": "not this one"},
        {"ticket.id": "35436"},
        {"ticket": 35436},
        {"Ticket ID": "35436"},
        {"ticket_id": "35436", "id": "7"},
    ],
)
def test_a_trigger_names_its_ticket_as_people_write_it(told: dict[str, Any]) -> None:
    assert heard(json.dumps(told).encode()) == Notice(id=INVOCATION, topic="ticket:35436")


@pytest.mark.parametrize("value", ["{{ticket.id}}", "", "0", 0, -3, 1.5, True, None, [], {}, "12345678901234567890"])
def test_what_is_no_number_of_a_ticket_names_none(value: object) -> None:
    assert heard(trigger(ticket_id=value)).unknown.startswith("it names no ticket")


def test_nothing_of_the_payload_but_the_ticket_goes_into_the_notice() -> None:
    told = heard(event(detail={"id": "35436", "subject": "<script>", "tags": ["complaint"]}, group="x"))
    assert told == Notice(id=INVOCATION, topic="ticket:35436", group=SEQUENCE)


@pytest.mark.parametrize("sequence", ["", "short", "with space in it", "x" * 65, "é" * 20])
def test_an_odd_sequence_is_none(sequence: str) -> None:
    assert heard(event(sequence=sequence)).group == ""


# ---- the same one again ---------------------------------------------------------------------------------------------


def test_without_an_invocation_id_the_same_call_has_the_same_id_and_another_one_another() -> None:
    body = trigger(ticket_id=1)
    first, again = (heard(body, X_Zendesk_Webhook_Invocation_Id="") for _ in range(2))
    later = heard(body, X_Zendesk_Webhook_Invocation_Id="", **_at("2026-11-20T16:00:01Z", body))
    other = heard(trigger(ticket_id=2), X_Zendesk_Webhook_Invocation_Id="")
    assert first == again
    assert len({first.id, later.id, other.id}) == 3


@pytest.mark.parametrize("odd", ["x", "a b c d e f g h", "x" * 65, "'; DROP TABLE notice; --"])
def test_an_odd_invocation_id_is_as_none(odd: str) -> None:
    assert heard(event(), X_Zendesk_Webhook_Invocation_Id=odd).id.startswith("d-")


# ---- what nobody understands ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "its body is not JSON"),
        (b"\xff\xfe", "its body is not UTF-8"),
        (b"ticket_id=1", "its body is not JSON"),
        (b"[" * 100_000, "its body is not JSON"),
        (b'{"ticket_id": ' + b"9" * 10_000 + b"}", "its body is not JSON"),
        (b"[1]", "its body is no JSON object"),
        (b"null", "its body is no JSON object"),
        (b"{}", 'it names no ticket: let the trigger say {"ticket_id": "{{ticket.id}}"}'),
        (event(kind="user.created", subject="zen:user:1"), "an event of type zen:event-type:user.created is about no "
         "ticket"),
        (event(kind="<b>", subject=5), "an event of type unknown is about no ticket"),
        (event(subject="zen:ticket:"), "an event of type zen:event-type:ticket.comment_added is about no ticket"),
        (event(subject="zen:ticket:0", detail=None), "its subject and its detail name different tickets"),
    ],
)  # fmt: skip
def test_what_is_signed_and_not_understood_says_why(body: bytes, why: str) -> None:
    assert heard(body) == Notice(id=INVOCATION, topic="", group=heard(body).group, unknown=why)


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert heard(b"\xef\xbb\xbf" + event()).topic == "ticket:35436"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
        ["ticket_id", "id", "ticket", "type", "subject", "detail", "event", "meta", "sequence", "x"]), inner),
)  # fmt: skip


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_is_signed_gives_a_notice(body: bytes) -> None:
    notice = heard(body)
    assert bool(notice.topic) != bool(notice.unknown)


# ---- as the stand-in makes them -------------------------------------------------------------------------------------


def test_every_call_of_both_kinds_names_the_ticket_that_changed() -> None:
    with StandIn(clock=Clock(NOW)) as zendesk:
        zendesk.webhooks.add("http://127.0.0.1:9/", secret=SECRET)
        rules = zendesk.webhooks.add("http://127.0.0.1:9/", [FROM_RULES], secret=SECRET)
        first = zendesk.people.customer_writes("Broken.")
        second = zendesk.people.customer_writes("Broken, too.")
        zendesk.people.agent_replies(first, "Sorry.", status="pending", tags=["lamp"])
        zendesk.people.merge(second, into=first)
        zendesk.webhooks.send_for_rule(rules.id, '{"ticket_id": "1"}', first)
        calls = [(one, called(one.body, zendesk.webhooks.headers(one))) for one in zendesk.webhooks.pending]
        told = [(one, accept(call, HELPDESK, NOW)) for one, call in calls]
    assert len({one.event for one, _ in told}) > 5
    assert [notice.topic for _, notice in told] == [f"ticket:{one.ticket_id}" for one, _ in told]
    assert [notice.id for _, notice in told] == [one.id for one, _ in told]
    assert all(notice.group for one, notice in told if one.event != FROM_RULES)


def test_the_port_knows_where_zendesks_door_is() -> None:
    assert DOORS["zendesk"] == f"{accept.__module__}:{accept.__name__}"
