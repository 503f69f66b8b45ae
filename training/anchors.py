"""Chooses the letters that what people teach must not spoil: short ones of our own that the model judges rightly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from zlib import crc32

from plugin.judge.linear import Linear
from plugin.judge.verdict import weigh
from training.source import Example

_OF_EACH = 43  # complaints of each language, and as many that are none: some six hundred in all
_SHORTEST, _LONGEST = 20, 160  # characters
_SURE, _CLEAR = 0.7, 0.4


def anchors(model: Linear, examples: Sequence[Example]) -> Iterator[Example]:
    """Of every language and label as many as there shall be, chosen by nothing but their text."""
    ours = [one for one in examples if one.source in {"own", "plain"} and _SHORTEST <= len(one.text) <= _LONGEST]
    ours.sort(key=lambda one: (crc32(one.text.encode()), one.text))
    for language in sorted({one.language for one in ours}):
        for label in (1, 0):
            some = (one for one in ours if one.language == language and one.label == label)
            right = (one for one in some if _is_right(model, one))
            yield from (one for _, one in zip(range(_OF_EACH), right, strict=False))


def _is_right(model: Linear, one: Example) -> bool:
    score = weigh(one.text, "", model).score
    return score >= _SURE if one.label else score < _CLEAR


def write(chosen: Iterator[Example], folder: Path) -> Path:
    """Write them: label and text with a tab between, one a line."""
    path = folder / "anchors.tsv"
    path.write_text("".join(f"{one.label}\t{one.text}\n" for one in chosen), encoding="utf-8")
    return path
