"""The logs that the contract suite runs over. A second kind joins by being added to KINDS."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from labelloop.log.base import Log
from labelloop.log.sqlite import SqliteLog
from schemas.envelope import Event, new_event
from schemas.events import ProjectPaused


@dataclass(frozen=True)
class Kind:
    """A kind of log. `place` makes a new empty one and names it, so that another process can open it too."""

    place: Callable[[Path], str]
    open: Callable[[str, float], Log]
    spoil: Callable[[str], None]


def _spoil_sqlite(place: str) -> None:
    with sqlite3.connect(place) as connection:
        connection.execute(
            "INSERT INTO events (id, project, attributes, data) VALUES ('x', 'p', '{nope', x'00')"
        )
    connection.close()


KINDS = {
    "sqlite": Kind(
        place=lambda folder: str(folder / "log.sqlite"),
        open=lambda place, lifetime: SqliteLog(Path(place), lifetime),
        spoil=_spoil_sqlite,
    )
}


def some_event(project: str, number: int, why: str = "") -> Event:
    """A small event that is one of many: its id follows from project and number."""
    return new_event(project, ProjectPaused(request=str(number), who="ada", why=why), source="tests")
