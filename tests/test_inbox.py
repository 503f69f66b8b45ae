"""The port: what its errors say, and that every kind named in it is really there."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

from plugin.inbox import KINDS, READERS, Inbox, InboxError, InboxRefused, InboxUnavailable

VERBS = [name for name, _ in inspect.getmembers(Inbox, inspect.isfunction) if not name.startswith("_")]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_loaded_and_has_every_verb(kind: str) -> None:
    module, _, name = KINDS[kind].partition(":")
    found = getattr(import_module(module), name)
    for verb in VERBS:
        asked = inspect.signature(getattr(Inbox, verb)).parameters
        assert list(inspect.signature(getattr(found, verb)).parameters) == list(asked), verb


@pytest.mark.parametrize("kind", READERS)
def test_every_kind_can_read_a_mail_from_a_file(kind: str) -> None:
    module, _, name = READERS[kind].partition(":")
    assert callable(getattr(import_module(module), name))
    assert kind in KINDS


@pytest.mark.parametrize("error", [InboxUnavailable, InboxRefused])
def test_an_error_names_the_inbox_and_says_what_to_do(error: type[InboxError]) -> None:
    told = error("support", "the password was not taken", "check it in .env")
    assert str(told) == "inbox support: the password was not taken - check it in .env"
    assert (told.inbox, told.problem, told.advice) == ("support", "the password was not taken", "check it in .env")
