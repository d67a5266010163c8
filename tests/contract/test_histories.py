"""What every log promises to who moves a project: a name of its own, and long histories whole."""

from labelloop.log.base import Log
from tests.contract.conftest import Place, read_numbers
from tests.support.logs import some_event

LONG = "x" * 2_000_000


async def test_a_log_has_one_identity_for_all_who_open_it(log: Log, place: Place, another: Log) -> None:
    again = place.open()

    assert await log.identity() == await again.identity()
    assert await log.identity() != await another.identity()

    await again.close()


async def test_more_than_a_batch_holds_is_appended_all_the_same(log: Log) -> None:
    """12 events of 2 MB each."""
    await log.append(some_event("p", 0))

    await log.append(*(some_event("p", number, why=LONG) for number in range(1, 13)))
    await log.append(some_event("p", 13))

    assert await read_numbers(log) == list(range(14))
