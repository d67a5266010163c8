"""Keep the words of texts that people were asked: the log has only their numbers."""

import asyncio
from collections.abc import Collection

from labelloop.errors import TaskError, Unavailable, UserError
from labelloop.loop.pools import pool_of
from labelloop.loop.state import LoopState
from labelloop.observe.service_status import ServiceStatus
from labelloop.runtime.retry import Retry
from labelloop.store import Store, open_store
from services.dashboard.due import Due
from services.dashboard.live import Hub
from services.dashboard.projection import Projector
from services.dashboard.read_model import ReadModel

MOST_AT_ONCE = 500


class Wording:
    """Reads the texts of projects that changed from their pools. `store` None: there are none."""

    def __init__(
        self, store: str | None, model: ReadModel, projector: Projector, hub: Hub, status: ServiceStatus
    ) -> None:
        self._store = store
        self._model = model
        self._projector = projector
        self._hub = hub
        self._retry = Retry(status, "texts")
        self._due = Due()

    def note(self, changed: Collection[str]) -> None:
        """Note that these projects changed."""
        self._due.note(changed)

    async def run(self) -> None:
        """Run until cancelled."""
        if self._store is None:
            return
        store = await self._retry.until_done(self._opened)
        while True:
            project = await self._due.next()
            while items := self._model.wordless(project, MOST_AT_ONCE):
                state = self._projector.history(project).state
                if not isinstance(state, LoopState):
                    break
                try:
                    words = await asyncio.to_thread(_texts, store, state, items)
                    self._model.save_words(project, words)
                except (Unavailable, UserError) as error:
                    self._due.note([project])
                    await self._retry.wait(error)
                    break
                self._retry.is_over()
                self._hub.tell([project])

    async def _opened(self) -> Store:
        assert self._store is not None
        return open_store(self._store)


def _texts(store: Store, state: LoopState, items: list[int]) -> dict[int, str]:
    """The texts by item. One that is not in the pool is said to be so, or it would be asked for again."""
    pool = pool_of(state)
    there = [item for item in items if item < pool.size]
    try:
        words = store.open_pool(pool).texts(there) if there else []
    except TaskError as error:
        raise Unavailable(f"the texts of {state.project_id} cannot be read ({error})") from error
    return {**dict.fromkeys(items, ""), **dict(zip(there, words, strict=True))}
