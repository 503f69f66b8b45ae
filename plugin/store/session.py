"""One transaction: cases loaded and appended to, the agenda, the ledger of what was seen and written."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    delete,
    func,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError

from plugin.model import AmendsError, Place, Written
from plugin.store import bulk, statements
from plugin.store.archive import Archive, opened
from plugin.store.corrections import Corrections
from plugin.store.erasing import Erasing
from plugin.store.holdings import Holdings
from plugin.store.incidents import Incidents
from plugin.store.notices import Notices
from plugin.store.retention import Retention
from plugin.store.search import Search, Spoken, Wanted, number_of, said_in, words_in
from plugin.store.tables import (
    AS_WRITTEN,
    EPOCH,
    FAULTY,
    LISTED,
    OPEN,
    OWING,
    QUIET,
    Moment,
    bookmarks,
    books,
    cases,
    events,
    inboxes,
    letters,
    messages,
    places,
    quarantine,
    tallies,
    tasks,
    written,
)
from plugin.timeline import PROMISE, Case, Event, Kind, Status, Task, TaskScheduled, TaskState, fold, from_json, to_json

Row = Mapping[str, Any]
UNTRUSTED = "\0"
"""Under this name, which no address can have, `drafts_since` counts drafts that answer mail which failed DMARC."""
_NEVER_SEEN: Row = {column.name: None if column.nullable else "" for column in inboxes.columns}
_TASK_EVENTS = {"TaskScheduled", "TaskRaised", "TaskSnoozed", "TaskDone", "TaskDropped"}


def edited_key(message_id: str) -> str:
    """Under which key the words are kept that a person made of the draft with this Message-ID."""
    return f"edited {message_id}"


class Conflict(AmendsError):
    """Somebody else appended to the case since it was loaded."""

    def __init__(self, case: str) -> None:
        self.case = case
        super().__init__(f"case {case}: it changed meanwhile - try again")


@dataclass(frozen=True, slots=True)
class Known:
    """A message the ledger knows: what was thought of it, and its case if it has one."""

    key: str
    message_id: str
    case_id: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A task of the agenda that is ours to do until its lease ends."""

    key: str
    case_id: str
    inbox: str
    kind: Kind
    run_at: datetime
    attempts: int


class AtHand:
    """Cases of the last transactions, as they stood then; whoever takes one makes sure that it still stands so."""

    def __init__(self, most: int = 512) -> None:
        self._most, self._cases, self._lock = most, dict[str, Case](), Lock()

    def of(self, case_ids: Iterable[str]) -> dict[str, Case]:
        """Those of these cases that are at hand."""
        with self._lock:
            return {case_id: self._cases[case_id] for case_id in case_ids if case_id in self._cases}

    def clear(self) -> None:
        """Have none at hand."""
        with self._lock:
            self._cases.clear()

    def keep(self, known: Mapping[str, Case]) -> None:
        """Have these at hand, and let go of those that were not touched for longest."""
        with self._lock:
            for case_id, case in known.items():
                self._cases.pop(case_id, None)
                self._cases[case_id] = case
            for case_id in list(self._cases)[: -self._most]:
                del self._cases[case_id]


