"""`make bench`: a real Dovecot, the mails, both contestants, and one row for each goal.

FLOOR in the environment names another floor: the path of its script, with options if it has any. It is run as
`python FLOOR DB`, the mailbox in IMAP_HOST, IMAP_PORT, IMAP_USER and IMAP_PASS, a folder to work in in BENCH_DIR.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from bench.contest import Failed, Hall
from bench.rows import Row, rows
from plugin.demo.mailbox import Dovecot


def main() -> int:
    """Print the rows; 1 if a goal is missed or a contestant did not do its work."""
    asked = _arguments()
    found: list[Row] = []
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as name, Dovecot(Path(name, "mail")) as server:
            floor = os.environ.get("FLOOR", "")
            hall = Hall(server, Path(name))
            for row in rows(hall, count=asked.mails, rounds=asked.rounds, floor=floor, kills=asked.kills):
                found.append(row)
                print(_line(row), flush=True)
    except Failed as error:
        print(error, file=sys.stderr)
        return 1
    if asked.json:
        asked.json.write_text(json.dumps({"mails": asked.mails, "rows": [_document(row) for row in found]}, indent=2))
    return 0 if all(row.met is not False for row in found) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Ratios of Amends to a floor, in one run.")
    parser.add_argument("--mails", type=int, default=1000, help="mails in the backlog (default: 1000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of which the median counts (default: 3)")
    parser.add_argument("--kills", type=int, default=2, help="kill -9 so often at each point (default: 2)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there, too")
    return parser.parse_args()


def _line(row: Row) -> str:
    met = {True: "yes", False: "NO", None: ""}[row.met]
    return f"{row.id:<5} {row.what:<70} {row.value:>8.2f} {row.unit:<4} {row.goal:<12} {met}".rstrip()


def _document(row: Row) -> dict[str, object]:
    return {
        "id": row.id,
        "what": row.what,
        "value": round(row.value, 3),
        "unit": row.unit,
        "goal": row.goal,
        "met": row.met,
    }


if __name__ == "__main__":
    sys.exit(main())
