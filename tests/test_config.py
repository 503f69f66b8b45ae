"""`amends.yaml`: what it becomes, and how each thing that is wrong with it is said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
import tzlocal

from plugin.config import HelpdeskSettings, MailboxSettings, OAuth, Settings, TokenCommand, load
from plugin.hours import Span
from plugin.model import Address
from plugin.source import Problems

SMALL = """\
inboxes:
  support:
    kind: imap
    host: mail.example.com
    user: support@example.com
    password: ${SUPPORT_PASSWORD}
    identities: [Example Support <Support@Example.com>]
"""

WHOLE = """\
store: sqlite:///amends.db
web: {listen: 127.0.0.1:8025}
notify: []
judge: {complaint_at: 0.8, ask_between: [0.3, 0.75]}
inboxes:
  support:
    kind: imap
    host: mail.example.com
    port: 143
    tls: starttls
    user: support@example.com
    password: ${SUPPORT_PASSWORD}
    identities: ["Example, Support <support@example.com>", sales@example.com]
    ours: [support@example.com, "@EXAMPLE.com"]
    folders: [INBOX, INBOX/*, Old post]
    drafts: Entwürfe
    sent: [Sent, Archive/Sent]
    reminders: off
    show: none
    mode: draft
    start: 2026-01-31
    hours: office
    language: de
    voice: formal
    signature: |
      Example Ltd
      1 High Street
  second:
    kind: imap
    host: 127.0.0.1
    port: 1143
    tls: none
    user: second
    password: "007"
    identities: [second@localhost]
    sent: Sent
    start: all
    hours: always
hours:
  office: {zone: Europe/London, week: {mon-fri: "09:00-12:30, 13:30-17:30"}, closed: [2026-12-24]}
  always: {zone: UTC, week: {mon-sun: 00:00-24:00}}
packs: [general]
playbooks: my-playbooks/
"""

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes an `amends.yaml` beside an empty folder of playbooks, with the password set in the environment."""
    monkeypatch.setenv("SUPPORT_PASSWORD", "s3cret")
    (tmp_path / "my-playbooks").mkdir()

    def written(text: str) -> Path:
        path = tmp_path / "amends.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def small(*lines: str) -> str:
    """The small file with more lines for its inbox."""
    return SMALL + "".join(f"    {line}\n" for line in lines)


def said(path: Path, *, secrets: bool = True) -> list[str]:
    """Every problem as it is printed, with the file's bare name."""
    with pytest.raises(Problems) as caught:
        load(path, secrets=secrets)
    return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]


def mailboxes(settings: Settings) -> tuple[MailboxSettings, ...]:
    """The inboxes that speak IMAP."""
    return tuple(inbox for inbox in settings.inboxes if isinstance(inbox, MailboxSettings))


def test_a_small_file_gets_every_default(write: Write) -> None:
    path = write(SMALL)
    settings = load(path)
    assert settings.path == path
    assert settings.store == f"sqlite:///{path.parent}/amends.db"
    assert settings.listen == ("127.0.0.1", 8025)
    assert (settings.packs, settings.playbooks) == (("general",), None)
    assert (settings.complaint_at, settings.ask_between) == (0.7, (0.4, 0.7))
    assert settings.deep == "auto"
    (inbox,) = mailboxes(settings)
    assert (inbox.name, inbox.kind, inbox.host, inbox.port, inbox.tls) == (
        "support", "imap", "mail.example.com", 993, "implicit",
    )  # fmt: skip
    assert (inbox.user, inbox.password) == ("support@example.com", "s3cret")
    assert inbox.identities == (Address("support@example.com", "Example Support"),)
    assert inbox.ours == ("support@example.com",)
    assert (inbox.folders, inbox.drafts, inbox.sent, inbox.reminders) == (("INBOX",), "auto", ("auto",), "INBOX")
    assert (inbox.show, inbox.mode, inbox.start, inbox.hours) == ("keywords", "draft", "now", "default")
    assert (inbox.language, inbox.voice, inbox.signature) == ("en", "plain", "")


@pytest.mark.parametrize(("mode", "show"), [("draft", "keywords"), ("tag", "flag"), ("watch", "both")])
def test_how_much_may_be_written_and_what_shows_it_can_be_chosen(write: Write, mode: str, show: str) -> None:
    (inbox,) = mailboxes(load(write(small(f"mode: {mode}\n    show: {show}"))))
    assert (inbox.mode, inbox.show) == (mode, show)


def test_a_whole_file_is_taken_as_it_stands(write: Write) -> None:
    path = write(WHOLE)
    settings = load(path)
    assert settings.playbooks == path.parent / "my-playbooks"
    assert (settings.complaint_at, settings.ask_between) == (0.8, (0.3, 0.75))
    support, second = mailboxes(settings)
    assert (support.port, support.tls) == (143, "starttls")
    assert support.identities == (Address("support@example.com", "Example, Support"), Address("sales@example.com"))
    assert support.ours == ("support@example.com", "@example.com")
    assert support.folders == ("INBOX", "INBOX/*", "Old post")
    assert (support.drafts, support.sent, support.reminders) == ("Entwürfe", ("Sent", "Archive/Sent"), "")
    assert (support.show, support.start, support.language, support.voice) == (
        "none", date(2026, 1, 31), "de", "formal",
    )  # fmt: skip
    assert support.signature == "Example Ltd\n1 High Street"
    assert (second.password, second.sent, second.start, second.port) == ("007", ("Sent",), "all", 1143)
    assert settings.remarks == ()


def test_calendars_count_as_they_were_written(write: Write) -> None:
    office = load(write(WHOLE)).calendars["office"]
    assert office.week[0] == ((time(9), time(12, 30)), (time(13, 30), time(17, 30)))
    eve = datetime(2026, 12, 23, 17, tzinfo=UTC)
    assert office.due(eve, Span.parse("1 business hour")) == datetime(2026, 12, 25, 9, 30, tzinfo=UTC)


def test_the_calendars_of_the_manual_are_read(write: Write) -> None:
    manual = (Path(__file__).parent.parent / "docs" / "playbooks.md").read_text("utf-8")
    hours = manual.split("```yaml\nhours:")[1].split("```", 1)[0]
    calendars = load(write(f"hours:{hours}{SMALL}")).calendars
    assert (calendars["default"].holidays, len(calendars["workshop"].closed)) == ("GB-ENG", 2)


def test_the_windows_of_a_day_may_be_a_list(write: Write) -> None:
    split = write(SMALL + 'hours: {default: {zone: UTC, week: {mon: ["09:00-12:00", "13:00-17:00"]}}}\n')
    assert load(split).calendars["default"].week[0] == ((time(9), time(12)), (time(13), time(17)))


def test_without_hours_office_hours_count_and_a_remark_says_so(write: Write) -> None:
    settings = load(write(SMALL))
    assert list(settings.calendars) == ["default"]
    assert settings.calendars["default"].zone.key == tzlocal.get_localzone_name()
    (remark,) = settings.remarks
    assert "mon-fri 09:00-17:00" in remark
    assert tzlocal.get_localzone_name() in remark


@pytest.mark.parametrize(
    ("listen", "expected"),
    [
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("localhost:65535", ("localhost", 65535)),
        ("'[::1]:80'", ("::1", 80)),
    ],
)
def test_the_page_may_listen_on_any_loopback_address(write: Write, listen: str, expected: tuple[str, int]) -> None:
    assert load(write(f"web: {{listen: {listen}}}\n{SMALL}")).listen == expected


@pytest.mark.parametrize("tls", ["starttls", "none"])
def test_the_port_follows_the_kind_of_tls(write: Write, tls: str) -> None:
    text = small(f"tls: {tls}").replace("mail.example.com", "localhost")
    assert mailboxes(load(write(text)))[0].port == 143


def test_an_absolute_store_stays_where_it_is(write: Write) -> None:
    assert load(write("store: sqlite:////var/lib/amends/x.db\n" + SMALL)).store == "sqlite:////var/lib/amends/x.db"


@pytest.mark.parametrize("address", [
    "amends:${DB}@db.example.com/amends", "amends:${DB}@[2001:db8::1]:5433/amends", "/amends?host=/var/run/postgresql",
])  # fmt: skip
def test_a_store_may_be_a_database_of_a_server(write: Write, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("DB", "canary%40x")
    for scheme in ("postgresql", "postgresql+psycopg"):
        settings = load(write(f"store: {scheme}://{address}\n" + SMALL))
        assert settings.store == f"postgresql+psycopg://{address.replace('${DB}', 'canary%40x')}"
        assert "canary" not in repr(settings)


@pytest.mark.parametrize(("written", "meant"), [("auto", "auto"), ("false", "off"), ("off", "off"), ("true", "on")])
def test_the_second_opinion_is_switched_in_plain_words(write: Write, written: str, meant: str) -> None:
    assert load(write(f"judge: {{deep: {written}}}\n" + SMALL)).deep == meant


def test_a_second_opinion_that_is_not_to_be_had_is_a_problem_only_where_it_is_asked_for(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    (problem,) = said(write("judge: {deep: on}\n" + SMALL))
    assert problem.endswith(
        "1:15: `on` cannot be followed: it runs only on x86-64 Linux with a processor that knows AVX2"
    )
    assert load(write("judge: {deep: auto}\n" + SMALL)).deep == "auto"


def test_the_band_of_doubt_follows_the_threshold(write: Write) -> None:
    assert load(write("judge: {complaint_at: 0.3}\n" + SMALL)).ask_between == (0.3, 0.3)


class TestSecrets:
    def test_the_password_is_in_no_repr(self, write: Write) -> None:
        settings = load(write(SMALL))
        assert "s3cret" not in repr(settings)
        assert "s3cret" not in repr(settings.inboxes)

    def test_a_dotenv_beside_the_file_is_read(self, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("SUPPORT_PASSWORD")
        path = write(SMALL)
        for line, password in (
            ("SUPPORT_PASSWORD=plain", "plain"),
            (" export SUPPORT_PASSWORD = spaced # and said", "spaced"),
            ("SUPPORT_PASSWORD='it''s # all of it'", "it''s # all of it"),
            ('SUPPORT_PASSWORD="a b=c" # said', "a b=c"),
            ("SUPPORT_PASSWORD=a#b", "a#b"),
            ("SUPPORT_PASSWORD=${HOME}", "${HOME}"),
        ):
            self.dotenv(path, f"# secrets\n\n{line}\nOTHER=\n")
            assert mailboxes(load(path))[0].password == password

    def test_the_environment_comes_before_the_dotenv(self, write: Write) -> None:
        path = write(SMALL)
        self.dotenv(path, "SUPPORT_PASSWORD=other\n")
        assert mailboxes(load(path))[0].password == "s3cret"

    def test_a_dotenv_others_can_read_is_a_remark(self, write: Write) -> None:
        path = write(SMALL)
        dotenv = self.dotenv(path, "A=b\n")
        assert len(load(path).remarks) == 1
        dotenv.chmod(0o640)
        assert "run chmod 600 on it" in load(path).remarks[-1]

    def test_a_missing_name_is_a_problem(self, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("SUPPORT_PASSWORD")
        (problem,) = said(write(SMALL))
        assert problem.startswith("amends.yaml:6:15: SUPPORT_PASSWORD is not set: set it in the environment, or")

    def test_without_secrets_a_missing_name_is_none(self, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("SUPPORT_PASSWORD")
        assert mailboxes(load(write(SMALL), secrets=False))[0].user == "support@example.com"

    def test_an_empty_name_is_a_problem_that_says_where_it_is_empty(
        self, write: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SUPPORT_PASSWORD", "")
        path = write(SMALL)
        self.dotenv(path, "SUPPORT_PASSWORD=x\n")
        (problem,) = said(path)
        assert "SUPPORT_PASSWORD is empty in the environment" in problem
        monkeypatch.delenv("SUPPORT_PASSWORD")
        self.dotenv(path, "SUPPORT_PASSWORD=\n")
        (problem,) = said(path)
        assert "SUPPORT_PASSWORD is empty in .env: write its value behind `SUPPORT_PASSWORD=`" in problem

    def test_a_secret_in_the_wrong_place_is_not_shown(self, write: Write) -> None:
        (problem,) = said(write(small("voice: ${SUPPORT_PASSWORD}")))
        assert "s3cret" not in problem
        assert "${SUPPORT_PASSWORD}" in problem

    def test_of_a_long_secret_not_even_the_start_is_shown(self, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SUPPORT_PASSWORD", "correct-horse-battery-staple" * 3)
        (problem,) = said(write(small("voice: ${SUPPORT_PASSWORD}")))
        assert "correct" not in problem

    def test_a_line_of_a_dotenv_that_sets_nothing_is_a_problem_that_does_not_show_it(self, write: Write) -> None:
        path = write(SMALL)
        self.dotenv(path, "A=b\nhunter2\n")
        assert said(path) == [".env:2:1: this line sets no name: write NAME=value, or begin it with #"]

    def dotenv(self, path: Path, text: str) -> Path:
        dotenv = path.parent / ".env"
        dotenv.write_text(text, encoding="utf-8")
        dotenv.chmod(0o600)
        return dotenv


@pytest.mark.parametrize(
    ("line", "column", "text"),
    [
        ("pasword: x", 5, "did you mean `password`?"),
        ("tls: none", 10, "is for loopback hosts only"),
        ("tls: ssl", 10, "allowed: implicit, starttls, none"),
        ("port: 0", 11, "`port` must be at least 1"),
        ("port: imap", 11, "`port` must be a whole number"),
        ("ours: []", 11, "`ours` is empty"),
        ("ours: [example.com]", 12, "`example.com` is neither an address nor an @domain"),
        ("folders: []", 14, "`folders` is empty"),
        ("folders: ['']", 15, "a folder must have a name"),
        ("folders: ['*/INBOX']", 15, "a * stands only at the end"),
        ("sent: []", 11, "`sent` is empty"),
        ("start: tomorrow", 12, "`start` must be now, all or a date such as 2026-12-24, not `tomorrow`"),
        ("start: 2026-02-30", 12, "`start` must be now, all or a date"),
        ("start: 20260101", 12, "`start` must be now, all or a date"),
        ("hours: ofice", 12, "no calendar `ofice` stands under the top key `hours`: allowed: default"),
        ("language: English", 15, "is no language: write its code"),
        ("signature: Yours ${1 x}", 16, "`${1 x}` holds no name"),
        ("voice: rude", 12, "unknown value `rude`"),
        ("show: flags", 11, "unknown value `flags`"),
        ("mode: wach", 11, "unknown value `wach`"),
    ],
)
def test_what_is_wrong_with_an_inbox_is_said_where_it_stands(write: Write, line: str, column: int, text: str) -> None:
    (problem,) = said(write(small(line)))
    assert problem.startswith(f"amends.yaml:8:{column}: ")
    assert text in problem


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://amends.example.com/", "https://amends.example.com"),
        ("https://example.com:8443/amends", "https://example.com:8443/amends"),
        ("http://localhost:8025", "http://localhost:8025"),
        ("http://[::1]:8025", "http://[::1]:8025"),
    ],
)
def test_the_page_is_reached_from_outside_under_its_url(write: Write, url: str, expected: str) -> None:
    assert load(write(f"web: {{url: '{url}'}}\n{SMALL}")).url == expected
    assert load(write(SMALL)).url == ""


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("store: postgresql+psycopg://db", "1:8: this address of a PostgreSQL is not complete: write postgresql+psyc"),
        ("store: 'postgresql://me:a@b/c@db/amends'", "1:8: this address of a PostgreSQL is not complete"),
        ("store: postgresql+asyncpg://db/amends", "1:8: `store` must be a file in SQLite, as sqlite:///amends.db, or"),
        ("store: mysql://db", "1:8: `store` must be a file in SQLite"),
        ("store: sqlite:///", "1:8: `store` must be a file in SQLite"),
        ("store: 'sqlite:///:memory:'", "1:8: `store` must be a file in SQLite"),
        ("web: {listen: 0.0.0.0:8025}", "1:15: `listen` must be a loopback address until the web page has a login"),
        ("web: {listen: desk.example.com:80}", "1:15: `listen` must be a loopback address"),
        ("web: {listen: 127.0.0.1:65536}", "1:15: `listen` must be an address and a port from 0 to 65535"),
        ("web: {listen: 8025}", "1:15: `listen` must be an address and a port"),
        ("web: {url: http://amends.example.com}", "1:12: `url` must be where this page is reached from outside"),
        ("web: {url: amends.example.com}", "1:12: `url` must be where this page is reached from outside"),
        ("web: {url: 'https://amends.example.com/?a=b'}", "1:12: `url` must be where this page is reached"),
        ("web: {url: 'https://me@amends.example.com'}", "1:12: `url` must be where this page is reached"),
        ("web: {token: abc}", "1:14: `token` must be at least 16 letters and digits"),
        ("keep: {text: 24}", "1:14: `24` is no time to keep something: write days, weeks, months or years, as in 24 m"),
        ("keep: {text: 0 days}", "1:14: `0 days` is no time to keep something"),
        ("keep: {text: 2 years, case: 12 months}", "1:29: `case` must not be shorter than `text` (2 years)"),
        ("keep: {drafts: 2 years}", "1:8: unknown key `drafts`"),
        ("notify: [slack://x]", "1:10: this `slack` address is not understood"),
        ("notify: ['mailto://me:secret@example.com']", "1:10: `mailto` sends mail, and Amends never does"),
        ("judge: {complaint_at: 1.5}", "1:23: `complaint_at` must be at most 1"),
        ("judge: {complaint_at: nan}", "1:23: `complaint_at`"),
        ("judge: {ask_between: [0.6, 0.4]}", "1:22: `ask_between` must be two numbers in order"),
        ("judge: {ask_between: [-1, 0.4]}", "1:22: `ask_between` must be two numbers in order"),
        ("judge: {complaint_at: 0.5, ask_between: [0.4, 0.6]}", "1:41: `ask_between` must be two numbers in order"),
        ("judge: {ask_between: [0.6]}", "`ask_between`"),
        ("judge: {deep: maybe}", "1:15: unknown value `maybe` for `deep`: allowed: auto, on, off"),
        ("packs: [genral]", "1:9: unknown pack `genral`: did you mean `general`?"),
        ("playbooks: nowhere/", "1:12: there is no folder `nowhere/` beside this file"),
        ("playbooks: ''", "1:12: `playbooks` is empty"),
        ("colour: blue", "1:1: unknown key `colour`"),
        ("hours: {default: {zone: Europe/Londn, week: {mon: 09:00-17:00}}}", "1:25: the zone"),
        ("hours: {default: {zone: UTC, week: {mon: 17:00-09:00}}}", "1:42: `17:00-09:00` ends before it begins"),
        ("hours: {default: {zone: UTC, week: {mo: 09:00-17:00}}}", "`mo` names no day"),
        ("hours: {default: {zone: UTC, week: {mon: closed}}}", "no day is open"),
        ("hours: {default: {zone: UTC, week: {}}}", "no day is open"),
        ("hours: {default: {zone: UTC, week: {mon: 09:00-17:00, mon-tue: closed}}}", "`mon-tue` names mon again"),
        ("hours: {default: {week: {mon: 09:00-17:00}}}", "`zone` is missing"),
        (
            "hours: {default: {zone: UTC, week: {mon: 09:00-17:00}, holidays: GB-XX}}",
            "`GB` has no part `XX`; write GB with one of ENG, NIR, SCT, WLS",
        ),
        ("hours: {default: {zone: UTC, week: {mon: 09:00-17:00}, closed: [20261224]}}", "`20261224` is no date"),
        (
            "hours: {office: {zone: UTC, week: {mon: 09:00-17:00}}}",
            "no calendar `default` stands under the top key `hours`: name one so, or write `hours: office` here",
        ),
        (
            "hours: {zone: UTC, week: {mon: 09:00-17:00}}",
            "1:1: this calendar has no name: write `default:` above it, and indent it below that",
        ),
    ],
)
def test_what_is_wrong_above_the_inboxes_is_said_too(write: Write, line: str, text: str) -> None:
    (problem,) = said(write(f"{line}\n{SMALL}"))
    assert text in problem


