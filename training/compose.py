"""Letters put together from sentences, so that what a letter's score is made of is weighed as letters are written.

Every sentence opens a letter of its own once; what stands around it is drawn by a generator seeded with its text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from zlib import crc32

from training.source import Example

_GREETINGS = {
    "en": ("Hello,", "Dear Sir or Madam,", "Hi there,", "Good morning,"),
    "de": ("Hallo,", "Sehr geehrte Damen und Herren,", "Guten Tag,"),
    "fr": ("Bonjour,", "Madame, Monsieur,"),
    "es": ("Hola:", "Buenos días,", "Estimados señores:"),
    "it": ("Buongiorno,", "Gentili signori,", "Salve,"),
    "pt": ("Olá,", "Bom dia,", "Exmos. Senhores,"),
    "nl": ("Hallo,", "Beste,", "Geachte heer, mevrouw,"),
}
_CLOSES = {
    "en": ("Kind regards,\nAnna Smith", "Best,\nTom", "Thanks"),
    "de": ("Mit freundlichen Grüßen\nAnna Weber", "Viele Grüße", "LG Tom"),
    "fr": ("Cordialement,\nAnne Dubois", "Bien à vous", "Merci d'avance"),
    "es": ("Un saludo,\nAna", "Atentamente", "Gracias"),
    "it": ("Cordiali saluti\nAnna", "Grazie", "Distinti saluti"),
    "pt": ("Cumprimentos,\nAna", "Obrigada", "Atenciosamente"),
    "nl": ("Met vriendelijke groet,\nAnna", "Groeten", "Alvast bedankt"),
}
_BARE = 0.25  # of the letters have neither greeting nor close
_LONG = 0.08  # of the letters are long


@dataclass(frozen=True, slots=True)
class Letter:
    """A whole letter and what it is; `fold` is that of the sentence it is about."""

    text: str
    subject: str
    label: int
    fold: int
    language: str
    kind: str
    source: str = "composed"
    severity: str = ""  # of a complaint that came as a whole …
    wishes: frozenset[str] | None = None  # … and, if it was marked, `ask-…` and `risk-…`


def composed(examples: Sequence[Example]) -> Iterator[Letter]:
    """A letter about every sentence: a complaint among ordinary sentences, or ordinary ones only."""
    plain: dict[tuple[str, int], list[Example]] = defaultdict(list)
    angry: dict[tuple[str, int, str], list[Example]] = defaultdict(list)
    for example in examples:
        if example.label:
            angry[example.language, example.fold, example.kind].append(example)
        else:
            plain[example.language, example.fold].append(example)
    for example in examples:
        chance = Random(crc32(example.text.encode()))  # noqa: S311 - the same letters every time, nothing secret
        key = example.language, example.fold
        yield _letter(example, chance, plain[key], angry[*key, example.kind])


def _letter(about: Example, chance: Random, plain: Sequence[Example], angry: Sequence[Example]) -> Letter:
    around = chance.randrange(8, 25) if chance.random() < _LONG else chance.choice((0, 0, 0, 0, 1, 1, 2, 3))
    told = [other.text for other in chance.choices(plain, k=around)] if plain else []
    if about.label and chance.random() < 0.45:
        told.append(chance.choice(angry).text)
    told.insert(chance.randrange(len(told) + 1), about.text)
    parts = [" ".join(told)]
    if chance.random() > _BARE:
        parts = [
            chance.choice(_GREETINGS.get(about.language, ("",))),
            *parts,
            chance.choice(_CLOSES.get(about.language, ("",))),
        ]
    return Letter("\n\n".join(parts), "", about.label, about.fold, about.language, about.kind)
