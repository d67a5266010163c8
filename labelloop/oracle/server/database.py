"""The server's SQLite file. A copy is migrated and then renamed, so that a kill does no harm."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import argilla_server.database as argilla_database
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from argilla_server.settings import settings
from sqlalchemy import Engine, create_engine, event

from labelloop import atomic
from labelloop.errors import UserError


def prepare(path: Path) -> None:
    """Create the database at `path`, or migrate it to the schema of the installed argilla-server.

    Raises UserError if a newer argilla-server wrote it.
    """
    config = Config()
    config.set_main_option(
        "script_location", str(Path(argilla_database.ALEMBIC_CONFIG_FILE).parent / "alembic")
    )
    if path.exists() and _revision(path) == ScriptDirectory.from_config(config).get_current_head():
        return
    draft = path.with_name(f"{path.name}.new")
    for leftover in path.parent.glob(f"{draft.name}*"):
        leftover.unlink()
    if path.exists():
        _copy(path, draft)
    _migrate(config, draft)
    _publish(draft, path)


def _revision(path: Path) -> str | None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    return revision


def _migrate(config: Config, path: Path) -> None:
    served = settings.database_url
    settings.database_url = f"sqlite+aiosqlite:///{path}"
    try:
        with _without_syncs():
            command.upgrade(config, "head")
    except CommandError as error:
        raise UserError(
            f"{path.parent} was made by a newer argilla-server: upgrade it, or give another --home"
        ) from error
    finally:
        settings.database_url = served


@contextmanager
def _without_syncs() -> Iterator[None]:
    """Do not wait for the disk at each commit of a migration: the finished draft is synced once."""

    def disable(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous = OFF")

    event.listen(Engine, "connect", disable)
    try:
        yield
    finally:
        event.remove(Engine, "connect", disable)


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _publish(draft: Path, path: Path) -> None:
    with closing(sqlite3.connect(draft)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            draft.with_name(draft.name + suffix).unlink()
    atomic.place(draft, path)
