"""A service that starts goes on from the saved fold, over any log, and folds again where it does not fit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from labelloop.log.base import Arrived, Change, Log, Ownership, StandingBy
from labelloop.observe.service_status import ServiceStatus
from labelloop.observe.status_file import IDLE, read_status_file
from labelloop.runtime.state_cache import StateCache
from schemas.envelope import new_event
from schemas.events import ProjectPaused
from tests.contract.conftest import Place
from tests.support.controllers import Batches, running, until
from tests.support.messages import levels, names
from tests.support.states import PROJECT, project

OPERATED = 20


@dataclass
class Watched:
    """A log that notes what its owners are given."""

    log: Log
    arrived: list[str] = field(default_factory=list)

    async def identity(self) -> str:
        return await self.log.identity()

    @asynccontextmanager
    async def own(self, service: str, standing_by: StandingBy) -> AsyncIterator[Ownership]:
        async with self.log.own(service, standing_by) as ownership:
            yield cast(Ownership, WatchedOwnership(ownership, self.arrived))


@dataclass
class WatchedOwnership:
    ownership: Ownership
    arrived: list[str]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ownership, name)

    async def __aiter__(self) -> AsyncIterator[Change]:
        async for change in self.ownership:
            if isinstance(change, Arrived):
                self.arrived += [record.event.id for record in change.records if record.event]
            yield change


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labelloop.runtime.state_cache.SAVE_AFTER", 10)


async def operated(log: Log, who: str = "ada") -> None:
    pauses = (ProjectPaused(request=str(number), who=who) for number in range(OPERATED))
    for data in (project(), *pauses):
        await log.append(new_event(PROJECT, data, source="tests"))


async def run(log: Log, folds: StateCache, folder: Path, batches: int) -> list[str]:
    """Run a service until it has asked for so many batches; the ids of the events that it was given."""
    watched, service = Watched(log), Batches(count=batches)
    async with running(cast(Log, watched), service, ServiceStatus("batches", folder), folds):
        await until(
            lambda: len(service.done) > 0 and read_status_file(folder, "batches").get("doing") == IDLE
        )
    return watched.arrived


async def test_only_what_is_new_is_read_and_the_work_goes_on(log: Log, place: Place, tmp_path: Path) -> None:
    folds = StateCache(tmp_path / "cache", place.at)
    await operated(log)
    first = await run(log, folds, tmp_path, batches=1)
    assert len(first) == 2 + OPERATED

    second = await run(log, folds, tmp_path, batches=2)

    assert len(second) < 12
    assert second[-1] not in first


async def test_without_the_cache_all_is_read_and_the_same_is_done(
    log: Log, place: Place, tmp_path: Path
) -> None:
    await operated(log)
    first = await run(log, StateCache(tmp_path / "cache", place.at), tmp_path, batches=1)

    second = await run(log, StateCache(tmp_path / "other", place.at), tmp_path, batches=2)

    assert second[:-1] == first


async def test_the_saved_fold_of_another_log_is_noticed_and_all_is_read(
    log: Log, another: Log, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folds = StateCache(tmp_path / "cache", "one name for both")
    await operated(log)
    await run(log, folds, tmp_path, batches=1)
    await operated(another, who="bob")

    given = await run(another, folds, tmp_path, batches=1)

    assert len(set(given)) == 2 + OPERATED
    assert "WARNING" in levels(caplog, "partition")


async def test_a_log_that_ends_before_what_was_folded_is_refused_until_the_cache_is_deleted(
    log: Log, another: Log, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folds = StateCache(tmp_path / "cache", "one name for both")
    await operated(log)
    await run(log, folds, tmp_path, batches=1)
    await another.append(new_event(PROJECT, project(), source="tests"))
    status = ServiceStatus("batches", tmp_path)

    async with running(another, service := Batches(count=1), status, folds):
        await until(lambda: names(status.health.unreadiness(), folds.folder))
        assert service.done == []
        assert len(levels(caplog, folds.folder)) == 1

        folds.clear()

        await until(lambda: status.health.unreadiness() is None and service.done == ["0"])
