"""What a letter may say of a complaint: one function per slot, and the cleaning of what came from mail."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache

from plugin.hours import Hours
from plugin.judge import key_sentence
from plugin.judge.facts import facts
from plugin.letters.words import day, money, read_day, sequence, words
from plugin.model import Assessment, Fact, Origin, clip

ADDRESS_CHECK = "[[check the address]]"
"""Stands on top of a letter whose recipient was taken from a forwarded mail; the same in every language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """All a letter may be made of.

    `name` is the customer's, or empty. `dates` are the due dates known, in UTC, by "acknowledgement", "update"
    (when they hear from us next) and "resolution". Days are told in the zone of `hours`. `up_to` ("15 EUR") and
    `offer` belong to a gesture of goodwill.
    """

    name: str
    assessment: Assessment
    subject: str
    received_at: datetime
    hours: Hours
    dates: Mapping[str, datetime]
    language: str
    signature: str
    origin: Origin = Origin.DIRECT
    up_to: str = ""
    offer: tuple[str, ...] = ()


_LONGEST_SCANNED = 1000  # characters of a stranger's; whatever follows could not appear in a letter anyway
# Most words hold no sign of which a link, an address, markup or a mark could be made; they need no second look.
_PLAIN = re.compile(r"(?:[\w ,;!?'’/£$€#+-]|\.(?!\w))*+")
_LINK = re.compile(
    r"(?i)\b[a-z][a-z0-9+.-]{1,20}:/{1,3}\S*|\b(?:mailto|tel|javascript|data|sip|xmpp):\S+|\bwww[.．。｡]\S*"
)
_EMAIL = re.compile(r"\S{1,100}@\S+")
# A mail program makes a link of a bare host name, so its dots go; the words stay readable.
_HOST_DOT = re.compile(r"(?<=\w)[.．。｡](?=[^\W\d_]{2})")
_MARKUP = re.compile(r"\[{2,}|\]{2,}|[{}<>]")
_BRACKETS = str.maketrans("[]", "()")
_NO_BRACES = str.maketrans("", "", "{}")
_QUOTES = str.maketrans(dict.fromkeys('"“”„«»‟❝❞', "'"))
_ARTICLE = re.compile(
    r"(?i)(?:an?|the|my|our|your|this|d(?:er|ie|as|en|em)|(?:m|uns|s|k)?ein(?:e[nmrs]?)?|unsere?[nmrs]?|l[ea]s?|une?|mon|ma"
    r"|mes|notre|nos|cet?|cette|el|l[oa]s|una?|mis?|este|esta)\s+|l['’]"
)
_SALUTATION = re.compile(
    r"(?i)^(?:hello|hi|dear|good (?:morning|afternoon|evening|day)|hallo|guten? (?:tag|morgen|abend)|sehr geehrte[rs]?"
    r"|liebe[rs]?|bonjour|bonsoir|madame|hola|buen[oa]s (?:d[ií]as|tardes|noches)|estimad[oa]s?)\b"
    r"[^,!:.?]{0,40}[,!:]\s+"
)
# A firm bears its form in its name. The short forms are also names of people, so those must be in capitals at the end.
_FIRM = re.compile(
    r"(?i:^(?:fa\.|firma|sociedad|société|ets\.?|établissements)\s|&\s*(?:co|cie|sons?|söhne|partners?|fils|hijos)\b"
    r"|\b(?:g?gmbh|mbh|ohg|gbr|ltd|limited|llc|llp|plc|inc|corp|sarl|sasu|eurl|slu|srl|pty)\b|\be\.\s?[vkg]\b"
    r"|\bs\.\s?(?:a\.\s?r\.\s?l|a\.\s?s|a|l|r\.\s?l|p\.\s?a)\b|\b[bn]\.\s?v\b)"
    r"|\b(?:KG|KGaA|AG)\b|\s(?:SE|UG|SA|SL|SAS|SpA|BV|NV|AB|AS|ApS|Oy)$|\be(?:V|K|G)$"
)
_WISHES_LISTED = 3
_REMEDIES = frozenset({"refund", "replacement", "repair"})  # nobody is given two of these for the same thing
_NUMBER = re.compile(r"[^\W_]*(?:[-/][^\W_]+)*\d[^\W_]*(?:[-/][^\W_]+)*")


def clean(text: str, limit: int) -> str:
    """Words of a stranger, fit to stand in a letter: one line, no control, link, address, brace or mark."""
    line = _visible(text[:_LONGEST_SCANNED])
    if _PLAIN.fullmatch(line):
        return clip(line, limit)
    for pattern in (_LINK, _EMAIL, _MARKUP):
        line = pattern.sub(" ", line)
    return clip(_HOST_DOT.sub(" ", line).translate(_BRACKETS), limit)


def wordless(material: Material) -> Material:
    """The same without a word of the sender's: for mail that he may have sent in somebody else's name."""
    bare = replace(material.assessment, own_text="", evidence=(), facts=())
    return replace(material, name="", subject="", assessment=bare)


