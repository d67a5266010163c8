"""A verified history takes all that a loop can come to, and nothing that it cannot."""

from collections.abc import Callable, Sequence
from dataclasses import replace as changed
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelloop.loop.digest import LearnedDigests, learned_digest
from labelloop.loop.labels import at_revisions, current
from labelloop.loop.names import expanded
from labelloop.loop.proof import Proof
from schemas import events as e
from schemas.envelope import Event, new_event
from schemas.model import replaced
from schemas.parts import Choice
from services.evaluator.due import Audit, Check, Recording, next_work, stopping_events
from services.evaluator.service import estimate_by
from tests.support.loop_strategies import loops
from tests.support.loops import LABELS, PROJECT, Loop, mixed, project
from tests.support.matrices import examples
from tests.support.messages import names
from tests.support.states import checked, recorded_predictions

MANY = examples(200)


def proof(events: Sequence[Event]) -> Proof:
    history = Proof(PROJECT)
    for event in events:
        history.add(event)
    return history


@pytest.fixture
def loop() -> Loop:
    """Three batches of three, each learned, the second one revised."""
    loop = Loop(project(max_batches=3, lookahead=0), mixed)
    loop.finish()
    answers = loop.state.batches["1"].revisions[-1].items
    loop.answer(loop.state.batches["1"], {answer.item: (LABELS[0],) for answer in answers})
    loop.finish()
    return loop


@MANY
@given(loop=loops())
def test_whatever_a_loop_comes_to_is_verified(loop: Loop) -> None:
    history = proof(loop.events)

    assert history.halt is None, history.halt
    assert history.state == loop.state


def chosen(events: Sequence[Event], **changes: Any) -> list[Event]:
    """The events, with another choice of the model that picked batch 3."""
    return [
        new_event(PROJECT, replaced(event.payload, **changes), source="tests", cause=event.cause)
        if isinstance(event.payload, e.LookaheadChosen) and event.payload.batch == "3"
        else event
        for event in events
    ]


def test_a_choice_is_of_a_model_that_is_there_and_of_the_batch_that_it_picked() -> None:
    loop = Loop(project(max_batches=5, lookahead="auto"), mixed)
    loop.finish()
    assert proof(loop.events).halt is None
    without = [event for event in loop.events if event.name != "LookaheadChosen"]

    for events in (
        without,
        chosen(loop.events, model="0"),
        chosen(loop.events, model="2"),
        chosen(loop.events, batch="4"),
    ):
        halt = proof(events).halt
        assert halt is not None

    fixed = Loop(project(max_batches=5, lookahead=1), mixed)
    for act in ("query", "query", "answer 0", "train"):
        fixed.act(act)
    fixed.append(e.LookaheadChosen(batch="2", model="0", waiting=0, expected=0.0), fixed.events[-1].id)
    assert proof(fixed.events).halt is not None, "its lookahead does not grow"


def test_a_model_was_trained_after_the_events_that_come_before_it(loop: Loop) -> None:
    """Events that nothing ties to their place are tied to it by the next model."""
    paused = e.ProjectPaused(request="1", who="ada", why="")
    loop = Loop(project(max_batches=2, lookahead=0), mixed)
    loop.append(paused)
    loop.append(e.ProjectResumed(request="2", who="ada", why=""))
    loop.finish()
    events = list(loop.events)
    model = next(event for event in events if event.name == "ModelTrained")
    events[1:3] = reversed(events[1:3])
    times = [events[1].attributes["time"], events[2].attributes["time"]]
    assert times != sorted(times)

    halt = proof(events).halt

    assert halt is not None
    assert halt.event == model.id
    without_tie = [event for event in events if event.name != "ModelTrained"][:5]
    assert proof(without_tie).halt is None


