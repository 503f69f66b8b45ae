"""HTML as text: what is quoted, what is drawn, what nobody was to see."""

from __future__ import annotations

import pytest

from integrations.imap.body import html_text

HIDDEN = [
    '<div style="display:none">offer</div>',
    "<div style='DISPLAY : NONE'>offer</div>",
    "<div style=display:none>offer</div>",
    '<span style="visibility: hidden">offer</span>',
    '<span style="font-size:0px;line-height:0">offer</span>',
    '<span style="mso-hide:all">offer</span>',
    '<div style="max-height:0;overflow:hidden">offer</div>',
    '<div style="opacity: 0">offer</div>',
    '<p style="color:#FFFFFF">offer</p>',
    '<p style="font-size:1px;color:white">offer</p>',
    "<p style='color: transparent'>offer</p>",
]
SEEN = [
    '<div style="opacity:0.9">It leaks.</div>',
    '<span style="font-size:0.9em">It leaks.</span>',
    '<body bgcolor="navy"><p style="color:#fff">It leaks.</p></body>',
    '<div style="background:#000"><p style="color:#fff">It leaks.</p></div>',
    '<p style="background-color:#fff;color:#000">It leaks.</p>',
    '<p style="border-color:white">It leaks.</p>',
    '<div style="max-height:20px">It leaks.</div>',
]


@pytest.mark.parametrize("html", HIDDEN)
def test_what_nobody_was_to_see_is_not_read(html: str) -> None:
    assert html_text(f"{html}<p>İt leaks.</p>").strip() == "İt leaks."


@pytest.mark.parametrize("html", SEEN)
def test_what_everybody_sees_is_read(html: str) -> None:
    assert html_text(html).strip() == "It leaks."


def test_quotations_are_marked_line_by_line_as_deep_as_they_are() -> None:
    html = (
        "<p>Yes.</p><blockquote type=cite><p>Does it leak?<br>Much?</p>"
        '<blockquote class="gmail_quote">It is broken.</blockquote></blockquote><p>Much.</p>'
    )
    lines = [line for line in html_text(html).split("\n") if line.strip(" >")]
    assert lines == ["Yes.", "> Does it leak?", "> Much?", ">> It is broken.", "Much."]


def test_an_indented_paragraph_is_no_quotation() -> None:
    html = '<blockquote style="margin:0 0 0 40px;border:none;padding:0px">It leaks.</blockquote>Much.'
    assert html_text(html).split() == ["It", "leaks.", "Much."]


def test_a_rule_stands_on_a_line_of_its_own() -> None:
    assert html_text("Bob<hr><b>From: </b>anna@example.org").split("\n") == ["Bob", "____", "From: anna@example.org"]


@pytest.mark.parametrize(
    "html", ["</blockquote>It leaks.", "<blockquote></blockquote>It leaks.\ue000\ue002", "It leaks."]
)
def test_ends_without_beginnings_and_letters_that_stand_for_them_do_no_harm(html: str) -> None:
    assert html_text(html).strip() == "It leaks."
