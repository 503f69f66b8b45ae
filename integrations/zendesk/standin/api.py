"""What is asked and what is answered, path by path; the paths and what they are for stand in `ROUTES`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from integrations.zendesk.standin import refusals
from integrations.zendesk.standin.account import Account, follow_up_via
from integrations.zendesk.standin.asked import Asked, custom, merging, number, part, said, subject
from integrations.zendesk.standin.clock import stamp, unix
from integrations.zendesk.standin.edit import tag_list
from integrations.zendesk.standin.export import Export
from integrations.zendesk.standin.paging import paged
from integrations.zendesk.standin.records import Act, Audit, Json, Rating, Role, Ticket, User, came
from integrations.zendesk.standin.rules import Rules, Trigger
from integrations.zendesk.standin.search import matching
from integrations.zendesk.standin.shown import ANONYMOUS, Shown
from integrations.zendesk.standin.webhooks import Invocation, Webhook, Webhooks

_SET = (
    "subject", "status", "priority", "type", "assignee_id", "group_id", "organization_id", "requester_id",
    "external_id", "due_at", "problem_id",
)  # fmt: skip
_LIGHT_MAY = frozenset({"comment", "safe_update", "updated_stamp", "id"})
_PATH_OF_TICKET_TAGS = "tickets/<int:ticket_id>/tags"


Answer = tuple[Json | None, int]


class Api:
    """The answers; every method is called under the account's lock, but where its route says otherwise."""

    def __init__(self, account: Account, shown: Shown, export: Export, rules: Rules, webhooks: Webhooks) -> None:
        self._account, self._shown, self._export = account, shown, export
        self._rules, self._webhooks = rules, webhooks

    # ---- users and settings ---------------------------------------------------------------------------------------

    def me(self, asked: Asked) -> Answer:
        """Who asks; without any name and token this is an anonymous user, and no refusal."""
        return {"user": self._shown.user(asked.user) if asked.user else ANONYMOUS}, 200

    def user(self, _asked: Asked, user_id: int) -> Answer:
        """One user."""
        return {"user": self._shown.user(self._known_user(user_id))}, 200

    def users(self, asked: Asked) -> Answer:
        """Several users by their ids; those that are not there are left out."""
        found = [self._account.users[user_id] for user_id in asked.ids() if user_id in self._account.users]
        return {
            "users": [self._shown.user(user) for user in found],
            "next_page": None,
            "previous_page": None,
            "count": len(found),
        }, 200

    def find_users(self, asked: Asked) -> Answer:
        """Users by name or address."""
        word = (
            (asked.query.get("query", "") or asked.query.get("external_id", ""))
            .removeprefix("email:")
            .strip('"')
            .lower()
        )
        found = [user for user in self._account.users.values() if word in user.email or word in user.name.lower()]
        return self._page(asked, "users", found, self._shown.user)

    def settings(self, _asked: Asked) -> Answer:
        """A small part of the account's settings (account-configuration/account_settings)."""
        return {"settings": {
            "active_features": {"customer_satisfaction": True, "customer_context_as_default": False},
            "tickets": {"comments_public_by_default": self._account.public_by_default, "agent_ticket_deletion": True},
            "lotus": {"prefer_lotus": True}, "limits": {"attachment_size": 52428800},
        }}, 200  # fmt: skip

    def installations(self, _asked: Asked) -> Answer:
        """The apps that are installed, each by the id of the app (api-reference/ticketing/apps/apps)."""
        return {"installations": [
            {"id": 1000 + app, "app_id": app, "product": "support", "enabled": enabled}
            for app, enabled in self._account.apps.items()
        ]}, 200  # fmt: skip

    # ---- tickets --------------------------------------------------------------------------------------------------

    def ticket(self, asked: Asked, ticket_id: int) -> Answer:
        """One ticket, and if asked for the people around it."""
        ticket = self._account.ticket(ticket_id)
        return {"ticket": self._shown.ticket(ticket), **self._around(asked, [ticket])}, 200

    def _around(self, asked: Asked, tickets: Iterable[Ticket]) -> Json:
        """Requesters, submitters and assignees, side-loaded (documentation/ticketing/using-the-zendesk-api)."""
        if "users" not in asked.query.get("include", "").split(","):
            return {}
        ids = {user for t in tickets for user in (t.requester_id, t.submitter_id, t.values.get("assignee_id"))}
        known = self._account.users
        return {"users": [self._shown.user(user) for user_id, user in sorted(known.items()) if user_id in ids]}

    def tickets(self, asked: Asked) -> Answer:
        """All tickets, or those with an external id, as they were created."""
        wanted = asked.query.get("external_id")
        found = [t for t in self._there() if not wanted or t.values.get("external_id") == wanted]
        return self._page(asked, "tickets", found, self._shown.ticket)

    def some_tickets(self, asked: Asked) -> Answer:
        """Several tickets by their ids; those that are not there are left out."""
        found = [
            t for t in (self._account.tickets.get(ticket_id) for ticket_id in asked.ids()) if t and not t.deleted_at
        ]
        return {
            "tickets": [self._shown.ticket(t) for t in found],
            "next_page": None,
            "previous_page": None,
            "count": len(found),
        }, 200

    def count_tickets(self, _asked: Asked) -> Answer:
        """How many tickets there are."""
        return {"count": {"value": len(self._there()), "refreshed_at": stamp(self._account.clock.now())}}, 200

    def create(self, asked: Asked) -> Answer:
        """A new ticket; with via_followup_source_id it follows a closed one (and with any other, it does not)."""
        given = part(asked.body, "ticket")
        if not given.get("comment"):
            raise refusals.invalid("base", "Description: cannot be blank")
        source = self._account.tickets.get(number(given, "via_followup_source_id"))
        source = source if source and source.status == "closed" else None
        act = self._act(asked.who, given, None, follow_up_via(source) if source else came("api"))
        act = replace(act, values={"subject": subject(given, source), **act.values})
        audit = self._account.create(act, self._requester(given, source, asked.who), source)
        return self._with_audit(audit), 201

    def update(self, asked: Asked, ticket_id: int) -> Answer:
        """A change; `tags` replaces all tags, a comment that does not say so is as public as the first one was."""
        ticket, given = self._account.ticket(ticket_id), part(asked.body, "ticket")
        self._must_be_allowed(asked.who, given)
        _must_be_fresh(given, ticket)
        act = self._act(asked.who, given, ticket, came("api"))
        return self._with_audit(self._account.change(ticket, act)), 200

    def update_many(self, asked: Asked) -> Answer:
        """A job that changes several tickets; only here are there additional_tags and remove_tags."""
        given = part(asked.body, "ticket")
        results = [self._update_one(asked.who, ticket_id, given) for ticket_id in asked.ids()]
        return self._job(results), 200

    def delete(self, asked: Asked, ticket_id: int) -> Answer:
        """Away."""
        self._account.delete(self._account.ticket(ticket_id), asked.who)
        return None, 204

    def deleted(self, asked: Asked) -> Answer:
        """What was deleted."""
        found = [ticket for ticket in self._account.tickets.values() if ticket.deleted_at]
        return self._page(asked, "deleted_tickets", found, _gone)

    def restore(self, asked: Asked, ticket_id: int) -> Answer:
        """Back again."""
        ticket = self._account.tickets.get(ticket_id)
        if not ticket or not ticket.deleted_at:
            raise refusals.not_found()
        self._account.restore(ticket, asked.who)
        return None, 200  # an empty answer

    def spam(self, asked: Asked, ticket_id: int) -> Answer:
        """Away, and the requester suspended."""
        self._account.delete(self._account.ticket(ticket_id), asked.who, spam=True)
        return None, 200  # an empty answer

    def merge(self, asked: Asked, ticket_id: int) -> Answer:
        """A job that merges other tickets into this one; its comments are private unless told otherwise."""
        target, body = self._account.ticket(ticket_id), asked.body
        for source_id in body.get("ids") or []:
            both = (merging(body, "source"), merging(body, "target"))
            self._account.merge(self._account.ticket(int(source_id)), target, asked.who, both)
        return self._job([{"id": ticket_id, "action": "update", "status": "Updated", "success": True}]), 200

    def related(self, _asked: Asked, ticket_id: int) -> Answer:
        """What it follows."""
        via = self._account.ticket(ticket_id).via["source"]
        sources = [str(via["from"]["ticket_id"])] if via["rel"] == "follow_up" else []
        return {
            "followup_source_ids": sources, "from_archive": False, "incidents": 0, "jira_issue_ids": [],
            "topic_id": None,
        }, 200  # fmt: skip

    def comments(self, asked: Asked, ticket_id: int) -> Answer:
        """What was said in a ticket, oldest first unless told otherwise."""
        found = list(self._account.ticket(ticket_id).comments)
        if asked.query.get("sort") == "-created_at" or asked.query.get("sort_order") == "desc":
            found.reverse()
        body, status = self._page(asked, "comments", found, self._shown.comment)
        if body and asked.query.get("include") == "users":
            spoke = {comment.author_id for comment in found} & set(self._account.users)
            body["users"] = [self._shown.user(self._account.users[user_id]) for user_id in sorted(spoke)]
        return body, status

    def audits(self, asked: Asked, ticket_id: int) -> Answer:
        """What happened to a ticket, oldest first unless told otherwise."""
        ticket = self._account.ticket(ticket_id)
        found = list(ticket.audits)
        if asked.query.get("sort") == "-created_at" or asked.query.get("sort_order") == "desc":
            found.reverse()
        return self._page(asked, "audits", found, lambda audit: self._shown.audit(ticket, audit))

    def audit(self, _asked: Asked, ticket_id: int, audit_id: int) -> Answer:
        """One audit."""
        ticket = self._account.ticket(ticket_id)
        found = next((audit for audit in ticket.audits if audit.id == audit_id), None)
        if found is None:
            raise refusals.not_found()
        return {"audit": self._shown.audit(ticket, found)}, 200

    def tags(self, _asked: Asked, ticket_id: int) -> Answer:
        """The tags of a ticket."""
        return {"tags": list(self._account.ticket(ticket_id).tags)}, 200

    def add_tags(self, asked: Asked, ticket_id: int) -> Answer:
        """Adds tags (PUT)."""
        return self._tagged(asked, ticket_id, lambda before, given: before | given), 200

    def set_tags(self, asked: Asked, ticket_id: int) -> Answer:
        """Replaces all tags (POST)."""
        return self._tagged(asked, ticket_id, lambda _before, given: given), 201

    def remove_tags(self, asked: Asked, ticket_id: int) -> Answer:
        """Takes tags away (DELETE)."""
        return self._tagged(asked, ticket_id, lambda before, given: before - given), 200

    # ---- ratings, suspended mails, jobs, fields, search -----------------------------------------------------------

    def ratings(self, asked: Asked) -> Answer:
        """Satisfaction ratings, by score and time."""
        wanted, since, until = asked.query.get("score", ""), asked.number("start_time") or 0, asked.number("end_time")
        rated = [t for t in self._account.tickets.values() if t.rating and _is(t.rating, wanted)]
        found = [
            t
            for t in rated
            if t.rating and since <= unix(t.rating.at) and (until is None or unix(t.rating.at) <= until)
        ]
        return self._page(asked, "satisfaction_ratings", found, self._rating)

    def rating(self, _asked: Asked, rating_id: int) -> Answer:
        """One satisfaction rating."""
        found = next((t for t in self._account.tickets.values() if t.rating and t.rating.id == rating_id), None)
        if found is None:
            raise refusals.not_found()
        return {"satisfaction_rating": self._rating(found)}, 200

    def rate(self, asked: Asked, ticket_id: int) -> Answer:
        """The requester's own word, and nobody else's."""
        ticket, given = self._account.ticket(ticket_id), part(asked.body, "satisfaction_rating")
        if asked.who.id != ticket.requester_id:
            raise refusals.forbidden()
        self._account.rate(ticket, str(given.get("score")), str(given.get("comment") or ""))
        return {"satisfaction_rating": self._rating(ticket)}, 200

    def suspended(self, asked: Asked) -> Answer:
        """The mails that were kept out."""
        return self._page(asked, "suspended_tickets", list(self._account.suspended.values()), self._shown.suspended)

    def one_suspended(self, _asked: Asked, mail_id: int) -> Answer:
        """One mail that was kept out."""
        if mail_id not in self._account.suspended:
            raise refusals.not_found()
        return {"suspended_ticket": self._shown.suspended(self._account.suspended[mail_id])}, 200

    def job(self, _asked: Asked, job_id: str) -> Answer:
        """How far a job is: all are done at once."""
        if job_id not in self._account.jobs:
            raise refusals.not_found()
        return {"job_status": self._account.jobs[job_id]}, 200

    def fields(self, asked: Asked) -> Answer:
        """The fields of the account's own."""
        return self._page(asked, "ticket_fields", list(self._account.fields.values()), self._shown.field)

    def search(self, asked: Asked) -> Answer:
        """Tickets that match a query."""
        found = matching(self._there(), asked.query.get("query", ""))
        return self._page(asked, "results", found, lambda t: self._shown.ticket(t) | {"result_type": "ticket"})

    def count_found(self, asked: Asked) -> Answer:
        """How many tickets match a query."""
        return {"count": len(matching(self._there(), asked.query.get("query", "")))}, 200

    # ---- export, triggers, webhooks -------------------------------------------------------------------------------

    def export_by_cursor(self, asked: Asked) -> Answer:
        """The incremental export, page by page behind a cursor."""
        size = asked.number("per_page") or 0
        page = self._export.by_cursor(asked.number("start_time"), asked.query.get("cursor", ""), size, _wanted(asked))
        shown = [self._account.tickets[ticket["id"]] for ticket in page["tickets"]]
        return page | self._around(asked, shown), 200

    def export_by_time(self, asked: Asked) -> Answer:
        """The incremental export, page by page from a time on."""
        return self._export.by_time(asked.number("start_time"), asked.number("per_page") or 0, _wanted(asked)), 200

    def triggers(self, asked: Asked) -> Answer:
        """The triggers, in their order."""
        return self._page(asked, "triggers", self._rules.triggers, self._trigger)

    def add_trigger(self, asked: Asked) -> Answer:
        """A new trigger, last in order."""
        return {"trigger": self._trigger(self._rules.add(part(asked.body, "trigger")))}, 201

    def webhooks(self, _asked: Asked) -> Answer:
        """The webhooks."""
        shown = [self._webhook(hook) for hook in self._webhooks.known.values()]
        return {
            "webhooks": shown,
            "meta": {"has_more": False, "after_cursor": None, "before_cursor": None},
            "links": {"prev": None, "next": None},
        }, 200

    def add_webhook(self, asked: Asked) -> Answer:
        """A new webhook."""
        given = part(asked.body, "webhook")
        try:
            hook = self._webhooks.add(
                str(given.get("endpoint")), given.get("subscriptions") or (), name=str(given.get("name"))
            )
        except ValueError as error:
            raise refusals.Refusal(400, {"errors": [{"code": "InvalidWebhook", "title": str(error)}]}) from None
        return {"webhook": self._webhook(hook)}, 201

    def webhook_secret(self, _asked: Asked, webhook_id: str) -> Answer:
        """What its calls are signed with."""
        if webhook_id not in self._webhooks.known:
            raise refusals.not_found()
        return {"signing_secret": {"algorithm": "SHA256", "secret": self._webhooks.known[webhook_id].secret}}, 200

    def test_webhook(self, asked: Asked) -> Answer:
        """Calls it once, now, and says what it answered."""
        hook = self._webhooks.known.get(asked.query.get("webhook_id", ""))
        if hook is None:
            raise refusals.not_found()
        payload = str(part(asked.body, "request").get("payload") or "{}").encode()
        call = Invocation(id=f"test-{self._account.next_id()}", webhook=hook, body=payload, event="test", ticket_id=0)
        delivery = self._webhooks.attempt(call)
        return {"response": {"status": delivery.status, "headers": [], "payload": ""}}, 200

    # ---- parts of answers -----------------------------------------------------------------------------------------

    def _page(self, asked: Asked, name: str, found: Sequence[Any], shown: Callable[[Any], Json]) -> Answer:
        return paged(self._shown.url(asked.path), asked, name, found, shown), 200

    def _with_audit(self, audit: Audit) -> Json:
        ticket = self._account.tickets[audit.ticket_id]
        return {"ticket": self._shown.ticket(ticket), "audit": self._shown.audit(ticket, audit)}

    def _rating(self, ticket: Ticket) -> Json:
        if ticket.rating is None:
            raise refusals.not_found()
        return self._shown.rating(ticket, ticket.rating)

    def _trigger(self, trigger: Trigger) -> Json:
        return {
            "url": self._shown.url(f"triggers/{trigger.id}"), "id": trigger.id, "title": trigger.title,
            "active": trigger.active, "conditions": trigger.conditions, "actions": trigger.actions,
            "position": self._rules.triggers.index(trigger) + 1,
        }  # fmt: skip

    def _webhook(self, hook: Webhook) -> Json:
        return {
            "id": hook.id, "name": hook.name, "status": "active" if hook.active else "inactive", "endpoint": hook.url,
            "http_method": "POST", "request_format": "json", "subscriptions": list(hook.subscriptions),
            "signing_secret": None,
        }  # fmt: skip

    # ---- parts of changes -----------------------------------------------------------------------------------------

    def _there(self) -> list[Ticket]:
        return [ticket for ticket in self._account.tickets.values() if not ticket.deleted_at]

    def _known_user(self, user_id: int) -> User:
        found = self._account.users.get(user_id)
        if found is None:
            raise refusals.not_found()
        return found

    def _requester(self, given: Json, source: Ticket | None, who: User) -> User:
        """Named by id or by address, else that of the followed ticket, else whoever asks."""
        if given.get("requester"):
            asks = given["requester"]
            return self._account.join(str(asks.get("name") or asks["email"]), str(asks["email"]))
        if given.get("requester_id"):
            return self._known_user(number(given, "requester_id"))
        return self._known_user(source.requester_id) if source else who

    def _act(self, who: User, given: Json, ticket: Ticket | None, via: Json) -> Act:
        return Act(
            author=who, via=via, values=self._values(given), custom=custom(given), metadata=given.get("metadata") or {},
            said=said(given["comment"], who, ticket) if given.get("comment") else None,
            tags=tag_list(given["tags"]) if "tags" in given else None,
        )  # fmt: skip

    def _values(self, given: Json) -> Json:
        values = {name: given[name] for name in _SET if name in given}
        for name in ("assignee_id", "requester_id"):
            if values.get(name) is not None:
                self._known_user(number(given, name))
        return values

    def _must_be_allowed(self, who: User, given: Json) -> None:
        if who.role is Role.LIGHT_AGENT and set(given) - _LIGHT_MAY:
            raise refusals.forbidden()

    def _update_one(self, who: User, ticket_id: int, given: Json) -> Json:
        ticket = self._account.ticket(ticket_id)
        added, removed = (set(tag_list(given.get(name))) for name in ("additional_tags", "remove_tags"))
        act = replace(self._act(who, given, ticket, came("api")), tags=tuple((set(ticket.tags) | added) - removed))
        if set(given) <= {"additional_tags", "remove_tags"}:
            act = replace(act, author=None)  # tags alone can be changed in this way even on a closed ticket
        self._account.change(ticket, act)
        return {"id": ticket_id, "action": "update", "status": "Updated", "success": True}

    def _tagged(self, asked: Asked, ticket_id: int, joined: Callable[[set[str], set[str]], Iterable[str]]) -> Json:
        ticket = self._account.ticket(ticket_id)
        self._must_be_allowed(asked.who, {"tags": []})
        if ticket.status == "closed":
            raise refusals.closed()
        _must_be_fresh(asked.body, ticket)
        tags = joined(set(ticket.tags), set(tag_list(asked.body.get("tags"))))
        self._account.change(ticket, Act(author=asked.who, via=came("api"), tags=tuple(tags)))
        return {"tags": list(ticket.tags)}

    def _job(self, results: list[Json]) -> Json:
        """Told as queued; whoever asks again is told that it is done."""
        job_id, count = f"V3-{self._account.next_id():032x}", len(results)
        job: Json = {"id": job_id, "url": self._shown.url(f"job_statuses/{job_id}")}
        done = {"total": count, "progress": count, "status": "completed", "message": "Completed", "results": results}
        self._account.jobs[job_id] = job | done
        return {"job_status": job | dict.fromkeys(done) | {"status": "queued"}}


