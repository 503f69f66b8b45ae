"""What people said of the judge's labels, and the judges that learned from it; in the transaction of a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, insert, select, update

from plugin.store.archive import opened
from plugin.store.bulk import own_insert
from plugin.store.tables import corrections, judges, letters

NEVER_TAUGHT = "0 None None"
"""The stamp of a store in which nobody has corrected anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A person's word on one label of one message: `complaint` (yes or no), `category` or `severity`.

    `subject`, `text` and `detail` (the assessment of then, as JSON) are empty once the letter was forgotten.
    """

    inbox: str
    key: str
    label: str
    value: str
    was: str
    case_id: str
    by: str
    at: datetime
    subject: str = ""
    text: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LearnedJudge:
    """A judge that learned; `learned` and `figures` are JSON, `replaced` names the one before, 0 the shipped one."""

    version: int
    replaced: int
    at: datetime
    learned: str
    figures: str
    in_force: bool


class Corrections:
    """The latest word on each label of each message, and the learned judges in the order they were made."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, said: Correction) -> None:
        """Keep a person's word; a later one on the same label of the same message takes its place."""
        row = {name: getattr(said, name) for name in ("inbox", "key", "label", "value", "was", "case_id", "by", "at")}
        new = {name: row[name] for name in ("value", "case_id", "by", "at")}  # what the judge said first stays
        same = ("inbox", "key", "label")
        insertion = own_insert(self._connection.dialect, corrections).values(row)
        self._connection.execute(insertion.on_conflict_do_update(index_elements=same, set_=new))

    def all(self, limit: int = 5000) -> list[Correction]:
        """The latest ones, oldest first, each with its letter."""
        letter = and_(letters.c.case_id == corrections.c.case_id, letters.c.key == corrections.c.key)
        texts = [func.coalesce(letters.c[name], "").label(name) for name in ("subject", "text", "detail")]
        query = select(corrections, *texts, letters.c.packed).outerjoin_from(corrections, letters, letter)
        query = query.order_by(corrections.c.at.desc(), corrections.c.key, corrections.c.label).limit(limit)
        return [Correction(**opened(row)) for row in reversed(self._connection.execute(query).mappings().all())]

    def stamp(self) -> str:
        """Changes whenever a correction, its letter or the judge in force does; cheap to ask."""
        letter = and_(letters.c.case_id == corrections.c.case_id, letters.c.key == corrections.c.key)
        kept = select(func.count(letters.c.key), func.max(corrections.c.at)).outerjoin_from(
            corrections, letters, letter
        )
        said = self._connection.execute(kept).one()
        version = select(judges.c.version).where(judges.c.in_force.is_(True))
        return f"{said[0]} {said[1]} {self._connection.execute(version).scalar()}"

    # ---- learned judges -----------------------------------------------------------------------------------------

    def judges(self) -> Sequence[LearnedJudge]:
        """All that were ever made, oldest first."""
        rows = self._connection.execute(select(judges).order_by(judges.c.version)).mappings()
        return [LearnedJudge(**row) for row in rows]

    def judge(self) -> LearnedJudge | None:
        """The one in force; None where it is the shipped one."""
        row = self._connection.execute(select(judges).where(judges.c.in_force.is_(True))).mappings().first()
        return LearnedJudge(**row) if row else None

    def keep_judge(self, learned: str, figures: str, at: datetime, *, in_force: bool) -> int:
        """Keep a judge that was made, and let it judge from now on if it is to be `in_force`; its version."""
        before = self.judge()
        version = (self._connection.execute(select(func.max(judges.c.version))).scalar() or 0) + 1
        if in_force:
            self._force(0)
        row = {"version": version, "replaced": before.version if before else 0, "at": at, "learned": learned}
        self._connection.execute(insert(judges).values(row | {"figures": figures, "in_force": in_force}))
        return version

    def back(self) -> int | None:
        """Return to the judge that the one in force replaced: its version, or None where the shipped one judges."""
        current = self.judge()
        if current is None:
            return None
        self._force(current.replaced)
        return current.replaced

    def _force(self, version: int) -> None:
        self._connection.execute(update(judges).values(in_force=judges.c.version == version))
