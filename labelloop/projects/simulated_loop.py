"""Simulate a project with another query strategy, on the texts that people labelled."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

from labelloop.errors import UserError
from labelloop.learner.requests import TrainResult
from labelloop.learner.worker import Worker
from labelloop.loop.figures import Point
from labelloop.loop.history import History
from labelloop.loop.labels import as_answer, asked_items, current
from labelloop.loop.pools import pool_of
from labelloop.loop.random_draws import as_listed, derived, random_draw
from labelloop.loop.schedule import NextBatch, NextModel, finished, next_batch, next_model, picking_model
from labelloop.loop.state import Labels, LoopState
from labelloop.projects.catalog import created
from labelloop.projects.given_batches import growth
from labelloop.projects.learner_requests import evaluate_request, query_request, train_request, trained
from labelloop.store import Store
from schemas.envelope import new_event
from schemas.events import (
    BatchAnnotated,
    BatchQueried,
    EventData,
    LookaheadChosen,
    ModelTrained,
    ProjectCreated,
    ProjectCreatedV4,
)
from schemas.model import replaced

SIMULATED: Mapping[str, Any] = {"given": 0, "audit_share": 0.0, "cold_start": "random"}
"""Settings of every simulated project: only a project with a pool of its own can have others."""


def played(project: ProjectCreated, labels: Labels, seed: int) -> ProjectCreated:
    """The project to simulate, until all labelled texts are asked. Raises UserError if that is impossible."""
    if project.test is None:
        raise UserError(f"{project.name} has no test set to compare on: create a project with --test")
    batches = math.ceil(len(labels) / project.batch_size)
    if batches <= project.lookahead + 1:
        raise UserError(
            f"{project.name} has only {len(labels)} labels: to compare strategies, label more than "
            f"{(project.lookahead + 1) * project.batch_size} texts"
        )
    return replaced(project, seed=seed, max_batches=batches, **SIMULATED)


class SimulatedLoop:
    """A loop in memory. It uses the real order of work and learner, and the answers in the log."""

    def __init__(self, worker: Worker, store: Store, threads: int, real: LoopState, scratch: Path) -> None:
        self._worker = worker
        self._store = store
        self._threads = threads
        self._id = real.project_id
        self._labels = current(real)
        self._chosen = real.chosen
        self._grown = [growth.snapshot for growth in real.grown]
        self._scratch = scratch
        self._models: dict[str, TrainResult] = {}

    async def run(self, project: ProjectCreated) -> AsyncIterator[Point]:
        """Yields the figures of each model on the test set. Raises TaskError."""
        history = History(self._id)
        state = _after(history, project)
        for more in growth(project.pool, self._grown, "what-if"):
            state = _after(history, more)
        for choice in choices(state.project, self._chosen):
            state = _after(history, choice)
        while not finished(state):
            if batch := next_batch(state):
                state = _after(history, await self._picked(state, project, batch))
                state = _after(history, self._answered(state, batch.batch))
            elif model := next_model(state):
                learned = await self._trained(state, model)
                state = _after(history, learned)
                yield await self._tested(state, learned)
            else:
                return

    async def _picked(self, state: LoopState, project: ProjectCreated, batch: NextBatch) -> BatchQueried:
        pool = pool_of(state)
        taken = {*range(pool.size)} - {*self._labels} | asked_items(state)
        if batch.model is None:
            items = random_draw(project.seed, pool.size, taken, batch.size)
        else:
            trained_model = self._models[batch.model]
            request = query_request(
                state,
                batch.model,
                trained_model.folder,
                trained_model.sha256,
                state.models[batch.model].learned,
                pool=self._store.pool(pool),
                threads=self._threads,
                cache=self._store.cache(self._id),
                seed=derived(project.seed, "query", batch.batch),
                n=batch.size,
                taken=taken,
            )
            items = [pick.item for pick in (await self._worker.run(request)).picks]
        return BatchQueried(
            batch=batch.batch,
            items=as_listed(items, "uncertain" if batch.model else "cold-start"),
            model=batch.model,
            seed=project.seed,
            pool_version=pool.version,
            seconds=0.0,
        )

    def _answered(self, state: LoopState, batch: str) -> BatchAnnotated:
        items = [picked.item for picked in state.batches[batch].queried.items]
        answers = tuple(as_answer(item, self._labels[item]) for item in items)
        return BatchAnnotated(batch=batch, revision=0, items=answers)

    async def _trained(self, state: LoopState, model: NextModel) -> ModelTrained:
        request = train_request(
            state,
            model.model,
            model.learned,
            pool=await asyncio.to_thread(self._store.pool, pool_of(state)),
            threads=self._threads,
            into=self._scratch / model.model,
            cache=self._store.cache(self._id),
        )
        result = self._models[model.model] = await self._worker.run(request)
        return trained(state, model, request, result, result.folder.name)

    async def _tested(self, state: LoopState, model: ModelTrained) -> Point:
        assert state.project.test is not None
        trained_model = self._models[model.model]
        request = evaluate_request(
            state,
            model.model,
            trained_model.folder,
            trained_model.sha256,
            test=await asyncio.to_thread(self._store.snapshot, state.project.test),
            threads=self._threads,
            cache=self._store.cache(self._id),
        )
        result = await self._worker.run(request)
        return Point(model.model, model.labels, result.accuracy, result.macro_f1, result.micro_f1)


def choices(project: ProjectCreatedV4, recorded: Mapping[str, LookaheadChosen]) -> Iterator[LookaheadChosen]:
    """Which model picks each batch, where the lookahead grows: a simulation has no times to choose by.

    It is the recorded one. Batches without one, as more are simulated than were picked, wait for theirs.
    """
    newest = -1
    for number in range(project.max_batches or 0) if project.lookahead_grows else ():
        batch = str(number)
        model = int(recorded[batch].model) if batch in recorded else picking_model(project, number)
        newest = max(newest, model)
        if newest >= 0:
            yield LookaheadChosen(batch=batch, model=str(newest), waiting=0, expected=0.0)


def _after(history: History, data: EventData) -> LoopState:
    taken = history.add(new_event(history.project, data, source="what-if"))
    assert taken, history.halt
    return created(history)
