"""How grave a complaint is: what is summed, and which grade the sum reaches."""

from __future__ import annotations

import pytest

from plugin.judge.linear import shipped
from plugin.judge.severity import SIGNS, features, grade, money, wished
from plugin.judge.verdict import BARS, weigh
from plugin.model import CATEGORIES, SEVERITIES

LAMP = "I ordered a lamp three weeks ago and it has not arrived. Please tell me where it is."
FIRE = (
    "Your heater caught fire in my daughter's room last night and she is in hospital with burns. "
    "This is the second heater of yours that burned. My lawyer will write to you, and I have informed the authorities."
)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("You owe me € 1.250,00 and 30 EUR.", 3.1),
        ("I paid 1,250.00 pounds.", 3.1),
        ("Paguei R$ 99,90 por isso.", 2.0),
        ("That was $9.", 1.0),
        ("order 123456, room 12", 0.0),
        ("€ € $. ,", 0.0),
        ("", 0.0),
    ],
)
def test_the_largest_sum_counts_by_its_digits(text: str, digits: float) -> None:
    assert money(text) == pytest.approx(digits, abs=0.05)


def test_no_sum_counts_for_more_than_a_hundred_thousand() -> None:
    assert money("€ 999999999") == money("$ 100,000,000") == 5.0


def test_there_is_a_weight_for_each_feature() -> None:
    model = shipped()
    told = [0.0] * (4 * (BARS.stop - BARS.start) + 2 * len(CATEGORIES))
    given = features(told, [0.0] * (len(model.names) - BARS.stop), {"grave"}, "Some words.")
    assert len(model.severity["weights"]) == len(given)
    assert {len(row) for row in model.wishes["weights"]} == {len(given)}
    assert len(model.wishes["names"]) == len(model.wishes["biases"]) == len(model.wishes["weights"])
    assert given[-2 - len(SIGNS)] == 1.0
    assert sorted(model.severity["bars"]) == model.severity["bars"]


def test_the_higher_the_sum_the_higher_the_grade() -> None:
    model = {"weights": [1.0], "bars": [1.0, 2.0, 3.0]}
    assert [grade(model, [height]) for height in (0.0, 1.5, 2.5, 9.0)] == list(SEVERITIES)


def test_what_a_letter_asks_for_is_what_its_features_speak_for() -> None:
    model = {"names": ["ask-refund", "ask-repair"], "weights": [[2.0, 0.0], [0.0, 2.0]], "biases": [-2.0, -2.0]}
    assert wished(model, [1.0, 0.0]) == ["ask-refund"]
    assert wished(model, [1.0, 1.0]) == ["ask-refund", "ask-repair"]
    assert wished(model, [0.0, 0.0]) == []


def test_nothing_is_asked_for_that_no_sentence_says() -> None:
    assert weigh(LAMP, "").asks == ("information",)
    assert weigh("The kettle leaks.", "").asks == ()


def test_a_fire_is_graver_than_a_late_lamp() -> None:
    lamp, fire = (SEVERITIES.index(weigh(text, "").severity) for text in (LAMP, FIRE))
    assert lamp < fire
