"""What a consumer's author can rely on, over every log: where it begins, and the state that it is given."""

from datetime import UTC, datetime

from labelloop.log.base import DeadLetterStatus, Log
from schemas.envelope import new_event
from schemas.events import EventData
from tests.contract.conftest import ON_SQLITE
from tests.support.consumers import until_letters
from tests.support.controllers import until
from tests.support.plugged import GROUP, Noting, at_work, once, running
from tests.support.states import PROJECT, all_answered, project, queried, trained

FIRST = ("ProjectCreated", "BatchQueried", "BatchAnnotated")


async def append(log: Log, *told: EventData) -> None:
    await log.append(*(new_event(PROJECT, data, source="tests") for data in told))


async def begin(log: Log) -> None:
    await append(log, project(), queried(), all_answered())


@ON_SQLITE
async def test_a_new_group_is_given_all_that_ever_was_each_with_the_state_right_after_it(log: Log) -> None:
    await begin(log)
    consumer = Noting()

    run = await once(log, consumer)

    assert consumer.noted == [(PROJECT, name, length) for length, name in enumerate(FIRST, 1)]
    assert run.handled == 3


async def test_a_group_goes_on_where_it_was_with_the_whole_state(log: Log) -> None:
    await begin(log)
    await once(log, Noting())
    await append(log, trained("0", {"0": 0}))
    again, nothing = Noting(), Noting()

    await once(log, again)
    await once(log, nothing)

    assert again.noted == [(PROJECT, "ModelTrained", 4)]
    assert nothing.noted == []


@ON_SQLITE
async def test_a_group_placed_at_the_end_is_given_what_comes_from_then_on(log: Log) -> None:
    await begin(log)
    await log.seek(GROUP, at_end=True)
    before, after = Noting(), Noting()

    await once(log, before)
    await append(log, trained("0", {"0": 0}))
    await once(log, after)

    assert (before.noted, after.noted) == ([], [(PROJECT, "ModelTrained", 4)])


@ON_SQLITE
async def test_a_group_placed_at_the_beginning_is_given_all_again(log: Log) -> None:
    await begin(log)
    await once(log, Noting())
    await log.seek(GROUP, at_end=False)
    again = Noting()

    await once(log, again)

    assert again.lengths == [1, 2, 3]


async def test_what_an_owner_wrote_in_a_transaction_is_no_obstacle_to_the_end(log: Log) -> None:
    await begin(log)
    async with log.own("trainer") as owner:
        await owner.append(new_event(PROJECT, trained("0", {"0": 0}), source="trainer"))
    consumer = Noting()

    await once(log, consumer)

    assert consumer.lengths == [1, 2, 3, 4]


@ON_SQLITE
async def test_what_is_not_wanted_is_passed_over_and_not_given_to_the_next(log: Log) -> None:
    await begin(log)

    class Models(Noting):
        events = (type(trained("0", {})),)

    picky = Models()
    async with at_work(running(log, picky)):
        await append(log, trained("0", {"0": 0}), queried("1", (3, 4, 5)))
        await until(lambda: picky.lengths == [4])
    await once(log, Models())
    next_one = Noting()
    await once(log, next_one)

    assert next_one.noted == []


@ON_SQLITE
async def test_a_dead_letter_comes_with_the_state_that_it_came_with(log: Log) -> None:
    await begin(log)
    consumer = Noting(*(ValueError("not yet") for _ in range(4)))
    async with at_work(running(log, consumer)):
        (letter,) = await until_letters(log, bool)
        await until(lambda: consumer.lengths == [2, 3])

        await log.dead_letters.put(letter.redriven(datetime.now(UTC)))
        await until_letters(log, lambda letters: letters[0].status is DeadLetterStatus.SETTLED)
        await append(log, trained("0", {"0": 0}))
        await until(lambda: consumer.lengths == [2, 3, 1, 4])


async def test_a_dead_letter_that_is_asked_for_is_given_before_once_ends(log: Log) -> None:
    await begin(log)
    await once(log, Noting(*(ValueError("not yet") for _ in range(4))))
    (letter,) = (await log.dead_letters.read()).values()
    await log.dead_letters.put(letter.redriven(datetime.now(UTC)))
    await append(log, trained("0", {"0": 0}))
    consumer = Noting()

    await once(log, consumer)

    assert consumer.noted == [(PROJECT, "ProjectCreated", 1), (PROJECT, "ModelTrained", 4)]
