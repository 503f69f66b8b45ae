"""What is in force follows from the settings alone: a site's own over what is shipped, and no database is asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from plugin.config import Settings
from plugin.inforce import book_of, judge_of, phrases_of
from plugin.letters import SHIPPED
from plugin.source import Problem, Problems
from plugin.trial import settings_for
from tests.test_judge import letter

SETTINGS = """\
playbooks: own
inboxes:
  support: {kind: imap, host: imap.example.com, user: u, password: p, identities: [support@example.com]}
hours: {default: {zone: Europe/London, week: {mon-fri: 09:00-17:30}}}
packs: [general]
judge: {deep: off}
"""
LETTER = letter("My lamp arrived broken. The glimmer guild shall hear of it.\n")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The folder of a site's own playbooks, empty, beside settings that name it."""
    (tmp_path / "amends.yaml").write_text(SETTINGS)
    (tmp_path / "own").mkdir()
    return tmp_path / "own"


def put(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")


def settings(own: Path) -> Settings:
    return settings_for(own.parent / "amends.yaml")


def test_a_site_that_wrote_nothing_has_what_is_shipped(own: Path) -> None:
    assert all(playbook.pack for playbook in book_of(settings(own)).playbooks)
    assert phrases_of(settings(own), []) is SHIPPED
    assert judge_of(settings(own)).assess(LETTER).risks == ()


def test_a_playbook_of_the_site_takes_the_place_of_the_shipped_one_of_its_name(own: Path) -> None:
    shipped = {playbook.name for playbook in book_of(settings(own)).playbooks}
    put(own / "formal.yaml", "name: formal\nwhen: complaint_received\nthen:\n  - tag: [stern]\n")
    book = book_of(settings(own))
    assert {playbook.name for playbook in book.playbooks} == shipped
    assert [playbook.name for playbook in book.playbooks if not playbook.pack] == ["formal"]


def test_the_judge_heeds_the_signs_of_the_site(own: Path) -> None:
    put(own / "signs" / "en.yaml", "risk-legal:\n  - glimmer guild\n")
    assert judge_of(settings(own)).assess(LETTER).risks == ("legal",)


def test_faults_of_phrases_and_of_signs_are_told_with_their_files(own: Path) -> None:
    put(own / "phrases" / "en.yaml", "words: {bth: and}\n")
    put(own / "signs" / "en.yaml", "heatd:\n- fed up\n")
    problems: list[Problem] = []
    phrases_of(settings(own), problems)
    for read in (book_of, judge_of):
        with pytest.raises(Problems) as told:
            read(settings(own))
        problems += told.value.problems
    assert [Path(problem.file).parent.name for problem in problems] == ["phrases", "phrases", "signs"]


def test_check_reads_it_without_the_desk_and_without_a_database(own: Path) -> None:
    program = (
        "import sys; from plugin.cli import main; main(['check'], standalone_mode=False); "
        "print({'plugin.inforce', 'plugin.desk', 'plugin.store', 'sqlalchemy'} & set(sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", program], cwd=own.parent, check=True, capture_output=True, text=True)
    assert told.stdout.splitlines()[-2].startswith("all is well: 1 inbox(es)")
    assert told.stdout.splitlines()[-1] == "{'plugin.inforce'}"
