"""A wave of complaints in forged names: few drafts, none of the stranger's words in them, and nothing is sent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from plugin.demo.mailbox import Dovecot
from tests.faults.house import Account, House
from tests.faults.letters import COMPLAINTS, letter
from tests.faults.table import record

CAP = 20
TRUE = letter(1, complaint=True)
VERDICT = b"Authentication-Results: mx.example.com; dmarc=fail header.from=victim.example\r\n"
LURE = "Canary Prize winners collect at https://evil.example/win or www.evil.example today"


def forged(number: int) -> bytes:
    """A complaint in the name of a victim, who never wrote it, with what the forger wants him to read."""
    subject, text = COMPLAINTS[number % len(COMPLAINTS)]
    said = f"{LURE}. {text.format(order=f'LL-{number}')} Please ring the canary line. {LURE}."
    head = (
        f"From: Canary Winner https://evil.example <victim{number}@victim.example>\r\nTo: support@example.com\r\n"
        f"Subject: {subject} www.evil.example {number}\r\nMessage-ID: <forged-{number}@victim.example>\r\n"
        "Date: Fri, 20 Nov 2026 08:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    )
    return VERDICT + f"{head}{said}\r\n".encode()


def arrive(ours: Account, total: int) -> None:
    """So many come at once, laid into the folder as a delivery agent does."""
    assert isinstance(ours.server, Dovecot)
    inbox = ours.server.maildir(ours.user)
    owner = inbox.stat()
    for number in range(total):
        path = inbox / "new" / f"{1_790_000_000 + number}.M{number}P1.wave"
        path.write_bytes(forged(number))
        os.chown(path, owner.st_uid, owner.st_gid)


def comes(house: House, folder: Path, total: int) -> None:
    with house.account(folder) as ours:
        ours.witness.append("INBOX", letter(0, complaint=False).raw())  # makes the folder
        arrive(ours, total)
        ours.witness.append("INBOX", TRUE.raw())
        ours.shop.once()
        ours.shop.once()
        drafts = {str(draft.mail["In-Reply-To"]): draft for draft in ours.drafts()}
        answered = drafts.pop(TRUE.message_id, None)
        words = [draft.text + str(draft.mail["Subject"]) + str(draft.mail["To"].addresses[0].display_name)
                 for draft in drafts.values()]  # fmt: skip
        clean = not any(bad in text.lower() for text in words for bad in ("http", "evil.example", "www."))
        wordless = not any("canary" in draft.text.lower() for draft in drafts.values())
        sent = len(ours.witness.folder("Sent"))
        tagged = sum("complaint" in flags for flags in ours.witness.state("INBOX").values())
        right = len(ours.drafts()) == CAP + 1 and answered is not None and clean and wordless and not sent
        record("M25", f"{total:,} forged: {len(drafts)} drafts (cap {CAP}) without a word of theirs, 0 sent", right)
        assert (len(drafts), answered is not None, clean, wordless, sent) == (CAP, True, True, True, 0)
        assert tagged == sum("complaint" in case["tags"] for case in ours.shop.json("cases")["cases"]) > total / 2


def test_m25_of_200_forged_complaints_the_cap_alone_gets_drafts(house: House, tmp_path: Path) -> None:
    comes(house, tmp_path, 200)


@pytest.mark.long
def test_m25_of_5_000_forged_complaints_the_cap_alone_gets_drafts(house: House, tmp_path: Path) -> None:
    comes(house, tmp_path, 5_000)


def test_m25_one_sender_gets_no_more_drafts_than_the_cap(ours: Account) -> None:
    for number in range(CAP + 5):
        raw = letter(number, complaint=True).raw().replace(f"customer{number}@".encode(), b"same@")
        ours.witness.append("INBOX", raw)
    ours.shop.once()
    assert len(ours.drafts()) == CAP
    assert sum("complaint" in flags for flags in ours.witness.state("INBOX").values()) == CAP + 5
