"""Folded histories as bytes, and back."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelloop.loop.history import History
from labelloop.runtime.state_cache import UnusableCache, dump, load
from schemas.envelope import Event, new_event
from schemas.events import ServiceFailed
from tests.support.loop_strategies import loops
from tests.support.loops import PROJECT, Loop, mixed, project
from tests.support.matrices import examples
from tests.support.messages import raises_naming


def test_a_history_with_all_that_it_dropped_comes_back_as_it_was() -> None:
    loop = Loop(project(), mixed)
    loop.act("query")
    loop.append(ServiceFailed(service="trainer", due="train model 0", kind="x", error="x", attempt=1))
    loop.history.add(loop.events[1])
    loop.history.add(Event({**loop.events[1].attributes, "datahash": "0"}, b"{}"))
    newer = new_event(PROJECT, ServiceFailed(service="x", due="", kind="", error="", attempt=1), source="x")
    loop.history.add(Event({**newer.attributes, "id": "1", "type": "labelloop.Newer.v1"}, b"{}"))
    assert (loop.history.duplicates, loop.history.conflicts, loop.history.skipped) == (1, 1, 1)

    assert load(dump([loop.history, History("another")])) == [loop.history, History("another")]


@examples(100)
@given(loop=loops(), data=st.data())
def test_a_history_that_was_saved_at_any_point_goes_on_as_one_that_was_not(
    loop: Loop, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(loop.events)))
    history = History(PROJECT)
    for event in loop.events[:at]:
        history.add(event)

    (restored,) = load(dump([history]))

    for event in loop.events[at:]:
        restored.add(event)
    assert restored == loop.history


def test_a_state_that_is_not_what_its_digest_says_is_not_used() -> None:
    loop = Loop(project(), mixed)
    loop.act("query")
    content = msgspec.msgpack.decode(dump([loop.history]))
    content[0]["state"]["batches"]["0"]["queried"]["items"].pop()

    with raises_naming(UnusableCache, PROJECT):
        load(msgspec.msgpack.encode(content))


@pytest.mark.parametrize("content", [b"", b"[{}]", b"\x80\x04."])
def test_what_holds_no_histories_is_not_used(content: bytes) -> None:
    with pytest.raises(UnusableCache):
        load(content)
