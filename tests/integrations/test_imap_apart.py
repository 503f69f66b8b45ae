"""Which mails are read in a process of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from integrations.imap.apart import looks_dear
from integrations.imap.wire import read
from tests.faults.bombs import BOMBS

MAILS = sorted((Path(__file__).parents[1] / "mails").glob("*.eml"))


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_what_people_send_is_read_where_it_is(path: Path) -> None:
    raw = path.read_bytes()
    assert not looks_dear(read(raw), len(raw))


@pytest.mark.parametrize(
    "name",
    ["addresses of semicolons", "a page of paragraphs", "450 pages of tables",
     "a megabyte of uuencode"],
)  # fmt: skip
def test_what_looks_dear_is_read_apart(name: str) -> None:
    raw = BOMBS[name]
    assert looks_dear(read(raw), len(raw))
