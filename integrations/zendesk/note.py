"""What we write into a ticket: notes for colleagues, each with a marker by which it is known again. Nothing else.

A marker is a line `amends:<case>/<step>`; the same stands, out of reach for people, in the metadata of the audit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from plugin.model import Draft, Reminder

METADATA = "amends"
"""Under this name an audit of ours says which steps it did."""

_HEAD = "Suggested reply - read it, change it, and send it yourself. The customer does not see this note."
_RULE = "-" * 40
_MARKER = re.compile(r"^amends:([A-Za-z0-9_-]{1,64}/[A-Za-z0-9_-]{1,64})[ \t\r]*$", re.MULTILINE)
_LONGEST = 50_000  # characters of all notes written at once; a comment holds 65,535
_COMPARED = 400  # words
_ALIKE = 0.6


def step(case: str, name: str) -> str:
    """How one thing we write is known again: a draft or reminder by its Message-ID, tags by the key of the change."""
    return f"{case}/{re.sub(r'[^A-Za-z0-9_-]', '', bare(name))[-48:]}"


def bare(message_id: str) -> str:
    """What tells one Message-ID of ours from another: neither brackets nor domain nor our name."""
    return message_id.strip("<>").partition("@")[0].removeprefix("amends.")


def told(items: Sequence[Draft | Reminder]) -> str:
    """Drafts and reminders as one comment, each a note with its marker; together they fit into one."""
    most = _LONGEST // max(len(items), 1)
    return "\n\n".join(_suggestion(one, most) if isinstance(one, Draft) else _reminder(one, most) for one in items)


def _suggestion(draft: Draft, most: int) -> str:
    """A draft as a note: the text to send, then what a colleague should know, then the marker."""
    aside, small = "\n".join(draft.aside), most // 10
    letter = _unmarked(draft.text.strip(), most - small)
    parts = [_HEAD, _RULE, letter, _RULE, *([_unmarked(aside, small)] if aside else [])]
    return "\n".join([*parts, marker(step(draft.case, draft.message_id))])


def _reminder(item: Reminder, most: int) -> str:
    """A reminder as a note."""
    body = _unmarked(f"{item.subject}\n\n{item.text.strip()}", most)
    return "\n".join([body, marker(step(item.case, item.message_id))])


def _unmarked(text: str, most: int) -> str:
    """So much of a text, without a line that could be taken for a marker: much of it was written by customers."""
    return _MARKER.sub(r" \g<0>", text[:most])


def marker(done: str) -> str:
    """The line by which a note of ours is known."""
    return f"amends:{done}"


def markers(text: str) -> Iterable[str]:
    """The steps a note says it did."""
    return _MARKER.findall(text)


def parts(text: str) -> list[str]:
    """The notes of one comment, each with its marker at its end."""
    ends = [found.end() for found in _MARKER.finditer(text)]
    return [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def suggested(text: str) -> str:
    """The text a note of ours suggests to send; empty where it suggests none."""
    _, head, rest = text.replace("\r\n", "\n").partition(f"{_HEAD}\n{_RULE}\n")
    letter, rule, _ = rest.rpartition(f"\n{_RULE}\n")
    return letter.strip() if head and rule else ""


def alike(said: str, suggestion: str) -> bool:
    """Whether what a person sent is what was suggested, with changes."""
    ours, theirs = suggestion.split()[:_COMPARED], said.split()[:_COMPARED]
    match = SequenceMatcher(None, theirs, ours, autojunk=False)
    # The first two are cheap and never too low.
    return bool(ours) and all(look() >= _ALIKE for look in (match.real_quick_ratio, match.quick_ratio, match.ratio))
