"""A letter is a text with slots: what is known is set in, what is not becomes a mark for a person."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.hours import Hours
from plugin.letters import (
    Incident,
    Material,
    Phrases,
    Slot,
    compose,
    marks,
    problems,
    read_kept,
    to_keep,
    why,
    without,
    wordless,
)
from plugin.letters.phrases import LANGUAGES, PhrasesForm, Wording, shipped
from plugin.letters.slots import FLAGS, NEEDED, SLOTS, _cues
from plugin.letters.words import day, money, read_day, sequence
from plugin.model import ASKS, CATEGORIES, Assessment, Evidence, Fact, Origin

LONDON = Hours.parse("default", "Europe/London", {"mon-fri": "09:00-17:30"}, ())
MONDAY = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
SAID = "My parcel has still not arrived and nobody answers the telephone"


def assessment(said: str = SAID, **known: Any) -> Assessment:
    """What the judge thinks of a complaint of one sentence."""
    evidence = (Evidence("complaint", said, 0, len(said)),) if said else ()
    return Assessment(complaint=True, maybe=False, score=0.9, own_text=said, evidence=evidence, language="en", **known)


def facts(**stated: str) -> tuple[Fact, ...]:
    return tuple(Fact(kind, text, 0, len(text)) for kind, text in stated.items())


Some = dict[str, dict[str, dict[str, list[str]]]]


class _Only(Phrases):
    """The shipped words of every language, and in English no phrases but these."""

    def __init__(self, some: Some) -> None:
        form = PhrasesForm.model_validate({"phrases": some})
        super().__init__({"en": form})
        self._lines = Wording(language="en").laid_over(form).lines

    def of(self, language: str) -> Wording:
        """The wording, with these phrases where it is English."""
        wording = super().of(language)
        return replace(wording, lines=self._lines if wording.language == "en" else {})


def phrases(**some: dict[str, dict[str, list[str]]]) -> Phrases:
    """These phrases in English, by name, category and voice; the words are the shipped ones."""
    return _Only(some)


def asked(*kinds: str) -> tuple[str, ...]:
    """How a letter in English asks for these."""
    return tuple(shipped("en").words.missing[kind] for kind in kinds)


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
        for language in map(shipped, LANGUAGES):
            assert set(language.words.marks) == set(SLOTS) - {"address_check"}

    def test_every_wish_has_words_in_every_language(self) -> None:
        for language in map(shipped, LANGUAGES):
            assert set(language.words.asks) == set(ASKS)

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

    @pytest.mark.parametrize(
        ("sender", "told"),
        [
            ("Müller, Anna", "Anna Müller"),
            ("van der Berg, Jan", "Jan van der Berg"),
            ("O'Neil,Mary-Ann", "Mary-Ann O'Neil"),
            ("Anna Jones, Leeds", "Anna Jones, Leeds"),
            ("Jones, PhD", "Jones, PhD"),
        ],
    )
    def test_a_name_out_of_an_address_book_is_turned_round(self, sender: str, told: str) -> None:
        assert text_of("{name}", replace(FULL, name=sender)) == told

    def test_of_two_sums_none_is_the_one_in_question_and_both_are_told(self) -> None:
        two = (*facts(amount="200 EUR", order="A-4711"), *facts(amount="40 EUR"))
        both = replace(FULL, assessment=assessment(facts=two), category="billing")
        assert text_of("{if amount}about {amount}{end}{facts}", both) == (
            "order A-4711 and the amount of 200 EUR and 40 EUR"
        )
        assert "amount" not in text_of("{if missing}{missing}{end}.", both)

    @pytest.mark.parametrize(
        ("language", "bought", "booked"),
        [
            ("en", "order A-4711", "booking A-4711"), ("de", "Bestellung A-4711", "Buchung A-4711"),
            ("fr", "commande A-4711", "réservation A-4711"), ("es", "el pedido A-4711", "la reserva A-4711"),
        ],
    )  # fmt: skip
    def test_who_booked_is_told_a_booking_and_everybody_else_an_order(
        self, language: str, bought: str, booked: str
    ) -> None:
        known = replace(FULL, assessment=assessment(facts=facts(order="A-4711")), language=language)
        assert text_of("{facts}", replace(known, category="refund")) == bought
        assert text_of("{facts}", replace(known, category="booking")) == booked

    @pytest.mark.parametrize(
        ("said", "quoted"),
        [
            ("WHERE IS MY 112 POUNDS", "Where is my 112 pounds"),
            ("“I PAID AND I'M STILL WAITING FOR LL-20931B!”", "'I paid and I'm still waiting for LL-20931B!'"),
            ("ÜBER EINE WOCHE WARTE ICH SCHON", "Über eine woche warte ich schon"),
            ("The BBC and the NHS say so", "The BBC and the NHS say so"),
            ("USELESS SERVICE", "USELESS SERVICE"),
        ],
    )  # fmt: skip
    def test_a_sentence_they_shouted_is_quoted_in_a_calm_voice(self, said: str, quoted: str) -> None:
        assert text_of("{sentence}", replace(FULL, assessment=assessment(said))) == f"“{quoted}”"

    def test_a_mark_that_the_end_cuts_off_is_still_to_be_filled_in(self) -> None:
        letter = compose(f"Subject: {'long ' * 38}[[the result of the check]]\nDone.", FULL)
        assert (letter.subject[-12:], letter.marks) == ("g long [[…]]", 1)
        assert compose(f"{'[[still to be written]] ' * 2730}", FULL).text.count("[[") == 2730

    def test_what_went_wrong_is_quoted_before_what_they_wish(self) -> None:
        own = "I want my money back. The lamp came broken."
        wish, wrong = Evidence("complaint", "want my money back", 2, 20), Evidence("complaint", "came broken", 31, 42)
        judged = replace(assessment(own), evidence=(wish, wrong, replace(wish, label="ask-refund")))
        assert text_of("{sentence}", replace(FULL, assessment=judged)) == "“The lamp came broken”"
        only = replace(judged, evidence=(wish, replace(wish, label="ask-refund")))
        assert text_of("{sentence}", replace(FULL, assessment=only)) == "“I want my money back”"

    def test_two_orders_are_both_named(self) -> None:
        both = tuple(Fact("order", text, 0, len(text)) for text in ("4711", "4712", "4711"))
        assert text_of("{order}", replace(FULL, assessment=assessment(facts=both))) == "4711 and 4712"


class TestWhatItMeant:
    TOLD = "The lamp came broken. I had to sit in the dark because of this, and my daughter missed her lesson. Bye."

    def told(self, own: str, key: str = "The lamp came broken", **known: Any) -> Material:
        """A complaint of several sentences, of which the judge took `key` for the one that tells what went wrong."""
        start = own.index(key)
        evidence = (Evidence("complaint", key, start, start + len(key)), *known.pop("evidence", ()))
        return replace(FULL, assessment=replace(assessment("x", **known), own_text=own, evidence=evidence))

    def test_their_own_sentence_that_tells_it_is_quoted(self) -> None:
        said = "“I had to sit in the dark because of this, and my daughter missed her lesson”"
        assert text_of("{if effect}{effect}{end}", replace(self.told(self.TOLD), phrases=phrases())) == said

    @pytest.mark.parametrize(
        ("language", "own", "key", "effect"),
        [
            ("de", "Die Lampe kam kaputt. Deswegen musste meine Tochter im Dunkeln sitzen.", "Die Lampe kam kaputt",
             "„Deswegen musste meine Tochter im Dunkeln sitzen“"),
            ("fr", "La lampe est cassée. J’ai dû rester dans le noir avec ma fille.", "La lampe est cassée",
             "«\xa0J'ai dû rester dans le noir avec ma fille\xa0»"),
            ("es", "La lámpara llegó rota. Tuve que quedarme a oscuras con mi hija.", "La lámpara llegó rota",
             "«Tuve que quedarme a oscuras con mi hija»"),
        ],
    )  # fmt: skip
    def test_it_is_found_in_every_language(self, language: str, own: str, key: str, effect: str) -> None:
        told = replace(self.told(own, key), language=language)
        assert effect in text_of("{if effect}{effect}{end}", told)

    def test_a_sentence_that_is_quoted_already_is_not_quoted_again(self) -> None:
        told = self.told("I had to wait without a lamp for a week.", "I had to wait without a lamp")
        assert text_of("{sentence}{if no_effect} and no more{end}", told).endswith("for a week” and no more")

    @pytest.mark.parametrize(
        "own",
        [
            "The lamp came broken. Blue it is.",
            "The lamp came broken. Why did I have to wait a whole week without it?",
            "The lamp came broken. Please see to it that my daughter has had to wait long enough.",
            "The lamp came broken. Had to.",
        ],
    )
    def test_where_nothing_tells_it_nothing_is_said(self, own: str) -> None:
        assert text_of("{if effect}{effect}{end}", self.told(own)) == ""

    def test_of_cues_that_begin_alike_the_longest_counts(self) -> None:
        cues = _cues(("had to", "had to take", "had to take a day", "ended up"))
        assert cues is not None
        found = cues.findall("we had to take a daytrip, had to take a day, ended up, had to")
        assert found == ["had to take", "had to take a day", "ended up", "had to"]

    def test_a_demand_is_no_effect(self) -> None:
        own = "The lamp came broken. I want my money back without any more waiting."
        wanted = Evidence("ask-refund", "I want my money back", 22, 42)
        assert text_of("{if effect}{effect}{end}", self.told(own, evidence=(wanted,))) == ""

    def test_a_long_sentence_is_cut_behind_a_clause(self) -> None:
        said = "The lamp came broken in three places and with the wrong shade, which is bad enough, but what is worse"
        quoted = text_of(
            "{sentence}", self.told(f"{said} is that nobody at all would listen when I rang you up", said[:20])
        )
        assert quoted == "“The lamp came broken in three places and with the wrong shade, which is bad enough…”"

    @pytest.mark.parametrize(
        ("said", "quoted"),
        [
            ("They said 'it is only the switch'", "“They said 'it is only the switch'”"),
            ("'It is only the switch' they said", "“'It is only the switch' they said”"),
            ("it is only the switch and no more'", "“it is only the switch and no more”"),
            ("The boys' lamps came broken today", "“The boys' lamps came broken today”"),
        ],
    )
    def test_a_quotation_mark_without_its_other_half_goes(self, said: str, quoted: str) -> None:
        assert text_of("{sentence}", replace(FULL, assessment=assessment(said))) == quoted


class TestFactsAndWhatIsMissing:
    def test_the_facts_are_named_together(self) -> None:
        known = facts(order="no. A-4711", product="the kettle", date="12 October", amount="£30", place="Leeds")
        told = text_of("{facts}", replace(FULL, assessment=assessment(facts=known)))
        assert all(fact in told for fact in ("A-4711", "kettle", "12 October", "£30", "Leeds"))

    def test_a_day_still_to_come_is_not_the_day_it_happened(self) -> None:
        told = replace(FULL, assessment=assessment(facts=facts(date="30 November")))
        assert text_of("{if when}{when}{end}|{date}", told) == "|30 November"

    @pytest.mark.parametrize(
        ("own", "wish", "told"),
        [
            ("I don't want a refund, I want the lamp.", "want a refund, I want the", ""),
            ("Ich will kein Geld zurück.", "Geld zurück", ""),
            ("Je ne veux pas un remboursement.", "remboursement", ""),
            ("No quiero un reembolso.", "un reembolso", ""),
            ("I have not had my refund.", "refund", "a refund"),
            ("I do not like it, I want a refund.", "want a refund", "a refund"),
        ],
    )
    def test_a_wish_they_say_they_do_not_have_is_none(self, own: str, wish: str, told: str) -> None:
        said = Evidence("ask-refund", wish, own.index(wish), own.index(wish) + len(wish))
        judged = replace(assessment(own, asks=("refund",)), evidence=(said,))
        assert text_of("{if ask}{ask}{end}", replace(EMPTY, assessment=judged)) == told

    def test_only_what_the_category_needs_and_nobody_told_is_asked_for(self) -> None:
        delivery = replace(EMPTY, category="delivery")
        assert text_of("{missing}", replace(delivery, subject="")) == asked("order")[0]
        assert text_of("{if missing}{missing}{end}", replace(FULL, category="delivery")) == ""
        assert text_of("{if missing}{missing}{end}", replace(EMPTY, category="privacy")) == ""

    def test_no_photo_is_asked_for_where_something_is_attached(self) -> None:
        broken = replace(FULL, category="product-quality")
        assert text_of("{missing}", broken) == asked("photo")[0]
        assert text_of("{if missing}{missing}{end}", replace(broken, attached=True)) == ""

    @pytest.mark.parametrize("own", ["You took 64.90 twice.", "Es waren 64,90 zu viel."])
    def test_nobody_is_asked_for_a_sum_they_wrote(self, own: str) -> None:
        billing = replace(EMPTY, category="billing", assessment=assessment(own))
        assert text_of("{missing}", billing) == asked("invoice")[0]

    def test_who_wants_a_call_is_asked_for_a_number(self) -> None:
        call = replace(EMPTY, assessment=assessment("Call me", asks=("callback",)))
        assert text_of("{missing}", call) == asked("phone")[0]
        known = assessment("Call me", asks=("callback",), facts=facts(phone="0113 496 0000"))
        assert text_of("{if missing}{missing}{end}", replace(EMPTY, assessment=known)) == ""

    def test_what_a_category_needs_are_categories_and_facts_there_are(self) -> None:
        assert set(NEEDED) <= set(CATEGORIES)
        for language in map(shipped, LANGUAGES):
            assert set(language.words.missing) >= {fact for needed in NEEDED.values() for fact in needed} | {"phone"}


class TestTimesForACall:
    def test_two_open_days_that_come_next_are_offered(self) -> None:
        told = text_of("{call_times}", FULL)
        assert re.findall(r"Tuesday 24 November|09:00|11:00|Wednesday 25 November|15:30|17:30", told) == [
            "Tuesday 24 November", "09:00", "11:00", "Wednesday 25 November", "15:30", "17:30",
        ]  # fmt: skip

    def test_they_count_from_the_day_the_letter_is_written(self) -> None:
        friday = replace(FULL, written_at=datetime(2026, 11, 27, 10, 0, tzinfo=UTC))
        assert "Monday 30 November" in text_of("{call_times}", friday)

    def test_who_opens_at_night_only_calls_at_night(self) -> None:
        night = Hours.parse("night", "Europe/London", {"mon-sun": "18:00-24:00"}, ())
        told = text_of("{call_times}", replace(FULL, hours=night))
        assert re.findall(r"\d\d:\d\d", told) == ["18:00", "20:00", "22:00", "00:00"]

    def test_who_is_closed_for_months_offers_none(self) -> None:
        closed = Hours.parse("closed", "Europe/London", {"mon": "09:00-17:00"}, ())
        days = (date(2026, 11, 20) + timedelta(days=ahead) for ahead in range(90))
        shut = replace(closed, closed=frozenset(days))
        assert compose("{call_times}", replace(FULL, hours=shut)).marks == 1


class TestFlags:
    @pytest.mark.parametrize(
        ("flag", "known"),
        [
            ("plain", {"voice": "plain"}), ("warm", {"voice": "warm"}), ("formal", {"voice": "formal"}),
            ("public", {"channel": "review"}), ("public", {"channel": "social"}),
            ("incident", {"incident": Incident(what="The shop was down")}),
            ("talk", {"assessment": assessment(heated=True)}), ("talk", {"assessment": assessment(asks=("callback",))}),
        ],
    )  # fmt: skip
    def test_each_can_be_asked_for(self, flag: str, known: dict[str, Any]) -> None:
        assert text_of(f"{{if {flag}}}yes{{end}}{{if no_{flag}}}no{{end}}", replace(FULL, **known)) == "yes"
        other = replace(FULL, voice="", channel="email")
        assert text_of(f"{{if {flag}}}yes{{end}}{{if no_{flag}}}no{{end}}", other) == "no"

    def test_none_has_a_text_to_show(self) -> None:
        for flag in FLAGS:
            if flag != "talk":  # the phrase of that name has
                ((_, _, said),) = problems(f"{{{flag}}}")
                assert said.startswith(f"{{{flag}}} has no text to show")


class TestIncident:
    DOWN = Incident(
        what="Our shop could not be reached {name}",
        started=datetime(2026, 11, 23, 7, 15, tzinfo=UTC),
        ended=datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
        fix="A broken switch was replaced.",
    )

    def test_its_facts_stand_in_the_letter(self) -> None:
        told = text_of("{incident_what}, {incident_from}, {incident_until}. {incident_fix}", self.with_it)
        assert told == (
            "Our shop could not be reached name, Monday 23 November at 07:15, Monday 23 November at 09:00. "
            "A broken switch was replaced."
        )

    def test_what_the_file_does_not_tell_is_marked(self) -> None:
        assert compose("{incident_gesture}", self.with_it).marks == 1
        assert compose("{incident_what}{incident_from}", FULL).marks == 2

    def test_its_own_phrases_come_first(self) -> None:
        own = phrases(apology={"any": {"plain": ["Sorry."]}, "incident": {"plain": ["Sorry that it was down."]}})
        assert text_of("{apology}", replace(self.with_it, phrases=own)) == "Sorry that it was down."
        assert text_of("{apology}", replace(FULL, phrases=own)) == "Sorry."

    @property
    def with_it(self) -> Material:
        """A complaint about it."""
        return replace(FULL, incident=self.DOWN)


class TestPhrases:
    def test_the_category_the_voice_and_the_case_choose_the_words(self) -> None:
        own = phrases(apology={
            "any": {"plain": ["Sorry."], "formal": ["We regret it."]},
            "delivery": {"plain": ["Sorry that it is late."]},
        })  # fmt: skip
        late = replace(FULL, phrases=own, category="delivery")
        assert text_of("{apology}", late) == "Sorry that it is late."
        # No formal one of that category, so it is the plain one.
        assert text_of("{apology}", replace(late, voice="formal")) == "Sorry that it is late."
        assert text_of("{apology}", replace(late, category="billing", voice="formal")) == "We regret it."

    def test_the_same_case_always_says_the_same_and_not_all_say_it_alike(self) -> None:
        own = phrases(thanks={"any": {"plain": ["One.", "Two.", "Three."]}})
        said = {case: text_of("{thanks}", replace(FULL, phrases=own, case=case)) for case in map(str, range(30))}
        assert said == {case: text_of("{thanks}", replace(FULL, phrases=own, case=case)) for case in said}
        assert set(said.values()) == {"One.", "Two.", "Three."}

    def test_two_customers_of_one_day_get_different_letters(self) -> None:
        source = "{thanks}\n\n{closing}"
        assert len({text_of(source, replace(FULL, case=f"c{number}")) for number in range(12)}) > 2

    def test_a_phrase_names_slots_and_no_other_phrase(self) -> None:
        own = phrases(noted={"any": {"plain": ["{if order}Order {order}.{end}{if thanks}x{end} {closing}"]}})
        letter = compose("{noted}", replace(FULL, phrases=own))
        assert (letter.text, letter.marks) == ("Order A-4711. [[closing]]\n", 1)

    def test_a_needed_slot_of_a_phrase_is_marked_where_nothing_is_known(self) -> None:
        own = phrases(noted={"any": {"plain": ["Your order {order}."]}})
        assert compose("{noted}", replace(EMPTY, subject="", phrases=own)).text == "Your order [[order number]].\n"

    def test_a_phrase_the_language_has_not_is_marked(self) -> None:
        own = phrases(ours={"any": {"plain": ["Always yours."]}})
        letter = compose("{if ours}x{end}{ours}", replace(FULL, phrases=own, language="de"))
        assert (letter.text, letter.marks) == ("[[ours]]\n", 1)
        assert compose("{if ours}{ours}{end}", replace(FULL, phrases=own)).text == "Always yours.\n"

    def test_effect_is_the_phrase_in_a_letter_and_the_slot_in_a_phrase(self) -> None:
        own = phrases(effect={"any": {"plain": ["You write {effect}."]}})
        told = replace(TestWhatItMeant().told(TestWhatItMeant.TOLD), phrases=own)
        assert text_of("{if effect}{effect}{end}", told).startswith("You write “I had to sit in the dark")
        assert text_of("{if effect}{effect}{end}", replace(told, assessment=assessment())) == ""

    def test_what_a_phrase_needs_belongs_to_the_letters_slots(self) -> None:
        own = phrases(noted={"any": {"plain": ["{if invoice}{invoice}{end}Order {order}"]}})
        letter = compose("{noted}", replace(FULL, phrases=own))
        assert letter.slots == (Slot("invoice", ""), Slot("order", "A-4711"))

    @pytest.mark.parametrize("voice", ["plain", "warm", "formal"])
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_voice_greets_in_every_language(self, language: str, voice: str) -> None:
        assert "Anna Müller" in text_of("{greeting}", replace(FULL, language=language, voice=voice))
        assert text_of("{greeting}", replace(EMPTY, language=language, voice=voice))
        assert text_of("{closing}", replace(FULL, language=language, voice=voice))


class TestWhy:
    SOURCE = "{greeting},\n\nWe are sorry: {sentence}.\n\nBy {update_by} you hear from us.\n\n{signature}"

    def test_each_paragraph_tells_which_practices_it_serves(self) -> None:
        assert compose(self.SOURCE, FULL).practices == (
            ("We are sorry: “My parcel has…", ("P5",)),
            ("By Thursday 26 November you…", ("P9", "P10")),
        )

    def test_it_is_told_in_two_lines(self) -> None:
        assert why(compose(self.SOURCE, FULL)).splitlines() == [
            "Why these words: “We are sorry: “My parcel has…” P5; “By Thursday 26 November you…” P9, P10",
            "P5 takes up their own words; P9 a day they can count on; P10 in touch until it is settled",
        ]

    def test_a_letter_that_serves_none_says_nothing(self) -> None:
        assert why(compose("{greeting},\n\nHello.", FULL)) == ""

    def test_what_is_kept_of_a_letter_can_be_read_again(self) -> None:
        letter = compose(self.SOURCE, FULL)
        kept = read_kept(to_keep(letter))
        assert (kept.slots, kept.practices, kept.why) == (letter.slots, letter.practices, why(letter))

    def test_what_an_earlier_amends_kept_still_tells_the_slots(self) -> None:
        assert read_kept('[["name", "Anna"]]').slots == (Slot("name", "Anna"),)
        assert (read_kept('[["name", "Anna"]]').why, read_kept("").slots) == ("", ())


class TestALanguageWithoutLetters:
    @pytest.mark.parametrize(
        ("spoken", "written", "told"),
        [
            ("it", "en", "no letters in Italian: this one is in English; add drafts/<name>.it.txt and phrases/it.yaml"),
            ("de-AT", "en", "no letters in German: this one is in English; add drafts/<name>.de.txt"),
            ("qq", "fr", "no letters in `qq`: this one is in French; add drafts/<name>.qq.txt and phrases/qq.yaml"),
            ("de-AT", "de", ""), ("", "en", ""), ("it", "", ""),
        ],
    )  # fmt: skip
    def test_what_to_add_is_said_in_one_line(self, spoken: str, written: str, told: str) -> None:
        assert without(spoken, written) == told

    def test_the_language_a_letter_is_written_in_is_kept_with_it(self) -> None:
        assert read_kept(to_keep(compose("{name}", replace(FULL, language="fr")))).language == "fr"


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
        stated = facts(
            order=f"{name} 1", invoice=f"{name} 1", product=name, amount=name, date=name, place=name, phone=name
        )
        said = f"My {name} has still not arrived. I had to wait for {name} without my daughter, because of this."
        judged = assessment(said, facts=stated, asks=("refund", "callback"), heated=True)
        evidence = (Evidence("complaint", said[:10], 0, 10),)
        theirs = replace(FULL, name=name, subject=name, assessment=replace(judged, evidence=evidence), signature="")
        names = (*SLOTS, *sorted(theirs.phrases.names - {*SLOTS}))
        source = "\n".join(f"{{if {name}}}{{{name}}}{{end}}" for name in names)
        for language in LANGUAGES:
            letter = compose(source, replace(theirs, language=language, category="delivery"))
            harmless = re.sub(r"\[\[[^\[\]\n]+\]\]", "", letter.text)  # a phrase may bring a mark of ours
            assert not re.search(r"[{}\[\]<>@\x00-\x09\x0b-\x1f]|://|www\.|evil\.", harmless)
            assert "check the address" not in re.findall(r"\[\[([^\[\]\n]+)\]\]", letter.text)
            assert all("\n" not in slot.value for slot in letter.slots)

    def test_of_mail_nobody_vouches_for_no_word_is_used(self) -> None:
        said = "My ZEBRA is late. I had to wait without my ZEBRA because of this."
        known = facts(order="ZEBRA 1", product="ZEBRA", place="ZEBRA", amount="ZEBRA")
        theirs = replace(FULL, name="ZEBRA", subject="ZEBRA", assessment=assessment(said, facts=known))
        source = "\n".join(f"{{if {name}}}{{{name}}}{{end}}" for name in (*SLOTS, *sorted(theirs.phrases.names)))
        assert "ZEBRA" in compose(source, theirs).text
        assert "ZEBRA" not in compose(source, wordless(theirs)).text

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

    def test_two_hundred_kilobytes_of_a_strangers_make_no_letter_slow_or_long(self) -> None:
        own = "I had to wait without my daughter because of this " * 5000
        letter = compose("{effect}{sentence}{facts}{missing}" * 5000, replace(FULL, assessment=assessment(own)))
        assert len(letter.text.encode()) <= 64 * 1024


class TestProblems:
    @pytest.mark.parametrize(
        ("source", "line", "column", "said"),
        [
            ("Hello {oder}", 1, 7, "unknown slot {oder}: did you mean order?"),
            ("Hello {sender_name}", 1, 7, "unknown slot {sender_name}: did you mean name?"),
            ("{updat_by}", 1, 1, "unknown slot {updat_by}: did you mean update_by?"),
            ("a\nb {Name}", 2, 3, "unknown slot {Name}: did you mean name?"),
            ("{ order }", 1, 1, "unknown slot { order }: did you mean order?"),
            ("{xyzzy}", 1, 1, "unknown slot {xyzzy}: docs/playbooks.md lists them"),
            ("x\n{if no_odrer}y{end}", 2, 1, "unknown slot in {if no_odrer}: did you mean order?"),
            ("{if}y{end}", 1, 1, "unknown slot in {if}: docs/playbooks.md lists them"),
            ("{no_order}", 1, 1, "{no_order} has no text to show: it can only be asked for, {if no_order}…{end}"),
            ("{if order}\nx", 1, 1, "{if order} is never closed: write {end} where its text ends"),
            ("x {end}", 1, 3, "{end} without an {if}: remove it"),
            ("a } b", 1, 3, "stray }: braces only enclose a slot like {order}; remove it"),
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
