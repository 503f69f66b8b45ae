"""A site's own signs: the files `signs/<language>.yaml` of its playbooks folder, read and checked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from plugin.judge.signs import listed
from plugin.source import Problem, Source, parse, read_text

Phrases = dict[str, dict[str, list[str]]]
"""Phrases by language and label, as `Signs` takes them."""


def read_phrases(playbooks: Path, problems: list[Problem]) -> Phrases:
    """What the site adds to the shipped phrases; empty where it has no folder `signs`.

    `problems` gets every fault with its line and column; a file with one is left out as a whole.
    """
    read: Phrases = {}
    for path in sorted((playbooks / "signs").glob("*.yaml")):
        found: list[Problem] = []
        text = read_text(path, found)
        source = None if text is None else parse(text, str(path), found)
        if source is not None:
            found.extend(_faults(source))
            read |= {} if found else {path.stem: source.data}
        problems.extend(found)
    return read


def _faults(source: Source) -> Iterator[Problem]:
    if not isinstance(source.data, dict):
        yield source.problem(
            (), "no mapping of labels to lists of phrases: write a label, a colon, and its phrases below"
        )
        return
    for label, phrases in source.data.items():
        if not isinstance(phrases, list):
            yield source.problem(
                (label,), f"{label} has no list of phrases: write each on a line of its own behind a dash"
            )
            continue
        yield from _unfit(source, label, phrases)


def _unfit(source: Source, label: str, phrases: list[object]) -> Iterator[Problem]:
    for number, phrase in enumerate(phrases):
        if not isinstance(phrase, str):
            yield source.problem(
                (label, number), "no phrase: write the words, in quotes where a sign makes YAML of them"
            )
            continue
        try:
            listed({label: [phrase]})
        except ValueError as error:
            yield source.problem((label, number), str(error))
