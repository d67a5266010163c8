"""When what a topic brings is added, from which batch on, and when a project takes no more."""

import pytest

from labelloop.loop.history import History
from labelloop.loop.state import LoopState
from labelloop.pool.messages import TopicMessage
from labelloop.projects import stream
from labelloop.projects.stream import MOST_MESSAGES, Portion, first_batch, is_due, why_over
from schemas import events as e
from schemas.envelope import new_event
from tests.support.loops import Loop
from tests.support.messages import names
from tests.support.schedules import begun

EVERY = 600.0


def portion(count: int, waited: float = 0.0) -> Portion:
    made = Portion({0: 0})
    made.put(TopicMessage(0, number, b"text") for number in range(count))
    made.since -= waited
    return made


def due(state: LoopState, count: int, waited: float = 0.0, idle: bool = True, first: bool = False) -> bool:
    return is_due(state, portion(count, waited), EVERY, idle, first)


def run_out() -> Loop:
    """All of its texts were asked, and the last batch waits for people."""
    loop = begun(pool=6, batch_size=3, max_batches=None)
    for act in ("query", "query", "answer 0"):
        loop.act(act)
    return loop


def test_a_portion_waits_for_its_time_unless_it_is_full() -> None:
    state = begun().state

    assert not due(state, 0, waited=EVERY)
    assert not due(state, 9, waited=EVERY / 2)
    assert due(state, 1, waited=EVERY + 1)
    assert due(state, 1, waited=EVERY + 1, idle=False), "messages may come all the time"
    assert due(state, MOST_MESSAGES, idle=False)


def test_a_portion_is_full_by_its_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST_BYTES", 8)

    assert due(begun().state, 2)


def test_the_first_messages_of_a_topic_are_added_as_soon_as_no_more_are_there() -> None:
    state = begun().state

    assert due(state, 1, first=True)
    assert not due(state, 1, idle=False, first=True)
    assert due(state, 1, waited=5, idle=False, first=True)


def test_a_pool_that_ran_out_gets_a_batch_at_once_and_less_if_people_wait() -> None:
    loop = run_out()

    assert due(loop.state, 3)
    assert not due(loop.state, 2), "people label the last batch"
    assert not due(loop.state, 3, idle=False)
    loop.act("answer 1")
    assert due(loop.state, 1)


def test_texts_of_a_stream_leave_the_next_pick_as_it_is_unless_it_has_too_few() -> None:
    assert first_batch(begun(pool=3, batch_size=3).state) == 1
    assert first_batch(begun(pool=2, batch_size=3).state) == 0
    assert first_batch(run_out().state) == 2


def history(loop: Loop, *data: e.EventData) -> History:
    history = History(loop.state.project_id, "here")
    for event in loop.events:
        history.add(event)
    for each in data:
        cause = history.newest
        history.add(new_event(history.project, each, source="tests", cause=cause))
    return history


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (e.ProjectEnded(request="1", who="ann"), ("ended", "left in the topic")),
        (
            e.ProjectMoved(request="1", who="ann", log="there", address="kafka://b/x", events=1),
            ("kafka://b/x",),
        ),
        (e.ProjectMoved(request="1", who="ann", log="nowhere", address="", events=1), ("deleted",)),
    ],
    ids=["ended", "moved", "deleted"],
)
def test_a_project_that_takes_no_more_texts_is_told(data: e.EventData, told: tuple[str, ...]) -> None:
    loop = begun()
    assert why_over(history(loop)) is None

    assert names(why_over(history(loop, data)) or "", loop.state.project_id, *told)


def test_a_project_with_all_its_batches_takes_no_more_texts() -> None:
    loop = begun(max_batches=2, batch_size=3)
    loop.finish()

    assert names(why_over(history(loop)) or "", "all of its 2 batches", "--batches 4", "left in the topic")


def test_a_project_that_was_erased_takes_no_more_texts() -> None:
    assert names(why_over(History("mail-1")) or "", "mail-1", "deleted")
