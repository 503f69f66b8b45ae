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


@pytest.mark.parametrize(
    ("way", "where"),
    [
        ("{provider: microsoft, client_id: 00000000-0000-0000-0000-000000000000}", "https://entra.microsoft.com"),
        ("{provider: google, client_id: 1234.apps.googleusercontent.com, client_secret: x}",
         "https://console.cloud.google.com"),
    ],
    ids=["microsoft", "google"],
)  # fmt: skip
def test_login_with_the_example_id_says_where_a_real_one_comes_from_and_asks_nobody(
    tmp_path: Path, way: str, where: str
) -> None:
    run(tmp_path, "init")
    settings = tmp_path / "amends.yaml"
    settings.write_text(settings.read_text().replace("password: ${SUPPORT_PASSWORD}", f"oauth: {way}"))
    said = run(tmp_path, "login", "support")
    assert said.exit_code == 2
    assert "is only an example" in said.stderr
    assert where in said.stderr
    assert "docs/signin.md" in said.stderr
    assert "client_id is still an example" in run(tmp_path, "check").stdout


@pytest.mark.parametrize("preset", PRESETS)
def test_the_env_of_a_preset_names_a_password_only_where_one_is_taken(tmp_path: Path, preset: str) -> None:
    run(tmp_path, "init", "--preset", preset)
    lines = (tmp_path / ".env").read_text().splitlines()
    assert ("SUPPORT_PASSWORD=" in lines) is (preset != "microsoft365")
    assert lines[0].startswith("# Secrets for amends.yaml")
    if preset == "microsoft365":
        assert all(line.startswith("#") for line in lines)
        assert run(tmp_path, "check").exit_code == 0
