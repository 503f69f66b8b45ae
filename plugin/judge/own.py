"""What the sender wrote himself: no quoted history, no signature, no forwarded mail.

Every rule looks at a line, or at a line and the few below it, so that the work grows with the text and not faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count, takewhile, zip_longest

LIMIT = 65_536
"""Characters that are read of a text; what stands behind them is not looked at."""

_NEAR = 4  # lines a header block or a wrapped attribution may spread over
_SPREAD = 3  # lines an attribution may spread over
_RULES = ("-", "_", "=", "*")  # what a line across the mail is drawn with
_QUOTES = (">", "|")
_SIGNATURE_LINES = 12

_WROTE = (
    "wrote",
    "writes",
    "schrieb",
    "a écrit",
    "escribió",
    "ha scritto",
    "schreef",
    "escreveu",
    "napisał",
    "napisał(a)",
    "yazdı",
    "пишет",
    "написал",
    "написала",
)
_OPENERS = (
    "on ",
    "am ",
    "le ",
    "el ",
    "il giorno ",
    "il ",
    "op ",
    "em ",
    "dnia ",
    "w dniu ",
    "wt., ",
    "pon., ",
    "fri, ",
    "mon, ",
    "tue, ",
    "wed, ",
    "thu, ",
    "sat, ",
    "sun, ",
)
_SENDER = ("from:", "von:", "de :", "de:", "da:", "van:", "od:", "kimden:", "от:", "差出人:", "expéditeur :")
_MOMENT = (
    "sent:",
    "date:",
    "gesendet:",
    "datum:",
    "envoyé :",
    "envoyé:",
    "date :",
    "enviado:",
    "enviado el:",
    "fecha:",
    "inviato:",
    "data:",
    "verzonden:",
    "wysłano:",
    "gönderilen:",
    "gönderme tarihi:",
    "tarih:",
    "отправлено:",
    "дата:",
    "送信日時:",
    "日時:",
)
_HEADERS = (
    *_SENDER,
    *_MOMENT,
    "to:",
    "cc:",
    "subject:",
    "reply-to:",
    "an:",
    "kopie:",
    "betreff:",
    "antwort an:",
    "à :",
    "à:",
    "objet :",
    "objet:",
    "para:",
    "asunto:",
    "a:",
    "oggetto:",
    "aan:",
    "onderwerp:",
    "assunto:",
    "do:",
    "temat:",
    "kime:",
    "konu:",
    "кому:",
    "тема:",
    "宛先:",
    "件名:",
)
_ORIGINAL = (
    "original message",
    "original mail",
    "ursprüngliche nachricht",
    "originalnachricht",
    "message d'origine",
    "message original",
    "mensaje original",
    "messaggio originale",
    "oorspronkelijk bericht",
    "mensagem original",
    "wiadomość oryginalna",
    "özgün ileti",
    "orijinal mesaj",
    "исходное сообщение",
    "original appointment",
)
_FORWARDED = (
    "forwarded message",
    "begin forwarded message",
    "weitergeleitete nachricht",
    "anfang der weitergeleiteten nachricht",
    "weitergeleitet von",
    "forwarded by",
    "message transféré",
    "début du message transféré",
    "début du message réexpédié",
    "message réexpédié",
    "mensaje reenviado",
    "inicio del mensaje reenviado",
    "messaggio inoltrato",
    "inizio messaggio inoltrato",
    "doorgestuurd bericht",
    "mensagem encaminhada",
    "mensagem reencaminhada",
    "przekazana wiadomość",
    "iletilen mesaj",
    "пересылаемое сообщение",
    "転送されたメッセージ",
)
_DEVICE = (
    "sent from my ",
    "sent from mail for",
    "sent from outlook",
    "get outlook for",
    "von meinem ",
    "gesendet von ",
    "gesendet mit ",
    "envoyé de mon ",
    "envoyé depuis ",
    "enviado desde mi ",
    "enviado desde ",
    "inviato da ",
    "verzonden vanaf ",
)
_DEVICE_SIGNS = {sign for mark in _DEVICE for sign in (mark[0], mark[0].upper())}


def own_text(text: str, *, forwarded: bool = False) -> str:
    """The sender's new words, lines joined by LF; with `forwarded`, those of the mail that was passed on."""
    # Half a surrogate pair is no text: nothing that stores or matches text takes it.
    whole = text[:LIMIT].encode("utf-8", "replace").decode("utf-8")
    lines = whole.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = _new_lines(_inner(lines) if forwarded else lines)
    while kept and not kept[-1].strip(" _-="):
        kept.pop()  # Outlook draws a line above what it quotes
    return "\n".join(kept).strip()


def _inner(lines: list[str]) -> list[str]:
    """The lines of the mail that was passed on; all of them where no mark says where it begins."""
    start = next((i for i, line in enumerate(lines) if _is_marked(line, _FORWARDED + _ORIGINAL)), -1)
    if start < 0:
        start = next((i - 1 for i in range(len(lines)) if _opens_headers(lines, i)), -1)
    inner = _unquoted(lines[start + 1 :])
    return _without_headers(inner) if start >= 0 or _opens_headers(inner, 0) else inner


