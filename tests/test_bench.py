"""The table of the bench: every goal has its row, every row that is not met its reason."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import cast

import pytest
import yaml

from bench.estimate import Given, Line
from bench.judging import macro_f1
from bench.page import growth, replaced, sizes
from bench.row import Failed, Row
from bench.rows import PARTS, Asked, Part, rows
from bench.sizes import Point, read, write
from bench.table import GOALS, complete, told
from bench.table import write as write_results

BENCH = Path(__file__).parent.parent / "bench"
WANTED = {
    "G1", "G1h", "G2", "G3", "G4", "G6", "G7", "G8", "G9", "G11", "G12", "G13", "G14", "G15", "G16", "G17", "G18",
    "J1", "J2", "J3", "J4",
}  # fmt: skip


def ids() -> set[str]:
    """Every row there may be."""
    return {name for part in PARTS for name in part.ids} | {row.id for row in GOALS}


def test_every_goal_has_a_row() -> None:
    assert ids() >= WANTED


def test_no_row_is_measured_by_two_parts() -> None:
    every = [name for part in PARTS for name in part.ids]
    assert len(every) == len(set(every))


def test_reasons_are_given_for_rows_that_exist_with_the_command_that_shows_them() -> None:
    reasons = yaml.safe_load((BENCH / "why.yaml").read_text("utf-8"))
    assert set(reasons) <= ids()
    assert all(set(reason) == {"why", "shown"} for reason in reasons.values())
    commands = [name for reason in reasons.values() for name in re.findall(r"python -m ([\w.]+)", reason["shown"])]
    assert all(find_spec(name) for name in commands)


def test_a_goal_that_is_missed_stands_with_its_reason() -> None:
    (row,) = (row for row in complete([Row("G4", "reading", 0.5, at_most=0.2, unit="s")]) if row.id == "G4")
    assert row.met is False
    assert row.why.startswith("every mail is read whole")


def test_a_goal_that_nothing_measured_stands_in_the_table_all_the_same() -> None:
    row = next(row for row in complete([]) if row.id == "G2")
    assert (row.value, row.met) == (None, None)
    assert "make bench-peers" in row.why
    assert row.line().endswith("not measured")


def test_a_part_that_ended_early_is_a_goal_that_is_missed() -> None:
    assert Row("G7", "one mail", None, failed=True, why="this part ended early: no draft").met is False


def test_a_part_that_fails_leaves_the_others_alone_and_no_goal_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_asked: Asked) -> Iterator[Row]:
        yield Row("G1", "speed", 0.6, at_least=0.5)
        raise Failed("floor-0 wrote 0 drafts for 338 complaints")

    whole = Part(("L1",), "letters", lambda _asked: iter([Row("L1", "letters", 1.0)]))
    monkeypatch.setattr("bench.rows.PARTS", (Part(("G1", "G1c", "G3"), "a backlog", broken), whole))
    found = list(rows(cast(Asked, None)))
    assert [(row.id, row.failed) for row in found] == [("G1", False), ("G1c", True), ("G3", True), ("L1", False)]
    assert found[2].why == "this part ended early: floor-0 wrote 0 drafts for 338 complaints"


def test_goals_come_first_and_ten_comes_after_two() -> None:
    some = [Row(name, "", 1.0) for name in ("W04", "G11b", "G2", "J3", "G11", "C200")]
    assert [row.id for row in sorted(some, key=lambda row: row.order)] == ["G2", "G11", "G11b", "J3", "C200", "W04"]


def test_results_are_a_list_of_rows_for_a_program(tmp_path: Path) -> None:
    write_results([Row("G1", "speed", 0.51234, at_least=0.5), Row("G1c", "CPU", 0.4)], tmp_path / "results.json")
    first, second = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert first == {"id": "G1", "what": "speed", "value": 0.512, "unit": "", "goal": ">= 0.5", "met": True}
    assert (second["goal"], second["met"]) == ("", None)


def test_the_reasons_are_printed_below_the_table() -> None:
    some = [
        Row("G1", "speed", 0.1, at_least=0.5, why="the judge hears every mail"),
        Row("G9", "memory", 1.0, at_most=1.1),
    ]
    assert list(told(some)) == ["G1    the judge hears every mail"]


def test_both_classes_weigh_alike_however_many_they_are() -> None:
    nobody_tagged = [(True, False)] + [(False, False)] * 9
    assert macro_f1(nobody_tagged) == pytest.approx((0 + 18 / 19) / 2)


# ---- size and estimate ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cost", "grows"),
    [(1.0, "not (0.00)"), (2.0, "slower than the size"), (10.0, "with the size"), (30.0, "faster than")],
)
def test_how_cost_grows_is_told_by_the_power_of_the_size(cost: float, grows: str) -> None:
    assert growth(Point("page", "ms", 1_000, 1.0), Point("page", "ms", 10_000, cost)).startswith(grows)


def test_sizes_are_kept_as_a_table_and_read_again(tmp_path: Path) -> None:
    points = [Point("page", "ms", 1_000, 2.5), Point("page", "ms", 1_000_000, 2.75)]
    write(points, tmp_path / "sizes.csv")
    assert read(tmp_path / "sizes.csv") == points
    assert "| page | 2.5 ms (1,000) | 2.75 ms (1,000,000) | not (0.01) |" in sizes(points)


def test_an_estimate_is_made_of_rows_and_says_which() -> None:
    line = Line("cores", "peak × G3 / 1,000", ("G3",), lambda given: given.peak * given["G3"] / 1000)
    assert line.told(Given(10, 864_000, {"G3": 5.0})) == "| cores | 0.15 | peak × G3 / 1,000 |"


def test_an_estimate_without_its_row_is_unknown() -> None:
    line = Line("cores", "peak × G3 / 1,000", ("G3",), lambda given: given["G3"])
    assert "unknown: G3 not measured" in line.told(Given(10, 864_000, {}))


def test_a_table_replaces_the_one_between_its_marks() -> None:
    page = "words\n<!-- rows -->\nold\n<!-- end of rows -->\nmore"
    assert replaced(page, "rows", "new\n") == "words\n<!-- rows -->\nnew\n<!-- end of rows -->\nmore"
