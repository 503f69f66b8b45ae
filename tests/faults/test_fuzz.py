"""Mails changed at random: whatever comes of it is read or kept aside, and the good mails between them are handled."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import pytest

from tests.faults.house import Account
from tests.faults.letters import letter
from tests.faults.table import record
from tests.stores import ask

MAILS = sorted((Path(__file__).parents[1] / "mails").glob("*.eml"))
SEED = 20_261_122
ODD = (
    b"\x00", b"\xff", b"\r", b"\n", b"\r\n\r\n", b"=?utf-8?b?", b"?=", b"=?x?q?=0A?=", b"<", b">", b'"', b"(", b"\\",
    b";", b":", b"--", b"boundary=", b"charset=klingon", b"base64", b"multipart/mixed", b"message/rfc822",
    b"\xe2\x80\xae", b"@", b",", b"From: ", b"\t", b"=", b"%00", b"{", b"[[", b"999999999999",
)  # fmt: skip
Change = Callable[[bytes, Random], bytes]


def put_in(raw: bytes, chance: Random) -> bytes:
    """Something odd stands at a random place."""
    at = chance.randrange(len(raw))
    return raw[:at] + chance.choice(ODD) * chance.choice((1, 1, 1, 40)) + raw[at:]


def cut_out(raw: bytes, chance: Random) -> bytes:
    """Some bytes are missing."""
    at = chance.randrange(len(raw))
    return raw[:at] + raw[at + chance.randrange(1, 80) :]


def cut_off(raw: bytes, chance: Random) -> bytes:
    """The end is missing."""
    return raw[: chance.randrange(1, len(raw))]


def doubled(raw: bytes, chance: Random) -> bytes:
    """A run of lines comes twice, elsewhere."""
    lines = raw.split(b"\n")
    start = chance.randrange(len(lines))
    some, at = lines[start : start + chance.randrange(1, 12)], chance.randrange(len(lines))
    return b"\n".join([*lines[:at], *some, *lines[at:]])


def flipped(raw: bytes, chance: Random) -> bytes:
    """A few bytes are others."""
    changed = bytearray(raw)
    for _ in range(chance.randrange(1, 20)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def crossed(raw: bytes, chance: Random) -> bytes:
    """It ends as another mail does."""
    other = chance.choice(MAILS).read_bytes()
    return raw[: chance.randrange(len(raw))] + other[chance.randrange(len(other)) :]


CHANGES: Sequence[Change] = (put_in, put_in, cut_out, cut_off, doubled, flipped, crossed)


def mutants(total: int) -> list[bytes]:
    """So many changed mails, the same at every run."""
    chance = Random(SEED)  # noqa: S311 - the same order at every run
    made = []
    for _ in range(total):
        raw = chance.choice(MAILS).read_bytes()
        for _ in range(chance.randrange(1, 5)):
            raw = chance.choice(CHANGES)(raw, chance) or b"\n"
        made.append(raw)
    return made


def through(ours: Account, total: int) -> None:
    """All of them go through the whole of it, with twenty good mails among them."""
    made = [raw.replace(b"\x00", b"?") for raw in mutants(total)]  # a server keeps no NUL (RFC 9051, 4.3.1)
    good = [letter(number, complaint=True) for number in range(20)]
    step = max(1, total // 20)
    for number, raw in enumerate(made):
        ours.witness.append("INBOX", raw)
        if number % step == 0 and number // step < 20:
            ours.witness.append("INBOX", good[number // step].raw())
    ran = ours.shop.amends("run", "--once")
    answered = ours.answered()
    handled = sum(answered[one.message_id] == 1 for one in good)
    aside = ours.shop.json("quarantine")["quarantine"]
    stumbled = [item for item in aside if "stumbled" in item["reason"]]
    read = ask(ours.shop.store, "SELECT count(*) FROM place WHERE folder = 'INBOX'")[0][0]
    lost = len(ours.witness.state("INBOX")) - read - len(aside)
    right = ran.returncode == 0 and handled == 20 and not stumbled and not lost
    if not right:
        keep(made, ran.stderr)
    record("M23", f"{total:,} mails changed at random: {lost} lost, {len(aside)} in quarantine, {handled}/20 good ones "
           "handled", right)  # fmt: skip
    assert (ran.returncode, handled, stumbled, lost) == (0, 20, [], 0), ran.stderr.decode()[-2000:]


def keep(made: Sequence[bytes], said: bytes) -> None:
    """The failing bytes stay for whoever looks into it."""
    folder = Path(tempfile.gettempdir()) / f"amends-fuzz-{SEED}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number, raw in enumerate(made):
        (folder / f"{number:05}.eml").write_bytes(raw)
    (folder / "said").write_bytes(said)
    print(f"seed {SEED}: the mails are kept in {folder}")  # noqa: T201 - pytest shows it where the test fails


def test_m23_mails_changed_at_random_are_read_or_kept_and_lose_no_other(ours: Account) -> None:
    through(ours, 60)


@pytest.mark.long
def test_m23_thousands_of_mails_changed_at_random_are_read_or_kept_and_lose_no_other(ours: Account) -> None:
    through(ours, 3_000)
