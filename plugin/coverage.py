"""What a set of playbooks leaves out of the practice of complaint handling, said as remarks.

A remark is no problem: the playbooks can be followed as they are. It says what a customer would miss, where, and what
to write. It is silent where it cannot be sure, since a remark that is wrong teaches people to skip them all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import islice, zip_longest
from typing import Final

from plugin.hours import Span, Unit
from plugin.letters.phrases import SHIPPED
from plugin.model import CATEGORIES, Purpose, clip
from plugin.playbook import (
    Action,
    All,
    AnyOf,
    Book,
    Condition,
    DueBy,
    DueFor,
    Flag,
    FollowUp,
    Goodwill,
    Not,
    OneOf,
    Playbook,
    Text,
    When,
    WriteDraft,
)
from plugin.source import Loc, parse

_ORDINARY: Final = ("severity", "language", "channel", "inbox", "asks")
"""Labels of which an ordinary complaint may have any; risks and tags it has none of."""
_A_DAY: Final = {
    Unit.SECONDS: 86_400, Unit.MINUTES: 1_440, Unit.HOURS: 24, Unit.BUSINESS_HOURS: 10,
    Unit.DAYS: 1, Unit.BUSINESS_DAYS: 1, Unit.WEEKS: 0, Unit.MONTHS: 0,
}  # fmt: skip
_SINGLE: Final = frozenset({"category", "severity", "language", "channel", "inbox", "outcome", "missed"})
"""Labels of which a case has one at a time."""
_SETTLED: Final = (When.RESOLVED, When.FEEDBACK_RECEIVED, When.DUE_MISSED)
_BEFORE: Final = {
    When.COMPLAINT_RECEIVED: "when a complaint is received", When.MESSAGE_RECEIVED: "while the case is open",
    When.REPLY_SENT: "while the case is open", When.REOPENED: "once the case is open again",
}  # fmt: skip
_SPOKEN: Final = ("en", "de", "fr", "es")
_IN_RETURN: Final = re.compile(
    r"(?i)\b(?:provided (?:that )?you|on (?:the )?condition that|for an? (?:\w+ )?(?:review|rating)"
    r"|(?:leave|write|post) (?:us )?an? (?:\w+ )?(?:review|rating)|if you (?:buy|spend|rate|review|withdraw)"
    r"|unter der (?:bedingung|voraussetzung)|im gegenzug (?:für|bitten|erwarten)|wenn sie uns (?:bewerten|empfehlen)"
    r"|bewerten sie uns|(?:eine|ihre) (?:\w+ )?bewertung"
    r"|à condition|en échange d(?:e |['’])(?:un|votre)|laisse[rz] (?:\w+ )?avis|un avis en ligne"
    r"|(?:a|con la) condición de|a cambio de que|deje(?:nos)? una (?:\w+ )?(?:reseña|valoración))"
)
"""Ways of asking for something in return, in the languages the letters have words for."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing left out; as text it is a sentence with its file and what to do.

    `where` tells file, line and column; it reads the file again, so it is asked only for what is shown.
    """

    where: Callable[[], str]
    said: str

    def __str__(self) -> str:
        return f"{self.where()}: {self.said}"


def remarks(book: Book, home: str) -> tuple[Remark, ...]:
    """What these playbooks leave out: the first of each kind, the gravest first, then the second of each.

    `home` is the folder of the site's own playbooks, as it is to be shown; what is missing altogether is told there.
    """
    kinds = (look(_Look(book, home)) for look in _LOOKS)
    return tuple(remark for row in zip_longest(*kinds) for remark in row if remark is not None)


@dataclass(frozen=True, slots=True)
class _Step:
    """One action of a playbook, and where in `then:` it stands."""

    playbook: Playbook
    number: int
    action: Action


@dataclass(frozen=True, slots=True)
class _Look:
    """A book, and how to name its files."""

    book: Book
    home: str

    def steps(self) -> Iterator[_Step]:
        """Every action of every playbook in force."""
        for playbook in self.book.playbooks:
            for number, action in enumerate(playbook.actions):
                yield _Step(playbook, number, action)

    def rules(self) -> tuple[Playbook, ...]:
        """The playbooks for a complaint that arrives."""
        return tuple(playbook for playbook in self.book.playbooks if playbook.when is When.COMPLAINT_RECEIVED)

    def texts(self, name: str) -> tuple[Text, ...]:
        """One letter in all its languages."""
        return tuple(text for text in self.book.texts if text.name == name)

    def missing(self, said: str) -> Remark:
        """A remark on something that stands nowhere."""
        return Remark(lambda: self.home, said)

    def about(self, step: _Step, said: str) -> Remark:
        """A remark on an action."""
        return Remark(lambda: self._place(step.playbook, ("then", step.number)), said)

    def about_condition(self, playbook: Playbook, number: int, said: str) -> Remark:
        """A remark on one of a playbook's conditions."""
        return Remark(lambda: self._place(playbook, ("if", number)), said)

    def in_letter(self, text: Text, line: int, said: str) -> Remark:
        """A remark on a line of a letter."""
        return Remark(lambda: f"{self.shown(text.path)}:{line}", said)

    def shown(self, path: str) -> str:
        """A file of the book as a person finds it."""
        return (
            f"{self.home.rstrip('/')}/{path.removeprefix('site/')}" if path.startswith("site/") else f"playbooks/{path}"
        )

    def _place(self, playbook: Playbook, loc: Loc) -> str:
        path = next((path for path, source in self.book.sources if source == playbook.source), playbook.name)
        source = parse(playbook.source, self.shown(path), [])
        place = source.problem(loc, "") if source else None
        return f"{self.shown(path)}:{place.line}:{place.column}" if place else self.shown(path)


