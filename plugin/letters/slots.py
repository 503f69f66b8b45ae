"""What a letter may say of a complaint: one function per slot, and the cleaning of what came from mail."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby

from plugin.hours import Hours
from plugin.judge import key_sentence
from plugin.judge.facts import facts
from plugin.judge.reading import whole_sentences
from plugin.letters.phrases import INCIDENT, SHIPPED, Phrases, Words
from plugin.letters.words import clock, day, money, read_day, sequence
from plugin.model import Assessment, Fact, Origin, clip

ADDRESS_CHECK = "[[check the address]]"
"""Stands on top of a letter whose recipient was taken from a forwarded mail; the same in every language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What is known of the incident a complaint is about; the texts are a site's own, in the letter's language.

    `started` and `ended` are in UTC; without an end it goes on.
    """

    what: str
    started: datetime | None = None
    ended: datetime | None = None
    fix: str = ""
    gesture: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """All a letter may be made of.

    `name` is the customer's, or empty. `dates` are the due dates known, in UTC, by "acknowledgement", "update"
    (when they hear from us next) and "resolution". Days are told in the zone of `hours`. `up_to` ("15 EUR") and
    `offer` belong to a gesture of goodwill. `voice` and `phrases` say it, `case` decides which variant of a phrase.
    `category` and `channel` are the case's, for people may know better than the judge. `written_at` is when the letter
    is written (else when they wrote), `attached` tells that they sent a file along.
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
    voice: str = "plain"
    case: str = ""
    category: str = "other"
    channel: str = "email"
    incident: Incident | None = None
    written_at: datetime | None = None
    attached: bool = False
    phrases: Phrases = SHIPPED

    @property
    def words(self) -> Words:
        """What the code says itself, in the language of the letter."""
        return self.phrases.of(self.language).words

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories of a phrase that fit, the best one first."""
        return (INCIDENT, self.category) if self.incident else (self.category,)


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
# As address books have it: "Jones, Anna", "van der Berg, Jan"; "Anna Jones, Leeds" and "Jones, MD" are left alone.
_FAMILY_FIRST = re.compile(
    r"((?:[^\W\d_A-ZÀ-Þ][\w'’]*\s+)*[^\s,]+),\s*((?!(?i:phd|esq)\b)[^\W\d_][\w'’ -]*[^\W\d_A-ZÀ-Þ])"
)
_WISHES_LISTED = 3
_REMEDIES = frozenset({"refund", "replacement", "repair"})  # nobody is given two of these for the same thing
_PUBLIC = frozenset({"social", "review"})
_QUOTED, _SHORTEST_QUOTE = 150, 50  # characters of a sentence of theirs
_CLAUSE_END = re.compile(r"[,;:]? (?=[-–—(] )|[,;:](?= )|(?<=[')]) ")
_OPENS, _CLOSES = re.compile(r"(?:^|(?<=[\s(]))'(?=\w)"), re.compile(r"(?<=[\w.!?…])'(?=[\s,;:.)]|$)")
_REQUEST = re.compile(
    r"(?i)\?$|^(?:and |but |so )?(?:please|kindly|bitte|merci de|veuillez|je vous prie|por favor|les? ruego)\b"
)
# "I don't want a refund": the wish behind it is none. "I have not had my refund" is one, so it takes a wanting as well.
_UNWANTED = re.compile(
    r"(?i)(?:(?:do not|don['’]?t|no longer|not) (?:want|need|wish|ask|expect)"
    r"|(?:will|möchte|brauche|wollen|möchten) (?:\w+ )?kein\w*|ne (?:veux|souhaite|demande|voulons) (?:pas|plus)"
    r"|\bno (?:quiero|pido|necesito|queremos))\b[^,.;:!?]*$"
)
_PERHAPS = {"order": re.compile(r"\b[A-Za-z]{1,4}[-/]?\d{4,}\b"), "amount": re.compile(r"\b\d+[.,]\d\d\b")}
_BEFORE = 30  # characters before a wish in which it may be taken back
_LONGEST_TOLD = 16 * 1024  # characters of theirs in which is looked for what it meant
_FEWEST_WORDS = 4
_FEWEST_SHOUTED, _SHOUTED = 3, 0.6
_I = re.compile(r"\bi\b")
_MORNING, _EVENING = time(9), time(18)
_CALL, _SHORTEST_CALL = timedelta(hours=2), timedelta(hours=1)
_DAYS_AHEAD = 40  # who is closed for longer names no time for a call
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
    return name if _is_firm(name) else _uncapitalised(_given_first(name))


def _given_first(name: str) -> str:
    found = _FAMILY_FIRST.fullmatch(name)
    return f"{found[2]} {found[1]}" if found else name


def _uncapitalised(name: str) -> str:
    """ "GARY B" is Gary B; a name of short words only (JD) may be initials and stays."""
    longest = max(len(word) for word in re.findall(r"[^\W\d_]+", name))
    return name.title() if name.isupper() and longest > 2 else name


def _is_firm(name: str) -> bool:
    return _FIRM.search(name) is not None


def _greeting(material: Material) -> str:
    """Their name in a greeting; a firm is greeted as somebody not known by name is, for nobody there bears it."""
    own, name = material.words, _name(material)
    if name and not _is_firm(name):
        return _voiced(own.greeting, material.voice).format(name=name)
    return _voiced(own.stranger, material.voice)


def _voiced(texts: Mapping[str, str], voice: str) -> str:
    return texts.get(voice) or texts.get("plain", "")


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
    return sequence(numbers, material.words.both)


@lru_cache(maxsize=8)
def _facts_of(subject: str) -> tuple[Fact, ...]:
    return tuple(facts(subject))  # asked for each kind of number a letter names


def _first(material: Material, kind: str) -> str:
    return next(iter(_stated(material, kind)), "")


def _only(material: Material, kind: str) -> str:
    """What they stated of that kind; of several nobody knows which was paid, and which is wanted back."""
    stated = _stated(material, kind)
    return stated[0] if len(stated) == 1 else ""


def _wrote_on(material: Material) -> date:
    return material.hours.local(material.received_at).date()


def _product(material: Material) -> str:
    """What they bought, without "my" or "the", for the letter brings its own."""
    named = _first(material, "product")
    article = _ARTICLE.match(named)
    return named[article.end() :].strip() if article else named


def _received(material: Material) -> str:
    return _told(material, _wrote_on(material))


def _told(material: Material, when: date, *, weekday: bool = False) -> str:
    """A day in words, with its year where that is another than the one they wrote in."""
    near = _wrote_on(material)
    return day(when, material.language, weekday=weekday, near=near, phrases=material.phrases)


def _days(material: Material) -> list[date]:
    """The days they mention."""
    wrote = _wrote_on(material)
    read = (read_day(text, wrote, material.language) for text in _stated(material, "date"))
    return [found for found in read if found]


def _when(material: Material) -> str:
    """The day they mention, where it may be that of what happened: none that was still to come."""
    past = [found for found in _days(material) if found <= _wrote_on(material)]
    return _told(material, past[0]) if past else ""


def _date(material: Material) -> str:
    """The day they mention; else the day they wrote."""
    return _told(material, [*_days(material), _wrote_on(material)][0])


def _by(material: Material, *kinds: str) -> str:
    """The earliest of these due dates, as the day it falls on."""
    moments = [material.dates[kind] for kind in kinds if kind in material.dates]
    if not moments:
        return ""
    # What is due at midnight is due at the end of the day before.
    last = (material.hours.local(min(moments)) - timedelta(microseconds=1)).date()
    return _told(material, last, weekday=True)


def _sentence(material: Material) -> str:
    """What went wrong in their words, quoted."""
    return _quoted(material, _said(_key(material.assessment)))


@lru_cache(maxsize=8)
def _key(assessment: Assessment) -> str:
    """Their sentence that says best what went wrong; a mere wish, which `ask` names, only where there is no other."""
    wishes = [said for said in assessment.evidence if said.label.startswith("ask-")]
    telling = [said for said in assessment.evidence if said.label == "complaint"]
    no_wish = [said for said in telling if not any(one.start < said.end and said.start < one.end for one in wishes)]
    return key_sentence(replace(assessment, evidence=tuple(no_wish or telling)))


def _said(sentence: str) -> str:
    """A sentence of theirs fit to be quoted: without their salutation, and no longer than one reads at a glance."""
    whole = _SALUTATION.sub("", clean(sentence, _LONGEST_SCANNED)).translate(_QUOTES).strip(" .,;:")
    whole = _calmed(whole) if _is_shouted(whole) else whole
    short = _unpaired(_shortened(whole)).strip(" .,;:!")  # our own full stop follows behind the quotes
    return short if any(char.isalpha() for char in short) else ""


def _is_shouted(text: str) -> bool:
    """Whether more than three fifths of the letters of three words or more are capitals."""
    letters = [char for char in text if char.isalpha()]
    return len(text.split()) >= _FEWEST_SHOUTED and sum(map(str.isupper, letters)) > _SHOUTED * len(letters)


def _calmed(text: str) -> str:
    """A shouted sentence as it is written: a capital first, then none but in "I" and in words with a figure."""
    calm = re.sub(r"(?<!\S)[^\s\d]+(?!\S)", lambda word: _I.sub("I", word[0].lower()), text)
    return re.sub(r"[^\W\d_]", lambda first: first[0].upper(), calm, count=1)


def _shortened(text: str) -> str:
    """At most so much as one quotes, cut behind a clause where there is one."""
    if len(text) <= _QUOTED:
        return text
    ends = [found.start() for found in _CLAUSE_END.finditer(text, _SHORTEST_QUOTE, _QUOTED)]
    return f"{text[: ends[-1]]}…" if ends else clip(text, _QUOTED)


def _unpaired(text: str) -> str:
    """Without a quotation mark at either end that has no other to go with it."""
    opens, closes = len(_OPENS.findall(text)), len(_CLOSES.findall(text))
    if opens != closes:
        text = text.removesuffix("'") if closes > opens else text.removeprefix("'")
    return text


def _quoted(material: Material, said: str) -> str:
    opening, closing = material.words.quotes
    return f"{opening}{said}{closing}" if said else ""


def _effect(material: Material) -> str:
    """Their own sentence that tells best what it meant for them, quoted; never what `sentence` quotes already."""
    cues, own = _cues(material.words.effect), _straight(material.assessment.own_text[:_LONGEST_TOLD])
    if cues is None or not cues.search(own.casefold()):
        return ""
    best, most, known = "", 0, _bare(_said(_key(material.assessment)))
    for told, found in _telling(material.assessment, cues):
        if found > most and not _is_part(_bare(said := _said(told)), known):
            best, most = said, found
    return _quoted(material, best)


def _telling(assessment: Assessment, cues: re.Pattern[str]) -> Iterator[tuple[str, int]]:
    """Their sentences that tell what it meant, and by how many cues: no question, demand or threat, neither a stub nor
    a page.
    """
    own = assessment.own_text[:_LONGEST_TOLD]
    # Who had to explain to others why something failed tells what it cost, though "explain" is what an ask sounds like.
    wanted = [(said.start, said.end) for said in assessment.evidence
              if said.label.startswith(("ask-", "risk-")) and said.label != "ask-explanation"]  # fmt: skip
    for start, end in whole_sentences(own):
        told = _straight(own[start:end]).strip()
        found = len(set(cues.findall(told.casefold())))
        fits = found and len(told.split()) >= _FEWEST_WORDS and len(told) <= _LONGEST_SCANNED
        if fits and not _REQUEST.search(told) and not any(head < end and start < tail for head, tail in wanted):
            yield told, found


@lru_cache(maxsize=16)
def _cues(cues: tuple[str, ...]) -> re.Pattern[str] | None:
    """Any of these words and phrases in small letters, whole; None for none. Fixed words, so the time is linear."""
    plain = sorted({_straight(cue).casefold() for cue in cues})
    return re.compile(rf"\b{_any_of(plain)}\b") if plain else None


def _any_of(texts: Sequence[str]) -> str:
    """A pattern of the longest of these sorted texts that fits; what begins alike is looked at once, not for each."""
    alike = groupby(texts, lambda text: text[:1])
    branches = [re.escape(head) + _any_of([text[1:] for text in some]) if head else "" for head, some in alike]
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(sorted(branches, key=bool, reverse=True))})"


def _straight(text: str) -> str:
    return text.replace("’", "'")


def _bare(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _is_part(one: str, other: str) -> bool:
    return not one or (bool(other) and (one in other or other in one))


def _ask(material: Material) -> str:
    """What they ask for, at most three things: the remedies as a choice, whatever else beside them."""
    own = material.words
    asks = [ask for ask in material.assessment.asks if ask in own.asks and not _is_unwanted(material.assessment, ask)]
    del asks[_WISHES_LISTED:]
    remedies = sequence([own.asks[ask] for ask in asks if ask in _REMEDIES], own.either)
    others = [own.asks[ask] for ask in asks if ask not in _REMEDIES]
    return sequence([remedies, *others] if remedies else others, own.both)


def _is_unwanted(assessment: Assessment, ask: str) -> bool:
    """Whether every place that sounds like this wish is one where they say that they do not want it."""
    said = [found for found in assessment.evidence if found.label == f"ask-{ask}"]
    upto = (_first_clause(assessment.own_text, found.start, found.end) for found in said)
    return bool(said) and all(_UNWANTED.search(text) for text in upto)


def _first_clause(own: str, start: int, end: int) -> str:
    """What stands before a span, and the span as far as its first stop."""
    head, tail = own[max(0, start - _BEFORE) : start], own[start:end]
    return head + re.split("[,.;:!?]", tail, maxsplit=1)[0]


def _known(material: Material) -> dict[str, str]:
    """The facts they stated, by kind, as a letter says them."""
    return {
        "order": _number(material, "order"),
        "invoice": _number(material, "invoice"),
        "product": _product(material),
        "date": next((_told(material, found) for found in _days(material)), ""),
        "amount": sequence(_stated(material, "amount")[:3], material.words.both),
        "place": _first(material, "place"),
    }


def _facts(material: Material) -> str:
    own, known = material.words.facts, _known(material)
    if material.category == "booking" and "booking" in own:
        own = {**own, "order": own["booking"]}
    told = [own[kind].format(value=value) for kind, value in known.items() if value and kind in own]
    if len(told) == 1 and not (known["order"] or known["invoice"] or known["product"]):
        return ""  # a day or a sum alone tells nothing of the matter
    return sequence(told, material.words.both)


def _missing(material: Material) -> str:
    """What such a complaint needs to be looked into and they have not told, in words."""
    own, known = material.words, _known(material)
    known["photo"] = "yes" if material.attached else ""
    told = f"{material.subject[:_LONGEST_SCANNED]}\n{material.assessment.own_text[:_LONGEST_TOLD]}"
    for kind, pattern in _PERHAPS.items():  # nobody is asked for what they wrote, though it was not understood
        known[kind] = known[kind] or ("yes" if pattern.search(told) else "")
    # One number is enough to find it all by, and a day that cannot be read as one was told all the same.
    known["order"] = known["invoice"] = known["order"] or known["invoice"]
    known["product"], known["date"] = known["product"] or known["order"], known["date"] or _first(material, "date")
    wanted = [kind for kind in NEEDED.get(material.category, ()) if not known[kind]]
    if "callback" in material.assessment.asks and not _stated(material, "phone"):
        wanted.append("phone")
    return sequence([own.missing[kind] for kind in wanted if kind in own.missing], own.both)


def _call_times(material: Material) -> str:
    """Two times for a call, on the next two open days: at the beginning of the one and at the end of the other."""
    found: list[str] = []
    today = material.hours.local(material.written_at or material.received_at).date()
    for ahead in range(1, _DAYS_AHEAD):
        on = today + timedelta(days=ahead)
        if windows := material.hours.windows(on):
            found.append(_call(material, on, windows, late=bool(found)))
        if len(found) == 2:
            break
    return sequence(found, material.words.either)


def _call(material: Material, on: date, windows: Sequence[tuple[datetime, datetime]], *, late: bool) -> str:
    opened, closed = (material.hours.local(moment) for moment in windows[-1 if late else 0])
    start, end = max(opened, _at(opened, on, _MORNING)), min(closed, _at(opened, on, _EVENING))
    if end - start < _SHORTEST_CALL:  # who is open at night only calls at night
        start, end = opened, closed
    start, end = (max(start, end - _CALL), end) if late else (start, min(end, start + _CALL))
    told = _told(material, on, weekday=True)
    shown = (clock(moment, material.language) for moment in (start, end))
    return material.words.call.format(day=told, start=next(shown), end=next(shown))


def _at(like: datetime, on: date, at: time) -> datetime:
    return datetime.combine(on, at, like.tzinfo)


def _moment(material: Material, when: datetime | None) -> str:
    if when is None:
        return ""
    local = material.hours.local(when)
    return material.words.moment.format(
        day=_told(material, local.date(), weekday=True), time=clock(local, material.language)
    )


def _of_incident(part: str) -> Callable[[Material], str]:
    """A text of the incident, which is the site's own; it stays one line without a brace."""
    return lambda material: clip(_visible(getattr(material.incident, part, "")).translate(_NO_BRACES), 600)


