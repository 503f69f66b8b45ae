"""The tags of Amends for Thunderbird, which shows only those it was told of: a file of preferences for a profile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from plugin.cli.frame import fail
from plugin.model import CATEGORIES, RISKS, SEVERITIES
from plugin.playbook import Book, Tag

_HEAD = """\
// The tags of Amends for Thunderbird. Copy these lines into the file user.js in the folder of your profile (Help,
// Troubleshooting Information, Profile Folder), make it if it is not there, and start Thunderbird anew.
"""
_RED, _ORANGE, _AMBER, _BLUE, _GREEN, _GREY = "#C62828", "#E65100", "#B7791F", "#1565C0", "#2E7D32", "#616161"
_SEVERITY = {"low": _GREY, "medium": _AMBER, "high": _ORANGE, "critical": _RED}


def preferences(book: Book) -> str:
    """A line for the name, the colour and the rank of each tag there may be, the playbooks' own included.

    Thunderbird colours a message by the tag of the lowest rank (nsMsgTagService), so `complaint` comes first.
    """
    lines = [_HEAD]
    for rank, (key, name, colour) in enumerate(_tags(book), 1):
        for what, value in (("tag", name), ("color", colour), ("ordinal", f"amends-{rank:03}")):
            lines.append(f'user_pref("mailnews.tags.{key}.{what}", {json.dumps(value)});\n')
    return "".join(lines)


def write_preferences(path: Path, book: Book) -> None:
    """Write them into a new file, or over one that holds nothing else; ends the command where another lies there."""
    try:
        if path.exists() and not _holds_only_tags(path.read_text("utf-8", "replace")):
            fail(f"doctor: {path} is there already and holds more than this command wrote - name another file", 2)
        path.write_text(preferences(book), "utf-8")
    except OSError as error:
        fail(f"doctor: {path}: {error.strerror} - name another file", 2)


def _holds_only_tags(text: str) -> bool:
    ours = ("//", 'user_pref("mailnews.tags.')
    return text.startswith(_HEAD) and all(line.startswith(ours) for line in text.splitlines())


def _tags(book: Book) -> Iterator[tuple[str, str, str]]:
    """Keyword, name and colour, the most telling first."""
    yield "complaint", "Complaint", _RED
    yield "maybe-complaint", "Perhaps a complaint", _ORANGE
    yield from ((f"severity-{one}", f"Severity: {one}", _SEVERITY[one]) for one in reversed(SEVERITIES))
    yield from ((f"risk-{one}", f"Risk: {_words(one)}", _ORANGE) for one in RISKS)
    yield from ((f"category-{one}", f"About: {_words(one)}", _BLUE) for one in CATEGORIES)
    for key, name in (
        ("not-a-complaint", "Not a complaint"),
        ("resolved", "Resolved"),
        ("waiting", "Waiting for them"),
    ):
        yield key, name, _GREEN
    own = {tag for playbook in book.playbooks for act in playbook.actions if isinstance(act, Tag) for tag in act.tags}
    yield from ((tag, _words(tag).capitalize(), _GREY) for tag in sorted(own - _KNOWN))


def _words(tag: str) -> str:
    return tag.replace("-", " ")


_KNOWN = {"complaint", "maybe-complaint", "not-a-complaint", "resolved", "waiting"}
