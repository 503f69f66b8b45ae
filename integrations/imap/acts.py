"""What a person did in the mail program, read from flags and from the fate of the letters we laid there."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2s
from typing import Any

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from integrations.imap.body import contents
from integrations.imap.fetching import fetch_fields, fetch_flags, fetch_raw, own_digest, pack, unpack
from integrations.imap.session import Session
from integrations.imap.wire import read
from plugin.inbox import Act, ActKind
from plugin.model import Written

KEYWORDS = {
    "complaint": ActKind.COMPLAINT,
    "not-a-complaint": ActKind.NOT_A_COMPLAINT,
    "resolved": ActKind.RESOLVED,
    "waiting": ActKind.WAITING,
}
ANSWERED = "\\answered"
_MARKS = {**KEYWORDS, ANSWERED: ActKind.ANSWERED}
TAKEN_OFF = "-"
"""Before a keyword in the memory of our own writing: we took it off, so its absence is nobody's word."""
_COMPLAINT = "complaint"
_LABELS = ("category-", "severity-")
_BY_HAND = 20  # marks gone at once from which on the server may have forgotten them
_LATEST = 50  # complaints looked at where the server does not say what changed
_ANSWERED_WINDOW = 10_000  # UIDs; an answer to older mail is found in Sent, and the cursor stays small
_SEARCHED = 500  # UIDs named in one SEARCH
_LETTER = 256 << 10  # bytes of a draft whose words are read: more is no letter

Mark = tuple[str, int, int, str]
"""A keyword on a message: folder, UIDVALIDITY, UID, keyword in lower case."""


def kinds_of(flags: Iterable[str]) -> list[ActKind]:
    """The acts that flags on a message stand for."""
    return [_MARKS[flag] for flag in flags if flag in _MARKS]


def search_marks(session: Session, below: int) -> dict[str, set[int]]:
    """Which messages of the open folder under this UID carry which mark; small searches, no message read."""
    low = max(1, below - _ANSWERED_WINDOW)
    found = {word: _carrying(session, "KEYWORD", word) for word in KEYWORDS}
    if session.has_labels:
        found = {word: uids | _carrying(session, "X-GM-LABELS", word) for word, uids in found.items()}
    found[ANSWERED] = {uid for uid in session.search("ANSWERED", "UID", f"{low}:*") if uid >= low}
    return {word: {uid for uid in uids if uid < below} for word, uids in found.items()}


def _carrying(session: Session, *mark: str) -> set[int]:
    """The messages with this mark; none where the server, knowing no keywords but its own, will not look for it."""
    try:
        return set(session.search(*mark))
    except IMAPClientAbortError:
        raise
    except IMAPClientError as error:
        session.heed(error)
        return set()


@dataclass(frozen=True, slots=True)
class Ours:
    """What of the marks in one folder is of our own doing."""

    marks: Container[Mark]
    folder: str
    validity: int

    def wrote(self, uid: int, word: str) -> bool:
        """Whether we put this keyword there."""
        return (self.folder, self.validity, uid, word) in self.marks

    def took_off(self, uid: int, word: str) -> bool:
        """Whether we took this keyword off."""
        return self.wrote(uid, TAKEN_OFF + word)


def new_marks(found: Mapping[str, set[int]], before: Mapping[str, str], ours: Ours) -> list[tuple[int, ActKind]]:
    """The marks that were not there before and are not of our own writing, by UID."""
    return sorted(
        (uid, kind)
        for word, uids in found.items()
        for kind in kinds_of([word])
        for uid in uids - unpack(before.get(word, ""))
        if not ours.wrote(uid, word)
    )


