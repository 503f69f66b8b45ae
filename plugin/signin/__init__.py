"""Signing in without a password: who hands out access tokens for an inbox, and how a person signs in at the provider.

tokens_for  what an inbox is opened with, where its settings ask for tokens
sign_in     a person signs in, once; from then on the tokens are renewed before they end

Tokens lie in one file for each inbox, readable by nobody else and encrypted where there is a key; never in the store.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

from plugin.config import InboxSettings, MailboxSettings, OAuth, TokenCommand
from plugin.inbox import Tokens
from plugin.model import AmendsError
from plugin.signin.fresh import Fresh, Source
from plugin.signin.kept import TokenFile

__all__ = ["NotFilledIn", "NothingToSignIn", "sign_in", "tokens_for", "where_an_id_comes_from"]

PROVIDERS = {"microsoft": "plugin.signin.microsoft:Microsoft", "google": "plugin.signin.google:Google"}
"""How each provider is spoken to; loaded only where one is asked for, since their libraries are large."""


_IDS = {
    "microsoft": "register an application at https://entra.microsoft.com (App registrations)",
    "google": "make a client of the kind `Desktop app` at https://console.cloud.google.com (APIs & Services)",
}


class NothingToSignIn(AmendsError):
    """This inbox has no sign-in a person could do."""

    input_is_wrong = True


class NotFilledIn(AmendsError):
    """The settings still hold an example where the id of an application belongs."""

    input_is_wrong = True

    def __init__(self, inbox: str, way: OAuth) -> None:
        self.inbox = inbox
        super().__init__(
            f"inbox {inbox}: its client_id `{way.client_id}` is only an example, so nobody can sign in by it - "
            f"{where_an_id_comes_from(way.provider)}"
        )


def where_an_id_comes_from(provider: str) -> str:
    """What a person does to have a client_id of this provider."""
    return f"{_IDS[provider]} and write its id there; docs/signin.md goes through it step by step"


class Provider(Source, Protocol):
    """Somebody who signs people in and hands out tokens."""

    def sign_in(self, user: str, say: Callable[[str], None], port: int, browser: bool) -> str:
        """Have a person sign in, and keep what comes of it; who that was, where the provider tells."""


def tokens_for(settings: InboxSettings) -> Tokens | None:
    """Where this inbox gets its tokens; None where it has a password."""
    way = settings.sign_in if isinstance(settings, MailboxSettings) else None
    if isinstance(way, TokenCommand):
        from plugin.signin.command import Command  # noqa: PLC0415 - few have one

        return Command(settings.name, way.command)
    if isinstance(way, OAuth):
        provider = _provider(settings.name, way)
        return Fresh(settings.name, provider)
    return None


def sign_in(settings: InboxSettings, say: Callable[[str], None], *, port: int = 0, browser: bool = True) -> str:
    """Have a person sign in for this inbox; who that was, or nothing where the provider does not tell.

    Raises NothingToSignIn, NotFilledIn, InboxRefused, InboxUnavailable.
    """
    if not isinstance(settings, MailboxSettings) or not isinstance(settings.sign_in, OAuth):
        raise NothingToSignIn(
            f"inbox {settings.name}: its settings name no `oauth`, so there is nothing to sign in to - "
            "`amends doctor` tries what they do name"
        )
    if settings.sign_in.provider == "microsoft" and settings.sign_in.client_secret:
        raise NothingToSignIn(
            f"inbox {settings.name}: with a client_secret the application signs in by itself - `amends doctor` tries it"
        )
    if settings.sign_in.unfilled:
        raise NotFilledIn(settings.name, settings.sign_in)  # the provider would only say that it knows no such id
    return _provider(settings.name, settings.sign_in).sign_in(settings.user, say, port, browser)


def _provider(name: str, way: OAuth) -> Provider:
    module, _, kind = PROVIDERS[way.provider].partition(":")
    return cast(Provider, getattr(import_module(module), kind)(name, way, TokenFile(way.kept, way.keys)))
