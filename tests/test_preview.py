"""A preview: past mail through the same desk, over a store that forgets."""

from __future__ import annotations

import contextlib
import json
import mailbox
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.utils import format_datetime
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from click.testing import CliRunner, Result

from plugin.cli import main
from plugin.config import Settings, load
from plugin.desk import Desk
from plugin.desk.ledger import Policies
from plugin.inbox import Page
from plugin.inforce import book_of
from plugin.judge import Judge
from plugin.model import Message
from plugin.preview import Preview, lines
from plugin.register import Register
from plugin.store import Correction, Store
from plugin.testing import MemoryInbox
from tests.shop import open_shop
from tests.stores import DATABASE_PASSWORD, store_at
from tests.witness import written

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BROKEN = "My order LL-10234 arrived broken and nobody answers. I want my money back."
PROMPT = """
    name: prompt
    about: Whoever complains hears from us within four hours.
    when: complaint_received
    then:
      - tag: [desk-one]
      - due_by: {for: acknowledgement, within: 4 hours}
      - draft: {text: hello}
    """
RELAXED = PROMPT.replace("4 hours", "2 days").replace("desk-one", "desk-two")
OVERDUE = """
    name: overdue
    about: A promise was broken.
    when: due_missed
    then:
      - tag: [too-late]
    """


def playbooks(folder: Path, text: str = "Dear {name}, we are sorry.", **books: str) -> Path:
    """A folder of playbooks with one letter."""
    (folder / "drafts").mkdir(parents=True)
    (folder / "drafts" / "hello.en.txt").write_text(f"{text}\n", "utf-8")
    for name, book in books.items():
        (folder / f"{name}.yaml").write_text(dedent(book), "utf-8")
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    shop = open_shop(tmp_path / "shop", 1, "secret")
    found = load(shop.folder / "amends.yaml", secrets=False)
    return replace(found, packs=(), playbooks=playbooks(tmp_path / "mine", prompt=PROMPT, overdue=OVERDUE))


def at(**ago: float) -> datetime:
    return NOW - timedelta(**ago)


def looked(settings: Settings, *messages: Message, compare: Path | None = None) -> dict[str, Any]:
    """The whole preview of these messages, each in a page of its own."""
    with closing(Preview(settings, settings.inboxes[0], NOW, compare=compare)) as past:
        past.read(Page(cursor={}, messages=(message,)) for message in messages)
        past.run()
        return past.summary() | {"cases": list(past.cases()), "differences": list(past.differences())}


def due(case: dict[str, Any], what: str = "acknowledgement") -> dict[str, Any]:
    return next(item for item in case["due"] if item["for"] == what)


# ---- what would have happened ---------------------------------------------------------------------------------------


def test_a_reply_in_sent_shows_which_acknowledgements_came_in_time_late_or_never(settings: Settings) -> None:
    box = MemoryInbox()
    prompt, late, never = (
        box.arrive(BROKEN, subject=subject, sender=f"{subject}@example.org", at=at(days=2))
        for subject in ("prompt", "late", "never")
    )
    answers = [
        box.arrive("We are on it.", sender=f"{one.subject}@example.org", sent=True, after=one.message_id, at=when)
        for one, when in ((prompt, at(days=2, hours=-1)), (late, at(days=1)))
    ]
    found = looked(settings, *answers, never, late, prompt)  # in whatever order they are told
    cases = {case["subject"]: due(case) for case in found["cases"]}
    assert (found["messages"], found["complaints"], found["ours"]) == (5, 3, 2)
    assert {subject: (item["missed"], bool(item["met_at"])) for subject, item in cases.items()} == {
        "prompt": (False, True),
        "late": (True, True),
        "never": (True, False),
    }
    assert cases["late"]["due_at"] == "2026-11-18T16:00:00Z"
    assert cases["late"]["met_at"] == "2026-11-19T12:00:00Z"


def test_what_follows_from_a_missed_due_by_would_have_followed(settings: Settings) -> None:
    (case,) = looked(settings, MemoryInbox().arrive(BROKEN, at=at(hours=5)))["cases"]
    assert "too-late" in case["tags"]
    (case,) = looked(settings, MemoryInbox().arrive(BROKEN, at=at(hours=3)))["cases"]
    assert "too-late" not in case["tags"]


