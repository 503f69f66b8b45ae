"""The letter language: a text in its parts, and what is wrong with it. It knows no slot; names are given to it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

LIMIT = 64 * 1024
"""Bytes of a composed letter, and characters of a letter file."""
NO = "no_"
"""What stands before a name where an {if} asks whether it has no value."""

_MOST_PROBLEMS = 50  # of one file; who has more is not reading a letter
_TOKEN = re.compile(r"\{(?P<inner>[^{}\n]*)\}|(?P<stray>[{}])")
_HALF_MARK = re.compile(r"\[\[(?![^\[\]\n]+\]\])")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a letter: literal `text`, or a `kind` of tag (slot, if, end, stray) with its `name`."""

    kind: str
    at: int
    text: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """What a text may name: `shown` in braces, `asked` in an {if} only."""

    shown: tuple[str, ...]
    asked: tuple[str, ...] = ()

    def __contains__(self, name: object) -> bool:
        return name in self.shown or name in self.asked


def parts(text: str) -> Iterator[Part]:
    """The pieces of a text in order; joined, they are the text."""
    position = 0
    for token in _TOKEN.finditer(text):
        if token.start() > position:
            yield Part("text", position, text[position : token.start()])
        yield _tag(token)
        position = token.end()
    if position < len(text):
        yield Part("text", position, text[position:])


def _tag(token: re.Match[str]) -> Part:
    if token["stray"] or not token["inner"].strip():
        return Part("stray", token.start(), token[0])
    first, *rest = token["inner"].split(maxsplit=1)
    if first == "end" and not rest:
        return Part("end", token.start(), token[0])
    if first == "if":
        return Part("if", token.start(), token[0], rest[0].strip() if rest else "")
    return Part("slot", token.start(), token[0], token["inner"])


def problems(source: str, names: Names) -> tuple[tuple[int, int, str], ...]:
    """What is wrong with a letter file: (line, column, text), both counted from 1, in the order of the file.

    At most fifty of them.
    """
    if not source.strip():
        return ((1, 1, "the letter is empty: write its text, or remove the file"),)
    if len(source) > LIMIT:
        return ((1, 1, f"the letter has {len(source):,} characters: at most {LIMIT:,} are written, shorten it"),)
    found_parts = tuple(parts(source))
    found = [*_misused(found_parts, names), *_unclosed(found_parts), *_half_marks(source)]
    return tuple((*_position(source, at), text) for at, text in sorted(found)[:_MOST_PROBLEMS])


def _misused(found: Iterable[Part], names: Names) -> Iterator[tuple[int, str]]:
    for part in found:
        bare = part.name.removeprefix(NO)
        if part.kind == "stray":
            yield part.at, f"stray {part.text}: braces only enclose a slot like {{order}}; remove it"
        elif part.kind == "slot" and part.name not in names.shown and bare in names:
            yield part.at, f"{part.text} has no text to show: it can only be asked for, {{if {part.name}}}…{{end}}"
        elif part.kind == "slot" and part.name not in names:
            yield part.at, f"unknown slot {part.text}: {_advice(part.name, names.shown)}"
        elif part.kind == "if" and bare not in names:
            yield part.at, f"unknown slot in {part.text}: {_advice(part.name, (*names.shown, *names.asked))}"


@lru_cache(maxsize=256)
def _advice(name: str, names: Sequence[str]) -> str:
    meant = name.strip().casefold().removeprefix(NO)
    within = [known for known in names if known in meant.split("_")]
    close = within[:1] or difflib.get_close_matches(meant, names, n=3, cutoff=0.7)
    return f"did you mean {' or '.join(close)}?" if close else "docs/playbooks.md lists them"


def _unclosed(found: Iterable[Part]) -> Iterator[tuple[int, str]]:
    opened: list[Part] = []
    for part in found:
        if part.kind == "if":
            opened.append(part)
        elif part.kind == "end" and not opened:
            yield part.at, "{end} without an {if}: remove it, or write the {if} before it"
        elif part.kind == "end":
            opened.pop()
    for part in opened:
        yield part.at, f"{part.text} is never closed: write {{end}} where its text ends"


def _half_marks(source: str) -> Iterator[tuple[int, str]]:
    # A slot inside a mark is no bracket, so it is out of the way here already.
    for found in _HALF_MARK.finditer(source):
        yield found.start(), "[[ opens a mark that is not closed on its line: write ]] after it"


def _position(source: str, at: int) -> tuple[int, int]:
    before = source[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1