def _must_be_fresh(given: Json, ticket: Ticket) -> None:
    """A safe update goes only through with the ticket's own stamp, which counts in whole seconds."""
    if str(given.get("safe_update")).lower() == "true" and given.get("updated_stamp") != stamp(ticket.updated_at):
        raise refusals.conflict()


def _is(rating: Rating, wanted: str) -> bool:
    """good, bad or received, each with or without a comment."""
    score, _, rest = wanted.partition("_")
    given = rating.score in ("good", "bad")
    right = not wanted or score == rating.score or (score == "received" and given)
    return right and {"": True, "with_comment": bool(rating.comment), "without_comment": not rating.comment}.get(
        rest, False
    )


def _wanted(asked: Asked) -> Callable[[Ticket], bool]:
    without = asked.query.get("exclude_deleted", "").lower() == "true"
    return lambda ticket: not (without and ticket.deleted_at)


def _gone(ticket: Ticket) -> Json:
    deleted = stamp(ticket.deleted_at or datetime.now(UTC))
    return {
        "id": ticket.id,
        "subject": ticket.values.get("subject"),
        "actor": {"id": 0, "name": ""},
        "deleted_at": deleted,
        "previous_state": ticket.values["status"],
    }


@dataclass(frozen=True, slots=True)
class Route:
    """One thing that can be asked, and who may ask it."""

    method: str
    path: str
    name: str
    role: Role | None = Role.LIGHT_AGENT  # the least one must be; None: anybody
    alone: bool = True  # nothing else happens meanwhile


