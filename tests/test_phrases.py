"""What letters say is read from files by language: the shipped ones, with a site's own over them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from plugin import letters
from plugin.desk import policies_of
from plugin.inforce import book_of
from plugin.letters import compose
from plugin.letters.own import faults, read_phrases
from plugin.letters.phrases import (
    FACTS,
    LANGUAGES,
    MISSING,
    MOST,
    PHRASES,
    SHIPPED,
    VOICES,
    Phrases,
    PhrasesForm,
    shipped,
)
from plugin.letters.practices import PRACTICES
from plugin.letters.slots import FLAGS, SLOTS
from plugin.model import ASKS
from plugin.source import Problem, Problems, parse
from plugin.trial import Trial, settings_for
from tests.test_letters import FULL, text_of
from tests.witness import written as mail

ITALIAN = """
words:
  quotes: ["«", "»"]
  both: e
  either: o
  wrote: "Il {day} {name} ha scritto:"
  greeting: {plain: "Buongiorno {name}"}
  stranger: {plain: Buongiorno}
  facts: {order: "ordine {value}"}
  missing: {order: il numero d'ordine}
  asks: {refund: un rimborso}
phrases:
  apology:
    any: {plain: ["Ci dispiace."]}
    delivery: {plain: ["Ci dispiace che il pacco non sia arrivato."]}
"""


def written(folder: Path, text: str, name: str = "en.yaml") -> tuple[Phrases, list[Problem]]:
    (folder / "phrases").mkdir(parents=True, exist_ok=True)
    (folder / "phrases" / name).write_text(text, encoding="utf-8")
    problems: list[Problem] = []
    return read_phrases(folder, problems), problems


class TestShipped:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_each_file_is_sound(self, language: str) -> None:
        path = Path("playbooks/phrases") / f"{language}.yaml"
        problems: list[Problem] = []
        source = parse((Path(__file__).parents[1] / path).read_text(encoding="utf-8"), str(path), problems)
        assert source is not None
        form = source.form(PhrasesForm, problems)
        assert form is not None
        assert [*problems, *faults(source, form)] == []

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_each_has_words_for_all_there_is(self, language: str) -> None:
        words = shipped(language).words
        assert set(words.marks) == set(SLOTS) - {"address_check"}
        assert set(words.asks) == set(ASKS)
        assert set(words.facts) == {*FACTS, "booking"}
        assert set(words.missing) == set(MISSING)
        assert set(words.greeting) == set(words.stranger) == set(VOICES)
        assert len(words.effect) > 10

    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("name", ["thanks", "closing"])
    def test_each_says_them_in_three_voices_and_more_than_one_way(self, language: str, name: str) -> None:
        for voice in VOICES:
            assert len({shipped(language).line(name, (), voice, str(case)) for case in range(20)}) >= 2

    def test_every_phrase_serves_practices_that_have_a_name(self) -> None:
        assert {practice for some in PHRASES.values() for practice in some} <= set(PRACTICES)

    def test_a_language_is_read_when_a_letter_in_it_is_written(self) -> None:
        program = (
            "import sys; from plugin.letters.phrases import SHIPPED, shipped; "
            "import plugin.desk; before = shipped.cache_info().currsize; SHIPPED.of('de'); "
            "print(before, shipped.cache_info().currsize, 'babel' in sys.modules)"
        )
        told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
        assert told.stdout.split() == ["0", "1", "False"]

    def test_a_letter_in_a_language_without_phrases_has_marks_where_english_sentences_would_stand(self) -> None:
        ours = replace(FULL, language="nl")
        letter = compose("{greeting},\n\nBedankt. {thanks} Over {order}: {ask}. {closing}\n", ours)
        assert "[[thanks]]" in letter.text
        assert "[[what they ask for]]. [[closing]]" in letter.text

    def test_a_tag_with_a_country_is_its_language_and_what_nobody_wrote_is_english(self) -> None:
        assert [SHIPPED.of(tag).language for tag in ("de-AT", "FR", "sv", "")] == ["de", "fr", "en", "en"]


class TestOwn:
    def test_a_site_without_any_has_the_shipped_ones(self, tmp_path: Path) -> None:
        problems: list[Problem] = []
        assert read_phrases(tmp_path, problems).names == set(PHRASES)
        assert not problems

    def test_its_words_and_variants_take_the_place_of_the_shipped_ones(self, tmp_path: Path) -> None:
        text = (
            "words:\n  greeting: {warm: 'Hiya {name}'}\n  effect: [gutted]\n"
            "phrases:\n  thanks: {any: {plain: [Cheers.]}}\n  motto: {any: {plain: [Light for all.]}}\n"
        )
        phrases, problems = written(tmp_path, text)
        assert not problems
        ours = replace(FULL, phrases=phrases)
        assert text_of("{greeting}, {thanks} {motto}", ours) == "Dear Anna Müller, Cheers. Light for all."
        assert text_of("{greeting}", replace(ours, voice="warm")) == "Hiya Anna Müller"
        assert phrases.of("en").line("thanks", (), "warm", "1") == SHIPPED.of("en").line("thanks", (), "warm", "1")
        assert {"gutted", *SHIPPED.of("en").words.effect} == set(phrases.of("en").words.effect)
        assert letters.problems("{motto}", phrases) == ()
        assert "unknown slot {motto}" in letters.problems("{motto}")[0][2]

    def test_another_language_is_added_by_a_file(self, tmp_path: Path) -> None:
        phrases, problems = written(tmp_path, ITALIAN, "it.yaml")
        assert not problems
        ours = replace(FULL, phrases=phrases, language="it", category="delivery", offer=("voucher",))
        assert text_of("{greeting}. {apology} {facts}", ours) == (
            "Buongiorno Anna Müller. Ci dispiace che il pacco non sia arrivato. ordine A-4711"
        )
        assert text_of("{update_by}, {up_to}, {ask}", ours) == "giovedì 26 novembre, 15\xa0€, un rimborso"
        assert text_of("{invoice} {thanks}", ours) == "[[invoice number]] [[thanks]]"

    @pytest.mark.parametrize(
        ("text", "line", "column", "told"),
        [
            ("words: {both: '{x}'}\n", 1, 15, "braces, brackets or a line break"),
            ("words:\n  wrote: '{name} wrote'\n", 2, 10, "{day} is missing"),
            ("words:\n  wrote: '{day} {name} {x}'\n", 2, 10, "unknown slot {x}"),
            ("words:\n  greting: {plain: Hi}\n", 2, 3, "did you mean `greeting`?"),
            ("words:\n  asks: {refnd: money}\n", 2, 17, "did you mean `refund`?"),
            ("phrases:\n  thanks:\n    delivry: {plain: [Thanks.]}\n", 3, 5, "did you mean `delivery`?"),
            ("phrases:\n  thanks:\n    any: {loud: [Thanks.]}\n", 3, 17, "unknown voice `loud`"),
            ("phrases:\n  thanks:\n    any: {plain: Thanks.}\n", 3, 18, "must be a list"),
            ("phrases:\n  thanks:\n    any:\n      plain:\n        - 'Thanks, {nme}.'\n", 5, 11, "did you mean name?"),
            ("phrases:\n  thanks:\n    any:\n      plain:\n        - 'Thanks. {closing}'\n", 5, 11, "unknown"),
            ("phrases:\n  thanks:\n    any:\n      plain:\n        - 'Thanks {if name}x'\n", 5, 11, "never closed"),
            ("phrases:\n  thanks:\n    any:\n      plain:\n        - |\n          a\n          b\n", 5, 11, "one line"),
            ("phrases:\n  thanks:\n    any: {plain: []}\n", 3, 18, "empty"),
            ("phrases:\n  order: {any: {plain: [x]}}\n", 2, 3, "give the phrase another name"),
            ("phrases:\n  No name: {any: {plain: [x]}}\n", 2, 3, "no name of a phrase"),
            ("phrases:\n  no_way: {any: {plain: [x]}}\n", 2, 3, "no name of a phrase"),
            ("phrases\n", 1, 1, "must be a mapping"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_told_with_its_place(
        self, tmp_path: Path, text: str, line: int, column: int, told: str
    ) -> None:
        phrases, problems = written(tmp_path, text)
        assert [(problem.line, problem.column) for problem in problems] == [(line, column)], problems
        assert told in problems[0].text
        assert phrases.of("en") == SHIPPED.of("en")

    @pytest.mark.parametrize("fault", ["words: {both: '{x}'}\n", "\tx\n", "words:\n  - [\n"])
    def test_a_letter_may_name_the_phrases_of_a_file_that_has_a_fault(self, tmp_path: Path, fault: str) -> None:
        phrases, found = written(tmp_path, f"{fault}phrases:\n  motto: {{any: {{plain: [Light for all.]}}}}\n")
        assert found
        assert letters.problems("{motto}", phrases) == ()
        assert [told for _, _, told in letters.problems("{mottoo}", phrases)] == [
            "unknown slot {mottoo}: did you mean motto?"
        ]

    def test_a_new_language_must_bring_what_no_letter_can_do_without(self, tmp_path: Path) -> None:
        _, problems = written(tmp_path, "words:\n  both: e\n  greeting: {warm: 'Ciao {name}'}\n", "it.yaml")
        assert [problem.text.split("`")[3] for problem in sorted(problems)] == [
            "either", "greeting", "quotes", "stranger", "wrote",
        ]  # fmt: skip

    @pytest.mark.parametrize("name", ["italian.yaml", "de-AT.yaml"])
    def test_a_file_is_called_after_its_language(self, tmp_path: Path, name: str) -> None:
        _, problems = written(tmp_path, ITALIAN, name)
        assert "rename it" in problems[0].text

    def test_a_file_too_large_to_be_one_is_told_so(self, tmp_path: Path) -> None:
        _, problems = written(tmp_path, "#" * (MOST + 1))
        assert "larger than 256 KiB" in problems[0].text

    def test_no_flag_and_no_slot_is_a_phrase_but_the_two_that_are_both(self) -> None:
        assert {*SLOTS, *FLAGS} & set(PHRASES) == {"effect", "talk"}


class TestASite:
    def site(self, folder: Path) -> Path:
        """A site whose letters are Italian, with phrases of its own."""
        own = folder / "own"
        (own / "drafts").mkdir(parents=True)
        (own / "hello.yaml").write_text("name: hello\nwhen: complaint_received\nthen:\n  - draft: {text: ciao}\n")
        (own / "drafts" / "ciao.it.txt").write_text("{greeting},\n\n{apology}\n\n{motto}\n")
        written(own, ITALIAN + "  motto: {any: {plain: [Luce per tutti.]}}\n", "it.yaml")
        (folder / "amends.yaml").write_text(
            "store: sqlite:///amends.db\nplaybooks: own\npacks: []\n"
            "hours: {default: {zone: Europe/Rome, week: {mon-fri: 09:00-18:00}}}\n"
            "inboxes:\n  support: {kind: imap, host: imap.example.com, user: u, password: p, language: it, "
            "identities: [support@example.com]}\n"
        )
        return folder / "amends.yaml"

    def test_its_letters_are_written_with_its_phrases(self, tmp_path: Path) -> None:
        trial = Trial(settings_for(self.site(tmp_path)))
        said = "Il mio pacco LL-1 non è mai arrivato. È una vergogna, voglio un rimborso!"
        tried = trial.of("a", mail(said, subject="Reclamo"), language="it")
        (draft,) = tried["drafts"]
        assert draft["text"].startswith("Buongiorno Anna Jones,\n\nCi dispiace")
        assert draft["text"].endswith("Luce per tutti.\n")
        assert draft["standing"] == "ready"
        assert {"name": "greeting", "value": "Buongiorno Anna Jones"} in draft["slots"]
        assert json.dumps(tried)

    def test_all_that_is_wrong_is_told_at_once(self, tmp_path: Path) -> None:
        path = self.site(tmp_path)
        (tmp_path / "own" / "phrases" / "de.yaml").write_text("words: {bth: und}\n")
        (tmp_path / "own" / "drafts" / "ciao.it.txt").write_text("{grreeting}\n")
        with pytest.raises(Problems) as told:
            book_of(settings_for(path))
        assert [Path(problem.file).name for problem in told.value.problems] == ["ciao.it.txt", "de.yaml"]

    def test_what_is_in_force_speaks_with_them(self, tmp_path: Path) -> None:
        settings = settings_for(self.site(tmp_path))
        assert "motto" in policies_of(settings, {}).phrases.names


class TestTheManual:
    MANUAL = (Path(__file__).parents[1] / "docs" / "playbooks.md").read_text("utf-8").partition("## Letters")[2]

    def test_its_examples_are_sound(self, tmp_path: Path) -> None:
        letter, example = (block.partition("```")[0] for block in (*self.MANUAL.split("```\n")[1:2], *self.yaml()))
        phrases, problems = written(tmp_path, example)
        assert not problems
        assert letters.problems(letter, phrases) == ()
        assert compose(letter, FULL).marks == 0

    def test_it_names_every_slot_flag_and_phrase(self) -> None:
        named = set(re.findall(r"`\{?(\w+)\}?`", self.MANUAL))
        assert named >= {*SLOTS, *FLAGS, *PHRASES} - {"address_check"}

    def yaml(self) -> list[str]:
        """The blocks of YAML, each with what follows it."""
        return self.MANUAL.split("```yaml\n")[1:2]
