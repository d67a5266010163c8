"""The texts of pools, each opened once."""

import asyncio

from labelloop.pool.snapshot import Snapshot
from labelloop.store import Store
from schemas.events import ProjectCreated


class Pools:
    """Snapshots by their digests, which are checked when a pool is opened."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._opened: dict[str, Snapshot] = {}

    async def open(self, project: ProjectCreated) -> Snapshot:
        """The project's pool. Raises UserError when it is missing or damaged."""
        digest = project.pool.digest
        if digest not in self._opened:
            self._opened[digest] = await asyncio.to_thread(self._read, project)
        return self._opened[digest]

    def _read(self, project: ProjectCreated) -> Snapshot:
        return Snapshot.open(self._store.pool(project), project.pool.digest)
