"""ImapInbox against a real Dovecot, with a second IMAP connection as witness of what is in the mailbox."""

from __future__ import annotations

import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient, SocketTimeout

from integrations.imap import door, session, writing
from integrations.imap.client import ImapInbox
from plugin.config import MailboxSettings
from plugin.demo.mailbox import Dovecot
from plugin.inbox import ActKind, Change, Cursor, Finding, InboxRefused, InboxUnavailable, Notice, Page, Receipt
from plugin.model import Address, Draft, Place, Reminder, Written
from tests.proxy import Proxy

PASSWORD = "lamp"
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
US = Address("support@lighthouse.example", "Lighthouse")
THEM = Address("jo@customer.example", "Jo")
_EXTRA = """
mail_plugins = acl quota
plugin {
  acl = vfile
  quota = maildir:User quota
  quota_rule = *:storage=100M
  quota_max_mail_size = 200M
}
protocol imap {
  mail_plugins = acl quota imap_acl imap_quota
}
"""
_users = count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    with Dovecot(tmp_path_factory.mktemp("dovecot"), password=PASSWORD, extra=_EXTRA, fsync="never") as running:
        yield running


@dataclass
class Notes:
    """What a store remembers, in memory; the same promises as plugin.inbox.Memory."""

    keys: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    places: dict[Place, str] = field(default_factory=dict)
    ours: list[Written] = field(default_factory=list)

    def known(self, fingerprints: Sequence[str]) -> Mapping[str, Sequence[str]]:
        return {one: self.keys[one] for one in fingerprints if one in self.keys}

    def recorded(self, folder: str, validity: int, uids: Sequence[int]) -> Mapping[int, str]:
        return {uid: key for uid in uids if (key := self.places.get(Place(folder, validity, uid)))}

    def written(self) -> Sequence[Written]:
        return self.ours

    def notices(self) -> Sequence[Notice]:
        return ()

    def bookmarks(self, topics: Sequence[str]) -> Mapping[str, str]:
        return {}

    def take(self, page: Page) -> None:
        told = [*page.messages, *(act.message for act in page.acts if act.message)]
        for message in told:
            self.places[message.place] = message.key
            printed = (page.prints or {}).get(message.place)
            if printed and message.key not in self.keys[printed]:
                self.keys[printed].append(message.key)
        for sighting in page.sightings:
            self.places[sighting.place] = sighting.key


@dataclass
class Mailbox:
    """An account of its own on the server: the inbox under test, its memory, and a witness."""

    server: Dovecot
    settings: MailboxSettings
    inbox: ImapInbox
    witness: IMAPClient
    notes: Notes = field(default_factory=Notes)
    cursor: Cursor | None = None

    def poll(self) -> list[Page]:
        pages = []
        for page in self.inbox.fetch(self.cursor, self.notes):
            self.notes.take(page)
            self.cursor = page.cursor
            pages.append(page)
        return pages

    def write(self, *changes: Change) -> list[Receipt]:
        return list(self.inbox.write(changes))

    def reopen(self, **other: Any) -> None:
        """The same account as after a restart of ours, perhaps with other settings."""
        self.inbox.close()
        self.settings = replace(self.settings, **other)
        self.inbox = ImapInbox(self.settings)

    def flags(self, folder: str = "INBOX") -> dict[int, set[str]]:
        self.witness.select_folder(folder, readonly=True)
        found = self.witness.get_flags(self.witness.search()) if self.witness.search() else {}
        return {uid: {flag.decode() for flag in flags} - {"\\Recent"} for uid, flags in found.items()}

    def bodies(self, folder: str) -> list[bytes]:
        self.witness.select_folder(folder, readonly=True)
        found = self.witness.fetch(self.witness.search(), ["BODY.PEEK[]"])
        return [facts[b"BODY[]"] for _, facts in sorted(found.items())]

    def mark(self, uid: int, *flags: str, folder: str = "INBOX") -> None:
        self.witness.select_folder(folder)
        self.witness.add_flags([uid], flags)
        self.witness.unselect_folder()

    def deliver(self, number: int = 1, folder: str = "INBOX", **how: Any) -> None:
        self.witness.append(folder, mail(number, **how))


@pytest.fixture
def mailbox(server: Dovecot) -> Iterator[Mailbox]:
    with account(server) as one:
        yield one


@contextmanager
def account(server: Dovecot, *, port: int = 0, **settings: Any) -> Iterator[Mailbox]:
    user = f"user{next(_users)}@lighthouse.example"
    set_up = MailboxSettings(
        name="support", host="127.0.0.1", port=port or server.port, tls="none", user=user, password=PASSWORD,
        identities=(US,), ours=(US.email,), **settings,
    )  # fmt: skip
    witness = IMAPClient(server.host, server.port, ssl=False)
    witness.login(user, PASSWORD)
    mailbox = Mailbox(server, set_up, ImapInbox(set_up), witness)
    try:
        yield mailbox
    finally:
        mailbox.inbox.close()
        witness.logout()


def mail(
    number: int, *, sender: Address = THEM, to: Address = US, body: str = "Where is my parcel?", extra: str = ""
) -> bytes:
    text = (
        f"From: {sender}\nTo: {to}\nSubject: Order {number}\nMessage-ID: <m{number}@customer.example>\n"
        f"Date: Fri, 20 Nov 2026 08:00:00 +0000\n{extra}\n{body}\n"
    )
    return text.replace("\n", "\r\n").encode()


def draft(number: int, text: str = "We are sorry.") -> Draft:
    return Draft(
        message_id=f"<amends-{number}@lighthouse.example>", case=f"case{number}", sender=US, to=THEM,
        subject=f"Order {number}", references=(f"<m{number}@customer.example>",), text=text, at=NOW,
    )  # fmt: skip


def reminder(number: int) -> Reminder:
    return Reminder(
        message_id=f"<todo-{number}@lighthouse.example>", case=f"case{number}", subject=f"To do: answer {number}",
        text="Jo waits.", at=datetime.now(UTC),
    )  # fmt: skip


def subjects(pages: Sequence[Page]) -> list[str]:
    return [message.subject for page in pages for message in page.messages]


def acts(pages: Sequence[Page]) -> list[ActKind]:
    return [act.kind for page in pages for act in page.acts]


def load(mailbox: Mailbox, numbers: Sequence[int], folder: str = "INBOX") -> None:
    for start in range(0, len(numbers), 200):
        mailbox.witness.multiappend(folder, [mail(number) for number in numbers[start : start + 200]])


# -- reading


def test_the_first_pass_remembers_where_it_began_and_reads_no_old_mail(mailbox: Mailbox) -> None:
    load(mailbox, range(300))
    (page,) = mailbox.poll()
    assert not page.messages
    mailbox.deliver(300)
    assert subjects(mailbox.poll()) == ["Order 300"]


def test_with_start_all_the_old_mail_is_read_as_historic_and_the_new_is_not(server: Dovecot) -> None:
    with account(server, start="all") as mailbox:
        load(mailbox, range(250))
        pages = mailbox.poll()
        assert [len(page.messages) for page in pages if page.messages] == [100, 100, 50]
        assert all(message.historic for page in pages for message in page.messages)
        mailbox.deliver(250)
        (page,) = mailbox.poll()
        assert [message.historic for message in page.messages] == [False]


def test_with_a_start_date_older_mail_stays_unread(server: Dovecot) -> None:
    with account(server, start=date(2026, 11, 1)) as mailbox:
        mailbox.witness.append("INBOX", mail(1), msg_time=datetime(2026, 10, 1, tzinfo=UTC))
        mailbox.witness.append("INBOX", mail(2), msg_time=datetime(2026, 11, 2, tzinfo=UTC))
        assert subjects(mailbox.poll()) == ["Order 2"]


