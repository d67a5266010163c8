"""A project that moved to another log is void here, until it moves back."""

from dataclasses import replace

from labelloop.loop.digest import loop_digest
from labelloop.loop.history import History
from labelloop.projects.catalog import created
from schemas import events as e
from schemas.envelope import Event, new_event
from schemas.model import replaced
from tests.support.loops import PROJECT, Loop, mixed, project
from tests.support.messages import names

HERE, THERE = "sqlite:here", "kafka:there/labelloop.events"


def paused(request: str) -> Event:
    return new_event(PROJECT, e.ProjectPaused(request=request, who="ada"), source="tests")


def moved(to: str, history: History) -> Event:
    data = e.ProjectMoved(
        request=f"{to} {len(history.datahashes)}",
        who="ada",
        log=to,
        address=f"{to}.url",
        events=len(history.datahashes),
    )
    return new_event(PROJECT, data, source="tests", cause=next(reversed(history.datahashes)))


def at(log_identity: str, *events: Event) -> History:
    history = History(PROJECT, log_identity)
    for event in events:
        history.add(event)
    return history


def begun() -> list[Event]:
    loop = Loop(project(), mixed)
    loop.act("query")
    loop.act("answer 0")
    return loop.events


def test_after_the_move_nothing_counts_here_and_all_counts_there() -> None:
    events = begun()
    log_identity = at(HERE, *events)
    move = moved(THERE, log_identity)

    assert log_identity.add(move)
    assert not log_identity.add(paused("late"))

    assert log_identity.is_away
    assert names(log_identity.inactive_because, f"{THERE}.url")
    assert not created(log_identity).paused
    there = at(THERE, *events, move)
    assert there.inactive_because is None
    assert there.add(paused("on"))
    assert created(there).paused


def test_a_reader_that_does_not_know_its_log_takes_all() -> None:
    events = begun()
    history = History(PROJECT)
    for event in (*events, moved(THERE, at(HERE, *events)), paused("on")):
        assert history.add(event)

    assert history.inactive_because is None


def test_it_moves_back_with_what_happened_there_and_without_what_was_void() -> None:
    events = begun()
    log_identity = at(HERE, *events)
    there = at(THERE, *events)
    for history in (log_identity, there):
        history.add(move := moved(THERE, at(HERE, *events)))
    void = new_event(PROJECT, e.ServiceFailed(service="x", due="y", kind="", error="", attempt=1), source="a")
    log_identity.add(void)
    happened = [paused("on"), new_event(PROJECT, e.ProjectResumed(request="r", who="ada"), source="b")]
    for event in happened:
        there.add(event)
    back = moved(HERE, there)

    there.add(back)
    assert there.is_away
    for event in (*happened, back):
        log_identity.add(event)

    assert log_identity.inactive_because is None
    assert not log_identity.held
    assert list(log_identity.datahashes) == [event.id for event in (*events, move, *happened, back)]
    assert loop_digest(log_identity.state) == loop_digest(there.state)
    assert not created(log_identity).failures
    assert log_identity.add(paused("again"))


def test_void_words_on_a_fact_do_not_win_over_what_was_said_where_the_project_lived() -> None:
    events = begun()
    log_identity = at(HERE, *events, moved(THERE, at(HERE, *events)))
    there = at(THERE, *events, moved(THERE, at(HERE, *events)))
    failed = e.ServiceFailed(service="x", due="y", kind="", error="here", attempt=1)
    log_identity.add(new_event(PROJECT, failed, source="a"))
    right = new_event(PROJECT, replaced(failed, error="there"), source="a")
    there.add(right)
    back = moved(HERE, there)

    log_identity.add(right)
    log_identity.add(back)

    assert log_identity.conflicts == 0
    assert [failure.event.error for failure in created(log_identity).failures.values()] == ["there"]


def test_it_can_move_there_again() -> None:
    events = begun()
    log_identity, there = at(HERE, *events), at(THERE, *events)
    first = moved(THERE, log_identity)
    second = moved(HERE, at(THERE, *events, first))
    third = moved(THERE, at(HERE, *events, first, second))
    for history in (log_identity, there):
        for event in (first, second, third):
            history.add(event)

    assert log_identity.is_away
    assert there.inactive_because is None
    assert list(log_identity.datahashes) == list(there.datahashes)


def test_a_move_that_something_overtook_moves_nothing_and_is_said_again() -> None:
    events = begun()
    log_identity = at(HERE, *events)
    stale = moved(THERE, log_identity)
    log_identity.add(paused("first"))

    log_identity.add(stale)
    assert not log_identity.is_away
    assert log_identity.add(new_event(PROJECT, e.ProjectResumed(request="r", who="ada"), source="b"))

    log_identity.add(moved(THERE, log_identity))
    assert log_identity.is_away


def test_a_move_back_that_moved_nothing_there_is_not_taken_for_the_return() -> None:
    """What came in between there counts here, too, after the next statement."""
    events = begun()
    first = moved(THERE, at(HERE, *events))
    there = at(THERE, *events, first, paused("on"))
    stale = moved(HERE, there)
    resumed = new_event(PROJECT, e.ProjectResumed(request="r", who="ada"), source="b")
    for event in (resumed, stale):
        there.add(event)
    assert not there.is_away
    back = moved(HERE, there)
    there.add(back)

    log_identity = at(HERE, *events, first)
    for event in (paused("on"), resumed, stale):
        log_identity.add(event)
        assert log_identity.is_away
    log_identity.add(back)

    assert not log_identity.is_away
    assert list(log_identity.datahashes) == list(there.datahashes)
    assert loop_digest(log_identity.state) == loop_digest(there.state)


def unknown(request: str) -> Event:
    """An event of a type that this version does not know."""
    event = paused(request)
    return replace(event, attributes={**event.attributes, "type": "x.Noted.v1", "mustunderstand": "false"})


def test_an_event_of_an_unknown_type_hides_no_return() -> None:
    events = begun()
    first = moved(THERE, at(HERE, *events))
    happened = (paused("on"), unknown("x"))
    there = at(THERE, *events, first, *happened)
    back = moved(HERE, there)

    log_identity = at(HERE, *events, first, paused("void"), *happened, back)

    assert not log_identity.is_away
    assert list(log_identity.datahashes) == [*there.datahashes, back.id]


def test_an_event_of_an_unknown_type_that_comes_in_between_is_one_like_others() -> None:
    events = begun()
    first = moved(THERE, at(HERE, *events))
    resumed = new_event(PROJECT, e.ProjectResumed(request="r", who="ada"), source="b")
    there = at(THERE, *events, first, paused("on"), resumed)
    stale = moved(HERE, there)
    there.add(unknown("x"))
    there.add(stale)
    assert not there.is_away

    log_identity = at(HERE, *events, first, paused("on"), resumed, unknown("x"), stale)

    assert log_identity.is_away


def test_while_a_copy_back_is_not_complete_the_project_stays_away() -> None:
    events = begun()
    first = moved(THERE, at(HERE, *events))
    there = at(THERE, *events, first, paused("on"))
    log_identity = at(HERE, *events, first)

    log_identity.add(moved(HERE, there))

    assert log_identity.is_away
    assert not created(log_identity).paused
