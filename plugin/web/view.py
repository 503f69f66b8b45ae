"""What the pages show, worked out of the register's JSON: what is owed next, how long is left, in whose zone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup, escape

from plugin.register import Register

Json = Mapping[str, Any]
_MARK = re.compile(r"(\[\[[^\[\]\n]{1,200}\]\])")
_TASKS_SHOWN = 6
_ASIDE_SHOWN = 20
_LONGEST_SEARCH = 200  # signs
_VERDICTS = {
    "complaint": "taken for complaints",
    "undecided": "to be judged by a person",
    "no": "other mail",
    "automatic": "written by machines",
    "ours": "of ours",
    "unverified": "of strangers in a thread",
    "echo": "our own drafts and reminders",
    "internal": "among ourselves",
}


@dataclass(frozen=True, slots=True)
class Owed:
    """One thing that is owed: what, by when, and how long that is from now."""

    what: str
    due_at: datetime
    left: str
    late: bool


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on one local day: told openly, or a working step of Amends and folded away."""

    name: str
    told: Sequence[Json]
    folded: Sequence[Json]


class Times:
    """Writes times in the zones of the inboxes; where all of them share one zone, it is named once on the page."""

    def __init__(self, register: Register, inboxes: Sequence[str], now: datetime) -> None:
        self._register, self.now = register, now
        zones = {register.zone(inbox) for inbox in inboxes}
        self.zone = zones.pop() if len(zones) == 1 else ""

    def short(self, moment: datetime, inbox: str) -> str:
        """`Mon 23 Nov 11:30`, with the year unless it is this one, and the zone unless the page names it."""
        local, today = self._register.local(moment, inbox), self._register.local(self.now, inbox)
        year = "" if local.year == today.year else f" {local.year}"
        zone = "" if self.zone else f" {self._register.zone(inbox)}"
        return f"{local:%a} {local.day} {local:%b}{year} {local:%H:%M}{zone}"

    def day(self, moment: datetime, inbox: str) -> str:
        """`Monday 23 November 2026`."""
        local = self._register.local(moment, inbox)
        return f"{local:%A} {local.day} {local:%B %Y}"

    def clock(self, moment: datetime, inbox: str) -> str:
        """`11:30`."""
        return f"{self._register.local(moment, inbox):%H:%M}"


@dataclass(frozen=True, slots=True)
class RegisterPage:
    """The register: what a person owes now, one page of cases, the quarantine, the inboxes."""

    times: Times
    show: str  # open | all
    asked: str  # the words that are searched for, or empty
    cases: Sequence[Json]
    older: str  # the case the next page follows, or empty
    first: bool
    tasks: Sequence[Json]
    more_tasks: bool
    quarantine: Sequence[Json]
    more_aside: bool
    inboxes: Sequence[Json]

    @classmethod
    def of(
        cls, register: Register, now: datetime, show: str, after: str, size: int, *, asked: str = ""
    ) -> RegisterPage:  # fmt: skip
        """The page of `size` cases after the case `after`, of those that are searched for or of all.

        Raises NoSuchCase.
        """
        asked = asked.strip()[:_LONGEST_SEARCH]
        find = register.cases if show == "all" else register.pressing
        cases = list(register.search(asked, size + 1, after)) if asked else find(limit=size + 1, after=after)
        aside = register.quarantine(_ASIDE_SHOWN + 1)
        tasks, inboxes = register.tasks(now, limit=_TASKS_SHOWN + 1), register.inboxes()
        names = {inbox["name"] for inbox in inboxes} | {case["inbox"] for case in cases}
        return cls(
            times=Times(register, sorted(names), now),
            show=show,
            asked=asked,
            cases=cases[:size],
            older=cases[size - 1]["id"] if len(cases) > size else "",
            first=not after,
            tasks=tasks[:_TASKS_SHOWN],
            more_tasks=len(tasks) > _TASKS_SHOWN,
            quarantine=aside[:_ASIDE_SHOWN],
            more_aside=len(aside) > _ASIDE_SHOWN,
            inboxes=inboxes,
        )

    @property
    def order(self) -> str:
        """Which cases these are, and in what order."""
        if self.asked:
            return f"with {self.asked}, newest first"
        return "all, newest first" if self.show == "all" else "open or owing, next due first"

    def link(self, after: str = "") -> str:
        """The address of this list, behind the case `after`."""
        asked = {"q": self.asked} if self.asked else {"show": self.show} if self.show == "all" or after else {}
        query = urlencode(asked | ({"after": after} if after else {}))
        return f"/?{query}" if query else "/"

    def next(self, case: Json) -> Owed | None:
        """What the case owes next."""
        return next_owed(case, self.times.now)

    def left(self, task: Json) -> str:
        """How long it is until the task is due."""
        return left(moment(task["due_at"]) - self.times.now)

    def own_tags(self, case: Json) -> list[str]:
        """Tags that say more than the columns beside them."""
        told = ("complaint", f"category-{case['category']}", f"severity-{case['severity']}")
        return [tag for tag in case["tags"] if tag not in told]


