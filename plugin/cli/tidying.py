"""Keeping no longer than need be: keep."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import click

from plugin.cli.cases import json_option
from plugin.cli.frame import Frame, counted, say, show_json
from plugin.config import Keep
from plugin.desk.keeping import Kept, index
from plugin.desk.keeping import keep as see_to
from plugin.store import Store

_WHOLE = 1_000_000  # transactions


@click.command()
@click.option("--dry-run", "dry", is_flag=True, help="Only say what would be given up.")
@json_option
@click.pass_obj
def keep(frame: Frame, dry: bool, as_json: bool) -> None:
    """Give up what need not be kept any longer, as `keep:` in amends.yaml says; amends run does it once a day.

    Open cases, those with anything to come and those of an open incident stay. What lies in the mailbox is not touched.
    """
    settings = frame.settings(secrets=False)
    with closing(Store(settings.store)) as store:
        kept = see_to(store, settings.keep, datetime.now(UTC), dry=dry)
        if not dry:
            index(store, _WHOLE)
    if as_json:
        show_json(_document(settings.keep, kept, dry))
        return
    for line in _told(settings.keep, kept, dry):
        say(line)


def _document(rules: Keep, kept: Kept, dry: bool) -> dict[str, Any]:
    return {
        "keep": {name: str(rule) if (rule := getattr(rules, name)) else None for name in ("text", "case", "archive")},
        "dry_run": dry, "cases_without_words": kept.cases_without_words, "texts": kept.texts, "cases": kept.cases,
        "packed": {"cases": kept.packed.cases, "letters": kept.packed.letters, "bytes_before": kept.packed.before,
                   "bytes_after": kept.packed.after},
    }  # fmt: skip


def _told(rules: Keep, kept: Kept, dry: bool) -> Iterator[str]:
    verb = "would be given up" if dry else "given up"
    if rules.text is None and rules.case is None:
        yield "Everything is kept for ever: amends.yaml has no `keep: {text: …, case: …}`."
    if rules.text is not None:
        yield f"words of {counted(kept.cases_without_words, 'case')}, {counted(kept.texts, 'text')}: {verb}, " \
              f"{rules.text} after the case was resolved"  # fmt: skip
    if rules.case is not None:
        yield f"{counted(kept.cases, 'whole case')}: {verb}, {rules.case} after it was resolved; how many is kept"
    if kept.packed.letters:
        packed, saved = kept.packed, 1 - kept.packed.after / kept.packed.before
        yield (f"{counted(packed.letters, 'letter')} of {counted(packed.cases, 'case')} packed: "
               f"{packed.before / 1e6:,.1f} MB take {packed.after / 1e6:,.1f} MB now, {saved:.0%} less")  # fmt: skip
