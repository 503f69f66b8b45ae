"""YAML a person wrote, read into pydantic models; every fault at once, each with its line and column.

Every plain value arrives as the text that stands in the file and only the model gives it a type: so `NO` stays text
where text is wanted, `password: 007` keeps its zeros, `09:00` is no number, and `2026-12-24` is a date where the model
wants a date. Only an empty value, `~` and `null` are None. (YAML 1.2.2, chapter 10, leaves this choice to the reader.)

Errors
------
AmendsError
└── Problems           one or more faults in files a person wrote; `problems` lists them in the order they stand

A model's own validator says what is wrong with `raise ValueError("one clear sentence")`: it becomes the Problem's text
and stands at that value.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from plugin.model import AmendsError, clip

MAX_BYTES = 96 * 1024
"""The largest file that is read, in bytes; nobody writes more by hand, and more would take too long to read."""
MAX_PROBLEMS = 50
"""So many problems of the YAML itself are told of one file; where there are more, reading ends."""
MAX_DEPTH = 24
"""How deep lists and mappings may nest."""

Loc = tuple[str | int, ...]
Mark = tuple[int, int]  # line and column, 1-based


class Form(BaseModel):
    """The base of every model a file is read into: unknown keys are refused, values are frozen."""

    # Deferred, so that only the form of a whole file is built, which has the others in it.
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False, defer_build=True)


F = TypeVar("F", bound=BaseModel)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault in a file: where (line and column, 1-based), and in one text what, why and what to do."""

    file: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.text}"


class Problems(AmendsError):
    """Faults in files a person wrote, all of them at once; `problems` is sorted by file, line and column."""

    input_is_wrong = True

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True)
class Source:
    """One file's values as plain dict, list, text and None, and where each of them stands."""

    file: str
    data: Any
    places: Mapping[Loc, Mark]
    keys: Mapping[Loc, Mark]

    def problem(self, loc: Sequence[str | int], text: str, *, key: bool = False) -> Problem:
        """A problem at the value at `loc`, or at its key; at the nearest value that exists where there is none."""
        known = self._known(loc)
        mark = (self.keys.get(known) if key else None) or self.places.get(known, (1, 1))
        return Problem(self.file, *mark, text)

    def at(self, loc: Sequence[str | int]) -> Any:
        """The value at `loc`, which must be there."""
        value = self.data
        for step in loc:
            value = value[step]
        return value

    def form(self, model: type[F], problems: list[Problem], *, context: object = None) -> F | None:
        """The values as a `model`, or None, with a problem for each thing that is wrong."""
        try:
            return model.model_validate(self.data, context=context)
        except ValidationError as error:
            details = self._one_per_choice(error.errors(include_url=False))
            problems.extend(self._translated(model, detail) for detail in details)
        return None

    def _one_per_choice(self, details: Iterable[ErrorDetails]) -> Iterable[ErrorDetails]:
        """Of the complaints about a value that may be one thing or another only one, best one that lists words."""
        chosen: dict[Loc, ErrorDetails] = {}
        for detail in sorted(details, key=lambda detail: detail["type"] != "literal_error"):
            if detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]:
                continue  # pydantic counts only the good items, and the bad ones are told already
            place = self._known(detail["loc"])
            alone = detail["type"] in ("missing", "extra_forbidden") or place == detail["loc"]
            chosen.setdefault(detail["loc"] if alone else place, detail)
        return chosen.values()

    def _translated(self, model: type[BaseModel], detail: ErrorDetails) -> Problem:
        loc = detail["loc"]
        if detail["type"] == "extra_forbidden":
            if above := self._empty_above(model, loc):
                advice = (
                    f"`{clip(str(loc[-1]), 40)}` belongs to `{above}`, which stands empty above it: indent it further"
                )
                return self.problem(loc, advice, key=True)
            return self.problem(loc, _unknown_key(str(loc[-1]), _keys_at(model, loc[:-1])), key=True)
        if isinstance(detail["input"], str) and (invisible := _INVISIBLE.search(detail["input"])):
            return self.problem(loc, _unseen(detail["input"], invisible[0]))
        if detail["type"].startswith(("tuple", "list")) and (stuck := _stuck_dash(detail["input"])):
            advice = f"`{clip(stuck, 40)}` has no blank after its dash: write `- {clip(stuck[1:], 40)}`"
            return self.problem((*loc, stuck), advice, key=True)
        if detail["type"] == "missing":
            return self.problem(loc[:-1], _missing(self._name(loc), loc[-1]))
        return self.problem(loc, _reworded(self._name(loc), detail))

    def _empty_above(self, model: type[BaseModel], loc: Sequence[str | int]) -> str:
        """The key with nothing in it, further up in the same mapping, which may have the key at `loc`; "" for none."""
        known = self._known(loc)[:-1]
        around = self.at(known)
        empty = [
            key
            for key, value in around.items()
            if value is None and self.keys[*known, key] < self.keys[*known, loc[-1]]
        ]
        return next((key for key in reversed(empty) if loc[-1] in _keys_within(model, (*loc[:-1], key))), "")

    def _known(self, loc: Sequence[str | int]) -> Loc:
        """The part of `loc` that exists in the file; pydantic puts names of its own between (a union's branch)."""
        known: Loc = ()
        for step in loc:
            if (*known, step) in self.places:
                known = (*known, step)
        return known

    def _name(self, loc: Sequence[str | int]) -> str:
        """How to call the value at `loc`: by its key, or as an item of the list that has one."""
        known = self._known(loc)
        key = next((f"`{step}`" for step in reversed(known) if isinstance(step, str)), "the file")
        return f"an item of {key}" if known and isinstance(known[-1], int) else key


