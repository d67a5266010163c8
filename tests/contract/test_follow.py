"""What every log promises of followers."""

import asyncio
from collections.abc import Callable

from labelloop.log.base import Follower, Log
from tests.contract.conftest import Place
from tests.support.children import Child
from tests.support.logs import some_event

Start = Callable[..., Child]


async def first(follower: Follower, count: int) -> list[int]:
    """The numbers of the first records that arrive; commits all but the last."""
    numbers: list[int] = []
    async for record in follower:
        assert record.event is not None
        numbers.append(int(record.event.payload.request))  # type: ignore[attr-defined]
        if len(numbers) == count:
            break
        await follower.commit(record)
    return numbers


async def test_a_new_group_follows_from_the_beginning(log: Log) -> None:
    await log.append(*(some_event("p", number) for number in range(3)))

    async with log.follow("alerting") as follower:
        assert await first(follower, 3) == [0, 1, 2]


async def test_what_was_not_committed_comes_again(log: Log, place: Place) -> None:
    await log.append(*(some_event("p", number) for number in range(4)))
    async with log.follow("alerting") as follower:
        assert await first(follower, 3) == [0, 1, 2]

    again = place.open()
    async with again.follow("alerting") as follower:
        assert await first(follower, 2) == [2, 3]
    await again.close()


async def test_groups_have_positions_of_their_own(log: Log) -> None:
    await log.append(*(some_event("p", number) for number in range(3)))
    async with log.follow("alerting") as follower:
        await first(follower, 3)

    async with log.follow("dashboard") as follower:
        assert await first(follower, 1) == [0]


async def test_a_follower_waits_for_what_comes(log: Log, place: Place) -> None:
    another = place.open()
    async with log.follow("alerting") as follower:
        waiting = asyncio.create_task(first(follower, 2))
        await log.append(some_event("p", 0))
        await another.append(some_event("p", 1))

        assert await waiting == [0, 1]
    await another.close()


async def test_a_follower_that_was_killed_misses_nothing(log: Log, start: Start) -> None:
    await log.append(*(some_event("p", number) for number in range(300)))
    killed = start("follow", "alerting", "yes")
    killed.wait_for(lambda said: said["seen"] >= 20)
    killed.kill()
    handled = [said["seen"] for said in killed.messages]

    again = start("follow", "alerting", "yes")
    again.wait_for(lambda said: said["seen"] == 299)

    seen = [said["seen"] for said in again.messages]
    assert handled == list(range(len(handled)))
    assert seen == list(range(seen[0], 300))
    assert 0 < seen[0] <= len(handled) + 1
