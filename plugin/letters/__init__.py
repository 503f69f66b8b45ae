"""Letters: a text with placeholders and what is known of a complaint become a draft for a person to finish.

A letter file is plain text. Its first line may be `Subject: …`; without one the draft answers under their subject.

    {order}                     the slot's value, or a visible mark such as [[order number]] where there is none
    {if order}…{end}            only where the slot has a value; may nest
    {if no_order}…{end}         only where it has none
    [[the result of the check]] a mark: what a person must write before the letter goes out

There is nothing else: no expression, no loop, no way from a slot's value back into the template. Values that come
from mail are stripped of controls, addresses, links, braces and marks before they are set in.
"""

from __future__ import annotations

from plugin.letters.slots import Material, clean, wordless
from plugin.letters.template import Letter, Slot, compose, marks, problems
from plugin.letters.words import attribution

__all__ = ["Letter", "Material", "Slot", "clean", "compose", "marks", "problems", "quote_head", "wordless"]


def quote_head(material: Material) -> str:
    """The line that stands above their words where a draft quotes them, in the letter's language."""
    when = material.hours.local(material.received_at).date()
    return attribution(when, clean(material.name, 80) or "…", material.language)
