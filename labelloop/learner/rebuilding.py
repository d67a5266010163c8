"""Rebuild a small-text learner from the log."""

import numpy as np
from small_text import PoolBasedActiveLearner, TextDataset  # type: ignore[import-untyped]

from labelloop.learner import labels, querying, runtime
from labelloop.learner.classifiers.registry import Setting, factory
from labelloop.learner.requests import QueryRequest
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.store import artifacts


def learner(request: QueryRequest) -> PoolBasedActiveLearner:
    """The learner that a request describes, with its pool, strategy, labels and model. Nothing is trained.

    Its indices are pool items, and its class numbers follow the order of the labels. Raises ModelMissing and
    ModelDamaged.
    """
    device = runtime.prepare(request.threads)
    artifacts.verify(request.model_folder, request.model_sha256)
    setting = Setting.of(request)
    strategy = querying.build(request.strategy, request.strategy_parameters, setting, device)
    active_learner = PoolBasedActiveLearner(querying.SettingFactory(setting), strategy, _pool(request))
    active_learner.initialize(factory(request.classifier.name).load(request.model_folder, setting))
    active_learner.indices_labeled = np.array([item for item, _ in request.labelled], dtype=np.int64)
    active_learner.y = active_learner.dataset.y[active_learner.indices_labeled]
    active_learner.indices_ignored = np.array(request.ignored, dtype=np.int64)
    active_learner._index_to_position = active_learner._build_index_to_position_dict()
    return active_learner


def _pool(request: QueryRequest) -> TextDataset:
    texts = OpenSnapshot.open(request.pool).all_texts()
    y = np.full(len(texts), -1)
    y[[item for item, _ in request.labelled]] = labels.of_examples(request.labelled, request.labels)
    return TextDataset(texts, y, target_labels=np.arange(len(request.labels)))
