"""The shipped playbooks and their letters: whole, in four languages, and worth sending."""

from __future__ import annotations

import difflib
import re
import textwrap
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from itertools import combinations, pairwise

import pytest

from plugin.hours import Hours
from plugin.letters import Letter, Material, compose, problems
from plugin.letters.phrases import PHRASES, shipped
from plugin.letters.slots import SLOTS, Incident
from plugin.model import CATEGORIES, Assessment, Evidence, Fact, Origin, Purpose
from plugin.playbook import (
    Book,
    DueBy,
    DueFor,
    FollowUp,
    Goodwill,
    Playbook,
    When,
    WriteDraft,
    load_book,
    shipped_packs,
)

LANGUAGES = ("en", "de", "fr", "es")
PACKS = shipped_packs()
BY_BUSINESS = tuple(pack for pack in PACKS if pack != "general")
BOOKS = {pack: load_book([pack], None, calendars=(), check_text=problems) for pack in PACKS}
BOOK = BOOKS["general"]
TEXTS = {(text.name, text.language): text.source for book in BOOKS.values() for text in book.texts}
NAMES = sorted({name for name, _ in TEXTS})
FOR_A_PERSON = {"request-information", "incident"}
"""Letters no playbook writes: one for a person to choose, one for whoever opens an incident."""
FILES = [
    (pack, file.name, file.read_text(encoding="utf-8"))
    for pack in PACKS
    for file in (files("playbooks") / "packs" / pack).iterdir()
    if file.name.endswith(".yaml")
]

TO_DO = {
    "update": 2, "overdue": 4, "goodwill": 3, "after-safety": 3, "after-privacy": 3, "after-accessibility": 3,
    "after-conduct": 2, "after-meal": 1, "bank-complaint": 1, "disputed-payment": 1, "answer": 7,
    "private-continuation": 3, "request-information": 1,
}  # fmt: skip
"""How many marks a letter holds that only a person can fill in, when all its slots are known."""

SAID = {
    "en": "My parcel has still not arrived and nobody answers the telephone",
    "de": "Mein Paket ist immer noch nicht angekommen und niemand geht ans Telefon",
    "fr": "Mon colis n'est toujours pas arrivé et personne ne répond au téléphone",
    "es": "Mi paquete todavía no ha llegado y nadie contesta al teléfono",
}
STATED = {"order": "A-4711", "invoice": "R-2026-88", "product": "Aurora 3", "amount": "49,90 €"}
HOURS = Hours.parse("default", "Europe/London", {"mon-fri": "09:00-17:30"}, ())

SPOKEN = [language for language in LANGUAGES if "apology" in shipped(language).lines]
"""The languages whose phrases are written."""
HOLLOW = {
    "en": r"inconvenience|unfortunately|as soon as possible|shortly|asap|valued customer|rest assured|be advised|"
    r"kindly|please do not hesitate|high (?:volume|demand)|short of staff|out of stock|our policy|not our fault|"
    r"reach out|cannot help|provided that|in return for|leave (?:us )?a review|at your earliest|experience\b|"
    r"regarding|utili[sz]e",
    "de": r"Unannehmlichkeit|leider|schnellstmöglich|so schnell wie möglich|zeitnah|umgehend|baldmöglichst|geschätzt|"
    r"hohe[ns]? (?:Aufkommen|Nachfrage)|Personalmangel|nicht auf Lager|unsere Richtlinien|nicht unsere Schuld|"
    r"zögern Sie nicht|bezüglich|unter der Bedingung|Bewertung|\b(?:du|dich|dir|dein\w*)\b",
    "fr": r"désagrément|malheureusement|dès que possible|dans les plus brefs délais|prochainement|cher client|"
    r"n.hésitez pas|manque de personnel|rupture de stock|notre politique|pas (?:de )?notre faute|à condition|"
    r"laisser un avis|suite à|\b(?:tu|te|toi|ton)\b",
    "es": r"molestias|inconveniente|lamentablemente|lo antes posible|en breve|a la brevedad|estimado cliente|"
    r"no dude en|falta de personal|sin existencias|nuestra política|no es culpa nuestra|con la condición|reseña|"
    r"\b(?:tú|tu|tus|ti|te)\b",
}
"""Excuses, empty phrases, conditions, and promises without a day; and whoever is not on first-name terms with us."""

