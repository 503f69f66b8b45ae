"""Two contestants, each with a mailbox of its own in front of it, and what they spend on it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile

from bench.mail import Mail
from bench.row import Failed
from bench.wire import Account, Wire
from plugin.demo.mailbox import Dovecot
from tests.shop import Shop, open_shop

__all__ = ["ROOT", "Failed", "Hall", "Spent", "spend"]

ROOT = Path(__file__).parent.parent
_AT_ONCE = 100
_OUR_FLOOR = "-m bench.floor"


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds by the clock, seconds of CPU, and the most memory that was held at a time in MiB."""

    wall: float
    cpu: float
    peak: float


@dataclass(frozen=True, slots=True)
class Hall:
    """One mail server and one folder for everything."""

    server: Dovecot
    folder: Path

    def account(self, user: str) -> Account:
        """The mailbox of this user; each begins empty."""
        return Account(self.server.host, self.server.port, user, self.server.password)

    def product(self, user: str, *, port: int = 0) -> Shop:
        """Amends set up for this mailbox; `port` leads to the server some other way."""
        return open_shop(self.folder / user, port or self.server.port, self.server.password, user=user)

    def run_floor(self, user: str, command: str = "") -> Spent:
        """The floor at work on this mailbox; `command` is another floor's script, with its options."""
        account = self.account(user)
        env = os.environ | {
            "IMAP_HOST": account.host, "IMAP_PORT": str(account.port), "IMAP_USER": user,
            "IMAP_PASS": account.password, "BENCH_DIR": str(self.folder),
        }  # fmt: skip
        return spend([sys.executable, *shlex.split(command or _OUR_FLOOR), str(self.folder / f"{user}.db")], ROOT, env)

    def run_product(self, shop: Shop, *command: str) -> Spent:
        """A command, else one full pass, as a person would start it."""
        amends = Path(sys.executable).with_name("amends")
        return spend([str(amends), *(command or ("run", "--once"))], shop.folder, dict(os.environ))

    def fill(self, users: Sequence[str], mails: Iterable[Mail]) -> int:
        """Put the mails into the inbox of each of these users; how many of them are complaints."""
        wires = [Wire(self.account(user)) for user in users]
        rest, complaints = iter(mails), 0
        while some := list(islice(rest, _AT_ONCE)):
            complaints += sum(mail.kind == "complaint" for mail in some)
            for tag, wire in [(wire.append("INBOX", (mail.raw for mail in some)), wire) for wire in wires]:
                wire.answer(tag)
        for wire in wires:
            wire.close()
        return complaints

    def drafts(self, user: str) -> int:
        """How many drafts lie in this mailbox."""
        wire = Wire(self.account(user))
        wire.tell("EXAMINE Drafts")
        found = len(wire.search("ALL"))
        wire.close()
        return found


def spend(command: Sequence[str], folder: Path, env: dict[str, str]) -> Spent:
    """Run a command to its end and say what it took; raises Failed with its last words where it does not end with 0.

    The kernel counts for a child what its parent held when it was started, so this process must stay small.
    """
    with TemporaryFile() as words:
        begun = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=words, stderr=words)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            words.seek(0)
            raise Failed(f"{shlex.join(command)} ended with {process.returncode}: {words.read().decode()[-2000:]}")
    return Spent(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
