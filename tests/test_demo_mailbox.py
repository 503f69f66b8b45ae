"""The private mail server: real ones are started here, looked at with an IMAP client, and ended."""

from __future__ import annotations

import multiprocessing
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from plugin.demo.mailbox import Dovecot, MailboxError, PipMailbox, find_dovecot, open_mailbox

SHOP = "support@lighthouse.example"
MAIL = b"From: Ada <ada@postbox.example>\r\nSubject: my lamp\r\nMessage-ID: <1@postbox.example>\r\n\r\nIt is late.\r\n"


def living_groups() -> set[int]:
    """The process groups in which somebody lives; who has ended and was not yet asked for his result does not count."""
    listed = subprocess.run(["ps", "-eo", "pgid=,stat="], capture_output=True, text=True, check=True).stdout
    return {int(group) for group, state in map(str.split, listed.splitlines()) if not state.startswith("Z")}


def sign_in(mailbox: Dovecot | PipMailbox, user: str = SHOP) -> IMAPClient:
    client = IMAPClient(mailbox.host, mailbox.port, ssl=False, timeout=10)
    client.login(user, mailbox.password)
    return client


def subjects(client: IMAPClient) -> list[bytes]:
    client.select_folder("INBOX")
    fetched = client.fetch(client.search(), ["ENVELOPE"])
    return [fetched[uid][b"ENVELOPE"].subject for uid in sorted(fetched)]


def shake_hands(dovecot: Dovecot, trust: ssl.SSLContext) -> None:
    """Greet the TLS port under the name localhost."""
    with socket.create_connection(("localhost", dovecot.tls_port), timeout=10) as plain:
        trust.wrap_socket(plain, server_hostname="localhost").close()


def running(words: str) -> list[str]:
    """The command lines of this machine that hold these words."""
    listed = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if words in line]


@pytest.fixture(params=[Dovecot, PipMailbox])
def mailbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Dovecot | PipMailbox]:
    kind: type[Dovecot | PipMailbox] = request.param
    with kind(tmp_path / "server", password="lamp") as started:
        yield started


def test_a_new_mailbox_is_empty_and_says_what_its_folders_are_for(mailbox: Dovecot | PipMailbox) -> None:
    with sign_in(mailbox) as client:
        uses = {name: flags for flags, _, name in client.list_folders()}
        assert set(uses) == {"INBOX", "Drafts", "Sent", "Trash"}
        assert all(f"\\{name}".encode() in uses[name] for name in ("Drafts", "Sent", "Trash"))
        assert client.has_capability("SPECIAL-USE")
        assert client.find_special_folder(b"\\Drafts") == "Drafts"
        assert client.select_folder("INBOX")[b"EXISTS"] == 0


def test_a_keyword_set_on_a_message_is_there_for_the_next_client(mailbox: Dovecot | PipMailbox) -> None:
    with sign_in(mailbox) as client:
        client.append("INBOX", MAIL)
        assert b"\\*" in client.select_folder("INBOX")[b"PERMANENTFLAGS"]
        client.add_flags(client.search(), [b"complaint", b"category-delivery"])
        client.remove_flags(client.search(), [b"complaint"])
    with sign_in(mailbox) as witness:
        witness.select_folder("INBOX", readonly=True)
        (flags,) = witness.get_flags(witness.search(["KEYWORD", "category-delivery"])).values()
        assert b"category-delivery" in flags
        assert b"complaint" not in flags


def test_a_draft_is_found_again_by_its_message_id(mailbox: Dovecot | PipMailbox) -> None:
    with sign_in(mailbox) as client:
        assert b"APPENDUID" in client.append("Drafts", MAIL, flags=[b"\\Draft"])
        client.select_folder("Drafts")
        assert len(client.search(["HEADER", "Message-ID", "<1@postbox.example>"])) == 1


