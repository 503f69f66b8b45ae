"""The whole table: every row of the goals once, in order, and for each that is not met or not measured, why.

bench/why.yaml holds the reasons: what the profile shows, and the command that shows it. A row that is met has none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import fill

import yaml

from bench.row import Row

RESULTS = Path(__file__).with_name("results.json")
"""What the last whole run has found."""
_REASONS = Path(__file__).with_name("why.yaml")
_PEERS = "not measured: `make bench-peers` makes the environments of the peers and measures it"
_DATA = "not measured: `make bench DATA=FOLDER` takes the public texts and mails there, as `make train` does"

GOALS = (
    Row("G1h", "backlog with drafts, speed by django-helpdesk's get_email", None, at_least=25, why=_PEERS),
    Row("G2", "backlog with drafts, speed by imapautofiler's, one STORE a mail", None, at_least=1, why=_PEERS),
    Row("J1", "public texts, never fitted on: complaint or not, macro-F1, English", None, at_least=0.8, why=_DATA),
    Row("J1b", "public texts, never fitted on: the same in German, French, Portuguese", None, at_least=0.7,
        why="not measured: no public set of complaints in these languages may be had; `unseen` has 32 letters each"),
    Row("J2", "ordinary mail that was held out, as it came: tagged", None, at_most=0.01, why=_DATA),
    Row("J4b", "CPU of judging with the second opinion, where it is asked", None, at_most=150, unit="ms",
        why="not measured: the extra `amends[deep]` is not installed or does not run here"),
)  # fmt: skip
"""The goals whose rows some runs cannot measure, as they stand in the table then."""


def complete(rows: Iterable[Row]) -> list[Row]:
    """The rows in order, with those that could not be measured, and the reason beside each that is not met."""
    known = {row.id: row for row in rows}
    every = [*known.values(), *(row for row in GOALS if row.id not in known)]
    return [_reasoned(row, _reasons()) for row in sorted(every, key=lambda row: row.order)]


def told(rows: Sequence[Row]) -> Iterator[str]:
    """The reasons as they are printed below the table."""
    for row in rows:
        if row.met is not True and row.why:
            yield fill(f"{row.id:<5} {row.why}", 118, subsequent_indent=" " * 6, break_on_hyphens=False)


def write(rows: Sequence[Row], path: Path = RESULTS) -> None:
    """The table for a program: a list of {id, what, value, unit, goal, met}, and `why` where it is not met."""
    path.write_text(json.dumps([row.document() for row in rows], indent=1, ensure_ascii=False) + "\n", "utf-8")


def _reasons() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = yaml.safe_load(_REASONS.read_text("utf-8"))
    return found


def _reasoned(row: Row, reasons: dict[str, dict[str, str]]) -> Row:
    if row.met is not False or row.why:
        return row
    reason = reasons.get(row.id)
    if reason is None:
        return replace(row, why="nobody has looked into why yet")
    return replace(row, why=f"{reason['why']} (shown by {reason['shown']})")
