"""The files of a remote store on this machine: a cache of bounded size, and how files come into it."""

import hashlib
import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from labelloop import atomic
from labelloop.atomic import UNFINISHED, remove
from labelloop.errors import UserError
from labelloop.store.artifacts import (
    ABANDONED_AFTER,
    MANIFEST,
    ModelDamaged,
    ModelMissing,
    file_digest,
    place,
    verify,
)
from labelloop.store.objects import Objects
from labelloop.store.task_failures import TaskFailed
from schemas.events import ModelTrained
from schemas.parts import Snapshot

IN_USE = 3600.0
"""Seconds for which a returned entry is not removed, because a service may be about to open it."""
ENTRIES = ("*/pool/*", "*/test/*", "*/models/*/*", "*/cache")
TRIES = 2
"""How often to try a download with a wrong digest: the transfer may be at fault, not the store."""


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


def fetch_snapshot(objects: Objects, snapshot: Snapshot, file: Path) -> None:
    """Copy a pool or test set to `file`. Raises UserError if it is missing or damaged."""
    where = f"{objects.shown}/{snapshot.uri}"
    remedy = "restore it from a backup, or create the project again from its data set"
    for _ in range(TRIES):
        with atomic.beside(file) as draft:
            if not objects.get(snapshot.uri, draft):
                raise UserError(f"the pool snapshot {where} is missing; {remedy}")
            if file_digest(draft) == snapshot.digest:
                atomic.place(draft, file)
                return
    raise UserError(f"the pool snapshot {where} is damaged (its sha256 has changed); {remedy}")


def fetch_model(objects: Objects, trained: ModelTrained, folder: Path) -> None:
    """Copy a model to `folder`. Raises TaskError (model-missing, model-damaged)."""
    for tries_left in reversed(range(TRIES)):
        try:
            with atomic.beside(folder) as draft:
                draft.mkdir()
                _download(objects, trained, draft)
                verify(draft, trained.sha256)
                place(draft, folder)
            return
        except ModelMissing as error:
            raise TaskFailed.of(error) from error
        except ModelDamaged as error:
            if not tries_left:
                where = f"{objects.shown}/{trained.artifact}"
                damaged = ModelDamaged(f"the model {where} is not as it was written")
                raise TaskFailed.of(damaged) from error


def _download(objects: Objects, trained: ModelTrained, draft: Path) -> None:
    manifest = objects.read(f"{trained.artifact}/{MANIFEST}")
    if manifest is None:
        raise ModelMissing(f"there is no model at {objects.shown}/{trained.artifact}")
    if hashlib.sha256(manifest).hexdigest() != trained.sha256:
        raise ModelDamaged("another manifest")
    (draft / MANIFEST).write_bytes(manifest)
    for name in json.loads(manifest)["files"]:
        if not objects.get(f"{trained.artifact}/{name}", draft / name):
            raise ModelDamaged(f"{name} is missing")
