"""Several owners of one service on a real Kafka share its partitions, and each event reaches one of them."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest

from labelloop.log.base import Arrived, Assigned, Fenced, Ownership, Revoked
from labelloop.log.kafka import KafkaLog
from labelloop.log.kafka.writer import Writer
from schemas.envelope import Event
from tests.support.controllers import until
from tests.support.logs import kafka_log, some_event
from tests.support.messages import raises_naming

PARTITIONS = 6
SESSION = 3.0
PROJECTS = [f"project-{number}" for number in range(20)]


class Member:
    """An owner that notes what it has and what reaches it."""

    def __init__(self, ownership: Ownership) -> None:
        self.ownership = ownership
        self.owned: set[int] = set()
        self.events: list[Event] = []
        self.partition_of: dict[str, int] = {}

    async def watch(self) -> None:
        async for change in self.ownership:
            match change:
                case Assigned():
                    self.owned.add(change.partition)
                case Revoked():
                    self.owned.discard(change.partition)
                case Arrived():
                    assert change.partition in self.owned
                    for record in change.records:
                        assert record.event is not None
                        self.events.append(record.event)
                        self.partition_of[record.event.project] = record.partition


@pytest.fixture
def open_log(kafka: str) -> Callable[[], KafkaLog]:
    url = f"kafka://{kafka}/sharing-{secrets.token_hex(4)}"
    return lambda: kafka_log(url, {"LABELLOOP_KAFKA_PARTITIONS": str(PARTITIONS)}, SESSION)


@asynccontextmanager
async def a_member(log: KafkaLog) -> AsyncIterator[Member]:
    async with log.own("trainer") as ownership:
        member = Member(ownership)
        watching = asyncio.create_task(member.watch())
        yield member
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
    await log.close()


def shared(*members: Member) -> bool:
    """Whether every partition has one owner, and each owner its share."""
    owned = [partition for member in members for partition in member.owned]
    return sorted(owned) == list(range(PARTITIONS)) and all(
        len(member.owned) == PARTITIONS // len(members) for member in members
    )


async def test_partitions_are_shared_move_and_never_have_two_owners(open_log: Callable[[], KafkaLog]) -> None:
    log = open_log()
    await log.append(*(some_event(project, 0) for project in PROJECTS))
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(a_member(open_log()))
        await until(lambda: shared(first) and len(first.events) == len(PROJECTS))

        async with a_member(open_log()) as second:
            await until(lambda: shared(first, second))
            kept, moved = set(first.owned), set(second.owned)
            in_moved = {project for project in PROJECTS if first.partition_of[project] in moved}
            await until(lambda: _projects(second, 0) == in_moved)
            await log.append(*(some_event(project, 1) for project in PROJECTS))

            def reached() -> list[str]:
                return [e.project for m in (first, second) for e in m.events if _number(e) == 1]

            await until(lambda: len(reached()) >= len(PROJECTS))
            assert sorted(reached()) == sorted(PROJECTS)
            assert _projects(second, 1) == in_moved

            here = next(p for p in PROJECTS if first.partition_of[p] in kept)
            there = min(in_moved)
            await first.ownership.append(some_event(here, 2))
            with raises_naming(Fenced, first.partition_of[there]):
                await first.ownership.append(some_event(there, 2))

        await until(lambda: shared(first))
        await first.ownership.append(some_event(there, 3))
        await until(lambda: 3 in [_number(e) for e in first.events if e.project == there])
    await log.close()


async def test_three_members_share_evenly(open_log: Callable[[], KafkaLog]) -> None:
    async with a_member(open_log()) as first, a_member(open_log()) as second, a_member(open_log()) as third:
        await until(lambda: shared(first, second, third))


async def test_what_goes_to_another_while_it_is_fenced_is_not_told(
    open_log: Callable[[], KafkaLog], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_log()
    await log.append(*(some_event(project, 0) for project in PROJECTS))
    fencing: list[Writer] = []
    go_on, start = asyncio.Event(), Writer.start

    async def hesitant(writer: Writer) -> None:
        if len(fencing) < PARTITIONS:
            fencing.append(writer)
            await go_on.wait()
        await start(writer)

    monkeypatch.setattr(Writer, "start", hesitant)
    async with AsyncExitStack() as stack:
        coming = asyncio.create_task(stack.enter_async_context(a_member(open_log())))
        await until(lambda: len(fencing) == PARTITIONS)
        second = await stack.enter_async_context(a_member(open_log()))
        await until(lambda: len(second.owned) == PARTITIONS // 2)
        go_on.set()
        first = await coming

        await until(lambda: shared(first, second))
        await until(lambda: len(first.events) + len(second.events) == len(PROJECTS))
    await log.close()


def _number(event: Event) -> int:
    return int(event.payload.request)  # type: ignore[attr-defined]


def _projects(member: Member, number: int) -> set[str]:
    return {event.project for event in member.events if _number(event) == number}