def test_a_pass_that_was_broken_off_goes_on_behind_its_last_page(server: Dovecot) -> None:
    with account(server, start="all") as mailbox:
        load(mailbox, range(250))
        for page in mailbox.inbox.fetch(None, mailbox.notes):
            mailbox.cursor = page.cursor
            if page.messages:
                break
        mailbox.reopen()
        assert len(subjects(mailbox.poll())) == 150


def test_writing_while_a_backlog_is_read_disturbs_neither(mailbox: Mailbox) -> None:
    mailbox.poll()
    load(mailbox, range(450))
    told: list[str] = []
    for number, page in enumerate(mailbox.inbox.fetch(mailbox.cursor, mailbox.notes)):
        told += subjects([page])
        (receipt,) = mailbox.write(
            Change(key="k", case="c", place=page.messages[0].place, add_tags=("complaint",), draft=draft(number))
        )
        assert receipt.draft and receipt.tags_added == ("complaint",)
    assert told == [f"Order {number}" for number in range(450)]
    assert [uid for uid, flags in mailbox.flags().items() if "complaint" in flags] == [1, 101, 201, 301, 401]
    assert len(mailbox.bodies("Drafts")) == 5


def test_mail_that_goes_while_a_backlog_is_read_is_no_fault(mailbox: Mailbox) -> None:
    mailbox.poll()
    load(mailbox, range(450))
    told: list[str] = []
    for page in mailbox.inbox.fetch(mailbox.cursor, mailbox.notes):
        if not told:
            mailbox.witness.select_folder("INBOX")
            mailbox.witness.delete_messages([401, 410, *range(420, 451)])
            mailbox.witness.expunge()
        told += subjects([page])
        assert page.unreadable == ()
    assert told == [f"Order {number}" for number in range(419) if number not in (400, 409)]


def test_a_connection_lost_between_two_pages_loses_and_doubles_nothing(server: Dovecot) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        mailbox.poll()
        load(mailbox, range(450))
        told: list[str] = []
        while len(told) < 450:
            with suppress(InboxUnavailable):
                for page in mailbox.inbox.fetch(mailbox.cursor, mailbox.notes):
                    told, mailbox.cursor = told + subjects([page]), page.cursor
                    proxy.cut()
        assert told == [f"Order {number}" for number in range(450)]


def test_nothing_is_told_twice(mailbox: Mailbox) -> None:
    mailbox.poll()
    mailbox.deliver(1)
    assert subjects(mailbox.poll()) == ["Order 1"]
    assert mailbox.poll() == []


def test_the_time_of_a_message_is_when_the_server_took_it(mailbox: Mailbox) -> None:
    mailbox.poll()
    mailbox.witness.append("INBOX", mail(1), msg_time=NOW)
    (page,) = mailbox.poll()
    assert page.messages[0].at == NOW


def test_mail_in_sent_is_known_as_ours(mailbox: Mailbox) -> None:
    mailbox.poll()
    mailbox.deliver(1, folder="Sent", sender=US, to=THEM)
    (page,) = mailbox.poll()
    assert page.messages[0].genuine


@pytest.mark.parametrize("start", ["now", "all"])
def test_flags_stay_as_they_are_over_three_passes(server: Dovecot, start: str) -> None:
    with account(server, start=start) as mailbox:
        mailbox.poll()
        load(mailbox, range(1000))
        mailbox.mark(3, "\\Seen")
        mailbox.mark(4, "\\Flagged", "blue")
        before = mailbox.flags()
        assert len(subjects(mailbox.poll())) == 1000
        assert mailbox.poll() == mailbox.poll() == []
        assert mailbox.flags() == before


def poison() -> list[bytes]:
    """Mails on which parsers hang or break."""
    heads = [
        "Message-ID: <a@[b\r\n", "To: " + "(" * 5000 + "\r\n", "Content-Type: text/plain; charset=klingon\r\n",
        "Subject: " + "=?utf-8?q?x?= " * 20_000 + "\r\n", "X: " + "y" * 70_000 + "\r\n",
        "To: " + ", ".join(f"a{n}@b.example" for n in range(5000)) + "\r\n",
    ]  # fmt: skip
    nested = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(1500))
    return [head.encode() + b"\r\nbody\r\n" for head in heads] + [
        nested.encode(), b"\r\n", b"From \xff\xfe\r\n\r\n", b"no header at all", b"From: x\r\n\r\n" + b"\0" * 50,
        b'Content-Type: multipart/mixed; boundary="q"\r\n\r\n' + b"--q\r\n\r\n" * 100_000,
    ]  # fmt: skip


def test_twelve_poisonous_mails_do_not_hold_up_the_twenty_behind_them(mailbox: Mailbox) -> None:
    mailbox.poll()
    for raw in poison():
        mailbox.witness.append("INBOX", raw)
    load(mailbox, range(20))
    pages = mailbox.poll()
    assert [one for one in subjects(pages) if one.startswith("Order")] == [f"Order {n}" for n in range(20)]
    told = sum(len(page.messages) + len(page.unreadable) for page in pages)
    assert told == 32
    unreadable = [one for page in pages for one in page.unreadable]
    assert unreadable
    assert all(one.reason and len(one.raw) <= 1 << 20 for one in unreadable)
    assert not any(mailbox.flags().values())


def test_of_a_huge_mail_only_the_first_mebibyte_is_fetched(server: Dovecot) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        mailbox.poll()
        mailbox.deliver(1, body="Where is my parcel?\n" + "x" * 76 + "\n" + ("y" * 76 + "\n") * 60_000)
        proxy.reset()
        pages = mailbox.poll()
        assert subjects(pages) == ["Order 1"]
        assert proxy.received < 1.1 * (1 << 20)


def test_two_equal_mails_without_a_message_id_are_two(mailbox: Mailbox) -> None:
    mailbox.poll()
    raw = re.sub(rb"Message-ID:[^\n]*\n", b"", mail(1))
    mailbox.witness.multiappend("INBOX", [{"msg": raw, "date": NOW}, {"msg": raw, "date": NOW}])
    (page,) = mailbox.poll()
    assert len({message.key for message in page.messages}) == 2


def test_a_quiet_pass_is_one_question_and_no_body(server: Dovecot) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        load(mailbox, range(200))
        mailbox.poll()
        mailbox.poll()
        proxy.reset()
        assert mailbox.poll() == []
        assert proxy.trips <= 5
        assert proxy.sent + proxy.received <= 2048


# -- UIDVALIDITY


def change_validity(mailbox: Mailbox, folder: str = "INBOX") -> None:
    new = str(int(time.time()) % 100_000 + next(_users) * 1000)
    mailbox.server.doveadm("mailbox", "update", "-u", mailbox.settings.user, "--uid-validity", new, folder)


def test_after_a_new_uidvalidity_known_mail_is_recognised_by_its_headers_alone(server: Dovecot) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        mailbox.poll()
        load(mailbox, range(1000))
        mailbox.mark(5, "resolved")
        first = mailbox.poll()
        keys = [message.key for page in first for message in page.messages]
        change_validity(mailbox)
        mailbox.deliver(1000)
        proxy.reset()
        pages = mailbox.poll()
        assert subjects(pages) == ["Order 1000"]
        assert acts(pages) == []
        assert [one.key for page in pages for one in page.sightings] == keys
        assert proxy.received < 600 * 1000
        pages = mailbox.poll()
        assert (subjects(pages), acts(pages)) == ([], [])


