"""Figures on labelled mail: where a label is read from, and what is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugin.figures import Judged, Label, Share, as_json, figures, judged_under, label_of, told, wrong
from plugin.judge import Judge
from plugin.model import Assessment
from plugin.trial import settings_for
from tests.witness import written

ANGRY = "This is a formal complaint: my order never arrived and nobody answers! I want my money back."
TOP = Path("mail")


def letter(headers: str = "", text: str = ANGRY) -> bytes:
    return headers.encode() + written(text)


@pytest.mark.parametrize(
    ("name", "headers", "label"),
    [
        ("mail/complaint/1.eml", "", Label(True)),
        ("mail/2025/Complaints/1.eml", "", Label(True)),
        ("mail/not-a-complaint/1.eml", "", Label(False)),
        ("mail/ham/1.eml", "", Label(False)),
        ("mail/.Amends.Complaint/cur/1:2,S", "", Label(True)),
        ("mail/.Amends.Not a complaint/cur/1:2,S", "", Label(False)),
        ("mail/complaint.mbox#7", "", Label(True)),
        ("mail/1.eml", "X-Keywords: complaint, category-refund\r\n", Label(True, "refund")),
        ("mail/1.eml", "Keywords: complaint severity-high vip\r\n", Label(True, "", "high")),
        ("mail/1.eml", 'X-Gmail-Labels: Inbox,"Not-a-complaint"\r\n', Label(False)),
        ("mail/1.eml", "X-Gmail-Labels: Inbox,Not a complaint\r\n", Label(False)),
        ("mail/1.eml", "X-Gmail-Labels: Complaint handling team\r\n", None),
        ("mail/1.eml", "X-Label: not a complaint\r\n", Label(False)),
        ("mail/1.eml", "Keywords: =?nonsense?B?xx?=\r\n", None),
        ("mail/1.eml", "Keywords: =?utf-8?B?x?=\r\n", None),
        ("mail/complaint/1.eml", "X-Keywords: not-a-complaint\r\n", Label(False)),
        ("mail/1.eml", "X-Keywords: =?utf-8?q?complaint?=\r\n", Label(True)),
        ("mail/complaint/1.eml", "X-Keywords: category-nonsense\r\n", Label(True)),
        ("mail/1.eml", "", None),
        ("mail/complaint.eml", "", None),
    ],
)
def test_a_label_stands_in_the_header_or_is_the_folder(name: str, headers: str, label: Label | None) -> None:
    assert label_of(name, TOP, letter(headers)) == label


def test_an_mbox_may_itself_be_named_after_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "complaints.mbox"
    path.write_bytes(
        b"From anna Fri Nov 20 10:00:00 2026\n" + letter() + b"\nFrom bo Fri Nov 20 10:00:00 2026\n" + letter()
    )
    found, unread, unlabelled = judged_under(path, settings_for(tmp_path / "amends.yaml"), Judge())
    assert ([one.label.complaint for one in found], unread, unlabelled) == ([True, True], [], 0)


def judged(complaint: bool, said: bool, *, maybe: bool = False, **labels: str) -> Judged:
    score = 0.9 if said else 0.5 if maybe else 0.1
    said_of = Assessment(complaint=said, maybe=maybe, score=score, category="refund", severity="medium")
    return Judged("x.eml", Label(complaint, **labels), said_of)


FOUND = [
    judged(True, True, category="refund", severity="high"),
    judged(True, True, category="billing", severity="critical"),
    judged(True, False, maybe=True),
    judged(False, True),
    judged(False, False),
]


def test_every_figure_counts_what_it_says() -> None:
    counted = {name: (share.hits, share.of) for name, share in figures(FOUND).items()}
    assert counted == {
        "found": (2, 3), "right": (2, 3), "false_alarms": (1, 2), "asked": (1, 5), "category": (1, 2),
        "severity": (0, 2), "severity_within_one": (1, 2),
    }  # fmt: skip


def test_the_surest_mistake_is_named_first() -> None:
    assert [one.said.score for one in wrong(FOUND)] == [0.9, 0.5]


@pytest.mark.parametrize(
    ("hits", "of", "interval"),
    # Worked out by hand from Wilson's formula with z = 1.96.
    [(0, 10, (0.0, 0.278)), (5, 10, (0.237, 0.763)), (10, 10, (0.722, 1.0)), (0, 0, (0.0, 1.0))],
)
def test_a_share_has_an_interval(hits: int, of: int, interval: tuple[float, float]) -> None:
    assert Share(hits, of).interval() == pytest.approx(interval, abs=0.001)


def test_what_cannot_be_counted_is_not_told() -> None:
    lines = list(told([judged(True, True)], [("bad.eml", "it is no mail")], 2))
    assert lines[0] == "1 labelled mails, 2 without a label left out"
    assert not any("category" in line or "false" in line for line in lines)
    assert lines[-1] == "  could not be read: bad.eml: it is no mail"
    assert as_json([judged(True, True)], [], 0)["figures"]["category"] == {
        "hits": 0, "of": 0, "value": None, "interval": [0.0, 1.0],
    }  # fmt: skip
