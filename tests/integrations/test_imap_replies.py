"""What a server tells of messages is read as it stands, and one that talks nonsense is not believed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from imaplib import IMAP4
from socket import socket

import pytest
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError
from imapclient.response_parser import parse_fetch_response

from integrations.imap.replies import LARGEST, Facts, NotImap, Order, spans
from tests.faults.liar import Liar

WHOLE = "BODY.PEEK[]"


def told(
    answer: bytes,
    *items: str,
    uids: Sequence[int] = (1, 2, 3),
    end: bytes = b"%s OK done\r\n",
    change: str = "",
) -> dict[int, Facts]:
    """What comes of asking a server that answers so, and then hangs up."""
    with Liar(partial(speak, answer + end)) as server:
        imap = IMAP4("127.0.0.1", server.port, timeout=5)
        try:
            return Order(imap, uids, items or (WHOLE,), change).receive()
        finally:
            imap.shutdown()


def speak(answer: bytes, caller: socket) -> None:
    """Says what it is able to, as imaplib wants to know first, and then this answer; each `%s` is a command's tag."""
    caller.sendall(b"* OK ready\r\n")
    with caller.makefile("rb") as lines:
        caller.sendall(b"* CAPABILITY IMAP4rev1\r\n" + lines.readline().split()[0] + b" OK done\r\n")
        for tag in [lines.readline().split()[0] for _ in range(max(1, answer.count(b"%s")))]:
            answer = answer.replace(b"%s", tag, 1)
        caller.sendall(answer)


def test_everything_asked_for_is_told() -> None:
    line = (
        b'* 7 FETCH (UID 2 RFC822.SIZE 1234 INTERNALDATE "22-Nov-2026 10:30:00 +0100" FLAGS (\\Seen Complaint) '
        b"BODY[] {5}\r\nhello)\r\n"
    )
    at = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    assert told(line) == {2: Facts(1234, at, frozenset({"\\seen", "complaint"}), b"hello")}


def test_a_message_may_be_told_of_in_several_answers_and_a_stranger_is_left_out() -> None:
    lines = (
        b"* 1 FETCH (FLAGS () UID 1)\r\n* 1 FETCH (UID 1 BODY[] {1}\r\na)\r\n* 3 EXISTS\r\n* OK [ALERT] {9}\r\n"
        b"* 9 FETCH (UID 9 BODY[] {1}\r\nb)\r\n* 5 EXPUNGE\r\n"
        b"* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n* 4 FETCH (FLAGS ())\r\n"
    )
    assert told(lines) == {1: Facts(flags=frozenset({"\\seen"}), content=b"a")}


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        # As Google's description shows them, and as the server writes them.
        (rb'(\Inbox \Sent Important "Muy Importante")', {"important", "muy importante"}),
        (rb'("\\Inbox" "\\Important" complaint category-delivery)', {"complaint", "category-delivery"}),
        (b'("Gr&APYA3w-e" &AOk-tage "a \\"b\\" c" 123)', {"größe", "étage", 'a "b" c', "123"}),
        (b"({3}\r\na)b two)", {"a)b", "two"}),
        (b"(a&b)", {"a&b"}),
        (b"()", set()),
    ],
)
def test_gmail_s_labels_are_told_beside_the_flags(labels: bytes, found: set[str]) -> None:
    (facts,) = told(b"* 1 FETCH (UID 1 FLAGS (\\Seen) X-GM-LABELS " + labels + b" RFC822.SIZE 5)\r\n").values()
    assert (facts.size, facts.flags, facts.labels) == (5, frozenset({"\\seen"}), frozenset(found))
    assert facts.marks == frozenset({"\\seen", *found})


@pytest.mark.parametrize("labels", [b"complaint", b"(complaint", b'("a)', b"(a {3} b)", b"((a))"])
def test_labels_that_are_not_imap_are_not_believed(labels: bytes) -> None:
    with pytest.raises(NotImap):
        told(b"* 1 FETCH (UID 1 X-GM-LABELS " + labels + b"\r\n* 2 FETCH (UID 2)\r\n")


@pytest.mark.parametrize(
    ("value", "content"),
    [
        (b"{0}\r\n", b""),
        (b"~{3}\r\na\0b", b"a\0b"),
        (b"{15}\r\n)\r\na1 OK done\r\n", b")\r\na1 OK done\r\n"),
        (b'"a \\"quoted\\" \\\\ {5}"', b'a "quoted" \\ {5}'),
        (b'""', b""),
        (b"NIL", None),
    ],
)
def test_content_comes_as_a_literal_or_in_quotes_or_not_at_all(value: bytes, content: bytes | None) -> None:
    assert told(b"* 1 FETCH (BODY[] " + value + b" UID 1)\r\n")[1].content == content


