"""Forgetting a person: texts go, addresses and names go, and the dated skeleton of what happened stays.

What SQLite has set free is overwritten, and the file is written anew, so that no byte of it is left behind.
"""

from __future__ import annotations

import binascii
import json
import quopri
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, false, func, or_, select, update

from plugin.model import Address
from plugin.store.archive import opened
from plugin.store.search import Search
from plugin.store.tables import (
    REMINDING,
    bookmarks,
    cases,
    corrections,
    events,
    inboxes,
    incidents,
    judges,
    letters,
    messages,
    notices,
    quarantine,
    tasks,
    written,
)
from plugin.timeline import DueBy, DueByNoted, Joined, TaskDropped, from_json, to_json

GONE = "(erased)"
"""Where a person's words stood that count by being there, such as what was given."""
_SAID = {"note", "how", "gave", "said", "sentence"}  # what people wrote in their own words …
_WHOSE = {"subject", "sender"}  # … and what is about the complainant
_OUR_OWN_WORDS = (DueBy, DueByNoted, Joined)  # whose notes no person wrote
_IDS = {"message_id", "answers", "references"}
_SOME = 500
_WORDS = r"(?:(?<![\w+])(?<!\w[.-])|(?<=\\[nrt]))(?:{})(?!\w|[.-]\w)"
"""An address that is no part of a longer one; a line may begin before it, as JSON writes it."""
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{20,}={0,2}\r?\n?)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was erased: so many cases, texts, messages in quarantine, mentions elsewhere, and words the judge had."""

    cases: int = 0
    texts: int = 0
    quarantined: int = 0
    mentions: int = 0
    words: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of some cases: mails, drafts and reminders as texts, lines of timelines, and whose addresses."""

    letters: int = 0
    drafts: int = 0
    reminders: int = 0
    events: int = 0
    addresses: int = 0


