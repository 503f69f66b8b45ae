"""The words a letter needs beside its own text: days, greetings, wishes, gestures and marks, in four languages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language; `day`, `year`, `weekday`, `money` and `greeting` are patterns, `first` is the first of a month.

    `both` and `either` join a list, `stranger` greets someone whose name is not known,
    `wrote` stands above their words where they are quoted.
    """

    months: tuple[str, ...]
    weekdays: tuple[str, ...]
    day: str
    year: str
    weekday: str
    first: str
    quotes: tuple[str, str]
    both: str
    either: str
    money: str
    greeting: str
    stranger: str
    wrote: str
    asks: Mapping[str, str]
    offers: Mapping[str, str]
    marks: Mapping[str, str]


EN = Words(
    months=("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
            "November", "December"),
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    day="{day} {month}", year="{day} {year}", weekday="{weekday} {day}", first="1",
    quotes=("“", "”"), both="and", either="or", money="{sign}{number}",
    greeting="Dear {name}", stranger="Hello",
    wrote="On {day}, {name} wrote:",
    asks={"refund": "a refund", "replacement": "a replacement", "repair": "a repair", "apology": "an apology",
          "explanation": "an explanation", "compensation": "compensation", "callback": "a call back",
          "cancel": "a cancellation", "correction": "a correction", "information": "a clear answer"},
    offers={"voucher": "a voucher", "discount": "a discount", "gift": "a small gift",
            "thank-you-note": "a handwritten note", "free-delivery": "free delivery on the next order",
            "free-content": "free content", "refund": "a refund"},
    marks={"name": "their name", "greeting": "greeting", "order": "order number", "invoice": "invoice number",
           "product": "product", "date": "date", "received": "day they wrote", "amount": "amount",
           "sentence": "what happened, in their words", "ask": "what they ask for",
           "resolution_by": "day it will be settled", "update_by": "day you will write again",
           "answer_by": "day you will answer", "up_to": "value of the gesture", "offer": "the gesture",
           "signature": "your name"},
)  # fmt: skip

DE = Words(
    months=("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
            "November", "Dezember"),
    weekdays=("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    day="{day}. {month}", year="{day} {year}", weekday="{weekday}, {day}", first="1",
    quotes=("„", "“"), both="und", either="oder", money="{number}\N{NO-BREAK SPACE}{sign}",
    greeting="Guten Tag {name}", stranger="Guten Tag",
    wrote="Am {day} schrieb {name}:",
    # In the accusative, to stand after "um" and "für" as well as after a verb.
    asks={"refund": "eine Erstattung", "replacement": "einen Ersatz", "repair": "eine Reparatur",
          "apology": "eine Entschuldigung", "explanation": "eine Erklärung", "compensation": "eine Entschädigung",
          "callback": "einen Rückruf", "cancel": "eine Stornierung", "correction": "eine Korrektur",
          "information": "eine klare Auskunft"},
    offers={"voucher": "einen Gutschein", "discount": "einen Nachlass", "gift": "ein kleines Geschenk",
            "thank-you-note": "eine handgeschriebene Karte",
            "free-delivery": "kostenlosen Versand der nächsten Bestellung",
            "free-content": "kostenlose Inhalte", "refund": "eine Erstattung"},
    marks={"name": "Name", "greeting": "Anrede", "order": "Bestellnummer", "invoice": "Rechnungsnummer",
           "product": "Produkt", "date": "Datum", "received": "Tag des Schreibens", "amount": "Betrag",
           "sentence": "was geschehen ist, in den Worten der Kundin oder des Kunden",
           "ask": "was gewünscht wird",
           "resolution_by": "Tag der Klärung", "update_by": "Tag der nächsten Nachricht",
           "answer_by": "Tag der Antwort", "up_to": "Wert der Geste", "offer": "die Geste",
           "signature": "Ihr Name"},
)  # fmt: skip

FR = Words(
    months=("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
            "novembre", "décembre"),
    weekdays=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    day="{day} {month}", year="{day} {year}", weekday="{weekday} {day}", first="1er",
    quotes=("«\N{NO-BREAK SPACE}", "\N{NO-BREAK SPACE}»"), both="et", either="ou",
    money="{number}\N{NO-BREAK SPACE}{sign}",
    greeting="Bonjour {name}", stranger="Bonjour",
    wrote="Le {day}, {name} a écrit\N{NO-BREAK SPACE}:",
    asks={"refund": "un remboursement", "replacement": "un remplacement", "repair": "une réparation",
          "apology": "des excuses", "explanation": "une explication", "compensation": "un dédommagement",
          "callback": "un appel de notre part", "cancel": "une annulation", "correction": "une rectification",
          "information": "une réponse claire"},
    offers={"voucher": "un bon d’achat", "discount": "une remise", "gift": "un petit cadeau",
            "thank-you-note": "une carte écrite à la main",
            "free-delivery": "la livraison gratuite de la prochaine commande",
            "free-content": "un contenu gratuit", "refund": "un remboursement"},
    marks={"name": "nom", "greeting": "formule d’appel", "order": "numéro de commande",
           "invoice": "numéro de facture", "product": "produit", "date": "date", "received": "jour du message",
           "amount": "montant", "sentence": "ce qui s’est passé, avec ses mots", "ask": "ce qui est demandé",
           "resolution_by": "jour où tout sera réglé", "update_by": "jour du prochain message",
           "answer_by": "jour de la réponse", "up_to": "valeur du geste", "offer": "le geste",
           "signature": "votre nom"},
)  # fmt: skip

ES = Words(
    months=("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
            "noviembre", "diciembre"),
    weekdays=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    day="{day} de {month}", year="{day} de {year}", weekday="{weekday} {day}", first="1",
    quotes=("«", "»"), both="y", either="o", money="{number}\N{NO-BREAK SPACE}{sign}",
    greeting="Hola, {name}", stranger="Hola",
    wrote="El {day}, {name} escribió:",
    asks={"refund": "un reembolso", "replacement": "un cambio", "repair": "una reparación",
          "apology": "una disculpa", "explanation": "una explicación", "compensation": "una compensación",
          "callback": "una llamada", "cancel": "una cancelación", "correction": "una corrección",
          "information": "una respuesta clara"},
    offers={"voucher": "un vale", "discount": "un descuento", "gift": "un pequeño regalo",
            "thank-you-note": "una nota escrita a mano", "free-delivery": "el envío gratis del próximo pedido",
            "free-content": "contenido gratuito", "refund": "un reembolso"},
    marks={"name": "nombre", "greeting": "saludo", "order": "número de pedido", "invoice": "número de factura",
           "product": "producto", "date": "fecha", "received": "día en que escribió", "amount": "importe",
           "sentence": "lo ocurrido, con sus palabras", "ask": "lo que pide",
           "resolution_by": "día en que quedará resuelto", "update_by": "día del próximo mensaje",
           "answer_by": "día de la respuesta", "up_to": "valor del detalle", "offer": "el detalle",
           "signature": "su nombre"},
)  # fmt: skip

_LANGUAGES = {"en": EN, "de": DE, "fr": FR, "es": ES}
_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}
_MONTHS = {month.casefold(): number for words in _LANGUAGES.values() for number, month in enumerate(words.months, 1)}
# "jui" may be June or July in French, so it is neither.
_SHORT = {word[:length]: number for length in (3, 4) for word, number in _MONTHS.items() if word[:length] != "jui"}
_ISO = re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})")
_NUMERIC = re.compile(r"\b(?P<d>\d{1,2})[./-](?P<m>\d{1,2})(?:[./-](?P<y>\d{4}|\d{2}))?\b")
_DAY_FIRST = re.compile(
    r"\b(?P<d>\d{1,2})(?:st|nd|rd|th|er|\.)?\s+(?:of\s+|de\s+)?(?P<m>[^\W\d_]{3,})\.?(?:,?\s+(?:de\s+)?(?P<y>\d{4}))?"
)
_MONTH_FIRST = re.compile(r"\b(?P<m>[^\W\d_]{3,})\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?\b(?:,?\s+(?P<y>\d{4}))?")


