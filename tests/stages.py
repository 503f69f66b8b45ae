"""Where the story is played: a mailbox and a Zendesk account, with their people, in the port's words.

A stage tells what an onlooker sees, never what Amends says: a second IMAP client, and the account's own records.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from integrations.zendesk.standin import StandIn
from integrations.zendesk.standin.records import Ticket
from plugin.demo.mailbox import Dovecot
from tests.cyrus import Cyrus
from tests.shop import US, Shop, open_helpdesk, open_shop
from tests.witness import Seen, Witness, eventually, watching
from tests.zendesk.desk import assert_nobody_heard

SECRET = "a secret of our own between Zendesk and us"
ANNA = "Anna Jones <anna@example.org>"
_RULE = "-" * 40


class Stage(Protocol):
    """An inbox with Anna, who writes, and a colleague, who answers; a conversation is named by its subject."""

    @property
    def shop(self) -> Shop:
        """The business, attached to this inbox."""

    def at_work(self) -> AbstractContextManager[object]:
        """`amends run`, and whatever lets this inbox call it."""

    def arrives(self, text: str, subject: str) -> None:
        """Anna writes."""

    def writes_again(self, text: str, subject: str) -> None:
        """Anna writes in the same conversation."""

    def tags(self, subject: str) -> set[str]:
        """The tags on what Anna wrote first."""

    def offered(self, subject: str) -> list[str]:
        """The letters that lie ready for a colleague, oldest first."""

    def draft_is_right(self, subject: str) -> None:
        """What only this inbox can show of the first letter is as it should be, and nothing else was touched."""

    def latest_is_untouched(self, subject: str) -> None:
        """What Anna wrote last is as she sent it."""

    def sends(self, subject: str, change: Callable[[str], str]) -> None:
        """The colleague changes the letter that lies ready, and sends it."""

    def settles(self, subject: str) -> None:
        """The colleague says that it is settled."""

    def reminders(self, subject: str) -> list[str]:
        """Every reminder there ever was, by what is to be done."""

    def is_due(self, subject: str) -> bool:
        """Whether anything is shown to the colleague as still to be done."""

    def reminders_are_right(self, subject: str) -> None:
        """What only this inbox can show of open reminders is as it should be."""

    def ticks_off(self, subject: str) -> None:
        """The colleague says that what he was reminded of is done."""


# ---- a mailbox ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Mailbox:
    """A mail server, seen by a second client."""

    shop: Shop
    witness: Witness
    _first: dict[str, str] = field(default_factory=dict)  # Message-IDs by subject

    def at_work(self) -> AbstractContextManager[object]:
        return self.shop.running()

    def arrives(self, text: str, subject: str) -> None:
        self._first[subject] = self.witness.deliver(text, subject=subject)

    def writes_again(self, text: str, subject: str) -> None:
        self.witness.deliver(text, subject=f"Re: {subject}", after=self._first[subject])

    def tags(self, subject: str) -> set[str]:
        return {flag for flag in self._mail(subject).flags if not flag.startswith("\\")}

    def offered(self, subject: str) -> list[str]:
        return [seen.text for seen in self.witness.folder("Drafts") if subject in str(seen.mail["Subject"])]

    def draft_is_right(self, subject: str) -> None:
        assert "\\Seen" not in self._mail(subject).flags
        draft = self.draft(subject)
        assert draft.flags == {"\\Draft", "\\Seen"}
        assert draft.mail["To"] == ANNA
        assert draft.mail["From"] == f"Example Support <{US}>"
        assert draft.mail["Subject"] == f"Re: {subject}"
        assert draft.mail["In-Reply-To"] == self._first[subject]

    def latest_is_untouched(self, subject: str) -> None:
        assert self._hers(f"Re: {subject}")[-1].flags == frozenset()

    def sends(self, subject: str, change: Callable[[str], str]) -> None:
        self.witness.send(self.draft(subject), change)

    def settles(self, subject: str) -> None:
        case = next(case for case in self.shop.json("cases")["cases"] if case["subject"] == subject)
        assert self.shop.amends("resolve", case["id"], "--outcome", "upheld").returncode == 0

    def reminders(self, subject: str) -> list[str]:
        return [str(seen.mail["Subject"]) for seen in self.reminding(subject)]

    def is_due(self, subject: str) -> bool:
        return any("\\Flagged" in seen.flags for seen in self.reminding(subject))

    def reminders_are_right(self, subject: str) -> None:
        for reminder in self.reminding(subject):
            assert "\\Flagged" in reminder.flags
            assert "\\Seen" not in reminder.flags
            assert reminder.mail["Auto-Submitted"] == "auto-generated"
            assert reminder.mail["In-Reply-To"] is None

    def ticks_off(self, subject: str) -> None:
        for reminder in self.reminding(subject):
            self.witness.flag(reminder.uid, "\\Flagged", on=False)

    # ---- what only a mailbox has ------------------------------------------------------------------------------------

    def draft(self, subject: str) -> Seen:
        """The newest draft."""
        found = self.witness.by_subject("Drafts", subject)
        assert found is not None
        return found

    def reminding(self, subject: str) -> list[Seen]:
        """The reminders as they lie in INBOX."""
        inbox = self.witness.folder("INBOX")
        mails = [seen for seen in inbox if str(seen.mail["Subject"]).startswith("To do: ")]
        assert all(str(seen.mail["Subject"]).endswith(f" - {subject}") for seen in mails)
        return mails

    def _mail(self, subject: str) -> Seen:
        return self._hers(subject)[0]

    def _hers(self, subject: str) -> list[Seen]:
        return [seen for seen in self.witness.folder("INBOX") if seen.mail["Subject"] == subject]


@contextmanager
def mailbox(folder: Path) -> Iterator[Mailbox]:
    """A mailbox of its own, on a Dovecot of its own."""
    with _mailbox(folder, Dovecot(folder / "mail", password="secret")) as stage:
        yield stage


@contextmanager
def second_mailbox(folder: Path) -> Iterator[Mailbox]:
    """The same on a Cyrus of its own."""
    with _mailbox(folder, Cyrus(password="secret")) as stage:
        yield stage


@contextmanager
def _mailbox(folder: Path, starting: Dovecot | Cyrus) -> Iterator[Mailbox]:
    with starting as server:
        shop = open_shop(folder / "shop", server.port, server.password)
        with watching(server.host, server.port, US, "secret") as witness:
            yield Mailbox(shop, witness)


# ---- a Zendesk account ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Account:
    """The stand-in Zendesk, whose clock runs and whose webhooks call whoever is at work."""

    shop: Shop
    zendesk: StandIn

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with self.shop.running():
            address = eventually(lambda: self.shop.address, "register")
            self.zendesk.webhooks.add(f"{address}/webhooks/helpdesk", secret=SECRET)
            yield

    def arrives(self, text: str, subject: str) -> None:
        self.zendesk.people.customer_writes(text, subject=subject)

    def writes_again(self, text: str, subject: str) -> None:
        self.zendesk.people.customer_writes(text, ticket=self.ticket(subject))

    def tags(self, subject: str) -> set[str]:
        return set(self.ticket(subject).tags) - {"amends-due"}

    def offered(self, subject: str) -> list[str]:
        """What a colleague finds below the last public words; notes further up are history."""
        comments = self.ticket(subject).comments
        latest = max(number for number, comment in enumerate(comments) if comment.public)
        return [letter for comment in comments[latest:] for letter in suggestions(comment.body)]

    def draft_is_right(self, subject: str) -> None:
        ticket = self.ticket(subject)
        (written,) = self.zendesk.witness.notes(self.zendesk.bot, ticket)
        assert re.findall(r"(?m)^amends:[\w-]+/[\w-]+$", written.body)
        assert "acknowledgement due by" in written.body
        assert (ticket.status, ticket.values.get("assignee_id")) == ("new", None)
        assert len(self.zendesk.witness.puts(ticket)) == 1  # tags and note together

    def latest_is_untouched(self, subject: str) -> None:
        assert self.ticket(subject).audits[-1].author_id == self.ticket(subject).requester_id

    def sends(self, subject: str, change: Callable[[str], str]) -> None:
        self.zendesk.people.agent_replies(self.ticket(subject), change(self.offered(subject)[-1]))

    def settles(self, subject: str) -> None:
        self.zendesk.people.solve(self.ticket(subject))

    def reminders(self, subject: str) -> list[str]:
        return [line for text in self.notes(self.ticket(subject)) for line in re.findall(r"(?m)^To do: .*$", text)]

    def is_due(self, subject: str) -> bool:
        return "amends-due" in self.ticket(subject).tags

    def reminders_are_right(self, subject: str) -> None:
        assert self.is_due(subject)
        assert self.zendesk.account.mails == [] or self.zendesk.account.mails[-1].text not in self.notes()

    def ticks_off(self, subject: str) -> None:
        self.zendesk.people.agent_untags(self.ticket(subject), "amends-due")

    # ---- what only Zendesk has --------------------------------------------------------------------------------------

    def ticket(self, subject: str) -> Ticket:
        """The ticket of this subject."""
        return next(one for one in self.zendesk.account.tickets.values() if one.values["subject"] == subject)

    def notes(self, ticket: Ticket | None = None) -> list[str]:
        """What Amends wrote, in a ticket or in all."""
        return [comment.body for comment in self.zendesk.witness.notes(self.zendesk.bot, ticket)]


def suggestions(note: str) -> list[str]:
    """The letters in a note, between its rules."""
    return [part.strip("\n") for part in note.split(_RULE)[1::2]]


@contextmanager
def account(folder: Path) -> Iterator[Account]:
    """An account of its own; at the end nobody outside has heard anything from Amends."""
    with StandIn(live=True) as zendesk:
        shop = open_helpdesk(folder / "shop", zendesk, SECRET)
        yield Account(shop, zendesk)
    assert_nobody_heard(zendesk)