INCIDENT = Incident(
    what="the payment page gave an error", started=datetime(2026, 11, 23, 8, 0, tzinfo=UTC),
    fix="it was repaired at noon", gesture="delivery is free this week",
)  # fmt: skip
CATEGORY_OF = {
    "late-delivery": "delivery", "faulty-product": "product-quality", "wrong-charge": "billing",
    "missing-refund": "refund", "rude-staff": "staff-conduct", "cancellation": "cancellation", "contract": "contract",
    "outage": "service-outage", "locked-out": "account-access", "privacy": "privacy", "safety": "safety",
    "accessibility": "accessibility", "booking": "booking", "poor-service": "quality-of-service",
    "disputed-payment": "billing", "bank-complaint": "quality-of-service", "late-meal": "delivery",
    "wrong-meal": "product-quality", "unsafe-meal": "safety",
}  # fmt: skip
"""What a letter is about, where it is about one thing."""

SORRY = {"en": r"\bsorry\b", "de": r"tut uns .*\bleid\b", "fr": r"désolés|regrett", "es": r"\b[Ss]entimos|sintiendo"}


def material(language: str, *known: str) -> Material:
    """A complaint of which nothing is known but, by name, what is listed in `known`."""
    said = SAID[language] if "sentence" in known else ""
    assessed = Assessment(
        complaint=True, maybe=False, score=0.9, own_text=said, language=language,
        evidence=(Evidence("complaint", said, 0, len(said)),) if said else (),
        asks=("refund", "apology") if "ask" in known else (),
        facts=tuple(Fact(kind, text, 0, len(text)) for kind, text in STATED.items() if kind in known),
    )  # fmt: skip
    due = {
        "update": datetime(2026, 11, 26, 17, 30, tzinfo=UTC),
        "resolution": datetime(2026, 12, 7, 17, 30, tzinfo=UTC),
    }
    return Material(
        name="Anna Müller" if "name" in known else "", assessment=assessed, subject="", hours=HOURS, language=language,
        received_at=datetime(2026, 11, 23, 10, 15, tzinfo=UTC),
        dates={kind: at for kind, at in due.items() if kind in known},
        signature="Example Ltd" if "signature" in known else "", up_to="15 EUR", offer=("voucher", "thank-you-note"),
    )  # fmt: skip


EVERYTHING = ("name", "sentence", "ask", *STATED, "update", "resolution", "signature")
KNOWN = [
    EVERYTHING,
    (),
    ("name", "sentence", "signature", "update", "resolution"),
    ("sentence", "ask", "update", "signature"),
    ("order", "product", "sentence", "resolution", "signature"),
    ("invoice", "amount", "sentence", "update", "signature"),
]


def about(name: str, language: str, *known: str) -> Material:
    """A complaint that this letter is for."""
    incident = INCIDENT if name == "incident" else None
    category = CATEGORY_OF.get(name, "other")
    return replace(material(language, *known), category=category, incident=incident, attached=True)


def written(name: str, language: str, *known: str) -> Letter:
    return compose(TEXTS[name, language], about(name, language, *known))


def days_named(name: str, language: str) -> set[str]:
    """The days a letter names, itself or in one of its phrases."""
    return {slot.name for slot in written(name, language, *EVERYTHING).slots if slot.name.endswith("_by")}


LETTERS = sorted(TEXTS, key=lambda key: (key[0], LANGUAGES.index(key[1])))
PERSONAL = [(name, language) for name, language in LETTERS if name != "public-reply"]
every_letter = pytest.mark.parametrize(("name", "language"), LETTERS)
every_personal_letter = pytest.mark.parametrize(("name", "language"), PERSONAL)


every_category = pytest.mark.parametrize("category", CATEGORIES)
every_pack = pytest.mark.parametrize("pack", PACKS)
every_file = pytest.mark.parametrize(
    ("pack", "name", "source"), FILES, ids=[f"{pack}/{name}" for pack, name, _ in FILES]
)

NO_GESTURE = ("safety", "privacy", "accessibility", "staff-conduct", "cancellation", "contract", "refund", "other")
"""There it would be an insult, a price, or beside the matter."""


@cache
def beside(pack: str) -> Book:
    """The pack named before the general one."""
    return load_book([pack, "general"], None)


