"""Who owns a service: a row with an epoch that each append checks in its own transaction."""

import os
import sqlite3
import time
import uuid

import psutil

SAME_START = 5.0  # a process's start is reckoned from the clock, which is set now and then


class Lease:
    """One process's claim on a service. All methods run inside the caller's transaction; times in seconds.

    An owner that has not renewed for `lifetime` counts as frozen.
    """

    def __init__(self, service: str, lifetime: float) -> None:
        self.service = service
        self.renewal = lifetime * 0.3
        self._lifetime = lifetime
        self._owner = uuid.uuid4().hex
        self._epoch = 0

    def take(self, connection: sqlite3.Connection) -> bool:
        """Become the owner, unless a live process is. The epoch grows, which fences the owner before."""
        row = connection.execute(
            "SELECT epoch, owner, pid, started, beat FROM leases WHERE service = ?", (self.service,)
        ).fetchone()
        epoch = row[0] if row else 0
        if row and row[1] is not None and self._is_alive(*row[2:]):
            return False
        self._epoch = epoch + 1
        connection.execute(
            "INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?, ?)",
            (self.service, self._epoch, self._owner, os.getpid(), _started(os.getpid()), time.time()),
        )
        return True

    def held(self, connection: sqlite3.Connection) -> bool:
        row = connection.execute(
            "SELECT epoch, owner FROM leases WHERE service = ?", (self.service,)
        ).fetchone()
        return bool(row == (self._epoch, self._owner))

    def renew(self, connection: sqlite3.Connection) -> bool:
        """Say that the owner lives. False when it is the owner no more."""
        cursor = connection.execute(
            "UPDATE leases SET beat = ? WHERE service = ? AND owner = ?",
            (time.time(), self.service, self._owner),
        )
        return cursor.rowcount == 1

    def release(self, connection: sqlite3.Connection) -> None:
        connection.execute(
            "UPDATE leases SET owner = NULL WHERE service = ? AND owner = ?", (self.service, self._owner)
        )

    def _is_alive(self, pid: int, started: float, beat: float) -> bool:
        if abs(time.time() - beat) > self._lifetime:
            return False
        now = _started(pid)
        return now is not None and abs(now - started) < SAME_START


def end_all(connection: sqlite3.Connection) -> None:
    """Let every owner be one no more: what it appends is refused until it has taken its lease again."""
    connection.execute("UPDATE leases SET epoch = epoch + 1, owner = NULL")


def _started(pid: int) -> float | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return None
