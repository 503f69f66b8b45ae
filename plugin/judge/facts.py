"""What a letter states: order and invoice numbers, dates, amounts, phone numbers, persons, places and what was bought.

A fact that is wrong in an answer is worse than one that is missing, so each pattern wants a word in front or behind
that says what the thing is, and what may be something else is left: a tracking number, an account, a postcode, a year.
All languages are looked for at once. The patterns are RE2: the time they take grows with the text and no faster.
"""

from __future__ import annotations

import re
from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

import re2

from plugin.judge.late import late
from plugin.model import Fact

_KEPT = 40  # facts of one letter; a price list is not a letter
_TRIED = 200  # places a pattern is looked at
_COUNTED = 16 * 1024  # characters of a text that are looked at
_AROUND = 40  # characters in front of a number that may say what it is
_B = r"(?:^|[^\pL\pN_])"  # RE2's \b knows ASCII only

# Numbers of orders and invoices.
_NUMBER_WORD = (
    r"(?:numbers?|nummer|numéro|número|numero|numer|numaras[ıi]|номер|no|nr|n°|nº|n\.|num|núm|ref|reference|"
    r"referentie|id|code|#)"
)
_LINK = (
    rf"(?:[ \t-]*{_NUMBER_WORD}\.?)?[ \t]*[:#]?[ \t]*(?:is|ist|est|es|è|é|lautet|mit der nummer|number|nummer|de|del|"
    rf"numéro|número|n°|nº)?[ \t]*[:#]?[ \t]*"
)
_ID = r"([A-Z]{0,6}[/_-]?[A-Z]{0,3}-?\d[A-Z0-9/_-]{1,28})"
_ORDER = (
    r"(?:purchase )?order|bestellung|bestell|auftrags?|auftrag|commande|pedido|orden(?: de compra)?|ordine|"
    r"bestelling|"
    r"bestel|encomenda|zamówieni[ae]|zamówieniu|заказу?а?|sipariş|booking|reservation|buchungs?|reserva|réservation|"
    r"prenotazione|boeking|reservering"
)
_INVOICE = r"invoice|rechnungs?|rechnung|facture|factura|fattura|factuur|faktur[aęy]|fatura|bolletta|boleto|счёт|счет"
_JAPANESE_ORDER, _JAPANESE_INVOICE = "注文", "請求書"

