"""Trying: what would happen to a mail."""

from __future__ import annotations

from pathlib import Path

import click

from plugin.cli.frame import Frame, say, show_json
from plugin.desk.learning import taught_at
from plugin.model import AmendsError
from plugin.trial import Trial, mails, settings_for


@click.command(name="try")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--complaint", is_flag=True, help="What comes once a person says that they are complaints.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line, one for each mail, in order.")
@click.pass_obj
def try_(frame: Frame, paths: tuple[Path, ...], complaint: bool, as_json: bool) -> None:
    """What would happen to these mails: files, folders, an mbox, or - for standard input. Writes nothing."""
    settings = settings_for(frame.config)
    trial = Trial(settings, taught_at(settings))
    bad = False
    for name, raw in mails(paths):
        try:
            result = trial.of(name, raw, insist=complaint)
        except AmendsError as error:
            result, bad = {"file": name, "error": str(error)}, True
        if as_json:
            show_json(result)
        else:
            say(trial.told(result))
    if bad and len(paths) == 1 and paths[0].is_file():
        raise SystemExit(2)
