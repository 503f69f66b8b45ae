"""A site's own phrases are read from its playbooks folder, and what is wrong with them is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugin.judge.phrasebook import Phrases, read_phrases
from plugin.judge.signs import Sign, Signs
from plugin.source import Problem


def written(folder: Path, text: str, name: str = "en.yaml") -> tuple[Phrases, list[Problem]]:
    (folder / "signs").mkdir(exist_ok=True)
    (folder / "signs" / name).write_text(text, encoding="utf-8")
    problems: list[Problem] = []
    return read_phrases(folder, problems), problems


def test_a_sites_phrases_are_found_beside_the_shipped_ones(tmp_path: Path) -> None:
    phrases, problems = written(tmp_path, "heated:\n- gobsmacked   # as they say here\n")
    assert phrases == {"en": {"heated": ["gobsmacked"]}} and not problems
    found = Signs(phrases).find("Gobsmacked, fed up", "en")
    assert found == [Sign("heated", 0, 10), Sign("heated", 12, 18), Sign("displeased", 12, 18)]


def test_a_site_without_signs_adds_nothing(tmp_path: Path) -> None:
    problems: list[Problem] = []
    assert read_phrases(tmp_path, problems) == {} and not problems


@pytest.mark.parametrize(
    ("text", "line", "column", "told"),
    [
        ("heatd:\n- fed up\n", 2, 3, "heatd is no label"),
        ("heated: fed up\n", 1, 9, "no list of phrases"),
        ("- fed up\n", 1, 1, "no mapping of labels"),
        ("heated:\n- fed up\n- my?\n", 3, 3, "no word that must stand there"),
        ("heated:\n- fe?d up\n", 2, 3, "within a word"),
        ("heated:\n- [fed, up]\n", 2, 3, "no phrase"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_place(
    tmp_path: Path, text: str, line: int, column: int, told: str
) -> None:
    phrases, problems = written(tmp_path, text)
    assert phrases == {}
    assert [(problem.line, problem.column) for problem in problems] == [(line, column)]
    assert told in problems[0].text
