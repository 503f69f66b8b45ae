"""The shipped playbooks and their letters: whole, in four languages, and worth sending."""

from __future__ import annotations

import difflib
import re
import textwrap
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from itertools import combinations

import pytest

from plugin.hours import Hours
from plugin.letters import Letter, Material, compose, problems
from plugin.letters.slots import SLOTS
from plugin.model import Assessment, Evidence, Fact, Origin
from plugin.playbook import load_book

LANGUAGES = ("en", "de", "fr", "es")
BOOK = load_book(["general"], None, calendars=(), check_text=problems)
TEXTS = {(text.name, text.language): text.source for text in BOOK.texts}
NAMES = sorted({name for name, _ in TEXTS})
PACK = files("playbooks") / "packs" / "general"
SOURCES = {
    file.name.removesuffix(".yaml").split("-", 1)[1]: file.read_text(encoding="utf-8")
    for file in PACK.iterdir()
    if file.name.endswith(".yaml")
}

TO_DO = {"update": 2, "overdue": 4, "goodwill": 3}
"""How many marks a letter holds that only a person can fill in, when all its slots are known."""

SAID = {
    "en": "My parcel has still not arrived and nobody answers the telephone",
    "de": "Mein Paket ist immer noch nicht angekommen und niemand geht ans Telefon",
    "fr": "Mon colis n'est toujours pas arrivé et personne ne répond au téléphone",
    "es": "Mi paquete todavía no ha llegado y nadie contesta al teléfono",
}
STATED = {"order": "A-4711", "invoice": "R-2026-88", "product": "Aurora 3", "amount": "49,90 €"}
HOURS = Hours.parse("default", "Europe/London", {"mon-fri": "09:00-17:30"}, ())

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


def written(name: str, language: str, *known: str) -> Letter:
    return compose(TEXTS[name, language], material(language, *known))


every_letter = pytest.mark.parametrize(("name", "language"), [(name, lang) for name in NAMES for lang in LANGUAGES])


class TestPlaybooks:
    def test_the_pack_holds_the_practices_by_name(self) -> None:
        assert {
            "acknowledge", "late-delivery", "faulty-product", "wrong-charge", "still-satisfied", "goodwill",
        } <= {playbook.name for playbook in BOOK.playbooks}  # fmt: skip

    @pytest.mark.parametrize("name", [playbook.name for playbook in BOOK.playbooks])
    def test_each_says_what_it_is_about_and_why_it_is_so(self, name: str) -> None:
        (about,) = [playbook.about for playbook in BOOK.playbooks if playbook.name == name]
        assert len(about.split()) >= 4
        assert SOURCES[name].startswith("# ")

    def test_the_general_acknowledgement_comes_last_so_that_the_letter_of_the_matter_wins(self) -> None:
        assert BOOK.playbooks[-1].name == "acknowledge"

    def test_every_letter_is_used_by_a_playbook(self) -> None:
        used = {word for source in SOURCES.values() for word in re.findall(r"(?:text|draft): ([a-z-]+)", source)}
        assert used == set(NAMES)

    def test_every_letter_is_there_in_four_languages(self) -> None:
        assert set(TEXTS) == {(name, language) for name in NAMES for language in LANGUAGES}


class TestEveryLetter:
    @every_letter
    def test_names_only_slots_there_are(self, name: str, language: str) -> None:
        assert problems(TEXTS[name, language]) == ()

    @every_letter
    def test_is_greeting_their_words_an_apology_and_a_signature(self, name: str, language: str) -> None:
        letter = written(name, language, *EVERYTHING)
        assert "Anna Müller" in letter.text.splitlines()[0]
        assert SAID[language].replace("'", "") in letter.text.replace("'", "")
        assert re.search(SORRY[language], letter.text)
        assert letter.text.endswith("\nExample Ltd\n")

    @every_letter
    def test_is_ready_but_for_what_only_a_person_knows(self, name: str, language: str) -> None:
        assert written(name, language, *EVERYTHING).marks == TO_DO.get(name, 0)

    @every_letter
    def test_has_a_letters_length(self, name: str, language: str) -> None:
        text = written(name, language, *EVERYTHING).text.replace(SAID[language], "")
        paragraphs = text.split("\n\n")[1:-1]  # without greeting and signature
        assert 90 <= len(re.findall(r"[\w’'-]+", " ".join(paragraphs))) <= 150

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

    @every_letter
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
        texts = {name: TEXTS[name, language].split() for name in NAMES}
        for one, other in combinations(NAMES, 2):
            assert difflib.SequenceMatcher(None, texts[one], texts[other], autojunk=False).ratio() < 0.6, (one, other)


