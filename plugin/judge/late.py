"""Patterns that are compiled when they are first used: most letters need few of them, and a command starts sooner."""

from __future__ import annotations

import re
from typing import Any, cast

_VERBS = ("search", "match", "fullmatch", "finditer", "findall", "split", "sub")


class _Late:
    """Stands for a pattern until it is used."""

    def __init__(self, source: str, flags: int) -> None:
        self._made_of = source, flags

    def __getattr__(self, name: str) -> Any:
        pattern = re.compile(*self._made_of)
        for verb in _VERBS:
            setattr(self, verb, getattr(pattern, verb))
        return getattr(pattern, name)


def late(source: str, flags: int = 0) -> re.Pattern[str]:
    """What `re.compile` gives, as far as it is used to look for something; a wrong one is refused at its first use."""
    return cast("re.Pattern[str]", _Late(source, flags))