# --- what is missing altogether ---------------------------------------------------------------------------------------


def _no_answer(look: _Look) -> Iterator[Remark]:
    answering = [playbook for playbook in look.rules() if any(map(_answers, playbook.actions))]
    left = [category for category in CATEGORIES if not any(_meets(rule.condition, category)[0] for rule in answering)]
    general = any(path.startswith("packs/general/") and not path.endswith(".txt") for path, _ in look.book.sources)
    if left:
        yield look.missing(
            f"no playbook writes a letter for complaints about {_listed(left)}: write one with "
            "`when: complaint_received` and `draft:`" + ("" if general else ", or put `general` among the `packs:`")
        )


def _no_update(look: _Look) -> Iterator[Remark]:
    promised = (action for rule in look.rules() for action in rule.actions if isinstance(action, DueBy))
    if look.rules() and not any(action.due_for is DueFor.UPDATE for action in promised):
        yield look.missing(
            "nobody hears from us while they wait: add `- due_by: {for: update, every: 3 business days, "
            "draft: update}` to what applies to every complaint"
        )


def _no_follow_up(look: _Look) -> Iterator[Remark]:
    if look.book.playbooks and not any(isinstance(step.action, FollowUp) for step in look.steps()):
        yield look.missing(
            "nobody is asked afterwards whether it is really settled: write a playbook with "
            "`when: resolved` and `follow_up: {after: 3 business days, draft: still-satisfied}`"
        )


# --- what can never come about ----------------------------------------------------------------------------------------


def _never(look: _Look) -> Iterator[Remark]:
    for playbook in look.book.playbooks:
        for number, why in islice(_contradictions(playbook), 1):
            yield look.about_condition(playbook, number, f"`{playbook.name}` can never apply: {why}")


def _contradictions(playbook: Playbook) -> Iterator[tuple[int, str]]:
    """Conditions that cannot hold: together with one before, or since nothing is known of it by then."""
    asked = playbook.condition.conditions
    for number, second in enumerate(asked):
        first = next((one for one in asked[:number] if _exclude(one, second)), None)
        if first is not None:
            yield number, f"`{first}` and `{second}` exclude each other"
        elif playbook.when not in _SETTLED and isinstance(second, OneOf) and second.word == "outcome":
            yield number, f"there is no outcome yet {_BEFORE[playbook.when]}"


def _exclude(first: Condition, second: Condition) -> bool:
    if isinstance(first, OneOf) and isinstance(second, OneOf):
        single = first.word == second.word and first.word in _SINGLE
        return single and not set(first.values) & set(second.values)
    if isinstance(first, Not):
        first, second = second, first
    if not isinstance(second, Not):
        return isinstance(first, Flag) and isinstance(second, Flag) and first == replace(second, value=not second.value)
    if isinstance(first, OneOf) and isinstance(second.condition, OneOf) and first.word in _SINGLE:
        return first.word == second.condition.word and set(first.values) <= set(second.condition.values)
    return first == second.condition


# --- what one rule leaves out -----------------------------------------------------------------------------------------


def _no_date(look: _Look) -> Iterator[Remark]:
    dated = [rule.condition for rule in look.rules() if _dates(rule)]
    bare = [category for category in CATEGORIES if not _always(dated, category)]
    for rule in look.rules():
        if not _dates(rule) and any(_meets(rule.condition, category, rare=True)[0] for category in bare):
            yield look.about(
                _Step(rule, 0, rule.actions[0]),
                f"`{rule.name}` is for complaints that have no date by which they are settled: add `- due_by: {{for: "
                "resolution, within: 10 business days}`",
            )


def _late(look: _Look) -> Iterator[Remark]:
    for step in look.steps():
        action = step.action
        if isinstance(action, DueBy) and action.due_for is DueFor.ACKNOWLEDGEMENT and _longer_than_a_day(action.span):
            yield look.about(
                step,
                f"a first word after {action.span} leaves people wondering whether anybody reads "
                "them: acknowledge within a day, such as `within: 4 business hours`",
            )


def _no_choice(look: _Look) -> Iterator[Remark]:
    for step in look.steps():
        name = _answer_letter(step.action)
        texts = look.texts(name) if name else ()
        if texts and not any(map(_offers_a_choice, texts)):
            yield look.about(
                step,
                f"the answer `{name}` leaves nothing to choose: name two ways to put it right in "
                f"drafts/{name}.{texts[0].language}.txt, or ask which they prefer",
            )


