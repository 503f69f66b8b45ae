"""The first start on a full inbox: what was there before us is none of our business."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from plugin.demo.mailbox import Dovecot
from tests.faults.house import Account, House
from tests.faults.letters import letter
from tests.faults.table import record


def fill(ours: Account, total: int) -> None:
    """So many old mails, every second of them a complaint, laid into the folder as a delivery agent does."""
    assert isinstance(ours.server, Dovecot)
    inbox = ours.server.maildir(ours.user)
    owner = inbox.stat()
    for number in range(1, total):
        path = inbox / "cur" / f"{1_700_000_000 + number}.M{number}P1.old:2,S"
        path.write_bytes(letter(number, complaint=number % 2 == 0).raw())
        os.chown(path, owner.st_uid, owner.st_gid)


def starts(house: House, folder: Path, total: int) -> None:
    with house.account(folder, attach=False) as ours:
        ours.witness.append("INBOX", letter(0, complaint=True).raw())  # makes the folder
        fill(ours, total)
        before = ours.witness.state("INBOX")
        assert len(before) == total
        for _ in range(3):
            ours.shop.once()
        untouched = ours.witness.state("INBOX") == before
        drafts, cases = len(ours.drafts()), len(ours.shop.json("cases")["cases"])

        new = letter(total + 1, complaint=True)
        ours.witness.append("INBOX", new.raw())
        ours.shop.once()
        goes_on = ours.answered() == {new.message_id: 1}
        right = untouched and goes_on and not drafts and not cases
        record("M22", f"{total:,} old mails: {drafts} drafts, {cases} cases; the next mail is handled", right)
        assert (untouched, goes_on, drafts, cases) == (True, True, 0, 0)


def test_m22_a_first_start_on_300_old_mails_writes_nothing(house: House, tmp_path: Path) -> None:
    starts(house, tmp_path, 300)


@pytest.mark.long
def test_m22_a_first_start_on_10_000_old_mails_writes_nothing(house: House, tmp_path: Path) -> None:
    starts(house, tmp_path, 10_000)
