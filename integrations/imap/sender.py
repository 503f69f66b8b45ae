"""Whose mail it is: who speaks, to which of our addresses, by what right, and whether a machine wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from integrations.imap.body import Content
from integrations.imap.form import Filled, filled_in
from integrations.imap.forward import Forwarded, layers
from integrations.imap.wire import Fields, addresses, decoded, ids, scrub
from plugin.model import Address, Direction, Origin

_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"^\s*(dmarc|dkim)\s*=\s*([a-z]+)", re.I)
_SIGNER = re.compile(r"\bheader\.[di]\s*=\s*(?:[^\s;@]{0,64}@)?([\w.-]+)", re.I)
_RECEIVED_BY = re.compile(r"(?:^|\s)by\s+([^\s;()]+)", re.I)
_OUT_OF_OFFICE = re.compile(
    r"^\s*(?:"
    r"(?:auto(?:matic|mated)?[ -]?(?:reply|response|answer)|autoreply|automatische (?:antwort|beantwortung))\b"
    r"|(?:abwesenheits(?:notiz|nachricht|meldung|benachrichtigung|assistent)|automatisch antwoord)\b"
    r"|afwezigheids(?:bericht|melding|assistent)\b"
    r"|(?:réponse|reponse) automatique\b|respuesta autom[áa]tica\b|risposta automatica\b|resposta autom[áa]tica\b"
    r"|(?:(?:i am |i'm )?(?:currently )?out of (?:the )?office|(?:ich bin )?(?:derzeit )?nicht im (?:büro|haus)"
    r"|abwesend(?:heit)?|abwesenheit|afwezig(?:heid)?|niet (?:aanwezig|op kantoor)"
    r"|(?:absence|absente?) d[ue] (?:bureau|travail)|absence|absente?"
    r"|(?:estoy )?fuera de (?:la )?oficina|ausente|ausencia|fuori (?:sede|ufficio)|assente|assenza)"
    r"\s*(?:$|[:!.–—-]|(?:auto|re|until|bis|jusqu|hasta|fino|tot|vom|du|del|dal|van)\b)"
    r")",
    re.I,
)
_POSTED_TO = re.compile(r"mailto:([^\s<>?,]+)")
_LETTER_OF_AMENDS = re.compile(r"<amends\.[0-9a-f]{24}@")
_RETURNED = re.compile(r"undeliver|returned mail|failure notice|delivery (?:status|fail)|unzustellbar|non remis", re.I)
_CAME_BY = ("x-original-to", "delivered-to", "envelope-to", "x-envelope-to")
_ROBOT = re.compile(
    r"(?:^|[-_.+])(?:no[-_.]?reply|do[-_.]?not[-_.]?reply|nicht[-_.]?antworten|ne[-_.]?pas[-_.]?repondre"
    r"|no[-_.]?responder|non[-_.]?rispondere|wordpress|forms?|formulare?|formulaire|formulario|formulier|modulo"
    r"|kontaktformular|contactformulier|contactform|submissions?|responses?|mailer|notifications?|notify|webmaster"
    r"|www|www-data|apache|website|webseite|shop)(?:$|[-_.+\d])",
    re.I,
)
_FORM_SERVICE = re.compile(
    r"(?:^|\.)(?:typeform|jotform|wix|wixforms|wix-forms|squarespace|shopify|shopifyemail|formspree|formsubmit|web3forms"
    r"|netlify|tally|paperform|wufoo|cognitoforms|123formbuilder|hubspot|hsforms|getform|formcarry|webflow|elementor)"
    r"\.[a-z]{2,6}$"
)
# Where people post a review and a machine tells us of it. Google and Booking also send other mail, so of theirs only
# the address that tells of reviews; a guest writes to us by guest.booking.com, and reads alone what we answer.
_REVIEW_SITE = re.compile(
    r"@(?:[\w-]+\.){0,4}(?:trustpilot\.com|feefo\.com|reviews\.(?:io|co\.uk)|yelp\.com"
    r"|tripadvisor\.(?:com?\.)?[a-z]{2,3})$"
    r"|^(?:businessprofile|business-profile|google-?my-?business|mybusiness)-?no-?reply@google\.com$"
    r"|^no-?reply@booking\.com$"
)
_DAEMONS = ("mailer-daemon", "mail-daemon", "maildaemon")
_ACTION = re.compile(r"^action:[ \t]*([a-z]*)", re.I | re.M)
_NOT_FAILED = {"delayed", "delivered", "relayed", "expanded"}
_COPIED_ID = re.compile(r"^[> ]*message-id:[ \t]*(<[!-;=?-~]{1,250}>)", re.I | re.M)


@dataclass(frozen=True, slots=True)
class Whose:
    """Who we are: the addresses letters come from, and everyone who counts as us (an address or `@domain`)."""

    identities: tuple[Address, ...]
    ours: tuple[str, ...]

    def includes(self, email: str) -> bool:
        """Whether this address is one of us, with or without a `+tag` (RFC 5233)."""
        own = _entries(self.identities, self.ours)
        return email in own or "@" + email.rpartition("@")[2] in own or _untagged(email) in own

    def among(self, candidates: Iterable[Address]) -> list[Address]:
        """Our identities among these addresses, in their order; `sales+spring@` stands for `sales@`."""
        known = {identity.email: identity for identity in self.identities}
        found = (known.get(one.email) or known.get(_untagged(one.email)) for one in candidates)
        return list(dict.fromkeys(filter(None, found)))


def _untagged(email: str) -> str:
    local, _, domain = email.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


@lru_cache(maxsize=64)
def _entries(identities: tuple[Address, ...], ours: tuple[str, ...]) -> frozenset[str]:
    return frozenset(entry.lower() for entry in ours) | {identity.email for identity in identities}


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks in a mail, and to whom."""

    direction: Direction
    origin: Origin
    sender: Address
    answer_to: Address
    identity: Address
    to: tuple[Address, ...]
    inner: Forwarded | None = None


