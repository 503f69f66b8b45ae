"""The figures of the model card: tables in Markdown, and training/figures.json.

Usage: python -m training.figures DATA [--without]
Letters of our own are judged by a model that knows no sentence of their part, everything else by the model that is
shipped: the sets of `training.sets`, ordinary mail that was held out, and the airline set, which nothing is ever
fitted on or chosen by. All but the tables that say so are without a second opinion. Intervals are Wilson's, 95 %.
`--without` also fits without each source in turn, which takes long.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import sqrt
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray

from plugin.judge import Judge, own_subject
from plugin.judge.deep import library_missing, opened, second
from plugin.judge.linear import shipped
from plugin.judge.own import own_text
from plugin.judge.strength import likelihood
from plugin.judge.verdict import chosen, signs_of, told_by_signs, weigh
from plugin.model import CATEGORIES, SEVERITIES, Message
from training import source
from training.compose import Letter
from training.deep import Doubted, Embedded, Sentences, in_doubt, of_fold
from training.deep import letter_weights as letter_weights_of
from training.fit import Floats, design
from training.model import (
    BELIEF,
    BITS,
    LABEL_BITS,
    Corpus,
    Read,
    corpus,
    heard_apart,
    labelled,
    letter_weights,
    letters_about,
    reading,
    scored,
)
from training.sets import SETS, Figures, Labelled, figures, of_each_language, rank
from training.sets import letters as labelled_letters
from training.source import FOLDS, HELD_MAIL, ROOT, Example

KEPT = ROOT / "training" / "figures.json"
"""The figures that were committed."""
OURS = {"own", "plain", "letters", "whole", "marked"}
_BAR, _ASKED = 0.7, 0.4
_Z = 1.96
_TWEETS = 30  # one in so many is asked about
_NOTICED = "tagged; asked about"
_TOLD = "recall; with those asked about; precision; tagged falsely"


@dataclass(frozen=True, slots=True)
class Judged:
    """A letter's true label and its score."""

    group: str
    label: int
    score: float


def main() -> None:
    """Print every table, and write what a test compares with."""
    data = Path(sys.argv[1])
    given = corpus(data)
    letters, read = list(letters_about(given)), reading(given)
    heard = heard_apart(read, letters)
    scores = scored(letters, heard, letter_weights(letters, heard))
    ours, kept = _ours(letters, scores), of_sets()
    _print("Letters nothing was fitted on", _sets(kept))
    _print("Complaints", _table([*ours, *_mail(given.mails), *_airline(data)]))
    _print("Calibration, letters of our own", _calibration(ours))
    _print("Categories and severity, our own texts, each by a model fitted on others", _labels(given))
    if not library_missing():
        sentences = Sentences(read.examples, scores, Embedded(opened))
        languages = {letter.text: letter.language for letter in letters}
        _print("The second opinion", _second(data, given, sentences, scores, languages))
        _print("Its head alone", _meanings(sentences))
        _print("Through the judge, `deep: auto`", _through(given.mails))
    if "--without" in sys.argv:
        _print("Without one source", _ablations(given))
    plain = {name: {group: one.plain() for group, one in of.items()} for name, of in kept.items()}
    KEPT.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")


def _print(title: str, table: Iterable[str]) -> None:
    print(f"\n### {title}\n", *table, sep="\n", flush=True)


def of_sets(names: Sequence[str] = SETS) -> dict[str, dict[str, Figures]]:
    """What the shipped judge makes of the sets in the repository, by set and language (and `all`)."""
    judge = Judge()
    return {
        name: {group: figures(judge, some) for group, some in of_each_language(labelled_letters(name)).items()}
        for name in names
    }