def read(
    path: Path,
    model: type[F],
    *,
    problems: list[Problem],
    context: object = None,
    fill: Callable[[str], str] | None = None,
    name: str = "",
) -> F | None:
    """The file at `path` as a `model`; None when something is wrong with it, which `problems` then tells.

    `context` is pydantic's validation context. `fill` may change each value that is text before the model sees it;
    a ValueError it raises becomes a problem at that value. `name` is what problems call the file, else its path.
    """
    found: list[Problem] = []
    text = read_text(path, found, name=name)
    source = None if text is None else parse(text, name or str(path), found)
    if source is not None and fill is not None:
        source = _filled(source, fill, found)
    form = None if source is None else source.form(model, found, context=context)
    problems.extend(found)
    return None if found else form


def read_text(
    path: Path | Traversable, problems: list[Problem], *, name: str = "", limit: int = MAX_BYTES
) -> str | None:
    """The text of a file of at most `limit` bytes in UTF-8, line ends as `\\n`; None with a problem where it is not."""
    file = name or str(path)
    try:
        with path.open("rb") as stream:
            raw = stream.read(limit + 1)
    except OSError as error:
        problems.append(
            Problem(file, 1, 1, f"cannot be read ({error.strerror}): check that it is there, and its rights")
        )
        return None
    if len(raw) > limit:
        problems.append(Problem(file, 1, 1, f"larger than {limit // 1024} KiB, too large to read: split it up"))
        return None
    return _decoded(raw, file, problems)


def parse(text: str, file: str, problems: list[Problem]) -> Source | None:
    """The YAML in `text` with its places, or None; anchors, aliases, tags and second documents are refused."""
    if directive := re.search(r"^%", text, re.MULTILINE):
        mark = _mark_of(text, directive.start())
        problems.append(Problem(file, *mark, "a line cannot begin with `%`: put quotes around it"))
        return None
    return _read_fast(text, file) or _read_thoroughly(text, file, problems)


_READ_OTHERWISE = re.compile(
    r"[\t\r\x85\u2028\u2029\ufeff]"  # white space that is a line end, a blank or nothing, as one takes it
    r"|^\.\.\."  # the end of a document
    r"|[|>][-+\d]* *(?:#|\n +\n)",  # a remark, or a line of blanks, before the text that begins on the next line
    re.MULTILINE,
)
"""What libyaml, which is of YAML 1.1, takes otherwise than ruamel, or where it marks another place."""
_SIGN_READ_OTHERWISE = re.compile(
    r"(?:^|[\s{\[,])[?:]"  # a key that is marked as one, a value without its key
    r"|[\]}\"']:(?=\S)",  # a value right behind the quotes of its key
    re.MULTILINE,
)
"""The same, unless it stands in quotes, where it is a letter like any other: patterns are full of it."""


