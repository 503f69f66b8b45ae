"""The phrases of `tables`, laid out so that most lines are passed over after one look at their beginning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from plugin.judge.own.tables import TABLES

HEAD = 6
"""Letters of a line by which it is passed over or looked at closely."""

_START = 2
_KINDS = ("forwarded", "original", "device", "closing", "notice", "footer", "leave", "above")


def _read() -> dict[str, tuple[str, ...]]:
    """The phrases of every kind, of all languages together: people answer in one language what was asked in another."""
    tables = TABLES.values()
    kinds = dict.fromkeys(chain.from_iterable(tables))
    return {kind: tuple(dict.fromkeys(chain.from_iterable(t.get(kind, ()) for t in tables))) for kind in kinds}


def _by_start() -> dict[str, tuple[tuple[str, str], ...]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for kind in _KINDS:
        for phrase in PHRASES[kind]:
            found.setdefault(phrase[:_START], []).append((phrase, kind))
    return {start: tuple(sorted(entries, key=lambda entry: -len(entry[0]))) for start, entries in found.items()}


def _heads(phrase: str) -> Iterator[str]:
    """The first letters of lines that begin with it; a short one is followed by a sign or nothing."""
    if len(phrase) >= HEAD:
        yield phrase[:HEAD]
    else:
        yield from (f"{phrase}{sign}"[:HEAD] for sign in ("", ",", ".", "!", " -", " /", ", "))


def _written(heads: Iterable[str]) -> frozenset[str]:
    """As they may be written: small, large, as a sentence begins, as a title, and as Apple does."""
    return frozenset(
        chain.from_iterable((h, h.upper(), h.capitalize(), h.title(), h.replace("ip", "iP")) for h in heads)
    )


PHRASES = _read()
"""The phrases by their kind, which `tables` explains; lower case."""

HEADS = _written(head for kind in _KINDS for phrase in PHRASES[kind] for head in _heads(phrase))
"""Beginnings, of at most HEAD letters, of lines that deserve a closer look, as they may be written."""

FIELDS = {name: kind for kind in ("other", "subject", "date", "sent", "sender") for name in PHRASES[kind]}
"""The names of headers, and what each is: sender, sent, date, subject or other."""

_BY_START = _by_start()
_ANY = {start: tuple(phrase for phrase, _ in entries) for start, entries in _BY_START.items()}


def begun_with(words: str) -> Iterator[tuple[str, str]]:
    """The phrases these words, in lower case, begin with, the longest first, and their kinds."""
    start = words[:_START]
    if words.startswith(_ANY.get(start, ())):
        yield from (entry for entry in _BY_START[start] if words.startswith(entry[0]))
