"""The backlog of G1 for other programs: who does how much in the same time (G1h, G2).

Usage: python -m bench.peers.contest FOLDER, or `make bench-peers`, which makes the environments in that folder first.

django-helpdesk (`get_email`) makes a ticket of every mail, with its attachments, and deletes the mail. imapautofiler
reads the header of every mail and stores one flag: \\Flagged where the subject sounds like a complaint, else \\Seen.
Amends reads every mail whole, judges it, tags complaints, and writes drafts. Every contestant has a fresh mailbox with
the same mails in every round, and who begins changes; one that did not do its work has no time. Processes count from
start to end.

django-helpdesk takes minutes for a thousand mails, so it gets two hundred, and mails a second are compared; `full`
gives it all of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.contest import ROOT, Failed, Hall, Spent, spend
from bench.mail import mails
from bench.row import Row
from bench.wire import Account, Wire
from plugin.demo.mailbox import Dovecot

_FEWER = 200
_TICKETS = ROOT / "bench" / "peers" / "tickets.py"
_SOUNDS = "complain|refund|reklam|beschwer|réclam|reclam|klacht|reembols"
_FLAGS = """\
server: {{hostname: {host}, port: {port}, username: {user}, password: {password}, ssl: false}}
mailboxes:
  - name: INBOX
    rules:
      - headers: [{{name: subject, regex: "(?i){sounds}"}}]
        action: {{name: flag}}
"""
_OTHERS = """\
      - headers: [{name: from, regex: "."}]
        action: {name: mark_read}
"""


@dataclass(frozen=True, slots=True)
class _Round:
    """Seconds a mail in one round, by contestant: by the clock, and of CPU."""

    wall: dict[str, float]
    cpu: dict[str, float]


def rows(hall: Hall, peers: Path, *, count: int, rounds: int, full: bool = False) -> Iterator[Row]:
    """How many times as fast as each of them Amends is; raises Failed where one did not do its work."""
    helpdesk = count if full else min(count, _FEWER)
    found = [_round(hall, peers, turn, count, helpdesk) for turn in range(rounds)]
    size = f"backlog of {count:,} mails with drafts, speed by"
    few = "" if full else f" on {helpdesk:,}"
    yield Row("G1h", f"{size} django-helpdesk's get_email{few}", _speed(found, "helpdesk"), at_least=25)
    yield Row("G1i", "the same in CPU of the client", _thrift(found, "helpdesk"))
    yield Row("G2", f"{size} imapautofiler's, one STORE a mail", _speed(found, "flags"), at_least=1)
    yield Row("G2b", "the same where imapautofiler touches only what sounds like a complaint", _speed(found, "few"))
    yield Row("G2c", "G2 in CPU of the client", _thrift(found, "flags"))


def _speed(found: list[_Round], peer: str) -> float:
    return median(one.wall[peer] / one.wall["ours"] for one in found)


def _thrift(found: list[_Round], peer: str) -> float:
    return median(one.cpu[peer] / one.cpu["ours"] for one in found)


def _round(hall: Hall, peers: Path, turn: int, count: int, helpdesk: int) -> _Round:
    contestants: list[tuple[str, int, Callable[[str, int], Spent]]] = [
        ("ours", count, lambda user, size: _ours(hall, user, size)),
        ("flags", count, lambda user, size: _autofiler(hall, peers, user, size, others=True)),
        ("helpdesk", helpdesk, lambda user, size: _helpdesk(hall, peers, user, size)),
        ("few", count, lambda user, size: _autofiler(hall, peers, user, size, others=False)),
    ]
    found = _Round({}, {})
    for name, size, run in contestants[turn:] + contestants[:turn] if turn < len(contestants) else contestants:
        spent = run(f"{name}-against-{turn}", size)
        found.wall[name], found.cpu[name] = spent.wall / size, spent.cpu / size
    return found


def _ours(hall: Hall, user: str, count: int) -> Spent:
    shop = hall.product(user)
    shop.once()
    complaints = hall.fill([user], mails(count))
    spent = hall.run_product(shop)
    if not 0.97 * complaints <= hall.drafts(user) <= 1.03 * complaints:
        raise Failed(f"Amends wrote {hall.drafts(user)} drafts for {complaints} complaints")
    return spent


# ---- imapautofiler --------------------------------------------------------------------------------------------------


def _autofiler(hall: Hall, peers: Path, user: str, count: int, *, others: bool) -> Spent:
    account = hall.account(user)
    hall.fill([user], mails(count))
    rules = hall.folder / f"{user}.yml"
    asked = {"host": account.host, "port": account.port, "user": user, "password": account.password}
    rules.write_text(_FLAGS.format(**asked, sounds=_SOUNDS) + (_OTHERS if others else ""), "utf-8")
    program = peers / "imapautofiler" / "bin" / "imapautofiler"
    spent = spend([str(program), "-c", str(rules)], hall.folder, dict(os.environ))
    flagged, left = _in_inbox(account, "FLAGGED"), _in_inbox(account, "UNFLAGGED UNSEEN")
    if not flagged or (others and left) or _in_inbox(account, "ALL") != count:
        raise Failed(f"imapautofiler flagged {flagged} mails of {count} and left {left} as they were")
    return spent


def _in_inbox(account: Account, criteria: str) -> int:
    wire = Wire(account)
    wire.tell("EXAMINE INBOX")
    found = len(wire.search(criteria))
    wire.close()
    return found


# ---- django-helpdesk ------------------------------------------------------------------------------------------------


def _helpdesk(hall: Hall, peers: Path, user: str, count: int) -> Spent:
    account = hall.account(user)
    hall.fill([user], mails(count))
    folder = hall.folder / user
    folder.mkdir()
    env = os.environ | {"IMAP_HOST": account.host, "IMAP_PORT": str(account.port), "IMAP_USER": user,
                        "IMAP_PASS": account.password}  # fmt: skip
    command = [str(peers / "django-helpdesk" / "bin" / "python"), str(_TICKETS), str(folder)]
    spend([*command, "prepare"], folder, env)
    spent = spend([*command, "fetch"], folder, env)
    told = json.loads(subprocess.run([*command, "count"], env=env, cwd=folder, check=True, capture_output=True).stdout)
    left = _in_inbox(account, "ALL")
    if told["tickets"] < 0.97 * count or left > 0.03 * count:
        raise Failed(f"django-helpdesk made {told['tickets']} tickets of {count} mails, and {left} are left")
    return spent


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-") as name, Dovecot(Path(name, "mail")) as server:
        for row in rows(Hall(server, Path(name)), Path(sys.argv[1]).resolve(), count=1000, rounds=3):
            print(row.line(), flush=True)
