"""Calls from the stand-in: signed, of both kinds, in any order."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import requests

from integrations.zendesk.standin import Clock, StandIn
from integrations.zendesk.standin.records import Json
from integrations.zendesk.standin.webhooks import FROM_RULES, signature
from tests.zendesk.conftest import FRIDAY, Ear, until


def test_every_event_of_one_act_has_the_same_sequence(zendesk: StandIn, ear: Ear) -> None:
    zendesk.webhooks.add(ear.url)
    ticket = zendesk.people.customer_writes("Broken.")
    zendesk.people.agent_replies(ticket, "Sorry.", status="pending", tags=["lamp"])
    assert [delivery.status for delivery in zendesk.webhooks.deliver()] == [202] * 6
    kinds = [body["type"].removeprefix("zen:event-type:ticket.") for body in ear.bodies]
    assert kinds == [
        "created",
        "comment_added",
        "comment_added",
        "agent_assignment_changed",
        "status_changed",
        "tags_changed",
    ]
    sequences = [body["event"]["meta"]["sequence"] for body in ear.bodies]
    assert [one["position"] for one in sequences] == [1, 2, 1, 2, 3, 4]
    assert [first["id"] == second["id"] for first, second in pairwise(sequences)] == [True, False, True, True, True]
    assert {(body["subject"], body["detail"]["id"], body["detail"]["status"]) for body in ear.bodies[2:]} == {
        ("zen:ticket:1", "1", "PENDING")
    }


def test_calls_are_signed_over_time_and_body(zendesk: StandIn, ear: Ear) -> None:
    hook = zendesk.webhooks.add(ear.url, secret="a secret of ours")
    zendesk.people.customer_writes("Broken.")
    zendesk.webhooks.deliver()
    headers, body = ear.heard[0]
    time = headers["X-Zendesk-Webhook-Signature-Timestamp"]
    assert (time, headers["User-Agent"]) == ("2026-11-20T16:00:00Z", "Zendesk Webhook")
    assert headers["X-Zendesk-Webhook-Signature"] == signature("a secret of ours", time, body)
    assert headers["X-Zendesk-Webhook-Id"] == hook.id


def test_calls_come_twice_and_in_any_order_or_not_at_all(zendesk: StandIn, ear: Ear) -> None:
    zendesk.webhooks.add(ear.url)
    ticket = zendesk.people.customer_writes("Broken.")
    zendesk.people.agent_tags(ticket, "vip")
    held = list(zendesk.webhooks.pending)
    zendesk.webhooks.deliver(reversed(held[1:]), times=2)
    kinds = [delivery.invocation.event for delivery in zendesk.webhooks.sent]
    assert kinds == ["tags_changed", "comment_added"] * 2
    ids = [headers["X-Zendesk-Webhook-Invocation-Id"] for headers, _ in ear.heard]
    assert (ids[0], len(set(ids))) == (ids[2], 2)
    assert [lost.event for lost in zendesk.webhooks.drop()] == ["created"]
    assert (zendesk.webhooks.deliver(), len(ear.heard)) == ([], 4)


def test_a_shuffle_is_the_same_for_the_same_seed(zendesk: StandIn, ear: Ear) -> None:
    zendesk.webhooks.add(ear.url)
    ticket = zendesk.people.customer_writes("Broken.")
    zendesk.people.agent_replies(ticket, "Sorry.", status="pending", tags=["lamp"])
    held = list(zendesk.webhooks.pending)
    orders = [[one.invocation.id for one in zendesk.webhooks.deliver(held, times=2, shuffle=5)] for _ in range(2)]
    assert orders[0] == orders[1] != [one.id for one in held * 2]


def test_somebody_else_can_call_too(zendesk: StandIn, ear: Ear) -> None:
    zendesk.webhooks.add(ear.url)
    zendesk.people.customer_writes("Broken.")
    (first, _) = zendesk.webhooks.drop()
    old = zendesk.webhooks.headers(first, at=FRIDAY - timedelta(minutes=6))
    zendesk.webhooks.attempt(first, headers=old | {"X-Zendesk-Webhook-Signature": "bm90IG91cnM="}, body=b"\xff")
    headers, body = ear.heard[0]
    assert (headers["X-Zendesk-Webhook-Signature-Timestamp"], body) == ("2026-11-20T15:54:00Z", b"\xff")


def test_deleting_merging_and_spam_are_events(zendesk: StandIn, ear: Ear) -> None:
    zendesk.webhooks.add(ear.url)
    first, second, third = (zendesk.people.customer_writes(text) for text in ("one", "two", "three"))
    zendesk.webhooks.drop()
    zendesk.people.merge(second, into=first)
    zendesk.people.delete(first)
    zendesk.people.mark_as_spam(third)
    names = [held.event for held in zendesk.webhooks.pending]
    assert [name for name in names if name in ("merged", "soft_deleted", "marked_as_spam")] == [
        "merged",
        "soft_deleted",
        "marked_as_spam",
    ]
    (merged,) = [json.loads(held.body) for held in zendesk.webhooks.pending if held.event == "merged"]
    assert merged["event"]["target_ticket_id"] == str(first.id)


def test_a_trigger_sends_what_the_admin_wrote_until_its_tag_is_there(
    zendesk: StandIn, ear: Ear, http: requests.Session
) -> None:
    hook = zendesk.webhooks.add(ear.url, [FROM_RULES])
    written = http.post(zendesk.address("triggers"), json={"trigger": trigger(hook.id)})
    assert written.status_code == 201
    ticket = zendesk.people.customer_writes("Broken.")
    zendesk.people.agent_tags(ticket, "amends-seen")
    zendesk.people.agent_note(ticket, "Nobody needs to know.")
    zendesk.webhooks.deliver()
    assert ear.bodies == [{"ticket_id": "1", "status": "New", "tags": "", "updated_at": "2026-11-20T16:00:00Z"}]


def test_a_trigger_can_change_the_ticket_within_the_same_audit(zendesk: StandIn, http: requests.Session) -> None:
    rule: Json = {
        "title": "Angry people first",
        "conditions": {"all": [{"field": "current_tags", "operator": "includes", "value": "complaint"}]},
        "actions": [{"field": "priority", "value": "high"}],
    }  # fmt: skip
    http.post(zendesk.address("triggers"), json={"trigger": rule})
    ticket = zendesk.people.customer_writes("Broken.")
    answer = http.put(zendesk.address(f"tickets/{ticket.id}"), json={"ticket": {"tags": ["complaint"]}}).json()
    (changed,) = [event for event in answer["audit"]["events"] if event["field_name"] == "priority"]
    assert (answer["ticket"]["priority"], changed["via"]["source"]["rel"]) == ("high", "trigger")


def test_a_webhook_is_for_events_or_for_rules_and_only_for_this_machine(zendesk: StandIn) -> None:
    with pytest.raises(ValueError, match="never for both"):
        zendesk.webhooks.add("http://127.0.0.1:1/", [FROM_RULES, "zen:event-type:ticket.created"])
    with pytest.raises(ValueError, match="not an address of this machine"):
        zendesk.webhooks.add("https://example.com/")


def test_a_webhook_can_be_tried(zendesk: StandIn, ear: Ear, http: requests.Session) -> None:
    hook = zendesk.webhooks.add(ear.url)
    (known,) = http.get(zendesk.address("webhooks")).json()["webhooks"]
    assert (known["id"], known["endpoint"]) == (hook.id, ear.url)
    there = zendesk.address("webhooks")
    assert http.get(f"{there}/{hook.id}/signing_secret").json()["signing_secret"]["secret"] == hook.secret
    answer = http.post(f"{there}/test?webhook_id={hook.id}", json={"request": {"payload": '{"ping": 1}'}})
    assert (answer.json()["response"]["status"], ear.bodies) == (202, [{"ping": 1}])


def test_with_live_webhooks_calls_go_out_by_themselves(ear: Ear) -> None:
    with StandIn(clock=Clock(FRIDAY), live=True) as zendesk:
        zendesk.webhooks.add(ear.url, ["zen:event-type:ticket.created"])
        zendesk.people.customer_writes("Broken.")
        until(lambda: ear.heard)
    assert [body["type"] for body in ear.bodies] == ["zen:event-type:ticket.created"]


def test_with_live_webhooks_a_call_that_was_put_off_is_made_again(ear: Ear) -> None:
    ear.answer = 503
    with StandIn(live=True) as zendesk:
        zendesk.webhooks.add(ear.url, ["zen:event-type:ticket.created"])
        zendesk.people.customer_writes("Broken.")
        until(lambda: len(ear.heard) == 4)
    assert len({headers["X-Zendesk-Webhook-Invocation-Id"] for headers, _ in ear.heard}) == 1


VECTORS = json.loads((Path(__file__).parent / "signature_vectors.json").read_text("utf-8"))["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["name"]))
def test_signatures_are_those_others_have_computed(vector: Json) -> None:
    assert signature(vector["secret"], vector["timestamp"], vector["body"].encode()) == vector["signature"]


def trigger(webhook_id: str) -> Json:
    """A trigger as an admin writes it: any change, unless our tag is there."""
    body = (
        '{"ticket_id": "{{ticket.id}}", "status": "{{ticket.status}}", "tags": "{{ticket.tags}}",'
        ' "updated_at": "{{ticket.updated_at_with_timestamp}}"}'
    )
    return {
        "title": "Tell Amends",
        "conditions": {"all": [{"field": "current_tags", "operator": "not_includes", "value": "amends-seen"}]},
        "actions": [{"field": "notification_webhook", "value": [webhook_id, body]}],
    }  # fmt: skip