@pytest.mark.parametrize("identity", ["Support", "a@", "@b", "A <a@b", "a@b, c@d", "a b@c", "<>", "a@b\\nBcc: x@y"])
def test_an_identity_must_be_an_address(write: Write, identity: str) -> None:
    (problem,) = said(write(SMALL.replace("Example Support <Support@Example.com>", f'"{identity}"')))
    assert "is no mail address: write support@example.com or" in problem


@pytest.mark.parametrize("key", ["kind", "host", "user", "identities"])
def test_what_no_inbox_can_do_without_is_missed(write: Write, key: str) -> None:
    lines = [line for line in SMALL.splitlines(keepends=True) if f"    {key}:" not in line]
    assert said(write("".join(lines))) == [f"amends.yaml:2:3: `{key}` is missing: add a line `{key}: …`"]


def opened_by(*lines: str) -> str:
    """The small file with these lines in place of the password's."""
    return SMALL.replace("    password: ${SUPPORT_PASSWORD}\n", "".join(f"    {line}\n" for line in lines))


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ((), "2:3: no `password` stands here: write `password: ${NAME}`, or `oauth:` or `token_command:` in its place"),
        (("password: x", "token_command: [pass]"), "2:3: `password` and `token_command` stand beside each other"),
        (("oauth: {provider: google, client_id: x}",), "6:5: Google wants a `client_secret` too"),
        (("oauth: {provider: google, client_id: x, client_secret: y, tenant: z}",), "6:5: Google has no `tenant`"),
        (("oauth: {provider: microsoft, client_id: x, client_secret: y}",), "6:5: an application that signs in by its"),
        (("oauth: {provider: yahoo, client_id: x}",), "unknown value `yahoo`"),
        (("oauth: {provider: microsoft}",), "`client_id` is missing"),
        (
            ("oauth: {provider: microsoft, client_id: x, url: 'https://login.example.com'}",),
            "is for a stand-in on this",
        ),
        (("token_command: []",), "token_command"),
    ],
)
def test_an_inbox_opens_in_one_way(write: Write, lines: tuple[str, ...], problem: str) -> None:
    (told,) = said(write(opened_by(*lines)))
    assert problem in told


