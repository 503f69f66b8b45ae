"""What would happen to a mail: the same engine over a store that forgets. Reads no inbox, writes nothing."""

from __future__ import annotations

import mailbox
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from plugin.config import MailboxSettings, Settings, load
from plugin.decide import case_id
from plugin.desk import policies_of
from plugin.desk.intake import Intake
from plugin.desk.ledger import ASSESSMENT
from plugin.desk.work import matter
from plugin.hours import Hours
from plugin.inbox import READERS, Page
from plugin.inforce import judge_of
from plugin.judge import Judge
from plugin.letters import Kept, Letter, compose
from plugin.model import Address, Assessment, Message, Place, clip
from plugin.playbook import Book, When
from plugin.register import Register, tone_of
from plugin.register.shape import WOULD_BE, document, standing, worded
from plugin.register.wording import remarks_on, told
from plugin.source import Problem, Problems
from plugin.store import Session, Store
from plugin.timeline import Case, Kind, Task

_BIGGEST = 1 << 20  # bytes of a mail that are looked at
_RECEIVED = re.compile(rb"(?im)^received:(?:[^\n]|\n[ \t])*?;((?:[^\n;]|\n[ \t])+)$(?!\n[ \t])")
_INSISTING = "`amends try --complaint` shows what comes once a person says that it is one"
_MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_USUAL = re.compile(  # how nearly everybody writes it (RFC 5322, 3.3)
    rb"\s*(?:[A-Z][a-z]{2}, )?(\d{1,2}) (%b) ([1-9]\d{3}) (\d\d):(\d\d):(\d\d) ([+-])([01]\d)([0-5]\d)\s*"
    % b"|".join(_MONTHS)
)
_DATE = re.compile(rb"(?im)^date:((?:[^\n]|\n[ \t])+)$")


def settings_for(path: Path) -> Settings:
    """The folder's amends.yaml, without its secrets; where there is none, just the pack `general`."""
    if path.exists():
        return load(path, secrets=False)
    inbox = MailboxSettings(
        name="inbox",
        host="localhost",
        port=0,
        user="",
        password="",
        identities=(Address("support@example.com", "Support"),),
        ours=("support@example.com",),
    )
    calendars = {"default": Hours.default()}
    return Settings(path=None, folder=path.parent, store="sqlite://", inboxes=(inbox,), calendars=calendars)


def reader_of(settings: Settings) -> Callable[[bytes], Message]:
    """How one mail from a file is read, as the first inbox reads its mail; it raises AmendsError where it cannot."""
    inbox = settings.inboxes[0]
    module, _, function = READERS[inbox.kind].partition(":")
    read = getattr(import_module(module), function)
    return lambda raw: cast(Message, read(raw[:_BIGGEST], inbox, Place("INBOX", 1, 1), counted_from(raw)))


@dataclass(slots=True)
class _Undo(Exception):
    """Not an error: it ends a transaction of the store that forgets, and takes back what the trial did."""

    result: dict[str, Any]


