"""The way into one account, the same for all its connections: reached, encrypted, logged in, and kept out of trouble.

Who was refused is not tried again and again, for that locks accounts; who is asked for silence is silent on every
connection.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Protocol

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError

from plugin.inbox import InboxRefused, InboxUnavailable, Token, Tokens
from plugin.model import Address

TIMEOUT = SocketTimeout(connect=10, read=30)
_REFUSED = 300.0  # seconds until a password that was refused is tried again, twice as many after each time
_REFUSED_AT_MOST = 3600.0
_QUIET = 900.0  # seconds of silence where a server throttles us and does not say for how long
_CROWDED = 60.0  # seconds until a place may be free where there are too many connections
_BACKOFF = re.compile(r"Backoff Time: (\d+) milliseconds", re.IGNORECASE)
_THROTTLED = re.compile(r"\[THROTTLED\]|throttl|(?:command|bandwidth) limits", re.IGNORECASE)
_TOO_MUCH = re.compile(r"\[OVERQUOTA\]", re.IGNORECASE)
_TOO_MANY = re.compile(r"\[LIMIT\]|too many (?:simultaneous )?connections|number of connections", re.IGNORECASE)
_TRANSIENT = re.compile(
    r"\[(UNAVAILABLE|INUSE|SERVERBUG)\]|too many|try again|temporar|EOF|socket error|Connection", re.IGNORECASE
)
_ELBOW_ROOM = (
    "Amends holds two connections at most: close a mail program that holds many, or have the server allow more"
)


class ImapSettings(Protocol):
    """What this package reads of an inbox's settings."""

    @property
    def name(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def tls(self) -> str: ...  # implicit, starttls or none
    @property
    def user(self) -> str: ...
    @property
    def password(self) -> str: ...  # empty where there are tokens
    @property
    def identities(self) -> tuple[Address, ...]: ...
    @property
    def ours(self) -> tuple[str, ...]: ...
    @property
    def folders(self) -> tuple[str, ...]: ...
    @property
    def drafts(self) -> str: ...
    @property
    def sent(self) -> tuple[str, ...]: ...
    @property
    def reminders(self) -> str: ...  # empty for off
    @property
    def show(self) -> str: ...
    @property
    def start(self) -> str | date: ...  # now, all or a date


class LoginRefused(InboxRefused):
    """The server does not accept this user and password, or token."""


class CertificateRefused(InboxRefused):
    """The server's certificate does not prove that it is the host we asked for."""


@dataclass(frozen=True, slots=True)
class Inside:
    """A connection that is logged in, and the token it got in with, if it was one."""

    client: IMAPClient
    token: Token | None


class Door:
    """Lets connections into one account; safe to use from several threads."""

    def __init__(self, settings: ImapSettings, tokens: Tokens | None = None) -> None:
        self._settings, self._tokens = settings, tokens
        self._turn = threading.Lock()  # one at a time: of two that are refused at once each would count
        self._refusal: InboxRefused | None = None
        self._refusals = 0
        self._closed_until = 0.0
        self._stamp = ""
        self._quiet_until, self._quiet_told = 0.0, ""
        self.hushed: Callable[[], None] = lambda: None

    def enter(self) -> Inside:
        """A connection that is logged in; raises InboxRefused or InboxUnavailable with what to do about it."""
        with self._turn:
            self.stay_quiet()
            self._stay_out()
            try:
                inside = self._entered()
            except (LoginRefused, _Unsigned) as error:
                raise self._shut(error) from error
            self._refusal, self._refusals = None, 0
            return inside

    def outdated(self, token: Token | None) -> bool:
        """Whether a fresher token than this one is to be used from now on; raises as `enter` does."""
        if token is None or self._tokens is None or not token.renew_at or time.time() < token.renew_at:
            return False
        with self._turn:
            self._stay_out()
            try:
                return self._token(self._tokens).text != token.text
            except _Unsigned as error:
                raise self._shut(error) from error

    def stay_quiet(self) -> None:
        """Raises InboxUnavailable as long as the server asked for silence."""
        if self.is_quiet:
            left = self._quiet_until - time.monotonic()
            raise InboxUnavailable(self._settings.name, self._quiet_told, wait=max(left, 0.1))

    @property
    def is_quiet(self) -> bool:
        """Whether the server has asked for silence, and its time is not over."""
        return time.monotonic() < self._quiet_until

    def heed(self, said: str, *, appending: bool = False) -> None:
        """Raises InboxUnavailable where what the server said asks for silence, and keeps it for so long.

        Microsoft says for how long (`Suggested Backoff Time`), Google does not (`[OVERQUOTA]`, `[THROTTLED]`). An
        APPEND over quota is told so too, and means a full mailbox (RFC 5530).
        """
        if found := _BACKOFF.search(said):
            self._hush(int(found[1]) / 1000, said)
        elif _THROTTLED.search(said) or (_TOO_MUCH.search(said) and not appending):
            self._hush(_QUIET, said)

    def _hush(self, seconds: float, said: str) -> None:
        self._quiet_until = time.monotonic() + seconds
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        self._quiet_told = f"throttled until {until:%d %b %H:%M:%S} UTC: {self._settings.host} said {said}"
        self.hushed()
        self.stay_quiet()

    def _stay_out(self) -> None:
        """Raises again what was said last, as long as nothing is different."""
        if self._refusal is None:
            return
        signed_in = self._tokens is not None and self._tokens.stamp() != self._stamp
        if not signed_in and time.monotonic() < self._closed_until:
            raise LoginRefused(self._refusal.inbox, self._refusal.problem, self._refusal.advice)

    def _shut(self, error: InboxRefused) -> InboxRefused:
        """No more tries: with a password for a while, longer each time; with a sign-in until there is a new one."""
        stamp = "" if self._tokens is None else self._tokens.stamp()
        pause = min(_REFUSED * 2**self._refusals, _REFUSED_AT_MOST)
        self._closed_until = float("inf") if stamp else time.monotonic() + pause
        self._stamp, self._refusals = stamp, self._refusals + 1
        self._refusal = (
            error if isinstance(error, LoginRefused) else LoginRefused(error.inbox, error.problem, error.advice)
        )
        return self._refusal

    def _entered(self) -> Inside:
        token = None if self._tokens is None else self._token(self._tokens)
        client = self._reached()
        try:
            if self._tokens is None or token is None:
                _log_in(client, self._settings)
            else:
                token = self._show(client, self._tokens, token)
            client.capabilities()
        except BaseException as error:
            end(client.shutdown)
            if isinstance(error, LoginError):
                raise self._refused(error) from error
            raise
        return Inside(client, token)

    def _token(self, tokens: Tokens, refused: str = "") -> Token:
        try:
            return tokens.get(refused)
        except InboxRefused as error:
            raise _Unsigned(error.inbox, error.problem, error.advice) from error

    def _show(self, client: IMAPClient, tokens: Tokens, token: Token) -> Token:
        """Log in with a token; one that is refused is renewed once, for it may have been taken back before its time."""
        try:
            _show(client, self._settings.user, token)
        except LoginError as error:
            if self._is_passing(str(error)):
                raise
            token = self._token(tokens, token.text)
            _show(client, self._settings.user, token)
        return token

    def _refused(self, error: LoginError) -> InboxRefused | InboxUnavailable:
        """What a refused login means; raises InboxUnavailable where the server asks for silence."""
        said, name, host = what_was_said(error), self._settings.name, self._settings.host
        self.heed(said)
        if _TOO_MANY.search(said):
            # Of other servers than Gmail the places are free again as soon as a mail program leaves.
            wait = _CROWDED if "simultaneous" in said.lower() else 0.0
            problem = f"{host} allows no more connections to this account: {said}"
            return InboxUnavailable(name, problem, _ELBOW_ROOM, wait=wait)
        if self._is_passing(said):
            return InboxUnavailable(name, f"{host} lets nobody in now: {said}")
        # No user is named: this is logged, and logs hold no address.
        if self._tokens is not None:
            return LoginRefused(name, f"{host} refused the sign-in: {said}", self._tokens.advice)
        return LoginRefused(name, f"{host} refused the login: {said}", "check `user:` and `password:`")

    def _is_passing(self, said: str) -> bool:
        return any(words.search(said) for words in (_BACKOFF, _THROTTLED, _TOO_MUCH, _TOO_MANY, _TRANSIENT))

    def _reached(self) -> IMAPClient:
        """A connection that is encrypted as was asked for."""
        client = _reach(self._settings)
        try:
            # Nagle's delay costs some servers 40 ms a command.
            client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # imapclient formats every literal, so every customer's mail, for a debug log: wasted time and a leak.
            client._imap.debug = 0
            client.normalise_times = False
            if self._settings.tls == "starttls":
                _start_tls(client, self._settings)
        except BaseException:
            end(client.shutdown)
            raise
        return client


class _Unsigned(InboxRefused):
    """There is no token to show."""


def _reach(settings: ImapSettings) -> IMAPClient:
    where = f"{settings.host}:{settings.port}"
    try:
        implicit = settings.tls == "implicit"
        context = _trusting() if implicit else None
        return IMAPClient(settings.host, settings.port, ssl=implicit, ssl_context=context, timeout=TIMEOUT)
    except ssl.SSLCertVerificationError as error:
        raise _untrusted(settings, error) from error
    except ssl.SSLError as error:
        raise InboxUnavailable(
            settings.name, f"{where} does not speak TLS: {what_was_said(error)}", "check `port:` and `tls:`"
        ) from error
    except socket.gaierror as error:
        raise InboxUnavailable(
            settings.name, f"the name {settings.host} is not known", "check `host:`, and that this machine is online"
        ) from error
    except TimeoutError as error:
        raise InboxUnavailable(settings.name, f"{where} does not answer", "check `host:` and `port:`") from error
    except (IMAPClientError, OSError) as error:
        raise InboxUnavailable(settings.name, f"cannot connect to {where}: {what_was_said(error)}") from error


def _trusting() -> ssl.SSLContext:
    """Whom this machine trusts, read once for all connections: the list takes as much memory as ten of them."""
    return _context(os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", ""))


@lru_cache(maxsize=4)
def _context(_file: str, _folder: str) -> ssl.SSLContext:
    return ssl.create_default_context()  # it looks at both variables itself


def _start_tls(client: IMAPClient, settings: ImapSettings) -> None:
    if not client.has_capability("STARTTLS"):
        raise InboxRefused(
            settings.name, f"{settings.host} does not offer STARTTLS", "set `tls: implicit` and its port"
        )
    try:
        client.starttls(_trusting())
    except ssl.SSLCertVerificationError as error:
        raise _untrusted(settings, error) from error


def _untrusted(settings: ImapSettings, error: ssl.SSLCertVerificationError) -> CertificateRefused:
    return CertificateRefused(
        settings.name,
        f"the certificate of {settings.host} cannot be trusted: {error.verify_message}",
        "check `host:`, or have the certificate mended",
    )


def _log_in(client: IMAPClient, settings: ImapSettings) -> None:
    if settings.password.isascii() and settings.user.isascii():
        client.login(settings.user, settings.password)
    else:
        client.plain_login(settings.user, settings.password)  # LOGIN as imaplib sends it can only be ASCII


def _show(client: IMAPClient, user: str, token: Token) -> None:
    """Log in with a token: by XOAUTH2, which Microsoft and Google have, else by OAUTHBEARER (RFC 7628)."""
    bearer = f"auth=Bearer {token.text}\1\1"
    if client.has_capability("AUTH=XOAUTH2") or not client.has_capability("AUTH=OAUTHBEARER"):
        mechanism, words = "XOAUTH2", f"user={user}\1{bearer}"
    else:
        escaped = user.replace("=", "=3D").replace(",", "=2C")
        mechanism, words = "OAUTHBEARER", f"n,a={escaped},\1{bearer}"
    answers = iter((words.encode(),))
    # A refusal comes as a challenge, which is to be answered with nothing (XOAUTH2) or ^A (RFC 7628, 3.2.3).
    client.sasl_login(mechanism, lambda _: next(answers, b"" if mechanism == "XOAUTH2" else b"\1"))


def what_was_said(error: Exception) -> str:
    """What the server or the system said, in one line; imapclient tells a server's words as Python writes bytes."""
    said = " ".join(str(error).split())
    plain = re.fullmatch(r"""b(['"])(.*)\1""", said)
    return (plain[2] if plain else said)[:200] or type(error).__name__


def end(farewell: Callable[[], object]) -> None:
    """Close a connection that may be dead already."""
    try:
        farewell()
    except (IMAPClientError, OSError, ValueError, AttributeError):
        # Swallowed on purpose: the connection is given up, so nothing that goes wrong while closing it matters.
        return
