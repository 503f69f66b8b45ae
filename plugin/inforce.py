"""What is in force at a site: its playbooks, phrases and judge, as its settings describe them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from plugin import letters
from plugin.config import Settings
from plugin.judge import Judge
from plugin.judge.deep import second
from plugin.judge.signs import Signs
from plugin.playbook import Book, load_book
from plugin.source import Problem, Problems


def book_of(settings: Settings) -> Book:
    """The playbooks and letters in force, whose phrases are sound; raises Problems."""
    problems: list[Problem] = []
    check = partial(letters.problems, phrases=phrases_of(settings, problems))
    inboxes, book = [inbox.name for inbox in settings.inboxes], None
    try:
        book = load_book(
            settings.packs, settings.playbooks, calendars=settings.calendars, inboxes=inboxes, check_text=check
        )
    except Problems as error:
        problems.extend(error.problems)
    if book is None or problems:
        raise Problems(problems)
    return book


def phrases_of(settings: Settings, problems: list[Problem]) -> letters.Phrases:
    """The phrases letters are written with, the site's own over the shipped ones; what is wrong goes to `problems`."""
    if settings.playbooks is None or not (settings.playbooks / "phrases").is_dir():
        return letters.SHIPPED
    return letters.read_phrases(settings.playbooks, problems)


def judge_of(settings: Settings) -> Judge:
    """The judge these settings describe, with the site's own signs; raises Problems."""
    signs = None
    if settings.playbooks is not None and (settings.playbooks / "signs").is_dir():
        signs = _signs(settings.playbooks)
    return Judge(settings.complaint_at, settings.ask_between, second(settings.deep), signs=signs)


def _signs(playbooks: Path) -> Signs:
    from plugin.judge.phrasebook import read_phrases  # noqa: PLC0415 - few sites have signs of their own

    problems: list[Problem] = []
    phrases = read_phrases(playbooks, problems)
    if problems:
        raise Problems(problems)
    return Signs(phrases)
