"""A business with a real inbox: a folder with amends.yaml, and the `amends` command run on it as people run it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from integrations.zendesk.standin import StandIn
from tests.stores import DATABASE_PASSWORD, on_postgresql, store_at

US = "support@example.com"
_CONFIG = """\
web: {{listen: "127.0.0.1:0"}}
inboxes:
{inbox}
hours:
  default: {{zone: Europe/London, week: {{mon-sun: "00:00-24:00"}}}}
judge: {{deep: off}}  # what is tried here must not depend on whether the extra is installed
packs: [general]
playbooks: my-playbooks/
{store}"""
_MAILBOX = """\
  support:
    kind: imap
    host: 127.0.0.1
    port: {port}
    tls: none
    user: {user}
    password: ${{SHOP_PASSWORD}}
    identities: [Example Support <{us}>]
    ours: ["@example.com"]
    signature: |
      Example Ltd
{more}
"""
_HELPDESK = """\
  helpdesk:
    kind: zendesk
    subdomain: example
    email: {email}
    token: ${{SHOP_PASSWORD}}
    webhook_secret: ${{SHOP_SECRET}}
    url: {url}
    signature: |
      Example Ltd
{more}
"""


@dataclass(frozen=True, slots=True)
class Shop:
    """One folder with settings, playbooks and, unless the tests were asked for PostgreSQL, the store."""

    folder: Path

    @property
    def log(self) -> str:
        """What the last `amends run` in the background said."""
        return (self.folder / "run.log").read_text("utf-8")

    @property
    def address(self) -> str:
        """Where the `amends run` in the background shows its pages; empty until it does."""
        found = re.search(r"Register: (http://\S+)", self.log)
        return found[1] if found else ""

    @property
    def store(self) -> Path:
        """The SQLite file, or the name by which `tests.stores` knows the database."""
        return self.folder / "amends.db"

    def know(self, **secrets: str) -> None:
        """These are all the secrets of its inbox that are known from now on; a store in PostgreSQL opens still."""
        hidden = self.folder / ".env"
        kept = [line for line in hidden.read_text().splitlines() if line.startswith("STORE_PASSWORD=")]
        hidden.write_text("".join(f"{line}\n" for line in (*kept, *(f"{name}={one}" for name, one in secrets.items()))))

    def playbook(self, name: str, text: str) -> None:
        """Write a playbook of the shop's own."""
        (self.folder / "my-playbooks" / f"{name}.yaml").write_text(dedent(text), "utf-8")

    def amends(self, *args: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end."""
        return subprocess.run(
            _command(*args), cwd=self.folder, input=stdin, capture_output=True, check=False, timeout=300
        )

    def json(self, *args: str) -> Any:
        """The document a command prints with --json."""
        ran = self.amends(*args, "--json")
        assert ran.returncode == 0, ran.stderr.decode()
        return json.loads(ran.stdout)

    def once(self) -> None:
        """One full pass that must end well."""
        ran = self.amends("run", "--once")
        assert ran.returncode == 0, ran.stderr.decode()

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """`amends run` in the background, ended with SIGTERM; it must end with 0."""
        log = (self.folder / "run.log").open("wb")
        process = subprocess.Popen(
            _command("run", "--every", "1"), cwd=self.folder, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(timeout=30)
            log.close()
        assert code == 0, (self.folder / "run.log").read_text()


def open_shop(folder: Path, port: int, password: str, *, user: str = US, more: str = "") -> Shop:
    """A folder with everything in it that `amends` needs for a mailbox; `more` is YAML for the inbox."""
    return _opened(folder, _MAILBOX.format(port=port, user=user, us=US, more=_inside(more)), SHOP_PASSWORD=password)


def open_helpdesk(folder: Path, zendesk: StandIn, secret: str, *, more: str = "") -> Shop:
    """The same for an account of Zendesk, which calls with this secret."""
    inbox = _HELPDESK.format(url=zendesk.url, email=zendesk.login.email, more=_inside(more))
    return _opened(folder, inbox, SHOP_PASSWORD=zendesk.login.token, SHOP_SECRET=secret)


def _inside(more: str) -> str:
    return indent(dedent(more).strip(), "    ")


def _opened(folder: Path, inbox: str, **secrets: str) -> Shop:
    (folder / "my-playbooks").mkdir(parents=True, exist_ok=True)
    store, more = _store(folder)
    (folder / "amends.yaml").write_text(_CONFIG.format(store=store, inbox=inbox), "utf-8")
    hidden = folder / ".env"
    hidden.write_text("".join(f"{name}={secret}\n" for name, secret in (secrets | more).items()), "utf-8")
    hidden.chmod(0o600)
    return Shop(folder)


def _store(folder: Path) -> tuple[str, dict[str, str]]:
    """The line that names a store in PostgreSQL, where the tests were asked for that, and its secret."""
    if not on_postgresql():
        return "", {}
    address = store_at(folder / "amends.db").replace(DATABASE_PASSWORD, "${STORE_PASSWORD}")
    return f"store: {address}\n", {"STORE_PASSWORD": DATABASE_PASSWORD}


def _command(*args: str) -> list[str]:
    return [str(Path(sys.executable).with_name("amends")), *args]