@MANY
@given(loop=loops(), position=st.integers(0), bit=st.integers(0))
def test_one_changed_bit_of_any_data_is_found(loop: Loop, position: int, bit: int) -> None:
    events = list(loop.events)
    position %= len(events)
    data = bytearray(events[position].data)
    bit %= 8 * len(data)
    data[bit // 8] ^= 1 << bit % 8
    events[position] = changed(events[position], data=bytes(data))

    halt = proof(events).halt

    assert halt is not None
    assert halt.event == events[position].id
    assert "datahash" in halt.reason


@MANY
@given(loop=loops())
def test_the_digests_of_one_model_after_the_other_are_those_of_each(loop: Loop) -> None:
    digests = LearnedDigests()

    for trained in loop.state.models.values():
        for attempt in trained.attempts:
            learned = expanded(attempt.learned)
            expected = learned_digest(loop.state, learned)
            labels = len(at_revisions(loop.state, learned))
            assert digests.of(loop.state, learned) == (expected, labels)


Change = Callable[[Any], Any]


def set_to(**values: Any) -> Change:
    return lambda data: replaced(data, **values)


def the_first_item_twice(data: e.BatchQueried) -> e.BatchQueried:
    return replaced(data, items=tuple(replaced(item, item=data.items[0].item) for item in data.items))


@pytest.mark.parametrize(
    ("name", "number", "change", "facts"),
    [
        ("BatchQueried", 1, set_to(batch="2"), ("2", "1")),
        ("BatchQueried", 1, set_to(seed=7), ("seed",)),
        ("BatchQueried", 0, set_to(seed=7), ("seed",)),
        ("BatchQueried", 1, set_to(pool_version="e"), ("pool",)),
        ("BatchQueried", 1, set_to(attempt=1), ("attempt 1", "model 0")),
        ("BatchQueried", 2, set_to(model="0"), ("model 0", "model 1")),
        ("BatchQueried", 1, set_to(items=()), ("0", "3")),
        ("BatchQueried", 1, the_first_item_twice, ("twice",)),
        ("ModelTrained", 1, set_to(digest="0" * 64), ("digest",)),
        ("ModelTrained", 1, set_to(labels=1), ("digest",)),
        ("ModelTrained", 1, set_to(seed=7), ("seed",)),
        ("ModelTrained", 1, set_to(attempt=1), ("attempt 1",)),
        ("ModelTrained", 1, set_to(learned={"1": 0}), ("model 1",)),
        ("ModelTrained", 1, set_to(learned={"0": 0, "1": 4}), ("revision 4",)),
        ("BatchAnnotated", 1, set_to(revision=1), ("revision 1",)),
    ],
)
def test_what_the_services_would_not_have_said_is_found(
    loop: Loop, name: str, number: int, change: Change, facts: tuple[str, ...]
) -> None:
    events = list(loop.events)
    position = [position for position, event in enumerate(events) if event.name == name][number]
    event = events[position]
    events[position] = new_event(PROJECT, change(event.payload), source="t", cause=event.cause)

    halt = proof(events).halt

    assert halt is not None
    assert halt.event == events[position].id
    assert names(halt.reason, *facts)


def test_a_text_that_was_asked_before_is_found(loop: Loop) -> None:
    events = list(loop.events)
    position = [position for position, event in enumerate(events) if event.name == "BatchQueried"][2]
    queried, asked = loop.state.batches["2"].queried, loop.state.batches["0"].queried.items[0]
    again = replaced(queried, items=(replaced(queried.items[0], item=asked.item), *queried.items[1:]))
    events[position] = new_event(PROJECT, again, source="t", cause=events[position].cause)

    halt = proof(events).halt

    assert halt is not None
    assert names(halt.reason, asked.item, "batch 0")


@pytest.mark.parametrize("name", ["BatchQueried", "BatchAnnotated", "ModelTrained"])
@pytest.mark.parametrize("cause", ["unheard", None])
def test_a_wrong_cause_is_found(loop: Loop, name: str, cause: str | None) -> None:
    events = list(loop.events)
    position = [position for position, event in enumerate(events) if event.name == name][-1]
    events[position] = new_event(PROJECT, events[position].payload, source="t", cause=cause)

    halt = proof(events).halt

    assert halt is not None
    assert halt.event == events[position].id
    assert names(halt.reason, "cause", cause)


def test_an_id_of_something_else_is_found(loop: Loop) -> None:
    events = list(loop.events)
    other = changed(events[2], attributes={**events[2].attributes, "id": events[1].id[:-1] + "x"})
    events[2] = other

    halt = proof(events).halt

    assert halt is not None
    assert halt.event == other.id
    assert names(halt.reason, "id")


def test_two_events_in_the_wrong_order_are_found(loop: Loop) -> None:
    events = list(loop.events)
    position = next(position for position, event in enumerate(events) if event.name == "ModelTrained")
    events[position - 1], events[position] = events[position], events[position - 1]

    assert proof(events).halt is not None


def with_figures() -> Loop:
    """Four batches with an audit share and a stopping criterion, and all that the evaluator says of them."""
    stopping = Choice(name="kappa-average")
    loop = Loop(project(batch_size=5, max_batches=4, audit_share=0.4, stopping=stopping), mixed)
    loop.finish()
    while (work := next_work(loop.state, 9)) is not None:
        match work:
            case Audit():
                loop.append(estimate_by(loop.state, work, current(loop.state), 1.0), work.cause)
            case Recording():
                loop.append(recorded_predictions(work.model, test_version=None), work.cause)
            case Check():
                for found in stopping_events(loop.state, checked(work.model, stop=work.model == "1")):
                    loop.append(found, work.cause)
    return loop


def test_what_the_evaluator_says_is_verified() -> None:
    loop = with_figures()

    assert list(loop.state.audits) == ["0", "1", "2"]
    assert len(loop.state.checks) == 4
    assert list(loop.state.predictions) == [("3", "")]
    assert loop.state.advised is not None
    assert proof(loop.events).halt is None


@pytest.mark.parametrize(
    "name", ["AuditEstimated", "PredictionsRecorded", "StoppingChecked", "StoppingAdvised"]
)
def test_figures_of_another_cause_are_found(name: str) -> None:
    events = with_figures().events
    position = next(position for position, event in enumerate(events) if event.name == name)
    events[position] = new_event(PROJECT, events[position].payload, source="t", cause=events[0].id)

    halt = proof(events).halt

    assert halt is not None
    assert names(halt.reason, "cause", events[0].id)


def test_an_audit_by_a_batch_that_never_was_is_found() -> None:
    events = with_figures().events
    position = next(position for position, event in enumerate(events) if event.name == "AuditEstimated")
    said = replaced(events[position].payload, batches=("9",))
    events[position] = new_event(PROJECT, said, source="t", cause=events[position].cause)

    halt = proof(events).halt

    assert halt is not None
    assert names(halt.reason, "9")
