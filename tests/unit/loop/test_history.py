"""Which events count, which are dropped, which halt a project."""

import pytest

from labelloop.loop.fold import InapplicableEvent, fold
from labelloop.loop.history import History
from labelloop.loop.state import LoopState
from schemas import events as e
from schemas.envelope import Event, datahash, new_event
from schemas.parts import AnnotatedItem
from tests.support.loops import PROJECT, Loop, mixed, project


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
    ("data", "reason"),
    [
        (e.BatchAnnotated(batch="7", revision=0, items=()), "batch 7, which was never queried"),
        (e.ResponsesRecorded(batch="7", number=0, items=()), "batch 7, which was never queried"),
        (e.BatchAnnotated(batch="0", revision=1, items=()), "revision 1 of a batch that has 0"),
        (
            e.BatchAnnotated(batch="0", revision=0, items=(AnnotatedItem(item=999),)),
            r"did not ask for: \[999\]",
        ),
        (TRAINED, "revision 3 of batch 0"),
        (e.ModelLost(model="0", attempt=0, reason=""), "model 0 was lost, which was never trained"),
    ],
)
def test_an_event_that_does_not_follow_halts_its_project(data: e.EventData, reason: str) -> None:
    loop = begun()
    before = loop.state
    with pytest.raises(InapplicableEvent, match=reason):
        fold(before, event(data))

    assert not loop.history.add(event(data), "offset 12")

    halt = loop.history.halt
    assert halt is not None
    assert "offset 12" in str(halt)
    assert halt.event == event(data).id
    assert not loop.history.add(event(e.ProjectPaused(request="1", who="ada")))
    assert loop.state == before


def test_an_event_before_the_project_halts() -> None:
    history = History(PROJECT)

    assert not history.add(event(e.ProjectPaused(request="1", who="ada")))

    assert history.halt is not None
    assert "before the project was created" in history.halt.reason


def test_damaged_data_halt_and_say_what_to_do() -> None:
    loop = begun()
    good = event(e.ProjectPaused(request="1", who="ada"))

    loop.history.add(Event(good.attributes, good.data + b" "))

    assert loop.history.halt is not None
    assert "put back a copy of the log" in loop.history.halt.reason


def future(mustunderstand: str) -> Event:
    attributes = dict(event(e.ProjectPaused(request="1", who="ada")).attributes)
    return Event({**attributes, "type": "labelloop.PoolGrown.v1", "mustunderstand": mustunderstand}, b"{}")


def test_an_unknown_event_that_matters_asks_for_an_upgrade() -> None:
    loop = begun()

    loop.history.add(future("true"))

    assert loop.history.halt is not None
    assert "newer labelloop wrote this PoolGrown: upgrade" in loop.history.halt.reason


def test_an_unknown_event_that_does_not_matter_is_skipped() -> None:
    loop = begun()
    before = loop.state

    assert not loop.history.add(future("false"))

    assert loop.history.skipped == 1
    assert loop.history.halt is None
    assert loop.state == before
    assert loop.history.add(event(e.ProjectPaused(request="2", who="ada")))


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
    assert history.state == LoopState(PROJECT)