def applying(book: Book, when: When, category: str, *risks: str) -> list[Playbook]:
    """The playbooks that apply to an ordinary complaint of this category."""
    facts = {"category": category, "severity": "medium", "risk": risks}
    return [playbook for playbook in book.playbooks if playbook.when is when and playbook.condition.check(facts).held]


def first_letter(book: Book, category: str, *risks: str) -> str:
    """The letter that answers a complaint of this category: the first draft wins."""
    found = applying(book, When.COMPLAINT_RECEIVED, category, *risks)
    return next(action.text for playbook in found for action in playbook.actions if isinstance(action, WriteDraft))


def dates(book: Book, category: str) -> dict[str, datetime]:
    """What is due by when for a complaint of this category: the earliest date wins."""
    received, found = datetime(2026, 11, 23, 10, 15, tzinfo=UTC), dict[str, datetime]()
    for playbook in applying(book, When.COMPLAINT_RECEIVED, category):
        for action in playbook.actions:
            if isinstance(action, DueBy):
                due = HOURS.due(received, action.span, roll=action.roll)
                found[action.due_for] = min(due, found.get(action.due_for, due))
    return found


class TestPlaybooks:
    def test_the_pack_holds_the_practices_by_name(self) -> None:
        assert {
            "acknowledge", "late-delivery", "faulty-product", "wrong-charge", "still-satisfied", "goodwill",
        } <= {playbook.name for playbook in BOOK.playbooks}  # fmt: skip

    @every_file
    def test_each_says_what_it_is_about_and_why_it_is_so(self, pack: str, name: str, source: str) -> None:
        (about,) = [playbook.about for playbook in BOOKS[pack].playbooks if playbook.source == source]
        assert len(about.split()) >= 4
        assert source.startswith("# ")
        assert max(map(len, source.splitlines())) <= 120

    @every_file
    def test_each_span_and_each_gesture_has_its_reason_above_it(self, pack: str, name: str, source: str) -> None:
        lines = [line.strip() for line in source.splitlines()]
        for above, line in pairwise(lines):
            assert not re.match(r"- (?:due_by|follow_up|goodwill):", line) or above.startswith("# "), line

    @every_pack
    def test_the_general_acknowledgement_comes_last_so_that_the_letter_of_the_matter_wins(self, pack: str) -> None:
        assert BOOKS[pack].playbooks[-1].name == "acknowledge"
        assert beside(pack).playbooks[-1].name == "acknowledge"

    def test_every_letter_is_used_by_a_playbook(self) -> None:
        used = {word for *_, source in FILES for word in re.findall(r"(?:text|draft): ([a-z-]+)", source)}
        assert used == set(NAMES) - FOR_A_PERSON

    def test_every_letter_is_there_in_four_languages(self) -> None:
        assert {(name, language) for name in NAMES for language in LANGUAGES} - set(TEXTS) == set()


class TestCategories:
    @every_category
    def test_each_has_a_rule_that_applies_to_it(self, category: str) -> None:
        names = [playbook.name for playbook in applying(BOOK, When.COMPLAINT_RECEIVED, category)]
        assert names[-1] == "acknowledge"
        assert len(names) == (1 if category == "other" else 2)

    def test_each_is_answered_by_a_letter_of_its_own(self) -> None:
        letters = {category: first_letter(BOOK, category) for category in CATEGORIES}
        assert len(set(letters.values())) == len(CATEGORIES)
        assert letters["other"] == "acknowledgement"

    @every_category
    def test_each_is_asked_once_after_the_end_and_nobody_hurt_is_asked_whether_they_are_satisfied(
        self, category: str
    ) -> None:
        later = [action for playbook in applying(BOOK, When.RESOLVED, category) for action in playbook.actions]
        (letter,) = [action.draft for action in later if isinstance(action, FollowUp)]
        own = {"safety": "after-safety", "privacy": "after-privacy", "accessibility": "after-accessibility",
               "staff-conduct": "after-conduct"}  # fmt: skip
        assert letter == own.get(category, "still-satisfied")

    @every_pack
    @every_category
    def test_a_gesture_comes_only_where_it_is_none_of_a_price_and_an_insult(self, pack: str, category: str) -> None:
        for book in (BOOKS[pack], beside(pack)):
            later = [action for playbook in applying(book, When.RESOLVED, category) for action in playbook.actions]
            gestures = [action for action in later if isinstance(action, Goodwill)]
            assert not (gestures and category in NO_GESTURE)
            assert all(action.up_to and len(action.offer) > 1 for action in gestures)

    @pytest.mark.parametrize("category", ["billing", "safety", "booking"])
    def test_harm_and_vulnerable_people_come_first_with_an_owner_and_the_letter_of_the_matter(
        self, category: str
    ) -> None:
        for risk in ("safety", "vulnerable-customer"):
            first = applying(BOOK, When.COMPLAINT_RECEIVED, category, risk)[0]
            assert {type(action).__name__ for action in first.actions} >= {"Tag", "Assign", "DueBy"}
            assert first_letter(BOOK, category, risk) == first_letter(BOOK, category)


