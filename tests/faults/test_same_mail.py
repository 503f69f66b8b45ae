"""Which mails are one and which are two: without a Message-ID, with a used one, delivered again, in two folders."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.faults.house import Account, House
from tests.faults.letters import letter
from tests.faults.table import record
from tests.stores import ask

AT = datetime.now(UTC).replace(microsecond=0)
COMPLAINT = letter(1, complaint=True)


def nameless(raw: bytes) -> bytes:
    """The mail without its Message-ID."""
    head, _, rest = raw.partition(b"Message-ID: ")
    return head + rest.partition(b"\r\n")[2]


def cases(ours: Account) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ours.shop.json("cases")["cases"]
    return found


def test_m15_ten_mails_without_a_message_id_are_ten_complaints(each: Account) -> None:
    """The last two are equal in From, Subject, text and second."""
    mails = [nameless(letter(number, complaint=True).raw()) for number in range(9)]
    for raw in (*mails, mails[-1]):
        each.witness.append("INBOX", raw, at=AT)
    each.shop.once()
    tagged = [uid for uid, flags in each.witness.state("INBOX").items() if "complaint" in flags]
    found = [len(cases(each)), len(tagged), len(each.drafts())]
    record("M15", f"{found[0]}/10 complaints", found == [10, 10, 10], each.server.name)
    assert found == [10, 10, 10]


def test_m16_a_message_id_used_again_for_other_content_is_another_complaint_that_says_so(each: Account) -> None:
    other = letter(2, complaint=True).raw().replace(b"<letter-2@", b"<letter-1@")
    for raw in (COMPLAINT.raw(), other):
        each.witness.append("INBOX", raw)
        each.shop.once()
    found = cases(each)
    said = [line["note"] for case in found for line in each.shop.json("show", case["id"])["timeline"] if "note" in line]
    reused = [note for note in said if note == "its Message-ID was used before for other content"]
    right = len(found) == len(each.drafts()) == 2 and len(reused) == 1
    record("M16", f"{len(found)}/2 handled, one flagged as reused", right, each.server.name)
    assert [len(found), len(each.drafts()), len(reused)] == [2, 2, 1]


def test_m17_a_mail_delivered_again_by_another_way_is_one_complaint(each: Account) -> None:
    again = b"Received: from mx.example (mx.example [192.0.2.1]) by mail.example; Fri, 20 Nov 2026 08:00:07 +0000\r\n"
    each.witness.append("INBOX", COMPLAINT.raw())
    each.shop.once()
    each.witness.append("INBOX", again + COMPLAINT.raw())
    each.shop.once()
    found = [len(cases(each)), len(each.drafts())]
    record("M17", f"{found[0]} complaint", found == [1, 1], each.server.name)
    assert found == [1, 1]


def test_m18_one_mail_in_two_watched_folders_is_one_complaint_known_at_both_places(
    each_house: House, tmp_path: Path
) -> None:
    with each_house.account(tmp_path, more="folders: [INBOX, Shop]", attach=False) as ours:
        ours.witness.make("Shop")
        ours.shop.once()
        ours.witness.append("INBOX", COMPLAINT.raw())
        ours.witness.append("Shop", COMPLAINT.raw())
        ours.shop.once()
        known = sorted(ask(ours.shop.store, "SELECT folder, count(DISTINCT message) FROM place GROUP BY folder"))
        found = (len(cases(ours)), len(ours.drafts()), known)
        right = found == (1, 1, [("INBOX", 1), ("Shop", 1)])
        record("M18", f"{found[0]} complaint, {len(known)} places known", right, ours.server.name)
        assert found == (1, 1, [("INBOX", 1), ("Shop", 1)])


def test_m18_one_mail_to_two_of_our_addresses_is_one_complaint(ours: Account) -> None:
    """Two deliveries of it, each with the address it was delivered to."""
    for address in (b"sales@example.com", b"support@example.com"):
        ours.witness.append("INBOX", b"Delivered-To: " + address + b"\r\n" + COMPLAINT.raw())
    ours.shop.once()
    assert len(cases(ours)) == len(ours.drafts()) == 1
