"""The shipped packs: which there are, and one of them with its values, their reasons and their dates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

import click

from plugin.cli.frame import fail, say, show_json
from plugin.playbook import Book, Playbook, Text, load_book, shipped_packs
from plugin.sentence import sentence
from plugin.source import suggest


@dataclass(frozen=True, slots=True)
class _Pack:
    """A shipped pack: what it is for, when its values were looked at (ISO date), what else is to be known of it."""

    name: str
    about: str
    as_of: str
    notes: str
    book: Book

    @property
    def letters(self) -> tuple[Text, ...]:
        """The letters it brings itself; it may use those of `general` as well."""
        return tuple(text for text in self.book.texts if text.path.startswith(f"packs/{self.name}/"))


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def packs(ctx: click.Context, as_json: bool) -> None:
    """The playbooks that come with Amends: which packs there are."""
    if ctx.invoked_subcommand is not None:
        return
    found = [_read(name) for name in shipped_packs()]
    if as_json:
        show_json({"packs": [_line(pack) for pack in found]})
        return
    for pack in found:
        say(f"{pack.name:14}  {pack.about}")
        say(f"{'':14}  {len(pack.book.playbooks)} playbooks, {_counted(pack)}; values as of {pack.as_of}")
    say("`amends packs show NAME` shows every value with its reason; `packs: [NAME, general]` puts one in force.")


@packs.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def show(name: str, as_json: bool) -> None:
    """One pack with its values, their sources and dates."""
    if name not in shipped_packs():
        fail(f"packs: unknown pack `{name}`: {suggest(name, shipped_packs())}", 2)
    pack = _read(name)
    if as_json:
        show_json(_document(pack))
        return
    say(f"{pack.name} - {pack.about}\nvalues as of {pack.as_of}\n\n{pack.notes}")
    for playbook in pack.book.playbooks:
        say()
        for line in _told(playbook):
            say(line)
    say()
    say(f"letters: {', '.join(sorted({text.name for text in pack.letters})) or 'those of general'}")


def _read(name: str) -> _Pack:
    notes = (files("playbooks") / "packs" / name / "README.txt").read_text("utf-8")
    about, _, rest = notes.partition("\n")
    as_of, _, more = rest.strip().partition("\n")
    return _Pack(name, about.strip(), as_of.removeprefix("As of:").strip(), more.strip(), load_book([name], None))


def _counted(pack: _Pack) -> str:
    names = {text.name for text in pack.letters}
    languages = {text.language for text in pack.letters}
    return f"{len(names)} letters of its own in {len(languages)} languages" if names else "the letters of `general`"


def _line(pack: _Pack) -> dict[str, object]:
    return {
        "name": pack.name, "about": pack.about, "as_of": pack.as_of, "playbooks": len(pack.book.playbooks),
        "letters": len({text.name for text in pack.letters}),
        "languages": sorted({text.language for text in pack.letters}),
    }  # fmt: skip


def _document(pack: _Pack) -> dict[str, object]:
    letters = {
        text.name: sorted(one.language for one in pack.letters if one.name == text.name) for text in pack.letters
    }
    return {
        "name": pack.name, "about": pack.about, "as_of": pack.as_of, "notes": pack.notes,
        "playbooks": [_plain(playbook) for playbook in pack.book.playbooks],
        "letters": [{"name": name, "languages": languages} for name, languages in sorted(letters.items())],
    }  # fmt: skip


def _plain(playbook: Playbook) -> dict[str, object]:
    return {
        "name": playbook.name, "version": playbook.version, "about": playbook.about, "why": _head(playbook.source),
        "when": playbook.when.value, "if": [str(condition) for condition in playbook.condition.conditions],
        "then": [{"value": value, "why": why} for value, why in _values(playbook.source)],
    }  # fmt: skip


def _told(playbook: Playbook) -> Iterator[str]:
    asked = "; ".join(str(condition) for condition in playbook.condition.conditions)
    yield f"{playbook.name} - {playbook.about}"
    yield f"  when {playbook.when.value}{f', if {asked}' if asked else ''}"
    yield f"  {sentence(playbook)}"
    for value, why in _values(playbook.source):
        yield f"  - {value}"
        if why:
            yield f"      {why}"


def _head(source: str) -> str:
    """The comment a shipped playbook begins with: why there is this rule."""
    found = re.match(r"(?:#.*\n)+", source)
    return " ".join(line.lstrip("# ") for line in found[0].splitlines()) if found else ""


def _values(source: str) -> Iterator[tuple[str, str]]:
    """Each action of a shipped playbook as it is written, one a line, with the comment above it: reason or source."""
    why: list[str] = []
    for line in source.partition("\nthen:\n")[2].splitlines():
        if line.lstrip().startswith("#"):
            why.append(line.lstrip("# "))
        elif line.strip():
            yield line.strip().removeprefix("- "), " ".join(why)
            why = []
