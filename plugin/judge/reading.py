"""Text into sentences, and sentences into words: the same for training and for judging.

Nothing here looks at single characters in Python; every pattern takes time that grows with the text and no faster.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from unicodedata import combining, normalize

LONGEST = 60
"""Words of a sentence that are weighed together; a longer one is weighed in pieces of so many."""

# A full stop behind one letter or a title ends no sentence; a line break does so only before an empty line or the next
# item of a list. The first character stands alone so that the others need no look, and a run of marks is tried from
# its first one only, so that a text of nothing else costs no more.
_END = re.compile(
    r"[.!?…\n。！？](?:"
    r"(?<=\n)(?:[ \t\r]*+\n\s*+|(?=[ \t]*+[-*•–][ \t]))"
    r"|(?<=[。！？])[。！？]*+"
    r"|(?<=[.!?…])(?<![.!?…]{2})(?<!\b\w\.)(?<!\b[NMDS][ro]\.)(?<!\b[Ss]t\.)(?<!\bca\.)"
    r"[.!?…]*+[\"'”’»)\]]*+(?:\s++|$))"
)
# What ends with a full stop and goes on behind it; a line that ends there ends the sentence all the same.
_ABBREVIATED = re.compile(
    r"(?i)\b(?:ref|réf|tel|tél|bzw|ggf|inkl|evtl|zzgl|exkl|str|mrs|mme|approx|incl|e\.g|i\.e|z\.\s?b|d\.\s?h"
    r"|p\.\s?ej)\.[ \t]+$"
)
_NUMBERED = re.compile(r"(?i)\b(?:n[or]|num|núm|kd|kdnr|bestellnr|rechnungsnr|art|pos)\.[ \t]+$")
_A_NUMBER = re.compile(r"[#(]?[A-Za-z]{0,4}[-/ ]?\d")
_ORDINAL = re.compile(r"\b\d{1,2}\.[ \t]+$")
_ON_WITH = re.compile(
    r"[a-zäöüß]|(?:Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember)\b"
)
_TAIL = 24  # characters on either side of a full stop that tell what it ends
_SPACED = re.compile(r"\S+")
_PART = re.compile(r"\w+|[?!]+")
_NUMBER = "0"
_MARKS = "?!"
_AROUND = 600  # characters before and behind a span in which its sentence is looked for


def sentences(text: str) -> list[tuple[int, int]]:
    """Where the sentences stand, in order and without gaps: each from its first character to behind its last mark."""
    cuts = [0, *[found.end() for found in _END.finditer(text)]]
    if cuts[-1] < len(text):
        cuts.append(len(text))
    return list(pairwise(cuts))


@lru_cache(maxsize=64)
def whole_sentences(text: str) -> Sequence[tuple[int, int]]:
    """The same as a reader would part them: "order no. 4711", "on 16.11. nobody" and "am 14. November" stay together.

    For quoting; what is judged is parted as what was trained on, by `sentences`.
    """
    # Each letter that is written about a complaint quotes from the same few texts.
    spans: list[tuple[int, int]] = []
    for start, end in sentences(text):
        joined = bool(spans) and _goes_on(text[max(0, start - _TAIL) : start], text[start : start + _TAIL])
        spans.append((spans.pop()[0] if joined else start, end))
    return tuple(spans)


def _goes_on(before: str, after: str) -> bool:
    """Whether the full stop at the end of `before` only shortens a word or makes a number an ordinal."""
    if not before.rstrip(" \t\n").endswith(".") or before.endswith("."):
        return False  # a look at the end, since most sentences end with another mark, a line or the text
    if _ABBREVIATED.search(before):
        return True
    if _NUMBERED.search(before):
        return _A_NUMBER.match(after) is not None
    return _ORDINAL.search(before) is not None and _ON_WITH.match(after) is not None


def words(text: str, start: int = 0, end: int = sys.maxsize) -> list[str]:
    """The words of a sentence, with the marks that stand at them."""
    return text[start:end].split()


def placed(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Where the words of a sentence stand."""
    return [word.span() for word in _SPACED.finditer(text, start, end)]


def sentence_around(text: str, start: int, end: int, limit: int) -> tuple[int, int]:
    """Where the sentence stands that a span ends in; of one longer than `limit`, from the clause the span is in."""
    first = max(0, start - _AROUND)
    spans = [(first + head, first + tail) for head, tail in whole_sentences(text[first : end + _AROUND])]
    head, tail = next(((head, tail) for head, tail in spans if head < end <= tail), (start, end))
    start = max(start, head)
    head += len(text[head:start]) - len(text[head:start].lstrip())
    if tail - head <= limit:
        return head, tail
    clause = max(text.rfind(mark, head, start) for mark in (", ", "\n", ": ", " - "))
    return (head if end - head < limit else max(head, clause + 1, end - limit)), tail


@lru_cache(maxsize=1 << 13)
def parts(word: str) -> tuple[str, ...]:
    """What a word is made of, without case and accents: "L'avocat?" is `l`, `avocat` and `?`.

    Every number is the same part, and so is every run of question or of exclamation marks.
    """
    plain = word.lower() if word.isascii() else _bare(word)
    return tuple(
        [_NUMBER if part.isdigit() else part[:1] if part[:1] in _MARKS else part for part in _PART.findall(plain)]
    )


def folded(word: str) -> str:
    """The word by the name its own weight goes by: its parts, without the marks that stand at it."""
    some = parts(word)
    return "'".join([part for part in some if part not in _MARKS]) or "".join(some)


def _bare(word: str) -> str:
    return "".join([sign for sign in normalize("NFKD", word.casefold()) if not combining(sign)])
