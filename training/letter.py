"""Weighs what a letter's score is made of, on letters whose sentences the model at hand was not fitted on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from plugin.judge.verdict import RULED_OUT
from training.fit import Floats

_ROUNDS = 30
_RIDGE = 1e-3


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


def in_doubt(likely: Sequence[float]) -> Floats:
    """Which letters are looked at for signs."""
    return np.array([chance >= RULED_OUT for chance in likely], dtype=bool)
