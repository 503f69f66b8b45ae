"""`amends.yaml` and the environment become Settings; every problem at once, each with file, line and column.

`${NAME}` in any value stands for the environment variable NAME or, where there is none, for NAME in a `.env` beside
the file.
"""

from __future__ import annotations

import ipaddress
import os
import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from plugin.channels import problem_with
from plugin.hours import Hours, HoursError
from plugin.judge.deep import Wish, missing
from plugin.model import Address
from plugin.playbook import shipped_packs
from plugin.schema import for_editors
from plugin.source import Form, Problem, Problems, one_of, read, read_text, suggest

_LISTEN: Final = ("127.0.0.1", 8025)
_SHORTEST_TOKEN: Final = 16
_COMPLAINT_AT: Final = 0.7
_ASK_FROM: Final = 0.4
_LONGEST_KEPT: Final = 500  # years
_EXAMPLE_ID: Final = re.compile(r"[0-]*|1234\.apps\.googleusercontent\.com|\d{8}-…")
"""Ids of an application as they stand in `init`'s files and in docs/signin.md."""
_PUBLISHED: Final = ("dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==", "HRkRd4BeOAoUkfZr-mhauJT64rvBASlJRoIyPsd3zeA=")
"""Secrets that stand on developer.zendesk.com/documentation/webhooks/verifying, today or in an older form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxSettings:
    """One inbox as it was set up: what is the same for every kind.

    `ours` are lower-case addresses and `@domain`s; `reminders` says where they go, empty for off; `start` is `now`,
    `all` or a date; `hours` is a key of Settings.calendars; `mode` is how much may be written: draft, tag or watch.
    """

    name: str
    kind: str
    identities: tuple[Address, ...]
    ours: tuple[str, ...]
    reminders: str
    mode: str = "draft"
    start: str | date = "now"
    hours: str = "default"
    language: str = "en"
    voice: str = "plain"  # plain | warm | formal
    signature: str = ""

    @property
    def server(self) -> str:
        """Where it is reached; inboxes of one server share what that allows."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth:
    """A sign-in at a provider; the secret and the keys show in no repr.

    `kept` is the file of what the sign-in left, `keys` encrypt it: the first is written with, any is read with. `url`
    is where a stand-in for the provider answers, on this machine, else empty.
    """

    provider: str  # microsoft | google
    client_id: str
    tenant: str = ""
    client_secret: str = field(default="", repr=False)
    url: str = ""
    kept: Path = Path()
    keys: tuple[str, ...] = field(default=(), repr=False)

    @property
    def unfilled(self) -> bool:
        """Whether `client_id` is still the example that `init` or docs/signin.md wrote there."""
        return _EXAMPLE_ID.fullmatch(self.client_id) is not None


@dataclass(frozen=True, slots=True)
class TokenCommand:
    """A program of the site's own, with its arguments, that prints a token."""

    command: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxSettings(InboxSettings):
    """A mailbox that speaks IMAP; the password, empty where there is another way to sign in, shows in no repr.

    `drafts` is a folder or `auto`, `sent` is folders or `("auto",)`, `reminders` is a folder.
    """

    kind: str = "imap"
    host: str
    port: int
    tls: str = "implicit"  # implicit | starttls | none
    user: str
    password: str = field(default="", repr=False)
    sign_in: OAuth | TokenCommand | None = None
    folders: tuple[str, ...] = ("INBOX",)
    drafts: str = "auto"
    sent: tuple[str, ...] = ("auto",)
    reminders: str = "INBOX"
    show: str = "keywords"  # keywords | flag | both | none

    @property
    def server(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpdeskSettings(InboxSettings):
    """A Zendesk account; token and secret show in no repr.

    `url` is where it answers, without a slash at the end; `webhook_secret` is empty where it cannot call us, and
    `sidebar_app` is 0 where the sidebar app is not installed. Reminders go into the ticket.
    """

    kind: str = "zendesk"
    subdomain: str
    email: str
    token: str = field(repr=False)
    webhook_secret: str = field(default="", repr=False)
    tag_prefix: str = ""
    sidebar_app: int = 0
    url: str
    reminders: str = "ticket"

    @property
    def server(self) -> str:
        """Where the account answers."""
        return self.url


@dataclass(frozen=True, slots=True)
class Lapse:
    """How long something is kept: `24 months`, `6 years`, in days, weeks, months or years of the calendar."""

    amount: int
    unit: str  # days | weeks | months | years

    def before(self, now: datetime) -> datetime:
        """The moment so long before `now`; where that month has no such day, its last."""
        if self.unit in ("days", "weeks"):
            return now - timedelta(**{self.unit: self.amount})
        months = now.year * 12 + now.month - 1 - self.amount * (12 if self.unit == "years" else 1)
        year, month = divmod(months, 12)
        return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))

    def __lt__(self, other: Lapse) -> bool:
        return self.before(_SOME_DAY) > other.before(_SOME_DAY)

    def __str__(self) -> str:
        return f"{self.amount} {self.unit.removesuffix('s') if self.amount == 1 else self.unit}"


