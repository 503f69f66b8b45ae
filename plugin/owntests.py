"""The playbooks' own tests: each mail is tried as `amends try` tries one, and what came is held against the test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from plugin.config import Settings
from plugin.hours import Hours
from plugin.model import clip
from plugin.playbook import Book, Expectation, Expecting, OwnMail, OwnTest, Playbook
from plugin.source import Problem
from plugin.trial import Trial

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tried:
    """How many tests were run, of how many playbooks, and for each expectation that failed what came instead."""

    tests: int
    playbooks: int
    failures: tuple[Problem, ...]


def run_own_tests(settings: Settings) -> Tried:
    """Run the tests of the site's playbooks, or of the packs' where there is no site; raises Problems.

    A pack's tests are none of a site's business: its calendar, its letters and its playbooks may differ for good
    reasons. A playbook that is switched off is tested as if it were switched on.
    """
    trial = Trial(settings)
    book = trial.book
    wanted = [one for one in (*book.playbooks, *book.off) if one.tests and one.pack == (settings.playbooks is None)]
    failures: list[Problem] = []
    for playbook in wanted:
        trial.book = _with(book, playbook)
        for test in playbook.tests:
            failures += _failures(trial, playbook, test)
    return Tried(sum(len(one.tests) for one in wanted), len(wanted), tuple(sorted(failures)))


def _with(book: Book, playbook: Playbook) -> Book:
    if playbook in book.playbooks:
        return book
    return replace(book, playbooks=(playbook, *book.playbooks))


def _failures(trial: Trial, playbook: Playbook, test: OwnTest) -> Iterator[Problem]:
    result = trial.of(test.name, _written(test.mail, trial.calendar), language=test.mail.language)
    for one in test.expected:
        came = _came_instead(one, playbook.name, result, trial.calendar)
        if came:
            told = f"test “{clip(test.name, 60)}”: expected {_wanted(one, trial.calendar)}, but {came}"
            yield replace(one.place, text=told)


def _written(mail: OwnMail, calendar: Hours) -> bytes:
    """The mail as it would have come over the wire at that time."""
    at = _moment(mail.at, calendar)
    letter = EmailMessage(policy=SMTP)
    letter["Received"] = f"from test by test; {format_datetime(at)}"
    letter["Date"] = format_datetime(at)
    letter["Message-ID"] = "<test@example.org>"
    letter["From"] = mail.sender
    if mail.to:
        letter["To"] = mail.to
    letter["Subject"] = " ".join(mail.subject.split())
    letter.set_content(mail.text)
    if mail.has_attachment:
        letter.add_attachment(b"attached", maintype="application", subtype="octet-stream", filename="attached.bin")
    return letter.as_bytes()


def _moment(at: datetime, calendar: Hours) -> datetime:
    return (at if at.tzinfo else at.replace(tzinfo=calendar.zone)).astimezone(UTC)


# ---- what came ------------------------------------------------------------------------------------------------------


def _wanted(one: Expectation, calendar: Hours) -> str:
    no = "" if one.holds else "no "
    match one.of:
        case Expecting.APPLIES:
            return "that it applies" if one.wanted else "that it does not apply"
        case Expecting.TAG:
            return f"{no or 'the '}tag `{one.wanted}`"
        case Expecting.DUE:
            when = f" due {_shown(one.due_at, calendar)}" if one.due_at else " due date"
            return f"{no}{one.wanted}{when}" if no else f"{one.wanted}{when}"
        case Expecting.DRAFT:
            return f"{no or 'a '}draft that says “{clip(str(one.wanted), 80)}”"


def _shown(at: datetime | date, calendar: Hours) -> str:
    return calendar.shown(_moment(at, calendar)) if isinstance(at, datetime) else f"{at:%a %d %b %Y}"


def _came_instead(one: Expectation, name: str, result: Json, calendar: Hours) -> str:
    """What came, where it is not what was wanted; else nothing."""
    if one.holds and one.wanted is not False and result["status"] != "open":
        return f"this mail opens no case (score {result['assessment']['score']:.2f})"
    match one.of:
        case Expecting.APPLIES:
            return _about_applying(bool(one.wanted), name, result)
        case Expecting.TAG:
            there = one.wanted in result["tags"]
            return "" if there is one.holds else f"the tags are {', '.join(result['tags'])}"
        case Expecting.DUE:
            return _about_due(one, result["due"], calendar)
        case Expecting.DRAFT:
            return _about_draft(one, [draft["text"] for draft in result["drafts"]])


def _about_applying(wanted: bool, name: str, result: Json) -> str:
    playbook = next(one for one in result["playbooks"] if one["name"] == name)
    if playbook["applied"] is wanted:
        return ""
    return f"it {'applies' if playbook['applied'] else 'does not'}: {playbook['reason']}"


def _about_due(one: Expectation, due: Sequence[Json], calendar: Hours) -> str:
    found = next((item for item in due if item["for"] == one.wanted), None)
    if found is None:
        return "none is promised" if one.holds else ""
    if found["due_at"] is None:
        return "" if one.holds and one.due_at is None else f"its date waits for the {found['from']}"
    at = datetime.fromisoformat(found["due_at"])
    same = one.due_at is None or _is_at(at, one.due_at, calendar)
    return "" if same is one.holds else f"it is due {calendar.shown(at)}, by playbook {found['playbook']}"


def _is_at(at: datetime, wanted: datetime | date, calendar: Hours) -> bool:
    """Whether it is that moment, or on that day; the end of a day is still that day."""
    if isinstance(wanted, datetime):
        return at == _moment(wanted, calendar)
    return wanted == calendar.local(at - timedelta(microseconds=1)).date()


def _about_draft(one: Expectation, texts: Sequence[str]) -> str:
    """Line ends and the size of letters do not count: a letter may be wrapped anywhere."""
    sought = _plain(str(one.wanted))
    if any(sought in _plain(text) for text in texts) is one.holds:
        return ""
    return f"the draft says “{clip(' / '.join(texts), 160)}”" if texts else "no draft is written"


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
