"""Pages laid by until a person has said what shall become of them."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from tempfile import SpooledTemporaryFile

from pydantic import TypeAdapter

from plugin.inbox import Page
from plugin.model import Place

_IN_MEMORY = 8 << 20  # bytes; more than that lies in a file without a name, which goes when we do


@dataclass(frozen=True, slots=True)
class _Laid:
    """A page in a form that JSON knows."""

    page: Page
    prints: tuple[tuple[Place, str], ...]
    raw: tuple[str, ...]  # of what could not be read


_LAID: TypeAdapter[_Laid] = TypeAdapter(_Laid)


class Pages:
    """Pages in the order they were put; memory holds only where each lies."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - it lives as long as the pages
        self._lengths: list[int] = []
        self.places: set[Place] = set()
        self.mails = 0

    def put(self, page: Page) -> None:
        """Lay this by."""
        raw = tuple(b64encode(one.raw).decode() for one in page.unreadable)
        bare = replace(page, prints=None, unreadable=tuple(replace(one, raw=b"") for one in page.unreadable))
        text = _LAID.dump_json(_Laid(bare, tuple((page.prints or {}).items()), raw))
        self._file.write(text)
        self._lengths.append(len(text))
        self.places |= {one.place for one in page.messages} | {one.place for one in page.unreadable}
        self.mails += len(page.messages) + len(page.unreadable)

    def __iter__(self) -> Iterator[Page]:
        """Every page as it was put; nothing may be put meanwhile."""
        start = 0
        for length in self._lengths:
            self._file.seek(start)
            laid = _LAID.validate_json(self._file.read(length))
            start += length
            raws = zip(laid.page.unreadable, laid.raw, strict=True)
            unreadable = tuple(replace(one, raw=b64decode(raw)) for one, raw in raws)
            yield replace(laid.page, prints=dict(laid.prints), unreadable=unreadable)

    def close(self) -> None:
        """Forget it all."""
        self._file.close()
