"""A business with a real mailbox: a folder with amends.yaml, and the `amends` command run on it as people run it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

US = "support@example.com"
_CONFIG = """\
web: {{listen: "127.0.0.1:0"}}
inboxes:
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
hours:
  default: {{zone: Europe/London, week: {{mon-sun: "00:00-24:00"}}}}
judge: {{deep: off}}  # what is tried here must not depend on whether the extra is installed
packs: [general]
playbooks: my-playbooks/
"""


@dataclass(frozen=True, slots=True)
class Shop:
    """One folder with settings, playbooks and store."""

    folder: Path

    @property
    def store(self) -> Path:
        """The SQLite file."""
        return self.folder / "amends.db"

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
    """A folder with everything in it that `amends` needs; `more` is YAML for the inbox."""
    (folder / "my-playbooks").mkdir(parents=True, exist_ok=True)
    extra = indent(dedent(more).strip(), "    ")
    (folder / "amends.yaml").write_text(_CONFIG.format(port=port, user=user, us=US, more=extra), "utf-8")
    secret = folder / ".env"
    secret.write_text(f"SHOP_PASSWORD={password}\n", "utf-8")
    secret.chmod(0o600)
    return Shop(folder)


def _command(*args: str) -> list[str]:
    return [str(Path(sys.executable).with_name("amends")), *args]
