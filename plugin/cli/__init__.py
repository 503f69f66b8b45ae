"""The command line: `amends`."""

from __future__ import annotations

import gc
from importlib import import_module
from pathlib import Path

import click

from plugin.cli.frame import Commands, Frame

__all__ = ["main"]

_COMMANDS = {
    "demo": "demo:demo",
    "init": "setup:init",
    "check": "setup:check",
    "doctor": "doctoring:doctor",
    "login": "signing:login",
    "run": "running:run",
    "worker": "growing:worker",
    "web": "growing:web",
    "try": "trying:try_",
    "preview": "previewing:preview",
    "cases": "cases:cases",
    "show": "cases:show",
    "explain": "explaining:explain",
    "tasks": "cases:tasks",
    "done": "acting:done",
    "drop": "acting:drop",
    "snooze": "acting:snooze",
    "open": "acting:open_",
    "resolve": "acting:resolve",
    "reopen": "acting:reopen",
    "replan": "replanning:replan",
    "correct": "acting:correct",
    "replied": "acting:replied",
    "quarantine": "quarantine:quarantine",
    "backfill": "backfilling:backfill",
    "undo": "undoing:undo",
    "export": "keeping:export",
    "erase": "keeping:erase",
    "keep": "tidying:keep",
    "store": "keeping:store",
    "letters": "lettering:letters",
    "coach": "lettering:coach",
    "judge": "judging:judge",
    "packs": "packs:packs",
    "incident": "incidents:incident",
    "zendesk-app": "zendesk:zendesk_app",
}
"""Each in its module, which is loaded only when the command is asked for: looking at a case needs no mail library."""


class Lazy(Commands):
    """The commands, each loaded when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them, in the order a newcomer meets them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or nothing."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        gc.disable()  # of what a module brings along nothing is garbage
        try:
            command: click.Command = getattr(import_module(f"plugin.cli.{module}"), name)
        finally:
            gc.freeze()
            gc.enable()
        return command


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("amends.yaml"),
    show_default=True,
    help="The file to read.",
)
@click.option("--debug", is_flag=True, help="Show a stack trace when something goes wrong.")
@click.version_option(package_name="amends", prog_name="amends")
@click.pass_context
def main(ctx: click.Context, config: Path, debug: bool) -> None:
    """Amends keeps the promises of complaint handling, in the inbox you already have. It never sends mail."""
    ctx.obj = Frame(config, debug)
