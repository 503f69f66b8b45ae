"""What a set of playbooks leaves out: each practice missing in turn yields its remark, and a whole set none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from plugin.coverage import remarks
from plugin.letters import problems
from plugin.playbook import load_book, shipped_packs

WHOLE = {
    "10-all": """\
        name: all
        about: What every complaint gets.
        when: complaint_received
        then:
          - due_by: {for: acknowledgement, within: 4 business hours}
          - due_by: {for: update, every: 3 business days}
          - due_by: {for: resolution, within: 10 business days, draft: answer}
          - draft: {text: thanks}
        """,
    "20-after": """\
        name: after
        about: What comes afterwards.
        when: resolved
        then:
          - follow_up: {after: 3 business days}
          - goodwill: {after: 1 business day, up_to: 15 EUR, offer: [voucher, thank-you-note], draft: gesture}
        """,
    "drafts/thanks.en": "Thank you.\n",
    "drafts/answer.en": "We send another one or your money back.\n",
    "drafts/gesture.en": "It is yours, with nothing asked in return: {offer}.\n",
}
"""A small folder that leaves out nothing, by file name."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder of the site's own playbooks."""
    (tmp_path / "drafts").mkdir()
    return tmp_path


def told(folder: Path, changed: Mapping[str, str] | None = None) -> list[str]:
    """The remarks on the whole folder with these files in the place of its own, or beside them."""
    for name, text in {**WHOLE, **(changed or {})}.items():
        path = folder / (f"{name}.txt" if name.startswith("drafts/") else f"{name}.yaml")
        path.write_text(dedent(text), "utf-8")
    return [str(remark) for remark in remarks(load_book([], folder, check_text=problems), "my-playbooks")]


def without(name: str, line: str, instead: str = "") -> str:
    """A file of the whole folder with one line left out, or another in its place."""
    text = dedent(WHOLE[name])
    assert line in text
    return text.replace(line, instead)


def test_a_whole_folder_has_no_remark(folder: Path) -> None:
    assert told(folder) == []


@pytest.mark.parametrize(
    "packs",
    [*((name,) for name in shipped_packs()), *((name, "general") for name in shipped_packs() if name != "general")],
)
def test_the_shipped_packs_have_no_remark(packs: tuple[str, ...]) -> None:
    assert remarks(load_book(packs, None), "amends.yaml") == ()


def test_no_follow_up_anywhere(folder: Path) -> None:
    assert told(folder, {"20-after": without("20-after", "  - follow_up: {after: 3 business days}\n")}) == [
        "my-playbooks: nobody is asked afterwards whether it is really settled: write a playbook with `when: resolved` "
        "and `follow_up: {after: 3 business days, draft: still-satisfied}`"
    ]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("[{category: delivery}, {category: billing}]",
         "`category: delivery` and `category: billing` exclude each other"),
        ("[{severity: [low, high]}, {tag: vip}, {severity: medium}]",
         "`severity: [low, high]` and `severity: medium` exclude each other"),
        ("[{category: delivery}, {not: {category: [billing, delivery]}}]",
         "`category: delivery` and `not: {category: [billing, delivery]}` exclude each other"),
        ("[{heated: true}, {not: {heated: true}}]", "`heated: true` and `not: {heated: true}` exclude each other"),
        ("[{outcome: upheld}]", "there is no outcome yet when a complaint is received"),
    ],
)  # fmt: skip
def test_a_rule_that_can_never_apply(folder: Path, asked: str, why: str) -> None:
    rule = f"name: never\nwhen: complaint_received\nif: {asked}\nthen:\n  - tag: [x]\n"
    column = rule.splitlines()[2].rindex(", {" if ", {" in asked else "[{") + (3 if ", {" in asked else 2)
    assert told(folder, {"05-never": rule}) == [
        f"my-playbooks/05-never.yaml:3:{column}: `never` can never apply: {why}"
    ]


