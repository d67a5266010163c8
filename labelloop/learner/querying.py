"""Pick the pool items to label next with a query strategy, or rebuild the learner for a notebook."""

import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from scipy.sparse import vstack  # type: ignore[import-untyped]
from small_text import (  # type: ignore[import-untyped]
    Dataset,
    KNNIndex,
    PoolBasedActiveLearner,
    QueryStrategy,
    TextDataset,
    VectorIndexFactory,
)
from small_text.query_strategies import ConfidenceBasedQueryStrategy  # type: ignore[import-untyped]

from labelloop.learner import labels, runtime
from labelloop.learner.classifiers.base import Booleans, Features, Floats, LoopClassifier
from labelloop.learner.classifiers.registry import CLASSIFIERS, Setting, factory, load
from labelloop.learner.descriptors import SHORTLIST
from labelloop.learner.pool_embeddings import PoolEmbeddings
from labelloop.learner.requests import Pick, QueryRequest, QueryResult
from labelloop.learner.shortlist import Predict, shortlisted
from labelloop.learner.strategies.registry import BASE, base_name, check_strategy
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.store import artifacts
from schemas.parts import Shortlist


def query(request: QueryRequest) -> QueryResult:
    """Pick texts with the strategy. There are fewer than `n` only if fewer are left."""
    started = time.monotonic()
    device = runtime.prepare(request.threads)
    artifacts.verify(request.model_folder, request.model_sha256)
    setting = Setting.of(request)
    pool = OpenSnapshot.open(request.pool)
    candidates = _candidates(request, len(pool)) if request.n else []
    kept = embeddings_kept(request)
    picks: tuple[Pick, ...] = ()
    also: tuple[Pick, ...] = ()
    shortlist: Shortlist | None = None
    if candidates or request.also:
        size, multi_label = len(request.labels), request.classifier.multi_label
        classifier = ScoredOnce(load(request.model_folder, setting, request.labels))

        def predict(items: Sequence[int]) -> Floats:
            return classifier.predict_proba(labels.unlabelled(pool.texts(items), size, multi_label))

        if candidates:
            learned = [item for item, _ in request.labelled]
            y = labels.of_examples(request.labelled, request.labels, multi_label)
            if isinstance(shortlist_size := request.strategy_parameters.get(SHORTLIST), int):
                class_of = dict(zip(learned, labels.dense(y).tolist(), strict=True))
                counting = classifier.counting if multi_label else None
                candidates, shortlist = shortlisted(
                    request, shortlist_size, candidates, class_of, predict, kept, counting
                )
            texts = pool.texts([*candidates, *learned])
            embeddings = partial(_embeddings, kept, dict(zip(texts, candidates, strict=False)))
            strategy = build(request.strategy, request.strategy_parameters, setting, device, embeddings)
            rows, scores = ask(strategy, classifier, texts, y, request.n, request.seed)
            picks = _described(predict, classifier, request.labels, [candidates[row] for row in rows], scores)
        nothing = [None] * len(request.also)
        also = _described(predict, classifier, request.labels, request.also, nothing)
    return QueryResult(picks, time.monotonic() - started, runtime.device_name(), also, shortlist)


def _candidates(request: QueryRequest, size: int) -> list[int]:
    barred = {*request.taken, *request.ignored, *(item for item, _ in request.labelled)}
    return [item for item in range(size) if item not in barred]


def _described(
    predict: Predict,
    classifier: LoopClassifier,
    names: tuple[str, ...],
    items: Sequence[int],
    scores: Sequence[float | None],
) -> tuple[Pick, ...]:
    if not items:
        return ()
    probabilities = predict(items)
    label_probabilities: Sequence[tuple[tuple[str, float], ...]] = [()] * len(items)
    if classifier.multi_label:
        label_probabilities = [
            _counting(*each, names)
            for each in zip(probabilities, classifier.counting(probabilities), strict=True)
        ]
    return tuple(
        Pick(item, score, names[int(row.argmax())], float(row.max()), of_text)
        for item, score, row, of_text in zip(items, scores, probabilities, label_probabilities, strict=True)
    )


