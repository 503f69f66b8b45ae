"""How well a sender's own words are told from what he quotes: `python -m bench.own ARCHIVE [SET]`.

ARCHIVE is a tar of folders with the mails named in own_expected.tsv. Where mail-parser-reply can be imported it is
measured as well: the body of its newest reply, with every language it knows, without the quoted lines it leaves in.
With the name of a SET, each mail of it that was not read exactly is printed.
"""

from __future__ import annotations

import argparse
import difflib
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module, util
from pathlib import Path
from time import process_time

from integrations.imap.body import contents, html_text
from integrations.imap.wire import read
from plugin.judge.own import own_text

EXPECTED = Path(__file__).with_name("own_expected.tsv")
PEER_LANGUAGES = ("en", "de", "cs", "da", "es", "fr", "hu", "it", "ja", "ko", "nl", "pl", "sv", "zh")

Reader = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Fixture:
    """A mail's text, the words in it that are its sender's own, and those that count for nobody."""

    group: str
    name: str
    text: str
    own: str
    either: str


@dataclass(frozen=True, slots=True)
class Score:
    """Of one set: mails, how many were read exactly, and words kept rightly, wrongly and lost."""

    mails: int
    exact: int
    right: int
    wrong: int
    lost: int

    def __str__(self) -> str:
        precision = self.right / max(1, self.right + self.wrong)
        recall = self.right / max(1, self.right + self.lost)
        return f"{self.exact:>4} of {self.mails:<4} {precision:>8.1%} {recall:>8.1%}"


def fixtures(archive: Path) -> Iterator[Fixture]:
    """The mails of own_expected.tsv in its order; raises KeyError where the archive lacks one."""
    rows = [line.split("\t") for line in EXPECTED.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    with tarfile.open(archive) as tar:
        members = {member.name.removeprefix("./"): member for member in tar if member.isfile()}
        for path, own, either in rows:
            opened = tar.extractfile(members[path])
            text = _text(path, opened.read() if opened else b"")
            lines = text.split("\n")
            yield Fixture(path.partition("/")[0], path, text, _chosen(lines, own), _chosen(lines, either))


def _text(path: str, raw: bytes) -> str:
    if path.endswith(".eml"):
        return contents(read(raw)).text
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n")
    if path.endswith(".html"):
        return html_text(text)
    return text.replace("#sig#", "").replace("#reply#", "")  # notes in the margin of talon's signatures


def _chosen(lines: list[str], choice: str) -> str:
    """The lines named by 1-5,8; what names no lines is the text itself."""
    if choice.replace("-", "").replace(",", "").isdigit():
        spans = (part.partition("-") for part in choice.split(","))
        return "\n".join("\n".join(lines[int(first) - 1 : int(last or first)]) for first, _, last in spans)
    return choice.strip("-")


def score(found: list[tuple[Fixture, str]]) -> Score:
    """Words are counted as a bag; those that count for nobody are taken out of what was found first."""
    exact = right = wrong = lost = 0
    for fixture, text in found:
        own, either = _words(fixture.own), _words(fixture.either)
        kept = _words(text)
        kept -= either & (kept - own)
        exact += own == kept
        right += (own & kept).total()
        wrong += (kept - own).total()
        lost += (own - kept).total()
    return Score(len(found), exact, right, wrong, lost)


def _words(text: str) -> Counter[str]:
    """The words of a text without the lines drawn across it."""
    return Counter(word for word in text.split() if word.strip("_-=*"))


def peer() -> Reader | None:
    """mail-parser-reply, if it is there."""
    if util.find_spec("mailparser_reply") is None:
        return None
    parser = import_module("mailparser_reply").EmailReplyParser(languages=list(PEER_LANGUAGES))

    def newest(text: str) -> str:
        replies = parser.read(text).replies
        return "\n".join(line for line in (replies[0].body if replies else "").split("\n") if not line.startswith(">"))

    return newest


def main() -> None:
    """Print a row for each set and reader: mails read exactly, precision and recall of words, CPU time."""
    parser = argparse.ArgumentParser(prog="python -m bench.own", description=__doc__.partition("\n")[0])
    parser.add_argument("archive", type=Path)
    parser.add_argument("set", nargs="?", default="", help="print the mails of this set that were not read exactly")
    asked = parser.parse_args()
    mails = list(fixtures(asked.archive))
    readers = {"own_text": own_text, "mail-parser-reply": peer()}
    print(f"{'set':<28} {'reader':<18} {'exactly':>11} {'precis.':>8} {'recall':>8}   us a mail")
    for group in sorted({mail.group for mail in mails}):
        for name, reader in readers.items():
            if reader:
                _measure(group, name, reader, [mail for mail in mails if mail.group == group], asked.set)


def _measure(group: str, name: str, reader: Reader, mails: list[Fixture], shown: str) -> None:
    began = process_time()
    found = [(mail, reader(mail.text)) for mail in mails]
    spent = process_time() - began
    print(f"{group:<28} {name:<18} {score(found)}   {spent / len(mails) * 1e6:>9.0f}")
    if group == shown:
        for mail, text in found:
            if score([(mail, text)]).exact == 0:
                print(f"--- {name}: {mail.name}", *difflib.ndiff(mail.own.split("\n"), text.split("\n")), sep="\n")


if __name__ == "__main__":
    main()
