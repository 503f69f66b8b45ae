"""Why a letter is worded as it is: which practice of complaint handling each of its slots and phrases serves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from plugin.letters.phrases import PHRASES

PRACTICES: Mapping[str, str] = MappingProxyType({
    "P2": "prompt and polite", "P3": "shows understanding", "P4": "offers to talk in private",
    "P5": "takes up their own words", "P7": "lets them say what they want", "P8": "about this case, no form letter",
    "P9": "a day they can count on", "P10": "in touch until it is settled", "P13": "sees what it meant for them",
    "P15": "thanks them and takes responsibility", "P17": "offers solutions", "P19": "helpful in public",
    "P20": "asks afterwards", "P21": "a small gesture", "P22": "nothing asked in return",
    "P24": "says what is done about it", "P29": "sorry for exactly this", "P30": "asks only for what is missing",
    "P31": "choices, clearly put", "P32": "asks how it was handled",
})  # fmt: skip
"""The practices a letter may serve, in words for those who work with it."""

_SLOTS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "order": ("P8",), "invoice": ("P8",), "product": ("P8",), "when": ("P8",), "place": ("P8",), "amount": ("P8",),
    "sentence": ("P5",), "effect": ("P5", "P13"), "facts": ("P5", "P8"), "ask": ("P7",), "missing": ("P30",),
    "call_times": ("P4",), "resolution_by": ("P9",), "update_by": ("P9", "P10"), "answer_by": ("P9",),
    "up_to": ("P21",), "offer": ("P21",), "incident_what": ("P8",), "incident_fix": ("P24",),
    "incident_gesture": ("P21",),
})  # fmt: skip


def served(names: Iterable[str]) -> tuple[str, ...]:
    """The practices that text made of these slots and phrases serves, by their numbers; none for a site's own names."""
    found = {one for name in names for one in (*_SLOTS.get(name, ()), *PHRASES.get(name, ()))}
    return tuple(sorted(found, key=lambda practice: int(practice[1:])))


def explained(practices: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Two lines for those who work with the letter: what each paragraph serves, and what that means; or nothing."""
    if not practices:
        return ""
    by_paragraph = "; ".join(f"“{words}” {', '.join(some)}" for words, some in practices)
    known = dict.fromkeys(one for _, some in practices for one in some)
    meant = "; ".join(f"{one} {PRACTICES[one]}" for one in PRACTICES if one in known)
    return f"Why these words: {by_paragraph}\n{meant}"
