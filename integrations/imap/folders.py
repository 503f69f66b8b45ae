"""Which folders of a mailbox matter to us: watched, Sent, Drafts, reminders, and those a person files mail into.

All of it is decided from one LIST answer, so it can be tried without a server.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from plugin.inbox import ActKind

AUTO = "auto"
ACT_FOLDERS = {
    "Complaint": ActKind.COMPLAINT,
    "Not a complaint": ActKind.NOT_A_COMPLAINT,
    "Resolved": ActKind.RESOLVED,
}
_PARENT = "Amends"
_NEVER_WATCHED = frozenset({"\\noselect", "\\nonexistent", "\\trash", "\\junk", "\\all", "\\flagged"})
_UNOPENABLE = frozenset({"\\noselect", "\\nonexistent"})

# Names mail programs and providers give these folders, where the server does not mark them (RFC 6154).
_SENT_NAMES = frozenset({
    "sent", "sent items", "sent mail", "sent messages", "gesendet", "gesendete elemente", "gesendete objekte",
    "envoyés", "messages envoyés", "éléments envoyés", "courrier envoyé", "enviados", "elementos enviados",
    "mensajes enviados", "inviata", "inviati", "posta inviata", "elementi inviati", "verzonden", "verzonden items",
    "verzonden berichten", "enviadas", "enviadas e respondidas", "itens enviados", "mensagens enviadas", "wysłane",
    "odeslané", "odeslaná pošta", "skickat", "sendt", "sendte", "lähetetyt", "отправленные", "送信済み",
    "送信済みメール", "已发送", "已傳送", "보낸편지함",
})  # fmt: skip
_DRAFT_NAMES = frozenset({
    "drafts", "draft", "entwürfe", "entwurf", "brouillons", "borradores", "bozze", "concepten", "rascunhos",
    "szkice", "koncepty", "utkast", "kladder", "luonnokset", "черновики", "下書き", "草稿", "草稿箱", "임시보관함",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a LIST answer; `marks` are its attributes in lower case, `name` is readable, not UTF-7."""

    name: str
    separator: str
    marks: frozenset[str]

    @property
    def last(self) -> str:
        """The last part of the name, for comparing."""
        return self.name.rpartition(self.separator)[2].casefold() if self.separator else self.name.casefold()

    @property
    def depth(self) -> int:
        """How many folders stand above this one."""
        return self.name.count(self.separator) if self.separator else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """The folders that matter, by the names the server gives them; `drafts` and `reminders` are empty where absent.

    `missing` holds what the settings name and the server does not have; `separator` and `prefix` make new names.
    """

    watched: tuple[str, ...]
    sent: tuple[str, ...]
    drafts: str
    reminders: str
    acts: Mapping[str, ActKind] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    separator: str = "/"
    prefix: str = ""

    def every(self) -> tuple[str, ...]:
        """All of them once, in the order they are read: arrivals before answers before acts."""
        return tuple(dict.fromkeys(filter(None, (*self.watched, *self.sent, *self.acts, self.reminders, self.drafts))))

    def act_names(self) -> dict[str, ActKind]:
        """The full names the folders for acts have, or would have, on this server."""
        return _act_names(self.prefix, self.separator)


def choose(
    listing: Sequence[Listed], *, watched: Iterable[str], sent: Iterable[str], drafts: str, reminders: str, prefix: str
) -> Folders:
    """The folders that matter among those listed; `prefix` is that of the personal namespace, like `INBOX.`."""
    separator = next((line.separator for line in listing if line.separator), "/")
    by_name = {line.name: line for line in listing if not line.marks & _UNOPENABLE}
    draft_folder = _one(by_name, drafts, "\\drafts", _DRAFT_NAMES)
    sent_folders, missing_sent = _sent(by_name, tuple(sent))
    acts = {name: kind for name, kind in _act_names(prefix, separator).items() if name in by_name}
    aside = {draft_folder, *sent_folders, *acts}
    watched_folders, missing = _watched(by_name, tuple(watched), aside)
    reminder_folder = _named(by_name, reminders) or ""
    lost = [name for name in (reminders,) if name and not reminder_folder]
    lost += [drafts] if drafts.casefold() != AUTO and not draft_folder else []
    return Folders(
        watched=watched_folders, sent=sent_folders, drafts=draft_folder, reminders=reminder_folder, acts=acts,
        missing=tuple(dict.fromkeys((*missing, *missing_sent, *lost))), separator=separator, prefix=prefix,
    )  # fmt: skip


def _act_names(prefix: str, separator: str) -> dict[str, ActKind]:
    return {f"{prefix}{_PARENT}{separator}{leaf}": kind for leaf, kind in ACT_FOLDERS.items()}


def _named(by_name: Mapping[str, Listed], wanted: str) -> str | None:
    """The folder a person means: as written, or with the server's own separator; INBOX in any case (RFC 9051, 5.1)."""
    for name, line in by_name.items():
        spelled = wanted.replace("/", line.separator) if line.separator else wanted
        if name in {wanted, spelled} or (name.upper() == "INBOX" == wanted.upper()):
            return name
    return None


def _one(by_name: Mapping[str, Listed], wanted: str, mark: str, names: frozenset[str]) -> str:
    if wanted.casefold() != AUTO:
        return _named(by_name, wanted) or ""
    found = _special(by_name, mark, names)
    return found[0] if found else ""


def _special(by_name: Mapping[str, Listed], mark: str, names: frozenset[str]) -> list[str]:
    """Folders the server marks so, in whatever case (Cyrus writes `\\drafts`); else those named so, shallow first."""
    marked = [name for name, line in by_name.items() if mark in line.marks]
    if marked:
        return marked
    alike = [line for line in by_name.values() if line.last in names and line.depth <= 1]
    return [line.name for line in sorted(alike, key=lambda line: line.depth)]


def _sent(by_name: Mapping[str, Listed], wanted: tuple[str, ...]) -> tuple[tuple[str, ...], list[str]]:
    found: list[str] = []
    missing: list[str] = []
    for name in wanted:
        if name.casefold() == AUTO:
            found += _special(by_name, "\\sent", _SENT_NAMES)
        elif (folder := _named(by_name, name)) is not None:
            found.append(folder)
        else:
            missing.append(name)
    return tuple(dict.fromkeys(found)), missing


def _watched(
    by_name: Mapping[str, Listed], wanted: tuple[str, ...], aside: set[str]
) -> tuple[tuple[str, ...], list[str]]:
    found: list[str] = []
    missing: list[str] = []
    for name in wanted:
        matches = _matching(by_name, name, aside) if "*" in name else [_named(by_name, name)]
        found += filter(None, matches)
        if "*" not in name and matches == [None]:
            missing.append(name)
    return tuple(dict.fromkeys(found)), missing


def _matching(by_name: Mapping[str, Listed], pattern: str, aside: set[str]) -> list[str]:
    """What a pattern with `*` means; never Drafts, Sent, Trash, Junk or the folders for acts, which are no arrivals."""
    return [
        name
        for name, line in by_name.items()
        if name not in aside
        and not line.marks & _NEVER_WATCHED
        and re.fullmatch(".*".join(map(re.escape, pattern.replace("/", line.separator or "/").split("*"))), name)
    ]
