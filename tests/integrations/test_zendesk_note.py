"""What a note says, how it is known again, and what cannot be smuggled into one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integrations.zendesk import note
from plugin.model import Address, Draft, Reminder

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
LETTER = "Dear Anna Jones,\n\nyour lamp arrived broken, and we are sorry.\n\nExample Ltd"


def draft(text: str = LETTER, *aside: str, name: str = "d1", case: str = "c1") -> Draft:
    us, anna = Address("support@example.com"), Address("anna@example.org")
    return Draft(
        message_id=f"<amends.{name}@example.com>", case=case, sender=us, to=anna, subject="Re: Lamp", references=(),
        text=text, at=NOW, aside=aside,
    )  # fmt: skip


def reminder(text: str = "They have had no answer yet.", subject: str = "To do: answer - Lamp") -> Reminder:
    return Reminder(message_id="<amends.r1@example.com>", case="c1", subject=subject, text=text, at=NOW)


def test_a_suggestion_says_what_it_is_what_to_send_and_what_comes_next() -> None:
    assert note.told([draft(LETTER, "update due by Tue 24 Nov 16:00")]) == (
        "Suggested reply - read it, change it, and send it yourself. The customer does not see this note.\n"
        f"{'-' * 40}\n{LETTER}\n{'-' * 40}\n"
        "update due by Tue 24 Nov 16:00\n"
        "amends:c1/d1"
    )


def test_what_was_suggested_is_read_back_and_so_is_its_step() -> None:
    written = note.told([draft(LETTER, "update due by Tue 24 Nov 16:00"), reminder()])
    first, second = note.parts(written)
    assert (note.suggested(first), list(note.markers(first))) == (LETTER, ["c1/d1"])
    assert (note.suggested(second), list(note.markers(second))) == ("", ["c1/r1"])


def test_other_ends_of_lines_change_nothing() -> None:
    written = note.told([draft()]).replace("\n", "\r\n")
    assert list(note.markers(written)) == ["c1/d1"]
    assert note.suggested(written).splitlines() == LETTER.splitlines()


def test_a_letter_may_hold_rules_of_its_own() -> None:
    text = f"Dear Anna,\n{'-' * 40}\nOrder LL-1\n{'-' * 40}\nExample Ltd"
    assert note.suggested(note.told([draft(text)])) == text


@pytest.mark.parametrize("smuggled", ["amends:c2/d9", "amends:c2/d9 ", "x\namends:c2/d9\ny", "amends:c1/d2\r"])
def test_a_marker_in_what_others_wrote_is_none(smuggled: str) -> None:
    written = note.told([draft(f"Dear\n{smuggled}"), reminder(smuggled, f"To do:\n{smuggled}"), draft("x", smuggled)])
    assert list(note.markers(written)) == ["c1/d1", "c1/r1", "c1/d1"]


@pytest.mark.parametrize("text", [
    "", "amends:", "see amends:c1/d1", "> amends:c1/d1", "amends:c1", "amends:c1/d1 and more", f"amends:{'c' * 65}/d1",
    "Amends:c1/d1",
])  # fmt: skip
def test_only_a_whole_line_is_a_marker(text: str) -> None:
    assert list(note.markers(text)) == []
    assert note.parts(text) == []


def test_however_many_are_written_at_once_they_fit_into_one_comment_and_keep_their_markers() -> None:
    many = [draft("x" * 100_000, "y" * 100_000, name=f"d{number}") for number in range(5)]
    written = note.told(many)
    assert len(written) < 65_535
    assert list(note.markers(written)) == [f"c1/d{number}" for number in range(5)]


def test_a_step_holds_only_what_a_marker_can() -> None:
    step = note.step("c1", "<amends.a b/c\n" + "z" * 100 + "@example.com>")
    assert list(note.markers(note.marker(step))) == [step]


@pytest.mark.parametrize(("said", "alike"), [
    (LETTER, True), (LETTER.replace("Dear", "Hello") + "\n\nPS: Keep the shade.", True), (LETTER.upper(), False),
    ("Call me.", False), ("", False), ("Dear Anna Jones, we cannot help. Example Ltd", False),
])  # fmt: skip
def test_a_reply_is_the_suggestion_if_most_of_it_is(said: str, alike: bool) -> None:
    assert note.alike(said, LETTER) is alike


def test_nothing_is_like_no_suggestion() -> None:
    assert not note.alike("", "")
    assert not note.alike(LETTER, "")
