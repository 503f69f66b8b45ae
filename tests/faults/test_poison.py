"""Mails made to break a parser: kept aside with the reason, and never in the way of the mails behind them."""

from __future__ import annotations

from typing import Any

from tests.faults.house import Account, asked
from tests.faults.letters import letter
from tests.faults.table import record
from tests.faults.test_drafts import seen_on_the_web
from tests.witness import Flags

_HEAD = b"From: Eve <eve@example.org>\r\nTo: support@example.com\r\nSubject: Complaint\r\nMessage-ID: <poison@x>\r\n"


def _nested(depth: int) -> bytes:
    opening = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth))
    return _HEAD + opening + b"\r\nI am disappointed.\r\n"


POISON = {
    "a header without end": _HEAD + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 900) for n in range(80)) + b"\r\nHello\r\n",
    "a field without end": _HEAD + b"X: " + b"y\r\n " * 30_000 + b"\r\n\r\nHello\r\n",
    "encoded words without end": _HEAD + b"X-Name: " + b"=?a?q?b?= " * 5_000 + b"\r\n\r\nHello\r\n",
    "a subject of encoded words": b"From: eve@x.example\r\nSubject: " + b"=?utf-8?q?a?= " * 600 + b"\r\n\r\nHello\r\n",
    "a sender of encoded words": b"From: " + b"=?utf-8?q?a?= " * 600 + b"<eve@example.org>\r\n\r\nHello\r\n",
    "more addresses than people": _HEAD + b"Cc: " + b", ".join([b"anna@x.org"] * 2_000) + b"\r\n\r\nHello\r\n",
    "parts within parts": _nested(60),
    "parts within parts, very deep": _nested(1_200),
    "more parts than one can read": (
        _HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 3_000 + b"--b--\r\n"
    ),
    "nothing but boundaries": _HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--bx\r\n" * 9_000,
    "nobody wrote it": b"To: support@example.com\r\nSubject: Complaint\r\n\r\nI am disappointed.\r\n",
    "no header at all": b"\r\n\x80\xff\xfe what is this \x01\x02\r\n",
}  # fmt: skip
GOOD = [letter(number, complaint=number % 2 == 0) for number in range(20)]


def test_m05_twelve_poison_mails_go_to_quarantine_and_twenty_good_ones_behind_them_are_handled(ours: Account) -> None:
    for raw in POISON.values():
        ours.witness.append("INBOX", raw)
    for one in GOOD:
        ours.witness.append("INBOX", one.raw())
    ours.shop.once()

    aside = quarantine(ours)
    done = sum(ours.answered()[one.message_id] == one.complaint for one in GOOD)
    page, ready = seen_on_the_web(ours)
    shown = all(item["reason"][:20] in page for item in aside) and ready["inboxes"][0]["quarantined"] == 12
    right = done == 20 and len(aside) == 12 and shown and poisoned(ours) == dict.fromkeys(range(1, 13), frozenset())
    record("M05", f"{done}/20 handled in the same pass, {len(aside)} in quarantine", right)
    assert shown
    assert [(item["inbox"], item["folder"], item["uid"]) for item in aside] == [
        ("support", "INBOX", uid) for uid in range(1, len(POISON) + 1)
    ]
    assert all(item["reason"] for item in aside)
    assert len({item["id"] for item in aside}) == len(POISON) == 12
    assert set(asked(ours)) == {one.subject for one in GOOD if one.complaint}
    assert ours.answered() == {one.message_id: 1 for one in GOOD if one.complaint}
    assert poisoned(ours) == dict.fromkeys(range(1, 13), frozenset())


def test_m05_poison_is_put_aside_once_and_never_read_again(ours: Account) -> None:
    for raw in POISON.values():
        ours.witness.append("INBOX", raw)
    ours.shop.once()
    aside = quarantine(ours)
    ours.shop.once()
    assert quarantine(ours) == aside
    assert len(aside) == 12
    told = ours.shop.amends("quarantine").stdout.decode()
    assert {line.split()[0] for line in told.splitlines() if line.startswith("q")} == {item["id"] for item in aside}


def quarantine(ours: Account) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ours.shop.json("quarantine")["quarantine"]
    return sorted(found, key=lambda item: int(item["uid"]))


def poisoned(ours: Account) -> dict[int, Flags]:
    return {uid: flags for uid, flags in ours.witness.state("INBOX").items() if uid <= len(POISON)}
