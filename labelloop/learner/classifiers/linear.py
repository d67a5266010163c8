"""Logistic regression on frozen embeddings, which are computed once per snapshot. Saved as a plain model.

In a multi-label task there is a regression for each label, and thresholds tuned on held-out probabilities.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from safetensors import safe_open
from scipy.special import expit, softmax  # type: ignore[import-untyped]
from small_text import Dataset  # type: ignore[import-untyped]
from transformers import AutoModelForSequenceClassification, PreTrainedModel, PreTrainedTokenizerBase

from labelloop.errors import UserError
from labelloop.learner.array_files import read_or_computed
from labelloop.learner.base_model import WEIGHTS, resolve
from labelloop.learner.classifiers import regressions
from labelloop.learner.classifiers.base import Features, Floats, LoopClassifier
from labelloop.learner.classifiers.batches import Encoded, save_tokenizer
from labelloop.learner.classifiers.networks import MEAN_WEIGHT, POOLER_WEIGHT, frozen, ready
from labelloop.learner.classifiers.parameters import BALANCED, LinearParameters
from labelloop.learner.classifiers.pretrained import head_of, load_tokenizer, most_tokens, set_head
from labelloop.learner.classifiers.registry import Setting
from labelloop.learner.engine import Remote, engine
from labelloop.learner.runtime import device
from labelloop.pool.snapshot import Files, OpenSnapshot, paths_of
from labelloop.store.artifacts import file_digest

CHUNK = 1024
"""Texts of a snapshot whose features are computed together."""
FEATURES = "features.json"
HEAD = "classifier"
"""The name of the head in a BERT, and of one whose name was not kept."""


class FeatureStore:
    """Features of the texts in snapshots, shape (texts, hidden size), stored in `cache`, a file for each.

    They are computed for a whole snapshot if nothing is stored.
    """

    def __init__(self, snapshots: Files, cache: Path, model: "FrozenModel") -> None:
        self._compute = model.features
        self._rows = {text: row for row, text in enumerate(OpenSnapshot.open(snapshots).all_texts())}
        self._parts = [_features(path, cache, model) for path in paths_of(snapshots)]

    def of(self, texts: Sequence[str]) -> Features:
        """Features of texts, in their order. Features of texts outside the snapshots are computed."""
        result = np.empty((len(texts), self._parts[0].shape[1]), dtype=np.float32)
        rows = np.array([self._rows.get(text, -1) for text in texts], dtype=np.int64)
        first = 0
        for features in self._parts:
            in_file = (rows >= first) & (rows < first + len(features))
            result[in_file] = features[rows[in_file] - first]
            first += len(features)
        unknown = np.flatnonzero(rows < 0).tolist()
        if unknown:
            result[unknown] = self._compute([texts[position] for position in unknown])
        return result


def _features(snapshot: Path, cache: Path, model: "FrozenModel") -> Features:
    name = hashlib.sha256(f"{model.key}:{file_digest(snapshot)}".encode()).hexdigest()
    texts = OpenSnapshot.open(snapshot).all_texts()

    def computed() -> Features:
        chunks = [texts[start : start + CHUNK] for start in range(0, len(texts) or 1, CHUNK)]
        return np.concatenate(list(engine().map(model.features, chunks, model.remote)))

    return read_or_computed(cache / f"features-{name}.npy", len(texts), computed)


@torch.inference_mode()
def inputs_of_head(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, max_length: int, texts: Sequence[str]
) -> Features:
    """What a model's last linear layer gets for texts, shape (texts, hidden size)."""
    encoded = Encoded.of(tokenizer, texts, max_length)
    _, head = head_of(model)
    result = np.empty((len(texts), head.in_features), dtype=np.float32)
    inputs: list[torch.Tensor] = []
    hook = head.register_forward_pre_hook(lambda _, arguments: inputs.append(arguments[0]))
    try:
        for rows in encoded.by_length():
            batch = encoded.batch(rows, model.device)
            model(**batch)
            result[rows] = _of_text(inputs.pop(), batch["input_ids"], model).float().cpu().numpy()
    finally:
        hook.remove()
    return result


def _of_text(hidden: torch.Tensor, ids: torch.Tensor, model: PreTrainedModel) -> torch.Tensor:
    """One row per text. A family that reads from left to right has one per token; the last one counts."""
    if hidden.dim() == 2:
        return hidden
    places = torch.arange(ids.shape[1], device=ids.device)
    last = (places * (ids != model.config.pad_token_id)).argmax(dim=1)
    return hidden[torch.arange(len(hidden), device=ids.device), last]


