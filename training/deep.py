"""Fits the head of the second opinion: sentences and their embeddings -> plugin/judge/model/deep.json.

Embedding takes some ten minutes; what was embedded once is kept in build/. The arithmetic is that of the machine's
libraries: the same machine gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from plugin.judge.deep import Embed, affordable, heard
from training.fit import Floats, quantised
from training.letter import logistic
from training.source import FOLDS, ROOT, Example

BAND = (0.15, 0.92)
"""Scores within it are in doubt."""
MOST: Mapping[str, int] = {
    "own": 100_000, "plain": 2000, "telling": 400, "quiet": 400, "phrases": 600, "ordinary-mail": 500,
    "goemotions": 400, "cfpb": 300, "banking77": 250, "spam": 120, "clinc150": 100,
}  # fmt: skip
"""How many sentences of each source are embedded."""
BELIEF: Mapping[str, float] = {
    "own": 1.0, "plain": 0.4, "telling": 1.0, "quiet": 1.0, "phrases": 0.2, "ordinary-mail": 0.5,
    "goemotions": 0.2, "cfpb": 0.3, "banking77": 0.2, "spam": 0.3, "clinc150": 0.2, "doubted-mail": 0.5,
}  # fmt: skip
"""How much a sentence of each source counts."""
LETTERS: Mapping[str, tuple[int, float]] = {
    "composed": (300, 0.1), "marked": (250, 5.0), "mail": (300, 0.5), "letters": (250, 10.0), "cfpb": (80, 0.1),
}  # fmt: skip
"""How many letters in doubt of each kind are embedded, and how much each counts."""
KEPT = ROOT / "build" / "embedded.npz"
_RIDGE = 0.5
_ROUNDS = 8
_LONGEST = 240


@dataclass(frozen=True, slots=True)
class Doubted:
    """A letter heard by a linear model that knew none of its sentences: its score, and these, the strongest first."""

    text: str
    label: int
    source: str
    score: float
    sentences: Sequence[str]


class Embedded:
    """Embeddings of sentences by the library; what it embedded before it knows from `path`."""

    def __init__(self, open_library: Callable[[], Embed], path: Path = KEPT) -> None:
        self._open, self._path, self._known = open_library, path, _kept(path)

    def of(self, texts: Sequence[str]) -> Floats:
        """A row for each text."""
        new = sorted(set(texts) - self._known.keys())
        if new:
            embed = self._open()
            self._known |= {text: np.array(embed(text)) for text in new}
            self._keep()
        return np.array([self._known[text] for text in texts])

    def _keep(self) -> None:
        texts = sorted(self._known)
        self._path.parent.mkdir(exist_ok=True)
        rows = np.array([self._known[text] for text in texts], dtype=np.float32)
        np.savez(self._path, texts=np.array(texts), rows=rows)


def _kept(path: Path) -> dict[str, Floats]:
    if not path.exists():
        return {}
    with np.load(path) as kept:
        return dict(zip(kept["texts"].tolist(), kept["rows"].astype(np.float64), strict=True))


def chosen(examples: Sequence[Example]) -> list[Example]:
    """The sentences the head is fitted on, of each source as many as MOST says, chosen by nothing but their text."""
    return [example for name in MOST for example in _some(examples, name)]


def _hard(letters: Sequence[Doubted], known: set[str]) -> list[Example]:
    """What is asked about ordinary mail that the words leave in doubt: none of it is a complaint."""
    texts = {text for one in in_doubt(letters) if one.source == "mail" for text in affordable(one.sentences)}
    return [Example(text, 0, "doubted-mail") for text in sorted(texts - known)]


def _some(examples: Sequence[Example], source: str) -> Iterator[Example]:
    short = [example for example in examples if example.source == source and 3 < len(example.text) <= _LONGEST]
    short.sort(key=lambda example: (crc32(example.text.encode()), example.text))
    seen: set[str] = set()
    for example in short[: MOST[source]]:
        if example.text not in seen:
            seen.add(example.text)
            yield example


class Sentences:
    """The sentences the head is fitted on, with their embeddings."""

    def __init__(self, examples: Sequence[Example], letters: Sequence[Doubted], embedded: Embedded) -> None:
        easy = chosen(examples)
        self.told = easy + _hard(letters, {_asked(example) for example in easy})
        self._embedded = embedded
        self.rows = embedded.of([_asked(example) for example in self.told])
        self.labels = np.array([float(example.label) for example in self.told])
        self._belief = np.array([BELIEF[example.source] for example in self.told])
        self._folds = {_asked(example): example.fold for example in self.told}

    def fitted(self, without: Callable[[Example], bool] = lambda _: False) -> Floats:
        """Bias and weights for complaints, fitted on all sentences but some."""
        kept = np.array([not without(example) for example in self.told])
        return _fit(self.rows[kept], self.labels[kept], self._belief[kept])

    def parts(self, letters: Sequence[Doubted]) -> Floats:
        """What each letter's score is made of, every sentence weighed by a head that does not know its part."""
        by_fold = [self.fitted(without=of_fold(fold)) for fold in range(FOLDS)]
        asked = [affordable(one.sentences) for one in letters]
        texts = sorted({text for some in asked for text in some})
        heads = [by_fold[self._folds.get(text, crc32(text.encode()) % FOLDS)] for text in texts]
        logits = [float(one[0] + row @ one[1:]) for one, row in zip(heads, self._embedded.of(texts), strict=True)]
        told = dict(zip(texts, logits, strict=True))
        return np.array(
            [heard(one.score, [told[text] for text in some]) for one, some in zip(letters, asked, strict=True)]
        )