def test_after_a_new_uidvalidity_old_mail_that_was_never_read_stays_so(mailbox: Mailbox) -> None:
    mailbox.witness.append("INBOX", mail(1), msg_time=datetime.now(UTC) - timedelta(days=9))
    mailbox.poll()
    change_validity(mailbox)
    assert subjects(mailbox.poll()) == []
    mailbox.deliver(2)
    assert subjects(mailbox.poll()) == ["Order 2"]


def test_a_folder_made_anew_with_the_same_numbers_is_read_again(server: Dovecot) -> None:
    with account(server, folders=("INBOX", "Web")) as mailbox:
        mailbox.witness.create_folder("Web")
        mailbox.poll()
        mailbox.deliver(1, folder="Web")
        assert subjects(mailbox.poll()) == ["Order 1"]
        mailbox.witness.delete_folder("Web")
        mailbox.witness.create_folder("Web")
        mailbox.deliver(2, folder="Web")
        assert subjects(mailbox.poll()) == ["Order 2"]


def test_a_folder_that_is_new_at_every_look_is_refused_until_it_is_at_rest(mailbox: Mailbox) -> None:
    mailbox.poll()
    for _ in range(5):
        change_validity(mailbox)
        mailbox.poll()
    change_validity(mailbox)
    with pytest.raises(InboxRefused, match="changes its UIDVALIDITY at every look"):
        mailbox.poll()
    mailbox.deliver(1)
    assert subjects(mailbox.poll()) == ["Order 1"]


def test_a_server_that_tells_no_uidnext_loses_no_mail(server: Dovecot) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        proxy.replace(b"UIDNEXT", b"NOTHING")
        load(mailbox, range(5))
        mailbox.poll()
        load(mailbox, range(5, 105))
        assert subjects(mailbox.poll()) == [f"Order {n}" for n in range(5, 105)]
        assert subjects(mailbox.poll()) == []


# -- what people do


def test_a_message_moved_to_another_watched_folder_is_told_with_the_same_key(server: Dovecot) -> None:
    with account(server, folders=("INBOX", "INBOX/*")) as mailbox:
        mailbox.witness.create_folder("INBOX/Parcels")
        mailbox.poll()
        mailbox.deliver(1)
        (first,) = mailbox.poll()
        mailbox.mark(1, "resolved")
        assert acts(mailbox.poll()) == [ActKind.RESOLVED]
        mailbox.witness.select_folder("INBOX")
        mailbox.witness.move([1], "INBOX/Parcels")
        pages = mailbox.poll()
        (moved,) = [message for page in pages for message in page.messages]
        assert (moved.key, moved.place.folder) == (first.messages[0].key, "INBOX/Parcels")
        assert acts(pages) == []  # the mark came along, nobody set it now


@pytest.mark.parametrize(
    ("flag", "kind"),
    [
        ("complaint", ActKind.COMPLAINT),
        ("Not-A-Complaint", ActKind.NOT_A_COMPLAINT),
        ("resolved", ActKind.RESOLVED),
        ("\\Answered", ActKind.ANSWERED),
    ],
)
@pytest.mark.parametrize("read_before", [True, False])
def test_a_mark_a_person_sets_is_an_act_once(server: Dovecot, flag: str, kind: ActKind, read_before: bool) -> None:
    with account(server) as mailbox:
        if not read_before:
            mailbox.deliver(1)
        mailbox.poll()
        if read_before:
            mailbox.deliver(1)
        told = [message.key for page in mailbox.poll() for message in page.messages]
        mailbox.mark(1, flag)
        (page,) = mailbox.poll()
        (act,) = page.acts
        assert act.kind == kind
        assert act.message
        assert act.message.message_id == "<m1@customer.example>"
        assert act.message.historic is not read_before
        assert not told or act.message.key == told[0]
        mailbox.mark(1, "\\Seen")
        assert acts(mailbox.poll()) == []


def test_marks_that_were_there_when_we_came_are_no_acts(mailbox: Mailbox) -> None:
    mailbox.deliver(1)
    mailbox.mark(1, "complaint", "\\Answered")
    mailbox.poll()
    mailbox.mark(1, "\\Seen")
    assert acts(mailbox.poll()) == []


def test_a_new_mail_that_arrives_marked_is_an_act(mailbox: Mailbox) -> None:
    mailbox.poll()
    mailbox.witness.append("INBOX", mail(1), flags=["complaint"])
    pages = mailbox.poll()
    assert (subjects(pages), acts(pages)) == (["Order 1"], [ActKind.COMPLAINT])
    assert mailbox.poll() == []


def test_a_message_filed_into_a_folder_of_ours_is_an_act(mailbox: Mailbox) -> None:
    mailbox.inbox.check(make_folders=True)
    mailbox.deliver(1)
    mailbox.poll()
    for folder, kind in {
        "Amends/Complaint": ActKind.COMPLAINT,
        "Amends/Not a complaint": ActKind.NOT_A_COMPLAINT,
        "Amends/Resolved": ActKind.RESOLVED,
    }.items():
        mailbox.witness.select_folder("INBOX")
        mailbox.witness.copy([1], folder)
        pages = mailbox.poll()
        assert (acts(pages), subjects(pages)) == ([kind], [])
        assert pages[0].acts[0].message.subject == "Order 1"  # type: ignore[union-attr]  # an act of this kind has one
    assert mailbox.poll() == []


def test_folders_made_by_the_doctor_are_subscribed(mailbox: Mailbox) -> None:
    mailbox.inbox.check(make_folders=True)
    assert "Amends/Not a complaint" in {name for _, _, name in mailbox.witness.list_sub_folders()}


def test_a_server_with_a_prefix_and_another_separator_is_understood(tmp_path: Path) -> None:
    extra = "namespace inbox {\n  prefix = INBOX.\n  separator = .\n}\n"
    with (
        Dovecot(tmp_path, password=PASSWORD, extra=extra) as server,
        account(server, folders=("INBOX", "INBOX/*")) as mailbox,
    ):
        mailbox.witness.create_folder("INBOX.Web")
        mailbox.inbox.check(make_folders=True)
        mailbox.poll()
        mailbox.deliver(1, folder="INBOX.Web")
        mailbox.deliver(2, folder="INBOX.Amends.Resolved")
        mailbox.deliver(3, folder="INBOX.Drafts")
        pages = mailbox.poll()
        assert (subjects(pages), acts(pages)) == (["Order 1"], [ActKind.RESOLVED])


# -- tags


def test_tags_are_written_and_told_and_writing_again_changes_nothing(mailbox: Mailbox) -> None:
    mailbox.poll()
    mailbox.deliver(1)
    mailbox.mark(1, "vip")
    (page,) = mailbox.poll()
    change = Change(key="k", case="c", place=page.messages[0].place, add_tags=("complaint", "category-delivery", "vip"))
    (receipt,) = mailbox.write(change)
    assert receipt.tags_added == ("complaint", "category-delivery")
    assert mailbox.flags()[1] == {"complaint", "category-delivery", "vip"}
    mailbox.write(change)
    assert mailbox.flags()[1] == {"complaint", "category-delivery", "vip"}


def test_our_own_tags_are_no_acts_and_cost_no_mail(server: Dovecot) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        mailbox.poll()
        load(mailbox, range(1000))
        places = [message.place for page in mailbox.poll() for message in page.messages]
        mailbox.write(*(Change(key=str(p.uid), case="c", place=p, add_tags=("complaint",)) for p in places))
        proxy.reset()
        assert acts(mailbox.poll()) == []
        assert proxy.received < 1000 * 100  # their flags