@pytest.mark.parametrize(
    "asked",
    [
        "[{category: [delivery, billing]}, {category: billing}]", "[{risk: legal}, {risk: safety}]",
        "[{tag: a}, {tag: b}]", "[{not: {category: delivery}}, {not: {category: billing}}]",
        "[{text: a}, {text: b}]", "[{not: {outcome: upheld}}]",
    ],
)  # fmt: skip
def test_a_rule_that_may_apply_has_no_such_remark(folder: Path, asked: str) -> None:
    rule = f"name: some\nwhen: complaint_received\nif: {asked}\nthen:\n  - tag: [x]\n"
    assert told(folder, {"05-some": rule}) == []


def test_a_category_no_playbook_answers(folder: Path) -> None:
    limited = "when: complaint_received\nif:\n  - not: {category: [booking, privacy]}\n"
    found = told(folder, {"10-all": without("10-all", "when: complaint_received\n", limited)})
    assert found == [
        "my-playbooks: no playbook writes a letter for complaints about booking and privacy: write one with "
        "`when: complaint_received` and `draft:`, or put `general` among the `packs:`"
    ]


def test_many_categories_no_playbook_answers_are_counted(folder: Path) -> None:
    limited = "when: complaint_received\nif:\n  - category: other\n"
    (found,) = told(folder, {"10-all": without("10-all", "when: complaint_received\n", limited)})
    assert "about delivery, product-quality, billing, refund and 10 more:" in found


def test_a_letter_for_some_word_only_answers_no_category(folder: Path) -> None:
    limited = "when: complaint_received\nif:\n  - subject: urgent\n"
    (found,) = told(folder, {"10-all": without("10-all", "when: complaint_received\n", limited)})
    assert "delivery, product-quality, billing, refund and 11 more" in found


def test_two_letters_for_two_severities_answer_all(folder: Path) -> None:
    low = "when: complaint_received\nif:\n  - severity: low\n"
    high = "when: complaint_received\nif:\n  - not: {severity: low}\n"
    both = {
        "10-all": without("10-all", "when: complaint_received\n", low),
        "11-high": without("10-all", "when: complaint_received\n", high).replace("name: all", "name: high"),
    }
    assert told(folder, both) == []


def test_a_rule_for_complaints_that_have_no_date(folder: Path) -> None:
    limited = "when: complaint_received\nif:\n  - not: {category: safety}\n"
    rule = """\
        name: safety
        about: Somebody was hurt.
        when: complaint_received
        if:
          - category: safety
        then:
          - tag: [urgent]
          - draft: {text: thanks}
        """
    assert told(folder, {"10-all": without("10-all", "when: complaint_received\n", limited), "30-safety": rule}) == [
        "my-playbooks/30-safety.yaml:7:5: `safety` is for complaints that have no date by which they are settled: add "
        "`- due_by: {for: resolution, within: 10 business days}`"
    ]


@pytest.mark.parametrize("asked", ["category: safety", "risk: legal", "subject: urgent"])
def test_a_rule_without_a_date_beside_one_that_dates_every_complaint_is_no_remark(folder: Path, asked: str) -> None:
    rule = f"""\
        name: some
        about: Some complaints.
        when: complaint_received
        if:
          - {asked}
        then:
          - tag: [seen]
        """
    assert told(folder, {"30-some": rule}) == []


def test_no_word_while_they_wait(folder: Path) -> None:
    (found,) = told(folder, {"10-all": without("10-all", "  - due_by: {for: update, every: 3 business days}\n")})
    assert found.startswith("my-playbooks: nobody hears from us while they wait: add `- due_by: {for: update, every: 3")


@pytest.mark.parametrize(
    "span", ["25 hours", "2 days", "1 week", "2 business days", "11 business hours", "1500 minutes"]
)
def test_an_acknowledgement_later_than_a_day(folder: Path, span: str) -> None:
    assert told(folder, {"10-all": without("10-all", "4 business hours", span)}) == [
        f"my-playbooks/10-all.yaml:5:5: a first word after {span} leaves people wondering whether anybody reads them: "
        "acknowledge within a day, such as `within: 4 business hours`"
    ]


