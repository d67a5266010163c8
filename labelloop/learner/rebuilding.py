"""Rebuild a small-text learner from the log."""

import numpy as np
from small_text import PoolBasedActiveLearner, TextDataset  # type: ignore[import-untyped]

from labelloop.learner import labels, querying, runtime
from labelloop.learner.classifiers.registry import Setting, load
from labelloop.learner.requests import QueryRequest
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.store import artifacts


def learner(request: QueryRequest) -> PoolBasedActiveLearner:
    """The learner that a request describes, with its pool, strategy, labels and model. Nothing is trained.

    Its indices are pool items, and its class numbers, or columns, follow the order of the labels. Raises
    ModelMissing and ModelDamaged.
    """
    device = runtime.prepare(request.threads)
    artifacts.verify(request.model_folder, request.model_sha256)
    setting = Setting.of(request)
    strategy = querying.build(request.strategy, request.strategy_parameters, setting, device)
    active_learner = PoolBasedActiveLearner(querying.SettingFactory(setting), strategy, _pool(request))
    active_learner.initialize(load(request.model_folder, setting, request.labels))
    active_learner.indices_labeled = np.array([item for item, _ in request.labelled], dtype=np.int64)
    active_learner.y = active_learner.dataset.y[active_learner.indices_labeled]
    active_learner.indices_ignored = np.array(request.ignored, dtype=np.int64)
    active_learner._index_to_position = active_learner._build_index_to_position_dict()
    return active_learner


def _pool(request: QueryRequest) -> TextDataset:
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
