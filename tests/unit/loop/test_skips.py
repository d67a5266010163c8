"""A halted project goes on once an EventSkipped names what halted it."""

import pytest

from labelloop.loop.history import History
from labelloop.loop.state import LoopState
from labelloop.projects.catalog import created
from labelloop.runtime.state_cache import dump, load
from schemas import events as e
from schemas.envelope import Event, datahash, new_event
from schemas.model import replaced
from tests.support.loops import PROJECT, Loop, mixed, project
from tests.support.messages import names

DAMAGED = b'{"batch": "0"}'


def event(data: e.EventData, **attributes: str) -> Event:
    made = new_event(PROJECT, data, source="tests")
    return Event({**made.attributes, **attributes}, made.data)


def damaged(good: Event, data: bytes = DAMAGED) -> Event:
    return Event({**good.attributes, "datahash": datahash(data)}, data)


def skip(history: History, request: str = "s") -> Event:
    assert history.halt is not None
    halt = history.halt
    return event(e.EventSkipped(request=request, who="ada", event=halt.event, content=halt.content))


def halted() -> tuple[Loop, Event]:
    """Batch 0 is picked; then its answers come damaged, and a pause after them."""
    loop = Loop(project(), mixed)
    loop.act("query")
    bad = damaged(event(e.BatchAnnotated(batch="0", revision=0, items=())))
    loop.history.add(bad)
    loop.history.add(event(e.ProjectPaused(request="p", who="ada")))
    return loop, bad


def test_what_came_meanwhile_counts_once_the_event_is_skipped() -> None:
    loop, _ = halted()
    assert not loop.state.paused

    assert loop.history.add(skip(loop.history))

    assert loop.history.halt is None
    assert loop.state.paused
    assert not loop.state.batches["0"].done
    assert not loop.history.held


def test_the_halt_says_how_to_do_without_the_event() -> None:
    loop, bad = halted()

    assert names(loop.history.halt, f"labelloop skip {bad.id}")


@pytest.mark.parametrize("field", ["event", "content"])
def test_a_skip_of_another_event_changes_nothing(field: str) -> None:
    loop, _ = halted()
    right = skip(loop.history).payload

    wrong = event(replaced(right, **{field: "another"}))

    assert not loop.history.add(wrong)
    assert loop.history.halt is not None


def test_a_second_event_that_halts_behind_the_first_halts_again_and_is_skipped_too() -> None:
    loop, bad = halted()
    loop.history.add(event(e.BatchAnnotated(batch="7", revision=0, items=())))
    loop.history.add(event(e.ProjectResumed(request="r", who="ada")))

    loop.history.add(skip(loop.history, "first"))

    assert loop.history.halt is not None
    assert loop.history.halt.event != bad.id
    assert loop.state.paused
    loop.history.add(skip(loop.history, "second"))
    assert loop.history.halt is None
    assert not loop.state.paused


def test_the_same_bytes_again_are_skipped_too_and_the_right_ones_count() -> None:
    loop, bad = halted()
    loop.history.add(skip(loop.history))

    assert not loop.history.add(bad)
    assert loop.history.halt is None

    loop.answer(loop.state.batches["0"])
    assert loop.state.batches["0"].done


def test_an_unknown_event_that_matters_can_be_skipped() -> None:
    loop = Loop(project(), mixed)
    loop.history.add(event(e.ProjectPaused(request="1", who="ada"), type="labelloop.AnswersExplained.v1"))

    loop.history.add(skip(loop.history))

    assert loop.history.halt is None
    assert not loop.state.paused


def test_what_was_skipped_is_stated_anew_under_another_id_the_same_for_all() -> None:
    loop, bad = halted()
    good = event(e.BatchAnnotated(batch="0", revision=0, items=()))
    assert loop.history.statement(good) == good
    loop.history.add(skip(loop.history))

    stated = loop.history.statement(good)

    assert stated.id not in (good.id, bad.id)
    assert (stated.data, stated.datahash) == (good.data, good.datahash)
    assert loop.history.statement(good) == stated
    assert loop.history.add(stated)
    loop.history.add(damaged(event(e.ProjectPaused(request="2", who="ada"))))
    assert loop.history.statement(good) == stated


def test_what_is_stated_anew_and_skipped_again_gets_one_more_id() -> None:
    loop, bad = halted()
    good = event(e.BatchAnnotated(batch="0", revision=0, items=()))
    loop.history.add(skip(loop.history, "first"))
    once = loop.history.statement(good)
    loop.history.add(damaged(once, b"{}"))
    loop.history.add(skip(loop.history, "second"))

    assert loop.history.statement(good).id not in (good.id, bad.id, once.id)
    assert loop.history.halt is None


def test_a_replay_from_the_beginning_and_one_from_the_cache_come_to_the_same() -> None:
    loop, bad = halted()
    skipped = skip(loop.history)
    loop.history.add(skipped)
    whole = History(PROJECT)
    for one in (*loop.events, bad, event(e.ProjectPaused(request="p", who="ada")), skipped):
        whole.add(one)
    (restored,) = load(dump([loop.history]))

    assert (created(whole).paused, whole.datahashes) == (loop.state.paused, loop.history.datahashes)
    assert restored == loop.history
    assert not restored.add(bad)
    assert restored.halt is None


def test_a_project_whose_beginning_is_damaged_can_begin_again() -> None:
    history = History(PROJECT)
    history.add(damaged(event(project())))
    history.add(skip(history))

    assert history.add(event(project()))
    assert isinstance(history.state, LoopState)
