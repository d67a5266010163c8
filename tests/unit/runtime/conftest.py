"""A log with a project, and the status of the service that works on it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from labelloop.log.sqlite.log import SqliteLog
from labelloop.observe.service_status import ServiceStatus
from schemas.envelope import new_event
from tests.support.states import PROJECT, project


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqliteLog]:
    log = SqliteLog(tmp_path / "log.sqlite")
    await log.append(new_event(PROJECT, project(), source="tests"))
    yield log
    await log.close()


@pytest.fixture
def status(tmp_path: Path) -> ServiceStatus:
    return ServiceStatus("batches", tmp_path)
