"""Embed the texts of large pools before picks need them, while the machine has nothing else to do."""

import asyncio
import logging
from contextlib import suppress

from labelloop.errors import TaskError, Unavailable, UserError
from labelloop.learner.worker import Worker
from labelloop.loop.pools import pool_for_next
from labelloop.loop.state import LoopState
from labelloop.projects.learner_requests import embed_request, to_embed
from labelloop.store import Store

logger = logging.getLogger(__name__)
SECONDS = 60.0
"""So long a task embeds one project's texts; then it is another project's turn."""


class EmbeddingAhead:
    """Embeds for one project at a time. A pick never waits for it: it makes itself what it needs."""

    def __init__(self, worker: Worker, store: Store, threads: int) -> None:
        self._worker, self._store, self._threads = worker, store, threads
        self._task: asyncio.Task[None] | None = None
        self._embedded: dict[tuple[str, str], int] = {}
        self._failed: dict[str, int] = {}

    def go_on(self, state: LoopState) -> None:
        """Embed texts of a project for a while, if it has a large pool and nothing else is embedded now.

        After a failure the next try is when the project has another batch.
        """
        is_busy = self._task is not None and not self._task.done()
        if is_busy or not state.batches or self._failed.get(state.project_id) == len(state.batches):
            return
        if to_embed(state) > self._embedded.get(_texts_of(state), 0):
            self._task = asyncio.create_task(self._embed(state))

    async def close(self) -> None:
        """Stop. What is embedded stays."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _embed(self, state: LoopState) -> None:
        project = state.project_id
        try:
            request = embed_request(
                state,
                SECONDS,
                pool=await asyncio.to_thread(self._store.pool, pool_for_next(state)),
                threads=self._threads,
                cache=self._store.cache(project),
            )
            texts = await self._worker.run(request)
        except (TaskError, Unavailable, UserError) as error:
            logger.warning("the pool of %s is not embedded ahead now: %s", project, error)
            self._failed[project] = len(state.batches)
            return
        if texts <= self._embedded.get(_texts_of(state), 0):
            self._failed[project] = len(state.batches)
        self._embedded[_texts_of(state)] = texts
        logger.info("%s of %s texts of %s are embedded", texts, request.texts, project)


def _texts_of(state: LoopState) -> tuple[str, str]:
    return state.project_id, pool_for_next(state).version
