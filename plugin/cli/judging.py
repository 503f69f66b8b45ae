"""Teaching: what people corrected, what the judge learned from it, and how well it does."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from plugin.cli.acting import opened
from plugin.cli.frame import Frame, say, show_json
from plugin.desk import Desk
from plugin.desk.learning import counts, retrain, taught_at
from plugin.figures import as_json as figures_json
from plugin.figures import judged_under, told
from plugin.inforce import judge_of
from plugin.judge.learn import Outcome
from plugin.model import clip
from plugin.store import Correction
from plugin.trial import settings_for

_LABEL = 60


@click.command()
@click.option("--retrain", "learn", is_flag=True, help="Learn from the corrections; kept only where it helps.")
@click.option("--back", is_flag=True, help="Take back what was learned last.")
@click.option(
    "--on", "path", type=click.Path(path_type=Path, exists=True), help="Figures on labelled mail of your own."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def judge(frame: Frame, learn: bool, back: bool, path: Path | None, as_json: bool) -> None:
    """People's corrections; learn from them, take that back, or measure the judge on labelled mail."""
    if sum((learn, back, path is not None)) > 1:
        raise click.UsageError("--retrain, --back and --on are three different things: name one of them")
    if path is not None:
        _measure(frame, path, as_json)
        return
    with opened(frame) as desk:
        if learn:
            _retrain(desk, as_json)
        elif back:
            _back(desk, as_json)
        else:
            _list(desk, as_json)


def _list(desk: Desk, as_json: bool) -> None:
    with desk.store.reading() as session:
        said, current = session.corrections.all(), session.corrections.judge()
    version = current.version if current else 0
    if as_json:
        show_json({"judge": version, "corrections": [_document(one) for one in said]})
        return
    for one in said:
        was = f" (judged {one.was})" if one.was != one.value else ""
        what = f"{one.at:%Y-%m-%d}  {one.case_id:12}  {one.label} {one.value}{was}"
        say(f"{what}  {clip(one.subject, _LABEL)}  by {one.by}")
    if not said:
        say("nobody has corrected the judge yet")
    say(f"The judge is {_named(version)}." + (" `amends judge --retrain` learns from these." if said else ""))


def _document(one: Correction) -> dict[str, str]:
    at = one.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"at": at, "inbox": one.inbox, "case": one.case_id, "label": one.label, "was": one.was, "value": one.value,
            "by": one.by, "subject": one.subject}  # fmt: skip


def _named(version: int) -> str:
    return f"version {version}, which learned here" if version else "the one that was shipped"


def _retrain(desk: Desk, as_json: bool) -> None:
    outcome, version = retrain(desk.judge, desk.store, datetime.now(UTC))
    if as_json:
        show_json({"kept": version is not None, "judge": version} | counts(outcome))
        return
    say(_what_came(outcome))
    if version is None:
        say("So nothing was changed: letters that are nearly the same as a corrected one follow your word anyway.")
    else:
        say(f"The judge is {_named(version)} from now on. `amends judge --back` takes that back.")
        for word, weight in _strongest(outcome):
            say(f"  {weight:+.2f}  {word}")


def _what_came(outcome: Outcome) -> str:
    if not outcome.held_out:
        return f"{outcome.lessons} corrections are too few to tell whether learning from them helps."
    return (
        f"Learned from {outcome.lessons} corrections. Of those held out, {outcome.wrong_before} of {outcome.held_out} "
        f"were judged wrongly before and {outcome.wrong_after} after; of {outcome.anchors} letters it knew, "
        f"{outcome.anchors_before} before and {outcome.anchors_after} after."
    )


def _strongest(outcome: Outcome) -> list[tuple[str, float]]:
    return sorted(outcome.learned.complaint.items(), key=lambda one: -abs(one[1]))[:8]


def _back(desk: Desk, as_json: bool) -> None:
    with desk.store.writing() as session:
        version = session.corrections.back()
    if as_json:
        show_json({"judge": version or 0, "changed": version is not None})
    elif version is None:
        say("There is nothing to take back: the judge is the one that was shipped.")
    else:
        say(f"Taken back: the judge is {_named(version)}.")


def _measure(frame: Frame, path: Path, as_json: bool) -> None:
    settings = settings_for(frame.config)
    found = judged_under(path, settings, taught_at(settings)(judge_of(settings)))
    if as_json:
        show_json(figures_json(*found))
    else:
        say("\n".join(told(*found)))
