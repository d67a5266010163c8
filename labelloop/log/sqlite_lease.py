"""Who owns a service: a row with an epoch that each append checks in its own transaction."""

import os
import sqlite3
import time
import uuid

import psutil


class Lease:
    """One process's claim on a service. All methods run inside the caller's transaction; times in seconds."""

    LIFETIME = 10.0
    RENEW = 3.0
    WAIT = 0.1

    def __init__(self, service: str) -> None:
        self.service = service
        self._owner = uuid.uuid4().hex
        self._epoch = 0

    def take(self, connection: sqlite3.Connection) -> bool:
        """Become the owner, unless a live process is. The epoch grows, which fences the owner before."""
        row = connection.execute(
            "SELECT epoch, owner, pid, started, beat FROM leases WHERE service = ?", (self.service,)
        ).fetchone()
        epoch = row[0] if row else 0
        if row and row[1] is not None and _alive(*row[2:]):
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


def _alive(pid: int, started: float, beat: float) -> bool:
    if abs(time.time() - beat) > Lease.LIFETIME:
        return False
    return _started(pid) == started


def _started(pid: int) -> float | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return None