def _counting(row: Floats, counts: Booleans, names: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    """The labels that count, most probable first."""
    return tuple(
        (names[label], float(row[label])) for label in np.argsort(-row, kind="stable") if counts[label]
    )


class SettingFactory:
    """A small-text classifier factory: new classifiers like the loop's own."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def new(self) -> LoopClassifier:
        """A classifier to fit."""
        return factory(self._setting.spec.name).new(self._setting)


def build(
    name: str,
    parameters: Mapping[str, Any],
    setting: Setting,
    device: torch.device,
    embeddings: Callable[[Sequence[str]], Features],
) -> QueryStrategy:
    """Create a strategy by name, for a setting. Raises `UserError` if it cannot work.

    `embeddings`: those of texts of the pool by the base model, shape (texts, dimensions).
    """
    task = setting.spec.task
    plugin = check_strategy(name, parameters, setting.spec.name, task)
    offers = CLASSIFIERS.get(setting.spec.name).offers
    known: Mapping[str, Any] = {
        "num_classes": setting.num_classes,
        "device": device.type,
        "vector_index_factory": VectorIndexFactory(KNNIndex),
        "classifier_factory": SettingFactory(replace(setting, num_classes=2)),
        "pool_embeddings": None if "embeddings" in offers and "network" not in offers else embeddings,
    }
    arguments = {**{name: known[name] for name in plugin.given}, **plugin.defaults, **plugin.own(parameters)}
    if BASE in plugin.parameters:
        arguments[BASE] = build(base_name(parameters, task), {}, setting, device, embeddings)
    return plugin.loaded()(**arguments)


def embeddings_kept(request: QueryRequest) -> Callable[[], PoolEmbeddings]:
    """The pool's embeddings, opened when they are first asked for: that reads the pool and the base model."""
    return cache(partial(PoolEmbeddings, request.pool, request.classifier, request.order_seed, request.cache))


def _embeddings(
    kept: Callable[[], PoolEmbeddings], items: Mapping[str, int], texts: Sequence[str]
) -> Features:
    return kept().of_items([items[text] for text in texts])


def ask(
    strategy: QueryStrategy,
    classifier: LoopClassifier,
    texts: Sequence[str],
    y: labels.Targets,
    n: int,
    seed: int,
) -> tuple[list[int], list[float | None]]:
    """The rows that the strategy picks among the unlabelled texts, and their scores if it has scores.

    `texts` are the unlabelled texts, followed by those whose targets are `y`. Rows are sorted best first if
    the strategy scores them, otherwise they are in its own order.
    """
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    size, unlabelled = classifier.num_classes, len(texts) - y.shape[0]
    nothing = labels.of_none(unlabelled, size, classifier.multi_label)
    together = vstack([nothing, y], "csr") if classifier.multi_label else np.concatenate([nothing, y])
    data = labels.data_set(texts, together, size)
    rows = strategy.query(
        classifier,
        data,
        np.arange(unlabelled),
        np.arange(unlabelled, len(texts)),
        y,
        n=min(n, unlabelled),
    )
    return _ranked(strategy, [int(row) for row in rows], {len(texts), unlabelled})


def _ranked(
    strategy: QueryStrategy, rows: list[int], sizes: Collection[int]
) -> tuple[list[int], list[float | None]]:
    scores = getattr(strategy, "scores_", None)
    if scores is None or len(scores) not in sizes:
        return rows, [None] * len(rows)
    lower_is_better = isinstance(strategy, ConfidenceBasedQueryStrategy) and strategy.lower_is_better
    rows.sort(key=lambda row: float(scores[row]) if lower_is_better else -float(scores[row]))
    return rows, [float(scores[row]) for row in rows]


class ScoredOnce(LoopClassifier):
    """Another classifier, whose probabilities of a text it remembers. Dropout samples are drawn anew."""

    def __init__(self, classifier: LoopClassifier) -> None:
        self._classifier = classifier
        self._probabilities: dict[str, Floats] = {}
        self.num_classes = classifier.num_classes
        self.multi_label = classifier.multi_label
        self.thresholds = classifier.thresholds

    def __getattr__(self, name: str) -> Any:
        # Some strategies read a network's attributes, as `model`.
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._classifier, name)

    def fit(self, train_set: Dataset, weights: Floats | None = None) -> Self:
        self._probabilities.clear()
        self._classifier.fit(train_set, weights)
        return self

    def save(self, folder: Path) -> None:
        self._classifier.save(folder)

    def predict_proba(
        self, data_set: Dataset, multi_label_threshold: float = 0.5, *, dropout_sampling: int = 1
    ) -> Floats:
        if dropout_sampling > 1:
            return self._classifier.predict_proba(data_set, dropout_sampling=dropout_sampling)
        new = [row for row, text in enumerate(data_set.x) if text not in self._probabilities]
        if new:
            others = data_set[np.array(new)]
            self._remember(others, self._classifier.predict_proba(others))
        return np.array([self._probabilities[text] for text in data_set.x]).reshape(-1, self.num_classes)

    def embed(
        self, data_set: Dataset, return_proba: bool = False, multi_label_threshold: float = 0.5, **kwargs: Any
    ) -> Any:
        embeddings, probabilities = self._classifier.embed(data_set, return_proba=True, **kwargs)
        self._remember(data_set, probabilities)
        return (embeddings, probabilities) if return_proba else embeddings

    def _remember(self, data_set: Dataset, probabilities: Floats) -> None:
        self._probabilities.update(zip(data_set.x, probabilities, strict=True))


def learner(request: QueryRequest) -> PoolBasedActiveLearner:
    """The learner that a request describes, with its pool, strategy, labels and model. Nothing is trained.

    Its indices are pool items, and its class numbers, or columns, follow the order of the labels. Raises
    ModelMissing and ModelDamaged.
    """
    device = runtime.prepare(request.threads)
    artifacts.verify(request.model_folder, request.model_sha256)
    setting = Setting.of(request)
    whole_pool = _whole_pool(request)
    items = {text: item for item, text in enumerate(whole_pool.x)}
    embeddings = partial(_embeddings, embeddings_kept(request), items)
    strategy = build(request.strategy, request.strategy_parameters, setting, device, embeddings)
    active_learner = PoolBasedActiveLearner(SettingFactory(setting), strategy, whole_pool)
    active_learner.initialize(load(request.model_folder, setting, request.labels))
    active_learner.indices_labeled = np.array([item for item, _ in request.labelled], dtype=np.int64)
    active_learner.y = active_learner.dataset.y[active_learner.indices_labeled]
    active_learner.indices_ignored = np.array(request.ignored, dtype=np.int64)
    active_learner._index_to_position = active_learner._build_index_to_position_dict()
    return active_learner


def _whole_pool(request: QueryRequest) -> TextDataset:
    texts = OpenSnapshot.open(request.pool).all_texts()
    size, multi_label = len(request.labels), request.classifier.multi_label
    if multi_label:
        names = dict(request.labelled)
        return labels.data_set(
            texts, labels.matrix([names.get(item, ()) for item in range(len(texts))], request.labels), size
        )
    y = labels.of_none(len(texts), size, multi_label)
    y[[item for item, _ in request.labelled]] = labels.of_examples(request.labelled, request.labels)
    return labels.data_set(texts, y, size)
