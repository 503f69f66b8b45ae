"""Zendesk: zendesk-app build."""

from __future__ import annotations

from pathlib import Path

import click

from plugin.cli.frame import Frame, fail, say
from plugin.config import HelpdeskSettings, Settings


@click.group(name="zendesk-app")
def zendesk_app() -> None:
    """The app that shows beside a ticket in Zendesk what was promised, and why."""


@zendesk_app.command()
@click.option("--inbox", help="The inbox it is for; needed only where there are several of Zendesk.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The file to write.")
@click.pass_obj
def build(frame: Frame, inbox: str | None, out: Path | None) -> None:
    """Write the installable zip of the sidebar app."""
    from plugin.web import app_for  # noqa: PLC0415 - loads a web server, which the help does not need

    settings = frame.settings(secrets=False)
    helpdesk = _helpdesk(settings, inbox)
    if not settings.url:
        fail(
            "zendesk-app: Zendesk must reach the page from outside - set `web: {url: https://…}` in amends.yaml, and "
            f"have /sidebar/ and /webhooks/ of that address passed on to {settings.listen[0]}:{settings.listen[1]}", 2
        )  # fmt: skip
    file = out or Path(f"amends-sidebar-{helpdesk.name}.zip")
    content = app_for(helpdesk, settings.url, helpdesk.email)
    try:
        file.write_bytes(content)
    except OSError as error:
        fail(f"zendesk-app: {file} cannot be written: {error.strerror}", 1)
    say(f"wrote {file}")
    say("Upload it in Admin Center: Apps and integrations > Apps > Zendesk Support apps > Upload private app.")
    if not helpdesk.sidebar_app:
        say(f"Then write the id of the app into amends.yaml, at inbox {helpdesk.name}: `sidebar_app: …`")


def _helpdesk(settings: Settings, name: str | None) -> HelpdeskSettings:
    """The inbox that is meant."""
    there = {one.name: one for one in settings.inboxes if isinstance(one, HelpdeskSettings)}
    if not there:
        fail("zendesk-app: no inbox in amends.yaml is of `kind: zendesk`", 2)
    if name is None and len(there) == 1:
        return next(iter(there.values()))
    if name not in there:
        what = f"there is no Zendesk inbox {name}" if name else "there are several Zendesk inboxes"
        fail(f"zendesk-app: {what} - name one with --inbox: {', '.join(there)}", 2)
    return there[name]