def voice(fields: Fields, content: Content, whose: Whose, sent: bool) -> Voice:
    """Who speaks: of a contact form the person who filled it in, of a forward by one of us the inner sender."""
    author = _author(fields)
    to = tuple(dict.fromkeys((*_named(fields, "to"), *_named(fields, "cc"))))
    if sent:
        return _ours(fields, author, whose, to)
    reply_to = [one for one in _named(fields, "reply-to") if "@" in one.email and not whose.includes(one.email)]
    identity = _written_to(fields, to, whose)
    own, report = whose.includes(author.email), _report(fields, content, author)
    inner = _passed_on(fields, content, whose, to) if own and not (reply_to or report) else None
    if inner:
        return Voice(Direction.IN, Origin.FORWARD, inner.sender, inner.sender, identity, to, inner)
    form = None if report else _form(content, author, reply_to, whose, to)
    if form:
        return Voice(Direction.IN, Origin.FORM, form.sender, form.sender, identity, to, form)
    if not own or report:
        return Voice(Direction.IN, Origin.DIRECT, author, (reply_to or [author])[0], identity, to)
    return _ours(fields, author, whose, to)


def _ours(fields: Fields, author: Address, whose: Whose, to: tuple[Address, ...]) -> Voice:
    """One of us: of a mail on behalf of another (RFC 5322, 3.6.2) the person who sent it."""
    by = next((one for one in _named(fields, "sender") if whose.includes(one.email)), author)
    return Voice(Direction.OUT, Origin.DIRECT, by, author, _first(whose.among([author]), whose), to)


def _first(found: Sequence[Address], whose: Whose) -> Address:
    return found[0] if found else whose.identities[0]


def _written_to(fields: Fields, to: tuple[Address, ...], whose: Whose) -> Address:
    """Which of our identities was written to: the one in To or Cc.

    Of several, and of none (a blind copy, a list), the one by which the mail came to us; else the first there is.
    """
    named = whose.among(to)
    came_by = whose.among(one for name in _CAME_BY if name in fields for one in _named(fields, name))
    if len(named) > 1:
        return next((one for one in came_by if one in named), named[0])
    return _first(named or came_by, whose)


def _form(
    content: Content, author: Address, reply_to: Sequence[Address], whose: Whose, to: tuple[Address, ...]
) -> Forwarded | None:
    """What a contact form was filled in with: one of our own, or of a service that mails for us.

    A mail of ours that also goes to others than who is to be answered is our own words.
    """
    own = whose.includes(author.email)
    answered = {one.email for one in reply_to}
    to_others = any(not whose.includes(one.email) and one.email not in answered for one in to)
    if (own and (to_others or not (_goes_to_us(to, whose)))) or not (own or _is_robot(author.email)):
        return None
    filled = filled_in(content.text)
    if filled is not None and whose.includes(filled.writer.email):
        filled = None
    if own and reply_to:
        writer = next((one for one in reply_to if filled and one.email == filled.writer.email), reply_to[0])
        return _as_filled(filled, writer, content)
    return _as_filled(filled, filled.writer, content) if filled else None