# Days.
_MONTH = (
    "january|february|march|april|june|july|august|september|october|november|december|"
    "januar|jänner|februar|märz|maerz|mai|juni|juli|oktober|dezember|"
    "janvier|février|fevrier|mars|avril|juin|juillet|août|aout|septembre|octobre|novembre|décembre|decembre|"
    "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre|"
    "janeiro|fevereiro|março|marco|maio|junho|julho|setembro|outubro|novembro|dezembro|"
    "gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre|"
    "januari|februari|maart|mei|augustus|"
    "stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|października|listopada|grudnia"
)
_SHORT_MONTH = (
    "Jan|Feb|Mar|Mär|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Okt|Nov|Dec|Dez|janv|févr|avr|juil|sept|oct|nov|déc|dic|ene|"
    "abr|ago"
)
_EN_MONTH = (
    "January|February|March|April|May|June|July|August|September|October|November|December|"
    "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
)
_YEAR = r"(?:,?[ \t]+(?:de[ \t]+|del[ \t]+)?(?:19|20)\d\d)?"
_WEEKDAY = (
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|montag|dienstag|mittwoch|donnerstag|freitag|samstag|"
    r"sonnabend|sonntag|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|miércoles|miercoles|jueves|"
    r"viernes|sábado|sabado|domingo|segunda-feira|terça-feira|quarta-feira|quinta-feira|sexta-feira|lunedì|martedì|"
    r"mercoledì|giovedì|venerdì|sabato|domenica|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag"
)
_DATES = (
    (
        rf"(\d{{1,2}}(?:st|nd|rd|th|er|º|°|\.)?[ \t]+(?:of[ \t]+|de[ \t]+)?(?:(?i:{_MONTH})|May|"
        rf"(?:{_SHORT_MONTH})\.?){_YEAR})(?:[^\pL\pN]|$)",
        rf"\d(?:st|nd|rd|th|er|º|°|\.)?[ \t]+(?:of[ \t]+|de[ \t]+)?(?:(?i:{_MONTH})|{_SHORT_MONTH}|May)",
    ),
    (
        rf"((?:{_EN_MONTH})\.?[ \t]+\d{{1,2}}(?:st|nd|rd|th)?(?:,?[ \t]+(?:19|20)\d\d)?)(?:[^\pL\pN.:%/-]|[.:]"
        rf"(?:\D|$)|$)",
        rf"(?:{_EN_MONTH})\.?[ \t]+\d",
    ),
    (
        r"((?:19|20)\d\d-\d{2}-\d{2}|\d{1,2}\.\d{1,2}\.(?:(?:19|20)\d\d|\d{2})|\d{1,2}/\d{1,2}/(?:(?:19|20)\d\d|"
        r"\d{2})|\d{1,2}-\d{1,2}-(?:19|20)\d\d)(?:[^\pL\pN-]|$)",
        r"\d[./-]\d",
    ),
    (
        r"(?i:am|vom|zum|bis|seit|den|ab)[ \t]+(\d{1,2}\.\d{1,2}\.)(?:\D|$)",
        r"(?i:am|vom|zum|bis|seit|den|ab)[ \t]+\d{1,2}\.\d{1,2}\.",
    ),
    (r"(\d\d\.\d\d\.)(?:[ \t,;)]|$)", r"\d\d\.\d\d\."),
    (
        rf"(?i:((?:last|on|this past|letzten|am|vergangenen|am letzten|on last|le|el pasado|el|este|na|no|passada|"
        rf"passado|op|afgelopen|vorige|lo scorso|la scorsa)[ \t]+(?:{_WEEKDAY})(?:[ \t]+(?:dernier|pasado|passado|"
        rf"passada|scorso|scorsa))?|(?:{_WEEKDAY})[ \t]+(?:dernier|pasado|passado|passada|scorso|scorsa)))"
        rf"(?:[^\pL\pN]|$)",
        rf"(?i:{_WEEKDAY})",
    ),
)

# Sums of money.
_SUM = r"(?:\d{1,3}(?:[., '’\x{00a0}\x{202f}]\d{3})+(?:[.,]\d{2})?|\d+(?:[.,]\d{1,2})?)"
_AMOUNTS = (
    (
        rf"((?:(?:US|A|R|CA)?\$|€|£|¥|(?i:eur|usd|gbp|chf|pln|sek|nok|dkk|brl|aud|cad))[ \x{{00a0}}]?{_SUM}"
        rf"(?:[,.]-)?)(?:[^\pL\pN]|$)",
        r"(?:[$€£¥]|(?i:eur|usd|gbp|chf|pln|sek|nok|dkk|brl|aud|cad))[ \x{00a0}]?\d",
    ),
    (
        rf"({_SUM}(?:[,.]-)?[ \t\x{{00a0}}\x{{202f}}]?(?:€|£|\$|¥|円|zł|(?i:eur|euros?|gbp|usd|chf|pln|sek|nok|dkk|"
        rf"kr|kronor|pounds?|dollars?|dólares|dollari|francs|franken|livres|sterline|libras|reais|złotych|руб\pL*|"
        rf"евро|tl|ユーロ|£)))(?:[^\pL\pN]|$)",
        r"\d[,.-]{0,2}[ \t\x{00a0}\x{202f}]?(?:€|£|\$|¥|円|zł|(?i:eur|gbp|usd|chf|pln|sek|nok|dkk|kr|pound|dol|dól|"
        r"fran|livres|ster|libras|reais|złot|руб|евро|tl|ユーロ))",
    ),
)

