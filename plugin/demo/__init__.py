"""The demo: a mailbox that fills, a colleague who answers, and Amends at work in between. All of it on loopback.

Lighthouse Lamps is a small shop. Letters arrive for two minutes, the colleague edits and sends a draft, settles a
complaint and ticks off a reminder, as a person would with a mail program; everything else is Amends. A helpdesk with a
few tickets is a second inbox beside the mailbox.
"""

from __future__ import annotations

import logging
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from importlib.resources import files
from pathlib import Path

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from plugin.demo.helpdesk import Helpdesk, LateInbox
from plugin.demo.mailbox import Dovecot, PipMailbox, free_port, open_mailbox

__all__ = ["US", "Demo", "LateInbox", "prepare"]

log = logging.getLogger("amends.demo")

US = "support@lighthouse.example"
ACT_FOLDERS = ("Amends/Complaint", "Amends/Not a complaint", "Amends/Resolved")
_DATE = re.compile(rb"(?m)^Date:[^\r\n]*")
_CONFIG = """\
# The demo's settings; they vanish with the demo. `amends init` writes a file like this for your own mailbox.
store: sqlite:///demo.db
web: {{listen: "127.0.0.1:{web}"}}
inboxes:
  support:
    kind: imap
    host: 127.0.0.1
    port: {port}
    tls: none
    user: {user}
    password: ${{DEMO_PASSWORD}}
    identities: [Lighthouse Lamps <{user}>]
    ours: ["@lighthouse.example"]
    signature: |
      Maya Lindqvist
      Lighthouse Lamps
{helpdesk}hours:
  default: {{zone: {zone}, week: {{mon-sat: "09:00-12:30, 13:30-18:00"}}}}
packs: [general]
playbooks: playbooks/
"""


@dataclass(slots=True)
class Demo:
    """A demo that is ready to begin: its mailbox runs, its settings are written, its helpdesk starts later."""

    folder: Path
    mailbox: Dovecot | PipMailbox
    password: str
    helpdesk: Helpdesk

    @property
    def config(self) -> Path:
        """The settings Amends runs with."""
        return self.folder / "amends.yaml"

    def letters(self) -> list[tuple[str, bytes]]:
        """The letters by file name, in the order they arrive."""
        folder = files("plugin.demo") / "letters"
        found = sorted((item.name, item.read_bytes()) for item in folder.iterdir() if item.name.endswith(".eml"))
        return [(name, raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")) for name, raw in found]

    def play(self, stop: threading.Event, *, seconds: float, told: Callable[[str], None]) -> None:
        """Let the letters arrive over so many seconds, and the colleague work, until `stop` is set."""
        letters = self.letters()
        pause = seconds / max(len(letters), 1)
        try:
            with _connected(self) as client:
                colleague = Colleague(client, told)
                for number, (_, raw) in enumerate(letters, 1):
                    client.append("INBOX", _dated(raw))
                    colleague.look(number)
                    if stop.wait(pause):
                        return
                told(f"All {len(letters)} letters have arrived. The mailbox stays open until Ctrl-C.")
                while not stop.wait(3):
                    colleague.look(len(letters))
        except (IMAPClientError, OSError) as error:
            if not stop.is_set():  # at the end the server may go first
                log.warning("the demo's colleague lost the mailbox: %s", error)


class Colleague:
    """A person with a mail program, who does each thing once: answer, settle, tick off."""

    def __init__(self, client: IMAPClient, told: Callable[[str], None]) -> None:
        self._client, self._told = client, told
        self._done: set[str] = set()

    def look(self, arrived: int) -> None:
        """Do whatever its time has come for."""
        steps = ((8, "send", self._send), (16, "settle", self._settle), (30, "tick", self._tick_off))
        for after, name, step in steps:
            if arrived >= after and name not in self._done and step():
                self._done.add(name)

    def _send(self) -> bool:
        """Edit the first draft and send it, as a mail program does: a copy in Sent, the draft gone."""
        uid, raw = next(self._drafts(), (0, b""))
        if not uid:
            return False
        edited = _dated(raw.replace(b"Dear", b"Hello", 1))
        self._client.append("Sent", edited, (b"\\Seen",))
        self._client.delete_messages([uid])
        self._client.uid_expunge([uid])
        self._told("A colleague read the first draft, changed a word and sent it: the promise to answer is kept.")
        return True

    def _drafts(self) -> Iterator[tuple[int, bytes]]:
        self._client.select_folder("Drafts")
        for uid in sorted(self._client.search(["ALL"]))[:1]:
            yield uid, self._client.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"]

    def _settle(self) -> bool:
        """File the first complaint as resolved."""
        self._client.select_folder("INBOX", readonly=True)
        found = sorted(self._client.search(["KEYWORD", "complaint"]))
        if not found:
            return False
        self._client.copy(found[:1], "Amends/Resolved")
        self._told("A colleague filed the first complaint as resolved: a follow-up and a gesture will come up.")
        return True

    def _tick_off(self) -> bool:
        """Clear the flag of a reminder."""
        self._client.select_folder("INBOX")
        found = sorted(self._client.search(["FLAGGED", "SUBJECT", "To do:"]))
        if not found:
            return False
        self._client.remove_flags(found[:1], [b"\\Flagged"])
        self._told("A colleague cleared the flag of a reminder: that task is done.")
        return True


def prepare(folder: Path, *, web: int, zone: str = "Europe/London") -> Demo:
    """Start the mailbox and write the settings into `folder`; the caller stops `mailbox` at the end."""
    password = secrets.token_urlsafe(9)
    mailbox = open_mailbox(folder / "mailbox", password=password)
    mailbox.start()
    demo = Demo(folder, mailbox, password, Helpdesk(free_port(), web))
    with _connected(demo) as client:
        for name in ACT_FOLDERS:
            client.create_folder(name)
    text = _CONFIG.format(web=web, port=mailbox.port, user=US, zone=zone, helpdesk=demo.helpdesk.config)
    demo.config.write_text(text, "utf-8")
    secret = folder / ".env"
    secret.touch(mode=0o600)
    secret.write_text(f"DEMO_PASSWORD={password}\n{demo.helpdesk.secrets}", "utf-8")
    _copy_playbooks(folder / "playbooks")
    return demo


def _copy_playbooks(folder: Path) -> None:
    folder.mkdir()
    for item in (files("plugin.demo") / "playbooks").iterdir():
        if item.name.endswith(".yaml"):
            (folder / item.name).write_bytes(item.read_bytes())


def _connected(demo: Demo) -> IMAPClient:
    client = IMAPClient(demo.mailbox.host, demo.mailbox.port, ssl=False, timeout=30)
    client.login(US, demo.password)
    return client


def _dated(raw: bytes) -> bytes:
    """The same letter, written now."""
    return _DATE.sub(b"Date: " + format_datetime(datetime.now(UTC)).encode(), raw, count=1)
