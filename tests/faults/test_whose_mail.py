"""Whose mail it is: copies, strangers in a thread, contact forms, forwards, machines, and mail without a name."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from tests.faults.house import Account, House, asked
from tests.faults.letters import letter
from tests.witness import Seen

COMPLAINT = (
    "My lamp of order LL-10234 arrived broken. I am very disappointed, this is a complaint. I want a replacement."
)
DAEMON = "MAILER-DAEMON <mailer-daemon@mx.example>"
MAILS = Path(__file__).parents[1] / "mails"


def cases(ours: Account) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ours.shop.json("cases")["cases"]
    return found


def the_draft(ours: Account) -> Seen:
    (draft,) = ours.drafts()
    return draft


def timeline(ours: Account, case: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ours.shop.json("show", case)["timeline"]
    return found


# ---- copies ---------------------------------------------------------------------------------------------------------


def test_one_mail_in_two_watched_folders_is_one_case(house: House, tmp_path: Path) -> None:
    with house.account(tmp_path, more="folders: [INBOX, Shop]", attach=False) as ours:
        ours.doveadm("mailbox create", "Shop")
        ours.shop.once()
        raw = letter(1, complaint=True).raw()
        ours.witness.append("INBOX", raw)
        ours.witness.append("Shop", raw)
        ours.shop.once()
        ours.shop.once()
        assert len(cases(ours)) == 1
        assert ours.answered() == {letter(1, complaint=True).message_id: 1}


def test_a_mail_moved_to_another_watched_folder_stays_one_case(house: House, tmp_path: Path) -> None:
    with house.account(tmp_path, more="folders: [INBOX, Shop]", attach=False) as ours:
        ours.doveadm("mailbox create", "Shop")
        ours.shop.once()
        ours.witness.append("INBOX", letter(1, complaint=True).raw())
        ours.shop.once()
        ours.witness.copy(1, "Shop")
        ours.witness.remove("INBOX", 1)
        ours.shop.once()
        assert len(cases(ours)) == len(ours.drafts()) == 1
        assert ours.witness.state("Shop") == {1: asked(ours)[letter(1, complaint=True).subject]}


# ---- strangers ------------------------------------------------------------------------------------------------------


def test_a_stranger_with_a_forged_in_reply_to_changes_nothing(ours: Account) -> None:
    complaint = ours.witness.deliver(COMPLAINT, subject="Broken lamp")
    ours.shop.once()
    (before,), draft = cases(ours), the_draft(ours)
    told = timeline(ours, before["id"])
    ours.witness.deliver("I take it all back, please close my complaint. Thank you!", subject="Re: Broken lamp",
                         sender="Eve <eve@evil.example>", after=complaint)  # fmt: skip
    ours.witness.deliver(COMPLAINT, subject="Re: Broken lamp", sender="Mallory <m@evil.example>", after=complaint)
    ours.shop.once()

    (after,) = cases(ours)
    assert after == before
    assert the_draft(ours).mail.as_bytes() == draft.mail.as_bytes()
    assert [flags for uid, flags in ours.witness.state("INBOX").items() if uid > 1] == [frozenset()] * 2
    joined = [line for line in timeline(ours, after["id"]) if line not in told]
    assert [line["standing"] for line in joined] == ["unverified"] * 2


def test_a_stranger_who_says_to_be_us_proves_no_promise(ours: Account) -> None:
    complaint = ours.witness.deliver(COMPLAINT, subject="Broken lamp")
    ours.shop.once()
    raw = ours.witness.write("Dear Anna, all is settled.", subject="Re: Broken lamp", after=complaint,
                             sender="Example Support <support@example.com>")  # fmt: skip
    ours.witness.append("INBOX", raw.replace(b"To: " + ours.user.encode(), b"To: anna@example.org"))
    ours.shop.once()
    (case,) = cases(ours)
    assert all(due["met_at"] is None for due in case["due"])
    assert [draft["state"] for draft in case["drafts"]] == ["written"]
    assert len(ours.drafts()) == 1


# ---- forms and forwards ---------------------------------------------------------------------------------------------


def test_a_contact_form_is_answered_to_the_person_who_filled_it_in(ours: Account) -> None:
    ours.witness.deliver(COMPLAINT, subject="Contact form", sender="Website <www@example.com>",
                         Reply_To="Anna Meyer <anna.meyer@web.example>")  # fmt: skip
    ours.shop.once()
    (case,) = cases(ours)
    assert "anna.meyer@web.example" in case["sender"]
    assert str(the_draft(ours).mail["To"]) == "Anna Meyer <anna.meyer@web.example>"


def test_a_forward_by_a_colleague_is_the_inner_senders_and_its_address_must_be_checked(ours: Account) -> None:
    inner = (
        "For you.\n\n---------- Forwarded message ---------\nFrom: Carla Rossi <carla@web.example>\n"
        f"Date: Thu, 19 Nov 2026 at 18:02\nSubject: Broken lamp\nTo: <bob@example.com>\n\n{COMPLAINT}\n"
    )
    ours.witness.append("INBOX", ours.witness.write(inner, subject="Fwd: Broken lamp", sender="Bob <bob@example.com>"))
    ours.shop.once()
    draft = the_draft(ours)
    assert str(draft.mail["To"]) == "Carla Rossi <carla@web.example>"
    assert draft.text.lstrip().startswith("[[check the address]]")
    assert cases(ours)[0]["drafts"][0]["marks"] >= 1


# ---- mails that are nearly the same ---------------------------------------------------------------------------------


def test_two_mails_without_message_id_equal_in_all_but_the_second_are_two(ours: Account) -> None:
    for second in (1, 2):
        ours.witness.append("INBOX", nameless(datetime(2026, 11, 20, 8, 0, second, tzinfo=UTC)))
    ours.shop.once()
    ours.shop.once()
    assert len(cases(ours)) == len(ours.drafts()) == 2
    assert all("complaint" in flags for flags in ours.witness.state("INBOX").values())


def test_one_message_id_used_for_two_mails_hides_neither(ours: Account) -> None:
    for sender, subject in (("Anna <anna@example.org>", "Broken lamp"), ("Ben <ben@example.org>", "Broken shade")):
        raw = ours.witness.write(COMPLAINT + sender, subject=subject, sender=sender)
        head = [
            b"Message-ID: <same@x.example>" if line.startswith(b"Message-ID") else line for line in raw.split(b"\r\n")
        ]
        ours.witness.append("INBOX", b"\r\n".join(head))
    ours.shop.once()
    assert {str(draft.mail["To"]) for draft in ours.drafts()} == {"Anna <anna@example.org>", "Ben <ben@example.org>"}
    assert len(cases(ours)) == 2


def nameless(at: datetime) -> bytes:
    head = (
        f"From: Anna <anna@example.org>\nTo: support@example.com\nSubject: Broken lamp\nDate: {format_datetime(at)}\n"
    )
    return f"{head}\n{COMPLAINT}\n".replace("\n", "\r\n").encode()


# ---- machines -------------------------------------------------------------------------------------------------------


def test_machines_get_no_draft_no_tag_and_no_case(ours: Account) -> None:
    for subject, headers in (
        ("Out of office: broken lamp", {"Auto_Submitted": "auto-replied"}),
        ("Newsletter", {"List_Id": "<news.shop.example>", "List_Unsubscribe": "<mailto:out@shop.example>"}),
        ("Bulk", {"Precedence": "bulk"}),
        ("Responder", {"X_Autoreply": "yes"}),
        ("Nobody", {"Return_Path": "<>"}),
    ):
        ours.witness.deliver(COMPLAINT, subject=subject, **headers)
    ours.witness.deliver(COMPLAINT, subject="Undelivered Mail", sender=DAEMON)
    machines = ["bounce-report", "bounce-qmail", "bounce-headers-only", "delivery-delayed"]
    for name in machines:
        ours.witness.append("INBOX", (MAILS / f"{name}.eml").read_bytes())
    ours.shop.once()
    assert cases(ours) == []
    assert ours.drafts() == []
    assert set(ours.witness.state("INBOX").values()) == {frozenset()}
    assert ours.shop.json("quarantine") == {"quarantine": []}


def test_a_bounce_of_the_reply_un_meets_the_promise(ours: Account) -> None:
    ours.witness.deliver(COMPLAINT, subject="Broken lamp")
    ours.shop.once()
    draft = the_draft(ours)
    ours.witness.send(draft)
    ours.shop.once()
    assert acknowledged(ours)
    ours.witness.deliver("Your mail could not be delivered.", subject="Undelivered Mail", sender=DAEMON,
                         after=str(draft.mail["Message-ID"]))  # fmt: skip
    ours.shop.once()
    assert not acknowledged(ours)
    assert ours.drafts() == []


def acknowledged(ours: Account) -> bool:
    (case,) = cases(ours)
    return any(due["for"] == "acknowledgement" and due["met_at"] for due in case["due"])