class LinearClassifier(LoopClassifier):
    """Logistic regression on the features of a `FeatureStore`, with the frozen model that computes them.

    `weight` has shape (classes, hidden size), `bias` (classes,).
    """

    def __init__(
        self,
        frozen: "FrozenModel",
        store: FeatureStore,
        num_classes: int,
        parameters: LinearParameters,
        multi_label: bool = False,
    ) -> None:
        self.num_classes = num_classes
        self.multi_label = multi_label
        self.parameters = parameters
        self.metrics = {}
        self.weight = np.zeros((num_classes, 0))
        self.bias = np.zeros(num_classes)
        self._frozen = frozen
        self._store = store

    def fit(self, train_set: Dataset, weights: Floats | None = None) -> Self:
        """Fit on the labelled texts. A class without examples is never predicted."""
        if self.multi_label:
            self._fit_each(train_set, weights)
            return self
        features, targets = self._store.of(train_set.x).astype(np.float64), np.asarray(train_set.y)
        self.weight, self.bias = regressions.fit_classes(
            features,
            targets,
            self.num_classes,
            self.parameters.c,
            self._frozen.has_bias,
            weights,
            self.parameters.class_weights == BALANCED,
        )
        right = (features @ self.weight.T + self.bias).argmax(axis=1) == targets
        self.metrics = {"train_accuracy": float(right.mean())}
        return self

    def _fit_each(self, train_set: Dataset, weights: Floats | None) -> None:
        features, targets = self._store.of(train_set.x).astype(np.float64), train_set.y.toarray()
        c, has_bias = self.parameters.c, self._frozen.has_bias
        self.weight, self.bias = regressions.fit_labels(features, targets, c, has_bias, weights)
        self.thresholds = regressions.tuned(regressions.held_out(features, targets, c, has_bias), targets)
        right = self.counting(self._probabilities(features)) == targets
        self.metrics = {"train_accuracy": float(right.all(axis=1).mean())}

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
        save_tokenizer(self._frozen.folder, folder, self._frozen.max_length)
        facts = {"key": self._frozen.key}
        if self._frozen.head != HEAD:
            facts["head"] = self._frozen.head
        (folder / FEATURES).write_text(json.dumps(facts) + "\n")

    def _probabilities(self, features: Features | Floats) -> Floats:
        logits = features @ self.weight.T + self.bias
        probabilities: Floats = expit(logits) if self.multi_label else softmax(logits, axis=1)
        return probabilities


Load = Callable[[Path, PreTrainedTokenizerBase], PreTrainedModel]


class FrozenModel:
    """A model that is loaded on first use. `key` names its features: what its head gets."""

    def __init__(self, folder: Path, key: str, max_length: int, load: Load) -> None:
        self.key = key
        self.folder = folder
        self.max_length = max_length
        self._load = load

    @cached_property
    def _tokenizer(self) -> PreTrainedTokenizerBase:
        return load_tokenizer(self.folder)

    @property
    def head(self) -> str:
        """The name of the layer that is fitted."""
        return head_of(self._model)[0]

    @property
    def has_bias(self) -> bool:
        """Whether that layer has a bias."""
        return head_of(self._model)[1].bias is not None

    def features(self, texts: Sequence[str]) -> Features:
        """Features of texts, shape (texts, hidden size)."""
        return inputs_of_head(self._model, self._tokenizer, self.max_length, texts)

    def with_head(self, weight: Floats, bias: Floats) -> PreTrainedModel:
        """The model with this linear layer."""
        _, head = head_of(self._model)
        set_head(head, weight, bias)
        return self._model

    @property
    def remote(self) -> Remote[Sequence[str], Features]:
        """How another machine gets `features`."""
        return Remote(self.folder, partial(_load_features, self.key, self.max_length, self._load))

    @cached_property
    def _model(self) -> PreTrainedModel:
        return ready(self._load(self.folder, self._tokenizer), device())


class LinearFactory:
    """Makes linear classifiers."""

    def new(self, setting: Setting) -> LinearClassifier:
        """A classifier to fit on features of its base model."""
        parameters = LinearParameters.parse(setting.spec.parameters)
        base = resolve(setting.spec.model, setting.spec.revision)
        max_length = most_tokens(base.folder, parameters.max_length)
        key = f"{base.digest}:{max_length}:{MEAN_WEIGHT}:{POOLER_WEIGHT}"
        load = partial(_with_new_head, setting.num_classes)
        return _classifier(FrozenModel(base.folder, key, max_length, load), setting, parameters)

    def load(self, folder: Path, setting: Setting) -> LinearClassifier:
        """Load a fitted classifier. The frozen weights are read only if features are missing."""
        parameters = LinearParameters.parse(setting.spec.parameters)
        facts = json.loads((folder / FEATURES).read_text())
        head = facts.get("head", HEAD)
        fitted = FrozenModel(folder, facts["key"], most_tokens(folder, parameters.max_length), _exported)
        classifier = _classifier(fitted, setting, parameters)
        with safe_open(folder / WEIGHTS, framework="np") as tensors:
            classifier.weight = tensors.get_tensor(f"{head}.weight").astype(np.float64)
            classifier.bias = np.zeros(len(classifier.weight))
            if f"{head}.bias" in tensors.keys():  # noqa: SIM118
                classifier.bias = tensors.get_tensor(f"{head}.bias").astype(np.float64)
        return classifier


def _classifier(frozen: FrozenModel, setting: Setting, parameters: LinearParameters) -> LinearClassifier:
    store = FeatureStore(setting.texts, setting.cache, frozen)
    return LinearClassifier(frozen, store, setting.num_classes, parameters, setting.spec.multi_label)


def _load_features(
    key: str, max_length: int, load: Load, folder: Path
) -> Callable[[Sequence[str]], Features]:
    return FrozenModel(folder, key, max_length, load).features


def _with_new_head(num_classes: int, folder: Path, tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    return frozen(folder, num_classes, tokenizer)


def _exported(folder: Path, tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    model: PreTrainedModel = AutoModelForSequenceClassification.from_pretrained(folder, use_safetensors=True)
    return model


factory = LinearFactory()
