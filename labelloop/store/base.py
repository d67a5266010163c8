"""The interface of a store. Files are named by URIs relative to the store's root."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from labelloop.errors import TaskError, UserError
from labelloop.loop.pools import Pool
from labelloop.store.artifacts import MANIFEST, file_digest
from schemas.events import ModelTrained
from schemas.parts import Snapshot

if TYPE_CHECKING:
    from labelloop.pool.snapshot import Files, OpenSnapshot


def pool_uri(project_id: str, file_name: str) -> str:
    return f"{project_id}/pool/{file_name}"


def check_id(project_id: str) -> None:
    """Raises UserError if a project's id, which comes from a log, would lead out of its folder."""
    if not project_id.strip(".") or any(each in project_id for each in "/\\\0"):
        raise UserError(f"{project_id!r} is no project's id: nothing was removed from the store")


def what_if_uri(project_id: str) -> str:
    return f"{project_id}/what-if.json"


def models_uri(project_id: str, model: str = "") -> str:
    return f"{project_id}/models/{model}".rstrip("/")


class SnapshotLost(UserError):
    """A file of texts, or of what a model says of some, is missing or damaged in the store."""


class Store(ABC):
    """Pools and models for all services. The returned paths are on this machine.

    Every method may block on the network, and may raise `Unavailable`, `UserError`, or `TaskError` (a model
    is missing or damaged, or the disk is full).
    """

    def pool(self, pool: Pool) -> "Files":
        """The files of a pool, for reading."""
        files = tuple(map(self.snapshot, pool.snapshots))
        return files if pool.has_grown else files[0]

    def open_pool(self, pool: Pool) -> "OpenSnapshot":
        """A pool whose files are checked. Raises UserError also if one is missing or damaged."""
        from labelloop.pool.snapshot import OpenSnapshot

        return OpenSnapshot.open(self.pool(pool), *(snapshot.digest for snapshot in pool.snapshots))

    @abstractmethod
    def snapshot(self, snapshot: Snapshot) -> Path:
        """The file of a pool or test set, for reading."""

    @abstractmethod
    def model(self, trained: ModelTrained) -> Path:
        """The folder of a model, for reading."""

    def find_model(self, trained: ModelTrained) -> Path | None:
        """The folder of a model, for reading, or None if it is gone."""
        try:
            folder = self.model(trained)
        except TaskError as error:
            if error.kind == "model-missing":
                return None
            raise
        return folder if (folder / MANIFEST).is_file() else None

    @abstractmethod
    def has_model(self, trained: ModelTrained) -> bool:
        """Whether a model is there. Nothing of it is copied or checked."""

    @abstractmethod
    def models(self, project_id: str) -> Path:
        """The folder where new models of a project are written."""

    @abstractmethod
    def publish(self, folder: Path) -> str:
        """Make a model that was written under `models` available to all services. Returns its URI."""

    @abstractmethod
    def prune(self, project_id: str, needed: Collection[str], superseded: Collection[str]) -> list[str]:
        """Remove models that are superseded and not needed, and what dead writers left an hour ago.

        Takes and returns URIs of models.
        """

    @abstractmethod
    def cache(self, project_id: str) -> Path:
        """A folder for files that can be computed again, such as embeddings."""

    @abstractmethod
    def draft(self, project_id: str) -> AbstractContextManager[Path]:
        """A folder that becomes the new project's if the block succeeds, and is removed if it fails."""

    @abstractmethod
    def add_snapshot(self, snapshot: Snapshot, file: Path) -> bool:
        """Copy `file` to the snapshot's place and check its digest. False if it was already there."""

    @abstractmethod
    def remove(self, project_id: str, keep: Collection[str] = ()) -> None:
        """Remove everything of a project, except the files with these URIs. It may be gone already."""

    @abstractmethod
    def note(self, uri: str, content: str, replaces: bool = False) -> None:
        """Write a short text. One that is there stays, unless this `replaces` it."""

    @abstractmethod
    def noted(self, uri: str) -> str | None:
        """Such a text, or None if there is none."""

    @abstractmethod
    def address(self, uri: str) -> str:
        """The address of something in the store, for messages. It never contains a credential."""


class Pools:
    """Open pools, of each the newest version. A pool is checked when it is opened."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._opened: dict[str, tuple[str, OpenSnapshot]] = {}

    async def open(self, pool: Pool) -> "OpenSnapshot":
        """The pool. Raises UserError if it is missing or damaged."""
        first, version = pool.snapshots[0].digest, pool.version
        if self._opened.get(first, ("",))[0] != version:
            self._opened[first] = version, await asyncio.to_thread(self._store.open_pool, pool)
        return self._opened[first][1]


def copy_snapshots(source: Store, target: Store, snapshots: Iterable[Snapshot]) -> int:
    """Copy pools and test sets, checked by their digests. Returns how many were copied.

    Run it again if it was interrupted. Raises SnapshotLost for one that is missing or damaged in the source.
    """
    copied = 0
    for snapshot in snapshots:
        file = source.snapshot(snapshot)
        if not file.is_file() or file_digest(file) != snapshot.digest:
            where = source.address(snapshot.uri)
            raise SnapshotLost(f"the snapshot {where} is missing or damaged: restore it from a backup")
        copied += target.add_snapshot(snapshot, file)
    return copied
