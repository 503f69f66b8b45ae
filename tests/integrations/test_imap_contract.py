"""The IMAP inbox keeps the contract that every inbox keeps, on real servers, with a second client as witness."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from integrations.imap.client import ImapInbox
from plugin.config import MailboxSettings, load
from plugin.demo.mailbox import Dovecot
from plugin.inbox import Inbox
from plugin.testing import Box, InboxContract
from tests.cyrus import Cyrus
from tests.shop import open_shop
from tests.witness import Witness, watching

_USERS = count(1)


@dataclass(slots=True)
class ImapBox:
    """An IMAP inbox, and a person with another mail program."""

    imap: ImapInbox
    witness: Witness

    @property
    def inbox(self) -> Inbox:
        return self.imap

    def deliver(self, text: str, subject: str) -> None:
        self.witness.deliver(text, subject=subject)

    def mark(self, subject: str, tag: str) -> None:
        seen = self.witness.by_subject("INBOX", subject)
        assert seen is not None
        self.witness.flag(seen.uid, tag)

    def marks(self, subject: str) -> set[str]:
        seen = self.witness.by_subject("INBOX", subject)
        return set(seen.flags) if seen else set()

    def drafts(self) -> list[str]:
        return [str(seen.mail["Message-ID"]) for seen in self.witness.folder("Drafts")]

    def somewhere(self) -> None:
        return None

    def snapshot(self) -> object:
        return {name: self.witness.state(name) for name in ("INBOX", "Drafts", "Sent")}


@pytest.fixture(scope="module", params=["Dovecot", "Cyrus"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot | Cyrus]:
    folder = tmp_path_factory.mktemp("mail")
    with Cyrus(password="secret") if request.param == "Cyrus" else Dovecot(folder, password="secret") as server:
        yield server


class TestImapInbox(InboxContract):
    """The same promises as every inbox's."""

    @pytest.fixture
    def box(self, server: Dovecot | Cyrus, tmp_path: Path) -> Iterator[Box]:
        user = f"contract{next(_USERS)}@example.com"
        shop = open_shop(tmp_path, server.port, "secret", user=user)
        (settings,) = load(shop.folder / "amends.yaml").inboxes
        assert isinstance(settings, MailboxSettings)
        inbox = ImapInbox(settings)
        with watching(server.host, server.port, user, "secret") as witness:
            yield ImapBox(inbox, witness)
        inbox.close()
