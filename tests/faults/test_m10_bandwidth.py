"""Providers count bytes, and shut out who reads too much: a mail is read once, a quiet look costs next to nothing."""

from __future__ import annotations

import random
import re
from pathlib import Path

from tests.faults.house import House
from tests.faults.letters import letter
from tests.faults.table import record
from tests.proxy import Proxy

MAILS = 60


def test_m10_each_mail_is_read_once_and_a_quiet_look_costs_next_to_nothing(house: House, tmp_path: Path) -> None:
    raws = [longer(letter(number, complaint=number % 10 == 0).raw(), number) for number in range(MAILS)]
    with Proxy(house.server.host, house.server.port) as proxy, house.account(tmp_path, port=proxy.port) as ours:
        ours.shop.once()
        ours.witness.append_all("INBOX", raws)
        proxy.reset()
        ours.shop.once()
        share = proxy.received / sum(map(len, raws))
        sets = re.findall(rb"UID FETCH (\S+) \([^)]*BODY\.PEEK\[\]", proxy.said)
        asked = [uid for spans in sets for uid in uids(spans)]
        assert len(asked) == len(set(asked)) == MAILS
        ours.shop.once()
        proxy.reset()
        ours.shop.once()
        quiet = looked(bytes(proxy.said), bytes(proxy.heard))
        record("M10", f"{share:.2f} x mail, quiet poll {quiet:,} bytes", share <= 1.1 and quiet <= 2048)
        assert share <= 1.1
        assert quiet <= 2048


def longer(raw: bytes, seed: int) -> bytes:
    """The mail with as much history below it as mails have."""
    words = random.Random(seed).choices(["the", "order", "came", "we", "will", "look", "into", "it"], k=2500)  # noqa: S311
    lines = (b"> " + " ".join(words[at : at + 12]).encode() + b"\r\n" for at in range(0, len(words), 12))
    return raw + b"\r\n" + b"".join(lines)


def uids(spans: bytes) -> list[int]:
    """The numbers in a set such as `1:3,7`."""
    found: list[int] = []
    for span in spans.decode().split(","):
        first, _, last = span.partition(":")
        found += range(int(first), int(last or first) + 1)
    return found


def looked(said: bytes, heard: bytes) -> int:
    """The bytes of one look, without getting in and out, which a running Amends does once."""
    inside = said.index(b"\r\n", said.index(b"LOGIN")) + 2
    answered = heard.index(b"\r\n", heard.index(b"Logged in")) + 2
    return len(said) - inside + len(heard) - answered
