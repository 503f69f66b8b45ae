"""The demo's second inbox: a stand-in for a helpdesk that fills with tickets, and a colleague who answers one of them.

It is loaded and started when the inbox is first looked into, so that the page is up as quickly as without it.
"""

from __future__ import annotations

import logging
import re
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.parser import Parser
from email.utils import parseaddr
from importlib import import_module
from importlib.resources import files
from typing import Any

from plugin.inbox import STANDINS, Change, Cursor, Finding, Inbox, Memory, Page, Receipt, Recorded
from plugin.model import Message, Place

log = logging.getLogger("amends.demo")

NAME = "helpdesk"
_KIND = "zendesk"
_EVENTS = ("created", "comment_added", "status_changed", "tags_changed", "merged", "soft_deleted", "undeleted")
_RULE = re.compile(r"(?m)^-{20,}$")
_MARK = re.compile(r"\[\[.*?\]\]", re.DOTALL)
_CONFIG = """\
  helpdesk:
    kind: {kind}
    subdomain: lighthouse
    email: bot@example.com
    token: ${{HELPDESK_TOKEN}}
    webhook_secret: ${{HELPDESK_SECRET}}
    url: {url}
    signature: |
      Maya Lindqvist
      Lighthouse Lamps
"""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What somebody writes; `again` names the file of the ticket it is a further word in, by its number."""

    number: str
    sender: str
    name: str
    channel: str
    subject: str
    text: str
    again: str = ""


def tickets() -> list[Ticket]:
    """The tickets in the order they come."""
    folder = files("plugin.demo") / "tickets"
    return [_ticket(item.name, item.read_text("utf-8"))
            for item in sorted(folder.iterdir(), key=lambda item: item.name) if item.name.endswith(".txt")]  # fmt: skip


def _ticket(file: str, text: str) -> Ticket:
    read = Parser().parsestr(text)
    name, sender = parseaddr(read["From"])
    return Ticket(
        number=file[:2], sender=sender, name=name, channel=read["By"], subject=read["Subject"],
        text=str(read.get_payload()).strip(), again=read.get("Again", ""),
    )  # fmt: skip


class Helpdesk:
    """A stand-in on this port, which calls the page of the demo whenever a ticket changes."""

    def __init__(self, port: int, web: int) -> None:
        self._port, self._web = port, web
        self._secret = secrets.token_urlsafe(24)
        self._standin: Any = None
        self._started = threading.Event()

    @property
    def url(self) -> str:
        """Where it answers, and where people can look."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def config(self) -> str:
        """Its lines in amends.yaml, under `inboxes:`."""
        return _CONFIG.format(kind=_KIND, url=self.url)

    @property
    def secrets(self) -> str:
        """Its lines in .env; the token is the stand-in's, which keeps no secret."""
        return f"HELPDESK_TOKEN=token-of-the-bot\nHELPDESK_SECRET={self._secret}\n"

    def start(self) -> None:
        """From now on it answers; starting twice does no harm."""
        if self._standin is None:
            module, _, name = STANDINS[_KIND].partition(":")
            standin = getattr(import_module(module), name)(live=True, port=self._port)
            events = [f"zen:event-type:ticket.{event}" for event in _EVENTS]
            standin.webhooks.add(f"http://127.0.0.1:{self._web}/webhooks/{NAME}", events, secret=self._secret)
            self._standin = standin.start()
            self._started.set()

    def close(self) -> None:
        """It answers no more."""
        if self._standin is not None:
            self._standin.close()

    def play(self, stop: threading.Event, *, seconds: float, told: Callable[[str], None]) -> None:
        """Let the tickets come over so many seconds, and the colleague work, until `stop` is set."""
        if not self._is_attached(stop):
            return
        told(
            f"A second inbox, `{NAME}`, is a stand-in for Zendesk: {self.url} shows its tickets as an agent sees them."
        )
        there = tickets()
        pause = seconds / max(len(there), 1)
        agent = _Agent(self._standin, told)
        for ticket in there:
            if stop.wait(pause):
                return
            agent.receive(ticket)
            agent.look()
        while not stop.wait(3):
            agent.look()

    def _is_attached(self, stop: threading.Event) -> bool:
        """Wait until Amends has looked in for the first time: what comes after that is new."""
        while not stop.wait(0.2):
            if self._started.is_set() and self._standin.witness.log:
                return True
        return False


