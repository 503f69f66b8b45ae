"""W07: what cannot be read, is huge, or is of a type nobody knows: 413, or kept aside; never 500."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugin.web.webhooks import LARGEST
from tests.calls import SECRET, event, invocation, signed, waiting
from tests.faults.called import Called

GARBAGE = {
    "nothing": b"",
    "no text": bytes(range(256)),
    "UTF-16": '{"ticket_id": 1}'.encode("utf-16"),
    "half a letter": b'{"ticket_id": 1, "a": "\xc3"}',
    "a form": b"ticket_id=1",
    "half of it": event()[:-1],
    "a list": b"[1, 2]",
    "a number": b"1",
    "deep": b'{"a":' * 50_000,
    "a long number": b'{"ticket_id": ' + b"1" * 100_000 + b"}",
    "an event nobody has thought of": event(kind="hologram.appeared", subject="zen:hologram:1"),
    "a trigger without a ticket": b'{"text": "{{ticket.title}}"}',
    "a placeholder that was not filled": b'{"ticket_id": "{{ticket.id}}"}',
    "half a surrogate": b'{"type": "zen:event-type:\\ud800", "subject": "\\udfff"}',
    "as large as it may be": b" " * LARGEST,
}


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE.keys())
def test_what_nobody_understands_is_kept_aside_once_and_answered_well(called: Called, body: bytes) -> None:
    assert [called.call(body) for _ in range(2)] == [202, 200]
    (aside,) = called.aside()
    assert (aside["inbox"], aside["folder"], aside["raw"]) == ("helpdesk", "webhook", body)
    assert aside["reason"]
    assert waiting(called.store) == []
    assert called.rung == []
    assert called.register.quarantine()[0]["reason"] == aside["reason"]


@pytest.mark.parametrize("size", [LARGEST + 1, 10 << 20])
def test_what_is_too_large_is_refused_before_it_is_looked_at(called: Called, size: int) -> None:
    body = b" " * size
    assert called.call(body, {"Content-Type": "application/json"}) == 413
    assert called.aside() == []


def test_ten_megabytes_are_refused_before_they_are_sent(called: Called) -> None:
    with called.on_the_wire() as wire:
        wire.putrequest("POST", "/webhooks/helpdesk")
        wire.putheader("Content-Length", str(10 << 20))
        wire.endheaders()  # and not one byte more
        assert wire.getresponse().status == 413


def test_a_stream_without_an_end_is_cut_off(called: Called) -> None:
    with called.on_the_wire() as wire:
        wire.putrequest("POST", "/webhooks/helpdesk")
        wire.putheader("Transfer-Encoding", "chunked")
        wire.endheaders()
        for _ in range(17):
            wire.send(b"10000\r\n" + b" " * 65_536 + b"\r\n")
        assert wire.getresponse().status == 413


def test_only_the_latest_of_what_nobody_understands_is_kept(called: Called) -> None:
    for number in range(60):
        assert called.call(b"?", signed(b"?", invocation=invocation(number))) == 202
    assert len(called.aside()) == 50


@given(body=st.binary(max_size=300), name=st.text(max_size=20), value=st.text("abc;\\\"'é\x7f", max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_sent_is_answered_and_never_with_500(called: Called, body: bytes, name: str, value: str) -> None:
    headers = signed(body, invocation=value or "none")
    assert called.call(body, headers) in (200, 202)
    assert called.call(body, headers | {"X-Zendesk-Webhook-Signature": value}) == 401
    path = "/webhooks/" + name.encode("ascii", "ignore").decode().replace("/", "").replace("?", "").replace("#", "")
    assert called.caller().post(path, data=body, headers=headers).status_code in (403, 404)


def test_what_goes_wrong_here_is_503_and_told_without_its_words(
    called: Called, caplog: pytest.LogCaptureFixture
) -> None:
    with called.store.writing() as session:
        session._connection.exec_driver_sql("DROP TABLE notice")
    answer = called.caller().post("/webhooks/helpdesk", data=event(), headers=signed(event()))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert "could not be stored" in caplog.text
    assert not any(word in caplog.text for word in (SECRET, "35436", "parcel"))
