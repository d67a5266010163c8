"""An oracle in one SQLite file: a table of entries, of which a base makes records and votes."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from labelloop import MappingOracle, OraclePlugin, Unavailable, UserError


class Table:
    """The entries of a project."""

    def __init__(self, project: str) -> None:
        self._path = file()
        self._project = project
        self._do(
            "CREATE TABLE IF NOT EXISTS entries"
            " (project TEXT, key TEXT, entry TEXT, PRIMARY KEY (project, key))"
        )

    def __getitem__(self, key: str) -> str:
        for (entry,) in self._do(
            "SELECT entry FROM entries WHERE project = ? AND key = ?", self._project, key
        ):
            return str(entry)
        raise KeyError(key)

    def __setitem__(self, key: str, entry: str) -> None:
        self._do("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", self._project, key, entry)

    def __delitem__(self, key: str) -> None:
        self._do("DELETE FROM entries WHERE project = ? AND key = ?", self._project, key)

    def __iter__(self) -> Iterator[str]:
        return (key for (key,) in self._do("SELECT key FROM entries WHERE project = ?", self._project))

    def _do(self, statement: str, *values: str) -> list[Any]:
        try:
            with closing(sqlite3.connect(self._path, timeout=20)) as entries, entries:
                return entries.execute(statement, values).fetchall()
        except sqlite3.OperationalError as error:
            raise Unavailable(f"the office {self._path} cannot be opened: {error}") from error


def file() -> Path:
    path = os.environ.get("OFFICE_FILE")
    if not path:
        raise UserError("OFFICE_FILE is not set: give the file in which people answer")
    return Path(path)


def open_office(settings: object) -> MappingOracle:
    file()
    return MappingOracle(Table)


OFFICE = OraclePlugin("office", open_office)
