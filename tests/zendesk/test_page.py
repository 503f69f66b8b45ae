"""The page of the stand-in: what an agent would see, for whoever looks at the demo."""

from __future__ import annotations

import requests

from integrations.zendesk.standin import StandIn


def seen(zendesk: StandIn) -> requests.Response:
    return requests.get(zendesk.url + "/", timeout=5)


def test_tickets_are_shown_with_their_tags_and_what_the_customer_does_not_see(zendesk: StandIn) -> None:
    assert "No ticket has come yet." in seen(zendesk).text
    ticket = zendesk.people.customer_writes("It never came.", subject="Where is my lamp?")
    zendesk.people.agent_tags(ticket, "vip")
    zendesk.people.agent_note(ticket, "Call the courier.")
    page = seen(zendesk).text
    assert "#1 Where is my lamp?" in page
    assert "<li>vip</li>" in page
    assert "Ada Agent, internal note" in page


def test_what_customers_write_is_text_and_nothing_else(zendesk: StandIn) -> None:
    zendesk.people.customer_writes("<script>alert(1)</script>", subject="<b>Bold</b>")
    answer = seen(zendesk)
    assert "&lt;script&gt;" in answer.text
    assert "<b>" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_looking_counts_for_no_limit_and_nothing_can_be_changed_there(zendesk: StandIn) -> None:
    seen(zendesk)
    assert zendesk.witness.log == []
    assert requests.post(zendesk.url + "/", timeout=5).status_code == 405
    zendesk.misshapen.clear()  # a refusal outside the API has no description
