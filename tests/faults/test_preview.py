"""A preview of a real mailbox and of a real account: what goes over the wire, and that nothing is changed by it."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from integrations.zendesk.reading import Reader
from integrations.zendesk.shelf import Shelf
from integrations.zendesk.standin import Clock, Limits, StandIn
from integrations.zendesk.wire import Wire
from plugin.cli import main
from plugin.config import load
from plugin.desk import open_inbox
from plugin.preview import MOST
from plugin.testing import Forgetful
from tests.faults.house import Account, House
from tests.proxy import Proxy
from tests.shop import open_helpdesk
from tests.witness import written
from tests.zendesk.desk import FRIDAY, attached, on_friday

BROKEN = "My order LL-10234 arrived broken and nobody answers. I want my money back."
QUESTION = "Do you sell lamps?"
SECRET = "b3VyIG93biBzZWNyZXQgb2YgdGhpcnR5LXR3byBieXQ="
READING = {
    "CAPABILITY", "LOGIN", "NAMESPACE", "LIST", "EXAMINE", "UNSELECT", "NOOP", "UID SEARCH", "UID FETCH", "LOGOUT",
}  # fmt: skip
FOLDERS = ("INBOX", "Sent", "Drafts")


def preview(folder: Path, *args: str) -> Result:
    with contextlib.chdir(folder):
        return CliRunner().invoke(main, ["preview", *args])


def document(folder: Path, *args: str) -> Any:
    ran = preview(folder, *args, "--json")
    assert ran.exit_code == 0, ran.stderr
    return json.loads(ran.stdout)


def commands(said: bytes) -> list[str]:
    """Every command a client gave, UID ones with their second word."""
    lines = re.findall(rb"^[A-Z]+\d+ ((?:UID )?[A-Z]+)(.*?)\r$", said, re.M)
    return [f"{verb.decode()}{rest.decode()}" for verb, rest in lines]


def fill(ours: Account) -> None:
    """Two complaints, one of them answered in time, a question, what nobody can read, and what is too old."""
    now = datetime.now(UTC)
    came = {"late": now - timedelta(days=5), "prompt": now - timedelta(days=4), "question": now - timedelta(days=3)}
    for name, when in came.items():
        raw = ours.witness.write(QUESTION if name == "question" else BROKEN, subject=name, sender=f"{name}@example.org")
        ours.witness.append("INBOX", raw, ("\\Seen",) if name == "late" else (), when)
    prompt = str(message_from_bytes(ours.witness.folder("INBOX")[1].mail.as_bytes())["Message-ID"])
    answer = written("So sorry.", sender="support@example.com", to="prompt@example.org", after=prompt)
    ours.witness.append("Sent", answer, ("\\Seen",), came["prompt"] + timedelta(minutes=10))
    ours.witness.append("INBOX", b"\x00\r\n", (), now - timedelta(days=2))
    ours.witness.append("INBOX", ours.witness.write(BROKEN, subject="old"), (), now - timedelta(days=31))


def state(ours: Account) -> object:
    return [(ours.witness.state(folder), ours.witness.numbers(folder)) for folder in FOLDERS]


def test_a_mailbox_is_only_read_and_is_as_it_was(house: House, tmp_path: Path) -> None:
    with Proxy(house.server.host, house.server.port) as proxy:
        with house.account(tmp_path, port=proxy.port, attach=False) as ours:
            fill(ours)
            before, files = state(ours), sorted(ours.shop.folder.rglob("*"))
            found = document(ours.shop.folder)
            assert state(ours) == before
            assert sorted(ours.shop.folder.rglob("*")) == files
        said = commands(bytes(proxy.said))
    assert {verb(one) for one in said} <= READING
    assert {verb(one) for one in said} >= {"LOGIN", "LIST", "EXAMINE", "UID SEARCH", "UID FETCH", "LOGOUT"}
    assert all("BODY.PEEK[" in one for one in said if "BODY" in one)
    assert (found["messages"], found["complaints"], found["ours"]) == (4, 2, 1)
    assert [one["file"] for one in found["unreadable"]] == ["INBOX uid 4"]
    assert {case["subject"]: acknowledged(case) for case in found["cases"]} == {"late": False, "prompt": True}


def verb(command: str) -> str:
    words = command.split()
    return " ".join(words[:2]) if words[0] == "UID" else words[0]


def acknowledged(case: dict[str, Any]) -> bool:
    """Whether it was in time; it was missed otherwise."""
    due = next(due for due in case["due"] if due["for"] == "acknowledgement")
    assert due["missed"] is not bool(due["met_at"])
    return bool(due["met_at"])


def test_only_the_newest_of_a_folder_are_read_where_there_are_too_many(house: House, tmp_path: Path) -> None:
    with house.account(tmp_path, attach=False) as ours:
        fill(ours)
        (settings,) = load(ours.shop.folder / "amends.yaml").inboxes
        with closing(open_inbox(settings)) as inbox:
            pages = list(inbox.history(datetime.now(UTC) - timedelta(days=4.5), 2))
    assert [one.subject for page in pages for one in page.messages] == ["question", "Hello"]
    assert [one.place.uid for page in pages for one in page.unreadable] == [4]


def test_a_wrong_password_is_one_sentence(house: House, tmp_path: Path) -> None:
    with house.account(tmp_path, attach=False) as ours:
        ours.shop.know(SHOP_PASSWORD="wrong")
        ran = preview(ours.shop.folder)
    assert ran.exit_code == 1
    assert "refused the login" in ran.stderr
    assert "check `user:` and `password:`" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


# ---- Zendesk --------------------------------------------------------------------------------------------------------


def test_of_an_account_everything_is_only_got_and_the_tickets_are_as_they_were(tmp_path: Path) -> None:
    three_days_ago = Clock(datetime.now(UTC) - timedelta(days=3))
    with StandIn(clock=three_days_ago, limits=Limits.none()) as zendesk:
        prompt = zendesk.people.customer_writes(BROKEN, subject="prompt", tags=("complaint", "category-billing"))
        zendesk.people.customer_writes(BROKEN, subject="late", sender="bob@example.org")
        zendesk.people.customer_writes(QUESTION, subject="question", sender="carl@example.org")
        zendesk.clock.later(minutes=10)
        zendesk.people.agent_replies(prompt, "So sorry.", status="solved")
        zendesk.clock.later(days=2)
        before = [(one.id, one.tags, one.status, len(one.audits)) for one in zendesk.account.tickets.values()]
        shop = open_helpdesk(tmp_path, zendesk, SECRET)
        found = document(shop.folder)
        assert [(one.id, one.tags, one.status, len(one.audits)) for one in zendesk.account.tickets.values()] == before
        assert {one.method for one in zendesk.witness.log} == {"GET"}
    assert (found["messages"], found["complaints"], found["ours"]) == (4, 2, 1)
    assert {case["subject"]: acknowledged(case) for case in found["cases"]} == {"late": False, "prompt": True}
    assert {case["subject"]: case["status"] for case in found["cases"]} == {"late": "open", "prompt": "resolved"}
    assert all(len(case["drafts"]) >= 1 for case in found["cases"])


def fetched(zendesk: StandIn, pause: Callable[[float], object]) -> list[str]:
    """The subjects of what the last hours brought."""
    with closing(Wire(attached(zendesk))) as wire:
        reader = Reader(wire, attached(zendesk), Shelf(), Forgetful())
        pages = list(reader.past(FRIDAY - timedelta(hours=1), MOST, pause))
    return [one.subject for page in pages for one in page.messages]


def busy(zendesk: StandIn, count: int) -> list[str]:
    """So many tickets of which the export does not tell everything; their subjects."""
    for number in range(count):
        ticket = zendesk.people.customer_writes(BROKEN, subject=f"{number}", sender=f"a{number}@example.org")
        zendesk.clock.later(seconds=1)
        zendesk.people.agent_note(ticket, "Seen.")
    zendesk.clock.set(FRIDAY + timedelta(hours=1))
    return [f"{number}" for number in range(count)]


def test_where_a_share_of_the_minute_is_used_up_it_waits_for_the_next_one() -> None:
    pauses: list[float] = []
    with on_friday(limits=Limits(account=120, export=0)) as zendesk:
        subjects = busy(zendesk, 230)

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            zendesk.clock.later(seconds=seconds)

        assert sorted(fetched(zendesk, pause)) == sorted(subjects)
        assert {one.status for one in zendesk.witness.log} == {200}
    assert pauses == [60.0, 60.0]


def test_where_the_export_says_come_later_it_does() -> None:
    with on_friday(limits=Limits(account=0, export=1)) as zendesk:
        subjects = busy(zendesk, 2)
        zendesk.export.page = 1
        zendesk.clock.later(seconds=59)

        def pause(seconds: float) -> None:
            time.sleep(seconds)
            zendesk.clock.later(seconds=seconds)

        assert fetched(zendesk, pause) == subjects
        assert [one.status for one in zendesk.witness.log].count(429) == 1