class _Agent:
    """Notes what comes by telephone; sends the text that is suggested for the second ticket, and solves it."""

    def __init__(self, standin: Any, told: Callable[[str], None]) -> None:
        self._people, self._witness, self._bot = standin.people, standin.witness, standin.bot
        self._maya, self._join = standin.people.agent_named("Maya Lindqvist"), standin.account.join
        self._told = told
        self._there: dict[str, Any] = {}
        self._answered = False

    def receive(self, ticket: Ticket) -> None:
        """A ticket, or a further word in one."""
        if ticket.channel == "phone":
            self._join(ticket.name, ticket.sender)
            self._there[ticket.number] = self._people.agent_opens(
                ticket.text, subject=ticket.subject, requester=ticket.sender, by=self._maya
            )
        else:
            self._there[ticket.number] = self._people.customer_writes(
                ticket.text, subject=ticket.subject, sender=ticket.sender, name=ticket.name, channel=ticket.channel,
                ticket=self._there.get(ticket.again),
            )  # fmt: skip

    def look(self) -> None:
        """Answer, once there is something to answer with."""
        ticket = self._there.get("02")
        if ticket is None or self._answered:
            return
        for text in self._suggested(ticket):
            self._people.agent_replies(ticket, _MARK.sub("tomorrow", text), status="solved", by=self._maya)
            self._answered = True
            self._told(
                f"A colleague sent the text suggested for ticket #{ticket.id} and solved it: that promise is kept."
            )
            return

    def _suggested(self, ticket: Any) -> Iterator[str]:
        """What stands between the two lines of a note of ours, as one would copy it."""
        for note in self._witness.notes(self._bot, ticket):
            parts = _RULE.split(note.body)
            if len(parts) > 2:
                yield parts[1].strip()


class LateInbox:
    """An inbox that is opened when it is first used."""

    def __init__(self, name: str, opening: Callable[[], Inbox]) -> None:
        self.name = name
        self._opening, self._lock = opening, threading.Lock()
        self._inbox: Inbox | None = None

    def fetch(self, cursor: Cursor | None, memory: Memory) -> Iterator[Page]:
        """As the inbox does it."""
        return self._opened().fetch(cursor, memory)

    def write(self, changes: Sequence[Change]) -> Sequence[Receipt]:
        """As the inbox does it."""
        return self._opened().write(changes)

    def check(self, make_folders: bool = False) -> Sequence[Finding]:
        """As the inbox does it."""
        return self._opened().check(make_folders)

    def find(self, message_id: str) -> Message | None:
        """As the inbox does it."""
        return self._opened().find(message_id)

    def history(self, since: datetime, most: int) -> Iterator[Page]:
        """As the inbox does it."""
        return self._opened().history(since, most)

    def backlog(self, since: datetime, cursor: Cursor, known: Recorded, at_once: int = 100) -> Iterator[Page]:
        """As the inbox does it."""
        return self._opened().backlog(since, cursor, known, at_once)

    def reread(self, place: Place, cursor: Cursor | None) -> Page:
        """As the inbox does it."""
        return self._opened().reread(place, cursor)

    def wait(self, seconds: float) -> bool:
        """As the inbox does it."""
        return self._opened().wait(seconds)

    def close(self) -> None:
        """Let go of what was opened."""
        with self._lock:
            if self._inbox is not None:
                self._inbox.close()

    def _opened(self) -> Inbox:
        with self._lock:
            if self._inbox is None:
                self._inbox = self._opening()
            return self._inbox
