"""The way into a mailbox: by password or token, with as few tries as a lock-out forgives."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import pytest

from integrations.imap.client import ImapInbox
from plugin.config import MailboxSettings
from plugin.demo.mailbox import Dovecot
from plugin.inbox import InboxRefused, InboxUnavailable, Token
from plugin.model import Address
from plugin.testing import Forgetful
from tests.provider import Provider, asking, signing_in
from tests.proxy import Proxy

US = "support@example.com"


@dataclass(slots=True)
class Given:
    """plugin.inbox.Tokens from a list: the next one when one is refused, or when it is time to renew."""

    left: list[Token]
    signed_in: str = "once"
    advice: str = "sign in again: amends login support"
    asked: list[str] = field(default_factory=list)

    def get(self, refused: str = "") -> Token:
        self.asked.append(refused)
        if len(self.left) > 1 and (refused == self.left[0].text or 0 < self.left[0].renew_at < time.time()):
            self.left.pop(0)
        return self.left[0]

    def stamp(self) -> str:
        return self.signed_in


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with signing_in(tmp_path_factory.mktemp("provider")) as one:
        yield one


@pytest.fixture(scope="module")
def server(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    folder = tmp_path_factory.mktemp("mail")
    folder.chmod(0o755)
    with Dovecot(folder, password="right", extra=asking(provider, folder), fsync="never") as one:
        yield one


@pytest.fixture
def proxy(server: Dovecot) -> Iterator[Proxy]:
    with Proxy(server.host, server.port) as one:
        yield one


@contextmanager
def opened(proxy: Proxy, tokens: Given | None = None, password: str = "") -> Iterator[ImapInbox]:
    """An inbox behind the proxy."""
    settings = MailboxSettings(
        name="support", identities=(Address(US),), ours=(US,), host="127.0.0.1", port=proxy.port, tls="none", user=US,
        password=password,
    )  # fmt: skip
    with closing(ImapInbox(settings) if tokens is None else ImapInbox(settings, tokens)) as inbox:
        yield inbox


def look(inbox: ImapInbox) -> None:
    """One look into it."""
    list(inbox.fetch(None, Forgetful()))


def holding(provider: Provider, *names: str) -> None:
    """These tokens hold at the mail server, and no others."""
    provider.issued = dict.fromkeys(names, time.time() + 3600)
    provider.shown.clear()


@pytest.mark.parametrize("hidden", ["", "AUTH=XOAUTH2"])
def test_a_token_opens_the_mailbox_by_either_mechanism(provider: Provider, proxy: Proxy, hidden: str) -> None:
    holding(provider, "good")
    proxy.rewrite(lambda line: line.replace(hidden.encode(), b"X-NOTHING") if hidden else line)
    with opened(proxy, Given([Token("good")])) as inbox:
        look(inbox)
    assert (b"AUTHENTICATE OAUTHBEARER" in proxy.said) is bool(hidden)
    assert [token for token, _ in provider.shown] == ["good"]


@pytest.mark.parametrize("hidden", ["", "AUTH=XOAUTH2"])
def test_a_token_that_is_refused_is_renewed_once(provider: Provider, proxy: Proxy, hidden: str) -> None:
    holding(provider, "good")
    proxy.rewrite(lambda line: line.replace(hidden.encode(), b"X-NOTHING") if hidden else line)
    with opened(proxy, Given([Token("bad"), Token("good")])) as inbox:
        look(inbox)
    assert [token for token, _ in provider.shown] == ["bad", "good"]


def test_after_that_nobody_tries_again_until_a_person_has_signed_in(provider: Provider, proxy: Proxy) -> None:
    holding(provider, "good")
    tokens = Given([Token("bad"), Token("worse")])
    with opened(proxy, tokens) as inbox:
        for _ in range(3):
            with pytest.raises(InboxRefused, match=r"refused the sign-in.* - sign in again: amends login support"):
                look(inbox)
            with pytest.raises(InboxRefused, match="sign in again"):
                inbox.wait(0.1)
        assert [token for token, _ in provider.shown] == ["bad", "worse"]
        tokens.left, tokens.signed_in = [Token("good")], "again"
        look(inbox)


def test_a_refused_password_is_tried_once_by_all_connections_together(proxy: Proxy) -> None:
    with opened(proxy, password="wrong") as inbox:
        for _ in range(3):
            with pytest.raises(InboxRefused, match=r"refused the login.* - check `user:` and `password:`"):
                look(inbox)
            with pytest.raises(InboxRefused):
                inbox.wait(0.1)
            with pytest.raises(InboxRefused):
                inbox.find("<nobody@example.com>")
    assert proxy.connections == 1
    assert bytes(proxy.said).count(b"LOGIN") == 1


def test_a_connection_is_made_anew_before_its_token_ends(provider: Provider, proxy: Proxy) -> None:
    holding(provider, "first", "second")
    tokens = Given([Token("first", time.time() + 0.5), Token("second", time.time() + 3600)])
    with opened(proxy, tokens) as inbox:
        look(inbox)
        look(inbox)
        assert inbox.wait(2) is False  # it waits over the end of the first, on a connection of its own
        look(inbox)
    assert [token for token, _ in provider.shown] == ["first", "first", "second", "second"]
    assert proxy.connections == 4


@pytest.mark.parametrize(
    ("said", "problem", "wait"),
    [
        (b"NO [UNAVAILABLE] Try later", "lets nobody in now", 0),
        (b"NO [ALERT] Too many simultaneous connections. (Failure)", "allows no more connections to this account", 60),
        (b"NO [LIMIT] Maximum number of connections exceeded", "Amends holds two connections at most", 0),
        (b"NO [OVERQUOTA] Account exceeded command or bandwidth limits.", "throttled until", 900),
        (b"NO [THROTTLED] System Error (Failure)", "throttled until", 900),
        (b"NO Request is throttled. Suggested Backoff Time: 299910 milliseconds", "throttled until", 300),
    ],
)
def test_a_server_that_is_busy_refuses_nobody(proxy: Proxy, said: bytes, problem: str, wait: int) -> None:
    proxy.rewrite(lambda line: line.split(b" ")[0] + b" " + said + b"\r\n" if b"Logged in" in line else line)
    with opened(proxy, password="right") as inbox, pytest.raises(InboxUnavailable, match=problem) as told:
        look(inbox)
    assert wait - 1 <= told.value.wait <= wait


def test_no_token_is_in_a_log_of_everything(provider: Provider, proxy: Proxy, caplog: pytest.LogCaptureFixture) -> None:
    holding(provider, "good-canary")
    tokens = Given([Token("bad-canary"), Token("good-canary")])
    with caplog.at_level(1), opened(proxy, tokens) as inbox:
        look(inbox)
    assert "canary" not in caplog.text
    assert "Y2FuYXJ5" not in caplog.text
