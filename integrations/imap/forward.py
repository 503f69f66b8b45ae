"""A mail that one of us passed on: who wrote the inner mail, and what it says, attached or pasted into the text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from integrations.imap.body import Content, contents
from integrations.imap.wire import Part, addresses, decoded, ids, is_email, scrub
from plugin.model import Address, Attachment

_FROM = "From|Von|De|Da|Van|Från|Fra|Od|Lähettäjä"
_SUBJECT = "Subject|Betreff|Objet|Asunto|Oggetto|Onderwerp|Assunto|Ämne|Emne|Temat|Aihe"
_HEAD_FROM = re.compile(rf"^(?P<quote>[> ]*)\*?(?:{_FROM})\s?:\*?\s+(?P<value>\S.*)$")
_HEAD_SUBJECT = re.compile(rf"^[> ]*\*?(?:{_SUBJECT})\s?:\*?\s*(?P<value>.*)$")
_HEAD_LINE = re.compile(r"^[> ]*\*?[^\W\d_][\w '-]{0,24}\s?:")
_EXPLICIT = re.compile(
    r"forwarded message|weitergeleitete[n]? nachricht|(?:transféré|réexpédié)|mensaje reenviado|messaggio inoltrato"
    r"|doorgestuurd bericht|mensagem (?:encaminhada|reencaminhada)|vidarebefordrat|videresendt|przekazana wiadomość",
    re.I,
)
_ANSWER = re.compile(r"^\s*(?:re|aw|antw|sv|vs|res|odp|réf|rif)\s*(?:\[\d+\])?\s*:", re.I)
_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_BLOCK = 10  # lines
_FIELDS_AT_LEAST = 3
_DEEPEST = 6  # mails within mails


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The inner mail of a forward."""

    sender: Address
    subject: str
    text: str
    attachments: tuple[Attachment, ...] = ()
    references: tuple[str, ...] = ()  # its own Message-ID and those it follows, where they are known


def layers(content: Content, subject: str) -> Iterator[Forwarded]:
    """The mails inside a mail with this content and outer subject, from the outermost in; a mail may hold another.

    A pasted header without words such as "Forwarded message" above it is also what programs quote in answers; it counts
    as a forward only where the subject is not that of an answer.
    """
    answer = _ANSWER.match(subject) is not None
    for _ in range(_DEEPEST):
        attached = _attached(content.inner)
        found = attached[0] if attached else _pasted(content.text, answer)
        if found is None:
            return
        yield found
        content = attached[1] if attached else Content(found.text, ())
        answer = False


def _attached(inner: Part | None) -> tuple[Forwarded, Content] | None:
    senders = addresses(inner.fields.text("from")) if inner else ()
    if inner is None or not senders:
        return None
    content, fields = contents(inner), inner.fields
    thread = (*ids(fields.text("references")), *ids(fields.text("in-reply-to")), *ids(fields.text("message-id")))
    subject = scrub(decoded(fields.text("subject")))
    return Forwarded(senders[0], subject, content.text, content.attachments, tuple(dict.fromkeys(thread))), content


def _pasted(text: str, answer: bool) -> Forwarded | None:
    lines = text.split("\n")
    for number, line in enumerate(lines):
        found = _HEAD_FROM.match(line)
        if found is None:
            continue
        start, end = _span(lines, number)
        if not answer or _announced(lines, start):
            mail = _block(lines, start, end, found)
            if mail:
                return mail
    return None


def _span(lines: Sequence[str], number: int) -> tuple[int, int]:
    """Where the pasted header around this line begins and ends: some programs put the subject above the sender."""
    start, end = number, number + 1
    while start > max(0, number - _BLOCK) and _HEAD_LINE.match(lines[start - 1]):
        start -= 1
    while end < min(len(lines), number + _BLOCK) and (_HEAD_LINE.match(lines[end]) or _goes_on(lines, end)):
        end += 1
    return start, end


def _goes_on(lines: Sequence[str], number: int) -> bool:
    """Whether this line is the rest of a long field, with another field below it."""
    below = lines[number + 1] if number + 1 < len(lines) else ""
    return bool(lines[number].strip("> \t")) and _HEAD_LINE.match(below) is not None


def _announced(lines: Sequence[str], number: int) -> bool:
    """Whether one of the three lines above says in so many words that a mail was passed on."""
    return any(_EXPLICIT.search(line) for line in lines[max(0, number - 3) : number])


def _block(lines: Sequence[str], start: int, end: int, found: re.Match[str]) -> Forwarded | None:
    """The mail whose pasted header stands on these lines: a sender's address, a subject, and one field more."""
    sender = _sender(found["value"])
    subjects = [match["value"] for line in lines[start:end] if (match := _HEAD_SUBJECT.match(line))]
    if sender is None or not subjects or end - start < _FIELDS_AT_LEAST:
        return None
    body = lines[end:]
    if ">" in found["quote"]:
        body = [line.removeprefix(">").removeprefix(" ") for line in body]
    return Forwarded(sender, scrub(subjects[0].strip("* \t")), "\n".join(body).strip())


def _sender(value: str) -> Address | None:
    """`Anna <anna@x.example>`, `Anna [mailto:anna@x.example]` or the bare address."""
    email = _EMAIL.search(value.replace("mailto:", " "))
    if email is None or not is_email(email[0].lower()):
        return None
    name = scrub(re.split(r"[<\[(]", value)[0].strip(" \"'*"), 200)
    return Address(email[0].lower(), "" if "@" in name else name)
