"""A letter is a text with slots: what is known is set in, what is not becomes a mark for a person."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.hours import Hours
from plugin.letters import Material, Slot, compose, marks, problems
from plugin.letters.slots import SLOTS
from plugin.letters.words import DE, EN, ES, FR, day, money, read_day, sequence
from plugin.model import ASKS, Assessment, Evidence, Fact, Origin

LONDON = Hours.parse("default", "Europe/London", {"mon-fri": "09:00-17:30"}, ())
MONDAY = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
SAID = "My parcel has still not arrived and nobody answers the telephone"


def assessment(said: str = SAID, **known: Any) -> Assessment:
    """What the judge thinks of a complaint of one sentence."""
    evidence = (Evidence("complaint", said, 0, len(said)),) if said else ()
    return Assessment(complaint=True, maybe=False, score=0.9, own_text=said, evidence=evidence, language="en", **known)


def facts(**stated: str) -> tuple[Fact, ...]:
    return tuple(Fact(kind, text, 0, len(text)) for kind, text in stated.items())


FULL = Material(
    name="Anna Müller",
    assessment=assessment(asks=("refund", "apology"), facts=facts(order="order no. A-4711", product="kettle")),
    subject="Where is my parcel?",
    received_at=MONDAY,
    hours=LONDON,
    dates={
        "acknowledgement": datetime(2026, 11, 23, 14, 15, tzinfo=UTC),
        "update": datetime(2026, 11, 26, 17, 30, tzinfo=UTC),
        "resolution": datetime(2026, 12, 7, 17, 30, tzinfo=UTC),
    },
    language="en",
    signature="Ruth Field\nExample Ltd\nhttps://example.com",
    up_to="15 EUR",
    offer=("voucher", "thank-you-note"),
)
EMPTY = replace(FULL, name="", assessment=assessment(""), dates={}, signature="", up_to="", offer=())


def text_of(source: str, material: Material) -> str:
    return compose(source, material).text.rstrip("\n")


class TestSlots:
    @pytest.mark.parametrize(
        ("source", "text"),
        [
            ("{greeting},", "Dear Anna Müller,"),
            ("{name}", "Anna Müller"),
            ("Order {order}", "Order A-4711"),
            ("{product}", "kettle"),
            ("{received}", "23 November"),
            ("{sentence}", "“My parcel has still not arrived and nobody answers the telephone”"),
            ("{ask}", "a refund and an apology"),
            ("{update_by}", "Thursday 26 November"),
            ("{resolution_by}", "Monday 7 December"),
            ("{answer_by}", "Thursday 26 November"),
            ("{up_to}", "€15"),
            ("{offer}", "a voucher or a handwritten note"),
            ("{signature}", "Ruth Field\nExample Ltd\nhttps://example.com"),
        ],
    )
    def test_each_says_what_is_known(self, source: str, text: str) -> None:
        assert text_of(source, FULL) == text

    @pytest.mark.parametrize(
        ("language", "text"),
        [
            ("en", "Dear Anna Müller: Thursday 26 November, a refund and an apology, €15"),
            ("de", "Guten Tag Anna Müller: Donnerstag, 26. November, eine Erstattung und eine Entschuldigung, 15\xa0€"),
            ("fr", "Bonjour Anna Müller: jeudi 26 novembre, un remboursement et des excuses, 15\xa0€"),
            ("es", "Hola, Anna Müller: jueves 26 de noviembre, un reembolso y una disculpa, 15\xa0€"),
        ],
    )
    def test_they_speak_the_language_of_the_letter(self, language: str, text: str) -> None:
        assert text_of("{greeting}: {update_by}, {ask}, {up_to}", replace(FULL, language=language)) == text

    @pytest.mark.parametrize(
        ("language", "text"),
        [("en", "Hello,"), ("de", "Guten Tag,"), ("fr", "Bonjour,"), ("es", "Hola,"), ("sv", "Hello,")],
    )
    def test_a_stranger_is_greeted_without_a_name(self, language: str, text: str) -> None:
        assert text_of("{greeting},", replace(EMPTY, language=language)) == text

    @pytest.mark.parametrize(
        ("language", "text"),
        [
            ("en", "[[order number]]"), ("de", "[[Bestellnummer]]"), ("de-AT", "[[Bestellnummer]]"),
            ("fr", "[[numéro de commande]]"), ("es", "[[número de pedido]]"), ("sv", "[[order number]]"),
        ],
    )  # fmt: skip
    def test_what_is_not_known_is_marked_in_the_language_of_the_letter(self, language: str, text: str) -> None:
        letter = compose("{order}", replace(EMPTY, language=language))
        assert (letter.text, letter.marks) == (text + "\n", 1)

    @pytest.mark.parametrize(
        ("sender", "told"),
        [
            ("GARY B", "Dear Gary B"), ("ANNE-MARIE O'NEIL", "Dear Anne-Marie O'Neil"), ("JD", "Dear JD"),
            ("Ronald McDonald", "Dear Ronald McDonald"), ("JOSÉ MUÑOZ", "Dear José Muñoz"),
        ],
    )  # fmt: skip
    def test_a_name_in_capitals_is_written_as_a_name_is(self, sender: str, told: str) -> None:
        assert text_of("{greeting}", replace(FULL, name=sender)) == told

    @pytest.mark.parametrize(
        "firm",
        [
            "Fa. Heinrich Dörfler KG", "Fa. Dörfler", "Firma Müller", "Example GmbH", "Example GmbH & Co. KG",
            "Example AG", "Example Ltd", "Example Ltd.", "EXAMPLE, INC.", "Example SARL", "Ejemplo S.A.",
            "Ejemplo S.L.", "Ejemplo SL", "Exemple SA", "Voorbeeld B.V.", "Smith & Co", "Smith & Sons",
            "Esempio S.r.l.", "Verein e.V.",
        ],
    )  # fmt: skip
    def test_a_firm_is_greeted_without_its_name(self, firm: str) -> None:
        assert text_of("{greeting},", replace(FULL, name=firm, language="de")) == "Guten Tag,"

    @pytest.mark.parametrize(
        "person", ["Inga Agnew", "Fa Chen", "Sasha Sa", "Se-ri Kang", "Kg Tan", "Anna Ltdow", "Al Oyama", "Paco Incera"]
    )
    def test_a_name_that_only_looks_like_a_firms_is_a_persons(self, person: str) -> None:
        assert text_of("{greeting}", replace(FULL, name=person)) == f"Dear {person}"

    @pytest.mark.parametrize(
        ("asks", "told"),
        [
            (("refund", "replacement", "repair"), "a refund, a replacement or a repair"),
            (("refund", "repair"), "a refund or a repair"),
            (("refund", "replacement", "apology"), "a refund or a replacement and an apology"),
            (("apology", "explanation"), "an apology and an explanation"),
        ],
    )
    def test_remedies_are_a_choice_and_other_wishes_add_up(self, asks: tuple[str, ...], told: str) -> None:
        assert text_of("{ask}", replace(FULL, assessment=assessment(asks=asks))) == told

    def test_a_number_in_their_subject_is_known_too(self) -> None:
        told = replace(EMPTY, subject="Order 60077 has not come")
        assert text_of("{if no_order}Which?{end}{order}", told) == "60077"
        assert text_of("{order}", replace(FULL, subject="Order 60077")) == "A-4711"

    def test_every_slot_has_a_mark_in_every_language(self) -> None:
        for language in (EN, DE, FR, ES):
            assert set(language.marks) == set(SLOTS) - {"address_check"}

    def test_every_wish_has_words_in_every_language(self) -> None:
        for language in (EN, DE, FR, ES):
            assert set(language.asks) == set(ASKS)

    def test_the_date_they_mention_comes_before_the_day_they_wrote(self) -> None:
        told = replace(FULL, assessment=assessment(facts=facts(date="12th of October")))
        assert (text_of("{date}", told), text_of("{date}", FULL)) == ("12 October", "23 November")

    def test_days_are_told_in_the_zone_of_the_calendar(self) -> None:
        sydney = Hours.parse("sydney", "Australia/Sydney", {"mon-fri": "09:00-17:30"}, ())
        assert text_of("{received}", replace(FULL, hours=sydney, received_at=MONDAY.replace(hour=20))) == "24 November"

    def test_what_is_due_at_midnight_is_due_on_the_day_that_ends(self) -> None:
        midnight = replace(FULL, dates={"update": datetime(2026, 11, 27, 0, 0, tzinfo=UTC)})
        assert text_of("{update_by}", midnight) == "Thursday 26 November"

    def test_a_day_of_next_year_names_the_year(self) -> None:
        later = replace(FULL, dates={"resolution": datetime(2027, 1, 4, 17, 30, tzinfo=UTC)})
        assert text_of("{resolution_by}", later) == "Monday 4 January 2027"

    def test_the_letter_tells_which_slots_it_named_and_what_stood_in_them(self) -> None:
        letter = compose("{if invoice}{invoice}{end}{name}, {order}, {name}", FULL)
        assert letter.slots == (Slot("invoice", ""), Slot("name", "Anna Müller"), Slot("order", "A-4711"))

    @pytest.mark.parametrize(
        ("stated", "number"),
        [("#4711", "4711"), ("order number: 12345", "12345"), ("AB/2026-77", "AB/2026-77"), ("Bestellung X9", "X9")],
    )
    def test_a_number_stands_without_the_words_around_it(self, stated: str, number: str) -> None:
        assert text_of("{order}", replace(FULL, assessment=assessment(facts=facts(order=stated)))) == number

    @pytest.mark.parametrize("stated", ["my kettle", "the kettle", "meinen Kettle", "la kettle", "kettle"])
    def test_a_product_stands_without_the_article_they_gave_it(self, stated: str) -> None:
        told = replace(FULL, assessment=assessment(facts=facts(product=stated)))
        assert text_of("{product}", told).casefold() == "kettle"

    def test_two_orders_are_both_named(self) -> None:
        both = tuple(Fact("order", text, 0, len(text)) for text in ("4711", "4712", "4711"))
        assert text_of("{order}", replace(FULL, assessment=assessment(facts=both))) == "4711 and 4712"


class TestBlocks:
    def test_a_block_stands_only_where_its_slot_has_a_value(self) -> None:
        source = "Your order{if order} {order}{end} is late."
        assert text_of(source, FULL) == "Your order A-4711 is late."
        assert text_of(source, EMPTY) == "Your order is late."

    def test_its_opposite_asks_for_what_is_missing(self) -> None:
        source = "{if no_order}Which order?{end}"
        assert (text_of(source, FULL), text_of(source, EMPTY)) == ("", "Which order?")

    def test_blocks_may_nest(self) -> None:
        source = "{if name}a{if invoice}b{if order}c{end}{end}d{end}e"
        assert (text_of(source, FULL), text_of(source, EMPTY)) == ("ade", "e")

    def test_a_paragraph_left_out_leaves_no_gap(self) -> None:
        source = "One.\n\n{if invoice}\nTwo.   \n\n{end}\nThree.\n\n\n\nFour.\n\n"
        assert compose(source, FULL).text == "One.\n\nThree.\n\nFour.\n"

    def test_inside_a_mark_an_unknown_slot_is_only_named(self) -> None:
        letter = compose("[[choose one: {offer}]]", EMPTY)
        assert (letter.text, letter.marks) == ("[[choose one: the gesture]]\n", 1)


class TestSubject:
    def test_a_first_line_gives_the_subject(self) -> None:
        letter = compose("Subject: Order {order}\n\nText", FULL)
        assert (letter.subject, letter.text) == ("Order A-4711", "Text\n")

    def test_without_one_the_letter_answers_under_theirs(self) -> None:
        assert compose("Text\nSubject: no", FULL).subject == ""

    def test_a_mark_in_the_subject_counts(self) -> None:
        assert compose("Subject: {order}\n{name}", EMPTY).marks == 2


class TestForwardedMail:
    @pytest.mark.parametrize("source", ["Hello.", "Hello. {address_check}", "{if address_check}x{end}Hello."])
    def test_the_address_must_be_checked_whatever_the_text_says(self, source: str) -> None:
        letter = compose(source, replace(FULL, origin=Origin.FORWARD))
        assert letter.text.startswith("[[check the address]]\n\n")
        assert letter.text.count("[[check the address]]") == 1

    def test_mail_that_came_straight_to_us_bears_no_such_mark(self) -> None:
        assert compose("{address_check}Hello.", FULL) == compose("{address_check}Hello.", replace(FULL, dates={}))
        assert text_of("{address_check}Hello.", FULL) == "Hello."


HOSTILE = [
    ("Visit https://evil.example/x now", "Visit now"),
    ("Anna www.evil.example/?a=b", "Anna"),
    ("win at evil.example today", "win at evil example today"),
    ("Anna <a href=javascript:alert(1)>", "Anna a href="),
    ("anna@evil.example", ""),
    ("[[check the address]]", "check the address"),
    ("[click](https://evil.example)", "(click)("),
    ("{signature}", "signature"),
    ("{if order}{end}", "if order end"),
    ("Anna\r\nBcc: x@evil.example", "Anna Bcc"),
    ("Anna\u2028Bcc: all\x00\x1b[31m", "Anna Bcc: all(31m"),
    ("\u202eannA\u200b \ufeffMüller", "annA Müller"),
    ("ht\u200btps://evil.example", ""),
    ("\ud800Anna", "Anna"),
    ("...", ""),
]


class TestHostileMail:
    @pytest.mark.parametrize(("name", "shown"), HOSTILE)
    def test_a_name_is_only_ever_a_name(self, name: str, shown: str) -> None:
        letter = compose("{if name}{name}{end}", replace(FULL, name=name))
        assert (letter.text.rstrip("\n"), letter.marks) == (shown, 0)

    @pytest.mark.parametrize(("name", "shown"), HOSTILE)
    def test_no_slot_of_theirs_brings_a_link_a_brace_or_a_mark(self, name: str, shown: str) -> None:
        stated = facts(order=f"{name} 1", invoice=f"{name} 1", product=name, amount=name, date=name)
        theirs = replace(
            FULL, name=name, assessment=assessment(f"My {name} has still not arrived", facts=stated), signature=""
        )
        source = "\n".join(f"{{if {slot}}}{{{slot}}}{{end}}" for slot in SLOTS)
        letter = compose(source, theirs)
        assert letter.marks == 0
        assert not re.search(r"[{}\[\]<>@\x00-\x09\x0b-\x1f]|://|www\.|evil\.", letter.text)

    def test_ten_thousand_letters_of_a_name_are_cut(self) -> None:
        assert len(text_of("{name}", replace(FULL, name="Anna " * 2000))) <= 60
        assert len(text_of("{name}", replace(FULL, name="A" * 10_000))) <= 60

    def test_a_subject_stays_one_line(self) -> None:
        letter = compose("Subject: {name}\nText", replace(FULL, name="Anna\r\nBcc: everybody"))
        assert (letter.subject, letter.text) == ("Anna Bcc: everybody", "Text\n")

    def test_a_quotation_inside_theirs_does_not_end_ours(self) -> None:
        told = replace(FULL, assessment=assessment("They were very rude and said “no” to me"))
        assert text_of("{sentence}", told) == "“They were very rude and said 'no' to me”"

    @pytest.mark.parametrize("salutation", ["Hello,", "Dear Sir or Madam,", "Good morning all:", "Hi there!"])
    def test_their_salutation_is_no_part_of_what_happened(self, salutation: str) -> None:
        told = replace(FULL, assessment=assessment(f"{salutation} {SAID}"))
        assert text_of("{sentence}", told) == f"“{SAID}”"

    def test_the_signature_is_the_sites_own_and_keeps_its_link(self) -> None:
        assert text_of("{signature}", FULL).endswith("\nhttps://example.com")


class TestAnySource:
    @pytest.mark.parametrize(
        ("source", "text"),
        [
            ("{oder}", "[[oder]]"),
            ("a { b } c }{ d", "a [[b]] c d"),
            ("{}{{name}}", "Anna Müller"),
            ("{if oder}x{end}y", "y"),
            ("{if order}x", "x"),
            ("x{end}y", "xy"),
            ("\ufeffa\x00b\r\nc\td", "ab\nc d"),
            ("", ""),
        ],
    )
    def test_what_is_wrong_shows_or_is_left_out(self, source: str, text: str) -> None:
        assert text_of(source, FULL) == text

    def test_a_letter_has_at_most_64_kib(self) -> None:
        assert len(compose("ü{sentence}" * 50_000, FULL).text.encode()) <= 64 * 1024

    @given(st.text("{}[]if end order_no\n :üé", max_size=80), st.text(max_size=40))
    @settings(deadline=None)
    def test_nothing_breaks_it(self, source: str, name: str) -> None:
        material = replace(FULL, name=name)
        letter = compose(source, material)
        assert letter == compose(source, material)
        assert not re.search(r"[{}]|[ \t]$|\n\n\n", letter.text, re.MULTILINE)
        assert letter.marks == marks(letter.subject) + marks(letter.text)


class TestProblems:
    @pytest.mark.parametrize(
        ("source", "line", "column", "said"),
        [
            ("Hello {oder}", 1, 7, "unknown placeholder {oder}: did you mean order?"),
            ("Hello {sender_name}", 1, 7, "unknown placeholder {sender_name}: did you mean name?"),
            ("a\nb {Name}", 2, 3, "unknown placeholder {Name}: did you mean name?"),
            ("{ order }", 1, 1, "unknown placeholder { order }: did you mean order?"),
            ("{xyzzy}", 1, 1, "unknown placeholder {xyzzy}: there are name, greeting,"),
            ("x\n{if no_odrer}y{end}", 2, 1, "unknown placeholder in {if no_odrer}: did you mean order?"),
            ("{if}y{end}", 1, 1, "unknown placeholder in {if}: there are name,"),
            ("{no_order}", 1, 1, "{no_order} has no text to show: it can only be asked for, {if no_order}…{end}"),
            ("{if order}\nx", 1, 1, "{if order} is never closed: write {end} where its text ends"),
            ("x {end}", 1, 3, "{end} without an {if}: remove it"),
            ("a } b", 1, 3, "stray }: braces only enclose a placeholder like {order}; remove it"),
            ("a {} b", 1, 3, "stray {}: braces only"),
            ("write [[the day\nhere", 1, 7, "[[ opens a mark that is not closed on its line"),
            (" \n", 1, 1, "the letter is empty"),
        ],
    )
    def test_each_says_where_and_what_to_do(self, source: str, line: int, column: int, said: str) -> None:
        (problem,) = problems(source)
        assert problem[:2] == (line, column)
        assert problem[2].startswith(said)

    def test_all_are_told_at_once_in_the_order_of_the_file(self) -> None:
        assert [where[:2] for where in problems("{b}\n{end} {\n{if order}")] == [(1, 1), (2, 1), (2, 7), (3, 1)]

    def test_a_letter_too_long_to_be_one_is_told_so(self) -> None:
        assert problems("{b}" * 30_000) == (
            (1, 1, "the letter has 90,000 characters: at most 65,536 are written, shorten it"),
        )

    def test_not_more_are_told_than_a_person_reads(self) -> None:
        assert len(problems("{" * 60_000)) == 50

    def test_a_sound_letter_has_none(self) -> None:
        assert problems("Subject: {order}\n{greeting},\n\n{if no_order}Which? [[x: {offer}]]{end}\n{signature}\n") == ()


class TestWords:
    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("12 November", date(2026, 11, 12)), ("12th of November 2025", date(2025, 11, 12)),
            ("November 3rd, 2026", date(2026, 11, 3)), ("3. März", date(2027, 3, 3)),
            ("1er décembre", date(2026, 12, 1)), ("5 de enero de 2026", date(2026, 1, 5)),
            ("2026-11-02", date(2026, 11, 2)), ("02.11.2026", date(2026, 11, 2)), ("2/11/26", date(2026, 11, 2)),
            ("28.12.", date(2026, 12, 28)), ("on 4 Sept", date(2026, 9, 4)), ("30 February", None),
            ("99/99/2026", None), ("last Tuesday", None), ("4 juil. 2026", date(2026, 7, 4)),
        ],
    )  # fmt: skip
    def test_a_day_is_read_as_people_write_it(self, written: str, meant: date | None) -> None:
        assert read_day(written, date(2026, 11, 23)) == meant

    def test_the_year_left_out_is_the_nearest(self) -> None:
        assert read_day("30 December", date(2027, 1, 4)) == date(2026, 12, 30)

    def test_the_first_of_a_month_is_the_premier_in_french_only(self) -> None:
        first = date(2027, 1, 1)
        told = [day(first, language, weekday=True, near=first) for language in ("en", "de", "fr", "es")]
        assert told == ["Friday 1 January", "Freitag, 1. Januar", "vendredi 1er janvier", "viernes 1 de enero"]

    def test_a_language_without_words_gets_figures(self) -> None:
        assert day(date(2026, 11, 26), "sv", weekday=True, near=date(2026, 11, 26)) == "2026-11-26"

    def test_a_list_is_joined_as_a_sentence_is(self) -> None:
        assert [sequence(items, "and") for items in ((), ("a",), ("a", "b"), ("a", "b", "c"))] == [
            "", "a", "a and b", "a, b and c",
        ]  # fmt: skip

    def test_an_amount_it_cannot_read_stands_as_it_was_written(self) -> None:
        assert [money(text, "de") for text in ("15 GBP", "a coffee", "200 SEK")] == ["15\xa0£", "a coffee", "200 SEK"]
