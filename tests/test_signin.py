"""Signing in: tokens are kept, renewed before they end, and asked for no more often than needed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from plugin.config import MailboxSettings, OAuth, TokenCommand
from plugin.inbox import InboxError, InboxRefused, InboxUnavailable, Tokens
from plugin.model import Address
from plugin.signin import NothingToSignIn, sign_in, tokens_for
from plugin.signin.command import Command
from plugin.signin.fresh import AHEAD, Fresh, Granted
from plugin.signin.kept import TokenFile, TokensUnreadable
from tests.provider import CLIENT, CLIENT_SECRET, Provider, signing_in

US = Address("support@example.com", "Support")


def mailbox(way: OAuth | TokenCommand | None, name: str = "support") -> MailboxSettings:
    """An inbox that opens this way."""
    return MailboxSettings(
        name=name,
        identities=(US,),
        ours=(US.email,),
        host="127.0.0.1",
        port=143,
        tls="none",
        user=US.email,
        sign_in=way,
    )


# ---- a file of tokens ------------------------------------------------------------------------------------------------


def test_what_a_sign_in_left_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = TokenFile(tmp_path / "tokens" / "support.json")
    assert file.read() is None
    assert file.stamp() == "absent"
    file.write({"state": "s3cret"})
    assert file.read() == {"state": "s3cret"}
    assert (file.path.stat().st_mode & 0o777, file.path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [path.name for path in file.path.parent.iterdir()] == ["support.json"]


def test_a_key_seals_it_and_keys_can_be_changed(tmp_path: Path) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    path = tmp_path / "support.json"
    TokenFile(path).write({"state": "s3cret"})
    assert TokenFile(path, [old]).read() == {"state": "s3cret"}  # from before there was a key
    TokenFile(path, [old]).write({"state": "s3cret"})
    assert b"s3cret" not in path.read_bytes()
    assert TokenFile(path, [new, old]).read() == {"state": "s3cret"}
    TokenFile(path, [new, old]).write({"state": "s3cret"})
    assert TokenFile(path, [new]).read() == {"state": "s3cret"}
    with pytest.raises(TokensUnreadable, match="a key that is not in AMENDS_KEY"):
        TokenFile(path, [old]).read()
    with pytest.raises(TokensUnreadable, match="AMENDS_KEY is not set"):
        TokenFile(path).read()


@pytest.mark.parametrize("text", ["", "{", "[1]", '"x"', '{"sealed": 7}', "\x00"])
def test_a_damaged_file_is_told_and_not_shown(tmp_path: Path, text: str) -> None:
    path = tmp_path / "support.json"
    path.write_text(text)
    with pytest.raises(TokensUnreadable, match=r"is damaged|is not in AMENDS_KEY"):
        TokenFile(path, [Fernet.generate_key().decode()]).read()


# ---- renewing --------------------------------------------------------------------------------------------------------


class Source:
    """Hands out `one`, `two` and so on, of this life, unless it has something else to say."""

    advice = "sign in again"

    def __init__(self, life: float) -> None:
        self.life, self.given = life, 0
        self.error: InboxError | None = None

    def renew(self, refused: str) -> Granted:
        if self.error is not None:
            raise self.error
        self.given += 1
        return Granted(f"token-{self.given}", time.time() + self.life)

    def stamp(self) -> str:
        return "stamp"


def test_a_token_is_asked_for_once_and_again_two_minutes_before_its_end() -> None:
    source = Source(life=3600)
    tokens = Fresh("support", source)
    assert [tokens.get().text for _ in range(3)] == ["token-1"] * 3
    assert abs(tokens.get().renew_at - (time.time() + 3600 - AHEAD)) < 5
    assert "token-1" not in repr(tokens.get())
    source.life = 0.0
    assert tokens.get("token-1").text == "token-2"
    assert tokens.get().text == "token-3"


def test_a_token_that_still_holds_bridges_an_outage_and_one_that_does_not_cannot() -> None:
    source = Source(life=3600)
    tokens = Fresh("support", source)
    tokens.get()
    source.error = InboxUnavailable("support", "down")
    tokens._token = type(tokens._token)("token-1", time.time() - 1)  # it should be renewed by now
    assert tokens.get().text == "token-1"
    with pytest.raises(InboxUnavailable):
        tokens.get("token-1")
    source.error = InboxRefused("support", "over")
    tokens._again_at = 0.0
    with pytest.raises(InboxRefused):
        tokens.get()


# ---- a program that prints a token -----------------------------------------------------------------------------------


def program(tmp_path: Path, text: str) -> Command:
    """A shell script as token_command."""
    path = tmp_path / "token.sh"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return Command("support", [str(path)], patience=5.0)


def test_the_first_line_a_program_prints_is_the_token_and_kept_for_a_while(tmp_path: Path) -> None:
    tokens = program(tmp_path, f"echo x >>{tmp_path}/asked; echo token-$(wc -l <{tmp_path}/asked); echo more")
    assert [tokens.get().text for _ in range(2)] == ["token-1"] * 2
    assert tokens.get("token-1").text == "token-2"


@pytest.mark.parametrize(
    ("text", "problem", "kind"),
    [
        ("echo s3cret; exit 3", "ended with 3", InboxUnavailable),
        ("true", "is empty", InboxUnavailable),
        ("echo 's3cret token'", "characters no token has", InboxUnavailable),
        ("echo s3cret", "prints the token again that was refused", InboxRefused),
    ],
)
def test_what_goes_wrong_is_told_without_what_it_printed(
    tmp_path: Path, text: str, problem: str, kind: type[InboxError]
) -> None:
    with pytest.raises(kind, match=problem) as told:
        program(tmp_path, text).get(refused="s3cret")
    assert "s3cret" not in str(told.value)


def test_a_program_that_takes_too_long_is_ended_with_all_it_started(tmp_path: Path) -> None:
    slow = program(tmp_path, "sleep 600 & sleep 600")
    slow._patience = 0.2
    with pytest.raises(InboxUnavailable, match="took longer"):
        slow.get()


def test_a_program_that_cannot_be_run_is_named_and_what_it_is_given_is_not() -> None:
    with pytest.raises(InboxRefused, match="cannot be run: /no/such/program: No such file") as told:
        Command("support", ["/no/such/program", "--secret", "s3cret"]).get()
    assert "s3cret" not in str(told.value)


# ---- the providers ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with signing_in(tmp_path_factory.mktemp("provider")) as one, pytest.MonkeyPatch.context() as patch:
        for name, value in one.trust.items():
            patch.setenv(name, value)
        yield one


@pytest.fixture
def well(provider: Provider) -> Provider:
    provider.life, provider.status, provider.may_renew, provider.approved = 3600.0, 200, True, True
    provider.grants.clear()
    return provider


def tokens_of(settings: MailboxSettings) -> Tokens:
    found = tokens_for(settings)
    assert found is not None
    return found


def at_microsoft(provider: Provider, tmp_path: Path, tenant: str = "", secret: str = "") -> MailboxSettings:
    kept = tmp_path / "amends.tokens" / "support.json"
    way = OAuth(
        provider="microsoft", client_id=CLIENT, tenant=tenant, client_secret=secret, url=provider.url, kept=kept
    )
    return mailbox(way)


def test_at_microsoft_a_person_types_a_code_and_the_tokens_last(well: Provider, tmp_path: Path) -> None:
    settings = at_microsoft(well, tmp_path)
    with pytest.raises(InboxRefused, match="nobody has signed in with Microsoft yet - amends login support"):
        tokens_of(settings).get()
    said: list[str] = []
    assert sign_in(settings, said.append) == well.user
    assert "ABCD-EFGH" in said[0]
    first = tokens_of(settings).get().text
    assert well.grants == ["device_code"]  # the token of the sign-in is used, also after a restart
    assert tokens_of(settings).get(first).text != first
    assert well.grants == ["device_code", "refresh_token"]


def test_a_sign_in_at_microsoft_that_is_over_is_told_by_its_code_alone(well: Provider, tmp_path: Path) -> None:
    settings = at_microsoft(well, tmp_path)
    sign_in(settings, print)
    tokens = tokens_of(settings)
    first, before = tokens.get().text, tokens.stamp()
    well.may_renew = False
    with pytest.raises(InboxRefused, match=r"AADSTS700082.* - sign in again: amends login support") as told:
        tokens.get(first)
    assert well.user not in str(told.value)
    well.may_renew = True
    sign_in(settings, print)
    assert tokens.stamp() != before
    assert tokens.get(first).text != first


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_provider_that_is_down_is_no_refusal(well: Provider, tmp_path: Path, status: int) -> None:
    settings = at_microsoft(well, tmp_path)
    sign_in(settings, print)
    well.status = status
    with pytest.raises(InboxUnavailable, match="Microsoft's sign-in did not"):
        tokens_of(settings).get("another")


def test_an_application_signs_in_at_microsoft_by_its_secret(well: Provider, tmp_path: Path) -> None:
    settings = at_microsoft(well, tmp_path, tenant="example.com", secret=CLIENT_SECRET)
    assert tokens_of(settings).get().text in well.issued
    assert tokens_of(settings).stamp() == ""
    assert not (tmp_path / "amends.tokens").exists()
    with pytest.raises(NothingToSignIn, match="signs in by itself"):
        sign_in(settings, print)
    wrong = at_microsoft(well, tmp_path, tenant="example.com", secret="wrong")
    with pytest.raises(InboxRefused, match="AADSTS7000215"):
        tokens_of(wrong).get()


def test_google_renews_by_what_was_kept(well: Provider, tmp_path: Path) -> None:
    kept = tmp_path / "support.json"
    settings = mailbox(OAuth(provider="google", client_id=CLIENT, client_secret=CLIENT_SECRET, url=well.url, kept=kept))
    with pytest.raises(InboxRefused, match="nobody has signed in with Google yet"):
        tokens_of(settings).get()
    well.refresh_tokens.add("canary-refresh")
    ended = {"provider": "google", "token": "old", "until": time.time(), "refresh_token": "canary-refresh"}
    kept.write_text(json.dumps(ended))
    fresh = tokens_of(settings).get()
    assert well.issued[fresh.text] - AHEAD - 5 < fresh.renew_at
    assert tokens_of(settings).get().text == fresh.text
    well.may_renew = False
    with pytest.raises(InboxRefused, match="invalid_grant - sign in again: amends login support"):
        tokens_of(settings).get(fresh.text)
    well.status = 503
    with pytest.raises(InboxUnavailable, match="Google's sign-in did not answer"):
        tokens_of(settings).get(fresh.text)


def test_where_there_is_a_password_there_is_nothing_to_sign_in_to() -> None:
    assert tokens_for(mailbox(None)) is None
    with pytest.raises(NothingToSignIn, match="its settings name no `oauth`"):
        sign_in(mailbox(TokenCommand(("true",))), print)
