"""What each of the server's connections to SQLite gets when it opens."""

from typing import Any

from argilla_server.database import async_engine
from sqlalchemy import event

from labelloop.oracle.server.search.text import FUNCTION, matches


@event.listens_for(async_engine.sync_engine, "connect")
def _prepare(connection: Any, _record: Any) -> None:
    """A commit that is in the write-ahead log outlives the process; it need not wait for the disk."""
    connection.create_function(FUNCTION, 3, matches, deterministic=True)
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()