class Session:
    """One transaction. What is written is kept back and sent in bulk by `flush`; reads see it all the same."""

    def __init__(self, connection: Connection, at_hand: AtHand | None = None) -> None:
        self._connection = connection
        self._at_hand = at_hand or AtHand()
        self.corrections = Corrections(connection)
        self.notices = Notices(connection)
        self.erasing = Erasing(connection)
        self.incidents = Incidents(connection)
        self.holdings = Holdings(connection)
        self.search = Search(connection)
        self.archive = Archive(connection)
        self.retention = Retention(connection, self._tallied)
        self._pending: dict[Table, list[Row]] = defaultdict(list)
        self._lines: dict[str, tuple[int, Row]] = {}  # by case: the version it stood at, its line of the register now
        self._agenda: dict[str, Row | None] = {}  # by task key: its row, or nothing where it waits no more
        self.planned: set[tuple[str, datetime]] = set()  # the inboxes for which something new falls due, and when
        self._stale: set[str] = set()  # task keys that may stand in the database
        self._rewritten: dict[tuple[str, ...], list[Row]] = defaultdict(list)  # by the columns that change
        self._tallies: Counter[tuple[str, str, str]] = Counter()  # by inbox, kind and name: how many more there are
        self._cases: dict[str, Case] = {}
        self._fresh: dict[tuple[str, str], Known] = {}  # (inbox, message key), not yet in the database

    def hold(self) -> None:
        """Take the database for this transaction now, not only when something is read or written."""
        if not self._connection.in_transaction():
            self._connection.begin()

    # ---- cases --------------------------------------------------------------------------------------------------

    def case(self, case_id: str) -> Case:
        """The case as it stands; an empty Case where there is none."""
        return self.load([case_id])[case_id]

    def load(self, case_ids: Iterable[str]) -> dict[str, Case]:
        """Several cases at once, in the order asked for."""
        wanted = list(dict.fromkeys(case_ids))
        self._adopt(self._at_hand.of(case_id for case_id in wanted if case_id not in self._cases))
        missing = [case_id for case_id in wanted if case_id not in self._cases]
        if missing:
            lines = self._timelines(missing)
            self._cases.update({case_id: fold(lines.get(case_id, ())) for case_id in missing})
        return {case_id: self._cases[case_id] for case_id in wanted}

    def _adopt(self, known: Mapping[str, Case]) -> None:
        """Take over those of these cases that still stand as they did."""
        for case_id, version in self._about(list(known), statements.VERSIONS):
            if known[case_id].version == version:
                self._cases[case_id] = known[case_id]

    def fold_anew(self) -> None:
        """What is at hand of cases counts no more: their events were written anew."""
        self._cases.clear()
        self._at_hand.clear()

    def over(self) -> None:
        """The transaction has ended well: its cases are at hand for the next one."""
        self._at_hand.keep(self._cases)

    def let_go(self, most: int) -> None:
        """Where more cases than this are at hand, none is any more: for a transaction that has no end."""
        if len(self._cases) > most:
            self._cases.clear()

    def timeline(self, case_id: str) -> list[Event]:
        """Everything that happened to the case, in order."""
        return self._timelines([case_id]).get(case_id, [])

    def _timelines(self, case_ids: Sequence[str]) -> dict[str, list[Event]]:
        self.flush()
        found: dict[str, list[Event]] = defaultdict(list)
        for case_id, kind, body in self._about(case_ids, statements.TIMELINES):
            found[case_id].append(from_json(kind, body))
        return found

    def append(self, before: Case, new: Sequence[Event], after: Case | None = None) -> Case:
        """Add these events to the case; raises Conflict, at the latest at the end, unless it stands as in `before`.

        `after` is the case with the events applied, where the caller has it already.
        """
        if not new:
            return before
        after = after or fold(new, before)
        self._pending[events].extend(
            {"case_id": after.id, "seq": before.version + n, "at": event.at, "kind": type(event).__name__,
             "body": to_json(event)}
            for n, event in enumerate(new, 1)
        )  # fmt: skip
        self._register(before, after)
        self._sync_agenda(before, after, new)
        self._cases[after.id] = after
        return after

    def _register(self, before: Case, after: Case) -> None:
        """The line of the register: what lists are sorted and filtered by."""
        row = {
            "id": after.id,
            "inbox": after.inbox,
            "version": after.version,
            "status": after.status.value,
            "received_at": after.received_at,
            "next_due": next_due(after),
            "sender": after.complainant.email,
            "incident": after.incident,
            "idle_since": idle_since(after),
            "texts": AS_WRITTEN,
            "sought": 0,
        }
        if after.status is not before.status:
            self._tallied(after.inbox, "case", after.status.value, 1)
            if before.status is not Status.NONE:
                self._tallied(before.inbox, "case", before.status.value, -1)
        stood_at, _ = self._lines.get(after.id, (before.version, row))
        self._lines[after.id] = (stood_at, row)

    def _sync_agenda(self, before: Case, after: Case, new: Sequence[Event]) -> None:
        """The agenda holds exactly the waiting tasks."""
        touched = dict.fromkeys(_task_key(event) for event in new if type(event).__name__ in _TASK_EVENTS)
        self._stale |= {key for key in touched if before.task(key) is not None}  # ended, or planned for another time
        for key in touched:
            if (task := after.task(key)) is not None:
                self._agenda[key] = _agenda_row(after, task) if task.state is TaskState.WAITING else None

    def summaries(
        self, *, statuses: Sequence[str], due_before: datetime | None = None, after: tuple[datetime, str] | None = None,
        limit: int = 1000,
    ) -> list[str]:  # fmt: skip
        """Ids of cases, newest first; `after` is the (received_at, id) of the last one of the page before."""
        self.flush()
        query = select(cases.c.id).where(_standing(statuses))
        if due_before is not None:
            query = query.where(OWING, cases.c.next_due <= due_before)
        if after is not None:
            query = query.where(_older(after))
        query = query.order_by(cases.c.received_at.desc(), cases.c.id.desc()).limit(limit)
        return list(self._connection.execute(query).scalars())

    def oldest_first(self, after: tuple[datetime, str] | None, limit: int) -> list[tuple[datetime, str]]:
        """The (received_at, id) of listed cases, oldest first; `after` is the last one of the page before."""
        self.flush()
        query = select(cases.c.received_at, cases.c.id).where(LISTED)
        if after is not None:
            query = query.where(tuple_(cases.c.received_at, cases.c.id) > _pair(after))
        return [(row[0], row[1]) for row in
                self._connection.execute(query.order_by(cases.c.received_at, cases.c.id).limit(limit))]  # fmt: skip

    def open_cases(self, inbox: str) -> list[str]:
        """Ids of the open cases of this inbox."""
        self.flush()
        query = select(cases.c.id).where(cases.c.inbox == inbox, OPEN).order_by(cases.c.id)
        return list(self._connection.execute(query).scalars())

    def cases_of(self, inbox: str, statuses: Sequence[str], since: datetime | None = None) -> list[str]:
        """Ids of the cases of this inbox that stand so, oldest first; `since` leaves out what was received before."""
        self.flush()
        query = select(cases.c.id).where(cases.c.inbox == inbox, _standing(statuses))
        if since is not None:
            query = query.where(cases.c.received_at >= since)
        return list(self._connection.execute(query.order_by(cases.c.received_at, cases.c.id)).scalars())

    def last_complained(self, case_id: str) -> datetime | None:
        """When the complainant complained last in this case, as far as it was judged so."""
        query = select(func.max(messages.c.at)).where(messages.c.case_id == case_id, messages.c.verdict == "complaint")
        found: datetime | None = self._connection.execute(query).scalar()
        return found

    def complaints_of(self, inbox: str, senders: Iterable[str]) -> dict[str, set[str]]:
        """The cases each of these senders has in this inbox, decided ones only."""
        self.flush()
        found: dict[str, set[str]] = defaultdict(set)
        for sender, case_id in self._about(list(dict.fromkeys(senders)), statements.COMPLAINTS, inbox=inbox):
            found[sender].add(case_id)
        return found

    # ---- searching ----------------------------------------------------------------------------------------------

    def unsought(self, limit: int) -> list[Spoken]:
        """What was stored last and is not in the index for searching, as `search.take_in` wants it; so many at most."""
        self.flush()
        waiting = self.search.waiting(limit)
        return [Spoken(case.id, case.version, waiting[case.id], case.received_at or EPOCH, words)
                for case, words in self._said(list(waiting))]  # fmt: skip

    def sought(self, asked: Sequence[Wanted], after: str, limit: int, most: int = 200) -> list[str]:
        """Ids of the cases in which all these words stand, the latest first, at most `limit` behind the case `after`.

        What is not in the index yet is looked through here, at most so many cases, the latest first.
        """
        self.flush()
        below = self._number_of(after) if after else None
        found = {case_id: number for number, case_id in self.search.found(asked, below, limit)}
        for case, words in self._said(list(self.search.waiting(most))):
            number = number_of(case.received_at or EPOCH, case.id)
            if (below is None or number < below) and asked and all(one.fits(words) for one in asked):
                found.setdefault(case.id, number)
        return sorted(found, key=lambda case_id: -found[case_id])[:limit]

    def _number_of(self, case_id: str) -> int:
        return self.search.number(case_id) or number_of(self.case(case_id).received_at or EPOCH, case_id)

    def _said(self, ids: Sequence[str]) -> list[tuple[Case, set[str]]]:
        """These cases, each with the words it is found by; what is not listed is found by none."""
        letters_by_case: dict[str, list[Row]] = defaultdict(list)
        for (case_id, _), row in self.letters_of(ids).items():
            letters_by_case[case_id].append(row)
        listed = (Status.OPEN, Status.RESOLVED)
        return [(case, words_in(said_in(case, letters_by_case[case.id])) if case.status in listed else set())
                for case in self.load(ids).values()]  # fmt: skip

    # ---- books --------------------------------------------------------------------------------------------------

    def keep_book(self, version: str, sources: str) -> None:
        """Keep these playbooks and letters for the cases that start under them."""
        bulk.insert_new(self._connection, books, [{"version": version, "sources": sources}])

    def book(self, version: str) -> str | None:
        """The sources kept under this version."""
        return self._connection.execute(select(books.c.sources).where(books.c.version == version)).scalar()

    # ---- the ledger of messages ---------------------------------------------------------------------------------

    def known(self, inbox: str, keys: Sequence[str]) -> dict[str, Known]:
        """What the ledger knows of these messages, by key."""
        found = {key: self._fresh[inbox, key] for key in keys if (inbox, key) in self._fresh}
        rest = [key for key in keys if key not in found]
        return found | {row.key: Known(*row) for row in self._about(rest, statements.MESSAGES, inbox=inbox)}

    def by_message_id(self, inbox: str, message_ids: Sequence[str]) -> list[Known]:
        """Messages with these Message-IDs, and what we wrote ourselves under them, oldest first."""
        ids = [message_id for message_id in dict.fromkeys(message_ids) if message_id]
        if not ids:
            return []
        self.flush()
        seen = [Known(*row) for row in self._about(ids, statements.MESSAGES_BY_ID, inbox=inbox)]
        return seen + [Known("", *row) for row in self._about(ids, statements.OURS_BY_ID, inbox=inbox)]

    def record(self, inbox: str, known: Known, at: datetime) -> None:
        """Enter a message into the ledger; its key is unique, so it is entered once."""
        self._fresh[inbox, known.key] = known
        self._pending[messages].append(
            {"inbox": inbox, "key": known.key, "message_id": known.message_id, "case_id": known.case_id,
             "verdict": known.verdict, "at": at}
        )  # fmt: skip
        self._tallied(inbox, "message", known.verdict, 1)

    def change_verdict(self, inbox: str, key: str, verdict: str, case_id: str) -> None:
        """A person thinks otherwise of a message."""
        self.flush()
        self._fresh.pop((inbox, key), None)
        same = and_(messages.c.inbox == inbox, messages.c.key == key)
        was = self._connection.execute(select(messages.c.verdict).where(same)).scalar()
        if was is not None:
            self._tallied(inbox, "message", was, -1)
            self._tallied(inbox, "message", verdict, 1)
        self._connection.execute(update(messages).where(same).values(verdict=verdict, case_id=case_id))

    def verdicts(self, inbox: str) -> dict[str, int]:
        """How many messages of each verdict this inbox has brought."""
        return {name: number for (_, name), number in self._numbers("message", inbox).items()}

    def gone(self) -> dict[tuple[str, str], int]:
        """How many cases were given up, by inbox and `month category outcome`."""
        return self._numbers("gone")

    def _tallied(self, inbox: str, kind: str, name: str, more: int) -> None:
        self._tallies[inbox, kind, name] += more

    def _numbers(self, kind: str, inbox: str = "") -> dict[tuple[str, str], int]:
        """What is kept as a number, so that nobody has to count it, by inbox and name."""
        self.flush()
        query = select(tallies).where(tallies.c.kind == kind, tallies.c.number > 0)
        query = query.where(tallies.c.inbox == inbox) if inbox else query
        rows = self._connection.execute(query.order_by(tallies.c.inbox, tallies.c.name))
        return {(row.inbox, row.name): row.number for row in rows}

    # ---- the ledger of places -----------------------------------------------------------------------------------

    def saw(self, inbox: str, place: Place, fingerprint: str, key: str) -> None:
        """A message lies at this place."""
        self._pending[places].append(
            {"inbox": inbox, "folder": place.folder, "validity": place.validity, "uid": place.uid,
             "fingerprint": fingerprint, "message": key}
        )  # fmt: skip

    def keys_of(self, inbox: str, fingerprints: Sequence[str]) -> dict[str, list[str]]:
        """Message keys by header fingerprint, oldest first."""
        self.flush()
        found: dict[str, list[str]] = defaultdict(list)
        for fingerprint, key in self._about(fingerprints, statements.KEYS_OF, inbox=inbox):
            if key not in found[fingerprint]:
                found[fingerprint].append(key)
        return found

    def keys_at(self, inbox: str, folder: str, validity: int, uids: Sequence[int]) -> dict[int, str]:
        """Message keys by UID in this folder."""
        self.flush()
        rows = self._about(uids, statements.KEYS_AT, inbox=inbox, folder=folder, validity=validity)
        return {row.uid: row.message for row in rows}

    def place_of(self, inbox: str, keys: Sequence[str]) -> dict[str, Place]:
        """Where each message was seen last."""
        self.flush()
        rows = self._about(keys, statements.PLACES_OF, inbox=inbox)
        return {row.message: Place(row.folder, row.validity, row.uid) for row in rows}

    def cases_in(self, inbox: str, folder: str, validity: int) -> list[str]:
        """The cases of what lies in this folder under this validity: for a helpdesk, in one ticket."""
        self.flush()
        asked = {"inbox": inbox, "folder": folder, "validity": validity}
        return list(dict.fromkeys(self._connection.execute(statements.CASES_IN, asked).scalars()))

    def keep_bookmark(self, inbox: str, topic: str, read: str) -> None:
        """A conversation was read so far."""
        row = {"inbox": inbox, "topic": topic, "read": read}
        insertion = bulk.own_insert(self._connection.dialect, bookmarks).values(row)
        self._connection.execute(
            insertion.on_conflict_do_update(index_elements=["inbox", "topic"], set_={"read": read})
        )

    def bookmarks(self, inbox: str, topics: Sequence[str]) -> dict[str, str]:
        """How far each of these conversations was read, of those that ever were."""
        self.flush()
        return {row.topic: row.read for row in self._about(topics, statements.BOOKMARKS, inbox=inbox)}

    # ---- letters ------------------------------------------------------------------------------------------------

    def keep_letter(self, case_id: str, key: str, kind: str, text: str, *, subject: str = "", detail: str = "") -> None:
        """Keep a text beside the events, where it can be forgotten without touching them."""
        row = {"case_id": case_id, "key": key, "kind": kind, "subject": subject, "text": text, "detail": detail}
        self._pending[letters].append(row)

    def keep_edited(self, case_id: str, message_id: str, text: str) -> None:
        """Keep what a person made of the draft with this Message-ID, in place of what was kept of that before."""
        self.forget_letter(case_id, edited_key(message_id))
        self.keep_letter(case_id, edited_key(message_id), "edited", text)

    def forget_letter(self, case_id: str, key: str) -> None:
        """Keep a text no longer, so that it may be kept in another way."""
        self.flush()
        self._connection.execute(delete(letters).where(letters.c.case_id == case_id, letters.c.key == key))

    def letters_of(self, case_ids: Sequence[str]) -> dict[tuple[str, str], Row]:
        """The texts of these cases, by (case, key)."""
        self.flush()
        return {(row.case_id, row.key): opened(row._mapping) for row in self._about(case_ids, statements.LETTERS)}

    def letter(self, case_id: str, key: str) -> Row | None:
        """One text of a case; None where it was never kept."""
        self.flush()
        row = self._connection.execute(statements.LETTER, {"case": case_id, "key": key}).mappings().first()
        return opened(row) if row else None

    def replies(self, since: datetime) -> list[Row]:
        """What people of ours sent to complainants since then, oldest first: {case_id, inbox, at, text, detail}."""
        self.flush()
        sent = and_(messages.c.case_id == letters.c.case_id, messages.c.key == letters.c.key)
        told = (letters.c.text, letters.c.detail, letters.c.packed)
        columns = (letters.c.case_id, messages.c.inbox, messages.c.at, *told)
        query = select(*columns).join(messages, sent).where(letters.c.kind == "reply", messages.c.at >= since)
        rows = self._connection.execute(query.order_by(messages.c.at, letters.c.key)).mappings()
        return [opened(row) for row in rows]

    # ---- what we wrote ------------------------------------------------------------------------------------------

    def will_write(
        self, inbox: str, message_id: str, case_id: str, kind: str, at: datetime, *, sender: str = "",
        untrusted: bool = False,
    ) -> None:  # fmt: skip
        """Remember a Message-ID before it is written, so that it is known as ours whenever it is seen."""
        self._pending[written].append(
            {"inbox": inbox, "message_id": message_id, "case_id": case_id, "kind": kind, "at": at, "sender": sender,
             "untrusted": untrusted}
        )  # fmt: skip

    def was_written(self, inbox: str, what: Written, at: datetime) -> None:
        """It lies in the mailbox now, since `at`."""
        place = what.place or Place("", 0, 0)
        self._change_written(
            inbox, what.message_id, live=True, folder=place.folder, validity=place.validity, uid=place.uid,
            digest=what.digest, at=at,
        )  # fmt: skip

    def is_over(self, inbox: str, message_id: str) -> None:
        """Nothing is to be watched about it any more."""
        self._change_written(inbox, message_id, live=False)

    def _change_written(self, inbox: str, message_id: str, **changes: Any) -> None:
        row = {"was_inbox": inbox, "was_message_id": message_id, **changes}
        self._rewritten[tuple(changes)].append(row)

    def live(self, inbox: str) -> list[Written]:
        """Our drafts and reminders that lie in the mailbox and that nobody has ended."""
        self.flush()
        return [_written(row) for row in self._connection.execute(statements.LIVE, {"inbox": inbox}).mappings()]

    def written_as(self, inbox: str, message_ids: Sequence[str]) -> dict[str, tuple[Written, str]]:
        """What we wrote under these Message-IDs, each with its case."""
        self.flush()
        rows = self._about(message_ids, statements.WRITTEN_AS, inbox=inbox)
        return {row.message_id: (_written(row._mapping), row.case_id) for row in rows}

    def cases_reminded(self, inbox: str, message_id: str) -> list[str]:
        """The cases a reminder speaks of; a list speaks of several."""
        self.flush()
        return list(self._connection.execute(statements.REMINDED, {"key": message_id}).scalars())

    def drafts_since(self, inbox: str, since: datetime) -> Counter[str]:
        """How many drafts were written since then, by the sender they answer; under UNTRUSTED all that failed DMARC."""
        self.flush()
        rows = self._connection.execute(statements.DRAFTS_SINCE, {"inbox": inbox, "since": since})
        found: Counter[str] = Counter()
        for sender, untrusted, count in rows:
            found[sender] += count
            found[UNTRUSTED] += count if untrusted else 0
        return found

    def latest_drafts(self, inbox: str, since: datetime, most: int) -> list[tuple[str, str]]:
        """The last drafts written into this inbox since then, by their case, oldest first; at most one of each."""
        self.flush()
        asked = {"inbox": inbox, "since": since, "most": most}
        found: dict[str, str] = {}
        for row in self._connection.execute(statements.LATEST_DRAFTS, asked).mappings():
            found.setdefault(row["case_id"], opened(row)["text"])
        return list(reversed(found.items()))

    def untrusted(self, inbox: str, message_ids: Sequence[str]) -> set[str]:
        """Those of our drafts that answer mail which failed DMARC."""
        return {row.message_id for row in self._about(message_ids, statements.UNTRUSTED_OF, inbox=inbox)}

    # ---- the agenda ---------------------------------------------------------------------------------------------

    def claim(
        self, now: datetime, lease: timedelta, *, for_inbox: bool, inbox: str = "", limit: int = 200
    ) -> list[Claim]:
        """Due tasks, of all inboxes or of one, ours until the lease ends; nobody else gets them meanwhile."""
        self.flush()
        asked = {"for": for_inbox, "now": now, "until": now + lease, "most": limit}
        claim, asked = (statements.CLAIM_IN, asked | {"of": inbox}) if inbox else (statements.CLAIM, asked)
        rows = self._connection.execute(claim, asked).mappings().all()
        claims = [_claim(row) for row in rows]
        return sorted(claims, key=lambda claim: (claim.run_at, claim.key))

    def claim_of(
        self, case_ids: Sequence[str], now: datetime, lease: timedelta, *, begun: bool = False, limit: int = 200
    ) -> list[Claim]:
        """Due tasks for the inbox of these cases alone, ours until the lease ends; with `begun` those tried before."""
        self.flush()
        due = and_(tasks.c.for_inbox.is_(True), tasks.c.run_at <= now, tasks.c.lease_until <= now)
        keys: list[str] = []
        for some in _chunks(case_ids):
            asked = select(tasks.c.key).where(due, tasks.c.case_id.in_(some), tasks.c.attempts >= int(begun))
            keys += self._connection.execute(asked.order_by(tasks.c.run_at, tasks.c.key).limit(limit)).scalars()
            if len(keys) >= limit:
                break
        claimed = update(tasks).values(lease_until=now + lease, attempts=tasks.c.attempts + 1).returning(tasks)
        found = self._connection.execute(claimed.where(due, tasks.c.key.in_(keys[:limit]))).mappings().all()
        return sorted(map(_claim, found), key=lambda claim: (claim.run_at, claim.key))

    def is_begun(self, key: str) -> bool:
        """Whether this task waits and was taken in hand before, so that it may be done already."""
        self.flush()
        query = select(tasks.c.attempts).where(tasks.c.key == key)
        return (self._connection.execute(query).scalar() or 0) > 0

    def ahead(self, until: datetime) -> dict[str, datetime]:
        """The inboxes for which something is due by then that nobody has at hand, each with the time of the first."""
        self.flush()
        first: dict[str, datetime] = {}
        for for_inbox in (True, False):  # each by the index
            for inbox, at in self._connection.execute(statements.AHEAD, {"for": for_inbox, "until": until}):
                first[inbox] = min(at, first.get(inbox, at))
        return first

    def agenda(self) -> tuple[datetime | None, datetime | None]:
        """When the first task waits that nobody has at hand and that never failed: for a person, and for an inbox; None
        where there is none.
        """
        self.flush()
        person, inbox = self._connection.execute(statements.AGENDA, {"persons": False, "inboxes": True}).one()
        return person, inbox

    def postpone(self, keys: Sequence[str], until: datetime, fault: str) -> None:
        """Try these tasks again later, and say why."""
        for some in _chunks(keys):
            self._connection.execute(update(tasks).where(tasks.c.key.in_(some)).values(lease_until=until, fault=fault))

    def release(self, inbox: str = "") -> None:
        """Let every task, or every one of an inbox, be taken at once, whoever claimed it or put it off.

        For the only one at work on the store, or on this inbox.
        """
        every = update(tasks).values(lease_until=EPOCH)
        self._connection.execute(every.where(tasks.c.inbox == inbox) if inbox else every)

    def unwritten(self, inbox: str) -> tuple[int, datetime | None]:
        """How many tasks of this inbox could not be done, and since when the oldest of them waits."""
        query = select(func.count(), func.min(tasks.c.run_at)).where(tasks.c.inbox == inbox, FAULTY)
        count, oldest = self._connection.execute(query).one()
        return count, oldest

    def counted(self, now: datetime) -> dict[tuple[str, str], tuple[int, int]]:
        """How many cases there are, by inbox and status, and how many of them owe something that is overdue."""
        query = select(cases.c.inbox, cases.c.status, func.count()).where(OWING, cases.c.next_due <= now)
        rows = self._connection.execute(query.group_by(cases.c.inbox, cases.c.status))
        overdue = {(row[0], row[1]): row[2] for row in rows}
        return {key: (number, overdue.get(key, 0)) for key, number in self._numbers("case").items()}

    def faults(self) -> list[tuple[str, str, str]]:
        """Tasks that could not be done: (inbox, case, why)."""
        query = select(tasks.c.inbox, tasks.c.case_id, tasks.c.fault).where(FAULTY)
        return [(row.inbox, row.case_id, row.fault) for row in self._connection.execute(query)]

    def fault_of(self, inbox: str) -> str | None:
        """Why the task of this inbox that waits longest could not be done; None where all could."""
        query = select(tasks.c.fault).where(tasks.c.inbox == inbox, FAULTY).order_by(tasks.c.run_at).limit(1)
        found: str | None = self._connection.execute(query).scalar()
        return found

    def owing(self, limit: int = 1000, after: tuple[datetime, str] | None = None) -> list[str]:
        """Ids of cases with something still to come, the earliest date first; `after` is a (next_due, id)."""
        self.flush()
        query = select(cases.c.id).where(OWING)
        if after is not None:
            query = query.where(tuple_(cases.c.next_due, cases.c.id) > _pair(after))
        return list(self._connection.execute(query.order_by(cases.c.next_due, cases.c.id).limit(limit)).scalars())

    def quiet(self, limit: int, after: tuple[datetime, str] | None = None) -> list[str]:
        """Ids of open cases that owe nothing by a date, newest first; `after` is a (received_at, id)."""
        self.flush()
        query = select(cases.c.id).where(QUIET)
        query = query if after is None else query.where(_older(after))
        query = query.order_by(cases.c.received_at.desc(), cases.c.id.desc()).limit(limit)
        return list(self._connection.execute(query).scalars())

    # ---- inboxes ------------------------------------------------------------------------------------------------

    def inbox(self, name: str) -> Row:
        """What is remembered of an inbox: the columns of its table, empty where it was never seen."""
        row = self._connection.execute(statements.INBOX, {"name": name}).mappings().first()
        return dict(row or {**_NEVER_SEEN, "name": name})

    def keep_inbox(self, name: str, **changes: Any) -> None:
        """Remember these columns of an inbox."""
        bulk.insert_new(self._connection, inboxes, [{"name": name}])
        self._connection.execute(update(inboxes).where(inboxes.c.name == name).values(**changes))

    def keep_fault(self, name: str, why: str, at: datetime, kind: str, until: datetime | None = None) -> None:
        """Something is wrong with an inbox, and has been since it was last well; it asks to be left alone `until`."""
        since = self.inbox(name)["fault_since"] or at
        self.keep_inbox(name, fault=why, fault_at=at, fault_kind=kind, fault_since=since, fault_until=until)

    def keep_well(self, name: str, at: datetime) -> None:
        """All was well with an inbox just now."""
        well = {"fault": "", "fault_at": None, "fault_kind": "", "fault_since": None, "fault_until": None}
        self.keep_inbox(name, last_success=at, **well)

    # ---- quarantine ---------------------------------------------------------------------------------------------

    def put_aside(self, row: Row) -> None:
        """Keep a mail that could not be read; the same one is kept once."""
        bulk.insert_new(self._connection, quarantine, [row])

    def aside(self, limit: int | None = None, after: str = "") -> list[Row]:
        """What is known of mails in quarantine, oldest first, at most `limit` behind the one `after`.

        Of the mail itself nothing is read.
        """
        known = [column for column in quarantine.columns if column is not quarantine.c.raw]
        query = select(*known).order_by(quarantine.c.at, quarantine.c.id)
        if after:
            last = select(quarantine.c.at, quarantine.c.id).where(quarantine.c.id == after)
            found = self._connection.execute(last).first()
            here = tuple_(quarantine.c.at, quarantine.c.id)
            query = query.where(here > _pair((found[0], found[1]))) if found else query
        return [dict(row) for row in self._connection.execute(query.limit(limit)).mappings()]

    def count_aside(self) -> dict[str, int]:
        """How many of them there are, by inbox; none of them is read for it."""
        query = select(quarantine.c.inbox, func.count()).group_by(quarantine.c.inbox)
        return {row.inbox: row[1] for row in self._connection.execute(query)}

    def ids_aside(self) -> list[str]:
        """The ids of all of them, oldest first."""
        query = select(quarantine.c.id).order_by(quarantine.c.at, quarantine.c.id)
        return list(self._connection.execute(query).scalars())

    def aside_as(self, one: str) -> Row | None:
        """The mail kept under this id, as it came."""
        row = self._connection.execute(select(quarantine).where(quarantine.c.id == one)).mappings().first()
        return dict(row) if row else None

    def places_aside(self, inbox: str) -> set[Place]:
        """Where the mails lie that this inbox has in quarantine."""
        query = select(quarantine.c.folder, quarantine.c.validity, quarantine.c.uid)
        return {Place(*row) for row in self._connection.execute(query.where(quarantine.c.inbox == inbox))}

    def let_out(self, one: str) -> None:
        """A mail in quarantine was read after all."""
        self._connection.execute(delete(quarantine).where(quarantine.c.id == one))

    def note_aside(self, one: str, reason: str) -> None:
        """Why a mail stays in quarantine, as it was found last."""
        self._connection.execute(update(quarantine).where(quarantine.c.id == one).values(reason=reason))

    # ---- writing in bulk ----------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Send what was kept back."""
        pending, self._pending = self._pending, defaultdict(list)
        for table, rows in pending.items():
            if table in (events, messages):
                self._insert(table, rows)
            else:
                bulk.insert_new(self._connection, table, rows)
        self._fresh.clear()
        self._send_tallies()
        self._send_lines()
        self._send_agenda()
        self._send_rewritten()

    def _about(self, some: Sequence[Any], statement: Select[Any], **asked: Any) -> Iterator[Any]:
        """The rows of a statement that asks about `some`, in as many goes as the database needs."""
        for part in _chunks(some):
            yield from self._connection.execute(statement, {"some": part, **asked})

    def _send_tallies(self) -> None:
        """In order, so that two who count the same do not wait for each other."""
        counted, self._tallies = self._tallies, Counter()
        for (inbox, kind, name), more in sorted(counted.items()):
            if more:
                row = {"inbox": inbox, "kind": kind, "name": name, "number": more}
                self._connection.execute(self._more(), row)

    def _more(self) -> Any:
        insertion = bulk.own_insert(self._connection.dialect, tallies)
        more = tallies.c.number + insertion.excluded.number
        return insertion.on_conflict_do_update(index_elements=["inbox", "kind", "name"], set_={"number": more})

    def _send_lines(self) -> None:
        lines, self._lines = self._lines, {}
        new = [row for stood_at, row in lines.values() if stood_at == 0]
        moved = [{**row, "was_version": stood_at, "was_id": row["id"]} for stood_at, row in lines.values() if stood_at]
        if new:
            self._insert(cases, new)
        if moved and bulk.change(self._connection, cases, ("id", "version"), moved) != len(moved):
            raise Conflict(str(moved[0]["id"]))

    def _send_agenda(self) -> None:
        agenda, self._agenda, stale, self._stale = self._agenda, {}, sorted(self._stale), set()
        for some in _chunks(stale):
            self._connection.execute(statements.FORGET, {"some": some})
        waiting = [row for row in agenda.values() if row is not None]
        if waiting:
            bulk.insert_new(self._connection, tasks, waiting)
            self.planned.update((row["inbox"], row["run_at"]) for row in waiting)

    def _send_rewritten(self) -> None:
        rewritten, self._rewritten = self._rewritten, defaultdict(list)
        for rows in rewritten.values():
            bulk.change(self._connection, written, ("inbox", "message_id"), rows)

    def _insert(self, table: Table, rows: Sequence[Row]) -> None:
        try:
            bulk.insert(self._connection, table, rows)
        except IntegrityError as error:
            if not _is_taken(error):
                raise  # a fault of ours
            raise Conflict(str(rows[0].get("case_id") or rows[0].get("id") or "")) from error


