"""The table of faults: figures of one row stand together, none that is missing is hidden, the document stays whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import table
from tests.faults.table import ROWS, record


def test_figures_of_a_row_stand_together_by_server_in_the_order_of_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(table.FOLDER, str(tmp_path))
    record("M04", "absent: 0 lost", ok=True, server="Cyrus")
    record("M04", "goes down: 1 lost", ok=False, server="Cyrus")
    record("M01", "0 doubled", ok=True)
    lines = table._recorded(tmp_path)
    assert [line.cells()[3:] for line in lines] == [
        ("Dovecot", "0 doubled", ""),
        ("Cyrus", "absent: 0 lost; goes down: 1 lost", "FAILS"),
    ]
    assert [line.row for line in lines] == ["M01", "M04"]


def test_a_row_without_a_figure_fails_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(table.FOLDER, str(tmp_path))
    record("M01", "0 doubled", ok=True)
    lines = table._complete(table._recorded(tmp_path))
    assert [line.row for line in lines] == list(ROWS)
    assert [line.row for line in lines if line.ok] == ["M01"]
    assert table._printed(lines).count("no figure") == len(ROWS) - 1


def test_without_a_folder_nothing_is_kept_and_an_unknown_row_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(table.FOLDER, raising=False)
    record("M01", "0 doubled", ok=True)
    with pytest.raises(ValueError, match="no row M99"):
        record("M99", "what", ok=True)


def test_the_document_has_room_for_both_tables_and_keeps_its_words() -> None:
    text = table._DOCS.read_text("utf-8")
    for mark in ("quick", "long"):
        written = table._between_marks(text, mark, "| a |\n")
        assert f"<!-- {mark} -->\n| a |\n<!-- end of {mark} -->\n" in written
        assert written.splitlines()[:3] == text.splitlines()[:3]