def _goes_to_us(to: tuple[Address, ...], whose: Whose) -> bool:
    return not to or any(whose.includes(one.email) for one in to)


def _as_filled(filled: Filled | None, writer: Address, content: Content) -> Forwarded:
    """The writer's words; where the form's labels are not understood, all that the form mailed."""
    if filled is None:
        return Forwarded(writer, "", content.text, content.attachments)
    named = writer if writer.name or writer.email != filled.writer.email else filled.writer
    return Forwarded(named, filled.subject, filled.text, content.attachments)


def _is_robot(email: str) -> bool:
    """Whether forms and shops send from such an address."""
    local, _, domain = email.partition("@")
    return _ROBOT.search(local) is not None or _FORM_SERVICE.search(domain) is not None


def channel(fields: Fields, speaker: Voice, machine: str) -> str:
    """`review` for what a person wrote for everybody to read on a review site that mails it to us; else `email`."""
    sites = (_author(fields), speaker.sender)
    public = speaker.direction is Direction.IN and not machine and any(posts_reviews(one.email) for one in sites)
    return "review" if public else "email"


def posts_reviews(email: str) -> bool:
    """Whether a review site tells us from this address what was posted there."""
    return _REVIEW_SITE.search(email) is not None


def _author(fields: Fields) -> Address:
    """From, else Sender, else Return-Path; an address without a name and without letters where all are empty."""
    for name in ("from", "sender", "return-path"):
        found = _named(fields, name)
        if found:
            return found[0]
    return Address("")


def _named(fields: Fields, name: str) -> tuple[Address, ...]:
    return addresses(fields.text(name), name)


def _passed_on(fields: Fields, content: Content, whose: Whose, to: tuple[Address, ...]) -> Forwarded | None:
    """The foreign mail that one of us passed on to us; a machine's mail and one that also goes to others is none."""
    if not to or not all(whose.includes(one.email) for one in to) or _by_machine(fields):
        return None
    for inner in layers(content, decoded(fields.text("subject"))):
        own = whose.includes(inner.sender.email)
        filled = filled_in(inner.text) if own or _is_robot(inner.sender.email) else None
        if filled and not whose.includes(filled.writer.email):
            return replace(inner, sender=filled.writer, subject=filled.subject or inner.subject, text=filled.text)
        if not own:
            return inner
    return None


def _by_machine(fields: Fields) -> bool:
    """Auto-Submitted with any value but `no` (RFC 3834, 5)."""
    return fields.text("auto-submitted").partition(";")[0].strip().lower() not in ("", "no")


def automatic(fields: Fields, content: Content, whose: Whose, speaker: Voice) -> str:
    """`bounce`, `auto-reply`, `list` or "" for a person's mail; a contact form or a forward speaks for a person.

    X-Auto-Response-Suppress alone says nothing: Exchange puts it on what people write.
    """
    if speaker.origin is not Origin.DIRECT:
        return ""
    report = _report(fields, content, speaker.sender)
    if report:
        return report
    if _auto_reply(fields, speaker):
        return "auto-reply"
    return "list" if _list(fields, whose) else ""


def _report(fields: Fields, content: Content, sender: Address) -> str:
    """A delivery report is a bounce unless it only tells of a delay or a delivery (RFC 3464, 2.3.3)."""
    kind = fields.text("content-type").lower()
    if content.report or kind.startswith("multipart/report"):
        actions = {action.lower() for action in _ACTION.findall(content.report)}
        failed = not actions or bool(actions - _NOT_FAILED)
        return "bounce" if failed and (content.report or "delivery-status" in kind) else "auto-reply"
    local = sender.email.partition("@")[0]
    if local in _DAEMONS or "x-failed-recipients" in fields:
        return "bounce"
    returned = local == "postmaster" and (_null_path(fields) or _RETURNED.search(fields.text("subject")))
    return "bounce" if returned else ""


def _null_path(fields: Fields) -> bool:
    return fields.text("return-path").strip() == "<>"


