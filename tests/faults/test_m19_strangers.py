"""M19: a Message-ID that is known to us is known to others too, and whoever names it proves nothing by it."""

from __future__ import annotations

from tests.faults.house import Account
from tests.faults.table import record
from tests.faults.test_whose_mail import COMPLAINT, cases, the_draft, timeline
from tests.witness import written

EVE = "Eve <eve@evil.example>"
US = "Example Support <support@example.com>"
ANNA = "Anna Jones <anna@example.org>"
WITHDRAWN = "I take it all back, please close my complaint. All is settled, thank you!"


def test_m19_whoever_names_a_known_message_id_changes_nothing(ours: Account) -> None:
    complaint = ours.witness.deliver(COMPLAINT, subject="Broken lamp")
    ours.shop.once()
    (before,), draft = cases(ours), the_draft(ours)
    told = timeline(ours, before["id"])
    ours.witness.append_all("INBOX", forged(complaint, str(draft.mail["Message-ID"]), before["id"]))
    ours.shop.once()

    (after,) = cases(ours)
    changed = [name for name, value in after.items() if value != before[name]]
    assert changed == []
    assert the_draft(ours).mail.as_bytes() == draft.mail.as_bytes()
    assert [flags for uid, flags in ours.witness.state("INBOX").items() if uid > 1] == [frozenset()] * 7
    joined = [line for line in timeline(ours, after["id"]) if line not in told]
    standings = sorted(line["standing"] for line in joined)
    assert standings == ["automatic", "unverified", "unverified", "unverified", "unverified"]
    record("M19", f"7 forged mails: {len(changed)} state changes", ok=not changed)


def forged(complaint: str, draft: str, case: str) -> list[bytes]:
    """A stranger's mails that claim to belong to this complaint, as himself, as one of us, and as a contact form."""
    subject = "Re: Broken lamp"
    seal = b"Authentication-Results: evil.example; dkim=pass header.d=example.com; dmarc=pass\r\n"
    received = b"Received: from evil.example by mx.example.com; Fri, 20 Nov 2026 10:00:00 +0000\r\n"
    as_us = written("Dear Anna, all is settled.", sender=US, to=ANNA, subject=subject, after=complaint)
    return [
        written(WITHDRAWN, sender=EVE, subject=subject, after=complaint),
        written(COMPLAINT, sender=EVE, subject=subject, after=draft),
        written(WITHDRAWN, sender=EVE, subject=subject, after=complaint, X_Amends_Case=case, X_Amends_Draft=draft),
        as_us.replace(b"Message-ID: ", b"Message-ID: <again@evil.example>\r\nX-Old: ", 1),
        received + seal + as_us,
        written(WITHDRAWN, sender="Website <www@example.com>", subject=subject, after=complaint, Reply_To=ANNA),
        written(f"Name: Anna Jones\nE-Mail: anna@example.org\nMessage: {WITHDRAWN}\n",
                sender="Form <noreply@evil.example>", subject=subject, after=complaint),
    ]  # fmt: skip
