"""What a letter states: order and invoice numbers, dates, amounts, phone numbers, and the thing that was bought.

The patterns are RE2: the time they take grows with the text and no faster, whatever the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import re2

from plugin.model import Fact

_NUMBER = (
    r"(?:\s*(?:number|nummer|numéro|número|numero|numer|номер|no|nr|n°|nº|num|ref|id|numarası)\.?)?"
    r"\s*[:#]?\s*(?:is|ist|est|es)?\s*#?"
)
_ID = r"([A-Z0-9][A-Z0-9/_-]{2,30})"
_ORDER = (
    r"order|purchase order|bestellung|bestell|auftrag|auftrags|"
    r"commande|pedido|orden|ordine|bestelling|encomenda|zamówieni[ae]|"
    r"zamówieniu|заказу?а?|sipariş|booking|reservation|buchung|buchungs|reserva|réservation|注文"
)
_INVOICE = r"invoice|bill|rechnungs?|facture|factura|fattura|factuur|faktur[aęy]|fatura|счёт|счет|請求書"
_MONTH = (
    r"jan\w*|feb\w*|mar(?:ch|zo|s|zec|ca|et)?|märz?|apr\w*|avril|abril|may|mai|mayo|maggio|mei|maj\w*|jun[ie]?\w*|juin|jul\w*|juillet|"
    r"aug\w*|août|ago\w*|sep\w*|oct\w*|okt\w*|ott\w*|nov\w*|de[cz]\w*|déc\w*|dic\w*"
)
_CURRENCY = (
    r"€|£|\$|eur|euros?|gbp|usd|chf|pln|zł|pounds?|dollars?|pfund|dólares|livres|франков|евро|руб\w*|円|ユーロ|tl\b"
)
_SUM = r"\d{1,3}(?:[., '\x{00a0}]\d{3})*(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?"

_BOUGHT = re2.compile(
    r"(?i)\b(?:bought|ordered|purchased|received|acheté|commandé|reçu|compré|encargué|comprado|pedido)\s+"
    r"(?:\w+ly\s+)?(?:a|an|the|my|our|your|this|two|three|un|une|le|la|una|el|des|los|las)\s+([\w'-]+(?: [\w'-]+){0,3})"
)
_BESTELLT = re2.compile(
    r"\b(?:einen|eine|ein|den|die|das|Ihren|Ihre|Ihr)\s+((?:[a-zäöü]+[en]\s+)?[A-ZÄÖÜ][\w-]+(?: [A-Z0-9][\w-]*)?)"
    r"\s+(?:[^.!?\n]{0,40}\s)?(?:bestellt|gekauft|erworben)\b"
)
_PATTERNS = (
    ("invoice", re2.compile(rf"(?i)(?:(?:^|[^\pL])(?:{_INVOICE})-?{_NUMBER})\s*{_ID}")),
    ("order", re2.compile(rf"(?i)(?:(?:^|[^\pL])(?:{_ORDER})-?{_NUMBER})\s*{_ID}")),
    ("order", re2.compile(r"(\b(?:ORD|PO)-\d[A-Z0-9-]{2,20})")),
    ("order", re2.compile(r"(?:^|\s)#(\d{4,15})\b")),
    ("order", re2.compile(r"(?i)\b([A-Z0-9-]{3,20}) numaralı sipariş")),
    (
        "date",
        re2.compile(
            rf"(?i)\b(\d{{1,2}}(?:st|nd|rd|th|er|\.)?\s+(?:of\s+|de\s+)?(?:{_MONTH})\.?(?:,?\s+(?:de\s+|del\s+)?\d{{4}})?)\b"
        ),
    ),
    ("date", re2.compile(rf"(?i)\b((?:{_MONTH})\.?\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?)\b")),
    ("date", re2.compile(r"\b(\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{1,2}\.(?:\d{4}|\d{2})|\d{1,2}/\d{1,2}/(?:\d{4}|\d{2}))\b")),
    ("amount", re2.compile(rf"(?i)((?:€|£|\$|\b(?:eur|usd|gbp|chf)\b)\s?(?:{_SUM}))")),
    ("amount", re2.compile(rf"(?i)\b((?:{_SUM})\s?(?:{_CURRENCY}))")),
    ("phone", re2.compile(r"((?:\+|\b0)\d[\d ()/.-]{6,18}\d)\b")),
    ("product", _BOUGHT),
    ("product", _BESTELLT),
)
_present = re2.Set.SearchSet()  # which of the patterns a text holds, in one pass: most texts hold few
for _, _pattern in _PATTERNS:
    _present.Add(_pattern.pattern)
_present.Compile()
_ENDS = re.compile(
    r"\s(?:from|for|on|in|at|with|and|which|that|it|is|was|by|of|via|to|two|last|yesterday|this|as|but|has|have|today|i|we|broken|damaged|"
    r"chez|pour|le|en|avec|et|qui|que|il|dans|sur|est|de|du|a|à|por|para|con|y|que|el|se|del|no|llegó|who|when|because|after|about|over|"
    r"here|there|online|three|four|five|some|only|not|so|my|the)\b",
    re.IGNORECASE,
)
_NO_PRODUCT = frozenset(
    """
    order orders email mail letter refund reply answer response message messages goods item items product products
    parcel package delivery invoice bill call wrong one money confirmation few lot number bestellung ware rechnung
    artikel produkt commande colis produit article message réponse facture pedido producto artículo paquete
    factura respuesta notice
    """.split()  # noqa: SIM905 - a word list reads better as words
)
_KEPT = 40  # facts of one letter; a price list is not a letter


def facts(text: str) -> tuple[Fact, ...]:
    """The facts in `text`, in order and without overlaps, at most forty; `fact.text == text[start:end]`."""
    taken: list[Fact] = []
    used = bytearray(len(text))
    for fact in _candidates(text):
        if len(taken) < _KEPT and not any(used[fact.start : fact.end]):
            used[fact.start : fact.end] = b"\1" * (fact.end - fact.start)
            taken.append(fact)
    return tuple(sorted(taken, key=lambda fact: fact.start))


def _candidates(text: str) -> Iterator[Fact]:
    for number in sorted(_present.Match(text) or ()):
        kind, pattern = _PATTERNS[number]
        yield from _found(kind, pattern, text, _ACCEPTED[kind])


def _found(kind: str, pattern: re2._Regexp[str], text: str, accept: Callable[[str], bool]) -> Iterator[Fact]:
    for match in pattern.finditer(text):
        start, end = match.span(1)
        words = text[start:end].rstrip(" -/_.,")
        if kind == "product":
            words = _ENDS.split(words, maxsplit=1)[0]
        if accept(words):
            yield Fact(kind, words, start, start + len(words))


def _is_plain(_: str) -> bool:
    return True


def _is_number(words: str) -> bool:
    """An order or invoice number holds two digits at least, and is no year's date."""
    return sum(map(str.isdigit, words)) >= 2


def _is_phone(words: str) -> bool:
    return 9 <= sum(map(str.isdigit, words)) <= 15


def _is_product(words: str) -> bool:
    return (
        len(words) > 2
        and words.split(maxsplit=1)[0].casefold() not in _NO_PRODUCT
        and not any(map(str.isdigit, words[:1]))
    )


_ACCEPTED: dict[str, Callable[[str], bool]] = {
    "order": _is_number, "invoice": _is_number, "date": _is_plain, "amount": _is_plain, "phone": _is_phone,
    "product": _is_product,
}  # fmt: skip
