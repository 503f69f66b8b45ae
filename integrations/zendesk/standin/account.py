"""The account: users, tickets and what Zendesk does with them; every change goes through one of its verbs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from integrations.zendesk.standin import refusals
from integrations.zendesk.standin.clock import Clock
from integrations.zendesk.standin.edit import Edit, tag_list
from integrations.zendesk.standin.records import (
    PRIORITIES,
    STATUSES,
    SYSTEM,
    TYPES,
    Act,
    Audit,
    Comment,
    Json,
    Rating,
    Role,
    Said,
    Suspended,
    Ticket,
    TicketField,
    User,
    came,
)

MOST_COMMENTS = 5000
_FIRST_ID = 29_000_000_001  # ids of everything but tickets do not fit into 32 bits
_ALLOWED = {"status": STATUSES, "priority": (*PRIORITIES, None), "type": (*TYPES, None)}


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail Zendesk sends to a user because of a comment."""

    ticket_id: int
    to: int
    text: str
    audit_id: int


@dataclass(frozen=True, slots=True)
class News:
    """What has just happened to a ticket: its audit, and for the rest the name of the event with its particulars."""

    ticket: Ticket
    audit: Audit
    created: bool = False
    event: str = ""
    particulars: Json | None = None
    users: Mapping[int, User] = field(default_factory=dict)

    def author(self, user_id: int) -> User | None:
        """Whoever has this id; None for Zendesk itself."""
        return self.users.get(user_id)


