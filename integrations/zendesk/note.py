"""What we write into a ticket: notes for colleagues, each with a marker by which it is known again. Nothing else.

A marker is a line `amends:<case>/<step>`; the same stands, out of reach for people, in the metadata of the audit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

from plugin.model import Draft, Reminder

METADATA = "amends"
"""Under this name an audit of ours says which steps it did."""

_HEAD = "Suggested reply - read it, change it, and send it yourself. The customer does not see this note."
_RULE = "-" * 40
_MARKER = re.compile(r"^amends:([A-Za-z0-9_-]{1,64}/[A-Za-z0-9_-]{1,64})\s*$", re.MULTILINE)
_LONGEST = 60_000  # characters; a comment holds 65,535
_COMPARED = 400  # words
_ALIKE = 0.6


def step(case: str, name: str) -> str:
    """How one thing we write is known again: a draft or reminder by its Message-ID, tags by the key of the change."""
    return f"{case}/{re.sub(r'[^A-Za-z0-9_-]', '', bare(name))[-48:]}"


def bare(message_id: str) -> str:
    """What tells one Message-ID of ours from another: neither brackets nor domain nor our name."""
    return message_id.strip("<>").partition("@")[0].removeprefix("amends.")


def told(item: Draft | Reminder) -> str:
    """A draft or a reminder as a note."""
    return suggestion(item) if isinstance(item, Draft) else reminder(item)


def suggestion(draft: Draft) -> str:
    """A draft as a note: the text to send, then what a colleague should know, then the marker."""
    aside = "\n".join(draft.aside)
    parts = [_HEAD, _RULE, draft.text.strip()[:_LONGEST], _RULE, *([aside] if aside else [])]
    return "\n".join([*parts, marker(step(draft.case, draft.message_id))])


def reminder(item: Reminder) -> str:
    """A reminder as a note."""
    return "\n".join([item.subject, "", item.text.strip()[:_LONGEST], marker(step(item.case, item.message_id))])


def marker(done: str) -> str:
    """The line by which a note of ours is known."""
    return f"amends:{done}"


def markers(text: str) -> Iterable[str]:
    """The steps a note says it did."""
    return _MARKER.findall(text)


def suggested(text: str) -> str:
    """The text a note of ours suggests to send; empty where it suggests none."""
    _, head, rest = text.partition(_HEAD)
    parts = rest.split(_RULE)
    return parts[1].strip() if head and len(parts) > 2 else ""


def alike(said: str, suggestion: str) -> bool:
    """Whether what a person sent is what was suggested, with changes."""
    ours, theirs = suggestion.split()[:_COMPARED], said.split()[:_COMPARED]
    return bool(ours) and SequenceMatcher(None, theirs, ours, autojunk=False).ratio() >= _ALIKE
