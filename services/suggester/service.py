"""The suggester service: it asks machines about the texts of open batches, and records what they say."""

import logging
from collections.abc import Sequence

from labelloop.config.settings import ServiceSettings
from labelloop.loop.pools import pool_of
from labelloop.loop.settings_in_force import at_batch
from labelloop.loop.state import LoopState
from labelloop.loop.suggestions import LLM, NextSuggestions, next_suggestions, spent, suggester_next
from labelloop.machines.endpoint import Access, Endpoint
from labelloop.pool.context import pool_texts
from labelloop.runtime.controller import Controller, Outcome, Polled
from labelloop.store import Pools, open_store
from services.suggester.asking import by_functions, by_llm

logger = logging.getLogger(__name__)


class Suggesters(Controller[NextSuggestions]):
    """Asks about a part of a batch at a time. While machines fail, people have the model's suggestions."""

    name = "suggester"

    def __init__(self, settings: ServiceSettings) -> None:
        self._pools = Pools(open_store(settings.store))
        self._endpoint: Endpoint | None = None
        self._spent: set[tuple[str, float]] = set()

    async def close(self) -> None:
        if self._endpoint is not None:
            await self._endpoint.close()

    def due(self, state: LoopState) -> NextSuggestions | None:
        return next_suggestions(state)

    def still_due(self, state: LoopState, work: NextSuggestions) -> bool:
        batch = state.batches[work.batch]
        return not batch.done and len(batch.suggestions) == work.number

    def describe(self, work: NextSuggestions) -> str:
        return f"suggest labels for batch {work.batch}"

    async def do(self, state: LoopState, work: NextSuggestions) -> Sequence[Outcome]:
        project = at_batch(state, state.batches[work.batch].number)
        pool = await self._pools.open(pool_of(state))
        texts = [each.text for each in pool_texts(project, pool, work.items)]
        if work.choice.name != LLM:
            return [Outcome(await by_functions(state, work, texts), work.cause)]
        if self._endpoint is None:
            self._endpoint = Endpoint(Access.from_environment())
        return [Outcome(await by_llm(self._endpoint, state, work, texts), work.cause)]

    async def poll(self, state: LoopState) -> Polled:
        """Say once when the money is spent."""
        limit = suggester_next(state).choice.parameters.get("max_cost")
        if limit is not None and (cost := spent(*state.batches.values()).cost) >= limit:
            if (state.project_id, limit) not in self._spent:
                logger.warning(
                    "%s has spent %.4f of %.4f on suggestions and asks for no more: raise max_cost with "
                    "`labelloop change`",
                    state.project_id,
                    cost,
                    limit,
                )
            self._spent.add((state.project_id, limit))
        return Polled()
