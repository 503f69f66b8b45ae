"""The lists a letter's tone is looked at with: the shipped ones, and a site's own `tone/<language>.yaml`, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import yaml as libyaml
from pydantic import AfterValidator, BeforeValidator, Field, InstanceOf, ValidationInfo

from plugin.letters.tone import KINDS, List, Rule, Tone, pattern
from plugin.patterns import Family, Pattern
from plugin.source import Form, Problem, one_of, parse, read_text

_LOADER = libyaml.CBaseLoader if libyaml.__with_libyaml__ else libyaml.BaseLoader
_Kind = Annotated[str, AfterValidator(one_of("kind", [kind for kind in KINDS if kind != "no-empathy"]))]


def read_tone(playbooks: Path, problems: list[Problem]) -> Tone:
    """The shipped lists with what the site adds in its folder `tone`.

    `problems` gets every fault with its line and column; a file with one is left out as a whole.
    """
    own: dict[str, List] = {}
    for path in sorted((playbooks / "tone").glob("*.yaml")):
        text = read_text(path, problems)
        read = None if text is None else _read(text, str(path), problems)
        if read is not None:
            own[path.stem[:2].casefold()] = own.get(path.stem[:2].casefold(), List()) + read
    return Tone(own)


def read_shipped(code: str) -> List:
    """The shipped list of a language; empty where there is none."""
    file = files("playbooks").joinpath("tone", f"{code}.yaml")
    if not code.isalpha() or not file.is_file():
        return List()
    # What we ship is known to be well: who waits for a command need not wait until each place in it is noted.
    data = libyaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - makes nothing but text
    return _File.model_validate(data, context=Family()).list


def _read(text: str, name: str, problems: list[Problem]) -> List | None:
    source = parse(text, name, problems)
    form = None if source is None else source.form(_File, problems, context=Family())
    return None if form is None else form.list


def _patterns(value: Any, info: ValidationInfo) -> Any:
    """One line or a list of them, as patterns."""
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("no list of words: write each on a line of its own behind a dash")
    return tuple(pattern(one, info.context) for one in value)


def _practice(value: str) -> str:
    number = value[1:]
    if value[:1] != "P" or not number.isdecimal() or not 1 <= int(number) <= 40:
        raise ValueError(f"`{value}` is no practice: write one of P1 to P40")
    return value


def _said(value: str) -> str:
    if not value.strip():
        raise ValueError("`better` is empty: write what to say instead")
    return " ".join(value.split())


_Patterns = Annotated[tuple[InstanceOf[Pattern], ...], BeforeValidator(_patterns)]


class _Rule(Form):
    find: _Patterns
    better: Annotated[str, AfterValidator(_said)]
    practice: Annotated[str, AfterValidator(_practice)] | None = None
    unless: _Patterns = ()


class _File(Form):
    day: _Patterns = ()
    gift: _Patterns = ()
    feeling: _Patterns = ()
    missing: str = ""
    remarks: dict[_Kind, tuple[_Rule, ...]] = Field(default_factory=dict)

    @property
    def list(self) -> List:
        return List(tuple(_rules(self.remarks)), self.day, self.gift, self.feeling, " ".join(self.missing.split()))


def _rules(remarks: Mapping[_Kind, Sequence[_Rule]]) -> Sequence[Rule]:
    return [
        Rule(kind, one.practice or KINDS[kind], one.better, one.find, one.unless)
        for kind, rules in remarks.items()
        for one in rules
    ]