def test_after_a_restart_our_own_tags_come_back_as_light_acts_only(server: Dovecot) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        mailbox.poll()
        mailbox.deliver(1, body="x\n" * 100_000)
        (page,) = mailbox.poll()
        mailbox.write(Change(key="k", case="c", place=page.messages[0].place, add_tags=("complaint",)))
        mailbox.reopen()
        proxy.reset()
        pages = mailbox.poll()
        assert [act.message.key for page in pages for act in page.acts if act.message] == [page.messages[0].key]
        assert proxy.received < 10_000


TAGS = ("complaint", "category-billing", "severity-low")


def tagged(mailbox: Mailbox, count: int = 1) -> list[Place]:
    """Mail that came and that we tagged."""
    mailbox.poll()
    load(mailbox, range(1, count + 1))
    places = [message.place for page in mailbox.poll() for message in page.messages]
    mailbox.write(*(Change(key=str(place.uid), case="c", place=place, add_tags=TAGS) for place in places))
    assert acts(mailbox.poll()) == []
    return places


def unmark(mailbox: Mailbox, uids: Sequence[int], *flags: str) -> None:
    mailbox.witness.select_folder("INBOX")
    mailbox.witness.remove_flags(list(uids), list(flags))


@pytest.mark.parametrize("restart", [True, False])
def test_our_complaint_tag_taken_off_by_a_person_says_that_it_is_none(mailbox: Mailbox, restart: bool) -> None:
    (place,) = tagged(mailbox)
    if restart:
        mailbox.reopen()
    unmark(mailbox, [place.uid], "complaint")
    (page,) = mailbox.poll()
    assert [act.kind for act in page.acts if act.kind is not ActKind.RELABELLED] == [ActKind.TAKEN_OFF]
    mailbox.mark(place.uid, "\\Seen")
    assert ActKind.TAKEN_OFF not in acts(mailbox.poll())


def test_a_tag_we_take_off_ourselves_says_nothing(mailbox: Mailbox) -> None:
    (place,) = tagged(mailbox)
    mailbox.write(Change(key="off", case="c", place=place, remove_tags=("complaint", "severity-low")))
    assert acts(mailbox.poll()) == []


def test_a_tagged_message_that_is_moved_away_says_nothing(mailbox: Mailbox) -> None:
    (place,) = tagged(mailbox)
    mailbox.witness.create_folder("Archive")
    mailbox.witness.select_folder("INBOX")
    mailbox.witness.move([place.uid], "Archive")
    assert acts(mailbox.poll()) == []


def test_a_server_that_forgets_all_tags_at_once_says_nothing(mailbox: Mailbox) -> None:
    places = tagged(mailbox, 30)
    unmark(mailbox, [place.uid for place in places], *TAGS)
    assert acts(mailbox.poll()) == []


def test_a_server_that_forgets_the_few_tags_there_are_says_nothing(mailbox: Mailbox) -> None:
    places = tagged(mailbox, 3)
    unmark(mailbox, [place.uid for place in places], *TAGS)
    assert acts(mailbox.poll()) == []


def test_all_tags_taken_off_one_message_of_several_say_that_it_is_no_complaint(mailbox: Mailbox) -> None:
    place, _ = tagged(mailbox, 2)
    unmark(mailbox, [place.uid], *TAGS)
    assert acts(mailbox.poll()) == [ActKind.TAKEN_OFF]


def test_resolved_in_place_of_complaint_says_that_it_is_settled(mailbox: Mailbox) -> None:
    (place,) = tagged(mailbox)
    mailbox.mark(place.uid, "resolved")
    unmark(mailbox, [place.uid], "complaint")
    assert acts(mailbox.poll()) == [ActKind.RESOLVED]


def test_a_tag_we_took_off_that_a_person_put_on_may_be_taken_off_by_a_person(mailbox: Mailbox) -> None:
    (place,) = tagged(mailbox)
    mailbox.write(Change(key="off", case="c", place=place, remove_tags=TAGS))
    mailbox.poll()
    mailbox.mark(place.uid, "complaint")
    assert acts(mailbox.poll()) == [ActKind.COMPLAINT]
    mailbox.write(Change(key="on", case="c", place=place, add_tags=TAGS))
    mailbox.poll()
    unmark(mailbox, [place.uid], "complaint")
    assert acts(mailbox.poll()) == [ActKind.TAKEN_OFF]


def test_marks_on_mail_older_than_the_start_say_nothing(server: Dovecot) -> None:
    with account(server, start=NOW.date()) as mailbox:
        old = datetime(2020, 1, 1, tzinfo=UTC)
        mailbox.witness.append("INBOX", mail(1), flags=("complaint",), msg_time=old)
        assert acts(mailbox.poll()) == []
        mailbox.mark(1, "\\Seen")
        assert acts(mailbox.poll()) == []


def test_another_category_put_on_by_a_person_is_an_act_with_all_labels(mailbox: Mailbox) -> None:
    place, other = tagged(mailbox, 2)
    unmark(mailbox, [place.uid], "category-billing")
    mailbox.mark(place.uid, "category-refund")
    mailbox.mark(other.uid, "\\Flagged")
    (page,) = mailbox.poll()
    (act,) = page.acts
    assert (act.kind, act.labels) == (ActKind.RELABELLED, ("category-refund", "severity-low"))
    assert act.message
    assert act.message.place == place


def test_without_condstore_labels_are_told_once_after_a_restart_and_again_when_they_change(server: Dovecot) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        proxy.replace(b"CONDSTORE", b"SOMETHING")
        place, _ = tagged(mailbox, 2)
        mailbox.reopen()
        mailbox.poll()
        assert mailbox.poll() == []
        unmark(mailbox, [place.uid], "category-billing")
        mailbox.mark(place.uid, "category-refund")
        (page,) = mailbox.poll()
        assert ("category-refund", "severity-low") in [act.labels for act in page.acts]
        assert mailbox.poll() == []


def test_only_the_tags_asked_for_are_removed(mailbox: Mailbox) -> None:
    mailbox.deliver(1)
    mailbox.mark(1, "complaint", "category-billing", "mine", "\\Seen")
    place = Place("INBOX", validity(mailbox), 1)
    (receipt,) = mailbox.write(Change(key="k", case="c", place=place, remove_tags=("category-billing", "absent")))
    assert receipt.tags_removed == ("category-billing",)
    assert mailbox.flags()[1] == {"complaint", "mine", "\\Seen"}


