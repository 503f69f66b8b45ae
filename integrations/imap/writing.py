"""Writing into an account: tags, drafts, reminders, and taking our own letters back. Writing twice does no harm.

Tags are grouped, so that a thousand take a few commands, of which the server does one while we read what it said to the
last. What stands on a message is asked before, and told by the server's answer to STORE; what it does not tell there
is asked afterwards. Before a letter is appended, its folder is searched for its Message-ID: an APPEND whose answer got
lost has done its work all the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice, zip_longest

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from integrations.imap.acts import TAKEN_OFF, Mark, bare, find_by_id, read_fields
from integrations.imap.door import ImapSettings
from integrations.imap.fetching import chunks, fetch_fields, fetch_flags, fetch_raw, own_digest, unpack
from integrations.imap.folders import Folders
from integrations.imap.message import HeaderInjection, draft_bytes, reminder_bytes
from integrations.imap.replies import Facts, Order
from integrations.imap.session import Opened, Session
from plugin.inbox import FLAG, Change, Receipt
from plugin.model import Address, Place, Written

KEYWORD = re.compile(r"[A-Za-z0-9_.-]{1,40}")
"""What may be a tag: servers drop or split anything else without a word."""

_COMPLAINT = "complaint"
_STORED_AT_ONCE = 500
_APPENDED_AT_ONCE = 50
_REMEMBERED = 20_000  # keywords of our own writing
_APPENDUID = re.compile(r"\[APPENDUID (\d+) ([\d:,]+)\]", re.IGNORECASE)


@dataclass(slots=True)
class Shelf:
    """The Message-IDs that lie in one folder, as far as this process has looked; `since` is how far back."""

    validity: int = 0
    uidnext: int = 0
    since: date | None = None
    ids: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Outcome:
    """A receipt while it is being made out."""

    change: Change
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unkept: list[str] = field(default_factory=list)
    draft: Written | None = None
    reminder: Written | None = None
    withdrawn: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def receipt(self) -> Receipt:
        return Receipt(
            key=self.change.key,
            tags_added=tuple(self.added),
            tags_removed=tuple(self.removed),
            tags_unkept=tuple(self.unkept),
            draft=self.draft,
            reminder=self.reminder,
            withdrawn=self.withdrawn or None,
            refused="; ".join(dict.fromkeys(self.refused)) if self.refused else "",
        )


@dataclass(slots=True)
class _Stored:
    """Tags of one folder on their way: what stood on each message, and the orders not yet answered, with their UIDs."""

    jobs: Mapping[int, Sequence[_Outcome]]
    before: Mapping[int, frozenset[str]]
    orders: list[tuple[Order, Sequence[int]]] = field(default_factory=list)
    refusals: dict[int, str] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Letter:
    """A letter of ours to be laid into a folder; the same letter always has the same bytes."""

    message_id: str
    kind: str
    raw: bytes


class Writer:
    """Carries out changes; `own` and `shelves` outlive a call, `shelves` only as long as nothing fails."""

    def __init__(
        self, session: Session, settings: ImapSettings, own: dict[Mark, None], shelves: dict[str, Shelf]
    ) -> None:
        self._session, self._settings = session, settings
        self._own, self._shelves = own, shelves

    def write(self, changes: Sequence[Change]) -> list[Receipt]:
        """A receipt for each change, in the same order; what the server refuses does not hold up the rest."""
        outcomes = [_Outcome(change) for change in changes]
        folders = self._session.folders() if changes else None
        if folders is not None:
            self._tag(outcomes, folders)
            self._withdraw(outcomes, folders)
            self._write_drafts(outcomes, folders)
            self._write_reminders(outcomes, folders)
            self._settle(outcomes, folders)
        for mark in list(islice(self._own, max(0, len(self._own) - _REMEMBERED))):
            del self._own[mark]
        return [outcome.receipt() for outcome in outcomes]

    # -- tags

    def _tag(self, outcomes: Sequence[_Outcome], folders: Folders) -> None:
        if self._settings.show == "none":
            return
        jobs = [one for one in outcomes if one.change.add_tags or one.change.remove_tags]
        placed: dict[str, dict[int, list[_Outcome]]] = defaultdict(lambda: defaultdict(list))
        strays = [job for job in jobs if job.change.place is None]
        for job in jobs:
            if (place := job.change.place) is not None:
                placed[place.folder][place.uid].append(job)
        for folder, by_uid in placed.items():
            strays += self._tag_in(folder, by_uid)
        if strays:
            self._tag_strays(strays, folders)

    def _tag_in(self, folder: str, by_uid: Mapping[int, list[_Outcome]]) -> list[_Outcome]:
        """Tags messages at the places they are said to lie; returns those that do not lie there."""
        opened = self._open(folder)
        everyone = [job for jobs in by_uid.values() for job in jobs]
        if opened is None:
            return everyone
        good = {
            uid: jobs
            for uid, some in by_uid.items()
            if (jobs := [job for job in some if job.change.place and job.change.place.validity == opened.validity])
        }
        stored = list(self._stored_in(opened, good))
        tagged = {id(job) for one in stored for jobs in one.jobs.values() for job in jobs}
        return [job for job in everyone if id(job) not in tagged]

    def _stored_in(self, opened: Opened, jobs: Mapping[int, list[_Outcome]]) -> Iterator[_Stored]:
        """Looks at the messages and sets their tags, five hundred at a time, the next ones looked at meanwhile."""
        sets = list(chunks(sorted(jobs), _STORED_AT_ONCE))
        look, last = self._session.order(sets[0], "FLAGS") if sets else None, None
        for some, following in zip_longest(sets, sets[1:]):
            before = _marks(self._session.receive(look)) if look is not None else {}
            look = self._session.order(following, "FLAGS") if following else None
            stored = self._store(opened, {uid: jobs[uid] for uid in some if uid in before}, before)
            if last is not None:
                yield self._settled(opened, last)
            last = stored
        if last is not None:
            yield self._settled(opened, last)

    def _tag_strays(self, strays: Sequence[_Outcome], folders: Folders) -> None:
        """Tags messages that are no longer where they were, found by Message-ID in the watched folders."""
        left = list(strays)
        for folder in (*folders.watched, *folders.acts):
            opened = self._open(folder) if left else None
            if opened is None:
                continue
            found: dict[int, list[_Outcome]] = defaultdict(list)
            for job in left:
                if uids := find_by_id(self._session, job.change.message_id):
                    found[uids[0]].append(job)
            self._settled(opened, self._store(opened, found, fetch_flags(self._session, sorted(found))))
            tagged = {id(job) for jobs in found.values() for job in jobs}
            left = [job for job in left if id(job) not in tagged]

    def _store(
        self, opened: Opened, jobs: Mapping[int, Sequence[_Outcome]], before: Mapping[int, frozenset[str]]
    ) -> _Stored:
        """Sets and clears keywords by sets of messages that need the same; what becomes of it is not waited for."""
        stored = _Stored(jobs, before)
        sets: dict[tuple[frozenset[str], frozenset[str]], list[int]] = defaultdict(list)
        known: dict[tuple[object, ...], tuple[frozenset[str], frozenset[str]]] = {}
        for uid, some in jobs.items():
            held = before.get(uid, frozenset())
            kind = (held, *[(job.change.add_tags, job.change.remove_tags) for job in some])  # most need the same
            if kind not in known:
                known[kind] = self._needed(opened, [job.change for job in some], held)
            sets[known[kind]].append(uid)
        for (missing, present), uids in sets.items():
            self._mark(stored, uids, missing, add=True)
            self._mark(stored, uids, present, add=False)
        return stored

    def _needed(
        self, opened: Opened, changes: Sequence[Change], held: frozenset[str]
    ) -> tuple[frozenset[str], frozenset[str]]:
        """What has to be put on a message, and what taken off."""
        wanted = {tag for one in changes for tag in self._shown(one) if self._can_keep(opened, tag)}
        unwanted = {tag for one in changes for tag in one.remove_tags} - wanted if not opened.readonly else set()
        missing = frozenset(tag for tag in wanted if tag.lower() not in held)
        return missing, frozenset(tag for tag in unwanted if tag.lower() in held)

    def _mark(self, stored: _Stored, uids: Sequence[int], marks: frozenset[str], *, add: bool) -> None:
        labels = frozenset(one for one in marks if self._session.has_labels and not one.startswith("\\"))
        for some in chunks(uids, _STORED_AT_ONCE) if marks else ():
            stored.touched.update(some)
            if flags := marks - labels:
                stored.orders.append((self._session.order_marks(some, flags, add=add), some))
            if labels:
                with self._heeding(stored, some):
                    self._session.label(some, labels, add=add)

    @contextmanager
    def _heeding(self, stored: _Stored, uids: Sequence[int]) -> Iterator[None]:
        """Puts down what the server says where it refuses these."""
        try:
            yield
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            self._session.heed(error)
            stored.refusals |= dict.fromkeys(uids, f"the server refused the tags: {_said(error)}")

    def _settled(self, opened: Opened, stored: _Stored) -> _Stored:
        """Takes the answers in, asks what they did not tell, and accounts for every message."""
        after: dict[int, frozenset[str]] = {}
        for order, uids in stored.orders:
            with self._heeding(stored, uids):
                after |= _marks(self._session.receive(order))
        if self._session.has_labels:
            after = {}  # they are told by no answer to STORE
        after |= fetch_flags(self._session, sorted(stored.touched - after.keys() | stored.refusals.keys()))
        for uid, some in stored.jobs.items():
            held = stored.before.get(uid, frozenset())
            for job in some:
                self._account(job, (opened.folder, opened.validity, uid), held, after.get(uid, held))
                if uid in stored.refusals:
                    job.refused.append(stored.refusals[uid])
        return stored

    def _account(
        self, job: _Outcome, place: tuple[str, int, int], before: frozenset[str], after: frozenset[str]
    ) -> None:
        """Puts down which tags came, went, or did not stick; remembers which are ours."""
        own = self._own
        for tag, name in _named(self._shown(job.change)):
            mark = (*place, name)
            if name not in after:
                job.unkept.append(tag)
                continue
            own.pop((*place, TAKEN_OFF + name), None)
            if name not in before or mark in own:
                # One we wrote a moment ago, whose receipt may have been lost, is still of our making.
                own[mark] = None
                job.added.append(tag)
        for tag, name in _named(job.change.remove_tags):
            if name in before and name not in after:
                own.pop((*place, name), None)
                own[(*place, TAKEN_OFF + name)] = None
                job.removed.append(tag)

    def _shown(self, change: Change) -> tuple[str, ...]:
        """What stands for the tags on the message, as `show` says: themselves, a flag on a complaint, or both."""
        show = self._settings.show
        flag = (FLAG,) if show in {"flag", "both"} and _COMPLAINT in change.add_tags else ()
        return flag if show == "flag" else (*change.add_tags, *flag)

    def _can_keep(self, opened: Opened, tag: str) -> bool:
        if opened.readonly or not (tag == FLAG or KEYWORD.fullmatch(tag)):
            return False
        new = tag != FLAG and (opened.any_keyword or self._session.has_labels)
        return new or tag.lower() in opened.keywords

    # -- letters of ours

    def _write_drafts(self, outcomes: Sequence[_Outcome], folders: Folders) -> None:
        jobs = [one for one in outcomes if one.change.draft is not None]
        if jobs and not folders.drafts:
            for job in jobs:
                job.refused.append("there is no Drafts folder: set `drafts:` to the one your mail program uses")
            return
        made = [(job, letter) for job in jobs if (letter := _draft_letter(job)) is not None]
        laid = self._lay(folders.drafts, ("\\Draft", "\\Seen"), [letter for _, letter in made], None)
        for job, letter in made:
            job.draft = _taken(job, laid[letter.message_id])

    def _write_reminders(self, outcomes: Sequence[_Outcome], folders: Folders) -> None:
        jobs = [one for one in outcomes if one.change.reminder is not None]
        if not jobs or not self._settings.reminders:
            return
        if not folders.reminders:
            for job in jobs:
                job.refused.append(
                    f"there is no folder {self._settings.reminders}: set `reminders:` to one that exists"
                )
            return
        made = [(job, letter) for job in jobs if (letter := _reminder_letter(job, self._identity)) is not None]
        # A reminder can only have been laid there after its time, so a large INBOX need not be searched whole.
        earliest = min(job.change.reminder.at for job in jobs if job.change.reminder is not None)
        since = (earliest - timedelta(days=2)).date()
        laid = self._lay(folders.reminders, ("\\Flagged",), [letter for _, letter in made], since)
        for job, letter in made:
            job.reminder = _taken(job, laid[letter.message_id])

    @property
    def _identity(self) -> Address:
        return self._settings.identities[0] if self._settings.identities else Address(self._settings.user)

    def _lay(
        self, folder: str, flags: tuple[str, ...], letters: Sequence[_Letter], since: date | None
    ) -> dict[str, Written | str]:
        """Each letter's place once it lies in the folder, or the sentence with which the server refused it."""
        shelf = self._look(folder, since)
        if shelf is None:
            return {letter.message_id: f"the folder {folder} is gone" for letter in letters}
        found = [letter for letter in letters if bare(letter.message_id) in shelf.ids]
        laid: dict[str, Written | str] = dict(self._recognise(folder, shelf, found))
        new = list({letter.message_id: letter for letter in letters if letter.message_id not in laid}.values())
        for some in chunks(new, _APPENDED_AT_ONCE):
            laid |= self._append(folder, shelf, flags, some)
        return laid

    def _look(self, folder: str, since: date | None) -> Shelf | None:
        """The shelf of this folder as it is now; only what came since the last look is read."""
        status = self._session.statuses([folder]).get(folder)
        if status is None:
            return None
        shelf = self._shelves.get(folder)
        if shelf is None or shelf.validity != status.validity or (shelf.since and since and since < shelf.since):
            shelf = self._shelves[folder] = Shelf(status.validity, 1, since)
        if status.uidnext and shelf.uidnext == status.uidnext:
            return shelf
        self._session.examine(folder)
        recent: list[str | date] = ["SINCE", shelf.since] if shelf.since else []
        uids = [
            uid for uid in self._session.search("UID", f"{shelf.uidnext}:*", *recent) if uid >= shelf.uidnext
        ]  # fmt: skip
        for uid, block in fetch_fields(self._session, uids, "MESSAGE-ID").items():
            shelf.ids[read_fields(block).message_id] = uid
        shelf.uidnext = max([status.uidnext, shelf.uidnext, *(uid + 1 for uid in uids)])
        return shelf

    def _recognise(self, folder: str, shelf: Shelf, letters: Sequence[_Letter]) -> dict[str, Written]:
        """Letters that lie there already, from an earlier try; one that a person edited since is no longer ours."""
        if not letters:
            return {}
        self._session.examine(folder)
        bodies = fetch_raw(self._session, [shelf.ids[bare(letter.message_id)] for letter in letters])
        written = {}
        for letter in letters:
            uid = shelf.ids[bare(letter.message_id)]
            ours = own_digest(letter.raw)
            same = uid not in bodies or own_digest(bodies[uid]) == ours
            place = Place(folder, shelf.validity, uid)
            written[letter.message_id] = Written(letter.message_id, letter.kind, place, ours if same else "")
        return written

    def _append(
        self, folder: str, shelf: Shelf, flags: tuple[str, ...], letters: Sequence[_Letter]
    ) -> dict[str, Written | str]:
        answers = self._session.append(folder, flags, [letter.raw for letter in letters])
        if len(answers) < len(letters) and isinstance(answers[0], IMAPClientError):
            # One APPEND of many is refused whole: one at a time, those that fit still get in.
            return {
                key: value for one in letters for key, value in self._append(folder, shelf, flags, [one]).items()
            }  # fmt: skip
        laid: dict[str, Written | str] = {}
        each = len(letters) // len(answers)
        for answer, some in zip(answers, chunks(letters, each), strict=True):
            laid |= (
                _refused(folder, some, answer)
                if isinstance(answer, IMAPClientError)
                else _laid(shelf, some, _places(folder, answer, len(some)))
            )
        return laid

    # -- taking back, ticking off

    def _withdraw(self, outcomes: Sequence[_Outcome], folders: Folders) -> None:
        jobs: dict[str, list[tuple[_Outcome, Written]]] = defaultdict(list)
        for outcome in outcomes:
            for written in outcome.change.withdraw:
                jobs[_folder_of(written, folders)].append((outcome, written))
        for folder, some in jobs.items():
            opened = self._open(folder) if folder else None
            where = self._locate(opened, [written for _, written in some]) if opened else {}
            bodies = fetch_raw(self._session, sorted(where.values())) if where else {}
            if opened:
                self._finish_removing(opened, [one for _, one in some if one.message_id not in where])
            for outcome, written in some:
                uid = where.get(written.message_id)
                fate = self._remove(opened, written, uid, bodies) if opened and uid in bodies and uid else "gone"
                outcome.withdrawn[written.message_id] = fate

    def _finish_removing(self, opened: Opened, written: Sequence[Written]) -> None:
        """An earlier removal was broken off behind its mark: what is byte for byte ours goes for good."""
        here = {one.place.uid: one for one in written if one.place is not None and
                (one.place.folder, one.place.validity) == (opened.folder, opened.validity)}  # fmt: skip
        if not here or opened.readonly or not self._session.has("UIDPLUS"):
            return
        marked = [uid for uid, held in fetch_flags(self._session, sorted(here)).items() if "\\deleted" in held]
        bodies = fetch_raw(self._session, marked) if marked else {}
        if same := [uid for uid in marked if uid in bodies and own_digest(bodies[uid]) == here[uid].digest]:
            try:
                self._session.client.uid_expunge(same)
            except IMAPClientAbortError:
                raise
            except IMAPClientError as error:
                self._session.heed(error)

    def _remove(self, opened: Opened, written: Written, uid: int, bodies: Mapping[int, bytes]) -> str:
        """Removes one message of ours, if it is byte for byte as we wrote it; what became of it."""
        if own_digest(bodies[uid]) != written.digest:
            return "edited"
        if opened.readonly or not self._session.has("UIDPLUS"):
            return "kept"
        client = self._session.client
        try:
            client.add_flags([uid], "\\Deleted", silent=True)
            client.uid_expunge([uid])
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            self._session.heed(error)
            return "kept"
        if shelf := self._shelves.get(opened.folder):
            shelf.ids.pop(bare(written.message_id), None)
        return "withdrawn"

    def _settle(self, outcomes: Sequence[_Outcome], folders: Folders) -> None:
        jobs: dict[str, list[tuple[_Outcome, Written]]] = defaultdict(list)
        for outcome in outcomes:
            for written in outcome.change.settle:
                jobs[_folder_of(written, folders)].append((outcome, written))
        for folder, some in jobs.items():
            left = [written for _, written in some]
            try:
                for place in dict.fromkeys((folder, *folders.watched)):
                    left = self._tick_off(place, left) if left else []
            except IMAPClientAbortError:
                raise
            except IMAPClientError as error:
                self._session.heed(error)
                for outcome, _ in some:
                    outcome.refused.append(f"the server refused to clear a flag in {folder}: {_said(error)}")

    def _tick_off(self, folder: str, reminders: Sequence[Written]) -> list[Written]:
        """Clears the flag on our reminders in this folder and marks them read; returns those that are not there."""
        opened = self._open(folder) if folder else None
        if opened is None or opened.readonly:
            return list(reminders)
        where = self._locate(opened, reminders)
        if where:
            uids, client = sorted(where.values()), self._session.client
            client.remove_flags(uids, "\\Flagged", silent=True)
            client.add_flags(uids, "\\Seen", silent=True)
        return [one for one in reminders if one.message_id not in where]

    def _locate(self, opened: Opened, written: Iterable[Written]) -> dict[str, int]:
        """Where our letters lie in the open folder: at their place, else found by Message-ID."""
        letters = list(written)
        placed = {
            one.place.uid: one
            for one in letters
            if one.place is not None and (one.place.folder, one.place.validity) == (opened.folder, opened.validity)
        }
        flags = fetch_flags(self._session, sorted(placed))
        found = {placed[uid].message_id: uid for uid, held in flags.items() if "\\deleted" not in held}
        for one in letters:
            if one.message_id not in found and (uids := find_by_id(self._session, one.message_id)):
                found[one.message_id] = uids[-1]
        return found

    def _open(self, folder: str) -> Opened | None:
        """The folder open for writing, or None where there is none of that name."""
        try:
            return self._session.select(folder)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            self._session.heed(error)
            return None


