"""The edges of the talk with Zendesk: each answer that is none, and what must not be sent, repeated or logged."""

from __future__ import annotations

import json
import logging
import socket
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests
import responses
from responses import RequestsMock

from integrations.zendesk.standin import StandIn
from integrations.zendesk.wire import Barred, Changed, Gone, Unwritable, Wire
from plugin.inbox import InboxRefused, InboxUnavailable
from tests.zendesk.desk import attached

HOME = "https://example.zendesk.com/api/v2"
TICKET = f"{HOME}/tickets/7.json"
TEXT = "My lamp LL-10234 arrived broken"
NOTE = {"comment": {"body": TEXT, "public": False}}


@pytest.fixture
def web() -> Iterator[RequestsMock]:
    """Every request must be one of those a test expects."""
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def wire() -> Iterator[Wire]:
    """Talks to the real address, which nobody here lets it reach."""
    stand_in = StandIn()
    wire = Wire(replace(attached(stand_in), url="https://example.zendesk.com"))
    yield wire
    wire.close()
    stand_in.close()


def ticket(**more: Any) -> dict[str, Any]:
    return {"id": 7, "subject": "Lamp", "status": "new", "tags": []} | more


# ---- refusals -------------------------------------------------------------------------------------------------------


def test_401_names_the_address_and_what_to_check(web: RequestsMock, wire: Wire) -> None:
    web.get(TICKET, status=401, json={"error": "Couldn't authenticate you"})
    with pytest.raises(InboxRefused) as told:
        wire.ticket(7)
    assert str(told.value) == (
        "inbox helpdesk: Zendesk does not accept the login of bot@example.com "
        "- check `email` and `token`, and that token access is switched on in Admin Center"
    )


def test_an_anonymous_answer_is_no_login(web: RequestsMock, wire: Wire) -> None:
    web.get(f"{HOME}/users/me.json", json={"user": {"id": None, "name": "Anonymous user"}})
    with pytest.raises(InboxRefused, match="does not accept the login"):
        wire.me()


def test_403_is_a_matter_of_rights(web: RequestsMock, wire: Wire) -> None:
    web.get(TICKET, status=403, json={"error": "Forbidden"})
    with pytest.raises(Barred, match=r"does not let bot@example\.com do that - give it the role of an admin"):
        wire.ticket(7)


@pytest.mark.parametrize(("status", "kind"), [(404, Gone), (409, Changed), (400, Unwritable), (422, Unwritable)])
def test_what_is_said_of_a_ticket_is_told_in_our_words(
    web: RequestsMock, wire: Wire, status: int, kind: type[Exception]
) -> None:
    web.put(TICKET, status=status, json={"error": "RecordInvalid", "description": "Record validation errors"})
    with pytest.raises(kind):
        wire.update(7, NOTE)


def test_422_gives_zendesks_reason_and_nothing_we_sent(web: RequestsMock, wire: Wire) -> None:
    details = {"base": [{"description": "Ticket: has too many comments (5000)"}], "x": ["odd"], "y": 7}
    web.put(TICKET, status=422, json={"error": "RecordInvalid", "details": details})
    with pytest.raises(Unwritable) as told:
        wire.update(7, NOTE)
    assert str(told.value) == "422: Ticket: has too many comments (5000)"


@pytest.mark.parametrize("body", ["", "<html>Bad request</html>", "[]", '"no"', '{"details": {}}', "{}"])
def test_a_refusal_without_a_reason_says_so(web: RequestsMock, wire: Wire, body: str) -> None:
    web.put(TICKET, status=422, body=body)
    with pytest.raises(Unwritable, match="422: no reason given"):
        wire.update(7, NOTE)


# ---- not now --------------------------------------------------------------------------------------------------------

LATER = format_datetime(datetime(2126, 11, 24, tzinfo=UTC), usegmt=True)
PAST = format_datetime(datetime(2026, 1, 1, tzinfo=UTC), usegmt=True)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("given", "wait"), [
    ("60", 60), ("1.5", 1.5), ("0", 0), ("", 0), (LATER, 3600), (PAST, 0), ("soon", 0), ("-5", 0), ("nan", 0),
    ("inf", 3600), ("1e9", 3600),
])  # fmt: skip
def test_nobody_asks_again_before_the_time_zendesk_names(
    web: RequestsMock, wire: Wire, status: int, given: str, wait: float
) -> None:
    web.get(TICKET, status=status, headers={"Retry-After": given} if given else {})
    with pytest.raises(InboxUnavailable) as told:
        wire.ticket(7)
    assert told.value.wait == wait
    if wait:
        with pytest.raises(InboxUnavailable, match="Zendesk asked us to wait") as told:
            wire.users([1])
        assert 0 < told.value.wait <= wait
    assert len(web.calls) == 1


@pytest.mark.parametrize("status", [500, 502, 504, 520])
def test_a_page_of_the_web_server_in_front_is_no_answer(web: RequestsMock, wire: Wire, status: int) -> None:
    web.put(TICKET, status=status, body="<html><h1>Bad gateway</h1></html>", content_type="text/html")
    with pytest.raises(InboxUnavailable, match=f"Zendesk answers {status}"):
        wire.update(7, NOTE)
    assert len(web.calls) == 1  # a write is never repeated by itself


