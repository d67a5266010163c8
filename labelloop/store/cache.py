"""A cache of a store's files on this machine, bounded in size."""

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from labelloop.atomic import UNFINISHED, remove
from labelloop.errors import UserError
from labelloop.store.artifacts import ABANDONED_AFTER

IN_USE = 3600.0
"""Seconds for which a returned entry is not removed, because a service may be about to open it."""
ENTRIES = ("*/pool/*", "*/test/*", "*/models/*/*", "*/cache")


class Cache:
    """Files and folders under `root`, by URI, with at most about `limit` bytes.

    An entry is a snapshot, a model, or all of a project's embeddings; its age is its modification time.
    """

    def __init__(self, root: Path, limit: int) -> None:
        self.root = root
        self._limit = limit

    def path(self, uri: str) -> Path:
        return self.root / uri

    def uri(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def check(self) -> None:
        """Raises UserError if the cache cannot be written."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            probe = self.root / f"{UNFINISHED}{uuid.uuid4().hex}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise UserError(
                f"the cache {self.root} cannot be written ({error.strerror or error}): "
                "set LABELLOOP_CACHE to a writable folder"
            ) from error

    def use(self, path: Path) -> None:
        """Mark an entry as used now."""
        with suppress(FileNotFoundError):
            os.utime(path)

    def trim(self) -> list[Path]:
        """Remove the least recently used entries beyond the limit, and what dead writers left."""
        now = time.time()
        entries = sorted(self._entries())
        surplus = sum(size for _, size, _ in entries) - self._limit
        removed = []
        for used, size, path in entries:
            unfinished = path.name.startswith(UNFINISHED)
            if used < now - (ABANDONED_AFTER if unfinished else IN_USE) and (unfinished or surplus > 0):
                _withdraw(path)
                removed.append(path)
                surplus -= size
        return removed

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        for pattern in ENTRIES:
            for path in self.root.glob(pattern):
                with suppress(FileNotFoundError):
                    yield path.stat().st_mtime, _size(path), path


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def _withdraw(path: Path) -> None:
    """Remove an entry atomically."""
    aside = path.with_name(f"{UNFINISHED}{uuid.uuid4().hex}")
    with suppress(OSError):
        path.rename(aside)
        remove(aside)
