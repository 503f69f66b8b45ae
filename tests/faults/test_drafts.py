"""Drafts that cannot be laid down: told at once wherever a person looks, the task stands, and it is tried again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from plugin.config import load
from plugin.demo.mailbox import Dovecot
from plugin.register import Register
from plugin.store import Store
from plugin.web import create_app
from tests.cyrus import Cyrus
from tests.faults.house import PASSWORD, PLUGINS, Account, Forks, House
from tests.faults.letters import COMPLAINTS, letter
from tests.faults.table import record

COMPLAINT = letter(1, complaint=True)
KIB = 60
_SMALL = PLUGINS.replace("100M", f"{KIB}K")
_HERE = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1"}


# ---- D04 ------------------------------------------------------------------------------------------------------------


@contextmanager
def bare(kind: str, folder: Path, forks: Forks) -> Iterator[House]:
    """A server whose mailboxes have an INBOX only, and little room."""
    if kind == "Cyrus":
        with Cyrus(password=PASSWORD, special_use=False) as cyrus:
            yield House(cyrus, forks)
    else:
        with Dovecot(folder, password=PASSWORD, extra=_SMALL, special_use=False, fsync="never") as dovecot:
            yield House(dovecot, forks)


@pytest.fixture(scope="module", params=["Dovecot", "Cyrus"])
def poor(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Iterator[House]:
    with bare(request.param, tmp_path_factory.mktemp("bare"), forks) as house:
        yield house


def test_d04_without_a_drafts_folder_it_is_told_everywhere_and_the_draft_follows_once_there_is_one(
    poor: House, tmp_path: Path
) -> None:
    with poor.account(tmp_path) as ours:
        ours.witness.append("INBOX", COMPLAINT.raw())
        said = "there is no Drafts folder: set `drafts:`"
        shown = told_everywhere(ours, said, "Drafts")
        ours.witness.make("Drafts")
        ours.shop.once()
        follows = answered(ours) == [COMPLAINT.message_id]
        record("D04", "no folder: told in the same pass, draft follows", shown and follows, ours.server.name)
        assert shown
        assert follows


def test_d04_a_full_mailbox_is_told_everywhere_and_the_draft_follows_once_there_is_room(
    poor: House, tmp_path: Path
) -> None:
    with poor.account(tmp_path) as ours:
        if isinstance(ours.server, Cyrus):
            ours.server.limit(ours.user, KIB)
        ours.witness.make("Drafts", "Sent", "Trash")
        ours.witness.append("INBOX", COMPLAINT.raw())
        ours.witness.append("Trash", b"Subject: x\r\n\r\n" + b"x" * (KIB * 1024 - 1500))
        shown = told_everywhere(ours, "the server refused a message for Drafts", "quota")
        assert ours.drafts() == []
        ours.witness.remove("Trash", 1)
        ours.shop.once()
        follows = answered(ours) == [COMPLAINT.message_id]
        record("D04", "over quota: told in the same pass, draft follows", shown and follows, ours.server.name)
        assert shown
        assert follows


def test_d04_a_drafts_folder_that_was_renamed_is_found_again_or_told(poor: House, tmp_path: Path) -> None:
    with poor.account(tmp_path) as ours:
        ours.witness.make("Drafts", "Sent")
        ours.witness.append("INBOX", COMPLAINT.raw())
        ours.shop.once()
        ours.witness.rename("Drafts", "Entwürfe")
        second = letter(2, complaint=True)
        ours.witness.append("INBOX", second.raw())
        ours.shop.once()
        found = answered(ours, "Entwürfe") == [COMPLAINT.message_id, second.message_id]
        ours.witness.rename("Entwürfe", "My own name")
        third = letter(3, complaint=True)
        ours.witness.append("INBOX", third.raw())
        told = told_everywhere(ours, "there is no Drafts folder", "Drafts")
        ours.witness.rename("My own name", "Drafts")
        ours.shop.once()
        whole = answered(ours) == [one.message_id for one in (COMPLAINT, second, third)]
        record("D04", "renamed: found by name or told, none doubled", found and told and whole, ours.server.name)
        assert (found, told, whole) == (True, True, True)


def told_everywhere(ours: Account, said: str, failing: str) -> bool:
    """One pass; whether it says so, the web page and /readyz too, the doctor fails at it, and the task stands."""
    ran = ours.shop.amends("run", "--once")
    doctor = ours.shop.amends("doctor").stdout.decode()
    page, ready = seen_on_the_web(ours)
    tasks = [case for case in ours.shop.json("cases")["cases"] if case["due"] and not case["due"][0]["met_at"]]
    places = {
        "run": ran.returncode == 1 and said in ran.stderr.decode(),
        "doctor": any(failing in line and ("no " in line or "FAIL" in line.upper()) for line in doctor.splitlines()),
        "page": said.replace("`", "") in page.replace("`", ""),
        "readyz": ready["ready"] is False and said in json.dumps(ready),
        "task": bool(tasks) and all("complaint" in case["tags"] for case in tasks),
    }
    assert {name for name, held in places.items() if not held} == set(), (ran.stderr.decode(), doctor)
    return all(places.values())


def seen_on_the_web(ours: Account) -> tuple[str, Any]:
    """The register's page, and what /readyz answers."""
    settings = load(ours.shop.folder / "amends.yaml")
    store = Store(settings.store)
    try:
        register = Register(store, settings.calendars, {inbox.name: inbox for inbox in settings.inboxes})
        caller = create_app(register).test_client()
        page = caller.get("/", environ_overrides=_HERE).get_data(as_text=True)
        return page, caller.get("/readyz", environ_overrides=_HERE).get_json()
    finally:
        store.close()


