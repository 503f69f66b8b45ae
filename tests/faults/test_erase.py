"""A person is forgotten: not one byte of their words, name or address is left in the store; what happened stays."""

from __future__ import annotations

import json
from email import message_from_bytes
from pathlib import Path

from tests.faults.house import Account
from tests.faults.letters import letter
from tests.stores import IN_A_FILE, ask

WHO = "zoe.canary@example.org"
HER_ID = "<zoe.canary.1@mail.example>"
CANARIES = ("zoe.canary", "kanarienvogel", "cinnamon4711", "xylocanary", "rue des serins")
COMPLAINT = (
    "Hello,\n\nMy parcel never arrived. I have waited three weeks and I am very disappointed, xylocanary.\n"
    "This is a complaint: I want my money back. I live in the Rue des Serins.\n\nZoe Kanarienvogel\n"
)


def found_in(folder: Path) -> dict[str, set[str]]:
    """Which canaries stand in which file of the store."""
    files = [file for file in folder.iterdir() if file.name.startswith("amends.db")]
    raws = {file.name: file.read_bytes().lower() for file in files}
    return {name: held for name, raw in raws.items() if (held := {one for one in CANARIES if one.encode() in raw})}


def zoe_writes(ours: Account, subject: str = "Cinnamon4711 never came") -> None:
    raw = ours.witness.write(COMPLAINT, subject=subject, sender=f"Zoe Kanarienvogel <{WHO}>")
    given = message_from_bytes(raw)["Message-ID"]
    ours.witness.append("INBOX", raw.replace(given.encode(), HER_ID.encode()))


def everything_kept_of_her(ours: Account) -> str:
    """A case with a draft, a corrected label, people's notes; a mention elsewhere; a mail that cannot be read."""
    zoe_writes(ours)
    other = letter(1, complaint=True)
    text = f"{other.text}\nMy friend {WHO} says the same.\n"
    ours.witness.deliver(text, subject=other.subject, sender="ben@example.org")
    poison = f"From: Zoe <{WHO}>\r\nX-Long: {'kanarienvogel ' * 6000}\r\n\r\nHello\r\n".encode()
    ours.witness.append("INBOX", poison)
    ours.shop.once()
    case = next(one["id"] for one in ours.shop.json("cases")["cases"] if "Cinnamon" in one["subject"])
    assert ours.shop.amends("correct", case, "--category", "billing").returncode == 0
    note = "Zoe Kanarienvogel has her money back"
    assert ours.shop.amends("resolve", case, "--outcome", "upheld", "--note", note).returncode == 0
    assert ours.shop.amends("reopen", case).returncode == 0
    teach(ours)
    ours.shop.once()
    return str(case)


def teach(ours: Account) -> None:
    """As if the judge had learned from her letter, once and once more."""
    learned = {"complaint": {"xylocanary": 1.5, "xylocanary zoe": 0.5, "refund": 0.7}, "labels": {}}
    for version in (1, 2):
        row = {"version": version, "before": version - 1, "learned": json.dumps(learned), "in_force": version == 2}
        ask(ours.shop.store, "INSERT INTO judge VALUES (:version, :before, 0, :learned, '', :in_force)", **row)


@IN_A_FILE
def test_not_one_byte_of_a_person_is_left_and_the_skeleton_stays(ours: Account) -> None:
    case = everything_kept_of_her(ours)
    assert found_in(ours.shop.folder)["amends.db"] | found_in(ours.shop.folder).get("amends.db-wal", set()) == set(
        CANARIES
    )
    before, mail = ours.shop.json("show", case), her_mail(ours)
    assert f"Zoe Kanarienvogel <{WHO}>" in [str(draft.mail["To"]) for draft in ours.drafts()]
    assert ours.shop.amends("erase", "c0ffee", "--yes").returncode == 2
    assert ours.shop.amends("erase", WHO, stdin=b"n\n").returncode == 1
    assert ours.shop.json("show", case) == before
    asked = ours.shop.amends("erase", WHO.upper(), stdin=b"y\n")
    assert asked.returncode == 0, asked.stderr.decode()
    shown, _, done = asked.stdout.decode().partition("Erase it?")
    for line in (
        "1 case, with all that was said in them",
        "  words      1 letter of theirs and of yours, 2 drafts and 0 reminders of ours",
        f"  names      1 address, with names, subjects and Message-IDs, out of {len(before['timeline'])} lines",
        "  elsewhere  this address in 1 text and events of other cases, 1 mail in quarantine",
        "  judge      4 words it learned from nobody else",
        "  mailbox    1 draft and 0 reminders of ours that nobody has touched",
    ):
        assert line in shown, shown
    assert "1 mail in quarantine, 4 words the judge had learned" in done
    assert "backups made before now" in asked.stdout.decode()
    assert found_in(ours.shop.folder) == {}

    assert WHO not in "".join(str(draft.mail["To"]) for draft in ours.drafts())
    assert her_mail(ours) == mail

    after = ours.shop.json("show", case)
    assert after["erased"]
    assert (after["sender"], after["subject"], after["their_text"]) == ("", "", "")
    kept = len(before["timeline"])
    assert [line["event"] for line in after["timeline"]][:kept] == [line["event"] for line in before["timeline"]]
    assert [line["at"] for line in after["timeline"]][:kept] == [line["at"] for line in before["timeline"]]
    assert after["due"][0]["due_at"] == before["due"][0]["due_at"]
    assert len(ours.shop.json("cases")["cases"]) == 2
    assert len(ours.shop.json("quarantine")["quarantine"]) == 1
    other = next(one for one in ours.shop.json("cases")["cases"] if one["id"] != case)
    assert "My friend erased@invalid says the same." in ours.shop.json("show", other["id"])["their_text"]
    learned = [json.loads(row[0])["complaint"] for row in ask(ours.shop.store, "SELECT learned FROM judge")]
    assert learned == [{"refund": 0.7}] * 2

    ours.witness.deliver(COMPLAINT, subject="Re: Cinnamon4711 never came", sender=f"Zoe <{WHO}>", after=HER_ID)
    ours.shop.once()
    cases = ours.shop.json("cases")["cases"]
    assert len(cases) == 3  # whoever was forgotten begins anew
    assert [one["sender"] for one in cases if one["id"] == case] == [""]
    assert ours.shop.amends("reopen", case).returncode == 2


def her_mail(ours: Account) -> bytes:
    """Her mail as it lies in the mailbox."""
    return next(seen.mail.as_bytes() for seen in ours.witness.folder("INBOX") if "Cinn" in str(seen.mail["Subject"]))
