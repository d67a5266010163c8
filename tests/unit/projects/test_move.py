"""A project moves from one log to another and back: on two SQLite logs."""

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest

from labelloop.errors import UserError
from labelloop.log.base import Fenced, Log
from labelloop.log.sqlite.log import SqliteLog
from labelloop.loop.digest import loop_digest
from labelloop.loop.history import History
from labelloop.pool import snapshot
from labelloop.projects import operator_requests
from labelloop.projects.catalog import created, read_histories, sound
from labelloop.projects.move import LogSide, move
from labelloop.store import FolderStore
from schemas.envelope import Event, new_event
from schemas.events import EventData, ProjectPaused
from schemas.parts import Snapshot
from tests.support.messages import names, raises_naming
from tests.support.states import PROJECT, all_answered, project, queried

OTHER = "news-0000"


def event(data: EventData, name: str = PROJECT) -> Event:
    return new_event(name, data, source="tests")


@pytest.fixture
def pool(tmp_path: Path) -> Snapshot:
    """Five texts in the laptop's store."""
    rows = [snapshot.Row(f"text {number}", None, number) for number in range(5)]
    made = snapshot.write(tmp_path / "laptop" / PROJECT / "pool", rows)
    return Snapshot(uri=f"{PROJECT}/pool/{made.name}", digest=made.digest, size=5)


@pytest.fixture
async def laptop(tmp_path: Path, pool: Snapshot) -> AsyncIterator[LogSide]:
    """A log with two projects, in one of which a batch was answered."""
    log = SqliteLog(tmp_path / "laptop.sqlite")
    await log.append(event(project(pool=pool)), event(project(name="news", pool=pool), OTHER))
    await log.append(event(queried()), event(queried(), OTHER), event(all_answered()))
    yield LogSide(log, "sqlite:///laptop", lambda: FolderStore(tmp_path / "laptop"))
    await log.close()


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[LogSide]:
    log = SqliteLog(tmp_path / "team.sqlite")
    yield LogSide(log, "sqlite:///team", lambda: FolderStore(tmp_path / "team"))
    await log.close()


async def history(log: Log, name: str = PROJECT) -> History:
    return (await read_histories(log))[name]


async def events(log: Log, name: str = PROJECT) -> list[Event]:
    return [record.event async for record in log.read(name) if record.event is not None]


async def test_all_that_happened_is_in_the_other_log_as_it_was(
    laptop: LogSide, team: LogSide, tmp_path: Path, pool: Snapshot
) -> None:
    before = await events(laptop.log)

    moved = await move(laptop, team, "mail", "the team takes over")

    *same, said = await events(team.log)
    assert same == before
    assert await events(laptop.log) == [*before, said]
    assert (moved.project, moved.events, moved.snapshots) == (PROJECT, 4, 1)
    assert moved.source_digest == moved.target_digest == loop_digest((await history(team.log)).state)
    assert (await history(team.log)).state.log == (await history(laptop.log)).state.log
    assert (tmp_path / "team" / pool.uri).read_bytes() == (tmp_path / "laptop" / pool.uri).read_bytes()


async def test_it_lives_there_and_rests_here_and_other_projects_stay(laptop: LogSide, team: LogSide) -> None:
    await move(laptop, team, "mail")

    assert names((await history(laptop.log)).inactive_because, "sqlite:///team")
    assert (await history(team.log)).inactive_because is None
    assert list(await read_histories(team.log)) == [PROJECT]
    assert (await history(laptop.log, OTHER)).inactive_because is None
    with raises_naming(UserError, PROJECT, "sqlite:///team", "--log"):
        await operator_requests.pause(laptop.log, await history(laptop.log))


async def test_it_comes_back_by_the_same_way_with_what_happened_there(laptop: LogSide, team: LogSide) -> None:
    await move(laptop, team, "mail")
    await team.log.append(event(queried("1", (3, 4))))

    moved = await move(team, laptop, "mail")

    assert (moved.events, moved.snapshots) == (2, 0)
    assert await events(laptop.log) == await events(team.log)
    back = await history(laptop.log)
    assert back.inactive_because is None
    assert back.state.log == (await history(team.log)).state.log
    assert list(sound(back).batches) == ["0", "1"]
    assert names((await history(team.log)).inactive_because, "sqlite:///laptop")
    await move(laptop, team, "mail")
    assert (await history(team.log)).inactive_because is None


async def test_what_owners_say_after_the_move_is_refused(laptop: LogSide, team: LogSide) -> None:
    async with laptop.log.own("querier") as ownership:
        await ownership.append(event(queried("1", (3,))))
        await move(laptop, team, "mail")

        with raises_naming(Fenced, "querier"):
            await ownership.append(event(queried("2", (4,))))

    assert created(await history(team.log)).batches.keys() == {"0", "1"}


async def test_what_is_void_here_does_not_come_back_into_force(laptop: LogSide, team: LogSide) -> None:
    await move(laptop, team, "mail")
    await laptop.log.append(event(ProjectPaused(request="late", who="ada")))
    await team.log.append(event(queried("1", (3, 4))))

    moved = await move(team, laptop, "mail")

    back = sound(await history(laptop.log))
    assert not back.paused
    assert back.log == (await history(team.log)).state.log
    assert moved.source_digest == moved.target_digest


