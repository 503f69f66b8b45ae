"""Every case for another program: texts and timelines in JSON Lines, a table nobody's formulas run in, no secret."""

from __future__ import annotations

import csv
import io
import json
import stat

import pytest

from plugin.register.exporting import COLUMNS, harmless
from tests.faults.house import PASSWORD, Account
from tests.faults.letters import letter

FORMULA = '=HYPERLINK("http://evil.example","click")'


def test_x09_a_subject_that_is_a_formula_is_text_in_the_table(ours: Account) -> None:
    one, other = letter(0, complaint=True), letter(1, complaint=True)
    ours.witness.deliver(one.text, subject=FORMULA, sender="=cmd <anna@example.org>")
    ours.witness.append("INBOX", other.raw())
    ours.shop.once()

    table = ours.shop.amends("export", "--format", "csv")
    assert table.returncode == 0, table.stderr.decode()
    rows = list(csv.DictReader(io.StringIO(table.stdout.decode(), newline="")))
    rows.sort(key=lambda row: row["subject"])  # both may have come within the same second
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["subject"] == f"'{FORMULA}"
    assert not [cell for row in rows for cell in row.values() if cell[:1] in {"=", "+", "-", "@", "\t", "\r"}]
    assert rows[1]["subject"] == other.subject
    assert "three weeks" in rows[0]["their_text"]

    path = ours.shop.folder / "all.jsonl"
    assert ours.shop.amends("export", "--format", "jsonl", "--to", str(path)).returncode == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    documents = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    documents.sort(key=lambda one: one["subject"])
    assert [one["subject"] for one in documents] == [FORMULA, other.subject]
    for document in documents:
        assert document["timeline"][0]["event"] == "Received"
        assert {text["kind"] for text in document["texts"]} == {"message", "draft"}
    assert PASSWORD not in path.read_text("utf-8") + table.stdout.decode()
    assert ours.shop.amends("export", "--format", "jsonl", "--to", str(path)).returncode == 2


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u00a0=1", "＝1", "|calc", "%1"]
)
def test_x09_whatever_begins_a_formula_is_made_text(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Hello", "a=b", "1-2", "Grüße", "anna@example.org"])
def test_other_cells_are_as_they_are(cell: str) -> None:
    assert harmless(cell) == cell