def test_mail_from_before_the_inbox_was_attached_would_have_had_its_draft(settings: Settings) -> None:
    (case,) = looked(settings, MemoryInbox().arrive(BROKEN, at=at(days=300), historic=True))["cases"]
    assert [(draft["purpose"], draft["text"], draft["written_at"]) for draft in case["drafts"]] == [
        ("acknowledgement", "Dear Anna Jones, we are sorry.\n", "2026-01-24T12:00:00Z")
    ]


def test_the_cap_on_drafts_holds_and_says_so(settings: Settings) -> None:
    box = MemoryInbox()
    flood = [box.arrive(f"{BROKEN} {n}", subject=f"Lamp {n}", at=at(days=1, minutes=-n)) for n in range(25)]
    cases = looked(settings, *flood)["cases"]
    assert len(cases) == 25
    assert sum(len(case["drafts"]) for case in cases) == 20
    assert sum(case["capped"] for case in cases) == 5


def test_tags_amends_left_on_a_mail_say_nothing_about_how_it_came(settings: Settings, tmp_path: Path) -> None:
    vip = PROMPT.replace("then:", "if:\n      - tag: [vip, desk-one, severity-critical]\n    then:")
    other = replace(settings, playbooks=playbooks(tmp_path / "vip", vip=vip))
    box = MemoryInbox()
    ours = box.arrive(BROKEN, at=at(days=1), marks=("complaint", "desk-one", "severity-critical"))
    theirs = box.arrive(BROKEN, subject="Once more", at=at(days=1), marks=("vip",))
    applied = {case["subject"]: case["playbooks"][0]["applied"] for case in looked(other, ours, theirs)["cases"]}
    assert applied == {"Hello": False, "Once more": True}


def test_a_mail_from_the_future_counts_as_of_now_and_one_read_twice_counts_once(settings: Settings) -> None:
    box = MemoryInbox()
    early, future = box.arrive(BROKEN, at=at(hours=1)), box.arrive(BROKEN, subject="Soon", at=at(days=-900))
    found = looked(settings, early, future, early)
    assert found["messages"] == 2
    assert {case["subject"]: due(case)["missed"] for case in found["cases"]} == {"Hello": False, "Soon": False}


def test_a_preview_tells_what_a_desk_has_done_that_saw_it_all(settings: Settings, tmp_path: Path) -> None:
    box = MemoryInbox(clock=lambda: now)
    now = start = at(days=4)
    policies = Policies(book_of(settings), settings.calendars, {"support": replace(settings.inboxes[0], reminders="")})
    desk = Desk(Store(store_at(tmp_path / "live.db")), {"support": box}, policies, Judge(), lambda: now)
    desk.poll("support")
    for step in range(4 * 48 + 1):
        now = start + timedelta(minutes=30 * step)
        if step % 12 == 3:
            box.arrive(BROKEN, subject=f"Lamp {step}", sender=f"a{step}@example.org")
        if step % 24 == 6:
            first = box.box.messages[-1]
            box.arrive("So sorry.", sender=first.sender.email, sent=True, after=first.message_id)
        desk.poll("support")
        desk.run_due()
    lived = Register(desk.store, settings.calendars, policies.inboxes).cases()
    desk.close()
    assert len(lived) == 16
    assert [told(case) for case in looked(settings, *box.box.messages)["cases"]] == [told(case) for case in lived]


def told(case: dict[str, Any]) -> dict[str, Any]:
    """What a preview promises of a case."""
    drafts = [(draft["purpose"], draft["state"], draft["written_at"]) for draft in case["drafts"]]
    return {name: case[name] for name in ("id", "subject", "status", "tags", "due", "playbooks")} | {"drafts": drafts}


