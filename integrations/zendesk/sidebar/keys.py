"""What Zendesk says of our app: the key it signs with, and where the app is installed.

GET /api/v2/apps/{id}/public_key.pem and GET /api/v2/apps/installations.json
(developer.zendesk.com/documentation/apps/build-an-app/building-a-server-side-app/part-5-secure-the-app).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock
from time import monotonic
from typing import Protocol

import requests
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from plugin.inbox import InboxError, InboxRefused, InboxUnavailable

TIMEOUT = (5.0, 10.0)  # seconds to connect and to read: somebody waits for the page
AGAIN = 60.0
"""Seconds in which Zendesk is not asked again, whatever strangers send us."""

PAUSE = 5.0
"""Seconds in which it is not asked again after it did not answer; whoever comes is told so at once."""

_WAITING = 4  # each holds a thread by which we could be called
_LARGEST = 1 << 20


class AppSettings(Protocol):
    """What the sidebar reads of an inbox's settings."""

    @property
    def name(self) -> str: ...
    @property
    def subdomain(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def token(self) -> str: ...
    @property
    def sidebar_app(self) -> int: ...
    @property
    def url(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Signing:
    """The key that signs, and the audiences a token may be meant for: one for each installation of our app."""

    key: RSAPublicKey
    audiences: tuple[str, ...]


class Keys:
    """The key of one app, asked of Zendesk once and again where it does not fit. Safe to use from several threads."""

    def __init__(self, settings: AppSettings) -> None:
        self._settings, self._lock, self._room = settings, Lock(), BoundedSemaphore(_WAITING)
        self._known: Signing | None = None
        self._fault: InboxError | None = None
        self._asked_at = 0.0

    def known(self) -> Signing:
        """The key as it was last asked for; raises InboxUnavailable, InboxRefused."""
        known = self._known  # it is never taken back, so nobody who has it waits for those who ask
        if known is not None:
            return known
        with self._alone():
            return self._known or self._asked()

    def renewed(self) -> Signing:
        """The key asked for anew, at most once a minute; for a token the known one does not fit. Raises as above."""
        with self._alone():
            fresh = monotonic() - self._asked_at < AGAIN
            return self._known if fresh and self._known else self._asked()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One asks, a few wait; anybody can send us here, so all others are told at once."""
        if not self._room.acquire(blocking=False):
            raise InboxUnavailable(self._settings.name, "Zendesk is being asked for the key of the app")
        try:
            with self._lock:
                yield
        finally:
            self._room.release()

    def _asked(self) -> Signing:
        if self._fault is not None and monotonic() - self._asked_at < PAUSE:
            raise self._fault
        try:
            self._known, self._fault = self._ask(), None
        except InboxError as error:
            self._fault = error
            raise
        finally:
            self._asked_at = monotonic()
        return self._known

    def _ask(self) -> Signing:
        settings, app = self._settings, self._settings.sidebar_app
        pem = self._get(f"apps/{app}/public_key.pem")
        installations = self._installed(self._get("apps/installations.json"))
        where = f"https://{settings.subdomain}.zendesk.com/api/v2/apps/installations"
        return Signing(_rsa(settings.name, pem), tuple(f"{where}/{number}.json" for number in installations))

    def _installed(self, answer: requests.Response) -> list[int]:
        try:
            return [int(one["id"]) for one in answer.json()["installations"]
                    if one["app_id"] == self._settings.sidebar_app]  # fmt: skip
        except (ValueError, KeyError, TypeError) as error:
            raise InboxUnavailable(self._settings.name, "Zendesk's list of installed apps cannot be read") from error

    def _get(self, path: str) -> requests.Response:
        settings = self._settings
        try:
            answer = requests.get(
                f"{settings.url}/api/v2/{path}", auth=(f"{settings.email}/token", settings.token), timeout=TIMEOUT,
                allow_redirects=False,
            )  # fmt: skip
        except requests.RequestException as error:
            raise InboxUnavailable(settings.name, f"no answer from Zendesk ({type(error).__name__})") from error
        if answer.status_code in (401, 403, 404):
            raise InboxRefused(
                settings.name, f"Zendesk says {answer.status_code} to {path}",
                "check `sidebar_app`, the app's id in Admin Center, and that the login of the inbox may see apps",
            )  # fmt: skip
        if answer.status_code != 200 or len(answer.content) > _LARGEST:
            raise InboxUnavailable(settings.name, f"Zendesk says {answer.status_code} to {path}")
        return answer


def _rsa(inbox: str, answer: requests.Response) -> RSAPublicKey:
    try:
        key = load_pem_public_key(answer.content)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InboxUnavailable(inbox, "what Zendesk gives as the key of the app is none") from error
    if not isinstance(key, RSAPublicKey):
        raise InboxRefused(inbox, "the key Zendesk gives for the app is no RSA key")
    return key
