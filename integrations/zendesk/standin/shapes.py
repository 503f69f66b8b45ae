"""Requests and answers against the official description, and against schemas of ours where that leaves things open.

`description.json` holds the names and types of what is served here, `ours.json` the rest, each with its page.
Known are: type, nullable, enum, format (date-time, uri), properties, required, items, oneOf, allOf, $ref, and our own
`closed`, under which nothing may appear that is not described.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from integrations.zendesk.standin.records import Json

_HERE = Path(__file__).parent
_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,), "number": (int, float),
    "boolean": (bool,),
}  # fmt: skip
REFUSED = "Refused"


class Shapes:
    """The two descriptions, read once."""

    def __init__(self) -> None:
        described, ours = _read("description.json"), _read("ours.json")
        known = {name: schema for name, schema in described["schemas"].items() if schema is not None}
        self.open = sorted(set(described["schemas"]) - set(known) - set(ours["schemas"]))
        self.schemas: Json = ours["schemas"] | known | ours["corrected"]
        self.paths: Json = described["paths"] | ours["paths"]
        self._query: Json = ours["query"]

    def problems(
        self, method: str, path: str, status: int, query: Mapping[str, str], bodies: tuple[bytes, bytes]
    ) -> list[str]:
        """What is wrong with one request and its answer, given as raw bodies; empty when nothing is."""
        asked, answered = bodies
        name = f"{method} {path}"
        template = self._template(path)
        operation = self.paths.get(template, {}).get(method.lower()) if template else None
        if operation is None:
            return [] if status in (404, 405) else [f"{name}: described nowhere"]
        if status == 500:
            return [f"{name}: the stand-in itself failed"]
        schema = {"$ref": REFUSED} if status >= 400 else operation["answers"].get(str(status), False)
        if schema is False:
            return [f"{name}: status {status} is described nowhere"]
        found = list(self._unknown_query(str(template), operation, query))
        found += self.wrong(json.loads(answered or b'""'), schema, "answer") if schema else []
        if status < 400 and "body" in operation:
            found += self.wrong(json.loads(asked or b"{}"), operation["body"], "request")
        return [f"{name} -> {status}: {problem}" for problem in found]

    def wrong(self, value: Any, schema: Json, where: str) -> list[str]:
        """What is wrong with a value."""
        if "$ref" in schema:
            return self.wrong(value, self.schemas[schema["$ref"]], where)
        if value is None and ("oneOf" in schema or "type" in schema):
            return [] if schema.get("nullable") else [f"{where} is null"]
        if "oneOf" in schema:
            tried = [self.wrong(value, one, where) for one in schema["oneOf"]]
            return [] if not all(tried) else min(tried, key=len)
        found = [problem for one in schema.get("allOf", ()) for problem in self.wrong(value, one, where)]
        return found + self._own(value, schema, where)

    def _own(self, value: Any, schema: Json, where: str) -> list[str]:
        kind = schema.get("type")
        if kind and (not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
            return [f"{where} is {value!r}, not {kind}"]
        if "enum" in schema and value not in schema["enum"]:
            return [f"{where} is {value!r}, not one of {schema['enum']}"]
        if schema.get("format") in _FORMATS and not _FORMATS[schema["format"]](value):
            return [f"{where} is {value!r}, not a {schema['format']}"]
        if isinstance(value, list) and "items" in schema:
            return [p for index, one in enumerate(value) for p in self.wrong(one, schema["items"], f"{where}[{index}]")]
        return self._parts(value, schema, where) if isinstance(value, dict) else []

    def _parts(self, value: Json, schema: Json, where: str) -> list[str]:
        properties = schema.get("properties", {})
        found = [f"{where}.{name} is missing" for name in schema.get("required", ()) if name not in value]
        if schema.get("closed"):
            found += [f"{where}.{name} is described nowhere" for name in value if name not in properties]
        known = [name for name in value if name in properties]
        return found + [p for name in known for p in self.wrong(value[name], properties[name], f"{where}.{name}")]

    def _template(self, path: str) -> str | None:
        if path in self.paths:
            return path
        fits = (one for one in self.paths if "{" in one and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", one), path))
        return next(fits, None)

    def _unknown_query(self, template: str, operation: Json, query: Mapping[str, str]) -> Iterator[str]:
        known = {
            *operation.get("query", {}),
            *self._query["*"]["names"],
            *self._query.get(template, {}).get("names", ()),
        }
        return (f"parameter {name} is described nowhere" for name in query if name not in known)


@cache
def _read(name: str) -> Json:
    read: Json = json.loads((_HERE / name).read_text("utf-8"))
    return read


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)).tzinfo is not None
    except ValueError:
        return False


def _is_address(text: str) -> bool:
    return bool(urlsplit(text).scheme and urlsplit(text).netloc)


_FORMATS: Mapping[str, Callable[[str], bool]] = {"date-time": _is_time, "uri": _is_address}