def _visible(text: str) -> str:
    """`text` on one line without controls, direction overrides, zero-width signs and lone surrogates."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " if char.isspace() else "" for char in text)


def _name(material: Material) -> str:
    name = clean(material.name, 60).strip(" '\"“”„,;:.")
    if not any(char.isalpha() for char in name):
        return ""
    return name if _is_firm(name) else _uncapitalised(name)


def _uncapitalised(name: str) -> str:
    """ "GARY B" is Gary B; a name of short words only (JD) may be initials and stays."""
    longest = max(len(word) for word in re.findall(r"[^\W\d_]+", name))
    return name.title() if name.isupper() and longest > 2 else name


def _is_firm(name: str) -> bool:
    return _FIRM.search(name) is not None


def _greeting(material: Material) -> str:
    """Their name in a greeting; a firm is greeted as somebody not known by name is, for nobody there bears it."""
    own, name = words(material.language), _name(material)
    return own.greeting.format(name=name) if name and not _is_firm(name) else own.stranger


def _stated(material: Material, kind: str) -> tuple[str, ...]:
    return _texts(material.assessment.facts, kind)


def _texts(stated: Iterable[Fact], kind: str) -> tuple[str, ...]:
    texts = (clean(fact.text, 80) for fact in stated if fact.kind == kind)
    return tuple(dict.fromkeys(text for text in texts if text))


def _number(material: Material, kind: str) -> str:
    """Their numbers without the words around them ("order no. 4711" is 4711), at most three.

    Where the letter itself has none, that of its subject: nobody is asked for what they wrote there.
    """
    stated = _stated(material, kind) or _texts(_facts_of(material.subject[:_LONGEST_SCANNED]), kind)
    found = [max(_NUMBER.findall(text), key=len, default="") for text in stated]
    numbers = tuple(dict.fromkeys(number for number in found if number))[:3]
    return sequence(numbers, words(material.language).both)


@lru_cache(maxsize=8)
def _facts_of(subject: str) -> tuple[Fact, ...]:
    return tuple(facts(subject))  # asked for each kind of number a letter names


def _first(material: Material, kind: str) -> str:
    return next(iter(_stated(material, kind)), "")


def _wrote_on(material: Material) -> date:
    return material.hours.local(material.received_at).date()


def _product(material: Material) -> str:
    """What they bought, without "my" or "the", for the letter brings its own."""
    named = _first(material, "product")
    article = _ARTICLE.match(named)
    return named[article.end() :].strip() if article else named


def _received(material: Material) -> str:
    wrote = _wrote_on(material)
    return day(wrote, material.language, weekday=False, near=wrote)


def _date(material: Material) -> str:
    """The day they mention, where it is one; else the day they wrote."""
    wrote = _wrote_on(material)
    read = (read_day(text, wrote) for text in _stated(material, "date"))
    return day(next((found for found in read if found), wrote), material.language, weekday=False, near=wrote)


def _by(material: Material, *kinds: str) -> str:
    """The earliest of these due dates, as the day it falls on."""
    moments = [material.dates[kind] for kind in kinds if kind in material.dates]
    if not moments:
        return ""
    # What is due at midnight is due at the end of the day before.
    last = (material.hours.local(min(moments)) - timedelta(microseconds=1)).date()
    return day(last, material.language, weekday=True, near=_wrote_on(material))


def _sentence(material: Material) -> str:
    said = _SALUTATION.sub("", clean(key_sentence(material.assessment), 180)).translate(_QUOTES).strip(" '.,;:")
    opening, closing = words(material.language).quotes
    return f"{opening}{said}{closing}" if any(char.isalpha() for char in said) else ""


def _ask(material: Material) -> str:
    """What they ask for, at most three things: the remedies as a choice, whatever else beside them."""
    own = words(material.language)
    asks = [ask for ask in material.assessment.asks if ask in own.asks][:_WISHES_LISTED]
    remedies = sequence([own.asks[ask] for ask in asks if ask in _REMEDIES], own.either)
    others = [own.asks[ask] for ask in asks if ask not in _REMEDIES]
    return sequence([remedies, *others] if remedies else others, own.both)


def _offer(material: Material) -> str:
    own = words(material.language)
    return sequence([own.offers.get(gift, clean(gift.replace("-", " "), 80)) for gift in material.offer], own.either)


def _signature(material: Material) -> str:
    """The site's own text, so its lines and links stay; only what cannot be printed goes."""
    lines = material.signature.splitlines()
    return "\n".join(_visible(line).translate(_NO_BRACES).rstrip() for line in lines).strip()


SLOTS: Mapping[str, Callable[[Material], str]] = {
    "name": _name,
    "greeting": _greeting,
    "order": lambda material: _number(material, "order"),
    "invoice": lambda material: _number(material, "invoice"),
    "product": _product,
    "date": _date,
    "received": _received,
    "amount": lambda material: _first(material, "amount"),
    "sentence": _sentence,
    "ask": _ask,
    "resolution_by": lambda material: _by(material, "resolution"),
    "update_by": lambda material: _by(material, "update"),
    "answer_by": lambda material: _by(material, "update", "resolution"),
    "up_to": lambda material: money(clean(material.up_to, 40), material.language),
    "offer": _offer,
    "signature": _signature,
    "address_check": lambda material: ADDRESS_CHECK if material.origin is Origin.FORWARD else "",
}
"""Every slot a letter may name, and how it is filled; an empty value means: not known."""
