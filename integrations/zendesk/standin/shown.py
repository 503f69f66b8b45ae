"""Records as the JSON Zendesk answers with."""

from __future__ import annotations

from integrations.zendesk.standin.account import Account
from integrations.zendesk.standin.clock import stamp, unix
from integrations.zendesk.standin.edit import plain
from integrations.zendesk.standin.records import (
    Attachment,
    Audit,
    Comment,
    Json,
    Rating,
    Role,
    Suspended,
    Ticket,
    TicketField,
    User,
)

_ROLE_TYPES = {Role.AGENT: 0, Role.LIGHT_AGENT: 1, Role.ADMIN: 4}
ANONYMOUS: Json = {
    "id": None, "name": "Anonymous user", "email": "invalid@example.com", "role": "end-user", "active": False,
    "verified": False,
}  # fmt: skip


class Shown:
    """Needs the account, and the address under which it can be reached."""

    def __init__(self, account: Account, base: str) -> None:
        self._account, self._base = account, base

    def url(self, path: str) -> str:
        """An address of the API as it stands in answers."""
        return f"{self._base}/api/v2/{path}.json"

    def ticket(self, ticket: Ticket, exported: bool = False) -> Json:
        """A ticket; in an export with its generated_timestamp."""
        values = ticket.values
        custom: list[Json] = [{"id": known, "value": ticket.custom.get(known)} for known in self._account.fields]
        shown: Json = {
            "url": self.url(f"tickets/{ticket.id}"), "id": ticket.id, "external_id": values.get("external_id"),
            "via": ticket.via, "created_at": stamp(ticket.created_at), "updated_at": stamp(ticket.updated_at),
            "type": values.get("type"), "subject": values.get("subject") or "",
            "raw_subject": values.get("subject") or "",
            "description": ticket.comments[0].body if ticket.comments else "", "priority": values.get("priority"),
            "status": ticket.status, "recipient": ticket.recipient, "requester_id": ticket.requester_id,
            "submitter_id": ticket.submitter_id, "assignee_id": values.get("assignee_id"),
            "organization_id": values.get("organization_id"), "group_id": values.get("group_id"),
            "collaborator_ids": [], "follower_ids": [], "email_cc_ids": [], "forum_topic_id": None,
            "problem_id": values.get("problem_id"), "has_incidents": False, "is_public": ticket.is_public,
            "due_at": values.get("due_at"), "tags": list(ticket.tags), "custom_fields": custom,
            "satisfaction_rating": self._short(ticket.rating), "sharing_agreement_ids": [], "custom_status_id": None,
            "fields": custom, "followup_ids": list(ticket.followup_ids), "ticket_form_id": None, "brand_id": None,
            "allow_channelback": False, "allow_attachments": True, "from_messaging_channel": False,
        }  # fmt: skip
        return shown | {"generated_timestamp": unix(ticket.generated_at)} if exported else shown

    def comment(self, comment: Comment) -> Json:
        """A comment as it stands in the list of comments."""
        return self._said(comment) | {"via": comment.via, "created_at": stamp(comment.at), "metadata": comment.metadata}

    def audit(self, ticket: Ticket, audit: Audit) -> Json:
        """An audit; its comment is told in full."""
        said = {comment.id: comment for comment in ticket.comments if comment.audit_id == audit.id}
        events = [self._said(said[event["id"]]) if event["type"] == "Comment" else event for event in audit.events]
        return {
            "id": audit.id, "ticket_id": audit.ticket_id, "created_at": stamp(audit.at), "author_id": audit.author_id,
            "metadata": audit.metadata, "events": events, "via": audit.via,
        }  # fmt: skip

    def user(self, user: User) -> Json:
        """A user; a light agent is an agent who may only write notes."""
        light = user.role is Role.LIGHT_AGENT
        return {
            "id": user.id, "url": self.url(f"users/{user.id}"), "name": user.name, "email": user.email,
            "created_at": stamp(user.created_at), "updated_at": stamp(user.created_at), "time_zone": "London",
            "iana_time_zone": "Europe/London", "phone": None, "shared_phone_number": None, "photo": None,
            "locale_id": 1, "locale": user.locale, "organization_id": None,
            "role": "agent" if light else user.role.value, "verified": True, "external_id": None, "tags": [],
            "alias": "", "active": True, "shared": False, "shared_agent": False, "last_login_at": None,
            "two_factor_auth_enabled": None, "signature": "", "details": "", "notes": "",
            "role_type": _ROLE_TYPES.get(user.role), "custom_role_id": None, "moderator": user.role is Role.ADMIN,
            "ticket_restriction": None if user.staff else "requested", "only_private_comments": light,
            "restricted_agent": user.role is not Role.ADMIN, "suspended": user.suspended, "default_group_id": None,
            "report_csv": user.role is Role.ADMIN, "user_fields": {},
        }  # fmt: skip

    def rating(self, ticket: Ticket, rating: Rating) -> Json:
        """A satisfaction rating as a record of its own."""
        values = ticket.values
        return {
            "url": self.url(f"satisfaction_ratings/{rating.id}"), "id": rating.id,
            "assignee_id": values.get("assignee_id"), "group_id": values.get("group_id"),
            "requester_id": ticket.requester_id, "ticket_id": ticket.id, "score": rating.score,
            "created_at": stamp(rating.at), "updated_at": stamp(rating.at), "comment": rating.comment or None,
        }  # fmt: skip

    def suspended(self, mail: Suspended) -> Json:
        """A mail kept out of the tickets."""
        return {
            "url": self.url(f"suspended_tickets/{mail.id}"), "id": mail.id,
            "author": {"id": mail.author.id, "name": mail.author.name, "email": mail.author.email},
            "subject": mail.subject, "content": mail.content, "cause": mail.cause, "cause_id": 0,
            "error_messages": None, "message_id": None, "ticket_id": None, "created_at": stamp(mail.at),
            "updated_at": stamp(mail.at), "via": {"channel": "email", "source": {"from": {}, "to": {}, "rel": None}},
            "attachments": [], "recipient": None, "brand_id": None,
        }  # fmt: skip

    def field(self, known: TicketField) -> Json:
        """A field of the account's own."""
        shown: Json = {
            "url": self.url(f"ticket_fields/{known.id}"),
            "id": known.id,
            "type": known.type,
            "title": known.title,
            "active": True,
            "tag": None,
        }
        if known.options:
            shown["custom_field_options"] = [{"name": option, "value": option} for option in known.options]
        return shown

    def _said(self, comment: Comment) -> Json:
        return {
            "id": comment.id, "type": "Comment", "author_id": comment.author_id, "body": comment.body,
            "html_body": comment.html_body, "plain_body": plain(comment.html_body), "public": comment.public,
            "attachments": [self._attachment(file) for file in comment.attachments], "audit_id": comment.audit_id,
        }  # fmt: skip

    def _attachment(self, file: Attachment) -> Json:
        return {
            "url": self.url(f"attachments/{file.id}"), "id": file.id, "file_name": file.file_name,
            "content_url": f"{self._base}/attachments/token/{file.id}/?name={file.file_name}",
            "content_type": file.content_type, "size": file.size, "inline": False, "deleted": False, "thumbnails": [],
        }  # fmt: skip

    def _short(self, rating: Rating | None) -> Json:
        if rating is None:
            return {"score": "unoffered"}
        shown: Json = {"score": rating.score, "id": rating.id}
        return shown | {"comment": rating.comment} if rating.comment else shown
