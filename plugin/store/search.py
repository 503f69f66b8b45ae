"""Searching by words: which cases speak of them, the latest first, alike in every database.

Words are cut and folded here, and the database only keeps them: SQLite in FTS5 (https://www.sqlite.org/fts5.html), of
which `sought.words` is the copy it needs to forget them again; PostgreSQL in a tsvector (PostgreSQL 15, 12.9). A case
is taken in after it was stored, by a chore; what was not taken in yet is looked through by whoever searches.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnClause,
    Connection,
    String,
    case,
    cast,
    column,
    delete,
    insert,
    literal,
    select,
    table,
    text,
    update,
)

from plugin.store.tables import UNSOUGHT, Native, cases, micros, sought
from plugin.timeline import Case

_MOST_WORDS = 16  # of what is searched for
_MOST_SIGNS = 1000
_LONGEST = 40  # signs of a word; the rest tells nothing more
_MOST_OF_A_CASE = 5000  # different words
_MOST_TEXT = 200_000  # signs of a letter
_SPEAKING = ("message", "reply", "edited")
"""Letters in which people speak: a draft that nobody sent says what many others do, and a list names other cases."""
_UNPARTED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""Scripts that put no space between words, or hang endings onto them: they are searched by pairs of signs."""
_WORD = re.compile("[\\w\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u064b-\u065f]+")
"""A word as it is written, with the marks above and below its letters."""
_RUN = re.compile(f"[{_UNPARTED}]+")
_PART = re.compile(rf"([{_UNPARTED}]+)|[^\W_{_UNPARTED}]+")
_ALIKE = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})
_A_FEW = 5000  # hits
_SPARE = 1024  # cases that came in the same microsecond
FORGET_ALL = "INSERT INTO search (search) VALUES ('optimize')"
"""Leaves nothing in SQLite's index of words that were forgotten; takes as long as the index is large."""
_rowid: ColumnClause[int] = column("rowid")
_index = table("search", _rowid)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One word that is searched for; with `begins` whatever begins with it."""

    word: str
    begins: bool = False

    def fits(self, words: Collection[str]) -> bool:
        """Whether one of these words is meant."""
        return any(word.startswith(self.word) for word in words) if self.begins else self.word in words


def folded(words: str) -> str:
    """Without case, accents and umlauts: `Über Łódź` is `uber lodz`, and `Straße` is `strasse`."""
    if words.isascii():
        return words.lower()
    plain = unicodedata.normalize("NFKD", words.casefold().translate(_ALIKE))
    return unicodedata.normalize("NFC", "".join(sign for sign in plain if not unicodedata.combining(sign)))


def words_in(texts: Iterable[str]) -> set[str]:
    """The words under which these texts are found, a bounded number of them."""
    found: set[str] = set()
    for said in texts:
        for word in set(_WORD.findall(_even(said[:_MOST_TEXT]))):
            found.update((word[:_LONGEST],) if word.isascii() else _parts(word))
        if len(found) >= _MOST_OF_A_CASE:
            return set(sorted(found)[:_MOST_OF_A_CASE])
    return found


def wanted(asked: str) -> list[Wanted]:
    """The words of a search, each of which has to be found; `word*` is whatever begins so. Any text will do."""
    found: dict[Wanted, None] = {}
    for match in re.finditer(rf"({_WORD.pattern})(\*?)", _even(asked[:_MOST_SIGNS])):
        *first, last = _parts(match[1]) or ("",)
        run = _RUN.fullmatch(last) is not None and len(last) == 1
        if run and first:
            last = first.pop()  # a pair, which says more than the sign it ends with
        found |= dict.fromkeys(map(Wanted, first))
        found |= {Wanted(last, bool(match[2]) or (run and len(last) == 1)): None} if last else {}
    return list(found)[:_MOST_WORDS]


def _even(text: str) -> str:
    """In lower case, and with accents and their letters as one sign where there is one, so that words are whole."""
    text = text.replace("_", " ")
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text.casefold())


@lru_cache(maxsize=20_000)
def _parts(word: str) -> tuple[str, ...]:
    """What one word is searched by: itself, and where its script parts no words, its pairs of signs."""
    found: list[str] = []
    for match in _PART.finditer(folded(word)):
        found += _pairs(match[0]) if match[1] else (match[0][:_LONGEST],)
    return tuple(dict.fromkeys(found))


def _pairs(run: str) -> Iterator[str]:
    """Each two signs that follow each other, and the last one alone, so that each is the beginning of something."""
    yield from (run[at : at + 2] for at in range(len(run)))


def said_in(case: Case, letters: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """All of a case that is searched: its id, who complained, what about, and what was written."""
    people = (case.complainant, case.answer_to)
    yield " ".join((case.id, case.subject, *(f"{one.name} {one.email}" for one in people)))
    for letter in letters:
        if letter["kind"] in _SPEAKING:
            yield f"{letter['subject']} {letter['text']}"


def number_of(received_at: datetime, case_id: str) -> int:
    """Where a case stands among all of them by the time it came: a number of 63 bits, nearly always its own."""
    return (micros(received_at) or 0) * _SPARE + zlib.crc32(case_id.encode()) % _SPARE


@dataclass(frozen=True, slots=True)
class Spoken:
    """The words a case is found by, as it stood at this version and with this `sought` in its line."""

    case_id: str
    version: int
    sought: int
    received_at: datetime
    words: set[str]


class Search:
    """The index for searching, in the transaction of a session."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def found(self, asked: Sequence[Wanted], below: int | None, limit: int) -> list[tuple[int, str]]:
        """The cases in the index in which each of these words stands: (number, id), the latest first."""
        if not asked:
            return []
        return self._in_fts(asked, below, limit) if self._fts else self._in_tsvector(asked, below, limit)

    def _in_fts(self, asked: Sequence[Wanted], below: int | None, limit: int) -> list[tuple[int, str]]:
        """FTS5 gives its rows in order, and finds only as many as are asked for."""
        hits = select(_rowid).select_from(_index).where(text("search MATCH :asked"))
        hits = hits if below is None else hits.where(_rowid < below)
        told = self._connection.execute(hits.order_by(_rowid.desc()).limit(limit), {"asked": _as_fts(asked)})
        query = select(sought.c.number, sought.c.case_id).where(sought.c.number.in_(list(told.scalars())))
        return [(row.number, row.case_id) for row in self._connection.execute(query.order_by(sought.c.number.desc()))]

    def _in_tsvector(self, asked: Sequence[Wanted], below: int | None, limit: int) -> list[tuple[int, str]]:
        """A few hits are all fetched and sorted; only where there are many, the latest cases are gone through in order.

        Asked for both at once, PostgreSQL takes a rare word for a common one, and goes through all cases.
        """
        query = select(sought.c.number, sought.c.case_id)
        query = query.where(sought.c.words.op("@@")(cast(literal(_as_tsquery(asked), String), Native("TSQUERY"))))
        query = query if below is None else query.where(sought.c.number < below)
        rows = self._connection.execute(query.limit(_A_FEW + 1)).all()
        if len(rows) > _A_FEW:
            rows = self._connection.execute(query.order_by(sought.c.number.desc()).limit(limit)).all()
        return sorted(((row.number, row.case_id) for row in rows), reverse=True)[:limit]

    def number(self, case_id: str) -> int | None:
        """The number under which this case stands in the index; None where it does not."""
        found: int | None = self._connection.execute(
            select(sought.c.number).where(sought.c.case_id == case_id)
        ).scalar()
        return found

    def waiting(self, limit: int) -> dict[str, int]:
        """Cases of which something is not in the index yet, the latest first: what `sought` is of each."""
        query = select(cases.c.id, cases.c.sought).where(UNSOUGHT)
        query = query.order_by(cases.c.received_at.desc(), cases.c.id.desc()).limit(limit)
        return {row.id: row.sought for row in self._connection.execute(query)}

    def take_in(self, some: Sequence[Spoken]) -> int:
        """Have these cases in the index with their words, and with no others; without words, not at all. How many.

        Those that changed meanwhile, or lost words, are left for the next time.
        """
        ids = [one.case_id for one in some]
        query = select(cases.c.id, cases.c.version, cases.c.sought).where(cases.c.id.in_(ids))
        stand = {row.id: (row.version, row.sought) for row in self._connection.execute(query)}
        same = [one for one in some if stand.get(one.case_id) == (one.version, one.sought)]
        self.forget([one.case_id for one in same])
        self._enter([one for one in same if one.words])
        self._connection.execute(update(cases).where(cases.c.id.in_([one.case_id for one in same])).values(sought=1))
        return len(same)

    def _enter(self, some: Sequence[Spoken]) -> None:
        if not some:
            return
        joined = [" ".join(sorted(one.words)) for one in some]
        rows: list[dict[str, Any]] = [{"number": number, "case_id": one.case_id}
                                      for number, one in zip(self._free(some), some, strict=True)]  # fmt: skip
        if not self._fts:
            # As a text in which each word is quoted, since no parser must look at them a second time.
            entry = text(
                "INSERT INTO sought (number, case_id, words) VALUES (:number, :case_id, CAST(:words AS tsvector))"
            )
            told = [row | {"words": f"'{words.replace(' ', chr(39) + ' ' + chr(39))}'"} for row, words in
                    zip(rows, joined, strict=True)]  # fmt: skip
            self._connection.execute(entry, told)
            return
        copies = [row | {"words": zlib.compress(words.encode(), 6)} for row, words in zip(rows, joined, strict=True)]
        self._connection.execute(insert(sought), copies)
        entry = text("INSERT INTO search (rowid, words) VALUES (:number, :words)")
        found = [{"number": row["number"], "words": words} for row, words in zip(rows, joined, strict=True)]
        self._connection.execute(entry, found)

    def _free(self, some: Sequence[Spoken]) -> list[int]:
        """A number for each of these cases, its own or the next one that is nobody's."""
        own = [number_of(one.received_at, one.case_id) for one in some]
        query = select(sought.c.number).where(sought.c.number.in_(own))
        taken, given = set(self._connection.execute(query).scalars()), list[int]()
        for number in own:
            while number in taken or number in given:
                number += 1  # noqa: PLW2901 - the next one
                if self._connection.execute(select(sought.c.number).where(sought.c.number == number)).scalar():
                    taken.add(number)
            given.append(number)
        return given

    def forget(self, case_ids: Iterable[str]) -> None:
        """Take these cases out of the index; they are taken in anew unless `take_in` or their going says otherwise."""
        ids = list(case_ids)
        for start in range(0, len(ids), 500):
            some = ids[start : start + 500]
            if self._fts:
                # What has no copy of its words cannot forget them by itself (SQLite, FTS5, the command 'delete').
                entry = text("INSERT INTO search (search, rowid, words) VALUES ('delete', :number, :words)")
                rows = self._connection.execute(select(sought).where(sought.c.case_id.in_(some))).all()
                gone = [{"number": row.number, "words": zlib.decompress(row.words).decode()} for row in rows]
                if gone:
                    self._connection.execute(entry, gone)
            self._connection.execute(delete(sought).where(sought.c.case_id.in_(some)))
            lost = case((cases.c.sought > 0, -1), else_=cases.c.sought - 1)  # so that who reads them now comes too late
            self._connection.execute(update(cases).where(cases.c.id.in_(some)).values(sought=lost))

    def tidy(self, pages: int = 2000) -> bool:
        """Do a bounded part of what is needed so that no trace is left of what was forgotten; whether there is more.

        FTS5 forgets by writing that something is gone, and drops both when it merges (FTS5, the command 'merge').
        """
        if not self._fts:
            return False
        before = self._connection.execute(text("SELECT total_changes()")).scalar() or 0
        self._connection.execute(text("INSERT INTO search (search, rank) VALUES ('merge', :pages)"), {"pages": -pages})
        after = self._connection.execute(text("SELECT total_changes()")).scalar() or 0
        return bool(after - before > 1)

    @property
    def _fts(self) -> bool:
        return self._connection.dialect.name == "sqlite"


def _as_fts(asked: Sequence[Wanted]) -> str:
    """Words hold letters and digits alone, so that nothing in them can be an operator."""
    return " AND ".join(f'"{one.word}"{" *" if one.begins else ""}' for one in asked)


def _as_tsquery(asked: Sequence[Wanted]) -> str:
    return " & ".join(f"'{one.word}'{':*' if one.begins else ''}" for one in asked)