def _sets(kept: Mapping[str, Mapping[str, Figures]]) -> Iterator[str]:
    yield (
        "| letters | n | recall | with those asked about | precision | tagged falsely | category right "
        "| severity, rank correlation | asks, F1 | risks, F1 |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for name, groups in kept.items():
        for group, one in groups.items():
            shares = [_share(*share) for share in (one.recall, one.noticed, one.precision, one.false, one.category)]
            rest = ["-" if value is None else f"{value:.2f}" for value in (one.severity, one.asks, one.risks)]
            yield f"| {' | '.join([f'{name} {group}', str(one.letters), *shares, *rest])} |"


def _ours(letters: Sequence[Letter], scores: Sequence[Doubted]) -> list[Judged]:
    named = zip(letters, scores, strict=True)
    return [Judged(_group(one), one.label, known.score) for one, known in named if one.source != "mail"]


def _group(letter: Letter) -> str:
    return "regulator's narratives" if letter.source == "cfpb" else f"{letter.source} {letter.language}"


def _mail(mails: Sequence[Message]) -> Iterator[Judged]:
    judge = Judge()
    for mail in mails[::HELD_MAIL]:
        yield Judged("ordinary mail, held out, as it came", 0, judge.assess(mail).score)
        yield Judged("ordinary mail, held out, lists weighed too", 0, judge.assess(replace(mail, automatic="")).score)


def _airline(data: Path) -> Iterator[Judged]:
    for row in source.rows(data, "airline_tweets.evaluate-only"):
        yield Judged("airline tweets (evaluation only)", row["label"], weigh(row["text"], "").score)


def _table(judged: Sequence[Judged]) -> Iterator[str]:
    yield "| letters | n | complaints | recall | precision | F1 | macro-F1 | tagged falsely | asked about | AUC |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for group in sorted({one.group for one in judged}):
        yield _row(group, [one for one in judged if one.group == group])


def _row(group: str, some: Sequence[Judged]) -> str:
    label = np.array([one.label for one in some])
    score = np.array([one.score for one in some])
    tagged = score >= _BAR
    right, told, false = int((tagged & (label == 1)).sum()), int(tagged.sum()), int((tagged & (label == 0)).sum())
    yes, no = int(label.sum()), int((1 - label).sum())
    asked = int(((score >= _ASKED) & ~tagged).sum())
    both = (_f1(right, told, yes) + _f1(no - false, len(some) - told, no)) / 2
    cells = [
        group, len(some), yes, _share(right, yes), _share(right, told), f"{_f1(right, told, yes):.2f}", f"{both:.2f}",
        _share(false, no), _share(asked, len(some)), f"{_auc(label, score):.3f}",
    ]  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def _f1(right: int, told: int, true: int) -> float:
    return 2 * right / (told + true) if told + true else 0.0


def _share(some: int, whole: int) -> str:
    """A share with its interval, in per cent."""
    if not whole:
        return "-"
    share, slack = some / whole, _Z * _Z / whole
    middle = (share + slack / 2) / (1 + slack)
    reach = _Z * sqrt(share * (1 - share) / whole + slack / (4 * whole)) / (1 + slack)
    return f"{share:.1%} ({max(0.0, middle - reach):.1%}-{min(1.0, middle + reach):.1%})"


def _auc(label: Floats, score: Floats) -> float:
    """How often a complaint has a higher score than another letter; ties count half."""
    yes, no = np.sort(score[label == 1]), score[label == 0]
    if not len(yes) or not len(no):
        return float("nan")
    below = np.searchsorted(yes, no, "left") + np.searchsorted(yes, no, "right")
    return float(1 - below.mean() / (2 * len(yes)))


def _calibration(judged: Sequence[Judged]) -> Iterator[str]:
    yield "| score | letters | mean score | complaints |"
    yield "|---|---|---|---|"
    for low in range(10):
        some = [one for one in judged if low <= one.score * 10 < low + 1 and not one.group.startswith("regulator")]
        if some:
            mean = sum(one.score for one in some) / len(some)
            share = _share(sum(one.label for one in some), len(some))
            yield f"| {low / 10:.1f}-{low / 10 + 0.1:.1f} | {len(some)} | {mean:.2f} | {share} |"


def _labels(given: Corpus) -> Iterator[str]:
    """Categories and grades of complaints by a model fitted on the other parts; categories also by their signs."""
    examples = *given.examples, *source.told_apart(given.waiting)
    told = [one for one in examples if one.label and one.kind in CATEGORIES]
    rows: list[tuple[Example, bool, int]] = []
    for fold in range(FOLDS):
        fitted = labelled([one for one in told if one.fold != fold])
        held = [one for one in told if one.fold == fold and one.source in OURS]
        values = fitted.values(design([one.text for one in held], LABEL_BITS, paired=False))
        for one, row in zip(held, values, strict=True):
            signs = [sign.label for sign in signs_of(one.text, one.language)]
            named = row[: len(CATEGORIES)].tolist()
            best = chosen(shipped().category, (named, named, [0.0] * len(CATEGORIES), told_by_signs(signs)))
            rows.append((one, best == one.kind, int((row[len(CATEGORIES) :] > 0).sum())))
    yield "| texts | n | category right | severity, rank correlation |"
    yield "|---|---|---|---|"
    for group in sorted({(one.source, one.language) for one, _, _ in rows}):
        some = [row for row in rows if (row[0].source, row[0].language) == group]
        graded = [(SEVERITIES.index(one.severity), grade) for one, _, grade in some if one.severity in SEVERITIES]
        right, correlation = _share(sum(right for _, right, _ in some), len(some)), rank(graded)
        yield f"| {' '.join(group)} | {len(some)} | {right} | {'-' if correlation is None else f'{correlation:.2f}'} |"


def _ablations(given: Corpus) -> Iterator[str]:
    read = Read(given.examples)
    held = [one.text for one in source.mail_sentences(given.mails[::HELD_MAIL], "held")]
    mail = design(held, BITS)
    yield "| without | our own sentences, AUC | the tests' letters, AUC | sentences of held-out mail above 0 |"
    yield "|---|---|---|---|"
    for name in ("", *BELIEF):
        values, loud = _apart(read, name), (read.fitted(without_source=name).values(mail)[:, 0] > 0).sum()
        cells = [_auc_of(values, {"own", "plain"}), _auc_of(values, {"letters"}), _share(int(loud), len(held))]
        yield f"| {name or 'nothing'} | {' | '.join(cells)} |"


def _apart(read: Read, name: str) -> list[tuple[Example, float]]:
    """What our own examples weigh in a model that knows none of their part, nor the source of this name."""
    values: list[tuple[Example, float]] = []
    for fold in range(FOLDS):
        held = [one for one in read.examples if one.source in OURS and one.fold == fold]
        fitted = read.fitted(without=fold, without_source=name)
        values += zip(held, fitted.values(design([one.text for one in held], BITS))[:, 0], strict=True)
    return values


def _auc_of(values: Sequence[tuple[Example, float]], sources: set[str]) -> str:
    some = [(float(one.label), value) for one, value in values if one.source in sources]
    label, value = np.array(some).T
    return f"{_auc(label, value):.3f}"


@dataclass(frozen=True, slots=True)
class Twice:
    """A letter's score by its words and with the second opinion, whether that was asked, and what it cost in ms."""

    group: str
    label: int
    before: float
    after: float
    asked: bool
    cost: float = 0.0


def _second(
    data: Path, given: Corpus, sentences: Sentences, letters: Sequence[Doubted], languages: Mapping[str, str]
) -> Iterator[str]:
    """Of our own letters only those in doubt; the head knows none of their sentences."""
    doubted = in_doubt(letters)
    bias, *weights = letter_weights_of(sentences, doubted)
    after = [likelihood(weights, bias, parts) for parts in sentences.parts(doubted).tolist()]
    own = [
        Twice(f"in doubt: {one.source} {languages[one.text]}", one.label, one.score, score, True)
        for one, score in zip(doubted, after, strict=True)
    ]
    judged = [*own, *_asked_about_mail(given.mails), *_asked_about_tweets(data)]
    yield "| letters | n | asked | macro-F1, words | both | tagged falsely, words | both | CPU of asking |"
    yield "|---|---|---|---|---|---|---|---|"
    for group in sorted({one.group for one in judged}):
        yield _twice(group, [one for one in judged if one.group == group])


def _asked_about_mail(mails: Sequence[Message]) -> Iterator[Twice]:
    for mail in mails[::HELD_MAIL]:
        yield _both("ordinary mail, held out, lists weighed too", 0, own_text(mail.text), own_subject(mail.subject))


def _asked_about_tweets(data: Path) -> Iterator[Twice]:
    for number, row in enumerate(source.rows(data, "airline_tweets.evaluate-only")):
        if number % _TWEETS == 0 and row["label"] is not None:
            yield _both(f"airline tweets, each {_TWEETS}th (evaluation only)", row["label"], row["text"], "")


def _both(group: str, label: int, text: str, subject: str) -> Twice:
    before, started = weigh(text, subject).score, process_time()
    after, ended = weigh(text, subject, second=second("on")).score, process_time()
    return Twice(group, label, before, after, before != after, 1000 * (ended - started))


def _twice(group: str, some: Sequence[Twice]) -> str:
    label = np.array([one.label for one in some])
    costs = sorted(one.cost for one in some if one.asked)
    tags = [np.array([getattr(one, score) >= _BAR for one in some]) for score in ("before", "after")]
    false = [_share(int((tagged & (label == 0)).sum()), int((1 - label).sum())) for tagged in tags]
    cost = f"{costs[len(costs) // 2]:.0f} ms" if costs and costs[0] else "-"
    asked = _share(sum(one.asked for one in some), len(some))
    both = [f"{_macro(tagged, label):.2f}" for tagged in tags]
    return f"| {' | '.join([group, str(len(some)), asked, *both, *false, cost])} |"


def _through(mails: Sequence[Message]) -> Iterator[str]:
    """What the judge makes of mail and sets by words alone, and with the second opinion where it asks for it."""
    judges = Judge(), Judge(second=second("on"))
    came = mails[::HELD_MAIL]
    yield "| letters | n | words alone | with the second opinion |"
    yield "|---|---|---|---|"
    for name, some in (("as it came", came), ("lists weighed too", [replace(mail, automatic="") for mail in came])):
        cells = [_noticed(judge, some) for judge in judges]
        yield f"| ordinary mail, held out, {name}: {_NOTICED} | {len(some)} | {' | '.join(cells)} |"
    for name in SETS:
        found = labelled_letters(name)
        cells = [_told(judge, found) for judge in judges]
        yield f"| {name}: {_TOLD} | {len(found)} | {' | '.join(cells)} |"


def _noticed(judge: Judge, mails: Sequence[Message]) -> str:
    found = [judge.assess(mail) for mail in mails]
    shares = sum(one.complaint for one in found), sum(one.maybe for one in found)
    return "; ".join(_share(share, len(found)) for share in shares)


def _told(judge: Judge, some: Sequence[Labelled]) -> str:
    one = figures(judge, some)
    return "; ".join(_share(*share) for share in (one.recall, one.noticed, one.precision, one.false))


def _macro(tagged: NDArray[np.bool_], label: Floats) -> float:
    sides = [(tagged, label == 1), (~tagged, label == 0)]
    return sum(_f1(int((said & true).sum()), int(said.sum()), int(true.sum())) for said, true in sides) / 2


def _meanings(sentences: Sentences) -> Iterator[str]:
    """How well the head alone does, also where it never saw a sentence of the language."""
    yield "| our own sentences | n | macro-F1, other parts known | macro-F1, language never seen |"
    yield "|---|---|---|---|"
    told = sentences.told
    apart = np.zeros(len(told))
    for fold in range(FOLDS):
        part = np.array([one.fold == fold for one in told])
        apart[part] = _logits(sentences.fitted(of_fold(fold)), sentences.rows[part])
    for language in sorted({one.language for one in told if one.source == "own"}):
        mine = np.array([one.source == "own" and one.language == language for one in told])
        foreign = _logits(sentences.fitted(partial(_is_in, language)), sentences.rows)
        cells = [f"{_macro(values[mine] > 0, sentences.labels[mine]):.2f}" for values in (apart, foreign)]
        yield f"| {language} | {int(mine.sum())} | {' | '.join(cells)} |"


def _is_in(language: str, example: Example) -> bool:
    return example.language == language


def _logits(fitted: Floats, rows: Floats) -> Floats:
    return np.asarray(rows @ fitted[1:] + fitted[0])


if __name__ == "__main__":
    main()
