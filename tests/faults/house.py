"""A mailbox of its own for each test, on Dovecot or Cyrus, with a shop that watches it and a witness who looks on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from plugin.demo.mailbox import Dovecot
from tests.cyrus import Cyrus
from tests.shop import Shop, open_shop
from tests.witness import Flags, Seen, Witness, watching

Server = Dovecot | Cyrus
PASSWORD = "secret"
PLUGINS = """
mail_plugins = acl quota
plugin {
  acl = vfile
  quota = maildir:User quota
  quota_rule = *:storage=100M
}
protocol imap {
  mail_plugins = acl quota imap_acl imap_quota
}
"""
_ROOT = Path(__file__).parents[2]
_users = count(1)


class Forks:
    """Runs `amends` in processes forked from one that has loaded it already: the same command, and much faster."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.faults.forked"]
        self._server = subprocess.Popen(
            command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def run(
        self, folder: Path, *args: str, stdin: str = "", point: str = "", nth: int = 0
    ) -> subprocess.CompletedProcess[bytes]:
        """Run the command in this folder to its end, or until it kills itself at a point; see `forked`."""
        assert self._server.stdin and self._server.stdout
        job = {"folder": str(folder), "args": args, "stdin": stdin, "point": point, "nth": nth}
        self._server.stdin.write(json.dumps(job) + "\n")
        self._server.stdin.flush()
        answer = json.loads(self._server.stdout.readline())
        return subprocess.CompletedProcess(args, answer["code"], answer["out"].encode(), answer["err"].encode())

    def close(self) -> None:
        """End the process they are forked from."""
        assert self._server.stdin and self._server.stdout
        self._server.stdin.close()
        self._server.stdout.close()
        self._server.wait(timeout=30)


@dataclass(frozen=True, slots=True)
class QuickShop(Shop):
    """A shop whose commands need no time to load."""

    forks: Forks = field(kw_only=True)

    def amends(self, *args: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end."""
        return self.forks.run(self.folder, *args, stdin=stdin.decode())

    def killed(self, point: str, nth: int, *args: str) -> bool:
        """Whether the command, else `amends run --once`, was killed as it passed this point."""
        command = args or ("run", "--once")
        return self.forks.run(self.folder, *command, point=point, nth=nth).returncode == -9


@dataclass(frozen=True, slots=True)
class Account:
    """One user's mailbox: who watches it for the business, and who looks on."""

    server: Server
    user: str
    shop: QuickShop
    witness: Witness

    def doveadm(self, command: str, *args: str) -> str:
        """A command such as `mailbox create` of Dovecot about this user."""
        verb, noun, *options = command.split()
        assert isinstance(self.server, Dovecot)
        return self.server.doveadm(verb, noun, "-u", self.user, *options, *args)

    def allow(self, folder: str, rights: str) -> None:
        """Leave the owner only these rights on a folder (RFC 4314)."""
        if isinstance(self.server, Cyrus):
            self.server.allow(self.user, folder, rights)
            return
        inside = self.server.maildir(self.user)
        path = inside / "dovecot-acl" if folder == "INBOX" else inside / f".{folder}" / "dovecot-acl"
        path.write_text(f"owner {rights}\n")
        path.chmod(0o644)

    def inbox(self, folder: str = "INBOX") -> dict[str, Seen]:
        """The mail in INBOX by its subject; no two may share one."""
        seen = self.witness.folder(folder)
        found = {str(one.mail["Subject"]): one for one in seen}
        assert len(found) == len(seen)
        return found

    def drafts(self) -> list[Seen]:
        """What lies in Drafts."""
        return self.witness.folder("Drafts")

    def answered(self) -> Counter[str]:
        """How many drafts there are for each mail, by its Message-ID."""
        return Counter(str(draft.mail["In-Reply-To"]) for draft in self.drafts())


@dataclass(frozen=True, slots=True)
class House:
    """The mail server and the command, for as many mailboxes as tests want."""

    server: Server
    forks: Forks

    @contextmanager
    def account(self, folder: Path, *, port: int = 0, more: str = "", attach: bool = True) -> Iterator[Account]:
        """A fresh user; with `attach`, what comes from now on is new mail. `more` is YAML for the inbox."""
        user = f"user{next(_users)}@example.com"
        plain = open_shop(folder / user, port or self.server.port, PASSWORD, user=user, more=more)
        shop = QuickShop(plain.folder, forks=self.forks)
        with watching(self.server.host, self.server.port, user, PASSWORD) as witness:
            if attach:
                shop.once()
            yield Account(self.server, user, shop, witness)


def flags(account: Account, folder: str = "INBOX") -> dict[str, Flags]:
    """The flags of the mail in a folder by its subject."""
    return {subject: seen.flags for subject, seen in account.inbox(folder).items()}


def asked(account: Account) -> dict[str, Flags]:
    """The tags each complaint should carry, by its subject, as the register has them."""
    return {case["subject"]: frozenset(case["tags"]) for case in account.shop.json("cases")["cases"]}