def _offer(material: Material) -> str:
    own = material.words
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
    "when": _when,
    "place": lambda material: _first(material, "place"),
    "amount": lambda material: _only(material, "amount"),
    "received": _received,
    "sentence": _sentence,
    "effect": _effect,
    "ask": _ask,
    "facts": _facts,
    "missing": _missing,
    "call_times": _call_times,
    "resolution_by": lambda material: _by(material, "resolution"),
    "update_by": lambda material: _by(material, "update"),
    "answer_by": lambda material: _by(material, "update", "resolution"),
    "up_to": lambda material: money(clean(material.up_to, 40), material.language),
    "offer": _offer,
    "signature": _signature,
    "address_check": lambda material: ADDRESS_CHECK if material.origin is Origin.FORWARD else "",
    "incident_what": _of_incident("what"),
    "incident_from": lambda material: _moment(material, material.incident.started if material.incident else None),
    "incident_until": lambda material: _moment(material, material.incident.ended if material.incident else None),
    "incident_fix": _of_incident("fix"),
    "incident_gesture": _of_incident("gesture"),
}
"""Every slot a letter may name, and how it is filled; an empty value means: not known."""

FLAGS: Mapping[str, Callable[[Material], bool]] = {
    "plain": lambda material: material.voice == "plain",
    "warm": lambda material: material.voice == "warm",
    "formal": lambda material: material.voice == "formal",
    "talk": lambda material: material.assessment.heated or "callback" in material.assessment.asks,
    "public": lambda material: material.channel in _PUBLIC,
    "incident": lambda material: material.incident is not None,
}
"""What a letter may only ask for, in {if …}."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    "delivery": ("order",), "product-quality": ("order", "photo"), "billing": ("invoice", "amount"),
    "refund": ("order",), "staff-conduct": ("date",), "cancellation": ("order",), "booking": ("order", "date"),
    "safety": ("product",), "contract": ("order",),
}  # fmt: skip
"""The facts a complaint of each category is looked into by."""