@pytest.mark.parametrize("fault", [
    requests.ConnectTimeout(), requests.ReadTimeout(), requests.ConnectionError(ConnectionResetError(104, "reset")),
    requests.exceptions.ChunkedEncodingError(), requests.exceptions.SSLError(),
    requests.exceptions.ContentDecodingError(), requests.exceptions.InvalidURL(), requests.exceptions.ProxyError(),
])  # fmt: skip
def test_a_connection_that_fails_is_one_try_and_one_sentence(
    web: RequestsMock, wire: Wire, fault: requests.RequestException
) -> None:
    web.put(TICKET, body=fault)
    with pytest.raises(InboxUnavailable, match=rf"no answer from Zendesk \({type(fault).__name__}\)"):
        wire.update(7, NOTE)
    assert len(web.calls) == 1


# ---- answers that are none ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", ['{"ticket": {"id": 7, "subj', "<html>Welcome to our WiFi</html>", "\x00", '{"a": NaN']
)
def test_half_an_answer_is_no_answer(web: RequestsMock, wire: Wire, body: str) -> None:
    web.get(TICKET, body=body)
    with pytest.raises(InboxUnavailable, match="broke off"):
        wire.ticket(7)


@pytest.mark.parametrize("body", ["[]", "null", "7", "{}", '{"ticket": null}', '{"ticket": []}', '{"ticket": "7"}'])
def test_an_answer_of_another_form_is_no_answer(web: RequestsMock, wire: Wire, body: str) -> None:
    web.get(TICKET, body=body)
    with pytest.raises(InboxUnavailable, match="makes no sense"):
        wire.ticket(7)


def test_an_update_without_its_ticket_leaves_open_what_became_of_it(web: RequestsMock, wire: Wire) -> None:
    web.put(TICKET, json={"ok": True})
    with pytest.raises(InboxUnavailable):
        wire.update(7, NOTE)


@pytest.mark.parametrize("answer", [{}, {"tickets": None}, {"tickets": {}}, {"tickets": "none"}])
def test_an_export_of_another_form_is_none(web: RequestsMock, wire: Wire, answer: Any) -> None:
    web.get(f"{HOME}/incremental/tickets/cursor.json", json=answer)
    with pytest.raises(InboxUnavailable):
        wire.export(cursor="abc")


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 99 Nov 2026 16:00:00 GMT"])
def test_an_answer_without_a_time_tells_nothing_new_of_it(web: RequestsMock, wire: Wire, date: str) -> None:
    web.get(TICKET, json={"ticket": ticket()}, headers={"Date": date} if date else {})
    wire.ticket(7)
    assert abs(wire.skew) < 5


def test_zendesks_time_counts_and_not_ours(web: RequestsMock, wire: Wire) -> None:
    ahead = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    web.get(TICKET, json={"ticket": ticket()}, headers={"Date": ahead})
    wire.ticket(7)
    assert timedelta(minutes=9, seconds=50) < wire.now() - datetime.now(UTC) < timedelta(minutes=10, seconds=5)


@pytest.mark.parametrize(("most", "left", "room"), [("700", "400", True), ("700", "300", False), ("700", "x", True),
                                                  ("0", "0", True), ("", "", True)])  # fmt: skip
def test_the_past_is_read_while_half_of_the_minute_is_left(
    web: RequestsMock, wire: Wire, most: str, left: str, room: bool
) -> None:
    web.get(TICKET, json={"ticket": ticket()}, headers={"X-Rate-Limit": most, "X-Rate-Limit-Remaining": left})
    wire.ticket(7)
    assert wire.has_room() is room


# ---- where it goes, and with what -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("to", ["https://evil.example/api/v2/tickets/7.json", "https://sso.example.com/", TICKET, "/x"])
def test_a_redirect_is_not_followed_and_nobody_else_hears_the_login(
    web: RequestsMock, wire: Wire, status: int, to: str
) -> None:
    web.get(TICKET, status=status, headers={"Location": to})
    with pytest.raises(InboxRefused, match="sends us to another address - check `subdomain`"):
        wire.ticket(7)
    assert [call.request.url for call in web.calls] == [f"{TICKET}?include=users"]


def test_a_real_redirect_to_another_host_ends_there() -> None:
    with StandIn() as asked, socket.create_server(("127.0.0.1", 0)) as other:
        other.setblocking(False)
        with responses.RequestsMock() as mock:
            mock.get(asked.address("tickets/7.json"), status=302,
                     headers={"Location": f"http://localhost:{other.getsockname()[1]}/"})  # fmt: skip
            mock.add_passthru(f"http://localhost:{other.getsockname()[1]}")
            with pytest.raises(InboxRefused):
                Wire(attached(asked)).ticket(7)
        with pytest.raises(BlockingIOError):
            other.accept()  # nobody called