def _read_fast(text: str, file: str) -> Source | None:
    """What `_read_thoroughly` makes of a file without fault, in a tenth of the time; None where it had better be asked.

    libyaml is asked for events only, which are the same in YAML 1.1 and 1.2 but for what `_READ_OTHERWISE` and
    `_SIGN_READ_OTHERWISE` find.
    """
    if not yaml.__with_libyaml__ or _READ_OTHERWISE.search(text):
        return None
    tree = _Tree(file, [])
    try:
        if not _are_quoted(list(_SIGN_READ_OTHERWISE.finditer(text)), text):
            return None
        for event in yaml.parse(text, Loader=yaml.CBaseLoader):
            tree.take(event)
    except (_UnusableError, yaml.YAMLError, UnicodeError):
        return None  # ruamel says what is wrong, and where
    # Where a file is one text and nothing else, and that begins with `|`, the two end it otherwise.
    clean = isinstance(tree.root, dict | list) and not tree.problems
    return Source(file, tree.root, tree.places, tree.keys) if clean else None


def _are_quoted(signs: Sequence[re.Match[str]], text: str) -> bool:
    """Whether each of these signs, in their order, stands in quotes; raises YAMLError.

    libyaml can tell where quotes are, since the two agree on all that stands before the first sign outside of them.
    """
    if not signs:
        return True
    events = yaml.parse(text, Loader=yaml.CBaseLoader)
    quotes = [
        (event.start_mark.index, event.end_mark.index) for event in events if getattr(event, "style", "") in ("'", '"')
    ]
    before = (bisect(quotes, (sign.start(),)) - 1 for sign in signs)
    return all(found >= 0 and sign.end() < quotes[found][1] for found, sign in zip(before, signs, strict=True))


