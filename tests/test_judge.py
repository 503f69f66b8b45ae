"""The judge, letter by letter; the letters are in tests/judge.

The judge was fitted on letters.txt and development.txt among much else. Nothing was fitted on those of held_out.txt,
but they were looked at while signs and weights were chosen, so what is counted there flatters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from plugin.judge import Glance, Judge, assess, key_sentence
from plugin.judge.linear import shipped
from plugin.model import ASKS, CATEGORIES, RISKS, SEVERITIES, Address, Direction, Message, Origin, Place, clip

LETTERS = Path(__file__).parent / "judge"
HELD_OUT_NOTICED = 60  # of 74, four in five; most of the others are asked about
SOMEBODY = Address("anna@example.org", "Anna")


def letter(text: str, subject: str = "", *, automatic: str = "", origin: Origin = Origin.DIRECT) -> Message:
    return Message(
        inbox="support", key="k", place=Place("INBOX", 1, 1), message_id="<1@example.org>", references=(),
        at=datetime(2026, 11, 20, 9, 0, tzinfo=UTC), direction=Direction.IN, sender=SOMEBODY, answer_to=SOMEBODY,
        identity=SOMEBODY, to=(SOMEBODY,), subject=subject, text=text, automatic=automatic, origin=origin,
    )  # fmt: skip


def letters(name: str) -> Iterator[tuple[str, list[str], Message]]:
    """Of each entry its name (or its first words), its labels, and the letter."""
    for entry in (LETTERS / f"{name}.txt").read_text(encoding="utf-8").split("## ")[1:]:
        head, _, text = entry.partition("\n")
        labels, _, title = head.partition(" | ")
        subject, _, body = text.partition("\n") if text.startswith("Subject: ") else ("", "", text)
        yield title or clip(body, 50), labels.split(), letter(body, subject.removeprefix("Subject: "))


COMPLAINTS = [
    pytest.param(labels[1:], message, id=name)
    for name, labels, message in letters("letters")
    if labels[0] == "complaint"
]
ORDINARY = [
    pytest.param(labels[1], message, id=name) for name, labels, message in letters("letters") if labels[0] == "ordinary"
]
DEVELOPMENT = [pytest.param(labels, message, id=name) for name, labels, message in letters("development")]


@pytest.mark.parametrize(("labels", "message"), COMPLAINTS)
def test_a_complaint_is_noticed_with_its_labels(labels: list[str], message: Message) -> None:
    found = assess(message)
    assert found.complaint, found
    said = {found.category, found.language, found.severity, *(f"risk-{risk}" for risk in found.risks)}
    said |= {word for word in ("heated", "chaser") if getattr(found, word)}
    assert set(labels) <= said


@pytest.mark.parametrize(("language", "message"), ORDINARY)
def test_ordinary_mail_is_no_complaint_and_raises_no_question(language: str, message: Message) -> None:
    found = assess(message)
    assert not found.complaint and not found.maybe, found
    assert found.language in {language, ""}


@pytest.mark.parametrize(("labels", "message"), COMPLAINTS)
def test_every_span_is_what_stands_there_and_every_label_is_known(labels: list[str], message: Message) -> None:
    found = assess(message)
    spans = [(e.text, e.start, e.end) for e in found.evidence] + [(f.text, f.start, f.end) for f in found.facts]
    for text, start, end in spans:
        assert text and text == found.own_text[start:end]
    assert found.category in CATEGORIES and found.severity in SEVERITIES
    assert set(found.risks) <= set(RISKS) and set(found.asks) <= set(ASKS)
    assert "complaint" in {span.label for span in found.evidence}


@pytest.mark.parametrize(("labels", "message"), DEVELOPMENT)
def test_an_everyday_letter_is_told_from_its_near_misses(labels: list[str], message: Message) -> None:
    found = assess(message)
    assert found.complaint is (labels[0] == "complaint"), found
    assert not found.complaint or any(span.label == "complaint" for span in found.evidence)
    for span in found.evidence:
        assert span.text == found.own_text[span.start : span.end]


def test_of_the_letters_nothing_was_fitted_on_most_are_told_rightly() -> None:
    told = [(labels, assess(message)) for _, labels, message in letters("held_out")]
    complaints = [(labels[1], found) for labels, found in told if labels[0] == "complaint"]
    noticed = [(category, found) for category, found in complaints if found.complaint]
    assert len(noticed) >= HELD_OUT_NOTICED and len(complaints) == 74
    assert sum(category == found.category for category, found in noticed) >= len(noticed) * 0.85
    assert sum(found.complaint for labels, found in told if labels[0] == "ordinary") <= 2  # of 60
    assert sum(found.complaint or found.maybe for _, found in complaints) >= 69


@pytest.mark.parametrize("mark", ["auto-reply", "bounce", "list"])
def test_what_a_machine_wrote_is_no_complaint(mark: str) -> None:
    found = assess(letter("I wish to make a formal complaint, the kettle arrived broken.", automatic=mark))
    assert found.automatic and not found.complaint and not found.maybe


def test_the_subject_of_a_new_letter_counts_and_that_of_an_answer_does_not() -> None:
    text = "Order 60077, thank you."
    assert assess(letter(text, "Complaint: my vase arrived broken")).score > 0.4
    for answer in ("Re: ", "AW: ", "Re[2]: ", "SV: ", "Fwd: Re: "):
        assert assess(letter(text, answer + "Complaint: my vase arrived broken")).score < 0.2


def test_length_alone_makes_no_complaint() -> None:
    line = "The invoice has been paid and the meeting went well, with one small delay on our side. "
    assert assess(letter(line * 200)).score < 0.4


@pytest.mark.parametrize(
    "below",
    [
        "On Tue, 3 Nov 2026 at 10:00, Support <s@example.com> wrote:\n> the kettle is broken",
        "On Tue, 3 Nov 2026 at 10:00, Example Support\n<support@example.com>\nwrote:\n\n> broken",
        "Am 3. November 2026 um 09:14 schrieb Support <s@example.com>:\n\nkaputt",
        "Le mar. 3 nov. 2026 à 10:00, Support <s@example.com> a écrit :\n> cassé",
        "El mar, 3 nov 2026 a las 10:00, Support (<s@example.com>) escribió:\n> roto",
        "-----Original Message-----\nFrom: Support\nSent: Tuesday\n\nbroken",
        "____________\nVon: Support <s@example.com>\nGesendet: Dienstag\nAn: Anna\nBetreff: Kessel\n\nkaputt",
        "---------- Forwarded message ---------\nFrom: Support <s@example.com>\n\nbroken",
        "Begin forwarded message:\n\nFrom: Support\nDate: 3 Nov\n\nbroken",
        "-- \nAnna Smith\nExample Street 1",
        "Sent from my phone",
    ],
)
def test_own_text_is_what_the_sender_wrote_himself(below: str) -> None:
    own = assess(letter(f"Thanks, that helps.\n\n{below}\n")).own_text
    assert own == "Thanks, that helps."


def test_an_answer_between_the_quoted_lines_is_kept() -> None:
    text = (
        "On 3 Nov 2026, 10:00, Support <s@example.com> wrote:\n> Which order?\nOrder 60077.\n> Which item?\nThe vase."
    )
    assert assess(letter(text)).own_text == "Order 60077.\nThe vase."


def test_what_a_customer_tells_of_the_driver_is_no_quotation() -> None:
    text = "The driver left a note on which he wrote:\nFetch it yourself. That was rude."
    assert assess(letter(text)).own_text == text


def test_of_a_forward_the_inner_mail_is_judged() -> None:
    text = (
        "Please look at this.\n\n---------- Forwarded message ---------\nFrom: Anna <anna@example.org>\n"
        "Date: Tue, 3 Nov 2026\nSubject: My order\nTo: <info@example.com>\n\n"
        "My order 60077 arrived broken and nobody replies.\n"
    )
    found = assess(letter(text, "Fwd: My order", origin=Origin.FORWARD))
    assert found.complaint
    assert found.own_text == "My order 60077 arrived broken and nobody replies."


def test_facts_are_found_where_they_stand() -> None:
    text = (
        "I bought a steel kettle on 3 March 2026 for 59.90 EUR, order A-204411, invoice RE-7781. Call +44 20 7946 0123."
    )
    facts = {(fact.kind, fact.text) for fact in assess(letter(text)).facts}
    assert facts == {
        ("product", "steel kettle"), ("date", "3 March 2026"), ("amount", "59.90 EUR"), ("order", "A-204411"),
        ("invoice", "RE-7781"), ("phone", "+44 20 7946 0123"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("Bestellnummer: 4711-22 fehlt", "4711-22"),
        ("ma commande n° 77812", "77812"),
        ("el pedido 99120", "99120"),
        ("zamówienia ORD-12", "ORD-12"),
        ("по заказу A-1234", "A-1234"),
        ("注文A-555について", "A-555"),
        ("A-77 numaralı sipariş", "A-77"),
    ],
)
def test_an_order_number_is_found_in_any_of_the_languages(text: str, order: str) -> None:
    assert [fact.text for fact in assess(letter(text)).facts if fact.kind == "order"] == [order]


@pytest.mark.parametrize(
    ("text", "ask"),
    [
        ("The kettle is broken. Please repair it.", "repair"),
        ("The kettle is broken. Can you repair my kettle?", "repair"),
        ("The kettle is broken, fix it.", "repair"),
        ("The kettle is broken. I want a refund or a repair.", "repair"),
        ("Die Maschine ist kaputt. Bitte reparieren Sie das Gerät.", "repair"),
        ("Die Maschine ist kaputt. Ich verlange die kostenlose Reparatur.", "repair"),
        ("La machine est en panne, veuillez la réparer.", "repair"),
        ("La machine est en panne. Je demande une réparation.", "repair"),
        ("La máquina está rota. Quiero que la reparen.", "repair"),
        ("The kettle is broken. I would like a replacement.", "replacement"),
        ("Die Maschine ist kaputt. Ich möchte einen Umtausch.", "replacement"),
        ("La machine est cassée. Je souhaite un échange.", "replacement"),
        ("La máquina está rota. Solicito la sustitución.", "replacement"),
        ("My parcel is missing. When will my order arrive?", "information"),
    ],
)
def test_who_asks_for_something_is_heard(text: str, ask: str) -> None:
    assert ask in assess(letter(text)).asks


@pytest.mark.parametrize(
    ("text", "ask"),
    [
        ("Nobody came to the repair appointment and I took a day off for nothing.", "repair"),
        ("Your repair workshop was rude to me and my wheelchair is still there.", "repair"),
        ("The kettle was repaired in May and is broken again.", "repair"),
        ("Der Reparaturtermin wurde nicht eingehalten, und die Reparatur war schlecht.", "repair"),
        ("L'atelier de réparation ne répond pas, c'est inadmissible.", "repair"),
        ("El taller de reparación no contesta y estoy muy decepcionada.", "repair"),
        ("The replacement you sent is broken as well.", "replacement"),
        ("I was charged a wrong exchange rate.", "replacement"),
        ("Der Ersatz kam ebenfalls kaputt an.", "replacement"),
        ("Le remplacement est arrivé cassé aussi.", "replacement"),
        ("The driver shouted when will people learn to wait.", "information"),
    ],
)
def test_the_word_alone_asks_for_nothing(text: str, ask: str) -> None:
    assert ask not in assess(letter(text)).asks


def test_the_key_sentence_is_the_one_that_says_what_went_wrong() -> None:
    text = (
        "Dear Sir,\nI wrote to you in May.\nThe kettle I ordered arrived\nbroken. I hope you are well.\n\nKind regards"
    )
    assert key_sentence(assess(letter(text))) == "The kettle I ordered arrived broken."


def test_the_key_sentence_is_short_and_holds_no_mark_of_a_letter() -> None:
    long = "The kettle [[mark]] {if} you sold me arrived broken and nobody answers, " * 30
    sentence = key_sentence(assess(letter(long)))
    assert "broken" in sentence and len(sentence) <= 200
    assert not set("[]{}\n") & set(sentence)
    assert key_sentence(assess(letter("Good morning."))) == ""


def test_a_sign_that_is_no_letter_moves_no_span() -> None:
    found = assess(letter("My kettle \u3040\u3040 arrived \u3040 broken."))
    assert any(span.text.endswith("broken") for span in found.evidence)
    assert all(span.text == found.own_text[span.start : span.end] for span in found.evidence)


def test_thresholds_are_the_callers() -> None:
    message = letter("My order has not arrived, nobody replies.")
    score = assess(message).score
    assert Judge(complaint_at=score).assess(message).complaint
    unsure = Judge(complaint_at=1.0, ask_between=(score, 1.0)).assess(message)
    assert unsure.maybe and not unsure.complaint
    assert not Judge(complaint_at=1.0, ask_between=(0.0, 0.0)).assess(message).maybe


def test_the_words_that_weighed_most_are_shown_first_and_no_whole_sentences() -> None:
    text = "I hope you are well.\n\nThe kettle you sent has been broken since it arrived here on Monday morning. Bye."
    shown = [found.text for found in assess(letter(text)).evidence if found.label == "complaint"]
    assert "broken" in shown[0] and len(shown[0].split()) <= 9


def test_a_language_the_judge_does_not_know_is_no_complaint() -> None:
    hungarian = (
        "Kedves Kollégák, a jövő heti megbeszélés napirendjét mellékelten küldöm, és szeretném megkérdezni, hogy ki "
        "tud részt venni a szerdai bemutatón. A termet délután kettőtől foglaltuk le, kávé és sütemény is lesz."
    )
    assert not assess(letter(hungarian)).complaint


def test_noise_is_remembered_no_longer_than_it_is_read() -> None:
    model = shipped()
    noise = " ".join(f"{number:x}{number * 7919:x}" for number in range(100_000))
    assess(letter(noise))
    known = len(model.words)
    assess(letter("A" * 60 + " " + "B" * 1_000_000))
    assert len(model.words) == known and known <= 1 << 14


def test_of_all_numbers_one_is_remembered() -> None:
    model = shipped()
    assess(letter("The kettle of my order LL-1001 for 40.50 EUR is broken."))
    known = len(model.words), len(model.pairs)
    for number in range(2_000, 2_100):
        assess(letter(f"The kettle of my order LL-{number} for {number}.50 EUR is broken."))
    assert (len(model.words), len(model.pairs)) == known
    assert model.logit(["order", "LL-2001"]) == model.logit(["order", "LL-0"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "x" * 1_000_000,
        "aGVsbG8gd29ybGQ" * 5000,
        "broken жалоба 苦情 \u202e\x00 ſ İ",
        "-- \nAnna",
        "!" * 80_000,
        "\n" * 80_000,
        "> a\n" * 40_000,
        "From: \n" * 20_000,
        "still waiting for " * 8000,
        "1.1" * 30_000,
        "\ud800 lone half",
        "\uff9e \uff9e broken",
        "my kettle \u3040 arrived \u3040broken",
    ],
    ids=[
        "empty",
        "blank",
        "one word",
        "noise",
        "scripts",
        "signature",
        "marks",
        "lines",
        "quotes",
        "headers",
        "gaps",
        "numbers",
        "surrogate",
        "mere accents",
        "no letter",
    ],
)
def test_hostile_text_gets_an_answer(text: str) -> None:
    found = assess(letter(text, text[:2000]))
    assert 0 <= found.score <= 1 and len(found.own_text) <= 65_536
    assert len(key_sentence(found)) <= 200


@pytest.mark.parametrize("subject", ["= ?= ?= ?= ?= ?= ?= ?", "?????", "12345", "...", ""])
def test_a_subject_without_a_word_changes_nothing(subject: str) -> None:
    text = "The lamp arrived broken, the glass shade is in pieces. Nobody answers my calls. I want a replacement."
    assert assess(letter(text, subject)).score == assess(letter(text)).score


@pytest.mark.parametrize(("labels", "message"), [*COMPLAINTS, *ORDINARY, *DEVELOPMENT])
def test_a_glance_tells_all_of_what_somebody_should_see_and_of_the_rest_that_it_is_none(
    labels: object, message: Message
) -> None:
    whole, seen = assess(message), Judge().glance(message)
    if whole.complaint or whole.maybe:
        assert seen == whole
    else:
        assert isinstance(seen, Glance)
        assert (seen.complaint, seen.maybe, seen.score, seen.own_text) == (False, False, whole.score, whole.own_text)


def test_what_one_of_us_or_a_machine_wrote_is_not_read_at_a_glance() -> None:
    angry = letter("This is a formal complaint. My lamp arrived broken.")
    ours, machine = replace(angry, direction=Direction.OUT), replace(angry, automatic="list")
    assert Judge().glance(angry) == assess(angry)
    assert Judge().glance(ours) == Glance(complaint=False, maybe=False, score=0.0)
    assert Judge().glance(machine) == Glance(complaint=False, maybe=False, score=0.0, automatic=True)


def test_a_person_who_is_asked_about_little_gets_a_glance_at_more() -> None:
    thanks = letter("Thank you, the lamp has arrived and it is beautiful.")
    assert Judge(ask_between=(0.0, 0.7)).glance(thanks) == Judge(ask_between=(0.0, 0.7)).assess(thanks)
