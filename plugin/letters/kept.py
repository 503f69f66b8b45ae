"""What is kept of a letter beside its text: the slots it was made of, and why it is worded so."""

from __future__ import annotations

import json
from dataclasses import dataclass

from plugin.letters.practices import explained
from plugin.letters.template import Letter, Slot


@dataclass(frozen=True, slots=True)
class Kept:
    """The slots of a letter and the practices its paragraphs serve, as `Letter` has them.

    `alike` is to how many others nearly the same was written that day, `language` what the letter is written in.
    """

    slots: tuple[Slot, ...] = ()
    practices: tuple[tuple[str, tuple[str, ...]], ...] = ()
    alike: int = 0
    language: str = ""

    @property
    def why(self) -> str:
        """Why the letter is worded so, in two lines; empty where that was not kept."""
        return explained(self.practices)


def to_keep(letter: Letter, *, alike: int = 0) -> str:
    """What `read_kept` understands, as JSON."""
    slots = [[slot.name, slot.value] for slot in letter.slots]
    told: dict[str, object] = {"slots": slots, "practices": letter.practices, "language": letter.language}
    told |= {"alike": alike} if alike else {}
    return json.dumps(told, ensure_ascii=False)


def read_kept(detail: str) -> Kept:
    """What was kept of a letter, also by an earlier Amends, which kept the slots alone; nothing of one forgotten."""
    found = json.loads(detail) if detail else {}
    told = found if isinstance(found, dict) else {"slots": found}
    slots = tuple(Slot(name, value) for name, value in told.get("slots", ()))
    practices = tuple((words, tuple(some)) for words, some in told.get("practices", ()))
    return Kept(slots, practices, int(told.get("alike", 0)), told.get("language", ""))
