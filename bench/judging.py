"""What judging costs, and how well it is done (J1 to J4; docs/judge.md says what the sets are).

Usage: python -m bench.judging [DATA], or as part of `python -m bench`. DATA is the folder of public texts and mails
that `make train` takes: without it J1 and J2 are not measured. The airline tweets in it are for this figure and nothing
else.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import mean, median
from time import process_time

from bench.mail import mails
from bench.row import Row
from plugin.judge import Judge
from plugin.judge.deep import Deep, Embed, library_missing, opened, shipped
from plugin.judge.verdict import weigh
from plugin.model import Message
from plugin.trial import reader_of, settings_for
from training import source
from training.figures import of_sets
from training.sets import letters
from training.source import HELD_MAIL

_BAR = 0.7
_LETTER = 1_200  # characters
_LETTERS = 60
_QUALITY = (
    ("J3", "recall", "complaints found", 0.95), ("J3b", "precision", "of those tagged, complaints", 0.95),
    ("J3c", "category", "category right", 0.8), ("J3d", "severity", "severity, rank correlation", 0.7),
    ("J3n", "noticed", "found or asked about", None),
)  # fmt: skip


def rows(count: int, data: Path | None) -> Iterator[Row]:
    """Every J row; `count` mails for the average cost."""
    if data:
        yield Row("J1", "airline tweets (public, never fitted on): complaint or not, macro-F1", _tweets(data),
                  at_least=0.8)  # fmt: skip
        yield Row("J2", "ordinary mail that was held out, as it came: tagged", _ordinary(data), at_most=0.01)
    unseen = of_sets(["unseen"])["unseen"]["all"].plain()
    for name, figure, what, goal in _QUALITY:
        yield Row(name, f"letters nothing was fitted on: {what}", unseen[figure] or 0.0, at_least=goal)
    yield Row("J3e", "letters nothing was fitted on: ordinary ones tagged", unseen["false"] or 0.0, at_most=0.05)
    yield Row("J4", "CPU of judging a mail, on average", _average(count), at_most=5, unit="ms")
    yield Row("J4c", f"CPU of judging a letter of {_LETTER:,} characters, median", _long(), at_most=5, unit="ms")
    if library_missing() is None:
        yield Row("J4b", "CPU of judging with the second opinion, where it is asked: 95 of 100 within", _twice(),
                  at_most=150, unit="ms")  # fmt: skip


def macro_f1(pairs: Sequence[tuple[bool, bool]]) -> float:
    """The mean of both classes' F1, of (is one, was tagged)."""
    return mean(_f1(sum(is_one is kind and told is kind for is_one, told in pairs),
                    sum(is_one is kind for is_one, _ in pairs), sum(told is kind for _, told in pairs))
                for kind in (True, False))  # fmt: skip


def _f1(right: int, are: int, told: int) -> float:
    return 2 * right / (are + told) if are + told else 0.0


def _tweets(data: Path) -> float:
    told = source.rows(data, "airline_tweets.evaluate-only")
    return macro_f1([(bool(row["label"]), weigh(row["text"], "").score >= _BAR) for row in told])


def _ordinary(data: Path) -> float:
    judge = Judge()
    held = list(source.mails(data, "ordinary-mail"))[::HELD_MAIL]
    return mean(judge.assess(mail).complaint for mail in held)


def _average(count: int) -> float:
    read, judge = reader_of(settings_for(Path("no-settings"))), Judge()
    messages = [read(mail.raw) for mail in mails(count)]
    began = process_time()
    for message in messages:
        judge.assess(message)
    return (process_time() - began) / count * 1000


def _long() -> float:
    """Complaints nothing was fitted on, those of one language put together; words and languages were met before."""
    judge = Judge()
    told = [one for one in letters("unseen") if one.complaint]
    long = [_joined([one.message for one in told[start:] + told if one.language == told[start].language])
            for start in range(len(told))]  # fmt: skip
    chosen = long[:: max(1, len(long) // _LETTERS)]
    for message in [one.message for one in told] + chosen[::2]:
        judge.assess(message)
    return median(_spent(judge, message) for message in chosen[1::2])


def _joined(some: Sequence[Message]) -> Message:
    """The first of these, with the words of the others behind its own until it is long."""
    text = "\n\n".join(one.text for one in some)
    return replace(some[0], text=text[:_LETTER])


def _spent(judge: Judge, message: Message) -> float:
    began = process_time()
    judge.assess(message)
    return (process_time() - began) * 1000


def _twice() -> float:
    """Milliseconds within which 95 of 100 letters are judged, of those about which the embedding is asked."""
    asked: list[str] = []
    judge = Judge(second=Deep(shipped(), partial(_listening, asked)))
    messages = [one.message for one in letters("unseen")]
    judge.assess(messages[0])
    spent = []
    for message in messages:
        before = len(asked)
        cost = _spent(judge, message)
        if len(asked) > before:
            spent.append(cost)
    return sorted(spent)[int(len(spent) * 0.95)]


def _listening(asked: list[str]) -> Embed:
    """The library, and what it was asked."""
    library = opened()

    def embed(text: str) -> Sequence[float]:
        asked.append(text)
        return library(text)

    return embed


if __name__ == "__main__":
    for row in rows(1000, Path(sys.argv[1]) if sys.argv[1:] else None):
        print(row.line(), flush=True)
