"""Which answers are a reason to look at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest

from labelloop.config.service_settings import ServiceSettings
from labelloop.oracle.base import AskedText, WakesUp
from labelloop.oracle.lost_votes import SeenRecord
from labelloop.oracle.mapping import MappingOracle, MappingRecords
from labelloop.runtime.controller import Polled
from schemas.model import replaced
from services.annotation_watcher import service
from services.annotation_watcher.due import undecided
from services.annotation_watcher.service import QUICK, QUIET_AFTER, AnnotationWatcher
from tests.support.controllers import until
from tests.support.looks import ANN_SPAM, BOB_HAM, everything, seen_records
from tests.support.states import PROJECT, project, queried, state_of, vote

Answered = Callable[[str], Awaitable[None]]
STATE = state_of(project(), queried())


def lacking(sees: Mapping[int, SeenRecord], **settings: Any) -> int:
    state = state_of(project(**settings), queried())
    return undecided(state, state.batches["0"], sees)


def test_a_batch_lacks_an_answer_for_each_text_that_is_undecided() -> None:
    assert lacking({}) == 3
    assert lacking(seen_records(ANN_SPAM)) == 2
    assert lacking(everything("spam", None, "ham")) == 0
    assert lacking(seen_records(vote("ann", "spam", "draft"))) == 3
    assert lacking(seen_records(ANN_SPAM), min_submitted=2) == 3
    assert lacking(seen_records(ANN_SPAM, BOB_HAM), min_submitted=2) == 2


def test_a_text_for_two_people_lacks_an_answer_until_both_have_decided() -> None:
    picked = queried()
    overlap = replaced(picked, items=(replaced(picked.items[0], answers=2), *picked.items[1:]))
    state = state_of(project(), overlap)
    one = everything("spam", "ham", "news")

    assert undecided(state, state.batches["0"], one) == 1
    assert undecided(state, state.batches["0"], {**one, **seen_records(ANN_SPAM, BOB_HAM)}) == 0


class Telling(MappingOracle):
    """People answer in a mapping, and whoever calls `answered` tells of it."""

    answered: Answered | None = None
    opened = 0

    def project(self, project_id: str) -> MappingRecords:
        self.opened += 1
        return super().project(project_id)

    async def tell_of_answers(self, answered: Answered) -> None:
        self.answered = answered
        await asyncio.Event().wait()


class Desk:
    """A watcher of a batch of three texts; `woken`: the projects that were to be polled at once."""

    def __init__(self, oracle: Telling, records: MappingRecords) -> None:
        self.watcher = AnnotationWatcher(ServiceSettings("log", "store", "", "", oracle="telling"))
        self.woken: list[str] = []
        self.oracle = oracle
        self._records = records

    async def poll(self) -> Polled:
        return await self.watcher.poll(STATE)

    async def answer(self, *items: int) -> None:
        """Ann answers, and the watcher is told of each answer."""
        for record, asked in self._records.asked().items():
            if asked.item in items:
                self._records.answer(record, "ann", ["spam"])
                await self.tell(PROJECT)

    async def tell(self, project_id: str) -> None:
        assert self.oracle.answered is not None
        await self.oracle.answered(project_id)

    async def wake(self, project_id: str) -> None:
        self.woken.append(project_id)


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    entries: dict[str, str] = {}
    oracle = Telling(lambda project: entries)
    monkeypatch.setattr(service, "open_oracle", lambda settings: oracle)
    records = oracle.project(PROJECT)
    await records.set_up(project())
    await records.put([AskedText("0", 0, item, item, f"mail {item}") for item in range(3)])
    desk = Desk(oracle, records)
    waking = asyncio.create_task(desk.watcher.keep_waking(desk.wake))
    await until(lambda: oracle.answered is not None)
    yield desk
    waking.cancel()


async def test_only_an_answer_that_may_complete_a_batch_is_a_reason(desk: Desk) -> None:
    await desk.poll()

    await desk.answer(0, 1)
    assert desk.woken == []
    await desk.answer(2)
    assert desk.woken == [PROJECT]


async def test_it_polls_the_records_that_the_oracle_gave_it_first(desk: Desk) -> None:
    opened = desk.oracle.opened

    await desk.poll()
    await desk.poll()

    # An oracle that is told of an answer makes those read anew which it has given.
    assert desk.oracle.opened == opened + 1


async def test_what_a_poll_has_seen_is_not_awaited_again(desk: Desk) -> None:
    await desk.answer(0)
    assert (await desk.poll()).again_in == QUICK
    await desk.answer(1)
    assert (await desk.poll()).again_in == QUICK

    assert desk.woken == []
    await desk.answer(2)
    assert desk.woken == [PROJECT]


async def test_answers_that_came_while_it_looked_are_a_reason_to_look_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.answer(0, 1)
    look = MappingRecords.seen

    async def seen(records: MappingRecords, batch: Any) -> Any:
        found = await look(records, batch)
        await desk.answer(2)
        return found

    monkeypatch.setattr(MappingRecords, "seen", seen)

    assert (await desk.poll()).again_in == 0


async def test_where_nobody_has_answered_for_a_while_any_answer_is_a_reason(desk: Desk) -> None:
    for _ in range(QUIET_AFTER + 2):
        polled = await desk.poll()
    assert polled.again_in > QUICK

    await desk.answer(0)

    assert desk.woken == [PROJECT]
    await desk.poll()
    assert (await desk.poll()).again_in == QUICK


async def test_a_project_that_it_does_not_watch_wakes_nobody(desk: Desk) -> None:
    await desk.poll()

    for _ in range(10):
        await desk.tell("news-0000")

    assert desk.woken == []


async def test_an_oracle_need_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    oracle = MappingOracle(lambda project: {})
    monkeypatch.setattr(service, "open_oracle", lambda settings: oracle)
    watcher = AnnotationWatcher(ServiceSettings("log", "store", "", "", oracle="silent"))

    async def wake(project_id: str) -> None:
        """Nobody calls it."""

    assert not isinstance(oracle, WakesUp)
    await watcher.keep_waking(wake)
