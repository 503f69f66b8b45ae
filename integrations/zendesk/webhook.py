"""A call from Zendesk becomes a notice: whose it is, how old, about which ticket; nothing else of it is believed.

Two kinds of webhook exist (developer.zendesk.com/documentation/webhooks/creating-and-monitoring-webhooks/): an event
subscription, whose JSON Zendesk writes, and one that a trigger or automation sets off, whose JSON an admin writes. Both
are signed alike. A notice only says which ticket to read; what stands in it now, the inbox asks Zendesk.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from plugin.inbox import Call, CallRefused, Notice

WINDOW = timedelta(minutes=5)
"""How far the time of a call may be from ours, either way; Zendesk states none, Stripe takes five minutes."""

KNOCK: Mapping[str, Any] = {"amends": "doctor"}
"""What `amends doctor` has Zendesk say to us: it asks for nothing but the answer."""

_SIGNATURE = "x-zendesk-webhook-signature"
_TIMESTAMP = "x-zendesk-webhook-signature-timestamp"
_INVOCATION = "x-zendesk-webhook-invocation-id"
# The whole form, with its zone at the end: time and body are signed without anything between them, so a looser form
# would let somebody move the border and still have a right signature.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_INVOCATION_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_EVENT = "zen:event-type:"
_SUBJECT = re.compile(r"zen:ticket:([0-9]{1,18})")
_TICKET = re.compile(r"\s*#?([0-9]{1,18})\s*")
_PLAIN = re.compile(r"[A-Za-z0-9:._-]{1,80}")
_WRITTEN = ("ticketid", "ticket", "id")
"""The names admins give the ticket's id, without case and punctuation: ticket_id, ticketID, ticket.id, ticket, id."""
_NO_TICKET = 'it names no ticket: let the trigger say {"ticket_id": "{{ticket.id}}"}'


class Called(Protocol):
    """What must be known of an inbox to be called for it."""

    @property
    def name(self) -> str:
        """Of the inbox."""

    @property
    def webhook_secret(self) -> str:
        """As Zendesk shows it; it is used as text, not decoded."""


def accept(call: Call, settings: Called, now: datetime) -> Notice:
    """What a call says; raises CallRefused with status 401 where it is not Zendesk's or not of now.

    A call that is Zendesk's and that nobody here understands gives a notice that is `unknown`.
    """
    sent = call.headers.get(_TIMESTAMP, "")
    signature = call.headers.get(_SIGNATURE, "")
    if not settings.webhook_secret or not verify(settings.webhook_secret, sent, call.body, signature):
        raise CallRefused(settings.name, "a call was not signed with this inbox's webhook_secret", 401)
    if not _is_of_now(sent, now):
        raise CallRefused(settings.name, "a call was signed more than five minutes before or after now", 401)
    told = _read(call.body)
    if told == KNOCK:
        return Notice(id=_id(call, sent), topic="")
    ticket, unknown = (None, told) if isinstance(told, str) else _ticket_of(told)
    return Notice(
        id=_id(call, sent),
        topic="" if ticket is None else f"ticket:{ticket}",
        group="" if isinstance(told, str) else _sequence(told),
        unknown=unknown,
    )


def verify(secret: str, timestamp: str, body: bytes, signature: str) -> bool:
    """Whether the signature is base64(HMAC-SHA256(secret as text, timestamp + body)), compared in constant time.

    `body` is what came over the wire, byte for byte (developer.zendesk.com/documentation/webhooks/verifying/).
    """
    signed = timestamp.encode("latin-1", "replace") + body  # headers come to us as latin-1
    ours = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest())
    return hmac.compare_digest(ours, signature.encode("latin-1", "replace"))


def _is_of_now(sent: str, now: datetime) -> bool:
    if not _TIME.fullmatch(sent):
        return False
    try:
        at = datetime.fromisoformat(sent)
    except ValueError:  # the form of a time, and no time: the 31st of February
        return False
    return abs(now - at) <= WINDOW


def _id(call: Call, sent: str) -> str:
    """The same when Zendesk tries again; without an id, a digest of what was signed.

    The time is a part of it: a trigger says the same words at every change of a ticket.
    """
    given = call.headers.get(_INVOCATION, "")
    if _INVOCATION_ID.fullmatch(given):
        return given
    return "d-" + hashlib.sha256(sent.encode("latin-1", "replace") + b"\n" + call.body).hexdigest()[:40]


def _read(body: bytes) -> Mapping[str, Any] | str:
    """What the body says, or why it says nothing."""
    try:
        told = json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return "its body is not UTF-8"
    except (ValueError, RecursionError):
        return "its body is not JSON"
    return told if isinstance(told, dict) else "its body is no JSON object"


def _ticket_of(told: Mapping[str, Any]) -> tuple[int | None, str]:
    """The ticket a call is about, or why that is not known."""
    kind = told.get("type")
    if isinstance(kind, str) and kind.startswith(_EVENT):
        return _ticket_of_event(kind, told)
    ticket = _ticket_of_trigger(told)
    return ticket, "" if ticket is not None else _NO_TICKET


def _ticket_of_event(kind: str, told: Mapping[str, Any]) -> tuple[int | None, str]:
    """An event is about a ticket if its subject is one; of which type it is matters no more then."""
    subject, detail = told.get("subject"), told.get("detail")
    named = _SUBJECT.fullmatch(subject) if isinstance(subject, str) else None
    if named is None:
        return None, f"an event of type {kind if _PLAIN.fullmatch(kind) else 'unknown'} is about no ticket"
    ticket = int(named[1])
    detailed = _number(detail.get("id")) if isinstance(detail, dict) else None
    if not ticket or detailed not in (None, ticket):
        return None, "its subject and its detail name different tickets"
    return ticket, ""


def _ticket_of_trigger(told: Mapping[str, Any]) -> int | None:
    plain = {re.sub(r"[^a-z]", "", name.lower()): value for name, value in told.items()}
    inner = plain.get("ticket")
    if isinstance(inner, dict):
        plain = {"ticketid": next((value for name, value in inner.items() if name.lower() == "id"), None)} | plain
    found = (_number(plain.get(name)) for name in _WRITTEN)
    return next((number for number in found if number is not None), None)


def _number(value: object) -> int | None:
    """A ticket's id as people write it: 35436, "35436", "#35436"."""
    if isinstance(value, str) and (written := _TICKET.fullmatch(value)):
        value = int(written[1])
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**18 else None


def _sequence(told: Mapping[str, Any]) -> str:
    """What the events of one act have in common; Zendesk guarantees no order among them."""
    for name in ("event", "meta", "sequence"):
        inner = told.get(name)
        told = inner if isinstance(inner, dict) else {}
    value = told.get("id")
    return value if isinstance(value, str) and _INVOCATION_ID.fullmatch(value) else ""
