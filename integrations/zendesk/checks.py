"""What `amends doctor` says of a Zendesk account: a line for everything that must be right, in words one can act upon.

It reads, and has Zendesk call us once; it changes nothing, and shows neither token nor secret.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from integrations.zendesk.conversation import DUE
from integrations.zendesk.webhook import KNOCK
from integrations.zendesk.wire import Changed, Gone, Unwritable, Wire, ZendeskSettings
from plugin.inbox import Finding, InboxError, InboxUnavailable
from plugin.model import clip

Json = dict[str, Any]

EVENTS = tuple(f"zen:event-type:ticket.{name}" for name in (
    "created", "comment_added", "status_changed", "tags_changed", "merged", "marked_as_spam", "soft_deleted",
    "undeleted",
))  # fmt: skip
"""What a webhook should be told of (api-reference/webhooks/event-types/ticket-events); the export finds the rest."""

FROM_RULES = "conditional_ticket_events"
_PLANS = {200: "Team", 400: "Growth or Professional", 700: "Enterprise",
          2500: "Enterprise Plus, or with the High Volume add-on"}  # fmt: skip
"""Requests a minute (api-reference/introduction/rate-limits)."""

_ROOM = 0.1  # of the minute's requests
_SKEW = timedelta(minutes=2)  # calls are refused after five minutes, and some of them come late
_WORDS = frozenset({"complaint", "maybe-complaint", "not-a-complaint"})
_KINDS = ("category-", "severity-", "risk-")
_WITHOUT = "tickets are seen by the incremental export, which Amends reads every minute"


@dataclass(frozen=True, slots=True)
class _Account:
    """What is looked at."""

    wire: Wire
    settings: ZendeskSettings
    me: Json


_Look = Callable[[_Account], Iterator[Finding]]


def look_at_everything(wire: Wire, settings: ZendeskSettings) -> Sequence[Finding]:
    """All findings of this account; what cannot be looked at because nobody answers is left out. Never raises."""
    try:
        account = _Account(wire, settings, wire.me())
    except InboxUnavailable as error:
        return [Finding("connection", False, f"{settings.url}: {error.problem} - check `subdomain`, then try again")]
    except InboxError as error:
        return [Finding("login", False, _sentence(error))]
    findings = [Finding("login", True, f"{settings.email} at {settings.url}")]
    for check, look in _LOOKS:
        try:
            findings += _looked(check, look, account)
        except InboxUnavailable as error:
            return [*findings, Finding(check, False, _sentence(error))]
    return findings


def _looked(check: str, look: _Look, account: _Account) -> list[Finding]:
    """What one look found; Zendesk may refuse one question and answer the next."""
    found = list[Finding]()
    try:
        found.extend(look(account))
    except InboxUnavailable:
        raise
    except InboxError as error:
        found.append(Finding(check, False, _sentence(error)))
    except Gone:
        found.append(Finding(check, False, "Zendesk has nothing under the address where this stands"))
    except (Changed, Unwritable) as error:
        found.append(Finding(check, False, f"Zendesk would not tell: {_plain(str(error))}"))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        found.append(Finding(check, False, f"Zendesk's answer makes no sense here ({type(error).__name__})"))
    return found


# ---- who we are, how often we may ask, what time it is ---------------------------------------------------------------


def _role(account: _Account) -> Iterator[Finding]:
    role = str(account.me.get("role"))
    if role == "admin":
        yield Finding("role", True, "admin, as the incremental export demands")
        return
    yield Finding(
        "role", False, f"{role}: only admins may read the incremental export, by which Amends finds tickets - in Admin "
        f"Center, People, Team members, make {account.settings.email} an admin, or set `email` to one"
    )  # fmt: skip


def _limit(account: _Account) -> Iterator[Finding]:
    if account.wire.limit is None:
        yield Finding("limit", True, "Zendesk does not say how often it may be asked")
        return
    most, left = account.wire.limit
    plan = f" ({_PLANS[most]})" if most in _PLANS else ""
    told = f"{most} requests a minute{plan}, {left} left in this one"
    if left < _ROOM * most:
        yield Finding("limit", False, f"{told}: other programs use up what Zendesk allows, and Amends will be late")
    else:
        yield Finding("limit", True, f"{told}; Amends stops reading the past where less than half is left")


def _clock(account: _Account) -> Iterator[Finding]:
    skew = timedelta(seconds=round(account.wire.skew))
    if abs(skew) <= _SKEW:
        yield Finding("clock", True, "agrees with Zendesk's")
        return
    how = f"{abs(skew).total_seconds() / 60:.0f} minutes {'ahead of' if skew > timedelta() else 'behind'} Zendesk's"
    yield Finding("clock", False, f"this machine's is {how}: set it right, or webhooks are refused as too old")


# ---- tags others use too --------------------------------------------------------------------------------------------


def _tags(account: _Account) -> Iterator[Finding]:
    prefix = account.settings.tag_prefix
    shared = [*_by_triggers(account.wire, prefix), *_by_fields(account.wire, prefix)]
    for told in shared:
        yield Finding("tags", False, told)
    if not shared:
        yield Finding("tags", True, f"no trigger and no ticket field uses {prefix}complaint and the like")


def _by_triggers(wire: Wire, prefix: str) -> Iterator[str]:
    for trigger in wire.listed("triggers", "triggers"):
        if trigger.get("active") is False:
            continue
        name = _plain(str(trigger.get("title")))
        for action in trigger.get("actions") or ():
            what, value = action.get("field"), action.get("value")
            if what == "set_tags":
                yield f"the trigger “{name}” sets all tags of a ticket anew, ours go with the old ones: let it add tags"
            elif what in ("current_tags", "remove_tags") and (tags := _ours(_words(value), prefix)):
                yield (
                    f"the trigger “{name}” {'adds' if what == 'current_tags' else 'removes'} {tags}, which counts "
                    f"as the word of an agent: {_instead(prefix)}"
                )


def _by_fields(wire: Wire, prefix: str) -> Iterator[str]:
    """An option of a dropdown is a tag, and whoever puts the tag on chooses the option (tickets/ticket_fields)."""
    for field in wire.listed("ticket_fields", "ticket_fields"):
        options = [str(one.get("value")) for one in field.get("custom_field_options") or ()]
        if field.get("active") is not False and (tags := _ours([*options, str(field.get("tag") or "")], prefix)):
            name = _plain(str(field.get("title")))
            yield f"the ticket field “{name}” has {tags} as well, so our tag would fill it in: {_instead(prefix)}"


def _instead(prefix: str) -> str:
    return "give it another tag" if prefix else "give it another tag, or set `tag_prefix: amends-` in amends.yaml"


def _ours(tags: Iterable[str], prefix: str) -> str:
    """Those of the tags that are ours, as one says them."""
    return ", ".join(dict.fromkeys(tag for tag in tags if tag == DUE or _is_ours(tag, prefix)))


def _is_ours(tag: str, prefix: str) -> bool:
    bare = tag.removeprefix(prefix)
    return tag.startswith(prefix) and (bare in _WORDS or bare.startswith(_KINDS))


def _words(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else str(value or "").split()


# ---- replies and the sidebar ----------------------------------------------------------------------------------------


def _replies(account: _Account) -> Iterator[Finding]:
    tickets = account.wire.raw("account/settings")["settings"].get("tickets") or {}
    if tickets.get("comments_public_by_default", True):
        yield Finding("replies", True, "comments are public unless said otherwise; each of Amends says it is not")
    else:
        yield Finding("replies", True, "comments are notes unless made public; only a public one counts as a reply")


def _sidebar(account: _Account) -> Iterator[Finding]:
    app = account.settings.sidebar_app
    if not app:
        yield Finding(
            "sidebar", True, "not set up: texts are copied from the note; `amends zendesk-app build` makes it"
        )
        return
    installed = account.wire.raw("apps/installations.json").get("installations") or []
    found = [one for one in installed if one.get("app_id") == app]
    if any(one.get("enabled", True) for one in found):
        yield Finding("sidebar", True, f"the app {app} is installed")
    else:
        why = "is switched off" if found else "is not installed"
        yield Finding(
            "sidebar", False, f"the app {app} {why}: see Admin Center, Zendesk Support apps, or `sidebar_app`"
        )


# ---- the webhook ----------------------------------------------------------------------------------------------------


def _webhook(account: _Account) -> Iterator[Finding]:
    name, secret = account.settings.name, account.settings.webhook_secret
    ours = [hook for hook in account.wire.listed("webhooks", "webhooks") if _leads_here(hook, name)]
    active = [hook for hook in ours if hook.get("status") == "active"]
    if not ours and not secret:
        yield Finding("webhook", True, f"none, and none is needed: {_WITHOUT}")
    elif not ours:
        yield Finding(
            "webhook", False, f"`webhook_secret` is set, but no webhook has an address that ends in /webhooks/{name}: "
            f"create one, or remove the setting; until then {_WITHOUT}"
        )  # fmt: skip
    elif not active:
        yield Finding(
            "webhook", False, f"{_named(ours[0])} is not active: activate it in Admin Center, Webhooks; until then "
            f"{_WITHOUT}"
        )  # fmt: skip
    for hook in active:
        yield from _one_webhook(account, hook)


def _one_webhook(account: _Account, hook: Json) -> Iterator[Finding]:
    yield _kind(account.wire, hook)
    secret = account.settings.webhook_secret
    if not secret:
        yield Finding(
            "webhook secret", False, f"{_named(hook)} calls, but `webhook_secret` is not set, so nobody opens: copy "
            "its signing secret from Admin Center into .env"
        )  # fmt: skip
        return
    theirs = str(account.wire.raw(f"webhooks/{hook['id']}/signing_secret")["signing_secret"]["secret"])
    if not hmac.compare_digest(secret.encode(), theirs.encode()):
        yield Finding(
            "webhook secret", False, f"`webhook_secret` is not the signing secret of {_named(hook)}, so its calls are "
            "refused: copy it from Admin Center into .env, and start Amends again"
        )  # fmt: skip
        return
    yield Finding("webhook secret", True, "the same here and there")
    yield _round_trip(account, hook)


def _kind(wire: Wire, hook: Json) -> Finding:
    """Whether it is told of what matters: by events, or by a trigger; it is never both."""
    told = set(hook.get("subscriptions") or ())
    if FROM_RULES in told:
        callers = [one for one in wire.listed("triggers", "triggers") if _calls(one, str(hook["id"]))]
        if not callers:
            return Finding("webhook", False, f"{_named(hook)} waits for a trigger, and no active one notifies it")
        return Finding("webhook", True, f"{_named(hook)}, set off by the trigger “{_plain(str(callers[0]['title']))}”")
    missing = [event.rpartition(".")[2] for event in EVENTS if event not in told]
    if not missing:
        return Finding("webhook", True, f"{_named(hook)}, by event subscriptions")
    return Finding("webhook", True, f"{_named(hook)}; not told of {', '.join(missing)}, which the export finds later")


def _calls(trigger: Json, webhook: str) -> bool:
    notified = (action.get("value") for action in trigger.get("actions") or ()
                if action.get("field") == "notification_webhook")  # fmt: skip
    return trigger.get("active") is not False and any(webhook in _words(value) for value in notified)


def _round_trip(account: _Account, hook: Json) -> Finding:
    """Zendesk calls us, and tells what we said."""
    try:
        status = account.wire.call_back(str(hook["id"]), json.dumps(KNOCK))
    except (Gone, Changed, Unwritable, InboxUnavailable):
        status = 0
    where = _shown(str(hook.get("endpoint")))
    if status in (200, 202):
        return Finding("round trip", True, f"Zendesk called {where}, and it was stored")
    return Finding("round trip", False, f"Zendesk called {where} and {_WHY.get(status, _OTHER).format(status)}")


_OTHER = ("got {} for an answer, which is none of ours: have /webhooks/ of that address passed on, as it comes, to "
          "where `web: {{listen: …}}` says")  # fmt: skip
_WHY = {
    0: "nobody answered: start `amends run`, and see that the address leads to it",
    401: "Amends refused it: start Amends again, so that it knows the secret, and see that nothing on the way changes "
    "body or headers",
    404: "no inbox can be called there: start Amends again, so that it knows the secret, and compare the names",
    503: "Amends could not store it: see what the database does, then try again",
}


def _leads_here(hook: Json, inbox: str) -> bool:
    return urlsplit(str(hook.get("endpoint"))).path.rstrip("/").endswith(f"/webhooks/{inbox}")


def _named(hook: Json) -> str:
    return f"“{_plain(str(hook.get('name')))}” ({_shown(str(hook.get('endpoint')))})"


def _shown(url: str) -> str:
    """An address without what may be secret in it: user, password, query."""
    parts = urlsplit(url)
    return _plain(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")


def _plain(text: str) -> str:
    """What others wrote, in one line."""
    return clip("".join(one if one.isprintable() else " " for one in text), 100)


def _sentence(error: InboxError) -> str:
    return f"{error.problem} - {error.advice}" if error.advice else error.problem


_LOOKS: tuple[tuple[str, _Look], ...] = (
    ("role", _role), ("limit", _limit), ("clock", _clock), ("tags", _tags), ("replies", _replies),
    ("sidebar", _sidebar), ("webhook", _webhook),
)  # fmt: skip
"""The round trip comes last: who waits for it in vain has heard all the rest."""
