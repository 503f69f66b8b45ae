"""Bad input through the command line: one clear sentence, the promised exit code, nothing lost, the rest goes on."""

from __future__ import annotations

import re
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.faults.house import PASSWORD, Account, Forks, QuickShop, asked
from tests.faults.letters import letter
from tests.faults.liar import Liar, Manners, closed_port, says
from tests.shop import open_shop
from tests.stores import IN_A_FILE

COMPLAINT = letter(1, complaint=True)
LATER = letter(2, complaint=True)


def told(ran: CompletedProcess[bytes], code: int) -> str:
    """What the command said; it ended with this code and without a stack trace."""
    text = (ran.stdout + ran.stderr).decode()
    assert ran.returncode == code, text
    assert text.strip()
    assert "Traceback" not in text and "amends: unexpected" not in text
    return text


def edit(ours: QuickShop, old: str, new: str, file: str = "amends.yaml") -> None:
    path = ours.folder / file
    before = path.read_text("utf-8")
    assert old in before
    path.write_text(before.replace(old, new), "utf-8")


def handled(ours: Account, *letters: str) -> bool:
    """Whether these mails have their one draft each, and nothing else has one."""
    return ours.answered() == dict.fromkeys(letters, 1)


# ---- files ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path, forks: Forks) -> QuickShop:
    """A folder whose server nobody will ask: what is wrong with the files is found before that."""
    return QuickShop(open_shop(tmp_path / "shop", closed_port(), PASSWORD).folder, forks=forks)


SETTINGS = {
    "broken YAML": ("packs: [general]", "packs: [general", "amends.yaml"),
    "a tab for an indent": ("    kind: imap", "\tkind: imap", "amends.yaml"),
    "an unknown key": ("    kind: imap", "    kind: imap\n    colour: red", "colour"),
    "a key misspelt": ("    host:", "    hosst:", "hosst"),
    "an unknown kind": ("kind: imap", "kind: pigeon", "pigeon"),
    "an unknown word": ("tls: none", "tls: none\n    show: rainbow", "rainbow"),
    "a missing environment name": ("${SHOP_PASSWORD}", "${NO_SUCH_NAME}", "NO_SUCH_NAME"),
    "an unknown pack": ("[general]", "[generel]", "generel"),
    "an unknown calendar": ("kind: imap", "kind: imap\n    hours: nightly", "nightly"),
    "a zone that is none": ("Europe/London", "Europe/Atlantis", "Atlantis"),
    "an impossible week": ('"00:00-24:00"', '"18:00-09:00"', "18:00-09:00"),
}


@pytest.mark.parametrize("fault", SETTINGS)
def test_what_is_wrong_with_the_settings_is_told_with_line_and_column(shop: QuickShop, fault: str) -> None:
    old, new, about = SETTINGS[fault]
    edit(shop, old, new)
    for command in (("check",), ("run", "--once"), ("run",)):
        text = told(shop.amends(*command), 2)
        assert about in text
        assert all(re.match(r"\S*amends\.yaml:\d+:\d+: \S", line) for line in text.splitlines()), text
    assert not shop.store.exists()


PLAYBOOK = """\
name: house
about: Ours.
when: complaint_received
if:
  - category: delivery
then:
  - tag: [house]
  - due_by: {for: acknowledgement, within: 4 hours}
"""
PLAYBOOKS = {
    "broken YAML": ("[house]", "[house"),
    "an unknown key": ("about: Ours.", "abuot: Ours."),
    "an unknown trigger": ("complaint_received", "complaint_recieved"),
    "an unknown category": ("category: delivery", "category: deliverry"),
    "an unknown condition": ("category: delivery", "mood: bad"),
    "an unknown action": ("  - tag: [house]", "  - send: [house]"),
    "a tag that is none": ("[house]", "[Very Angry!]"),
    "an unknown unit": ("4 hours", "4 fortnights"),
    "a negative span": ("4 hours", "-4 hours"),
    "a span without a unit": ("4 hours", "4"),
    "a span beyond all time": ("4 hours", "99999999999 weeks"),
    "a pattern that is none": ("category: delivery", "text: '/(/'"),
    "an unknown text": ("  - tag: [house]", "  - draft: {text: no-such-letter}"),
}


