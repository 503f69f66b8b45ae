"""Letters: a text with slots and what is known of a complaint become a draft for a person to finish.

A letter file is plain text. Its first line may be `Subject: …`; without one the draft answers under their subject.

    {order}                     the slot's value, or a visible mark such as [[order number]] where there is none
    {apology}                   a phrase, in the inbox's voice, for the category of the complaint
    {if order}…{end}            only where the slot has a value; may nest
    {if no_order}…{end}         only where it has none
    [[the result of the check]] a mark: what a person must write before the letter goes out

There is nothing else: no expression, no loop, no way from a slot's value back into the template. Values that come
from mail are stripped of controls, addresses, links, braces and marks before they are set in. A phrase may name slots,
and no other phrase. `effect` and `talk` are both: in braces the phrase, in an {if} (and within a phrase) the slot.
"""

from __future__ import annotations

from pathlib import Path

from plugin.letters.kept import Kept, read_kept, to_keep
from plugin.letters.own import read_phrases
from plugin.letters.phrases import SHIPPED, Phrases
from plugin.letters.slots import Incident, Material, clean, wordless
from plugin.letters.template import Letter, Slot, compose, marks, problems
from plugin.letters.tone import SHIPPED_TONE, Remark, Tone, lint
from plugin.letters.words import attribution, without
from plugin.source import Problem

__all__ = [
    "SHIPPED",
    "SHIPPED_TONE",
    "Incident",
    "Kept",
    "Letter",
    "Material",
    "Phrases",
    "Remark",
    "Slot",
    "Tone",
    "clean",
    "compose",
    "lint",
    "marks",
    "problems",
    "quote_head",
    "read_kept",
    "read_phrases",
    "read_tone",
    "to_keep",
    "why",
    "without",
    "wordless",
]


def quote_head(material: Material) -> str:
    """The line that stands above their words where a draft quotes them, in the letter's language."""
    when = material.hours.local(material.received_at).date()
    return attribution(when, clean(material.name, 80) or "…", material.language, material.phrases)


def read_tone(playbooks: Path, problems: list[Problem]) -> Tone:
    """The shipped lists of words to look out for, with what the site adds in its folder `tone`.

    `problems` gets every fault with its line and column; a file with one is left out as a whole.
    """
    from plugin.letters.tonebook import read_tone as read  # noqa: PLC0415 - few sites have lists of their own

    return read(playbooks, problems)


def why(letter: Letter) -> str:
    """Why the letter is worded so, in two lines: which practices each paragraph serves, and what they mean."""
    return Kept(letter.slots, letter.practices).why
