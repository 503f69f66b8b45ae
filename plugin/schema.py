"""What an editor is told of the files people write: JSON Schemas (2020-12) with every word explained.

The shapes come from the forms the program itself reads with, so they cannot differ; here they lose what only a program
cares for, and gain what a person wants to read while typing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Words = Mapping[str, Mapping[str, str]]
"""What to say of each key, by the name of its form."""
Json = dict[str, Any]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def for_editors(schema: Json, title: str, words: Words, *, nothing: bool) -> Json:
    """The schema of a form with a title and these words; `nothing` tells whether a key may stand without a value."""
    plain: Json = _plain(schema, nothing=nothing)
    for name, form in (*plain.get("$defs", {}).items(), ("", plain)):
        for key, text in words.get(name, {}).items():
            form["properties"][key] = {"description": text} | form["properties"][key]
    return {"$schema": _DRAFT, "title": title} | plain


def exactly_one(schema: Json, *names: str) -> Json:
    """The schema, in which each of these forms must have one key and no more."""
    for name in names:
        schema["$defs"][name] |= {"minProperties": 1, "maxProperties": 1}
    return schema


def _plain(node: Any, *, nothing: bool) -> Any:
    """Without the titles pydantic makes of names; unless `nothing` is allowed, without null as value or default."""
    if isinstance(node, list):
        return [_plain(child, nothing=nothing) for child in node]
    if not isinstance(node, dict):
        return node
    found = {key: _plain(child, nothing=nothing) for key, child in node.items() if not _is_title(key, child)}
    if nothing:
        return found
    if found.get("default", "") is None:
        del found["default"]
    choices = found.get("anyOf")
    if not isinstance(choices, list) or {"type": "null"} not in choices:
        return found
    left = [choice for choice in choices if choice != {"type": "null"}]
    del found["anyOf"]
    return (left[0] if len(left) == 1 else {"anyOf": left}) | found


def _is_title(key: str, child: Any) -> bool:
    """A property may be called `title`, and is then no text."""
    return key == "title" and isinstance(child, str)
