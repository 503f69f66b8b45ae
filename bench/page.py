"""Writes the tables of docs/performance.md: what the last whole run found, cost against size, the estimate.

Usage: python -m bench.page, once `make bench` has written bench/results.json and `python -m bench.sizes` the sizes;
`make performance` does all of it. The words around the tables are nobody's but a person's.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from math import log
from pathlib import Path

from bench import estimate
from bench.row import Failed
from bench.sizes import Point, read
from bench.table import RESULTS

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"


def main() -> int:
    """Write the tables between their marks."""
    try:
        text = PAGE.read_text("utf-8")
        for mark, table in (("rows", _rows()), ("sizes", sizes(read())), ("estimate", estimate.table())):
            text = replaced(text, mark, table)
    except (Failed, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    PAGE.write_text(text, "utf-8")
    return 0


def replaced(text: str, mark: str, table: str) -> str:
    """The page with another table between its marks of this name; raises ValueError where it has none."""
    begin, end = f"<!-- {mark} -->\n", f"<!-- end of {mark} -->"
    before, rest = text.split(begin)
    return f"{before}{begin}{table}{end}{rest.split(end)[1]}"


def _rows() -> str:
    """Every row that has a goal, with the reason where it is not met."""
    lines = ["| row | what | value | goal | met | why not |", "| --- | --- | --- | --- | --- | --- |"]
    for row in json.loads(RESULTS.read_text("utf-8")):
        if row["goal"]:
            value = "-" if row["value"] is None else f"{row['value']:,.4g} {row['unit']}".strip()
            met = {True: "yes", False: "no", None: "not measured"}[row["met"]]
            why = row.get("why", "").replace("|", "\\|")
            lines.append(f"| {row['id']} | {row['what']} | {value} | {row['goal']} | {met} | {why} |")
    return "\n".join(lines) + "\n"


def sizes(points: list[Point]) -> str:
    """A row for each thing: its cost at the least and the greatest size, and how it grows between them."""
    lines = ["| what | at the least size | at the greatest | grows |", "| --- | --- | --- | --- |"]
    return "\n".join([*lines, *_grown(points)]) + "\n"


def _grown(points: list[Point]) -> Iterator[str]:
    things: dict[str, list[Point]] = defaultdict(list)
    for point in points:
        things[point.what].append(point)
    for what, some in things.items():
        first, last = min(some, key=lambda one: one.size), max(some, key=lambda one: one.size)
        told = (f"{one.cost:,.4g} {one.unit} ({one.size:,})" for one in (first, last))
        yield f"| {what} | {' | '.join(told)} | {growth(first, last)} |"


def growth(first: Point, last: Point) -> str:
    """How cost grew: the power of the size it went with, 0 where it stayed, 1 where it doubled as the size did."""
    if last.size == first.size or not first.cost:
        return "one size only"
    power = log(last.cost / first.cost) / log(last.size / first.size)
    if power < 0.1:
        return f"not ({power:.2f})"
    return f"{'slower than' if power < 0.9 else 'with' if power <= 1.1 else 'faster than'} the size ({power:.2f})"


if __name__ == "__main__":
    sys.exit(main())
