"""A small business at work: a real desk and store over an inbox in memory, and a clock the test sets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from plugin import letters
from plugin.config import MailboxSettings
from plugin.desk import Desk
from plugin.desk.ledger import Policies
from plugin.hours import Hours
from plugin.inbox import Page, Unreadable
from plugin.judge import Judge
from plugin.model import Address, Draft, Place
from plugin.playbook import load_book
from plugin.register import Register
from plugin.store import Store
from plugin.testing import MemoryInbox
from tests.stores import store_at

FRIDAY = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
LONDON = Hours.parse("default", "Europe/London", {"mon-fri": "09:00-17:30"})
COMPLAINT = (
    "This is a formal complaint. My order LL-10234 has not arrived, it is two weeks late and nobody answers. "
    "I am very disappointed and want a refund now!"
)
PLAYBOOKS = {
    "answer.yaml": """\
name: answer
about: Every complaint is answered.
when: complaint_received
then:
  - tag: [seen]
  - assign: front-desk
  - due_by: {for: acknowledgement, within: 4 business hours}
  - due_by: {for: update, every: 3 business days}
  - draft: {text: hello}
  - goodwill: {after: 1 business day, up_to: 15 EUR, offer: [voucher], draft: hello}
""",
    "vip.yaml": """\
name: vip
about: People who write from one address.
when: complaint_received
if:
  - from: vip@example.org
then:
  - tag: [vip]
""",
    "drafts/hello.en.txt": "Dear {name},\n\nthank you for writing. We will [[say what we do]].\n",
}


class Counter:
    """The desk of one inbox, `support`, in a folder of its own."""

    def __init__(self, folder: Path, judge: Judge | None = None, playbooks: Mapping[str, str] = PLAYBOOKS) -> None:
        for name, text in playbooks.items():
            (folder / name).parent.mkdir(exist_ok=True, parents=True)
            (folder / name).write_text(text)
        self.now = FRIDAY
        self.mail = MemoryInbox()
        self.settings = {"support": _settings()}
        self.store = Store(store_at(folder / "amends.db"))
        book = load_book([], folder, check_text=letters.problems)
        policies = Policies(book, {"default": LONDON}, self.settings)
        self.desk = Desk(self.store, {"support": self.mail}, policies, judge or Judge(), lambda: self.now)
        self.register = Register(self.store, {"default": LONDON}, self.settings)
        self.work()

    def work(self) -> None:
        """One full pass."""
        self.desk.poll("support")
        self.desk.run_due()

    def later(self, **span: float) -> None:
        """Time passes, and a full pass is made."""
        self.now += timedelta(**span)
        self.work()

    def complaint(self, subject: str, *, sender: str = "anna@example.org", name: str = "Anna Jones") -> str:
        """A complaint arrives and is dealt with; the id of its case."""
        known = {case["id"] for case in self.register.cases()}
        self.mail.arrive(COMPLAINT, subject=subject, sender=sender, name=name, at=self.now)
        self.work()
        return next(str(case["id"]) for case in self.register.cases() if case["id"] not in known)

    def draft(self, subject: str) -> Draft:
        """The draft in answer to this subject."""
        return next(draft for draft in self.mail.box.drafts.values() if draft.subject == f"Re: {subject}")

    def unreadable(self, reason: str) -> None:
        """A message arrives that cannot be read."""
        bad = Unreadable(Place("INBOX", 1, 99), reason, b"not a mail")
        self.desk.receive("support", Page(cursor={"uid": len(self.mail.box.messages)}, unreadable=(bad,)))

    def close(self) -> None:
        """Let go of the store."""
        self.desk.close()


def _settings() -> MailboxSettings:
    return MailboxSettings(
        name="support", host="mail.example.com", port=993, user="support@example.com", password="not used",
        identities=(Address("support@example.com", "Support"),), ours=("support@example.com",), signature="Example Ltd",
    )  # fmt: skip
