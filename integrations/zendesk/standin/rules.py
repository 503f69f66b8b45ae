"""Triggers: conditions and actions as the API writes them (api-reference/ticketing/business-rules/triggers).

Of the conditions and actions of the real thing these are known; any other is refused, so that nothing is silently
untested: update_type, status, current_tags, comment_is_public, role, satisfaction_score; set_tags, current_tags,
remove_tags, status, priority, notification_webhook.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from integrations.zendesk.standin import refusals
from integrations.zendesk.standin.account import Account
from integrations.zendesk.standin.clock import stamp
from integrations.zendesk.standin.edit import Edit, tag_list
from integrations.zendesk.standin.records import Json, Ticket, User, came

_FIELDS = {"update_type", "status", "current_tags", "comment_is_public", "role", "satisfaction_score"}
_ACTIONS = {"set_tags", "current_tags", "remove_tags", "status", "priority", "notification_webhook"}
_PLACEHOLDER = re.compile(r"\{\{\s*([a-z_.]+)\s*\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """Fires at most once for each update; a change it makes stands in the same audit."""

    id: int
    title: str
    conditions: Json
    actions: list[Json]
    active: bool = True


class Rules:
    """The triggers of an account, in their order; a webhook's body goes to `send` as (webhook id, body)."""

    def __init__(self, account: Account, base: str, send: Callable[[str, str, Ticket], None]) -> None:
        self.triggers: list[Trigger] = []
        self._account, self._base, self._send = account, base, send
        account.rules = self._run

    def add(self, written: Json) -> Trigger:
        """A trigger as the API takes it."""
        conditions = written.get("conditions") or {}
        wanted = [*conditions.get("all", []), *conditions.get("any", [])]
        unknown = {c["field"] for c in wanted} - _FIELDS | {a["field"] for a in written.get("actions", [])} - _ACTIONS
        if unknown or not written.get("title"):
            raise refusals.invalid(
                "base", f"Not known to the stand-in: {sorted(unknown)}" if unknown else "Title: cannot be blank"
            )
        trigger = Trigger(
            id=self._account.next_id(),
            title=written["title"],
            conditions=conditions,
            actions=list(written["actions"]),
            active=written.get("active", True),
        )
        self.triggers.append(trigger)
        return trigger

    def _run(self, ticket: Ticket, edit: Edit, author: User | None) -> None:
        """Starts again from the first after one fired, as Zendesk does; none fires twice."""
        waiting = [trigger for trigger in self.triggers if trigger.active]
        while fired := next((t for t in waiting if _holds(t, ticket, edit, author)), None):
            waiting.remove(fired)
            via = came("rule", rel="trigger", sender={"id": fired.id, "title": fired.title})
            for action in fired.actions:
                self._act(action, ticket, edit, via)

    def _act(self, action: Json, ticket: Ticket, edit: Edit, via: Json) -> None:
        name, value = action["field"], action["value"]
        if name == "notification_webhook":
            self._send(value[0], filled(value[1], ticket, self._account, self._base), ticket)
        elif name in ("status", "priority"):
            edit.set(name, value, via)
        else:
            words = set(tag_list(value))
            tags = {
                "set_tags": words,
                "current_tags": words | set(ticket.tags),
                "remove_tags": set(ticket.tags) - words,
            }[name]
            edit.tag(tags, via)


def filled(template: str, ticket: Ticket, account: Account, base: str) -> str:
    """The body with its placeholders filled in, as they are: nothing is escaped, so a quote can break JSON."""
    words = placeholders(ticket, account, base)
    return _PLACEHOLDER.sub(lambda match: words.get(match[1], ""), template)


def placeholders(ticket: Ticket, account: Account, base: str) -> Mapping[str, str]:
    """The placeholders that are known (support.zendesk.com 4408886858138)."""
    asks = account.users[ticket.requester_id]
    last = ticket.comments[-1] if ticket.comments else None
    return {
        "ticket.id": str(ticket.id), "ticket.title": str(ticket.values.get("subject")),
        "ticket.status": ticket.status.capitalize(), "ticket.priority": str(ticket.values.get("priority") or ""),
        "ticket.tags": " ".join(ticket.tags), "ticket.via": str(ticket.via["channel"]),
        "ticket.url": f"{base}/agent/tickets/{ticket.id}",
        "ticket.updated_at_with_timestamp": stamp(ticket.updated_at),
        "ticket.created_at_with_timestamp": stamp(ticket.created_at), "ticket.requester.id": str(asks.id),
        "ticket.requester.email": asks.email, "ticket.requester.name": asks.name,
        "ticket.latest_comment": last.body if last else "",
        "ticket.latest_comment.is_public": str(bool(last and last.public)).lower(),
        "ticket.description": ticket.comments[0].body if ticket.comments else "",
    }  # fmt: skip


def _holds(trigger: Trigger, ticket: Ticket, edit: Edit, author: User | None) -> bool:
    every, some = trigger.conditions.get("all", []), trigger.conditions.get("any", [])
    return all(_true(c, ticket, edit, author) for c in every) and (
        not some or any(_true(c, ticket, edit, author) for c in some)
    )


def _true(condition: Json, ticket: Ticket, edit: Edit, author: User | None) -> bool:
    name, operator, value = condition["field"], condition.get("operator", "is"), condition.get("value")
    if name == "current_tags":
        carried = bool(set(tag_list(str(value).split())) & set(ticket.tags))
        return carried if operator == "includes" else not carried
    found = {
        "update_type": "Create" if edit.created else "Change",
        "status": ticket.status,
        "comment_is_public": _kind_of_comment(ticket, edit),
        "role": author.role.value if author else "system",
        "satisfaction_score": ticket.rating.score if ticket.rating else "unoffered",
    }[name]
    same = str(found).lower() == str(value).lower() or (
        name == "comment_is_public" and value == "not_relevant" and found != "none"
    )
    return same if operator == "is" else not same


def _kind_of_comment(ticket: Ticket, edit: Edit) -> str:
    said = next((c for c in ticket.comments if c.audit_id == edit.id), None)
    return str(said.public).lower() if said else "none"
