"""The app to install in Zendesk: a zip of a manifest, names in four languages, and a picture; the page itself is ours.

manifest.json of framework 2.0 (developer.zendesk.com/documentation/apps/app-developer-guide/manifest); what it must
hold is what zendesk/zendesk_apps_support checks when an app is uploaded.
"""

from __future__ import annotations

import io
import json
import zipfile
from importlib.metadata import version
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from plugin.model import AmendsError

_EARLIEST = (1980, 1, 1, 0, 0, 0)  # of a zip; the same things give the same bytes whenever it is made


class NotReachable(AmendsError):
    """Zendesk takes no app with such an address."""

    input_is_wrong = True

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__(
            f"zendesk-app: Zendesk takes only pages under https, or on localhost for trying out, not {url}"
        )


def bundle(url: str, contact: str) -> bytes:
    """The installable zip for the page at this address; `contact` is the mail address Zendesk shows for its author.

    The same arguments give the same bytes. Raises NotReachable.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname != "localhost":
        raise NotReachable(url)
    content = {"manifest.json": _json(_manifest(url, contact))}
    for language, names in json.loads(_read("translations.json")).items():
        content[f"translations/{language}.json"] = _json({"app": names})
    for picture in ("logo.png", "logo-small.png"):
        content[f"assets/{picture}"] = _read(picture)
    return _zipped(content)


def _manifest(url: str, contact: str) -> dict[str, Any]:
    return {
        "name": "Amends",
        "author": {"name": "Amends", "email": contact},
        "defaultLocale": "en",
        "private": True,
        "singleInstall": True,
        "signedUrls": True,
        "location": {"support": {"ticket_sidebar": {"url": url, "flexible": True}}},
        "version": version("amends"),
        "frameworkVersion": "2.0",
    }


def _read(name: str) -> bytes:
    return files(__package__).joinpath("bundled", name).read_bytes()


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"


def _zipped(content: dict[str, bytes]) -> bytes:
    """Stored, not packed: what packing makes of it depends on the library it is done with."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(content):
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, content[name])
    return whole.getvalue()
