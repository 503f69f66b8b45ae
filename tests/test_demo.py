"""The demo as a newcomer meets it: it runs, it can be looked at with a mail program, and Ctrl-C leaves nothing."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plugin.demo.helpdesk import tickets
from tests.witness import Witness, eventually, watching


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What a demo prints; it is started once for all that is looked at here."""
    folder = tmp_path_factory.mktemp("demo")
    log = folder / "demo.log"
    command = [str(Path(sys.executable).with_name("amends")), "demo", "--seconds", "12"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder)
        try:
            yield log
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(timeout=30)
    assert code == 0, log.read_text()
    assert "Traceback" not in log.read_text()
    assert not Path(said(log, r"in (/\S*amends-demo-\S+)")).exists()
    with pytest.raises(urllib.error.URLError):
        tickets_page(log)


def said(log: Path, pattern: str) -> str:
    return eventually(lambda: re.search(pattern, log.read_text()), pattern)[1]


def drafts(witness: Witness) -> int:
    return len(witness.folder("Drafts"))


def page(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - the demo's own page on loopback
        return str(answer.read().decode())


def register(log: Path) -> str:
    return said(log, r"Register: (http://127\.0\.0\.1:\d+)")


def tickets_page(log: Path) -> str:
    return page(said(log, r"stand-in for Zendesk: (http://127\.0\.0\.1:\d+)"))


def ticket(log: Path, number: int) -> str:
    """What the page of the stand-in shows of a ticket; empty before it came."""
    found = re.search(rf'<article id="ticket-{number}">.*?</article>', tickets_page(log), re.DOTALL)
    return found[0] if found else ""


def test_letters_arrive_and_a_colleague_and_amends_work_on_them(demo: Path) -> None:
    port, password = int(said(demo, r"port (\d+)")), said(demo, r"password (\S+)")
    with watching("127.0.0.1", port, "support@lighthouse.example", password) as witness:
        eventually(lambda: drafts(witness) >= 10, "ten drafts", 60)
        tagged = [seen for seen in witness.folder("INBOX") if "complaint" in seen.flags]
        assert len(tagged) >= 10
        assert all("\\Seen" not in seen.flags for seen in tagged)
        said(demo, r"(the promise to answer is kept)")
        eventually(lambda: witness.by_subject("INBOX", "To do: "), "reminder", 90)
        said(demo, r"(filed the first complaint as resolved)")
    assert "Register" in page(register(demo))


def test_tickets_arrive_beside_them_and_get_tags_and_a_note_no_customer_sees(demo: Path) -> None:
    eventually(lambda: "internal note" in ticket(demo, 1), "a note", 60)
    assert "<li>complaint</li>" in ticket(demo, 1)
    assert "Suggested reply" in ticket(demo, 1)
    said(demo, r"(sent the text suggested for ticket #2)")
    eventually(lambda: "<li>amends-due</li>" in ticket(demo, 2), "a reminder in the ticket that was solved", 60)
    assert "solved" in ticket(demo, 2)
    assert "take the tag amends-due off this ticket" in ticket(demo, 2)
    assert "Amends, public" not in tickets_page(demo)


def test_the_register_has_cases_of_both(demo: Path) -> None:
    ready: dict[str, Any] = json.loads(page(f"{register(demo)}/readyz"))
    assert {inbox["name"] for inbox in ready["inboxes"]} == {"support", "helpdesk"}
    assert "helpdesk" in page(register(demo))
    eventually(lambda: "Charged twice for LL-20388" in page(f"{register(demo)}/?show=all"), "a case of a ticket", 60)


def test_there_is_one_ticket_of_each_kind() -> None:
    there = tickets()
    assert len(there) == 8
    assert {one.channel for one in there} == {"email", "web", "phone", "twitter"}
    assert [one.number for one in there if one.again] == ["07"]
    assert all(one.sender.rpartition("@")[2].startswith("example.") for one in there)
