"""The tags for Thunderbird: lines it can read, one tag for each thing Amends may say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from plugin.cli import main
from plugin.cli.thunderbird import preferences, write_preferences
from plugin.playbook import load_book

LINE = re.compile(r'user_pref\("mailnews\.tags\.([a-z0-9-]{1,40})\.(tag|color|ordinal)", ("[^"\\]*")\);')
OWN = """\
name: ours
about: Ours.
when: complaint_received
then:
  - tag: [parcel-desk]
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "my-playbooks").mkdir()
    (tmp_path / "my-playbooks" / "ours.yaml").write_text(OWN, "utf-8")
    (tmp_path / "amends.yaml").write_text(
        "inboxes:\n  support:\n    kind: imap\n    host: mail.example.com\n    user: us\n    password: ${NOT_SET}\n"
        "    identities: [us@example.com]\nplaybooks: my-playbooks\n", "utf-8",
    )  # fmt: skip
    return tmp_path


def read(text: str) -> dict[str, dict[str, str]]:
    """What Thunderbird makes of it; every line must be a remark or a preference."""
    found: dict[str, dict[str, str]] = {}
    for line in text.splitlines():
        match = LINE.fullmatch(line)
        assert match or line.startswith("//"), line
        if match:
            found.setdefault(match[1], {})[match[2]] = json.loads(match[3])
    return found


def test_every_tag_has_a_name_a_colour_and_a_rank(site: Path) -> None:
    tags = read(preferences(load_book(("general",), site / "my-playbooks", calendars={}, inboxes=["support"])))
    assert all(set(tag) == {"tag", "color", "ordinal"} for tag in tags.values())
    assert all(re.fullmatch("#[0-9A-F]{6}", tag["color"]) for tag in tags.values())
    assert {"complaint", "maybe-complaint", "category-delivery", "severity-high", "risk-legal", "not-a-complaint",
            "resolved", "waiting", "parcel-desk"} <= set(tags)  # fmt: skip
    assert tags["parcel-desk"]["tag"] == "Parcel desk"
    assert min(tags, key=lambda tag: tags[tag]["ordinal"]) == "complaint"
    assert len({tag["ordinal"] for tag in tags.values()}) == len(tags)


def test_the_doctor_writes_it_without_any_password_and_again_over_itself(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site)
    for _ in range(2):
        ran = CliRunner().invoke(main, ["doctor", "--thunderbird", "tags.js"])
        assert ran.exit_code == 0, ran.output
        assert "user.js" in ran.output
    assert "parcel-desk" in read((site / "tags.js").read_text("utf-8"))


@pytest.mark.parametrize("written_before", [False, True])
def test_a_file_that_holds_what_somebody_else_wrote_is_not_touched(site: Path, written_before: bool) -> None:
    mine, book = site / "user.js", load_book(("general",), None, calendars={}, inboxes=[])
    text = (preferences(book) if written_before else "") + 'user_pref("mine", 1);\n'
    mine.write_text(text, "utf-8")
    with pytest.raises(SystemExit) as ended:
        write_preferences(mine, book)
    assert ended.value.code == 2
    assert mine.read_text("utf-8") == text


def test_where_nothing_can_be_written_a_sentence_says_so(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        write_preferences(site / "no" / "tags.js", load_book(("general",), None, calendars={}, inboxes=[]))
    assert ended.value.code == 2
    assert "No such file or directory - name another file" in capsys.readouterr().err