def letters(book: Book, when: When, category: str, **facts: object) -> list[tuple[str, Purpose]]:
    """The letters a complaint with these facts has written at once, the one that wins first."""
    known = {"category": category, "severity": "medium", "risk": (), **facts}
    found = [playbook for playbook in book.playbooks if playbook.when is when and playbook.condition.check(known).held]
    return [(action.text, action.purpose) for playbook in found for action in playbook.actions
            if isinstance(action, WriteDraft)]  # fmt: skip


class TestInPublicAndByTelephone:
    @every_category
    @pytest.mark.parametrize("channel", ["social", "review"])
    def test_the_first_word_in_public_is_the_public_one_and_the_rest_follows_in_private(
        self, category: str, channel: str
    ) -> None:
        first = letters(BOOK, When.COMPLAINT_RECEIVED, category, channel=channel)[0]
        after = letters(BOOK, When.REPLY_SENT, category, channel=channel)
        assert first == ("public-reply", Purpose.ACKNOWLEDGEMENT)
        assert after == [("private-continuation", Purpose.ANSWER)]
        assert letters(BOOK, When.REPLY_SENT, category, channel="email") == []

    @pytest.mark.parametrize("language", SPOKEN)
    @pytest.mark.parametrize("name", ["public-reply", "reopened"])
    def test_nothing_of_the_case_stands_in_public(self, name: str, language: str) -> None:
        case = replace(about(name, language, *EVERYTHING), channel="review")
        text = compose(TEXTS[name, language], case).text
        told = ("Anna", "Müller", SAID[language][:20], *STATED.values(), *DAYS[language])
        assert [one for one in told if one in text] == []

    @every_category
    def test_who_asks_to_be_called_is_offered_a_call_but_where_something_cannot_wait(self, category: str) -> None:
        first, _ = letters(BOOK, When.COMPLAINT_RECEIVED, category, asks=("refund", "callback"))[0]
        usual = first_letter(BOOK, category)
        assert first == (usual if category in ("safety", "privacy") else "call-back")

    @every_category
    @pytest.mark.parametrize("pack", ["general", "shop"])
    def test_an_answer_with_choices_lies_ready_before_the_day_it_is_due(self, pack: str, category: str) -> None:
        ready = [action.draft for playbook in applying(BOOKS[pack], When.COMPLAINT_RECEIVED, category)
                 for action in playbook.actions
                 if isinstance(action, DueBy) and action.due_for is DueFor.RESOLUTION]  # fmt: skip
        assert set(ready) == {"answer"}


class TestPromises:
    @every_pack
    def test_every_day_a_letter_names_has_a_due_by_in_the_same_playbook(self, pack: str) -> None:
        backing = {"answer_by": {"update", "resolution"}, "update_by": {"update"}, "resolution_by": {"resolution"}}
        for playbook in BOOKS[pack].playbooks:
            if playbook.when is not When.DUE_MISSED:  # it may hold none, and names the day that has passed
                due = {action.due_for for action in playbook.actions if isinstance(action, DueBy)}
                for name in first_answers(playbook):
                    named = days_named(name, "en")
                    assert [slot for slot in named if not backing[slot] & due] == [], (playbook.name, name)

    @pytest.mark.parametrize("name", NAMES)
    def test_a_letter_names_the_same_days_in_every_language(self, name: str) -> None:
        named = [days_named(name, language) for language in LANGUAGES if (name, language) in TEXTS]
        assert all(days == named[0] for days in named)


def first_answers(playbook: Playbook) -> list[str]:
    """The letters a playbook has written at once to somebody whose complaint is not settled."""
    drafts = [action for action in playbook.actions if isinstance(action, WriteDraft)]
    return [action.text for action in drafts if action.purpose is Purpose.ACKNOWLEDGEMENT]