# Telephones.
_PHONES = (
    (
        r"((?:\+|00)[1-9][\d ()/.-]{6,20}\d|0[1-9][\d ()/.-]{6,16}\d|\(0\d{1,5}\)[\d /.-]{5,14}\d)(?:[^\pL\pN]|$)",
        r"[+0(]\d[\d ()/.-]{5}",
    ),
    (
        r"(?i:tel|telefon|telefono|teléfono|téléphone|telefone|telefoon|phone|mobile|cell|handy|mobil|móvil|"
        r"portable|call me (?:on|at|under)|reach me (?:on|at)|ring me on)"
        r"\.?[ \t]*(?:number|nummer|numéro|número|no\.?|nr\.?)?[ \t]*:?[ \t]*(?:is[ \t]+)?(\(?\d[\d ()/.-]{5,18}\d)"
        r"(?:[^\pL\pN]|$)",
        r"\d[\d ()/.-]{5}",
    ),
)

# Persons and places bear capitals.
_NAME = r"\p{Lu}[\pL'’]+(?:-\p{Lu}[\pL'’]+)?"
_NAMES = rf"{_NAME}(?:[ ](?:van |de |von |der |den |da |di )?{_NAME})?"
_TITLE = (
    r"Mrs?\.?|Ms\.?|Miss|Dr\.?|Frau|Herrn?|M\.|Mme|Mlle|Monsieur|Madame|Señora?|Sra?\.|Senhora?|Sig(?:nor|nora|\.|"
    r"\.ra)|"
    r"[Mm]evrouw|[Mm]eneer|[Dd]hr\.|[Mm]w\.|[Mm]evr\."
)
_ROLE = (
    r"(?i:your (?:colleague|employee|manager|technician|driver|assistant|agent|advisor|adviser)|"
    r"ihre?[mrn]? (?:kollegin|kollegen?|mitarbeiterin|mitarbeiters?|technikers?|fahrers?)|"
    r"votre (?:collègue|employée?|technicien|conseiller|conseillère|collaborateur|collaboratrice)|"
    r"su (?:compañer[oa]|emplead[oa]|técnico|colega)|(?:seu|sua|vosso|vossa) (?:colega|funcionári[oa]|técnico)|"
    r"(?:vostr[oa]|suo|sua) (?:collega|dipendente|tecnico|operatore|operatrice)|"
    r"(?:uw|jullie) (?:collega|medewerker|medewerkster|monteur)),?"
)
_SPOKE = (
    r"(?i:spoke (?:to|with)|speaking (?:to|with)|talked (?:to|with)|a (?:woman|man|lady) (?:called|named)|"
    r"gesprochen mit|sprach mit|parlé (?:à|avec)|"
    r"hablé con|falei com|parlato con|gesproken met|sprak met)"
)
_PERSONS = (
    (rf"((?:{_TITLE})[ ]{_NAMES})(?:[^\pL\pN]|$)", rf"(?:{_TITLE})[ ]"),
    (rf"(?:{_ROLE}|{_SPOKE})[ ]((?:(?:{_TITLE})[ ])?{_NAMES})(?:[^\pL\pN]|$)", rf"(?:{_ROLE}|{_SPOKE})[ ]"),
)
_BRANCH = (
    r"(?i:branch|store|shop|restaurant|hotel|office|outlet|café|cafe|salon|clinic|gym|filiale|geschäft|laden|markt|"
    r"niederlassung|praxis|magasin|agence|boutique|tienda|sucursal|oficina|local|loja|agência|filial|negozio|"
    r"punto vendita|winkel|filiaal|vestiging)"
)
_PLACES = (
    (
        rf"{_BRANCH}[ ](?i:in|at|on|de|à|en|em|do|da|di|a|te|von)[ ]({_NAME}(?:[ ]{_NAME})?)(?:[^\pL\pN]|$)",
        rf"{_BRANCH}[ ]",
    ),
    (
        rf"(?i:your)[ ]({_NAME}(?:[ ]{_NAME})?)[ ](?:branch|store|shop|office|outlet|restaurant|hotel|showroom|"
        rf"warehouse)(?:[^\pL\pN]|$)",
        r"(?:branch|store|shop|office|outlet|restaurant|hotel|showroom|warehouse)",
    ),
    (
        rf"(?i:ihrer?|eurer?|der)[ ](?:Filiale|Niederlassung|Markt)[ ]({_NAME}(?:-{_NAME})?)(?:[^\pL\pN]|$)",
        r"(?:Filiale|Niederlassung|Markt)[ ]",
    ),
)

