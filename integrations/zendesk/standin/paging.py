"""Long lists, page by page (api-reference/introduction/pagination)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from integrations.zendesk.standin import refusals
from integrations.zendesk.standin.asked import MOST, Asked
from integrations.zendesk.standin.records import Json


def paged(here: str, asked: Asked, name: str, found: Sequence[Any], shown: Callable[[Any], Json]) -> Json:
    """One page of what was found: by cursor where page[size] is given, else by page number; `here` is its address."""
    if "page[size]" in asked.query or "page[after]" in asked.query:
        return _by_cursor(here, asked, name, found, shown)
    size = min(asked.number("per_page") or MOST, MOST)
    page = max(asked.number("page") or 1, 1)
    start, end = (page - 1) * size, page * size
    return {
        name: [shown(record) for record in found[start:end]],
        "count": len(found),
        "next_page": _address(here, asked, page=page + 1) if end < len(found) else None,
        "previous_page": _address(here, asked, page=page - 1) if page > 1 else None,
    }


def _by_cursor(here: str, asked: Asked, name: str, found: Sequence[Any], shown: Callable[[Any], Json]) -> Json:
    start = _place(asked.query.get("page[after]", ""))
    end = start + min(asked.number("page[size]") or MOST, MOST)
    more = end < len(found)
    behind = base64.b64encode(f"o:{end}".encode()).decode() if found else None
    return {
        name: [shown(record) for record in found[start:end]],
        "meta": {"has_more": more, "after_cursor": behind, "before_cursor": None},
        "links": {"prev": None, "next": _address(here, asked, **{"page[after]": behind}) if more else None},
    }


def _address(here: str, asked: Asked, **instead: object) -> str:
    return f"{here}?{urlencode({**asked.query, **instead})}"


def _place(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("o:"))
    except (ValueError, binascii.Error):
        raise refusals.wrong_value("page[after]: is not valid", 400) from None
