"""Picks the pool items to label next."""

import time

from labelloop.learner import artifacts, labels, picking, runtime
from labelloop.learner.classifiers.base import LoopClassifier
from labelloop.learner.classifiers.registry import Setting, factory
from labelloop.learner.requests import Pick, QueryRequest, QueryResult
from labelloop.pool.snapshot import Snapshot


def query(request: QueryRequest) -> QueryResult:
    """Ask the strategy for texts; fewer than `n` only where fewer are left."""
    started = time.monotonic()
    device = runtime.prepare(request.threads)
    artifacts.verify(request.model_folder, request.model_sha256)
    setting = Setting(request.classifier, len(request.labels), request.seed, request.pool, request.cache)
    strategy = picking.build(request.strategy, request.strategy_parameters, setting, device)
    pool = Snapshot.open(request.pool)
    candidates = _candidates(request, len(pool))
    picks: tuple[Pick, ...] = ()
    also: tuple[Pick, ...] = ()
    if candidates or request.also:
        classifier = factory(request.classifier.name).load(request.model_folder, setting)
        if candidates:
            y = labels.numbers([labels.single(names) for _, names in request.labelled], request.labels)
            texts = pool.texts([*candidates, *(item for item, _ in request.labelled)])
            rows, scores = picking.ask(strategy, classifier, texts, y, request.n, request.seed)
            picked = [(candidates[row], texts[row]) for row in rows]
            picks = _describe(classifier, request.labels, picked, scores)
        described = list(zip(request.also, pool.texts(request.also), strict=True))
        also = _describe(classifier, request.labels, described, [None] * len(described))
    return QueryResult(picks, time.monotonic() - started, runtime.device_name(), also)


def _candidates(request: QueryRequest, size: int) -> list[int]:
    barred = {*request.taken, *request.ignored, *(item for item, _ in request.labelled)}
    return [item for item in range(size) if item not in barred]


def _describe(
    classifier: LoopClassifier,
    names: tuple[str, ...],
    picked: list[tuple[int, str]],
    scores: list[float | None],
) -> tuple[Pick, ...]:
    if not picked:
        return ()
    probabilities = classifier.predict_proba(labels.unlabelled([text for _, text in picked], len(names)))
    return tuple(
        Pick(item, score, names[int(row.argmax())], float(row.max()))
        for (item, _), score, row in zip(picked, scores, probabilities, strict=True)
    )
