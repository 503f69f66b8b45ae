"""What a playbook may say, what its conditions mean, and what its author is told when something is wrong."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest

from plugin.hours import Roll, Span
from plugin.model import Purpose
from plugin.patterns import Pattern
from plugin.playbook import (
    All,
    Assign,
    Book,
    Condition,
    DueBy,
    DueFor,
    Facts,
    FollowUp,
    From,
    Goodwill,
    Playbook,
    Tag,
    When,
    WriteDraft,
    load_book,
    playbook_schema,
    shipped_packs,
)
from plugin.source import MAX_PROBLEMS, Problem, Problems, parse

HERE = Path(__file__).parent / "playbooks"
TEXTS = ("acknowledgement", "still-satisfied", "goodwill")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site's folder with three letters in it and no playbook yet."""
    made = tmp_path / "my-playbooks"
    (made / "drafts").mkdir(parents=True)
    for name in TEXTS:
        (made / "drafts" / f"{name}.en.txt").write_text(f"Subject: {name}\n\nDear {{name}},\n")
    return made


def site(folder: Path, **files: str) -> Book:
    """The book of a folder after these playbooks were written into it."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return load_book([], folder)


def one(folder: Path, text: str) -> Playbook:
    """The only playbook of a book."""
    (playbook,) = site(folder, only=text).playbooks
    return playbook


def asking(folder: Path, condition: str) -> All:
    """The conditions of a playbook that asks just this."""
    known_after = {"missed": "due_missed", "satisfied": "feedback_received"}
    when = next((when for word, when in known_after.items() if word in condition), "complaint_received")
    return one(folder, f"name: a\nwhen: {when}\nif:\n  - {condition}\nthen:\n  - tag: a\n").condition


def simple(name: str, tag: str = "a", more: str = "") -> str:
    """A playbook that always applies."""
    return f"name: {name}\nwhen: complaint_received\nthen:\n  - tag: {tag}\n{more}"


def mistakes(folder: Path, **files: str) -> list[str]:
    """What is told about these playbooks, without the folder."""
    with pytest.raises(Problems) as told:
        site(folder, **files)
    return [str(problem).removeprefix(f"{folder}/") for problem in told.value.problems]


def told_of(folder: Path, text: str) -> list[str]:
    """What is told about one playbook, without its name; two calendars and two inboxes are known."""
    (folder / "broken.yaml").write_text(text)
    with pytest.raises(Problems) as told:
        load_book([], folder, calendars=("default", "london"), inboxes=("support", "sales"))
    return [str(problem).removeprefix(f"{folder}/broken.yaml:") for problem in told.value.problems]


HINT = re.compile(
    r"did you mean `|allowed: |must be (?:one of|text|true|a list|a mapping)|means the sign itself|"
    r"(?:[:;,] |\bthere |^)(?:write|remove|keep|add|use|put|replace|close|choose|give|split|make|rename|save|delete|"
    r"say|check|line it up|count it|change|set)\b"
)
"""What somebody can do about it, or what belongs there."""
SIMPLE = b"name: late\nwhen: complaint_received\nthen:\n  - tag: late\n"
UTF_8 = "this line is not UTF-8 text: save the file as UTF-8 in your editor"
BYTES = {
    "Windows line ends": (SIMPLE.replace(b"late\nwhen", b"late\nwhne").replace(b"\n", b"\r\n"),
                          "1:1: `when` is missing: add a line `when: …`"),
    "a mark of byte order": (b"\xef\xbb\xbf" + SIMPLE.replace(b"name", b"nmae"),
                             "1:1: `name` is missing: add a line `name: …`"),
    "UTF-16": (SIMPLE.decode().encode("utf-16"), f"1:1: {UTF_8}"),
    "Latin-1": (SIMPLE + b"about: sp\xe4t\n", f"5:1: {UTF_8}"),
    "a byte of nothing": (SIMPLE + b"about: \0\n",
                          "5:8: a control character stands here, which no text should hold: delete it"),
    "too large": (SIMPLE + b"# and so on\n" * 10_000, "1:1: larger than 96 KiB, too large to read: split it up"),
}  # fmt: skip
BOMBS = {
    "a laugh a billion times": "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{now}: &{now} [{','.join(['*' + before] * 9)}]\n" for before, now in zip("abcdefgh", "bcdefghi", strict=True)
    ),
    "references without end": "a: &a x\nb: [" + "*a," * 20_000 + "]",
    "anchors without end": "b: [" + "".join(f"&a{number} x," for number in range(8_000)) + "]",
    "the same key without end": "a: 1\n" * 20_000,
    "tags without end": "a: [" + "!!int 1, " * 10_000 + "]",
    "brackets without end": "[" * 90_000,
    "dashes without end": "- " * 45_000,
    "braces without end": "{a: " * 22_000,
}  # fmt: skip


def broken() -> list[tuple[str, str, list[str]]]:
    """The sections of broken.txt: a title, a playbook, and what is told about it."""
    sections = []
    for part in (HERE / "broken.txt").read_text().split("=== ")[1:]:
        title, _, rest = part.partition("\n")
        text, _, told = rest.rpartition("---\n")
        sections.append((title, text, told.strip().splitlines()))
    return sections


class TestMistakes:
    @pytest.mark.parametrize(("text", "expected"), [pytest.param(t, told, id=title) for title, t, told in broken()])
    def test_each_is_told_with_its_place_and_what_to_do(self, folder: Path, text: str, expected: list[str]) -> None:
        lines = told_of(folder, text)
        assert len(lines) == len(expected), lines
        for line, wanted in zip(lines, expected, strict=True):
            # One that ends in … gives only the beginning: what follows is the sentence of another module.
            assert line == wanted or (wanted.endswith("…") and line.startswith(wanted[:-1]))

    def test_sixty_and_more_are_told_in_their_line_and_nearly_all_with_what_to_do(self, folder: Path) -> None:
        right = hinted = 0
        for _, text, expected in broken():
            lines = told_of(folder, text)
            right += [line.split(":")[0] for line in lines] == [line.split(":")[0] for line in expected]
            hinted += all(HINT.search(line) for line in lines)
        assert right == len(broken()) >= 60
        assert hinted >= len(broken()) * 52 / 60

    @pytest.mark.parametrize(("raw", "told"), BYTES.values(), ids=BYTES)
    def test_files_no_editor_should_save_are_told_too(self, folder: Path, raw: bytes, told: str) -> None:
        (folder / "broken.yaml").write_bytes(raw)
        (first, *_) = mistakes(folder)
        assert first.removeprefix("broken.yaml:") == told

    @pytest.mark.parametrize("raw", [b"\xef\xbb\xbf" + SIMPLE, SIMPLE.replace(b"\n", b"\r\n"), SIMPLE[:-1]])
    def test_files_as_other_systems_save_them_are_read(self, folder: Path, raw: bytes) -> None:
        (folder / "late.yaml").write_bytes(raw)
        assert [playbook.name for playbook in load_book([], folder).playbooks] == ["late"]

    @pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
    def test_what_is_made_to_be_dear_is_given_up_after_a_few_lines(self, folder: Path, text: str) -> None:
        problems: list[Problem] = []
        assert parse(text, "bomb.yaml", problems) is None
        # Reading ends at the fiftieth problem or the deepest level, so the work does not grow with the file.
        assert len(problems) <= MAX_PROBLEMS + 1
        assert max(problem.line * problem.column for problem in problems) < 1000

    def test_of_several_files_are_told_together(self, folder: Path) -> None:
        assert mistakes(folder, a=simple("a b"), b=simple("b", "C"), c=simple("c")) == [
            "a.yaml:1:7: `a b` cannot be a name: use 1 to 40 of a-z, 0-9 and -, such as `a-b`",
            "b.yaml:4:10: `C` cannot be a tag: use 1 to 40 of a-z, 0-9 and -, such as `c`",
        ]

    def test_two_playbooks_of_one_folder_cannot_share_a_name(self, folder: Path) -> None:
        assert mistakes(folder, a=simple("late"), b=simple("late")) == [
            f"b.yaml:1:7: the name `late` is already taken by {folder}/a.yaml: rename one of them"
        ]

    @pytest.mark.parametrize("name", ["Goodwill.en.txt", "goodwill.txt", "goodwill.english.txt", "good will.en.txt"])
    def test_a_text_needs_a_name_and_a_language(self, folder: Path, name: str) -> None:
        (folder / "drafts" / name).write_text("Dear {name},\n")
        advice = "a text is called name.language.txt in small letters, as in goodwill.en.txt: rename it"
        assert mistakes(folder) == [f"drafts/{name}:1:1: {advice}"]

    def test_a_text_needs_words(self, folder: Path) -> None:
        (folder / "drafts" / "goodwill.de.txt").write_text(" \n")
        advice = "this text is empty: write the letter, or delete the file"
        assert mistakes(folder) == [f"drafts/goodwill.de.txt:1:1: {advice}"]

    def test_a_text_in_another_encoding_is_told_once(self, folder: Path) -> None:
        (folder / "drafts" / "late.en.txt").write_bytes(b"Dear caf\xe9")
        late = "name: a\nwhen: complaint_received\nthen:\n  - draft: {text: late}\n"
        advice = "this line is not UTF-8 text: save the file as UTF-8 in your editor"
        assert mistakes(folder, a=late) == [f"drafts/late.en.txt:1:1: {advice}"]

    def test_letters_are_looked_at_by_whoever_knows_them(self, folder: Path) -> None:
        with pytest.raises(Problems) as told:
            load_book([], folder, check_text=lambda text: [(3, 6, "no such thing")] if "goodwill" in text else [])
        assert str(told.value) == f"{folder}/drafts/goodwill.en.txt:3:6: no such thing"

    def test_a_folder_that_does_not_exist_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(Problems, match=r"gone:1:1: this folder does not exist: make it, or correct `playbooks:`"):
            load_book([], tmp_path / "gone")

    def test_a_pack_that_does_not_exist_is_told(self) -> None:
        with pytest.raises(Problems, match="unknown pack `genral`: did you mean `general`"):
            load_book(["genral"], None)


class TestGrammar:
    def test_the_example_of_the_manual_is_understood_word_by_word(self, folder: Path) -> None:
        playbook = one(folder, (HERE / "late-delivery.yaml").read_text())
        assert (playbook.name, playbook.when, playbook.pack) == ("late-delivery", When.COMPLAINT_RECEIVED, False)
        assert playbook.about == "Parcels that are late, lost or damaged."
        assert [str(condition) for condition in playbook.condition.conditions] == [
            "category: delivery",
            "severity: [medium, high, critical]",
            "any: [{subject: refund}, {text: /order\\s+#?\\d{5,}/}, {from: @example.org}]",
            "not: {tag: vip}",
        ]
        assert playbook.actions == (
            Tag(("parcel-desk",)),
            Assign("parcel-desk"),
            DueBy(DueFor.ACKNOWLEDGEMENT, Span.parse("4 business hours"), False, From.RECEIPT, "", ""),
            DueBy(DueFor.UPDATE, Span.parse("3 business days"), True, From.RECEIPT, "", ""),
            DueBy(DueFor.RESOLUTION, Span.parse("8 weeks"), False, From.RECEIPT, "", ""),
            WriteDraft("acknowledgement", Purpose.ACKNOWLEDGEMENT),
            FollowUp(Span.parse("3 business days"), From.RESOLUTION, "", "still-satisfied"),
            Goodwill(
                Span.parse("1 business day"), From.RESOLUTION, "", "15 EUR", ("voucher", "thank-you-note"), "goodwill"
            ),
        )

    def test_every_clock_is_known(self, folder: Path) -> None:
        action = "due_by: {for: resolution, within: 2 months, from: day_after_receipt, roll: next, "
        text = (HERE / "late-delivery.yaml").read_text() + f"  - {action}pause: waiting_for_customer}}\n"
        due = one(folder, text).actions[-1]
        assert due == DueBy(DueFor.RESOLUTION, Span.parse("2 months"), False, From.DAY_AFTER_RECEIPT, "", "",
                            Roll.NEXT, pause=True)  # fmt: skip

    def test_every_word_of_a_condition_is_known(self, folder: Path) -> None:
        playbook = one(folder, (HERE / "every-word.yaml").read_text())
        assert len(playbook.condition.conditions) == 19
        assert playbook.actions == (Tag(("late",)), WriteDraft("acknowledgement", Purpose.UPDATE))

    def test_settings_that_change_nothing_are_taken(self, folder: Path) -> None:
        action = "due_by: {for: resolution, within: 2 days, from: reopening, roll: none, pause: never, draft: goodwill}"
        playbook = one(folder, f"name: a\nwhen: reopened\nthen:\n  - {action}\n")
        assert playbook.actions == (
            DueBy(DueFor.RESOLUTION, Span.parse("2 days"), False, From.REOPENING, "", "goodwill"),
        )

    def test_any_calendar_may_be_named_where_none_are_known(self, folder: Path) -> None:
        text = "name: a\nwhen: resolved\nthen:\n  - follow_up: {after: 1 day, hours: berlin}\n"
        (follow_up,) = one(folder, text).actions
        assert follow_up == FollowUp(Span.parse("1 day"), From.RESOLUTION, "berlin", "")

    def test_nothing_can_be_changed_after_loading(self, folder: Path) -> None:
        book = site(folder, a=simple("a"))
        with pytest.raises(dataclasses.FrozenInstanceError):
            book.playbooks[0].name = "b"  # type: ignore[misc]

    def test_an_editor_can_be_told_the_grammar(self) -> None:
        schema = playbook_schema()
        assert schema["additionalProperties"] is False
        assert (schema["required"], schema["else"]["required"]) == (["name"], ["when", "then"])
        assert "public-exposure" in json.dumps(schema)


FACTS: Facts = {
    "category": "billing",
    "severity": "high",
    "risk": ("churn", "legal"),
    "asks": (),
    "heated": False,
    "language": "de",
    "channel": "email",
    "inbox": "Support",
    "to": ("help@shop.example", "boss@shop.example"),
    "from": "Jo@Mail.Example.Org",
    "subject": "Rückerstattung für Bestellung",
    "text": "I want my money\n  back for ORDER #12345, the café said I can’t. 返金してください。 환불을 부탁해요.",
    "tag": ("vip",),
    "has_attachment": True,
    "repeat": True,
    "outcome": "",
    "chaser": False,
    "missed": "resolution",
}


@pytest.mark.parametrize(
    ("condition", "held", "reason"),
    [
        ("category: billing", True, "category is billing"),
        ("category: delivery", False, "category is billing, not delivery"),
        ("category: [delivery, refund, other]", False, "category is billing, not delivery, refund or other"),
        ("severity: [high, critical]", True, "severity is high"),
        ("risk: legal", True, "risk is legal"),
        ("risk: [legal, churn]", True, "risk is churn and legal"),
        ("risk: safety", False, "risk is churn and legal, not safety"),
        ("asks: refund", False, "there is no request, and this needs refund"),
        ("heated: false", True, "the mail is not heated"),
        ("heated: true", False, "the mail is not heated"),
        ("language: [en, de]", True, "language is de"),
        ("channel: phone", False, "channel is email, not phone"),
        ("inbox: support", True, "inbox is Support"),
        ("to: boss@shop.example", True, "the recipient is boss@shop.example"),
        ('to: "@other.example"', False, "the recipient is not @other.example"),
        ("from: jo@mail.example.org", True, "the sender is jo@mail.example.org"),
        ('from: "@mail.example.org"', True, "the sender is @mail.example.org"),
        ('from: "@example.org"', False, "the sender is not @example.org"),
        ("from: o@mail.example.org", False, "the sender is not o@mail.example.org"),
        ("subject: RUCKERSTATTUNG", True, 'the subject holds "RUCKERSTATTUNG"'),
        ("subject: erstattung", False, 'the subject does not hold "erstattung"'),
        ("subject: fur", True, 'the subject holds "fur"'),
        ("text: money back", True, 'the text holds "money back"'),
        ("text: cafe", True, 'the text holds "cafe"'),
        ("text: café", True, 'the text holds "café"'),
        ("text: caf", False, 'the text does not hold "caf"'),
        ("text: can't", True, 'the text holds "can\'t"'),
        ("text: '#12345'", True, 'the text holds "#12345"'),
        ("text: 1234", False, 'the text does not hold "1234"'),
        ("text: [lawyer, order]", True, 'the text holds "order"'),
        ("text: [lawyer, court, judge]", False, 'the text does not hold "lawyer", "court" or "judge"'),
        ("text: 返金", True, 'the text holds "返金"'),
        ("text: 返品", False, 'the text does not hold "返品"'),
        ("text: 환불", True, 'the text holds "환불"'),
        ("text: 하", False, 'the text does not hold "하"'),
        ("text: '/order\\s+#?\\d{5,}/'", True, "the text holds /order\\s+#?\\d{5,}/"),
        ("text: '/order\\s+\\d{6,}/'", False, "the text does not hold /order\\s+\\d{6,}/"),
        ("subject: '/RÜCK/'", True, "the subject holds /RÜCK/"),
        ("tag: [press, vip]", True, "tag is vip"),
        ("tag: press", False, "tag is vip, not press"),
        ("has_attachment: yes", True, "there is an attachment"),
        ("repeat: no", False, "the customer complained before"),
        ("chaser: true", False, "the customer is not asking again"),
        ("outcome: upheld", False, "outcome is not known"),
        ("missed: [update, resolution]", True, "missed is resolution"),
        ("missed: update", False, "missed is resolution, not update"),
        ("not: {tag: vip}", False, "tag is vip, which rules it out"),
        ("not: {tag: press}", True, "tag is vip, not press"),
        ("not: {not: {tag: vip}}", True, "tag is vip, which rules it out"),
        ("any: [{tag: press}, {severity: high}]", True, "severity is high"),
        (
            "any: [{tag: press}, {severity: low}]",
            False,
            "none of these holds: tag is vip, not press; severity is high, not low",
        ),
        (
            "not: {any: [{tag: press}, {not: {severity: low}}]}",
            False,
            "severity is high, not low, which rules it out",
        ),
    ],
)
def test_what_a_condition_means(folder: Path, condition: str, held: bool, reason: str) -> None:
    verdict = asking(folder, condition).check(FACTS)
    assert (verdict.held, verdict.reason) == (held, reason)


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("category: billing", "category is not known"),
        ("asks: refund", "request is not known"),
        ("heated: true", "it is not known whether the mail is heated"),
        ("heated: false", "it is not known whether the mail is heated"),
        ("has_attachment: false", "it is not known whether there is an attachment"),
        ("from: jo@example.org", "the sender is not known"),
        ("text: refund", "the text is not known"),
        ("text: '/x/'", "the text is not known"),
        ("any: [{tag: vip}]", "none of these holds: tag is not known"),
    ],
)
def test_what_is_not_known_fails(folder: Path, condition: str, reason: str) -> None:
    verdict = asking(folder, condition).check({})
    assert (verdict.held, verdict.reason) == (False, reason)


@pytest.mark.parametrize(
    ("word", "text", "held"),
    [
        ("refund", "refundしてください", True),
        ("straße", "STRASSE 5", True),
        ("lodz", "Łódź", True),
        ("ødegård", "Odegard", True),
        ("ελλαδα", "Ελλάδα", True),
        ("ёлка", "Елка", True),
        ("שלום", "שָׁלוֹם", True),
        ("がっこう", "かっこう", False),
        ("क", "कि", False),
        ("धनवापसी", "मुझे धनवापसी चाहिए", True),
        ("คืนเงิน", "ขอคืนเงินด้วย", True),
        ("re-fund", "re\u2011fund", True),
        ("refund", "re\u00adfund", True),
        ("refund", "refund_id", False),
        ("ﬁx", "fix it", True),
        ("refund", "refunds and refund", True),
    ],
)
def test_words_are_found_in_every_script(folder: Path, word: str, text: str, held: bool) -> None:
    assert asking(folder, f"text: {word}").check({"text": text}).held is held


def test_the_first_condition_that_fails_is_the_reason(folder: Path) -> None:
    playbook = one(folder, (HERE / "late-delivery.yaml").read_text())
    facts: dict[str, object] = {**FACTS, "tag": ()}
    assert playbook.condition.check(facts).reason == "category is billing, not delivery"
    facts["category"] = "delivery"
    assert playbook.condition.check(facts).held
    facts["severity"] = "low"
    assert playbook.condition.check(facts).reason == "severity is low, not medium, high or critical"


def test_a_playbook_without_conditions_always_applies(folder: Path) -> None:
    verdict = one(folder, simple("a")).condition.check({})
    assert (verdict.held, verdict.reason) == (True, "it always applies")


def test_no_reason_tells_who_wrote_or_what(folder: Path) -> None:
    asked = "any: [{from: a@b.example}, {to: a@b.example}, {subject: x}, {text: x}]"
    reason = asking(folder, asked).check(FACTS).reason
    for private in ("jo@", "help@", "Rück", "money"):
        assert private not in reason.casefold()


def test_conditions_bear_facts_of_any_shape(folder: Path) -> None:
    conditions: tuple[Condition, ...] = one(folder, (HERE / "every-word.yaml").read_text()).condition.conditions
    words = [str(condition).split(":")[0] for condition in conditions]
    for value in ("", (), ("",), None, 5, True, "a\ud800b", ("x\ud800",), "x" * 100_000):
        verdicts = [condition.check(dict.fromkeys(words, value)) for condition in conditions]
        assert all(verdict.reason for verdict in verdicts)


def test_a_pattern_takes_time_in_proportion_to_the_text() -> None:
    assert not Pattern.parse("(a+)+$").found_in("a" * 100_000 + "b")


def test_what_the_manual_shows_is_read_as_it_stands(folder: Path) -> None:
    manual = (HERE.parent.parent / "docs" / "playbooks.md").read_text("utf-8")
    shown = {block.split(":", 1)[0]: block for block in re.findall(r"```yaml\n(.*?)```", manual, re.DOTALL)}
    rule = "name: a\nwhen: complaint_received\n" + shown["if"] + shown["then"] + shown["tests"]
    (folder / "a.yaml").write_text(rule)
    (folder / "off.yaml").write_text(shown["name"])
    book = load_book(["general"], folder)
    (read,) = (playbook for playbook in book.playbooks if playbook.name == "a")
    assert (len(read.condition.conditions), len(read.actions), len(read.tests)) == (3, 8, 1)
    assert "late-delivery" not in {playbook.name for playbook in book.playbooks}
    assert {*shown} == {"if", "then", "tests", "name", "hours", "words"}  # the last is of letters: test_phrases.py


class TestBook:
    def test_playbooks_apply_in_the_order_of_their_files_the_sites_first(self, folder: Path) -> None:
        for name in ("b", "a"):
            (folder / f"{name}.yaml").write_text(simple(f"z-{name}"))
        book = load_book(["general"], folder)
        assert [playbook.name for playbook in book.playbooks[:2]] == ["z-a", "z-b"]
        assert [playbook.pack for playbook in book.playbooks] == [False] * 2 + [True] * (len(book.playbooks) - 2)

    def test_one_of_the_site_replaces_the_packs_of_the_same_name(self, folder: Path) -> None:
        (folder / "mine.yaml").write_text(simple("acknowledge", "mine"))
        book = load_book(["general"], folder)
        assert [p.actions for p in book.playbooks if p.name == "acknowledge"] == [(Tag(("mine",)),)]

    def test_one_can_be_switched_off(self, folder: Path) -> None:
        (folder / "off.yaml").write_text(simple("acknowledge", more="enabled: false\n"))
        book = load_book(["general"], folder)
        assert book.playbooks
        assert "acknowledge" not in [playbook.name for playbook in book.playbooks]

    def test_a_name_and_a_word_are_enough_to_switch_one_off(self, folder: Path) -> None:
        (folder / "off.yaml").write_text("name: acknowledge\nabout: Ours does it.\nenabled: false\n")
        book = load_book(["general"], folder)
        assert "acknowledge" not in [playbook.name for playbook in (*book.playbooks, *book.off)]
        assert Book.from_json(book.to_json()) == book

    def test_what_is_not_there_cannot_be_switched_off(self, folder: Path) -> None:
        (folder / "off.yaml").write_text("name: acknowlege\nenabled: false\n")
        with pytest.raises(Problems, match="no other playbook `acknowlege` to switch off: did you mean `acknowledge`"):
            load_book(["general"], folder)

    def test_a_text_of_the_site_replaces_the_packs_in_that_language_only(self, folder: Path) -> None:
        (folder / "drafts" / "acknowledgement.en.txt").write_text("Ours.\n")
        book = load_book(["general"], folder)
        english, german = book.text("acknowledgement", "en"), book.text("acknowledgement", "de")
        assert english is not None
        assert german is not None
        assert (english.source, english.path) == ("Ours.\n", "site/drafts/acknowledgement.en.txt")
        assert german.path == "packs/general/drafts/acknowledgement.de.txt"

    def test_a_text_is_chosen_in_the_first_language_that_has_it(self, folder: Path) -> None:
        (folder / "drafts" / "goodwill.de.txt").write_text("Hallo\n")
        book = site(folder)
        asked = (("fr", "de", "en"), ("de-AT",), ("EN",), ("fr", ""))
        chosen = [book.text("goodwill", *languages) for languages in asked]
        assert [text and text.language for text in chosen] == ["de", "de", "en", None]
        assert book.text("nothing", "en") is None

    def test_other_files_in_the_folder_are_let_be(self, folder: Path) -> None:
        for name in ("notes.txt", ".hidden.yaml", "a.yaml~", "amends.schema.json"):
            (folder / name).write_text("{")
        (folder / "old.yaml").mkdir()
        (folder / "drafts" / "README.md").write_text("x")
        assert site(folder, a=simple("a")).playbooks[0].name == "a"

    def test_a_version_changes_with_the_words_and_not_with_the_line_ends(self, folder: Path) -> None:
        first = site(folder, a=simple("a"), b=simple("b"))
        (folder / "a.yaml").write_bytes(simple("a").replace("\n", "\r\n").encode())
        assert load_book([], folder) == first
        second = site(folder, a=simple("a", "other"))
        assert second.version != first.version
        assert second.playbooks[0].version != first.playbooks[0].version
        assert second.playbooks[1].version == first.playbooks[1].version
        assert len(first.version) == len(first.playbooks[0].version) == 12

    def test_a_running_case_keeps_the_book_it_started_with(self, folder: Path) -> None:
        (folder / "late.yaml").write_text((HERE / "late-delivery.yaml").read_text())
        book = load_book(["general"], folder)
        kept = book.to_json()
        for path in [*folder.glob("*.yaml"), *folder.glob("drafts/*")]:
            path.unlink()
        again = Book.from_json(kept)
        assert again == book
        assert again.to_json() == kept
        assert again.playbooks[0].condition.check(FACTS) == book.playbooks[0].condition.check(FACTS)

    def test_a_book_of_nothing_is_a_book(self) -> None:
        book = load_book([], None)
        assert (book.playbooks, book.texts, Book.from_json(book.to_json())) == ((), (), book)

    def test_every_shipped_pack_is_without_fault(self) -> None:
        assert "general" in shipped_packs()
        for pack in shipped_packs():
            book = load_book([pack], None)
            assert book.playbooks
            assert all(playbook.pack for playbook in book.playbooks)
