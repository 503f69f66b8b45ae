"""How grave a complaint is, what it asks for and threatens with: sums over what its sentences say and which signs stand
in it; of how grave it is, also over the money that is named and the length.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from math import log10
from operator import mul
from typing import Any

from plugin.model import ASKS, RISKS, SEVERITIES

SIGNS = (
    "grave", "minor", "again", "chaser", "heated", *(f"risk-{risk}" for risk in RISKS), *(f"ask-{ask}" for ask in ASKS),
)  # fmt: skip
"""The signs that count, in the order of their weights."""
GRAVE_ONLY = 2
"""So many features at the end tell how grave a letter is, and nothing else."""
_FAR = 3.0  # what one sentence says counts no further than this
_MOST = 5.0  # the decimal logarithm of a sum beyond which more money is no graver
_COINS = r"(?:[$€£]|\b(?:eur|usd|gbp|euros?|pounds?|dollars?|reais)\b)"
_SUM = re.compile(r"(?a:\d[\d.,]{0,12})")
_BEFORE, _BEHIND = re.compile(rf"(?i){_COINS}[ \xa0]?$"), re.compile(rf"(?i)[ \xa0\u202f]?{_COINS}")
_NEAR = 9  # characters a currency and the blank behind it have at most
_WISHED = -1.0  # the logit from which a letter is said to ask for something; of those just there one in four does
_CENTS = re.compile(r"[.,]\d{0,2}$")


def features(told: Sequence[float], heads: Sequence[float], labels: Collection[str], text: str) -> tuple[float, ...]:
    """What is summed: what is told of grades and categories, the strongest of each head, signs, money and length."""
    heard = [max(-_FAR, min(_FAR, value)) for value in heads]
    return (*told, *heard, *[float(sign in labels) for sign in SIGNS], money(text), log10(1 + len(text.split())))


def money(text: str) -> float:
    """The decimal logarithm of the largest sum of money named in a text, plus one; 0 of none."""
    sums = [_whole(found[0]) for found in _SUM.finditer(text) if _is_money(text, *found.span())]
    return min(_MOST, log10(1 + max(sums, default=0)))


def _is_money(text: str, start: int, end: int) -> bool:
    """Whether a currency stands in front of a number or behind it."""
    return _BEFORE.search(text[max(0, start - _NEAR) : start]) is not None or _BEHIND.match(text, end) is not None


def _whole(number: str) -> int:
    """The number without its cents."""
    return int("".join(filter(str.isdecimal, _CENTS.sub("", number))) or 0)


def wished(model: Mapping[str, Any], given: Sequence[float]) -> list[str]:
    """The asks and risks that the weighed sums of the features speak for."""
    sums = [bias + sum(map(mul, row, given)) for bias, row in zip(model["biases"], model["weights"], strict=True)]
    return [label for label, told in zip(model["names"], sums, strict=True) if told > _WISHED]


def grade(model: Mapping[str, Any], given: Sequence[float]) -> str:
    """The severity that the weighed sum of the features reaches."""
    height = sum(map(mul, model["weights"], given))
    return SEVERITIES[sum(height > bar for bar in model["bars"])]