def _is_taken(error: IntegrityError) -> bool:
    """Whether there is a row with this key already; PostgreSQL may tell it in any language, and with this state."""
    state = getattr(error.orig, "sqlstate", None)
    return state == "23505" if state else "unique" in str(error.orig).lower()


def next_due(case: Case) -> datetime | None:
    """The earliest date the case owes something by."""
    dates = [due.due_at for due in case.due if due.open and due.due_at] if case.status is Status.OPEN else []
    dates += [task.run_at for task in case.open_tasks() if not task.kind.for_inbox]
    return min(dates, default=None)


def idle_since(case: Case) -> datetime | None:
    """Since when nobody has anything to do with the case: when it was resolved, or came and was never decided.

    None as long as it is open, or anything is still to come of it: a task, a promise.
    """
    promised = any(due.kind == PROMISE and due.open for due in case.due)
    if case.status is Status.OPEN or promised or case.open_tasks():
        return None
    return case.resolved_at or case.received_at


def _standing(statuses: Sequence[str]) -> ColumnElement[bool]:
    """Cases of these statuses, in the words of an index where there is one."""
    known = {("open",): OPEN, ("open", "resolved"): LISTED}
    return known.get(tuple(statuses), cases.c.status.in_(statuses))


def _older(than: tuple[datetime, str]) -> ColumnElement[bool]:
    return tuple_(cases.c.received_at, cases.c.id) < _pair(than)


def _pair(position: tuple[datetime, str]) -> ColumnElement[Any]:
    """A place in a list that is sorted by a time, and by id where that is the same."""
    return tuple_(literal(position[0], Moment()), literal(position[1]))


def _task_key(event: Any) -> str:
    return event.task.key if isinstance(event, TaskScheduled) else str(event.key)


def _agenda_row(case: Case, task: Task) -> Row:
    return {
        "key": task.key,
        "case_id": case.id,
        "inbox": case.inbox,
        "kind": task.kind.value,
        "for_inbox": task.kind.for_inbox,
        "run_at": task.run_at,
        "lease_until": EPOCH,
    }


def _claim(row: Any) -> Claim:
    return Claim(
        row["key"], row["case_id"], row["inbox"], Kind(row["kind"]), row["run_at"].astimezone(UTC), row["attempts"]
    )


def _written(row: Any) -> Written:
    place = Place(row["folder"], row["validity"], row["uid"]) if row["uid"] else None
    return Written(row["message_id"], row["kind"], place, row["digest"])


def _chunks(items: Sequence[Any], size: int = 500) -> Iterable[Sequence[Any]]:
    """Databases bound the number of values in one statement."""
    return (items[start : start + size] for start in range(0, len(items), size))