# Things bought: what stands beside the verb of buying, or is called new.
_PIECE = r"[\pL\pN][\pL\pN'’-]*"
_NOUNS = rf"({_PIECE}(?:[ ]{_PIECE}){{0,3}})"
_ROMANCE = rf"({_PIECE}(?:[ ](?:d['’]|(?:de|à|da|di|con|en|a)[ ])\pL[\pL'’-]*)?)"
_GERMAN = r"((?:[a-zäöüß]+[en][ ])?\p{Lu}[\pL\pN-]+(?:[ ]\p{Lu}?[\pN][\pL\pN-]*)?)"
_PRODUCTS = (
    (
        rf"(?i:bought|ordered|purchased)[ ](?:(?:from you|online|recently)[ ])?(?i:an?|the|my|our|this|two|three|"
        rf"one of your)[ ]{_NOUNS}",
        r"(?i:bought|ordered|purchased)[ ]",
    ),
    (rf"(?i:my|our)[ ](?:brand[ -])?new[ ]{_NOUNS}", r"(?i:my|our)[ ](?i:brand[ -])?new[ ]"),
    (
        rf"(?i:the|my|this|that|these|those|our)[ ]({_PIECE}(?:[ ]{_PIECE}){{0,2}})[ ](?:(?:that|which)[ ])?(?:I|we|"
        rf"We)(?:['’]ve|[ ]have)?[ ](?:just[ ])?(?:bought|ordered|purchased|received|got)(?:[^\pL]|$)",
        r"(?:I|[Ww]e)(?:.ve|[ ]have)?[ ](?:just[ ])?(?:bought|ordered|purchased|received|got)",
    ),
    (
        rf"(?i:the|this)[ ]({_PIECE}(?:[ ]{_PIECE}){{0,2}})[ ](?:that[ ]|which[ ])?you[ ](?:sold|sent|delivered)"
        rf"(?:[^\pL]|$)",
        r"you[ ](?:sold|sent|delivered)",
    ),
    (
        rf"(?i:einen|eine|ein|den|die|das|meinen|meine|mein|ihren|ihre|ihr)[ ]{_GERMAN}[ ](?:[^.!?,\n]{{0,40}}[ ])?"
        rf"(?:bestellt|gekauft|erworben)(?:[^\pL]|$)",
        r"(?:bestellt|gekauft|erworben)",
    ),
    (rf"(?i:meine?[mnr]?|unsere?[mnr]?)[ ]neue[mnrs]?[ ]{_GERMAN}", r"[ ]neue[mnrs]?[ ]"),
    (
        rf"(?i:der|die|das)[ ]{_GERMAN},[ ](?:den|die|das)[ ](?:ich|wir)[ ](?:[^.!?,\n]{{0,40}}[ ])?(?:bestellt|"
        rf"gekauft|erworben|bekommen|erhalten)(?:[^\pL]|$)",
        r",[ ](?:den|die|das)[ ](?:ich|wir)[ ]",
    ),
    (
        rf"(?i:mon[ ]nouve(?:au|l)|ma[ ]nouvelle|notre[ ]nouve(?:au|l|lle)|mi[ ]nuev[oa]|nuestr[oa][ ]nuev[oa]|"
        rf"(?:o[ ])?meu[ ]novo|(?:a[ ])?minha[ ]nova|mio[ ]nuovo|mia[ ]nuova)[ ]{_ROMANCE}",
        r"(?i:nouve|nuev|novo|nova|nuov)",
    ),
    (
        rf"(?i:acheté|commandé|compré|encargué|comprei|encomendei|comprato|acquistato|ordinato)[ ](?i:une?|le|la|"
        rf"un[oa]?|el|uma?|o|a|il|lo|mon|ma|mi)[ ]{_ROMANCE}",
        r"(?i:acheté|commandé|compré|encargué|comprei|encomendei|comprato|acquistato|ordinato)[ ]",
    ),
    (
        rf"(?i:le|la|l['’]|el|los|las|o|a|il|lo|i|gli)[ ]?({_PIECE}(?:[ ](?:d['’]|(?:de|à|da|di)[ ]){_PIECE})?)[ ]"
        rf"(?:que[ ]j['’]ai[ ](?:acheté|commandé|reçu)e?s?|que[ ](?:compré|pedí|encargué|he[ ]comprado|he[ ]"
        rf"recibido|recibí|comprei|encomendei|recebi)|che[ ]ho[ ](?:comprato|acquistato|ordinato|ricevuto))"
        rf"(?:[^\pL]|$)",
        r"(?:que[ ]j['’]ai|que[ ](?:compré|pedí|encargué|he|recibí|comprei|encomendei|recebi)|che[ ]ho)",
    ),
    (rf"(?i:mijn|onze)[ ]nieuwe[ ]({_PIECE})", r"(?i:mijn|onze)[ ]nieuwe[ ]"),
    (
        rf"(?i:een|de|het)[ ]({_PIECE}(?:[ ]{_PIECE})?)[ ](?:(?:die|dat)[ ]ik[ ])?"
        rf"(?:[^.!?,\n]{{0,30}}[ ])?(?:heb[ ])?(?:gekocht|besteld)(?:[^\pL]|$)",
        r"(?:gekocht|besteld)",
    ),
)