def test_every_user_has_a_mailbox_of_his_own(mailbox: Dovecot | PipMailbox) -> None:
    with sign_in(mailbox, "one@lighthouse.example") as one, sign_in(mailbox, "two@lighthouse.example") as two:
        one.append("INBOX", MAIL)
        assert subjects(one) == [b"my lamp"]
        assert subjects(two) == []


def test_another_password_is_refused(mailbox: Dovecot | PipMailbox) -> None:
    client = IMAPClient(mailbox.host, mailbox.port, ssl=False, timeout=10)
    with pytest.raises(LoginError):
        client.login(SHOP, "kettle")
    client.shutdown()


def test_a_folder_made_later_keeps_keywords_too(mailbox: Dovecot | PipMailbox) -> None:
    with sign_in(mailbox) as client:
        client.create_folder("Complaints/Resolved")
        client.append("Complaints/Resolved", MAIL, flags=[b"complaint"])
        client.select_folder("Complaints/Resolved")
        assert client.search(["KEYWORD", "complaint"])


@pytest.mark.parametrize("kind", [Dovecot, PipMailbox])
def test_stopping_leaves_no_process_behind_though_a_client_is_connected(
    kind: type[Dovecot | PipMailbox], tmp_path: Path
) -> None:
    server = kind(tmp_path, password="lamp-of-this-test")
    server.start()
    mark = str(server.home) if isinstance(server, Dovecot) else "lamp-of-this-test"
    client = sign_in(server)
    group = os.getpgid(int((server.home / "run/master.pid").read_text())) if isinstance(server, Dovecot) else None
    assert running(mark)
    server.stop()
    server.stop()
    assert running(mark) == []
    assert group not in living_groups()
    client.shutdown()


def test_a_second_instance_runs_beside_the_first(tmp_path: Path) -> None:
    with Dovecot(tmp_path / "a") as first, Dovecot(tmp_path / "b") as second:
        assert first.port != second.port
        with sign_in(first) as client, sign_in(second) as other:
            client.append("INBOX", MAIL)
            assert (subjects(client), subjects(other)) == ([b"my lamp"], [])
        second.stop()
        with sign_in(first) as client:
            assert subjects(client) == [b"my lamp"]


def test_a_restarted_dovecot_has_the_same_port_and_the_same_mail(tmp_path: Path) -> None:
    with Dovecot(tmp_path) as dovecot:
        with sign_in(dovecot) as client:
            client.append("INBOX", MAIL, flags=[b"complaint"])
        port = dovecot.port
        dovecot.restart()
        assert dovecot.port == port
        with sign_in(dovecot) as client:
            assert subjects(client) == [b"my lamp"]
            assert client.search(["KEYWORD", "complaint"])
        assert dovecot.maildir(SHOP).is_dir()


def test_a_dovecot_that_cannot_start_says_why_and_leaves_no_process(tmp_path: Path) -> None:
    broken = Dovecot(tmp_path, extra="no_such_setting = 3")
    with pytest.raises(MailboxError, match=r"\(Dovecot\) ended at once .*Unknown setting: no_such_setting"):
        broken.start()
    assert running(str(broken.home)) == []


def test_a_port_in_use_is_an_error_and_not_a_stranger_taken_for_ours(tmp_path: Path) -> None:
    with Dovecot(tmp_path / "a") as first:
        second = Dovecot(tmp_path / "b", port=first.port)
        with pytest.raises(MailboxError, match="Address already in use"):
            second.start()
        assert running(str(second.home)) == []


def test_extra_configuration_wins_over_ours(tmp_path: Path) -> None:
    extra = "protocol imap {\n  imap_capability = IMAP4rev1 IDLE\n}"
    with Dovecot(tmp_path, extra=extra) as dovecot, sign_in(dovecot) as client:
        assert set(client.capabilities()) == {b"IMAP4REV1", b"IDLE"}


def test_without_special_use_there_is_an_inbox_only(tmp_path: Path) -> None:
    with Dovecot(tmp_path, special_use=False) as dovecot, sign_in(dovecot) as client:
        assert [name for _, _, name in client.list_folders()] == ["INBOX"]


