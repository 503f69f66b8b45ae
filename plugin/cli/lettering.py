"""Wording: remarks on a site's own letters, and on what was really sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from plugin.cli.cases import Length, json_option, opened
from plugin.cli.frame import Frame, counted, fail, say, show_json
from plugin.desk import now_utc
from plugin.judge.language import language
from plugin.letters import SHIPPED, Phrases, Tone, lint, problems, read_phrases, read_tone
from plugin.letters.tone import List
from plugin.model import Purpose, clip
from plugin.source import Problem, read_text

_SHOWN = 80  # characters of the words a remark is about
_WELL = (
    ("feeling", "acknowledge what it meant"),
    ("day", "name a day or a time"),
    ("clean", "need no remark"),
)


@click.group()
def letters() -> None:
    """Look at the wording of letters."""


@letters.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--lang", default="", help="The language of files whose names do not tell, such as en.")
@click.pass_obj
def check(frame: Frame, files: tuple[Path, ...], lang: str) -> None:
    """One line per remark on these letters: file:line:column: words: practice, kind: better. Exit 1 if there is any."""
    own, unread = _Own(frame), list[Problem]()
    unheard = set[str]()
    told = [line for path in files for line in _checked(path, lang, own, unread, unheard)]
    for line in (*told, *map(str, unread)):
        say(line)
    for spoken in sorted(unheard):
        own_list = f"tone/{spoken}.yaml beside your playbooks adds one"
        say(f"no list of words for `{spoken}`, so its tone was not looked at: {own_list}")
    if unread:
        raise SystemExit(2)
    if told:
        raise SystemExit(1)
    say(f"{counted(len(files), 'letter')}, no remarks")


class _Own:
    """What the site has beside its playbooks; nothing where there is no amends.yaml here."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    @cached_property
    def _folder(self) -> Path | None:
        return self._frame.settings(secrets=False).playbooks if self._frame.config.exists() else None

    @cached_property
    def tone(self) -> Tone:
        """The lists of tone; what is wrong with them `amends check` tells."""
        return read_tone(self._folder, []) if self._folder else Tone()

    @cached_property
    def phrases(self) -> Phrases:
        """The phrases a letter may name."""
        return read_phrases(self._folder, []) if self._folder else SHIPPED


def _checked(path: Path, lang: str, own: _Own, unread: list[Problem], unheard: set[str]) -> Iterator[str]:
    text = read_text(path, unread)
    if text is None:
        return
    found = [(line, column, said) for line, column, said in problems(text, phrases=own.phrases)]
    name, spoken = _named(path)
    spoken = spoken or lang or language(text)
    for remark in lint(text, spoken, purpose=_purpose(name), public=name.startswith("public"), words=own.tone):
        words = clip(" ".join(remark.text.split()), _SHOWN) or "(the whole letter)"
        found.append((*_position(text, remark.start), f"{words}: {remark.practice}, {remark.kind}: {remark.better}"))
    if spoken and own.tone.of(spoken) == List():
        unheard.add(spoken)
    if not spoken:
        found.append((1, 1, "its language is not known: call it name.en.txt, or say --lang en"))
    yield from (f"{path}:{line}:{column}: {said}" for line, column, said in sorted(found))


def _named(path: Path) -> tuple[str, str]:
    """The name of a letter and its language, of `goodwill.de.txt`; the language is empty where it is not told."""
    name, _, spoken = path.stem.rpartition(".")
    told = len(spoken) in (2, 3) and spoken.isalpha() and bool(name)
    return (name, spoken) if told else (path.stem, "")


def _purpose(name: str) -> str:
    """The purpose a letter is called after; of another one nobody knows whether it is whole."""
    meant = name.replace("-", "_")
    return meant if meant in {one.value for one in Purpose} else ""


def _position(text: str, at: int) -> tuple[int, int]:
    before = text[:at]
    return before.count("\n") + 1, at - before.rfind("\n")


@click.command()
@click.option("--since", type=Length(), default="30d", show_default=True, help="How far back to look, such as 7d.")
@json_option
@click.pass_obj
def coach(frame: Frame, since: timedelta, as_json: bool) -> None:
    """How what was really sent reads: what goes well, and remarks with examples. Names no customer."""
    with opened(frame) as register:
        found = register.coaching(now_utc() - since)
    if as_json:
        show_json(found)
        return
    if not found["replies"]:
        fail("no reply was sent in that time that Amends has read", 0)
    say(f"{counted(found['replies'], 'reply', 'replies')} since {found['since'][:10]}")
    for group in found["groups"]:
        say("\n".join(["", *_told(group)]))


def _told(group: dict[str, Any]) -> Iterator[str]:
    spoken, replies = group["language"] or "a language unknown", counted(group["replies"], "reply", "replies")
    yield f"{group['inbox']}, in {spoken}: {replies}"
    if not group["list"]:
        yield "  there is no list of words for this language: a file tone/<language>.yaml beside the playbooks adds one"
        return
    for name, what in _WELL:
        yield f"  {group['well'][name]} of {group['replies']} {what}"
    for remark in group["remarks"]:
        yield f"  {remark['practice']} {remark['kind']}: {counted(remark['count'], 'time')}"
        yield from (f"    case {one['case']}: “{one['text']}”" for one in remark["examples"])
        yield f"    better: {remark['better']}"