_GREETING = late(
    r"(?i)(?:dear|hello|hi|hallo|guten (?:tag|morgen|abend)|geehrte[rs]?|liebe[rs]?|bonjour|bonsoir|ch(?:er|ère)|"
    r"estimad[oa]|hola|querid[oa]|caro|cara|prezad[oa]|olá|gentile|egregi[oa]|geachte|beste|dag|thanks|regards)"
    r",?(?:\s(?:mr|mrs|ms)\.? (?:and|&))?\s*$"
)
_TITLED = late(_TITLE)
_OTHER_NUMBER = late(
    r"(?i)(?:number|nummer|numm?ers|numéro|número|numero|no\.?|nr\.?|n°|nº|id|code|konto|account|iban|bic|tracking|"
    r"sendung\w*|"
    r"colis|suivi|envío|track|ref\.?|reference|serial|serien\w*|ean|isbn|ticket|case|vat|ust\w*|order|"
    r"invoice)[\s:#-]*$"
)
_TELEPHONE = late(
    r"(?i)(?:tel|phone|fono|fone|mobil|mobile|handy|cell|ruf|call|ring|appel|joign|llam|móvil|chiam|cellulare|bel|"
    r"lig|fax|whatsapp)"
)
_NO_ORDER_SIGN = late(
    r"(?i)(?:ticket|case|tracking|track|apartment|apt|suite|room|flat|unit|gate|seat|row|number|item|issue|bug|pr|"
    r"step|top)\s*$"
)
_MERELY_ORDERING = late(r"(?i)(?:\bto|\bplease|\bwould|\bcould|\bcan|\bwill|\bi|\bwe)\s+(?:purchase )?order[\s:]*$")
_CURRENCY = late(
    r"(?i)\s?(?:€|£|\$|%|eur|usd|gbp|chf|pounds?|dollars?|kr|days|weeks|times|pieces|stück|st\.|uhr|x)\b|\s?[€£$%]"
)
_DATE_LIKE = late(r"\d{4}-\d\d-\d\d|\d{1,2}/\d{1,2}(?:/\d{2,4})?|\d{1,2}-\d{1,2}-\d{2,4}")
_YEAR_LIKE = late(r"(?:19|20)\d\d")
_POUNDS_OF = late(r"(?i)(?:pounds?|£)$")
_ENDS = late(
    r"(?i)\s(?:from|for|on|in|at|with|and|which|that|it|is|was|were|are|by|of|via|to|two|last|yesterday|this|as|"
    r"but|has|have|"
    r"had|today|i|we|you|your|broken|damaged|online|three|only|not|so|my|the|a|an|who|when|because|after|before|"
    r"about|over|"
    r"makes?|made|leaks?|smells?|flickers?|turns?|breaks?|broke|fell|died|looks?|sounds?|runs?|needs?|shows?|"
    r"refuses?|started|"
    r"went|got|drips?|rattles?|squeaks?|overheats?|crashes|hurts?|goes|says|seems?|feels?|must|should|could|"
    r"cracked|failed|"
    r"here|there|some|arrived|came|stopped|does|doesn|did|didn|won|keeps|will|would|can|cannot|never|already|again|"
    r"still|"
    r"since|just|or|if|while|than|yet|through|back|off|up|out|now|recently|together|worth|costing|le|la|les|je|"
    r"chez|pour|en|"
    r"avec|et|qui|que|il|elle|dans|sur|est|por|para|con|y|el|se|no|al|este|esta|em|com|na|não|per|che|è|si|via|"
    r"die|dat|ik|heb|voor|met|op|bij|niet|doet|werkt|ist|war|hat|und)(?:\s|$)"
)
_NO_PRODUCT = frozenset(
    """
    surname name intern employer boss colleague colleagues neighbour neighbor flat house home period card shop store
    plumber technician driver engineer man woman men people fitter courier bank password number link form nuovo nuova
    nouveau nouvelle nueva nuevo novo nova werkgever collega buurman naam woning mann frau sohn tochter mutter vater
    kind kinder eltern chef kollege kollegin nachbar betroffenen kunden kunde wohnung rib nom emploi patron jefe casa
    lavoro capo emprego chefe apellido cognome billete passe carte tarjeta
    order orders email emails mail letter refund reply answer response message messages goods item items product
    products parcel parcels package delivery invoice bill call wrong one ones money confirmation few lot number
    thing things stuff notice reminder someone something two three couple wrong same right bad good first second
    last next service help problem problems issue issues time year week month day job year's customer account
    contract subscription text voucher code ticket replacement address phone same new old whole other only very
    photo photos picture pictures bestellung ware rechnung artikel produkt produkte paket lieferung sendung email
    mail nachricht antwort ersatz erstattung adresse anschrift vertrag tarif tarife gerät wohnung telefonnummer
    handynummer rufnummer commande colis produit produits article articles message réponse facture chose adresse
    numéro contrat pedido producto productos artículo artículos paquete factura respuesta mensaje cosa dirección
    número contrato encomenda produto produtos artigo fatura resposta mensagem coisa endereço morada contacto
    contrato ordine prodotto prodotti articolo articoli pacco fattura risposta messaggio cosa indirizzo numero
    contratto bestelling product producten artikel pakket factuur antwoord bericht adres nummer contract paar keer
    week
    """.split()  # noqa: SIM905 - a word list reads better as words
)
_NO_NAME = frozenset(
    """
    Sir Madam Sirs The This That There They Then When Who What Where Please Thank Thanks Monday Tuesday Wednesday
    Thursday Friday Saturday Sunday Customer Support Service Team Company I We You He She It Our My Your Kollege
    Kollegin January February March April May June July August September October November December Sie Ihnen Ihr
    Ihre Ich Wir Der Die Das Und Am Im In Doktor Kundin Kunde Madame Monsieur Messieurs Mesdames Señores Signori
    Ober Nachbarin Nachbar Direktor Direktorin Professor Doktorin Customer Services Head Office Internet
    """.split()  # noqa: SIM905 - see above
)