@pytest.mark.parametrize(
    "unasked",
    [
        b"MODSEQ (12)", b'ENVELOPE ("x)" (("a" NIL "b" "c")) NIL {3}\r\n(() "d")', b"X-LABELS (\\Inbox {2}\r\n)) b)",
        b"BODY[TEXT] {2}\r\n))", b"BODYSTRUCTURE ((\"text\" \"plain\" (\"charset\" \"x\") NIL) \"mixed\")", b"X NIL",
        b"BINARY[1]<0> ~{1}\r\n(", b"X-GM-MSGID 12", b'EMAILID (M-"x")', b"X [a b]",
    ],
)  # fmt: skip
def test_what_nobody_asked_for_is_passed_over(unasked: bytes) -> None:
    line = b"* 1 FETCH (FLAGS (a) " + unasked + b" UID 1 BODY[] {1}\r\na)\r\n"
    assert told(line) == {1: Facts(flags=frozenset({"a"}), content=b"a")}


def test_header_fields_are_known_however_their_names_are_repeated() -> None:
    line = b'* 1 FETCH (UID 1 BODY[HEADER.FIELDS ("Message-Id" FROM)] {4}\r\na: b)\r\n'
    assert told(line, "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID FROM)]")[1].content == b"a: b"


def test_of_content_that_is_larger_than_said_the_first_mebibyte_is_kept() -> None:
    size = LARGEST + 100_000
    lines = b"* 1 FETCH (UID 1 BODY[] {%d}\r\n%s)\r\n* 2 FETCH (UID 2 BODY[] {1}\r\nb)\r\n" % (size, b"a" * size)
    found = told(lines)
    assert len(found[1].content or b"") == LARGEST
    assert found[2].content == b"b"


def test_a_server_that_never_comes_to_the_end_of_a_message_is_not_believed() -> None:
    with pytest.raises(NotImap):
        told(b"* 1 FETCH (UID 1" + b" X {%d}\r\n%s" % (LARGEST, b"a" * LARGEST) * 20 + b")\r\n")


def test_an_answer_can_be_held_while_something_else_is_said() -> None:
    answer = b"* 1 FETCH (UID 1 BODY[] {1}\r\na)\r\n%s OK done\r\n"
    with Liar(partial(speak, answer)) as server:
        imap = IMAP4("127.0.0.1", server.port, timeout=5)
        order = Order(imap, [1], [WHOLE])
        order.hold()
        assert (order.receive(), order.lost) == ({1: Facts(content=b"a")}, False)
        imap.shutdown()


def test_what_a_server_tells_early_is_kept_for_the_fetch_that_asked_for_it() -> None:
    early = b"* 1 FETCH (UID 1 FLAGS (a))\r\n* 2 FETCH (UID 2 FLAGS (b))\r\n* 3 FETCH (UID 3 FLAGS (c))\r\n"
    with Liar(partial(speak, early + b"%s OK done\r\n" * 3)) as server:
        imap = IMAP4("127.0.0.1", server.port, timeout=5)
        waiting: list[Order] = []
        first = Order(imap, [1], ["FLAGS"], behind=waiting)
        waiting += [Order(imap, [2], ["FLAGS"]), Order(imap, [3], ["c"], "+FLAGS")]
        found = [order.receive() for order in (first, *waiting)]
        imap.shutdown()
    assert found[:2] == [{1: Facts(flags=frozenset("a"))}, {2: Facts(flags=frozenset("b"))}]
    assert found[2] == {}, "of a STORE nobody knows whether this was told before it was done"


@pytest.mark.parametrize(
    "order", ["FLAGS (Complaint) UID 2", "UID 2 MODSEQ (77) FLAGS (Complaint)", "UID 2 FLAGS (Complaint) "]
)
def test_what_a_store_leaves_is_told_in_any_order(order: str) -> None:
    line = b"* 7 FETCH (%s)\r\n" % order.encode()
    assert told(line, "complaint", change="+FLAGS") == {2: Facts(flags=frozenset({"complaint"}))}


def test_a_store_that_is_refused_says_so() -> None:
    with pytest.raises(IMAPClientError, match="store failed: no keywords here"):
        told(b"", "complaint", change="+FLAGS", end=b"%s NO no keywords here\r\n")