def _gestures(look: _Look) -> Iterator[Remark]:
    for step in look.steps():
        action = step.action
        if isinstance(action, Goodwill) and not action.up_to:
            yield look.about(step, "this gesture has no limit, so nobody may give it unasked: add `up_to: 15 EUR`")
        if isinstance(action, Goodwill) and len(action.offer) < 2:
            yield look.about(
                step,
                "this gesture leaves nothing to choose: name at least two, such as `offer: [voucher, thank-you-note]`",
            )


def _conditions(look: _Look) -> Iterator[Remark]:
    names = {step.action.draft for step in look.steps() if isinstance(step.action, Goodwill)}
    for text in look.book.texts:
        found = _IN_RETURN.search(text.source) if text.name in names else None
        if found:
            yield look.in_letter(
                text,
                text.source.count("\n", 0, found.start()) + 1,
                f"a gesture is given without asking for anything, and “{clip(found[0], 40)}” asks for something: "
                "strike that out",
            )


def _misnamed(look: _Look) -> Iterator[Remark]:
    """Letters of the site that nothing names, where one that is named is called nearly so; an incident may name any."""
    book = look.book
    actions = [action for playbook in (*book.playbooks, *book.off) for action in playbook.actions]
    named = {action.text if isinstance(action, WriteDraft) else getattr(action, "draft", "") for action in actions}
    named |= {text.name for text in book.texts if not text.path.startswith("site/")}
    for text in book.texts:
        if text.name in named or any(text.name.startswith(name) for name in named if name):
            continue
        if meant := get_close_matches(text.name, named, n=1, cutoff=0.8):
            yield look.in_letter(
                text,
                1,
                f"no playbook names the letter `{text.name}`, so it is never used: if you mean `{meant[0]}`, rename "
                f"the file to {meant[0]}.{text.language}.txt",
            )


_LOOKS: Final[tuple[Callable[[_Look], Iterator[Remark]], ...]] = (
    _never, _no_answer, _no_date, _no_update, _no_follow_up, _late, _conditions, _gestures, _no_choice, _misnamed,
)  # fmt: skip


# --- which complaints a rule is for -----------------------------------------------------------------------------------


def _meets(condition: Condition, category: str, *, rare: bool = False) -> tuple[bool, bool]:
    """Whether an ordinary complaint of that category may meet the condition, and whether it may fail it.

    With `rare` one that holds some word, address, risk or tag counts as well; most complaints hold none.
    """
    if isinstance(condition, OneOf) and condition.word == "category":
        return category in condition.values, category not in condition.values
    if isinstance(condition, Flag) or (isinstance(condition, OneOf) and condition.word in _ORDINARY):
        return True, True
    if isinstance(condition, Not):
        held, failed = _meets(condition.condition, category, rare=rare)
        return failed, held
    if isinstance(condition, AnyOf | All):
        each = [_meets(inner, category, rare=rare) for inner in condition.conditions]
        may, may_not = [one for one, _ in each], [one for _, one in each]
        return (any(may), all(may_not)) if isinstance(condition, AnyOf) else (all(may), any(may_not))
    return rare, True


def _always(conditions: list[All], category: str) -> bool:
    """Whether every ordinary complaint of that category meets one of these."""
    return any(not _meets(condition, category)[1] for condition in conditions)


def _dates(rule: Playbook) -> bool:
    return any(isinstance(action, DueBy) for action in rule.actions)


def _answers(action: Action) -> bool:
    """Whether a letter comes of it that answers a complaint which has just arrived."""
    if isinstance(action, DueBy):
        return bool(action.draft) and action.due_for is DueFor.ACKNOWLEDGEMENT
    return isinstance(action, WriteDraft) and action.purpose in (Purpose.ACKNOWLEDGEMENT, Purpose.ANSWER)


# --- letters and spans ------------------------------------------------------------------------------------------------


def _answer_letter(action: Action) -> str:
    """The letter an action has written as the answer to the matter; "" where it writes none."""
    if isinstance(action, WriteDraft) and action.purpose is Purpose.ANSWER:
        return action.text
    return action.draft if isinstance(action, DueBy) and action.due_for is DueFor.RESOLUTION else ""


def _offers_a_choice(text: Text) -> bool:
    """Whether a letter asks, names alternatives, or leaves them to be filled in; a language unknown to us may."""
    if text.language[:2].lower() not in _SPOKEN or "?" in text.source or "{offer}" in text.source:
        return True
    return re.search(rf"\b{SHIPPED.of(text.language).words.either}\b", text.source) is not None


def _longer_than_a_day(span: Span) -> bool:
    return span.amount > _A_DAY[span.unit]


def _listed(names: list[str], most: int = 4) -> str:
    """At most so many names as a sentence has them."""
    shown = [*names[:most], *([f"{len(names) - most} more"] if len(names) > most else [])]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
