"""The stand-in against the official description, and against what others have recorded of the real thing.

Every test here and elsewhere also ends with a look at `misshapen`: no answer may be other than described.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from integrations.zendesk.standin import StandIn, shapes
from integrations.zendesk.standin.api import ROUTES
from integrations.zendesk.standin.records import Json, Role, Ticket
from integrations.zendesk.standin.shapes import Shapes
from integrations.zendesk.standin.webhooks import FROM_RULES
from tests.zendesk.conftest import FRIDAY, Ear

SHAPES = Shapes()
STANDIN = Path(shapes.__file__).parent
OURS = json.loads((STANDIN / "ours.json").read_text("utf-8"))
DESCRIPTION = json.loads((STANDIN / "description.json").read_text("utf-8"))
# The fields of a ticket and a user as they came from real accounts, in the tests of aaronellington/zendesk-go.
RECORDED_TICKET = {
    "url", "id", "external_id", "via", "created_at", "updated_at", "type", "subject", "raw_subject", "description",
    "priority", "status", "recipient", "requester_id", "submitter_id", "assignee_id", "organization_id", "group_id",
    "collaborator_ids", "follower_ids", "email_cc_ids", "problem_id", "has_incidents", "is_public", "due_at", "tags",
    "custom_fields", "satisfaction_rating", "fields", "followup_ids", "ticket_form_id", "brand_id",
}  # fmt: skip
RECORDED_COMMENT = {
    "id", "type", "author_id", "body", "html_body", "plain_body", "public", "attachments", "audit_id", "via",
    "created_at", "metadata",
}  # fmt: skip
RECORDED_DETAIL = {
    "actor_id", "assignee_id", "brand_id", "created_at", "custom_status", "description", "external_id", "form_id",
    "group_id", "id", "is_public", "organization_id", "priority", "requester_id", "status", "subject", "submitter_id",
    "tags", "type", "updated_at", "via",
}  # fmt: skip


# ---- nothing is made up ---------------------------------------------------------------------------------------------


def test_everything_that_is_served_is_described() -> None:
    described = {(shape(path), method.upper()) for path, ways in SHAPES.paths.items() for method in ways}
    assert {(shape(route.path), route.method) for route in ROUTES} - described == set()


def test_what_the_description_leaves_open_has_a_schema_of_ours() -> None:
    assert SHAPES.open == []
    left_open = {name for name, schema in DESCRIPTION["schemas"].items() if schema is None}
    assert len(left_open) == 15
    assert left_open <= set(OURS["schemas"])


def test_every_schema_of_ours_names_the_page_it_was_read_on() -> None:
    pages = [schema["page"] for part in ("schemas", "corrected", "query") for schema in OURS[part].values()]
    pages += [way["page"] for ways in OURS["paths"].values() for way in ways.values()]
    assert [page for page in pages if not page.startswith(("api-reference/", "documentation/"))] == []


def test_the_one_answer_that_is_other_than_described(zendesk: StandIn, http: requests.Session) -> None:
    rating = zendesk.people.rate(solved(zendesk), "good")
    answer = http.get(zendesk.address(f"satisfaction_ratings/{rating.id}")).json()
    (problem,) = SHAPES.wrong(answer, DESCRIPTION["schemas"]["SatisfactionRatingResponse"], "answer")
    assert problem.endswith("not array")
    assert list(OURS["corrected"]) == ["SatisfactionRatingResponse"]


# ---- every answer is as described -----------------------------------------------------------------------------------


def test_a_day_that_visits_everything_is_as_described(zendesk: StandIn, http: requests.Session, ear: Ear) -> None:
    for visit in (reads, writes, ends, asks_around, calls):
        visit(zendesk, http, ear)
    visited = {(shape(one.path), one.method) for one in zendesk.witness.log if one.status < 300}
    assert {(shape(route.path), route.method) for route in ROUTES} - {(named(path), m) for path, m in visited} == set()
    assert zendesk.misshapen == []


def test_tickets_comments_and_users_are_as_the_description_draws_them(zendesk: StandIn, http: requests.Session) -> None:
    """It draws them in its other half, under paths of its own, and not where they are answered."""
    ticket = solved(zendesk)
    zendesk.people.rate(ticket, "good", "Thank you.")
    for path, name, part in (
        (f"tickets/{ticket.id}", "Ticket", "ticket"),
        (f"tickets/{ticket.id}/comments", "Comment", "comments"),
        (f"users/{ticket.requester_id}", "User", "user"),
    ):
        found = http.get(zendesk.address(path)).json()[part]
        for one in found if isinstance(found, list) else [found]:
            assert SHAPES.wrong(one, {"$ref": name}, name) == []


def test_they_have_every_field_that_others_have_recorded(zendesk: StandIn, http: requests.Session) -> None:
    ticket = solved(zendesk)
    assert RECORDED_TICKET - set(http.get(zendesk.address(f"tickets/{ticket.id}")).json()["ticket"]) == set()
    (first, *_) = http.get(zendesk.address(f"tickets/{ticket.id}/comments")).json()["comments"]
    assert set(first) == RECORDED_COMMENT


def test_every_event_is_as_described(zendesk: StandIn, http: requests.Session, ear: Ear) -> None:
    zendesk.webhooks.add(ear.url)
    writes(zendesk, http, ear)
    ends(zendesk, http, ear)
    zendesk.webhooks.deliver()
    assert len({body["type"] for body in ear.bodies}) >= 10
    assert [problem for body in ear.bodies for problem in SHAPES.wrong(body, {"$ref": "EventBody"}, body["type"])] == []
    assert all(set(body["detail"]) == RECORDED_DETAIL for body in ear.bodies)


def test_what_a_trigger_sends_fits_the_description_of_webhooks(zendesk: StandIn, ear: Ear) -> None:
    hook = zendesk.webhooks.add(ear.url, [FROM_RULES])
    body = (
        '{"id": {{ticket.id}}, "title": "{{ticket.title}}", "description": "{{ticket.description}}",'
        ' "requester_id": {{ticket.requester.id}}, "requester_email": "{{ticket.requester.email}}",'
        ' "requester_name": "{{ticket.requester.name}}", "via": "{{ticket.via}}",'
        ' "created_at": "{{ticket.created_at_with_timestamp}}", "updated_at": "{{ticket.updated_at_with_timestamp}}"}'
    )
    action = {"field": "notification_webhook", "value": [hook.id, body]}
    zendesk.rules.add({"title": "Tell", "conditions": {"all": []}, "actions": [action]})
    zendesk.people.customer_writes("Broken.")
    zendesk.webhooks.deliver()
    schema = SHAPES.schemas["TicketEventPayload"]
    assert SHAPES.wrong(ear.bodies[0], schema, "payload") == []
    assert set(ear.bodies[0]) <= set(schema["properties"])


# ---- and the check itself sees --------------------------------------------------------------------------------------


def spoil(*path: str | int, value: Any) -> Callable[[Json], None]:
    """Puts a value somewhere into an answer; ... takes away what is there."""

    def at(answer: Any) -> None:
        for step in path[:-1]:
            answer = answer[step]
        if value is ...:
            del answer[path[-1]]
        else:
            answer[path[-1]] = value

    return at


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (spoil("ticket", "id", value="1"), "answer.ticket.id is '1', not integer"),
        (spoil("ticket", "id", value=True), "answer.ticket.id is True, not integer"),
        (spoil("ticket", "tags", value=...), "answer.ticket.tags is missing"),
        (spoil("ticket", "tags", value=[7]), "answer.ticket.tags[0] is 7, not string"),
        (spoil("ticket", "mood", value="bad"), "answer.ticket.mood is described nowhere"),
        (spoil("ticket", "status", value="done"), "not one of"),
        (spoil("ticket", "updated_at", value="yesterday"), "not a date-time"),
        (spoil("ticket", "url", value="tickets/1"), "not a uri"),
        (spoil("ticket", "subject", value=None), "answer.ticket.subject is null"),
        (spoil("audit", "events", 0, "type", value="Shout"), "answer.audit.events[0].type is 'Shout'"),
    ],
)
def test_a_fault_in_an_answer_is_seen(
    zendesk: StandIn, http: requests.Session, change: Callable[[Json], None], told: str
) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    asked: Json = {"ticket": {"tags": ["complaint"]}}
    answer = http.put(zendesk.address(f"tickets/{ticket.id}"), json=asked).json()
    assert problems("PUT", f"tickets/{ticket.id}", asked, answer) == []
    spoilt = deepcopy(answer)
    change(spoilt)
    (problem, *_) = problems("PUT", f"tickets/{ticket.id}", asked, spoilt)
    assert told in problem


def test_a_fault_in_a_request_is_seen(zendesk: StandIn, http: requests.Session) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    http.put(zendesk.address(f"tickets/{ticket.id}?wish=1"), json={"ticket": {"tags": "complaint"}})
    there = f"PUT tickets/{ticket.id} -> 200"
    assert zendesk.misshapen == [
        f"{there}: parameter wish is described nowhere",
        f"{there}: request.ticket.tags is 'complaint', not array",
    ]
    zendesk.misshapen.clear()


def problems(method: str, path: str, asked: Json, answer: Json) -> list[str]:
    """What the check says of an answer with status 200."""
    return SHAPES.problems(method, path, 200, {}, (json.dumps(asked).encode(), json.dumps(answer).encode()))


# ---- the visits -----------------------------------------------------------------------------------------------------


def solved(zendesk: StandIn) -> Ticket:
    """A ticket with everything in it: a file, a reply, a note, tags, and a solution."""
    ticket = zendesk.people.customer_writes("Broken.", files=[("lamp.png", 2048)], tags=["lamp"])
    zendesk.people.agent_replies(ticket, "We look into it.", status="pending")
    zendesk.people.agent_note(ticket, "A lamp again.")
    zendesk.people.solve(ticket, "A new one is on its way.")
    return ticket


def reads(zendesk: StandIn, http: requests.Session, _ear: Ear) -> None:
    """Whatever can be read of a ticket."""
    ticket = solved(zendesk)
    there = f"tickets/{ticket.id}"
    paths = ["tickets", "tickets?page[size]=1", "tickets/count", f"tickets/show_many?ids={ticket.id}", there]
    paths += [f"{there}/{part}" for part in ("comments?include=users", "audits?page[size]=1", "tags", "related")]
    paths += [f"{there}/audits/{ticket.audits[0].id}", "users/me", f"users/{ticket.requester_id}"]
    paths += [f"users/show_many?ids={ticket.requester_id}", "users/search?query=anna", "account/settings"]
    for path in paths:
        assert http.get(zendesk.address(path)).status_code == 200


def writes(zendesk: StandIn, http: requests.Session, _ear: Ear) -> None:
    """Whatever can be changed in a ticket."""
    field = zendesk.account.add_field("Reason", options=["late"])
    ticket = zendesk.people.customer_writes("Broken.")
    there = zendesk.address(f"tickets/{ticket.id}")
    change: Json = {"status": "open", "priority": "high", "type": "task", "tags": ["complaint"], "subject": "Lamp"}
    change |= {"custom_fields": [{"id": field.id, "value": "late"}], "due_at": "2026-12-01T17:00:00Z"}
    http.put(there, json={"ticket": {**change, "comment": {"html_body": "<p>Note.</p>", "public": False}}})
    http.put(f"{there}/tags", json={"tags": ["vip"]})
    http.post(f"{there}/tags", json={"tags": ["complaint", "vip"]})
    http.delete(f"{there}/tags", json={"tags": ["vip"]})
    job = http.put(zendesk.address(f"tickets/update_many?ids={ticket.id}"), json={"ticket": {"additional_tags": ["x"]}})
    http.get(job.json()["job_status"]["url"])
    new: Json = {"subject": "New", "requester": {"name": "Bo", "email": "bo@example.org"}}
    http.post(zendesk.address("tickets"), json={"ticket": {**new, "comment": {"body": "He rang.", "public": False}}})


def ends(zendesk: StandIn, http: requests.Session, _ear: Ear) -> None:
    """Merged, deleted, brought back, thrown away as spam, rated."""
    first, second, third, fourth = (zendesk.people.customer_writes(f"Broken {count}.") for count in range(4))
    http.post(zendesk.address(f"tickets/{first.id}/merge"), json={"ids": [second.id], "target_comment": "The same."})
    http.delete(zendesk.address(f"tickets/{third.id}"))
    http.get(zendesk.address("deleted_tickets"))
    http.put(zendesk.address(f"deleted_tickets/{third.id}/restore"))
    http.put(zendesk.address(f"tickets/{fourth.id}/mark_as_spam"))
    zendesk.people.solve(first)
    anna = zendesk.account.users[first.requester_id]
    anna.token, anna.suspended = "token-of-anna", False
    there, words = zendesk.address(f"tickets/{first.id}/satisfaction_rating"), {"score": "bad", "comment": "Slow."}
    auth = (f"{anna.email}/token", anna.token)
    rating = http.post(there, json={"satisfaction_rating": words}, auth=auth).json()["satisfaction_rating"]
    http.get(zendesk.address("satisfaction_ratings?score=bad"))
    http.get(rating["url"])


def asks_around(zendesk: StandIn, http: requests.Session, _ear: Ear) -> None:
    """Suspended mails, fields, search and exports."""
    mail = zendesk.people.suspended_mail("Buy now!")
    zendesk.clock.later(minutes=2)
    start = int((FRIDAY - timedelta(days=1)).timestamp())
    for path in (
        "suspended_tickets", f"suspended_tickets/{mail.id}", "ticket_fields", "search?query=type:ticket lamp",
        "search/count?query=type:ticket", f"incremental/tickets?start_time={start}",
        f"incremental/tickets/cursor?start_time={start}&exclude_deleted=true",
    ):  # fmt: skip
        assert http.get(zendesk.address(path)).status_code == 200


def calls(zendesk: StandIn, http: requests.Session, ear: Ear) -> None:
    """Webhooks and triggers."""
    made = {
        "name": "Amends",
        "endpoint": ear.url,
        "http_method": "POST",
        "request_format": "json",
        "subscriptions": [FROM_RULES],
    }
    hook = http.post(zendesk.address("webhooks"), json={"webhook": made}).json()["webhook"]
    http.get(zendesk.address("webhooks"))
    http.get(zendesk.address("apps/installations"))
    http.get(zendesk.address(f"webhooks/{hook['id']}/signing_secret"))
    http.post(zendesk.address(f"webhooks/test?webhook_id={hook['id']}"), json={"request": {"payload": "{}"}})
    rule: Json = {"title": "Tell", "conditions": {"all": []}, "actions": []}
    http.post(zendesk.address("triggers"), json={"trigger": rule})
    http.get(zendesk.address("triggers"))


def shape(path: str) -> str:
    """A path with a star for each part that varies, however it is written."""
    return "/".join("*" if part[:1] in "<{" or part.isdigit() else part for part in path.split("/"))


def named(path: str) -> str:
    """The same for the two kinds of id that are words."""
    first, *rest = path.split("/")
    return (
        "/".join([first, "*", *rest[1:]])
        if first in ("job_statuses", "webhooks") and rest not in ([], ["test"])
        else path
    )


def test_refusals_are_as_others_recorded_them(zendesk: StandIn, http: requests.Session) -> None:
    assert http.get(zendesk.address("tickets/99")).json() == {"error": "RecordNotFound", "description": "Not found"}
    zendesk.bot.role = Role.AGENT
    assert set(http.get(zendesk.address("satisfaction_ratings")).json()["error"]) == {"title", "message"}
    assert (
        http.put(zendesk.address("tickets/99"), data=b"{", headers={"Content-Type": "application/json"}).status_code
        == 400
    )
