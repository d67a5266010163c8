"""What a consumer can rely on, over every log: each event at least once, and none that fails is lost."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labelloop.errors import Unavailable
from labelloop.log.base import DeadLetterStatus, Log
from labelloop.observe.service_status import ServiceStatus
from labelloop.observe.status_file import read_status_file
from tests.contract.conftest import LIFETIME, ON_SQLITE, Place
from tests.support.children import Child
from tests.support.consumers import GROUP, Consumer, delivering, odd, until_letters
from tests.support.controllers import until
from tests.support.logs import some_event
from tests.support.messages import levels

Consume = Callable[..., Child]


@pytest.fixture
def consume(place: Place) -> Consume:
    """A consumer as a process of its own: `with consume(failing="1") as child`."""

    def start(failing: str = "", hanging: str = "") -> Child:
        where = (place.name, place.at, str(LIFETIME))
        return Child("tests.support.delivery_child", *where, GROUP, failing, hanging)

    return start


async def append(log: Log, *numbers: int) -> None:
    await log.append(*(some_event("p", number) for number in numbers))


async def redrive(log: Log) -> None:
    """Ask for all that is dead."""
    letters = (await log.dead_letters.read()).values()
    now = datetime.now(UTC)
    await log.dead_letters.put(
        *(each.redriven(now) for each in letters if each.status is DeadLetterStatus.DEAD)
    )


async def test_what_fails_for_a_while_is_tried_again(log: Log) -> None:
    await append(log, 0, 1, 2)
    consumer = Consumer(failing={1: odd(2)})

    async with delivering(log, consumer, attempts=3):
        await until(lambda: consumer.handled == [0, 1, 2])

    assert consumer.calls == [0, 1, 1, 1, 2]
    assert not await log.dead_letters.read()


async def test_what_cannot_be_handled_is_set_aside_and_the_next_comes(log: Log) -> None:
    await append(log, 0, 1, 2)
    consumer = Consumer(failing={1: odd(9)})

    async with delivering(log, consumer, attempts=3):
        await until(lambda: consumer.handled == [0, 2])

    (letter,) = (await log.dead_letters.read()).values()
    assert consumer.counts[1] == 3
    assert (letter.group, letter.attempts, letter.status) == (GROUP, 3, DeadLetterStatus.DEAD)
    assert letter.event.data == some_event("p", 1).data
    assert letter.reason == "ValueError: it is odd"


async def test_one_in_which_something_is_cancelled_fails_as_with_any_error(log: Log) -> None:
    await append(log, 0, 1)
    consumer = Consumer(failing={0: [asyncio.CancelledError() for _ in range(3)]})

    async with delivering(log, consumer, attempts=3):
        await until(lambda: consumer.handled == [1])

    (letter,) = (await log.dead_letters.read()).values()
    assert letter.reason == "CancelledError"


async def test_after_a_restart_only_what_is_new_comes(log: Log) -> None:
    await append(log, 0, 1, 2)
    consumer = Consumer(failing={1: odd(9)})
    async with delivering(log, consumer):
        await until(lambda: consumer.handled == [0, 2])
        await append(log, 3)
        await until(lambda: 3 in consumer.handled)
    await append(log, 4)
    again = Consumer()

    async with delivering(log, again):
        await until(lambda: 4 in again.handled)

    # The commit of the last one may have been cut off.
    assert again.calls in ([4], [3, 4])


async def test_what_needs_something_that_is_away_waits_for_it(
    log: Log, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await append(log, 0, 1)
    away: list[Exception] = [Unavailable(f"no answer in {n} s", outage="the mail server") for n in range(9)]
    consumer = Consumer(failing={0: away})
    status = ServiceStatus(GROUP, tmp_path / "run")

    async with delivering(log, consumer, status=status, attempts=3):
        await until(lambda: "waiting" in read_status_file(tmp_path / "run", GROUP))
        await until(lambda: consumer.handled == [0, 1])
        await until(lambda: "waiting" not in read_status_file(tmp_path / "run", GROUP))

    assert consumer.counts[0] == 10
    assert not await log.dead_letters.read()
    assert levels(caplog, "no answer in 0 s") == ["WARNING"]
    assert not [n for n in range(1, 9) if levels(caplog, f"no answer in {n} s")]


async def test_what_holds_no_event_is_counted_and_passed_over(log: Log, place: Place, tmp_path: Path) -> None:
    await append(log, 0)
    place.spoil()
    await append(log, 1)
    consumer = Consumer()

    async with delivering(log, consumer, status=ServiceStatus(GROUP, tmp_path / "run")):
        await until(lambda: consumer.handled == [0, 1])

    assert read_status_file(tmp_path / "run", GROUP)["strangers"] == 1
    assert not await log.dead_letters.read()


async def test_what_is_asked_for_is_given_again_while_the_consumer_runs(log: Log) -> None:
    await append(log, 0, 1)
    consumer = Consumer(failing={0: odd(3)})
    async with delivering(log, consumer, attempts=3):
        await until(lambda: consumer.handled == [1])

        await redrive(log)

        (letter,) = await until_letters(log, lambda letters: letters[0].status is DeadLetterStatus.SETTLED)
    assert consumer.handled == [1, 0]
    assert letter.event.id == some_event("p", 0).id


async def test_what_fails_once_more_is_back_with_one_attempt_more(log: Log) -> None:
    await append(log, 0)
    consumer = Consumer(failing={0: [*odd(3), KeyError("another")]})
    async with delivering(log, consumer, attempts=3):
        await until_letters(log, bool)

        await redrive(log)
        (letter,) = await until_letters(log, lambda letters: letters[0].attempts == 4)
        assert (letter.status, letter.reason) == (DeadLetterStatus.DEAD, "KeyError: 'another'")

        await redrive(log)
        await until_letters(log, lambda letters: letters[0].status is DeadLetterStatus.SETTLED)
    assert consumer.counts[0] == 5


async def test_what_was_asked_for_is_given_at_the_next_start_of_its_own_group(log: Log) -> None:
    await append(log, 0, 1)
    failing = Consumer(failing={0: odd(3)})
    async with delivering(log, failing, attempts=3):
        await until(lambda: failing.handled == [1])
    await redrive(log)

    other, again = Consumer(), Consumer()
    async with delivering(log, other, group="dashboard"):
        await until(lambda: other.handled == [0, 1])
        async with delivering(log, again):
            await until_letters(log, lambda letters: letters[0].status is DeadLetterStatus.SETTLED)

    assert again.counts[0] == 1
    assert other.calls == [0, 1]


async def test_a_consumer_killed_while_it_handles_is_given_the_event_again(
    log: Log, consume: Consume
) -> None:
    await append(log, 0, 1, 2, 3)
    with consume(failing="1", hanging="2") as killed:
        killed.wait_for(lambda said: said.get("called") == 2)
        killed.kill()

    with consume() as again:
        again.wait_for(lambda said: said.get("handled") == 3)

    assert {"handled": 2} in again.messages
    assert {"called": 0} not in again.messages
    (letter,) = (await log.dead_letters.read()).values()
    assert letter.event.id == some_event("p", 1).id


@ON_SQLITE
async def test_a_consumer_killed_while_it_tries_again_is_asked_once_more(log: Log, consume: Consume) -> None:
    await append(log, 0, 1)
    with consume(failing="0") as first:
        first.wait_for(lambda said: said.get("handled") == 1)
    await redrive(log)
    with consume(hanging="0") as killed:
        killed.wait_for(lambda said: said.get("called") == 0)
        killed.kill()
    (letter,) = (await log.dead_letters.read()).values()
    assert letter.status is DeadLetterStatus.REDRIVEN

    with consume() as again:
        again.wait_for(lambda said: said.get("handled") == 0)
        await until_letters(log, lambda letters: letters[0].status is DeadLetterStatus.SETTLED)
