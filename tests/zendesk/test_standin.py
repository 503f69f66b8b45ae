"""How the stand-in for Zendesk behaves, told by what a client of the real one has to expect."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import requests
from zenpy import Zenpy
from zenpy.lib.api_objects import Comment, Ticket
from zenpy.lib.exception import APIException, RecordNotFoundException

from integrations.zendesk.standin import Limits, StandIn, records
from integrations.zendesk.standin.records import Json, Role
from tests.zendesk.conftest import BACKFILL, FRIDAY, note, until

# ---- the clock ------------------------------------------------------------------------------------------------------


def test_time_passes_when_it_is_told_to(api: Zenpy, zendesk: StandIn) -> None:
    zendesk.people.customer_writes("Broken.")
    zendesk.clock.set(FRIDAY + timedelta(days=3))
    zendesk.clock.later(hours=1, minutes=30)
    zendesk.people.customer_writes("Lost.")
    assert [one.created_at for one in api.tickets()] == ["2026-11-20T16:00:00Z", "2026-11-23T17:30:00Z"]


# ---- who asks -------------------------------------------------------------------------------------------------------


def test_the_token_says_who_asks(api: Zenpy, zendesk: StandIn) -> None:
    me = api.users.me()
    assert (me.email, me.role) == (zendesk.login.email, "admin")


@pytest.mark.parametrize(
    "login",
    [("bot@example.com/token", "wrong"), ("bot@example.com", "token-of-the-bot"), ("who@example.com/token", "x")],
)
def test_a_wrong_token_is_refused(zendesk: StandIn, http: requests.Session, login: tuple[str, str]) -> None:
    answer = http.get(zendesk.address("users/me.json"), auth=login)
    assert (answer.status_code, answer.json()) == (401, {"error": "Couldn't authenticate you"})


def test_without_a_name_one_is_anonymous_and_not_refused(zendesk: StandIn) -> None:
    answer = requests.get(zendesk.address("users/me.json"), timeout=5)
    assert (answer.status_code, answer.json()["user"]["name"]) == (200, "Anonymous user")
    assert requests.get(zendesk.address("tickets.json"), timeout=5).status_code == 401


def test_an_agent_may_not_export(zendesk: StandIn, http: requests.Session) -> None:
    zendesk.bot.role = Role.AGENT
    answer = http.get(zendesk.address("incremental/tickets/cursor.json"), params={"start_time": BACKFILL})
    assert (answer.status_code, answer.json()["error"]["title"]) == (403, "Forbidden")


def test_a_light_agent_writes_notes_and_nothing_else(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("It never came.")
    zendesk.bot.role = Role.LIGHT_AGENT
    api.tickets.update(Ticket(id=ticket.id, comment=Comment(body="Meant for the customer.", public=True)))
    assert zendesk.witness.public_comments(by=zendesk.bot) == []
    with pytest.raises(APIException) as refused:
        api.tickets.update(Ticket(id=ticket.id, tags=["complaint"]))
    assert refused.value.response.status_code == 403


# ---- reading --------------------------------------------------------------------------------------------------------


def test_a_ticket_is_what_the_customer_wrote(api: Zenpy, zendesk: StandIn) -> None:
    written = zendesk.people.customer_writes("Broken.", subject="My lamp", files=[("lamp.png", 2048)])
    ticket = api.tickets(id=written.id)
    assert (ticket.subject, ticket.status, ticket.via.channel, ticket.tags) == ("My lamp", "new", "email", [])
    (comment,) = api.tickets.comments(written.id)
    assert (comment.plain_body, comment.public) == ("Broken.", True)
    assert [(file.file_name, file.size) for file in comment.attachments] == [("lamp.png", 2048)]
    assert api.users(id=ticket.requester_id).email == "anna@example.org"


def test_several_tickets_and_users_are_read_at_once(api: Zenpy, zendesk: StandIn) -> None:
    first, second = (zendesk.people.customer_writes(text, sender=f"{text}@example.org") for text in ("one", "two"))
    assert [ticket.id for ticket in api.tickets(ids=[first.id, second.id, 99])] == [first.id, second.id]
    users = api.users(ids=[first.requester_id, second.requester_id])
    assert [user.email for user in users] == ["one@example.org", "two@example.org"]


def test_long_lists_come_in_pages(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("1")
    for count in range(2, 122):
        zendesk.people.agent_note(ticket, str(count))
    assert [comment.body for comment in api.tickets.comments(ticket.id)] == [str(count) for count in range(1, 122)]
    assert [audit.events[0]["body"] for audit in api.tickets.audits(ticket.id)][-1] == "121"
    pages = [one.query for one in zendesk.witness.asked("GET", f"tickets/{ticket.id}/audits")]
    assert [query["page[size]"] for query in pages] == ["100", "100"]
    assert "page[after]" in pages[1]


def test_what_happened_stands_in_the_audits(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.", tags=["lamp"])
    zendesk.people.agent_tags(ticket, "vip")
    zendesk.people.agent_replies(ticket, "We are looking into it.", status="pending")
    audits = list(api.tickets.audits(ticket.id))
    assert audits[0].events[0]["type"] == "Comment"
    (tagged,) = audits[1].events
    assert (tagged["field_name"], tagged["previous_value"], tagged["value"]) == ("tags", ["lamp"], ["lamp", "vip"])
    told = {event.get("field_name", event["type"]): event for event in audits[2].events}
    assert (told["status"]["previous_value"], told["status"]["value"]) == ("new", "pending")
    assert told["Comment"]["public"] is True
    assert told["Notification"]["recipients"] == [ticket.requester_id]
    assert audits[2].author_id == zendesk.people.agent.id


def test_a_channel_says_how_it_came(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Shame on you!", channel="twitter")
    assert api.tickets(id=ticket.id).via.channel == "twitter"


def test_a_strangers_word_is_flagged_and_kept_between_agents(zendesk: StandIn, http: requests.Session) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    zendesk.people.customer_writes("Me too!", ticket=ticket, sender="eve@example.org", name="Eve")
    zendesk.people.customer_writes("I am on holiday.", ticket=ticket, automatic=True)
    comments = http.get(zendesk.address(f"tickets/{ticket.id}/comments")).json()["comments"]
    assert [(c["public"], c["metadata"].get("flags")) for c in comments] == [(True, None), (False, [2]), (True, [4])]


def test_search_counts(api: Zenpy, zendesk: StandIn) -> None:
    zendesk.people.customer_writes("The lamp is broken.", tags=["lamp"])
    zendesk.people.solve(zendesk.people.customer_writes("The parcel is lost."))
    assert api.search.count("type:ticket") == 2
    assert api.search.count("type:ticket tags:lamp status<solved created>=2026-11-20 lamp") == 1
    assert [found.status for found in api.search("type:ticket status:solved")] == ["solved"]


# ---- writing --------------------------------------------------------------------------------------------------------


def test_one_update_brings_tags_and_a_note(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.", tags=["lamp"])
    answer = api.tickets.update(note(ticket.id, tags=["lamp", "complaint"]))
    assert answer.ticket.tags == ["complaint", "lamp"]
    assert [event["type"] for event in answer.audit.events] == ["Comment", "Change"]
    assert answer.audit.id == ticket.audits[-1].id
    assert [comment.body for comment in zendesk.witness.notes(zendesk.bot, ticket)] == ["Suggested reply: …"]
    assert zendesk.witness.mails() == []


def test_a_comment_is_public_unless_told_otherwise_and_goes_to_the_customer(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    api.tickets.update(Ticket(id=ticket.id, comment=Comment(body="Oops.")))
    assert [comment.body for comment in zendesk.witness.public_comments(by=zendesk.bot)] == ["Oops."]
    assert [(mail.to, mail.text) for mail in zendesk.witness.mails()] == [(ticket.requester_id, "Oops.")]
    assert [one.path for one in zendesk.witness.unsaid_or_public()] == [f"tickets/{ticket.id}"]


def test_in_a_ticket_that_began_with_a_note_what_is_untold_is_a_note(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.agent_opens("She rang.", subject="Call", public=False)
    api.tickets.update(Ticket(id=ticket.id, comment=Comment(body="Noted.")))
    assert zendesk.witness.public_comments(by=zendesk.bot) == []
    assert len(zendesk.witness.unsaid_or_public()) == 1


def test_tags_of_an_update_replace_all_tags(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.", tags=["lamp", "vip"])
    api.tickets.update(Ticket(id=ticket.id, tags=["complaint"]))
    assert [*ticket.tags] == ["complaint"]
    assert zendesk.witness.tags_history(ticket) == [("lamp", "vip"), ("complaint",)]


def test_tags_alone_are_added_set_and_taken_away(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.", tags=["lamp"])
    api.tickets.add_tags(ticket.id, ["VIP", "two words"])
    assert [*ticket.tags] == ["lamp", "two", "vip", "words"]
    api.tickets.delete_tags(ticket.id, ["two", "words"])
    assert [*ticket.tags] == ["lamp", "vip"]
    api.tickets.set_tags(ticket.id, ["complaint"])
    assert list(api.tickets.tags(ticket.id)) == ["complaint"]


def test_additional_tags_are_for_many_tickets_only(zendesk: StandIn, http: requests.Session) -> None:
    ticket = zendesk.people.customer_writes("Broken.", tags=["lamp"])
    body = {"ticket": {"additional_tags": ["complaint"]}}
    http.put(zendesk.address(f"tickets/{ticket.id}"), json=body)
    assert [*ticket.tags] == ["lamp"]
    job = http.put(zendesk.address(f"tickets/update_many?ids={ticket.id}"), json=body).json()["job_status"]
    assert [*ticket.tags] == ["complaint", "lamp"]
    assert http.get(job["url"]).json()["job_status"]["status"] == "completed"


def test_a_tag_of_a_dropdown_is_its_value(zendesk: StandIn, http: requests.Session) -> None:
    field = zendesk.account.add_field("Reason", options=["late", "broken"])
    ticket = zendesk.people.customer_writes("Broken.")
    http.put(
        zendesk.address(f"tickets/{ticket.id}"),
        json={"ticket": {"custom_fields": [{"id": field.id, "value": "late"}]}},
    )
    assert [*ticket.tags] == ["late"]
    http.put(zendesk.address(f"tickets/{ticket.id}"), json={"ticket": {"tags": ["complaint"]}})
    assert (ticket.tags, ticket.custom) == (("complaint",), {field.id: None})
    (shown,) = http.get(zendesk.address("ticket_fields")).json()["ticket_fields"]
    assert [option["value"] for option in shown["custom_field_options"]] == ["late", "broken"]


def test_a_marker_can_go_into_the_audit_itself(zendesk: StandIn, http: requests.Session) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    body: Json = {"ticket": {"metadata": {"amends": "case-1/ack"}, "comment": {"body": "Note.", "public": False}}}
    audit = http.put(zendesk.address(f"tickets/{ticket.id}"), json=body).json()["audit"]
    assert audit["metadata"]["custom"] == {"amends": "case-1/ack"}


def test_what_says_nothing_new_leaves_no_audit(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.", tags=["lamp"])
    before = ticket.updated_at
    zendesk.clock.later(minutes=5)
    answer = api.tickets.update(Ticket(id=ticket.id, tags=["lamp"]))
    assert (answer.audit.events, len(ticket.audits), ticket.updated_at) == ([], 1, before)


def test_a_ticket_takes_no_more_than_5000_comments(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    ticket.comments *= 5000
    with pytest.raises(APIException, match="too many comments"):
        api.tickets.update(note(ticket.id))
    assert api.tickets.update(Ticket(id=ticket.id, tags=["complaint"])).ticket.tags == ["complaint"]


def test_the_same_key_makes_one_ticket(zendesk: StandIn, http: requests.Session) -> None:
    key = {"Idempotency-Key": "case-1/follow-up"}
    body: Json = {"ticket": {"subject": "Ask how it is", "comment": {"body": "Note.", "public": False}}}
    zendesk.faults.lose("POST tickets")
    with pytest.raises(requests.ConnectionError):
        http.post(zendesk.address("tickets"), json=body, headers=key)
    again = http.post(zendesk.address("tickets"), json=body, headers=key)
    assert (again.status_code, again.headers["x-idempotency-lookup"]) == (201, "hit")
    other: Json = {"ticket": {"subject": "Another", "comment": {"body": "Note.", "public": False}}}
    assert http.post(zendesk.address("tickets"), json=other, headers=key).json()["error"] == "IdempotentRequestError"
    assert len(zendesk.account.tickets) == 1
    zendesk.clock.later(hours=3)
    assert http.post(zendesk.address("tickets"), json=other, headers=key).headers["x-idempotency-lookup"] == "miss"


# ---- at the same time as others -------------------------------------------------------------------------------------


def test_a_safe_update_meets_what_an_agent_did_meanwhile(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    read = api.tickets(id=ticket.id)
    zendesk.clock.later(seconds=2)
    zendesk.faults.meanwhile("PUT tickets/*", lambda: zendesk.people.agent_tags(ticket, "vip"))
    with pytest.raises(APIException) as refused:
        api.tickets.update(note(ticket.id, tags=["complaint"], safe_update=True, updated_stamp=read.updated_at))
    assert refused.value.response.status_code == 409
    assert refused.value.response.json()["error"] == "UpdateConflict"
    assert (ticket.tags, zendesk.witness.notes(zendesk.bot)) == (("vip",), [])


def test_within_the_same_second_a_safe_update_is_none(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    read = api.tickets(id=ticket.id)
    zendesk.faults.meanwhile("PUT tickets/*", lambda: zendesk.people.agent_tags(ticket, "vip"))
    answer = api.tickets.update(note(ticket.id, tags=["complaint"], safe_update=True, updated_stamp=read.updated_at))
    (change,) = [event for event in answer.audit.events if event["type"] == "Change"]
    assert (ticket.tags, change["previous_value"]) == (("complaint",), ["vip"])


def test_tags_can_be_safe_too(zendesk: StandIn, http: requests.Session) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    body = {"tags": ["complaint"], "safe_update": "true", "updated_stamp": "2026-11-20T15:00:00Z"}
    assert http.put(zendesk.address(f"tickets/{ticket.id}/tags"), json=body).status_code == 409
    body["updated_stamp"] = "2026-11-20T16:00:00Z"
    assert http.put(zendesk.address(f"tickets/{ticket.id}/tags"), json=body).json() == {"tags": ["complaint"]}


def test_many_at_once_lose_nothing(zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    login = (f"{zendesk.login.email}/token", zendesk.login.token)

    def tag(count: int) -> int:
        there = zendesk.address(f"tickets/{ticket.id}/tags.json")
        return requests.put(there, json={"tags": [f"tag-{count:02}"]}, auth=login, timeout=30).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(tag, range(24))) == {200}
    assert list(ticket.tags) == [f"tag-{count:02}" for count in range(24)]
    assert len(zendesk.witness.tags_history(ticket)) == 24


# ---- a ticket's life ------------------------------------------------------------------------------------------------


def test_the_customers_answer_opens_it_again(zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    zendesk.people.waits(ticket)
    zendesk.people.customer_writes("Here is a picture.", ticket=ticket)
    assert ticket.status == "open"
    zendesk.people.solve(ticket, "All done.")
    zendesk.people.customer_writes("It is not!", ticket=ticket)
    assert ticket.status == "open"


def test_what_was_solved_long_enough_is_closed_and_then_only_read(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    zendesk.people.solve(ticket)
    zendesk.clock.later(days=3)
    assert zendesk.people.close_by_time() == []
    zendesk.clock.later(days=1)
    assert zendesk.people.close_by_time() == [ticket]
    with pytest.raises(APIException) as refused:
        api.tickets.update(note(ticket.id))
    assert refused.value.response.status_code == 422
    (reason,) = refused.value.response.json()["details"]["status"]
    assert reason["description"] == "Status: closed prevents ticket update"
    with pytest.raises(APIException, match="closed prevents ticket update"):
        api.tickets.add_tags(ticket.id, ["complaint"])
    assert ticket.audits[-1].via["source"]["rel"] == "automation"


def test_a_follow_up_takes_on_the_tags_unless_it_brings_its_own(api: Zenpy, zendesk: StandIn) -> None:
    source = closed(zendesk, tags=["complaint", "lamp"])
    made = api.tickets.create(
        Ticket(via_followup_source_id=source.id, comment=Comment(body="Ask how it is.", public=False))
    )
    assert (made.ticket.tags, made.ticket.via.source.rel) == (["complaint", "lamp"], "follow_up")
    assert (made.ticket.subject, made.ticket.requester_id) == ("Re: Where is my parcel?", source.requester_id)
    own = Ticket(
        subject="Follow up", via_followup_source_id=source.id, requester_id=zendesk.bot.id, tags=["amends-due"],
        comment=Comment(body="Ask how it is.", public=False),
    )  # fmt: skip
    made = api.tickets.create(own)
    assert (made.ticket.tags, made.ticket.is_public, zendesk.witness.mails()) == (["amends-due"], False, [])
    assert source.followup_ids == [source.id + 1, source.id + 2]


def test_only_what_is_closed_can_be_followed(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.", tags=["lamp"])
    made = api.tickets.create(Ticket(via_followup_source_id=ticket.id, comment=Comment(body="Note.", public=False)))
    assert (made.ticket.tags, made.ticket.via.channel, ticket.followup_ids) == ([], "api", [])


def test_the_customers_answer_to_a_closed_ticket_is_a_new_one(zendesk: StandIn) -> None:
    source = closed(zendesk, tags=["lamp"])
    follows = zendesk.people.customer_writes("Again!", ticket=source)
    assert (follows.via["source"]["from"]["ticket_id"], follows.tags) == (source.id, ("lamp",))


def test_a_merged_ticket_is_closed_and_says_where_it_went(api: Zenpy, zendesk: StandIn) -> None:
    target, source = (zendesk.people.customer_writes(text) for text in ("One.", "The same again."))
    job = api.tickets.merge(target=target.id, source=source.id)
    assert api.job_status(id=job.id).status == "completed"
    assert (source.status, source.tags) == ("closed", ("closed_by_merge",))
    assert source.audits[-1].via["source"]["to"]["ticket_id"] == target.id
    assert "The same again." in target.comments[-1].body
    assert not target.comments[-1].public


def test_what_was_deleted_is_not_found_until_it_is_brought_back(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    zendesk.people.delete(ticket)
    with pytest.raises(RecordNotFoundException):
        api.tickets(id=ticket.id)
    assert [gone.id for gone in api.tickets.deleted()] == [ticket.id]
    api.tickets.restore(ticket.id)
    assert api.tickets(id=ticket.id).status == "new"


def test_spam_is_deleted_and_its_sender_suspended(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Buy now!")
    zendesk.people.mark_as_spam(ticket)
    assert api.users(id=ticket.requester_id).suspended
    with pytest.raises(RecordNotFoundException):
        api.tickets.update(note(ticket.id))


def test_a_suspended_mail_is_no_ticket_until_it_is_let_in(api: Zenpy, zendesk: StandIn) -> None:
    mail = zendesk.people.suspended_mail("Broken.", subject="My lamp")
    assert ([one.subject for one in api.suspended_tickets()], list(api.tickets())) == (["My lamp"], [])
    zendesk.people.recover(mail)
    assert ([one.subject for one in api.tickets()], list(api.suspended_tickets())) == (["My lamp"], [])


def test_a_rating_comes_after_the_solution(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    zendesk.people.solve(ticket, "A new one is on its way.")
    zendesk.people.rate(ticket, "bad", "Too late.")
    assert api.tickets(id=ticket.id).satisfaction_rating.score == "bad"
    (rating,) = api.satisfaction_ratings(score="received")
    assert (rating.ticket_id, rating.comment) == (ticket.id, "Too late.")
    assert list(api.satisfaction_ratings(score="good")) == []
    assert ticket.audits[-1].events[0]["type"] == "SatisfactionRating"


def test_a_rating_that_was_only_asked_for_is_no_word_of_the_customers(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    zendesk.people.solve(ticket, "A new one is on its way.")
    zendesk.people.asked_to_rate(ticket)
    assert api.tickets(id=ticket.id).satisfaction_rating.score == "offered"
    assert [rating.score for rating in api.satisfaction_ratings()] == ["offered"]
    assert list(api.satisfaction_ratings(score="received")) == []


# ---- the export -----------------------------------------------------------------------------------------------------


def test_the_export_leaves_out_the_last_minute(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    zendesk.clock.later(seconds=59)
    assert list(api.tickets.incremental(start_time=BACKFILL)) == []
    zendesk.clock.later(seconds=1)
    assert [one.id for one in api.tickets.incremental(start_time=BACKFILL)] == [ticket.id]


def test_the_cursor_goes_on_where_it_ended(api: Zenpy, zendesk: StandIn) -> None:
    tickets = [zendesk.people.customer_writes(str(count)) for count in range(7)]
    zendesk.export.page = 3
    zendesk.clock.later(minutes=2)
    first = api.tickets.incremental(start_time=BACKFILL)
    assert [one.id for one in first] == [ticket.id for ticket in tickets]
    assert [one.query.get("cursor") is None for one in zendesk.witness.reads()] == [True, False, False]
    assert list(api.tickets.incremental(cursor=first.after_cursor)) == []
    zendesk.people.agent_tags(tickets[2], "vip")
    zendesk.people.delete(tickets[4])
    zendesk.clock.later(minutes=2)
    assert [(one.id, one.status) for one in api.tickets.incremental(cursor=first.after_cursor)] == [
        (3, "new"),
        (5, "deleted"),
    ]


def test_pages_can_repeat_what_was_told_before(api: Zenpy, zendesk: StandIn) -> None:
    for count in range(4):
        zendesk.people.customer_writes(str(count))
    zendesk.export.page, zendesk.export.repeats = 2, 1
    zendesk.clock.later(minutes=2)
    assert [one.id for one in api.tickets.incremental(start_time=BACKFILL)] == [1, 2, 2, 3, 4]


def test_what_leaves_no_audit_is_exported_again_with_its_old_time(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    zendesk.clock.later(minutes=2)
    after = api.tickets.incremental(start_time=BACKFILL).after_cursor
    zendesk.account.touch(ticket)
    zendesk.clock.later(minutes=2)
    assert [one.updated_at for one in api.tickets.incremental(cursor=after)] == ["2026-11-20T16:00:00Z"]


def test_an_empty_export_has_no_cursor_and_a_late_start_is_refused(zendesk: StandIn, http: requests.Session) -> None:
    there = zendesk.address("incremental/tickets/cursor")
    assert http.get(there, params={"start_time": BACKFILL}).json()["after_cursor"] is None
    answer = http.get(there, params={"start_time": int(FRIDAY.timestamp()) - 30})
    assert (answer.status_code, answer.json()["error"]) == (422, "InvalidValue")


def test_by_time_the_last_second_comes_twice(zendesk: StandIn, http: requests.Session) -> None:
    zendesk.people.customer_writes("Broken.")
    zendesk.clock.later(minutes=2)
    first = http.get(zendesk.address("incremental/tickets"), params={"start_time": BACKFILL}).json()
    again = http.get(first["next_page"]).json()
    assert [one["id"] for one in first["tickets"]] == [one["id"] for one in again["tickets"]] == [1]


# ---- limits ---------------------------------------------------------------------------------------------------------


def test_every_answer_says_how_much_is_left(zendesk: StandIn, http: requests.Session) -> None:
    zendesk.clock.later(seconds=19)
    headers = http.get(zendesk.address("users/me")).headers
    assert (headers["X-Rate-Limit"], headers["X-Rate-Limit-Remaining"], headers["ratelimit-reset"]) == (
        "700",
        "699",
        "41",
    )


@pytest.mark.parametrize(
    ("limits", "wait"), [(Limits(account=2), 60), (Limits(updates=2), 60), (Limits(one_ticket=2, updates=0), 600)]
)
def test_too_much_is_refused_until_the_time_is_up(
    zendesk: StandIn, http: requests.Session, limits: Limits, wait: int
) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    zendesk.meter.limits = limits
    there, body = zendesk.address(f"tickets/{ticket.id}"), {"ticket": {"tags": ["complaint"]}}
    answers = [http.put(there, json=body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["Retry-After"] == str(wait)
    assert answers[2].json()["error"] == "APIRateLimitExceeded"
    zendesk.clock.later(seconds=wait)
    assert http.put(there, json=body).status_code == 200


def test_ten_exports_a_minute(zendesk: StandIn, http: requests.Session) -> None:
    there = zendesk.address("incremental/tickets/cursor")
    answers = [http.get(there, params={"start_time": BACKFILL}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert answers[0].headers["zendesk-ratelimit-incremental-exports"] == "total=10; remaining=9; resets=60"


# ---- what goes wrong on purpose -------------------------------------------------------------------------------------


def test_an_answer_can_be_lost_after_all_was_done(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    zendesk.faults.lose("PUT tickets/*")
    with pytest.raises(requests.ConnectionError):
        api.tickets.update(note(ticket.id))
    assert len(zendesk.witness.notes(zendesk.bot, ticket)) == 1
    assert [one.fault for one in zendesk.witness.puts(ticket)] == ["lose"]


def test_a_connection_can_end_before_anything_was_done(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    zendesk.faults.drop("* tickets/**", times=1, after=1)
    api.tickets.comments(ticket.id)
    with pytest.raises(requests.ConnectionError):
        api.tickets.update(note(ticket.id))
    assert zendesk.witness.notes(zendesk.bot, ticket) == []


def test_an_answer_can_end_in_the_middle(zendesk: StandIn, http: requests.Session) -> None:
    zendesk.faults.cut("GET users/me")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        http.get(zendesk.address("users/me.json"))
    assert http.get(zendesk.address("users/me.json")).status_code == 200


def test_an_answer_can_be_half_of_its_json(zendesk: StandIn, http: requests.Session) -> None:
    zendesk.faults.truncate("GET users/me")
    answer = http.get(zendesk.address("users/me.json"))
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        answer.json()


def test_an_answer_can_be_late(zendesk: StandIn, http: requests.Session) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    zendesk.faults.slow("PUT tickets/*", 30, done_first=True)
    with pytest.raises(requests.ConnectionError):
        http.put(zendesk.address(f"tickets/{ticket.id}"), json={"ticket": {"tags": ["complaint"]}}, timeout=0.2)
    until(lambda: zendesk.witness.puts(ticket))
    assert [*ticket.tags] == ["complaint"]


def test_the_web_server_in_front_can_fail_with_a_page(zendesk: StandIn, http: requests.Session) -> None:
    zendesk.faults.fail("GET tickets/*", 503, times=9, retry_after="7", html=True)
    answer = http.get(zendesk.address("tickets/1.json"))
    assert (answer.status_code, answer.headers["Retry-After"], answer.headers["Content-Type"]) == (
        503,
        "7",
        "text/html",
    )
    zendesk.faults.clear()
    assert http.get(zendesk.address("tickets/1.json")).status_code == 404


# ---- people and witness ---------------------------------------------------------------------------------------------


def test_agents_have_names_and_do_what_agents_do(zendesk: StandIn) -> None:
    bea = zendesk.people.agent_named("Bea Best")
    field = zendesk.account.add_field("Order")
    ticket = zendesk.people.customer_writes("Broken.", tags=["lamp", "vip"])
    zendesk.people.agent_sets(ticket, by=bea, priority="high", assignee_id=bea.id)
    zendesk.people.fill(ticket, field.id, "LL-10234", by=bea)
    zendesk.people.agent_untags(ticket, "vip", by=bea)
    zendesk.people.solve(ticket, by=bea)
    zendesk.people.reopen(ticket, by=bea)
    changes = [event["value"] for audit in zendesk.witness.audits(by=bea) for event in audit.events]
    assert changes == ["high", str(bea.id), "open", "LL-10234", ["lamp"], "solved", "open"]
    assert (ticket.values["assignee_id"], zendesk.witness.audits(by=zendesk.people.agent)) == (bea.id, [])


def test_the_witness_finds_every_comment_that_is_asked_for(zendesk: StandIn, http: requests.Session) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    there = zendesk.address(f"tickets/{ticket.id}.json")
    http.put(there, json={"ticket": {"comment": {"body": "Note.", "public": False}}})
    assert zendesk.witness.unsaid_or_public() == []
    http.put(there, json={"ticket": {"comment": {"html_body": "<p>Said.</p>", "public": True}}})
    assert [one.json["ticket"]["comment"]["public"] for one in zendesk.witness.unsaid_or_public()] == [True]
    assert [comment.body for comment in zendesk.witness.comments(by=zendesk.bot, ticket=ticket)] == ["Note.", "Said."]
    zendesk.witness.forget()
    assert (zendesk.witness.log, len(zendesk.witness.mails())) == ([], 1)


def test_without_limits_nobody_waits(zendesk: StandIn, http: requests.Session) -> None:
    zendesk.meter.limits = Limits.none()
    there = zendesk.address("incremental/tickets/cursor")
    answers = [http.get(there, params={"start_time": BACKFILL}) for _ in range(12)]
    assert {answer.status_code for answer in answers} == {200}
    assert "X-Rate-Limit" not in answers[0].headers


def closed(zendesk: StandIn, tags: list[str]) -> records.Ticket:
    """A ticket Zendesk has closed."""
    ticket = zendesk.people.customer_writes("Broken.", tags=tags)
    zendesk.people.solve(ticket)
    zendesk.clock.later(days=4)
    zendesk.people.close_by_time()
    return ticket
