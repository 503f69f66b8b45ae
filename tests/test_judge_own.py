"""What a sender wrote himself, mail by mail; the mails are in tests/judge.

own_goes.txt and own_stays.txt were written for these tests; the replies are other projects'.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import process_time

import pytest

from integrations.imap.body import html_text
from plugin.judge.own import LIMIT, own_text

MAILS = Path(__file__).parent / "judge"
REPLIES = sorted(path for path in MAILS.glob("replies/*/*.*") if path.suffix in (".txt", ".html"))


def letters(name: str) -> Iterator[tuple[str, str, str]]:
    """Of each entry its name, the letter, and what is left of it: all of it, if nothing else is said."""
    for entry in (MAILS / name).read_text(encoding="utf-8").split("\n## ")[1:]:
        title, _, body = entry.partition("\n")
        letter, _, own = body.strip("\n").partition("\n~~~\n")
        yield title, letter, own or letter


GOES = [pytest.param(letter, own, id=name) for name, letter, own in letters("own_goes.txt")]
STAYS = [pytest.param(letter, own, id=name) for name, letter, own in letters("own_stays.txt")]


def paragraphs(text: str) -> list[str]:
    """The text without regard to how many blank lines part it."""
    return [line for line in text.split("\n") if line.strip()]


@pytest.mark.parametrize(("letter", "own"), GOES)
def test_what_is_not_the_senders_own_goes(letter: str, own: str) -> None:
    assert paragraphs(own_text(letter)) == paragraphs(own)


@pytest.mark.parametrize(("letter", "own"), STAYS)
def test_a_senders_own_sentence_stays_whatever_it_looks_like(letter: str, own: str) -> None:
    assert paragraphs(own_text(letter)) == paragraphs(own)


@pytest.mark.parametrize("path", REPLIES, ids=[f"{path.parent.name}/{path.name}" for path in REPLIES])
def test_replies_of_other_projects_are_told_from_what_they_quote(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    text = html_text(text) if path.suffix == ".html" else text
    assert paragraphs(own_text(text)) == paragraphs(path.with_suffix(".own").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("letter", "own"), GOES)
def test_line_ends_and_blanks_at_the_ends_of_lines_make_no_difference(letter: str, own: str) -> None:
    carried = letter.replace("\n", "\r\n")
    assert paragraphs(own_text(carried)) == paragraphs(own)
    spaced = "\n".join(line if line.strip() == "--" else line + "  " for line in letter.split("\n"))
    assert paragraphs(own_text(spaced)) == paragraphs(own)


def test_of_a_mail_that_was_passed_on_the_inner_one_is_read() -> None:
    mail = (
        "Please look at this.\n\n---------- Forwarded message ---------\nFrom: Anna <anna@example.org>\n"
        "Date: Tue, 3 Nov 2026\nSubject: My kettle\n\nIt is broken.\n\n-- \nAnna"
    )
    assert own_text(mail, forwarded=True) == "It is broken."
    assert own_text(mail) == "Please look at this."


def test_a_mail_that_was_passed_on_as_a_quotation_is_read_without_the_signs_of_it() -> None:
    mail = (
        "Begin forwarded message:\n\n> From: Anna <anna@example.org>\n> Date: 3 November 2026\n> Subject: A kettle\n>\n"
        "> It is broken.\n> Please help.\n\nSent from my iPhone"
    )
    assert own_text(mail, forwarded=True) == "It is broken.\nPlease help."


def test_a_text_in_which_no_mail_begins_is_read_whole() -> None:
    assert own_text("It is broken.", forwarded=True) == "It is broken."


HOSTILE = {
    "an attribution without end": "On a b c d ",
    "attributions": "On 3 May 2026 10:00 a <a@b.example> wrote:\nx\n",
    "addresses": "1 <a@b.example>:\n",
    "blank lines": "\n",
    "a ladder": ">",
    "quotations": "> a\nb\n",
    "dashes": "--",
    "lines of dashes": "--\n",
    "rules and names": "____\nAnna\nwww.example.org\n",
    "headers": "From: a@b.example\nSubject: x\n\n",
    "greetings": "Thanks\nAnna\n",
    "greetings and addresses": "Thanks\nAnna\nhttps://example.org\n\n",
    "disclaimers": "This e-mail is confidential\n\n",
    "one line": "A",
    "blanks": " ",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_twice_as_much_hostile_text_takes_about_twice_as_long(piece: str) -> None:
    whole = piece * (LIMIT // len(piece))

    def spent(text: str) -> float:
        """The least of several, for a machine has other things to do."""
        times: list[float] = []
        for _ in range(5):
            began = process_time()
            own_text(text)
            times.append(process_time() - began)
        return min(times)

    assert spent(whole) < 8 * spent(whole[: len(whole) // 2]) + 0.005


def test_what_stands_behind_the_limit_is_not_read() -> None:
    assert own_text("a" * LIMIT + "\nIt is broken.") == "a" * LIMIT


def test_half_a_surrogate_pair_becomes_a_sign_that_can_be_stored() -> None:
    assert own_text("broken \ud800").encode() == b"broken ?"
