"""What a ticket and its audits say: values in, values out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from integrations.zendesk.conversation import (
    Account,
    Conversation,
    Person,
    Turn,
    channel,
    from_export,
    instant,
    person,
    speaks_for_itself,
    steps_of,
)
from plugin.inbox import ActKind
from plugin.model import Address, Direction, Message

US = Address("support@example.zendesk.com")
ACCOUNT = Account("helpdesk", "example.zendesk.com", US)
START = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
ANNA = Person(11, "Anna Jones", "anna@example.org", staff=False)
ADA = Person(21, "Ada Agent", "ada@example.com", staff=True)
BOB = Person(12, "Bob", "bob@example.net", staff=False)
PEOPLE = {one.id: one for one in (ANNA, ADA, BOB)}
_ids = count(1000)


def said(text: str, author: Person = ANNA, *, public: bool = True, kind: str = "Comment", **more: Any) -> Any:
    return {"id": next(_ids), "type": kind, "author_id": author.id, "body": text, "public": public} | more


def changed(name: str, before: Any, after: Any) -> Any:
    return {"id": next(_ids), "type": "Change", "field_name": name, "previous_value": before, "value": after}


def audit(minute: int, author: Person, *events: Any, via: str = "web", **more: Any) -> Any:
    at = (START + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "id": next(_ids), "created_at": at, "author_id": author.id, "events": list(events), "metadata": {},
        "via": {"channel": via, "source": {"rel": None}},
    } | more  # fmt: skip


def conversation(
    *audits: Any, people: Any = PEOPLE, prefix: str = "", begin: datetime = START, **more: Any
) -> Conversation:
    ticket = {"id": 7, "subject": "Lamp", "status": "open", "requester_id": ANNA.id, "via": {"channel": "email"}}
    account = Account("helpdesk", "example.zendesk.com", US, prefix)
    return Conversation(account, ticket | more, audits, people, START, begin)


def kinds(turns: list[Turn]) -> list[tuple[list[str], list[str]]]:
    return [([one.text for one in turn.messages], [act.kind.value for act in turn.acts]) for turn in turns]


# ---- turns ----------------------------------------------------------------------------------------------------------


def test_what_is_said_after_something_was_done_is_a_turn_of_its_own() -> None:
    told = conversation(
        audit(0, ANNA, said("broken")), audit(1, ADA, said("sorry", ADA), changed("status", "open", "solved")),
        audit(2, ANNA, said("again"), changed("status", "solved", "open")), audit(3, ADA, said("oh", ADA)),
        audit(4, ADA, changed("status", "open", "solved")),
    )  # fmt: skip
    assert kinds(told.turns(0)) == [(["broken", "sorry"], ["resolved"]), (["again", "oh"], ["resolved"])]
    assert [turn.last for turn in told.turns(0)] == [told.audits[1]["id"], told.audits[4]["id"]]


def test_what_was_read_is_not_told_again_but_answers_still_refer_to_it() -> None:
    told = conversation(audit(0, ANNA, said("broken")), audit(1, ADA, said("sorry", ADA)))
    (turn,) = told.turns(told.audits[0]["id"])
    assert [one.text for one in turn.messages] == ["sorry"]
    assert turn.messages[0].references == ("<ticket.7@example.zendesk.com>",)


def test_a_ticket_with_nothing_new_has_one_turn_with_nothing_in_it() -> None:
    told = conversation(audit(0, ANNA, said("broken")))
    assert told.turns(told.audits[0]["id"]) == [Turn(told.audits[0]["id"])]
    assert conversation().turns(0) == [Turn(0)]


# ---- who speaks -----------------------------------------------------------------------------------------------------


def directions(*audits: Any, **more: Any) -> list[tuple[str, Direction]]:
    return [(one.sender.email, one.direction) for one in conversation(*audits, **more).messages()]


def test_customers_speak_to_us_and_agents_to_them_in_public() -> None:
    first = audit(0, ANNA, said("broken"))
    assert directions(first, audit(1, ADA, said("sorry", ADA)), audit(2, ADA, said("hm", ADA, public=False))) == [
        ("anna@example.org", Direction.IN), ("ada@example.com", Direction.OUT),
    ]  # fmt: skip


def test_a_note_that_opens_a_ticket_is_what_the_customer_said() -> None:
    assert directions(audit(0, ADA, said("She says it is broken", ADA, public=False))) == [
        ("anna@example.org", Direction.IN)
    ]


@pytest.mark.parametrize("kind", ["VoiceComment", "FacebookComment"])
def test_words_from_the_telephone_and_from_facebook_are_words(kind: str) -> None:
    (message,) = conversation(audit(0, ANNA, said("It is broken", kind=kind))).messages()
    assert message.text == "It is broken"
    assert message.place.uid == 1


def test_rules_and_zendesk_itself_are_machines() -> None:
    rule = {"channel": "rule", "source": {"rel": "trigger"}}
    told = conversation(
        audit(0, ANNA, said("broken")), audit(1, ADA, said("We got it", ADA)) | {"via": rule},
        audit(2, Person(-1, "", "", True), said("Closed", Person(-1, "", "", True))),
    )  # fmt: skip
    assert [one.automatic for one in told.messages()] == ["", "auto-reply", "auto-reply"]


def test_a_reply_reaches_everybody_the_ticket_ever_belonged_to() -> None:
    told = conversation(
        audit(0, ANNA, said("broken")), audit(1, ADA, changed("requester_id", str(ANNA.id), str(BOB.id))),
        audit(2, ADA, said("sorry", ADA)), requester_id=BOB.id,
    )  # fmt: skip
    assert [one.email for one in told.messages()[-1].to] == ["bob@example.net", "anna@example.org"]


def test_nobody_knows_them_any_more_and_they_are_heard_all_the_same() -> None:
    told = conversation(audit(0, ANNA, said("broken")), people={})
    assert [one.sender for one in told.messages()] == [Address("user-11@zendesk.invalid")]


# ---- what people write ----------------------------------------------------------------------------------------------


def test_names_and_subjects_are_one_line_without_controls() -> None:
    user = {"id": 11, "name": "Anna\r\nBcc: x\x00\u202e Jones", "email": "ANNA@Example.org", "role": "end-user"}
    assert person(user) == Person(11, "Anna Bcc: x Jones", "anna@example.org", staff=False)
    told = conversation(audit(0, ANNA, said("a\r\nb\rc\x00\x1b[31m\td")), subject="Lamp\n\x07broken " + "x" * 900)
    (message,) = told.messages()
    assert message.text == "a\nb\nc[31m\td"
    assert message.subject.startswith("Lamp broken xx")
    assert len(message.subject) == 500


@pytest.mark.parametrize(
    "user", [{"id": 5}, {"id": 5, "name": None, "email": None, "role": None}, {"id": 5, "email": ""}]
)
def test_of_a_user_little_may_be_known(user: Any) -> None:
    assert person(user) == Person(5, "", "user-5@zendesk.invalid", staff=False)


@pytest.mark.parametrize(("via", "name"), [
    ({"channel": "email"}, "email"), ({"channel": "twitter"}, "social"), ({"channel": "facebook"}, "social"),
    ({"channel": "twitter", "source": {"rel": "direct_message"}}, "chat"), ({"channel": "whatsapp"}, "chat"),
    ({"channel": "facebook", "source": {"rel": "message"}}, "chat"), ({"channel": "voice"}, "phone"),
    ({"channel": "api"}, "web"), ({"channel": "of 2031"}, "web"), ({}, "web"), (None, "web"),
    ({"channel": "app_store"}, "review"),
])  # fmt: skip
def test_channels_have_our_names(via: Any, name: str) -> None:
    assert channel(via) == name


@pytest.mark.parametrize("text", ["2026-10-25T01:30:00Z", "2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00.000Z"])
def test_a_time_is_the_same_however_it_is_written(text: str) -> None:
    assert instant(text) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


# ---- whose doing it is ----------------------------------------------------------------------------------------------

NOTE = "Suggested reply\namends:c1/d1"


@pytest.mark.parametrize(("of", "steps"), [
    (audit(0, ADA, said(NOTE, ADA, public=False), via="api"), ("c1/d1",)),
    (audit(0, ADA, metadata={"custom": {"amends": "c1/t1 c1/d1"}}), ("c1/t1", "c1/d1")),
    (audit(0, ADA, said(NOTE, ADA, public=False), via="api", metadata={"custom": {"amends": "c1/d1"}}), ("c1/d1",)),
    (audit(0, ADA, said(NOTE, ADA, public=False), via="web"), ()),
    (audit(0, BOB, said(NOTE, BOB, public=False), via="email"), ()),
    (audit(0, ADA, said(NOTE, ADA), via="api"), ()),
    (audit(0, ADA, said(NOTE, ADA, public=False)) | {"via": {"channel": "api", "source": {"rel": "merge"}}}, ()),
    (audit(0, ADA, metadata={"custom": None}), ()),
    (audit(0, ADA, metadata=None), ()),
])  # fmt: skip
def test_a_change_is_ours_by_what_it_carries_and_how_it_came(of: Any, steps: tuple[str, ...]) -> None:
    assert steps_of(of) == steps


def acts(*audits: Any, **more: Any) -> list[ActKind]:
    return [act.kind for turn in conversation(*audits, **more).turns(0) for act in turn.acts]


@pytest.mark.parametrize(("before", "after", "kind"), [
    ("open", "solved", [ActKind.RESOLVED]), ("solved", "closed", []), ("pending", "closed", [ActKind.RESOLVED]),
    ("solved", "open", [ActKind.REOPENED]), ("new", "open", []), ("new", "hold", []),
    ("open", "pending", [ActKind.WAITING]), ("pending", "open", [ActKind.WAITING_OVER]),
])  # fmt: skip
def test_the_status_is_a_persons_word(before: str, after: str, kind: list[ActKind]) -> None:
    assert acts(audit(0, ANNA, said("broken")), audit(1, ADA, changed("status", before, after))) == kind


@pytest.mark.parametrize("who", [ANNA, BOB])
@pytest.mark.parametrize("before", ["solved", "pending"])
def test_that_zendesk_opens_a_ticket_when_mail_comes_is_nobodys_word(who: Person, before: str) -> None:
    mail = audit(1, who, said("hello", who), changed("status", before, "open"), via="email")
    assert acts(audit(0, ANNA, said("broken")), mail) == []


def test_nothing_we_did_ourselves_is_a_persons_act() -> None:
    ours = audit(1, ADA, changed("tags", [], ["complaint"]), metadata={"custom": {"amends": "c1/t1"}})
    assert acts(audit(0, ANNA, said("broken")), ours) == []


@pytest.mark.parametrize("score", ["offered", "unoffered", "", None])
def test_a_rating_that_was_not_given_is_none(score: str | None) -> None:
    assert acts(audit(0, ANNA, {"type": "SatisfactionRating", "score": score})) == []


def test_only_tags_with_our_prefix_are_meant_for_us() -> None:
    first = audit(0, ANNA, said("broken"))
    tagged = audit(1, ADA, changed("tags", [], ["complaint", "am-not-a-complaint", "category-billing"]))
    assert acts(first, tagged, prefix="am-") == [ActKind.NOT_A_COMPLAINT]


def test_what_happened_before_we_were_attached_is_no_news() -> None:
    old = [audit(0, ANNA, said("broken")), audit(1, ADA, changed("status", "open", "solved"))]
    assert acts(*old, begin=START + timedelta(hours=1)) == []
    assert conversation(*old, begin=START + timedelta(hours=1)).messages() == []


# ---- the export's line ----------------------------------------------------------------------------------------------

LINE = {
    "id": 7, "subject": "Lamp", "description": "It is broken", "requester_id": 11, "submitter_id": 11, "tags": [],
    "created_at": "2026-11-20T16:00:00Z", "updated_at": "2026-11-20T16:00:00Z", "status": "new",
    "via": {"channel": "email", "source": {"rel": None}},
}  # fmt: skip


def test_the_export_and_the_audits_name_the_same_message() -> None:
    told: Message = from_export(ACCOUNT, LINE, PEOPLE, START)
    (read,) = conversation(audit(0, ANNA, said("It is broken"))).messages()
    assert (told.key, told.message_id, told.place, told.at, told.sender) == (
        read.key, read.message_id, read.place, read.at, read.sender,
    )  # fmt: skip
    assert from_export(ACCOUNT, LINE, {}, START).sender.email == "user-11@zendesk.invalid"


@pytest.mark.parametrize("more", [{"updated_at": "2026-11-20T16:00:01Z"}, {"submitter_id": 21}, {"tags": ["vip"]},
                                  {"status": "open"}, {"via": {"source": {"rel": "follow_up"}}}])  # fmt: skip
def test_a_ticket_to_which_anything_happened_must_be_asked(more: Any) -> None:
    assert speaks_for_itself(LINE)
    assert not speaks_for_itself(LINE | more)