def _read_thoroughly(text: str, file: str, problems: list[Problem]) -> Source | None:
    """The file as YAML 1.2 has it, with a problem for all that is wrong with it; None where it cannot be read."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - most files are without fault, and it takes long to load
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - as above

    tree = _Tree(file, problems)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            tree.take(event)
    except _UnusableError as error:
        problems.append(error.problem)
        return None
    except YAMLError as error:
        problems.append(_not_yaml(error, text, file))
        return None
    except (ValueError, OverflowError, IndexError):
        # What ruamel lets through from an impossible escape such as "\Uffffffff"; it does not say where.
        problems.append(Problem(file, 1, 1, "a backslash in double quotes writes no character: use single quotes"))
        return None
    if tree.root is None:
        problems.append(Problem(file, 1, 1, "the file is empty: write it, or delete the file"))
        return None
    return Source(file, tree.root, tree.places, tree.keys)


def suggest(word: str, allowed: Iterable[str]) -> str:
    """What to do about an unknown `word`: ``did you mean `x`?`` where one is near, else the list of the allowed."""
    names = tuple(allowed)
    bent = word.strip().lower()
    if len(bent) > 2 and len(begun := [name for name in names if name.startswith(bent)]) == 1:
        return f"did you mean `{begun[0]}`?"
    for tried in (bent, bent.replace("_", "-"), bent.replace("-", "_").replace(" ", "_")):
        if near := difflib.get_close_matches(tried, names, n=1, cutoff=0.65):
            return f"did you mean `{near[0]}`?"
    return f"allowed: {', '.join(names)}" if names else "none is allowed here"


def one_of(what: str, allowed: Sequence[str]) -> Callable[[str], str]:
    """A check for a pydantic field: its text must be one of `allowed`, which are called `what`."""

    def check(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"unknown {what} `{clip(value, 40)}`: {suggest(value, allowed)}")
        return value

    return check


_INVISIBLE = re.compile("[\u00a0\u1680\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]")
"""Blanks that look like a space, or like nothing, and are none to YAML: they come with text copied from elsewhere."""


def _unseen(text: str, sign: str) -> str:
    shown = clip(_INVISIBLE.sub(" ", text), 40)
    return f"a blank of another kind (U+{ord(sign):04X}) stands in `{shown}`: delete it and type a space"


def _stuck_dash(value: Any) -> str | None:
    """The first key of a mapping that was meant to be an item of a list: `-tag: x`."""
    keys = value if isinstance(value, dict) else ()
    return next((key for key in keys if re.match(r"-\w", key)), None)


class _UnusableError(Exception):
    """Reading cannot go on after this problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been read yet; `key` waits for its value."""

    loc: Loc
    value: dict[str, Any] | list[Any]
    key: str | None = None


@dataclass(slots=True)
class _Tree:
    """Plain values built from a parser's events, bounded in depth; notes where each value and key stands.

    The events of ruamel and of PyYAML are told apart by their names, which are the same in both.
    """

    file: str
    problems: list[Problem]
    root: Any = None
    places: dict[Loc, Mark] = field(default_factory=dict)
    keys: dict[Loc, Mark] = field(default_factory=dict)
    stack: list[_Open] = field(default_factory=list)
    documents: int = 0
    noted: int = 0

    def take(self, event: Any) -> None:
        """One more event, in the parser's order."""
        match type(event).__name__:
            case "ScalarEvent":
                self._refuse_magic(event)
                self._scalar(event)
            case "MappingStartEvent" | "SequenceStartEvent":
                self._refuse_magic(event)
                self._collection(event)
            case "MappingEndEvent" | "SequenceEndEvent":
                self.stack.pop()
            case "AliasEvent":
                self._note(event, f"the reference `*{event.anchor}` is refused: write the value out")
                self._put(event, None)
            case "DocumentStartEvent":
                self._document(event)

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            raise self._unusable(event, "a second document begins with `---`: keep one to a file")

    def _refuse_magic(self, event: Any) -> None:
        if event.anchor:
            self._note(event, f"the anchor `&{event.anchor}` is refused: write the value out where it is used")
        elif event.tag:
            shown = str(event.tag).replace("tag:yaml.org,2002:", "!!")
            self._note(event, f"the tag `{clip(shown, 40)}` is refused: remove it, or put the value in quotes")

    def _scalar(self, event: Any) -> None:
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self._key(top, event)
        else:
            if not event.value.isascii() and re.search("[\ud800-\udfff]", event.value):
                self._note(event, "an escape in this text stands for half a character: write the character itself")
            plain = event.implicit[0]
            self._put(event, None if plain and event.value in ("", "~", "null") else event.value)

    def _key(self, top: _Open, event: Any) -> None:
        if invisible := _INVISIBLE.search(event.value):
            self._note(event, _unseen(event.value, invisible[0]))
        top.key = _INVISIBLE.sub(" ", event.value).strip() if invisible else event.value
        loc = (*top.loc, top.key)
        if loc in self.keys:
            again = f"`{clip(event.value, 40)}` stands here a second time (first in line {self.keys[loc][0]})"
            self._note(event, f"{again}: keep one of them")
        self.keys[loc] = _mark(event)

    def _collection(self, event: Any) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise self._unusable(event, f"nested more than {MAX_DEPTH} levels deep: write it flatter")
        value: dict[str, Any] | list[Any] = {} if type(event).__name__ == "MappingStartEvent" else []
        self.stack.append(_Open(self._put(event, value), value))

    def _put(self, event: Any, value: Any) -> Loc:
        """Hang `value` where it belongs, and say where that is."""
        if not self.stack:
            self.root, self.places[()] = value, _mark(event)
            return ()
        top = self.stack[-1]
        if isinstance(top.value, list):
            loc: Loc = (*top.loc, len(top.value))
            top.value.append(value)
            self.places[loc] = _mark(event)
            return loc
        if top.key is None:
            raise self._unusable(
                event, "a list or a mapping cannot be a key: put text that begins with [ or { in quotes"
            )
        loc, top.value[top.key], top.key = (*top.loc, top.key), value, None
        # A block of lines begins below its key and an empty value nowhere: both are found by their key.
        inline = isinstance(value, str) or (isinstance(value, list) and bool(event.flow_style))
        self.places[loc] = _mark(event) if inline else self.keys[loc]
        return loc

    def _note(self, event: Any, text: str) -> None:
        self.noted += 1
        if self.noted > MAX_PROBLEMS:
            raise self._unusable(event, f"more than {MAX_PROBLEMS} things are wrong so far: put those right first")
        self.problems.append(Problem(self.file, *_mark(event), text))

    def _unusable(self, event: Any, text: str) -> _UnusableError:
        return _UnusableError(Problem(self.file, *_mark(event), text))


def _mark(event: Any) -> Mark:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _mark_of(text: str, index: int) -> Mark:
    line_start = text.rfind("\n", 0, index) + 1
    return text.count("\n", 0, index) + 1, index - line_start + 1


