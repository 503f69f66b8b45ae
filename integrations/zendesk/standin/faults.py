"""What goes wrong on purpose: asked for by method and path, for the next so many requests that match.

A pattern is a method and a path below /api/v2 without .json: `PUT tickets/*`. A star is one part of the path, two are
any number of parts, and `*` in place of the method is any method.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What happens to a request."""

    FAIL = "fail"  # answered with a status, nothing is done
    DROP = "drop"  # the connection ends, nothing is done
    LOSE = "lose"  # done, and the connection ends before the answer
    CUT = "cut"  # done, and the connection ends in the middle of the answer
    TRUNCATE = "truncate"  # done, and the answer is half of its JSON, with status 200
    SLOW = "slow"  # done after a while
    HANG = "hang"  # done at once, answered after a while
    MEANWHILE = "meanwhile"  # something else happens first


@dataclass(slots=True, kw_only=True)
class Fault:
    """One kind of trouble for the next `times` matching requests, the first `after` of them going well."""

    kind: Kind
    pattern: str
    times: int = 1
    after: int = 0
    status: int = 0
    retry_after: str = ""
    html: bool = False
    seconds: float = 0
    act: Callable[[], object] | None = None


class Faults:
    """The troubles in waiting; the first that matches is taken."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def fail(
        self, pattern: str, status: int, *, times: int = 1, after: int = 0, retry_after: str = "", html: bool = False
    ) -> None:
        """These requests are refused with a status; `html` is a page of the web server instead of JSON."""
        self._add(
            Fault(
                kind=Kind.FAIL,
                pattern=pattern,
                times=times,
                after=after,
                status=status,
                retry_after=retry_after,
                html=html,
            )
        )

    def drop(self, pattern: str, *, times: int = 1, after: int = 0) -> None:
        """The connection ends before anything is done."""
        self._add(Fault(kind=Kind.DROP, pattern=pattern, times=times, after=after))

    def lose(self, pattern: str, *, times: int = 1, after: int = 0) -> None:
        """It is done, and the answer never comes."""
        self._add(Fault(kind=Kind.LOSE, pattern=pattern, times=times, after=after))

    def cut(self, pattern: str, *, times: int = 1, after: int = 0) -> None:
        """It is done, and the connection ends in the middle of the answer."""
        self._add(Fault(kind=Kind.CUT, pattern=pattern, times=times, after=after))

    def truncate(self, pattern: str, *, times: int = 1, after: int = 0) -> None:
        """It is done, and the answer is a complete HTTP message with half of its JSON."""
        self._add(Fault(kind=Kind.TRUNCATE, pattern=pattern, times=times, after=after))

    def slow(self, pattern: str, seconds: float, *, times: int = 1, after: int = 0, done_first: bool = False) -> None:
        """It takes so many real seconds; with `done_first` it is done at once and only the answer is late."""
        kind = Kind.HANG if done_first else Kind.SLOW
        self._add(Fault(kind=kind, pattern=pattern, times=times, after=after, seconds=seconds))

    def meanwhile(self, pattern: str, act: Callable[[], object], *, times: int = 1, after: int = 0) -> None:
        """`act` happens when such a request has arrived, just before it is dealt with."""
        self._add(Fault(kind=Kind.MEANWHILE, pattern=pattern, times=times, after=after, act=act))

    def clear(self) -> None:
        """From now on all goes well."""
        with self._lock:
            self._waiting.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The trouble for this request."""
        with self._lock:
            found = next((f for f in self._waiting if re.fullmatch(_regex(f.pattern), f"{method} {path}")), None)
            if found is None:
                return None
            if found.after:
                found.after -= 1
                return None
            found.times -= 1
            if not found.times:
                self._waiting.remove(found)
            return found

    def _add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append(fault)


def _regex(pattern: str) -> str:
    method, _, path = pattern.partition(" ")
    parts = re.escape(path).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
    return f"{'[A-Z]+' if method == '*' else method} {parts}"