_Accept = Callable[[str, int, int], bool]


def facts(text: str) -> tuple[Fact, ...]:
    """The facts in `text`, in order and without overlaps, at most forty; `fact.text == text[start:end]`.

    Only the first 16 KiB characters count. Of two facts in one place the more telling one is kept: a number of an
    order before a telephone number.
    """
    taken: list[tuple[int, int, str]] = []
    for start, end, kind in _candidates(text[:_COUNTED].encode("utf-8", "replace")):
        if _is_free(taken, start, end):
            insort(taken, (start, end, kind))
            if len(taken) == _KEPT:
                break
    return tuple(Fact(kind, text[start:end], start, end) for start, end, kind in taken)


def _is_free(taken: list[tuple[int, int, str]], start: int, end: int) -> bool:
    at = bisect_right(taken, (start, end, ""))
    return (at == 0 or taken[at - 1][1] <= start) and (at == len(taken) or taken[at][0] >= end)


def _candidates(raw: bytes) -> Iterator[tuple[int, int, str]]:
    """What may be a fact in a text in UTF-8, in characters of it; RE2 would encode it anew for each of the patterns."""
    text = raw.decode()
    for number in sorted(_cues().Match(raw) or ()):
        pattern = _PATTERNS[number]
        for match in islice(_compiled(pattern.source).finditer(raw), _TRIED):
            start, end = _trimmed(text, pattern.kind, *_counted(raw, text, *match.span(1)))
            if start < end and pattern.accept(text, start, end):
                yield start, end, pattern.kind