class Account:
    """Everything that is kept; hold `lock` while reading several things that must fit together."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.tickets: dict[int, Ticket] = {}
        self.users: dict[int, User] = {}
        self.suspended: dict[int, Suspended] = {}
        self.fields: dict[int, TicketField] = {}
        self.mails: list[Mail] = []
        self.apps: dict[int, bool] = {}  # installed ones by their id, and whether they are switched on
        self.public_by_default = True
        self.jobs: dict[str, Json] = {}
        self.rules: Callable[[Ticket, Edit, User | None], None] = _no_rules
        self.heard: list[Callable[[News], None]] = []
        self._ids = count(_FIRST_ID)
        self._ticket_ids = count(1)

    def next_id(self) -> int:
        """An id nobody has."""
        return next(self._ids)

    # ---- who ----------------------------------------------------------------------------------------------------

    def join(self, name: str, email: str, role: Role = Role.END_USER, token: str = "") -> User:
        """A user is added, or found by the address."""
        with self.lock:
            known = next((user for user in self.users.values() if user.email == email.lower()), None)
            if known is None:
                known = User(self.next_id(), name, email.lower(), role, self.clock.now(), token)
                self.users[known.id] = known
            return known

    def add_field(self, title: str, kind: str = "text", options: Sequence[str] = ()) -> TicketField:
        """A field of the account's own; with options it is a dropdown (a tagger)."""
        with self.lock:
            known = TicketField(self.next_id(), title, "tagger" if options else kind, tuple(options))
            self.fields[known.id] = known
            return known

    def ticket(self, ticket_id: int) -> Ticket:
        """A ticket that is there; one that was deleted is not found."""
        found = self.tickets.get(ticket_id)
        if found is None or found.deleted_at:
            raise refusals.not_found()
        return found

    # ---- tickets ------------------------------------------------------------------------------------------------

    def create(self, act: Act, requester: User, source: Ticket | None = None) -> Audit:
        """A new ticket; `source` is the closed one it follows, whose tags it takes on unless it brings its own."""
        with self.lock:
            now, who = self.clock.now(), act.author.id if act.author else requester.id
            ticket = Ticket(
                id=next(self._ticket_ids), created_at=now, via=act.via, submitter_id=who, values={"status": None},
                updated_at=now, generated_at=now,
            )  # fmt: skip
            self.tickets[ticket.id] = ticket
            starting = {"status": "new", "requester_id": requester.id, **act.values}
            if source:
                source.followup_ids.append(ticket.id)
                act = replace(
                    act, tags=source.tags if act.tags is None else act.tags, custom={**source.custom, **act.custom}
                )
            return self._write(ticket, replace(act, values=starting))

    def change(self, ticket: Ticket, act: Act) -> Audit:
        """A change in one audit; what is closed refuses, what says nothing new leaves no audit behind."""
        with self.lock:
            if ticket.status == "closed" and act.author is not None:
                raise refusals.closed()
            return self._write(ticket, act)

    def touch(self, ticket: Ticket) -> None:
        """A change by the system that leaves no audit and does not move `updated_at`; the export shows it again."""
        with self.lock:
            ticket.generated_at = self.clock.now()

    def merge(self, source: Ticket, target: Ticket, author: User, said: tuple[Said | None, Said | None]) -> None:
        """`source` is closed and tagged, `target` gets its last words; `said` are the comments in source and target."""
        with self.lock:
            if source is target:
                same = f"You selected the same ticket as source and target: #{source.id}."
                text = f"{same} You cannot merge a ticket into itself."
                raise refusals.Refusal(422, {"error": "SourceInvalid", "description": text})
            if "closed" in (source.status, target.status):
                raise refusals.closed()
            last = source.comments[-1].body
            there = said[1] or Said(body=_merged(source, last), public=False)
            here = said[0] or Said(body=f"This request was closed and merged into request #{target.id}.", public=False)
            self._write(target, Act(author=author, via=_merge_via(sender=source), said=there))
            tags = (*source.tags, "closed_by_merge")
            audit = self._write(
                source, Act(author=author, via=_merge_via(to=target), values={"status": "closed"}, tags=tags, said=here)
            )
            self._tell(News(source, audit, event="merged", particulars={"target_ticket_id": str(target.id)}))

    def delete(self, ticket: Ticket, author: User, spam: bool = False) -> None:
        """Away, for 30 days still among the deleted ones; as spam the requester is suspended too."""
        with self.lock:
            ticket.deleted_at = ticket.updated_at = ticket.generated_at = self.clock.now()
            if spam:
                self.users[ticket.requester_id].suspended = True
            self._tell(News(ticket, self._silent(ticket, author), event="marked_as_spam" if spam else "soft_deleted"))

    def restore(self, ticket: Ticket, author: User) -> None:
        """Back from the deleted ones."""
        with self.lock:
            ticket.deleted_at = None
            ticket.updated_at = ticket.generated_at = self.clock.now()
            self._tell(News(ticket, self._silent(ticket, author), event="undeleted"))

    def close_solved(self, after: timedelta) -> list[Ticket]:
        """The automation that closes what has been solved for so long."""
        with self.lock:
            now = self.clock.now()
            due = [
                t for t in self.tickets.values() if t.status == "solved" and t.solved_at and now - t.solved_at >= after
            ]
            via = _by_automation("Close ticket after status is set to solved")
            for ticket in due:
                self._write(ticket, Act(author=None, via=via, values={"status": "closed"}))
            return due

    def ask_to_rate(self, ticket: Ticket) -> None:
        """The automation that asks the requester for a rating, usually a day after the solution."""
        with self.lock:
            ticket.rating = Rating(self.next_id(), "offered", "", self.clock.now())
            via = _by_automation("Request customer satisfaction rating")
            self._write(ticket, Act(author=None, via=via, values={"satisfaction_score": "offered"}))

    def rate(self, ticket: Ticket, score: str, comment: str) -> Rating:
        """The requester's word; only once the ticket was solved, only good or bad (satisfaction-ratings, create)."""
        with self.lock:
            if score not in ("good", "bad"):
                raise refusals.invalid("score", f"Score: {score} is not allowed")
            if ticket.solved_at is None:
                raise refusals.invalid("base", "Satisfaction rating: ticket must be solved")
            ticket.rating = Rating(
                ticket.rating.id if ticket.rating else self.next_id(), score, comment, self.clock.now()
            )
            event = {
                "type": "SatisfactionRating",
                "score": score,
                "assignee_id": ticket.values.get("assignee_id"),
                "body": comment,
            }
            self._write(ticket, Act(author=self.users[ticket.requester_id], via=came("web"), events=(event,)))
            return ticket.rating

    # ---- one change ---------------------------------------------------------------------------------------------

    def _write(self, ticket: Ticket, act: Act) -> Audit:
        self._refuse_what_is_wrong(ticket, act)
        edit = Edit(ticket, self.clock.now(), self.next_id, self.fields)
        author_id = act.author.id if act.author else SYSTEM
        metadata = _metadata(act)
        comment = edit.say(act.said, author_id, act.via, metadata) if act.said else None
        _apply(act, edit)
        self._follow_from(ticket, edit, comment)
        if edit.events:
            ticket.updated_at = edit.at  # what a trigger sends has the new time
            self.rules(ticket, edit, act.author)
        self._mail(ticket, edit, comment)
        audit = edit.close(author_id, act.via, metadata)
        if audit.events:
            self._tell(News(ticket, audit, created=edit.created))
        return audit

    def _refuse_what_is_wrong(self, ticket: Ticket, act: Act) -> None:
        for name, allowed in _ALLOWED.items():
            if name in act.values and act.values[name] not in allowed:
                raise refusals.invalid(name, f"{name.capitalize()}: {act.values[name]} is not included in the list")
        if act.values.get("status") == "new" and ticket.audits and ticket.status != "new":
            raise refusals.invalid("status", "Status: cannot be set back to new")
        if act.said and len(ticket.comments) >= MOST_COMMENTS:
            raise refusals.invalid("base", f"Ticket: has too many comments ({MOST_COMMENTS})")

    def _follow_from(self, ticket: Ticket, edit: Edit, comment: Comment | None) -> None:
        """What Zendesk does by itself: a customer's word reopens, and an assigned ticket is no longer new."""
        spoken = (
            comment and not self.users[comment.author_id].staff if comment and comment.author_id != SYSTEM else False
        )
        if spoken and ticket.status in ("pending", "hold", "solved"):
            edit.set("status", "open")
        if ticket.status == "new" and ticket.values.get("assignee_id"):
            edit.set("status", "open")

    def _mail(self, ticket: Ticket, edit: Edit, comment: Comment | None) -> None:
        """The standard trigger: what staff says in public is mailed to the requester."""
        if not comment or not comment.public or comment.author_id == ticket.requester_id:
            return
        title = "Notify requester and CCs of comment update"
        edit.note({
            "type": "Notification", "subject": f"Re: {ticket.values.get('subject')}", "body": comment.body,
            "recipients": [ticket.requester_id],
            "via": came("rule", rel="trigger", sender={"id": _FIRST_ID - 2, "title": title}),
        })  # fmt: skip
        self.mails.append(Mail(ticket.id, ticket.requester_id, comment.body, edit.id))

    def _silent(self, ticket: Ticket, author: User) -> Audit:
        """Deleting leaves no audit that could be read; its event still needs to say who and when."""
        return Audit(
            id=self.next_id(), ticket_id=ticket.id, author_id=author.id, at=self.clock.now(), via=came("web"),
            events=(), metadata={},
        )  # fmt: skip

    def _tell(self, news: News) -> None:
        for hear in self.heard:
            hear(replace(news, users=self.users))


def _no_rules(_ticket: Ticket, _edit: Edit, _author: User | None) -> None:
    """An account without triggers."""


def _apply(act: Act, edit: Edit) -> None:
    for name, value in act.values.items():
        edit.set(name, value)
    if act.tags is not None:
        edit.tag(tag_list(act.tags))
    for field_id, value in act.custom.items():
        edit.fill(field_id, value)
    for event in act.events:
        edit.note(event)


def _metadata(act: Act) -> Json:
    """What stands beside an audit and its comment; flags say why a comment is not to be trusted."""
    metadata: Json = {"system": {}, "custom": dict(act.metadata)}
    flags = act.said.flags if act.said else ()
    told = {"flags": list(flags), "flags_options": {str(flag): {"trusted": False} for flag in flags}, "trusted": False}
    return metadata | told if flags else metadata


def _merged(source: Ticket, last: str) -> str:
    name = f"#{source.id}"
    first = f'Request {name} "{source.values.get("subject")}" was closed and merged into this request.'
    return f"{first} Last comment in request {name}:\n\n{last}"


def _merge_via(sender: Ticket | None = None, to: Ticket | None = None) -> Json:
    def named(ticket: Ticket | None) -> Json:
        return {"ticket_id": ticket.id, "subject": ticket.values.get("subject")} if ticket else {}

    return came("web", rel="merge", sender=named(sender), to=named(to))


def _by_automation(title: str) -> Json:
    return came("rule", rel="automation", sender={"id": _FIRST_ID - 1, "title": title})


def follow_up_via(source: Ticket) -> Json:
    """How a ticket came that follows a closed one."""
    sender = {"ticket_id": source.id, "subject": source.values.get("subject"), "channel": source.via["channel"]}
    return came("web", rel="follow_up", sender=sender)


def changed_since(tickets: Iterable[Ticket], after: tuple[datetime, int], until: datetime) -> list[Ticket]:
    """The tickets whose last change lies behind `after` and not later than `until`, in the order of the changes."""
    found = [t for t in tickets if after < (t.generated_at, t.id) and t.generated_at <= until]
    return sorted(found, key=lambda t: (t.generated_at, t.id))
