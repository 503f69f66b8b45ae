"""Weighs what a letter's score is made of, on letters whose sentences the model at hand was not fitted on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.fit import Floats

_ROUNDS = 30
_RIDGE = 1e-3
_GRADE_RIDGE = 300.0
_WISH_RIDGE = 0.02
_FLAT = 1e-6
_LENGTH = 0.5  # of its weight is left to the length of a letter


def logistic(parts: Floats, labels: Floats, belief: Floats, ridge: float = _RIDGE) -> list[float]:
    """Bias and weights of a logistic regression, by Newton's method, in four places; rows are letters."""
    given = np.hstack([np.ones((len(parts), 1)), parts])
    weights = np.zeros(given.shape[1])
    hold = ridge * belief.sum() * np.eye(given.shape[1])
    hold[0, 0] = 0.0
    for _ in range(_ROUNDS):
        chance = 1.0 / (1.0 + np.exp(-(given @ weights)))
        slope = given.T @ (belief * (chance - labels)) + hold @ weights
        bend = (given * (belief * chance * (1 - chance))[:, None]).T @ given + hold
        weights = weights - np.linalg.solve(bend, slope)
    return _short(weights)


def choosing(parts: Floats, chosen: NDArray[np.int64]) -> dict[str, list[float]]:
    """A weight for each part and a bias for each category, by Newton's method on a softmax, in four places.

    Rows are letters; of each, `parts` are what speaks for it, for each category.
    """
    letters, many, names = parts.shape
    given = np.concatenate([parts.transpose(0, 2, 1), np.broadcast_to(np.eye(names), (letters, names, names))], axis=2)
    weights = np.zeros(many + names)
    hold = _RIDGE * np.eye(len(weights))
    for _ in range(_ROUNDS):
        loud = given @ weights
        chance = np.exp(loud - loud.max(axis=1, keepdims=True))
        chance /= chance.sum(axis=1, keepdims=True)
        mean = (chance[:, :, None] * given).sum(axis=1)
        slope = (mean - given[np.arange(letters), chosen]).mean(axis=0) + hold @ weights
        rows = (np.sqrt(chance)[:, :, None] * (given - mean[:, None])).reshape(-1, len(weights))
        weights = weights - np.linalg.solve(rows.T @ rows / letters + hold, slope)
    short = _short(weights)
    return {"weights": short[:many], "biases": short[many:]}


def wishing(given: Floats, labels: Floats, most: int) -> tuple[list[list[float]], list[float]]:
    """Weights and bias of each label (letters x labels) by logistic regression, on the first `most` features only."""
    rows = given[:, :most]
    spread = rows.std(axis=0) + _FLAT
    belief = np.ones(len(rows))
    fits = [np.array(logistic(rows / spread, label, belief, _WISH_RIDGE)) for label in labels.T]
    idle = [0.0] * (given.shape[1] - most)
    return [[*_short(one[1:] / spread), *idle] for one in fits], [float(one[0]) for one in fits]


def _short(weights: Floats) -> list[float]:
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
