"""Reading: cases, what a person owes, timelines, quarantine, inboxes. Nothing here changes anything.

What is returned is plain JSON: text, numbers, lists and dicts; times are RFC 3339 in UTC, ending in Z.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from plugin.config import InboxSettings, Settings
from plugin.decide import Policy
from plugin.decide.past import kept
from plugin.hours import Hours
from plugin.inbox import ALONE
from plugin.letters import SHIPPED_TONE, Tone, read_kept, read_tone
from plugin.model import AmendsError
from plugin.playbook import Book
from plugin.register.coaching import coached
from plugin.register.shape import document, summary, task_document, utc, worded
from plugin.register.wording import remarked
from plugin.source import Problems
from plugin.store import Session, Store, next_due, wanted
from plugin.store.holdings import Holding
from plugin.timeline import Case, Status, Task, TaskState

__all__ = ["NoSuchCase", "Register", "open_register", "tone_of"]

_LISTED = (Status.OPEN.value, Status.RESOLVED.value)
_AT_ONCE = 500
"""Cases folded in one transaction."""
_A_FEW = 50


class NoSuchCase(AmendsError):
    """There is no case with this id."""

    input_is_wrong = True

    def __init__(self, case: str) -> None:
        self.case = case
        super().__init__(f"case {case}: there is none with this id - `amends cases` lists them")


class Register:
    """What the store knows, as people and other programs read it. Safe to use from several threads."""

    def __init__(
        self,
        store: Store,
        calendars: Mapping[str, Hours],
        inboxes: Mapping[str, InboxSettings],
        tone: Tone = SHIPPED_TONE,
    ) -> None:
        """Read `store`; the calendars and inboxes are those now set up, and say in which zone people are told.

        By `tone` the wording of drafts and replies is looked at.
        """
        self._store, self._calendars, self._settings, self._tone = store, calendars, inboxes, tone

    # ---- cases --------------------------------------------------------------------------------------------------

    def case(self, case_id: str) -> dict[str, Any]:
        """One case with its texts and its timeline (contract, section 9); raises NoSuchCase."""
        with self._store.reading() as session:
            case = session.case(case_id)
            if case.status is Status.NONE:
                raise NoSuchCase(case_id)
            letters = {key: row for (_, key), row in session.letters_of([case_id]).items()}
            texts = {key: row["text"] for key, row in letters.items()}
            found = document(case, session.timeline(case_id), texts, self)
            return self._worded(found, letters) | _judged(letters.get(case.message))

    def explain(self, case_id: str) -> dict[str, Any]:
        """Why each playbook did or did not apply: `{id, playbooks, later, incidents}` (contract, section 9).

        Raises NoSuchCase.

        A playbook stands there once for each time it was looked at, or once if it never was. Spans count in the own
        text, or in the subject, of the message that was at hand; what was forgotten since is not shown.
        """
        from plugin.register.explaining import explanation  # noqa: PLC0415 - few ask why; it looks at everything anew
        from plugin.register.incidents import belonging, incidents_asked  # noqa: PLC0415 - as above

        with self._store.reading() as session:
            case = session.case(case_id)
            if case.status is Status.NONE:
                raise NoSuchCase(case_id)
            letters = kept({key: row for (_, key), row in session.letters_of([case_id]).items()})
            events, books = session.timeline(case_id), dict[str, Book | None]()
            for version in {case.book, *(getattr(event, "book", "") for event in events)} - {""}:
                books[version] = _readable(session.book(version))
            found = explanation(case, events, letters, lambda then: self._policy(then, books.get(then.book)), self)
            asked = incidents_asked(session, events)
            return found | {"incidents": belonging(case, events, letters, asked, self.calendar(case.inbox))}

    def _policy(self, case: Case, book: Book | None) -> Policy | None:
        own = self._settings[case.inbox].hours if case.inbox in self._settings else "default"
        return Policy(book, self._calendars, own) if book else None

    def cases(
        self,
        open_only: bool = False,
        due_within: timedelta | None = None,
        now: datetime | None = None,
        limit: int | None = None,
        after: str = "",
    ) -> list[dict[str, Any]]:
        """Cases without texts and timeline, newest first; all of them, or the `limit` that follow the case `after`.

        `due_within` keeps those that owe something by then, or owed it before. Raises NoSuchCase if `after` is none.
        """
        return list(self.each_case(open_only, due_within, now, limit, after))

    def each_case(
        self,
        open_only: bool = False,
        due_within: timedelta | None = None,
        now: datetime | None = None,
        limit: int | None = None,
        after: str = "",
    ) -> Iterator[dict[str, Any]]:
        """The same, one after the other, so that they need not all be in memory."""
        statuses = _LISTED[:1] if open_only else _LISTED
        before = None if due_within is None else (now or datetime.now(UTC)) + due_within
        return (summary(case, self) for case in self._newest_first(statuses, before, limit, after))

    def search(self, words: str, limit: int | None = None, after: str = "") -> Iterator[dict[str, Any]]:
        """Cases in which all these words stand, newest first; all of them, or the `limit` that follow the case `after`.

        They are looked for in the id, in who complained and what about, and in letters; case and accents do not count,
        and `word*` finds what begins so. Any text will do. Raises NoSuchCase if `after` is none.
        """
        asked, left = wanted(words), limit
        while asked and (left is None or left > 0):
            some = _AT_ONCE if left is None else min(left, _AT_ONCE)
            with self._store.reading() as session:
                if after:
                    self._position(session, after)
                ids = session.sought(asked, after, some)
                cases = list(session.load(ids).values())
            yield from (summary(case, self) for case in cases if case.status.value in _LISTED)
            left = None if left is None else left - len(ids)
            if len(ids) < some:
                return
            after = ids[-1]

    def everything(self) -> Iterator[dict[str, Any]]:
        """Every case as `case` tells it, with every text that is kept as `texts`, oldest first."""
        last: tuple[datetime, str] | None = None
        while True:
            with self._store.reading() as session:
                some = session.oldest_first(last, _A_FEW)
                yield from [self._whole(session, case_id) for _, case_id in some]
            if len(some) < _A_FEW:
                return
            last = some[-1]

    def _whole(self, session: Session, case_id: str) -> dict[str, Any]:
        letters = {key: row for (_, key), row in session.letters_of([case_id]).items()}
        texts = {key: row["text"] for key, row in letters.items()}
        case = session.case(case_id)
        kept = [
            {"key": key} | {name: row[name] for name in ("kind", "subject", "text")} for key, row in letters.items()
        ]
        return (
            self._worded(document(case, session.timeline(case_id), texts, self), letters)
            | _judged(letters.get(case.message))
            | {"texts": kept}
        )

    def pressing(self, limit: int, after: str = "") -> list[dict[str, Any]]:
        """Open cases and those that still owe something, what is owed next first; `limit` of them, after `after`.

        Begins anew where `after` owes nothing any more; raises NoSuchCase where there is no such case.
        """
        with self._store.reading() as session:
            last = session.case(after) if after else None
            if last is not None and last.received_at is None:
                raise NoSuchCase(after)
            owed = next_due(last) if last else None
            quiet = last is not None and owed is None and last.status is Status.OPEN
            ids = [] if quiet else session.owing(limit, (owed, after) if owed else None)
            behind = (last.received_at, after) if last and quiet and last.received_at else None
            ids += session.quiet(limit - len(ids), behind) if len(ids) < limit else []
            return [summary(case, self) for case in session.load(ids).values()]

    def _newest_first(
        self, statuses: Sequence[str], before: datetime | None, limit: int | None, after: str
    ) -> Iterator[Case]:
        left = limit
        while left is None or left > 0:
            with self._store.reading() as session:
                last = self._position(session, after) if after else None
                some = _AT_ONCE if left is None else min(left, _AT_ONCE)
                ids = session.summaries(statuses=statuses, due_before=before, after=last, limit=some)
                cases = session.load(ids).values()
            yield from cases
            if len(ids) < some:
                return
            left = None if left is None else left - len(ids)
            after = ids[-1]

    def _position(self, session: Session, case_id: str) -> tuple[datetime, str]:
        received_at = session.case(case_id).received_at
        if received_at is None:
            raise NoSuchCase(case_id)
        return received_at, case_id

    # ---- what is owed -------------------------------------------------------------------------------------------

    def tasks(
        self, now: datetime | None = None, upcoming: bool = False, limit: int | None = None
    ) -> list[dict[str, Any]]:
        """What a person owes now, the earliest date first, at most `limit`; `upcoming` adds what is still to come."""
        now = now or datetime.now(UTC)
        wanted = (TaskState.RAISED, TaskState.WAITING) if upcoming else (TaskState.RAISED,)
        found: list[tuple[datetime, str, Case, Task]] = []
        for cases, until in self._owing():
            owed = ((case, task) for case in cases for task in case.tasks if task.state in wanted)
            found += [(task.run_at, task.key, case, task) for case, task in owed if not task.kind.for_inbox]
            found.sort(key=lambda item: item[:2])
            enough = limit is not None and len(found) >= limit and found[limit - 1][0] <= until
            if enough or (until > now and not upcoming):
                break
        return [task_document(case, task, now) for _, _, case, task in found[:limit]]

    def _owing(self) -> Iterator[tuple[Sequence[Case], datetime]]:
        """Batches of cases that owe something, earliest first, each with the date before which no later one owes."""
        last: tuple[datetime, str] | None = None
        with self._store.reading() as session:
            while ids := session.owing(_A_FEW, last):
                cases = list(session.load(ids).values())
                until = next_due(cases[-1]) or datetime.max.replace(tzinfo=UTC)
                yield cases, until
                last = until, ids[-1]

    # ---- inboxes ------------------------------------------------------------------------------------------------

    def quarantine(self, limit: int | None = None, after: str = "") -> list[dict[str, Any]]:
        """Mails that could not be read, oldest first: {id, inbox, folder, uid, reason, at, received_at}.

        All of them, or the `limit` that follow the one with the id `after`.
        """
        with self._store.reading() as session:
            return [
                {key: row[key] for key in ("id", "inbox", "folder", "uid", "reason")}
                | {"at": utc(row["at"]), "received_at": utc(row["received_at"])}
                for row in session.aside(limit, after)
            ]

    def inboxes(self) -> list[dict[str, Any]]:
        """Each inbox that is set up: {name, last_success, fault, fault_since, wait_until, verdicts: {verdict: number},
        quarantined, unwritten}, the last two being how many; of one that a worker holds as well {worker, held_since,
        worker_silent}, the last being the seconds since that worker was seen.
        """
        with self._store.reading() as session:
            aside = session.count_aside()
            held = {one.inbox: _held(one) for one in session.holdings.all()}
            return [self._inbox(session, name) | {"quarantined": aside.get(name, 0)} | held.get(name, {})
                    for name in self._settings]  # fmt: skip

    def _inbox(self, session: Session, name: str) -> dict[str, Any]:
        row = session.inbox(name)
        unwritten = None if row["fault"] else session.fault_of(name)
        return {
            "name": name,
            "last_success": utc(row["last_success"]),
            "fault": row["fault"] or unwritten,
            "fault_since": utc(row["fault_since"]),
            "wait_until": utc(row["fault_until"]),
            "verdicts": session.verdicts(name),
            "unwritten": session.unwritten(name)[0],
        }

    def counted(self, now: datetime) -> dict[tuple[str, str], tuple[int, int]]:
        """How many cases there are, by inbox and status (open, resolved), and how many of them are overdue."""
        with self._store.reading() as session:
            found = session.counted(now)
        return {key: numbers for key, numbers in found.items() if key[1] in _LISTED}

    def coaching(self, since: datetime) -> dict[str, Any]:
        """How what was sent since then reads: {since, replies, groups}, a group for each inbox and language.

        A group is {inbox, language, list (whether there is one), replies, well: {feeling, day, clean}, remarks}; a
        remark is {kind, practice, count, better, examples: [{case, text}]}. Nobody who complained is named.
        """
        with self._store.reading() as session:
            rows = session.replies(since)
            ids = list(dict.fromkeys(row["case_id"] for row in rows))
            cases = {case.id: case for start in range(0, len(ids), _AT_ONCE)
                     for case in session.load(ids[start : start + _AT_ONCE]).values()}  # fmt: skip
            return {"since": utc(since)} | coached(rows, cases, self._tone)

    def incidents(self) -> list[dict[str, Any]]:
        """The incidents people told of, the one opened last first: {name, what, from, until, inboxes, version,
        opened_at, opened_by, closed_at, cases, open, drafts: {state: number}}, `cases` being how many it caused.
        """
        from plugin.register.incidents import incident_document  # noqa: PLC0415 - as above

        with self._store.reading() as session:
            meant = list(self._settings)
            return [incident_document(session, one, self, meant) for one in session.incidents.all()]

    def _worded(self, found: dict[str, Any], letters: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """The case with what is known of its drafts beside their text, and with remarks on what was written."""
        details = {key: row["detail"] for key, row in letters.items() if row["kind"] == "draft"}
        kept = [(draft, read_kept(details.get(draft["message_id"], ""))) for draft in found["drafts"]]
        drafts = [worded(draft, known, found["language"]) for draft, known in kept]
        return remarked(found | {"drafts": drafts}, letters, self._tone)

    # ---- time for people ----------------------------------------------------------------------------------------

    def shown(self, moment: datetime, inbox: str) -> str:
        """A time for people, in the zone of the inbox's calendar: `Mon 23 Nov 2026 11:30 Europe/London`."""
        return f"{self.local(moment, inbox):%a %d %b %Y %H:%M} {self.zone(inbox)}"

    def zone(self, inbox: str) -> str:
        """The name of that zone: `Europe/London`."""
        calendar = self.calendar(inbox)
        return calendar.zone.key if calendar else "UTC"

    def local(self, moment: datetime, inbox: str) -> datetime:
        """The same moment in the zone of the inbox's calendar."""
        calendar = self.calendar(inbox)
        return calendar.local(moment) if calendar else moment.astimezone(UTC)

    def calendar(self, inbox: str, name: str = "") -> Hours | None:
        """The calendar of that name, else the inbox's own, else the default; None where there is none of them."""
        own = self._settings[inbox].hours if inbox in self._settings else "default"
        return next((self._calendars[key] for key in (name, own, "default") if key in self._calendars), None)

    def in_place(self, inbox: str) -> bool:
        """Whether drafts lie at what they answer, as in a ticket, and in no folder of their own."""
        return inbox in self._settings and self._settings[inbox].kind in ALONE

    def close(self) -> None:
        """Let go of the store; for whoever opened this register for itself."""
        self._store.close()


def _held(one: Holding) -> dict[str, Any]:
    return {"worker": one.worker, "held_since": utc(one.since), "worker_silent": round(one.silent.total_seconds(), 1)}


def _judged(letter: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the judge found in the complaint's text: spans count in `own_text`, which is empty once it was forgotten."""
    kept = json.loads(letter["detail"]) if letter and letter["detail"] else {}
    return {name: kept.get(name, []) for name in ("evidence", "facts")} | {"own_text": kept.get("own_text", "")}


def _readable(sources: str | None) -> Book | None:
    """The book, unless an earlier Amends wrote it in a way that is not understood any more: then verdicts must do."""
    try:
        return Book.from_json(sources) if sources else None
    except Problems:
        return None


def open_register(settings: Settings) -> Register:
    """The register these settings describe; raises StoreError."""
    inboxes = {inbox.name: inbox for inbox in settings.inboxes}
    return Register(Store(settings.store), settings.calendars, inboxes, tone_of(settings))


def tone_of(settings: Settings) -> Tone:
    """The lists in force by which wording is looked at; what is wrong with a site's own, `amends check` tells."""
    return read_tone(settings.playbooks, []) if settings.playbooks else SHIPPED_TONE