@pytest.mark.parametrize(
    ("stated", "at"),
    [
        (b" 1-Feb-2026 00:00:00 +0000", datetime(2026, 2, 1, tzinfo=UTC)),
        (b"31-Dec-2026 23:30:00 -0100", datetime(2027, 1, 1, 0, 30, tzinfo=UTC)),
        (b"Sun, 22 Nov 2026 10:30:00 +0100", datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
        (b"30-Feb-2026 00:00:00 +0000", None),
        (b"01-Xxx-2026 00:00:00 +0000", None),
        (b"01-Jan-2026 00:00:00 +9999", None),
        (b"yesterday", None),
    ],
)
def test_the_arrival_is_told_in_utc_or_not_at_all(stated: bytes, at: datetime | None) -> None:
    assert told(b'* 1 FETCH (UID 1 INTERNALDATE "%s")\r\n' % stated)[1].at == at


@pytest.mark.parametrize(
    "nonsense",
    [
        b"* 1 FETCH (UID)", b"* 1 FETCH (UID x)", b"* 1 FETCH (UID 1", b"* 1 FETCH (UID 1 FLAGS \\Seen)",
        b"* 1 FETCH (UID 1 FLAGS ((a)))", b"* 1 FETCH (UID 1 BODY[] hello)", b'* 1 FETCH (UID 1 BODY[] "a)',
        b"* 1 FETCH (UID 1 BODY[] {99999999999}", b"* 1 FETCH (UID 1 ENVELOPE (a)", b"* 1 FETCH (()",
        b"* 1 FETCH (" + b"a" * 1_100_000, b"220 mail.example ESMTP",
        b"+ go on", b"a\0b", b"* 1 FETCH (UID 1 X)", b'* 1 FETCH (UID 1 "',
    ],
    ids=range(16),
)  # fmt: skip
def test_an_answer_that_is_not_imap_is_not_believed(nonsense: bytes) -> None:
    with pytest.raises(NotImap, match="not IMAP"):
        told(nonsense + b"\r\n")


@pytest.mark.parametrize("end", [b"", b"* 1 FETCH (UID 1 BODY[] {900}\r\nabc", b"* 1 FE"])
def test_a_server_that_hangs_up_in_the_middle_is_gone(end: bytes) -> None:
    with pytest.raises(IMAPClientAbortError, match=r"EOF|unterminated"):
        told(b"", end=end)


def test_a_server_that_says_good_bye_is_gone_with_its_reason() -> None:
    with pytest.raises(IMAPClientAbortError, match="Idle for too long"):
        told(b"* BYE Idle for too long\r\n")


@pytest.mark.parametrize("status", [b"NO", b"BAD"])
def test_a_refusal_is_told_in_the_server_s_words(status: bytes) -> None:
    with pytest.raises(IMAPClientError, match="fetch failed: Internal error"):
        told(b"", end=b"%s " + status + b" Internal error\r\n")


SAID = [
    (b"1", b"(UID 1 RFC822.SIZE 12 FLAGS (\\Seen $Forwarded NonJunk) BODY[] {12}", b"Subject: a\r\n", b")"),
    (b"2", b'(FLAGS () INTERNALDATE "22-Nov-2026 10:30:00 +0100" UID 2 BODY[] {3}', b"a(b", b" MODSEQ (7))"),
    (b"3", b'(UID 3 FLAGS (\\Flagged) INTERNALDATE " 2-Nov-2026 10:30:00 -0500" RFC822.SIZE 9 BODY[] {0}', b"", b")"),
]


def test_it_reads_what_imapclient_reads() -> None:
    ours = told(b"".join(b"* %s FETCH %s\r\n%s%s\r\n" % line for line in SAID))
    told_of = [piece for number, text, literal, end in SAID for piece in ((number + b" " + text, literal), end)]
    for uid, theirs in parse_fetch_response(told_of, normalise_times=False).items():
        flags = theirs[b"FLAGS"]
        assert isinstance(flags, tuple)
        assert ours[uid] == Facts(
            size=theirs.get(b"RFC822.SIZE"),
            at=theirs.get(b"INTERNALDATE"),
            flags=frozenset(flag.decode().lower() for flag in flags),
            content=theirs[b"BODY[]"],
        )


def test_numbers_are_named_by_spans() -> None:
    assert [spans(uids) for uids in ([], [7], [1, 2, 3], [9, 1, 2, 2, 5])] == ["", "7", "1:3", "1:2,5,9"]


def test_a_literal_that_is_announced_and_not_there_is_not_imap() -> None:
    with pytest.raises(NotImap):
        told(b"* 1 FETCH (UID 1 BODY[] {5} FLAGS ())\r\n")


def test_what_a_customer_wrote_is_not_in_the_fault() -> None:
    with pytest.raises(NotImap) as fault:
        told(b"* 1 FETCH (UID 1 BODY[] {5}\r\nhello, I am anna@example.org)\r\nand I complain\r\n")
    assert "complain" not in str(fault.value)
    assert "anna" not in str(fault.value)
