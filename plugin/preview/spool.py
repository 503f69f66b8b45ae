"""What was read of the past, laid by until all of it is there, and then taken out in the order of time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from tempfile import SpooledTemporaryFile

from pydantic import TypeAdapter

from plugin.inbox import Act
from plugin.model import Message

_MESSAGE: TypeAdapter[Message] = TypeAdapter(Message)
_ACT: TypeAdapter[Act] = TypeAdapter(Act)
_IN_MEMORY = 8 << 20  # bytes; more than that lies in a file without a name, which goes when we do


class Spool:
    """Messages and acts; of each only its time and where it lies is held in memory, however long it is."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - it lives as long as the spool
        self._index: list[tuple[float, int, int, bool]] = []  # time, where it begins, how long it is, whether an act
        self._end = 0

    def __len__(self) -> int:
        return len(self._index)

    def put(self, one: Message | Act, at: datetime) -> None:
        """Lay this by; what is of the same moment keeps the order in which it was put."""
        act = isinstance(one, Act)
        raw = _ACT.dump_json(one) if isinstance(one, Act) else _MESSAGE.dump_json(one)
        self._file.write(raw)
        self._index.append((at.timestamp(), self._end, len(raw), act))
        self._end += len(raw)

    def in_order(self) -> Iterator[Message | Act]:
        """Everything, the oldest first; nothing may be put meanwhile."""
        for _, start, length, act in sorted(self._index):
            self._file.seek(start)
            raw = self._file.read(length)
            yield _ACT.validate_json(raw) if act else _MESSAGE.validate_json(raw)

    def close(self) -> None:
        """Forget it all."""
        self._file.close()