_ADMIN, _AGENT = Role.ADMIN, Role.AGENT
ROUTES = (
    Route("GET", "users/me", "me", None),
    Route("GET", "users/<int:user_id>", "user"),
    Route("GET", "users/show_many", "users"),
    Route("GET", "users/search", "find_users"),
    Route("GET", "account/settings", "settings"),
    Route("GET", "apps/installations", "installations"),
    Route("GET", "tickets", "tickets"),
    Route("POST", "tickets", "create", _AGENT),
    Route("GET", "tickets/count", "count_tickets"),
    Route("GET", "tickets/show_many", "some_tickets"),
    Route("PUT", "tickets/update_many", "update_many", _AGENT),
    Route("GET", "tickets/<int:ticket_id>", "ticket"),
    Route("PUT", "tickets/<int:ticket_id>", "update"),
    Route("DELETE", "tickets/<int:ticket_id>", "delete", _AGENT),
    Route("PUT", "tickets/<int:ticket_id>/mark_as_spam", "spam", _AGENT),
    Route("POST", "tickets/<int:ticket_id>/merge", "merge", _AGENT),
    Route("GET", "tickets/<int:ticket_id>/related", "related"),
    Route("GET", "tickets/<int:ticket_id>/comments", "comments"),
    Route("GET", "tickets/<int:ticket_id>/audits", "audits"),
    Route("GET", "tickets/<int:ticket_id>/audits/<int:audit_id>", "audit"),
    Route("GET", _PATH_OF_TICKET_TAGS, "tags"),
    Route("PUT", _PATH_OF_TICKET_TAGS, "add_tags"),
    Route("POST", _PATH_OF_TICKET_TAGS, "set_tags"),
    Route("DELETE", _PATH_OF_TICKET_TAGS, "remove_tags"),
    Route("POST", "tickets/<int:ticket_id>/satisfaction_rating", "rate", Role.END_USER),
    Route("GET", "deleted_tickets", "deleted"),
    Route("PUT", "deleted_tickets/<int:ticket_id>/restore", "restore", _AGENT),
    Route("GET", "satisfaction_ratings", "ratings", _ADMIN),
    Route("GET", "satisfaction_ratings/<int:rating_id>", "rating", _ADMIN),
    Route("GET", "suspended_tickets", "suspended"),
    Route("GET", "suspended_tickets/<int:mail_id>", "one_suspended"),
    Route("GET", "job_statuses/<job_id>", "job"),
    Route("GET", "ticket_fields", "fields"),
    Route("GET", "search", "search"),
    Route("GET", "search/count", "count_found"),
    Route("GET", "incremental/tickets/cursor", "export_by_cursor", _ADMIN),
    Route("GET", "incremental/tickets", "export_by_time", _ADMIN),
    Route("GET", "triggers", "triggers"),
    Route("POST", "triggers", "add_trigger", _ADMIN),
    Route("GET", "webhooks", "webhooks", _ADMIN),
    Route("POST", "webhooks", "add_webhook", _ADMIN),
    Route("POST", "webhooks/test", "test_webhook", _ADMIN, alone=False),  # who is called may ask back
    Route("GET", "webhooks/<webhook_id>/signing_secret", "webhook_secret", _ADMIN),
)
