"""Letters for tests that need many: complaints nobody can take for anything else, and mail that is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from random import Random

COMPLAINTS = (
    ("Parcel lost", "My parcel {order} never arrived. I have waited three weeks and I am very disappointed. "
     "This is a complaint: where is my order? I want my money back."),
    ("Broken lamp", "The lamp of order {order} arrived broken, the glass shade is in pieces. I am very disappointed. "
     "Nobody answers my calls. I want a replacement."),
    ("Charged twice", "You charged my card twice for order {order}. This is unacceptable. I want the wrong charge "
     "refunded at once."),
    ("Rude clerk", "Your employee on the phone was rude and insulted me when I asked about order {order}. I am "
     "appalled and wish to complain about her behaviour. I expect an apology."),
    ("Cancelled and still charged", "I cancelled my subscription in March and you still take money for {order}. This "
     "is outrageous and I am complaining formally."),
    ("Service down again", "Your service has been down for two days and nobody tells us anything. Terrible, we lose "
     "customers, this is unacceptable. Our contract is {order}."),
    ("My data", "You passed my address on without my consent after order {order}. I am furious and I complain about "
     "this breach of my privacy."),
    ("No refund yet", "I returned order {order} six weeks ago and still have no refund. I am angry and very "
     "disappointed with you. Give me my money back."),
    ("Burnt fingers", "The kettle of order {order} caught fire and I burnt my hand. It is dangerous! This is a "
     "complaint and I will tell the authorities."),
    ("Wrong size", "For the second time you sent the wrong item for order {order}. I am fed up with this terrible "
     "service. This is a complaint: I demand the right one."),
)  # fmt: skip
ORDINARY = (
    ("Opening hours", "Good morning, are you open on Saturday? Kind regards"),
    ("Thank you", "The lamp of order {order} is beautiful, thank you very much for the quick delivery!"),
    ("Invoice please", "Could you please send me a copy of the invoice for order {order}? Many thanks."),
    ("A question on colours", "Do you have the lamp in green as well? Best wishes"),
    ("Meeting", "Shall we meet on Tuesday at ten to talk about the new catalogue?"),
)
NAMES = ("Anna Jones", "Ben Okafor", "Chloé Martin", "Dieter Groß", "Elena Rossi", "Farah Khan", "Søren Holm")


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail as it arrives."""

    number: int
    subject: str
    text: str
    complaint: bool

    @property
    def message_id(self) -> str:
        """Its Message-ID."""
        return f"<letter-{self.number}@mail.example>"

    def raw(self) -> bytes:
        """Its bytes."""
        mail = EmailMessage(policy=SMTP)
        mail["From"] = f"{NAMES[self.number % len(NAMES)]} <customer{self.number}@example.org>"
        mail["To"] = "Example Support <support@example.com>"
        mail["Subject"], mail["Message-ID"] = self.subject, self.message_id
        mail["Date"] = "Fri, 20 Nov 2026 08:00:00 +0000"
        mail.set_content(self.text)
        return mail.as_bytes()


def letter(number: int, *, complaint: bool) -> Letter:
    """The letter of this number; its subject ends with the number."""
    kind = COMPLAINTS if complaint else ORDINARY
    subject, text = kind[number % len(kind)]
    name = NAMES[number % len(NAMES)]
    body = f"Hello,\n\n{text.format(order=f'LL-{10_000 + number}')}\n\n{name}\n"
    return Letter(number, f"{subject} {number}", body, complaint)


def letters(total: int, share: float, seed: int) -> Iterator[Letter]:
    """So many letters in a mixed order, of which about `share` are complaints."""
    chance = Random(seed)  # noqa: S311 - the same order at every run
    return (letter(number, complaint=chance.random() < share) for number in range(total))
