"""A mail that one of us passed on: who wrote the inner mail, and what it says, attached or pasted into the text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from integrations.imap.body import Content, contents
from integrations.imap.wire import Part, addresses, decoded, is_email, scrub
from plugin.model import Address, Attachment

_FROM = "From|Von|De|Da|Van|Från|Fra|Od|Lähettäjä"
_SUBJECT = "Subject|Betreff|Objet|Asunto|Oggetto|Onderwerp|Assunto|Ämne|Emne|Temat|Aihe"
_HEAD_FROM = re.compile(rf"^(?P<quote>[> ]*)\*?(?:{_FROM})\s?:\*?\s+(?P<value>\S.*)$")
_HEAD_SUBJECT = re.compile(rf"^[> ]*\*?(?:{_SUBJECT})\s?:\*?\s*(?P<value>.*)$")
_HEAD_LINE = re.compile(r"^[> ]*\*?[^\W\d_][\w '-]{1,24}\s?:")
_EXPLICIT = re.compile(
    r"forwarded message|weitergeleitete[n]? nachricht|(?:transféré|réexpédié)|mensaje reenviado|messaggio inoltrato"
    r"|doorgestuurd bericht|mensagem (?:encaminhada|reencaminhada)|vidarebefordrat|videresendt|przekazana wiadomość",
    re.I,
)
_ANSWER = re.compile(r"^\s*(?:re|aw|antw|sv|vs|res|odp|réf|rif)\s*(?:\[\d+\])?\s*:", re.I)
_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_BLOCK = 8


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The inner mail of a forward."""

    sender: Address
    subject: str
    text: str
    attachments: tuple[Attachment, ...] = ()


def forwarded(content: Content, subject: str) -> Forwarded | None:
    """The mail inside a mail with this content and outer subject, or None.

    A pasted header without words such as "Forwarded message" above it is also what programs quote in answers; it counts
    as a forward only where the subject is not that of an answer.
    """
    return _attached(content.inner) or _pasted(content.text, answer=_ANSWER.match(subject) is not None)


def _attached(inner: Part | None) -> Forwarded | None:
    senders = addresses(inner.fields.text("from")) if inner else ()
    if inner is None or not senders:
        return None
    content = contents(inner)
    return Forwarded(senders[0], scrub(decoded(inner.fields.text("subject"))), content.text, content.attachments)


def _pasted(text: str, answer: bool) -> Forwarded | None:
    lines = text.split("\n")
    for number, line in enumerate(lines):
        found = _HEAD_FROM.match(line)
        if found and (not answer or _announced(lines, number)):
            mail = _block(lines, number, found)
            if mail:
                return mail
    return None


def _announced(lines: Sequence[str], number: int) -> bool:
    """Whether one of the three lines above says in so many words that a mail was passed on."""
    return any(_EXPLICIT.search(line) for line in lines[max(0, number - 3) : number])


def _block(lines: Sequence[str], number: int, found: re.Match[str]) -> Forwarded | None:
    """The mail whose pasted header begins at this line; one needs a sender's address and a subject line."""
    sender, end, subject = _sender(found["value"]), number, None
    while end < min(len(lines), number + _BLOCK) and _HEAD_LINE.match(lines[end]):
        match = _HEAD_SUBJECT.match(lines[end])
        subject = match["value"] if match else subject
        end += 1
    if sender is None or subject is None:
        return None
    body = lines[end:]
    if ">" in found["quote"]:
        body = [line.removeprefix(">").removeprefix(" ") for line in body]
    return Forwarded(sender, scrub(subject.strip("* ")), "\n".join(body).strip())


def _sender(value: str) -> Address | None:
    """`Anna <anna@x.example>`, `Anna [mailto:anna@x.example]` or the bare address."""
    email = _EMAIL.search(value.replace("mailto:", " "))
    if email is None or not is_email(email[0].lower()):
        return None
    name = scrub(re.split(r"[<\[(]", value)[0].strip(" \"'*"), 200)
    return Address(email[0].lower(), "" if "@" in name else name)
