"""An ear at a real mailbox: what one thread, which has many of them, hears of it."""

from __future__ import annotations

import selectors
import time
from collections.abc import Iterator

import pytest
from imapclient import SocketTimeout

from integrations.imap import session
from plugin.demo.mailbox import Dovecot
from plugin.inbox import Ear, Hearing, InboxUnavailable
from tests.integrations.test_imap_client import PASSWORD, Mailbox, account
from tests.proxy import Proxy


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    with Dovecot(tmp_path_factory.mktemp("dovecot"), password=PASSWORD, fsync="never") as running:
        yield running


@pytest.fixture
def mailbox(server: Dovecot) -> Iterator[Mailbox]:
    with account(server) as made:
        yield made


def lent(mailbox: Mailbox) -> Ear:
    """The ear of this mailbox."""
    assert isinstance(mailbox.inbox, Hearing)
    ear = mailbox.inbox.listen()
    assert ear is not None
    return ear


def readable(ear: Ear, seconds: float = 20.0) -> bool:
    """Whether there is something to hear, at the latest after so many seconds."""
    with selectors.DefaultSelector() as selector:
        selector.register(ear, selectors.EVENT_READ)
        return bool(selector.select(seconds))


def test_mail_that_comes_is_heard_and_then_the_next_one(mailbox: Mailbox) -> None:
    mailbox.poll()
    ear = lent(mailbox)
    assert not ear.news
    for number in (1, 2):
        mailbox.deliver(number)
        assert readable(ear)
        assert ear.hear()
    assert ear.close() is False
    assert 0 < ear.until - time.monotonic() <= 290


def test_mail_that_came_before_somebody_listened_is_news(mailbox: Mailbox) -> None:
    mailbox.poll()
    mailbox.deliver(1)
    assert lent(mailbox).news


def test_a_line_that_is_cut_is_heard_and_the_next_ear_is_on_a_new_one(server: Dovecot) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        mailbox.poll()
        ear = lent(mailbox)
        proxy.cut()
        assert readable(ear)
        with pytest.raises(InboxUnavailable):
            ear.hear()
        again = lent(mailbox)
        mailbox.deliver(1)
        assert readable(again)
        assert again.hear()


def test_a_line_that_silently_went_dead_is_found_out_when_the_ear_is_changed(
    server: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "TIMEOUT", SocketTimeout(connect=10, read=1))  # 30 seconds would be long for a test
    monkeypatch.setattr("integrations.imap.door.TIMEOUT", SocketTimeout(connect=10, read=1))
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        mailbox.poll()
        ear = lent(mailbox)
        proxy.forget()
        with pytest.raises(InboxUnavailable):
            ear.close()
        mailbox.deliver(1)
        assert [message.subject for page in mailbox.poll() for message in page.messages] == ["Order 1"]


def test_closing_the_inbox_ends_what_is_listened_to(mailbox: Mailbox) -> None:
    mailbox.poll()
    ear = lent(mailbox)
    mailbox.inbox.close()
    with pytest.raises(InboxUnavailable):
        ear.hear()
    assert isinstance(ear.fileno(), int)
    lent(mailbox)
