"""The many complaints of one outage: different people, each with what it meant for them, put together from a text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from itertools import chain, zip_longest
from pathlib import Path

_FILE = Path(__file__).parent / "incidents" / "outage.txt"

FACTS = """\
name: portal-outage
what:
  en: Nobody could log in to the customer portal
  de: Niemand konnte sich im Kundenportal anmelden
  fr: Personne ne pouvait se connecter au portail client
  es: Nadie podía entrar en el portal de clientes
from: {since}
if:
  - any: [{{category: service-outage}}, {{text: [portal, Kundenportal, portail]}}]
fix:
  en: we restarted the login servers and put a second one beside each
  de: wir haben die Anmeldeserver neu gestartet und jedem einen zweiten zur Seite gestellt
  fr: nous avons relancé les serveurs de connexion et doublé chacun d'eux
  es: hemos reiniciado los servidores de acceso y doblado cada uno de ellos
"""
"""The facts of that outage; its times are still to be filled in."""

_Ways = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Complaint:
    """One person's complaint; `effect` are words of it that nobody else uses."""

    number: int
    language: str
    name: str
    subject: str
    text: str
    effect: str

    @property
    def message_id(self) -> str:
        """Its Message-ID."""
        return f"<outage-{self.number}@mail.example>"

    @property
    def email(self) -> str:
        """Who wrote it."""
        return f"customer{self.number}@example.org"

    def raw(self) -> bytes:
        """Its bytes."""
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"] = f"{self.name} <{self.email}>", "Example Support <support@example.com>"
        mail["Subject"], mail["Message-ID"] = self.subject, self.message_id
        mail["Date"] = "Fri, 20 Nov 2026 08:00:00 +0000"
        mail.set_content(self.text)
        return mail.as_bytes()


def complaints(total: int) -> list[Complaint]:
    """So many complaints, in all languages; no two tell the same effect."""
    by_language = [list(_of(language, ways)) for language, ways in _read().items()]
    mixed = [one for one in chain.from_iterable(zip_longest(*by_language)) if one is not None]
    found = [_written(number, one) for number, one in enumerate(mixed[:total])]
    assert len(found) == total, f"there are only {len(found)}"
    return found


def _read() -> dict[str, _Ways]:
    found: dict[str, dict[str, list[str]]] = {}
    for line in _FILE.read_text("utf-8").splitlines():
        if line.startswith("["):
            language = found.setdefault(line.strip("[]"), defaultdict(list))
        elif line and not line.startswith("#"):
            key, _, text = line.partition(": ")
            language[key] += [text] if key in ("opening", "effect") else [part.strip() for part in text.split("|")]
    return {language: dict(ways) for language, ways in found.items()}


def _of(language: str, ways: _Ways) -> Iterator[tuple[str, _Ways, str, str, str]]:
    """Every effect of a language: how it begins, and what it was; those that begin alike far from each other."""
    lines = [line.partition(": ") for line in ways["effect"]]
    told = [[(begin, part.strip()) for part in rest.split("|")] for begin, _, rest in lines]
    effects = [one for one in chain.from_iterable(zip_longest(*told)) if one is not None]
    openings = [opening.format(detail=detail) for detail in ways["detail"] for opening in ways["opening"]]
    for opening, one in zip(openings, effects, strict=False):
        yield language, ways, opening, *one


def _written(number: int, found: tuple[str, _Ways, str, str, str]) -> Complaint:
    language, ways, opening, begin, effect = found
    order = f"LL-{10_000 + number}"
    greeting = {"en": "Hello", "de": "Guten Tag", "fr": "Bonjour", "es": "Hola"}[language]
    name, subject, ending = (_turn(ways[key], number) for key in ("name", "subject", "ending"))
    told = begin.replace("~", effect) if "~" in begin else f"{begin} {effect}"
    body = f"{opening} {told}. {ending.format(order=order)}"
    return Complaint(number, language, name, f"{subject} {number}", f"{greeting},\n\n{body}\n\n{name}\n", effect)


def _turn(ways: Sequence[str], number: int) -> str:
    return ways[number * 7 % len(ways)]
