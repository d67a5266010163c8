"""What every log promises of dead letters."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from labelloop.log.base import DeadLetter, DeadLetterStatus, Log
from tests.contract.conftest import Place, read_all
from tests.support.logs import some_event

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


async def letter(log: Log, number: int = 0) -> DeadLetter:
    """A letter about an event that is in the log now."""
    await log.append(some_event("p", number, why="größer ✓"))
    record = (await read_all(log))[-1]
    assert record.event is not None
    reason = "ValueError: ✓ is odd"
    return DeadLetter("alerting", record.partition, record.offset, record.event, reason, 4, NOON)


async def test_a_log_has_no_dead_letters_at_first(log: Log) -> None:
    assert await log.dead_letters.read() == {}


async def test_a_letter_comes_back_as_it_was_put_wherever_it_is_read(log: Log, place: Place) -> None:
    put = await letter(log)

    await log.dead_letters.put(put)

    another = place.open()
    assert await another.dead_letters.read() == {put.id: put}
    (read,) = (await log.dead_letters.read()).values()
    assert read.event.data == put.event.data
    await another.close()


async def test_the_last_word_on_a_letter_counts(log: Log, place: Place) -> None:
    first, other = await letter(log, 0), await letter(log, 1)
    await log.dead_letters.put(first, other)
    assert list((await log.dead_letters.read()).values()) == [first, other]

    later = NOON + timedelta(minutes=1)
    await log.dead_letters.put(first.redriven(later))
    asked_for = (await log.dead_letters.read())[first.id]
    await log.dead_letters.put(asked_for.failed_again("KeyError", later), other.settled(later))

    for each in (log, another := place.open()):
        found = await each.dead_letters.read()
        assert list(found) == [first.id, other.id]
        assert (found[first.id].status, found[first.id].attempts) == (DeadLetterStatus.DEAD, 5)
        assert (found[first.id].reason, found[first.id].time) == ("KeyError", later)
        assert found[other.id].status is DeadLetterStatus.SETTLED
    await another.close()


async def test_each_group_has_letters_of_its_own(log: Log) -> None:
    alerting = await letter(log)
    dashboard = replace(alerting, group="dashboard")

    await log.dead_letters.put(alerting, dashboard)

    assert list((await log.dead_letters.read()).values()) == [alerting, dashboard]


async def test_dead_letters_are_no_events(log: Log) -> None:
    await log.dead_letters.put(await letter(log))

    assert len(await read_all(log)) == 1