def test_doveadm_changes_uidvalidity_and_its_complaints_are_heard(tmp_path: Path) -> None:
    with Dovecot(tmp_path) as dovecot:
        with sign_in(dovecot) as client:
            client.append("INBOX", MAIL)
        dovecot.doveadm("mailbox", "update", "-u", SHOP, "--uid-validity", "4711", "INBOX")
        with sign_in(dovecot) as client:
            assert client.select_folder("INBOX")[b"UIDVALIDITY"] == 4711
        with pytest.raises(MailboxError, match="NoSuchFolder"):
            dovecot.doveadm("mailbox", "status", "-u", SHOP, "all", "NoSuchFolder")


def test_tls_is_offered_both_ways_with_a_certificate_one_can_verify(tmp_path: Path) -> None:
    with Dovecot(tmp_path, protocol_tls=True) as dovecot:
        trust = ssl.create_default_context(cafile=str(dovecot.certificate))
        with IMAPClient("localhost", dovecot.tls_port, ssl_context=trust, timeout=10) as implicit:
            implicit.login(SHOP, dovecot.password)
        with IMAPClient("localhost", dovecot.port, ssl=False, timeout=10) as upgraded:
            upgraded.starttls(trust)
            upgraded.login(SHOP, dovecot.password)
        with pytest.raises(ssl.SSLCertVerificationError):
            shake_hands(dovecot, ssl.create_default_context())


def test_a_certificate_for_another_name_is_not_valid_for_localhost(tmp_path: Path) -> None:
    with Dovecot(tmp_path, protocol_tls=True, certificate_for="mail.elsewhere.example") as dovecot:
        trust = ssl.create_default_context(cafile=str(dovecot.certificate))
        with pytest.raises(ssl.SSLCertVerificationError, match="localhost"):
            shake_hands(dovecot, trust)


def _keep_a_mail_as(uid: int, gid: int, folder: Path) -> None:
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    with Dovecot(folder) as dovecot, sign_in(dovecot) as client:
        client.append("INBOX", MAIL)
        assert subjects(client) == [b"my lamp"]
        assert dovecot.maildir(SHOP).stat().st_uid == uid
    assert running(str(dovecot.home)) == []


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_an_ordinary_user_can_run_it(tmp_path: Path) -> None:
    user = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    folder = Path(tempfile.mkdtemp())
    shutil.chown(folder, user.pw_uid, user.pw_gid)
    child = multiprocessing.get_context("fork").Process(target=_keep_a_mail_as, args=(user.pw_uid, user.pw_gid, folder))
    child.start()
    child.join()
    shutil.rmtree(folder)
    assert child.exitcode == 0


@pytest.mark.parametrize("kind", [Dovecot, PipMailbox])
def test_a_password_that_would_break_the_configuration_is_refused(
    kind: type[Dovecot | PipMailbox], tmp_path: Path
) -> None:
    with pytest.raises(MailboxError, match="password of letters"):
        kind(tmp_path, password="a lamp\n}")


def test_the_mailbox_opened_is_dovecot_where_there_is_one(tmp_path: Path) -> None:
    assert find_dovecot() is not None
    opened = open_mailbox(tmp_path, "lamp")
    assert isinstance(opened, Dovecot)
    assert (opened.password, opened.lacks) == ("lamp", "")


def test_where_dovecot_is_of_another_generation_the_stand_in_says_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "bin/dovecot"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\necho '2.4.1 (7d8c0e5759)'\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", str(other.parent), prepend=os.pathsep)
    assert find_dovecot() is None
    opened = open_mailbox(tmp_path / "server", "lamp")
    assert isinstance(opened, PipMailbox)
    assert "memory only" in opened.lacks
    with pytest.raises(MailboxError, match=r"was not found in version 2\.3"):
        Dovecot(tmp_path / "server")