def _auto_reply(fields: Fields, speaker: Voice) -> bool:
    marked = any(name in fields for name in ("x-autoreply", "x-autorespond", "x-autoresponse"))
    if marked or _by_machine(fields) or _precedence(fields) in ("auto_reply", "auto-reply"):
        return True
    if speaker.direction is Direction.OUT:
        return False
    if "x-amends-case" in fields or _LETTER_OF_AMENDS.match(fields.text("message-id")):
        return True  # another business answers us with the help of Amends: a letter that quotes our own complaint
    return _null_path(fields) or _OUT_OF_OFFICE.match(scrub(decoded(fields.text("subject")))) is not None


def _precedence(fields: Fields) -> str:
    return fields.text("precedence").strip().lower()


def _list(fields: Fields, whose: Whose) -> bool:
    """List mail (RFC 2919, RFC 2369), except what a group address of our own passes on to us."""
    if any(map(whose.includes, _POSTED_TO.findall(fields.text("list-post").lower()))):
        return False
    marks = ("list-id", "list-unsubscribe", "list-post")
    return any(mark in fields for mark in marks) or _precedence(fields) in ("bulk", "list", "junk")


def bounced(fields: Fields, content: Content) -> str:
    """The Message-ID of the mail that came back, or "": from the returned mail, else as quoted, else the parent."""
    if content.inner:
        found = ids(content.inner.fields.text("message-id"))
        if found:
            return found[0]
    copied = _COPIED_ID.search(content.text)
    if copied:
        return copied[1]
    parents = ids(fields.text("in-reply-to")) or ids(fields.text("references"))
    return parents[-1] if parents else ""


def trusted(fields: Fields) -> bool | None:
    """The DMARC verdict of the receiving server: True for pass, False for fail, None where it says neither."""
    verdicts = (verdict for verdict, _ in _said(fields, "dmarc") if verdict in ("pass", "fail"))
    return next((verdict == "pass" for verdict in verdicts), None)


def vouched(fields: Fields, sender: Address) -> bool:
    """Whether the receiving server confirms that the sender's domain wrote this: DMARC, or DKIM of that domain."""
    domain = sender.email.rpartition("@")[2]
    verdict = trusted(fields)
    if verdict is not None:
        return verdict
    signed = (signer for verdict, signer in _said(fields, "dkim") if verdict == "pass")
    return any(domain == signer or domain.endswith("." + signer) for signer in signed)


def _said(fields: Fields, method: str) -> list[tuple[str, str]]:
    """Verdict and signing domain of each result for a method, from the topmost field that has any.

    A server writes above what came, so that a field further down, with its name and a better verdict, is not its own.
    """
    for result in _vouched(fields):
        found = [(verdict, signer) for kind, verdict, signer in _verdicts(result) if kind == method]
        if found:
            return found
    return []


def _vouched(fields: Fields) -> Iterator[str]:
    """The results the receiving server wrote (RFC 8601, 4.1 and 5); those further down a sender can write himself.

    They stand above the first Received. A server that writes none there may write them right below, under the name of
    the host in that field; it must take out what came in under its own name. Received fields on top that name no peer
    (`by` without `from`) are hand-overs within the receiving server.
    """
    if "authentication-results" not in fields:
        return
    host, passed, above = "", False, False
    for name, value in fields.among("received", "authentication-results"):
        if name == "received":
            if passed:
                return
            text = _bare(value)
            by = _RECEIVED_BY.search(text)
            host, passed = (by[1].lower() if by else "?"), text.lower().startswith("from")
            if passed and above:
                return
        else:
            result = _bare(value)
            above = above or not passed
            if not host or _authority(result) == host:
                yield result


def _bare(value: bytes) -> str:
    """A structured field without its comments, three deep."""
    text = value.decode("utf-8", "replace")
    for _ in range(3):
        if "(" not in text:
            break
        text = _COMMENT.sub(" ", text)
    return text.strip()


def _authority(result: str) -> str:
    first = result.partition(";")[0].split()
    return first[0].lower() if first and "=" not in first[0] else ""


def _verdicts(result: str) -> Iterator[tuple[str, str, str]]:
    """Method, verdict and signing domain of each result."""
    for chunk in result.split(";"):
        found = _RESULT.match(chunk)
        if found:
            signer = _SIGNER.search(chunk)
            yield found[1].lower(), found[2].lower(), signer[1].lower() if signer else "\0"