FIRST_ANSWERS = (
    "acknowledgement", "late-delivery", "faulty-product", "wrong-charge", "rude-staff", "cancellation", "outage",
    "privacy", "safety", "reopened",
)  # fmt: skip
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
    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("name", FIRST_ANSWERS)
    def test_each_stays_true_when_it_is_sent_days_later(self, name: str, language: str) -> None:
        assert re.findall(AT_THIS_MOMENT[language], TEXTS[name, language], re.IGNORECASE) == []

    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("known", ["order", "invoice"])
    @pytest.mark.parametrize("name", ["late-delivery", "cancellation", "wrong-charge", "faulty-product"])
    def test_none_asks_for_a_number_that_is_there(self, name: str, known: str, language: str) -> None:
        assert "?" in written(name, language, "sentence").text
        assert "?" not in written(name, language, "sentence", "ask", known).text

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_who_has_said_what_they_want_is_not_asked_for_it(self, language: str) -> None:
        for name in ("faulty-product", "reopened", "rude-staff"):
            assert "?" in written(name, language, "product", "sentence").text
            assert "?" not in written(name, language, "product", "sentence", "ask").text

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_identity_papers_are_named_only_to_who_asks_for_something(self, language: str) -> None:
        papers = r"identity papers|Ausweispapiere|pièce d’identité|documento de identidad"
        assert re.search(papers, written("privacy", language, "sentence", "ask").text)
        assert not re.search(papers, written("privacy", language, "sentence").text)

    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("name", FIRST_ANSWERS)
    def test_each_names_the_day_of_the_next_word_and_of_the_last(self, name: str, language: str) -> None:
        text = written(name, language, *EVERYTHING).text
        assert [day for day in DAYS[language] if day not in text] == []


def wrapped(text: str) -> str:
    """The letter as a mail program shows it, in lines of at most 100 characters."""
    return "\n".join(textwrap.fill(line, 100) for line in text.split("\n"))


class TestALetterAsTheCustomerReadsIt:
    def test_with_all_that_is_known(self) -> None:
        assert (
            wrapped(written("late-delivery", "en", *EVERYTHING).text)
            == """\
Dear Anna Müller,

Thank you for telling us about order A-4711. On 23 November you wrote: “My parcel has still not
arrived and nobody answers the telephone”.

We are sorry that the delivery did not go as you were told it would, and that chasing it was left to
you. You were counting on it, and we understand how annoying it is to be without it.

We are asking the carrier what became of your parcel, and by Thursday 26 November we will write to
you with their answer and with the day on which you will have your goods. If the parcel is lost or
damaged, the choice is yours: we send everything again, or you get your money back.

We have noted that you ask for a refund and an apology, and the same message will deal with it.

All of this will be settled by Monday 7 December at the latest.

Kind regards,
Example Ltd
"""
        )

    def test_with_little_known_it_asks_one_question_and_marks_what_a_person_must_write(self) -> None:
        assert (
            wrapped(written("faulty-product", "de", "sentence", "update").text)
            == """\
Guten Tag,

danke, dass Sie uns sagen, was mit Ihrem Kauf nicht stimmt. So haben Sie es am 23. November
beschrieben: „Mein Paket ist immer noch nicht angekommen und niemand geht ans Telefon“.

Es tut uns leid, dass Sie für etwas bezahlt haben, das nicht tut, was es soll, und dass Sie nun die
Mühe damit haben.

Bitte lassen Sie vorerst alles, wie es ist; zurückschicken müssen Sie noch nichts. Jemand bei uns,
der sich mit dem Produkt auskennt, wird Ihre Schilderung durchgehen. Woran es nach unserer
Einschätzung liegt und was wir Ihnen vorschlagen, schreiben wir Ihnen bis Donnerstag, 26. November.

Was wäre Ihnen am liebsten: eine Reparatur, ein Ersatz oder Ihr Geld zurück?

Freundliche Grüße
[[Ihr Name]]
"""
        )
