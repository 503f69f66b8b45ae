"""What `amends doctor` says of an account: one line for everything that must be right, in words one can act upon."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from integrations.imap.door import CertificateRefused, ImapSettings, LoginRefused
from integrations.imap.fetching import arrival
from integrations.imap.folders import ACT_FOLDERS, Folders
from integrations.imap.session import Session
from plugin.inbox import Finding, InboxError

_CLOCK_SLACK = timedelta(minutes=5)
_FULL = 0.95
_AS_KEYWORDS = (
    "tags are kept as IMAP keywords: Thunderbird shows those it was told of (`amends doctor --thunderbird FILE`), "
    "Outlook, Apple Mail and most phones show none (`show: both` also sets a flag); docs/marks.md has more"
)
_AS_LABELS = (
    "tags are kept as Gmail's labels: Gmail shows them beside the subject and in the list at the left, other mail "
    "programs show each as a folder; docs/marks.md has more"
)
_GMAIL_TAKES = (
    "drafts of ours that nobody touched are taken out of Drafts; Gmail then archives them or moves them to the bin, as "
    "is set there under Forwarding and POP/IMAP"
)
_FLAGGED = "\\flagged"
_AS_FLAG = "every mail program shows it (flag or star)"


def look_at_everything(session: Session, settings: ImapSettings, *, make_folders: bool) -> list[Finding]:
    """All findings of this account; what cannot be looked at because something before it failed is left out."""
    findings = [_name(settings)]
    try:
        with session.speaking():
            session.close()
            findings += _connection(session, settings)
            folders = session.folders(fresh=True)
            findings += _folders(folders, settings)
            findings += _on_the_server(session, settings, folders)
            findings.append(_act_folders(session, folders, make=make_folders))
    except InboxError as error:
        findings.append(Finding(_failed(error), False, _sentence(error)))
    return findings


def _name(settings: ImapSettings) -> Finding:
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
    except OSError as error:
        advice = "check `host:`, and that this machine is online"
        return Finding("name", False, f"{settings.host} is not known ({error}): {advice}")
    addresses = ", ".join(sorted({str(entry[4][0]) for entry in found}))
    return Finding("name", True, f"{settings.host} is {addresses}")


def _connection(session: Session, settings: ImapSettings) -> Iterator[Finding]:
    wire = session.client.socket()
    version = getattr(wire, "version", None)
    if settings.tls == "none" or version is None:
        yield Finding("TLS", True, "not encrypted, as `tls: none` asks")
    else:
        yield Finding("TLS", True, f"{version()}, certificate verified for {settings.host}")
    yield Finding("login", True, f"as {settings.user}")


def _folders(folders: Folders, settings: ImapSettings) -> Iterator[Finding]:
    """A line for each role, and one more for what is missing of several: nothing that is wrong is told twice."""
    watched = ", ".join(folders.watched)
    absent = _absent(folders, settings.folders, "folders")
    yield Finding("watched folders", bool(watched), watched or absent or "none fits `folders:`: check `folders:`")
    drafts = _absent(folders, [settings.drafts], "drafts")
    drafts = drafts or "none found: set `drafts:` to the folder your mail program keeps drafts in"
    yield Finding("Drafts", bool(folders.drafts), folders.drafts or drafts)
    sent = _absent(folders, settings.sent, "sent") or "none found: set `sent:`, or no answer of yours will be seen"
    yield Finding("Sent", bool(folders.sent), ", ".join(folders.sent) or sent)
    if not settings.reminders:
        yield Finding("reminders", True, "off")
    else:
        where = folders.reminders or _absent(folders, [settings.reminders], "reminders")
        yield Finding("reminders", bool(folders.reminders), where)
    some = [*(settings.folders if watched else ()), *(settings.sent if folders.sent else ())]
    for name in dict.fromkeys(name for name in some if name in folders.missing):
        yield Finding("folder", False, f"there is no folder {name}: check the spelling in `amends.yaml`")


def _absent(folders: Folders, wanted: Sequence[str], setting: str) -> str:
    """Which of these the server does not have, and where they are named; empty where none of them is missing."""
    names = [name for name in wanted if name in folders.missing]
    return f"there is no folder {', '.join(names)}: check the spelling in `{setting}:`" if names else ""


def _on_the_server(session: Session, settings: ImapSettings, folders: Folders) -> Iterator[Finding]:
    """What the server can do; a server that stumbles over one question may still answer the next."""
    looks: Sequence[tuple[str, Callable[[Session, ImapSettings, Folders], Finding | None]]] = (
        ("marks", _marks),
        ("taking back", _taking_back),
        ("news", _news),
        ("quota", _quota),
        ("clock", _clock),
    )
    for check, look in looks:
        try:
            finding = look(session, settings, folders)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            session.heed(error)
            finding = Finding(check, False, f"the server refused to tell: {error}")
        if finding is not None:
            yield finding


def _marks(session: Session, settings: ImapSettings, folders: Folders) -> Finding | None:
    if not folders.watched:
        return None
    folder, show = folders.watched[0], settings.show
    if show == "none":
        return Finding("marks", True, "no tags are shown, as `show: none` asks; the register has them all")
    opened = session.select(folder)
    if opened.readonly:
        return Finding("marks", False, f"{folder} may only be read: no tags will show; ask for the right to set flags")
    told, missing = [], []
    if show in {"keywords", "both"}:
        kept = session.has_labels or opened.any_keyword
        told += [_AS_LABELS if session.has_labels else _AS_KEYWORDS] if kept else []
        missing += [] if kept else ["new keywords: no tags will show; the register has them all" + (
            "; `show: flag` flags complaints instead" if show == "keywords" else "")]  # fmt: skip
    if show in {"flag", "both"}:
        kept = _FLAGGED in opened.keywords
        told += [f"a complaint is flagged, as `show: {show}` asks; {_AS_FLAG}"] if kept else []
        missing += [] if kept else ["flags: none will show; the register has all tags"]
    return Finding("marks", not missing, "; ".join([*(f"{folder} keeps no {one}" for one in missing), *told]))


def _taking_back(session: Session, _: ImapSettings, __: Folders) -> Finding:
    if session.has_labels:
        return Finding("taking back", True, _GMAIL_TAKES)
    if session.has("UIDPLUS"):
        return Finding("taking back", True, "drafts of ours that nobody touched can be taken back (UIDPLUS)")
    return Finding("taking back", True, "this server has no UIDPLUS: drafts of ours stay until a person deletes them")


def _news(session: Session, _: ImapSettings, __: Folders) -> Finding:
    if session.has("IDLE"):
        return Finding("news", True, "the server tells of new mail at once (IDLE)")
    return Finding("news", True, "this server has no IDLE: new mail is seen at the next poll")


def _quota(session: Session, _: ImapSettings, folders: Folders) -> Finding | None:
    if not session.has("QUOTA") or not folders.watched:
        return None
    _, quotas = session.client.get_quota_root(folders.watched[0])
    storage = [one for one in quotas if one.resource.upper() == "STORAGE" and int(one.limit)]
    if not storage:
        return Finding("quota", True, "none set")
    used, limit = int(storage[0].usage), int(storage[0].limit)
    told = f"{used / 1024:.0f} of {limit / 1024:.0f} MiB used"
    if used >= _FULL * limit:
        return Finding("quota", False, f"{told}: no draft may fit; make room")
    return Finding("quota", True, told)


def _clock(session: Session, _: ImapSettings, folders: Folders) -> Finding | None:
    """The only clock an IMAP server shows is in the arrival time of its newest message."""
    if not folders.watched:
        return None
    session.examine(folders.watched[0])
    newest = session.search("ALL")[-1:]
    facts = session.fetch(newest, "INTERNALDATE")
    if not facts:
        return None
    ahead = arrival(facts[newest[0]]) - datetime.now(UTC)
    if ahead > _CLOCK_SLACK:
        minutes = ahead.total_seconds() / 60
        return Finding(
            "clock", False, f"the newest mail came {minutes:.0f} minutes in the future: set this clock right"
        )
    return Finding("clock", True, "no mail is from the future")


def _act_folders(session: Session, folders: Folders, *, make: bool) -> Finding:
    missing = [name for name in folders.act_names() if name not in folders.acts]
    if not missing:
        return Finding("folders to file into", True, ", ".join(folders.acts))
    if not make:
        names = ", ".join(ACT_FOLDERS)
        return Finding("folders to file into", True, f"not there ({names}): `amends doctor --make-folders` makes them")
    refused = [told for name in missing if (told := _make(session, name))]
    session.folders(fresh=True)
    if refused:
        return Finding("folders to file into", False, "; ".join(refused))
    return Finding("folders to file into", True, f"made {', '.join(missing)}")


def _make(session: Session, name: str) -> str:
    """Makes and subscribes a folder; what the server said where it would not."""
    try:
        session.client.create_folder(name)
    except IMAPClientAbortError:
        raise
    except IMAPClientError as error:
        session.heed(error)
        return f"the server would not make {name}: {error}"
    # Not every server knows subscriptions, and a folder that is not subscribed works as well.
    with suppress(IMAPClientError):
        session.client.subscribe_folder(name)
    return ""


def _failed(error: InboxError) -> str:
    if isinstance(error, LoginRefused):
        return "login"
    return "TLS" if isinstance(error, CertificateRefused) else "connection"


def _sentence(error: InboxError) -> str:
    return f"{error.problem} - {error.advice}" if error.advice else error.problem
