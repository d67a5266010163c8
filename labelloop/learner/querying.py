"""Pick the pool items to label next, with a query strategy."""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from small_text import KNNIndex, QueryStrategy, TextDataset, VectorIndexFactory  # type: ignore[import-untyped]
from small_text.query_strategies import ConfidenceBasedQueryStrategy  # type: ignore[import-untyped]

from labelloop.learner import labels, runtime
from labelloop.learner.classifiers.base import Floats, Integers, LoopClassifier
from labelloop.learner.classifiers.registry import Setting, factory
from labelloop.learner.descriptors import SHORTLIST
from labelloop.learner.requests import Pick, QueryRequest, QueryResult
from labelloop.learner.scored_once import ScoredOnce
from labelloop.learner.shortlist import Predict, shortlisted
from labelloop.learner.strategies import BASE, base_name, check_strategy
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.store import artifacts
from schemas.parts import Shortlist


def query(request: QueryRequest) -> QueryResult:
    """Pick texts with the strategy. There are fewer than `n` only if fewer are left."""
    started = time.monotonic()
    device = runtime.prepare(request.threads)
    artifacts.verify(request.model_folder, request.model_sha256)
    setting = Setting.of(request)
    strategy = build(request.strategy, request.strategy_parameters, setting, device)
    pool = OpenSnapshot.open(request.pool)
    candidates = _candidates(request, len(pool)) if request.n else []
    picks: tuple[Pick, ...] = ()
    also: tuple[Pick, ...] = ()
    told: Shortlist | None = None
    if candidates or request.also:
        classifier = ScoredOnce(factory(request.classifier.name).load(request.model_folder, setting))

        def predict(items: Sequence[int]) -> Floats:
            return classifier.predict_proba(labels.unlabelled(pool.texts(items), len(request.labels)))

        if candidates:
            learned = [item for item, _ in request.labelled]
            y = labels.of_examples(request.labelled, request.labels)
            if isinstance(size := request.strategy_parameters.get(SHORTLIST), int):
                known = dict(zip(learned, y.tolist(), strict=True))
                candidates, told = shortlisted(request, size, candidates, known, predict)
            rows, scores = ask(
                strategy, classifier, pool.texts([*candidates, *learned]), y, request.n, request.seed
            )
            picks = _described(predict, request.labels, [candidates[row] for row in rows], scores)
        also = _described(predict, request.labels, request.also, [None] * len(request.also))
    return QueryResult(picks, time.monotonic() - started, runtime.device_name(), also, told)


def _candidates(request: QueryRequest, size: int) -> list[int]:
    barred = {*request.taken, *request.ignored, *(item for item, _ in request.labelled)}
    return [item for item in range(size) if item not in barred]


def _described(
    predict: Predict, names: tuple[str, ...], items: Sequence[int], scores: Sequence[float | None]
) -> tuple[Pick, ...]:
    if not items:
        return ()
    return tuple(
        Pick(item, score, names[int(row.argmax())], float(row.max()))
        for item, score, row in zip(items, scores, predict(items), strict=True)
    )


class SettingFactory:
    """A small-text classifier factory: new classifiers like the loop's own, for two classes."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def new(self) -> LoopClassifier:
        """A classifier to fit."""
        return factory(self._setting.spec.name).new(self._setting)


def build(name: str, parameters: Mapping[str, Any], setting: Setting, device: torch.device) -> QueryStrategy:
    """Create a strategy by name, for a setting. Raises `UserError` if it cannot work."""
    plugin = check_strategy(name, parameters, setting.spec.name)
    given = {argument: _given(argument, setting, device) for argument in plugin.given}
    arguments = {**given, **plugin.defaults, **plugin.own(parameters)}
    if BASE in plugin.parameters:
        arguments[BASE] = build(base_name(parameters), {}, setting, device)
    return plugin.loaded()(**arguments)


def ask(
    strategy: QueryStrategy,
    classifier: LoopClassifier,
    texts: Sequence[str],
    labels: Integers,
    n: int,
    seed: int,
) -> tuple[list[int], list[float | None]]:
    """The rows that the strategy picks among the unlabelled texts, and their scores if it has scores.

    `texts` are the unlabelled texts, followed by one text for each of `labels`. Rows are sorted best first if
    the strategy scores them, otherwise they are in its own order.
    """
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    unlabelled = len(texts) - len(labels)
    y = np.concatenate([np.full(unlabelled, -1), labels])
    data = TextDataset(list(texts), y, target_labels=np.arange(classifier.num_classes))
    rows = strategy.query(
        classifier,
        data,
        np.arange(unlabelled),
        np.arange(unlabelled, len(texts)),
        labels,
        n=min(n, unlabelled),
    )
    return _ranked(strategy, [int(row) for row in rows], len(texts))


def _ranked(strategy: QueryStrategy, rows: list[int], size: int) -> tuple[list[int], list[float | None]]:
    scores = getattr(strategy, "scores_", None)
    if scores is None or len(scores) != size:
        return rows, [None] * len(rows)
    lower_is_better = isinstance(strategy, ConfidenceBasedQueryStrategy) and strategy.lower_is_better
    rows.sort(key=lambda row: float(scores[row]) if lower_is_better else -float(scores[row]))
    return rows, [float(scores[row]) for row in rows]


def _given(name: str, setting: Setting, device: torch.device) -> Any:
    defaults: Mapping[str, Any] = {
        "num_classes": setting.num_classes,
        "device": device.type,
        "vector_index_factory": VectorIndexFactory(KNNIndex),
        "classifier_factory": SettingFactory(replace(setting, num_classes=2)),
    }
    return defaults[name]