@pytest.mark.parametrize("fault", PLAYBOOKS)
def test_what_is_wrong_with_a_playbook_is_told_with_line_and_column(shop: QuickShop, fault: str) -> None:
    old, new = PLAYBOOKS[fault]
    assert old in PLAYBOOK
    shop.playbook("house", PLAYBOOK.replace(old, new))
    for command in (("check",), ("run", "--once")):
        text = told(shop.amends(*command), 2)
        assert all(re.match(r"\S*house\.yaml:\d+:\d+: \S", line) for line in text.splitlines()), text


def test_every_problem_of_every_file_is_told_at_once(shop: QuickShop) -> None:
    edit(shop, "kind: imap", "kind: imap\n    colour: red\n    show: rainbow")
    edit(shop, "${SHOP_PASSWORD}", "${NO_SUCH_NAME}")
    text = told(shop.amends("check"), 2)
    assert all(word in text for word in ("colour", "rainbow", "NO_SUCH_NAME"))
    edit(shop, "\n    colour: red\n    show: rainbow", "")
    shop.playbook("house", PLAYBOOK.replace("delivery", "deliverry").replace("4 hours", "4 fortnights"))
    shop.playbook("house-two", PLAYBOOK.replace("tag:", "tga:"))
    text = told(shop.amends("check"), 2)
    assert all(word in text for word in ("NO_SUCH_NAME", "deliverry", "fortnights", "tga"))


def test_a_folder_without_settings_is_told_what_to_do(shop: QuickShop) -> None:
    (shop.folder / "amends.yaml").unlink()
    assert "amends.yaml" in told(shop.amends("run", "--once"), 2)


@IN_A_FILE
def test_a_store_that_is_none_is_told_and_left_as_it_is(shop: QuickShop) -> None:
    shop.store.write_bytes(b"this is no database\n" * 100)
    for command in (("run", "--once"), ("cases",)):
        assert "amends.db" in told(shop.amends(*command), 1)
    assert shop.store.read_bytes() == b"this is no database\n" * 100


@pytest.mark.parametrize("args", [
    ("show", "nosuch"), ("resolve", "nosuch", "--outcome", "upheld"), ("resolve", "nosuch", "--outcome", "perfect"),
    ("done", "nosuch/1/x/1"), ("cases", "--due", "soon"), ("replied", "nosuch", "--at", "yesterday-ish", "--note", "x"),
    ("open", "--inbox", "nosuch", "<a@b>"), ("nosuch",), ("reopen", "nosuch"),
])  # fmt: skip
def test_a_command_about_nothing_is_wrong_input(shop: QuickShop, args: tuple[str, ...]) -> None:
    told(shop.amends(*args), 2)


# ---- servers --------------------------------------------------------------------------------------------------------


