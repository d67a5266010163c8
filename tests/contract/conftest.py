"""One empty log of each kind for each test."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from labelloop.log.base import Log, Record
from tests.support.children import Child
from tests.support.logs import BOOTSTRAP, KINDS, Kind
from tests.support.matrices import cells

LIFETIME = 3.0


@dataclass(frozen=True)
class Place:
    """Where a test's log is, whichever kind it is."""

    name: str
    kind: Kind
    at: str

    def open(self) -> Log:
        return self.kind.open(self.at, LIFETIME)

    def spoil(self) -> None:
        """Write a record that is no event."""
        self.kind.spoil(self.at)


@pytest.fixture(params=sorted(KINDS))
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    kind = KINDS[request.param]
    if request.param == "kafka":
        monkeypatch.setenv(BOOTSTRAP, request.getfixturevalue("kafka"))
    return Place(request.param, kind, kind.place(tmp_path))


ON_SQLITE = pytest.mark.parametrize("place", cells("sqlite", rest=["kafka"]), indirect=True)
"""For what lies above the log, where other tests show the same of both."""


@pytest.fixture
async def log(place: Place) -> AsyncIterator[Log]:
    log = place.open()
    yield log
    await log.close()


@pytest.fixture
async def another(place: Place, tmp_path: Path) -> AsyncIterator[Log]:
    """A log of the same kind elsewhere."""
    (tmp_path / "another").mkdir()
    log = place.kind.open(place.kind.place(tmp_path / "another"), LIFETIME)
    yield log
    await log.close()


@pytest.fixture
def start(place: Place) -> Iterator[Callable[..., Child]]:
    """Starts a process on the test's log; all are killed at the end."""
    with ExitStack() as stack:
        yield lambda *arguments: stack.enter_context(
            Child("tests.support.log_child", place.name, place.at, str(LIFETIME), *map(str, arguments))
        )


async def read_all(log: Log, project: str | None = None) -> list[Record]:
    return [record async for record in log.read(project)]


async def read_numbers(log: Log, project: str | None = None) -> list[int]:
    """The numbers of the events that `some_event` made, in the log's order."""
    return [
        int(record.event.payload.request)  # type: ignore[attr-defined]
        for record in await read_all(log, project)
        if record.event is not None
    ]
