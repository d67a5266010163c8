"""What the live view shows, as long as it is looked at."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from labelloop.cli.live_view import HEADER, Watch, activities, format_line, labelling_url
from labelloop.cli.screen import Activity, Screen
from labelloop.config.home import open_home
from labelloop.log.base import Follower, Record
from labelloop.log.sqlite.log import SqliteLog
from labelloop.loop.figures import BatchLine
from labelloop.loop.history import History
from schemas.envelope import new_event
from schemas.events import EventData
from tests.support.messages import names
from tests.support.states import (
    PROJECT,
    all_answered,
    project,
    queried,
    recorded,
    state_of,
    trained,
    vote,
    votes,
)


def test_a_line_stands_under_its_header() -> None:
    full = format_line(BatchLine("3", 80, 0.8125, 12.34, 1.0, 0.0))
    empty = format_line(BatchLine("final-1", 80, None, None, None, None), "mail")

    assert full == "       3      80     0.812    12.3 s    1.0 s    0.0 s"
    assert empty == " final-1      80         -         -        -        -  mail"
    assert len(HEADER) == len(full)


def test_open_batches_and_working_services_are_under_way() -> None:
    history = History(PROJECT)
    history.state = state_of(project(), queried("0"), recorded(votes(1, vote("ann", "spam"))))
    slots = {"trainer": {"doing": f"{PROJECT}: train model 3"}, "querier": {"doing": "idle"}}

    batch, training = activities([history], slots)

    assert names(batch.text, "0")
    assert names(training.text, "train model 3")
    assert replace(batch, text="") == Activity(f"{PROJECT}/0", "", 1, 3)
    assert replace(training, text="") == Activity(f"trainer/{PROJECT}: train model 3", "")


def test_the_link_asks_for_the_oldest_batch_first() -> None:
    assert (
        labelling_url("http://127.0.0.1:6900", "1ca4")
        == "http://127.0.0.1:6900/dataset/1ca4/annotation-mode?sort=metadata.batch.asc"
    )


class Eager(SqliteLog):
    """A log in which something happens as soon as its reader has taken a record."""

    then: Callable[[], object]

    @asynccontextmanager
    async def follow(self, group: str) -> AsyncIterator[Follower]:  # type: ignore[override]
        async with super().follow(group) as follower:
            yield After(follower, self.then)  # type: ignore[misc]


class After:
    def __init__(self, follower: Follower, then: Callable[[], object]) -> None:
        self._follower = follower
        self._then = then

    async def __aiter__(self) -> AsyncIterator[Record]:
        async for record in self._follower:
            yield record
            self._then()


async def test_a_ctrl_c_that_comes_with_a_change_is_not_lost(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    log = Eager(home.log)
    await log.append(new_event(PROJECT, project(), source="tests"))

    with Screen(stderr=True) as screen:
        watching = asyncio.create_task(Watch(home, screen).until(log, lambda histories: False))
        log.then = watching.cancel
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(10):
                await watching
    assert watching.cancelled()
    await log.close()


DONE = (project(max_batches=1), queried("0"), all_answered("0"), trained("0", {"0": 0}))
REVISED = (all_answered("0", (1, 2, 0), revision=1), trained("final-1", {"0": 1}))


@pytest.mark.parametrize(
    ("before", "then", "told"),
    [
        (0, (), [False, True]),
        (2, (), [False, True]),
        (3, (), [True]),
        (4, (), []),
        (4, REVISED, []),
        (0, REVISED, [False, True]),
    ],
)
async def test_the_last_label_and_the_last_model_are_told_as_they_come_and_once(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    before: int,
    then: tuple[EventData, ...],
    told: list[bool],
) -> None:
    """`told`: for each line about the end, whether it says what to do next."""
    home, events = open_home(tmp_path / "home"), [new_event(PROJECT, data, source="tests") for data in DONE]
    later = [new_event(PROJECT, data, source="tests") for data in then]
    seen = History(PROJECT)
    for event in events[:before]:
        assert seen.add(event)
    log = SqliteLog(home.log)
    await log.append(*events, *later)

    with Screen() as screen:
        watch = Watch(home, screen, [seen] if before else [], tells_endings=True)
        async with asyncio.timeout(30):
            await watch.until(log, lambda histories: _length(histories) == len(events) + len(later))
    await log.close()

    lines = [line for line in capsys.readouterr().out.splitlines() if names(line, "mail")]
    assert [names(line, "labelloop export --project mail") for line in lines] == told


def _length(histories: dict[str, History]) -> int:
    return histories[PROJECT].state.length if PROJECT in histories else 0