class Trial:
    """Tries mails one after the other; each as if it were the only one that ever came."""

    def __init__(self, settings: Settings, taught: Callable[[Judge], Judge] = lambda judge: judge) -> None:
        """`taught` gives the judge what people taught it; raises Problems."""
        self._inbox = settings.inboxes[0]
        self._policies = policies_of(settings, {self._inbox.name: self._inbox})
        self._judge, self._tone = taught(judge_of(settings)), tone_of(settings)
        self._store = Store("sqlite://")
        self._register = Register(self._store, settings.calendars, {self._inbox.name: self._inbox})
        self._read = reader_of(settings)

    @property
    def calendar(self) -> Hours:
        """The calendar of the inbox."""
        return self._policies.calendars[self._inbox.hours]

    @property
    def book(self) -> Book:
        """The playbooks under which mail is tried; another book may be put in its place."""
        return self._policies.book

    @book.setter
    def book(self, book: Book) -> None:
        self._policies.book = book

    def of(self, name: str, raw: bytes, *, language: str = "", insist: bool = False) -> dict[str, Any]:
        """One case as JSON, with `file` and `assessment`; raises AmendsError for a mail that cannot be read.

        `language` is what the mail is written in, where that is known; else the judge says. With `insist` a person has
        said that it is a complaint; `assessment` stays what the judge thinks.
        """
        message = self._read(raw)
        assessment = self._judge.assess(message)
        if language:
            assessment = replace(assessment, language=language)
        try:
            with self._store.writing() as session:
                raise _Undo(self._result(session, message, assessment, insist))
        except _Undo as undone:
            return {"file": name} | undone.result

    def _result(self, session: Session, message: Message, judged: Assessment, insist: bool) -> dict[str, Any]:
        page, assessment = Page(cursor={}, messages=(message,)), replace(judged, complaint=judged.complaint or insist)
        Intake(session, self._policies, self._inbox.name, message.at, {message.key: assessment}).take(page)
        case = session.case(case_id(self._inbox.name, message.key))
        written = self._drafts(session, case, assessment)
        texts = {task.message_id: letter.text for task, letter in written}
        result = document(case, session.timeline(case.id), texts, self._register)
        result["status"] = result["status"] if case.id else None
        result["drafts"] = [self._draft(task.purpose or "", letter, case) for task, letter in written]
        result["playbooks"] += self._not_asked(case)
        result["assessment"] = ASSESSMENT.dump_python(judged, mode="json")
        return result | self._facts(message, case)

    def _drafts(self, session: Session, case: Case, assessment: Assessment) -> list[tuple[Any, Letter]]:
        due = [task for task in case.open_tasks(Kind.DRAFT) if case.received_at and task.run_at <= case.received_at]
        untrusted = session.untrusted(self._inbox.name, [task.message_id for task in due])
        return [(task, self._letter(case, task, assessment, task.message_id in untrusted)) for task in due]

    def _letter(self, case: Case, task: Task, assessment: Assessment, untrusted: bool) -> Letter:
        material, source = matter(self._policies, self._inbox, case, task, assessment, untrusted=untrusted)
        return compose(source, material)

    def _draft(self, purpose: str, letter: Letter, case: Case) -> dict[str, Any]:
        about = {"spoken": case.language, "purpose": purpose, "channel": case.channel}
        draft = _draft(purpose, letter, case.language)
        return draft | {"remarks": [*draft["remarks"], *remarks_on(letter.text, self._tone, **about)]}

    def _not_asked(self, case: Case) -> list[dict[str, Any]]:
        """Playbooks that this mail does not set off, with what would."""
        ran = {item.name for item in case.playbooks}
        return [
            {
                "name": book.name,
                "version": book.version,
                "applied": False,
                "reason": _occasion(book.when, case),
                "when": book.when.value,
            }
            for book in self._policies.book.playbooks
            if book.name not in ran
        ]

    def _facts(self, message: Message, case: Case) -> dict[str, Any]:
        if case.id:
            return {}
        received = message.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"id": None, "inbox": self._inbox.name, "sender": str(message.sender), "subject": message.subject,
                "received_at": received, "channel": message.channel, "automatic": message.automatic}  # fmt: skip

    def told(self, result: dict[str, Any]) -> str:
        """The result for a person."""
        if "error" in result:
            return f"{result['file']}: could not be read: {result['error']}\n"
        return "\n".join([*_head(result), *_consequences(result), *_why_not(result), ""])


def _occasion(when: When, case: Case) -> str:
    if not case.id and when is When.COMPLAINT_RECEIVED:
        return "this mail opens no case, so no playbook is looked at"
    if when is When.COMPLAINT_RECEIVED:
        return "it is set off once a person says that this is a complaint"
    return f"it is set off by {when.value}, not by the arrival of this mail"


def _draft(purpose: str, letter: Letter, spoken: str) -> dict[str, Any]:
    draft: dict[str, Any] = {
        "purpose": purpose,
        "ref": None,
        "state": WOULD_BE,
        "marks": letter.marks,
        "standing": standing(WOULD_BE, letter.marks),
        "text": letter.text,
        "remarks": [],
    }
    return worded(draft, Kept(letter.slots, letter.practices, language=letter.language), spoken)


def _head(result: dict[str, Any]) -> list[str]:
    judged = result["assessment"]
    verdict = "a complaint" if result["id"] and result["status"] == "open" else "no complaint"
    if judged["maybe"] and not judged["complaint"]:
        verdict = "perhaps a complaint: a person is asked"
    if result["status"] == "open" and not judged["complaint"]:
        verdict = "a complaint, as a person says"
    if judged["automatic"]:
        verdict = "no complaint: a machine wrote it"
    lines = [f"{result['file']}: {verdict} (score {judged['score']:.2f})", f"  subject   {result['subject']}"]
    lines += [f"  from      {result['sender']}"] if result["id"] else []
    words = "; ".join(f"{item['label']}: “{' '.join(item['text'].split())}”" for item in judged["evidence"][:6])
    return [*lines, f"  because   {words}"] if words else lines


