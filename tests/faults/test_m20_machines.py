"""M20: what machines write gets no answer and reopens nothing, and two of us facing each other fall silent."""

from __future__ import annotations

from pathlib import Path

from tests.faults.house import Account, House
from tests.faults.table import record
from tests.faults.test_whose_mail import COMPLAINT, DAEMON, MAILS, cases
from tests.witness import written

HEADERS: tuple[dict[str, str], ...] = (
    {"Auto_Submitted": "auto-replied"},
    {"Auto_Submitted": "auto-generated"},
    {"Auto_Submitted": "auto-notified; owner-email=anna@example.org"},
    {"Precedence": "bulk"},
    {"Precedence": "list"},
    {"Precedence": "junk"},
    {"Precedence": "auto_reply"},
    {"List_Id": "<lamps.example.org>"},
    {"List_Unsubscribe": "<https://lists.example.org/out>"},
    {"List_Post": "<mailto:lamps@lists.example.org>"},
    {"List_Id": "<lamps.example.org>", "Precedence": "list"},
    {"X_Autoreply": "yes"},
    {"X_Autorespond": "Broken lamp"},
    {"X_AutoResponse": "1"},
    {"Return_Path": "<>"},
    {"sender": DAEMON, "subject": "Undelivered Mail Returned to Sender"},
    {"sender": "Mail <mail-daemon@mx.example>", "subject": "failure notice"},
    {"sender": "postmaster@mx.example", "subject": "Undeliverable: Re: Broken lamp"},
    {"X_Failed_Recipients": "anna@example.org"},
    {"subject": "Out of office: Broken lamp"},
    {"subject": "Automatische Antwort: Broken lamp"},
    {"subject": "Abwesenheitsnotiz"},
    {"subject": "Réponse automatique : Broken lamp"},
    {"subject": "Respuesta automática: Broken lamp"},
    {"subject": "Risposta automatica: Broken lamp"},
    {"subject": "Automatisch antwoord: Broken lamp"},
)
FILES = ("bounce-report", "bounce-qmail", "bounce-headers-only", "delivery-delayed")


def test_m20_thirty_mails_of_machines_get_no_answer_and_reopen_nothing(ours: Account) -> None:
    complaint = ours.witness.deliver(COMPLAINT, subject="Broken lamp")
    ours.shop.once()
    (case,) = cases(ours)
    assert ours.shop.amends("resolve", case["id"], "--outcome", "upheld").returncode == 0
    ours.shop.once()
    (before,), drafts = cases(ours), ours.drafts()
    # Every other one in the thread of the complaint and by its sender, the rest by people never heard of.
    machines = [machine(nth, headers, complaint) for nth, headers in enumerate(HEADERS)]
    machines += [(MAILS / f"{name}.eml").read_bytes() for name in FILES]
    ours.witness.append_all("INBOX", machines)
    ours.shop.once()
    wrong = sum(1 for flags in list(ours.witness.state("INBOX").values())[1:] if flags)
    record("M20", f"{len(machines) - wrong}/{len(machines)} left alone", ok=not wrong)
    assert (len(machines), wrong) == (30, 0)
    assert cases(ours) == [before]
    assert before["status"] == "resolved"
    assert len(ours.drafts()) == len(drafts)


def machine(nth: int, headers: dict[str, str], complaint: str) -> bytes:
    """The words of a complaint, as a machine sends them."""
    anna = {"sender": "Anna Jones <anna@example.org>", "after": complaint}
    stranger = {"sender": f"Ben <ben{nth}@example.net>"}
    return written(COMPLAINT, **({"subject": "Re: Broken lamp"} | (stranger if nth % 2 else anna) | headers))


def test_m20_two_of_us_facing_each_other_fall_silent(house: House, tmp_path: Path) -> None:
    with house.account(tmp_path / "a") as here, house.account(tmp_path / "b", attach=False) as there:
        settings = there.shop.folder / "amends.yaml"
        theirs = settings.read_text("utf-8").replace("support@example.com", "hilfe@else.example")
        settings.write_text(theirs.replace('"@example.com"', '"@else.example"'), "utf-8")
        there.shop.once()
        first = written(COMPLAINT, sender="Hilfe <hilfe@else.example>", subject="Broken lamp")
        there.witness.append("Sent", first)
        here.witness.append("INBOX", first)
        letters = [carried(here, there) + carried(there, here) for _ in range(5)]
        record("M20", f"two facing each other: {sum(letters)} letter, then silence", ok=sum(letters) <= 1)
        assert letters == [1, 0, 0, 0, 0]
        assert sum(len(one.shop.json("cases")["cases"]) for one in (here, there)) == 1


def carried(one: Account, other: Account) -> int:
    """A pass of one shop, where somebody sends every draft unread; how many that were."""
    one.shop.once()
    drafts = one.drafts()
    for draft in drafts:
        one.witness.send(draft)
    for sent in one.witness.folder("Sent")[-len(drafts) :] if drafts else ():
        other.witness.append("INBOX", sent.mail.as_bytes())
    return len(drafts)