class TestByBusiness:
    def test_there_is_one_for_minutes_for_days_and_for_weeks(self) -> None:
        delivery = {pack: dates(BOOKS[pack], "delivery")["resolution"] for pack in BY_BUSINESS}
        assert delivery["food-delivery"] < datetime(2026, 11, 23, 12, tzinfo=UTC)
        assert datetime(2026, 11, 24, tzinfo=UTC) < delivery["shop"] < datetime(2026, 11, 30, tzinfo=UTC)
        assert datetime(2026, 12, 14, tzinfo=UTC) < delivery["bank"] < datetime(2026, 12, 22, tzinfo=UTC)

    @every_pack
    @every_category
    def test_alone_each_answers_and_dates_every_category(self, pack: str, category: str) -> None:
        assert first_letter(BOOKS[pack], category)
        assert set(dates(BOOKS[pack], category)) == {"acknowledgement", "update", "resolution"}

    @pytest.mark.parametrize("pack", BY_BUSINESS)
    def test_named_before_the_general_one_its_own_dates_and_letters_hold(self, pack: str) -> None:
        both = beside(pack)
        for category in own_categories(pack):
            assert dates(both, category) == dates(BOOKS[pack], category), category
            assert first_letter(both, category) == first_letter(BOOKS[pack], category)

    @pytest.mark.parametrize("pack", BY_BUSINESS)
    def test_named_before_the_general_one_that_one_answers_the_rest(self, pack: str) -> None:
        both = beside(pack)
        for category in sorted(set(CATEGORIES) - own_categories(pack) - {"other"}):
            assert first_letter(both, category) == first_letter(BOOK, category)

    def test_a_banks_answer_takes_weeks_even_beside_the_general_pack(self) -> None:
        both = beside("bank")
        for category in ("billing", "contract", "quality-of-service", "cancellation"):
            assert dates(both, category)["resolution"] >= datetime(2026, 12, 14, tzinfo=UTC)

    @every_pack
    def test_each_pack_says_what_it_is_and_when_its_values_were_looked_at(self, pack: str) -> None:
        notes = (files("playbooks") / "packs" / pack / "README.txt").read_text(encoding="utf-8")
        assert re.search(r"\A[A-Z].+\.\n\nAs of: 20\d\d-\d\d-\d\d\n", notes)
        assert max(map(len, notes.splitlines())) <= 120


def own_categories(pack: str) -> set[str]:
    """The categories for which a pack has a playbook with a letter, beside the one for all."""
    named = {playbook.name for playbook in BOOKS[pack].playbooks} - {"acknowledge"}
    rules = [playbook for playbook in BOOKS[pack].playbooks if playbook.name in named and first_answers(playbook)]
    return {category for category in CATEGORIES for playbook in rules
            if playbook in applying(BOOKS[pack], When.COMPLAINT_RECEIVED, category)}  # fmt: skip


