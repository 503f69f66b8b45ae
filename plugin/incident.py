"""One incident: an outage, its facts as a person writes them down while it lasts, and the complaints that belong to it.

The file is YAML; its conditions are those of playbooks. Times are local to the inbox unless they have an offset, so one
file serves inboxes in several zones. A file reads the same whenever it is read: what was opened is kept as its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

from plugin.hours import Hours
from plugin.model import clip
from plugin.playbook import All, Conditions, Facts, OneOf, Verdict, conditions, context_for, moment
from plugin.source import Form, Problem, Problems, Source, parse, read_text, suggest

GRACE = timedelta(days=3)
"""Complaints that come so long after the end of an incident may still be about it."""
AHEAD = timedelta(hours=1)
"""A beginning further in the future than this is a slip of the pen."""

_YEARS = range(1970, 2200)
_DEFAULT = All((OneOf("category", ("service-outage",)),))
_LATER = ("missed", "satisfied", "outcome")  # of a complaint that has just come nobody knows these

Words = Mapping[str, str]
"""The same words by language; under "" they are in the inbox's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What happened, to whom and when; `since` and `until` without an offset are local to the inbox.

    `inboxes` is empty where every inbox is meant, `letter` the text that acknowledges its complaints. `version` counts
    how often it was opened or corrected; 0 was never opened. `source` is the file it was read from.
    """

    name: str
    what: Words
    since: datetime
    until: datetime | None = None
    condition: All = _DEFAULT
    inboxes: tuple[str, ...] = ()
    fix: Words = field(default_factory=dict)
    gesture: Words = field(default_factory=dict)
    letter: str = "incident"
    source: str = field(default="", repr=False)
    version: int = 0

    def span(self, hours: Hours) -> tuple[datetime, datetime | None]:
        """When it began and ended, in UTC; None while it lasts."""
        return _in(self.since, hours), _in(self.until, hours) if self.until else None

    def within(self, received_at: datetime, hours: Hours) -> Verdict:
        """Whether a complaint received then can be about it."""
        began, ended = self.span(hours)
        if received_at < began:
            return Verdict(False, f"it was received before the incident began ({hours.shown(began)})")
        if ended is not None and received_at > ended + GRACE:
            return Verdict(False, f"it was received more than {GRACE.days} days after the end ({hours.shown(ended)})")
        return Verdict(True, f"it was received after the incident began ({hours.shown(began)})")

    def belongs(self, facts: Facts, inbox: str, received_at: datetime, hours: Hours) -> Verdict:
        """Whether the complaint with these facts belongs to it, and why not."""
        if self.inboxes and inbox not in self.inboxes:
            return Verdict(False, f"it is about the inbox {' or '.join(self.inboxes)}")
        within = self.within(received_at, hours)
        return within if not within.held else self.condition.check(facts)

    def languages(self, customer: str, inbox: str) -> tuple[str, ...]:
        """The languages it can be told in, the customer's first, then the inbox's, English, the others."""
        have = [language or inbox for language in self.what]
        wanted = (customer.lower().partition("-")[0], inbox, "en")
        return tuple(dict.fromkeys((*(one for one in wanted if one in have), *have)))

    def told(self, words: Words, language: str, inbox: str) -> str:
        """These words of it in that language; empty where there are none."""
        return words.get(language) or (words.get("", "") if language == inbox else "")


def _in(at: datetime, hours: Hours) -> datetime:
    return (at if at.tzinfo else at.replace(tzinfo=hours.zone)).astimezone(UTC)


# ---- reading it -----------------------------------------------------------------------------------------------------


def read_incident(path: Path, inboxes: Mapping[str, Hours], texts: Iterable[str], now: datetime) -> Incident:
    """The incident in this file, for these inboxes with their calendars and letters of these names; raises Problems."""
    problems: list[Problem] = []
    known = sorted(set(texts))
    text = read_text(path, problems)
    source = None if text is None else parse(text, str(path), problems)
    incident = _read(source, text or "", problems, context_for(inboxes, known)) if source else None
    if incident is not None and source is not None:
        problems += _unfit(incident, source, inboxes, known, now)
    if problems or incident is None:
        raise Problems(problems)
    return incident


@lru_cache(maxsize=64)
def kept_incident(text: str, version: int) -> Incident:
    """The incident as it was opened, from its text; raises Problems where this Amends cannot read it any more."""
    problems: list[Problem] = []
    source = parse(text, "incident", problems)
    incident = _read(source, text, problems, None, version) if source else None
    if problems or incident is None:
        raise Problems(problems)
    return incident


def _read(source: Source, text: str, problems: list[Problem], context: object, version: int = 0) -> Incident | None:
    form = source.form(_IncidentForm, problems, context=context)
    if form is None:
        return None
    problems.extend(_misplaced(source))
    problems.extend(_half_told(source, form))
    return form.incident(text, version)


def _misplaced(source: Source) -> Iterator[Problem]:
    for loc in source.places:
        if loc and loc[0] == "if" and loc[-1] in _LATER:
            text = f"`{loc[-1]}` is not known of a complaint that has just come: remove it"
            yield source.problem(loc, text, key=True)


def _half_told(source: Source, form: _IncidentForm) -> Iterator[Problem]:
    """A letter is written in one language, so whatever `what` is told in, the rest must be too."""
    for name, words in (("fix", form.fix), ("gesture", form.gesture)):
        if words and words.keys() != form.what.keys():
            wanted = "plain text" if "" in form.what else f"{{{', '.join(f'{one}: …' for one in form.what)}}}"
            yield source.problem((name,), f"write `{name}` in the same languages as `what`: {wanted}", key=True)


def _unfit(
    incident: Incident, source: Source, inboxes: Mapping[str, Hours], texts: Sequence[str], now: datetime
) -> Iterator[Problem]:
    """What is well written and cannot be so here."""
    for number, name in enumerate(incident.inboxes):
        if name not in inboxes:
            text = f"unknown inbox `{clip(name, 40)}` (see `inboxes:` in amends.yaml): {suggest(name, list(inboxes))}"
            yield source.problem(("inboxes", number), text)
    if incident.letter not in texts:
        text = f"there is no text `{incident.letter}` in any language: write drafts/{incident.letter}.en.txt"
        yield source.problem(("text",), f"{text}, or name one there is ({suggest(incident.letter, texts)})")
    for hours in inboxes.values():
        began, ended = incident.span(hours)
        if began > now + AHEAD:
            yield source.problem(("from",), f"`from` lies in the future ({hours.shown(began)}): correct it")
            return
        if ended is not None and ended < began:
            yield source.problem(("until",), "`until` is before `from`: correct one of them")
            return


# ---- what a file may hold -------------------------------------------------------------------------------------------


def _named(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]{1,40}", value):
        slug = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")[:40]
        example = f", such as `{slug}`" if slug else ""
        raise ValueError(f"`{clip(value, 40)}` cannot be a name: use 1 to 40 of a-z, 0-9 and -{example}")
    return value


def _by_language(value: Any) -> Any:
    """Plain text is in the inbox's own language."""
    if value is None:
        raise ValueError("nothing stands here: write it in a sentence, or remove the line")
    return {"": value} if isinstance(value, str) else value


