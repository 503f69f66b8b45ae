"""Calls as Zendesk makes them, to a helpdesk that can be called, and what is entered of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask.testing import FlaskClient

from integrations.zendesk.standin.webhooks import signature
from plugin.config import HelpdeskSettings
from plugin.inbox import Call
from plugin.store import Store

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
SECRET = "b3VyIG93biBzZWNyZXQgb2YgdGhpcnR5LXR3byBieXQ="
INVOCATION = "01HQ7XW5NN0000000000000001"
SEQUENCE = "6B9BBADF57254E92BEBE7B71011BF5F1"
HELPDESK = HelpdeskSettings(
    name="helpdesk", identities=(), ours=(), subdomain="example", email="bot@example.com", token="not used",
    url="https://example.zendesk.com", webhook_secret=SECRET,
)  # fmt: skip


def event(ticket: int = 35436, kind: str = "ticket.comment_added", *, sequence: str = SEQUENCE, **more: Any) -> bytes:
    """An event as Zendesk writes it (api-reference/webhooks/event-types/ticket-events)."""
    told = {
        "type": f"zen:event-type:{kind}", "account_id": 12514403, "id": "2b24ef10-19ea-4d9a-9b4e-3f2d3b6e0001",
        "time": "2026-11-20T16:00:00.000000000Z", "zendesk_event_version": "2022-11-06",
        "subject": f"zen:ticket:{ticket}",
        "detail": {"id": str(ticket), "status": "OPEN", "subject": "Where is my parcel?", "tags": ["lamp"]},
        "event": {"meta": {"sequence": {"id": sequence, "position": 1}}},
    }  # fmt: skip
    return json.dumps(told | more).encode()


def signed(body: bytes, *, invocation: str = INVOCATION, at: datetime = NOW, secret: str = SECRET) -> dict[str, str]:
    """The headers of a call."""
    time = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "Content-Type": "application/json; charset=utf-8", "User-Agent": "Zendesk Webhook",
        "X-Zendesk-Webhook-Id": "01HQ7XW5NNHOOK", "X-Zendesk-Webhook-Invocation-Id": invocation,
        "X-Zendesk-Webhook-Signature-Timestamp": time, "X-Zendesk-Webhook-Signature": signature(secret, time, body),
    }  # fmt: skip


def called(body: bytes, headers: Mapping[str, str] | None = None) -> Call:
    """A call as the web hands it on."""
    given = signed(body) if headers is None else headers
    return Call({name.lower(): value for name, value in given.items()}, body)


def post(client: FlaskClient, body: bytes, headers: Mapping[str, str] | None = None, inbox: str = "helpdesk") -> int:
    """Call this inbox; the status of the answer."""
    return client.post(f"/webhooks/{inbox}", data=body, headers=headers or signed(body)).status_code


def invocation(number: int) -> str:
    """The id of a call of its own."""
    return f"01HQ7XW5NN{number:016}"


def waiting(store: Store, inbox: str = "helpdesk") -> list[str]:
    """The ids of notices nobody has heeded, the oldest topic first."""
    with store.reading() as session:
        return [entry.id for entry in session.notices.waiting(inbox)]
