"""Signing in with Microsoft, through its own library: a person by the device flow, or an application by its secret.

https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from plugin.config import OAuth
from plugin.inbox import InboxRefused, InboxUnavailable
from plugin.signin.fresh import Granted
from plugin.signin.kept import TokenFile, TokensUnreadable

MAIL = ("https://outlook.office.com/IMAP.AccessAsUser.All",)
"""What a person lets Amends do; that it may go on without him (offline_access) the library adds."""
AS_APPLICATION = ("https://outlook.office365.com/.default",)
"""What an administrator lets the application do."""
_AUTHORITY = "https://login.microsoftonline.com"
_PATIENCE = 15.0  # seconds for an answer
_FOR_A_PERSON = frozenset(
    {"invalid_grant", "interaction_required", "consent_required", "login_required", "invalid_client",
     "unauthorized_client", "access_denied", "invalid_scope", "invalid_request", "invalid_resource",
     "authorization_declined", "expired_token"}
)  # fmt: skip


class Microsoft:
    """One inbox's sign-in with Microsoft; see plugin.signin.Provider."""

    def __init__(self, name: str, way: OAuth, file: TokenFile) -> None:
        self._name, self._way, self._file = name, way, file
        self.advice = (
            "see that the application may use IMAP as itself, and this mailbox: docs/signin.md" if way.client_secret
            else f"sign in again: amends login {name}"
        )  # fmt: skip

    def stamp(self) -> str:
        """Another one after a person signed in; empty for an application, which signs in by itself."""
        return "" if self._way.client_secret else self._file.stamp()

    def renew(self, refused: str) -> Granted:
        """See plugin.signin.fresh.Source."""
        with self._told():
            found = self._as_application(refused) if self._way.client_secret else self._as_person(refused)
        if "access_token" not in found:
            raise self._error(found)
        return Granted(found["access_token"], time.time() + float(found["expires_in"]))

    def sign_in(self, user: str, say: Callable[[str], None], port: int, browser: bool) -> str:
        """By the device flow: the person opens a page anywhere and types a code (RFC 8628); it needs no port here."""
        with self._told():
            cache = self._cache("")
            app = self._app(cache)
            flow = app.initiate_device_flow(scopes=list(MAIL))
            if "user_code" not in flow:
                raise self._error(flow)
            say(str(flow["message"]))
            found = app.acquire_token_by_device_flow(flow)
            if "access_token" not in found:
                raise self._error(found)
            with self._file.turn():
                self._file.write({"provider": "microsoft", "state": cache.serialize()})
        return str((found.get("id_token_claims") or {}).get("preferred_username", ""))

    def _as_person(self, refused: str) -> Mapping[str, Any]:
        with self._file.turn():
            content = self._file.read()
            if content is None or content.get("provider") != "microsoft":
                raise InboxRefused(self._name, "nobody has signed in with Microsoft yet", f"amends login {self._name}")
            cache = self._cache(content["state"])
            app = self._app(cache)
            account = next(iter(app.get_accounts()), None)
            found = app.acquire_token_silent_with_error(list(MAIL), account=account) or {}
            if refused and found.get("access_token") == refused:
                found = app.acquire_token_silent_with_error(list(MAIL), account=account, force_refresh=True) or {}
            if cache.has_state_changed:
                self._file.write({"provider": "microsoft", "state": cache.serialize()})
        return found or {"error": "login_required"}

    def _as_application(self, refused: str) -> Mapping[str, Any]:
        import msal  # noqa: PLC0415 - as below

        app = msal.ConfidentialClientApplication(
            self._way.client_id, client_credential=self._way.client_secret, **self._where()
        )
        found: Mapping[str, Any] = app.acquire_token_for_client(scopes=list(AS_APPLICATION))
        return found

    def _cache(self, state: str) -> Any:
        import msal  # noqa: PLC0415 - a quarter of a second that only those pay who sign in with Microsoft

        cache = msal.SerializableTokenCache()
        cache.deserialize(state)
        return cache

    def _app(self, cache: Any) -> Any:
        import msal  # noqa: PLC0415 - as above

        return msal.PublicClientApplication(self._way.client_id, token_cache=cache, **self._where())

    def _where(self) -> dict[str, Any]:
        """Microsoft, or a stand-in on this machine, of which Microsoft is not to be asked whether it is known."""
        tenant = self._way.tenant or "common"
        if self._way.url:
            where = {"authority": f"{self._way.url}/{tenant}", "instance_discovery": False}
        else:
            where = {"authority": f"{_AUTHORITY}/{tenant}"}
        return {**where, "timeout": _PATIENCE}

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the library and the network raise, in our own words."""
        from msal.exceptions import MsalError  # noqa: PLC0415 - as above
        from requests import RequestException  # noqa: PLC0415 - as above

        try:
            yield
        except TokensUnreadable as error:
            raise InboxRefused(self._name, error.why, error.advice or self.advice) from error
        except (RequestException, MsalError) as error:
            raise InboxUnavailable(
                self._name,
                f"Microsoft's sign-in did not answer ({type(error).__name__})",
                "see that this machine is online and reaches login.microsoftonline.com",
            ) from error
        except ValueError as error:  # raised over the first answer, which tells where tokens are to be had
            if not re.search(r"HTTP status: 40[04]", str(error.__context__)):
                raise InboxUnavailable(self._name, "Microsoft's sign-in did not answer as it should") from error
            tenant = self._way.tenant or "common"
            raise InboxRefused(
                self._name, f"Microsoft's sign-in knows no tenant {tenant}", "check `tenant:`"
            ) from error

    def _error(self, found: Mapping[str, Any]) -> InboxRefused | InboxUnavailable:
        """Its own words name people, so only its codes are told; they are explained at the address."""
        error = str(found.get("error", ""))
        code = re.search(r"AADSTS(\d{3,8})", str(found.get("error_description", "")))
        told = f"{error}, AADSTS{code[1]} (https://login.microsoftonline.com/error?code={code[1]})" if code else error
        if error in _FOR_A_PERSON:
            return InboxRefused(self._name, f"Microsoft's sign-in is over or was refused: {told}", self.advice)
        return InboxUnavailable(self._name, f"Microsoft's sign-in did not go well: {told}")
