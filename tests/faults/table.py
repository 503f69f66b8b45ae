"""The table of faults: which may happen, what must hold then, and the figures the tests have shown.

    python -m tests.faults.table [long]

runs the tests beside this file (with `long`, all that are marked so instead), prints the table of what they recorded,
and writes it into docs/faults.md. The tests call `record`; without a folder in AMENDS_FAULTS it keeps nothing, so they
run alone too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = "AMENDS_FAULTS"
"""The environment variable that names the folder for what is recorded."""
_ROOT = Path(__file__).parents[2]
_DOCS = _ROOT / "docs" / "faults.md"
_FILE = "figures.jsonl"
_AT_ONCE = ("-n", "logical", "--maxprocesses", "4", "--dist", "loadfile")
_HEADS = ("id", "what goes wrong", "what must hold", "server", "figure", "")

ROWS: dict[str, tuple[str, str]] = {
    "M01": ("UIDVALIDITY changes", "mail is known again by what it is; nothing is acted on twice"),
    "M02": ("a folder is deleted and made anew, UID 1 comes again", "the new UID 1 is handled"),
    "M03": ("UIDVALIDITY differs at every look", "paused after 5 with that reason; other inboxes go on"),
    "M04": ("UIDNEXT is missing, or goes down", "found by STATUS or SEARCH all the same"),
    "M05": ("mails that break a parser lie before good ones", "the good ones are done in the same pass"),
    "M06": ("reading may mark mail as read", "all flags as before, but for the tags asked for"),
    "M07": ("an IDLE connection dies unseen", "found dead, made anew, the mail handled"),
    "M08": ("the connection is cut at any byte, the server restarts", "after the next pass nothing doubled or lost"),
    "M09": ("the server limits connections", "at most 2 an account; the message names the limit"),
    "M10": ("the server limits bandwidth", "each body fetched once; paused with the reason"),
    "M11": ("the server throttles", "silent for as long as asked; shown as throttled until then"),
    "M12": ("a token ends in mid-session, or cannot be renewed", "renewed before its end, else sign in again"),
    "M13": ("folders have names in other languages and scripts", "found by SPECIAL-USE first, by name second"),
    "M14": ("the server keeps no new keywords", "one warning; nothing is done again"),
    "M15": ("mails without a Message-ID", "each is a complaint of its own"),
    "M16": ("a Message-ID is used again for other content", "both are handled, and the case says so"),
    "M17": ("the same mail is delivered again", "one complaint"),
    "M18": ("the same mail lies in two folders", "one complaint, both places known"),
    "M19": ("a stranger names a known Message-ID", "joined as unverified: no date met, no draft to him"),
    "M20": ("automatic replies and bounces", "no draft, nothing reopened; no loop"),
    "M21": ("a person's mail asks for no automatic reply", "still a complaint"),
    "M22": ("the first start on a full inbox", "nothing is written for what was there before"),
    "M23": ("mails made to be dear to read", "bounded in time and memory; the next one unaffected"),
    "M24": ("zip bombs and huge attachments", "never fetched whole, never unpacked"),
    "M25": ("a wave of forged complaints", "never sends; drafts capped"),
    "D01": ("the answer to APPEND is lost", "one draft"),
    "D02": ("killed between doing and remembering", "after a restart nothing doubled or lost"),
    "D03": ("a person edits, sends or deletes the draft", "never overwritten, never made again"),
    "D04": ("no Drafts folder, renamed, or over quota", "told at once; the task stands; tried again"),
    "D05": ("header injection by what a mail says", "a draft has the header fields we wrote and no other"),
    "D06": ("a draft loses its thread", "In-Reply-To and References are theirs"),
    "D07": ("a mail program does not show the draft at once", "documented; the case names the draft's folder"),
    "S01": ("due while nobody was at work", "done late, and said to be"),
    "S02": ("several schedulers on one store", "each task once"),
    "S05": ("the clock jumps, a mail lies about its date", "the server's receipt time starts the clock"),
    "S06": ("a worker is killed in a step", "another one resumes within 60 s; nothing doubled or lost"),
    "G17": ("one of three workers is killed in a backlog", "the others finish; nothing doubled, lost, or 60 s late"),
    "S07": ("disk full, store locked or gone", "no act without a record; a clear error; goes on"),
    "X02": ("a mail speaks the language of templates", "its words are only ever text; a letter has at most 64 KiB"),
    "X05": ("secrets at rest, in logs, in exports", "none in store, logs, exports or traces"),
    "X08": ("hostile YAML", "refused, fast"),
}
"""By id: what goes wrong, and what must hold then."""


@dataclass(frozen=True, slots=True)
class _Line:
    row: str
    server: str
    figure: str
    ok: bool

    def cells(self) -> tuple[str, ...]:
        """As the table shows it."""
        return (self.row, *ROWS[self.row], self.server, self.figure, "" if self.ok else "FAILS")


def record(row: str, figure: str, ok: bool, server: str = "Dovecot") -> None:
    """Keep a figure for the table, as `1,000 mails: 0 doubled, 0 lost`; `row` is an id of ROWS."""
    if row not in ROWS:
        raise ValueError(f"the table of faults has no row {row}")
    if folder := os.environ.get(FOLDER):
        line = {"row": row, "server": server, "figure": figure, "ok": ok}
        with (Path(folder) / _FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _recorded(folder: Path) -> list[_Line]:
    """What was recorded, the figures of one row on one server together, in the order of ROWS."""
    found: dict[tuple[str, str], _Line] = {}
    file = folder / _FILE
    for text in file.read_text("utf-8").splitlines() if file.exists() else ():
        line = _Line(**json.loads(text))
        before = found.get((line.row, line.server))
        if before is not None:
            figures = dict.fromkeys((*before.figure.split("; "), line.figure))
            line = _Line(line.row, line.server, "; ".join(figures), before.ok and line.ok)
        found[line.row, line.server] = line
    order = list(ROWS)
    return sorted(found.values(), key=lambda line: (order.index(line.row), line.server != "Dovecot", line.server))


def _complete(lines: Sequence[_Line]) -> list[_Line]:
    """With a line for each row that has no figure."""
    known = {line.row for line in lines}
    missing = [_Line(row, "", "no figure", False) for row in ROWS if row not in known]
    return sorted((*lines, *missing), key=lambda line: list(ROWS).index(line.row))


def _printed(lines: Iterable[_Line]) -> str:
    cells = [_HEADS, *(line.cells() for line in lines)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEADS))]
    return "".join("  ".join(map(str.ljust, row, widths)).rstrip() + "\n" for row in cells)


def _markdown(lines: Iterable[_Line]) -> str:
    rows = [_HEADS[:5], ("---",) * 5, *((*line.cells()[:4], _figure(line)) for line in lines)]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in rows)


def _figure(line: _Line) -> str:
    return line.figure if line.ok else f"**fails**: {line.figure}"


def _between_marks(text: str, mark: str, table: str) -> str:
    before, begin, rest = text.partition(f"<!-- {mark} -->\n")
    _, end, after = rest.partition(f"<!-- end of {mark} -->\n")
    if not begin or not end:
        raise ValueError(f"{_DOCS} has no marks for the {mark} table")
    return "".join((before, begin, table, end, after))


def main(args: Sequence[str]) -> int:
    """Run the tests, print the table, write it down; 0 where all of them passed and no row is without a figure."""
    long = "long" in args
    wanted = ["tests", "-m", "long"] if long else ["tests/faults"]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", "-q", *_AT_ONCE, *wanted]
        code = subprocess.run(command, cwd=_ROOT, env={**os.environ, FOLDER: folder}, check=False).returncode
        lines = _recorded(Path(folder))
    if not long:
        lines = _complete(lines)
    sys.stdout.write("\n" + _printed(lines))
    mark = "long" if long else "quick"
    _DOCS.write_text(_between_marks(_DOCS.read_text("utf-8"), mark, _markdown(lines)), "utf-8")
    return code or (0 if lines and all(line.ok for line in lines) else 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
