"""The tone lint's figures: what it finds of what is bad, kind by kind, and what it flags of what is good.

`python -m bench.tone` looks at `tests/tone/{bad,good}.*.txt` and prints one line a language; `--misses` names the
sentences, `--half` takes every other line. The lists were tuned on the first half; on the second, looked at once, they
found 189 of 192 and flagged 3 of 338. Of 26 further sentences a language, worded quite differently on purpose (the end
of `bad.*.txt`), they found 71 of 104 at first. Now all of these have been seen: new figures need new sentences.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from plugin.letters.tone import Remark, lint

LANGUAGES = ("en", "de", "fr", "es")
HOSTILE = {
    "one letter": "a" * 65_536,
    "sorry": "sorry if " * 7_281,
    "we will": "we will " * 8_192,
    "open quotes": "“" * 65_536,
    "marks": "[[" * 32_768,
    "line breaks": "\n \n" * 21_845,
    "capitals": "AA " * 21_845,
    "digits": "0 1-2 " * 10_922,
    "at signs": "a@" * 32_768,
    "no end": "we will not be soon if you should have " * 1_680,
    "signs": "!?. " * 16_384,
    "many scripts": "".join(map(chr, range(0x20, 0xD7FF))) + "ß" * 10_000,
}
"""Texts of 64 KiB that are made to take long."""
_TEXTS = Path(__file__).parent.parent / "tests" / "tone"
_LETTER = "We are sorry that your parcel came late on 3 March. By Thursday 26 November you will hear from us. " * 15
_HALVES = {"tuning": 0, "held-out": 1}


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence of a list, the kind that stands before it, and what is said of it."""

    kind: str
    text: str
    remarks: tuple[Remark, ...]

    @property
    def found(self) -> bool:
        """Whether it is flagged as what it is."""
        return any(remark.kind == self.kind for remark in self.remarks)


def looked_at(name: str, language: str, half: str = "") -> list[Line]:
    """The lines of `tests/tone/<name>.<language>.txt`, of all or of one half, with the remarks on each."""
    lines = (_TEXTS / f"{name}.{language}.txt").read_text("utf-8").splitlines()
    chosen = [line for at, line in enumerate(lines) if not half or at % 2 == _HALVES[half]]
    return [_line(line, language) for line in chosen]


def _line(line: str, language: str) -> Line:
    kind, _, text = line.rpartition("\t")
    purpose = "goodwill" if kind in ("condition", "upsell", "goodwill") else ""
    remarks = lint(text, language, purpose=purpose, public=kind in ("public", "personal-data"))
    return Line(kind, text, tuple(remark for remark in remarks if remark.kind != "no-empathy"))


def _told(language: str, half: str, misses: bool) -> Iterator[str]:
    bad, good = looked_at("bad", language, half), looked_at("good", language, half)
    every, found = Counter(line.kind for line in bad), Counter(line.kind for line in bad if line.found)
    flagged = [line for line in good if line.remarks]
    share = 100 * len(flagged) / len(good)
    caught = f"{sum(found.values())} of {len(bad)} bad found"
    yield f"{language}: {caught}, {len(flagged)} of {len(good)} good flagged ({share:.1f} %)"
    yield "    " + ", ".join(f"{kind} {found[kind]}/{every[kind]}" for kind in sorted(every))
    if misses:
        yield from (f"    missed  {line.kind}: {line.text}" for line in bad if not line.found)
        yield from (f"    flagged {line.text}: {[(one.kind, one.text) for one in line.remarks]}" for line in flagged)


def _spent(text: str, language: str) -> float:
    """Seconds of the processor for remarks on a text that was not looked at before."""
    began = time.process_time()
    lint(f"{text} ", language, purpose="goodwill", public=True)
    return time.process_time() - began


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the figures of every language, and what they took of the processor."""
    parser = argparse.ArgumentParser(prog="python -m bench.tone", description=__doc__)
    parser.add_argument("--half", choices=sorted(_HALVES), default="")
    parser.add_argument("--misses", action="store_true")
    chosen = parser.parse_args(arguments)
    began = time.process_time()
    for language in LANGUAGES:
        print("\n".join(_told(language, chosen.half, chosen.misses)))
    print(f"{time.process_time() - began:.2f} s of the processor, with what is read once")
    for language in LANGUAGES:
        name, spent = max(((name, _spent(text, language)) for name, text in HOSTILE.items()), key=lambda pair: pair[1])
        print(f"{language}: a letter takes {1000 * _spent(_LETTER, language):.1f} ms, 64 KiB of {name} {spent:.2f} s")


if __name__ == "__main__":
    main()
