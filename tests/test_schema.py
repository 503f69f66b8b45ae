"""The schemas an editor is given take what the program takes, and refuse what it refuses in kind."""

from __future__ import annotations

import json
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from plugin.config import settings_schema
from plugin.playbook import playbook_schema, shipped_packs
from plugin.source import parse
from tests.test_cli import run
from tests.test_playbook import HERE, broken

PLAYBOOK = Draft202012Validator(playbook_schema())
SETTINGS = Draft202012Validator(settings_schema())
TEMPLATES = files("plugin.cli") / "templates"


def as_an_editor_reads_it(text: str) -> Any:
    """YAML 1.2 with its own types, dates left as text."""
    return dates_as_text(YAML(typ="safe", pure=True).load(text))


def dates_as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: dates_as_text(child) for key, child in value.items()}
    if isinstance(value, list):
        return list(map(dates_as_text, value))
    return str(value) if isinstance(value, date) else value


def shipped() -> list[tuple[str, str]]:
    """Every playbook that comes with Amends."""
    folders = {pack: files("playbooks") / "packs" / pack for pack in shipped_packs()}
    return [
        (f"{pack}/{entry.name}", entry.read_text("utf-8"))
        for pack, folder in folders.items()
        for entry in folder.iterdir()
        if entry.name.endswith(".yaml")
    ]


def test_both_are_schemas() -> None:
    for schema in (PLAYBOOK.schema, SETTINGS.schema):
        Draft202012Validator.check_schema(schema)
        assert "2020-12/schema" in str(schema)
        assert "ValidationInfo" not in str(schema)


@pytest.mark.parametrize(("name", "text"), [pytest.param(*one, id=one[0]) for one in shipped()])
def test_every_shipped_playbook_is_taken(name: str, text: str) -> None:
    assert [error.message for error in PLAYBOOK.iter_errors(as_an_editor_reads_it(text))] == []


def test_what_init_writes_and_what_the_manual_shows_is_taken() -> None:
    for playbook in ((TEMPLATES / "example.yaml").read_text("utf-8"), (HERE / "late-delivery.yaml").read_text()):
        assert [error.message for error in PLAYBOOK.iter_errors(as_an_editor_reads_it(playbook))] == []
    for name in ("amends.yaml", "zendesk/amends.yaml"):
        text = (TEMPLATES / name).read_text("utf-8")
        assert [error.message for error in SETTINGS.iter_errors(as_an_editor_reads_it(text))] == []
        assert text.startswith("# yaml-language-server: $schema=amends.schema.json\n")


KINDS = ("unknown key", "unknown value", "unknown category", "unknown severity", "unknown risk", "unknown request",
         "unknown channel", "unknown outcome", "must be a list", "must be a mapping", "is missing")  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [pytest.param(text, told, id=title) for title, text, told in broken() if any(k in " ".join(told) for k in KINDS)],
)
def test_what_the_program_refuses_in_kind_is_refused(text: str, told: list[str]) -> None:
    source = parse(text, "broken.yaml", [])
    assert source is not None
    assert not PLAYBOOK.is_valid(source.data)


@pytest.mark.parametrize(
    ("then", "good"),
    [
        ("tag: [x]", True),
        ("due_by: {for: resolution, within: 8 weeks, from: receipt, roll: next, pause: waiting_for_customer}", True),
        ("due_by: {for: resolution, within: 8 weeks, roll: nxt}", False),
        ("due_by: {for: resolution, within: 8 weeks, pause: always}", False),
        ("due_by:", False),
        ("{}", False),
        ("{tag: [x], assign: sam}", False),
    ],
)
def test_an_editor_knows_what_an_action_may_be(then: str, good: bool) -> None:
    text = f"name: a\nwhen: complaint_received\nthen:\n  - {then}\n"
    assert PLAYBOOK.is_valid(as_an_editor_reads_it(text)) is good


def test_a_name_and_a_word_switch_a_playbook_off_and_half_a_playbook_does_not() -> None:
    assert PLAYBOOK.is_valid({"name": "late-delivery", "enabled": False})
    assert not PLAYBOOK.is_valid({"name": "late-delivery"})
    assert not PLAYBOOK.is_valid({"name": "late-delivery", "enabled": True})


def test_every_word_of_a_playbook_is_explained() -> None:
    schema = playbook_schema()
    explained = ("_ConditionForm", "_ActionForm", "_DueByForm", "_DraftForm", "_FollowUpForm", "_GoodwillForm")
    for form in (schema, *(schema["$defs"][name] for name in explained)):
        assert [key for key, value in form["properties"].items() if "description" not in value] == []
    assert '"title": "' not in json.dumps(schema["$defs"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("packs: [general]", "packs: general"),
        ("    kind: imap", "    kind: imap\n    colour: red"),
        ("    host:", "    hosst:"),
        ("port: 993", "port: 99999"),
        ("inboxes:", "inbox:"),
    ],
)
def test_settings_the_program_refuses_in_kind_are_refused(old: str, new: str) -> None:
    text = (TEMPLATES / "amends.yaml").read_text("utf-8")
    assert old in text
    assert not SETTINGS.is_valid(as_an_editor_reads_it(text.replace(old, new)))


def test_init_writes_the_schemas_of_this_version(tmp_path: Path) -> None:
    assert run(tmp_path, "init").exit_code == 0
    for name, schema in (("amends", settings_schema()), ("my-playbooks/playbook", playbook_schema())):
        assert json.loads((tmp_path / f"{name}.schema.json").read_text()) == schema
