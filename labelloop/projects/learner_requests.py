"""Requests to the learner, built from the log alone, predictions by it, and the facts about a training."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from labelloop.errors import TaskError
from labelloop.learner.requests import (
    ClassifierSpec,
    EvaluateRequest,
    FirstTextsRequest,
    Pick,
    QueryRequest,
    TrainRequest,
    TrainResult,
)
from labelloop.learner.worker import Worker
from labelloop.loop.digest import learned_digest
from labelloop.loop.draws import derived
from labelloop.loop.labels import Learned, asked, at_revisions, ignored_at
from labelloop.loop.names import compact
from labelloop.loop.schedule import NextModel, first_texts
from labelloop.loop.settings_in_force import for_learned, for_next, of_model
from labelloop.loop.state import LoopState, Trained
from labelloop.store import Store
from labelloop.store.task_failures import is_model_lost
from schemas.events import ModelTrained, ProjectCreated
from schemas.parts import LogPrefix


def classifier_spec(project: ProjectCreated) -> ClassifierSpec:
    return ClassifierSpec(
        name=project.classifier.name,
        parameters=project.classifier.parameters,
        model=project.model.name,
        revision=project.model.revision,
    )


def train_request(
    state: LoopState, model: str, learned: Learned, *, pool: Path, threads: int, into: Path, cache: Path
) -> TrainRequest:
    """A request to train a model on batches at given revisions."""
    project = for_learned(state, learned)
    return TrainRequest(
        pool=pool,
        classifier=classifier_spec(project),
        labels=project.labels,
        examples=tuple(sorted(at_revisions(state, learned).items())),
        ignored=ignored_at(state, learned),
        seed=derived(project.seed, "train", model),
        threads=threads,
        into=into,
        cache=cache,
        order_seed=project.seed,
    )


def trained(
    state: LoopState, work: NextModel, request: TrainRequest, result: TrainResult, artifact: str
) -> ModelTrained:
    """The event about a finished training. `artifact` is where its model is stored."""
    return ModelTrained(
        model=work.model,
        attempt=work.attempt,
        learned=compact(work.learned),
        digest=learned_digest(state, work.learned),
        labels=len(request.examples),
        artifact=artifact,
        sha256=result.sha256,
        metrics=dict(result.metrics),
        seconds=result.seconds,
        device=result.device,
        threads=result.threads,
        versions=dict(result.versions),
        seed=request.seed,
        log=LogPrefix(events=state.log.events, digest=state.log.digest),
    )


def evaluate_request(
    state: LoopState, model: str, folder: Path, sha256: str, *, test: Path, threads: int, cache: Path
) -> EvaluateRequest:
    """A request to evaluate the model in a folder on the project's test set."""
    project = of_model(state, model)
    return EvaluateRequest(
        texts_path=test,
        classifier=classifier_spec(project),
        labels=project.labels,
        model_folder=folder,
        model_sha256=sha256,
        threads=threads,
        cache=cache,
    )


def first_texts_request(
    state: LoopState, n: int, *, pool: Path, threads: int, cache: Path
) -> FirstTextsRequest:
    """A request to pick `n` texts while there is no model."""
    project = state.project
    return FirstTextsRequest(
        pool=pool,
        classifier=classifier_spec(project),
        taken=tuple(sorted(asked(state))),
        n=n,
        clusters=max((project.lookahead + 1) * project.batch_size, first_texts(project)),
        seed=project.seed,
        threads=threads,
        cache=cache,
    )


def query_request(
    state: LoopState,
    model: str,
    folder: Path,
    sha256: str,
    labelled: Learned,
    *,
    pool: Path,
    threads: int,
    cache: Path,
    seed: int,
    n: int = 0,
    taken: Collection[int] = (),
    also: Sequence[int] = (),
) -> QueryRequest:
    """A request to pick texts with the model in a folder and the query strategy of the next batch.

    `labelled`: the batches, at revisions, whose labels the strategy sees.
    """
    project = for_next(state)
    return QueryRequest(
        pool=pool,
        classifier=classifier_spec(of_model(state, model)),
        labels=project.labels,
        model_folder=folder,
        model_sha256=sha256,
        strategy=project.strategy.name,
        strategy_parameters=project.strategy.parameters,
        taken=tuple(sorted(taken)),
        labelled=tuple(sorted(at_revisions(state, labelled).items())),
        ignored=ignored_at(state, labelled),
        n=n,
        also=tuple(also),
        number=state.numbered - project.given,
        order_seed=project.seed,
        seed=seed,
        threads=threads,
        cache=cache,
    )


async def predictions(
    worker: Worker,
    store: Store,
    threads: int,
    state: LoopState,
    model: str,
    folder: Path,
    sha256: str,
    items: Sequence[int],
) -> tuple[Pick, ...]:
    """Predictions of an attempt's model, in the order of the items. Raises TaskError and UserError."""
    project = of_model(state, model)
    result = await worker.run(
        query_request(
            state,
            model,
            folder,
            sha256,
            {},
            pool=await asyncio.to_thread(store.pool, project),
            threads=threads,
            cache=store.cache(state.project_id),
            seed=project.seed,
            taken=range(project.pool.size),
            also=items,
        )
    )
    return result.also


async def prediction_of_each(
    worker: Worker, store: Store, threads: int, state: LoopState, models: Iterable[Trained], item: int
) -> dict[str, Pick]:
    """Predictions for one text, by model. Models that are missing or damaged in the store are left out."""
    picks: dict[str, Pick] = {}
    for trained in models:
        latest = trained.latest
        try:
            folder = await asyncio.to_thread(store.model, latest)
            (pick,) = await predictions(
                worker, store, threads, state, latest.model, folder, latest.sha256, (item,)
            )
        except TaskError as error:
            if not is_model_lost(error.kind):
                raise
        else:
            picks[latest.model] = pick
    return picks