def words(language: str) -> Words:
    """The words of an IETF tag (`de`, `de-AT`); English for every other language."""
    return _LANGUAGES.get(language[:2].casefold(), EN)


def day(when: date, language: str, *, weekday: bool, near: date) -> str:
    """`when` in words, e.g. "Thursday 26 November"; with its year where that is not the year of `near`.

    A language without words here gets the date as ISO 8601 writes it, which reads in all of them.
    """
    if language[:2].casefold() not in _LANGUAGES:
        return when.isoformat()
    own = words(language)
    text = own.day.format(day=own.first if when.day == 1 else when.day, month=own.months[when.month - 1])
    if when.year != near.year:
        text = own.year.format(day=text, year=when.year)
    return own.weekday.format(weekday=own.weekdays[when.weekday()], day=text) if weekday else text


def read_day(text: str, near: date) -> date | None:
    """The day a person wrote ("12 November", "12.11.", "2026-11-12"); None where it is no calendar day.

    Day before month in figures, as all of the four languages but American English have it. Without a year: the
    day nearest to `near`.
    """
    for pattern in (_ISO, _NUMERIC, _DAY_FIRST, _MONTH_FIRST):
        found = pattern.search(text.casefold())
        month = _month(found["m"]) if found else 0
        if found and month:
            return _calendar_day(int(found["d"]), month, found["y"] or "", near)
    return None


def sequence(items: Sequence[str], joint: str) -> str:
    """ "a", "a and b", "a, b and c"; empty for none."""
    *head, last = items or ("",)
    return f"{', '.join(head)} {joint} {last}" if head else last


def money(text: str, language: str) -> str:
    """ "15 EUR" as the language writes it: "€15", "15 €"; anything else as it stands."""
    number, _, code = text.strip().partition(" ")
    sign = _SIGNS.get(code.upper())
    return words(language).money.format(number=number, sign=sign) if sign and number else text.strip()


def attribution(when: date, name: str, language: str) -> str:
    """The line above their quoted words, e.g. "On 20 November 2026, Anna Jones wrote:"."""
    told = day(when, language, weekday=False, near=date.min)
    return words(language).wrote.format(day=told, name=name)


def _month(text: str) -> int:
    if text.isdecimal():
        return int(text)
    return _MONTHS.get(text) or _SHORT.get(text, 0)


def _calendar_day(number: int, month: int, year: str, near: date) -> date | None:
    years = [int(year) + (2000 if len(year) == 2 else 0)] if year else [near.year - 1, near.year, near.year + 1]
    days = [found for found in (_date(each, month, number) for each in years) if found]
    return min(days, key=lambda each: abs(each - near), default=None)


def _date(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:  # the 30th of February is no day; the caller says so with None
        return None
