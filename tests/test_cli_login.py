"""`amends init --preset` and `amends login`: from nothing to an open mailbox."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from plugin.cli import main
from plugin.cli.presets import PRESETS, filled
from plugin.cli.setup import _template
from plugin.config import MailboxSettings, OAuth, load


def run(folder: Path, *args: str) -> Result:
    """A command in this folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return CliRunner().invoke(main, args)


def inbox_of(folder: Path) -> MailboxSettings:
    """The inbox of the file that `init` wrote."""
    (inbox,) = load(folder / "amends.yaml", secrets=False).inboxes
    assert isinstance(inbox, MailboxSettings)
    return inbox


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_writes_files_without_a_problem(tmp_path: Path, preset: str) -> None:
    said = run(tmp_path, "init", "--preset", preset)
    assert said.exit_code == 0
    assert "amends check &&" in said.stdout
    (tmp_path / ".env").write_text("SUPPORT_PASSWORD=x\n")
    checked = run(tmp_path, "check")
    assert checked.exit_code == 0, checked.stdout
    inbox = inbox_of(tmp_path)
    assert (inbox.host, inbox.port, inbox.tls) == (PRESETS[preset].host, 993, "implicit")
    assert isinstance(inbox.sign_in, OAuth) is (preset == "microsoft365")
    assert ("client_id is still an example" in checked.stdout) is (preset == "microsoft365")
    assert inbox.show == ("flag" if preset == "microsoft365" else "keywords")


def test_what_a_person_says_stands_in_the_file(tmp_path: Path) -> None:
    text = filled(_template("amends.yaml"), PRESETS["own"], "imap.lamps.example", "Help@lamps.example", "Lamps: & Co")
    (tmp_path / "my-playbooks").mkdir()
    (tmp_path / "amends.yaml").write_text(text)
    inbox = inbox_of(tmp_path)
    assert (inbox.host, inbox.user) == ("imap.lamps.example", "Help@lamps.example")
    assert str(inbox.identities[0]) == "Lamps: & Co <help@lamps.example>"
    assert inbox.ours == ("help@lamps.example", "@lamps.example")
    assert inbox.signature == "Lamps: & Co"


def test_not_everybody_at_gmail_is_one_of_us(tmp_path: Path) -> None:
    text = filled(_template("amends.yaml"), PRESETS["gmail"], "", "lamps@gmail.com", "Lamps")
    (tmp_path / "my-playbooks").mkdir()
    (tmp_path / "amends.yaml").write_text(text)
    assert inbox_of(tmp_path).ours == ("lamps@gmail.com",)


def test_login_says_where_there_is_nothing_to_sign_in_to(tmp_path: Path) -> None:
    run(tmp_path, "init")
    (tmp_path / ".env").write_text("SUPPORT_PASSWORD=x\n")
    unknown = run(tmp_path, "login", "suport")
    assert (unknown.exit_code, unknown.stderr) == (2, "login: no inbox is called suport - there is support\n")
    password = run(tmp_path, "login", "support")
    assert password.exit_code == 2
    assert "its settings name no `oauth`" in password.stderr
