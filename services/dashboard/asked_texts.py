"""Keep the words of texts that people were asked: the log has only their numbers."""

from collections.abc import Collection

from labelloop.errors import Unavailable
from labelloop.loop.pools import pool_of
from labelloop.loop.state import LoopState
from labelloop.observe.service_status import ServiceStatus
from labelloop.runtime.retry import Retry
from services.dashboard.changed_projects import Due
from services.dashboard.from_store import FromStore
from services.dashboard.live import Hub
from services.dashboard.projection import Projector
from services.dashboard.read_model import ReadModel

MOST_AT_ONCE = 500


class Wording:
    """Reads the texts of projects that changed from their pools."""

    def __init__(
        self, store: FromStore, model: ReadModel, projector: Projector, hub: Hub, status: ServiceStatus
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
        if self._store.store is None:
            return
        while True:
            project = await self._due.next()
            while items := self._model.wordless(project, MOST_AT_ONCE):
                state = self._projector.history(project).state
                if not isinstance(state, LoopState):
                    break
                try:
                    words = await _texts(self._store, state, items)
                    self._model.save_words(project, words)
                except Unavailable as error:
                    self._due.note([project])
                    await self._retry.wait(error)
                    break
                self._retry.is_over()
                self._hub.tell([project])


async def _texts(store: FromStore, state: LoopState, items: list[int]) -> dict[int, str]:
    """The texts by item. One that is not in the pool is said to be so, or it would be asked for again.

    Raises Unavailable.
    """
    pool = pool_of(state)
    there = [item for item in items if item < pool.size]
    if not there:
        return dict.fromkeys(items, "")
    try:
        texts = await store.texts([dict(each) for each in pool.snapshots], there)
    except Unavailable as error:
        raise Unavailable(f"the texts of {state.project_id} cannot be read ({error})") from error
    return {**dict.fromkeys(items, ""), **dict(zip(there, texts, strict=True))}