def _counted(raw: bytes, text: str, start: int, end: int) -> tuple[int, int]:
    """A span of bytes in characters."""
    if len(raw) == len(text):
        return start, end
    before = len(raw[:start].decode())
    return before, before + len(raw[start:end].decode())


def _trimmed(text: str, kind: str, start: int, end: int) -> tuple[int, int]:
    """The span without what belongs to the sentence around it."""
    words = text[start:end]
    if kind == "product":
        words = _ENDS.split(words, maxsplit=1)[0]
    elif kind in ("person", "place"):
        words = _name_only(words)
    return start, start + len(words.rstrip(" -/_,’'" if kind in ("date", "person") else " -/_.,’'"))


def _name_only(words: str) -> str:
    """The name without a capitalised word behind it that is none ("Ms Lee Please")."""
    words = words.removesuffix("'s").removesuffix("’s")
    *head, last = words.split(" ")
    return " ".join(head) if head and last in _NO_NAME else words


def _is_number(text: str, start: int, end: int) -> bool:
    """Whether this is the number of an order or invoice: no year, day, sum of money or how many are ordered."""
    words, before = text[start:end], text[max(0, start - _AROUND) : start]
    digits = sum(map(str.isdigit, words))
    if digits < 2 or _DATE_LIKE.fullmatch(words) or _CURRENCY.match(text, end):
        return False
    marked = (
        before.rstrip().endswith(("#", ":", ".", "°", "º"))
        or _OTHER_NUMBER.search(before.replace("order", "")) is not None
    )
    if (
        words.isdigit()
        and not marked
        and (digits < 4 or _YEAR_LIKE.fullmatch(words) or _MERELY_ORDERING.search(before))
    ):
        return False
    return _ends_clean(text, end)


def _ends_clean(text: str, end: int) -> bool:
    """Whether the number is over here: no letter, and no decimals behind it."""
    following = text[end : end + 2]
    return not (following[:1].isalpha() and following[:1].isascii()) and not (
        following[:1] in (".", ",") and following[1:].isdigit()
    )


def _is_signed_number(text: str, start: int, end: int) -> bool:
    return not _NO_ORDER_SIGN.search(text[max(0, start - _AROUND) : start - 1])


def _is_day(text: str, start: int, end: int) -> bool:
    """Whether a day in figures has a day and a month that exist."""
    numbers = [int(number) for number in re.findall(r"\d+", text[start:end])]
    if not numbers or any(sign.isalpha() for sign in text[start:end]):
        return not numbers or 1 <= numbers[0] <= 31
    day, month = numbers[1:3] if numbers[0] > 1900 else numbers[:2]
    return 1 <= min(day, month) <= 12 and max(day, month) <= 31


