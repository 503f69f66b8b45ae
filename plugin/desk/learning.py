"""From people's corrections to a judge that knows better, and back."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from plugin.judge import Judge, own_subject
from plugin.judge.learn import Learned, Lesson, Outcome, anchors, learn, taught
from plugin.judge.own import own_text
from plugin.judge.recall import Recall
from plugin.store import Correction, LearnedJudge, Store, file_of

if TYPE_CHECKING:
    from plugin.config import Settings
    from plugin.judge.linear import Linear

log = logging.getLogger("amends.learning")

_EVERY = {"daily": timedelta(days=1), "weekly": timedelta(weeks=1)}


def lessons_of(corrections: Sequence[Correction]) -> list[Lesson]:
    """What can still be learned from: a letter that was forgotten teaches nothing."""
    return [
        Lesson(own=_own(one), subject=own_subject(one.subject), label=one.label, value=one.value)
        for one in corrections
        if one.text
    ]


def _own(said: Correction) -> str:
    kept = json.loads(said.detail).get("own_text") if said.detail else None
    return kept if kept is not None else own_text(said.text)


def taught_at(settings: Settings) -> Callable[[Judge], Judge]:
    """What gives a judge all that people taught it at this site; nothing where there is no store yet, or none that may
    be opened, since the settings were read without their secrets.
    """
    if settings.path is None or "${" in settings.store:
        return lambda judge: judge
    if settings.store.startswith("sqlite") and not file_of(settings.store).exists():
        return lambda judge: judge
    return partial(_taught_in, settings.store)


def _taught_in(address: str, judge: Judge) -> Judge:
    with closing(Store(address)) as store:
        return taught_by_people(judge, store)


def taught_by_people(judge: Judge, store: Store) -> Judge:
    """This judge with all that people taught it so far."""
    with store.reading() as session:
        known, said = session.corrections.judge(), session.corrections.all()
    return judge.taught(_model(known) if known else None, Recall(lessons_of(said)))


def _model(known: LearnedJudge) -> Linear | None:
    """The model with what was learned added; None, and a word in the log, where another Amends learned it."""
    try:
        return taught(Learned(**json.loads(known.learned)))
    except (TypeError, ValueError, LookupError, AttributeError):  # other labels than this model's, or another form
        log.warning(
            "version %d of the judge was learned by another Amends, so the one that was shipped judges: "
            "`amends judge --retrain` learns anew",
            known.version,
        )
        return None


def retrain(judge: Judge, store: Store, now: datetime) -> tuple[Outcome, int | None]:
    """Learn from every correction; what came of it, and the version that judges from now on if it was worth keeping.

    The attempt is kept either way, so that it is known when it was made and what it gave.
    """
    with store.reading() as session:
        lessons = lessons_of(session.corrections.all())
    outcome = learn(lessons, anchors(), judge.complaint_at)
    learned = json.dumps(asdict(outcome.learned), ensure_ascii=False, sort_keys=True)
    kept = outcome.worth_keeping
    with store.writing() as session:
        version = session.corrections.keep_judge(learned, json.dumps(counts(outcome)), now, in_force=kept)
    return outcome, version if kept else None


def counts(outcome: Outcome) -> dict[str, Any]:
    """The figures of an outcome, without the weights."""
    return {name: value for name, value in asdict(outcome).items() if name != "learned"}


def learn_when_due(judge: Judge, store: Store, rhythm: str, now: datetime | None = None) -> None:
    """Learn where the last lesson is long enough ago, and somebody has said something since; `never` does nothing."""
    if rhythm not in _EVERY:
        return
    now = now or datetime.now(UTC)
    with store.reading() as session:
        versions, said = session.corrections.judges(), session.corrections.all()
    since = versions[-1].at if versions else datetime.min.replace(tzinfo=UTC)
    if now - since >= _EVERY[rhythm] and any(one.at > since for one in said):
        retrain(judge, store, now)
