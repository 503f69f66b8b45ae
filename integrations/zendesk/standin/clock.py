"""The account's time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Stands still at the time it was given until it is moved; without a time it runs with the machine's clock."""

    def __init__(self, at: datetime | None = None) -> None:
        self._still = at
        self._ahead = timedelta()

    def now(self) -> datetime:
        """An aware time in UTC."""
        return (self._still or datetime.now(UTC)) + self._ahead

    def set(self, at: datetime) -> None:
        """From now on it is this time."""
        self._still, self._ahead = at, timedelta()

    def later(self, **span: float) -> None:
        """So much time passes, named as for timedelta."""
        self._ahead += timedelta(**span)


def stamp(at: datetime) -> str:
    """A time as Zendesk writes it: whole seconds, UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def unix(at: datetime) -> int:
    """A time in whole seconds since 1970."""
    return int(at.timestamp())