LIARS: dict[str, Manners] = {
    "hangs up": says(b""),
    "speaks HTTP": says(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "speaks no words": says(bytes(range(256)) * 40),
    "says goodbye": says(b"* BYE not today\r\n"),
    "answers with noise": says(b"* OK hello\r\n", b"\x00\xff((((\r\n"),
    "answers another question": says(b"* OK hello\r\n", b"Z999 OK done\r\n"),
    "agrees to everything": says(b"* OK hello\r\n", b"%s OK done\r\n"),
    "refuses everything": says(b"* OK hello\r\n", b"%s NO never\r\n"),
    "understands nothing": says(b"* OK hello\r\n", b"%s BAD what\r\n"),
    "lies about its folders": says(
        b"* OK [CAPABILITY IMAP4rev1] hi\r\n", b"* LIST (((\r\n* 5 FETCH (UID\r\n%s OK done\r\n"
    ),
}


@pytest.mark.parametrize("liar", LIARS)
def test_a_lying_server_is_one_sentence_and_nothing_is_lost(ours: Account, liar: str) -> None:
    ours.witness.append("INBOX", COMPLAINT.raw())
    port = f"port: {ours.server.port}"
    with Liar(LIARS[liar]) as stranger:
        edit(ours.shop, port, f"port: {stranger.port}")
        text = told(ours.shop.amends("run", "--once"), 1)
        assert text.startswith("inbox support: ") and len(text.splitlines()) == 1
        assert "support" in told(ours.shop.amends("doctor"), 1)
        edit(ours.shop, f"port: {stranger.port}", port)
    ours.shop.once()
    assert handled(ours, COMPLAINT.message_id)


def test_a_server_that_cannot_be_reached_is_one_sentence_and_nothing_is_lost(ours: Account) -> None:
    ours.witness.append("INBOX", COMPLAINT.raw())
    port, closed = f"port: {ours.server.port}", f"port: {closed_port()}"
    edit(ours.shop, port, closed)
    text = told(ours.shop.amends("run", "--once"), 1)
    assert text.startswith("inbox support: cannot connect to 127.0.0.1:")
    edit(ours.shop, "127.0.0.1\n", "no.such.host.invalid\n")
    edit(ours.shop, "tls: none", "tls: implicit")
    assert "check `host:`" in told(ours.shop.amends("run", "--once"), 1)
    edit(ours.shop, "no.such.host.invalid\n", "127.0.0.1\n")
    edit(ours.shop, "tls: implicit", "tls: none")
    edit(ours.shop, closed, port)
    ours.shop.once()
    assert handled(ours, COMPLAINT.message_id)


def test_a_wrong_password_is_one_sentence_that_does_not_show_it(ours: Account) -> None:
    ours.witness.append("INBOX", COMPLAINT.raw())
    edit(ours.shop, PASSWORD, "not-the-password", ".env")
    text = told(ours.shop.amends("run", "--once"), 1)
    assert "refused the login" in text and "check `user:` and `password:`" in text
    assert "not-the-password" not in text
    assert "login" in told(ours.shop.amends("doctor"), 1)
    edit(ours.shop, "not-the-password", PASSWORD, ".env")
    ours.shop.once()
    assert handled(ours, COMPLAINT.message_id)


def test_a_broken_inbox_does_not_hold_up_the_others(ours: Account) -> None:
    config = (ours.shop.folder / "amends.yaml").read_text("utf-8")
    broken = config[config.index("    kind: imap") : config.index("hours:")].replace(
        f"port: {ours.server.port}", f"port: {closed_port()}"
    )
    edit(ours.shop, "  support:\n", f"  broken:\n{broken}  support:\n")
    ours.witness.append("INBOX", COMPLAINT.raw())
    text = told(ours.shop.amends("run", "--once"), 1)
    assert text.startswith("inbox broken: cannot connect") and len(text.splitlines()) == 1
    assert handled(ours, COMPLAINT.message_id)
    ours.witness.append("INBOX", LATER.raw())
    told(ours.shop.amends("run", "--once"), 1)
    assert handled(ours, COMPLAINT.message_id, LATER.message_id)


# ---- mailboxes ------------------------------------------------------------------------------------------------------


def test_a_mailbox_that_may_only_be_read_gets_no_tags_and_still_a_draft(ours: Account) -> None:
    ours.witness.append("INBOX", COMPLAINT.raw())
    ours.allow("INBOX", "lr")
    ours.shop.once()
    assert ours.witness.state("INBOX") == {1: frozenset()}
    assert handled(ours, COMPLAINT.message_id)
    assert "may only be read" in told(ours.shop.amends("doctor"), 1)
    (case,) = ours.shop.json("cases")["cases"]
    assert "cannot carry complaint" in told(ours.shop.amends("show", case["id"]), 0)


def test_drafts_that_may_only_be_read_are_told_and_the_draft_follows_once_they_may_be_written(ours: Account) -> None:
    ours.allow("Drafts", "lr")
    ours.witness.append("INBOX", COMPLAINT.raw())
    text = told(ours.shop.amends("run", "--once"), 1)
    assert "the server refused a message for Drafts" in text
    assert ours.witness.state("INBOX") == {1: asked(ours)[COMPLAINT.subject]}
    ours.allow("Drafts", "lrwstipekxa")
    ours.shop.once()
    assert handled(ours, COMPLAINT.message_id)


def test_a_mail_that_breaks_a_parser_is_kept_and_the_others_go_on(ours: Account) -> None:
    ours.witness.append("INBOX", b"Subject: Complaint\r\n\r\nNobody wrote this.\r\n")
    ours.witness.append("INBOX", COMPLAINT.raw())
    ours.shop.once()
    assert handled(ours, COMPLAINT.message_id)
    line = ours.shop.amends("quarantine").stdout.decode()
    assert "support: INBOX uid 1: it names no sender" in line