def _decoded(raw: bytes, file: str, problems: list[Problem]) -> str | None:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problems.append(Problem(file, line, 1, "this line is not UTF-8 text: save the file as UTF-8 in your editor"))
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _filled(source: Source, fill: Callable[[str], str], problems: list[Problem]) -> Source:
    """The source with `fill` applied to each value that is text; what it refuses stays as it was."""

    def walk(value: Any, loc: Loc) -> Any:
        if isinstance(value, dict):
            return {key: walk(child, (*loc, key)) for key, child in value.items()}
        if isinstance(value, list):
            return [walk(child, (*loc, index)) for index, child in enumerate(value)]
        try:
            return fill(value) if isinstance(value, str) else value
        except ValueError as error:
            problems.append(source.problem(loc, str(error)))
            return value

    return Source(source.file, walk(source.data, ()), source.places, source.keys)


_YAML_FAULTS = (
    (r"character '\\t'", "a tab stands here, and YAML indents with spaces only: replace the tab by spaces"),
    (r"found character '(.)'", "a value cannot begin with `{0}`: put quotes around it"),
    (r"mapping values are not allowed", "this colon does not fit: check the indentation, or put the value in quotes"),
    (r"sequence entries are not allowed", "a list cannot begin here: put each `- …` on a line of its own"),
    (r"unknown escape character '(.)'", "`\\{0}` means nothing in double quotes: use single quotes"),
    (r"expected <block end>", "this line is not indented like the lines it belongs to: line it up with them"),
    (r"found '<stream end>'", "the file ends before a bracket or brace is closed: close it"),
    (r"could not find expected ':'", "a key without its colon: write `key: value`, with a blank after the colon"),
)  # fmt: skip
_UNCLOSED = {
    "quoted scalar": "quotes are", "double-quoted scalar": "quotes are",
    "flow mapping": "brace is", "flow sequence": "bracket is",
}  # fmt: skip


def _not_yaml(error: Exception, text: str, file: str) -> Problem:
    from ruamel.yaml.error import MarkedYAMLError  # noqa: PLC0415 - as above
    from ruamel.yaml.reader import ReaderError  # noqa: PLC0415 - as above

    if isinstance(error, ReaderError):
        mark = _mark_of(text, error.position)
        return Problem(file, *mark, "a control character stands here, which no text should hold: delete it")
    if not isinstance(error, MarkedYAMLError):
        return Problem(file, 1, 1, "this is not YAML: check indentation, colons and quotes")
    mark = _mark_of_error(error.problem_mark)
    said = error.problem or ""
    if "could not find expected ':'" in said and error.context_mark is not None:
        mark = _mark_of_error(error.context_mark)  # the line without it, not the next one
    if odd := _odd_line(text.split("\n")[mark[0] - 1]):
        return Problem(file, mark[0], *odd)
    for pattern, advice in _YAML_FAULTS:
        if match := re.search(pattern, said):
            return Problem(file, *mark, advice.replace("{0}", match[1]) if match.groups() else advice)
    context = (error.context or "").removeprefix("while ").split(" ", 2)[-1]
    if context in _UNCLOSED and error.context_mark is not None:
        opened = _mark_of_error(error.context_mark)
        return Problem(file, *opened, f"the {_UNCLOSED[context]} opened here and not closed: close what begins here")
    return Problem(file, *mark, "this is not YAML: check indentation, colons and quotes here and in the line above")


def _odd_line(line: str) -> tuple[int, str] | None:
    """What makes a line no YAML that nobody would look for: the column and what to do."""
    if invisible := re.match(rf"\s*({_INVISIBLE.pattern})", line):
        return invisible.start(1) + 1, _unseen(line.strip(), invisible[1])
    if re.match(r"(<{7}|={7}|>{7})( |$)", line):
        return 1, "a conflict of two versions stands here: keep one of them, and delete the marks"
    return None


def _mark_of_error(mark: Any) -> Mark:
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)


