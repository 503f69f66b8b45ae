"""The words Amends uses about mail: what arrives, what is thought of it, what is written back.

Everything here is a frozen value. Nothing here knows IMAP, Zendesk, a database or a clock.
Times are aware datetimes in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar


class AmendsError(Exception):
    """The root of every error Amends raises on purpose; its text is one sentence for a person.

    `input_is_wrong` tells what a person must change from what may go well at another try.
    """

    input_is_wrong: ClassVar[bool] = False


class Direction(StrEnum):
    """Who speaks: somebody to us, or one of us."""

    IN = "in"
    OUT = "out"


class Origin(StrEnum):
    """How a message of somebody else reached us."""

    DIRECT = "direct"
    FORM = "form"  # a contact form: From is ours, Reply-To is theirs
    FORWARD = "forward"  # one of us passed somebody's mail on


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox address; `email` is lower case, `name` is clean of controls and may be empty."""

    email: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.name else self.email


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message lies; (folder, validity, uid) never means two messages (RFC 9051, 2.3.1.1)."""

    folder: str
    validity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attachment's name and size in bytes; its content is never fetched or kept."""

    name: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as an inbox hands it over, free of wire dirt.

    `key` is the same for the same mail wherever it lies (a fingerprint of headers and body).
    `at` is when the receiving server took it; for one of ours, when it was sent.
    `sender` is who speaks: of a contact form the person who filled it in, of a forward the inner sender.
    `answer_to` is where an answer belongs, `identity` which of our addresses was written to.
    `automatic` names the machine that wrote it (`auto-reply`, `bounce`, `list`), or is empty.
    `genuine` tells, of a message of ours, that it lies in Sent or that the receiving server vouches for it.
    `trusted` is the receiving server's DMARC or DKIM verdict on a message to us; None where there is none.
    `historic` marks mail received before the inbox was attached.
    """

    inbox: str
    key: str
    place: Place
    message_id: str
    references: tuple[str, ...]  # the whole ancestry, oldest first; the direct parent is the last
    at: datetime
    direction: Direction
    sender: Address
    answer_to: Address
    identity: Address
    to: tuple[Address, ...]
    subject: str
    text: str
    origin: Origin = Origin.DIRECT
    channel: str = "email"
    attachments: tuple[Attachment, ...] = ()
    automatic: str = ""
    bounced: str = ""  # of a bounce: the Message-ID that did not arrive
    genuine: bool = False
    trusted: bool | None = None
    historic: bool = False
    case_mark: str = ""  # our X-Amends-Case, where it survived a person's editing
    draft_mark: str = ""  # our draft's Message-ID, where it survived in another header
    marks: tuple[str, ...] = ()  # keywords or labels it already carried when it was read


CATEGORIES = (
    "delivery", "product-quality", "billing", "refund", "service-outage", "staff-conduct", "cancellation",
    "booking", "account-access", "privacy", "safety", "accessibility", "quality-of-service", "contract", "other",
)  # fmt: skip
SEVERITIES = ("low", "medium", "high", "critical")
RISKS = ("legal", "regulator", "public-exposure", "churn", "safety", "vulnerable-customer", "fraud-accusation")
ASKS = (
    "refund", "replacement", "repair", "apology", "explanation", "compensation", "callback", "cancel",
    "correction", "information",
)  # fmt: skip
CHANNELS = ("email", "web", "chat", "phone", "social", "review")
OUTCOMES = ("upheld", "partly-upheld", "not-upheld", "withdrawn", "not-a-complaint")


@dataclass(frozen=True, slots=True)
class Evidence:
    """The words that caused a label; `start` and `end` count in `Assessment.own_text`."""

    label: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Fact:
    """Something the sender stated: kind is order, invoice, product, date, amount, place, person or phone."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What the judge thinks of one message; `score` is the probability of a complaint, 0 to 1.

    `own_text` is what the sender wrote himself, without quoted history, signature and forwarded mail.
    """

    complaint: bool
    maybe: bool
    score: float
    category: str = "other"
    severity: str = "low"
    risks: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    heated: bool = False
    chaser: bool = False
    automatic: bool = False
    language: str = ""
    evidence: tuple[Evidence, ...] = ()
    facts: tuple[Fact, ...] = ()
    own_text: str = ""


@dataclass(frozen=True, slots=True)
class Promise:
    """A dated promise in a text of ours: `text` is the words that name the date, at `start` to `end` of that text.

    `due_at` is when it must be kept (UTC), `what` the sentence in one line, `within` the span it gave, such as
    `5 business days`; empty where it named a day.
    """

    text: str
    start: int
    end: int
    due_at: datetime
    what: str
    within: str = ""


class Purpose(StrEnum):
    """What a draft is for; a case has one draft per round and purpose."""

    ACKNOWLEDGEMENT = "acknowledgement"
    UPDATE = "update"
    ANSWER = "answer"
    FOLLOW_UP = "follow_up"
    GOODWILL = "goodwill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A letter ready to be laid into Drafts; `quoted` is their text, to stand below ours, and `quote_head` before it.

    `aside` is what a person should know and the complainant need not: dates and what comes next, a line each.
    """

    message_id: str
    case: str
    sender: Address
    to: Address
    subject: str
    references: tuple[str, ...]  # ends with the message that is answered
    text: str
    at: datetime  # its Date; fixed, so that writing the draft again gives the same bytes
    quoted: str = ""
    quote_head: str = ""
    aside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """A note to ourselves in our own inbox, raised when a task falls due."""

    message_id: str
    case: str
    subject: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """A message of ours in somebody's mailbox: what it is, where it lies, and the digest of its bytes."""

    message_id: str
    kind: str  # "draft" or "reminder"
    place: Place | None
    digest: str


def clip(text: str, limit: int) -> str:
    """`text` in one line of at most `limit` characters, cut at a word where one is near."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    head = cut if line[limit - 1] == " " else cut.rpartition(" ")[0]
    return (head if len(head) > limit // 2 else cut).rstrip(" ,;:.-") + "…"
