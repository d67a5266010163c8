"""Logistic regression on frozen embeddings, which are computed once per snapshot. Saved as a BERT folder."""

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from safetensors import safe_open
from scipy.special import softmax  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from small_text import Dataset  # type: ignore[import-untyped]
from transformers import AutoTokenizer, BertForSequenceClassification, PreTrainedTokenizerBase

from labelloop import atomic
from labelloop.errors import UserError
from labelloop.learner.base import WEIGHTS, resolve
from labelloop.learner.classifiers.base import Floats, LoopClassifier
from labelloop.learner.classifiers.batches import Encoded, save_tokenizer
from labelloop.learner.classifiers.networks import MEAN_WEIGHT, POOLER_WEIGHT, averaging, ready
from labelloop.learner.classifiers.parameters import LinearParameters
from labelloop.learner.classifiers.registry import Setting
from labelloop.learner.runtime import device
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.store.artifacts import file_digest

Features = npt.NDArray[np.float32]
Compute = Callable[[Sequence[str]], Features]
NEVER_SEEN = -30.0
"""Bias of a class without examples, which makes its probability almost 0."""
FEATURES = "features.json"


class FeatureStore:
    """Features of the texts in one snapshot, shape (texts, hidden size), stored in `cache` under `key`.

    `key` names the model that computes them. `compute` is called for the whole snapshot if nothing is stored.
    """

    def __init__(self, snapshot: Path, cache: Path, key: str, compute: Compute) -> None:
        self._compute = compute
        texts = OpenSnapshot.open(snapshot).all_texts()
        name = hashlib.sha256(f"{key}:{file_digest(snapshot)}".encode()).hexdigest()
        self._rows = {text: row for row, text in enumerate(texts)}
        self._features = _kept(cache / f"features-{name}.npy", lambda: compute(texts))

    def of(self, texts: Sequence[str]) -> Features:
        """Features of texts, in their order. Features of texts outside the snapshot are computed."""
        result = np.empty((len(texts), self._features.shape[1]), dtype=np.float32)
        known = [position for position, text in enumerate(texts) if text in self._rows]
        result[known] = self._features[[self._rows[texts[position]] for position in known]]
        unknown = [position for position, text in enumerate(texts) if text not in self._rows]
        if unknown:
            result[unknown] = self._compute([texts[position] for position in unknown])
        return result


@torch.inference_mode()
def pooled(
    model: BertForSequenceClassification,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    texts: Sequence[str],
) -> Features:
    """The output of a model's pooler for texts, shape (texts, hidden size)."""
    encoded = Encoded.of(tokenizer, texts, max_length)
    result = np.empty((len(texts), model.config.hidden_size), dtype=np.float32)
    for rows in encoded.by_length():
        result[rows] = model.bert(**encoded.batch(rows, model.device)).pooler_output.cpu().numpy()
    return result


def _kept(file: Path, compute: Callable[[], Features]) -> Features:
    if not file.is_file():
        with atomic.beside(file) as draft:
            with atomic.create(draft, atomic.THIS_USER) as writing:
                np.save(writing, compute(), allow_pickle=False)
            atomic.place(draft, file)
    features: Features = np.load(file, mmap_mode="r", allow_pickle=False)
    return features