class Erasing:
    """Erases in the transaction of a session."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._search = Search(connection)

    def cases_of(self, address: str) -> list[str]:
        """Every case of this address, decided or not, and those in whose events it answers; the oldest first."""
        mail = address.casefold()
        named = (
            f'"{field}":{{"email":{json.dumps(mail, ensure_ascii=False)}' for field in ("complainant", "answer_to")
        )
        opened = or_(*(events.c.body.contains(one, autoescape=True) for one in named))
        answering = select(events.c.case_id).where(events.c.kind == "Received", opened)
        theirs = or_(cases.c.sender == mail, cases.c.id.in_(answering))
        query = select(cases.c.id).where(theirs).order_by(cases.c.received_at, cases.c.id)
        return list(self._connection.execute(query).scalars())

    def addresses_of(self, case_id: str) -> set[str]:
        """Who complained in this case, and where an answer belongs."""
        query = select(events.c.kind, events.c.body).where(events.c.case_id == case_id, events.c.kind == "Received")
        opened = [from_json(kind, body) for kind, body in self._connection.execute(query)]
        found = (getattr(event, name).email for event in opened for name in ("complainant", "answer_to"))
        return {email for email in found if email}

    def kept(self, case_ids: Sequence[str]) -> Kept:
        """What is kept of these cases, all of which is erased with them."""
        texts, lines, people = Counter[str](), 0, set[str]()
        for start in range(0, len(case_ids), _SOME):
            some = case_ids[start : start + _SOME]
            kinds = select(letters.c.kind, func.count()).where(letters.c.case_id.in_(some)).group_by(letters.c.kind)
            texts.update({row[0]: row[1] for row in self._connection.execute(kinds)})
            count = select(func.count()).select_from(events).where(events.c.case_id.in_(some))
            lines += self._connection.execute(count).scalar() or 0
        for case_id in case_ids:
            people |= self.addresses_of(case_id)
        said = texts["message"] + texts["reply"]
        return Kept(letters=said, drafts=texts["draft"] + texts["edited"], reminders=texts["reminder"], events=lines,
                    addresses=len(people))  # fmt: skip

    def elsewhere(self, addresses: Sequence[str], case_ids: Sequence[str]) -> tuple[int, int]:
        """How many texts and events of other cases hold one of these addresses, and how many mails in quarantine."""
        said: Mapping[Table, tuple[str, ...]] = {letters: ("text", "subject", "detail"), events: ("body",)}
        theirs = set(case_ids)
        found = (row for table, names in said.items() for row in self._naming(table, names, addresses))
        return sum(row["case_id"] not in theirs for row in found), len(self._aside(addresses))

    def erase(self, case_ids: Sequence[str], addresses: Sequence[str], forgotten_words: Sequence[str]) -> Forgotten:
        """Erase these cases, and every mention of these addresses; `forgotten_words` leave what the judge learned."""
        texts = 0
        for start in range(0, len(case_ids), _SOME):
            texts += self._erase_cases(case_ids[start : start + _SOME])
        quarantined = self._quarantine(addresses)
        mentions = self._mentions(addresses)
        return Forgotten(cases=len(case_ids), texts=texts, quarantined=quarantined, mentions=mentions,
                         words=self._unlearn(set(forgotten_words)))  # fmt: skip

    # ---- their cases ------------------------------------------------------------------------------------------------

    def _erase_cases(self, some: Sequence[str]) -> int:
        for case_id in some:
            self._scrub(case_id)
        lists = select(letters.c.key).where(letters.c.case_id.in_(some), REMINDING)
        keys = list(self._connection.execute(lists).scalars())
        gone = or_(letters.c.case_id.in_(some), letters.c.key.in_(keys))  # a list of several names them all
        count = self._connection.execute(select(func.count()).select_from(letters).where(gone)).scalar() or 0
        theirs = delete(letters).where(letters.c.case_id.in_(some))
        self._connection.execute(theirs)
        listed = update(letters).where(letters.c.key.in_(keys), REMINDING)
        self._connection.execute(listed.values(text=GONE, subject="", detail="", packed=None))
        self._search.forget(some)
        self._connection.execute(update(cases).where(cases.c.id.in_(some)).values(sender=""))
        self._connection.execute(update(messages).where(messages.c.case_id.in_(some)).values(message_id=""))
        self._connection.execute(update(written).where(written.c.case_id.in_(some)).values(sender=""))
        self._connection.execute(update(tasks).where(tasks.c.case_id.in_(some)).values(fault=""))
        return count

    def _scrub(self, case_id: str) -> None:
        """Write each event anew without what is said in it of a person; names of messages are replaced, each by one."""
        query = select(events.c.seq, events.c.kind, events.c.body).where(events.c.case_id == case_id)
        names: dict[str, str] = {}
        for seq, kind, body in self._connection.execute(query.order_by(events.c.seq)).all():
            bare = to_json(_bare(from_json(kind, body), names))
            this = and_(events.c.case_id == case_id, events.c.seq == seq)
            self._connection.execute(update(events).where(this).values(body=bare))

    # ---- elsewhere --------------------------------------------------------------------------------------------------

    def _quarantine(self, addresses: Sequence[str]) -> int:
        """What could not be read is known by its bytes alone; the line stays, for it was counted."""
        found = self._aside(addresses)
        bare = update(quarantine).values(raw=b"", reason="a person it named was forgotten")
        for one in found:
            self._connection.execute(bare.where(quarantine.c.id == one))
        return len(found)

    def _aside(self, addresses: Sequence[str]) -> list[str]:
        ids = self._connection.execute(select(quarantine.c.id)).scalars().all()
        row = select(quarantine.c.raw, quarantine.c.reason)
        told = ((one, self._connection.execute(row.where(quarantine.c.id == one)).one()) for one in ids)
        return [one for one, (raw, reason) in told if _names(raw, addresses) or _names(reason.encode(), addresses)]

    def _mentions(self, addresses: Sequence[str]) -> int:
        """Other people's cases may name them, in a copy to them or in quoted words."""
        places: Mapping[Table, tuple[str, ...]] = {
            letters: ("text", "subject", "detail"), events: ("body",), messages: ("message_id",), tasks: ("fault",),
            written: ("sender",), cases: ("sender",), bookmarks: ("read",), inboxes: ("fault",), notices: ("topic",),
            corrections: ("by",), incidents: ("text", "by", "closed_by"),
        }  # fmt: skip
        return sum(self._redact(table, names, addresses) for table, names in places.items())

    def _redact(self, table: Table, names: Sequence[str], addresses: Sequence[str]) -> int:
        rows = self._naming(table, names, addresses)
        for row in rows:
            this = and_(*(column == row[column.name] for column in table.primary_key.columns))
            values = {name: _pattern(addresses).sub(_stand_in(table, name), row[name]) for name in names}
            plain = {"packed": None} if table is letters else {}
            self._connection.execute(update(table).where(this).values(values | plain))
        if table in (letters, events):
            self._search.forget({row["case_id"] for row in rows})
        return len(rows)

    def _naming(self, table: Table, names: Sequence[str], addresses: Sequence[str]) -> list[Mapping[str, Any]]:
        """The rows in which one of these columns holds one of these addresses; the database knows only likely ones."""
        if not addresses:
            return []
        columns, pattern = [table.c[name] for name in names], _pattern(addresses)
        query = select(*table.primary_key.columns, *columns).where(_likely(columns, addresses))
        likely: Iterable[Mapping[Any, Any]] = self._connection.execute(query).mappings()
        rows = chain(likely, self._packed() if table is letters else ())
        return [dict(row) for row in rows if any(pattern.search(row[name]) for name in names)]

    def _packed(self) -> Iterator[dict[str, Any]]:
        """Every letter that lies compressed, opened: what is in it the database does not know."""
        columns = (letters.c.case_id, letters.c.key, letters.c.subject, letters.c.text, letters.c.detail)
        query = select(*columns, letters.c.packed).where(letters.c.packed.is_not(None))
        for row in self._connection.execute(query.execution_options(yield_per=_SOME)).mappings():
            yield opened(row)

    def learned(self, words: Sequence[str]) -> int:
        """How much judges learned from these words."""
        return sum(gone for _, _, gone in self._taught(set(words)))

    def _unlearn(self, words: set[str]) -> int:
        """Take these words from what every judge learned, whether it is in force or not."""
        count = 0
        for version, kept, gone in self._taught(words):
            count += gone
            value = json.dumps(kept, ensure_ascii=False, sort_keys=True)
            self._connection.execute(update(judges).where(judges.c.version == version).values(learned=value))
        return count

    def _taught(self, words: set[str]) -> Iterator[tuple[int, Any, int]]:
        """Each judge that learned from these words: its version, what is left of it without them, how much goes."""
        for row in self._connection.execute(select(judges.c.version, judges.c.learned)).all():
            kept, gone = _without(json.loads(row.learned), words)
            if gone:
                yield row.version, kept, gone