class TestEveryLetter:
    @every_letter
    def test_names_only_slots_there_are(self, name: str, language: str) -> None:
        assert problems(TEXTS[name, language]) == ()

    @every_personal_letter
    def test_is_greeting_their_words_an_apology_and_a_signature(self, name: str, language: str) -> None:
        letter = written(name, language, *EVERYTHING)
        assert "Anna Müller" in letter.text.splitlines()[0]
        assert SAID[language].replace("'", "") in letter.text.replace("'", "")
        assert re.search(SORRY[language], letter.text)
        assert letter.text.endswith("\nExample Ltd\n")

    @every_letter
    def test_is_ready_but_for_what_only_a_person_knows(self, name: str, language: str) -> None:
        assert written(name, language, *EVERYTHING).marks == TO_DO.get(name, 0)

    @every_personal_letter
    def test_has_a_letters_length(self, name: str, language: str) -> None:
        text = written(name, language, *EVERYTHING).text.replace(SAID[language], "")
        paragraphs = text.split("\n\n")[1:-1]  # without greeting and signature
        assert 90 <= len(re.findall(r"[\w’'-]+", " ".join(paragraphs))) <= 210

    @every_letter
    @pytest.mark.parametrize("known", KNOWN, ids="+".join)
    def test_reads_well_whatever_is_known(self, name: str, language: str, known: tuple[str, ...]) -> None:
        text = written(name, language, *known).text
        assert not re.search(r"[{}]|  |[ \t]$|\n\n\n|\( |[ ]\)|\(\)| [.,]|[,;:]\.|\]\]\]|,,", text, re.MULTILINE)
        assert text.count("[[") == text.count("]]")

    @every_letter
    @pytest.mark.parametrize("known", KNOWN, ids="+".join)
    def test_asks_one_thing_at_most(self, name: str, language: str, known: tuple[str, ...]) -> None:
        assert written(name, language, *known).text.count("?") <= 1

    @every_letter
    def test_makes_no_excuse_no_empty_phrase_and_no_condition(self, name: str, language: str) -> None:
        assert re.findall(HOLLOW[language], TEXTS[name, language], re.IGNORECASE) == []

    @every_personal_letter
    def test_shows_what_is_missing(self, name: str, language: str) -> None:
        letter = written(name, language)
        assert {slot.name for slot in letter.slots if not slot.value} <= set(SLOTS)
        assert letter.marks >= 2 + TO_DO.get(name, 0) - 1

    @every_letter
    def test_of_a_forwarded_mail_begins_with_the_address(self, name: str, language: str) -> None:
        forwarded = replace(material(language, *EVERYTHING), origin=Origin.FORWARD)
        assert compose(TEXTS[name, language], forwarded).text.startswith("[[check the address]]\n\n")

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_is_a_text_of_its_own(self, language: str) -> None:
        texts = {name: own_words(name, language) for name in NAMES if (name, language) in TEXTS}
        for one, other in combinations(texts, 2):
            alike = difflib.SequenceMatcher(None, texts[one], texts[other], autojunk=False)
            if alike.real_quick_ratio() >= 0.6 and alike.quick_ratio() >= 0.6:
                assert alike.ratio() < 0.6, (one, other)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_shares_no_sentence_with_another_but_its_opening_and_its_close(self, language: str) -> None:
        holders: dict[str, list[str]] = {}
        for name in (name for name in NAMES if (name, language) in TEXTS):
            sentences = re.split(r"(?<=[.?!:;])\s+|\n+", TEXTS[name, language])
            for words in {tuple(re.findall(r"(?<![{\w])[\w’'-]+", sentence)) for sentence in sentences}:
                if len(words) >= 8:
                    holders.setdefault(" ".join(words), []).append(name)
        assert {said: names for said, names in holders.items() if len(names) > 1} == {}


def own_words(name: str, language: str) -> list[str]:
    """The words of a letter that are its own, without slots, conditions and phrases."""
    return re.sub(r"\{[^{}]*\}", " ", TEXTS[name, language]).split()


FIRST_ANSWERS = (
    "acknowledgement", "late-delivery", "faulty-product", "wrong-charge", "rude-staff", "cancellation", "outage",
    "privacy", "safety", "reopened", "missing-refund", "locked-out", "booking", "accessibility", "poor-service",
    "contract", "late-meal", "wrong-meal", "unsafe-meal", "bank-complaint", "disputed-payment", "call-back",
)  # fmt: skip
every_first_answer = pytest.mark.parametrize(("name", "language"), [key for key in LETTERS if key[0] in FIRST_ANSWERS])
DAYS = {
    "en": ("Thursday 26 November", "Monday 7 December"),
    "de": ("Donnerstag, 26. November", "Montag, 7. Dezember"),
    "fr": ("jeudi 26 novembre", "lundi 7 décembre"),
    "es": ("jueves 26 de noviembre", "lunes 7 de diciembre"),
}


AT_THIS_MOMENT = {
    "en": r"\btoday\b|\bright now\b|\bat the moment\b|are (?:checking|finding|comparing)",
    "de": r"\bheute\b|\bgerade eben\b|\b(?:prüfen|vergleichen|klären) jetzt\b",
    "fr": r"aujourd.hui|en ce moment|à présent{if|maintenant chaque",
    "es": r"\bhoy\b|en este momento|\bestamos \w+ndo\b",
}
"""A draft may lie for days, so a first answer says what will be done and by when, not what is done as it is written."""