def _marks(told: Mapping[int, Facts]) -> dict[int, frozenset[str]]:
    """Flags and labels of each message of which they were told."""
    return {uid: marks for uid, facts in told.items() if (marks := facts.marks) is not None}


@lru_cache(maxsize=256)
def _named(tags: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Each tag and how a server tells of it; most messages get the same few."""
    return tuple((tag, tag.lower()) for tag in tags)


def _refused(folder: str, letters: Sequence[_Letter], error: IMAPClientError) -> dict[str, Written | str]:
    return {letter.message_id: f"the server refused a message for {folder}: {_said(error)}" for letter in letters}


def _laid(shelf: Shelf, letters: Sequence[_Letter], places: Sequence[Place | None]) -> dict[str, Written | str]:
    """These letters lie where the server says (RFC 4315, APPENDUID); the shelf knows of them from now on."""
    written: dict[str, Written | str] = {}
    for letter, place in zip(letters, places, strict=True):
        written[letter.message_id] = Written(letter.message_id, letter.kind, place, own_digest(letter.raw))
        if place is not None and place.validity == shelf.validity:
            shelf.ids[bare(letter.message_id)] = place.uid
            if place.uid == shelf.uidnext:  # nobody else came in between, so there is nothing to look at
                shelf.uidnext += 1
    return written


def _draft_letter(job: _Outcome) -> _Letter | None:
    """The draft as a letter, or None and a refusal in the receipt where a hostile value would spoil its header."""
    if (draft := job.change.draft) is None:
        return None
    try:
        return _Letter(draft.message_id, "draft", draft_bytes(draft))
    except HeaderInjection as error:
        job.refused.append(str(error))
        return None


def _reminder_letter(job: _Outcome, identity: Address) -> _Letter | None:
    """The reminder as a letter, or None and a refusal in the receipt."""
    if (reminder := job.change.reminder) is None:
        return None
    try:
        raw = reminder_bytes(reminder, identity)
    except HeaderInjection as error:
        job.refused.append(str(error))
        return None
    return _Letter(reminder.message_id, "reminder", raw)


def _taken(job: _Outcome, laid: Written | str) -> Written | None:
    if isinstance(laid, Written):
        return laid
    job.refused.append(laid)
    return None


def _folder_of(written: Written, folders: Folders) -> str:
    if written.place is not None:
        return written.place.folder
    return folders.drafts if written.kind == "draft" else folders.reminders


def _places(folder: str, answer: bytes, count: int) -> list[Place | None]:
    match = _APPENDUID.search(answer.decode("ascii", "replace"))
    spans = [span.split(":") for span in match[2].split(",")] if match else []
    # Counted before they are written out: a server that is wrong may name four thousand million.
    if match is None or sum(int(span[-1]) - int(span[0]) + 1 for span in spans) != count:
        return [None] * count
    return [Place(folder, int(match[1]), uid) for uid in sorted(unpack(match[2]))]


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