def taken_off(
    session: Session, found: Mapping[str, set[int]], before: Mapping[str, str], ours: Ours
) -> list[tuple[int, ActKind]]:
    """The messages still in the open folder from which a person took the mark `complaint`.

    Not those from which we took it ourselves, nor those marked `resolved` instead, and none where the server must have
    forgotten the marks: so many are gone, or all, with every other tag of these messages.
    """
    stood = unpack(before.get(_COMPLAINT, ""))
    gone = {uid for uid in stood - found[_COMPLAINT] - found["resolved"] if not ours.took_off(uid, _COMPLAINT)}
    if not gone or (len(gone) > _BY_HAND and 2 * len(gone) > len(stood)):
        return []
    left = fetch_flags(session, sorted(_among(session, gone)))
    if not found[_COMPLAINT] and not any(flag.startswith(_LABELS) for flags in left.values() for flag in flags):
        return []
    return [(uid, ActKind.TAKEN_OFF) for uid in sorted(left)]


def relabelled(session: Session, complaints: set[int], modseq: int, ours: Ours) -> dict[int, tuple[str, ...]]:
    """Tags for category and severity that stand on complaints and are not just ours, where flags changed since.

    A server without CONDSTORE (RFC 7162) does not say what changed: there the latest complaints are looked at.
    """
    latest = set(sorted(complaints)[-_LATEST:])
    changed = complaints & set(session.search("MODSEQ", str(modseq + 1))) if modseq else latest
    told: dict[int, tuple[str, ...]] = {}
    for uid, flags in fetch_flags(session, sorted(changed)).items():
        labels = tuple(sorted(flag for flag in flags if flag.startswith(_LABELS)))
        if not all(ours.wrote(uid, label) for label in labels):
            told[uid] = labels
    return told


def stamp_of(labels: Mapping[int, tuple[str, ...]]) -> str:
    """Short text that stands for these labels, so that the same ones need not be told again."""
    return _short(repr(sorted(labels.items()))) if labels else ""


def packed(found: Mapping[str, set[int]]) -> dict[str, str]:
    """Marks as the cursor keeps them."""
    return {word: pack(uids) for word, uids in found.items() if uids}


def reminder_acts(session: Session, validity: int, reminders: Sequence[Written]) -> list[Act]:
    """Which of our reminders in the open folder were ticked off, or are no longer there."""
    present, flagged = _standing(session, validity, reminders), set()
    if present:
        uids = set(present.values())
        flagged = _among(session, uids, "FLAGGED")
    now = datetime.now(UTC)
    acts = []
    for reminder in reminders:
        uid = present.get(reminder.message_id)
        if uid is None:
            acts.append(Act(ActKind.REMINDER_GONE, now, written=reminder.message_id))
        elif uid not in flagged:
            acts.append(Act(ActKind.REMINDER_DONE, now, written=reminder.message_id))
    return acts


def draft_acts(
    session: Session, validity: int, drafts: Sequence[Written], links: dict[str, str], since: int
) -> list[Act]:
    """Which of our drafts in the open folder a person edited, or sent, or threw away.

    `links` says which mail and case each draft belongs to, by short hashes; it is kept up to date in place from the
    messages with a UID of `since` or above.
    """
    wanted = {_short(draft.message_id): draft for draft in drafts}
    _learn(session, since, wanted, links)
    for stale in links.keys() - wanted.keys():
        del links[stale]
    present = _standing(session, validity, drafts)
    moved = [draft for draft in drafts if not _lies_at(draft, present.get(draft.message_id), validity)]
    if not moved:
        return []
    bodies = fetch_raw(session, [present[draft.message_id] for draft in moved if draft.message_id in present])
    others = _others(session, {bare(draft.message_id) for draft in drafts})
    now, acts = datetime.now(UTC), []
    for draft in moved:
        uid = present.get(draft.message_id)
        if uid is not None and uid in bodies and own_digest(bodies[uid]) == draft.digest:
            continue  # the same letter under a new number is still ours
        if uid is None:
            uid = next((others[tie] for tie in links.get(_short(draft.message_id), "").split() if tie in others), None)
        if uid is None:
            acts.append(Act(ActKind.DRAFT_GONE, now, written=draft.message_id))
            continue
        raw = bodies.get(uid) or fetch_raw(session, [uid]).get(uid, b"")
        acts.append(Act(ActKind.DRAFT_EDITED, now, written=draft.message_id, text=_words(raw)))
    return acts