def _is_sum(text: str, start: int, end: int) -> bool:
    """Whether this is money: what is weighed in pounds is not."""
    return not (
        _POUNDS_OF.search(text[start:end]) and text[end:].startswith((" of ", " lighter", " heavier", " overweight"))
    )


def _is_phone(text: str, start: int, end: int) -> bool:
    """Whether this is a telephone's number and no other long one, nor a part of one."""
    words, before = text[start:end], text[max(0, start - _AROUND) : start]
    digits = sum(map(str.isdigit, words))
    if before.endswith("+") or words.count("/") > 1:
        return False
    if not 7 <= digits <= 15 or before.rstrip()[-1:].isdigit() or text[end:].lstrip()[:1].isdigit():
        return False
    if _TELEPHONE.search(before):
        return True
    return digits >= 9 and not _OTHER_NUMBER.search(before)


def _is_person(text: str, start: int, end: int) -> bool:
    """Whether somebody is told of by name, not greeted."""
    *head, last = text[start:end].split()
    before = text[max(0, start - _AROUND) : start]
    greeted = _GREETING.search(before) or (not before.strip() and text[end : end + 1] in (",", ":", ""))
    return last not in _NO_NAME and not greeted and (bool(head) or not _TITLED.fullmatch(last))


def _is_place(text: str, start: int, end: int) -> bool:
    return end - start > 2 and text[start:end].split(maxsplit=1)[0] not in _NO_NAME


def _is_product(text: str, start: int, end: int) -> bool:
    words = text[start:end].casefold().split()
    return (
        end - start > 2 and words[0] not in _NO_PRODUCT and words[-1] not in _NO_PRODUCT and not words[0][:1].isdigit()
    )


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What a fact looks like: `source`, whose group 1 is the fact, and `cue`, a small part that no such fact lacks."""

    kind: str
    source: str
    cue: str
    accept: _Accept


def _patterns(kind: str, sources: Iterable[tuple[str, str]], accept: _Accept) -> Iterator[_Pattern]:
    return (_Pattern(kind, _B + source, cue, accept) for source, cue in sources)


_PATTERNS = (
    _Pattern(
        "invoice",
        rf"(?i)(?:{_B}(?:{_INVOICE})|{_JAPANESE_INVOICE}){_LINK}{_ID}",
        rf"(?i)(?:{_INVOICE}|{_JAPANESE_INVOICE})",
        _is_number,
    ),
    _Pattern(
        "order",
        rf"(?i)(?:{_B}(?:{_ORDER})|{_JAPANESE_ORDER}){_LINK}{_ID}",
        rf"(?i)(?:{_ORDER}|{_JAPANESE_ORDER})",
        _is_number,
    ),
    _Pattern("order", rf"{_B}((?:ORD|PO)-\d[A-Z0-9-]{{1,20}})", r"(?:ORD|PO)-\d", _is_number),
    _Pattern("order", r"(?:^|[\s(])#(\d{4,15})(?:[^\pL\pN]|$)", r"#\d{4}", _is_signed_number),
    _Pattern("order", rf"(?i){_B}([A-Z0-9-]{{3,20}}) numaralı sipariş", "numaralı sipariş", _is_number),
    *_patterns("date", _DATES, _is_day),
    *_patterns("amount", _AMOUNTS, _is_sum),
    *_patterns("phone", _PHONES, _is_phone),
    *_patterns("person", _PERSONS, _is_person),
    *_patterns("place", _PLACES, _is_place),
    *_patterns("product", _PRODUCTS, _is_product),
)


@lru_cache(maxsize=len(_PATTERNS))
def _compiled(source: str) -> Any:
    return re2.compile(source)


@lru_cache(maxsize=1)
def _cues() -> Any:
    """Tells which of the patterns a text may hold, in one pass: most texts hold few."""
    every = re2.Set.SearchSet()
    for pattern in _PATTERNS:
        every.Add(pattern.cue)
    every.Compile()
    return every