_SOME_DAY: Final = datetime(2600, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How long after a case was resolved its words and itself are kept, None for ever, and when letters are packed."""

    text: Lapse | None = None
    case: Lapse | None = None
    archive: Lapse = Lapse(90, "days")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that `amends.yaml` says, checked, with defaults filled in; paths are absolute, `remarks` are no problems.

    `store` is a database URL. `url` is where the web pages are reached from outside, without a slash at the end, or
    empty; who shows `web_token` there is told how all fares. `notify` are addresses for word to the team, secrets and
    all. `path` is None where there was no file.
    """

    path: Path | None
    folder: Path
    store: str = field(repr=False)
    listen: tuple[str, int] = _LISTEN
    url: str = ""
    web_token: str = field(default="", repr=False)
    notify: tuple[str, ...] = field(default=(), repr=False)
    packs: tuple[str, ...] = ("general",)
    playbooks: Path | None = None
    inboxes: tuple[InboxSettings, ...] = ()
    calendars: Mapping[str, Hours]
    complaint_at: float = _COMPLAINT_AT
    ask_between: tuple[float, float] = (_ASK_FROM, _COMPLAINT_AT)
    deep: Wish = "auto"
    retrain: str = "never"  # never, daily, weekly
    keep: Keep = Keep()
    remarks: tuple[str, ...] = ()


def load(path: Path, *, secrets: bool = True) -> Settings:
    """The settings in the file at `path`; raises Problems with all of them.

    With `secrets=False` a `${NAME}` that is set nowhere is no problem and stays as it stands, nor is a faulty `.env`.
    """
    problems: list[Problem] = []
    around = _Around(path.absolute().parent)
    dotenv = around.folder / ".env"
    names = _Names({**_read_dotenv(dotenv, problems if secrets else []), **os.environ}, secrets)
    form = read(path, _File, problems=problems, context=around, fill=names.fill)
    settings = None if form is None else _settings(form, path, around.folder, problems)
    keys = _keys(names.values.get("AMENDS_KEY", ""), path, problems if secrets else [])
    if problems or settings is None:
        raise Problems(replace(problem, text=names.hidden(problem.text)) for problem in problems)
    inboxes = tuple(_with_file(inbox, _tokens_folder(settings), keys) for inbox in settings.inboxes)
    return replace(settings, inboxes=inboxes, remarks=(*settings.remarks, *_remarks_on_rights(dotenv)))


def _with_file(inbox: InboxSettings, folder: Path, keys: tuple[str, ...]) -> InboxSettings:
    """The inbox with the file of its sign-in, where it has one."""
    if not isinstance(inbox, MailboxSettings) or not isinstance(inbox.sign_in, OAuth):
        return inbox
    return replace(inbox, sign_in=replace(inbox.sign_in, kept=folder / f"{inbox.name}.json", keys=keys))


def _tokens_folder(settings: Settings) -> Path:
    """Where what sign-ins left lies: beside the store, or beside the file where that is no file."""
    file = settings.store.removeprefix("sqlite:///")
    return settings.folder / "amends.tokens" if file == settings.store else Path(file).with_suffix(".tokens")


def store_at(text: str, folder: Path) -> str:
    """The address of a store as somebody names it, `${NAME}` filled in as in amends.yaml; raises ValueError."""
    names = _Names({**_read_dotenv(folder / ".env", []), **os.environ}, required=True)
    try:
        return _store_at(names.fill(text), folder)
    except ValueError as error:
        raise ValueError(names.hidden(str(error))) from None


def _keys(text: str, path: Path, problems: list[Problem]) -> tuple[str, ...]:
    """The keys in AMENDS_KEY, the newest first, in the alphabet Fernet wants; a faulty one is a problem."""
    keys = tuple(key.strip().replace("+", "-").replace("/", "_") for key in text.split(",") if key.strip())
    for number, key in enumerate(keys, 1):
        if not re.fullmatch(r"[A-Za-z0-9_-]{43}=", key):
            which = f"key {number} of AMENDS_KEY" if len(keys) > 1 else "AMENDS_KEY"
            told = f"{which} is no key: it must be 32 random bytes in base64, as `openssl rand -base64 32` prints them"
            problems.append(Problem(str(path), 1, 1, told))
    return keys


# --- ${NAME} and .env -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Names:
    """What `${NAME}` stands for; remembers what it gave out, so that no problem shows it."""

    values: Mapping[str, str] = field(repr=False)
    required: bool
    given: dict[str, str] = field(default_factory=dict, repr=False)

    def fill(self, text: str) -> str:
        """The text with each `${NAME}` replaced; raises ValueError for a name that is set nowhere."""
        return re.sub(r"\$\{([^}]*)\}", self._value, text)

    def _value(self, found: re.Match[str]) -> str:
        name = found[1]
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise ValueError(f"`{found[0]}` holds no name: write letters, digits and _ between the braces")
        if self.values.get(name):
            self.given[self.values[name]] = found[0]
            return self.values[name]
        if self.required:
            raise ValueError(self._missing(name))
        return found[0]

    def _missing(self, name: str) -> str:
        """Why this name stands for nothing; an empty one in the environment hides what .env says."""
        if name in os.environ:
            return f"{name} is empty in the environment: give it a value there, or unset it so that .env counts"
        if name in self.values:
            return f"{name} is empty in .env: write its value behind `{name}=`"
        return f"{name} is not set: set it in the environment, or write `{name}=…` into a .env file beside this file"

    def hidden(self, text: str) -> str:
        """The text with each value we gave out turned back into its `${NAME}`, also where only its start is shown."""
        for value in sorted((value for value in self.given if len(value) > 3), key=len, reverse=True):
            shown = next((value[:n] for n in range(len(value), min(8, len(value)) - 1, -1) if value[:n] in text), value)
            text = text.replace(shown, self.given[value])
        return text


def _read_dotenv(path: Path, problems: list[Problem]) -> dict[str, str]:
    """The names in a `.env`: `NAME=value` lines, `#` comments, quotes where a value needs them; {} without a file."""
    if not path.exists():
        return {}
    values = {}
    for number, line in enumerate((read_text(path, problems) or "").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = re.fullmatch(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)", line)
        if found:
            values[found[1]] = _unquoted(found[2].strip())
        else:  # The line itself is not shown: it may hold a secret.
            problems.append(
                Problem(str(path), number, 1, "this line sets no name: write NAME=value, or begin it with #")
            )
    return values


def _unquoted(value: str) -> str:
    """A value without its quotes; without quotes, without a comment that follows a space."""
    quoted = re.fullmatch(r"""(["'])(.*)\1\s*(?:\s#.*)?""", value)
    return quoted[2] if quoted else re.split(r"(?:^|\s+)#", value, maxsplit=1)[0]


def _remarks_on_rights(dotenv: Path) -> tuple[str, ...]:
    try:
        mode = dotenv.stat().st_mode
    except FileNotFoundError:
        return ()
    return (f"{dotenv}: others on this machine may read it; run chmod 600 on it",) if mode & 0o077 else ()


# --- values -----------------------------------------------------------------------------------------------------------

_LOCAL_PART: Final = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_DOMAIN: Final = rf"{_LABEL}(?:\.{_LABEL})*"
_HOST: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[?[0-9A-Fa-f:.]+\]?"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _matching(pattern: str, problem: str) -> AfterValidator:
    """A check that the whole text matches; `problem` says what it must be."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"`{value}` {problem}")
        return value

    return AfterValidator(check)


def _listen(value: object) -> tuple[str, int]:
    found = re.fullmatch(r"(\[[^\]]+\]|[^:\s]+):(\d{1,5})", value) if isinstance(value, str) else None
    if not found or int(found[2]) > 65_535:
        raise ValueError("`listen` must be an address and a port from 0 to 65535, such as 127.0.0.1:8025")
    if not _is_loopback(found[1]):
        raise ValueError(
            f"`listen` must be a loopback address until the web page has a login, not {found[1]}: write 127.0.0.1"
        )
    return found[1].strip("[]"), int(found[2])


def _store(value: str, info: ValidationInfo) -> str:
    return _store_at(value, _around(info).folder)


def _store_at(value: str, folder: Path) -> str:
    """The address of a store, with the path of a file made absolute; raises ValueError, without the password."""
    scheme, _, rest = value.partition("://")
    file = rest.removeprefix("/")
    if scheme == "sqlite" and file != rest and file not in ("", ":memory:"):
        return f"sqlite:///{folder / file}"
    if scheme in ("postgresql", "postgresql+psycopg"):
        return _server_at(rest)
    raise ValueError(
        "`store` must be a file in SQLite, as sqlite:///amends.db, or a database in PostgreSQL, as "
        "postgresql+psycopg://user:${NAME}@host/database"
    )


def _server_at(rest: str) -> str:
    found = re.fullmatch(r"(?:[^@/?#]*@)?(?:\[[^\]]*\]|[^@/?#:]*)(?::\d{1,5})?/[^/?#]+(?:\?.*)?", rest, re.DOTALL)
    if found is None:
        raise ValueError(
            "this address of a PostgreSQL is not complete: write postgresql+psycopg://user:${NAME}@host/database, with "
            "%40 for an @ in the password, %2F for a / and so on"
        )
    return f"postgresql+psycopg://{rest}"


def _address(value: object) -> Address:
    text = value if isinstance(value, str) else ""
    found = re.fullmatch(
        rf"(?:([^<>\x00-\x1f\x7f-\x9f\u2028\u2029]*)<\s*)?({_LOCAL_PART}@{_DOMAIN})(?(1)\s*>)", text.strip()
    )
    if not found:
        raise ValueError(f"`{text}` is no mail address: write support@example.com or Our Name <support@example.com>")
    return Address(found[2].lower(), (found[1] or "").strip().strip('"').strip())


def _date(value: object) -> date:
    try:
        # Only this form: a bare number would be taken for seconds since 1970.
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return date.fromisoformat(value)
    except ValueError:
        pass  # the right form of a day no calendar has, 2026-02-30: the same sentence
    raise ValueError(f"`{value}` is no date: write it as 2026-12-24")


def _start(value: object) -> str | date:
    if value in ("now", "all"):
        return str(value)
    try:
        return _date(value)
    except ValueError as error:
        raise ValueError(f"`start` must be now, all or a date such as 2026-12-24, not `{value}`") from error


def _folder(value: str) -> str:
    if not value.strip() or re.search(r"[\x00-\x1f\x7f]", value):
        raise ValueError("a folder must have a name: write it as the mail program shows it")
    return value


def _watched(value: str) -> str:
    if "*" in value[:-1] or value == "*" or "%" in value:
        raise ValueError(f"`{value}`: a * stands only at the end of a folder's name, as in INBOX/*")
    return value


def _pack(value: str) -> str:
    return one_of("pack", shipped_packs())(value)


def _calendar(zone: str = "UTC", week: Mapping[str, str] | None = None, holidays: str = "") -> None:
    """Try this zone, week or region alone, so that what is wrong with it is said where it stands."""
    try:
        Hours.parse("", zone, week or {"mon": "09:00-17:00"}, holidays=holidays)
    except HoursError as error:
        raise ValueError("; ".join(text for _, text in error.problems)) from error


def _checked(check: Callable[[str], None]) -> AfterValidator:
    def passed(value: str) -> str:
        check(value)
        return value

    return AfterValidator(passed)


def _joined(windows: Any) -> Any:
    """The windows of a day may be a list."""
    return ", ".join(windows) if isinstance(windows, list) and all(isinstance(one, str) for one in windows) else windows


_Text = Annotated[str, Field(min_length=1)]
_Kind = Literal["imap", "zendesk"]
_Folder = Annotated[str, AfterValidator(_folder)]
_Identity = Annotated[Address, BeforeValidator(_address, json_schema_input_type=str)]
_Zone = Annotated[str, _checked(lambda zone: _calendar(zone=zone))]
_Days = Annotated[str, _checked(lambda days: _calendar(week={days: "09:00-17:00"}))]
_Windows = Annotated[
    str,
    BeforeValidator(_joined, json_schema_input_type=str | list[str]),
    _checked(lambda windows: _calendar(week={"mon": windows, "tue": "09:00-17:00"})),
]
_Name = Annotated[str, _matching(r"[A-Za-z0-9_-]{1,40}", "is no name: use up to 40 letters, digits, - and _")]
_Ours = Annotated[
    str, _matching(rf"(?:{_LOCAL_PART})?@{_DOMAIN}", "is neither an address nor an @domain: write @example.com")
]


# --- the file ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Around:
    """What checking one value needs to know of the rest: where the file lies, which calendars it names."""

    folder: Path
    calendars: tuple[str, ...] = ("default",)
    packs: tuple[str, ...] = ("general",)


def _around(info: ValidationInfo) -> _Around:
    if not isinstance(info.context, _Around):
        raise TypeError("the forms of this module are read with an _Around as context")
    return info.context


def _web_url(value: str) -> str:
    found = re.fullmatch(rf"(https?)://({_HOST})(?::\d{{1,5}})?(?:/[A-Za-z0-9._~-]+)*/?", value)
    if not found or (found[1] == "http" and not _is_loopback(found[2])):
        raise ValueError(
            f"`url` must be where this page is reached from outside, under https, such as https://amends.example.com, "
            f"not {value}"
        )
    return value.rstrip("/")


def _web_token(value: str) -> str:
    weak = len(value) < _SHORTEST_TOKEN or not value.isascii() or not value.isprintable() or " " in value
    if value and weak and not _is_named(value):
        raise ValueError(f"`token` must be at least {_SHORTEST_TOKEN} letters and digits, so that nobody can guess it")
    return value


def _channel(value: str) -> str:
    if not _is_named(value) and (problem := problem_with(value)) is not None:
        raise ValueError(problem)
    return value


def _is_named(value: str) -> bool:
    """Whether a secret is only named here, which is how settings read without secrets have it."""
    return "${" in value


class _Web(Form):
    listen: Annotated[tuple[str, int], BeforeValidator(_listen, json_schema_input_type=str)] = _LISTEN
    url: Annotated[str, AfterValidator(_web_url)] | None = None
    token: Annotated[str, AfterValidator(_web_token)] = ""


def _switch(value: object) -> object:
    """`on` and `off` in the other words people switch with."""
    return {"true": "on", "yes": "on", "false": "off", "no": "off"}.get(str(value).lower(), value)


def _to_be_had(wish: Wish) -> Wish:
    reason = missing() if wish == "on" else None
    if reason:
        raise ValueError(f"`on` cannot be followed: {reason}")
    return wish


class _Judge(Form):
    complaint_at: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = _COMPLAINT_AT
    ask_between: tuple[float, float] | None = None
    deep: Annotated[Wish, BeforeValidator(_switch), AfterValidator(_to_be_had)] = "auto"
    retrain: Literal["never", "daily", "weekly"] = "never"

    @field_validator("ask_between")
    @classmethod
    def _in_order(cls, value: tuple[float, float] | None, info: ValidationInfo) -> tuple[float, float] | None:
        top = info.data.get("complaint_at", 1.0)
        if value is not None and not 0 <= value[0] <= value[1] <= top:
            raise ValueError(
                f"`ask_between` must be two numbers in order, from 0 to `complaint_at` ({top}), such as [0.4, {top}]"
            )
        return value


def _lapse(value: object) -> Lapse:
    found = re.fullmatch(r"([1-9]\d{0,3}) (day|week|month|year)s?", str(value))
    if found is None or (int(found[1]) > _LONGEST_KEPT and found[2] == "year"):
        raise ValueError(f"`{value}` is no time to keep something: write days, weeks, months or years, as in 24 months")
    return Lapse(int(found[1]), f"{found[2]}s")


def _not_too_short(value: Lapse | None, info: ValidationInfo) -> Lapse | None:
    """A pack in force may demand that something is kept, and says so in its README: `Keep: case 3 years`."""
    for pack in _around(info).packs:
        for line, what, least in _demands(pack):
            if value is not None and what == info.field_name and value < least:
                raise ValueError(f"`{what}` must be at least {least}, since the pack {pack} demands it "
                                 f"(playbooks/packs/{pack}/README.txt:{line}): write {least}")  # fmt: skip
    return value


def _demands(pack: str) -> Iterator[tuple[int, str, Lapse]]:
    """What a shipped pack wants to be kept: the line that says so, what, and for how long."""
    if pack not in shipped_packs():
        return
    notes = (files("playbooks") / "packs" / pack / "README.txt").read_text("utf-8")
    for number, line in enumerate(notes.splitlines(), 1):
        if found := re.fullmatch(r"Keep: (text|case) (.+)", line):
            yield number, found[1], _lapse(found[2])


_Lapse = Annotated[Lapse, BeforeValidator(_lapse, json_schema_input_type=str)]
_KeptAtLeast = Annotated[_Lapse | None, AfterValidator(_not_too_short)]


class _Keep(Form):
    text: _KeptAtLeast = None
    case: _KeptAtLeast = None
    archive: _Lapse = Lapse(90, "days")

    @field_validator("case")
    @classmethod
    def _not_before_its_words(cls, value: Lapse | None, info: ValidationInfo) -> Lapse | None:
        words = info.data.get("text")
        if value is not None and words is not None and value < words:
            raise ValueError(f"`case` must not be shorter than `text` ({words}), since words go with their case")
        return value

    def settings(self) -> Keep:
        """As values."""
        return Keep(text=self.text, case=self.case, archive=self.archive)


class _Hours(Form):
    zone: _Zone
    week: dict[_Days, _Windows]
    holidays: Annotated[str, _checked(lambda region: _calendar(holidays=region))] = ""
    closed: tuple[Annotated[date, BeforeValidator(_date)], ...] = ()

    @field_validator("week")
    @classmethod
    def _whole(cls, value: dict[str, str]) -> dict[str, str]:
        _calendar(week=value or {"mon": "closed"})
        return value


class _Inbox(Form):
    mode: Literal["draft", "tag", "watch"] = "draft"
    start: Annotated[str | date, BeforeValidator(_start)] = "now"
    hours: Annotated[str, Field(validate_default=True)] = "default"
    language: Annotated[str, _matching(r"[a-z]{2,3}", "is no language: write its code, such as en or de")] = "en"
    voice: Literal["plain", "warm", "formal"] = "plain"
    signature: str = ""

    @field_validator("hours")
    @classmethod
    def _known_calendar(cls, value: str, info: ValidationInfo) -> str:
        calendars = _around(info).calendars
        if value == "default" and value not in calendars:
            others = " or ".join(f"`hours: {name}`" for name in calendars)
            advice = f"name one so, or write {others} here"
            raise ValueError(f"no calendar `default` stands under the top key `hours`: {advice}")
        if value not in calendars:
            raise ValueError(f"no calendar `{value}` stands under the top key `hours`: {suggest(value, calendars)}")
        return value

    def common(self, name: str) -> dict[str, Any]:
        """What the settings of every kind of inbox have in common."""
        return {
            "name": name, "mode": self.mode, "start": self.start, "hours": self.hours, "language": self.language,
            "voice": self.voice, "signature": self.signature.rstrip(),
        }  # fmt: skip


def _stand_in(value: str) -> str:
    found = re.fullmatch(r"https://(\[[^\]/]+\]|[^:/\s]+)(?::\d{1,5})?/?", value)
    if not found or not _is_loopback(found[1]):
        raise ValueError(
            f"`url` is for a stand-in on this machine, such as https://127.0.0.1:8099, not {value}: remove the line, "
            "the address follows from `provider`"
        )
    return value.rstrip("/")


class _OAuth(Form):
    provider: Literal["microsoft", "google"]
    client_id: _Text
    tenant: Annotated[str, _matching(r"[A-Za-z0-9.-]{1,100}", "is no tenant: write its id, or its domain")] | None = (
        None
    )
    client_secret: _Text | None = None
    url: Annotated[str, AfterValidator(_stand_in)] | None = None

    @model_validator(mode="after")
    def _fits_the_provider(self) -> _OAuth:
        if self.provider == "google" and self.client_secret is None:
            raise ValueError("Google wants a `client_secret` too: it stands beside the client id, put it into .env")
        if self.provider == "google" and self.tenant is not None:
            raise ValueError("Google has no `tenant`: remove the line")
        if self.provider == "microsoft" and self.client_secret is not None and self.tenant is None:
            raise ValueError("an application that signs in by its `client_secret` belongs to a `tenant`: write its id")
        return self

    def settings(self) -> OAuth:
        """With every default filled in, but for what the place of the file decides."""
        return OAuth(
            provider=self.provider, client_id=self.client_id, tenant=self.tenant or "",
            client_secret=self.client_secret or "", url=self.url or "",
        )  # fmt: skip


class _Mailbox(_Inbox):
    kind: _Kind
    host: Annotated[str, _matching(_HOST, "is no host: write a name like mail.example.com")]
    tls: Literal["implicit", "starttls", "none"] = "implicit"
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    user: _Text
    password: _Text | None = None
    oauth: _OAuth | None = None
    token_command: Annotated[tuple[_Text, ...], Field(min_length=1)] | None = None
    identities: Annotated[tuple[_Identity, ...], Field(min_length=1)]
    ours: Annotated[tuple[_Ours, ...], Field(min_length=1)] | None = None
    folders: Annotated[tuple[Annotated[_Folder, AfterValidator(_watched)], ...], Field(min_length=1)] = ("INBOX",)
    drafts: _Folder = "auto"
    sent: Annotated[
        tuple[_Folder, ...],
        Field(min_length=1),
        BeforeValidator(
            lambda value: [value] if isinstance(value, str) else value, json_schema_input_type=str | list[str]
        ),
    ] = ("auto",)
    reminders: _Folder = "INBOX"
    show: Literal["keywords", "flag", "both", "none"] = "keywords"

    @field_validator("tls")
    @classmethod
    def _plain_text_stays_here(cls, value: str, info: ValidationInfo) -> str:
        host = info.data.get("host")
        if value == "none" and host is not None and not _is_loopback(host):
            raise ValueError(
                "`tls: none` would send the password unprotected and is for loopback hosts only: "
                "write implicit or starttls"
            )
        return value

    @model_validator(mode="after")
    def _one_way_in(self) -> _Mailbox:
        ways = [one for one in ("password", "oauth", "token_command") if getattr(self, one) is not None]
        if len(ways) > 1:
            raise ValueError(f"{' and '.join(f'`{one}`' for one in ways)} stand beside each other: keep one of them")
        if not ways:
            raise ValueError(
                "no `password` stands here: write `password: ${NAME}`, or `oauth:` or `token_command:` in its place"
            )
        return self

    @property
    def _sign_in(self) -> OAuth | TokenCommand | None:
        if self.token_command is not None:
            return TokenCommand(self.token_command)
        return None if self.oauth is None else self.oauth.settings()

    def settings(self, name: str) -> InboxSettings:
        """With every default filled in."""
        emails = tuple(identity.email for identity in self.identities)
        return MailboxSettings(
            **self.common(name),
            host=self.host.strip("[]"),
            port=self.port or (993 if self.tls == "implicit" else 143),
            tls=self.tls,
            user=self.user,
            password=self.password or "",
            sign_in=self._sign_in,
            identities=self.identities,
            ours=tuple(dict.fromkeys(one.lower() for one in self.ours or emails)),
            folders=tuple(dict.fromkeys(self.folders)),
            drafts=self.drafts,
            sent=self.sent,
            reminders="" if self.reminders == "off" else self.reminders,
            show=self.show,
        )


def _helpdesk_url(value: str) -> str:
    found = re.fullmatch(r"http://(\[[^\]/]+\]|[^:/\s]+)(?::\d{1,5})?/?", value)
    if not found or not _is_loopback(found[1]):
        raise ValueError(
            f"`url` is for a stand-in on this machine, such as http://127.0.0.1:8099, not {value}: remove the line, "
            "the address follows from `subdomain`"
        )
    return value.rstrip("/")


def _secret(value: str) -> str:
    if value in _PUBLISHED:
        raise ValueError("`webhook_secret` is the sample secret of Zendesk's own pages, which everybody knows: "
                         "copy the one Zendesk shows for your webhook")  # fmt: skip
    return value


class _Helpdesk(_Inbox):
    kind: _Kind
    subdomain: Annotated[str, _matching(_LABEL, "is no subdomain: of https://example.zendesk.com it is example")]
    email: Annotated[str, _matching(rf"{_LOCAL_PART}@{_DOMAIN}", "is no mail address: write bot@example.com")]
    token: _Text
    webhook_secret: Annotated[_Text, AfterValidator(_secret)] | None = None
    tag_prefix: Annotated[str, _matching(r"[a-z0-9_-]{0,20}", "is no prefix: use up to 20 of a-z, 0-9, - and _")] = ""
    sidebar_app: Annotated[int, Field(ge=1)] | None = None
    reminders: Literal["ticket", "off"] = "ticket"
    url: Annotated[str, AfterValidator(_helpdesk_url)] | None = None

    def settings(self, name: str) -> InboxSettings:
        """With every default filled in."""
        us = Address(f"support@{self.subdomain}.zendesk.com")
        return HelpdeskSettings(
            **self.common(name),
            identities=(us,),
            ours=(us.email,),
            subdomain=self.subdomain,
            email=self.email,
            token=self.token,
            webhook_secret=self.webhook_secret or "",
            tag_prefix=self.tag_prefix,
            sidebar_app=self.sidebar_app or 0,
            url=self.url or f"https://{self.subdomain}.zendesk.com",
            reminders="" if self.reminders == "off" else self.reminders,
        )


def _which(values: Any) -> str:
    """Which form an inbox is written in; what no form fits is told by that of a mailbox."""
    return "zendesk" if isinstance(values, dict) and values.get("kind") == "zendesk" else "imap"


_AnyInbox = Annotated[Annotated[_Mailbox, Tag("imap")] | Annotated[_Helpdesk, Tag("zendesk")], Discriminator(_which)]


class _File(Form):
    """The settings of Amends: amends.yaml."""

    store: Annotated[str, AfterValidator(_store), Field(validate_default=True)] = "sqlite:///amends.db"
    web: _Web = _Web()
    notify: tuple[Annotated[str, AfterValidator(_channel)], ...] = ()
    judge: _Judge = _Judge()
    keep: _Keep = _Keep()
    inboxes: Annotated[dict[_Name, _AnyInbox], Field(min_length=1)]
    hours: Annotated[dict[_Name, _Hours], Field(min_length=1)] | None = None
    packs: tuple[Annotated[str, AfterValidator(_pack)], ...] = ("general",)
    playbooks: _Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _note_calendars(cls, values: Any, info: ValidationInfo) -> Any:
        if isinstance(values, dict) and isinstance(values.get("packs"), list):
            _around(info).packs = tuple(map(str, values["packs"]))
        if isinstance(values, dict) and isinstance(values.get("hours"), dict):
            _around(info).calendars = ("default",) if _is_bare(values["hours"]) else tuple(map(str, values["hours"]))
        return values

    @field_validator("hours", mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        if isinstance(value, dict) and _is_bare(value):
            raise ValueError("this calendar has no name: write `default:` above it, and indent it below that")
        return value

    @field_validator("playbooks")
    @classmethod
    def _is_there(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and not (_around(info).folder / value).is_dir():
            raise ValueError(f"there is no folder `{value}` beside this file: make it, or remove the line")
        return value


def _is_bare(hours: Mapping[str, Any]) -> bool:
    """Whether this is a calendar, where calendars by name belong."""
    return isinstance(hours.get("zone"), str)


def settings_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of amends.yaml, for an editor that completes and checks while one types."""
    return for_editors(_File.model_json_schema(by_alias=True), "amends.yaml", _SAID, nothing=True)


_SAID: Mapping[str, Mapping[str, str]] = {
    "": {
        "inboxes": "Where complaints arrive, each under a name of your own.",
        "hours": "Calendars by name; `default` is that of every inbox that names no other.",
        "packs": "Shipped playbooks, the first named wins; `amends packs` lists them.",
        "playbooks": "The folder of your own playbooks.",
    },
    "_Keep": {
        "text": "How long after a case was resolved its letters are kept: 24 months; without it, for ever.",
        "case": "How long after it was resolved a case is kept: 6 years; without it, for ever.",
        "archive": "How long after a case was resolved its letters are packed, and still read like any other.",
    },
    "_Hours": {
        "zone": "Where the clock hangs, such as Europe/London.",
        "week": 'When you work: mon-thu: "09:00-12:30, 13:30-17:30", fri: "09:00-13:00"; days not named are closed.',
        "holidays": "The country whose public holidays are closed, or a part of it: DE, DE-BY, GB-SCT.",
        "closed": "Days of your own on which nobody works, such as [2026-12-24, 2026-12-31].",
    },
}


def _settings(form: _File, path: Path, folder: Path, problems: list[Problem]) -> Settings | None:
    try:
        calendars = _calendars(form)
    except HoursError as error:
        problems.append(Problem(str(path), 1, 1, str(error)))
        return None
    return Settings(
        path=path.absolute(),
        folder=folder,
        store=form.store,
        listen=form.web.listen,
        url=form.web.url or "",
        web_token=form.web.token,
        notify=form.notify,
        packs=form.packs,
        playbooks=None if form.playbooks is None else folder / form.playbooks,
        inboxes=tuple(inbox.settings(name) for name, inbox in form.inboxes.items()),
        calendars=calendars,
        complaint_at=form.judge.complaint_at,
        ask_between=form.judge.ask_between or (min(_ASK_FROM, form.judge.complaint_at), form.judge.complaint_at),
        deep=form.judge.deep,
        retrain=form.judge.retrain,
        keep=form.keep.settings(),
        remarks=() if form.hours else (_without_hours(path, calendars["default"]),),
    )


def _calendars(form: _File) -> dict[str, Hours]:
    if not form.hours:
        return {"default": Hours.default()}
    return {name: Hours.parse(name, one.zone, one.week, one.closed, one.holidays) for name, one in form.hours.items()}


def _without_hours(path: Path, default: Hours) -> str:
    return f"{path}: no `hours` are named, so mon-fri 09:00-17:00 in {default.zone.key} (this machine's zone) counts"
