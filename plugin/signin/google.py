"""Signing in with Google, through its own libraries: a person by a page in the browser that leads back to this machine.

https://developers.google.com/identity/protocols/oauth2/native-app
"""

from __future__ import annotations

import logging
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from plugin.config import OAuth
from plugin.inbox import InboxRefused, InboxUnavailable
from plugin.signin.fresh import Granted
from plugin.signin.kept import TokenFile, TokensUnreadable

MAIL = "https://mail.google.com/"
"""What a person lets Amends do; no smaller right opens IMAP."""
_PAGE = "https://accounts.google.com/o/oauth2/auth"
_TOKENS = "https://oauth2.googleapis.com/token"
_ENOUGH = 300.0  # seconds a kept token must still hold to be used
_PATIENCE = 600  # seconds a person may take


class Google:
    """One inbox's sign-in with Google; see plugin.signin.Provider."""

    def __init__(self, name: str, way: OAuth, file: TokenFile) -> None:
        self._name, self._way, self._file = name, way, file
        self.advice = f"sign in again: amends login {name}"

    def stamp(self) -> str:
        """Another one after a person signed in."""
        return self._file.stamp()

    def renew(self, refused: str) -> Granted:
        """See plugin.signin.fresh.Source."""
        with self._told(), self._file.turn():
            content = self._file.read()
            if content is None or content.get("provider") != "google":
                raise InboxRefused(self._name, "nobody has signed in with Google yet", f"amends login {self._name}")
            if content["token"] != refused and content["until"] > time.time() + _ENOUGH:
                return Granted(content["token"], content["until"])
            return self._keep(self._renewed(str(content["refresh_token"])))

    def sign_in(self, user: str, say: Callable[[str], None], port: int, browser: bool) -> str:
        """By a page that leads back to a port of this machine (RFC 8252, 7.3); without a browser here, say which."""
        from google_auth_oauthlib.flow import InstalledAppFlow  # noqa: PLC0415 - as below

        asked = {"auth_uri": self._page, "token_uri": self._tokens, "client_id": self._way.client_id,
                 "client_secret": self._way.client_secret}  # fmt: skip
        with self._told():
            flow = InstalledAppFlow.from_client_config({"installed": asked}, scopes=[MAIL])
            say("Google asks in your browser whether Amends may use the mailbox; sign in as the mailbox's own user.")
            credentials = flow.run_local_server(
                host="127.0.0.1", port=port, open_browser=browser and _has_browser(), timeout_seconds=_PATIENCE,
                authorization_prompt_message="If no page opens, open this one on this machine:\n{url}",
                success_message="Amends may use the mailbox now. This page can be closed.",
                prompt="consent", login_hint=user,
            )  # fmt: skip
            if not credentials.refresh_token:
                raise InboxRefused(
                    self._name, "Google gave no lasting permission",
                    "take Amends out of https://myaccount.google.com/connections, and sign in again",
                )  # fmt: skip
            with self._file.turn():
                self._keep(credentials)
        return ""

    @property
    def _page(self) -> str:
        return f"{self._way.url}/o/oauth2/auth" if self._way.url else _PAGE

    @property
    def _tokens(self) -> str:
        return f"{self._way.url}/token" if self._way.url else _TOKENS

    def _renewed(self, refresh_token: str) -> Any:
        from google.auth.transport.requests import Request  # noqa: PLC0415 - half a second that only those pay …
        from google.oauth2.credentials import Credentials  # noqa: PLC0415 - … who sign in with Google

        credentials = Credentials(  # type: ignore[no-untyped-call]
            None, refresh_token=refresh_token, token_uri=self._tokens, client_id=self._way.client_id,
            client_secret=self._way.client_secret, scopes=[MAIL],
        )  # fmt: skip
        credentials.refresh(Request())  # type: ignore[no-untyped-call]
        return credentials

    def _keep(self, credentials: Any) -> Granted:
        granted = Granted(str(credentials.token), _moment(credentials.expiry))
        self._file.write(
            {"provider": "google", "token": granted.text, "until": granted.until,
             "refresh_token": str(credentials.refresh_token)}
        )  # fmt: skip
        return granted

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the libraries and the network raise, in our own words; theirs may name people."""
        from google.auth.exceptions import GoogleAuthError, RefreshError  # noqa: PLC0415 - as above
        from google_auth_oauthlib.flow import WSGITimeoutError  # noqa: PLC0415 - as above
        from oauthlib.oauth2 import OAuth2Error  # noqa: PLC0415 - as above
        from requests import RequestException  # noqa: PLC0415 - as above

        _hush()
        try:
            yield
        except TokensUnreadable as error:
            raise InboxRefused(self._name, error.why, error.advice or self.advice) from error
        except RefreshError as error:
            if error.retryable:
                raise InboxUnavailable(self._name, "Google's sign-in did not answer") from error
            raise InboxRefused(
                self._name, f"Google's sign-in is over or was refused: {_code(error)}", self.advice
            ) from error
        except (GoogleAuthError, RequestException) as error:
            raise InboxUnavailable(
                self._name, f"Google's sign-in did not answer ({type(error).__name__})",
                "see that this machine is online and reaches oauth2.googleapis.com",
            ) from error  # fmt: skip
        except WSGITimeoutError as error:
            raise InboxUnavailable(self._name, "nobody signed in within ten minutes", self.advice) from error
        except Warning as error:  # oauthlib warns by raising where other rights were given than were asked for
            raise InboxRefused(
                self._name,
                "the permission to use the mail was not given",
                "sign in again, and tick it on Google's page",
            ) from error
        except OAuth2Error as error:
            raise InboxRefused(self._name, f"Google's sign-in was refused: {error.error}", self.advice) from error


def _hush() -> None:
    """These libraries write tokens into their debug logs."""
    for name in ("requests_oauthlib", "oauthlib", "google.auth", "google.oauth2", "google_auth_oauthlib"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _code(error: Exception) -> str:
    """The short word of an OAuth error (RFC 6749, 5.2), which a RefreshError carries in its second part."""
    details = error.args[1] if len(error.args) > 1 else None
    return str(details.get("error", "refused")) if isinstance(details, dict) else "refused"


def _moment(expiry: datetime | None) -> float:
    """Google's libraries tell times in UTC without saying so."""
    return time.time() + 3600 if expiry is None else expiry.replace(tzinfo=UTC).timestamp()


def _has_browser() -> bool:
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True