def _language(value: str) -> str:
    if value and not re.fullmatch(r"[a-z]{2,3}", value):
        raise ValueError(f"`{clip(value, 40)}` is no language code: write two small letters, such as en, de or fr")
    return value


def _line(value: str) -> str:
    line = " ".join(value.split())
    if not line:
        raise ValueError("nothing stands here: write it in a sentence, or remove the line")
    return line


def _at(value: Any) -> datetime:
    at = moment(value)
    if not isinstance(at, datetime):
        raise ValueError(f"`{clip(str(value), 40)}` is a day: write the time too, such as {value} 06:40")
    if at.year not in _YEARS:  # beyond them no calendar can count, and every complaint is asked about every incident
        raise ValueError(f"`{clip(str(value), 40)}` is in no year of a complaint: correct it, or remove the line")
    return at


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


_Said = Annotated[str, Field(max_length=600), AfterValidator(_line)]
_ByLanguage = Annotated[
    dict[Annotated[str, AfterValidator(_language)], _Said], BeforeValidator(_by_language), Field(max_length=40)
]
_At = Annotated[Any, PlainValidator(_at, json_schema_input_type=str)]


class _IncidentForm(Form):
    """A facts file."""

    name: Annotated[str, AfterValidator(_named)]
    what: Annotated[_ByLanguage, Field(min_length=1)]
    from_: _At = Field(alias="from")
    until: _At | None = None
    if_: Conditions = Field(default=(), alias="if")
    inboxes: Annotated[tuple[str, ...], Field(max_length=100), BeforeValidator(_listed)] = ()
    fix: _ByLanguage = {}  # noqa: RUF012 - a form is frozen
    gesture: _ByLanguage = {}  # noqa: RUF012 - as above
    text: Annotated[str, AfterValidator(_named)] = "incident"

    def incident(self, source: str, version: int) -> Incident:
        """The incident as a value."""
        return Incident(
            name=self.name, what=self.what, since=self.from_, until=self.until, inboxes=self.inboxes, fix=self.fix,
            condition=conditions(self.if_) if self.if_ else _DEFAULT, gesture=self.gesture, letter=self.text,
            source=source, version=version,
        )  # fmt: skip
