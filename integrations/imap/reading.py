"""Reading an account: what came since the cursor, without changing anything in it.

A folder is known by its UIDVALIDITY and read upwards by UID (RFC 9051, 2.3.1.1):

    first pass            remember UIDNEXT of every folder; where `start` says so, read what lies below it, as historic
    numbers unchanged     nothing is opened, nothing is fetched
    UIDNEXT grew          new messages, a hundred a page; then the marks people set, and the fate of our own letters
    UIDVALIDITY changed   headers only, to recognise what is known; the unknown is new if it came after we were attached

The cursor of each page allows going on behind that page, whatever happens to the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from integrations.imap.acts import (
    Mark,
    Ours,
    draft_acts,
    kinds_of,
    new_marks,
    packed,
    relabelled,
    reminder_acts,
    search_marks,
    stamp_of,
    taken_off,
)
from integrations.imap.door import ImapSettings
from integrations.imap.fetching import (
    Ahead,
    Letter,
    arrival,
    chunks,
    fetch_headers,
    fetch_letters,
    fetch_print_fields,
    pack,
    unpack,
)
from integrations.imap.folders import Folders
from integrations.imap.message import Unparsable, Whose, fingerprint, parse
from integrations.imap.replies import LARGEST
from integrations.imap.session import WIRE_FAULTS, Session, Status
from integrations.imap.wire import header
from plugin.inbox import (
    Act,
    ActKind,
    Cursor,
    InboxError,
    InboxRefused,
    InboxUnavailable,
    Memory,
    Page,
    Recorded,
    Sighting,
    Unreadable,
)
from plugin.inbox import Ahead as StillAhead
from plugin.model import Message, Place, Written

PAGE = 100  # messages
_HEADER_LIMIT = 64 << 10
_HEADERS_AT_ONCE = 500
_SLACK = timedelta(hours=1)  # clocks of two machines may differ by so much
_RESTLESS = 5  # changes of UIDVALIDITY in a row that are believed

State = dict[str, Any]


@dataclass(slots=True)
class _Parts:
    """What a page is made of, while it grows."""

    messages: list[Message] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    prints: dict[Place, str] = field(default_factory=dict)
    flags: dict[int, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class _Line:
    """A mail of the backlog: when it came, where it lies, how many bytes it has."""

    at: datetime
    folder: str
    uid: int
    size: int


class Reader:
    """One pass over an account; `own` are the keywords we wrote ourselves, `restless` lasts longer than a pass."""

    def __init__(
        self, session: Session, settings: ImapSettings, memory: Memory, own: Container[Mark], restless: dict[str, int]
    ) -> None:
        self._session, self._settings, self._memory = session, settings, memory
        self._own, self._restless = own, restless
        self._whose = Whose(settings.identities, settings.ours)
        self._cursor: State = {}
        self._dirty = False
        self._nameless: Counter[tuple[str, str]] = Counter()

    def pages(self, cursor: Cursor | None) -> Iterator[Page]:
        """What came since `cursor`; a quiet account yields nothing after one round trip (RFC 5819).

        A page that brings nothing but a cursor is merged into the one before it: each costs its taker a commit.
        """
        held: Page | None = None
        try:
            for page in self._all(cursor):
                if held is not None and not _brings_something(page):
                    held = replace(held, cursor=page.cursor)
                    continue
                if held is not None:
                    yield held
                held = page
        except (*WIRE_FAULTS, InboxError):
            # What was read before the connection broke is whole, and counts.
            if held is not None:
                yield held
            raise
        if held is not None:
            yield held

    def _all(self, cursor: Cursor | None) -> Iterator[Page]:
        self._session.leave()
        folders = self._session.folders()
        statuses = self._session.statuses(folders.every())
        if cursor is None:
            self._attach(folders, statuses)
            yield self._page(_Parts())
        else:
            self._cursor = _copied(cursor)
        refused: InboxRefused | None = None
        for name in folders.every():
            try:
                if name in statuses:
                    yield from self._folder(name, statuses[name], folders)
            except InboxRefused as refusal:  # one folder that cannot be used must not hide what lies in the others
                refused = refused or refusal
        if self._dirty:
            yield self._page(_Parts())
        if refused is not None:
            raise refused

    def past(self, since: datetime, most: int) -> Iterator[Page]:
        """Mail that the server took since then, the newest `most` of each watched and Sent folder; by EXAMINE alone."""
        folders = self._session.folders()
        for name in dict.fromkeys((*folders.watched, *folders.sent)):
            validity = self._session.examine(name).validity
            # SINCE knows only days, of the server's zone (RFC 9051, 6.4.4), hence the day more, and the filter.
            batches = list(chunks(self._session.search("SINCE", since.date() - timedelta(days=1))[-most:], PAGE))
            ahead = Ahead(self._session, batches)
            for number in range(len(batches)):
                self._examine(name, validity)
                letters = (letter for letter in ahead.page(number) if letter.at >= since)
                parts = self._read(name, validity, letters, sent=name in folders.sent, historic=lambda _: False)
                yield Page(cursor={}, messages=tuple(parts.messages), unreadable=tuple(parts.unreadable))

    def backlog(self, since: datetime, cursor: Cursor, known: Recorded, at_once: int) -> Iterator[Page]:
        """What lay in the watched and Sent folders before they were read, oldest first; the first page is empty.

        Of folders nobody has read yet nothing is told: they are read from now on.
        """
        self._cursor = _copied(cursor)
        lines = sorted(self._unrecorded(since, known))
        left = StillAhead(len(lines), sum(line.size for line in lines))
        yield Page(cursor={}, ahead=left)
        for batch in chunks(lines, at_once):
            size = sum(line.size for line in batch)
            left = StillAhead(left.mails - len(batch), left.size - size)
            yield replace(self._old(batch), ahead=left, size=size)

    def _unrecorded(self, since: datetime, known: Recorded) -> Iterator[_Line]:
        folders = self._session.folders()
        for name in dict.fromkeys((*folders.watched, *folders.sent)):
            state = self._states.get(name)
            if state is None:
                continue
            self._examine(name, state["validity"])
            # What is not below UIDNEXT of the last look is read by the next one, and is new mail.
            uids = [uid for uid in self._session.search("SINCE", since.date() - timedelta(days=1))
                    if uid < state["uidnext"]]  # fmt: skip
            on_record = {place.uid: over for place, over in known([Place(name, state["validity"], uid)
                                                                   for uid in uids]).items()}  # fmt: skip
            # An answer we saw before we knew what it answers lies above what was there at first.
            uids = [uid for uid in uids
                    if uid not in on_record or (uid >= state["attach"] and not on_record[uid])]  # fmt: skip
            for some in chunks(uids, _HEADERS_AT_ONCE):
                for uid, facts in self._session.fetch(some, "RFC822.SIZE", "INTERNALDATE").items():
                    if (at := arrival(facts)) >= since:
                        yield _Line(at, name, uid, facts.size or 0)

    def _old(self, lines: Sequence[_Line]) -> Page:
        """These mails as one page in the order of time, whichever folders they lie in, with what was marked on them."""
        parts = _Parts()
        for name in dict.fromkeys(line.folder for line in lines):
            validity = self._states[name]["validity"]
            self._examine(name, validity)
            letters = fetch_letters(self._session, [line.uid for line in lines if line.folder == name])
            sent = name in self._session.folders().sent
            some = self._read(name, validity, letters, sent=sent, historic=lambda _: True)
            parts.messages += some.messages
            parts.unreadable += some.unreadable
            parts.prints |= some.prints
            parts.acts += [] if sent else [
                Act(kind, one.at, message=one) for one in some.messages
                for kind in _old_marks(some.flags[one.place.uid])
            ]  # fmt: skip
        parts.messages.sort(key=lambda one: one.at)
        return replace(self._page(parts), cursor={})

    def reread(self, place: Place, cursor: Cursor | None) -> Page:
        """What lies at this place; an empty page where that means another message by now, or none."""
        self._cursor = _copied(cursor) if cursor else {"folders": {}}
        folders = self._session.folders(fresh=True)
        if place.folder not in self._session.statuses([place.folder]):
            return Page(cursor={})
        if self._session.examine(place.folder).validity != place.validity:
            return Page(cursor={})
        attach = self._states.get(place.folder, {}).get("attach", 0)
        letters = fetch_letters(self._session, [place.uid])
        sent = place.folder in folders.sent
        parts = self._read(place.folder, place.validity, letters, sent=sent, historic=lambda uid: uid < attach)
        return replace(self._page(parts), cursor={})

    def read_one(self, folder: str, uid: int, *, sent: bool = False) -> Message | None:
        """One message of a folder, if it is there and can be read."""
        validity, letters = self._session.examine(folder).validity, fetch_letters(self._session, [uid])
        return next(iter(self._read(folder, validity, letters, sent=sent, historic=lambda _: False).messages), None)

    # -- the first pass

    def _attach(self, folders: Folders, statuses: Mapping[str, Status]) -> None:
        self._cursor = {"attached_at": datetime.now(UTC).isoformat(timespec="seconds"), "folders": {}}
        for name in folders.every():
            if name in statuses:
                self._states[name] = self._baseline(name, statuses[name], folders)
        self._dirty = False

    def _baseline(self, name: str, status: Status, folders: Folders) -> State:
        """The folder as it is now counts as known: nothing in it is news, no mark in it an act."""
        uidnext = status.uidnext or self._count_uidnext(name)
        state = _state(status, uidnext)
        if name in folders.watched:
            self._session.examine(name)
            state["marks"] = packed(search_marks(self._session, uidnext))
        past = name in {*folders.watched, *folders.sent} and self._start != "now"
        return state | {"uidnext": 1, "messages": -1} if past else state

    def _count_uidnext(self, name: str) -> int:
        self._session.examine(name)
        return max(self._session.search("ALL"), default=0) + 1

    # -- one folder

    def _folder(self, name: str, status: Status, folders: Folders) -> Iterator[Page]:
        state = self._states.get(name)
        if state is not None and state["validity"] == status.validity and state.pop("resyncs", 0):
            self._dirty = True
        flags_matter = name in folders.watched or name == folders.reminders
        if state is not None and not _changed(state, status) and (status.modseq or not flags_matter):
            return
        if name in folders.acts:
            yield from self._filed(name, status, folders.acts[name])
        elif name in folders.watched or name in folders.sent:
            yield from self._mail(name, status, folders)
        elif state is None or state["validity"] != status.validity:
            self._states[name] = _state(status, 1)
        if name in folders.watched:
            yield from self._marked(name)
        yield from self._ours(name, folders)
        self._settle(name, status)

    def _settle(self, name: str, status: Status) -> None:
        """The folder is read up to these numbers, which are those from before it was read."""
        state = self._states[name]
        uidnext = max(status.uidnext, state["uidnext"])
        self._states[name] = state | {"uidnext": uidnext, "messages": status.messages, "modseq": status.modseq}
        self._dirty |= self._states[name] != state

    def _mail(self, name: str, status: Status, folders: Folders) -> Iterator[Page]:
        state, sent = self._states.get(name), name in folders.sent
        if state is None or state["validity"] != status.validity or 0 < status.uidnext < state["uidnext"]:
            yield from self._relink(name, status, sent=sent, watched=name in folders.watched)
        elif status.uidnext != state["uidnext"] or not status.uidnext:
            yield from self._arrivals(name, state, sent=sent, watched=name in folders.watched)

    def _arrivals(self, name: str, state: State, *, sent: bool, watched: bool) -> Iterator[Page]:
        self._examine(name, state["validity"])
        batches = list(chunks(self._new_uids(state), PAGE))
        ahead = Ahead(self._session, batches)
        for number, batch in enumerate(batches):
            self._examine(name, state["validity"])
            historic = {uid for uid in batch if uid < state["attach"]}
            letters = ahead.page(number)
            parts = self._read(name, state["validity"], letters, sent=sent, historic=historic.__contains__)
            if watched:
                parts.acts += self._marked_on_arrival(state, parts, historic)
            state["uidnext"] = batch[-1] + 1
            yield self._page(parts)
        state["uidnext"] = max(state["uidnext"], state["attach"])  # what is older than `start` was passed over

    def _new_uids(self, state: State) -> list[int]:
        low, attach = state["uidnext"], state["attach"]
        start = self._start
        since: list[str | date] = ["SINCE", start] if isinstance(start, date) else []
        old = self._session.search("UID", f"{low}:{attach - 1}", *since) if low < attach else []
        # `n:*` always names the last message, however small its UID (RFC 9051, 9), hence the filter.
        low = max(low, attach)
        return [*old, *(uid for uid in self._session.search("UID", f"{low}:*") if uid >= low)]

    def _marked_on_arrival(self, state: State, parts: _Parts, historic: Container[int]) -> list[Act]:
        """Marks a message brought along: an act on mail we do not know, nothing on mail that was moved or copied."""
        marks = {uid: kinds for uid, flags in parts.flags.items() if (kinds := kinds_of(flags))}
        for uid in marks:
            for word in parts.flags[uid]:
                if kinds_of([word]):
                    state["marks"][word] = pack(unpack(state["marks"].get(word, "")) | {uid})
        fresh = [one for one in parts.messages if one.place.uid in marks and one.place.uid not in historic]
        known = self._memory.known([parts.prints[one.place] for one in fresh]) if fresh else {}
        now = datetime.now(UTC)
        return [
            Act(kind, now, message=one)
            for one in fresh
            if not known.get(parts.prints[one.place])
            for kind in marks[one.place.uid]
        ]

    # -- UIDVALIDITY changed, or a folder never seen before

    def _relink(self, name: str, status: Status, *, sent: bool, watched: bool) -> Iterator[Page]:
        validity = self._session.examine(name).validity
        resyncs = self._believe(name, validity)
        uids = self._session.search("ALL")
        strangers: list[int] = []
        counted: Counter[str] = Counter()
        for batch in chunks(uids, _HEADERS_AT_ONCE):
            self._examine(name, validity)
            parts, unknown = self._recognise(name, validity, batch, counted)
            strangers += unknown
            if parts.sightings:
                yield self._page(parts)
        before_us = self._attached_at - _SLACK
        for batch in chunks(strangers, PAGE):
            self._examine(name, validity)
            letters = fetch_letters(self._session, batch)
            parts = self._read(name, validity, letters, sent=sent, historic=None, before=before_us)
            yield self._page(parts)
        self._examine(name, validity)
        uidnext = max(uids, default=0) + 1
        state = _state(status, uidnext) | {"validity": validity, "attach": 1, "resyncs": resyncs}
        if watched:
            state["marks"] = packed(search_marks(self._session, uidnext))
        self._states[name], self._dirty = state, True

    def _believe(self, name: str, validity: int) -> int:
        """How often in a row this folder has changed its UIDVALIDITY; refuses one that does so at every look."""
        resyncs = 0 if name not in self._states else int(self._states[name].get("resyncs", 0)) + 1
        seen_before, self._restless[name] = self._restless.get(name), validity
        if resyncs > _RESTLESS and seen_before != validity:
            raise InboxRefused(
                self._settings.name,
                f"the folder {name} changes its UIDVALIDITY at every look, so its messages cannot be told apart",
                "ask the provider to mend the folder; reading goes on once the number stays the same",
            )
        return resyncs

    def _recognise(
        self, name: str, validity: int, uids: Sequence[int], counted: Counter[str]
    ) -> tuple[_Parts, list[int]]:
        """Sightings of the messages whose fingerprints are known, and the UIDs of the others that matter."""
        letters = {letter.uid: letter for letter in fetch_print_fields(self._session, uids)}
        prints = {uid: fingerprint(letter.raw or b"", letter.size) for uid, letter in letters.items()}
        known = self._memory.known(sorted(set(prints.values())))
        parts, unknown = _Parts(), []
        for uid in sorted(letters):
            keys = known.get(prints[uid], ())
            if not keys:
                unknown += [uid] if self._matters(letters[uid].at) else []
                continue
            # Equal mails lie in the order they came, and so do their keys.
            key = keys[min(counted[prints[uid]], len(keys) - 1)]
            counted[prints[uid]] += 1
            place = Place(name, validity, uid)
            parts.sightings.append(Sighting(place, prints[uid], key))
        return parts, unknown

    def _matters(self, at: datetime) -> bool:
        """Whether an unknown message is one we should have read, by when the server took it."""
        start = self._start
        if start == "all":
            return True
        return at.date() >= start if isinstance(start, date) else at >= self._attached_at - _SLACK

    # -- marks, filed messages, and the fate of our own letters

    def _marked(self, name: str) -> Iterator[Page]:
        state = self._states[name]
        self._examine(name, state["validity"])
        found = search_marks(self._session, state["uidnext"])
        before, ours = state.get("marks", {}), Ours(self._own, name, state["validity"])
        news = new_marks(found, before, ours) + taken_off(self._session, found, before, ours)
        labels = relabelled(self._session, found["complaint"], state.get("modseq") or 0, ours)
        kept: State = {"marks": packed(found)}
        if not state.get("modseq"):  # where nobody knows what changed, the same is seen at every look
            kept["labels"] = stamp_of(labels)
            labels = {} if kept["labels"] == state.get("labels", "") else labels
        news += [(uid, ActKind.RELABELLED) for uid in labels]
        for number, some in enumerate(batches := list(chunks(news, PAGE))):
            self._examine(name, state["validity"])
            parts = self._acts_on(name, state, some)
            parts.acts = [_with_labels(act, labels) for act in parts.acts]
            if number == len(batches) - 1:
                self._states[name] = state = state | kept
            yield self._page(parts)
        self._dirty |= state | kept != state
        self._states[name] = state | kept

    def _acts_on(self, name: str, state: State, news: Sequence[tuple[int, ActKind]]) -> _Parts:
        uids = sorted({uid for uid, _ in news})
        parts = self._light(name, state, uids)
        missing = [uid for uid in uids if uid not in {one.place.uid for one in parts.messages}]
        letters = fetch_letters(self._session, missing)
        full = self._read(name, state["validity"], letters, sent=False, historic=lambda uid: uid < state["attach"])
        about = {one.place.uid: one for one in (*parts.messages, *full.messages)}
        now = datetime.now(UTC)
        full.acts = [Act(kind, now, message=about[uid]) for uid, kind in news if uid in about]
        full.messages = []
        return full

    def _light(self, name: str, state: State, uids: Sequence[int]) -> _Parts:
        """Messages the store has at these places, from their headers alone: a mark needs no body to be understood."""
        keys = self._memory.recorded(name, state["validity"], uids)
        letters = fetch_headers(self._session, [uid for uid in uids if uid in keys])
        parts = _Parts()
        for letter in letters:
            self._take(parts, letter, Place(name, state["validity"], letter.uid), False, letter.uid < state["attach"])
        parts.messages = [replace(one, key=keys[one.place.uid]) for one in parts.messages]
        return parts

    def _filed(self, name: str, status: Status, kind: ActKind) -> Iterator[Page]:
        state = self._states.get(name)
        if state is None:  # made after we were attached: whatever lies in it was filed since
            state = self._states[name] = _state(status, 1)
        elif state["validity"] != status.validity or 0 < status.uidnext < state["uidnext"]:
            # What was filed before and what since cannot be told apart, and nothing may be acted on twice.
            self._states[name] = _state(status, status.uidnext or self._count_uidnext(name))
            return
        self._examine(name, state["validity"])
        for batch in chunks(self._new_uids(state), PAGE):
            self._examine(name, state["validity"])
            letters = fetch_letters(self._session, batch)
            parts = self._read(name, state["validity"], letters, sent=False, historic=None, before=self._attached_at)
            now = datetime.now(UTC)
            parts.acts, parts.messages = [Act(kind, now, message=one) for one in parts.messages], []
            state["uidnext"] = batch[-1] + 1
            yield self._page(parts)

    def _ours(self, name: str, folders: Folders) -> Iterator[Page]:
        """What became of our drafts and reminders that lie in this folder."""
        here = [one for one in self._memory.written() if one.place is None or one.place.folder == name]
        parts = _Parts()
        reminders = [one for one in here if one.kind == "reminder"]
        if name == folders.reminders and reminders:
            parts.acts += reminder_acts(self._session, self._session.examine(name).validity, reminders)
        if name == folders.drafts:
            parts.acts += self._drafts(name, [one for one in here if one.kind == "draft"])
        if parts.acts:
            yield self._page(parts)

    def _drafts(self, name: str, drafts: Sequence[Written]) -> list[Act]:
        state = self._states[name]
        links = state.setdefault("links", {})
        if not drafts:
            links.clear()
            return []
        validity = self._session.examine(name).validity
        since = 1 if not links else state["uidnext"]
        return draft_acts(self._session, validity, drafts, links, since)

    # -- reading messages

    def _read(
        self,
        name: str,
        validity: int,
        letters: Iterable[Letter],
        *,
        sent: bool,
        historic: Any = None,
        before: datetime | None = None,
    ) -> _Parts:
        """These messages of a folder; historic by UID where `historic` is given, else if taken `before`."""
        parts = _Parts()
        for letter in letters:
            old = bool(historic(letter.uid)) if historic else before is not None and letter.at < before
            self._take(parts, letter, Place(name, validity, letter.uid), sent, old)
        return parts

    def _take(self, parts: _Parts, letter: Letter, place: Place, sent: bool, historic: bool) -> None:
        """Adds one message to the page, readable or not; never raises because of what is in it."""
        raw, fault = letter.raw or b"", letter.fault or _unfit(letter)
        try:
            parts.prints[place] = fingerprint(header(raw)[: 2 * _HEADER_LIMIT], letter.size)
            if not fault:
                message = self._parse(raw, letter, place, sent, historic)
                keywords = tuple(sorted(flag for flag in letter.flags if flag[:1] not in ("\\", "$")))
                parts.messages.append(replace(message, marks=keywords) if keywords else message)
                parts.flags[letter.uid] = letter.flags
        except Unparsable as error:
            fault = error.reason
        except Exception as error:  # noqa: BLE001
            # Every fault of one single mail ends here, foreseen or not (RecursionError, MemoryError, LookupError …):
            # it is kept with the reason, and the mails beside it go on.
            fault = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        if fault:
            parts.unreadable.append(Unreadable(place, fault[:500], raw[:LARGEST], letter.at, historic))

    def _parse(self, raw: bytes, letter: Letter, place: Place, sent: bool, historic: bool) -> Message:
        read = partial(
            parse, raw, inbox=self._settings.name, place=place, internal_date=letter.at, whose=self._whose,
            sent=sent, historic=historic,
        )  # fmt: skip
        message: Message = read()
        if message.message_id:
            return message
        # Two equal mails without a Message-ID in one second and one folder are two; a copy in another folder is not.
        self._nameless[place.folder, message.key] += 1
        nth = self._nameless[place.folder, message.key]
        return message if nth == 1 else read(nth=nth)

    # -- the cursor

    @property
    def _states(self) -> dict[str, State]:
        states: dict[str, State] = self._cursor["folders"]
        return states

    @property
    def _attached_at(self) -> datetime:
        return datetime.fromisoformat(self._cursor["attached_at"])

    @property
    def _start(self) -> Any:
        """`now`, `all` or a date."""
        start = self._settings.start
        if isinstance(start, str) and start not in {"now", "all"}:
            return date.fromisoformat(start)
        return start

    def _examine(self, name: str, validity: int) -> None:
        """Have this folder open; other work on the connection may have come between two pages."""
        if self._session.examine(name).validity != validity:
            raise InboxUnavailable(self._settings.name, f"the folder {name} was replaced while it was read")

    def _page(self, parts: _Parts) -> Page:
        self._dirty = False
        return Page(
            cursor=_copied(self._cursor),
            messages=tuple(parts.messages),
            acts=tuple(parts.acts),
            unreadable=tuple(parts.unreadable),
            sightings=tuple(parts.sightings),
            prints=parts.prints,
        )


def _old_marks(flags: Iterable[str]) -> list[ActKind]:
    """What people said of an old mail by its flags; that it is settled shows, and not when, as with an answer."""
    kinds = dict.fromkeys(kinds_of(flags))
    old = [ActKind.ANSWERED if kind is ActKind.RESOLVED else kind for kind in kinds if kind is not ActKind.WAITING]
    return list(dict.fromkeys(old))


def _state(status: Status, uidnext: int) -> State:
    return {
        "validity": status.validity, "uidnext": uidnext, "attach": uidnext, "modseq": status.modseq,
        "messages": status.messages, "marks": {},
    }  # fmt: skip


def _with_labels(act: Act, labels: Mapping[int, tuple[str, ...]]) -> Act:
    if act.kind is not ActKind.RELABELLED or act.message is None:
        return act
    return replace(act, labels=labels[act.message.place.uid])


def _copied(cursor: State) -> State:
    """A cursor that does not change with the one it was made from; copy.deepcopy takes ten times as long."""
    folders = {
        name: {key: dict(value) if isinstance(value, dict) else value for key, value in state.items()}
        for name, state in cursor["folders"].items()
    }
    return {**cursor, "folders": folders}


def _changed(state: State, status: Status) -> bool:
    uidnext = status.uidnext or -1  # a server that does not tell it is asked by SEARCH
    now = (status.validity, uidnext, status.messages, status.modseq)
    return (state["validity"], state["uidnext"], state["messages"], state["modseq"]) != now


def _brings_something(page: Page) -> bool:
    return bool(page.messages or page.acts or page.unreadable or page.sightings)


def _unfit(letter: Letter) -> str:
    """Why a message is not even given to the parser; empty if it is fit."""
    if letter.raw is None:
        return "the server gave no content for it"
    if len(header(letter.raw)) > _HEADER_LIMIT:
        return f"its header block is longer than {_HEADER_LIMIT >> 10} KiB"
    return ""
