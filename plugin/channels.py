"""Where word to the team goes: addresses as apprise writes them (https://github.com/caronc/apprise), mail excepted.

Amends sends no mail, so what would send one is refused. An address mostly holds a secret: none is ever shown or logged,
only its kind, such as `slack`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plugin.model import AmendsError

MAIL = frozenset(
    {"azure", "brevo", "deltachat", "deltachats", "groundmail", "mailersend", "mailgun", "mailto", "mailtos", "o365",
     "onesignal", "pingram", "postmark", "resend", "sendgrid", "sendpulse", "ses", "smtp2go", "sparkpost"}
)  # fmt: skip
"""Kinds that send mail, or may."""


class NotTold(AmendsError):
    """Word to the team did not get through."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self.kinds = tuple(kinds)
        super().__init__(
            f"notify: {', '.join(self.kinds)} did not take the message, which is tried again: "
            "see that the address in amends.yaml is right and that this machine reaches it"
        )


def kind_of(address: str) -> str:
    """The kind of an address: what stands before its `://`, in small letters."""
    return address.partition("://")[0].strip().lower() if "://" in address else ""


def problem_with(address: str) -> str | None:
    """Why nothing can be sent to this address, in a sentence that does not show it; None where something can."""
    kind = kind_of(address)
    if not kind:
        return "an address of `notify` begins with its kind, as in slack://… or ntfys://…: write it as apprise does"
    if kind in MAIL:
        return f"`{kind}` sends mail, and Amends never does: name a chat or a pager, such as slack://… or ntfys://…"
    channel = _channel(address)
    if channel is None:
        return f"this `{kind}` address is not understood: write it as apprise does, and put its secrets into .env"
    if getattr(channel, "email", None):
        return f"this `{kind}` address asks for a mail too, and Amends sends none: remove `email=` from it"
    return None


def send(addresses: Sequence[str], title: str, text: str) -> None:
    """Send to every address; raises NotTold with the kinds of those that did not take it."""
    refused = [kind_of(address) for address in addresses if not _sent(address, title, text)]
    if refused:
        raise NotTold(refused)


def _sent(address: str, title: str, text: str) -> bool:
    channel = _channel(address)
    return channel is not None and bool(channel.notify(title=title, body=text))


def _channel(address: str) -> Any:
    from apprise import Apprise  # noqa: PLC0415 - a quarter of a second that only those pay who want to be told

    return Apprise.instantiate(address)
