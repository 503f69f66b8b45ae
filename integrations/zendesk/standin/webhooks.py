"""Signed calls to an address on this machine, of both kinds: event subscriptions, and what a trigger writes.

Nothing is sent by itself unless told so: calls are held back in `pending`, and a test lets them go in any order,
several times, late, or not at all (api-reference/webhooks/event-types/ticket-events, documentation/webhooks/verifying).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from urllib.parse import urlsplit

import requests

from integrations.zendesk.standin.account import Account, News
from integrations.zendesk.standin.clock import stamp
from integrations.zendesk.standin.records import Comment, Json, Ticket

ALL_TICKET_EVENTS = "zen:event-type:ticket.*"  # ours, for short: the real ones are listed one by one
FROM_RULES = "conditional_ticket_events"
VERSION = "2022-11-06"
_NAMES = {
    "status": "status_changed", "priority": "priority_changed", "assignee_id": "agent_assignment_changed",
    "group_id": "group_assignment_changed", "subject": "subject_changed", "requester_id": "requester_changed",
    "type": "type_changed", "external_id": "external_id_changed", "due_at": "task_due_at_changed",
    "problem_id": "problem_link_changed", "organization_id": "organization_changed",
}  # fmt: skip
_SHOUTED = frozenset({"status", "priority", "type"})  # these come in capitals in events, though not in the API
_CHANNELS = {"api": "web_service"}  # what the API calls api, events call web_service
_RETRIED = frozenset({409, 429, 503})  # recalled, not read
_AGAIN = 3
_TIMEOUT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An address to be called; either for rules or for events, never both."""

    id: str
    name: str
    url: str
    secret: str
    subscriptions: tuple[str, ...]
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One call that is due; sent again it keeps its id."""

    id: str
    webhook: Webhook
    body: bytes
    event: str
    ticket_id: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt and what came of it; status 0 when nobody answered."""

    invocation: Invocation
    status: int


class Webhooks:
    """The webhooks of an account. With `live`, every call goes out at once on a thread of its own."""

    def __init__(self, account: Account, account_id: int, live: bool = False) -> None:
        self.known: dict[str, Webhook] = {}
        self.pending: list[Invocation] = []
        self.sent: list[Delivery] = []
        self.live = live
        self._account, self._account_id = account, account_id
        self._random = Random(7)  # noqa: S311  names of calls, not secrets
        self._session = requests.Session()
        self._new = threading.Event()
        self._ended = False
        account.heard.append(self._hear)

    def add(
        self, url: str, subscriptions: Sequence[str] = (ALL_TICKET_EVENTS,), *, secret: str = "", name: str = "Amends"
    ) -> Webhook:
        """A webhook to this address; only this machine's own addresses are called."""
        if urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError(f"{url} is not an address of this machine, and no other is called")
        if FROM_RULES in subscriptions and len(subscriptions) > 1:
            raise ValueError("a webhook is for rules or for events, never for both")
        secret = secret or base64.b64encode(self._random.randbytes(32)).decode()
        hook = Webhook(id=self._ulid(), name=name, url=url, secret=secret, subscriptions=tuple(subscriptions))
        self.known[hook.id] = hook
        return hook

    def send_for_rule(self, webhook_id: str, body: str, ticket: Ticket) -> None:
        """What a trigger or automation wants sent."""
        self._hold(self.known[webhook_id], body.encode(), FROM_RULES, ticket.id)

    def deliver(
        self, chosen: Iterable[Invocation] | None = None, *, times: int = 1, shuffle: int | None = None
    ) -> list[Delivery]:
        """Sends what is held back (or only these), each so many times; `shuffle` is the seed of another order."""
        with self._account.lock:
            due = list(self.pending if chosen is None else chosen) * times
            ids = {invocation.id for invocation in due}
            self.pending = [held for held in self.pending if held.id not in ids]
        if shuffle is not None:
            Random(shuffle).shuffle(due)  # noqa: S311  an order, not a secret
        return [self.attempt(invocation) for invocation in due]

    def drop(self) -> list[Invocation]:
        """Forgets what is held back: Zendesk gave up."""
        with self._account.lock:
            dropped, self.pending = self.pending, []
            return dropped

    def attempt(self, invocation: Invocation, headers: Json | None = None, body: bytes | None = None) -> Delivery:
        """Sends one call, signed now; with other headers or another body, as somebody else might."""
        signed = headers if headers is not None else self.headers(invocation)
        try:
            answer = self._session.post(
                invocation.webhook.url, invocation.body if body is None else body, headers=signed, timeout=_TIMEOUT
            )
            delivery = Delivery(invocation, answer.status_code)
        except requests.RequestException:
            delivery = Delivery(invocation, 0)
        self.sent.append(delivery)
        return delivery

    def headers(self, invocation: Invocation, at: datetime | None = None, secret: str = "") -> Json:
        """The headers of a call, signed at this time (now) with this secret (its own)."""
        time = stamp(at or self._account.clock.now())
        return {
            "Content-Type": "application/json; charset=utf-8", "User-Agent": "Zendesk Webhook",
            "X-Zendesk-Account-Id": str(self._account_id), "X-Zendesk-Webhook-Id": invocation.webhook.id,
            "X-Zendesk-Webhook-Invocation-Id": invocation.id, "X-Zendesk-Webhook-Signature-Timestamp": time,
            "X-Zendesk-Webhook-Signature": signature(secret or invocation.webhook.secret, time, invocation.body),
        }  # fmt: skip

    def start(self) -> None:
        """With `live`: from now on calls go out by themselves."""
        if self.live:
            threading.Thread(target=self._go, daemon=True).start()

    def close(self) -> None:
        """No call goes out any more."""
        self._ended = True
        self._new.set()
        self._session.close()

    def _hear(self, news: News) -> None:
        """Every event of one change carries the same sequence id."""
        told = list(_events(news))
        sequence = self._random.randbytes(16).hex().upper()
        for position, (name, particulars) in enumerate(told, 1):
            meta = {"sequence": {"id": sequence, "position": position}}
            for hook in self.known.values():
                if ALL_TICKET_EVENTS in hook.subscriptions or f"zen:event-type:ticket.{name}" in hook.subscriptions:
                    body = self._body(news, name, {"meta": meta, **particulars})
                    self._hold(hook, json.dumps(body).encode(), name, news.ticket.id)

    def _body(self, news: News, name: str, event: Json) -> Json:
        return {
            "type": f"zen:event-type:ticket.{name}", "account_id": self._account_id, "id": self._uuid(),
            "time": news.audit.at.strftime("%Y-%m-%dT%H:%M:%S.%f000Z"), "zendesk_event_version": VERSION,
            "subject": f"zen:ticket:{news.ticket.id}", "detail": _detail(news), "event": event,
        }  # fmt: skip

    def _hold(self, hook: Webhook, body: bytes, event: str, ticket_id: int) -> None:
        if not hook.active:
            return
        with self._account.lock:
            self.pending.append(Invocation(id=self._ulid(), webhook=hook, body=body, event=event, ticket_id=ticket_id))
        self._new.set()

    def _go(self) -> None:
        while self._new.wait() and not self._ended:
            self._new.clear()
            for delivery in self.deliver():
                self._insist(delivery)

    def _insist(self, delivery: Delivery) -> None:
        """A call that was put off is made again, at once and at most three times."""
        for _ in range(_AGAIN):
            if delivery.status not in _RETRIED:
                return
            delivery = self.attempt(delivery.invocation)

    def _ulid(self) -> str:
        return "01" + "".join(self._random.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=24))

    def _uuid(self) -> str:
        raw = self._random.randbytes(16).hex()
        return "-".join((raw[:8], raw[8:12], raw[12:16], raw[16:20], raw[20:]))


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """base64(HMAC-SHA256(secret as it stands, timestamp + body)) (documentation/webhooks/verifying)."""
    return base64.b64encode(hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256).digest()).decode()


