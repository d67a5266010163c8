"""Requests to the learner, built from the log alone, and the facts recorded about a training."""

from collections.abc import Collection, Sequence
from pathlib import Path

from labelloop.learner.requests import (
    EvaluateRequest,
    FirstTextsRequest,
    QueryRequest,
    TrainRequest,
    TrainResult,
    classifier_spec,
)
from labelloop.loop.digest import learned_digest
from labelloop.loop.draws import derived
from labelloop.loop.labels import Learned, asked, at_revisions, ignored_at
from labelloop.loop.names import compact
from labelloop.loop.schedule import NextModel, first_texts
from labelloop.loop.settings import for_learned, for_next, of_model
from labelloop.loop.state import LoopState
from schemas.events import ModelTrained
from schemas.parts import LogPrefix


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
        model=project.model.name,
        revision=project.model.revision,
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
        seed=seed,
        threads=threads,
        cache=cache,
    )
