"""A person's hands on our drafts, between two looks: what they did is seen, never undone and never done again."""

from __future__ import annotations

from email import policy
from email.message import EmailMessage

from tests.faults.house import Account
from tests.faults.letters import letter
from tests.faults.table import record
from tests.witness import Seen

COMPLAINTS = [letter(number, complaint=True) for number in range(6)]


def edit(ours: Account, draft: Seen, message_id: str) -> None:
    """A mail program stores a changed draft: a new message is laid beside the old one, which is removed."""
    mail = EmailMessage(policy=policy.SMTP)
    for name in ("From", "To", "Subject", "Date", "In-Reply-To", "References"):
        mail[name] = draft.mail[name]
    mail["Message-ID"] = message_id
    mail.set_content(draft.text + "\nChanged by a person.\n")
    ours.witness.append("Drafts", mail.as_bytes(), ("\\Draft", "\\Seen"))
    ours.witness.remove("Drafts", draft.uid)


def states(ours: Account) -> dict[str, str]:
    return {case["subject"]: case["drafts"][0]["state"] for case in ours.shop.json("cases")["cases"]}


def everything(ours: Account) -> dict[int, bytes]:
    return {draft.uid: draft.mail.as_bytes() for draft in ours.drafts()}


def test_d03_what_a_person_did_with_a_draft_is_never_overwritten_and_never_made_again(each: Account) -> None:
    each.witness.append_all("INBOX", (one.raw() for one in COMPLAINTS))
    each.shop.once()
    by_id = {str(draft.mail["In-Reply-To"]): draft for draft in each.drafts()}
    edited, renamed, sent, deleted, flagged, untouched = (by_id[one.message_id] for one in COMPLAINTS)
    edit(each, edited, str(edited.mail["Message-ID"]))
    edit(each, renamed, "<another-id@mail.example>")
    each.witness.send(sent, lambda text: text.replace("[[", "").replace("]]", ""), keep_id=False)
    each.witness.remove("Drafts", deleted.uid)
    each.witness.flag(flagged.uid, "\\Flagged", folder="Drafts")
    after_hands = everything(each)
    for _ in range(2):
        each.shop.once()
    assert everything(each) == after_hands
    seen = states(each)

    # Whatever would take a draft back: the case is settled, and the drafts a person touched stay all the same.
    ids = {case["subject"]: case["id"] for case in each.shop.json("cases")["cases"]}
    for one in COMPLAINTS:
        assert each.shop.amends("resolve", ids[one.subject], "--outcome", "upheld").returncode == 0
    each.shop.once()
    left = everything(each)
    touched = {uid: raw for uid, raw in after_hands.items() if uid not in (flagged.uid, untouched.uid)}
    overwritten = sum(left.get(uid) != raw for uid, raw in touched.items())
    told = [seen[one.subject] for one in COMPLAINTS[:4]] == ["edited", "gone", "sent", "gone"]
    right = not overwritten and told and len(left) <= len(after_hands)
    record("D03", f"{overwritten} overwritten, 0 made again", right, each.server.name)
    assert [seen[one.subject] for one in COMPLAINTS] == ["edited", "gone", "sent", "gone", "written", "written"]
    assert {uid: left.get(uid) for uid in touched} == touched
    assert untouched.uid not in left
