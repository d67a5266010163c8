"""The projects in a log."""

from datetime import UTC, datetime
from pathlib import Path

from labelloop.log.sqlite.log import SqliteLog
from labelloop.projects.catalog import named, read_histories
from schemas.envelope import new_event
from schemas.events import ProjectPaused
from tests.support.states import project


async def test_projects_come_in_the_order_of_their_making_wherever_they_lie_in_the_log(
    tmp_path: Path,
) -> None:
    log = SqliteLog(tmp_path / "log.sqlite")
    beheaded = new_event("c", ProjectPaused(request="1", who="ada"), source="tests")
    events = [
        new_event(name, project(), source="tests", time=datetime(2026, 1, day, tzinfo=UTC))
        for name, day in (("b", 3), ("a", 2), ("d", 1))
    ]
    await log.append(beheaded, *events)

    found = await read_histories(log)

    assert list(found) == ["d", "a", "b", "c"]
    assert named(found, project().name) is found["b"]
    await log.close()
