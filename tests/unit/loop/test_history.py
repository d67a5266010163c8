"""Which events count, which are dropped, which halt a project."""

import pytest

from labelloop.loop.digest import loop_digest
from labelloop.loop.fold import fold
from labelloop.loop.history import History
from labelloop.loop.schedule import next_batch, next_model
from labelloop.loop.state import InapplicableEvent, NotCreated, with_log
from schemas import events as e
from schemas.envelope import Event, datahash, new_event
from schemas.parts import AnnotatedItem
from tests.support.loops import PROJECT, Loop, mixed, project
from tests.support.messages import names, raises_naming
from tests.support.states import (
    advised,
    audited,
    checked,
    evaluated,
    recorded_predictions,
    suggester,
    suggestions,
)


def begun() -> Loop:
    loop = Loop(project(), mixed)
    loop.act("query")
    return loop


def event(data: e.EventData) -> Event:
    return new_event(PROJECT, data, source="tests")


TRAINED = e.ModelTrained(
    model="0",
    attempt=0,
    learned={"0": 3},
    digest="",
    labels=0,
    artifact="",
    sha256="",
    seconds=0,
    device="cpu",
    threads=1,
    seed=0,
)


@pytest.mark.parametrize(
    ("data", "facts"),
    [
        (e.BatchAnnotated(batch="7", revision=0, items=()), ("7",)),
        (e.ResponsesRecorded(batch="7", number=0, items=()), ("7",)),
        (e.BatchAnnotated(batch="0", revision=1, items=()), ("1", "0")),
        (e.BatchAnnotated(batch="0", revision=0, items=(AnnotatedItem(item=999),)), ("999",)),
        (TRAINED, ("3", "0")),
        (e.ModelLost(model="0", attempt=0, reason=""), ("0",)),
    ],
)
def test_an_event_that_does_not_follow_halts_its_project(data: e.EventData, facts: tuple[str, ...]) -> None:
    loop = begun()
    before = loop.state
    with raises_naming(InapplicableEvent, *facts):
        fold(before, event(data))

    assert not loop.history.add(event(data), "offset 12")

    halt = loop.history.halt
    assert halt is not None
    assert names(halt, "offset 12")
    assert halt.event == event(data).id
    assert not loop.history.add(event(e.ProjectPaused(request="1", who="ada")))
    assert loop.state == before


def test_an_event_before_the_project_halts() -> None:
    history = History(PROJECT)

    early = event(e.ProjectPaused(request="1", who="ada"))

    assert not history.add(early)

    assert history.halt is not None
    assert history.halt.event == early.id


def test_damaged_data_halt_and_say_what_to_do() -> None:
    loop = begun()
    good = event(e.ProjectPaused(request="1", who="ada"))

    loop.history.add(Event(good.attributes, good.data + b" "))

    assert loop.history.halt is not None
    assert names(loop.history.halt.reason, "put back a copy of the log")


def future(mustunderstand: str) -> Event:
    attributes = dict(event(e.ProjectPaused(request="1", who="ada")).attributes)
    return Event(
        {**attributes, "type": "labelloop.AnswersExplained.v1", "mustunderstand": mustunderstand}, b"{}"
    )


def test_an_unknown_event_that_matters_says_to_upgrade() -> None:
    loop = begun()

    loop.history.add(future("true"))

    assert loop.history.halt is not None
    assert names(loop.history.halt.reason, "AnswersExplained", "upgrade")


def test_an_unknown_event_that_does_not_matter_is_skipped() -> None:
    loop, unknown = begun(), future("false")
    before = loop.state

    assert not loop.history.add(unknown)

    assert loop.history.skipped == 1
    assert loop.history.halt is None
    assert loop.state == with_log(before, before.log.followed_by(unknown))
    assert loop.history.add(event(e.ProjectPaused(request="2", who="ada")))


NEED_NOT_BE_UNDERSTOOD: list[e.EventData] = [
    evaluated("0"),
    e.ModelEvaluatedV2(**dict(evaluated("0"))),
    audited("0"),
    recorded_predictions("0"),
    checked("0", stop=True),
    advised("0"),
    e.ServiceFailed(service="trainer", due="train model 1", kind="x", error="x", attempt=1),
    suggester(),
    suggestions(),
]


def test_what_a_reader_may_skip_changes_nothing_that_is_decided() -> None:
    may_skip = {event for event in e.EVENTS.values() if not event.mustunderstand}
    assert may_skip == {type(data) for data in NEED_NOT_BE_UNDERSTOOD}
    loop = Loop(project(), mixed)
    for act in ("query", "answer 0", "train"):
        loop.act(act)
    skipped, decided = loop.state, loop.ready()

    for data in NEED_NOT_BE_UNDERSTOOD:
        loop.append(data)

    assert loop.ready() == decided
    assert next_batch(loop.state) == next_batch(skipped)
    assert next_model(loop.state) == next_model(skipped)
    assert loop_digest(loop.state) == loop_digest(skipped)


def test_the_first_of_two_conflicting_events_wins() -> None:
    loop = begun()
    batch = loop.state.batches["0"]
    loop.act("answer 0")
    before = loop.state
    data = event(e.BatchAnnotated(batch=batch.name, revision=0, items=()))

    assert not loop.history.add(data)

    assert loop.history.conflicts == 1
    assert loop.state == before


def test_a_duplicate_of_what_halted_is_not_counted_twice() -> None:
    data = b'{"colour": "blue"}'
    attributes = event(project()).attributes
    damaged = Event({**attributes, "datahash": datahash(data)}, data)
    history = History(PROJECT)

    assert not history.add(damaged)
    assert not history.add(damaged)

    assert history.duplicates == 0
    assert history.state == NotCreated(PROJECT)