def answered(ours: Account, folder: str = "Drafts") -> list[str]:
    """The mails that have a draft, one name for each draft."""
    return sorted(str(seen.mail["In-Reply-To"]) for seen in ours.witness.folder(folder))


# ---- D06 ------------------------------------------------------------------------------------------------------------

THREADS: tuple[dict[str, str], ...] = (
    {},
    {"References": "<a0@x.example>", "In-Reply-To": "<a0@x.example>"},
    {"References": "<a1@x.example> <a2@x.example> <a3@x.example>"},
    {"In-Reply-To": "<b0@x.example>"},
    {"In-Reply-To": "Your message of Friday <b1@x.example>"},
    {"References": " ".join(f"<long-{number}@a-rather-long-name.mail.example>" for number in range(60))},
    {"References": "garbage <c0@x.example> more garbage"},
    {"References": "<d0@x.example>,<d1@x.example>"},
    {"Subject": "Re: AW: Re: the same subject"},
    {"Subject": "Re: AW: Re: the same subject"},
)
"""What ten complaints say of their threads."""


def test_d06_each_draft_stands_in_the_thread_of_its_complaint(each: Account) -> None:
    for number, fields in enumerate(THREADS):
        each.witness.append("INBOX", complaint(number, fields))
    each.shop.once()
    parents = {seen.mail["Message-ID"]: seen for seen in each.witness.folder("INBOX")}
    drafts = {draft.mail["In-Reply-To"]: draft for draft in each.drafts()}
    assert set(drafts) == set(parents)
    right = [name for name, draft in drafts.items() if answers(draft.mail, parents[name].mail)]

    each.witness.make("Both")
    for seen in (*parents.values(), *drafts.values()):
        each.witness.append("Both", seen.mail.as_bytes())
    ids = {seen.uid: str(seen.mail["Message-ID"]) for seen in each.witness.folder("Both")}
    pairs = {(ids.get(above), ids[below]) for above, below in links(each.witness.threads("Both"))}
    threaded = [name for name in right if (name, drafts[name].mail["Message-ID"]) in pairs]
    record("D06", f"{len(threaded)}/10 threaded", len(threaded) == 10, each.server.name)
    assert len(threaded) == len(right) == 10
    assert not any(draft.mail["Auto-Submitted"] for draft in drafts.values())


def complaint(number: int, fields: dict[str, str]) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = f"Anna <anna{number}@example.org>", "support@example.com"
    mail["Subject"] = fields.get("Subject", f"Broken lamp {number}")
    mail["Message-ID"], mail["Date"] = f"<complaint-{number}@mail.example>", "Fri, 20 Nov 2026 08:00:00 +0000"
    mail.set_content(COMPLAINTS[1][1].format(order=f"LL-{number}"))
    extra = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if name != "Subject")
    return extra.replace("> <", ">\r\n <").encode() + mail.as_bytes()


def answers(draft: EmailMessage, parent: EmailMessage) -> bool:
    """Whether the draft names its parent last and before it, as the parent does, the ancestry (RFC 5322, 3.6.4)."""
    ancestry = str(parent["References"] or parent["In-Reply-To"] or "").replace(",", " ").split()
    known = [word for word in ancestry if word.startswith("<") and word.endswith(">")]
    named = str(draft["References"]).split()
    return named[-1] == parent["Message-ID"] and (
        named[:-1] == known or (len(known) > 20 and set(named[:-1]) <= set(known))
    )


def links(threads: Any, above: int = 0) -> Iterator[tuple[int, int]]:
    """Who stands directly above whom, in what a server says of threads (RFC 5256, 4)."""
    for part in threads:
        if isinstance(part, tuple | list):
            yield from links(part, above)
        else:
            yield above, part
            above = part
