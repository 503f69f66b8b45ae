"""Gmail: tags are labels, and what people label counts. Played on a stand-in: see tests/gmail.py."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from imapclient import IMAPClient
from imapclient.imap_utf7 import encode as encode_utf7

from plugin.config import load
from plugin.desk import open_desk
from tests.faults.house import PASSWORD, Account, Forks, House
from tests.faults.letters import letter
from tests.faults.passes import passes
from tests.gmail import Gmail, gmail_server
from tests.witness import watching

COMPLAINT, OTHER, ORDINARY = letter(0, complaint=True), letter(1, complaint=True), letter(2, complaint=False)
DRAFTS, ALL_MAIL, SENT = "[Gmail]/Drafts", "[Gmail]/All Mail", "[Gmail]/Sent Mail"


class Web:
    """Somebody who looks at Gmail itself, and labels there."""

    def __init__(self, account: Account, gmail: Gmail) -> None:
        self._client = IMAPClient("127.0.0.1", gmail.port, ssl=False, timeout=30)
        self._client.login(account.user, PASSWORD)

    def labels(self, uid: int, folder: str = "INBOX") -> set[str]:
        """The labels people can make that stand on a message."""
        self._client.select_folder(folder, readonly=True)
        return {label for label in self._client.get_gmail_labels([uid])[uid] if not label.startswith("\\")}

    def label(self, uid: int, *names: str, on: bool = True) -> None:
        """Put labels on a message of the inbox, or take them off."""
        self._client.select_folder("INBOX")
        (self._client.add_gmail_labels if on else self._client.remove_gmail_labels)([uid], names)
        self._client.unselect_folder()

    def close(self) -> None:
        """Log out."""
        self._client.logout()


@pytest.fixture(scope="module")
def google(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Iterator[House]:
    with gmail_server(tmp_path_factory.mktemp("google"), PASSWORD) as server:
        yield House(server, forks)


@pytest.fixture
def gmail(google: House) -> Iterator[Gmail]:
    with Gmail(google.server.host, google.server.port) as standing_in:
        yield standing_in


@pytest.fixture
def ours(google: House, gmail: Gmail, tmp_path: Path) -> Iterator[Account]:
    with google.account(tmp_path, port=gmail.port) as one:
        yield one


@pytest.fixture
def web(ours: Account, gmail: Gmail) -> Iterator[Web]:
    with closing(Web(ours, gmail)) as one:
        yield one


def status(ours: Account) -> dict[str, tuple[str, str]]:
    return {case["subject"]: (case["status"], case["outcome"] or "") for case in ours.shop.json("cases")["cases"]}


def test_a_complaint_gets_labels_beside_those_people_gave_it_and_a_draft_in_gmail_s_drafts(
    ours: Account, web: Web, gmail: Gmail
) -> None:
    ours.witness.append("INBOX", COMPLAINT.raw())
    web.label(1, "Muy Importante", "Größe & Farbe")
    passes(ours.shop, 1)
    tags = set(ours.shop.json("cases")["cases"][0]["tags"])
    assert web.labels(1) == {"Muy Importante", "Größe & Farbe"} | tags
    assert "complaint" in tags
    (draft,) = ours.witness.folder(DRAFTS)
    assert draft.mail["In-Reply-To"] == COMPLAINT.message_id
    doctor = ours.shop.amends("doctor")
    assert doctor.returncode == 0
    assert "tags are kept as Gmail's labels" in doctor.stdout.decode()
    assert "Gmail then archives them" in doctor.stdout.decode()
    assert gmail.refused == []


def test_quiet_looks_at_gmail_write_nothing_and_ask_little(ours: Account, gmail: Gmail) -> None:
    ours.witness.append("INBOX", COMPLAINT.raw())
    passes(ours.shop, 1)
    with closing(open_desk(load(ours.shop.folder / "amends.yaml"))) as desk:
        desk.poll("support")
        gmail.said.clear()
        for _ in range(3):
            desk.poll("support")
            desk.run_due()
    assert [line for line in gmail.said if b"STORE" in line or b"APPEND" in line or b"FETCH" in line] == []


def test_what_people_label_is_their_word(ours: Account, web: Web) -> None:
    ours.witness.append("INBOX", ORDINARY.raw())
    ours.witness.append("INBOX", COMPLAINT.raw())
    ours.witness.append("INBOX", OTHER.raw())
    passes(ours.shop, 1)
    web.label(1, "complaint")
    web.label(2, "not-a-complaint")
    web.label(3, "resolved")
    passes(ours.shop)
    assert status(ours) == {
        ORDINARY.subject: ("open", ""),
        COMPLAINT.subject: ("resolved", "not-a-complaint"),
        OTHER.subject: ("resolved", ""),
    }
    assert web.labels(2) == {"not-a-complaint"}
    assert {"complaint", "resolved"} <= web.labels(3)


def test_the_label_complaint_taken_off_means_that_it_is_none(ours: Account, web: Web) -> None:
    ours.witness.append("INBOX", COMPLAINT.raw())
    ours.witness.append("INBOX", OTHER.raw())
    passes(ours.shop)
    web.label(1, "complaint", on=False)
    passes(ours.shop, 1)
    assert status(ours) == {COMPLAINT.subject: ("resolved", "not-a-complaint"), OTHER.subject: ("open", "")}
    assert web.labels(1) == set()


def test_another_category_as_a_label_is_a_correction(ours: Account, web: Web) -> None:
    ours.witness.append("INBOX", COMPLAINT.raw())
    passes(ours.shop, 1)
    web.label(1, "category-privacy")
    passes(ours.shop, 1)
    (case,) = ours.shop.json("cases")["cases"]
    assert case["category"] == "privacy"


def test_labels_that_were_there_before_us_stay_when_it_is_undone(ours: Account, web: Web) -> None:
    ours.witness.append("INBOX", COMPLAINT.raw())
    web.label(1, "severity-medium", "vip")
    passes(ours.shop)
    assert "complaint" in web.labels(1)
    assert ours.shop.amends("undo", "--inbox", "support", "--all", "--yes").returncode == 0
    assert web.labels(1) == {"severity-medium", "vip"}
    assert ours.witness.folder(DRAFTS) == []


@pytest.mark.parametrize("auto_expunge", [True, pytest.param(False, marks=pytest.mark.long)])
def test_an_untouched_draft_is_taken_back_whether_gmail_expunges_by_itself_or_not(
    google: House, tmp_path: Path, *, auto_expunge: bool
) -> None:
    with (
        Gmail(google.server.host, google.server.port, auto_expunge=auto_expunge) as gmail,
        google.account(tmp_path, port=gmail.port) as ours,
    ):
        ours.witness.append("INBOX", COMPLAINT.raw())
        passes(ours.shop, 1)
        assert len(ours.witness.folder(DRAFTS)) == 1
        (case,) = ours.shop.json("cases")["cases"]
        assert ours.shop.amends("resolve", case["id"], "--outcome", "upheld").returncode == 0
        passes(ours.shop, 1)
        assert ours.witness.folder(DRAFTS) == []
        assert [draft["state"] for draft in ours.shop.json("show", case["id"])["drafts"]] == ["withdrawn"]


def test_m18_mail_in_the_inbox_and_in_all_mail_is_one_complaint(google: House, gmail: Gmail, tmp_path: Path) -> None:
    more = f'folders: [INBOX, "{ALL_MAIL}"]'
    with google.account(tmp_path, port=gmail.port, more=more) as ours, closing(Web(ours, gmail)) as web:
        for folder in ("INBOX", ALL_MAIL):
            ours.witness.append(folder, COMPLAINT.raw())
        passes(ours.shop, 1)
        assert len(ours.shop.json("cases")["cases"]) == 1
        assert len(ours.witness.folder(DRAFTS)) == 1
        # At Gmail a label stands on the message in every folder.
        web.label(1, "vip")
        for label in web.labels(1):
            ours.witness.flag(1, f"gm.{label}", folder=ALL_MAIL)
        for number, draft in enumerate(ours.witness.folder(DRAFTS)):
            ours.witness.append(ALL_MAIL, draft.mail.as_bytes())
            assert number == 0
        before = ours.witness.state(ALL_MAIL)
        passes(ours.shop)
        assert status(ours) == {COMPLAINT.subject: ("open", "")}
        assert ours.witness.state(ALL_MAIL) == before


def test_a_server_that_will_not_look_for_keywords_is_read_all_the_same(google: House, tmp_path: Path) -> None:
    with (
        Gmail(google.server.host, google.server.port, unknown=b"SEARCH KEYWORD") as strict,
        google.account(tmp_path, port=strict.port) as ours,
    ):
        ours.witness.append("INBOX", COMPLAINT.raw())
        passes(ours.shop)
        assert len(ours.witness.folder(DRAFTS)) == 1
        assert any(b"SEARCH KEYWORD" in line for line in strict.refused)


def test_the_stand_in_is_gmail_to_a_client_that_knows_gmail(google: House, gmail: Gmail) -> None:
    with (
        watching("127.0.0.1", gmail.port, "stranger@example.com", PASSWORD) as person,
        IMAPClient("127.0.0.1", gmail.port, ssl=False) as client,
    ):
        person.append("INBOX", COMPLAINT.raw(), ("\\Seen", "keyword"))
        client.login("stranger@example.com", PASSWORD)
        client.select_folder("INBOX")
        assert client.add_gmail_labels([1], ["two words", "étage"]) == {1: ["\\Important", "two words", "étage"]}
        assert set(client.get_flags([1])[1]) - {b"\\Recent"} == {b"\\Seen", b"keyword"}
        assert client.search(["X-GM-LABELS", encode_utf7("étage")]) == [1]
        assert client.remove_gmail_labels([1], ["étage"]) == {1: ["\\Important", "two words"]}
        for nonsense in (b"()", "(größe)".encode(), b'("\\\\Inbox")', b"(two words"):
            with pytest.raises(IMAPClient.Error, match="Could not parse"):
                client._command_and_check("store", "1", "+X-GM-LABELS", nonsense, uid=True)
        assert client.find_special_folder(b"\\Sent") == SENT