class TestFirstAnswers:
    @every_first_answer
    def test_each_stays_true_when_it_is_sent_days_later(self, name: str, language: str) -> None:
        assert re.findall(AT_THIS_MOMENT[language], TEXTS[name, language], re.IGNORECASE) == []

    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("known", ["order", "invoice"])
    @pytest.mark.parametrize("name", [
        "late-delivery", "cancellation", "wrong-charge", "faulty-product", "missing-refund", "booking", "contract",
        "late-meal", "wrong-meal",
    ])  # fmt: skip
    def test_none_asks_for_a_number_that_is_there(self, name: str, known: str, language: str) -> None:
        assert asks_for_a_number(written(name, language, "sentence"), language)
        assert not asks_for_a_number(written(name, language, "sentence", "ask", known), language)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_who_has_said_what_they_want_is_not_asked_for_it(self, language: str) -> None:
        for name in (
            "faulty-product", "reopened", "rude-staff", "locked-out", "accessibility", "poor-service", "bank-complaint",
        ):  # fmt: skip
            assert "?" in written(name, language, "product", "sentence").text
            assert "?" not in written(name, language, "product", "sentence", "ask").text

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_identity_papers_are_named_only_to_who_asks_for_something(self, language: str) -> None:
        papers = r"identity papers|Ausweispapiere|pièce d’identité|documento de identidad"
        assert re.search(papers, written("privacy", language, "sentence", "ask").text)
        assert not re.search(papers, written("privacy", language, "sentence").text)

    @every_first_answer
    def test_each_names_the_day_of_the_next_word_and_of_the_last(self, name: str, language: str) -> None:
        text = written(name, language, *EVERYTHING).text
        assert [day for day in DAYS[language] if day not in text] == []


def asks_for_a_number(letter: Letter, language: str) -> bool:
    """Whether a letter asks anything that would help to find them."""
    asked = shipped(language).words.missing
    return "?" in letter.text or asked["order"] in letter.text or asked["invoice"] in letter.text


def wrapped(text: str) -> str:
    """The letter as a mail program shows it, in lines of at most 100 characters."""
    return "\n".join(textwrap.fill(line, 100) for line in text.split("\n"))


class TestALetterAsTheCustomerReadsIt:
    def test_with_all_that_is_known(self) -> None:
        assert (
            wrapped(written("late-delivery", "en", *EVERYTHING).text)
            == """\
Dear Anna Müller,

Thank you for letting us know. It is better that we hear of it, and we will see it through. On 23
November you wrote: “My parcel has still not arrived and nobody answers the telephone”.

We are sorry that the delivery of your Aurora 3 did not go as you were told it would, and that
chasing it was left to you. We understand that you had a use for it, and that every day without it
counts.

We will find out what went wrong on the way to you. If your parcel is still to come, we will tell
you the day on which you will have it. If it is lost, damaged or not what you ordered, the choice is
yours: we send everything again, or you get your money back.

We will write to you by Thursday 26 November and say how far we have come. Our aim is to bring it to
an end by Monday 7 December. You ask for a refund and an apology. That is what we will speak to
first.

What we have noted from your message: order A-4711, invoice R-2026-88, Aurora 3 and the amount of
49,90 €. Tell us if any of it is wrong.

Kind regards,
Example Ltd
"""
        )

    def test_with_little_known_it_asks_one_question_and_marks_what_a_person_must_write(self) -> None:
        assert (
            wrapped(written("faulty-product", "de", "sentence", "update").text)
            == """\
Guten Tag,

Ihr offenes Wort hilft uns, danke dafür. Wir bleiben daran, bis es geklärt ist. Sie schrieben uns am
23. November: „Mein Paket ist immer noch nicht angekommen und niemand geht ans Telefon“.

Es tut uns leid, dass Ihr Kauf eine Enttäuschung war und dass nun Sie die Mühe damit haben. Zum
Ärger kommt nun auch noch der Aufwand, und wir verstehen Ihren Unmut.

Bitte lassen Sie vorerst alles, wie es ist; zurückschicken müssen Sie noch nichts. Jemand bei uns,
der sich mit dem Produkt auskennt, wird Ihre Schilderung durchgehen, und dann haben Sie die Wahl:
eine Reparatur, ein Ersatz oder Ihr Geld zurück.

Wir schreiben Ihnen, wie weit wir sind, und zwar bis Donnerstag, 26. November.

Was würde es für Sie wieder in Ordnung bringen? Sagen Sie es uns, und davon gehen wir aus.

Bitte schicken Sie uns noch Ihre Bestell- oder Kundennummer (sie steht in unserer Bestätigung); mehr
müssen Sie nicht heraussuchen.

Freundliche Grüße
[[Ihr Name]]
"""
        )


