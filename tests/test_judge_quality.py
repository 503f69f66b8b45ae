"""The judge is as good as it was when its figures were written down, on letters nothing was fitted on."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from training.figures import KEPT, of_sets
from training.sets import SETS, Figures, rank

BETTER_HIGH = ("recall", "noticed", "precision", "category", "severity", "asks", "risks")
POINT = 0.01


@pytest.fixture(scope="module")
def now() -> Mapping[str, Mapping[str, Figures]]:
    return of_sets()


@pytest.mark.parametrize("name", SETS)
def test_no_committed_figure_drops_by_more_than_a_point(name: str, now: Mapping[str, Mapping[str, Figures]]) -> None:
    then = json.loads(KEPT.read_text(encoding="utf-8"))[name]["all"]
    found = now[name]["all"].plain()
    assert found["letters"] == then["letters"]
    for figure in BETTER_HIGH:
        assert (then[figure] is None) is (found[figure] is None)
        assert then[figure] is None or found[figure] >= then[figure] - POINT, figure
    assert found["false"] <= then["false"] + POINT


def test_ranks_that_rise_together_correlate_and_ties_share_their_rank() -> None:
    assert rank([(grade, grade) for grade in (0, 1, 2, 3) * 3]) == 1.0
    assert rank([(grade, 3 - grade) for grade in (0, 1, 2, 3) * 3]) == -1.0
    assert rank([(0, 1), (1, 0)] * 3) is None
    assert rank([(0, grade) for grade in (0, 1, 2, 3) * 3]) is None
