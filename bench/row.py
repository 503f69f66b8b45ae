"""One row of the table: a figure beside its goal. Whoever measures something yields these."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ID = re.compile(r"([A-Z]+)(\d*)(.*)")
_FIRST = ("G", "J")


class Failed(Exception):
    """A contestant did not end well, or did not do the work: then its time means nothing."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what it must be `at_least` or `at_most`; a row without a goal is there for information.

    A row without a value was not measured, and `why` says what it would take; `failed` is one that should have been.
    """

    id: str
    what: str
    value: float | None
    at_least: float | None = None
    at_most: float | None = None
    unit: str = ""
    why: str = ""
    failed: bool = False

    @property
    def goal(self) -> str:
        """The goal as one reads it, or nothing."""
        if self.at_least is not None:
            return f">= {self.at_least:g} {self.unit}".strip()
        return f"<= {self.at_most:g} {self.unit}".strip() if self.at_most is not None else ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none, or nothing was measured."""
        if self.value is None:
            return False if self.failed else None
        if self.at_least is not None:
            return self.value >= self.at_least
        return self.value <= self.at_most if self.at_most is not None else None

    @property
    def order(self) -> tuple[int, str, int, str]:
        """Where it stands in the table: goals first, then by letter and number."""
        letters, number, rest = _parts(self.id)
        return (_FIRST.index(letters) if letters in _FIRST else len(_FIRST), letters, number, rest)

    def line(self) -> str:
        """The row as it is printed."""
        value = "-" if self.value is None else f"{self.value:.2f}"
        met = {True: "yes", False: "NO", None: "" if self.value is not None else "not measured"}[self.met]
        return f"{self.id:<5} {self.what:<76} {value:>9} {self.unit:<4} {self.goal:<12} {met}".rstrip()

    def document(self) -> dict[str, object]:
        """The row for a program."""
        value = None if self.value is None else round(self.value, 3)
        document: dict[str, object] = {"id": self.id, "what": self.what, "value": value, "unit": self.unit}
        return document | {"goal": self.goal, "met": self.met} | ({"why": self.why} if self.why else {})


def _parts(name: str) -> tuple[str, int, str]:
    found = _ID.fullmatch(name)
    return (found[1], int(found[2] or 0), found[3]) if found else (name, 0, "")
