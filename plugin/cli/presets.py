"""What is known of mail providers: where they answer, how one signs in, and which marks they keep.

Servers as the providers name them: https://developers.google.com/workspace/gmail/imap/imap-smtp,
https://support.microsoft.com/office/pop-imap-and-smtp-settings-for-outlook-com-d088b986-291d-42b8-9564-9c414e2aa040,
https://www.fastmail.help/hc/en-us/articles/1500000278342, https://www.zoho.com/mail/help/imap-access.html,
https://support.apple.com/102525
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

OWN = "own"
_VARIABLE = "SUPPORT_PASSWORD"
_PASSWORD = "    password: ${SUPPORT_PASSWORD}\n"  # noqa: S105 - the name of one
_APP_PASSWORD = "    password: ${SUPPORT_PASSWORD}         # an app password, made at your provider: docs/signin.md\n"  # noqa: S105
_GOOGLE = """\
    # oauth: {provider: google, client_id: 1234.apps.googleusercontent.com, client_secret: "${GOOGLE_SECRET}"}
    #                                    # in place of the password; then run: amends login support
"""
_MICROSOFT = """\
    oauth:                               # Microsoft takes no passwords; docs/signin.md tells where both ids come from
      provider: microsoft
      client_id: 00000000-0000-0000-0000-000000000000    # the application's
      tenant: common                     # your organisation's; common for outlook.com
"""
_FLAG = "    show: flag                           # this server keeps no tags; a complaint gets a flag\n"
_SHOW = re.compile(r"    # show: [^\n]*\n")


@dataclass(frozen=True, slots=True)
class Preset:
    """One provider; `way` are the lines of its sign-in, `show` replaces the line about marks where one is needed."""

    host: str
    way: str
    next: str
    show: str = ""
    login: str = ""  # the command that belongs before the doctor


PRESETS: Mapping[str, Preset] = {
    "gmail": Preset(
        "imap.gmail.com", _APP_PASSWORD + _GOOGLE,
        "make an app password at https://myaccount.google.com/apppasswords and put it into .env",
    ),
    "microsoft365": Preset(
        "outlook.office365.com", _MICROSOFT, "register an application and fill in client_id and tenant", _FLAG,
        "amends login support && ",
    ),
    "fastmail": Preset(
        "imap.fastmail.com", _APP_PASSWORD,
        "make an app password under Settings, Privacy & Security, and put it into .env",
    ),
    "zoho": Preset(
        "imappro.zoho.com", _APP_PASSWORD,
        "allow IMAP under Settings, Mail Accounts, put an app password into .env, and see which host is your region's",
    ),
    "icloud": Preset(
        "imap.mail.me.com", _APP_PASSWORD,
        "make an app-specific password at https://account.apple.com and put it into .env",
    ),
    OWN: Preset("mail.example.com", _PASSWORD, "put the password into .env"),
}  # fmt: skip
_NOTHING_HIDDEN = """\
# This provider takes no password: `amends login support` signs in, and keeps what comes of it beside the store.
# AMENDS_KEY=… seals that file (docs/signin.md tells how such a key is made).
"""
FREE_FOR_ALL = frozenset(
    {"gmail.com", "googlemail.com", "icloud.com", "me.com", "mac.com", "outlook.com", "hotmail.com", "live.com",
     "fastmail.com", "fastmail.fm", "zoho.com", "zohomail.com", "zohomail.eu"}
)  # fmt: skip
"""Domains where anybody has an address, so that not everybody there is one of us."""


def filled(template: str, preset: Preset, host: str = "", address: str = "", name: str = "") -> str:
    """The template of amends.yaml for this provider; what is not named stays as the example it is."""
    text = re.sub(r"mail\.example\.com *(?= #)", f"{host or preset.host:<30}", template, count=1)
    text = text.replace(_PASSWORD, preset.way, 1)
    if preset.show:
        text = _SHOW.sub(preset.show, text, count=1)
    if name:
        clean = re.sub(r'[<>"\\\x00-\x1f]', "", name).strip()
        text = text.replace("- Example Support <support@example.com>", f'- "{clean} <support@example.com>"', 1)
        text = text.replace("      Example Ltd\n", f"      {clean}\n", 1)
    if address:
        domain = address.rpartition("@")[2].lower()
        text = text.replace(', "@example.com"]', "]" if domain in FREE_FOR_ALL else f', "@{domain}"]', 1)
        text = text.replace("support@example.com", address)
    return text


def hidden(template: str, preset: Preset) -> str:
    """The template of .env for this provider, without a line for a password where none is taken."""
    if _VARIABLE in preset.way:
        return template
    return template.replace(f"{_VARIABLE}=\n", _NOTHING_HIDDEN, 1)


def what_next(preset: Preset) -> str:
    """What to do now, in one line."""
    return (
        f"Next: {preset.next} (docs/signin.md tells how); look through amends.yaml, then run: "
        f"amends check && {preset.login}amends doctor && amends run"
    )
