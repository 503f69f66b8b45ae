"""Copies of a store: one made while it is at work, and one put in its place. Of SQLite; other databases have tools.

A copy is whole or is not there: it is made beside its place, looked through, and only then given its name.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from pathlib import Path

from sqlalchemy import make_url

from plugin.store.database import Store, StoreError, StoreNewer, shown
from plugin.store.tables import REVISIONS

_BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite lays beside a file; a new file of the same name would take them for its own."""
_THERE = "there is a file of this name already, and a backup overwrites nothing"


class CopyRefused(StoreError):
    """A copy cannot be made or put in place; what is there is as it was."""

    input_is_wrong = True

    def __init__(self, path: Path | str, why: str) -> None:
        self.path = path
        super().__init__(f"{path}: {why}")


class StoreInUse(StoreError):
    """The store cannot be replaced while something works on it."""

    def __init__(self, path: Path | str) -> None:
        self.path = path
        super().__init__(f"store {path}: a program has it open - end `amends run` and all else that uses it first")


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy holds: the version of its tables, how many cases, how many bytes."""

    version: str
    cases: int
    size: int


def file_of(store: str) -> Path:
    """The file of a store; raises CopyRefused where it is in no file."""
    url = make_url(store)
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        raise CopyRefused(
            shown(url), "only a store in SQLite is copied here - use the tools of your database, as pg_dump"
        )
    return Path(url.database)


def backup(store: str, target: Path) -> Copied:
    """Copy the store while it is at work, for its owner alone; raises StoreError.

    What is stored while it is copied may be in it or not; what is in it belongs together (SQLite, Online Backup API).
    """
    source = file_of(store)
    if target.exists():
        raise CopyRefused(target, _THERE)
    if not source.exists():
        raise CopyRefused(source, "there is no store yet, so there is nothing to copy")
    with _beside(target) as draft:
        _copy(source, draft)
        copied = look_through(draft)
        _name(draft, target)
        _to_disk(target.parent)
    return copied


def keep_as_it_was(source: Path, version: str) -> Path:
    """Copy a store whose tables are about to be changed, beside it, under a name that tells their version; its path.

    Raises CopyRefused, also where the disk is full.
    """
    endings = chain([""], (f"-{number}" for number in count(2)))
    names = (source.with_name(f"{source.name}.version-{version}{ending}") for ending in endings)
    target = next(name for name in names if not name.exists())
    try:
        with _beside(target) as draft:
            _copy(source, draft)
            _name(draft, target)
            _to_disk(target.parent)
    except OSError as error:
        why = f"its tables cannot be brought up to date, since it cannot be copied before ({error.strerror})"
        raise CopyRefused(source, why) from error
    return target


def restore(source: Path, store: str, now: datetime) -> tuple[Copied, Path | None]:
    """Put a backup in the place of the store, whose file is kept: what was restored, and where the other one lies.

    The caller sees to it that no run begins meanwhile. Raises StoreError: StoreInUse where something has it open,
    StoreNewer where the backup is of a later Amends, CopyRefused where it is none.
    """
    target = file_of(store)
    if not source.is_file():
        raise CopyRefused(source, "there is no such file")
    if target.exists() and source.samefile(target):
        raise CopyRefused(source, "this is the store itself")
    look_through(source)
    with _beside(target) as draft:
        _copy(source, draft)
        Store(f"sqlite:///{draft}", keep_old=False).close()  # brings its tables up to date
        _in_one_file(draft)
        copied = look_through(draft)
        kept = _put_aside(target, now)
        draft.replace(target)
        _to_disk(target.parent)
    return copied, kept


def look_through(path: Path) -> Copied:
    """Look at every page of a store in a file; raises CopyRefused where it is damaged or none, and StoreNewer."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as opened:
            faults = [row[0] for row in opened.execute("PRAGMA integrity_check(3)")]
            if faults != ["ok"]:
                raise CopyRefused(path, f"it is damaged: {'; '.join(map(str, faults))[:200]}")
            version = opened.execute("SELECT version_num FROM alembic_version").fetchone()
            cases = opened.execute("SELECT count(*) FROM complaint").fetchone()
    except sqlite3.DatabaseError as error:
        raise CopyRefused(path, f"it is no store of Amends ({error})") from error
    found = str(version[0]) if version else ""
    if found not in REVISIONS:
        raise StoreNewer(str(path), found or "unknown")
    return Copied(found, int(cases[0]), path.stat().st_size)


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A file to work on in the same folder, for its owner alone; gone at the end, unless it was given its name."""
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise CopyRefused(target, f"it cannot be written there ({error.strerror})") from error
    try:
        yield draft
    finally:
        for name in (draft, *(Path(f"{draft}{end}") for end in _BESIDE)):
            with suppress(FileNotFoundError):
                name.unlink()


def _copy(source: Path, draft: Path) -> None:
    try:
        opened = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
        with closing(opened) as old, closing(sqlite3.connect(draft)) as new:
            old.backup(new)  # in one go: who writes meanwhile is not held up, and does not make it begin anew
    except sqlite3.DatabaseError as error:
        raise CopyRefused(source, f"it cannot be copied ({error})") from error
    _in_one_file(draft)


def _in_one_file(draft: Path) -> None:
    """Have all of it in one file, and on the disk: a copy is handed on without the journals beside it."""
    with closing(sqlite3.connect(draft)) as opened:
        opened.execute("PRAGMA journal_mode=DELETE")
    with draft.open("rb") as file:
        os.fsync(file.fileno())


def _name(draft: Path, target: Path) -> None:
    """Give the file this name, never over another file; where none can have two names, as on FAT, by a last look."""
    try:
        os.link(draft, target)
    except OSError as error:
        if target.exists():
            raise CopyRefused(target, _THERE) from error
        draft.rename(target)


def _put_aside(target: Path, now: datetime) -> Path | None:
    """Keep what is replaced, under a name that says when; None where there is no store. Raises StoreInUse."""
    kept = target.with_name(f"{target.name}.replaced-{now:%Y%m%d-%H%M%S}")
    there = target.exists()
    if there:
        _end_its_journal(target)
        _name(target, kept)
    for end in _BESIDE:
        with suppress(FileNotFoundError):
            Path(f"{target}{end}").rename(f"{kept}{end}")
    return kept if there else None


def _end_its_journal(target: Path) -> None:
    """Have all of it in the one file; raises StoreInUse."""
    try:
        with closing(sqlite3.connect(target, timeout=2)) as opened:
            # SQLite gives up its journal only to who is alone, and then all lies in the one file.
            mode = opened.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
    except sqlite3.OperationalError as error:
        raise StoreInUse(target) from error
    except sqlite3.DatabaseError:
        mode = "delete"  # what is replaced may be damaged: perhaps that is why
    if mode != "delete":
        raise StoreInUse(target)


def _to_disk(folder: Path) -> None:
    opened = os.open(folder or ".", os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