def test_a_sign_in_lies_beside_the_store_and_shows_no_secret(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMENDS_KEY", "A" * 42 + "+=")
    monkeypatch.setenv("GOOGLE_SECRET", "s3cret")
    way = "oauth: {provider: google, client_id: x, client_secret: '${GOOGLE_SECRET}'}"
    path = write("store: sqlite:///data/mine.db\n" + opened_by(way))
    settings = load(path)
    (inbox,) = mailboxes(settings)
    assert isinstance(inbox.sign_in, OAuth)
    assert inbox.sign_in.kept == path.parent / "data" / "mine.tokens" / "support.json"
    assert inbox.sign_in.keys == ("A" * 42 + "-=",)
    assert inbox.password == ""
    assert "s3cret" not in repr(settings)
    assert "AAAA" not in repr(settings)


def test_a_program_may_print_the_token(write: Write) -> None:
    (inbox,) = mailboxes(load(write(opened_by("token_command: [pass, show, mail]"))))
    assert inbox.sign_in == TokenCommand(("pass", "show", "mail"))


@pytest.mark.parametrize("key", ["secret", "A" * 43, "A" * 43 + "=,short"])
def test_a_key_that_is_none_is_told_and_not_shown(write: Write, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("AMENDS_KEY", key)
    (told,) = said(write(SMALL))
    assert "is no key: it must be 32 random bytes in base64" in told
    assert key.rpartition(",")[2] not in told


HELPDESK = (
    SMALL
    + """\
  helpdesk:
    kind: zendesk
    subdomain: example
    email: bot@example.com
    token: ${ZENDESK_TOKEN}
"""
)


def test_a_zendesk_account_needs_its_subdomain_an_address_and_a_token(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZENDESK_TOKEN", "s3cret-token")
    settings = load(write(HELPDESK))
    helpdesk = settings.inboxes[1]
    assert isinstance(helpdesk, HelpdeskSettings)
    assert (helpdesk.url, helpdesk.token) == ("https://example.zendesk.com", "s3cret-token")
    assert (helpdesk.reminders, helpdesk.webhook_secret, helpdesk.sidebar_app) == ("ticket", "", 0)
    assert "s3cret" not in repr(settings)


def test_x11_the_secret_everybody_knows_is_refused(write: Write) -> None:
    public = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
    (problem,) = said(write(HELPDESK.replace("${ZENDESK_TOKEN}", "t") + f"    webhook_secret: {public}\n"))
    assert "is the sample secret of Zendesk's own pages" in problem
    assert public not in problem


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("subdomain: example.zendesk.com", "12:16: `example.zendesk.com` is no subdomain: of https://example."),
        ("subdomain: https://example.zendesk.com", "`https://example.zendesk.com` is no subdomain"),
        ("email: bot", "`bot` is no mail address"),
        ("webhook_secret: dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==", "is the sample secret of Zendesk's own pages"),
        ("url: https://example.zendesk.com", "`url` is for a stand-in on this machine"),
        ("url: http://zendesk.example.com:8099", "`url` is for a stand-in on this machine"),
        ("tag_prefix: Ämends", "`Ämends` is no prefix"),
        ("host: mail.example.com", "unknown key `host`"),
    ],
)
def test_what_is_wrong_with_a_zendesk_account_is_said(write: Write, line: str, problem: str) -> None:
    key = line.partition(":")[0]
    kept = [old for old in HELPDESK.splitlines() if not (old.startswith(f"    {key}:") and "SUPPORT" not in old)]
    text = HELPDESK if key == "host" else "\n".join(kept) + "\n"
    problems = said(write(text.replace("${ZENDESK_TOKEN}", "t") + f"    {line}\n"))
    assert any(problem in one for one in problems), problems


def test_every_problem_comes_at_once(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUPPORT_PASSWORD")
    text = WHOLE.replace("0.75", "7").replace("hours: always", "hours: alwys").replace("Europe/London", "Mars")
    problems = said(write(text))
    assert [":".join(problem.split(":")[:2]) for problem in problems] == [
        "amends.yaml:4", "amends.yaml:12", "amends.yaml:38", "amends.yaml:40",
    ]  # fmt: skip
    assert "did you mean `always`?" in problems[2]


def test_a_file_that_is_not_there_or_no_yaml_is_said(tmp_path: Path, write: Write) -> None:
    (problem,) = said(tmp_path / "other.yaml")
    assert problem.startswith("other.yaml:1:1: cannot be read")
    (problem,) = said(write("inboxes: [\n"))
    assert problem.startswith("amends.yaml:")


def test_settings_can_be_made_without_a_file(write: Write) -> None:
    made = load(write(SMALL))
    bare = Settings(path=None, folder=made.folder, store=made.store, calendars=made.calendars)
    assert (bare.packs, bare.inboxes) == (("general",), ())


@pytest.mark.parametrize(("line", "rhythm"), [("judge: {}\n", "never"), ("judge: {retrain: weekly}\n", "weekly")])
def test_learning_on_a_schedule_must_be_asked_for(write: Write, line: str, rhythm: str) -> None:
    assert load(write(line + SMALL)).retrain == rhythm
