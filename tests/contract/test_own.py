"""What every log promises of ownership."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from labelloop.log.base import Arrived, Assigned, Fenced, Log, Ownership, Revoked
from labelloop.log.kafka import ownership as kafka_ownership
from tests.contract.conftest import LIFETIME, Place, read_numbers
from tests.support.children import Child
from tests.support.controllers import until
from tests.support.logs import some_event

Start = Callable[..., Child]


def arrived(child: Child) -> list[int]:
    return [number for said in child.messages for number in said.get("arrived", ())]


def wait_until_caught_up(child: Child) -> None:
    child.wait_for(lambda said: bool(said.get("caught_up")))


def wait_until_it_has(child: Child, number: int) -> None:
    child.wait_for(lambda said: number in said.get("arrived", ()))


async def test_an_owner_of_an_empty_log_is_caught_up_at_once(log: Log) -> None:
    async with log.own("trainer") as ownership:
        changes = aiter(ownership)

        assert isinstance(await anext(changes), Assigned)
        first = await anext(changes)

    assert isinstance(first, Arrived)
    assert first.caught_up
    assert list(first.records) == []


async def test_an_owner_has_the_history_then_what_comes(log: Log, place: Place) -> None:
    await log.append(*(some_event("p", number) for number in range(2500)))
    another = place.open()
    numbers: list[int] = []
    was_caught_up_at: int | None = None

    async with log.own("trainer") as ownership:
        async for change in ownership:
            if not isinstance(change, Arrived):
                continue
            numbers += [int(r.event.payload.request) for r in change.records if r.event]  # type: ignore[attr-defined]
            if was_caught_up_at is None and change.caught_up:
                was_caught_up_at = len(numbers)
                await ownership.append(some_event("p", 2500))
                await another.append(some_event("p", 2501))
            if 2501 in numbers:
                break

    assert was_caught_up_at == 2500
    assert numbers == list(range(2502))
    await another.close()


async def test_the_lag_is_what_has_not_arrived(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_ownership, "PROBE_INTERVAL", 0.2)
    async with log.own("trainer") as ownership:
        reading = asyncio.create_task(read_all(ownership))
        await ownership.append(some_event("p", 0), some_event("p", 1))
        await until(lambda: ownership.lag() == {0: 0})

        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await log.append(*(some_event("p", number) for number in (2, 3, 4)))

        await until(lambda: ownership.lag() == {0: 3})


async def read_all(ownership: Ownership) -> None:
    async for _ in ownership:
        continue


async def test_a_history_can_begin_behind_an_offset(log: Log) -> None:
    await log.append(*(some_event("p", number) for number in range(10)))
    records = [record async for record in log.read()]
    numbers: list[int] = []

    async with log.own("trainer") as ownership:
        async for change in ownership:
            if isinstance(change, Assigned):
                ownership.skip_past(change.partition, records[6].offset)
            if isinstance(change, Arrived):
                numbers += [int(r.event.payload.request) for r in change.records if r.event]  # type: ignore[attr-defined]
                if change.caught_up:
                    break

    assert numbers == [7, 8, 9]


async def test_services_are_owned_apart_from_each_other(log: Log) -> None:
    async with log.own("trainer") as trainer, log.own("querier") as querier:
        await trainer.append(some_event("p", 0))
        await querier.append(some_event("p", 1))

    assert await read_numbers(log) == [0, 1]


async def test_a_second_owner_waits_while_the_first_lives(log: Log, start: Start) -> None:
    first = start("own", "trainer", "p")
    wait_until_caught_up(first)
    second = start("own", "trainer", "p")
    second.wait_for_key("waiting")

    count = 3
    for number in range(count):
        first.tell(str(number))
        assert first.wait_for_key("appended") == number
        assert second.is_silent(LIFETIME / 2)
    first.tell("leave")

    first.wait_for_key("left")
    second.wait_for_key("assigned")
    wait_until_it_has(second, count - 1)
    assert arrived(second) == list(range(count))


async def test_an_owner_that_was_killed_is_replaced(log: Log, start: Start) -> None:
    first = start("own", "trainer", "p")
    wait_until_caught_up(first)
    second = start("own", "trainer", "p")
    second.wait_for_key("waiting")
    first.tell("1")
    first.wait_for_key("appended")

    first.kill()

    second.wait_for_key("assigned")
    second.tell("2")
    wait_until_it_has(second, 2)
    assert arrived(second) == [1, 2]


async def test_a_frozen_owner_is_replaced_and_fenced_when_it_wakes(log: Log, start: Start) -> None:
    first = start("own", "trainer", "p")
    wait_until_caught_up(first)
    second = start("own", "trainer", "p")
    second.wait_for_key("waiting")

    first.freeze()
    second.wait_for_key("assigned")
    second.tell("1")
    second.wait_for_key("appended")
    first.tell("2")
    first.wake()

    seen = [first.wait_for(lambda said: "fenced" in said or "appended" in said or "ended" in said)]
    while not {"fenced", "ended"} <= {key for said in seen for key in said}:
        seen.append(first.wait_for(lambda said: "fenced" in said or "appended" in said or "ended" in said))
    assert not [said for said in seen if "appended" in said]
    assert any("revoked" in said for said in first.messages)
    assert await read_numbers(log) == [1]
    first.tell("leave")
    first.wait_for_key("left")
    second.tell("3")
    wait_until_it_has(second, 3)


@pytest.mark.all_cells
async def test_a_fenced_owner_neither_goes_on_nor_takes_the_new_one_with_it(log: Log, start: Start) -> None:
    first = start("own", "trainer", "p")
    wait_until_caught_up(first)
    second = start("own", "trainer", "p")
    second.wait_for_key("waiting")
    first.freeze()
    second.wait_for_key("assigned")

    first.wake()
    first.wait_for_key("ended")
    first.tell("leave")
    first.wait_for_key("left")

    second.tell("1")
    assert second.wait_for_key("appended") == 1


async def test_leaving_gives_the_projects_to_the_next_at_once(log: Log, place: Place) -> None:
    another = place.open()
    async with log.own("trainer") as ownership:
        await ownership.append(some_event("p", 0))

    async with another.own("trainer") as next_owner:
        await next_owner.append(some_event("p", 1))
        with pytest.raises(Fenced):
            await ownership.append(some_event("p", 2))
        changes: list[Any] = [change async for change in ownership]

    assert isinstance(changes[-1], Revoked)
    assert await read_numbers(log) == [0, 1]
    await another.close()
