"""What every command shares: finding amends.yaml, opening what is needed, printing, and ending with the right code.

Exit codes: 0 done, 1 may be tried again or something was found, 2 the input is wrong. No stack trace without --debug.
"""

from __future__ import annotations

import getpass
import json
import logging
import os
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from plugin.model import AmendsError

if TYPE_CHECKING:
    from plugin.config import Settings
    from plugin.desk import Desk

logging.getLogger("amends").addHandler(logging.NullHandler())  # only `amends run` logs; others say it in a sentence


@dataclass(frozen=True, slots=True)
class Frame:
    """The options that stand before the command."""

    config: Path
    debug: bool

    def settings(self, *, secrets: bool = True) -> Settings:
        """amends.yaml, read; raises Problems."""
        from plugin.config import load  # noqa: PLC0415 - most commands bring it along, and the others do without

        if not self.config.exists():
            fail(f"{self.config}: there is no such file here - `amends init` writes one, or name it with --config", 2)
        return load(self.config, secrets=secrets)

    def named_at(self, store: str) -> str:
        """Where in amends.yaml the server of this address is named, as `amends.yaml:3:8: `; empty if it is not."""
        from plugin.config import load  # noqa: PLC0415 - as above
        from plugin.store import shown  # noqa: PLC0415 - many a command asks no store

        with suppress(AmendsError):
            for number, line in enumerate(self.config.read_text("utf-8").splitlines(), 1):
                found = re.match(r"(store\s*:\s*)\S", line)
                if found and store.startswith("postgresql") and shown(load(self.config).store) == store:
                    return f"{self.config}:{number}:{len(found[1]) + 1}: "
        return ""


def log_as(form: str) -> None:
    """Write the log to standard error, as text for people or as JSON (a document a line); the first word holds."""
    if logging.getLogger().handlers:
        return
    writer = logging.StreamHandler()
    writer.setFormatter(_json_lines() if form == "json" else logging.Formatter("%(asctime)s %(name)s %(message)s"))
    logging.getLogger().addHandler(writer)
    logging.getLogger().setLevel(logging.INFO)
    for chatty in ("alembic", "apprise", "apscheduler", "imapclient", "psycopg"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # what matters of it stands in our own words


def _json_lines() -> logging.Formatter:
    """`{timestamp (RFC 3339, UTC), level, logger, event}`, with `exception` where something went wrong in Amends."""
    from structlog import processors, stdlib  # noqa: PLC0415 - only for those whose logs another program reads

    return stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            stdlib.add_log_level,
            stdlib.add_logger_name,
            processors.TimeStamper(fmt="iso", utc=True),
            processors.format_exc_info,
        ],
        processors=[
            stdlib.ProcessorFormatter.remove_processors_meta,
            processors.JSONRenderer(ensure_ascii=False, sort_keys=True),
        ],
    )


def whoami(name: str | None) -> str:
    """Who acts: --as, else the login name of the system user."""
    try:
        return name or getpass.getuser()
    except OSError:  # a container may run under a number without a name
        return f"user {os.getuid()}"


def say(text: str = "") -> None:
    """One line for a person."""
    click.echo(text)


def counted(number: int, what: str, several: str = "") -> str:
    """So many of them, as `1 case` or `1,200 cases`; `several` where an s does not make it."""
    return f"{number:,} {what if number == 1 else several or f'{what}s'}"


def show_json(document: Any) -> None:
    """One JSON document, for another program."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=None if not sys.stdout.isatty() else 2))


def desk_of(settings: Settings) -> Desk:
    """The desk these settings describe; what is done there is heard at once by whoever is at work elsewhere."""
    from plugin.desk import open_desk  # noqa: PLC0415 - looking at a case needs no desk

    desk = open_desk(settings)
    if desk.store.dialect == "postgresql":
        from plugin.jobs.queue import share  # noqa: PLC0415 - one machine needs no queue

        share(desk.store, settings.store)
    return desk


def show_json_list(name: str, items: Iterable[Any]) -> None:
    """One JSON document that holds a list alone; of a long one, only what is being written is in memory."""
    if sys.stdout.isatty():
        show_json({name: list(items)})
        return
    told = (json.dumps(item, ensure_ascii=False) for item in items)
    first = next(told, "")  # what is wrong with the question shows here, before anything is written
    click.echo(f"{{{json.dumps(name)}: [{first}", nl=False)
    for item in told:
        click.echo(f", {item}", nl=False)
    click.echo("]}")


def fail(text: str, code: int) -> NoReturn:
    """End with a sentence and this exit code."""
    click.echo(text, err=True)
    raise SystemExit(code)


class Commands(click.Group):
    """The commands, with one way to end badly."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a mistake becomes a sentence and an exit code."""
        debug = bool(ctx.params.get("debug"))
        try:
            return super().invoke(ctx)
        except AmendsError as error:
            if debug:
                raise
            store = getattr(error, "url", "")  # of a server that cannot be reached, or refuses us
            where = ctx.obj.named_at(store) if store and isinstance(ctx.obj, Frame) else ""
            fail(f"{where}{error}", 2 if error.input_is_wrong else 1)
        except (click.ClickException, click.exceptions.Exit, click.Abort, SystemExit):
            raise
        except BrokenPipeError:
            raise SystemExit(0) from None  # the reader of our output, such as `head`, has had enough
        except Exception as error:
            if debug:
                raise
            logging.getLogger("amends").debug("unexpected", exc_info=True)
            fail(f"amends: unexpected {type(error).__name__}: {error} - run it again with --debug, and report it", 1)
