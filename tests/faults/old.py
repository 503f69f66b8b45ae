"""A mailbox with a past: complaints that were answered, were not, or are waited on, and mail that is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from tests.faults.house import Account, House
from tests.faults.letters import COMPLAINTS, ORDINARY
from tests.witness import Flags

NOW = datetime.now(UTC).replace(microsecond=0)
ANSWER = "Dear customer,\n\nwe are sorry. It is settled now.\n\nMaya\nExample Ltd\n"


@dataclass(frozen=True, slots=True)
class Old:
    """One old mail: by a customer, or (`sent`) by us; `days` ago."""

    name: str
    days: float
    text: str
    after: str = ""
    sent: bool = False
    flags: tuple[str, ...] = ()

    @property
    def message_id(self) -> str:
        """Its Message-ID."""
        return f"<{self.name.replace(' ', '-')}@mail.example>"

    @property
    def at(self) -> datetime:
        """When it came."""
        return NOW - timedelta(days=self.days)

    def raw(self) -> bytes:
        """Its bytes."""
        who, us = f"Customer <{self.name.split()[0]}@example.org>", "Example Support <support@example.com>"
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"] = (us, who) if self.sent else (who, us)
        mail["Subject"], mail["Message-ID"] = self.name, self.message_id
        mail["Date"] = format_datetime(self.at)
        if self.after:
            mail["In-Reply-To"] = mail["References"] = f"<{self.after.replace(' ', '-')}@mail.example>"
        mail.set_content(self.text)
        return mail.as_bytes()


def _says(number: int) -> str:
    return f"Hello,\n\n{COMPLAINTS[number][1].format(order=f'LL-{number}')}\n\nKind regards\n"


PAST = (
    Old("anna lost parcel", 60, _says(0)),
    Old("anna answer", 59, ANSWER, after="anna lost parcel", sent=True),
    Old("ben broken lamp", 50, _says(1)),
    Old("carla charged twice", 40, _says(2), flags=("\\Answered", "\\Seen")),
    Old("dora a question", 30, ORDINARY[0][1]),
    Old("emil rude clerk", 20, _says(3)),
    Old("emil answer", 19, ANSWER, after="emil rude clerk", sent=True),
    Old("emil still furious", 18, _says(7), after="emil answer"),
)


@contextmanager
def with_a_past(house: House, folder: Path, past: tuple[Old, ...] = PAST, more: str = "") -> Iterator[Account]:
    """A mailbox in which these lay before Amends was attached."""
    with house.account(folder, attach=False, more=more) as one:
        for mail in past:
            one.witness.append("Sent" if mail.sent else "INBOX", mail.raw(), mail.flags, mail.at)
        one.shop.once()
        yield one


def snapshot(account: Account) -> dict[str, dict[int, Flags]]:
    """Every flag of every message."""
    return {folder: account.witness.state(folder) for folder in ("INBOX", "Drafts", "Sent", "Trash")}