def _pattern(addresses: Sequence[str]) -> re.Pattern[str]:
    """One of these addresses, at least one, in whatever case."""
    return re.compile(_WORDS.format("|".join(map(re.escape, addresses))), re.IGNORECASE)


def _likely(columns: Sequence[ColumnElement[Any]], addresses: Sequence[str]) -> ColumnElement[bool]:
    """Whether one of these columns holds one of these addresses, in whatever case, perhaps within a longer one."""
    return or_(false(), *(func.lower(column).contains(address.casefold(), autoescape=True)
                          for column in columns for address in addresses))  # fmt: skip


def _names(raw: bytes, addresses: Sequence[str]) -> bool:
    """Whether a mail holds one of these addresses, plainly or as mail programs encode text (RFC 2045, 6.7 and 6.8)."""
    if not addresses:
        return False
    texts = [raw, quopri.decodestring(raw)]
    for block in _BASE64.findall(raw):
        with suppress(binascii.Error):
            texts.append(binascii.a2b_base64(block))
    return any(_pattern(addresses).search(text.decode("utf-8", "replace")) for text in texts)


def _stand_in(table: Table, name: str) -> str:
    """What takes the place of an address; where an address is all there is, nothing does."""
    return "erased@invalid" if table is events or name in ("text", "detail", "subject") else ""


def _bare(value: Any, names: dict[str, str], name: str = "") -> Any:
    """The same value of the same type, without what is said in it of a person."""
    if isinstance(value, Address):
        return value if name == "identity" else Address("")
    if isinstance(value, str):
        return _bare_text(value, names, name)
    if isinstance(value, tuple):
        return tuple(_bare(item, names, name) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {item.name: _bare(getattr(value, item.name), names, item.name) for item in fields(value)}
        if isinstance(value, _OUR_OWN_WORDS):
            changed["note"] = getattr(value, "note", "")
        if isinstance(value, TaskDropped) and value.by:
            changed["reason"] = GONE
        return replace(value, **changed)
    return value


def _bare_text(value: str, names: dict[str, str], name: str) -> str:
    if not value:
        return value
    if name in _IDS:
        return value if value.startswith("<amends.") else names.setdefault(value, f"<erased.{len(names) + 1}@invalid>")
    if name in _WHOSE:
        return ""
    return GONE if name in _SAID else value


def _without(learned: Any, words: set[str]) -> tuple[Any, int]:
    """What is left of learned weights, which lie by words or pairs of words, and how many went."""
    if not isinstance(learned, dict):
        return learned, 0
    kept, gone = {}, 0
    for key, value in learned.items():
        if not isinstance(value, dict):
            if words.intersection(key.split(" ")):
                gone += 1
                continue
            kept[key] = value
        else:
            kept[key], some = _without(value, words)
            gone += some
    return kept, gone