_BOUNDS = {
    "greater_than": ("more than", "gt"), "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"), "less_than_equal": ("at most", "le"),
}  # fmt: skip
_WANTED = {
    "string": "text", "int": "a whole number", "float": "a number", "decimal": "a number",
    "bool": "true or false", "date": "a date such as 2026-12-24", "time": "a time such as 09:00",
    "list": "a list (each item on a line beginning with `- `, or `[a, b]`)",
    "tuple": "a list (each item on a line beginning with `- `, or `[a, b]`)",
    "set": "a list (each item on a line beginning with `- `, or `[a, b]`)",
    "frozen_set": "a list (each item on a line beginning with `- `, or `[a, b]`)",
    "model": "a mapping (lines of `key: value`)", "dict": "a mapping (lines of `key: value`)",
}  # fmt: skip


def _reworded(subject: str, detail: ErrorDetails) -> str:
    """One of pydantic's complaints in words for somebody who has never heard of it."""
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind in ("value_error", "assertion_error"):
        return str(context["error"])
    if kind in ("literal_error", "enum"):
        return _unknown_value(subject, value, re.findall(r"'([^']*)'", str(context["expected"])))
    said = _bounded(subject, kind, value, context) or _shaped(subject, kind, value)
    return said or f"{subject}: {detail['msg'].replace('Input should', 'this should')}; found {_found(value)}"


def _unknown_value(subject: str, value: Any, allowed: Sequence[str]) -> str:
    if isinstance(value, str):
        return f"unknown value `{clip(value, 40)}` for {subject}: {suggest(value, allowed)}"
    return f"{subject} must be one of {', '.join(allowed)}; found {_found(value)}"


def _bounded(subject: str, kind: str, value: Any, context: Mapping[str, Any]) -> str:
    """The complaint that a value is too small, large, short or long; empty where `kind` is not about that."""
    if kind in _BOUNDS:
        word, key = _BOUNDS[kind]
        return f"{subject} must be {word} {context[key]}; found {_found(value)}"
    if kind in ("too_short", "string_too_short"):
        return f"{subject} is {'too short' if value else 'empty'}: write what belongs there"
    if kind in ("too_long", "string_too_long"):
        counted = "items" if kind == "too_long" else "characters"
        return f"{subject} is too long: at most {context['max_length']} {counted}"
    return ""


def _shaped(subject: str, kind: str, value: Any) -> str:
    """The complaint that a value is of the wrong shape; empty where `kind` is not about that."""
    wanted = _WANTED.get(re.split(r"_(?:attributes_)?(?:type|parsing|from|unicode|sub)", kind)[0])
    if wanted is None:
        return ""
    if value is None:
        return f"{subject} has no value: write {wanted}, or remove the line"
    return f"{subject} must be {wanted}; found {_found(value)}"


def _found(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return f"`{clip(str(value), 40)}`"


def _missing(name: str, step: str | int) -> str:
    if isinstance(step, int):
        return f"{name} has too few items: write at least {step + 1}"
    return f"`{step}` is missing: add a line `{step}: …`"


def _unknown_key(key: str, allowed: Sequence[str]) -> str:
    return f"unknown key `{clip(key, 40)}`: {suggest(key, allowed)}"


def _keys_at(model: type[BaseModel], loc: Sequence[str | int]) -> tuple[str, ...]:
    """The keys the form at `loc` knows, following fields, lists and mappings down from `model`."""
    forms = {model}
    for step in loc:
        if below := {child for form in forms for child in _below(form, step)}:
            forms = below
    return tuple(dict.fromkeys(key for form in sorted(forms, key=lambda form: form.__name__) for key in _fields(form)))


def _keys_within(model: type[BaseModel], loc: Sequence[str | int]) -> tuple[str, ...]:
    """The keys a mapping at `loc` may have; none where the value there is no form."""
    parent = set(_keys_at(model, loc[:-1]))
    inner = _keys_at(model, loc)
    return () if set(inner) == parent else inner


def _below(form: type[BaseModel], step: str | int) -> frozenset[type[BaseModel]]:
    return _fields(form).get(step, frozenset()) if isinstance(step, str) else frozenset()


@lru_cache(maxsize=256)
def _fields(form: type[BaseModel]) -> Mapping[str, frozenset[type[BaseModel]]]:
    """The form's keys as a person writes them, each with the forms that may stand somewhere below it."""
    return {info.alias or name: frozenset(_forms_in(info.annotation)) for name, info in form.model_fields.items()}


def _forms_in(annotation: Any) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _forms_in(argument)