def _asked(example: Example) -> str:
    return affordable([example.text])[0]


def of_fold(fold: int) -> Callable[[Example], bool]:
    """Whether a sentence is of this part."""
    return lambda example: example.fold == fold


def head(sentences: Sentences, letters: Sequence[Doubted]) -> dict[str, Any]:
    """The facts of the head: the embedding's weights as whole numbers and their scale, and what letters make of it."""
    fitted = sentences.fitted()[:, None]
    wholes, scales = quantised(fitted[1:], 32_767)
    return {
        "band": list(BAND), "letter": letter_weights(sentences, in_doubt(letters)),
        "biases": list(map(_short, fitted[0])), "scales": list(map(_short, scales)), "rows": wholes.T.tolist(),
    }  # fmt: skip


def letter_weights(sentences: Sentences, letters: Sequence[Doubted]) -> list[float]:
    """What a letter in doubt makes of its score and its sentences: a bias, and a weight for each part."""
    labels = np.array([float(one.label) for one in letters])
    return logistic(sentences.parts(letters), labels, np.array([LETTERS[one.source][1] for one in letters]))


def _fit(rows: Floats, labels: Floats, belief: Floats) -> Floats:
    """Bias and weights of a logistic regression, by Newton's method."""
    middle = rows.mean(axis=0)
    given = np.hstack([np.ones((len(rows), 1)), rows - middle])
    ridge = _RIDGE * np.eye(given.shape[1])
    ridge[0, 0] = 0.0
    weights = np.zeros(given.shape[1])
    for _ in range(_ROUNDS):
        chance = 1.0 / (1.0 + np.exp(-(given @ weights)))
        slope = given.T @ (belief * (chance - labels)) + ridge @ weights
        bend = (given * (belief * chance * (1 - chance))[:, None]).T @ given + ridge
        weights = weights - np.linalg.solve(bend, slope)
    weights[0] -= middle @ weights[1:]
    return weights


def in_doubt(letters: Sequence[Doubted]) -> list[Doubted]:
    """Of each kind of letters as many as LETTERS says, in doubt and with something to ask about."""
    found: list[Doubted] = []
    for source, (most, _) in LETTERS.items():
        some = [one for one in letters if one.source == source and BAND[0] <= one.score <= BAND[1]]
        some.sort(key=lambda one: (crc32(one.text.encode()), one.text))
        found += [one for one in some[:most] if affordable(one.sentences)]
    return found


def _short(number: float) -> float:
    return float(f"{number:.6g}")


def write(facts: Mapping[str, Any], folder: Path) -> Path:
    """Write the head's file."""
    path = folder / "deep.json"
    path.write_text(json.dumps(facts) + "\n", encoding="utf-8")
    return path
