"""W01: a bad, missing or cut signature, or a body that was written anew: 401, and nothing is stored."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Callable

import pytest

from tests.calls import NOW, SECRET, event, signed, waiting
from tests.faults.called import Called

SIGNATURE, TIME = "X-Zendesk-Webhook-Signature", "X-Zendesk-Webhook-Signature-Timestamp"
BODY = event(detail={"id": "35436", "subject": "Où est mon colis ?"})
Told = tuple[dict[str, str], bytes]


def _signature(change: Callable[[str], str]) -> Told:
    headers = signed(BODY)
    return headers | {SIGNATURE: change(headers[SIGNATURE])}, BODY


def _mac(key: bytes, text: bytes, algorithm: str = "sha256") -> Told:
    made = base64.b64encode(hmac.new(key, text, algorithm).digest()).decode()
    return signed(BODY) | {SIGNATURE: made}, BODY


def _moved(by: int) -> Told:
    """The same bytes under the same signature, with the border between time and body elsewhere."""
    headers = signed(BODY)
    whole = headers[TIME].encode() + BODY
    border = len(headers[TIME]) + by
    return headers | {TIME: whole[:border].decode()}, whole[border:]


def _without(name: str) -> Told:
    return {key: value for key, value in signed(BODY).items() if key != name}, BODY


TIMED = signed(BODY)[TIME].encode() + BODY
MUTATIONS: dict[str, Told] = {
    "no signature": _without(SIGNATURE),
    "an empty signature": _signature(lambda text: ""),
    "a cut signature": _signature(lambda text: text[:-4]),
    "only its first letter": _signature(lambda text: text[:1]),
    "its last letter changed": _signature(lambda text: text[:-2] + ("A" if text[-2] != "A" else "B") + text[-1]),
    "its first letter changed": _signature(lambda text: ("A" if text[0] != "A" else "B") + text[1:]),
    "in capitals": _signature(str.upper),
    "twice": _signature(lambda text: f"{text}, {text}"),
    "in hex": _signature(lambda text: base64.b64decode(text).hex()),
    "no letters at all": _signature(lambda text: "ÿ" * len(text)),
    "body before time, as of old": _mac(SECRET.encode(), BODY + signed(BODY)[TIME].encode()),
    "the body alone": _mac(SECRET.encode(), BODY),
    "the secret decoded": _mac(base64.b64decode(SECRET), TIMED),
    "another secret": _mac(b"dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==", TIMED),
    "another digest": _mac(SECRET.encode(), TIMED, "sha512"),
    "no secret, a plain digest": (signed(BODY) | {SIGNATURE: base64.b64encode(hashlib.sha256(TIMED).digest()).decode()},
                                  BODY),
    "no time": _without(TIME),
    "another time": (signed(BODY) | {TIME: "2026-11-20T16:00:01Z"}, BODY),
    "the border moved into the time": _moved(-1),
    "the border moved into the body": _moved(1),
    "the body written anew": (signed(BODY), json.dumps(json.loads(BODY), separators=(",", ":")).encode()),
    "the body in other letters": (signed(BODY), json.dumps(json.loads(BODY), ensure_ascii=False).encode()),
    "a line end more": (signed(BODY), BODY + b"\n"),
    "no body": (signed(BODY), b""),
}  # fmt: skip


@pytest.mark.parametrize("told", MUTATIONS.values(), ids=MUTATIONS.keys())
def test_what_was_not_signed_like_this_is_refused_and_leaves_nothing(
    called: Called, told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    headers, body = told
    assert (headers, body) != (signed(BODY), BODY)
    with caplog.at_level(logging.DEBUG):
        assert called.call(body, headers) == 401
    assert waiting(called.store) == []
    assert called.aside() == []
    assert called.rung == []
    assert "amends.web" in {record.name for record in caplog.records}
    assert not any(secret in caplog.text for secret in (SECRET, signed(BODY)[SIGNATURE], "colis", "35436"))
    assert called.call(BODY) == 202


def test_the_refusal_says_the_same_to_everybody(called: Called) -> None:
    answers = {called.caller().post("/webhooks/helpdesk", data=body, headers=headers).text
               for headers, body in (MUTATIONS["no signature"], MUTATIONS["no body"], MUTATIONS["twice"])}  # fmt: skip
    assert answers == {"Refused: a call was not signed with this inbox's webhook_secret.\n"}


def test_a_thousand_refused_calls_are_one_line_of_the_log(called: Called, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(1000):
        called.call(BODY, {TIME: NOW.isoformat()})
    assert len([record for record in caplog.records if record.name == "amends.web"]) == 1
