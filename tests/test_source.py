"""How files people wrote are read, and what they are told when something is wrong with them."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, Field

from plugin.source import MAX_BYTES, Form, Problem, Problems, Source, one_of, parse, read, read_text, suggest
from tests.test_playbook import broken

ROOT = Path(__file__).parent.parent


class Box(Form):
    """One inbox of the shop."""

    host: str
    port: int = Field(default=993, ge=1, le=65535)
    tls: Literal["implicit", "starttls"] = "implicit"
    begins: date | Literal["now", "all"] = "now"
    quiet: bool = False


class Shop(Form):
    """A small file with every kind of value in it."""

    name: Annotated[str, Field(min_length=1, max_length=20)] = ""
    complaint_at: float = 0.7
    closed: tuple[date, ...] = ()
    range_: tuple[float, float] = Field(default=(0.4, 0.7), alias="range")
    boxes: dict[str, Box] = Field(default_factory=dict)
    colour: Annotated[str, AfterValidator(one_of("colour", ("red", "green")))] = "red"
    words: tuple[str, ...] = Field(default=("a",), min_length=1, max_length=3)


def told(text: str) -> list[str]:
    """What somebody who wrote `text` is told, in the order it stands."""
    problems: list[Problem] = []
    source = parse(text, "shop.yaml", problems)
    if source is not None:
        source.form(Shop, problems)
    return [str(problem) for problem in sorted(problems)]


def shop(text: str) -> Shop:
    """The shop in `text`, which is written as it should be."""
    problems: list[Problem] = []
    source = parse(text, "shop.yaml", problems)
    assert source is not None
    form = source.form(Shop, problems)
    assert form is not None, problems
    return form


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("007", "007"),
        ("09:00", "09:00"),
        ("2026-12-24", "2026-12-24"),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("'null'", "null"),
        ('"quoted"', "quoted"),
        ("'it''s'", "it's"),
    ],
)
def test_where_text_is_wanted_it_arrives_as_it_stands(text: str, value: str) -> None:
    assert shop(f"name: {text}\n").name == value


def test_the_form_gives_every_other_value_its_type() -> None:
    form = shop(
        "complaint_at: 1\nclosed: [2026-12-24, 2026-12-26]\nrange: [0.5, .75]\n"
        "boxes: {main: {host: mail, port: 143, begins: 2026-01-02, quiet: yes}, old: {host: h, begins: all}}\n"
    )
    assert form.complaint_at == 1.0
    assert form.closed == (date(2026, 12, 24), date(2026, 12, 26))
    assert form.range_ == (0.5, 0.75)
    assert form.boxes["main"] == Box(host="mail", port=143, begins=date(2026, 1, 2), quiet=True)
    assert form.boxes["old"].begins == "all"


def test_text_over_several_lines_and_in_any_script_is_kept() -> None:
    assert shop("name: |\n  Grüße\n  ありがとう\n").name == "Grüße\nありがとう\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nmae: x\n", "1:1: unknown key `nmae`: did you mean `name`?"),
        ("compaint_at: 1\n", "1:1: unknown key `compaint_at`: did you mean `complaint_at`?"),
        (
            "weather: x\n",
            "1:1: unknown key `weather`: allowed: name, complaint_at, closed, range, boxes, colour, words",
        ),
        ("<<: {name: x}\n", "1:1: unknown key `<<`: allowed: name, complaint_at, closed, range, boxes, colour, words"),
        ("boxes:\n  a: {host: h, prot: 1}\n", "2:16: unknown key `prot`: did you mean `port`?"),
        ("boxes:\n  a:\n    port: 1\n", "2:3: `host` is missing: add a line `host: …`"),
        (
            "boxes: {a: {host: h, tls: starttsl}}\n",
            "1:27: unknown value `starttsl` for `tls`: did you mean `starttls`?",
        ),
        ("boxes: {a: {host: h, tls: [a]}}\n", "1:27: `tls` must be one of implicit, starttls; found a list"),
        ("boxes: {a: {host: h, begins: nwo}}\n", "1:30: unknown value `nwo` for `begins`: did you mean `now`?"),
        ("boxes: {a: {host: h, port: ten}}\n", "1:28: `port` must be a whole number; found `ten`"),
        ("boxes: {a: {host: h, port: 1.5}}\n", "1:28: `port` must be a whole number; found `1.5`"),
        ("boxes: {a: {host: h, port: 0}}\n", "1:28: `port` must be at least 1; found `0`"),
        ("boxes: {a: {host: h, port: 70000}}\n", "1:28: `port` must be at most 65535; found `70000`"),
        ("boxes: {a: {host: h, quiet: maybe}}\n", "1:29: `quiet` must be true or false; found `maybe`"),
        ("boxes: main\n", "1:8: `boxes` must be a mapping (lines of `key: value`); found `main`"),
        ("boxes:\n  - a\n", "1:1: `boxes` must be a mapping (lines of `key: value`); found a list"),
        ("name:\n", "1:1: `name` has no value: write text, or remove the line"),
        ("name: ~\n", "1:1: `name` has no value: write text, or remove the line"),
        ("name: [a]\n", "1:7: `name` must be text; found a list"),
        ("name: ''\n", "1:7: `name` is empty: write what belongs there"),
        ("name: a very long name of a shop\n", "1:7: `name` is too long: at most 20 characters"),
        ("words: [a, b, c, d]\n", "1:8: `words` is too long: at most 3 items"),
        ("words: []\n", "1:8: `words` is empty: write what belongs there"),
        ("words: [a, [b]]\n", "1:12: an item of `words` must be text; found a list"),
        ("words: a\n", "1:8: `words` must be a list (each item on a line beginning with `- `, or `[a, b]`); found `a`"),
        ("complaint_at: often\n", "1:15: `complaint_at` must be a number; found `often`"),
        ("range: [0.4]\n", "1:8: `range` has too few items: write at least 2"),
        (
            "closed: [2026-13-01]\n",
            "1:10: an item of `closed` must be a date such as 2026-12-24; found `2026-13-01`",
        ),
        ("colour: gren\n", "1:9: unknown colour `gren`: did you mean `green`?"),
        ("name: a\n# twice\nname: b\n", "3:1: `name` stands here a second time (first in line 1): keep one of them"),
        ("- name: a\n", "1:1: the file must be a mapping (lines of `key: value`); found a list"),
        ("name\n", "1:1: the file must be a mapping (lines of `key: value`); found `name`"),
        ("", "1:1: the file is empty: write it, or delete the file"),
        ("# later\n", "1:1: the file is empty: write it, or delete the file"),
        ("words:\n\t- a\n", "2:1: a tab stands here, and YAML indents with spaces only: replace the tab by spaces"),
        ("name: &n a\n", "1:7: the anchor `&n` is refused: write the value out where it is used"),
        ("name: *n\n", "1:7: the reference `*n` is refused: write the value out"),
        (
            "name: !!python/object/apply:os.system [ls]\n",
            "1:7: the tag `!!python/object/apply:os.system` is refused: remove it, or put the value in quotes",
        ),
        ("name: !secret x\n", "1:7: the tag `!secret` is refused: remove it, or put the value in quotes"),
        ("name: a\n---\nname: b\n", "2:1: a second document begins with `---`: keep one to a file"),
        ("%YAML 1.1\n---\nname: a\n", "1:1: a line cannot begin with `%`: put quotes around it"),
        ("[a]: b\n", "1:1: a list or a mapping cannot be a key: put text that begins with [ or { in quotes"),
        ("name: @me\n", "1:7: a value cannot begin with `@`: put quotes around it"),
        ("name: `me`\n", "1:7: a value cannot begin with ```: put quotes around it"),
        ("name: a: b\n", "1:8: this colon does not fit: check the indentation, or put the value in quotes"),
        ('name: "a\\d"\n', "1:10: `\\d` means nothing in double quotes: use single quotes"),
        (
            'name: "a\\ud83d"\n',
            "1:7: an escape in this text stands for half a character: write the character itself",
        ),
        ("name: 'a\n", "1:7: the quotes are opened here and not closed: close what begins here"),
        ("boxes: {a: 1\nname: b\n", "1:8: the brace is opened here and not closed: close what begins here"),
        ("words: [a,\n", "2:1: the file ends before a bracket or brace is closed: close it"),
        (
            "boxes:\n    a:\n        host: h\n  b: x\n",
            "4:3: this line is not indented like the lines it belongs to: line it up with them",
        ),
        ("name: a\x07\n", "1:8: a control character stands here, which no text should hold: delete it"),
        ("name: " + "[" * 40, "1:30: nested more than 24 levels deep: write it flatter"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_to_do(text: str, problem: str) -> None:
    assert f"shop.yaml:{problem}" in told(text)


def test_every_mistake_of_a_file_is_told_at_once() -> None:
    assert told("name: [x]\nboxes:\n  a: {port: x}\n  b:\ncolor: red\nname: &a y\n") == [
        "shop.yaml:3:3: `host` is missing: add a line `host: …`",
        "shop.yaml:3:13: `port` must be a whole number; found `x`",
        "shop.yaml:4:3: `b` has no value: write a mapping (lines of `key: value`), or remove the line",
        "shop.yaml:5:1: unknown key `color`: did you mean `colour`?",
        "shop.yaml:6:1: `name` stands here a second time (first in line 1): keep one of them",
        "shop.yaml:6:7: the anchor `&a` is refused: write the value out where it is used",
    ]


def test_no_mistake_is_told_in_the_words_of_a_library() -> None:
    for line in told("name: [x]\nwords: 1\nrange: [a, b, c]\ncomplaint_at: {}\nboxes: {a: {host: [], begins: {}}}\n"):
        assert "Input" not in line
        assert "pydantic" not in line


@pytest.mark.parametrize("bomb", ["[" * 100_000, "{a: " * 50_000, "- " * 50_000])
def test_nesting_without_end_is_refused_at_once(bomb: str) -> None:
    assert told(bomb)[-1].endswith(": write it flatter")


def test_a_file_that_is_all_references_never_grows() -> None:
    text = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"
    problems: list[Problem] = []
    source = parse(text, "bomb.yaml", problems)
    assert source is not None
    assert source.data == {"a": ["x", "x"], "b": [None, None], "c": [None, None]}
    assert len(problems) == 7


class TestReading:
    def test_a_file_becomes_a_form(self, tmp_path: Path) -> None:
        path = tmp_path / "shop.yaml"
        path.write_bytes("\ufeffname: Öl\r\ncolour: green\r\n".encode())
        problems: list[Problem] = []
        assert read(path, Shop, problems=problems) == Shop(name="Öl", colour="green")
        assert problems == []

    def test_a_file_with_a_fault_becomes_none(self, tmp_path: Path) -> None:
        path = tmp_path / "shop.yaml"
        path.write_text("name: a\nname: b\n")
        problems: list[Problem] = []
        assert read(path, Shop, problems=problems) is None
        assert [(problem.file, problem.line, problem.column) for problem in problems] == [(str(path), 2, 1)]

    def test_what_earlier_files_had_wrong_does_not_matter(self, tmp_path: Path) -> None:
        path = tmp_path / "shop.yaml"
        path.write_text("name: a\n")
        problems = [Problem("other.yaml", 1, 1, "something else")]
        assert read(path, Shop, problems=problems) == Shop(name="a")
        assert len(problems) == 1

    def test_values_may_be_filled_in_and_a_refusal_has_its_place(self, tmp_path: Path) -> None:
        path = tmp_path / "shop.yaml"
        path.write_text("name: ${SHOP}\nwords:\n  - plain\n  - ${NOBODY}\n")

        def fill(value: str) -> str:
            if value == "${NOBODY}":
                raise ValueError("NOBODY is not set: set it in the environment")
            return value.replace("${SHOP}", "Lamps")

        problems: list[Problem] = []
        assert read(path, Shop, problems=problems, fill=fill, name="shop.yaml") is None
        assert list(map(str, problems)) == ["shop.yaml:4:5: NOBODY is not set: set it in the environment"]
        path.write_text("name: ${SHOP}\n")
        assert read(path, Shop, problems=[], fill=fill) == Shop(name="Lamps")

    @pytest.mark.parametrize(
        ("raw", "problem"),
        [
            (b"a: 1\nname: caf\xe9\n", "f:2:1: this line is not UTF-8 text: save the file as UTF-8 in your editor"),
            (b"x" * (MAX_BYTES + 1), "f:1:1: larger than 96 KiB, too large to read: split it up"),
            (None, "f:1:1: cannot be read (No such file or directory): check that it is there, and its rights"),
        ],
    )
    def test_a_file_that_is_no_text_is_told(self, tmp_path: Path, raw: bytes | None, problem: str) -> None:
        path = tmp_path / "shop.yaml"
        if raw is not None:
            path.write_bytes(raw)
        problems: list[Problem] = []
        assert read_text(path, problems, name="f") is None
        assert list(map(str, problems)) == [problem]

    def test_a_file_of_just_the_largest_size_is_read(self, tmp_path: Path) -> None:
        path = tmp_path / "shop.yaml"
        path.write_bytes(b"#" * MAX_BYTES)
        assert read_text(path, []) == "#" * MAX_BYTES


def test_problems_are_sorted_and_told_once() -> None:
    first, second = Problem("a", 2, 1, "x"), Problem("a", 10, 1, "y")
    error = Problems([second, first, second])
    assert error.problems == (first, second)
    assert str(error) == "a:2:1: x\na:10:1: y"


def test_a_problem_can_be_put_at_any_value_or_its_key() -> None:
    problems: list[Problem] = []
    source = parse("boxes:\n  a: {host: h}\n", "f", problems)
    assert isinstance(source, Source)
    assert str(source.problem(("boxes", "a", "host"), "x")) == "f:2:13: x"
    assert str(source.problem(("boxes", "a", "host"), "x", key=True)) == "f:2:7: x"
    assert str(source.problem(("boxes", "a", "port"), "x")) == "f:2:3: x"
    assert str(source.problem((), "x")) == "f:1:1: x"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("Complaint-At", "did you mean `complaint_at`?"),
        ("folow up", "did you mean `follow_up`?"),
        ("comp", "did you mean `complaint_at`?"),
        ("x", "allowed: complaint_at, follow_up"),
    ],
)
def test_the_nearest_word_is_suggested(word: str, said: str) -> None:
    assert suggest(word, ("complaint_at", "follow_up")) == said


def test_where_nothing_is_allowed_that_is_said() -> None:
    assert suggest("x", ()) == "none is allowed here"


PIECES = (
    *("a", "b", "key", "- ", "-", ": ", ":", "? ", "?", ", ", ",", "{", "}", "[", "]", " ", "  ", "#", " # c", "\\"),
    *("\n", "\n\n", "\n  ", "\n    ", "\n- ", "\na: ", "\nb: ", "\n  c: ", "\n  - ", "\n    d: ", "\n---\n", "\n...\n"),
    *("'", '"', "'y'", '"x"', '"a":b', '"\\x41\\u00e9\\U0001F600"', '"\\ud83d"', '"\\q"', "|", ">", "|-\n", ">+"),
    *("~", "null", "&a ", "*a", "!t ", "!!str ", "<<: ", "@", "`", "%", "yes", "0o7", "1:30", "2026-01-01", "\t"),
    *("é", "😀", "ß\u0301", "\xa0", "\u200b", "\u3000", "\x85", "\u2028", "\ufeff", "\x07", "\x7f", "\ud800"),
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


class TestReadingFast:
    """What has no fault is read by libyaml, all else by ruamel: what comes out is what ruamel alone makes of it."""

    def read(self, text: str) -> tuple[Source | None, list[Problem]]:
        problems: list[Problem] = []
        return parse(text, "f", problems), problems

    def both(self, text: str) -> list[tuple[Source | None, list[Problem]]]:
        """The file as it is read, and as it is where PyYAML was built without libyaml."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(yaml, "__with_libyaml__", False)
            alone = self.read(text)
        return [self.read(text), alone]

    def files(self) -> list[str]:
        """Every YAML file there is here."""
        rooms = ("playbooks", "plugin", "integrations", "tests")
        return [path.read_text("utf-8") for room in rooms for path in sorted((ROOT / room).rglob("*.yaml"))]

    def test_a_file_without_fault_needs_no_ruamel(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "ruamel.yaml", None)
        source, problems = self.read("name: Öl 😀  # a remark\nif:\n  - {text: '/😀{2,}/', not: [x, ~]}\n")
        assert source is not None
        assert source.data == {"name": "Öl 😀", "if": [{"text": "/😀{2,}/", "not": ["x", None]}]}
        assert source.places["if", 0, "not", 1] == (3, 32)
        assert problems == []

    def test_signs_in_quotes_are_letters_like_any_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "ruamel.yaml", None)
        source, _ = self.read("é: ['12[:.]30', \" ?:x\"]\nwhen: '{day} ,? the? {d}'\n")
        assert source is not None
        assert source.data == {"é": ["12[:.]30", " ?:x"], "when": "{day} ,? the? {d}"}

    def test_no_shipped_file_needs_ruamel(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "ruamel.yaml", None)
        for path in sorted((ROOT / "playbooks").rglob("*.yaml")):
            assert self.read(path.read_text("utf-8"))[0] is not None, path

    def test_every_file_of_ours(self) -> None:
        assert len(self.files()) > 50
        for text in self.files():
            fast, alone = self.both(text)
            assert fast == alone

    def test_every_broken_playbook(self) -> None:
        for _, text, _ in broken():
            fast, alone = self.both(text)
            assert fast == alone

    @pytest.mark.parametrize(
        "text",
        [
            *("yes", "No", "on", "off", "0o17", "017", "0x1F", "1_000", "1:30", "1e3", ".inf", "2026-12-24", "=", "<<"),
            *("", "~", "null", "Null", "NULL", "'~'", "!!null x", "!!str", "&a", "*a", "<<: {a: 1}", "12:30:45.5"),
            *(
                "a: b",
                "a #b",
                "a#b",
                "a\n  b\n\n  c",
                "'a\n\n  b'",
                '"a\\\n   b"',
                "|\n  a\n   b\n\n",
                ">-\n  a\n  b\n\n  c\n",
            ),
            *(
                '"\\x41\\u00e9\\U0001F600\\/\\_\\N\\L\\P\\e\\0"',
                '"\\ud83d"',
                '"\\Uffffffff"',
                '"\\q"',
                "😀é: x",
                "{😀: [é, x]}",
            ),
        ],
    )
    def test_every_kind_of_value(self, text: str) -> None:
        for written in (
            f"k: {text}\n",
            f"- {text}\n",
            f"é😀: {{a: [{text}]}}\n",
            f"\ufeffk: {text}\n",
            f"k: {text}\r\n",
        ):
            fast, alone = self.both(written)
            assert fast == alone

    @pytest.mark.parametrize(
        "text",
        [
            *(
                "k: a\x85b\n",
                "k: a\n\u2028b: c\n",
                "k: a\tb\n",
                "k:\ta\n",
                "{? }",
                "{?#a\n}",
                "[?]",
                '[?"]]x  ":\\]',
                "[:]",
            ),
            *('["a":b]', "['a':b]", "[{}:b]", "k: |#a\n  b\n", "k: >-#a\n", "|\n...\n", "|\na\n", "k: a\n...\n...\n"),
            *(
                "k: |\n \n    a\n",
                "k: >+ #a\n  \n    a\n",
                "k:\n  l: |-\n   \n     a\n",
                "- ? a\n  : b\n",
                ": a\n",
                "- : a\n",
            ),
        ],
    )
    def test_what_the_two_take_otherwise(self, text: str) -> None:
        fast, alone = self.both(text)
        assert fast == alone

    @settings(max_examples=600, deadline=None)
    @given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
    def test_whatever_is_typed(self, text: str) -> None:
        fast, alone = self.both(text)
        assert fast == alone

    @settings(max_examples=200, deadline=None)
    @given(VALUES, st.sampled_from((None, True, False)), st.booleans(), st.sampled_from((8, 40, 1000)))
    def test_whatever_a_program_writes(self, value: Any, flow: bool | None, unicode: bool, width: int) -> None:
        text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=unicode, width=width)
        fast, alone = self.both(text)
        assert fast == alone
