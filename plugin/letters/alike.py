"""How much two letters have in common where they ought to be about one person each.

The personal part of a letter is what is left without its greeting, its signature, quoted mail, and the sentences that
stand word for word in the text it was made from or tell everybody the same day or fact. Two of them are compared by
the runs of three words they share, so that one letter is held against many in a time that grows with their length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from plugin.judge.reading import sentences
from plugin.letters.phrases import SHIPPED, Phrases

NEARLY = 0.8
"""From here on two letters are nearly the same."""
MANY = 3
"""To so many others nearly the same may go in a day before it is remarked on."""
MOST = 50
"""A letter is held against so many of the last ones."""

_LONGEST = 16 * 1024  # characters of a letter; whatever follows is quoted mail
_RUN = 3  # words
_TAG = re.compile(r"\{(?:if[ \t][^{}\n]*|end)\}")
_NAME = re.compile(r"\{([^{}\n]*)\}")
_FRAME = re.compile(r"\{(?:greeting|signature)\},?")
_FILLED = "\N{OBJECT REPLACEMENT CHARACTER}"
_FACT = "\N{INTERLINEAR ANNOTATION ANCHOR}"
_OF_ALL = frozenset({
    "incident_what", "incident_from", "incident_until", "incident_fix", "incident_gesture",
    "resolution_by", "update_by", "answer_by", "up_to", "offer", "call_times",
})  # fmt: skip
"""Slots that say the same to everybody."""
_WORD = re.compile(r"\w+")


def alike(text: str, others: Iterable[str]) -> float:
    """How near the nearest of `others` comes to `text`, from 0 (nothing shared) to 1 (the same, or both empty)."""
    own = _runs(text)
    return max((_shared(own, _runs(other)) for other in others), default=0.0)


def personal(text: str, stock: frozenset[str] = frozenset(), signature: str = "") -> str:
    """The personal part of a letter; `stock` are sentences as `stock_of` has them."""
    told = ((said, _plain(said)) for said in _own(text, signature))
    heads = _heads(stock)
    return " ".join(" ".join(said.split()) for said, bare in told if bare not in stock and not bare.startswith(heads))


def _own(text: str, signature: str) -> Iterator[str]:
    """Its sentences, without those of its greeting, its signature and quoted mail."""
    lines = [line for line in text[:_LONGEST].splitlines() if not line.startswith(">")]
    greeting = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if lines and lines[greeting].rstrip().endswith((",", "!", ":")):
        del lines[greeting]
    signed = {_plain(line) for line in signature.splitlines()}
    return _sentences("\n".join(line for line in lines if not line.strip() or _plain(line) not in signed))


@lru_cache(maxsize=16)
def stock_of(sources: tuple[str, ...], language: str, phrases: Phrases = SHIPPED) -> frozenset[str]:
    """The sentences of these letter files, and of their language's phrases, in which nothing of theirs is filled in.

    One for all letters of a language, so that a letter's personal part is the same whichever it is held against.
    """
    bare = (_FRAME.sub("", source) for source in sources)
    said = (line for categories in phrases.of(language).lines.values() for voices in categories.values()
            for variants in voices.values() for line in variants)  # fmt: skip
    return frozenset(sentence for text in (*bare, *said) for sentence in _fixed(text))


@lru_cache(maxsize=16)
def _heads(stock: frozenset[str]) -> tuple[str, ...]:
    return tuple(said[:-1] for said in stock if said.endswith(_FACT))


def _fixed(text: str) -> Iterator[str]:
    """Its sentences in which nothing is filled in that is theirs; of one with a day or an incident's fact, the head."""
    open_ended = _NAME.sub(lambda found: _FACT if found[1] in _OF_ALL else _FILLED, _TAG.sub(" ", text))
    for said in (_plain(said) for said in _sentences(open_ended) if _FILLED not in said):
        head, fact, _ = said.partition(_FACT)
        if not fact or len(_WORD.findall(head)) >= _RUN:
            yield head + fact


def _sentences(text: str) -> Iterator[str]:
    return (text[start:end] for start, end in sentences(text))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _runs(text: str) -> frozenset[int]:
    return _runs_of(_WORD.findall(text[:_LONGEST].casefold()))


def _runs_of(words: Sequence[str]) -> frozenset[int]:
    """The runs of so many words, as numbers; of fewer words than that, the one run they are."""
    if len(words) < _RUN:
        return frozenset([hash(tuple(words))] if words else [])
    return frozenset(map(hash, zip(*(words[start:] for start in range(_RUN)), strict=False)))


def _shared(one: frozenset[int], other: frozenset[int]) -> float:
    """What the two have in common, of all that either has (Jaccard)."""
    if not one and not other:
        return 1.0
    common = len(one & other)
    return common / (len(one) + len(other) - common)


@dataclass(slots=True)
class Lately:
    """The last letters by the case each belongs to, the newest last; forgets all but MOST."""

    texts: dict[str, str] = field(default_factory=dict)

    def near(self, case: str, text: str, stock: frozenset[str] = frozenset(), signature: str = "") -> int:
        """To how many other cases nearly the same was written, by the stock of this letter's language."""
        said = _personal_words(text, stock, signature)
        own, words = _runs_of(said), frozenset(said)
        others = (other for of, other in self.texts.items() if of != case)
        likely = (other for other in others if _may_be_near(len(own), len(words - _words_of(other, signature))))
        return sum(_shared(own, _personal_runs(other, stock, signature)) >= NEARLY for other in likely)

    def add(self, case: str, text: str) -> None:
        """This was written last."""
        self.texts.pop(case, None)
        self.texts[case] = text
        if len(self.texts) > MOST:
            del self.texts[next(iter(self.texts))]


def _may_be_near(runs: int, missing: int) -> bool:
    """Whether a text of so many runs can be nearly the same as one in which so many of its words do not stand at all.

    Each of these stands in a run the other has not, and a run has three words at most.
    """
    return runs - (missing + _RUN - 1) // _RUN >= NEARLY * runs - 1e-9


# Letters of a day are in several languages, each of which has a stock of its own; what is the same by any stock is
# remembered apart.


@lru_cache(maxsize=4 * MOST)
def _personal_runs(text: str, stock: frozenset[str], signature: str) -> frozenset[int]:
    return _runs_of(_personal_words(text, stock, signature))


def _personal_words(text: str, stock: frozenset[str], signature: str) -> list[str]:
    heads = _heads(stock)
    return _WORD.findall(" ".join(
        bare for bare in _bare(text, signature) if bare not in stock and not bare.startswith(heads)
    ))  # fmt: skip


@lru_cache(maxsize=2 * MOST)
def _words_of(text: str, signature: str) -> frozenset[str]:
    return frozenset(_WORD.findall(" ".join(_bare(text, signature))))


@lru_cache(maxsize=2 * MOST)
def _bare(text: str, signature: str) -> tuple[str, ...]:
    """Its own sentences, whatever stock they are held against."""
    return tuple(_plain(said) for said in _own(text, signature))