class CasePage:
    """One case: its head, what is owed, drafts, playbooks, timeline."""

    def __init__(self, register: Register, case: Json, now: datetime) -> None:
        self.case, self.times = case, Times(register, [case["inbox"]], now)
        self._explained = register.explain(case["id"])["playbooks"]

    @property
    def playbooks(self) -> list[Json]:
        """The playbooks that were looked at, each with what its conditions saw; the nearest misses first."""
        looked_at = [playbook for playbook in self._explained if playbook["at"]]
        return sorted(looked_at, key=lambda playbook: (not playbook["applied"], len(playbook["missing"])))

    @property
    def next(self) -> Owed | None:
        """What it owes next."""
        return next_owed(self.case, self.times.now)

    @property
    def reasons(self) -> list[tuple[str, list[str]]]:
        """Each label with the words that caused it, as they stand in the text, each once."""
        quoted: dict[str, list[str]] = {}
        for found in self.case["evidence"]:
            words = quoted.setdefault(found["label"], [])
            if found["text"] not in words:
                words.append(found["text"])
        return list(quoted.items())

    @property
    def their_words(self) -> Markup:
        """What they wrote themselves, with the words made visible that caused a label."""
        text, end, parts = self.case["own_text"] or self.case["their_text"], 0, []
        for found in sorted(self.case["evidence"], key=lambda found: (found["start"], -found["end"])):
            if found["start"] >= end:
                label, words = found["label"], text[found["start"] : found["end"]]
                parts += [escape(text[end : found["start"]]), Markup('<mark title="{}">{}</mark>').format(label, words)]
                end = found["end"]
        return Markup("").join([*parts, escape(text[end:])])

    @property
    def due(self) -> list[Json]:
        """The due-bys, the earliest first."""
        return sorted(self.case["due"], key=lambda due: (due["due_at"] is None, due["due_at"]))

    def state(self, due: Json) -> str:
        """A due-by in a word or two: met, met late, missed, open, not started, no longer owed."""
        if due["met_at"]:
            return "met late" if due["missed"] else "met"
        if due["missed"] or (due["owed"] and due["due_at"] and moment(due["due_at"]) < self.times.now):
            return "missed"
        if not due["owed"]:
            return "no longer owed"
        return "open" if due["due_at"] else "not started"

    def left(self, when: str) -> str:
        """How long it is until then."""
        return left(moment(when) - self.times.now)

    @property
    def open_tasks(self) -> list[Json]:
        """What is still to be done, the earliest first."""
        tasks = [task for task in self.case["tasks"] if task["state"] in ("raised", "waiting")]
        return sorted(tasks, key=lambda task: moment(task["due_at"]))

    @property
    def ended_tasks(self) -> list[Json]:
        """What was done or dropped."""
        return [task for task in self.case["tasks"] if task["state"] in ("done", "dropped")]

    @property
    def days(self) -> Iterator[Day]:
        """The timeline by local day."""
        inbox = self.case["inbox"]
        for name, some in groupby(self.case["timeline"], lambda event: self.times.day(moment(event["at"]), inbox)):
            events = list(some)
            told = [event for event in events if not event["minor"]]
            yield Day(name, told, [event for event in events if event["minor"]])


def next_owed(case: Json, now: datetime) -> Owed | None:
    """The earliest of what the case owes: an open task, or a due-by that no task watches over."""
    tasks = [task for task in case["tasks"] if task["state"] in ("raised", "waiting")]
    kinds = {task["kind"] for task in tasks}
    owed = [(moment(task["due_at"]), task["what"]) for task in tasks]
    owed += [
        (moment(due["due_at"]), due["for"])
        for due in case["due"]
        if due["owed"] and due["due_at"] and due["for"] not in kinds
    ]
    if not owed:
        return None
    due_at, what = min(owed)
    return Owed(what, due_at, left(due_at - now), due_at < now)


def moment(text: str) -> datetime:
    """The time an RFC 3339 text says."""
    return datetime.fromisoformat(text)


def left(span: timedelta) -> str:
    """`in 3 hours`, `2 days late`: elapsed time in its largest unit, two of them where the first is small."""
    seconds = abs(int(span.total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if days >= 2:
        length = f"{days} days"
    elif hours >= 1:
        length = f"{hours} h {minutes % 60} min" if minutes % 60 and hours < 10 else f"{hours} h"
    else:
        length = f"{minutes} min" if minutes else "moments"
    return f"{length} late" if span < timedelta() else f"in {length}"


def verdict(word: str) -> str:
    """What a message was taken for, to stand after a number."""
    return _VERDICTS.get(word, word)


def marked(text: str) -> Markup:
    """The text with each `[[place to fill in]]` made visible; everything else in it stays text."""
    parts = _MARK.split(text)
    return Markup("").join(
        Markup("<mark>{}</mark>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )
