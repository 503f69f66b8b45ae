"""What customers and agents do. Each act is one change of a ticket, at the account's time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from integrations.zendesk.standin import refusals
from integrations.zendesk.standin.account import Account, follow_up_via
from integrations.zendesk.standin.records import (
    MACHINE,
    STRANGER,
    Act,
    Audit,
    Json,
    Rating,
    Role,
    Said,
    Suspended,
    Ticket,
    User,
    came,
)

ANNA, ANNA_NAME = "anna@example.org", "Anna Jones"
CLOSED_AFTER = timedelta(days=4)


class People:
    """`agent` is who acts where nobody is named; whoever writes for the first time becomes a user."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.agent = account.join("Ada Agent", "ada@example.com", Role.AGENT)

    def agent_named(self, name: str, role: Role = Role.AGENT, token: str = "") -> User:
        """A colleague."""
        return self._account.join(name, f"{name.split(maxsplit=1)[0].lower()}@example.com", role, token)

    # ---- customers --------------------------------------------------------------------------------------------------

    def customer_writes(
        self, text: str, *, subject: str = "Where is my parcel?", sender: str = ANNA, name: str = ANNA_NAME,
        channel: str = "email", ticket: Ticket | None = None, files: Sequence[tuple[str, int]] = (),
        tags: Sequence[str] = (), automatic: bool = False,
    ) -> Ticket:  # fmt: skip
        """A new ticket, or a word in one there is; a closed one is followed by a new one, as Zendesk does it.

        Whoever is not the requester is a stranger to the ticket: Zendesk flags that and keeps it between agents.
        """
        author = self._account.join(name if sender == ANNA or name != ANNA_NAME else sender, sender)
        stranger = ticket is not None and author.id != ticket.requester_id
        flags = (STRANGER,) * stranger + (MACHINE,) * automatic
        said = Said(body=text, public=not stranger, files=tuple(files), flags=flags)
        if ticket is None:
            return self._opens(author, subject, said, channel, tags)
        if ticket.status == "closed":
            return self._follows(author, ticket, said)
        self._account.change(ticket, Act(author=author, via=_mail_via(channel, author), said=said))
        return ticket

    def suspended_mail(
        self, text: str, *, subject: str = "Hello", sender: str = ANNA, cause: str = "Detected as spam"
    ) -> Suspended:
        """A mail that Zendesk does not let in."""
        author = self._account.join(ANNA_NAME if sender == ANNA else sender, sender)
        with self._account.lock:
            mail = Suspended(
                id=self._account.next_id(),
                author=author,
                subject=subject,
                content=text,
                cause=cause,
                at=self._account.clock.now(),
            )
            self._account.suspended[mail.id] = mail
            return mail

    def recover(self, mail: Suspended) -> Ticket:
        """An agent lets a suspended mail in."""
        with self._account.lock:
            del self._account.suspended[mail.id]
        return self._opens(mail.author, mail.subject, Said(body=mail.content), "email", ())

    def rate(self, ticket: Ticket, score: str, comment: str = "") -> Rating:
        """The requester says good or bad; only of what was solved."""
        return self._account.rate(ticket, score, comment)

    def asked_to_rate(self, ticket: Ticket) -> None:
        """Zendesk asks the requester what it was like."""
        self._account.ask_to_rate(ticket)

    # ---- agents -----------------------------------------------------------------------------------------------------

    def agent_replies(
        self, ticket: Ticket, text: str, *, public: bool = True, status: str = "", by: User | None = None,
        tags: Sequence[str] = (),
    ) -> Audit:  # fmt: skip
        """A reply to the customer (or, not public, a note); a new ticket becomes the agent's own."""
        who = by or self.agent
        values: Json = {"status": status} if status else {}
        if public and ticket.values.get("assignee_id") is None:
            values = {"assignee_id": who.id} | values
        kept = (*ticket.tags, *tags) if tags else None
        return self._account.change(
            ticket, Act(author=who, via=came("web"), values=values, said=Said(body=text, public=public), tags=kept)
        )

    def agent_opens(
        self, text: str, *, subject: str, requester: str = ANNA, public: bool = True, channel: str = "phone",
        by: User | None = None,
    ) -> Ticket:  # fmt: skip
        """An agent writes down what a customer said, at the counter or on the telephone."""
        who, asks = by or self.agent, self._account.join(ANNA_NAME if requester == ANNA else requester, requester)
        said = Said(body=text, public=public)
        act = Act(author=who, via=came(channel), values={"subject": subject, "assignee_id": who.id}, said=said)
        return self._account.tickets[self._account.create(act, asks).ticket_id]

    def agent_note(self, ticket: Ticket, text: str, *, by: User | None = None) -> Audit:
        """A note for colleagues."""
        return self.agent_replies(ticket, text, public=False, by=by)

    def agent_tags(self, ticket: Ticket, *tags: str, by: User | None = None) -> Audit:
        """Tags are put on."""
        return self._changes(ticket, by, tags=(*ticket.tags, *tags))

    def agent_untags(self, ticket: Ticket, *tags: str, by: User | None = None) -> Audit:
        """Tags are taken off."""
        return self._changes(ticket, by, tags=tuple(tag for tag in ticket.tags if tag not in tags))

    def agent_sets(self, ticket: Ticket, *, by: User | None = None, **values: object) -> Audit:
        """Fields are changed: priority="high", assignee_id=…"""
        return self._account.change(ticket, Act(author=by or self.agent, via=came("web"), values=values))

    def fill(self, ticket: Ticket, field_id: int, value: object, *, by: User | None = None) -> Audit:
        """A field of the account's own is filled in."""
        return self._account.change(ticket, Act(author=by or self.agent, via=came("web"), custom={field_id: value}))

    def waits(self, ticket: Ticket, *, by: User | None = None) -> Audit:
        """Pending: the customer has to answer first."""
        return self.agent_sets(ticket, by=by, status="pending")

    def solve(self, ticket: Ticket, text: str = "", *, by: User | None = None) -> Audit:
        """Solved, with a last public word or without."""
        who = by or self.agent
        values = {"assignee_id": ticket.values.get("assignee_id") or who.id, "status": "solved"}
        said = Said(body=text) if text else None
        return self._account.change(ticket, Act(author=who, via=came("web"), values=values, said=said))

    def reopen(self, ticket: Ticket, *, by: User | None = None) -> Audit:
        """Open again."""
        return self.agent_sets(ticket, by=by, status="open")

    def close_by_time(self, after: timedelta = CLOSED_AFTER) -> list[Ticket]:
        """The automation runs: what has been solved for so long is closed."""
        return self._account.close_solved(after)

    def merge(self, source: Ticket, into: Ticket, *, by: User | None = None) -> None:
        """One ticket goes into another, and is closed."""
        self._account.merge(source, into, by or self.agent, (None, None))

    def delete(self, ticket: Ticket, *, by: User | None = None) -> None:
        """Thrown away; for 30 days it can be brought back."""
        self._account.delete(ticket, by or self.agent)

    def restore(self, ticket: Ticket, *, by: User | None = None) -> None:
        """Brought back."""
        self._account.restore(ticket, by or self.agent)

    def mark_as_spam(self, ticket: Ticket, *, by: User | None = None) -> None:
        """Thrown away, and the requester may not write any more."""
        self._account.delete(ticket, by or self.agent, spam=True)

    # ---- how --------------------------------------------------------------------------------------------------------

    def _opens(self, author: User, subject: str, said: Said, channel: str, tags: Sequence[str]) -> Ticket:
        if author.suspended:
            raise refusals.forbidden()
        act = Act(
            author=author, via=_mail_via(channel, author), values={"subject": subject}, said=said, tags=tuple(tags)
        )
        ticket = self._account.tickets[self._account.create(act, author).ticket_id]
        ticket.recipient = "support@example.com" if channel == "email" else None
        return ticket

    def _follows(self, author: User, closed: Ticket, said: Said) -> Ticket:
        values = {"subject": f"Re: {closed.values.get('subject')}"}
        act = Act(author=author, via=follow_up_via(closed), values=values, said=said)
        return self._account.tickets[self._account.create(act, author, closed).ticket_id]

    def _changes(self, ticket: Ticket, by: User | None, tags: tuple[str, ...]) -> Audit:
        return self._account.change(ticket, Act(author=by or self.agent, via=came("web"), tags=tags))


def _mail_via(channel: str, author: User) -> Json:
    sender = {"address": author.email, "name": author.name} if channel == "email" else {}
    to = {"address": "support@example.com", "name": "Example"} if channel == "email" else {}
    return came(channel, sender=sender, to=to)
