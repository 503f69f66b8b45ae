"""The words about mail."""

from __future__ import annotations

import pytest

from plugin.model import CATEGORIES, Address, AmendsError, clip


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("short", 10, "short"),
        ("  two\n  lines ", 20, "two lines"),
        ("cut at a word, please", 15, "cut at a word…"),
        ("oneverylongwordwithoutaspace", 10, "oneverylo…"),
        ("", 5, ""),
    ],
)
def test_a_text_is_clipped_to_one_line_at_a_word(text: str, limit: int, cut: str) -> None:
    assert clip(text, limit) == cut
    assert len(clip(text, limit)) <= limit


def test_an_address_reads_like_one() -> None:
    assert str(Address("anna@example.org", "Anna Jones")) == "Anna Jones <anna@example.org>"
    assert str(Address("anna@example.org")) == "anna@example.org"


def test_every_category_can_be_a_tag() -> None:
    assert len(CATEGORIES) == 15
    assert all(len(f"category-{name}") <= 40 and name == name.lower() for name in CATEGORIES)


def test_an_error_may_well_go_away_unless_it_says_that_the_input_is_wrong() -> None:
    assert not AmendsError("x").input_is_wrong
