"""What a server counts cannot be relied on: folders made anew, numbers that change at every look, or are not told."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from plugin.demo.mailbox import Dovecot
from tests.faults.house import Account, House
from tests.faults.letters import letter
from tests.faults.table import record
from tests.proxy import Proxy
from tests.stores import ask

FIRST, SECOND, THIRD = (letter(number, complaint=True) for number in (1, 2, 3))
SHOP = "folders: [INBOX, Shop]"
_VALIDITIES = count(2_000_000_000)


def test_m02_the_first_uid_of_a_folder_made_anew_is_another_mail(each_house: House, tmp_path: Path) -> None:
    with each_house.account(tmp_path, more=SHOP, attach=False) as ours:
        ours.witness.make("Shop")
        ours.shop.once()
        ours.witness.append("Shop", FIRST.raw())
        ours.shop.once()
        ours.witness.drop("Shop")
        ours.witness.make("Shop")
        ours.witness.append("Shop", SECOND.raw())
        ours.shop.once()
        seen = ours.witness.state("Shop")
        right = list(seen) == [1] and "complaint" in seen[1] and answered(ours) == [FIRST.message_id, SECOND.message_id]
        record("M02", f"{int(right)}/1 handled", right, ours.server.name)
        assert right


def test_m03_a_folder_that_is_new_at_every_look_is_paused_and_the_other_inboxes_go_on(
    each_house: House, tmp_path: Path
) -> None:
    with each_house.account(tmp_path, more=SHOP, attach=False) as ours:
        beside(ours)
        ours.witness.make("Shop")
        ours.shop.once()
        ours.witness.append("Shop", FIRST.raw())
        ours.shop.once()
        told = [look(ours) for _ in range(8)]
        paused = [number for number, said in enumerate(told, 1) if "changes its UIDVALIDITY at every look" in said]
        assert answered(ours) == [FIRST.message_id]

        ours.witness.append("INBOX", SECOND.raw())
        ours.witness.append("Second", THIRD.raw())
        assert "changes its UIDVALIDITY" in look(ours)
        going_on = answered(ours) == [one.message_id for one in (FIRST, SECOND, THIRD)]
        right = paused == [6, 7, 8] and going_on
        record("M03", f"paused after {paused[0] - 1}, told in the next pass; other folders and inboxes go on", right,
               ours.server.name)  # fmt: skip
        assert right


def look(ours: Account) -> str:
    """One pass after the folder got another UIDVALIDITY; what it complained of."""
    if isinstance(ours.server, Dovecot):
        ours.doveadm("mailbox update --uid-validity", str(next(_VALIDITIES)), "Shop")
    else:
        ours.witness.made_anew("Shop")
    return ours.shop.amends("run", "--once").stderr.decode()


def beside(ours: Account) -> None:
    """A second inbox in the same settings: the same account, another folder."""
    path = ours.shop.folder / "amends.yaml"
    text = path.read_text("utf-8")
    inbox = text[text.index("    kind: imap") : text.index("hours:")].replace("[INBOX, Shop]", "[Second]")
    path.write_text(text.replace("hours:", f"  second:\n{inbox}hours:", 1), "utf-8")
    ours.witness.make("Second")


LIES: dict[str, Callable[[bytes], bytes]] = {
    "absent": lambda line: re.sub(rb"\* OK \[UIDNEXT \d+\][^\r]*\r\n|UIDNEXT \d+ ?", b"", line),
    "goes down": lambda line: re.sub(rb"UIDNEXT (\d+)", lambda told: b"UIDNEXT %d" % max(1, int(told[1]) - 7), line),
}


@pytest.mark.parametrize("lie", LIES)
def test_m04_without_a_true_uidnext_no_mail_is_lost(each_house: House, tmp_path: Path, lie: str) -> None:
    letters = [letter(number, complaint=number % 10 == 0) for number in range(100)]
    with (
        Proxy(each_house.server.host, each_house.server.port) as proxy,
        each_house.account(tmp_path, port=proxy.port) as ours,
    ):
        proxy.rewrite(LIES[lie])
        for some in (letters[:60], letters[60:]):
            ours.witness.append_all("INBOX", (one.raw() for one in some))
            ours.shop.once()
        ours.shop.once()
        expected = sorted(one.message_id for one in letters if one.complaint)
        lost = 100 - ledger(ours)
        right = lost == 0 and answered(ours) == expected
        record("M04", f"{lie}: {lost} lost of 100", right, ours.server.name)
        assert lost == 0
        assert answered(ours) == expected


def ledger(ours: Account) -> int:
    """How many of the hundred were read; of the ten complaints each has its draft besides."""
    return int(ask(ours.shop.store, "SELECT count(DISTINCT message_id) FROM message")[0][0])


def answered(ours: Account) -> list[str]:
    """The mails that have a draft, one name for each draft."""
    return sorted(str(draft.mail["In-Reply-To"]) for draft in ours.drafts())
