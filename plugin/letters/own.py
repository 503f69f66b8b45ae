"""A site's own phrases: the files `phrases/<language>.yaml` of its playbooks folder, read and checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from plugin.letters import syntax
from plugin.letters.phrases import LANGUAGES, MOST, PHRASES, Phrases, PhrasesForm
from plugin.letters.slots import FLAGS, SLOTS
from plugin.letters.syntax import Names
from plugin.source import Problem, Source, parse, read_text

_DATA = Names(tuple(name for name in SLOTS if name != "address_check"), tuple(FLAGS))
_REQUIRED = ("quotes", "both", "either", "wrote", "greeting", "stranger")
"""The words without which no letter in a language can be written."""


def read_phrases(playbooks: Path, problems: list[Problem]) -> Phrases:
    """The shipped phrases with the site's own over them; just those where it has no folder `phrases`.

    `problems` gets every fault with its line and column; a file with one is left out as a whole, yet a letter may name
    its phrases: who reads of the fault need not read of each letter as well.
    """
    read: dict[str, PhrasesForm] = {}
    faulty: set[str] = set()
    for path in sorted((playbooks / "phrases").glob("*.yaml")):
        found: list[Problem] = []
        form = _read(path, found)
        if form is not None and not found:
            read[path.stem] = form
        else:
            faulty |= _named_in(path)
        problems.extend(found)
    return Phrases(read, faulty)


def _named_in(path: Path) -> set[str]:
    """The phrases of a file with a fault, as far as its lines tell: the keys set in least below `phrases:`."""
    _, _, below = f"\n{read_text(path, [], limit=MOST) or ''}".partition("\nphrases:")
    own = re.split(r"\n(?=[^\s#])", below, maxsplit=1)[0]
    keys = re.findall(r"(?m)^([ \t]+)([a-z][a-z0-9_]{0,39})[ \t]*:", own)
    least = min((len(indent.expandtabs(2)) for indent, _ in keys), default=0)
    return {key for indent, key in keys if len(indent.expandtabs(2)) == least}


def faults(source: Source, form: PhrasesForm) -> Iterator[Problem]:
    """What is wrong with the phrases of a file whose shape is right."""
    for name, by_category in form.phrases.items():
        if (name in SLOTS or name in FLAGS) and name not in PHRASES:
            text = f"`{name}` is what a letter calls a fact of the case: give the phrase another name"
            yield source.problem(("phrases", name), text, key=True)
        for category, by_voice in by_category.items():
            for voice, variants in by_voice.items():
                for number, text in enumerate(variants):
                    where = ("phrases", name, category, voice, number)
                    yield from (source.problem(where, said) for said in _wrong_with(text))


def _read(path: Path, problems: list[Problem]) -> PhrasesForm | None:
    text = read_text(path, problems, limit=MOST)
    source = None if text is None else parse(text, str(path), problems)
    if source is None:
        return None
    if not re.fullmatch(r"[a-z]{2,3}", path.stem):
        advice = "a phrases file is called after its language in two or three small letters, as in it.yaml: rename it"
        problems.append(Problem(str(path), 1, 1, advice))
    form = source.form(PhrasesForm, problems)
    if form is not None:
        problems.extend(faults(source, form))
        problems.extend(_too_little(source, form, path.stem))
    return form


def _wrong_with(text: str) -> Iterator[str]:
    if "\n" in text:
        yield "a phrase is one line: write it on one, in quotes"
    elif not text.strip():
        yield "the phrase is empty: write it, or delete the line"
    else:
        yield from (said for _, _, said in syntax.problems(text, _DATA))


def _too_little(source: Source, form: PhrasesForm, language: str) -> Iterator[Problem]:
    """What a language that is not shipped must bring."""
    if language in LANGUAGES:
        return
    for name in _REQUIRED:
        said = getattr(form.words, name)
        if not said or (isinstance(said, dict) and "plain" not in said):
            what = f"`{name}`" + (" with a text for `plain`" if isinstance(said, dict) else "")
            text = f"no phrases for {language} are shipped, so its `words` need {what}: write it"
            yield source.problem(("words",), text, key=True)
