"""What a contact form mails: who filled it in, and his own words, taken out from among labels, meta data and footers.

Forms write `Label: value` on one line, the label on a line of its own above the value, or both as cells of a table. A
mail counts as one only where it names exactly one e-mail address under such a label and holds words under another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from integrations.imap.wire import is_email, scrub
from plugin.model import Address

_LONGEST_LABEL = 45
_LONGEST_LINE = 10_000
_LONGEST = 60_000  # characters; no form brings more, and the rest is left away

_LABELS: Mapping[str, str] = {
    "name": """
        name|your name|full name|contact name|customer name|ihr name|dein name|vollständiger name|vor- und nachname
        |nom|votre nom|nom complet|nom et prénom|prénom et nom|nombre|su nombre|tu nombre|nombre completo
        |nombre y apellidos|nome|il tuo nome|nome e cognome|nome completo|o seu nome|seu nome|naam|uw naam|je naam
        |volledige naam""",
    "first": "first name|given name|vorname|prénom|voornaam|primeiro nome",
    "last": """
        last name|surname|family name|nachname|familienname|nom de famille|apellido|apellidos|cognome|achternaam
        |sobrenome|apelido""",
    "email": """
        email|e-mail|e mail|mail|email address|e-mail address|your email|your e-mail|your email address|reply to
        |reply-to|e-mail-adresse|email-adresse|e-mail adresse|email adresse|mailadresse|ihre e-mail|ihre e-mail-adresse
        |ihre email|deine e-mail|deine e-mail-adresse|deine email|adresse e-mail|adresse email|adresse mail
        |adresse électronique
        |votre e-mail|votre email|votre adresse e-mail|votre adresse email|courriel|correo|correo electrónico|su correo
        |tu correo|su correo electrónico|tu correo electrónico|dirección de correo|dirección de correo electrónico
        |indirizzo email|indirizzo e-mail|la tua email|la tua e-mail|posta elettronica|e-mailadres|emailadres|uw e-mail
        |uw e-mailadres|je e-mail|je e-mailadres|endereço de email|endereço de e-mail|o seu email|o seu e-mail
        |seu email|seu e-mail|correio eletrónico|correio eletrônico""",
    "message": """
        message|your message|message body|body|comment|comments|your comment|your comments|comments or questions|enquiry
        |inquiry|your enquiry|question|your question|how can we help|how can we help you|what can we do for you|details
        |description|tell us more|feedback|your feedback|nachricht|ihre nachricht|deine nachricht|nachrichtentext
        |mitteilung|ihre mitteilung|anliegen|ihr anliegen|kommentar|bemerkung|bemerkungen|anfrage|ihre anfrage|frage
        |ihre frage|beschreibung|wie können wir helfen|wie können wir ihnen helfen|wie können wir dir helfen
        |votre message|corps du message|commentaire|commentaires|demande|votre demande|votre question
        |comment pouvons-nous vous aider|mensaje|su mensaje|tu mensaje|cuerpo del mensaje|comentario|comentarios
        |consulta|su consulta|descripción|pregunta|messaggio|il tuo messaggio|il suo messaggio|corpo del messaggio
        |commento
        |commenti|richiesta|la tua richiesta|descrizione|domanda|bericht|uw bericht|je bericht|berichttekst
        |berichtinhoud|opmerking|opmerkingen|vraag|uw vraag|je vraag|omschrijving|toelichting|mensagem|a sua mensagem
        |sua mensagem|corpo da mensagem|comentário|comentários|descrição|pergunta|dúvida""",
    "subject": """
        subject|your subject|topic|betreff|thema|objet|sujet|asunto|motivo|oggetto|argomento|onderwerp|assunto""",
    "order": """
        order|order number|order no|order no.|order id|invoice number|invoice no.|customer number|booking number
        |bestellnummer|bestellung|auftragsnummer|rechnungsnummer|kundennummer|buchungsnummer|numéro de commande|commande
        |n° de commande|numéro de facture|número de pedido|nº de pedido|n.º de pedido|pedido|número de factura
        |numero ordine|numero d'ordine|ordine|numero fattura|bestelnummer|ordernummer|factuurnummer|klantnummer
        |número do pedido|número da encomenda|nº da encomenda|n.º da encomenda|encomenda""",
    "more": """
        phone|phone number|your phone|telephone|tel|tel.|mobile|mobile number|company|organisation|organization|address
        |street|city|town|zip|zip code|postcode|postal code|country|country code|salutation|title|website|web site|date
        |time|consent|privacy|newsletter|telefon|telefonnummer|handy|handynummer|firma|unternehmen|anschrift|straße|plz
        |ort|land|anrede|webseite|datum|uhrzeit|datenschutz|einwilligung|téléphone|numéro de téléphone|société
        |entreprise|ville|code postal|pays|civilité|heure|teléfono|número de teléfono|empresa|dirección|ciudad
        |código postal|país|fecha|hora|telefono|numero di telefono|azienda|città|cap|indirizzo|data|ora|telefoon
        |telefoonnummer|bedrijf|bedrijfsnaam|adres|plaats|aanhef|tijd|telefone|telemóvel|celular|morada|endereço
        |cidade""",
    "meta": """
        ip|ip address|remote ip|user ip|user agent|browser|page|page url|url|source|referrer|referer|form|form name
        |form id|submission id|submission date|submitted|submitted on|submitted at|sent on|sent at|sent from|timestamp
        |ip-adresse|browserkennung|seite|seiten-url|formular|gesendet am|gesendet von|eingegangen am|absendezeit
        |adresse ip|page du formulaire|formulaire|envoyé le|envoyé depuis|dirección ip|página|formulario|enviado el
        |enviado desde|indirizzo ip|pagina|modulo|inviato il|inviato da|ip-adres|formulier|verzonden op|endereço ip
        |formulário|enviado em|enviado de""",
}
"""What forms call their fields, by what they ask for, in seven languages."""

_KINDS = {label.strip(): kind for kind, labels in _LABELS.items() for label in labels.replace("\n", " ").split("|")}
_NOT_BARE = frozenset(
    ["ora", "data", "order", "page", "form", "time", "date", "feedback", "title", "mail", "land", "ort", "tel", "cap"]
)
"""Labels that are too ordinary as words to be one without a colon."""
_FROM = re.compile(
    r"(?:from|von|de|da|van)\s?:\s*(?P<name>[^<>@\n]{0,100})[<\[(](?P<email>[^\s<>@]{1,64}@[^\s<>@]{1,190})[>\])]$",
    re.I,
)
_COLON = re.compile(r"[ \t>•·*_-]*(?P<label>[^\W\d_][^:：\n?]{0,40}?)[ \t*_]{0,4}\??[ \t]{0,3}[:：](?P<value>.*)$")
_DECORATION = re.compile(r"[ \t]*(?:\*+|\((?:required|optional|erforderlich|pflichtfeld|obligatoire|requis|obligatorio"
                         r"|obbligatorio|verplicht|obrigatório)\))[ \t]*$", re.I)  # fmt: skip
_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_RULE = re.compile(r"\s*(?:--|[-_=*]{3,})\s*$")
_FOOTER = re.compile(
    r"\s*\(?(?:"
    r"(?:this|diese[rs]?|cet|ce|este|esta|questa|questo|deze|dit)\b.{0,60}\b(?:sent|submitted|gesendet|verschickt|versandt"
    r"|übermittelt|envoyé|enviado|enviada|inviata|inviato|verstuurd|verzonden|foi enviado)\b.{0,60}(?:form|modul)"
    r"|(?:this|diese|cet|ce|este|esta|questa|deze|dit)\b.{0,40}(?:form|formular\w*|formulaire|formulario|modulo|formulário"
    r"|formulier)\b.{0,60}\b(?:sent|submitted|gesendet|envoyé|enviado|inviat\w|verstuurd|verzonden)\b"
    r"|sent (?:via|from|by)\b|powered by\b|manage submissions\b|create your own\b|edit (?:this )?submission\b"
    r"|view (?:this |the |your )?(?:full )?(?:submissions?|responses?|entry|entries)\b|log in to (?:view|see)\b"
    r"|repl(?:y|ies) (?:directly )?to this (?:e-?mail|message)\b|to (?:edit|change) your (?:e-?mail|notification)"
    r"|you can (?:edit|view|reply to) this\b|you received this\b|go to (?:your )?(?:inbox|dashboard)\b"
    r")",
    re.I,
)


@dataclass(frozen=True, slots=True)
class _Field:
    """The beginning of a field: what it asks for, how the form calls it, the value on that line."""

    kind: str
    label: str
    value: str
    name: str = ""  # beside an address


@dataclass(frozen=True, slots=True)
class Filled:
    """What a form was filled in with; `subject` may be empty, `text` is what the writer said."""

    writer: Address
    subject: str
    text: str


def filled_in(text: str) -> Filled | None:
    """The writer and his words, where `text` is what a form mails; None for any other text."""
    lines = _apart(text[:_LONGEST]).split("\n")
    fields = _read(lines, table=False)
    if "email" not in fields:
        fields = _read(lines, table=True)
    emails = {email.lower() for email in _EMAIL.findall(fields.get("email", ""))}
    words = fields.get("message", "").strip()
    if len(emails) != 1 or not words or not all(map(is_email, emails)):
        return None
    order = fields.get("order", "")
    number = f"{order}\n\n" if order and order.rpartition(": ")[2] not in words else ""
    return Filled(Address(emails.pop(), _name(fields)), scrub(fields.get("subject", "")), number + words)


def _name(fields: Mapping[str, str]) -> str:
    """A name in one piece or in two; French and Spanish forms call one of the two just `name`."""
    parts = (scrub(fields.get(part, ""), 100) for part in ("first", "name", "last"))
    name = " ".join(dict.fromkeys(filter(None, parts)))
    return "" if "@" in name else name


def _read(lines: Sequence[str], *, table: bool) -> dict[str, str]:
    """What stands under each kind of label, the first of each kind."""
    fields: dict[str, str] = {}
    under = ""
    for line in lines:
        if under == "message" and _ends(line, fields["message"]):
            break
        found = _labelled(line, table=table)
        if found is None or (under == "message" and _is_his(found, fields)):
            if under:
                fields[under] += "\n" + line
            continue
        under = found.kind if found.kind not in fields else ""
        if under:
            fields[under] = found.value
        if found.kind == "email" and found.name:
            fields.setdefault("name", found.name)
    return {kind: _tidy(kind, value, lines) for kind, value in fields.items()}


def _ends(line: str, so_far: str) -> bool:
    """Whether the form itself speaks again below the message."""
    return _FOOTER.match(line) is not None or (_RULE.match(line) is not None and bool(so_far.strip()))


def _is_his(found: _Field, fields: Mapping[str, str]) -> bool:
    """Whether what looks like a field is a line of the message: forms ask for a thing once, and for these before it."""
    if found.kind in ("order", "subject") or (found.kind in fields and found.kind not in ("more", "meta")):
        return True
    return found.kind == "more" and found.value != ""  # the last of these are taken off in the end


def _tidy(kind: str, value: str, lines: Sequence[str]) -> str:
    """Only a message has more than one line; of anything else it is the first that is not empty."""
    if kind == "message":
        return _without_tail(value.strip().split("\n"))
    first = next((line.strip() for line in value.split("\n") if line.strip()), "")
    if kind != "order" or not first:
        return first
    label = next((found.label for line in lines if (found := _labelled(line, table=True)) and found.kind == kind), "")
    return f"{label}: {first}"


def _without_tail(words: list[str]) -> str:
    """A message without the fields that follow it."""
    while words and (not words[-1].strip() or _is_datum(words[-1])):
        words = words[:-1]
    return "\n".join(words).strip()


def _is_datum(line: str) -> bool:
    """Whether a line is a field a form adds, and no sentence."""
    found = _labelled(line, table=False) if _COLON.match(line) else None
    return found is not None and found.kind in ("more", "meta") and not found.value.endswith((".", "!", "?"))


def _labelled(line: str, *, table: bool) -> _Field | None:
    """The field that begins on this line, if one does."""
    if from_line := _FROM.match(line.strip()):
        return _Field("email", "From", from_line["email"], from_line["name"].strip(" \"'"))
    found = _COLON.match(line)
    if found and (kind := _kind(found["label"])):
        return _Field(kind, found["label"].strip(" *_"), found["value"].strip(" \t*_"))
    bare = line.strip(" \t*_#>•·?")
    if len(bare) <= _LONGEST_LABEL and (kind := _kind(bare)) and bare.lower() not in _NOT_BARE:
        return _Field(kind, bare, "")
    return _cell(line) if table else None


def _cell(line: str) -> _Field | None:
    """A row of a table as it is left when its tags are gone: the label, a blank, the value."""
    words = line.strip(" \t|").split(" ")
    for count in range(min(5, len(words) - 1), 0, -1):
        label, value = " ".join(words[:count]).strip(" |*"), " ".join(words[count:]).strip(" |*")
        kind = _kind(label)
        if kind and value and label.lower() not in _NOT_BARE and (kind != "email" or _EMAIL.search(value)):
            return _Field(kind, label, value)
    return None


def _kind(label: str) -> str:
    plain = " ".join(_DECORATION.sub("", label).strip(" \t*_?.").lower().split())
    return _KINDS.get(plain, "") or _KINDS.get(plain + ".", "")


def _apart(text: str) -> str:
    """Fields that stand on one line, each put on a line of its own."""
    return "\n".join(piece for line in text.split("\n") for piece in _pieces(line))


def _pieces(line: str) -> Iterator[str]:
    if line.count(":") < 3 or "@" not in line or len(line) > _LONGEST_LINE:
        yield line
        return
    starts = [found.start("label") for found in _one_line().finditer(line)]
    if len(starts) < 3 or line[: starts[0]].strip():
        yield line
        return
    yield from (line[start:end].strip(" ,;|") for start, end in zip(starts, [*starts[1:], len(line)], strict=True))


@cache
def _one_line() -> re.Pattern[str]:
    labels = "|".join(sorted(map(re.escape, _KINDS), key=len, reverse=True))
    return re.compile(rf"(?:^|(?<=[\s,;|]))(?P<label>{labels})\s?:", re.I)
