"""Erasing a project from a log's file. The other events keep their offsets, and the log its identity."""

import sqlite3

from labelloop.errors import UserError
from labelloop.log.sqlite.ownership import end_all, is_owner_alive
from labelloop.log.sqlite.schema import ERASED_FORMAT


def check_unused(connection: sqlite3.Connection, lifetime: float) -> None:
    """Raises UserError if a live process owns a service's projects: it could not tell what was erased."""
    for service, pid, *lease in connection.execute(
        "SELECT service, pid, started, beat FROM leases WHERE owner IS NOT NULL"
    ).fetchall():
        if is_owner_alive(lifetime, pid, *lease):
            raise UserError(f"the {service} (process {pid}) still uses this log: stop it, then try again")


def erase(connection: sqlite3.Connection, project: str, lifetime: float) -> int:
    """Erase the project's events inside the caller's transaction. Returns how many there were.

    Raises UserError if a live process owns a service's projects.
    """
    check_unused(connection, lifetime)
    end_all(connection)
    connection.execute(
        "DELETE FROM dead_letters WHERE offset IN (SELECT offset FROM events WHERE project = ?)", (project,)
    )
    erased = connection.execute("DELETE FROM events WHERE project = ?", (project,)).rowcount
    connection.execute(
        "UPDATE positions SET offset = "
        "(SELECT coalesce(max(events.offset), 0) FROM events WHERE events.offset <= positions.offset)"
    )
    connection.execute(
        "INSERT INTO about VALUES ('erased', ?) "
        "ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + CAST(excluded.value AS INTEGER)",
        (str(erased),),
    )
    connection.execute(f"PRAGMA user_version = {ERASED_FORMAT}")
    return erased
