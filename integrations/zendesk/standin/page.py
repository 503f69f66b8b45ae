"""One page for people: the tickets as an agent sees them, with tags, replies and notes. It is for reading."""

from __future__ import annotations

from flask import Response, render_template

from integrations.zendesk.standin.account import Account
from integrations.zendesk.standin.records import Comment, Json, Ticket

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def page(account: Account) -> Response:
    """All tickets there are, the newest first."""
    with account.lock:
        there = [ticket for ticket in account.tickets.values() if not ticket.deleted_at]
        shown = [_ticket(account, ticket) for ticket in reversed(there)]
    return Response(render_template("tickets.html", tickets=shown), headers=_HEADERS, mimetype="text/html")


def _ticket(account: Account, ticket: Ticket) -> Json:
    return {
        "id": ticket.id, "subject": ticket.values.get("subject"), "status": ticket.status, "tags": ticket.tags,
        "channel": ticket.via["channel"], "requester": account.users[ticket.requester_id].name,
        "comments": [_comment(account, comment) for comment in ticket.comments],
    }  # fmt: skip


def _comment(account: Account, comment: Comment) -> Json:
    author = account.users.get(comment.author_id)
    return {"by": author.name if author else "Zendesk", "public": comment.public, "at": comment.at,
            "body": comment.body}  # fmt: skip


__all__ = ["page"]
