"""`make bench`: a real Dovecot, the mails, both contestants, and one row for each goal, written to bench/results.json.

FLOOR in the environment names another floor: the path of its script, with options if it has any. It is run as
`python FLOOR DB`, the mailbox in IMAP_HOST, IMAP_PORT, IMAP_USER and IMAP_PASS, a folder to work in in BENCH_DIR.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.contest import Hall
from bench.row import Row
from bench.rows import PARTS, Asked, rows
from bench.table import RESULTS, complete, told, write
from plugin.demo.mailbox import Dovecot


def main() -> int:
    """Print the rows as they are found, then the table; 1 if a goal is missed or a contestant did not do its work."""
    given = _arguments()
    found: list[Row] = []
    for row in _measured(given):
        found.append(row)
        print(row.line(), flush=True)
    table = found if given.only else complete(found)
    if not given.only:
        print("\nThe table, in order:\n", *(row.line() for row in table), "\nNot met or not measured, and why:\n",
              *told(table), sep="\n")  # fmt: skip
    if path := given.json or (None if given.only else RESULTS):
        write(table, path)
    return 0 if all(row.met is not False for row in table) else 1


def _measured(given: argparse.Namespace) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name, Dovecot(Path(name, "mail")) as server:
        asked = Asked(
            Hall(server, Path(name)), count=given.mails, rounds=given.rounds, kills=given.kills, full=given.full,
            floor=os.environ.get("FLOOR", ""), peers=given.peers and given.peers.resolve(), data=given.data,
        )  # fmt: skip
        yield from rows(asked, given.only)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Ratios of Amends to a floor, in one run.")
    parser.add_argument("--mails", type=int, default=1000, help="mails in the backlog (default: 1000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of which the median counts (default: 3)")
    parser.add_argument("--kills", type=int, default=2, help="kill -9 so often at each point (default: 2)")
    parser.add_argument("--full", action="store_true", help="the sizes of the goals also where they take very long")
    parser.add_argument("--peers", type=Path, metavar="DIR", help="environments of the peers; see `make bench-peers`")
    parser.add_argument("--data", type=Path, metavar="DIR", help="public texts and mails, as `make train` takes them")
    parser.add_argument("--only", type=_ids, default=frozenset(), metavar="IDS", help="such as G4,G15; no results.json")
    parser.add_argument("--json", type=Path, metavar="FILE", help=f"where the rows go, in place of {RESULTS.name}")
    return parser.parse_args()


def _ids(text: str) -> frozenset[str]:
    asked = frozenset(filter(None, text.replace(" ", "").split(",")))
    if unknown := sorted(asked - {name for part in PARTS for name in part.ids}):
        raise argparse.ArgumentTypeError(f"no row is called {', '.join(unknown)}")
    return asked


if __name__ == "__main__":
    sys.exit(main())