def test_where_a_folder_holds_more_than_is_looked_at_it_is_said(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin.preview.MOST", 2)
    box = MemoryInbox()
    found = looked(settings, *(box.arrive("Do you sell lamps?", subject=f"{n}", at=at(days=1)) for n in range(2)))
    assert found["cut"] == ["INBOX"]
    assert "  not all mails of INBOX were looked at" in "\n".join(lines(found, (), None, lambda moment, inbox: ""))


# ---- other playbooks ------------------------------------------------------------------------------------------------


def test_other_playbooks_show_in_what_they_differ(settings: Settings, tmp_path: Path) -> None:
    other = playbooks(tmp_path / "other", "Hello {name}.", prompt=RELAXED, overdue=OVERDUE)
    (case,) = looked(settings, MemoryInbox().arrive(BROKEN, at=at(days=1)), compare=other)["differences"]
    assert case["tags"] == {"added": ["desk-two"], "removed": ["desk-one", "too-late"]}
    (dates,) = case["due"]
    assert dates == {"for": "acknowledgement", "before": "2026-11-19T16:00:00Z", "after": "2026-11-21T12:00:00Z"}
    (letter,) = case["drafts"]
    assert (letter["before"], letter["after"]) == ("Dear Anna Jones, we are sorry.\n", "Hello Anna Jones.\n")
    assert case["playbooks"] == {"added": [], "removed": ["overdue"]}


def test_the_same_playbooks_differ_in_nothing(settings: Settings, tmp_path: Path) -> None:
    same = playbooks(tmp_path / "same", prompt=PROMPT, overdue=OVERDUE)
    assert looked(settings, MemoryInbox().arrive(BROKEN, at=at(days=1)), compare=same)["differences"] == []


# ---- files, by the command ------------------------------------------------------------------------------------------


def mail(subject: str, text: str = BROKEN, *, days: float = 2, **about: str) -> bytes:
    received = format_datetime(datetime.now(UTC) - timedelta(days=days))
    return written(text, subject=subject, **about).replace(
        b"From:", b"Received: by b; " + received.encode() + b"\r\nFrom:"
    )


@pytest.fixture
def shop(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    folder = tmp_path / "shop"
    (folder / "amends.yaml").write_text(
        (folder / "amends.yaml")
        .read_text()
        .replace("packs: [general]", "packs: []")
        .replace("my-playbooks/", "../mine")
    )
    (folder / ".env").unlink()  # files can be looked at without a password
    with contextlib.chdir(folder):
        yield folder


def preview(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["preview", *map(str, args)])


def document(*args: str | Path) -> Any:
    ran = preview(*args, "--json")
    assert ran.exit_code == 0, ran.stderr
    return json.loads(ran.stdout)


def an_mbox(path: Path, *mails: bytes) -> Path:
    path.write_bytes(b"".join(b"From x@y.example Mon Nov  2 10:00:00 2026\n%s\n\n" % raw for raw in mails))
    return path


def test_an_mbox_with_broken_mails_is_read_to_its_end_and_they_are_named(shop: Path) -> None:
    box = an_mbox(shop / "old.mbox", mail("One"), b"\x00\xff no mail at all", mail("Two", sender="b@example.org"), b"")
    before = (box.read_bytes(), box.stat().st_mtime_ns)
    found = document("--mbox", box)
    assert (box.read_bytes(), box.stat().st_mtime_ns) == before
    assert (found["messages"], found["complaints"]) == (2, 2)
    assert sorted(case["subject"] for case in found["cases"]) == ["One", "Two"]
    assert [one["file"] for one in found["unreadable"]] == ["old.mbox#2", "old.mbox#4"]
    told = preview("--mbox", box).stdout.splitlines()
    assert told[:3] == [
        "inbox support: 2 mails, 2 complaints",
        "  no mail of ours was found, in Sent or elsewhere: no date can count as kept",
        "  2 could not be read and were passed over:",
    ]
    assert "  due       acknowledgement: 2 missed" in told
    assert "    | Dear Anna Jones, we are sorry." in told


def test_a_maildir_with_its_sent_folder_and_a_folder_of_mails_are_read(shop: Path) -> None:
    complaint = mail("Lamp", days=2)
    reply = mail(
        "Re: Lamp",
        "So sorry.",
        days=1.99,
        sender="support@example.com",
        to="anna@example.org",
        after=str(message_from_bytes(complaint)["Message-ID"]),
    )
    maildir = mailbox.Maildir(shop / "Maildir", create=True)
    maildir.add(complaint)
    maildir.add_folder("Sent").add(reply)
    (shop / "folder" / "deep").mkdir(parents=True)
    (shop / "folder" / "a.eml").write_bytes(complaint)
    an_mbox(shop / "folder" / "deep" / "sent.mbox", reply)
    for path in ("Maildir", "folder"):
        found = document("--mbox", shop / path)
        assert (found["messages"], found["ours"]) == (2, 1)
        assert [due(case)["met_by"] for case in found["cases"]] == ["reply"]


def test_looking_back_ends_where_since_says(shop: Path) -> None:
    box = an_mbox(shop / "old.mbox", mail("Last week", days=8), mail("Yesterday", days=1))
    assert [case["subject"] for case in document("--mbox", box, "--since", "7d")["cases"]] == ["Yesterday"]
    assert document("--mbox", box, "--since", "1h")["cases"] == []
    assert document("--mbox", box)["complaints"] == 2


def test_what_a_person_said_of_a_letter_holds_for_its_like(shop: Path) -> None:
    """The playbooks are previewed under the judge there is, not the one that was shipped."""
    box = an_mbox(shop / "old.mbox", mail("Old"))
    assert document("--mbox", box)["complaints"] == 1
    assert not (shop / "amends.db").exists()  # looking makes no store
    (shop / ".env").write_text(f"STORE_PASSWORD={DATABASE_PASSWORD}\n")  # a store in a database is looked into by it
    said = Correction(
        inbox="support", key="one", label="complaint", value="no", was="yes", case_id="C1", by="Ruth", at=NOW
    )
    with closing(Store(store_at(shop / "amends.db"))) as store, store.writing() as session:
        session.keep_letter("C1", "one", "complaint", BROKEN, subject="Old")
        session.flush()
        session.corrections.note(said)
    assert document("--mbox", box)["complaints"] == 0
    (shop / "new.eml").write_bytes(mail("New"))
    tried = CliRunner().invoke(main, ["try", "new.eml", "--json"])
    assert json.loads(tried.stdout)["status"] is None


def test_the_difference_is_told_in_words(shop: Path, tmp_path: Path) -> None:
    playbooks(tmp_path / "other", "Hello {name}.", prompt=RELAXED, overdue=OVERDUE)
    told = preview(
        "--mbox", an_mbox(shop / "old.mbox", mail("One", days=1)), "--compare", "../other"
    ).stdout.splitlines()
    assert "  tags      +desk-two -desk-one -too-late" in told
    assert told[-5:-2] == [
        "  draft     acknowledgement: another text",
        "    - Dear Anna Jones, we are sorry.",
        "    + Hello Anna Jones.",
    ]
    assert told[-1] == "1 of 1 cases would be treated otherwise"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--mbox", "nowhere"], "nowhere:1:1: there is no such file or folder"),
        (["--mbox", "empty"], "empty:1:1: there is no mail in it"),
        (["--mbox", "picture"], "picture:1:1: none of it can be read as mail: "),
        (["--mbox", "box", "--compare", "nowhere"], "nowhere:1:1: there is no such folder"),
        (["--mbox", "box", "--compare", "broken"], "a.yaml:1:1: "),
        (["--mbox", "box", "--inbox", "sales"], "inbox sales: there is none of this name - there is support"),
        ([], "SHOP_PASSWORD"),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly_ends_with_a_sentence_and_2(shop: Path, args: list[str], said: str) -> None:
    (shop / "empty").touch()
    (shop / "picture").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    (shop / "broken").mkdir()
    (shop / "broken" / "a.yaml").write_text("nothing\n")
    an_mbox(shop / "box", mail("One"))
    ran = preview(*args)
    assert ran.exit_code == 2
    assert said in ran.stderr
    assert ran.stdout == ""


def test_a_server_that_does_not_answer_ends_with_a_sentence_and_1(shop: Path) -> None:
    (shop / ".env").write_text("SHOP_PASSWORD=x\nSTORE_PASSWORD=x\n")
    ran = preview()
    assert ran.exit_code == 1
    assert "cannot connect to 127.0.0.1:1" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


def test_without_settings_the_pack_general_is_tried_and_it_says_that_nobody_is_us(tmp_path: Path) -> None:
    an_mbox(tmp_path / "box", mail("One"))
    with contextlib.chdir(tmp_path):
        ran = preview("--mbox", "box")
    assert ran.exit_code == 0
    assert "no reply is known as one" in ran.stderr
    assert ran.stdout.startswith("inbox inbox: 1 mails, 1 complaints")


def test_on_a_terminal_a_line_says_how_far_it_is_and_goes(shop: Path) -> None:
    box = an_mbox(shop / "box", *(mail(f"Lamp {n}") for n in range(3)))
    assert preview("--mbox", box).stderr == ""
    ours, theirs = pty.openpty()
    command = [str(Path(sys.executable).with_name("amends")), "preview", "--mbox", str(box), "--json"]
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, check=True, cwd=shop)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    os.close(theirs)
    assert json.loads(ran.stdout)["messages"] == 3
    assert "read 3 mails" in shown
    assert "judged [##############################] 3 of 3 mails" in shown
    assert shown.endswith("\r\x1b[K")