def _sooner(due: dict[str, Any]) -> tuple[bool, str]:
    """What is due first stands first; what has not started stands last."""
    return due["due_at"] is None, due["due_at"] or ""


def _consequences(result: dict[str, Any]) -> Iterator[str]:
    if result["tags"]:
        yield f"  tags      {', '.join(result['tags'])}"
    for due in sorted(result["due"], key=_sooner):
        yield f"  due       {due['for']}: {due['derivation'][-1] if due['derivation'] else 'not started'}"
    for draft in result["drafts"]:
        yield f"  draft     {draft['purpose']}: {draft['standing']}"
        yield from [f"    {draft['foreign']}"] if draft["foreign"] else ()
        yield from (f"    | {line}" for line in draft["text"].splitlines())
        yield from (f"    slot    {slot['name']}: {clip(slot['value'], 60) or 'not known'}" for slot in draft["slots"])
        yield from (f"    {line}" for line in draft["why"])
        yield from (f"    remark  {told(remark)}" for remark in draft["remarks"])


def _why_not(result: dict[str, Any]) -> Iterator[str]:
    if not result["id"]:
        yield "  playbook  none is looked at: this mail opens no case"
        if not result["automatic"]:
            yield f"  hint      {_INSISTING}"
        return
    waiting: dict[str, list[str]] = {}
    for book in result["playbooks"]:
        if book.get("when"):
            waiting.setdefault(book["when"], []).append(book["name"])
        else:
            yield f"  playbook  {book['name']}: {'applies' if book['applied'] else 'does not apply: ' + book['reason']}"
    for when, names in waiting.items():
        since = "once a person says that this is a complaint" if when == When.COMPLAINT_RECEIVED else f"by {when}"
        yield f"  playbook  not now: {', '.join(names)} (set off {since})"
    if When.COMPLAINT_RECEIVED in waiting:
        yield f"  hint      {_INSISTING}"


# ---- finding mails --------------------------------------------------------------------------------------------------


def mails(paths: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    """Every mail under these paths with its name: files, folders, an mbox, `-` for standard input; raises Problems."""
    for path in paths:
        if str(path) == "-":
            yield from _several("-", sys.stdin.buffer.read())
        elif path.is_dir():
            yield from ((str(file), file.read_bytes()) for file in sorted(path.rglob("*")) if file.is_file())
        elif path.is_file():
            yield from _several(str(path), path.read_bytes())
        else:
            raise Problems([Problem(str(path), 1, 1, "there is no such file or folder: name a mail to try")])


def _several(name: str, raw: bytes) -> Sequence[tuple[str, bytes]]:
    """One mail, or those of an mbox (RFC 4155), which begins with `From `."""
    if not raw.startswith(b"From "):
        return [(name, raw)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mbox"
        path.write_bytes(raw)
        with closing(mailbox.mbox(path, create=False)) as box:
            return [(f"{name}#{number}", box.get_bytes(key)) for number, key in enumerate(box.keys(), 1)]


def counted_from(raw: bytes) -> datetime:
    """When the mail was received: its topmost Received, else its Date, else now."""
    head = _above(raw[:65536]).replace(b"\r\n", b"\n") + b"\n"
    for pattern in (_RECEIVED, _DATE):
        found = pattern.search(head)
        moment = _moment(found[1]) if found else None
        if moment is not None:
            return moment
    return datetime.now(UTC)


def _above(raw: bytes) -> bytes:
    """What stands above the first empty line; `find` passes over a long body much faster than a pattern."""
    ends = [at for at in (raw.find(b"\n\r\n"), raw.find(b"\n\n")) if at >= 0]
    return raw[: min(ends)].removesuffix(b"\r") if ends else raw


def _moment(text: bytes) -> datetime | None:
    try:
        if usual := _USUAL.fullmatch(text):
            day, year, hour, minute, second, ahead, beside = (int(usual[number]) for number in (1, 3, 4, 5, 6, 8, 9))
            away = timedelta(hours=ahead, minutes=beside)
            here = datetime(year, _MONTHS.index(usual[2]) + 1, day, hour, minute, second, tzinfo=UTC)
            return here + away if usual[7] == b"-" else here - away
        moment = parsedate_to_datetime(" ".join(text.decode("ascii", "replace").split()))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