def _events(news: News) -> Iterable[tuple[str, Json]]:
    if news.event:
        yield news.event, dict(news.particulars or {})
        return
    if news.created:
        yield "created", {}
    said = {comment.id: comment for comment in news.ticket.comments}
    for event in news.audit.events:
        if event["type"] == "Comment":
            yield "comment_added", {"comment": _comment(said[event["id"]], news)}
        elif event["type"] == "Change" and _told(event["field_name"]):
            yield _change(event)


def _told(name: str) -> bool:
    return name in _NAMES or name == "tags" or name.isdecimal()


def _change(event: Json) -> tuple[str, Json]:
    name, value, before = event["field_name"], event["value"], event["previous_value"]
    if name == "tags":
        return "tags_changed", {
            "tags_added": sorted(set(value) - set(before)),
            "tags_removed": sorted(set(before) - set(value)),
        }
    if name not in _NAMES:
        return "custom_field_changed", {"field": {"id": name}, "current": value, "previous": before}
    loud = name in _SHOUTED
    return _NAMES[name], {"current": _loud(value) if loud else value, "previous": _loud(before) if loud else before}


def _comment(comment: Comment, news: News) -> Json:
    author = news.author(comment.author_id)
    who = {
        "id": str(comment.author_id),
        "is_staff": bool(author and author.staff),
        "name": author.name if author else "System",
    }
    return {"id": str(comment.id), "body": comment.body, "is_public": comment.public, "author": who}


def _detail(news: News) -> Json:
    ticket, values = news.ticket, news.ticket.values
    ids = {name: _id(values.get(name)) for name in ("assignee_id", "group_id", "organization_id", "requester_id")}
    return ids | {
        "actor_id": str(news.audit.author_id), "brand_id": None,
        "form_id": None, "created_at": stamp(ticket.created_at), "updated_at": stamp(ticket.updated_at),
        "custom_status": None, "description": ticket.comments[0].body if ticket.comments else "",
        "external_id": values.get("external_id"), "id": str(ticket.id), "is_public": ticket.is_public,
        "priority": _loud(values.get("priority")), "status": _loud(ticket.status), "subject": values.get("subject"),
        "submitter_id": str(ticket.submitter_id), "tags": list(ticket.tags), "type": _loud(values.get("type")),
        "via": {"channel": _CHANNELS.get(ticket.via["channel"], ticket.via["channel"])},
    }  # fmt: skip


def _loud(value: object) -> str | None:
    return str(value).upper() if value else None


def _id(value: object) -> str | None:
    return str(value) if value else None
