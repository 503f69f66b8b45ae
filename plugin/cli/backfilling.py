"""Taking old mail in, on purpose: backfill."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import click

from plugin.cli.alone import alone
from plugin.cli.frame import Frame, counted, desk_of, fail, say, whoami
from plugin.cli.previewing import Progress
from plugin.config import InboxSettings, Settings
from plugin.desk import Desk
from plugin.desk.backfilling import Backfill, Settled
from plugin.desk.learning import taught_at
from plugin.desk.undoing import Undoing
from plugin.inbox import ALONE, Ahead, InboxUnavailable, Page
from plugin.preview import Preview
from plugin.preview.pages import Pages

_AT_ONCE = 100
_TRIES = 5  # in a row that bring nothing
_LONGEST_PAUSE = 80.0
_UNITS = {"kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000}
_SECONDS = 10.0  # between two lines where there is no terminal


@dataclass(slots=True)
class Rate:
    """So many mails, or bytes, a minute at most; 0 is no bound."""

    mails: int = 0
    size: int = 0
    _free_at: float = 0.0

    @property
    def at_once(self) -> int:
        """How many mails to read at once, so that no wait is long: a server ends a connection that is silent."""
        return max(1, min(_AT_ONCE, self.mails // 6 if self.mails else 25 if self.size else _AT_ONCE))

    def spent(self, mails: int, size: int) -> None:
        """So much was read: wait until more may be."""
        minutes = max(mails / self.mails if self.mails else 0.0, size / self.size if self.size else 0.0)
        self._free_at = max(self._free_at, time.monotonic() - 1) + 60 * minutes
        time.sleep(max(0.0, self._free_at - time.monotonic()))


class RateText(click.ParamType[Rate]):
    """A rate a person writes: 600 mails a minute, or 20MB a minute."""

    name = "rate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Rate:
        """To mails or bytes a minute."""
        found = re.fullmatch(r"(\d+)\s*([kmg]b)?", str(value).strip().lower())
        if found is None or int(found[1]) == 0:
            self.fail(f"{value!r}: write mails a minute, such as 600, or an amount a minute, such as 20MB", param, ctx)
        number, unit = int(found[1]), _UNITS.get(found[2] or "", 0)
        return Rate(size=number * unit) if unit else Rate(mails=number)


class Day(click.ParamType[datetime]):
    """A date, as 2026-01-31; midnight in the zone of this machine."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """To an aware time in UTC."""
        try:
            day = date.fromisoformat(str(value))
            at = datetime(max(day.year, 1970), day.month, day.day).astimezone(UTC)
        except ValueError:
            self.fail(f"{value!r} is no date: write it like 2026-01-31", param, ctx)
        if at > datetime.now(UTC):
            self.fail(f"{value!r} is yet to come: name a day that is past", param, ctx)
        return at


@click.command()
@click.option("--inbox", metavar="NAME", required=True, help="The inbox whose old mail is to be taken in.")
@click.option("--since", type=Day(), required=True, help="Mail received on this day or later, such as 2026-01-31.")
@click.option("--drafts", is_flag=True, help="Deal with those still open like new ones: drafts and reminders.")
@click.option("--rate", type=RateText(), metavar="N", help="Read at most N mails a minute, or 20MB a minute.")
@click.option("--yes", is_flag=True, help="Do it without looking ahead and asking.")
@click.option("--as", "name", help="Who acts; else the login name of the system user.")
@click.pass_obj
def backfill(
    frame: Frame, *, inbox: str, since: datetime, drafts: bool, rate: Rate | None, yes: bool, name: str | None
) -> None:
    """Take in mail from before the inbox was attached. Shows first what would come of it, and asks.

    Old complaints become cases on record, with their tags and the dates they were owed. Those that were answered are
    settled; of the others nothing is asked, unless --drafts says so. Broken off, the same command goes on.
    """
    settings = frame.settings()
    with ExitStack() as opened:
        desk = opened.enter_context(closing(desk_of(settings)))
        if inbox not in desk.inboxes:
            fail(f"backfill: there is no inbox {inbox} in amends.yaml - there is {', '.join(desk.inboxes)}", 2)
        old = Backfill(desk, inbox, since, by=whoami(name), drafts=drafts)
        reading = _Reading(old, rate or Rate())
        pages: Iterator[Page] = reading.pages("taking in")
        if not yes:
            laid = opened.enter_context(closing(Pages()))
            if not _agreed(settings, desk.policies.inboxes[inbox], reading, laid, drafts=drafts):
                return
            pages = _shown_again(laid)
        _take_in(old, pages)
        if desk.policies.inboxes[inbox].kind not in ALONE:  # a ticket brings all that was said in it
            _take_in(old, reading.pages("looking once more"))  # some may have been answered meanwhile
        for line in _told(old.settle(), drafts=drafts):
            say(line)
        with alone(settings, "backfill") as leads:
            if leads:
                _write_tags(desk, inbox)
            else:
                say("The tags are written by amends run, within seconds.")


# ---- reading --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Reading:
    """The pages of a backlog, with a bar that says how far it is; a server that does not answer is asked again."""

    old: Backfill
    rate: Rate
    total: Ahead | None = None
    read: int = 0

    def pages(self, label: str) -> Iterator[Page]:
        """Every page, the empty first one left out; raises InboxError where the inbox stays silent."""
        tries, begun = 0, False
        with _Bar(label) as bar:
            while True:
                try:
                    for page in self.old.pages(self.rate.at_once):
                        if not begun:
                            self.total, begun = page.ahead, True
                            bar.begin(page.ahead.mails if page.ahead else 0)
                        mails = len(page.messages) + len(page.unreadable)
                        if not mails:
                            continue
                        tries = 0
                        yield page
                        self.read += mails
                        bar.on(mails)
                        self._pay(page, mails)
                except InboxUnavailable as error:
                    tries += 1
                    if tries > _TRIES:
                        raise
                    time.sleep(max(error.wait, min(2.0**tries, _LONGEST_PAUSE)))
                else:
                    return

    def _pay(self, page: Page, mails: int) -> None:
        """Bytes where the inbox counts them, else letters of the text: what was read is paid for."""
        self.rate.spent(mails, page.size or sum(len(one.text) for one in page.messages))


class _Bar:
    """A bar with the time that is left, on a terminal; elsewhere a line now and then."""

    def __init__(self, label: str) -> None:
        self._label, self._done, self._total = label, 0, 0
        self._bar: Any = None
        self._last = time.monotonic()

    def __enter__(self) -> _Bar:
        return self

    def begin(self, total: int) -> None:
        """There are so many; 0 where nobody knows."""
        self._total = total
        if total and sys.stderr.isatty():
            self._bar = click.progressbar(length=total, label=self._label, show_eta=True, show_pos=True,
                                               file=sys.stderr)  # fmt: skip
            self._bar.__enter__()

    def on(self, mails: int) -> None:
        """So many more are done."""
        self._done += mails
        if self._bar is not None:
            self._bar.update(mails)
        elif time.monotonic() - self._last >= _SECONDS:
            self._last = time.monotonic()
            of = f" of {self._total:,}" if self._total else ""
            click.echo(f"{self._label}: {self._done:,}{of} mails", err=True)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)


def _shown_again(laid: Pages) -> Iterator[Page]:
    with _Bar("taking in") as bar:
        bar.begin(laid.mails)
        for page in laid:
            yield page
            bar.on(len(page.messages) + len(page.unreadable))


# ---- looking ahead --------------------------------------------------------------------------------------------------


def _agreed(settings: Settings, inbox: InboxSettings, reading: _Reading, laid: Pages, *, drafts: bool) -> bool:
    """Read it all, show what would come of it, and ask."""
    for page in reading.pages("reading"):
        reading.old.lay(page.messages, page.unreadable)
        laid.put(page)
    if not laid.mails:
        say(f"inbox {inbox.name}: all mail since then is on record.")
        return True  # there may still be something to settle
    progress = Progress()
    with closing(Preview(settings, inbox, datetime.now(UTC), told=progress.show, taught=taught_at(settings))) as past:
        past.read(laid)
        past.run()
        progress.over()
        for line in _foreseen(past, reading.total, drafts=drafts):
            say(line)
    return click.confirm("Take it in?")


def _foreseen(past: Preview, total: Ahead | None, *, drafts: bool) -> Iterator[str]:
    found = past.summary()
    size = f" ({total.size / 1e6:,.1f} MB)" if total and total.size else ""
    looked = found["messages"] + len(found["unreadable"])
    yield f"inbox {found['inbox']}: {counted(looked, 'mail')}{size} looked at, none of them on record yet"
    yield f"  {_kinds(found)}"
    waiting = past.waiting()
    answered = found["complaints"] - waiting
    yield f"  on record: {answered:,} that were answered, as settled; {waiting:,} that were not, as open"
    if drafts:
        yield f"  for those {waiting:,}: a draft each, and one list of what is overdue"
    else:
        yield "  no draft and no reminder for any of them (--drafts would write them for those still open)"
    yield f"  tags on about {found['complaints'] + found['undecided']:,} messages"


def _kinds(found: dict[str, Any]) -> str:
    """What sort of mail it is; the counts add up to all that was looked at."""
    kinds = {"ordinary": "ordinary", "undecided": "perhaps complaints", "automatic": "by machines", "ours": "ours",
             "unreadable": "unreadable"}  # fmt: skip
    counts = {name: len(found[name]) if name == "unreadable" else found[name] for name in kinds}
    complaining = found["messages"] + counts["unreadable"] - sum(counts.values())
    told = counted(found["complaints"], "complaint")
    if complaining != found["complaints"]:  # some wrote more than once
        told += f" in {counted(complaining, 'mail')}"
    return told + "".join(f", {count:,} {kinds[name]}" for name, count in counts.items() if count or name == "ordinary")


# ---- taking in ------------------------------------------------------------------------------------------------------


def _take_in(old: Backfill, pages: Iterator[Page]) -> None:
    try:
        for page in pages:
            old.take(page)
    except KeyboardInterrupt:
        fail("Broken off. What was taken in stays; the same command goes on where it ended.", 1)
    except InboxUnavailable as error:
        fail(f"{error}\nWhat was taken in stays; the same command goes on where it ended.", 1)


def _told(settled: Settled, *, drafts: bool) -> Iterator[str]:
    yield f"Old cases: {settled.settled:,} settled now, {settled.open:,} still open."
    if settled.open and drafts:
        yield "Their drafts and one list of what is overdue are written next."
    elif settled.open:
        yield "Nothing is asked for the open ones: see `amends cases --open`, and `amends resolve`."


def _write_tags(desk: Desk, inbox: str) -> None:
    """Nobody else is at work: what is to be written into old mail is written now."""
    undoing = Undoing(desk, lambda: datetime.now(UTC))
    with desk.store.writing() as session:
        session.release()
    outcome = undoing.write(undoing.cases_of(inbox))
    if outcome.again:
        fail(f"inbox {inbox}: {outcome.again:,} changes could not be written - `amends run` tries them again", 1)