@pytest.mark.parametrize("next_page", [
    "https://evil.example/api/v2/tickets/7/audits.json", "https://example.zendesk.com.evil.example/x",
    ".evil.example/x", "@evil.example/x",
])  # fmt: skip
def test_the_next_page_is_asked_for_where_the_first_one_was(web: RequestsMock, wire: Wire, next_page: str) -> None:
    page = {"meta": {"has_more": True, "after_cursor": "abc"}, "links": {"next": next_page}}
    web.get(f"{HOME}/tickets/7/audits", json={"audits": [{"id": 1}], **page})
    web.get(f"{HOME}/tickets/7/audits", json={"audits": [{"id": 2}], "meta": {"has_more": False}})
    assert [audit["id"] for audit in wire.audits(7)] == [1, 2]
    assert "page%5Bafter%5D=abc" in str(web.calls[1].request.url)


def test_the_key_against_doubles_goes_with_new_tickets_and_with_nothing_else(web: RequestsMock, wire: Wire) -> None:
    answer = {"ticket": ticket(), "audit": {"id": 1, "events": []}}
    web.post(f"{HOME}/tickets.json", status=201, json=answer)
    web.put(TICKET, json=answer)
    web.get(TICKET, json=answer)
    wire.create(NOTE, "key-1")
    wire.update(7, NOTE)
    wire.ticket(7)
    assert [call.request.headers.get("Idempotency-Key") for call in web.calls] == ["key-1", None, None]


def test_a_key_is_not_kept_for_the_next_one_after_a_failure(web: RequestsMock, wire: Wire) -> None:
    web.post(f"{HOME}/tickets.json", body=requests.ReadTimeout())
    with pytest.raises(InboxUnavailable):
        wire.create(NOTE, "key-1")
    web.post(f"{HOME}/webhooks/test", json={"response": {"status": 202}})
    wire.call_back("01", "{}")
    assert "Idempotency-Key" not in web.calls[-1].request.headers


def test_what_is_sent_is_what_was_meant(web: RequestsMock, wire: Wire) -> None:
    web.put(TICKET, json={"ticket": ticket(), "audit": {"id": 1, "events": []}})
    wire.update(7, {"safe_update": True, "updated_stamp": "2026-11-20T16:00:00Z", "tags": ["a", "b"], **NOTE})
    sent = web.calls[0].request.body
    assert isinstance(sent, str | bytes)
    assert json.loads(sent) == {
        "ticket": {
            "id": 7, "safe_update": True, "updated_stamp": "2026-11-20T16:00:00Z", "tags": ["a", "b"],
            "comment": {"body": TEXT, "public": False},
        }
    }  # fmt: skip


# ---- what is logged -------------------------------------------------------------------------------------------------


def test_no_log_holds_a_text_an_address_or_the_token_even_when_everything_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with StandIn() as zendesk:
        one = zendesk.people.customer_writes(TEXT, sender="anna@example.org")
        wire = Wire(attached(zendesk))
        wire.me()
        wire.ticket(one.id)
        wire.audits(one.id)
        wire.users([one.requester_id])
        wire.update(one.id, {"comment": {"body": "A secret between colleagues", "public": False}})
        for kind in ("drop", "lose", "truncate"):
            getattr(zendesk.faults, kind)("PUT tickets/*")
            with pytest.raises(InboxUnavailable):
                wire.update(one.id, {"comment": {"body": f"{kind}: {TEXT}", "public": False}})
        zendesk.clock.later(minutes=3)
        wire.export(start=0)
        wire.close()
        login = b64encode(f"{zendesk.login.email}/token:{zendesk.login.token}".encode()).decode()
    said = caplog.text
    for secret in (TEXT, "A secret", "anna@", "Anna", zendesk.login.token, zendesk.login.email, login):
        assert secret not in said


def test_no_error_holds_what_was_sent(web: RequestsMock, wire: Wire) -> None:
    web.put(TICKET, status=422, json={"description": "Invalid"})
    web.put(TICKET, body=requests.ConnectionError("reset"))
    for _ in range(2):
        with pytest.raises((Unwritable, InboxUnavailable)) as told:
            wire.update(7, NOTE)
        assert TEXT not in str(told.value)
        assert "token" not in str(told.value)


@pytest.mark.parametrize("behind", ["abc", "", None])
def test_a_list_whose_next_page_is_the_same_again_is_not_read_for_ever(
    web: RequestsMock, wire: Wire, behind: str | None
) -> None:
    page = {"audits": [], "meta": {"has_more": True, "after_cursor": behind}}
    asked = web.get(f"{HOME}/tickets/7/audits", json=page)
    with pytest.raises(ValueError, match="does not say what comes next"):
        wire.audits(7)
    assert asked.call_count == (2 if behind else 1)


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "many"])
def test_a_limit_that_is_no_number_says_nothing(web: RequestsMock, wire: Wire, number: str) -> None:
    headers = {"X-Rate-Limit": number, "X-Rate-Limit-Remaining": number}
    web.get(TICKET, json={"ticket": ticket()}, headers=headers)
    wire.ticket(7)
    assert wire.limit is None
