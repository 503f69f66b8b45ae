"""A small part of Zendesk's search, enough to count tickets (support.zendesk.com 4408886879258)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from integrations.zendesk.standin import refusals
from integrations.zendesk.standin.clock import stamp
from integrations.zendesk.standin.records import STATUSES, Ticket

_TERM = re.compile(r'(-?)([a-z_]+)([:<>]=?)("[^"]*"|\S+)|(\S+)')


def matching(tickets: Iterable[Ticket], query: str) -> list[Ticket]:
    """The tickets every term holds for: type, status, tags, created and updated with : < > <= >=, and plain words."""
    terms = _TERM.findall(query)
    return [ticket for ticket in tickets if all(_holds(term, ticket) for term in terms)]


def _holds(term: tuple[str, ...], ticket: Ticket) -> bool:
    minus, name, operator, value, word = term
    if word:
        said = [str(ticket.values.get("subject")), *(comment.body for comment in ticket.comments)]
        return any(word.lower() in text.lower() for text in said)
    return _is(ticket, name, operator, value.strip('"')) != bool(minus)


def _is(ticket: Ticket, name: str, operator: str, value: str) -> bool:
    if name == "type":
        return value == "ticket"
    if name == "tags":
        return value in ticket.tags
    if name == "status" and value in STATUSES:
        return _compared(str(STATUSES.index(ticket.status)), operator, str(STATUSES.index(value)))
    if name in ("created", "updated"):
        at = ticket.created_at if name == "created" else ticket.updated_at
        return _compared(stamp(at)[: len(value)], operator, value)
    text = f"Invalid search: {name}{operator}{value} is not known to the stand-in"
    raise refusals.Refusal(422, {"error": "invalid", "description": text})


def _compared(found: str, operator: str, value: str) -> bool:
    less, same = found < value, found == value
    return {":": same, "<": less, ">": not less and not same, "<=": less or same, ">=": not less}[operator]