def _unquoted(lines: list[str]) -> list[str]:
    filled = [line for line in lines if line.strip()]
    if not filled or not all(line.startswith(">") for line in filled):
        return lines
    return [line[1:].removeprefix(" ") for line in lines]


def _without_headers(lines: list[str]) -> list[str]:
    at = next((i for i, line in enumerate(lines) if line.strip()), 0)
    while at < len(lines) and (_header(lines[at], _HEADERS) or (lines[at][:1] in {" ", "\t"} and lines[at].strip())):
        at += 1
    return lines[at:]


def _new_lines(lines: list[str]) -> list[str]:
    """The lines up to where the sender's words end; nothing ends them but on an odd line or shortly above one."""
    kept: list[str] = []
    skip_to = 0
    signs = [line.lstrip()[:1] for line in lines]
    odd = [sign in _RULES or ":" in line or "：" in line for sign, line in zip(signs, lines, strict=True)]
    near = map(any, zip_longest(*(odd[shift:] for shift in range(_SPREAD))))
    for at, (line, sign, is_near) in enumerate(zip(lines, signs, near, strict=True)):
        if at < skip_to or (sign in _QUOTES and line.lstrip().startswith((">", "|>"))):
            continue
        if is_near:  # most lines are plain words among plain words, and need no closer look
            if _ends_here(lines, at):
                break
            skip_to = _attribution_end(lines, at)
            if skip_to and not _quote_follows(lines, skip_to):
                break
        if at >= skip_to and not (sign in _DEVICE_SIGNS and _is_device(line)):
            kept.append(line.rstrip())
    return kept


def _ends_here(lines: Sequence[str], at: int) -> bool:
    line = lines[at]
    return (
        _is_marked(line, _ORIGINAL)
        or _is_marked(line, _FORWARDED)
        or _opens_headers(lines, at)
        or _is_signature(lines, at)
    )


def _is_signature(lines: Sequence[str], at: int) -> bool:
    """RFC 3676, 4.3: two dashes and a blank; two dashes alone only where little follows."""
    line = lines[at]
    if line == "-- ":
        return True
    rest = lines[at + 1 : at + 2 * _SIGNATURE_LINES + 2]
    return line.strip() == "--" and sum(1 for other in rest if other.strip()[:1] not in {"", ">"}) <= _SIGNATURE_LINES


def _is_marked(line: str, marks: tuple[str, ...]) -> bool:
    """Whether a line is nothing but one of the marks between dashes, or ends in a colon."""
    if len(line) > 100 or not (line.strip().startswith(_RULES) or line.rstrip().endswith(":")):
        return False
    return line.strip(" \t-_=*:>").casefold().replace("’", "'").startswith(marks)


def _header(line: str, names: tuple[str, ...]) -> bool:
    return (
        line[:40].lstrip(" \t*").casefold().replace(":*", ":").replace("\xa0", " ").replace("：", ":").startswith(names)
    )


def _opens_headers(lines: Sequence[str], at: int) -> bool:
    """Whether the block of headers begins here that Outlook and Apple put above what they quote."""
    if at >= len(lines) or not _header(lines[at], _SENDER):
        return False
    return any(_header(line, _MOMENT) for line in lines[at + 1 : at + _NEAR])


def _attribution_end(lines: Sequence[str], at: int) -> int:
    """Where the line after "On ... wrote:" is, were it spread over three lines; 0 where none begins here."""
    joined = ""
    for end in range(at, min(at + _SPREAD, len(lines))):
        joined += " " + lines[end].strip()[:300]
        if lines[end].rstrip().endswith((":", "：")):
            return end + 1 if _is_attribution(joined.strip().casefold()) else 0
        if not lines[end].strip():
            return 0
    return 0


def _is_attribution(line: str) -> bool:
    """Somebody (an address, a date) and a verb of writing; a customer's own "the driver wrote:" has neither."""
    if not any(verb in line[-120:] for verb in _WROTE):
        return any(verb in line for verb in _WROTE[2:5]) and line.startswith(_OPENERS) and _is_dated(line)
    return ("@" in line and "<" in line) or (line.startswith(_OPENERS) and _is_dated(line)) or line[:4].isdigit()


def _is_dated(line: str) -> bool:
    return sum(map(str.isdigit, line)) >= 4 and (":" in line[:-1] or "." in line or "/" in line or "," in line)


def _quote_follows(lines: Sequence[str], at: int) -> bool:
    blank = sum(1 for _ in takewhile(lambda i: i < len(lines) and not lines[i].strip(), count(at)))
    return at + blank < len(lines) and lines[at + blank].lstrip().startswith(">")


def _is_device(line: str) -> bool:
    return len(line) < 80 and line.strip().casefold().startswith(_DEVICE)
