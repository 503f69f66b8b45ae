"""A provider of sign-ins on this machine: it speaks as Microsoft's and Google's do, and as a server asks about tokens.

with signing_in(folder) as provider:
    provider.url            # https, under a certificate of its own; `provider.trust` is what makes it trusted
    provider.introspection  # http, for a mail server that asks whose token this is (RFC 7662)
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT, CLIENT_SECRET = "client-id-1234", "canary-client-secret-5f1e"


@dataclass(slots=True)
class Provider:
    """What it knows and what it was asked; `life` is that of an access token in seconds, `status` 200 or an outage."""

    user: str = "support@example.com"
    life: float = 3600.0
    status: int = 200
    url: str = ""
    introspection: str = ""
    certificate: Path = Path()
    approved: bool = True  # whether the person has typed the code
    may_renew: bool = True
    grants: list[str] = field(default_factory=list)  # what tokens were asked for with
    issued: dict[str, float] = field(default_factory=dict)  # each access token, and when it ends
    refresh_tokens: set[str] = field(default_factory=set)
    shown: list[tuple[str, float]] = field(
        default_factory=list
    )  # tokens at the mail server, with what was left of them
    _codes: dict[str, str] = field(default_factory=dict)
    _scope: str = ""
    _lock: Any = field(default_factory=Lock)

    @property
    def trust(self) -> dict[str, str]:
        """The environment in which its certificate is trusted."""
        return {"REQUESTS_CA_BUNDLE": str(self.certificate)}

    def secrets(self) -> set[str]:
        """Every token it ever handed out, and the client's secret."""
        return {CLIENT_SECRET, *self.issued, *self.refresh_tokens}

    def revoke(self) -> None:
        """No access token holds any more; a fresh one may be had."""
        self.issued = dict.fromkeys(self.issued, 0.0)

    def answer(self, path: str, asked: dict[str, str]) -> tuple[int, Any]:
        """The status and the document for one request; a text instead of a document is where to go."""
        with self._lock:
            if self.status != 200 and not path.endswith("introspect"):
                return self.status, {"error": "server_error"}
            return self._answer(path, asked)

    def _answer(self, path: str, asked: dict[str, str]) -> tuple[int, Any]:
        if path.endswith("/v2.0/.well-known/openid-configuration"):
            base = self.url + path.removesuffix("/v2.0/.well-known/openid-configuration")
            return 200, {"issuer": f"{base}/v2.0", "token_endpoint": f"{base}/oauth2/v2.0/token",
                         "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                         "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode"}  # fmt: skip
        if path.endswith("/oauth2/v2.0/devicecode"):
            self._scope = asked["scope"]
            return 200, {"device_code": "device-1", "user_code": "ABCD-EFGH", "expires_in": 60, "interval": 1,
                         "verification_uri": f"{self.url}/devicelogin",
                         "message": "Open the page and enter the code ABCD-EFGH."}  # fmt: skip
        if path.endswith("/token"):
            return self._token(asked)
        if path == "/o/oauth2/auth":
            return 302, self._page(asked)
        if path == "/introspect":
            return 200, self._whose(asked["token"])
        return 404, {"error": "not_found"}

    def _page(self, asked: dict[str, str]) -> str:
        """Where the person is led back to after saying yes."""
        code, self._scope = secrets.token_hex(8), asked["scope"]
        self._codes[code] = asked["code_challenge"]
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'scope': asked['scope']})}"

    def _token(self, asked: dict[str, str]) -> tuple[int, Any]:
        grant = asked["grant_type"].rpartition(":")[2]
        self.grants.append(grant)
        if grant == "device_code" and not self.approved:
            return 400, {"error": "authorization_pending"}
        if grant == "authorization_code" and not self._proves(asked):
            return 401, {"error": "invalid_client"}
        if grant == "refresh_token" and not (self.may_renew and asked["refresh_token"] in self.refresh_tokens):
            told = f"AADSTS700082: The refresh token of {self.user} has expired due to inactivity."
            return 400, {"error": "invalid_grant", "error_description": told}
        if grant == "client_credentials" and asked["client_secret"] != CLIENT_SECRET:
            return 401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret."}
        return 200, self._granted(asked.get("scope", self._scope))

    def _proves(self, asked: dict[str, str]) -> bool:
        """Whether this is who began, and with the client's secret (RFC 7636)."""
        digest = hashlib.sha256(asked["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        return (
            challenge == self._codes.pop(asked["code"]) and asked.get("client_secret", CLIENT_SECRET) == CLIENT_SECRET
        )

    def _granted(self, scope: str) -> dict[str, Any]:
        access, refresh = f"canary-access-{secrets.token_hex(16)}", f"canary-refresh-{secrets.token_hex(16)}"
        self.issued[access] = time.time() + self.life
        self.refresh_tokens.add(refresh)
        now = int(time.time())
        claims = {"aud": CLIENT, "iss": self.url, "iat": now, "nbf": now, "exp": now + 3600, "sub": "s", "oid": "u1",
                  "tid": "t1", "preferred_username": self.user}  # fmt: skip
        mail = [one for one in scope.split() if one.startswith("https://")]
        return {"token_type": "Bearer", "access_token": access, "refresh_token": refresh,
                "expires_in": int(self.life), "scope": " ".join(mail),
                "client_info": _packed({"uid": "u1", "utid": "t1"}),
                "id_token": f"{_packed({'alg': 'none'})}.{_packed(claims)}.x"}  # fmt: skip

    def _whose(self, token: str) -> dict[str, Any]:
        left = self.issued.get(token, 0.0) - time.time()
        self.shown.append((token, left))
        return {"active": "true" if left > 0 else "false", "username": self.user, "token_type": "Bearer"}


def _packed(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


@contextmanager
def signing_in(folder: Path) -> Iterator[Provider]:
    """A provider that is there for as long as the block runs."""
    provider = Provider(certificate=folder / "provider.pem")
    key = _certificate(provider.certificate)
    secure, plain = _server(provider), _server(provider)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(provider.certificate, key)
    secure.socket = context.wrap_socket(secure.socket, server_side=True)
    provider.url = f"https://127.0.0.1:{secure.server_port}"
    provider.introspection = f"http://127.0.0.1:{plain.server_port}/introspect"
    threads = [Thread(target=one.serve_forever, args=(0.05,), daemon=True) for one in (secure, plain)]
    for thread in threads:
        thread.start()
    try:
        yield provider
    finally:
        for server in (secure, plain):
            server.shutdown()
            server.server_close()
        for thread in threads:
            thread.join()


def _certificate(path: Path) -> Path:
    key = path.with_suffix(".key")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
               "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
               "-keyout", str(key), "-out", str(path)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return key


def _server(provider: Provider) -> ThreadingHTTPServer:
    class Desk(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._reply(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())

        def _reply(self, form: str) -> None:
            asked = {name: values[0] for name, values in parse_qs(form).items()}
            header = self.headers.get("Authorization", "")
            if header.startswith("Basic "):
                asked["client_secret"] = base64.b64decode(header[6:]).decode().partition(":")[2]
            status, document = provider.answer(urlsplit(self.path).path, asked)
            body = b"" if isinstance(document, str) else json.dumps(document).encode()
            self.send_response(status)
            if isinstance(document, str):
                self.send_header("Location", document)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing to say."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Desk)


def asking(provider: Provider, folder: Path) -> str:
    """Dovecot configuration that lets in whoever shows a token of this provider."""
    file = folder / "oauth2.conf.ext"
    file.write_text(
        f"introspection_mode = post\nintrospection_url = {provider.introspection}\n"
        "username_attribute = username\nactive_attribute = active\nactive_value = true\nforce_introspection = yes\n"
    )
    file.chmod(0o644)
    return f"""
auth_mechanisms = plain login xoauth2 oauthbearer
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {file}
}}
"""
