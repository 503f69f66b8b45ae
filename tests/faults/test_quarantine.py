"""What could not be read is listed, shown without harm, and read again once it can be."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.faults.house import Account, flags
from tests.faults.letters import letter
from tests.stores import ask

LONG = b"X-Long: " + b"long " * 14_000 + b"\r\n"


def poison(ours: Account) -> str:
    """A complaint with too long a header lies in quarantine; its id."""
    ours.witness.append("INBOX", LONG + b"X-Esc: \x1b]0;owned\x07\r\n" + letter(0, complaint=True).raw())
    ours.shop.once()
    (item,) = ours.shop.json("quarantine")["quarantine"]
    return str(item["id"])


def test_it_is_listed_shown_as_text_and_stays_as_long_as_it_cannot_be_read(ours: Account) -> None:
    one = poison(ours)
    assert one in ours.shop.amends("quarantine").stdout.decode()
    shown = ours.shop.amends("quarantine", "show", one)
    assert shown.returncode == 0, shown.stderr.decode()
    assert "its header block is longer than" in shown.stdout.decode()
    assert b"\x1b" not in shown.stdout
    assert ours.shop.amends("quarantine", "show", "q0").returncode == 2
    tried = ours.shop.amends("quarantine", "retry", one)
    assert tried.returncode == 1
    assert "it stays in quarantine" in tried.stdout.decode()
    assert len(ours.shop.json("quarantine")["quarantine"]) == 1


def test_what_can_be_read_now_is_dealt_with_like_new_mail(ours: Account) -> None:
    """As after an upgrade: it was put aside by an Amends that could not read it, and this one can."""
    ours.witness.append("INBOX", letter(1, complaint=True).raw())
    ours.shop.once()
    forget_and_put_aside(ours)
    (item,) = ours.shop.json("quarantine")["quarantine"]
    tried = ours.shop.amends("quarantine", "retry", "--all")
    assert tried.returncode == 0, tried.stderr.decode()
    assert f"{item['id']}: read; case" in tried.stdout.decode()
    assert ours.shop.json("quarantine")["quarantine"] == []
    ours.shop.once()
    (case,) = ours.shop.json("cases")["cases"]
    assert "complaint" in flags(ours)[case["subject"]]
    assert len(ours.drafts()) == 1
    assert ours.shop.amends("quarantine", "retry", item["id"]).returncode == 2


def forget_and_put_aside(ours: Account) -> None:
    """The store as it would be, had the mail not been readable when it came."""
    (place,) = ask(ours.shop.store, "SELECT folder, validity, uid FROM place")
    for table in ("complaint", "event", "message", "place", "letter", "written", "task"):
        ask(ours.shop.store, f"DELETE FROM {table}")  # noqa: S608 - the names stand above
    _insert(ours, *place, 0, "RecursionError", b"", None, False)
    for draft in ours.drafts():
        ours.witness.remove("Drafts", draft.uid)
    for seen in ours.inbox().values():
        ours.witness.flag(seen.uid, *seen.flags, on=False)


def put_aside(ours: Account, raw: bytes, *, received: datetime | None = None, historic: bool = False) -> None:
    """A mail that lay where nothing lies."""
    came = None if received is None else int(received.timestamp() * 1_000_000)
    _insert(ours, "INBOX", 1, 77, 1_790_000_000_000_000, "LookupError", raw, came, historic)


def _insert(ours: Account, *rest: Any) -> None:
    names = ("folder", "validity", "uid", "at", "reason", "raw", "received_at", "historic")
    into = f"quarantine (id, inbox, {', '.join(names)})"
    given = ", ".join(f":{name}" for name in names)
    ask(ours.shop.store, f"INSERT INTO {into} VALUES ('q1234567890', 'support', {given})",  # noqa: S608 - names of ours
        **dict(zip(names, rest, strict=True)))  # fmt: skip


def test_what_lies_there_no_more_is_read_from_what_was_kept(ours: Account) -> None:
    put_aside(ours, letter(2, complaint=True).raw())
    tried = ours.shop.amends("quarantine", "retry", "q1234567890")
    assert tried.returncode == 0, tried.stdout.decode()
    assert len(ours.shop.json("cases")["cases"]) == 1


def test_while_the_inbox_does_not_answer_nothing_is_taken_for_gone(ours: Account) -> None:
    """It may lie there yet, with a date and marks that what was kept of it does not tell."""
    put_aside(ours, letter(3, complaint=True).raw())
    settings = ours.shop.folder / "amends.yaml"
    right = settings.read_text("utf-8")
    settings.write_text(re.sub(r"port: *\d+", "port: 1", right), "utf-8")
    tried = ours.shop.amends("quarantine", "retry", "--all")
    assert tried.returncode == 1
    assert ours.shop.json("cases")["cases"] == []
    settings.write_text(right, "utf-8")
    assert ours.shop.amends("quarantine", "retry", "--all").returncode == 0
    assert len(ours.shop.json("cases")["cases"]) == 1


TEN_DAYS_AGO = datetime.now(UTC).replace(microsecond=0) - timedelta(days=10)


def test_its_clocks_run_from_its_own_receipt_though_it_lies_there_no_more(ours: Account) -> None:
    put_aside(ours, letter(4, complaint=True).raw(), received=TEN_DAYS_AGO)
    assert ours.shop.amends("quarantine", "retry", "--all").returncode == 0
    ours.shop.once()
    (case,) = ours.shop.json("cases")["cases"]
    assert datetime.fromisoformat(case["received_at"]) == TEN_DAYS_AGO
    first = next(due for due in case["due"] if due["for"] == "acknowledgement")
    assert first["missed"]
    assert datetime.fromisoformat(first["due_at"]) - TEN_DAYS_AGO < timedelta(days=4)


def test_what_lay_there_before_we_were_attached_stays_old_and_gets_no_draft(ours: Account) -> None:
    put_aside(ours, letter(5, complaint=True).raw(), received=TEN_DAYS_AGO, historic=True)
    assert ours.shop.amends("quarantine", "retry", "--all").returncode == 0
    ours.shop.once()
    (case,) = ours.shop.json("cases")["cases"]
    assert datetime.fromisoformat(case["received_at"]) == TEN_DAYS_AGO
    assert ours.drafts() == []


def test_when_it_came_is_kept_as_the_server_tells_it(ours: Account) -> None:
    ours.witness.append("INBOX", LONG + letter(6, complaint=True).raw(), at=TEN_DAYS_AGO)
    ours.shop.once()
    (item,) = ours.shop.json("quarantine")["quarantine"]
    assert datetime.fromisoformat(item["received_at"]) == TEN_DAYS_AGO
    shown = ours.shop.amends("quarantine", "show", item["id"]).stdout.decode()
    assert f"received {TEN_DAYS_AGO:%Y-%m-%d %H:%M} UTC" in shown


def test_where_the_thread_went_on_meanwhile_it_joins_that_case_and_opens_none(ours: Account) -> None:
    first = letter(7, complaint=True)
    again = ours.witness.write(first.text, subject=f"Re: {first.subject}", sender="customer7@example.org",
                               after=first.message_id)  # fmt: skip
    ours.witness.append("INBOX", again)
    ours.shop.once()
    (case,) = ours.shop.json("cases")["cases"]
    drafts = ours.answered()
    put_aside(ours, first.raw(), received=TEN_DAYS_AGO)
    tried = ours.shop.amends("quarantine", "retry", "--all")
    assert f"read; case {case['id']}" in tried.stdout.decode()
    ours.shop.once()
    assert len(ours.shop.json("cases")["cases"]) == 1
    assert ours.answered() == drafts
