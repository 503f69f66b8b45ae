"""The demo's letters are real mail, each of its own, and truth.tsv speaks the truth about the set."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

import plugin.demo
from plugin.model import CATEGORIES
from plugin.trial import Trial, settings_for

FOLDER = Path(plugin.demo.__file__).with_name("letters")
FILES = sorted(FOLDER.glob("*.eml"))


def letter(path: Path) -> EmailMessage:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def named(part: str) -> EmailMessage:
    """The one letter with this part of a name."""
    (path,) = FOLDER.glob(f"*{part}*.eml")
    return letter(path)


@pytest.fixture(scope="module")
def truth() -> dict[str, Mapping[str, str]]:
    with (FOLDER / "truth.tsv").open(encoding="utf-8", newline="") as table:
        return {row["file"]: row for row in csv.DictReader(table, delimiter="\t")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_letter_is_whole_mail_to_the_shop(path: Path) -> None:
    message = letter(path)
    assert message["From"].addresses[0].display_name
    assert message["To"].addresses[0].addr_spec == "support@lighthouse.example"
    assert message["Subject"]
    assert parsedate_to_datetime(message["Date"]).utcoffset() is not None
    assert message["Message-ID"].endswith(".example>")
    assert len(message.get_all("Received", [])) >= 2
    assert not [part.defects for part in message.walk() if part.defects]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_letter_names_nobody_outside_the_example_domain(path: Path) -> None:
    message = letter(path)
    for name in ("From", "To", "Cc", "Reply-To"):
        for address in message[name].addresses if message[name] else ():
            assert address.domain.endswith(".example")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_letter_has_a_text_one_can_read(path: Path) -> None:
    body = letter(path).get_body(("plain", "html"))
    if path.stem.endswith("bounce"):
        (body, *_) = letter(path).iter_parts()
    assert body is not None
    text = body.get_content()
    assert len(text.split()) >= 10
    assert "\ufffd" not in text


def test_no_line_is_longer_than_mail_allows() -> None:
    assert max(len(line) for path in FILES for line in path.read_bytes().splitlines()) <= 998


def test_no_two_letters_share_a_message_id_or_a_subject_but_in_one_thread() -> None:
    letters = [letter(path) for path in FILES]
    assert len({message["Message-ID"] for message in letters}) == len(letters)
    opened = [message["Subject"] for message in letters if not message["In-Reply-To"]]
    assert len(set(opened)) == len(opened)


def test_the_letters_arrive_in_the_order_of_their_names() -> None:
    dates = [parsedate_to_datetime(letter(path)["Date"]) for path in FILES]
    assert dates == sorted(dates)


def test_the_table_speaks_of_every_letter_and_of_nothing_else(truth: Mapping[str, Mapping[str, str]]) -> None:
    assert sorted(truth) == [path.name for path in FILES]
    for row in truth.values():
        assert row["category"] in CATEGORIES if row["complaint"] == "yes" else row["category"] == ""


def test_there_are_complaints_of_every_category_and_enough_mail_that_is_none(
    truth: Mapping[str, Mapping[str, str]],
) -> None:
    assert 45 <= len(truth) <= 55
    assert {row["category"] for row in truth.values() if row["complaint"] == "yes"} == set(CATEGORIES)
    assert Counter(row["complaint"] for row in truth.values()) == {"yes": 33, "no": 19}


def test_some_letters_are_in_german_french_and_spanish(truth: Mapping[str, Mapping[str, str]]) -> None:
    assert Counter(row["language"] for row in truth.values()) == {"en": 38, "de": 6, "fr": 4, "es": 4}


def test_the_first_letter_is_a_strong_complaint_with_an_order_number(truth: Mapping[str, Mapping[str, str]]) -> None:
    row = truth[FILES[0].name]
    assert (row["complaint"], row["language"]) == ("yes", "en")
    body = letter(FILES[0]).get_body(("plain",))
    assert body is not None and "LL-10234" in body.get_content()


def test_one_thread_holds_a_complaint_a_thank_you_and_a_new_complaint(truth: Mapping[str, Mapping[str, str]]) -> None:
    complaint, thanks, again = named("refund-five-weeks"), named("thanks-all-fine"), named("same-thread-new-complaint")
    assert complaint["Message-ID"] in thanks["References"]
    assert again["In-Reply-To"] == thanks["Message-ID"]
    assert complaint["From"] == thanks["From"] == again["From"]


def test_the_machines_among_the_senders_say_so() -> None:
    assert named("bounce").get_content_type() == "multipart/report"
    assert named("abwesenheit")["Auto-Submitted"] == named("auto-reply")["Auto-Submitted"] == "auto-replied"
    assert named("newsletter-trade")["List-Unsubscribe"] and named("newsletter-shop")["List-Unsubscribe"]


def test_the_contact_form_and_the_forward_hide_the_one_who_complains() -> None:
    form, forward = named("contact-form"), named("forward-from-colleague")
    assert form["From"].addresses[0].addr_spec == "support@lighthouse.example"
    assert form["Reply-To"].addresses[0].addr_spec == "florence.mbeki@sunpost.example"
    assert forward["From"].addresses[0].addr_spec == "colleague@lighthouse.example"
    assert "w.brandvold@hillpost.example" in forward.get_content()


def test_the_set_shows_the_ways_mail_is_written() -> None:
    parts = [part for path in FILES for part in letter(path).walk() if part.get_content_maintype() == "text"]
    assert {str(part["Content-Transfer-Encoding"]) for part in parts} >= {"7bit", "8bit", "quoted-printable", "base64"}
    assert {part.get_content_charset() for part in parts} >= {"utf-8", "us-ascii", "iso-8859-1", "windows-1252"}
    kinds = Counter(letter(path).get_content_type() for path in FILES)
    assert {"text/plain", "text/html", "multipart/alternative", "multipart/mixed"} <= set(kinds)


def test_every_draft_names_at_least_two_things_of_the_mail_it_answers(tmp_path: Path) -> None:
    trial = Trial(settings_for(tmp_path / "amends.yaml"))
    tried = {path.stem: trial.of(path.stem, path.read_bytes()) for path in FILES}
    drafted = {name: result for name, result in tried.items() if result["drafts"]}
    assert len(drafted) >= 28
    assert {name: told for name, result in drafted.items() if len(told := named_in(result)) < 2} == {}


def named_in(result: Mapping[str, Any]) -> set[str]:
    """What of this mail stands in its draft: who wrote, their own sentences, what they ask for, what they stated."""
    (draft,) = result["drafts"]
    text = draft["text"].replace("’", "'").casefold()
    slots = {slot["name"]: slot["value"] for slot in draft["slots"]}
    stated = {fact["text"] for fact in result["assessment"]["facts"] if fact["kind"] != "person"}
    telling = {one for one in stated if any(word in text for word in re.findall(r"\w*\d\w*|\w{5,}", one.casefold()))}
    name = result["sender"].split(" <")[0].split()[-1].casefold()
    return (
        telling | {one for one in ("sentence", "effect", "ask") if slots.get(one)} | ({name} if name in text else set())
    )
