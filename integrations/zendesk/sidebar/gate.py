"""Who may see the page: Zendesk's signed first load, once; after that whoever holds the bearer we gave for it.

The token is a JWT under RS256 (RFC 7519, RFC 7515) with `exp`, `iat` and an `aud` that names the installed app; only
the first load carries it. Nothing in its header but the algorithm is looked at: keys come from where we ask for them.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from integrations.zendesk.sidebar.keys import AppSettings, Keys, Signing
from plugin.model import AmendsError

LARGEST = 8192  # characters of a token
SKEW = timedelta(seconds=60)  # by which the clocks may differ
LONGEST = timedelta(days=1)  # a token that claims to be good for longer is none of Zendesk's
BEARER = timedelta(hours=1)  # how long a bearer is good; every answer brings a new one
VISIT = timedelta(hours=12)  # after that Zendesk must sign again

_USER = re.compile(r"https://[^/]+/api/v2/users/(\d{1,20})(?:\.json)?")
_WRONG = {
    jwt.InvalidAudienceError: "it is for another app or account",
    jwt.InvalidSignatureError: "its signature",
    jwt.InvalidAlgorithmError: "its algorithm",
    jwt.MissingRequiredClaimError: "something is missing in it",
}
_LOCATION = {"product": "support", "location": "ticket_sidebar"}


class VisitRefused(AmendsError):
    """Whoever asks for the page, or for something on it, may not have it; `status` is the HTTP answer."""

    input_is_wrong = True

    def __init__(self, inbox: str, problem: str, status: int = 401) -> None:
        self.inbox, self.status = inbox, status
        super().__init__(f"sidebar of {inbox}: {problem}")


@dataclass(frozen=True, slots=True)
class Visitor:
    """An agent of that Zendesk: their user id there, empty where the token names none, and when they came."""

    user: str
    since: datetime

    def __str__(self) -> str:
        return f"Zendesk user {self.user}" if self.user else "somebody in Zendesk"


class Gate:
    """Lets the agents of one inbox in."""

    def __init__(self, settings: AppSettings, keys: Keys, first_use: Callable[[str, datetime], bool]) -> None:
        """`first_use` is asked, with a digest of the token, whether it was never used before; and remembers it."""
        self._settings, self._keys, self._first_use = settings, keys, first_use
        secret = f"amends sidebar bearer\n{settings.name}\n{settings.subdomain}".encode()
        self._secret = hmac.digest(settings.token.encode(), secret, "sha256")

    def admit(self, token: str, now: datetime) -> Visitor:
        """Zendesk's signed word, used now; raises VisitRefused, InboxUnavailable, InboxRefused."""
        self._must_be_set_up()
        if not token or len(token) > LARGEST:
            raise self._refused(
                "it opens only inside Zendesk, which signs for it" if not token else "too large a token"
            )
        claims = self._verified(token)
        self._in_time(claims, now)
        if any(claims.get("context", _LOCATION).get(name) != value for name, value in _LOCATION.items()):
            raise self._refused("the token is for another place than the ticket sidebar")
        # The signature itself can be spelt in several ways, what it signs cannot.
        if not self._first_use(hashlib.sha256(token.rpartition(".")[0].encode()).hexdigest(), now):
            raise self._refused("this token was used before: load the app again")
        user = _USER.fullmatch(str(claims.get("sub", "")))
        return Visitor(user[1] if user else "", now)

    def bearer(self, visitor: Visitor, now: datetime) -> str:
        """What the page shows instead of the token from now on."""
        until = min(now + BEARER, visitor.since + VISIT)
        claims = {"sub": visitor.user, "auth_time": _seconds(visitor.since), "exp": _seconds(until)}
        return jwt.encode(claims, self._secret, algorithm="HS256")

    def again(self, bearer: str, now: datetime) -> Visitor:
        """Who was given this bearer; raises VisitRefused."""
        self._must_be_set_up()
        try:
            claims = jwt.decode(
                bearer, self._secret, algorithms=["HS256"],
                options={"require": ["sub", "auth_time", "exp"], "verify_exp": False},
            )  # fmt: skip
        except jwt.InvalidTokenError as error:
            raise self._refused("it opens only inside Zendesk: load the app again") from error
        if now >= datetime.fromtimestamp(claims["exp"], UTC):
            raise self._refused("it has been open for long: load the app again")
        return Visitor(claims["sub"], datetime.fromtimestamp(claims["auth_time"], UTC))

    # ---- the token --------------------------------------------------------------------------------------------------

    def _verified(self, token: str) -> dict[str, Any]:
        """The claims, of Zendesk's key and for our app; a key that does not fit is asked for once more."""
        try:
            return _claims(token, self._keys.known())
        except (jwt.InvalidSignatureError, jwt.InvalidAudienceError):
            signing = self._keys.renewed()
        except jwt.InvalidTokenError as error:
            raise self._refused(f"the token is not good ({_plain(error)})") from error
        try:
            return _claims(token, signing)
        except jwt.InvalidTokenError as error:
            raise self._refused(f"the token is not good ({_plain(error)})") from error

    def _in_time(self, claims: dict[str, Any], now: datetime) -> None:
        times = {name: claims[name] for name in ("exp", "iat", "nbf") if name in claims}
        if not all(type(value) in (int, float) and 0 < value < 1 << 40 for value in times.values()):
            raise self._refused("the times in the token are none")
        moment, skew = now.timestamp(), SKEW.total_seconds()
        if moment >= times["exp"] + skew:
            raise self._refused("the token is too old: load the app again")
        if moment < max(times["iat"], times.get("nbf", 0)) - skew:
            raise self._refused("the token is from the future: check the clock of the machine Amends runs on")
        if times["exp"] - times["iat"] > LONGEST.total_seconds():
            raise self._refused("the token claims to be good for longer than a day")

    def _must_be_set_up(self) -> None:
        if not self._settings.sidebar_app:
            raise self._refused("the app's id is not known: set `sidebar_app` of this inbox in amends.yaml", 503)
        if not self._settings.token or "${" in self._settings.token:
            raise self._refused("the `token` of this inbox is not set where this page runs", 503)

    def _refused(self, problem: str, status: int = 401) -> VisitRefused:
        return VisitRefused(self._settings.name, problem, status)


def _claims(token: str, signing: Signing) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(
        token, signing.key, algorithms=["RS256"], audience=signing.audiences,
        options={"require": ["exp", "iat", "aud"], "verify_exp": False, "verify_iat": False,
                 "verify_nbf": False},
    )  # fmt: skip
    if not isinstance(claims["aud"], str):
        raise jwt.InvalidAudienceError("more than one audience")
    if not isinstance(claims.get("context", {}), dict):
        raise jwt.InvalidTokenError("the context is none")
    return claims


def _plain(error: jwt.InvalidTokenError) -> str:
    """What is wrong, without any word of the token."""
    return next((said for kind, said in _WRONG.items() if isinstance(error, kind)), "it cannot be read")


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
