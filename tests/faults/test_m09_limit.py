"""Hosters let an account have a few connections at once: Amends takes two, and names the limit where it cannot."""

from __future__ import annotations

import time
from pathlib import Path

from plugin.demo.mailbox import Dovecot
from tests.faults.letters import letter
from tests.faults.table import record
from tests.faults.test_m11_throttling import until
from tests.shop import US, open_shop
from tests.witness import watching

LIMIT = "mail_max_userip_connections = 3"
WHILE = 6.0  # seconds in which its connections are counted


def test_m09_at_most_two_connections_and_the_message_names_the_limit(tmp_path: Path) -> None:
    with Dovecot(tmp_path / "mail", password="secret", extra=LIMIT, fsync="never") as server:
        shop = open_shop(tmp_path / "shop", server.port, "secret")
        shop.once()
        with watching(server.host, server.port, US, "secret") as witness, shop.running():
            witness.append("INBOX", letter(1, complaint=True).raw())
            until(lambda: witness.folder("Drafts"))
            most = watched(server)
            record("M09", f"max seen = {most}", most == 2)
            assert most == 2
        with (
            watching(server.host, server.port, US, "secret"),
            watching(server.host, server.port, US, "secret"),
            watching(server.host, server.port, US, "secret"),
        ):
            told = shop.amends("run", "--once").stderr.decode()
        named = "allows no more connections to this account" in told and "mail_max_userip_connections=3" in told
        record("M09", "the message names the limit", named)
        assert named, told
        shop.once()


def watched(server: Dovecot) -> int:
    """The most connections Amends has at once, beside the one of the witness."""
    most, limit = 0, time.monotonic() + WHILE
    while time.monotonic() < limit:
        most = max(most, sum(int(line.split()[1]) for line in server.doveadm("-f", "tab", "who", US).splitlines()[1:]))
        time.sleep(0.1)
    return most - 1