class Failing(SqliteLog):
    """Takes no event while it is `away`."""

    away = True

    async def append(self, *events: Event, fence: bool = False) -> None:
        if self.away:
            raise UserError("away")
        await super().append(*events, fence=fence)


async def test_a_move_that_was_cut_off_is_finished_by_the_next_try(
    laptop: LogSide, team: LogSide, tmp_path: Path
) -> None:
    failing = Failing(tmp_path / "failing.sqlite")
    target = LogSide(failing, "sqlite:///failing", team.store)
    with pytest.raises(UserError, match="away"):
        await move(laptop, target, "mail")
    assert (await history(laptop.log)).is_away
    with raises_naming(UserError, PROJECT, "sqlite:///failing"):
        await move(laptop, team, "mail")

    failing.away = False
    moved = await move(laptop, target, "mail")

    assert moved.source_digest == moved.target_digest
    assert await events(failing) == await events(laptop.log)
    assert [each.name for each in await events(failing)].count("ProjectMoved") == 1
    await failing.close()


async def test_a_target_that_went_its_own_way_is_refused_and_nothing_is_written(
    laptop: LogSide, team: LogSide, tmp_path: Path
) -> None:
    await team.log.append((await events(laptop.log))[0], event(queried("0", (4,))))
    before = await events(team.log), await events(laptop.log)

    with raises_naming(UserError, "sqlite:///team", PROJECT):
        await move(laptop, team, "mail")

    assert (await events(team.log), await events(laptop.log)) == before
    assert not (tmp_path / "team").exists()


async def test_a_target_that_has_the_beginning_gets_the_rest(laptop: LogSide, team: LogSide) -> None:
    await team.log.append(*(await events(laptop.log))[:2])

    assert (await move(laptop, team, "mail")).events == 2

    assert await events(team.log) == await events(laptop.log)


async def test_texts_that_are_damaged_are_told_before_the_project_stops(
    laptop: LogSide, team: LogSide, tmp_path: Path, pool: Snapshot
) -> None:
    (tmp_path / "laptop" / pool.uri).write_bytes(b"no texts")

    with raises_naming(UserError, tmp_path / "laptop" / pool.uri):
        await move(laptop, team, "mail")

    assert (await history(laptop.log)).inactive_because is None
    assert await events(team.log) == []


async def test_one_log_is_no_way_to_go(laptop: LogSide) -> None:
    with raises_naming(UserError, laptop.address):
        await move(laptop, laptop, "mail")


async def test_it_moves_while_much_happens(laptop: LogSide, team: LogSide) -> None:
    """Events come between the look and the move: the one that counts comes after them."""

    busy = busily(laptop, times=3)

    moved = await move(busy, team, "mail")

    told = [each.payload for each in await events(team.log)]
    assert sum(isinstance(one, ProjectPaused) for one in told) == 3
    assert moved.source_digest == moved.target_digest
    assert (await history(team.log)).inactive_because is None
    await busy.log.close()


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_it_comes_back_at_once_while_something_happens(
    laptop: LogSide, team: LogSide, times: int
) -> None:
    await move(laptop, team, "mail")
    busy = busily(team, times)

    moved = await move(busy, laptop, "mail")

    back = await history(laptop.log)
    assert created(back).paused
    assert list(back.datahashes) == list((await history(team.log)).datahashes)
    assert moved.source_digest == moved.target_digest
    await busy.log.close()


async def test_it_comes_back_at_once_past_what_is_void(laptop: LogSide, team: LogSide) -> None:
    await move(laptop, team, "mail")
    await laptop.log.append(event(queried("1", (3, 4))))

    moved = await move(team, laptop, "mail")

    assert list(created(await history(laptop.log)).batches) == ["0"]
    assert moved.source_digest == moved.target_digest


@pytest.mark.parametrize("seed", range(12))
async def test_it_goes_to_and_fro_while_much_happens_in_both_logs(
    laptop: LogSide, team: LogSide, seed: int
) -> None:
    """What happens where the project lives counts, whenever it comes; what is said elsewhere does not."""
    random, here, there, number = Random(seed), team, laptop, 1
    await move(laptop, team, "mail")
    for _ in range(5):
        for _ in range(random.randrange(3)):
            await there.log.append(event(ProjectPaused(request=f"void {(number := number + 1)}", who="ada")))
        for _ in range(random.randrange(3)):
            await here.log.append(event(ProjectPaused(request=f"{(number := number + 1)}", who="ada")))
        busy = busily(here, random.randrange(4))

        await move(busy, there, "mail")

        await busy.log.close()
        old, new = await history(here.log), await history(there.log)
        assert old.is_away
        assert new.inactive_because is None
        assert list(new.datahashes.items()) == list(old.datahashes.items())
        assert new.state.log == old.state.log
        here, there = there, here


def busily(side: LogSide, times: int) -> LogSide:
    """The same log, where something happens just before each of the first appends."""

    class Busy(SqliteLog):
        left = times

        async def append(self, *events: Event, fence: bool = False) -> None:
            if self.left:
                self.left -= 1
                await super().append(event(ProjectPaused(request=f"between {uuid4()}", who="ada")))
            await super().append(*events, fence=fence)

    return LogSide(Busy(Path(side.log._file._path)), side.address, side.store)  # type: ignore[attr-defined]
