"""Old letters lie compressed: of a case that has rested for long, texts and what is known of them are packed.

Packed with zlib (RFC 1950) and a dictionary of what letters have in common, since one letter by itself is too short to
repeat much. Whoever reads a letter gets it as it was written; nobody else has to know.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from sqlalchemy import Connection, select, update

from plugin.store import bulk
from plugin.store.tables import AS_WRITTEN, IDLE, PACKED, cases, fixed_number, letters

_FIRST = b"\x01"
"""Which dictionary a letter was packed with; another one would get another number, and this one stays."""
_WORTH_IT = 120  # characters


@dataclass(frozen=True, slots=True)
class Packed:
    """What was packed: so many cases and letters, of so many bytes, which take so many now."""

    cases: int = 0
    letters: int = 0
    before: int = 0
    after: int = 0

    def __add__(self, other: Packed) -> Packed:
        return Packed(self.cases + other.cases, self.letters + other.letters, self.before + other.before,
                      self.after + other.after)  # fmt: skip


def opened(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row with text and detail as they were written, and without `packed`."""
    plain = dict(row)
    packed = plain.pop("packed", None)
    return plain if packed is None else plain | unpacked(bytes(packed))


def unpacked(packed: bytes) -> dict[str, str]:
    """The `text` and `detail` that were packed; raises zlib.error or ValueError where they are damaged."""
    if packed[:1] != _FIRST:
        raise ValueError(f"a letter was packed in a way this Amends does not know, {packed[:1].hex()} - upgrade Amends")
    unpacking = zlib.decompressobj(zdict=_dictionary())
    text, detail = json.loads(unpacking.decompress(packed[1:]) + unpacking.flush())
    return {"text": text, "detail": detail}


def pack(text: str, detail: str) -> bytes:
    """Text and detail in few bytes."""
    packing = zlib.compressobj(level=9, zdict=_dictionary())
    plain = json.dumps([text, detail], ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass")
    return _FIRST + packing.compress(plain) + packing.flush()


@cache
def _dictionary() -> bytes:
    return (files("plugin.store") / "letters-1.txt").read_bytes()


class Archive:
    """Packs in the transaction of a session."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def pack(self, before: datetime, limit: int) -> Packed:
        """Pack the letters of cases that have rested since before then, the longest first, at most `limit` of them."""
        resting = (IDLE, cases.c.texts == fixed_number(AS_WRITTEN), cases.c.idle_since < before)
        query = select(cases.c.id).where(*resting).order_by(cases.c.idle_since, cases.c.id).limit(limit)
        ids = list(self._connection.execute(query).scalars())
        if not ids:
            return Packed()
        done = self._letters(ids)
        self._connection.execute(update(cases).where(cases.c.id.in_(ids)).values(texts=PACKED))
        return done

    def _letters(self, ids: list[str]) -> Packed:
        query = select(letters.c.case_id, letters.c.key, letters.c.text, letters.c.detail)
        query = query.where(letters.c.case_id.in_(ids), letters.c.packed.is_(None))
        rows, before, after = [], 0, 0
        for case_id, key, text, detail in self._connection.execute(query):
            if len(text) + len(detail) < _WORTH_IT:
                continue
            packed = pack(text, detail)
            before += len(text.encode(errors="surrogatepass")) + len(detail.encode(errors="surrogatepass"))
            after += len(packed)
            rows.append({"was_case_id": case_id, "was_key": key, "text": "", "detail": "", "packed": packed})
        if rows:
            bulk.change(self._connection, letters, ("case_id", "key"), rows)
        return Packed(len(ids), len(rows), before, after)
