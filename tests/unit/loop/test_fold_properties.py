"""The fold, whatever happened: prefixes, duplicates, conflicts, restarts."""

from hypothesis import given
from hypothesis import strategies as st

from labelloop.loop.digest import loop_digest
from labelloop.loop.fold import fold
from labelloop.loop.history import History, replay
from labelloop.loop.labels import decided
from labelloop.loop.schedule import finished, next_batch, next_model
from labelloop.loop.state import LoopState, NotCreated, ProjectState
from labelloop.projects.catalog import created
from schemas.envelope import Event, datahash
from schemas.events import EventData
from schemas.model import replaced
from tests.support.loop_strategies import loops
from tests.support.loops import PROJECT, Loop
from tests.support.matrices import examples

MANY = examples(150)


def conflicting(event: Event) -> Event:
    """An event of the same id that says something else."""
    data = event.data.replace(b"{", b'{"why":"another",', 1)
    return Event({**event.attributes, "datahash": datahash(data)}, data)


@MANY
@given(loop=loops(), data=st.data())
def test_a_prefix_and_the_rest_make_the_whole(loop: Loop, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(loop.events)))
    history = History(PROJECT)
    for event in loop.events[:at]:
        history.add(event)
    state = history.state

    for event in loop.events[at:]:
        state = fold(state, event)

    assert state == loop.state


@MANY
@given(loop=loops())
def test_a_restart_at_any_point_decides_the_same(loop: Loop) -> None:
    live = History(PROJECT)
    for count, event in enumerate(loop.events, 1):
        live.add(event)

        restarted = replay(PROJECT, [Event(dict(e.attributes), bytes(e.data)) for e in loop.events[:count]])

        state = created(live)
        assert restarted == state
        assert isinstance(restarted, LoopState)
        assert next_batch(restarted) == next_batch(state)
        assert next_model(restarted) == next_model(state)
        assert finished(restarted) == finished(state)


@MANY
@given(loop=loops(), data=st.data())
def test_duplicates_and_conflicts_change_nothing(loop: Loop, data: st.DataObject) -> None:
    history = History(PROJECT)
    duplicates = conflicts = 0
    for count, event in enumerate(loop.events, 1):
        history.add(event)
        earlier = loop.events[data.draw(st.integers(0, count - 1))]
        match data.draw(st.sampled_from(["nothing", "duplicate", "conflict"])):
            case "duplicate":
                assert not history.add(earlier)
                duplicates += 1
            case "conflict":
                assert not history.add(conflicting(earlier))
                conflicts += 1

    assert history.state == loop.state
    assert (history.duplicates, history.conflicts) == (duplicates, conflicts)
    assert history.halt is None


@MANY
@given(loop=loops())
def test_folding_leaves_the_states_before_as_they_were(loop: Loop) -> None:
    states: list[ProjectState] = [NotCreated(PROJECT)]
    for event in loop.events:
        states.append(fold(states[-1], event))

    assert states == [replay(PROJECT, loop.events[:count]) for count in range(len(loop.events) + 1)]


@MANY
@given(loop=loops(), data=st.data())
def test_the_digest_ignores_when_where_and_how_often(loop: Loop, data: st.DataObject) -> None:
    other = Loop(replaced(loop.created, guidelines="be kind"), loop.gold, loop.given, loop.grown)
    other.minutes = data.draw(st.integers(0, 10**6))
    for event in loop.events[len(other.events) :]:
        other.append(elsewhere(event.payload))

    for batch in list(other.state.batches.values()):
        if batch.done:
            other.append(replaced(batch.revisions[-1], revision=len(batch.revisions)))

    assert loop_digest(other.state) == loop_digest(loop.state)


@MANY
@given(loop=loops(), data=st.data())
def test_the_digest_tells_labels_apart(loop: Loop, data: st.DataObject) -> None:
    counting = list(decided(loop.state))
    if not counting:
        return
    before = loop_digest(loop.state)
    batch, answer = data.draw(st.sampled_from(counting))
    current = {answer.item: answer.labels or None for answer in batch.revisions[-1].items}
    item = answer.item
    current[item] = ("ham",) if current[item] == ("spam",) else ("spam",)

    loop.answer(batch, current)

    assert loop_digest(loop.state) != before


def elsewhere(data: EventData) -> EventData:
    """The same fact from another machine, on another day."""
    changes = {
        name: value
        for name, value in {"seconds": 99.0, "device": "cuda", "artifact": "m", "sha256": "s"}.items()
        if name in type(data).model_fields
    }
    return replaced(data, **changes)


@MANY
@given(loop=loops(), data=st.data())
def test_a_state_that_was_handed_out_stays_as_it_is(loop: Loop, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(loop.events)))
    history = History(PROJECT)
    for event in loop.events[:at]:
        history.add(event)
    handed = history.state

    for event in loop.events[at:]:
        history.add(event)

    assert handed == replay(PROJECT, loop.events[:at])
