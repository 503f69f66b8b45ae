"""Which folders matter is decided from one LIST answer, written here as lines of `name : marks`."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.imap.fetching import pack, unpack
from integrations.imap.folders import Folders, Listed, choose
from plugin.inbox import ActKind


def listing(text: str, separator: str = "/") -> list[Listed]:
    lines = (line.split(":") for line in text.strip().splitlines())
    return [Listed(name.strip(), separator, frozenset(marks.lower().split())) for name, marks in lines]


def chosen(text: str, separator: str = "/", **settings: Any) -> Folders:
    wanted = {"watched": ("INBOX",), "sent": ("auto",), "drafts": "auto", "reminders": "INBOX", "prefix": ""} | settings
    return choose(listing(text, separator), **wanted)


def test_what_the_server_marks_goes_before_what_is_named_so() -> None:
    folders = chosen("INBOX:\nDrafts:\nSent:\nMy letters: \\Drafts\nGone out: \\Sent")
    assert (folders.drafts, folders.sent) == ("My letters", ("Gone out",))


def test_marks_have_no_case() -> None:
    assert chosen("INBOX:\nMine: \\drafts").drafts == "Mine"


@pytest.mark.parametrize(
    "name",
    ["Sent Items", "Gesendete Objekte", "Éléments envoyés", "Elementos enviados", "Posta inviata", "Verzonden items",
     "Itens enviados"],
)  # fmt: skip
def test_sent_is_known_by_the_names_mail_programs_give_it(name: str) -> None:
    assert chosen(f"INBOX:\nINBOX.{name}:", ".").sent == (f"INBOX.{name}",)


def test_a_star_takes_arrivals_only() -> None:
    text = """
        INBOX:
        INBOX/Web:
        INBOX/Web/Old:
        INBOX/Drafts: \\Drafts
        INBOX/Sent: \\Sent
        INBOX/Bin: \\Trash
        INBOX/Spam: \\Junk
        INBOX/Parent: \\Noselect
        INBOX/Amends/Resolved:
        Archive:
    """
    folders = chosen(text, watched=("inbox", "INBOX/*"), prefix="INBOX/")
    assert folders.watched == ("INBOX", "INBOX/Web", "INBOX/Web/Old")
    assert folders.acts == {"INBOX/Amends/Resolved": ActKind.RESOLVED}


def test_a_name_is_understood_with_the_servers_own_separator() -> None:
    folders = chosen("INBOX:\nINBOX.Web:", ".", watched=("INBOX/Web",), drafts="Letters")
    assert (folders.watched, folders.missing) == (("INBOX.Web",), ("Letters",))


def test_signs_with_a_meaning_in_patterns_mean_themselves() -> None:
    assert chosen("[Gmail]/All+:\nG/All:", watched=("[Gmail]/*",)).watched == ("[Gmail]/All+",)


def test_a_set_of_numbers_survives_being_packed() -> None:
    assert pack({1, 2, 3, 7, 9, 10}) == "1:3,7,9:10"
    assert unpack(pack({1, 2, 3, 7, 9, 10})) == {1, 2, 3, 7, 9, 10}
    assert (pack(set()), unpack("")) == ("", set())
