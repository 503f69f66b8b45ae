"""The register: what people and other programs read of a case, and how its story is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from plugin.config import load
from plugin.decide import EndTask, Reopen, Resolve, SayReplied, Snooze
from plugin.hours import Hours
from plugin.judge import Judge
from plugin.model import Address, Place, Purpose
from plugin.register import NoSuchCase, Register, open_register
from plugin.register.telling import Tale, is_minor
from plugin.timeline import (
    EVENTS,
    Assessed,
    Assigned,
    Case,
    Confirmed,
    Corrected,
    DraftChanged,
    DraftFate,
    DraftState,
    DraftWritten,
    DueBy,
    DueByMet,
    DueByMissed,
    DueByNoted,
    DueByReleased,
    DueBySet,
    DueByUnmet,
    Erased,
    Event,
    FeedbackReceived,
    Joined,
    Kind,
    Linked,
    Noted,
    PlaybooksRan,
    Ran,
    Received,
    ReminderOver,
    ReminderPlaced,
    ReminderPlanned,
    Reopened,
    Replanned,
    Replied,
    ReplyBounced,
    Resolved,
    Tagged,
    TagsKept,
    TakenUp,
    Task,
    TaskDone,
    TaskDropped,
    TaskRaised,
    TaskRefused,
    TaskScheduled,
    TaskSnoozed,
    Undone,
    Unlinked,
    WordsGone,
)
from tests.counter import COMPLAINT, FRIDAY, LONDON, Counter
from tests.stores import ON_BOTH

pytestmark = ON_BOTH

PARCEL = "Where is my parcel?"


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    counter = Counter(tmp_path)
    yield counter
    counter.close()


def due(case: dict[str, Any], due_for: str) -> dict[str, Any]:
    return next(item for item in case["due"] if item["for"] == due_for)


def every_time(value: object) -> Iterator[str]:
    """Every text in a JSON document that stands under a key that names a time."""
    if isinstance(value, list):
        for item in value:
            yield from every_time(item)
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str) and (key == "at" or key.endswith("_at")):
                yield item
            yield from every_time(item)


# ---- one case -------------------------------------------------------------------------------------------------------


def test_a_case_has_every_promised_key(counter: Counter) -> None:
    case = counter.register.case(counter.complaint(PARCEL))
    assert case.keys() >= {
        "id", "inbox", "status", "tags", "category", "severity", "language", "channel", "sender", "subject",
        "received_at", "owner", "round", "due", "tasks", "drafts", "playbooks", "outcome", "cause", "timeline",
    }  # fmt: skip
    assert due(case, "update").keys() >= {"for", "due_at", "provisional", "met_at", "met_by", "missed", "derivation"}
    assert case["tasks"][0].keys() >= {"id", "kind", "due_at", "state", "note"}
    assert case["drafts"][0].keys() >= {"purpose", "ref", "state", "marks", "text"}
    assert case["playbooks"][0].keys() >= {"name", "version", "applied", "reason"}
    assert case["timeline"][0].keys() >= {"at", "event", "text"}


def test_a_case_says_who_what_and_when(counter: Counter) -> None:
    case = counter.register.case(counter.complaint(PARCEL))
    assert case["sender"] == "Anna Jones <anna@example.org>"
    assert case["subject"] == PARCEL
    assert case["received_at"] == "2026-11-20T16:00:00Z"
    assert (case["status"], case["round"], case["owner"]) == ("open", 1, "front-desk")
    assert (case["outcome"], case["cause"]) == (None, None)
    assert "seen" in case["tags"]
    assert case["their_text"] == COMPLAINT


def test_a_case_is_plain_json_with_times_in_utc(counter: Counter) -> None:
    case_id = counter.complaint(PARCEL)
    counter.later(days=4)
    case = counter.register.case(case_id)
    assert json.loads(json.dumps(case)) == case
    times = list(every_time(case))
    assert len(times) > 20
    assert all(time.endswith("Z") for time in times)


def test_a_due_by_shows_how_its_date_was_worked_out(counter: Counter) -> None:
    acknowledgement = due(counter.register.case(counter.complaint(PARCEL)), "acknowledgement")
    assert acknowledgement["due_at"] == "2026-11-23T11:30:00Z"
    assert acknowledgement["derivation"] == [
        "from Fri 20 Nov 2026 16:00 Europe/London",
        "Fri 20 Nov: 1 h 30 min counted, 2 h 30 min left",
        "Sat 21 Nov: closed",
        "Sun 22 Nov: closed",
        "Mon 23 Nov: 2 h 30 min counted, 0 min left",
        "due Mon 23 Nov 2026 11:30 Europe/London",
    ]


def test_a_date_that_another_calendar_gave_says_so(counter: Counter) -> None:
    case_id = counter.complaint(PARCEL)
    longer = Hours.parse("default", "Europe/London", {"mon-fri": "08:00-20:00"})
    register = Register(counter.store, {"default": longer}, counter.settings)
    assert due(register.case(case_id), "acknowledgement")["derivation"][-1] == (
        "the calendar has changed since; the date that counts was set before: Mon 23 Nov 2026 11:30 Europe/London"
    )


def test_a_case_of_an_inbox_that_is_no_longer_set_up_can_still_be_read(counter: Counter) -> None:
    case_id = counter.complaint(PARCEL)
    register = Register(counter.store, {}, {})
    assert due(register.case(case_id), "acknowledgement")["derivation"] == []
    assert register.shown(FRIDAY, "support") == "Fri 20 Nov 2026 16:00 UTC"


def test_a_reply_meets_what_was_promised(counter: Counter) -> None:
    case_id = counter.complaint(PARCEL)
    counter.now += timedelta(hours=1)
    counter.mail.send_draft(counter.draft(PARCEL), at=counter.now)
    counter.work()
    acknowledgement = due(counter.register.case(case_id), "acknowledgement")
    assert (acknowledgement["met_at"], acknowledgement["met_by"]) == ("2026-11-20T17:00:00Z", "reply")
    assert (acknowledgement["missed"], acknowledgement["owed"]) == (False, False)


def test_a_persons_word_meets_it_as_an_act(counter: Counter) -> None:
    case_id = counter.complaint(PARCEL)
    counter.desk.act(case_id, SayReplied(at=counter.now, how="by phone", by="jo"))
    assert due(counter.register.case(case_id), "acknowledgement")["met_by"] == "act"


def test_a_date_that_passed_is_missed(counter: Counter) -> None:
    case_id = counter.complaint(PARCEL)
    counter.later(days=3)
    acknowledgement = due(counter.register.case(case_id), "acknowledgement")
    assert (acknowledgement["missed"], acknowledgement["met_by"], acknowledgement["owed"]) == (True, None, True)


def test_only_tasks_of_people_are_listed(counter: Counter) -> None:
    case = counter.register.case(counter.complaint(PARCEL))
    assert [(task["kind"], task["state"]) for task in case["tasks"]] == [
        ("acknowledgement", "waiting"),
        ("update", "waiting"),
    ]


def test_a_draft_says_where_it_lies_and_what_is_still_to_fill_in(counter: Counter) -> None:
    draft = counter.register.case(counter.complaint(PARCEL))["drafts"][0]
    assert (draft["purpose"], draft["ref"], draft["state"], draft["marks"]) == (
        "acknowledgement", "Drafts/1", "written", 1,
    )  # fmt: skip
    assert draft["text"].startswith("Dear Anna Jones,\n\nthank you for writing. We will [[say what we do]].")


def test_every_playbook_says_why_it_did_or_did_not_apply(counter: Counter) -> None:
    playbooks = counter.register.case(counter.complaint(PARCEL))["playbooks"]
    assert [(item["name"], item["applied"]) for item in playbooks] == [("answer", True), ("vip", False)]
    assert all(item["reason"] for item in playbooks)


def test_playbooks_of_every_round_are_kept(counter: Counter) -> None:
    case_id = counter.complaint(PARCEL)
    counter.desk.act(case_id, Resolve(at=counter.now, outcome="upheld"))
    counter.desk.act(case_id, Reopen(by="jo"))
    rounds = {item["round"] for item in counter.register.case(case_id)["playbooks"]}
    assert rounds == {1, 2}


def test_an_unknown_case_is_said_to_be_unknown(counter: Counter) -> None:
    with pytest.raises(NoSuchCase, match=r"^case c404: there is none with this id - `amends cases` lists them$"):
        counter.register.case("c404")


# ---- lists ----------------------------------------------------------------------------------------------------------


def test_cases_are_listed_newest_first_without_timeline_and_texts(counter: Counter) -> None:
    first = counter.complaint("First")
    counter.later(hours=1)
    second = counter.complaint("Second", sender="bob@example.net")
    cases = counter.register.cases()
    assert [case["id"] for case in cases] == [second, first]
    assert all("timeline" not in case and "text" not in case["drafts"][0] for case in cases)


def test_cases_can_be_read_page_by_page(counter: Counter) -> None:
    ids = []
    for number in range(5):
        ids.append(counter.complaint(f"Complaint {number}", sender=f"person{number}@example.org"))
        counter.now += timedelta(minutes=1)
    pages, after = [], ""
    while page := counter.register.cases(limit=2, after=after):
        pages.append([case["id"] for case in page])
        after = page[-1]["id"]
    assert pages == [[ids[4], ids[3]], [ids[2], ids[1]], [ids[0]]]


def test_a_page_after_an_unknown_case_is_refused(counter: Counter) -> None:
    with pytest.raises(NoSuchCase):
        counter.register.cases(after="c404")


def test_open_cases_alone_can_be_asked_for(counter: Counter) -> None:
    settled = counter.complaint("Settled")
    pending = counter.complaint("Pending", sender="bob@example.net")
    counter.desk.act(settled, Resolve(at=counter.now, outcome="upheld"))
    assert [case["id"] for case in counter.register.cases(open_only=True)] == [pending]
    assert {case["id"] for case in counter.register.cases()} == {pending, settled}


def test_cases_due_soon_can_be_asked_for(counter: Counter) -> None:
    case_id = counter.complaint(PARCEL)  # its acknowledgement is due on Monday at 11:30
    assert counter.register.cases(due_within=timedelta(days=2), now=FRIDAY) == []
    assert [case["id"] for case in counter.register.cases(due_within=timedelta(days=3), now=FRIDAY)] == [case_id]


def test_what_presses_most_comes_first(counter: Counter) -> None:
    settled = counter.complaint("Settled")
    counter.now += timedelta(minutes=1)
    pressing = counter.complaint("Pressing", sender="bob@example.net")
    counter.desk.act(settled, Resolve(at=counter.now, outcome="upheld"))  # a gesture is due on Monday at 17:30
    assert [case["id"] for case in counter.register.pressing(10)] == [pressing, settled]
    assert [case["id"] for case in counter.register.pressing(1, after=pressing)] == [settled]


def test_a_settled_case_that_owes_nothing_does_not_press(counter: Counter) -> None:
    case_id = counter.complaint(PARCEL)
    counter.desk.act(case_id, Resolve(at=counter.now, outcome="not-upheld"))
    assert counter.register.pressing(10) == []
    assert len(counter.register.cases()) == 1


def test_undecided_mail_is_not_listed_but_can_be_looked_up(tmp_path: Path) -> None:
    counter = Counter(tmp_path, Judge(complaint_at=2.0, ask_between=(0.0, 1.0)))
    counter.mail.arrive(COMPLAINT, subject=PARCEL, at=counter.now)
    counter.work()
    with counter.store.reading() as session:
        (case_id,) = session.summaries(statuses=("undecided",))
    assert counter.register.cases() == []
    assert counter.register.case(case_id)["status"] == "undecided"
    assert counter.register.inboxes()[0]["verdicts"] == {"undecided": 1}
    counter.close()


def test_nothing_is_owed_before_its_time(counter: Counter) -> None:
    counter.complaint(PARCEL)
    assert counter.register.tasks(now=counter.now) == []
    upcoming = counter.register.tasks(now=counter.now, upcoming=True)
    assert [(task["kind"], task["state"], task["overdue"]) for task in upcoming] == [
        ("acknowledgement", "waiting", False),
        ("update", "waiting", False),
    ]


def test_what_a_person_owes_is_listed_the_earliest_first(counter: Counter) -> None:
    case_id = counter.complaint(PARCEL)
    counter.later(days=6)
    tasks = counter.register.tasks(now=counter.now)
    assert [(task["what"], task["due_at"]) for task in tasks] == [
        ("acknowledge this complaint", "2026-11-23T11:30:00Z"),
        ("send an update", "2026-11-25T17:30:00Z"),
    ]
    assert {(task["case"], task["inbox"], task["subject"], task["sender"]) for task in tasks} == {
        (case_id, "support", PARCEL, "Anna Jones <anna@example.org>")
    }
    assert all(task["state"] == "raised" and task["overdue"] for task in tasks)


def test_the_first_few_of_what_is_owed_can_be_asked_for(counter: Counter) -> None:
    for number in range(60):  # more than are read at once
        counter.mail.arrive(COMPLAINT, subject=f"{number}", sender=f"p{number}@example.org", at=counter.now)
        counter.now += timedelta(minutes=1)
    counter.later(days=6)
    everything = counter.register.tasks(now=counter.now)
    assert len(everything) == 120
    for limit in (1, 7, 70, 119, 500):
        assert counter.register.tasks(now=counter.now, limit=limit) == everything[:limit]


def test_a_task_that_was_ended_is_owed_no_more(counter: Counter) -> None:
    case_id = counter.complaint(PARCEL)
    counter.later(days=3)
    (task,) = counter.register.tasks(now=counter.now)
    counter.desk.act(case_id, EndTask(key=task["id"], done=True, note="by phone", by="jo"))
    assert counter.register.tasks(now=counter.now) == []


def test_a_task_that_was_put_off_is_owed_again_only_then(counter: Counter) -> None:
    case_id = counter.complaint(PARCEL)
    counter.later(days=3)
    (task,) = counter.register.tasks(now=counter.now)
    counter.desk.act(case_id, Snooze(key=task["id"], until=counter.now + timedelta(days=1), by="jo"))
    assert counter.register.tasks(now=counter.now) == []
    (shown,) = (one for one in counter.register.case(case_id)["tasks"] if one["id"] == task["id"])
    until = "2026-11-24T16:00:00Z"
    assert (shown["state"], shown["due_at"], shown["snoozed_until"]) == ("waiting", until, until)
    counter.later(days=1)
    (again,) = (one for one in counter.register.tasks(now=counter.now) if one["id"] == task["id"])
    assert (again["state"], again["due_at"], again["snoozed_until"]) == ("raised", until, None)


# ---- inboxes and quarantine -----------------------------------------------------------------------------------------


def test_the_quarantine_names_each_mail_and_the_reason(counter: Counter) -> None:
    counter.unreadable("its parts nest too deep")
    (item,) = counter.register.quarantine()
    assert (item["inbox"], item["folder"], item["uid"]) == ("support", "INBOX", 99)
    assert item["reason"] == "its parts nest too deep"
    assert item["id"]


def test_an_inbox_tells_when_it_was_read_and_what_came(counter: Counter) -> None:
    counter.complaint(PARCEL)
    counter.mail.arrive("Do you sell lamps?", subject="Lamps", sender="bob@example.net", at=counter.now)
    counter.work()
    assert counter.register.inboxes() == [
        {
            "name": "support",
            "last_success": "2026-11-20T16:00:00Z",
            "fault": None,
            "fault_since": None,
            "wait_until": None,
            "verdicts": {"complaint": 1, "no": 1},
            "quarantined": 0,
            "unwritten": 0,
        }
    ]


def test_an_inbox_tells_its_fault(counter: Counter) -> None:
    with counter.store.writing() as session:
        session.keep_inbox("support", fault="the password was refused")
    assert counter.register.inboxes()[0]["fault"] == "the password was refused"


def test_people_are_told_the_time_in_the_inboxs_zone(counter: Counter) -> None:
    tokyo = Hours.parse("tokyo", "Asia/Tokyo", {"mon-fri": "09:00-17:00"})
    settings = {"far": replace(counter.settings["support"], name="far", hours="tokyo")}
    register = Register(counter.store, {"default": LONDON, "tokyo": tokyo}, settings)
    moment = datetime(2026, 11, 23, 11, 30, tzinfo=UTC)
    assert register.shown(moment, "far") == "Mon 23 Nov 2026 20:30 Asia/Tokyo"
    assert counter.register.shown(moment, "support") == "Mon 23 Nov 2026 11:30 Europe/London"


def test_the_register_of_a_folder_is_opened_by_its_settings(tmp_path: Path) -> None:
    (tmp_path / "amends.yaml").write_text("""\
