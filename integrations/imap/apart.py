"""Reading a dear mail in a process of its own, which may take so much time and memory and no more.

The cutting of a mail is counted and linear, but the libraries that read pages, odd encodings and long lists of
addresses cannot be bounded from within, and C code beneath them could end the process. What is ordinary is read where
it is; starting a process costs as much as reading hundreds of such mails.

    python -P -m integrations.imap.apart

reads one line of JSON, an `Order`, and behind it the mail; it answers with the message or the reason in JSON.
"""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from integrations.imap.wire import Part, Unparsable
from plugin.model import Address, Attachment, Direction, Message, Origin, Place

SECONDS = 5
"""Of the processor, for reading one mail."""
MEMORY = 512 << 20
"""Bytes of address space, with all that Python itself takes."""
DEADLINE = 60.0
"""Seconds of the clock: a busy machine may take longer over those of the processor."""

# Of 3,479 real mails, ordinary, odd and spam, none comes near any of these.
_SMALL = 10_000  # bytes of a whole mail
_PAGE = 150_000  # bytes of HTML or of mails within the mail
_ODD = 64_000  # bytes in an encoding that is read letter by letter
_ADDRESSES = 8_000  # bytes of one address field
_WORDS = 200  # encoded words in the header
_PARTS = 100
_USUAL = ("", "7bit", "8bit", "binary", "base64", "quoted-printable")
_WRITTEN_TO = ("from", "to", "cc", "reply-to", "sender", "delivered-to", "x-original-to", "return-path")


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be known besides the bytes to read a mail; see `message.parse`."""

    inbox: str
    place: Place
    internal_date: datetime
    identities: tuple[Address, ...]
    ours: tuple[str, ...]
    sent: bool
    historic: bool
    nth: int


def looks_dear(mail: Part, size: int) -> bool:
    """Whether reading this mail of so many bytes, which was cut already, could take longer than a moment."""
    if size < _SMALL:
        return False
    if any(len(mail.fields.first.get(name, b"")) > _ADDRESSES for name in _WRITTEN_TO):
        return True
    if sum([value.count(b"=?") for _, value in mail.fields.rows]) > _WORDS:
        return True
    leaves = _leaves(mail)
    page = sum([len(leaf.body) for leaf in leaves if leaf.kind == "text/html" or leaf.kind.startswith("message/")])
    odd = sum([len(leaf.body) for leaf in leaves
               if leaf.kind.startswith("text/") and leaf.shape.encoding not in _USUAL])  # fmt: skip
    return len(leaves) > _PARTS or page > _PAGE or odd > _ODD


def _leaves(part: Part) -> list[Part]:
    return [leaf for child in part.parts for leaf in _leaves(child)] if part.parts else [part]


def read_apart(raw: bytes, order: Order) -> Message:
    """Read this mail in a process of its own; raises Unparsable, also where that process had to be ended."""
    command = [sys.executable, "-P", "-m", "integrations.imap.apart"]
    limits = {"seconds": SECONDS, "memory": MEMORY}
    told = json.dumps({**asdict(order), **limits}, default=datetime.isoformat).encode() + b"\n"
    try:
        ran = subprocess.run(  # noqa: S603 - our own command line, no shell
            command, input=told + raw, capture_output=True, timeout=DEADLINE, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Unparsable(f"reading it took longer than {DEADLINE:.0f} seconds and was ended") from error
    if ran.returncode:
        raise Unparsable(_why(ran.returncode))
    answer = json.loads(ran.stdout)
    if "unparsable" in answer:
        raise Unparsable(answer["unparsable"])
    return _message(answer)


def _why(code: int) -> str:
    """What ended the reading, by the exit code of its process."""
    if code == -signal.SIGXCPU:
        return f"reading it took more than {SECONDS} seconds of the processor and was ended"
    ended = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return f"reading it ended in {ended}"


def _message(told: dict[str, Any]) -> Message:
    return Message(**{
        **told,
        "place": Place(**told["place"]),
        "references": tuple(told["references"]),
        "at": datetime.fromisoformat(told["at"]),
        "direction": Direction(told["direction"]),
        "origin": Origin(told["origin"]),
        **{name: Address(**told[name]) for name in ("sender", "answer_to", "identity")},
        "to": tuple(Address(**one) for one in told["to"]),
        "attachments": tuple(Attachment(**one) for one in told["attachments"]),
        "marks": tuple(told["marks"]),
    })  # fmt: skip


# ---- in the process of its own --------------------------------------------------------------------------------------


def main() -> None:
    """Read the mail on standard input within the limits it comes with, and tell what it says."""
    told = json.loads(sys.stdin.buffer.readline())
    raw = sys.stdin.buffer.read()
    _limit(told.pop("seconds"), told.pop("memory"))
    try:
        answer: dict[str, Any] = asdict(_read(raw, told))
    except Unparsable as error:
        answer = {"unparsable": error.reason}
    sys.stdout.write(json.dumps(answer, default=datetime.isoformat))


def _limit(seconds: int, memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(ValueError, OSError):  # a system that does not bound address space; there is still the time
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _read(raw: bytes, told: dict[str, Any]) -> Message:
    from integrations.imap.message import Whose, read_here  # noqa: PLC0415 - it hands dear mails to this module

    identities = tuple(Address(**one) for one in told.pop("identities"))
    place, at = Place(**told.pop("place")), datetime.fromisoformat(told.pop("internal_date"))
    whose = Whose(identities, tuple(told.pop("ours")))
    message: Message = read_here(raw, place=place, internal_date=at, whose=whose, **told)
    return message


if __name__ == "__main__":
    main()