@pytest.mark.parametrize("span", ["24 hours", "1 day", "1 business day", "8 business hours", "10 minutes"])
def test_an_acknowledgement_within_a_day_is_no_remark(folder: Path, span: str) -> None:
    assert told(folder, {"10-all": without("10-all", "4 business hours", span)}) == []


def test_an_answer_that_leaves_nothing_to_choose(folder: Path) -> None:
    assert told(folder, {"drafts/answer.en": "We send another one.\n"}) == [
        "my-playbooks/10-all.yaml:7:5: the answer `answer` leaves nothing to choose: name two ways to put it right in "
        "drafts/answer.en.txt, or ask which they prefer"
    ]


@pytest.mark.parametrize("said", ["Which would suit you best?", "One of these: {offer}.", "A new one or the money."])
def test_an_answer_that_asks_or_offers_is_no_remark(folder: Path, said: str) -> None:
    assert told(folder, {"drafts/answer.en": f"{said}\n"}) == []


def test_a_gesture_without_a_limit_and_without_a_choice(folder: Path) -> None:
    bare = without("20-after", "up_to: 15 EUR, offer: [voucher, thank-you-note], ")
    assert told(folder, {"20-after": bare}) == [
        "my-playbooks/20-after.yaml:6:5: this gesture has no limit, so nobody may give it unasked: add `up_to: 15 EUR`",
        "my-playbooks/20-after.yaml:6:5: this gesture leaves nothing to choose: name at least two, such as "
        "`offer: [voucher, thank-you-note]`",
    ]


@pytest.mark.parametrize(
    ("letter", "asked"),
    [
        ("Dear {name},\n\nplease leave us a review, and it is yours.\n", "leave us a review"),
        ("Hello,\n\nit is yours provided you withdraw the complaint.\n", "provided you"),
        ("Guten Tag,\n\nunter der Bedingung, dass Sie bestellen.\n", "unter der Bedingung"),
        ("Bonjour,\n\nil est à vous, à condition de commander.\n", "à condition"),
        ("Hola:\n\nes suyo, con la condición de que vuelva.\n", "con la condición de"),
    ],
)
def test_a_gesture_that_asks_for_something_in_return(folder: Path, letter: str, asked: str) -> None:
    assert told(folder, {"drafts/gesture.en": letter}) == [
        f"my-playbooks/drafts/gesture.en.txt:3: a gesture is given without asking for anything, and “{asked}” asks for "
        "something: strike that out"
    ]


def test_a_word_of_return_in_a_letter_that_is_no_gesture_is_no_remark(folder: Path) -> None:
    assert told(folder, {"drafts/thanks.en": "Please leave us a review.\n"}) == []


def test_one_of_each_kind_comes_before_the_second_of_any(folder: Path) -> None:
    late = without("10-all", "4 business hours", "3 days")
    bare = without("20-after", "up_to: 15 EUR, ")
    found = told(folder, {"10-all": late, "11-too": late.replace("name: all", "name: too"), "20-after": bare})
    kinds = [remark.split(": ")[0].removeprefix("my-playbooks/") for remark in found]
    assert kinds == ["10-all.yaml:5:5", "20-after.yaml:6:5", "11-too.yaml:5:5"]


def test_a_book_of_nothing_is_only_told_that_nothing_is_answered() -> None:
    (found,) = remarks(load_book([], None), "amends.yaml")
    assert str(found).startswith("amends.yaml: no playbook writes a letter for complaints about delivery, ")


def test_a_letter_that_nothing_names_and_that_is_called_nearly_like_one_that_is_used(folder: Path) -> None:
    assert told(folder, {"drafts/thansk.en": "Thank you.\n"}) == [
        "my-playbooks/drafts/thansk.en.txt:1: no playbook names the letter `thansk`, so it is never used: if you mean "
        "`thanks`, rename the file to thanks.en.txt"
    ]


def test_a_letter_with_a_name_of_its_own_may_be_for_an_incident(folder: Path) -> None:
    assert told(folder, {"drafts/recall.en": "Please stop using it.\n", "drafts/thanks-again.en": "Thanks.\n"}) == []