inboxes:
  support:
    kind: imap
    host: mail.example.com
    user: support@example.com
    password: ${NOT_NEEDED_FOR_READING}
    identities: [support@example.com]
""")
    register = open_register(load(tmp_path / "amends.yaml", secrets=False))
    assert [inbox["name"] for inbox in register.inboxes()] == ["support"]
    register.close()


# ---- the story, told ------------------------------------------------------------------------------------------------

STORY = """\
Fri 16:00  Anna Jones <anna@example.org> wrote to support: “Where is my parcel?”.
Fri 16:00  Looked at 2 playbooks for complaint received: answer applied.
Fri 16:00  front-desk owns it now.
Fri 16:00  Acknowledgement: due Mon 23 Nov 2026 11:30 Europe/London (within 4 business hours, by playbook answer).
Fri 16:00  Update: due Wed 25 Nov 2026 17:30 Europe/London (every 3 business days, by playbook answer).
Fri 16:00  Acknowledgement draft written in Drafts, with 1 place to fill in.
Mon 16:00  Acknowledgement: the date has passed, and it was not done.
Mon 16:00  Now to be done by a person: acknowledge this complaint.
Mon 16:00  A reminder lies in INBOX.
Tue 16:00  The complainant was answered on Tue 24 Nov 2026 16:00 Europe/London, as said by jo: by phone.
Tue 16:00  Acknowledgement: done by a person's act on Tue 24 Nov 2026 16:00 Europe/London.
Tue 16:00  Update: done by a person's act on Tue 24 Nov 2026 16:00 Europe/London.
Tue 16:00  Update: due Fri 27 Nov 2026 17:30 Europe/London (every 3 business days, by playbook answer).
Tue 16:00  Resolved by jo on Tue 24 Nov 2026 16:00 Europe/London: upheld; cause: carrier; note: sent again.
Tue 16:00  Planned for Wed 25 Nov 2026 17:30 Europe/London: make a small gesture of goodwill.
Tue 16:00  The reminder was settled.
Tue 16:00  The acknowledgement draft was withdrawn, since nobody had touched it.
Thu 16:00  Now to be done by a person: make a small gesture of goodwill.
Thu 16:00  Goodwill draft written in Drafts, with 1 place to fill in.
Thu 16:00  A reminder lies in INBOX.
Thu 16:00  Done by jo: make a small gesture of goodwill; given: 10 EUR voucher; note: posted today.
"""


def test_a_whole_story_reads_well(counter: Counter) -> None:
    case_id = counter.complaint(PARCEL)
    counter.later(days=3)
    counter.now += timedelta(days=1)
    counter.desk.act(case_id, SayReplied(at=counter.now, how="by phone", by="jo"))
    resolved = Resolve(at=counter.now, outcome="upheld", cause="carrier", note="sent again", by="jo")
    counter.desk.act(case_id, resolved)
    counter.work()
    counter.later(days=2)
    (task,) = counter.register.tasks(now=counter.now)
    gave = EndTask(key=task["id"], done=True, gave="10 EUR voucher", note="posted today", by="jo")
    counter.desk.act(case_id, gave)
    assert told(counter, case_id) == STORY


def told(counter: Counter, case_id: str) -> str:
    """The open steps of the story; what the judge thought is left to its own tests."""
    lines = []
    for event in counter.register.case(case_id)["timeline"]:
        if not event["minor"] and event["event"] not in ("Assessed", "Tagged"):
            at = counter.register.local(datetime.fromisoformat(event["at"]), "support")
            lines.append(f"{at:%a %H:%M}  {event['text']}\n")
    return "".join(lines)


AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ANNA = Address("anna@example.org", "Anna")
DRAFT = DraftState(message_id="<d@x>", purpose=Purpose.FOLLOW_UP, round=1, task="t", written_at=AT)
TAG, DUTY = Task(key="tag", kind=Kind.TAG, run_at=AT), Task(key="duty", kind=Kind.UPDATE, run_at=AT)
GIVEN = DueBy(due_for="promise/ab.1", due_at=AT, said="by Friday", sentence="You will have it by Friday.")
PROMISE = DueBy(due_for="resolution", due_at=None, span="8 weeks", start="resolution", playbook="formal")
RECEIVED = Received(
    at=AT, case="c1", inbox="support", message="m", message_id="<m@x>", references=(), complainant=ANNA,
    answer_to=ANNA, identity=ANNA, undecided=True, repeat=True, historic=True,
)  # fmt: skip
SENTENCES: list[tuple[Event, str]] = [
    (RECEIVED, "Anna <anna@example.org> wrote to support: “no subject”. It may be a complaint; a person must say. "
     "They have complained before. It came before this inbox was attached, so it gets no draft and no reminder."),
    (Confirmed(at=AT, by="a further message", since=AT), "It is a complaint, as a further message shows."),
    (Joined(at=AT, message="m", message_id="", standing="complainant"), "The complainant wrote again."),
    (Joined(at=AT, message="m", message_id="", standing="unverified", sender="eve@example.net", note="no change"),
     "Somebody else wrote in this thread (eve@example.net): no change."),
    (Assessed(at=AT, category="billing", severity="high", score=0.913, asks=("refund",), risks=("legal",), heated=True,
              chaser=True),
     "Read as billing, severity high, score 0.91; asks for refund; risk legal; heated; not the first time they ask."),
    (Corrected(at=AT, category="billing", severity="low", by="mia"), "Read as billing, severity low, as said by mia."),
    (Tagged(at=AT, tags=("complaint", "vip")), "Tagged complaint, vip."),
    (TagsKept(at=AT, message="m", tags=("vip",), unkept=("a",), removed=("b",)),
     "The message carries vip; no longer carries b; cannot carry a on this server."),
    (TagsKept(at=AT, message="m"), "The message carried these tags already."),
    (Assigned(at=AT, owner="parcel-desk"), "parcel-desk owns it now."),
    (PlaybooksRan(at=AT, when="due_missed", ran=(Ran("a", "1", False),)),
     "Looked at 1 playbook for due missed: none applied."),
    (DueBySet(at=AT, due=PROMISE), "Resolution: due 8 weeks after the resolution, by playbook formal."),
    (DueByMet(at=AT, due_for="update", met_at=AT, met_by="reply"), "Update: done by a reply on Monday nine."),
    (DueByUnmet(at=AT, due_for="update", reason="the reply bounced"), "Update: open again, since the reply bounced."),
    (DueByMissed(at=AT, due_for="update"), "Update: the date has passed, and it was not done."),
    (DueBySet(at=AT, due=GIVEN), "Promised in a reply: “by Friday”, due Monday nine."),
    (DueByMet(at=AT, due_for=GIVEN.due_for, met_at=AT, met_by="act"),
     "Promise: done by a person's act on Monday nine."),
    (DueByMissed(at=AT, due_for=GIVEN.due_for), "Promise: the date has passed, and it was not done."),
    (DueByReleased(at=AT, due_for=GIVEN.due_for, reason="the reply bounced"),
     "Promise: not owed after all, the reply bounced."),
    (DueByNoted(at=AT, due_for="update", note="answered, not seen"), "Update: answered, not seen."),
    (TaskScheduled(at=AT, task=TAG), "Planned for Monday nine: put the tags on the message."),
    (TaskScheduled(at=AT, task=replace(TAG, kind=Kind.DRAFT, purpose=Purpose.FOLLOW_UP)),
     "Planned for Monday nine: write the draft (follow-up)."),
    (TaskScheduled(at=AT, task=replace(DUTY, note="a mark was sent")),
     "Planned for Monday nine: send an update; note: a mark was sent."),
    (TaskRaised(at=AT, key="duty"), "Now to be done by a person: send an update."),
    (TaskRaised(at=AT, key="gone"), "Now to be done by a person: task gone."),
    (TaskDone(at=AT, key="duty", by="jo", note="by phone"), "Done by jo: send an update; note: by phone."),
    (TaskDropped(at=AT, key="duty", reason="already replied"), "No longer needed: send an update (already replied)."),
    (TaskDropped(at=AT, key="duty", reason="not ours", by="jo"),
     "No longer needed, said by jo: send an update (not ours)."),
    (TaskSnoozed(at=AT, key="duty", until=AT, run_at=AT, by="jo", note="she is away"),
     "Put off by jo to Monday nine: send an update; note: she is away."),
    (TaskRefused(at=AT, key="tag", reason="read-only"),
     "Not possible yet, and tried again later: put the tags on the message (read-only)."),
    (DraftWritten(at=AT, draft=replace(DRAFT, place=Place("Drafts", 1, 1), marks=2)),
     "Follow-up draft written in Drafts, with 2 places to fill in."),
    (DraftChanged(at=AT, message_id="<d@x>", fate=DraftFate.EDITED), "The follow-up draft was edited by a person."),
    (DraftChanged(at=AT, message_id="<e@x>", fate=DraftFate.GONE), "A draft was removed by a person."),
    (ReminderPlanned(at=AT, message_id="<r@x>", tasks=("duty",)), "A reminder is on its way: send an update."),
    (ReminderPlaced(at=AT, message_id="<r@x>", place=None, digest=""), "A reminder lies in the inbox."),
    (ReminderOver(at=AT, message_id="<r@x>", how="ticked off"), "The reminder was ticked off."),
    (Replied(at=AT, replied_at=AT, message="m", draft="<d@x>"),
     "A person answered the complainant on Monday nine, with our draft."),
    (ReplyBounced(at=AT, message_id="<r@x>"), "The answer came back: it did not reach the complainant."),
    (Resolved(at=AT, resolved_at=AT), "Resolved on Monday nine, without an outcome stated."),
    (Reopened(at=AT, reason="a new complaint in the same thread", since=AT),
     "A new round began: a new complaint in the same thread."),
    (Replanned(at=AT, book="b2", by="mia", tags=("vip",), released=("update",)),
     "Moved by mia to the playbooks now in force; no longer tagged vip; no longer promised: update."),
    (Linked(at=AT, incident="portal", version=1, reason="category is service-outage"),
     "It belongs to the incident portal: category is service-outage."),
    (Linked(at=AT, incident="portal", version=2, by="mia"),
     "It belongs to the incident portal, as corrected, told by mia."),
    (Unlinked(at=AT, incident="portal", reason="the category is refund"),
     "It belongs to the incident portal no more: the category is refund."),
    (Undone(at=AT, by="mia"), "Undone by mia: Amends takes back what it did, and does nothing more here."),
    (TakenUp(at=AT, by="mia"), "Taken up by mia: from now on it is dealt with like a new one."),
    (Erased(at=AT, by="mia"), "Forgotten by mia: who complained, and in what words. Dates and acts stay."),
    (WordsGone(at=AT, kept="24 months"),
     "Amends gave up what was written in this case: words are kept for 24 months (keep: text)."),
    (FeedbackReceived(at=AT, satisfied=False, note="too slow"), "The customer said: not content; note: too slow."),
    (Noted(at=AT, note="its Message-ID was used before"), "Note: its Message-ID was used before."),
]  # fmt: skip
CASE = Case(id="c1", tasks=(TAG, DUTY), drafts=(DRAFT,))


@pytest.mark.parametrize(("event", "sentence"), SENTENCES)
def test_each_event_is_told_in_a_sentence(event: Event, sentence: str) -> None:
    assert Tale(CASE, lambda _: "Monday nine").tell(event) == sentence


def test_no_kind_of_event_is_left_without_words() -> None:
    assert {type(event) for event, _ in SENTENCES} == set(EVENTS.values())


@pytest.mark.parametrize(
    ("event", "minor"),
    [
        (TaskDone(at=AT, key="tag"), True),
        (TaskDone(at=AT, key="duty", by="jo"), False),
        (TaskDropped(at=AT, key="duty", reason="already replied"), True),
        (TaskScheduled(at=AT, task=DUTY), True),
        (TaskScheduled(at=AT, task=replace(DUTY, note="a mark was sent")), False),
        (TaskRaised(at=AT, key="duty"), False),
    ],
)
def test_working_steps_of_the_program_are_minor(event: Event, minor: bool) -> None:
    assert is_minor(event, CASE) is minor
