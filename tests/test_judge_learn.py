"""Learning from people: it changes what they spoke about, keeps what was right, and is kept only where it helps."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from plugin.judge.learn import Learned, Lesson, Outcome, anchors, learn, taught
from plugin.judge.verdict import weigh

BAR = 0.7
TRADE = [  # what nobody but this trade would call a complaint
    f"The {what} on my {who} is {how}, and she plucks her breast."
    for what in ("ring", "harness", "jess")
    for who in ("falcon", "kestrel", "barn owl", "goshawk")
    for how in ("askew", "too loosely")
]


def lessons(value: str) -> list[Lesson]:
    return [Lesson(own, "", "complaint", value) for own in TRADE]


def score(own: str, learned: Learned) -> float:
    return weigh(own, "", taught(learned)).score


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return learn(lessons("yes"), anchors(), BAR)


def test_letters_people_spoke_about_are_judged_as_they_said(outcome: Outcome) -> None:
    assert all(score(own, Learned()) < BAR for own in TRADE), (
        "the shipped model knows falconry by now: find another trade"
    )
    assert all(score(own, outcome.learned) >= BAR for own in TRADE)


def test_letters_like_them_follow(outcome: Outcome) -> None:
    assert outcome.held_out == len(TRADE)
    assert outcome.wrong_after < outcome.wrong_before
    assert score("The harness on my eagle is askew since Friday, and she plucks her breast.", outcome.learned) >= BAR


def test_what_was_right_stays_right(outcome: Outcome) -> None:
    assert outcome.anchors_after <= outcome.anchors_before
    assert outcome.worth_keeping


def test_what_is_learned_can_be_read(outcome: Outcome) -> None:
    assert outcome.learned.complaint["askew"] > 0
    assert Learned(**json.loads(json.dumps(asdict(outcome.learned)))) == outcome.learned


def test_learning_the_same_twice_gives_the_same(outcome: Outcome) -> None:
    assert learn(lessons("yes"), anchors(), BAR) == outcome


def test_a_few_corrections_are_too_few_to_tell() -> None:
    few = learn(lessons("yes")[:4], [], BAR)
    assert few.held_out == 0
    assert not few.worth_keeping


def test_corrections_that_contradict_each_other_are_not_kept() -> None:
    torn = [*lessons("yes"), *lessons("no")]
    assert not learn(torn, anchors(), BAR).worth_keeping


def test_a_category_is_learned() -> None:
    own = "The broken harness never arrived and nobody answers, I am very disappointed and want my money back."
    said = weigh(own, "").category
    wanted = "booking" if said != "booking" else "contract"
    learned = learn([Lesson(own, "", "category", wanted)], [], BAR).learned
    assert weigh(own, "", taught(learned)).category == wanted


@pytest.mark.parametrize("wanted", ["low", "critical"])
def test_a_severity_is_learned(wanted: str) -> None:
    own = "I ordered a lamp three weeks ago, it never arrived, nobody answers and I am very disappointed with you."
    learned = learn([Lesson(own, "", "severity", wanted)], [], BAR).learned
    assert weigh(own, "", taught(learned)).severity == wanted


def test_the_letters_that_came_with_the_model_are_judged_rightly() -> None:
    known = anchors()
    assert {one.value for one in known} == {"yes", "no"}
    wrong = [one for one in known if (score(one.own, Learned()) >= BAR) != (one.value == "yes")]
    assert len(wrong) <= len(known) // 50
