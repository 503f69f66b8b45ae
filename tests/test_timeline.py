"""Events keep for ever: every one comes back from its JSON as it was, and folding never fails."""

from __future__ import annotations

from dataclasses import MISSING, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.model import Address
from plugin.timeline import (
    EVENTS,
    Case,
    DueBy,
    DueByMet,
    DueByMissed,
    DueBySet,
    Event,
    Kind,
    Received,
    Reopened,
    Resolved,
    Status,
    Task,
    TaskDone,
    TaskDropped,
    TaskRefused,
    TaskScheduled,
    TaskState,
    evolve,
    fold,
    from_json,
    to_json,
)

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ANNA = Address("anna@example.org", "Anna")
FOUR_HOURS = DueBy(due_for="acknowledgement", due_at=NOW + timedelta(hours=4))

moments = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
st.register_type_strategy(datetime, moments)
st.register_type_strategy(float, st.floats(0, 1))  # a score is a probability


def _any_event(kind: type[Event]) -> st.SearchStrategy[Event]:
    """An event of this kind with every field given, so that no default hides what is lost on the way."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: st.from_type(hints[field.name]) for field in fields(kind)})


@pytest.mark.parametrize("kind", EVENTS.values(), ids=EVENTS)
@settings(max_examples=20)
@given(data=st.data())
def test_every_event_comes_back_from_its_json(kind: type[Event], data: st.DataObject) -> None:
    event = data.draw(_any_event(kind))
    assert from_json(kind.__name__, to_json(event)) == event


@pytest.mark.parametrize("kind", EVENTS.values(), ids=EVENTS)
@settings(max_examples=20)
@given(data=st.data())
def test_an_event_with_only_what_it_needs_loads_and_applies(kind: type[Event], data: st.DataObject) -> None:
    """What an older Amends stored lacks the fields that came later: each of those must have a default."""
    hints = get_type_hints(kind)
    needed = [field.name for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING]
    event = data.draw(st.builds(kind, **{name: st.from_type(hints[name]) for name in needed}))
    assert evolve(Case(), from_json(kind.__name__, to_json(event))).version == 1


@settings(max_examples=40)
@given(events=st.lists(st.one_of([_any_event(kind) for kind in EVENTS.values()]), max_size=12))
def test_folding_is_total_whatever_happened_in_whatever_order(events: list[Event]) -> None:
    assert fold(events).version == len(events)


@settings(max_examples=40)
@given(events=st.lists(st.one_of([_any_event(kind) for kind in EVENTS.values()]), max_size=8), cut=st.integers(0, 8))
def test_folding_in_two_steps_is_folding(events: list[Event], cut: int) -> None:
    assert fold(events[cut:], fold(events[:cut])) == fold(events)


OLD = {
    "Received": '{"at":"2026-11-02T09:00:00Z","case":"c1","inbox":"support","message":"k","message_id":"<1@x>",'
    '"references":["<1@x>"],"complainant":{"email":"anna@example.org"},"answer_to":{"email":"anna@example.org"},'
    '"identity":{"email":"support@example.com"}}',
    "DueBySet": '{"at":"2026-11-02T09:00:00Z","due":{"due_for":"acknowledgement","due_at":"2026-11-02T13:00:00Z"}}',
    "TaskScheduled": '{"at":"2026-11-02T09:00:00Z","task":{"key":"c1/1/shop/1","kind":"acknowledgement",'
    '"run_at":"2026-11-02T13:00:00Z"}}',
    "DraftWritten": '{"at":"2026-11-02T09:00:00Z","draft":{"message_id":"<2@x>","purpose":"acknowledgement","round":1,'
    '"task":"c1/1/draft/acknowledgement/1","written_at":"2026-11-02T09:00:00Z"}}',
    "Replied": '{"at":"2026-11-02T10:00:00Z","replied_at":"2026-11-02T10:00:00Z","message":"m","message_id":"<3@x>"}',
    "Resolved": '{"at":"2026-11-02T11:00:00Z","resolved_at":"2026-11-02T11:00:00Z"}',
    "Reopened": '{"at":"2026-11-02T12:00:00Z","reason":"again","since":"2026-11-02T12:00:00Z"}',
}


def test_a_timeline_of_the_first_version_still_loads() -> None:
    """These bodies are never changed: they lie in databases."""
    case = fold(from_json(kind, body) for kind, body in OLD.items())
    assert (case.id, case.status, case.round, len(case.drafts)) == ("c1", Status.OPEN, 2, 1)


def test_no_event_or_value_of_an_event_has_lost_its_name() -> None:
    assert set(EVENTS) >= {*OLD, "Tagged", "TagsKept", "TaskRaised", "TaskDone", "TaskDropped", "DueByMet", "Noted"}


def test_a_time_is_kept_to_the_microsecond_and_in_utc() -> None:
    event = DueByMissed(at=NOW.replace(microsecond=123456), due_for="update")
    assert from_json("DueByMissed", to_json(event)) == event
    assert event.at.isoformat()[:26] in to_json(event)


def _received(**more: Any) -> Received:
    given_: dict[str, Any] = {
        "at": NOW, "case": "c1", "inbox": "support", "message": "k", "message_id": "<1@x>", "references": ("<1@x>",),
        "complainant": ANNA, "answer_to": ANNA, "identity": Address("support@example.com"),
    }  # fmt: skip
    return Received(**(given_ | more))


def test_a_proof_after_the_date_is_late() -> None:
    case = fold([_received(), DueBySet(at=NOW, due=FOUR_HOURS)])
    late = DueByMet(at=NOW, due_for="acknowledgement", met_at=NOW + timedelta(hours=5), met_by="reply")
    assert [due.missed for due in evolve(case, late).due] == [True]


def test_a_proof_that_was_in_time_and_seen_late_is_not_missed() -> None:
    missed = DueByMissed(at=NOW + timedelta(hours=4), due_for="acknowledgement")
    case = fold([_received(), DueBySet(at=NOW, due=FOUR_HOURS), missed])
    seen = DueByMet(at=NOW + timedelta(hours=6), due_for="acknowledgement", met_at=NOW, met_by="reply")
    assert [due.missed for due in evolve(case, seen).due] == [False]


def test_a_reopening_starts_a_round_with_nothing_owed_or_proved() -> None:
    case = fold([_received(historic=True), DueBySet(at=NOW, due=FOUR_HOURS), Resolved(at=NOW, resolved_at=NOW)])
    case = evolve(case, Reopened(at=NOW, reason="again", since=NOW))
    assert (case.round, case.due, case.replies, case.resolved_at, case.historic) == (2, (), (), None, False)


def test_what_the_inbox_refused_is_kept_as_the_tasks_note() -> None:
    task = Task(key="c1/1/draft/update/1", kind=Kind.DRAFT, run_at=NOW)
    case = fold([_received(), TaskScheduled(at=NOW, task=task), TaskRefused(at=NOW, key=task.key, reason="over quota")])
    assert case.task(task.key) == replace(task, note="over quota")


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (TaskDone(at=NOW, key="c1/1/shop/1"), TaskState.DONE),
        (TaskDropped(at=NOW, key="c1/1/shop/1", reason="not needed"), TaskState.DROPPED),
    ],
)
def test_an_ended_task_is_not_open(event: Event, state: TaskState) -> None:
    task = Task(key="c1/1/shop/1", kind=Kind.FOLLOW_UP, run_at=NOW)
    case = fold([_received(), TaskScheduled(at=NOW, task=task), event])
    assert [task.state for task in case.tasks] == [state]
    assert case.open_tasks() == ()
