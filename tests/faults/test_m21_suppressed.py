"""M21: Exchange asks for no automatic reply to what people write, too; that says nothing about who wrote it."""

from __future__ import annotations

from tests.faults.house import Account
from tests.faults.table import record
from tests.faults.test_whose_mail import COMPLAINT, cases

ASKED = ("All", "OOF", "DR, OOF, AutoReply", "RN, NRN, DR, NDR, OOF, AutoReply", "None")


def test_m21_a_persons_mail_that_asks_for_no_automatic_reply_is_a_complaint(ours: Account) -> None:
    for nth, asked in enumerate(ASKED):
        ours.witness.deliver(COMPLAINT, subject=f"Broken lamp {nth}", sender=f"Anna <anna{nth}@example.org>",
                             X_Auto_Response_Suppress=asked, X_Mailer="Microsoft Outlook 16.0")  # fmt: skip
    ours.shop.once()
    kept = len(cases(ours))
    record("M21", f"{kept}/{len(ASKED)} kept", ok=kept == len(ASKED))
    assert kept == len(ours.drafts()) == 5
