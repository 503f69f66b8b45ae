"""A provider with many inboxes: a mail server, a database, and as many workers of Amends as one likes.

Workers are the command as people run it, so that they can be killed; what they did is read from mailbox and database.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine, text

from plugin.demo.mailbox import Dovecot
from tests.faults.letters import Letter
from tests.witness import Witness, watching

PASSWORD = "secret"
_CONFIG = """\
store: {store}
web: {{listen: "127.0.0.1:0"}}
judge: {{deep: off}}
packs: [general]
playbooks: my-playbooks/
hours:
  default: {{zone: Europe/London, week: {{mon-sun: "00:00-24:00"}}}}
inboxes:
"""
_INBOX = """\
  {name}:
    kind: imap
    host: 127.0.0.1
    port: {port}
    tls: none
    user: {user}
    password: {password}
    identities: [Support <{user}>]
    ours: ["{user}"]
"""
_numbers = count(1)


@dataclass(slots=True)
class Process:
    """One command at work, and what it says."""

    command: str
    log: Path
    running: subprocess.Popen[bytes]

    @property
    def said(self) -> str:
        """All it said so far."""
        return self.log.read_text("utf-8")

    @property
    def address(self) -> str:
        """Where its pages are; empty where it has none, or not yet."""
        found = re.search(r"http://\S+", self.said)
        return found[0].rstrip("/") if found else ""

    @property
    def held(self) -> set[str]:
        """The inboxes it holds, by its own word."""
        names: set[str] = set()
        for name, what in re.findall(r"inbox (\S+): (held|given back) by", self.said):
            names = names | {name} if what == "held" else names - {name}
        return names

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self.running.kill()
        self.running.wait()

    def end(self) -> None:
        """End it in order; it must end well."""
        if self.running.poll() is None:
            self.running.send_signal(signal.SIGTERM)
            assert self.running.wait(60) == 0, self.said


@dataclass(slots=True)
class Fleet:
    """Inboxes that share a store, and the processes at work on them; `ports` says where one is reached another way."""

    folder: Path
    server: Dovecot
    store: str
    names: Sequence[str]
    ports: Mapping[str, int] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)
    number: int = field(default_factory=lambda: next(_numbers))

    def set_up(self) -> None:
        """Write the settings."""
        (self.folder / "my-playbooks").mkdir(parents=True, exist_ok=True)
        inboxes = (
            _INBOX.format(name=name, port=self.ports.get(name, self.server.port), user=self.user(name),
                          password=PASSWORD)
            for name in self.names
        )  # fmt: skip
        (self.folder / "amends.yaml").write_text(_CONFIG.format(store=self.store) + "".join(inboxes), "utf-8")

    def user(self, name: str) -> str:
        """Whose mailbox it is: one that no other fleet at the same server has."""
        return f"{name}.{self.number}@example.com"

    def playbook(self, name: str, text: str) -> None:
        """Write a playbook of their own."""
        (self.folder / "my-playbooks" / f"{name}.yaml").write_text(text, "utf-8")

    def amends(self, *args: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            _command(*args), cwd=self.folder, capture_output=True, text=True, check=False, timeout=600
        )

    def begin(self, *command: str) -> Process:
        """Begin `amends worker`, or what is named instead."""
        words = command or ("worker", "--every", "1")
        log = self.folder / f"process{next(_numbers)}.log"
        with log.open("wb") as file:
            running = subprocess.Popen(_command(*words), cwd=self.folder, stdout=file, stderr=subprocess.STDOUT)
        process = Process(words[0], log, running)
        self.processes.append(process)
        return process

    @contextmanager
    def watching(self, name: str) -> Iterator[Witness]:
        """Somebody who looks into the mailbox of this inbox."""
        with watching(self.server.host, self.server.port, self.user(name), PASSWORD) as witness:
            yield witness

    def deliver(self, name: str, letters: Sequence[Letter]) -> None:
        """They arrive."""
        with self.watching(name) as witness:
            witness.append_all("INBOX", (one.raw() for one in letters))

    def answered(self, name: str) -> Counter[str]:
        """How many drafts there are for each mail, by its Message-ID."""
        with self.watching(name) as witness:
            return Counter(str(draft.mail["In-Reply-To"]) for draft in witness.folder("Drafts"))

    def ask(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        """The rows of a statement, asked of the database itself."""
        engine = create_engine(self.store)
        try:
            with engine.connect() as connection:
                return [tuple(row) for row in connection.execute(text(statement), values)]
        finally:
            engine.dispose()

    def change(self, statement: str, **values: object) -> None:
        """Change something in the database, as nobody should."""
        engine = create_engine(self.store)
        try:
            with engine.begin() as connection:
                connection.execute(text(statement), values)
        finally:
            engine.dispose()

    def close(self) -> None:
        """End whatever is still at work."""
        for process in self.processes:
            with suppress(ProcessLookupError):
                process.running.kill()
            process.running.wait()


@contextmanager
def fleet(
    folder: Path, server: Dovecot, store: str, names: Sequence[str], ports: Mapping[str, int] | None = None
) -> Iterator[Fleet]:
    """Inboxes that are attached already: what comes from now on is new mail."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Fleet(folder, server, store, names, ports or {})
    made.set_up()
    try:
        ran = made.amends("run", "--once")
        assert ran.returncode == 0, ran.stderr
        yield made
    finally:
        made.close()


def _command(*args: str) -> list[str]:
    return [str(Path(sys.executable).with_name("amends")), *args]
