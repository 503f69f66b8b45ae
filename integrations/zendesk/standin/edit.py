"""One audit in the making: every change of a ticket goes through here, and leaves an event."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from integrations.zendesk.standin.records import Attachment, Audit, Comment, Json, Said, Ticket, TicketField

_NOT_SHOWN = frozenset({"ticket_form_id", "brand_id"})


def tag_list(given: object) -> tuple[str, ...]:
    """Tags as Zendesk keeps them: lower case, without spaces, each once, in alphabetical order."""
    parts = given if isinstance(given, list | tuple | set | frozenset) else str(given or "").split(",")
    return tuple(sorted({word for part in parts for word in str(part).lower().split()}))


class Edit:
    """Changes `ticket` at once and collects the events; `close` makes the audit of them."""

    def __init__(
        self, ticket: Ticket, at: datetime, next_id: Callable[[], int], fields: Mapping[int, TicketField]
    ) -> None:
        self.ticket, self.at, self._next_id, self._fields = ticket, at, next_id, fields
        self.id = next_id()
        self.created = not ticket.audits
        self.events: list[Json] = []

    def say(self, said: Said, author_id: int, via: Json, metadata: Json) -> Comment:
        """A comment is added."""
        files = tuple(Attachment(self._next_id(), name, size) for name, size in said.files)
        comment = Comment(
            id=self._next_id(), audit_id=self.id, author_id=said.author_id or author_id, public=said.public, via=via,
            body=said.body or plain(said.html_body), html_body=said.html_body or marked_up(said.body), at=self.at,
            attachments=files, metadata=metadata,
        )  # fmt: skip
        self.ticket.comments.append(comment)
        self.events.append({"id": comment.id, "type": "Comment"})  # the rest is read from the comment when it is shown
        return comment

    def set(self, name: str, value: object, via: Json | None = None) -> None:
        """A field gets a value."""
        before = self.ticket.values.get(name)
        if before == value:
            return
        self.ticket.values[name] = value
        if name == "status":
            self.ticket.solved_at = self.at if value == "solved" else self.ticket.solved_at
        self._changed(name, _text(value), _text(before), via)

    def tag(self, tags: Iterable[str], via: Json | None = None) -> None:
        """The ticket carries exactly these tags; a dropdown whose tag is gone is emptied."""
        before, after = self.ticket.tags, tag_list(list(tags))
        if before == after:
            return
        self.ticket.tags = after
        self._changed("tags", list(after), list(before), via)
        for known in self._fields.values():
            if known.options:
                self._follow_tags(known, via)

    def fill(self, field_id: int, value: object, via: Json | None = None) -> None:
        """A field of the account's own gets a value; a dropdown's value is a tag as well."""
        before = self.ticket.custom.get(field_id)
        if before == value:
            return
        self.ticket.custom[field_id] = value
        self._changed(str(field_id), _text(value), _text(before), via)
        known = self._fields.get(field_id)
        if known and known.options:
            kept = [tag for tag in self.ticket.tags if tag != before]
            self.tag([*kept, str(value)] if value else kept, via)

    def note(self, event: Json) -> None:
        """Something else happened in this audit."""
        self.events.append({"id": self._next_id(), **event})

    def close(self, author_id: int, via: Json, metadata: Json) -> Audit:
        """The audit, kept with the ticket if anything happened at all."""
        ticket = self.ticket
        audit = Audit(
            id=self.id, ticket_id=ticket.id, author_id=author_id, at=self.at, via=via, events=tuple(self.events),
            metadata=metadata,
        )  # fmt: skip
        if self.events:
            ticket.audits.append(audit)
            ticket.updated_at = ticket.generated_at = self.at
        return audit

    def _follow_tags(self, known: TicketField, via: Json | None) -> None:
        chosen = next((tag for tag in self.ticket.tags if tag in known.options), None)
        before = self.ticket.custom.get(known.id)
        if before != chosen and not (before and before in self.ticket.tags):
            self.ticket.custom[known.id] = chosen
            self._changed(str(known.id), chosen, _text(before), via)

    def _changed(self, name: str, value: object, before: object, via: Json | None) -> None:
        if self.created and (value in (None, []) or name in _NOT_SHOWN):
            return
        event: Json = {"id": self._next_id(), "type": "Create" if self.created else "Change", "field_name": name}
        event["value"] = value
        if not self.created:
            event["previous_value"] = before
        if via:
            event["via"] = via
        self.events.append(event)


def plain(markup: str) -> str:
    """HTML as text; good for what tests write."""
    text = re.sub(r"<br\s*/?>|</p>|</div>", "\n", markup)
    return html.unescape(re.sub(r"<[^>]+>", "", text)).strip()


def marked_up(text: str) -> str:
    """Text as Zendesk wraps it."""
    paragraphs = "".join(f'<p dir="auto">{html.escape(part, quote=False)}</p>' for part in text.split("\n\n"))
    return f'<div class="zd-comment" dir="auto">{paragraphs}</div>'.replace("\n", "<br>")


def _text(value: Any) -> Any:
    """Audits give numbers as text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
