"""Requests to the learner, built from the log alone, predictions by it, and the facts about a training."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from labelloop.errors import TaskError
from labelloop.learner.descriptors import SHORTLIST
from labelloop.learner.large_pools import SMALL, looked_at, shortlist_size
from labelloop.learner.requests import (
    ClassifierSpec,
    EmbedRequest,
    EvaluateRequest,
    FirstTextsRequest,
    OnnxRequest,
    Pick,
    QueryRequest,
    TrainRequest,
    TrainResult,
)
from labelloop.learner.worker import Worker
from labelloop.loop.digest import learned_digest
from labelloop.loop.label_lists import LabelList, label_list, of_trained
from labelloop.loop.labels import Learned, asked_items, at_revisions, ignored_at
from labelloop.loop.names import compact
from labelloop.loop.pools import pool_for_next, pool_of, remaining
from labelloop.loop.random_draws import derived
from labelloop.loop.schedule import NextModel, first_texts, is_last_queried
from labelloop.loop.settings_in_force import for_learned, for_next, of_model
from labelloop.loop.state import LoopState, Trained
from labelloop.pool.snapshot import Files
from labelloop.store import Store
from labelloop.store.task_failures import is_model_lost
from schemas.events import ModelTrained
from schemas.fields import UNSAID
from schemas.parts import LogPrefix


def train_request(
    state: LoopState, model: str, learned: Learned, *, pool: Files, threads: int, into: Path, cache: Path
) -> TrainRequest:
    """A request to train a model on batches at given revisions."""
    project, listed = for_learned(state, learned), _labels_of(state, model)
    return TrainRequest(
        pool=pool,
        classifier=ClassifierSpec.of(project),
        labels=listed.names,
        shown=listed.shown,
        examples=tuple(sorted(at_revisions(state, learned, listed).items())),
        ignored=ignored_at(state, learned, listed),
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
    listed = _labels_of(state, work.model)
    return ModelTrained(
        model=work.model,
        attempt=work.attempt,
        learned=compact(work.learned),
        digest=learned_digest(state, work.learned, listed),
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
        label_list=listed.number or UNSAID,
    )


def _labels_of(state: LoopState, model: str) -> LabelList:
    """Those of the model, also if it is trained again, or of now if it is new."""
    trained = state.models.get(model)
    return of_trained(state, trained) if trained else label_list(state)


def evaluate_request(
    state: LoopState,
    model: str,
    folder: Path,
    sha256: str,
    *,
    test: Path,
    threads: int,
    cache: Path,
    scores: Path | None = None,
) -> EvaluateRequest:
    """A request to evaluate the model in a folder on the project's test set.

    `scores`: where what it says of each text is kept.
    """
    project = of_model(state, model)
    return EvaluateRequest(
        texts_path=test,
        classifier=ClassifierSpec.of(project),
        labels=project.labels,
        model_folder=folder,
        model_sha256=sha256,
        threads=threads,
        cache=cache,
        left_out=tuple(sorted(_labels_of(state, model).retired)),
        scores=scores,
    )


def onnx_request(
    state: LoopState,
    model: str,
    folder: Path,
    sha256: str,
    *,
    pool: Files,
    test: Path | None,
    into: Path,
    threads: int,
    int8: bool,
) -> OnnxRequest:
    """A request to write the model in a folder as ONNX, and to measure it."""
    project = of_model(state, model)
    return OnnxRequest(
        pool=pool,
        classifier=ClassifierSpec.of(project),
        labels=project.labels,
        model_folder=folder,
        model_sha256=sha256,
        into=into,
        threads=threads,
        order_seed=project.seed,
        int8=int8,
        test=test,
        left_out=tuple(sorted(_labels_of(state, model).retired)),
    )


def first_texts_request(
    state: LoopState, n: int, *, pool: Files, threads: int, cache: Path
) -> FirstTextsRequest:
    """A request to pick `n` texts while there is no model."""
    project = state.project
    return FirstTextsRequest(
        pool=pool,
        classifier=ClassifierSpec.of(project),
        taken=tuple(sorted(asked_items(state))),
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
    pool: Files,
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
    project, of_then, listed = for_next(state), of_model(state, model), _labels_of(state, model)
    return QueryRequest(
        pool=pool,
        classifier=ClassifierSpec.of(of_then),
        labels=of_then.labels,
        model_folder=folder,
        model_sha256=sha256,
        strategy=project.strategy.name,
        strategy_parameters=project.strategy.parameters,
        taken=tuple(sorted(taken)),
        labelled=tuple(sorted(at_revisions(state, labelled, listed).items())),
        ignored=ignored_at(state, labelled, listed),
        n=n,
        also=tuple(also),
        number=state.numbered - project.given,
        order_seed=project.seed,
        seed=seed,
        threads=threads,
        cache=cache,
    )


def embed_request(
    state: LoopState, seconds: float, *, pool: Files, threads: int, cache: Path
) -> EmbedRequest:
    """A request to embed, for some seconds, the texts at which later picks look."""
    project = for_next(state)
    return EmbedRequest(
        pool=pool,
        classifier=ClassifierSpec.of(project),
        texts=to_embed(state),
        seconds=seconds,
        threads=threads,
        cache=cache,
        order_seed=project.seed,
    )


def to_embed(state: LoopState) -> int:
    """At how many texts of a large pool later picks look, to find a shortlist. 0 if they need none."""
    project = for_next(state)
    shortlist = project.strategy.parameters.get(SHORTLIST)
    if not isinstance(shortlist, int) or state.ended or is_last_queried(state):
        return 0
    size = shortlist_size(shortlist, project.batch_size)
    if remaining(state, SMALL * size + 1) <= SMALL * size:
        return 0
    texts = pool_for_next(state).size
    if project.max_batches is None:
        return texts
    return min(texts, looked_at(size, project.max_batches - 1 - project.given))


def predicted(pick: Pick, several: bool) -> tuple[str, ...]:
    """The labels that a model predicts for a text. `several`: it may have several, or none of them."""
    return tuple(label for label, _ in pick.labels) if several else (pick.label,)


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
    pool = pool_of(state)
    result = await worker.run(
        query_request(
            state,
            model,
            folder,
            sha256,
            {},
            pool=await asyncio.to_thread(store.pool, pool),
            threads=threads,
            cache=store.cache(state.project_id),
            seed=state.project.seed,
            taken=range(pool.size),
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
