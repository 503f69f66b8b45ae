"""Where word to the team may go, and that none of it is mail."""

from __future__ import annotations

import pytest
from apprise import Apprise

from plugin.channels import MAIL, NotTold, problem_with, send

BY_ADDRESS_ONLY = {"pbul", "psafer", "psafers", "slack", "threema", "twist", "voipms", "ntfy", "ntfys"}
"""Kinds where a mail address names an account, or may ask for a mail, which is refused by itself."""


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops", None),
        ("json://127.0.0.1:8099/hook", None),
        ("ntfys://our-alerts", None),
        ("ntfys://our-alerts?email=boss@example.com", "asks for a mail too"),
        ("mailto://user:secret@example.com", "`mailto` sends mail"),
        ("SENDGRID://key:from@example.com/to@example.com", "`sendgrid` sends mail"),
        ("slack://secret", "this `slack` address is not understood"),
        ("nonsense://secret", "this `nonsense` address is not understood"),
        ("our channel", "begins with its kind"),
    ],
)
def test_an_address_is_taken_or_refused_in_a_sentence_without_its_secret(address: str, told: str | None) -> None:
    problem = problem_with(address)
    assert told in problem if told and problem else problem is told
    assert "secret" not in (problem or "").replace("put its secrets into .env", "")


def test_no_kind_that_may_send_mail_is_unknown() -> None:
    """A new release of apprise may bring one: then it must be looked at."""
    kinds = set()
    for scheme in Apprise().details()["schemas"]:
        told = scheme["details"]
        named = {name for part in ("tokens", "args") for name in told[part] if "mail" in name.lower()}
        if named or "mail" in str(scheme["service_name"]).lower():
            kinds |= {*(scheme["protocols"] or ()), *(scheme["secure_protocols"] or ())}
    assert kinds - MAIL - BY_ADDRESS_ONLY == set()


def test_what_is_not_taken_names_the_kind_and_not_the_address() -> None:
    with pytest.raises(NotTold, match=r"^notify: json did not take the message") as raised:
        send(["json://user:secret@127.0.0.1:9/hook"], "title", "text")
    assert "secret" not in str(raised.value)
