"""Fits the judge and writes it into the package.

Usage: python -m training DATA
DATA is the folder with `text/` and `mail/`. The same data gives the same bytes. Where the library of the second opinion
is not installed, or cannot run, its head stays as it is.
"""

from __future__ import annotations

import sys
from pathlib import Path

from plugin.judge.deep import library_missing, opened
from training import anchors, deep
from training.model import built_on, corpus, letters_about, reading, write
from training.source import ROOT


def main() -> None:
    """Read the data, fit, write the arrays, and say how large they are."""
    folder = ROOT / "plugin" / "judge" / "model"
    given = corpus(Path(sys.argv[1]))
    read = reading(given)
    built, letters = built_on(read, list(letters_about(given)))
    paths = [*write(built, folder), anchors.write(anchors.anchors(built.linear(), read.examples), folder)]
    reason = library_missing()
    if reason:
        print(f"deep.json stays as it is: {reason}")
    else:
        sentences = deep.Sentences(read.examples, letters, deep.Embedded(opened))
        paths.append(deep.write(deep.head(sentences, letters), folder))
    for path in paths:
        print(f"{path.stat().st_size:>9,} bytes  {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