def _words(raw: bytes) -> str:
    """What a draft says; empty where it is too large for a letter, or cannot be read."""
    if len(raw) > _LETTER:
        return ""
    try:
        return contents(read(raw)).text
    except Exception:  # noqa: BLE001 - a mail program may save anything; that the draft was edited is what counts
        return ""


@dataclass(frozen=True, slots=True)
class Fields:
    """Header fields of one message that tell what it belongs to; each without its angle brackets."""

    message_id: str
    in_reply_to: str
    case: str


def read_fields(block: bytes) -> Fields:
    """The fields in a raw header block, unfolded; missing ones are empty."""
    values: dict[str, str] = {}
    for line in re.sub(rb"\r?\n[ \t]+", b" ", block).splitlines():
        name, _, value = line.decode("utf-8", "replace").partition(":")
        values.setdefault(name.strip().lower(), bare(value))
    return Fields(values.get("message-id", ""), values.get("in-reply-to", ""), values.get("x-amends-case", ""))


def bare(message_id: str) -> str:
    """A Message-ID without white space and angle brackets, for comparing and searching."""
    return message_id.strip().strip("<>").strip()


def find_by_id(session: Session, message_id: str) -> list[int]:
    """The messages of the open folder with this very Message-ID, not marked deleted; SEARCH alone matches parts."""
    wanted = bare(message_id)
    if not wanted or not (wanted.isascii() and wanted.isprintable()):  # no server need understand anything else
        return []
    uids = session.search("HEADER", "Message-ID", wanted, "UNDELETED")
    blocks = fetch_fields(session, uids, "MESSAGE-ID")
    return [uid for uid in uids if read_fields(blocks.get(uid, b"")).message_id == wanted]


def _standing(session: Session, validity: int, written: Sequence[Written]) -> dict[str, int]:
    """Where each of our letters lies in the open folder now, by Message-ID; at its place, else searched for."""
    placed = {w.place.uid: w for w in written if w.place is not None and w.place.validity == validity}
    there = _among(session, set(placed))
    found = {placed[uid].message_id: uid for uid in there}
    for letter in written:
        if letter.message_id not in found and (uids := find_by_id(session, letter.message_id)):
            found[letter.message_id] = uids[-1]
    return found


def _among(session: Session, uids: set[int], *criteria: str) -> set[int]:
    ordered = sorted(uids)
    return {
        uid
        for start in range(0, len(ordered), _SEARCHED)
        for uid in session.search("UID", pack(set(ordered[start : start + _SEARCHED])), "UNDELETED", *criteria)
    }


def _lies_at(written: Written, uid: int | None, validity: int) -> bool:
    return written.place is not None and (written.place.validity, written.place.uid) == (validity, uid)


def _learn(session: Session, since: int, wanted: Container[str], links: dict[str, str]) -> None:
    uids = [uid for uid in session.search("UID", f"{since}:*") if uid >= since]
    for block in fetch_fields(session, uids, "MESSAGE-ID", "IN-REPLY-TO", "X-AMENDS-CASE").values():
        fields = read_fields(block)
        if (key := _short(fields.message_id)) in wanted:
            links[key] = " ".join(_ties(fields))


def _others(session: Session, ours: Container[str]) -> dict[str, int]:
    """What the drafts that are not ours belong to, and where the latest of each lies."""
    blocks = fetch_fields(session, session.search("UNDELETED"), "MESSAGE-ID", "IN-REPLY-TO", "X-AMENDS-CASE")
    fields = ((uid, read_fields(block)) for uid, block in sorted(blocks.items()))
    return {tie: uid for uid, one in fields if one.message_id not in ours for tie in _ties(one)}


def _ties(fields: Fields) -> list[str]:
    ties: list[Any] = [("m", fields.in_reply_to), ("c", fields.case)]
    return [kind + _short(value) for kind, value in ties if value]


def _short(text: str) -> str:
    return blake2s(bare(text).encode(), digest_size=6).hexdigest()
