"""What every log promises of append and read."""

from collections.abc import Callable

import pytest

from labelloop.log.base import Log
from schemas.envelope import Event
from tests.contract.conftest import Place, read_all, read_numbers
from tests.support.children import Child
from tests.support.logs import some_event

Start = Callable[..., Child]


async def test_an_empty_log_has_nothing_to_read(log: Log) -> None:
    assert await read_all(log) == []


async def test_events_come_back_as_they_were_written_and_in_order(log: Log) -> None:
    events = [some_event("p", number, why="größer ✓") for number in range(5)]

    await log.append(*events[:2])
    await log.append(*events[2:])

    records = await read_all(log)
    assert [record.event for record in records] == events
    assert [record.event.data for record in records if record.event] == [event.data for event in events]
    assert [record.offset for record in records] == sorted({record.offset for record in records})


async def test_reading_one_project_leaves_out_the_others(log: Log) -> None:
    await log.append(some_event("p", 0), some_event("q", 1), some_event("p", 2))

    assert await read_numbers(log, "p") == [0, 2]
    assert await read_numbers(log, "q") == [1]
    assert await read_numbers(log, "none") == []


async def test_reading_ends_at_the_end_that_there_was(log: Log) -> None:
    await log.append(*(some_event("p", number) for number in range(3)))

    seen = []
    async for record in log.read():
        seen.append(record)
        await log.append(some_event("p", 100 + len(seen)))

    assert len(seen) == 3


async def test_a_duplicate_is_no_error_and_comes_once(log: Log) -> None:
    await log.append(some_event("p", 0))

    await log.append(some_event("p", 0))
    await log.append(some_event("p", 0), some_event("p", 1))

    assert await read_numbers(log) == [0, 1]


async def test_of_an_id_with_two_contents_the_first_counts(log: Log) -> None:
    first, other = some_event("p", 0, why="first"), some_event("p", 0, why="another")
    assert first.id == other.id
    await log.append(first)

    await log.append(other)

    counting: dict[str, Event] = {}
    for record in await read_all(log):
        assert record.event is not None
        counting.setdefault(record.event.id, record.event)
    assert list(counting.values()) == [first]


async def test_a_duplicate_inside_one_append_is_written_once(log: Log) -> None:
    await log.append(some_event("p", 0), some_event("p", 0), some_event("p", 1))

    assert await read_numbers(log) == [0, 1]


async def test_an_append_that_fails_writes_none_of_its_events(log: Log) -> None:
    broken = Event({**some_event("p", 1).attributes}, data="no bytes")  # type: ignore[arg-type]
    object.__setattr__(broken, "attributes", {**broken.attributes, "source": object()})

    with pytest.raises(TypeError):
        await log.append(some_event("p", 0), broken)

    await log.append(some_event("p", 2))
    assert await read_numbers(log) == [2]


async def test_a_record_that_is_no_event_arrives_with_the_problem(log: Log, place: Place) -> None:
    await log.append(some_event("p", 0))
    place.spoil()
    await log.append(some_event("p", 1))

    before, spoiled, after = await read_all(log)

    assert before.event is not None
    assert after.event is not None
    assert spoiled.event is None
    assert spoiled.problem


async def test_a_log_is_the_same_when_it_is_opened_again(log: Log, place: Place) -> None:
    await log.append(some_event("p", 0), some_event("p", 1))

    again = place.open()

    assert await read_all(again) == await read_all(log)
    await again.close()


async def test_several_processes_write_at_once_and_nothing_is_lost_or_twice(log: Log, start: Start) -> None:
    count, size = 480, 4
    children = [start("append", "p", writer * count, count, size) for writer in range(3)]
    overlapping = start("append", "p", 0, count, size)
    for child in (*children, overlapping):
        child.wait_for_key("ready")

    for child in (*children, overlapping):
        child.tell("go")
    for child in (*children, overlapping):
        assert child.wait() == 0

    numbers = await read_numbers(log)
    assert sorted(numbers) == list(range(3 * count))
    for writer in range(1, 3):
        own = [number for number in numbers if number // count == writer]
        assert own == sorted(own)


async def test_a_writer_killed_in_the_middle_loses_nothing_that_returned(log: Log, start: Start) -> None:
    child = start("append", "p", 0, 1_000_000, 3)
    child.wait_for_key("ready")
    child.tell("go")
    child.wait_for(lambda said: said.get("appended", 0) > 200)

    child.kill()

    safe = max(said["appended"] for said in child.messages if "appended" in said)
    numbers = await read_numbers(log)
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > safe
    assert len(numbers) % 3 == 0
    await log.append(some_event("p", 5_000_000))
    assert (await read_numbers(log))[-1] == 5_000_000
