"""The annotation watcher: it polls the oracle for votes. It never writes to the oracle."""

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from labelloop.config.service_settings import ServiceSettings
from labelloop.loop.gold_texts import as_asked
from labelloop.loop.schedule import open_batches
from labelloop.loop.state import Batch, LoopState
from labelloop.oracle.base import ProjectRecords, WakesUp, at_rest, open_oracle, use_labels
from labelloop.oracle.lost_votes import SeenRecord, is_any_absent
from labelloop.runtime.controller import Controller, Outcome, Polled, RoundRobin
from services.annotation_watcher.due import due, recorded_votes, undecided

QUICK = 0.4
QUIET = 2.0
QUIET_AFTER = 30
AT_REST = 5.0
ROUND = 30.0


@dataclass
class WatchedProject:
    """The watch on a project: records, round robin of older batches, last votes, polls without a change.

    `answers_told`: of how many answers the oracle told since the last poll began. `enough`: how many are a
    reason to poll at once.
    """

    records: ProjectRecords
    round_robin: RoundRobin = field(default_factory=lambda: RoundRobin(ROUND))
    last: dict[str, Mapping[int, SeenRecord]] = field(default_factory=dict)
    without_news: int = 0
    answers_told: int = 0
    enough: float = math.inf


class AnnotationWatcher(Controller[None]):
    """Polls open batches every time, and finished ones in turn, each within a minute.

    Where nobody answers, it polls less often: hundreds of projects that rest would keep Argilla busy. An
    oracle that tells of answers has it poll at once where they may complete a batch.
    """

    name = "annotation_watcher"

    def __init__(self, settings: ServiceSettings) -> None:
        self._oracle = open_oracle(settings)
        self._watched: dict[str, WatchedProject] = {}

    async def close(self) -> None:
        await self._oracle.close()

    async def keep_waking(self, wake: Callable[[str], Awaitable[None]]) -> None:
        async def answered(project: str) -> None:
            watched = self._watched.get(project)
            if watched is not None:
                watched.answers_told += 1
                if watched.answers_told >= watched.enough:
                    await wake(project)

        if isinstance(self._oracle, WakesUp):
            await self._oracle.tell_of_answers(answered)

    async def poll(self, state: LoopState) -> Polled:
        if not state.begun:
            return Polled()
        if state.project_id not in self._watched:
            self._watched[state.project_id] = WatchedProject(self._oracle.project(state.project_id))
        watched = self._watched[state.project_id]
        watched.answers_told = 0
        await use_labels(state, watched.records)
        opened = open_batches(state)
        rests = await at_rest(watched.records)
        interval = AT_REST if rests else QUICK if opened and watched.without_news < QUIET_AFTER else QUIET
        if any(batch.closed or state.ended for batch in opened):
            # The last moment's answers count, so what was read before will not do.
            watched.records.forget()
        done_batches = [batch for batch in state.batches.values() if batch.done]
        older = watched.round_robin.take(done_batches, interval, rests)
        outcomes: list[Outcome] = []
        seen_records: dict[str, Mapping[int, SeenRecord]] = {}
        for batch in map(as_asked, (*opened, *older)):
            seen_records[batch.name] = await watched.records.seen(batch) or {}
            outcomes += await self._due(state, batch, seen_records[batch.name], watched.records)
        latest = {batch.name: seen_records[batch.name] for batch in opened}
        watched.without_news = watched.without_news + 1 if latest == watched.last else 0
        watched.last = latest
        lacking = (undecided(state, as_asked(batch), seen_records[batch.name]) for batch in opened)
        watched.enough = 1 if opened and interval > QUICK else min(lacking, default=math.inf)
        # Those that came while it looked were not measured by this.
        return Polled(outcomes, 0 if watched.answers_told >= watched.enough > 0 else interval)

    async def _due(
        self, state: LoopState, batch: Batch, seen_records: Mapping[int, SeenRecord], records: ProjectRecords
    ) -> Sequence[Outcome]:
        accounts = await records.accounts() if is_any_absent(recorded_votes(batch), seen_records) else {}
        return due(state, batch, seen_records, accounts, datetime.now(UTC))
