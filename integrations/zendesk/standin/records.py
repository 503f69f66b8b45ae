"""What the account keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

Json = dict[str, Any]

STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
PRIORITIES = ("urgent", "high", "normal", "low")
TYPES = ("problem", "incident", "question", "task")
STRANGER, MACHINE = 2, 4  # flags of comments: not part of the conversation; written by a machine
SYSTEM = -1  # the author of what automations and Zendesk itself do


class Role(StrEnum):
    """What a user may do. Zendesk shows a light agent as an agent of role_type 1 with only_private_comments."""

    END_USER = "end-user"
    LIGHT_AGENT = "light-agent"
    AGENT = "agent"
    ADMIN = "admin"


@dataclass(slots=True)
class User:
    """A person, or a program that speaks for one: whoever holds the token."""

    id: int
    name: str
    email: str
    role: Role
    created_at: datetime
    token: str = ""
    suspended: bool = False
    locale: str = "en-US"

    @property
    def staff(self) -> bool:
        """Works here, in whatever role."""
        return self.role is not Role.END_USER


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file at a comment; its content is not kept."""

    id: int
    file_name: str
    size: int
    content_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """Something said in a ticket; `public` is what the requester can read."""

    id: int
    audit_id: int
    author_id: int
    body: str
    html_body: str
    public: bool
    via: Json
    at: datetime
    attachments: tuple[Attachment, ...] = ()
    metadata: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """One change of a ticket with everything that happened in it."""

    id: int
    ticket_id: int
    author_id: int
    at: datetime
    via: Json
    events: tuple[Json, ...]
    metadata: Json


@dataclass(frozen=True, slots=True)
class Rating:
    """What the requester thought of it: offered, good or bad."""

    id: int
    score: str
    comment: str
    at: datetime


@dataclass(slots=True, kw_only=True)
class Ticket:
    """A ticket; `values` holds what audits name as a field: subject, status, priority, assignee_id …

    `updated_at` moves with every audit, `generated_at` also with what leaves no audit behind.
    """

    id: int
    created_at: datetime
    via: Json
    submitter_id: int
    values: Json
    updated_at: datetime
    generated_at: datetime
    tags: tuple[str, ...] = ()
    custom: dict[int, Any] = field(default_factory=dict)
    comments: list[Comment] = field(default_factory=list)
    audits: list[Audit] = field(default_factory=list)
    followup_ids: list[int] = field(default_factory=list)
    rating: Rating | None = None
    recipient: str | None = None
    solved_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def status(self) -> str:
        """Its status, or deleted."""
        return "deleted" if self.deleted_at else str(self.values["status"])

    @property
    def requester_id(self) -> int:
        """Who asks, and is written to."""
        return int(self.values["requester_id"])

    @property
    def is_public(self) -> bool:
        """Whether the requester can read anything of it."""
        return any(comment.public for comment in self.comments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended:
    """A mail that was kept out of the tickets (api-reference/ticketing/tickets/suspended_tickets)."""

    id: int
    author: User
    subject: str
    content: str
    cause: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TicketField:
    """A field of the account's own; a tagger's option is a tag on the ticket as well."""

    id: int
    title: str
    type: str = "text"
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A comment to be written; without `public` it is public, as in Zendesk."""

    body: str
    html_body: str = ""
    public: bool = True
    author_id: int = 0  # another author than whoever makes the change
    files: tuple[tuple[str, int], ...] = ()  # names and sizes
    flags: tuple[int, ...] = ()  # why Zendesk does not trust it: STRANGER, MACHINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What somebody does to a ticket in one go; it becomes one audit. `tags` is the whole list afterwards."""

    author: User | None  # None: Zendesk itself
    via: Json
    values: Mapping[str, Any] = field(default_factory=dict)
    custom: Mapping[int, Any] = field(default_factory=dict)
    tags: tuple[str, ...] | None = None
    said: Said | None = None
    events: tuple[Json, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


def came(channel: str, *, rel: str | None = None, sender: Json | None = None, to: Json | None = None) -> Json:
    """A via object (documentation/ticketing/reference-guides/via-object-reference)."""
    return {"channel": channel, "source": {"from": sender or {}, "to": to or {}, "rel": rel}}
