"""Past mail from files: one mail, an mbox (RFC 4155), a Maildir, or a folder of any of them."""

from __future__ import annotations

import mailbox
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from plugin.inbox import Page, Unreadable
from plugin.model import AmendsError, Direction, Message, Place
from plugin.source import Problem, Problems

_BIGGEST = 1 << 20  # bytes of a mail that are looked at
_PAGE = 100  # messages
_MAILDIR = frozenset({"cur", "new"})
_EMPTY = "there is no mail in it: name an mbox, a Maildir or a folder of mails"
_NOT_THERE = "there is no such file or folder: name an mbox, a Maildir or a folder of mails"

Read = Callable[[bytes], Message]


def history(path: Path, read: Read, since: datetime | None) -> Iterator[Page]:
    """The mail at `path` that is not older than `since`, page by page; raises Problems where there is no mail at all.

    No folder tells what was sent, so whatever is by one of us counts as sent. What cannot be read is named, and passed
    over.
    """
    messages: list[Message] = []
    unreadable: list[Unreadable] = []
    any_read, first_fault = False, _EMPTY
    for name, raw in _mails(path):
        place = Place(name, 1, 0)
        try:
            message = replace(read(raw()), place=place)
        except (AmendsError, OSError) as error:
            why = (error.strerror if isinstance(error, OSError) else None) or str(error)
            unreadable.append(Unreadable(place, why, b""))
            first_fault = first_fault if first_fault != _EMPTY else f"none of it can be read as mail: {why}"
        else:
            any_read = True
            messages += [_proved(message)] if since is None or message.at >= since else []
        if len(messages) + len(unreadable) >= _PAGE:
            yield Page(cursor={}, messages=tuple(messages), unreadable=tuple(unreadable))
            messages, unreadable = [], []
    if not any_read:
        raise Problems([Problem(str(path), 1, 1, first_fault)])
    yield Page(cursor={}, messages=tuple(messages), unreadable=tuple(unreadable))


def _proved(message: Message) -> Message:
    return replace(message, genuine=True) if message.direction is Direction.OUT else message


def _mails(path: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Every mail with its name, and how to read its first mebibyte."""
    if path.is_dir():
        for file in _files_in(path):
            yield from _in_file(file, str(file.relative_to(path)))
    elif path.is_file():
        yield from _in_file(path, path.name)
    else:
        raise Problems([Problem(str(path), 1, 1, _NOT_THERE)])


def _files_in(folder: Path) -> Iterator[Path]:
    """All files below; of a Maildir those that are delivered, its folders (`.Sent`) included."""
    maildir = any((folder / name).is_dir() for name in _MAILDIR)
    for file in sorted(folder.rglob("*")):
        if file.is_file() and (not maildir or file.parent.name in _MAILDIR):
            yield file


def _in_file(file: Path, name: str) -> Iterator[tuple[str, Callable[[], bytes]]]:
    if _begins(file) == b"From ":
        yield from _in_mbox(file, name)
    elif file.stat().st_size:
        yield name, lambda: _head(file)


def _begins(file: Path) -> bytes:
    """Its first five bytes; none where it may not be read, which is told when it is."""
    try:
        with file.open("rb") as opened:
            return opened.read(5)
    except OSError:
        return b""


def _head(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(_BIGGEST)


def _in_mbox(file: Path, name: str) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The mails of an mbox; of the file only where each begins is held in memory."""
    with closing(mailbox.mbox(file, create=False)) as box:
        for number, key in enumerate(box.keys(), 1):
            yield f"{name}#{number}", lambda key=key: _unquoted(box.get_file(key).read(_BIGGEST))  # type: ignore[misc]


def _unquoted(raw: bytes) -> bytes:
    """A line that begins with `From ` has a `>` before it in an mbox, which is no mark of a quotation."""
    return raw.replace(b"\n>From ", b"\nFrom ")
