"""Weighs what a letter's score is made of, on letters whose sentences the model at hand was not fitted on."""

from __future__ import annotations

import numpy as np

from training.fit import Floats

_ROUNDS = 30
_RIDGE = 1e-3
_GRADE_RIDGE = 300.0
_FLAT = 1e-6
_LENGTH = 0.5  # of its weight is left to the length of a letter


def logistic(parts: Floats, labels: Floats, belief: Floats) -> list[float]:
    """Bias and weights of a logistic regression, by Newton's method, in four places; rows are letters."""
    given = np.hstack([np.ones((len(parts), 1)), parts])
    weights = np.zeros(given.shape[1])
    ridge = _RIDGE * belief.sum() * np.eye(given.shape[1])
    ridge[0, 0] = 0.0
    for _ in range(_ROUNDS):
        chance = 1.0 / (1.0 + np.exp(-(given @ weights)))
        slope = given.T @ (belief * (chance - labels)) + ridge @ weights
        bend = (given * (belief * chance * (1 - chance))[:, None]).T @ given + ridge
        weights = weights - np.linalg.solve(bend, slope)
    return [round(float(weight), 4) for weight in weights]


def graded(given: Floats, grades: Floats) -> dict[str, list[float]]:
    """Weights by ridge regression on grades 0, 1, 2 …, and the bars that give each grade its share.

    The last column is the length. The longer a letter of our own, the graver it was made (rank correlation 0.8, of
    older ones 0.3), so that length explains its part in the regression and then counts for little.
    """
    middle, spread = given.mean(axis=0), given.std(axis=0) + _FLAT
    rows = (given - middle) / spread
    ridge = _GRADE_RIDGE * np.eye(rows.shape[1])
    weights = np.linalg.solve(rows.T @ rows + ridge, rows.T @ (grades - grades.mean())) / spread
    weights[-1] *= _LENGTH
    weights = np.array([round(float(weight), 4) for weight in weights])
    heights = np.sort(given @ weights)
    shares = [(grades < bar).mean() for bar in range(1, int(grades.max()) + 1)]
    bars = [round(float(heights[min(len(heights) - 1, int(share * len(heights)))]), 4) for share in shares]
    return {"weights": weights.tolist(), "bars": bars}
