"""What was really asked and done, for assertions; told from the stand-in's own records, never by what is tested."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integrations.zendesk.standin.account import Account, Mail
from integrations.zendesk.standin.records import Audit, Comment, Json, Ticket, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One request as it came in, and the status it was answered with; `fault` if something went wrong on purpose."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes
    status: int
    user_id: int | None
    at: datetime
    fault: str = ""

    @property
    def json(self) -> Json:
        """The body as JSON; empty where there is none."""
        read = json.loads(self.body) if self.body else {}
        return read if isinstance(read, dict) else {}


class Witness:
    """Reads the account and the log of requests."""

    def __init__(self, account: Account, log: list[Logged]) -> None:
        self._account = account
        self.log = log

    def forget(self) -> None:
        """The log begins anew."""
        self.log.clear()

    def asked(self, method: str, path: str = "") -> list[Logged]:
        """The requests by a method, and to a path below /api/v2 if one is given."""
        return [one for one in self.log if one.method == method and path in ("", one.path)]

    def puts(self, ticket: Ticket | None = None) -> list[Logged]:
        """The updates, of one ticket or of all."""
        return self.asked("PUT", f"tickets/{ticket.id}" if ticket else "")

    def reads(self) -> list[Logged]:
        """Whatever was only read."""
        return self.asked("GET")

    def comments(self, by: User, ticket: Ticket | None = None) -> list[Comment]:
        """Every comment somebody ever wrote, of deleted tickets as well."""
        tickets = [ticket] if ticket else list(self._account.tickets.values())
        return [comment for one in tickets for comment in one.comments if comment.author_id == by.id]

    def public_comments(self, by: User) -> list[Comment]:
        """Every comment of somebody that the customer can read."""
        return [comment for comment in self.comments(by) if comment.public]

    def notes(self, by: User, ticket: Ticket | None = None) -> list[Comment]:
        """Every note of somebody."""
        return [comment for comment in self.comments(by, ticket) if not comment.public]

    def mails(self) -> list[Mail]:
        """Every mail Zendesk has sent to a customer because of a comment."""
        return list(self._account.mails)

    def tags_history(self, ticket: Ticket) -> list[tuple[str, ...]]:
        """The tags after each change of them, oldest first."""
        changes = [event for audit in ticket.audits for event in audit.events if event.get("field_name") == "tags"]
        return [tuple(event["value"]) for event in changes]

    def audits(self, by: User, ticket: Ticket | None = None) -> list[Audit]:
        """Every change by somebody."""
        tickets = [ticket] if ticket else list(self._account.tickets.values())
        return [audit for one in tickets for audit in one.audits if audit.author_id == by.id]

    def said_in_bodies(self) -> list[tuple[Logged, Any]]:
        """Every comment in the body of a request, with its request: what a scan for `public` has to look at."""
        return [(one, comment) for one in self.log if one.body for comment in _comments(one.json)]

    def unsaid_or_public(self) -> list[Logged]:
        """The requests that write a comment which is public, or does not say that it is not."""
        return [
            one
            for one, comment in self.said_in_bodies()
            if not isinstance(comment, dict) or comment.get("public") is not False
        ]


def _comments(value: Any) -> list[Any]:
    """Whatever stands under `comment`, at any depth."""
    if isinstance(value, list):
        return [found for one in value for found in _comments(one)]
    if not isinstance(value, dict):
        return []
    here = [value["comment"]] if "comment" in value else []
    return here + [found for name, one in value.items() if name != "comment" for found in _comments(one)]