PHRASED = [
    (language, name, category, voice)
    for language in SPOKEN
    for name, by_category in shipped(language).lines.items()
    for category, by_voice in by_category.items()
    for voice in by_voice
]
every_phrase = pytest.mark.parametrize(
    ("language", "name", "category", "voice"), PHRASED, ids=["-".join(key) for key in PHRASED]
)
IN_APOLOGY = {"order", "invoice", "product", "amount"}
"""What an apology may name; a day is not among it, since nobody knows what it is the day of."""
APOLOGY = {
    "en": r"sorry\b|apolog", "de": r"leid\b|[Ee]ntschuldig", "fr": r"désolé|excus(?:e|er|es|ons)\b|regrett",
    "es": r"[Ss]entimos|[Ll]amentamos|[Dd]isculpa|perdón",
}  # fmt: skip


class TestPhrases:
    @pytest.mark.parametrize("language", SPOKEN)
    def test_every_phrase_is_there_and_every_category_has_its_own_apology(self, language: str) -> None:
        lines = shipped(language).lines
        assert set(PHRASES) <= set(lines)
        assert all("any" in by_category for by_category in lines.values())
        assert set(lines["apology"]) == {*CATEGORIES, "incident", "any"}
        assert set(lines["empathy"]) == set(lines["options"]) == {*CATEGORIES, "any"}

    @every_phrase
    def test_has_two_to_four_wordings_that_are_not_alike(
        self, language: str, name: str, category: str, voice: str
    ) -> None:
        said = shipped(language).lines[name][category][voice]
        assert 2 <= len(said) <= 4
        for one, other in combinations(said, 2):
            assert difflib.SequenceMatcher(None, one.split(), other.split()).ratio() < 0.75, (one, other)

    @every_phrase
    def test_says_nothing_hollow_and_asks_only_where_it_is_a_question(
        self, language: str, name: str, category: str, voice: str
    ) -> None:
        for said in shipped(language).lines[name][category][voice]:
            assert re.findall(HOLLOW[language], said, re.IGNORECASE) == []
            assert said.count("?") == (1 if name in ("question", "one_question") else 0)
            assert problems(said) == ()

    @pytest.mark.parametrize("language", SPOKEN)
    def test_an_apology_apologises_and_names_nothing_but_what_is_known(self, language: str) -> None:
        for by_voice in shipped(language).lines["apology"].values():
            for said in (said for variants in by_voice.values() for said in variants):
                assert re.search(APOLOGY[language], said)
                bare = re.sub(r"\{if (no_)?\w+\}.*?\{end\}", "", said)
                assert set(re.findall(r"\{(?!if |end)(\w+)\}", said)) <= IN_APOLOGY
                assert "{" not in bare, said

    @pytest.mark.parametrize("language", SPOKEN)
    def test_a_letter_is_sorry_once_for_no_other_phrase_apologises(self, language: str) -> None:
        for name, by_category in shipped(language).lines.items():
            for said in (said for voices in by_category.values() for variants in voices.values() for said in variants):
                assert name in ("apology", "publicly", "options") or not re.search(rf"\b(?:{APOLOGY[language]})", said)

    @pytest.mark.parametrize("language", SPOKEN)
    def test_a_public_reply_names_no_fact_of_the_case(self, language: str) -> None:
        for variants in shipped(language).lines["publicly"]["any"].values():
            assert not any("{" in said for said in variants)

    @pytest.mark.parametrize(("said", "tells"), [
        ("I had no present to give.", True), ("I missed two days of work.", True), ("We had to cancel.", True),
        ("All that time my mother sat in the cold.", True), ("It cost me a whole evening.", True),
        ("The second payment put me overdrawn.", True), ("It left me feeling humiliated.", True),
        ("I had to wait for the bus to write this.", False), ("My daughter bought it in May.", False),
        ("I could not find the number on your page.", False), ("I have been waiting for an answer.", False),
    ])  # fmt: skip
    def test_an_effect_is_what_followed_for_them_and_not_what_went_wrong(self, said: str, tells: bool) -> None:
        own = f"It never came at all. {said}"
        evidence = (Evidence("complaint", "It never came at all.", 0, 21),)
        bare = material("en")
        assessed = replace(bare.assessment, own_text=own, evidence=evidence)
        assert SLOTS["effect"](replace(bare, assessment=assessed)) == (f"“{said.rstrip('.')}”" if tells else "")
