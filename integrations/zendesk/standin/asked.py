"""A request as the API sees it, and what its body says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integrations.zendesk.standin import refusals
from integrations.zendesk.standin.records import Json, Role, Said, Ticket, User

MOST = 100  # records on a page, ids in a list


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the API sees it."""

    path: str
    query: Mapping[str, str]
    body: Json
    user: User | None  # None: nobody said who it is

    @property
    def who(self) -> User:
        """Whoever asks, by now known to be somebody."""
        if self.user is None:
            raise refusals.unknown_user()
        return self.user

    def ids(self, name: str = "ids") -> list[int]:
        """A list of ids from the query."""
        try:
            return [int(part) for part in self.query.get(name, "").split(",") if part.strip()][:MOST]
        except ValueError:
            raise refusals.wrong_value(f"{name}: must be a list of ids", 400) from None

    def number(self, name: str) -> int | None:
        """A number from the query."""
        text = self.query.get(name, "")
        if not text:
            return None
        try:
            return int(float(text))
        except ValueError:
            raise refusals.wrong_value(f"{name}: is not a number", 400) from None


def part(body: Json, name: str) -> Json:
    """The part of a body everything is about."""
    found = body.get(name)
    if not isinstance(found, dict):
        raise refusals.Refusal(
            400, {"error": {"title": "Invalid attribute", "message": f"Parameter {name} is required"}}
        )
    return found


def said(given: Json, who: User, ticket: Ticket | None) -> Said:
    """The comment. Untold it is public, or in a ticket that began with a note, a note; a light agent's never is public.

    The page on ticket comments: the value set at creation persists for any further comment unless it is changed.
    """
    body, markup = str(given.get("body") or ""), str(given.get("html_body") or "")
    if not body and not markup:
        raise refusals.invalid("comment", "Comment: cannot be blank")
    untold = ticket.comments[0].public if ticket and ticket.comments else True
    public = bool(given.get("public", untold)) and who.role is not Role.LIGHT_AGENT
    return Said(
        body=body if not markup else "", html_body=markup, public=public, author_id=int(given.get("author_id") or 0)
    )


def merging(body: Json, end: str) -> Said | None:
    """What is said in one end of a merge; a note unless told otherwise."""
    text = body.get(f"{end}_comment")
    return Said(body=str(text), public=bool(body.get(f"{end}_comment_is_public", False))) if text else None


def custom(given: Json) -> dict[int, Any]:
    """The values for the fields of the account's own."""
    return {int(one["id"]): one.get("value") for one in given.get("custom_fields") or []}


def number(given: Json, name: str) -> int:
    """An id from a body; 0 where there is none."""
    value = given.get(name) or 0
    if not str(value).isdecimal():
        raise refusals.invalid(name, f"{name}: is not a number")
    return int(value)


def subject(given: Json, source: Ticket | None) -> str:
    """The subject, or what Zendesk makes of its absence."""
    begun = str(given["comment"].get("body") or "")[:60]
    return str(given.get("subject") or (f"Re: {source.values.get('subject')}" if source else begun))
