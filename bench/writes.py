"""What it takes to write into a mailbox: tags and drafts, by what the leanest code takes for the same (G6).

Usage: python -m bench.writes, or as part of `python -m bench`.

Both write the same tags on the same mails, and drafts of the same length, on a connection that is open. The floor
stores keywords by sets of a hundred and looks at nothing; ours looks first what stands there and afterwards what became
of it, since only tags that were not there before may ever be taken off again. The floor's drafts go out fifty a command
(RFC 3502, MULTIAPPEND), as ours do; ours are made into bytes meanwhile, and their folder is looked at first.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.contest import Failed, Hall
from bench.mail import US, mails
from bench.wire import Wire, numbers
from integrations.imap.client import ImapInbox
from plugin.config import MailboxSettings, load
from plugin.demo.mailbox import Dovecot
from plugin.inbox import Change, Receipt
from plugin.model import Address, Draft, Place

_TAGS = ("complaint", "category-delivery", "severity-medium")
_SET, _APPENDED = 100, 50
_LETTER = "We have received your complaint and will answer within three working days.\n" * 25  # some 2 KB


def figures(hall: Hall, count: int, rounds: int) -> Iterator[tuple[str, str, float, float]]:
    """Id, what, value and the least it must be: mails tagged, and drafts written, in a second by the floor's."""
    shop = hall.product("writes")
    hall.fill(["writes"], mails(count))
    (settings,) = load(shop.folder / "amends.yaml").inboxes
    assert isinstance(settings, MailboxSettings)
    with closing(ImapInbox(settings)) as inbox, closing(Wire(hall.account("writes"))) as wire:
        places = _places(wire)
        tags = [_in_turns(turn, _tag(inbox, places), _store(wire, places), _clear(wire, places))
                for turn in range(rounds)]  # fmt: skip
        drafts = [_in_turns(turn, _draft(inbox, turn, count), _append(wire, turn, count), _nothing)
                  for turn in range(rounds)]  # fmt: skip
    yield "G6", f"three tags on {count:,} mails, speed as a share of STORE by sets of {_SET}", median(tags), 0.7
    yield "G6b", f"{count:,} drafts, speed as a share of MULTIAPPEND of {_APPENDED}", median(drafts), 0.8


def _in_turns(turn: int, ours: Callable[[], object], floor: Callable[[], object], before: Callable[[], None]) -> float:
    """How fast ours is by the floor's; each begins in every other round."""
    spent: dict[int, float] = {}
    for which in (0, 1) if turn % 2 == 0 else (1, 0):
        before()
        begun = time.perf_counter()
        (ours, floor)[which]()
        spent[which] = time.perf_counter() - begun
    return spent[1] / spent[0]


def _nothing() -> None:
    """Nothing has to be done before."""


def _places(wire: Wire) -> list[Place]:
    """Where the mails lie."""
    told = b" ".join(line for line, _ in wire.tell("SELECT INBOX"))
    validity = int(told.partition(b"UIDVALIDITY ")[2].partition(b"]")[0])
    return [Place("INBOX", validity, uid) for uid in wire.search("ALL")]


# ---- tags -----------------------------------------------------------------------------------------------------------


def _tag(inbox: ImapInbox, places: Sequence[Place]) -> Callable[[], None]:
    changes = [Change(key=f"c{place.uid}/1/bench/1", case=f"c{place.uid}", place=place, add_tags=_TAGS)
               for place in places]  # fmt: skip
    return lambda: _whole(inbox.write(changes), lambda one: one.tags_added == _TAGS)


def _store(wire: Wire, places: Sequence[Place]) -> Callable[[], None]:
    def store() -> None:
        sets = [places[start : start + _SET] for start in range(0, len(places), _SET)]
        asked = [wire.ask(f"UID STORE {_uids(some)} +FLAGS.SILENT ({' '.join(_TAGS)})") for some in sets]
        for tag in asked:
            wire.answer(tag)

    return store


def _clear(wire: Wire, places: Sequence[Place]) -> Callable[[], None]:
    return lambda: (wire.tell(f"UID STORE {_uids(places)} -FLAGS.SILENT ({' '.join(_TAGS)})"), None)[1]


def _uids(places: Sequence[Place]) -> str:
    return numbers([place.uid for place in places])


# ---- drafts ---------------------------------------------------------------------------------------------------------


def _draft(inbox: ImapInbox, turn: int, count: int) -> Callable[[], None]:
    at = datetime.now(UTC).replace(microsecond=0)
    changes = [
        Change(key=f"d{turn}-{number}/1/bench/1", case=f"d{turn}-{number}", draft=Draft(
            message_id=f"<ours.{turn}.{number}@example.com>", case=f"d{turn}-{number}", sender=Address(US, "Support"),
            to=Address(f"customer{number}@mail.example", "Anna Jones"), subject="Re: Broken lamp",
            references=(f"<{number}@mail.example>",), text=_LETTER, at=at,
        ))
        for number in range(count)
    ]  # fmt: skip
    return lambda: _whole(inbox.write(changes), lambda one: one.draft is not None)


def _append(wire: Wire, turn: int, count: int) -> Callable[[], None]:
    letter = _LETTER.replace("\n", "\r\n")

    def append() -> None:
        raws = [
            f"From: Support <{US}>\r\nTo: Anna Jones <customer{number}@mail.example>\r\nSubject: Re: Broken lamp\r\n"
            f"In-Reply-To: <{number}@mail.example>\r\nReferences: <{number}@mail.example>\r\n"
            f"Message-ID: <floor.{turn}.{number}@example.com>\r\nMIME-Version: 1.0\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\n\r\n{letter}".encode()
            for number in range(count)
        ]
        sets = [raws[start : start + _APPENDED] for start in range(0, count, _APPENDED)]
        for tag in [wire.append("Drafts", some, "(\\Draft \\Seen) ") for some in sets]:
            wire.answer(tag)

    return append


def _whole(receipts: Sequence[Receipt], well: Callable[[Receipt], bool]) -> None:
    """Speed counts only where the work was done."""
    if not all(well(one) and not one.refused for one in receipts):
        raise Failed("not every tag or draft was written")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-") as name, Dovecot(Path(name, "mail")) as server:
        for row in figures(Hall(server, Path(name)), 1000, 5):
            print(*row)
