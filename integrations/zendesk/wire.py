"""The talk with Zendesk: zenpy over a session of our own, its faults told in our own words, its objects kept here.

zenpy knows the paths; whether to repeat, when to ask again and what an answer is worth is decided by the session:
zenpy by itself repeats writes, sleeps in the calling thread and takes half an answer for a whole one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any, Protocol, TypeVar

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry
from zenpy import Zenpy
from zenpy.lib.api_objects import Ticket
from zenpy.lib.exception import ZenpyException

from plugin.inbox import InboxRefused, InboxUnavailable
from plugin.model import Address

Json = dict[str, Any]
_T = TypeVar("_T")

TIMEOUT = (10.0, 30.0)  # seconds to connect and to read
_MANY_USERS = 100  # at once (api-reference/ticketing/users/users, show_many)
_MANY_PAGES = 20
_PAGES_OF_AUDITS = 1000  # a ticket holds 5,000 comments, and may have seen many more changes
_LONGEST_WAIT = 3600.0
_SHARE = 0.5
"""Of what Zendesk allows in a minute, reading the past may use so much; the rest is for what happens now."""


class ZendeskSettings(Protocol):
    """What this package reads of an inbox's settings."""

    @property
    def name(self) -> str: ...
    @property
    def subdomain(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def token(self) -> str: ...
    @property
    def webhook_secret(self) -> str: ...
    @property
    def tag_prefix(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def identities(self) -> tuple[Address, ...]: ...
    @property
    def sidebar_app(self) -> int: ...  # 0 for none
    @property
    def reminders(self) -> str: ...  # empty for off
    @property
    def start(self) -> Any: ...  # now, all or a date


ODD = (AttributeError, LookupError, TypeError, ValueError)
"""What comes of reading an answer that is not as Zendesk describes it; one ticket must not hold up the others."""


class Barred(InboxRefused):
    """This login may not see or do that; with another thing it may be different."""


class Gone(Exception):
    """There is nothing under this address, or it was thrown away."""


class Changed(Exception):
    """Somebody changed the ticket since it was read (409 under safe_update)."""


class Unwritable(Exception):
    """Zendesk will not have this change, now or later; the text says why (400, 422)."""


@dataclass(frozen=True, slots=True)
class Exported:
    """One page of the incremental export; `cursor` stands behind it."""

    tickets: list[Json]
    users: list[Json]
    cursor: str
    end: bool


class Wire:
    """One account; belongs to one thread at a time. Every call may raise InboxUnavailable or InboxRefused."""

    def __init__(self, settings: ZendeskSettings) -> None:
        # zenpy writes bodies to its log, and the log of urllib3 has whole addresses.
        for talkative in ("zenpy", "urllib3"):
            logging.getLogger(talkative).setLevel(logging.WARNING)
        self._session = _Session(settings)
        self._api = Zenpy(
            subdomain=settings.subdomain, email=settings.email, token=settings.token, session=self._session,
            timeout=TIMEOUT, disable_cache=True,
        )  # fmt: skip

    def me(self) -> Json:
        """Who we are to Zendesk; raises InboxRefused where it does not know us."""
        user: Json = self._part(self._always(self._api.users.me), "user", dict)
        if user.get("id") is None:
            raise self._session.unknown()
        return user

    def ticket(self, ticket: int) -> tuple[Json, list[Json]]:
        """A ticket, and the people around it; raises Gone."""
        answer = self._asked(lambda: self._api.tickets(id=ticket, include=["users"]))[0]
        return self._part(answer, "ticket", dict), answer.get("users") or []

    def audits(self, ticket: int) -> list[Json]:
        """Everything that happened to a ticket, oldest first; raises Gone."""
        # zenpy takes the next page's address from the answer, and follows it only where it knows the host.
        return self.listed(f"tickets/{ticket}/audits", "audits", pages=_PAGES_OF_AUDITS)

    def users(self, ids: Iterable[int]) -> list[Json]:
        """These users; those that are not there any more are left out."""
        wanted, found = sorted(set(ids)), list[Json]()
        for start in range(0, len(wanted), _MANY_USERS):
            some = wanted[start : start + _MANY_USERS]
            answer = self._always(lambda some=some: self._api.users(ids=some))  # type: ignore[misc]
            found += self._part(answer, "users", list)
        return found

    def update(self, ticket: int, fields: Json) -> Json:
        """Change a ticket: its answer, `ticket` and `audit`; raises Gone, Changed, Unwritable."""
        return self._written(self._asked(lambda: self._api.tickets.update(Ticket(id=ticket, **fields)))[0])

    def create(self, fields: Json, key: str) -> Json:
        """A new ticket; the same `key` within two hours gives the same ticket again, and no second one."""
        self._session.key = key
        try:
            return self._written(self._asked(lambda: self._api.tickets.create(Ticket(**fields)))[0])
        finally:
            self._session.key = ""

    def _written(self, answer: Json) -> Json:
        self._part(answer, "ticket", dict)  # without it nobody knows what became of what we wrote
        return answer

    def export(self, *, start: int = 0, cursor: str = "") -> Exported:
        """What changed since `start` (seconds since 1970, more than a minute ago), or behind a cursor; a page of it."""
        where: Json = {"cursor": cursor} if cursor else {"start_time": start}
        answer = self._always(lambda: self._api.tickets.incremental(include=["users"], **where))
        end = bool(answer.get("end_of_stream"))
        return Exported(
            self._part(answer, "tickets", list), answer.get("users") or [], answer.get("after_cursor") or cursor, end
        )

    def raw(self, path: str, **query: str) -> Json:
        """What stands under a path below /api/v2, for the few things zenpy has no words for."""
        self._session.answers.clear()
        self._session.get(f"{self._session.home}/api/v2/{path}", params=query, timeout=TIMEOUT)
        return self._session.answers[-1]

    def listed(self, path: str, name: str, pages: int = _MANY_PAGES) -> list[Json]:
        """All records of a list, page by page behind a cursor (api-reference/introduction/pagination)."""
        found, query = list[Json](), {"page[size]": "100"}
        for _ in range(pages):
            answer = self.raw(path, **query)
            found += self._part(answer, name, list)
            meta = answer.get("meta") or {}
            if not meta.get("has_more"):
                break
            after = str(meta.get("after_cursor") or "")
            if not after or after == query.get("page[after]"):
                raise ValueError(f"the list {name} does not say what comes next")
            query["page[after]"] = after
        return found

    def call_back(self, webhook: str, payload: str) -> int:
        """Zendesk calls a webhook of its own once, now; the status it was answered with, 0 for none.

        POST /api/v2/webhooks/test changes nothing in the account (api-reference/webhooks/webhooks-api/webhooks).
        """
        self._session.answers.clear()
        self._session.post(
            f"{self._session.home}/api/v2/webhooks/test", params={"webhook_id": webhook},
            json={"request": {"payload": payload}}, timeout=TIMEOUT,
        )  # fmt: skip
        return int((self._session.answers[-1].get("response") or {}).get("status") or 0)

    def now(self) -> datetime:
        """What time it is for Zendesk, as of its last answer; ours until there was one."""
        return self._session.now()

    @property
    def skew(self) -> float:
        """By how many seconds our clock was ahead of Zendesk's at its last answer."""
        return self._session.skew

    @property
    def limit(self) -> tuple[int, int] | None:
        """How many requests a minute may have, and how many were left at the last answer that said so."""
        return self._session.limit

    def has_room(self) -> bool:
        """Whether so much of the minute is left that the past may be read."""
        return self._session.left >= 1 - _SHARE

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def _asked(self, ask: Callable[[], Any]) -> list[Json]:
        """All answers to what is asked, one at least."""
        self._session.answers.clear()
        try:
            ask()
        except (ZenpyException, *ODD) as error:
            raise self._session.senseless() from error  # zenpy makes objects of every answer, and stumbled over one
        if not self._session.answers:
            raise self._session.senseless()
        return list(self._session.answers)

    def _always(self, ask: Callable[[], Any]) -> Json:
        """The answer to what every account answers; raises InboxRefused where it will not."""
        try:
            return self._asked(ask)[0]
        except Gone as error:
            raise self._session.elsewhere() from error
        except (Changed, Unwritable) as error:
            raise self._session.unwilling(str(error)) from error

    def _part(self, answer: Json, name: str, kind: type[_T]) -> _T:
        """What an answer holds under this name; raises InboxUnavailable where it is something else."""
        part = answer.get(name)
        if not isinstance(part, kind):
            raise self._session.senseless()
        return part


class _Session(requests.Session):
    """Never repeats, never sleeps; keeps the answers as they came."""

    def __init__(self, settings: ZendeskSettings) -> None:
        super().__init__()
        for scheme in ("https://", "http://"):
            self.mount(scheme, HTTPAdapter(max_retries=Retry(total=0)))
        self.home = f"https://{settings.subdomain}.zendesk.com"
        self.answers: list[Json] = []
        self.key = ""
        self.left, self.skew = 1.0, 0.0
        self.limit: tuple[int, int] | None = None
        self._name, self._email, self._there = settings.name, settings.email, settings.url
        self._until = 0.0

    def now(self) -> datetime:
        """The time there."""
        return datetime.fromtimestamp(time.time() - self.skew, UTC)

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """One request, sent once; a fault becomes one of ours."""
        if (wait := self._until - time.monotonic()) > 0:
            raise self._unavailable("Zendesk asked us to wait", wait)
        if self.key and str(method).upper() == "POST":
            kwargs["headers"] = {**(kwargs.get("headers") or {}), "Idempotency-Key": self.key}
        # Zendesk sends nobody elsewhere; whoever does is not to hear the login, nor to have his answers believed.
        kwargs["allow_redirects"] = False
        try:
            response = super().request(str(method), self._address(str(url)), *args, **kwargs)
        except requests.RequestException as error:
            raise self._unavailable(f"no answer from Zendesk ({type(error).__name__})") from error
        self._learn(response)
        self._refuse(response)
        self.answers.append(self._read(response))
        return response

    def _address(self, url: str) -> str:
        """Where something of the API lies; an answer names the next page of a list, so it may be anywhere."""
        for base in (self.home, self._there):
            if url.startswith(f"{base}/"):
                return self._there + url.removeprefix(base)
        raise self.senseless()

    def senseless(self) -> InboxUnavailable:
        """This is no answer of Zendesk's, perhaps of something on the way there."""
        return self._unavailable("Zendesk's answer makes no sense")

    def elsewhere(self) -> InboxRefused:
        """Whoever answers there has nothing of what every account has."""
        return InboxRefused(self._name, f"{self._there} answers, but not as Zendesk does", "check `subdomain`")

    def unwilling(self, why: str) -> InboxRefused:
        """It was asked for what every account tells, and does not tell it."""
        return InboxRefused(self._name, f"Zendesk will not tell what it was asked: {why or 'it gives no reason'}")

    def unknown(self) -> InboxRefused:
        """Our login is none."""
        return InboxRefused(
            self._name, f"Zendesk does not accept the login of {self._email}",
            "check `email` and `token`, and that token access is switched on in Admin Center",
        )  # fmt: skip

    def _learn(self, response: requests.Response) -> None:
        with suppress(KeyError, ValueError):  # an answer without a time tells nothing new about it
            self.skew = time.time() - parsedate_to_datetime(response.headers["Date"]).timestamp()
        most, left = (_number(response.headers.get(name)) for name in ("X-Rate-Limit", "X-Rate-Limit-Remaining"))
        if most and left is not None and isfinite(most) and isfinite(left):
            self.left, self.limit = left / most, (int(most), int(left))

    def _refuse(self, response: requests.Response) -> None:
        status = response.status_code
        if status < 300:
            return
        if status == 429 or status >= 500:
            self._pause(response)
        if status == 401:
            raise self.unknown()
        if status == 403:
            raise Barred(
                self._name, f"Zendesk does not let {self._email} do that",
                "give it the role of an admin in Admin Center, and make it a member of private groups",
            )  # fmt: skip
        if status == 404:
            raise Gone
        if status == 409:
            raise Changed
        if status < 400:
            raise InboxRefused(self._name, "Zendesk sends us to another address", "check `subdomain`")
        raise Unwritable(f"{status}: {_reason(response)}")

    def _pause(self, response: requests.Response) -> None:
        """429 and 5xx: nobody asks again before the time Zendesk names."""
        wait = min(_seconds(response.headers.get("Retry-After"), self.now()), _LONGEST_WAIT)
        self._until = time.monotonic() + wait
        why = "Zendesk is asked too often" if response.status_code == 429 else f"Zendesk answers {response.status_code}"
        raise self._unavailable(why, wait)

    def _read(self, response: requests.Response) -> Json:
        if not response.content:
            return {}
        try:
            answer = response.json()
        except ValueError as error:
            raise self._unavailable("Zendesk's answer broke off") from error
        if not isinstance(answer, dict):
            raise self.senseless()
        return answer

    def _unavailable(self, problem: str, wait: float = 0.0) -> InboxUnavailable:
        return InboxUnavailable(self._name, problem, wait=wait)


def _seconds(text: str | None, now: datetime) -> float:
    """How long `Retry-After` asks us to wait: seconds, also broken ones, or a date (RFC 9110, 10.2.3); else nothing."""
    if (seconds := _number(text)) is not None:
        return max(0.0, seconds)
    try:
        return max(0.0, (parsedate_to_datetime(text or "") - now).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _reason(response: requests.Response) -> str:
    """What Zendesk says is wrong: names of fields and its own words for them, never what we sent."""
    try:
        body = response.json()
    except ValueError:
        return "no reason given"
    if not isinstance(body, dict):
        return "no reason given"
    details = body.get("details")
    if isinstance(details, dict):
        said: Sequence[Any] = [one.get("description") for some in details.values() if isinstance(some, list)
                               for one in some if isinstance(one, dict)]  # fmt: skip
        return "; ".join(str(one) for one in said if one)[:300] or "no reason given"
    return str(body.get("description") or body.get("error") or "no reason given")[:300]