class LinearClassifier(LoopClassifier):
    """Logistic regression on the features of a `FeatureStore`, with the frozen model that computes them.

    `weight` has shape (classes, hidden size), `bias` (classes,).
    """

    def __init__(
        self, frozen: "FrozenModel", store: FeatureStore, num_classes: int, parameters: LinearParameters
    ) -> None:
        self.num_classes = num_classes
        self.parameters = parameters
        self.metrics = {}
        self.weight = np.zeros((num_classes, 0))
        self.bias = np.zeros(num_classes)
        self._frozen = frozen
        self._store = store

    def fit(self, train_set: Dataset, weights: Floats | None = None) -> Self:
        """Fit on the labelled texts. A class without examples is never predicted."""
        features, targets = self._store.of(train_set.x).astype(np.float64), np.asarray(train_set.y)
        regression = LogisticRegression(C=self.parameters.c, max_iter=1000)
        regression.fit(features, targets, sample_weight=weights)
        weight, bias = regression.coef_, regression.intercept_
        if len(regression.classes_) == 2:
            weight, bias = np.vstack([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
        self.weight = np.zeros((self.num_classes, features.shape[1]))
        self.bias = np.full(self.num_classes, NEVER_SEEN)
        self.weight[regression.classes_], self.bias[regression.classes_] = weight, bias
        self.metrics = {"train_accuracy": float(regression.score(features, targets))}
        return self

    def predict_proba(
        self, data_set: Dataset, multi_label_threshold: float = 0.5, *, dropout_sampling: int = 1
    ) -> Floats:
        if dropout_sampling != 1:
            raise UserError("the classifier linear has no dropout; use --classifier transformer")
        return self._probabilities(self._store.of(data_set.x))

    def embed(
        self, data_set: Dataset, return_proba: bool = False, multi_label_threshold: float = 0.5, **kwargs: Any
    ) -> Any:
        features = self._store.of(data_set.x)
        embeddings = features.astype(np.float64)
        return (embeddings, self._probabilities(features)) if return_proba else embeddings

    def save(self, folder: Path) -> None:
        model = self._frozen.with_head(self.weight, self.bias)
        model.save_pretrained(folder)
        save_tokenizer(self._frozen.folder, folder, self.parameters.max_length)
        (folder / FEATURES).write_text(json.dumps({"key": self._frozen.key}) + "\n")

    def _probabilities(self, features: Features) -> Floats:
        probabilities: Floats = softmax(features @ self.weight.T + self.bias, axis=1)
        return probabilities


class FrozenModel:
    """A BERT that averages its tokens, loaded on first use. `key` names its features."""

    def __init__(
        self, folder: Path, key: str, max_length: int, load: Callable[[Path], BertForSequenceClassification]
    ) -> None:
        self.key = key
        self.folder = folder
        self._max_length = max_length
        self._load = load

    @cached_property
    def _tokenizer(self) -> PreTrainedTokenizerBase:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(self.folder)
        return tokenizer

    def features(self, texts: Sequence[str]) -> Features:
        """Features of texts, shape (texts, hidden size)."""
        return pooled(self._model, self._tokenizer, self._max_length, texts)

    def with_head(self, weight: Floats, bias: Floats) -> BertForSequenceClassification:
        """The model with this linear layer."""
        with torch.no_grad():
            self._model.classifier.weight.copy_(torch.from_numpy(weight))
            self._model.classifier.bias.copy_(torch.from_numpy(bias))
        return self._model

    @cached_property
    def _model(self) -> BertForSequenceClassification:
        return ready(self._load(self.folder), device())


class LinearFactory:
    """Makes linear classifiers."""

    def new(self, setting: Setting) -> LinearClassifier:
        """A classifier to fit on features of its base model."""
        parameters = LinearParameters.parse(setting.spec.parameters)
        base = resolve(setting.spec.model, setting.spec.revision)
        key = f"{base.digest()}:{parameters.max_length}:{MEAN_WEIGHT}:{POOLER_WEIGHT}"
        load = partial(averaging, num_classes=setting.num_classes)
        return _made(FrozenModel(base.folder, key, parameters.max_length, load), setting, parameters)

    def load(self, folder: Path, setting: Setting) -> LinearClassifier:
        """Load a fitted classifier. The frozen weights are read only if features are missing."""
        parameters = LinearParameters.parse(setting.spec.parameters)
        key = json.loads((folder / FEATURES).read_text())["key"]
        frozen = FrozenModel(folder, key, parameters.max_length, _exported)
        classifier = _made(frozen, setting, parameters)
        with safe_open(folder / WEIGHTS, framework="np") as tensors:
            classifier.weight = tensors.get_tensor("classifier.weight").astype(np.float64)
            classifier.bias = tensors.get_tensor("classifier.bias").astype(np.float64)
        return classifier


def _made(frozen: FrozenModel, setting: Setting, parameters: LinearParameters) -> LinearClassifier:
    store = FeatureStore(setting.texts, setting.cache, frozen.key, frozen.features)
    return LinearClassifier(frozen, store, setting.num_classes, parameters)


def _exported(folder: Path) -> BertForSequenceClassification:
    model: BertForSequenceClassification = BertForSequenceClassification.from_pretrained(
        folder, use_safetensors=True
    )
    return model


factory = LinearFactory()