def test_many_messages_are_tagged_in_sets_and_a_tag_of_a_person_is_never_taken_for_ours(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_STORED_AT_ONCE", 2)
    for number in range(1, 8):
        mailbox.deliver(number)
    places = [Place("INBOX", validity(mailbox), number) for number in range(1, 8)]
    mailbox.write(Change(key="first", case="c", place=places[0], add_tags=("seen-by-us",)))  # the folder is open now
    mailbox.mark(4, "complaint")
    mailbox.mark(7, "complaint")
    receipts = mailbox.write(*[Change(key=f"k{one.uid}", case="c", place=one, add_tags=("complaint", "urgent"))
                               for one in (*places, Place("INBOX", places[0].validity, 99))])  # fmt: skip
    added = [("complaint", "urgent")] * 3 + [("urgent",)] + [("complaint", "urgent")] * 2 + [("urgent",), ()]
    assert [receipt.tags_added for receipt in receipts] == added
    assert all(flags >= {"complaint", "urgent"} for flags in mailbox.flags().values())
    taken = mailbox.write(*[Change(key=f"t{one.uid}", case="c", place=one, remove_tags=("urgent",)) for one in places])
    assert [receipt.tags_removed for receipt in taken] == [("urgent",)] * 7


def test_where_a_server_does_not_tell_what_a_tag_left_it_is_asked(server: Dovecot) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        mailbox.deliver(1)
        place = Place("INBOX", validity(mailbox), 1)
        mailbox.poll()
        proxy.rewrite(lambda line: b"* OK Done.\r\n" if b"FETCH" in line and b"MODSEQ" in line else line)
        (receipt,) = mailbox.write(Change(key="k", case="c", place=place, add_tags=("complaint",)))
        assert (receipt.tags_added, mailbox.flags()) == (("complaint",), {1: {"complaint"}})


def test_a_tag_no_server_can_keep_is_not_sent(mailbox: Mailbox) -> None:
    mailbox.deliver(1)
    place = Place("INBOX", validity(mailbox), 1)
    (receipt,) = mailbox.write(Change(key="k", case="c", place=place, add_tags=("two words", "größe", "fine")))
    assert (receipt.tags_added, receipt.tags_unkept) == (("fine",), ("two words", "größe"))
    assert mailbox.flags()[1] == {"fine"}


def test_a_message_that_moved_is_found_by_its_message_id(server: Dovecot) -> None:
    with account(server, folders=("INBOX", "INBOX/*")) as mailbox:
        mailbox.witness.create_folder("INBOX/Parcels")
        mailbox.deliver(1)
        place = Place("INBOX", validity(mailbox), 1)
        mailbox.witness.select_folder("INBOX")
        mailbox.witness.move([1], "INBOX/Parcels")
        change = Change(key="k", case="c", message_id="<m1@customer.example>", place=place, add_tags=("complaint",))
        (receipt,) = mailbox.write(change)
        assert receipt.tags_added == ("complaint",)
        assert list(mailbox.flags("INBOX/Parcels").values()) == [{"complaint"}]


def test_a_stale_uidvalidity_never_tags_the_wrong_message(mailbox: Mailbox) -> None:
    mailbox.deliver(1)
    mailbox.deliver(2)
    place = Place("INBOX", validity(mailbox) - 1, 1)
    change = Change(key="k", case="c", message_id="<m2@customer.example>", place=place, add_tags=("complaint",))
    mailbox.write(change)
    assert mailbox.flags() == {1: set(), 2: {"complaint"}}


def test_with_show_none_no_tag_is_written(server: Dovecot) -> None:
    with account(server, show="none") as mailbox:
        mailbox.deliver(1)
        place = Place("INBOX", validity(mailbox), 1)
        (receipt,) = mailbox.write(Change(key="k", case="c", place=place, add_tags=("complaint",)))
        assert (receipt.tags_added, receipt.tags_unkept, mailbox.flags()) == ((), (), {1: set()})


@pytest.mark.parametrize("rights", ["lrs", "lr", "lrsi"])
def test_where_the_server_keeps_no_keywords_that_is_told_and_nothing_is_done_again(
    server: Dovecot, rights: str
) -> None:
    with account(server) as mailbox:
        mailbox.poll()
        mailbox.deliver(1)
        restrict(mailbox, "INBOX", rights)
        (page,) = mailbox.poll()
        (receipt,) = mailbox.write(Change(key="k", case="c", place=page.messages[0].place, add_tags=("complaint",)))
        assert (receipt.tags_added, receipt.tags_unkept) == ((), ("complaint",))
        assert [mailbox.poll() for _ in range(10)] == [[]] * 10
        assert not finding(mailbox, "marks").ok


def restrict(mailbox: Mailbox, folder: str, rights: str) -> None:
    """Leave the owner only these rights on a folder (Dovecot's ACL file)."""
    inside = mailbox.server.maildir(mailbox.settings.user)
    path = inside / "dovecot-acl" if folder == "INBOX" else inside / f".{folder}" / "dovecot-acl"
    path.write_text(f"owner {rights}\n")
    path.chmod(0o644)
    mailbox.reopen()  # a connection knows the rights from when it opened the folder


def validity(mailbox: Mailbox, folder: str = "INBOX") -> int:
    return int(mailbox.witness.folder_status(folder, ["UIDVALIDITY"])[b"UIDVALIDITY"])


def finding(mailbox: Mailbox, check: str) -> Finding:
    return next(one for one in mailbox.inbox.check() if one.check == check)


# -- drafts


def write_draft(mailbox: Mailbox, number: int = 1) -> Written:
    (receipt,) = mailbox.write(Change(key=f"d{number}", case=f"case{number}", draft=draft(number)))
    assert receipt.draft is not None
    mailbox.notes.ours.append(receipt.draft)
    return receipt.draft


def test_a_draft_lies_in_drafts_unsent_and_in_the_thread(mailbox: Mailbox) -> None:
    written = write_draft(mailbox)
    assert mailbox.flags("Drafts") == {1: {"\\Draft", "\\Seen"}}
    assert written.place == Place("Drafts", validity(mailbox, "Drafts"), 1)
    (raw,) = mailbox.bodies("Drafts")
    assert b"\r\nIn-Reply-To: <m1@customer.example>\r\n" in raw
    assert mailbox.flags("Sent") == {}


@pytest.mark.parametrize("restart", [False, True])
def test_a_draft_written_twice_is_one(mailbox: Mailbox, restart: bool) -> None:
    first = write_draft(mailbox)
    if restart:
        mailbox.reopen()
    assert write_draft(mailbox) == first
    assert len(mailbox.bodies("Drafts")) == 1


def test_a_draft_a_person_changed_before_we_knew_of_it_is_not_claimed(mailbox: Mailbox) -> None:
    write_draft(mailbox)
    edit(mailbox)
    mailbox.reopen()
    again = write_draft(mailbox)
    (receipt,) = mailbox.write(Change(key="w", case="case1", withdraw=(again,)))
    assert receipt.withdrawn == {again.message_id: "edited"}
    assert len(mailbox.bodies("Drafts")) == 1


def test_a_thousand_drafts_are_written_once_each(mailbox: Mailbox) -> None:
    changes = [Change(key=str(n), case=f"case{n}", draft=draft(n)) for n in range(1000)]
    receipts = mailbox.write(*changes)
    assert [one.draft.place.uid for one in receipts if one.draft and one.draft.place] == list(range(1, 1001))
    mailbox.reopen()
    assert [one.draft for one in mailbox.write(*changes)] == [one.draft for one in receipts]
    assert len(mailbox.flags("Drafts")) == 1000


@pytest.mark.parametrize("answer", [b"APPENDUID", b"* STATUS"])
def test_a_lost_answer_leaves_one_draft(server: Dovecot, answer: bytes) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        mailbox.inbox.check()
        proxy.swallow(answer)
        change = Change(key="d", case="case1", draft=draft(1))
        with pytest.raises(InboxUnavailable, match="lost the connection"):
            mailbox.write(change)
        (receipt,) = mailbox.write(change)
        assert receipt.draft
        assert len(mailbox.bodies("Drafts")) == 1


def test_a_server_that_names_more_places_than_letters_is_not_believed(server: Dovecot) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        proxy.replace(b" 1] Append", b" 1:4294967295] Append")
        (receipt,) = mailbox.write(Change(key="1", case="case1", draft=draft(1)))
        assert receipt.draft
        assert receipt.draft.place is None
        assert len(mailbox.bodies("Drafts")) == 1


@pytest.mark.parametrize("absent", [b"LITERAL+", b"MULTIAPPEND"])
def test_without_multiappend_or_literal_plus_drafts_are_written_once_each(server: Dovecot, absent: bytes) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        proxy.replace(absent, b"NOTHING")
        changes = [Change(key=str(n), case=f"case{n}", draft=draft(n)) for n in range(3)]
        assert [one.draft.place.uid for one in mailbox.write(*changes) if one.draft and one.draft.place] == [1, 2, 3]
        proxy.swallow(b"APPENDUID")
        late = Change(key="late", case="case3", draft=draft(3))
        with pytest.raises(InboxUnavailable):
            mailbox.write(late)
        mailbox.write(late)
        assert len(mailbox.bodies("Drafts")) == 4


def test_a_server_without_uidplus_keeps_what_we_would_take_back(server: Dovecot) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        proxy.replace(b"UIDPLUS", b"NOTHING")
        written = write_draft(mailbox)
        (receipt,) = mailbox.write(Change(key="w", case="case1", withdraw=(written,)))
        assert receipt.withdrawn == {written.message_id: "kept"}
        assert mailbox.flags("Drafts") == {1: {"\\Draft", "\\Seen"}}


def test_without_condstore_and_list_status_people_s_acts_are_seen_all_the_same(server: Dovecot) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        proxy.replace(b" CONDSTORE QRESYNC", b"")
        mailbox.poll()
        mailbox.deliver(1)
        mailbox.poll()
        mailbox.mark(1, "resolved")
        assert acts(mailbox.poll()) == [ActKind.RESOLVED]
        assert mailbox.poll() == []


def test_a_cut_at_any_place_of_a_write_leaves_one_of_each(server: Dovecot) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        mailbox.deliver(1)
        place = Place("INBOX", validity(mailbox), 1)
        change = Change(
            key="k", case="case1", place=place, add_tags=("complaint",), draft=draft(1), reminder=reminder(1)
        )
        for left in range(1, 3000, 150):
            mailbox.reopen()
            proxy.cut_after(left)
            try:
                mailbox.write(change)
            except InboxUnavailable:
                mailbox.write(change)
        assert len(mailbox.bodies("Drafts")) == 1
        assert mailbox.flags() == {1: {"complaint"}, 2: {"\\Flagged"}}


def test_where_there_is_no_drafts_folder_the_refusal_says_so_and_the_tags_are_written(tmp_path: Path) -> None:
    with Dovecot(tmp_path, password=PASSWORD, special_use=False) as server, account(server) as mailbox:
        mailbox.deliver(1)
        place = Place("INBOX", validity(mailbox), 1)
        (receipt,) = mailbox.write(Change(key="k", case="c", place=place, add_tags=("complaint",), draft=draft(1)))
        assert "no Drafts folder" in receipt.refused
        assert receipt.tags_added == ("complaint",)
        assert not finding(mailbox, "Drafts").ok


@pytest.mark.parametrize("absent", [b"nothing", b"MULTIAPPEND", b"LITERAL+"])
def test_a_full_mailbox_refuses_with_a_reason_and_the_small_drafts_get_in_once_each(
    tmp_path: Path, absent: bytes
) -> None:
    extra = _EXTRA.replace("storage=100M", "storage=20K")
    with (
        Dovecot(tmp_path, password=PASSWORD, extra=extra) as server,
        Proxy(server.host, server.port) as proxy,
        account(server, port=proxy.port) as mailbox,
    ):
        proxy.replace(absent, b"SOMETHING")
        texts = ["Dear Jo", "x" * 60_000, "Dear Jo"]
        first, large, last = mailbox.write(
            *(Change(key=str(n), case=f"case{n}", draft=draft(n, text)) for n, text in enumerate(texts))
        )
        assert "Quota" in large.refused
        assert (first.refused, large.draft, last.refused) == ("", None, "")
        assert first.draft and last.draft
        assert len(mailbox.bodies("Drafts")) == 2


def test_drafts_we_may_not_write_to_are_told(mailbox: Mailbox) -> None:
    mailbox.inbox.check()
    mailbox.deliver(9, folder="Drafts")
    restrict(mailbox, "Drafts", "lr")
    (receipt,) = mailbox.write(Change(key="k", case="c", draft=draft(1)))
    assert "refused a message for Drafts" in receipt.refused


@pytest.mark.parametrize("name", ["Entwürfe", "Brouillons", "Borradores", "Bozze", "Concepten", "Rascunhos"])
def test_drafts_are_found_by_the_names_other_languages_give_them(tmp_path: Path, name: str) -> None:
    with Dovecot(tmp_path, password=PASSWORD, special_use=False) as server, account(server) as mailbox:
        mailbox.witness.create_folder(name)
        write_draft(mailbox)
        assert len(mailbox.bodies(name)) == 1


def test_a_folder_with_any_name_can_hold_the_drafts(server: Dovecot) -> None:
    name = "Entwürfe & Réclamations 苦情"
    with account(server, drafts=name) as mailbox:
        mailbox.witness.create_folder(name)
        assert write_draft(mailbox).place == Place(name, validity(mailbox, name), 1)


def test_a_hostile_name_is_refused_or_harmless_and_the_next_draft_is_written(mailbox: Mailbox) -> None:
    bad = replace(draft(1), to=Address("jo@customer.example\r\nBcc: evil@x.example"))
    first, second = mailbox.write(
        Change(key="1", case="case1", draft=bad), Change(key="2", case="case2", draft=draft(2))
    )
    assert first.refused
    assert second.draft
    assert len(mailbox.bodies("Drafts")) == 1


# -- what becomes of our drafts


def edit(mailbox: Mailbox, uid: int = 1, *, keep: Callable[[bytes], bytes] = lambda raw: raw) -> None:
    """What a mail program does when a person changes a draft and saves it: append, then delete."""
    mailbox.witness.select_folder("Drafts")
    raw = mailbox.witness.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"]
    mailbox.witness.append("Drafts", keep(raw.replace(b"sorry", b"very sorry")), flags=["\\Draft"])
    remove(mailbox, uid)


def remove(mailbox: Mailbox, uid: int = 1, folder: str = "Drafts") -> None:
    mailbox.witness.select_folder(folder)
    mailbox.witness.delete_messages([uid])
    mailbox.witness.uid_expunge([uid])


def without(*names: str) -> Callable[[bytes], bytes]:
    pattern = "|".join(names).encode()
    return lambda raw: re.sub(rb"(?im)^(%s):[^\r\n]*\r\n" % pattern, b"", raw)


def test_a_draft_nobody_touched_is_no_act(mailbox: Mailbox) -> None:
    mailbox.poll()
    write_draft(mailbox)
    mailbox.deliver(9, folder="Drafts")
    assert acts(mailbox.poll()) == []
    assert mailbox.poll() == []


def test_a_draft_a_person_threw_away_is_gone(mailbox: Mailbox) -> None:
    mailbox.poll()
    written = write_draft(mailbox)
    mailbox.poll()
    remove(mailbox)
    (page,) = mailbox.poll()
    assert [(act.kind, act.written) for act in page.acts] == [(ActKind.DRAFT_GONE, written.message_id)]
    assert mailbox.poll() == []


@pytest.mark.parametrize(
    "keep",
    [
        without("X-Nothing"),
        without("Message-ID"),
        without("Message-ID", "X-Amends-Case"),
        without("Message-ID", "In-Reply-To"),
    ],
)
def test_a_draft_a_person_edited_is_known_by_what_survived(mailbox: Mailbox, keep: Callable[[bytes], bytes]) -> None:
    mailbox.poll()
    written = write_draft(mailbox)
    mailbox.poll()
    edit(mailbox, keep=keep)
    (page,) = mailbox.poll()
    assert [(act.kind, act.written) for act in page.acts] == [(ActKind.DRAFT_EDITED, written.message_id)]
    assert "very sorry" in page.acts[0].text
    assert mailbox.poll() == []


def test_a_draft_that_got_a_new_number_is_still_ours(mailbox: Mailbox) -> None:
    mailbox.poll()
    write_draft(mailbox)
    mailbox.poll()
    change_validity(mailbox, "Drafts")
    assert acts(mailbox.poll()) == []


def test_an_untouched_draft_is_taken_back_and_nothing_else_is_removed(mailbox: Mailbox) -> None:
    mailbox.deliver(7, folder="Drafts")
    mailbox.mark(1, "\\Deleted", folder="Drafts")
    written = write_draft(mailbox)
    (receipt,) = mailbox.write(Change(key="w", case="case1", withdraw=(written,)))
    assert receipt.withdrawn == {written.message_id: "withdrawn"}
    assert mailbox.flags("Drafts") == {1: {"\\Deleted"}}
    (receipt,) = mailbox.write(Change(key="w", case="case1", withdraw=(written,)))
    assert receipt.withdrawn == {written.message_id: "gone"}


def test_an_edited_draft_is_never_taken_back(mailbox: Mailbox) -> None:
    written = write_draft(mailbox)
    edit(mailbox)
    (receipt,) = mailbox.write(Change(key="w", case="case1", withdraw=(written,)))
    assert receipt.withdrawn == {written.message_id: "edited"}
    assert len(mailbox.bodies("Drafts")) == 1


def test_a_draft_that_moved_is_found_and_taken_back(mailbox: Mailbox) -> None:
    written = write_draft(mailbox)
    change_validity(mailbox, "Drafts")
    (receipt,) = mailbox.write(Change(key="w", case="case1", withdraw=(written,)))
    assert receipt.withdrawn == {written.message_id: "withdrawn"}
    assert mailbox.bodies("Drafts") == []


# -- reminders


def write_reminder(mailbox: Mailbox) -> Written:
    (receipt,) = mailbox.write(Change(key="r", case="case1", reminder=reminder(1)))
    assert receipt.reminder is not None
    mailbox.notes.ours.append(receipt.reminder)
    return receipt.reminder


def test_a_reminder_comes_up_unread_and_flagged_and_only_once(mailbox: Mailbox) -> None:
    mailbox.poll()
    load(mailbox, range(5))
    write_reminder(mailbox)
    mailbox.reopen()
    write_reminder(mailbox)
    assert [flags for flags in mailbox.flags().values() if flags] == [{"\\Flagged"}]
    assert acts(mailbox.poll()) == []


def test_clearing_the_flag_of_a_reminder_ends_it(mailbox: Mailbox) -> None:
    mailbox.poll()
    written = write_reminder(mailbox)
    mailbox.poll()
    mailbox.witness.select_folder("INBOX")
    mailbox.witness.remove_flags([1], ["\\Flagged"])
    (page,) = mailbox.poll()
    assert [(act.kind, act.written) for act in page.acts] == [(ActKind.REMINDER_DONE, written.message_id)]


def test_a_reminder_that_was_deleted_is_gone(mailbox: Mailbox) -> None:
    mailbox.poll()
    written = write_reminder(mailbox)
    mailbox.poll()
    remove(mailbox, folder="INBOX")
    (page,) = mailbox.poll()
    assert [(act.kind, act.written) for act in page.acts] == [(ActKind.REMINDER_GONE, written.message_id)]


@pytest.mark.parametrize("renumbered", [False, True])
def test_a_reminder_that_is_over_is_unflagged_and_read(mailbox: Mailbox, renumbered: bool) -> None:
    written = write_reminder(mailbox)
    if renumbered:
        change_validity(mailbox)
    mailbox.write(Change(key="s", case="case1", settle=(written,)))
    assert mailbox.flags() == {1: {"\\Seen"}}


def test_a_reminder_a_person_moved_is_ended_where_it_lies(server: Dovecot) -> None:
    with account(server, folders=("INBOX", "INBOX/*")) as mailbox:
        mailbox.witness.create_folder("INBOX/Later")
        written = write_reminder(mailbox)
        mailbox.witness.select_folder("INBOX")
        mailbox.witness.move([1], "INBOX/Later")
        mailbox.write(Change(key="s", case="case1", settle=(written,)))
        assert mailbox.flags("INBOX/Later") == {1: {"\\Seen"}}


def test_with_reminders_off_none_is_written(server: Dovecot) -> None:
    with account(server, reminders="") as mailbox:
        (receipt,) = mailbox.write(Change(key="r", case="case1", reminder=reminder(1)))
        assert (receipt.reminder, receipt.refused, mailbox.flags()) == (None, "", {})


def test_a_reminders_folder_of_its_own_is_watched_for_cleared_flags(server: Dovecot) -> None:
    with account(server, reminders="To do") as mailbox:
        mailbox.witness.create_folder("To do")
        mailbox.poll()
        write_reminder(mailbox)
        mailbox.poll()
        mailbox.witness.select_folder("To do")
        mailbox.witness.remove_flags([1], ["\\Flagged"])
        pages = mailbox.poll()
        assert (acts(pages), subjects(pages)) == ([ActKind.REMINDER_DONE], [])


# -- the connection


def test_a_wrong_password_is_refused_with_what_to_do(mailbox: Mailbox) -> None:
    mailbox.reopen(password="wrong")
    with pytest.raises(InboxRefused, match=r"refused the login: .*check `user:` and `password:`"):
        mailbox.poll()


def test_a_server_that_is_not_there_may_be_tried_again(mailbox: Mailbox) -> None:
    mailbox.reopen(port=1)
    with pytest.raises(InboxUnavailable, match=r"cannot connect to 127\.0\.0\.1:1"):
        mailbox.poll()


def test_a_server_that_does_not_speak_tls_is_told(mailbox: Mailbox) -> None:
    mailbox.reopen(tls="implicit")
    with pytest.raises(InboxUnavailable, match="does not speak TLS"):
        mailbox.poll()


def test_starttls_that_is_not_offered_is_refused(mailbox: Mailbox) -> None:
    mailbox.reopen(tls="starttls")
    with pytest.raises(InboxRefused, match="does not offer STARTTLS"):
        mailbox.poll()


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path, tls: str) -> None:
    with Dovecot(tmp_path, password=PASSWORD, protocol_tls=True) as server, account(server) as mailbox:
        port = server.tls_port if tls == "implicit" else server.port
        mailbox.reopen(tls=tls, port=port, host="localhost")
        with pytest.raises(InboxRefused, match="cannot be trusted"):
            mailbox.poll()
        assert not finding(mailbox, "TLS").ok


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_with_a_certificate_to_be_trusted_the_line_is_encrypted(
    tmp_path: Path, tls: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Dovecot(tmp_path, password=PASSWORD, protocol_tls=True) as server, account(server) as mailbox:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
        port = server.tls_port if tls == "implicit" else server.port
        mailbox.reopen(tls=tls, port=port, host="localhost")
        assert "TLSv1" in finding(mailbox, "TLS").detail
        mailbox.poll()


def test_a_dead_connection_is_made_anew_at_the_next_call(server: Dovecot) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        mailbox.poll()
        mailbox.deliver(1)
        proxy.cut()
        assert subjects(mailbox.poll()) == ["Order 1"]


def test_a_cut_at_any_byte_of_a_pass_loses_and_doubles_nothing(server: Dovecot) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        mailbox.poll()
        load(mailbox, range(150))
        seen: list[str] = []
        for left in range(100, 60_000, 4000):
            mailbox.reopen()
            proxy.cut_after(left)
            try:
                for page in mailbox.inbox.fetch(mailbox.cursor, mailbox.notes):
                    mailbox.notes.take(page)
                    mailbox.cursor = page.cursor
                    seen += subjects([page])
            except InboxUnavailable:
                continue
        assert sorted(seen) == sorted(f"Order {n}" for n in range(150))


def test_a_search_without_a_find_may_tell_a_modseq_as_cyrus_does_but_not_nonsense(server: Dovecot) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        mailbox.poll()
        mailbox.deliver(1)
        proxy.rewrite(lambda line: b"* SEARCH (MODSEQ 7)\r\n" if line == b"* SEARCH\r\n" else line)
        assert subjects(mailbox.poll()) == ["Order 1"]
        mailbox.deliver(2)
        proxy.rewrite(lambda line: b"* SEARCH what\r\n" if line.startswith(b"* SEARCH") else line)
        with pytest.raises(InboxUnavailable, match="the server's answer to SEARCH is not IMAP"):
            mailbox.poll()


def test_a_throttling_server_hears_nothing_until_its_time_is_over(server: Dovecot) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        mailbox.poll()
        proxy.replace(b"OK List completed", b"NO Request is throttled. Suggested Backoff Time: 299910 milliseconds")
        with pytest.raises(InboxUnavailable, match=r"throttled until .* UTC: .*Suggested Backoff Time") as told:
            mailbox.poll()
        assert 299 < told.value.wait < 300
        proxy.reset()
        with pytest.raises(InboxUnavailable, match="throttled until"):
            mailbox.poll()
        with pytest.raises(InboxUnavailable, match="throttled until"):
            mailbox.inbox.wait(1)
        assert proxy.sent == 0


def test_an_account_never_holds_more_than_two_connections(server: Dovecot) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        mailbox.poll()
        mailbox.inbox.wait(0.1)
        write_draft(mailbox)
        mailbox.inbox.find("<m1@customer.example>")
        mailbox.inbox.check()
        mailbox.poll()
        assert proxy.connections <= 3  # the doctor begins with a new one, and ends the old
        assert len(mailbox.server.doveadm("who", mailbox.settings.user).splitlines()) <= 4


# -- waiting


def test_waiting_ends_as_soon_as_mail_comes(mailbox: Mailbox) -> None:
    mailbox.poll()
    assert mailbox.inbox.wait(0.1) is False
    later = threading.Timer(0.3, mailbox.deliver)
    later.start()
    assert mailbox.inbox.wait(20) is True
    later.join()


def test_mail_that_came_before_the_waiting_began_is_news(mailbox: Mailbox) -> None:
    mailbox.poll()
    mailbox.deliver(1)
    assert mailbox.inbox.wait(20) is True


def test_mail_that_came_behind_a_quiet_look_is_news_though_this_process_has_read_none(mailbox: Mailbox) -> None:
    mailbox.poll()
    mailbox.reopen()
    mailbox.poll()
    mailbox.deliver(1)
    assert mailbox.inbox.wait(20) is True


def test_a_flag_a_person_sets_is_news(mailbox: Mailbox) -> None:
    mailbox.deliver(1)
    mailbox.poll()
    later = threading.Timer(0.3, mailbox.mark, (1, "resolved"))
    later.start()
    assert mailbox.inbox.wait(20) is True
    later.join()


def test_a_waiting_connection_that_dies_is_made_anew(server: Dovecot) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        mailbox.poll()
        later = threading.Timer(0.3, proxy.cut)
        later.start()
        assert mailbox.inbox.wait(20) is True
        later.join()
        assert mailbox.inbox.wait(0.1) is False
        mailbox.deliver(1)
        assert mailbox.inbox.wait(20) is True


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line counts as dead after one second, since thirty would be long for a test."""
    for where in (door, session):
        monkeypatch.setattr(where, "TIMEOUT", SocketTimeout(connect=10, read=1))


@pytest.mark.usefixtures("_impatient")
def test_a_line_that_silently_went_dead_is_found_out(server: Dovecot) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        mailbox.poll()
        assert mailbox.inbox.wait(0.1) is False
        later = threading.Timer(0.3, proxy.stall)
        later.start()
        assert mailbox.inbox.wait(1) is True
        later.join()


@pytest.mark.usefixtures("_impatient")
def test_a_line_that_is_dead_as_the_waiting_begins_is_found_out_at_once(server: Dovecot) -> None:
    with Proxy(server.host, server.port) as proxy, account(server, port=proxy.port) as mailbox:
        mailbox.poll()
        assert mailbox.inbox.wait(0.1) is False
        proxy.forget()
        mailbox.deliver(1)
        assert mailbox.inbox.wait(20) is True
        assert [message.subject for page in mailbox.poll() for message in page.messages] == ["Order 1"]


def test_closing_wakes_whoever_waits(mailbox: Mailbox) -> None:
    mailbox.poll()
    heard: list[bool] = []
    waiting = threading.Thread(target=lambda: heard.append(mailbox.inbox.wait(60)))
    waiting.start()
    time.sleep(0.5)  # so that it waits by then
    mailbox.inbox.close()
    waiting.join(20)
    assert heard == [False]


# -- looking


def test_find_brings_a_message_by_its_message_id(mailbox: Mailbox) -> None:
    mailbox.deliver(1)
    mailbox.deliver(11)
    found = mailbox.inbox.find("<m1@customer.example>")
    assert found
    assert found.subject == "Order 1"
    assert mailbox.inbox.find("<m1@customer>") is None


def test_the_doctor_finds_a_healthy_account_healthy(mailbox: Mailbox) -> None:
    findings = {one.check: one for one in mailbox.inbox.check()}
    assert all(one.ok for one in findings.values())
    assert {"name", "TLS", "login", "watched folders", "Drafts", "Sent", "marks", "taking back"} <= findings.keys()
    assert "MiB used" in findings["quota"].detail


def test_the_doctor_names_a_folder_that_is_not_there(server: Dovecot) -> None:
    with account(server, folders=("INBOX", "Complains")) as mailbox:
        assert finding(mailbox, "folder").detail.startswith("there is no folder Complains")


@pytest.mark.parametrize(
    ("wrong", "check"),
    [
        ({"drafts": "Entwurf"}, "Drafts"),
        ({"sent": ("Gesandt",)}, "Sent"),
        ({"reminders": "To do"}, "reminders"),
        ({"folders": ("Klagen",)}, "watched folders"),
        ({"sent": ("Sent", "Gesandt")}, "folder"),
    ],
)
def test_the_doctor_tells_of_a_wrong_folder_in_one_line(server: Dovecot, wrong: dict[str, Any], check: str) -> None:
    with account(server, **wrong) as mailbox:
        (found,) = [one for one in mailbox.inbox.check() if not one.ok]
    (names,) = wrong.values()
    name = names if isinstance(names, str) else names[-1]
    assert found.check == check
    assert found.detail.startswith(f"there is no folder {name}: check the spelling")


def test_the_doctor_never_raises(mailbox: Mailbox) -> None:
    mailbox.reopen(password="wrong")
    assert [one.check for one in mailbox.inbox.check() if not one.ok] == ["login"]
    mailbox.reopen(host="127.0.0.1", port=1)
    assert [one.check for one in mailbox.inbox.check() if not one.ok] == ["connection"]
