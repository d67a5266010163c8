"""Fine-tunes a transformer, with frozen lower layers."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from small_text import Dataset, TextDataset  # type: ignore[import-untyped]
from transformers import AutoConfig, AutoModelForSequenceClassification, PreTrainedModel

from labelloop.learner import labels
from labelloop.learner.base_model import resolve
from labelloop.learner.classifiers import heads, self_training
from labelloop.learner.classifiers.base import Floats, LoopClassifier, Unlabelled
from labelloop.learner.classifiers.batches import (
    Encoded,
    Texts,
    represent,
    sample_dropout,
    save_tokenizer,
    score,
)
from labelloop.learner.classifiers.fine_tuning import Validation, fine_tune, held_out, importances
from labelloop.learner.classifiers.hidden_states import LowerLayers, PoolStates
from labelloop.learner.classifiers.networks import (
    MeanPooled,
    Network,
    OwnHead,
    averages_tokens,
    build,
    exported,
    ready,
)
from labelloop.learner.classifiers.parameters import BALANCED, TransformerParameters
from labelloop.learner.classifiers.pretrained import load_tokenizer, most_tokens
from labelloop.learner.classifiers.registry import Setting
from labelloop.learner.engine import Remote, engine
from labelloop.learner.runtime import device

FROZEN = "frozen_layers.json"
SCORED = 4096
"""Texts that are scored together, and sorted by their length."""


class TransformerClassifier(LoopClassifier):
    """A transformer with a linear head. `base` is a local folder with safetensors weights.

    In a multi-label task each label is a yes or no of its own (sigmoid, binary cross-entropy). The head
    always begins as regressions, whose held-out probabilities give the thresholds.
    There is no self-training, which draws texts by their one class. `weights`: the sha256 of the weights of
    which the lower layers are frozen.
    """

    def __init__(
        self, base: Path, parameters: TransformerParameters, setting: Setting, weights: str | None = None
    ) -> None:
        self.base = base
        self.num_classes = setting.num_classes
        self.multi_label = setting.spec.multi_label
        self.parameters = parameters
        self.setting = setting
        self.weights = weights
        self.device = device()
        self.metrics = {}
        self.tokenizer = load_tokenizer(base)
        self.max_length = most_tokens(base, parameters.max_length)
        self.model: PreTrainedModel | None = None
        self.network: Network | None = None
        self._states: PoolStates | None = None
        self._remote: Remote[Sequence[Sequence[int]], Floats] | None = None

    @classmethod
    def load(cls, folder: Path, parameters: TransformerParameters, setting: Setting) -> Self:
        """A classifier from a folder that `save` wrote."""
        model = AutoModelForSequenceClassification.from_pretrained(folder, use_safetensors=True)
        facts = json.loads((folder / FROZEN).read_text()) if (folder / FROZEN).is_file() else {}
        classifier = cls(folder, parameters, setting, facts.get("weights"))
        classifier.num_classes = model.config.num_labels
        classifier._take(OwnHead(model) if not facts else MeanPooled.of_export(model, facts["layers"]), model)
        classifier._remote = Remote(folder, partial(_load_score, parameters, setting))
        return classifier

    def fit(self, train_set: Dataset, weights: Floats | None = None) -> Self:
        """Fine-tune on the labelled texts, from the base model and the seed."""
        seed, parameters = self.setting.seed, self.parameters
        torch.manual_seed(seed)
        network = self._new_network()
        importance = self._by_class(train_set)
        if weights is not None:
            importance *= torch.as_tensor(weights).float()
        train_set, learned, validation = self._divided(network, train_set, importance)
        targets, texts = self._targets(train_set), self._texts(network, train_set)
        self._begin(network, texts, train_set, learned)
        figures = fine_tune(network, texts, targets, learned.to(self.device), parameters, seed, validation)
        held = {"held_out": len(importance) - len(learned)} if parameters.validation_share else {}
        self.metrics = {**figures, **held}
        self._take(network, exported(network))
        return self

    def fit_with(self, train_set: Dataset, unlabelled: Unlabelled) -> Self:
        self.fit(train_set)
        trains_itself = self.parameters.self_training and not self.multi_label
        if trains_itself and self_training.is_due(len(train_set), self.num_classes):
            self._learn_on(train_set, unlabelled(self_training.sample_size(self.num_classes)))
        return self

    def _by_class(self, train_set: Dataset) -> torch.Tensor:
        """How much each text weighs, on the CPU."""
        is_balanced = self.parameters.class_weights == BALANCED and not self.multi_label
        return torch.as_tensor(importances(labels.dense(train_set.y), is_balanced)).float()

    def _divided(
        self, network: Network, train_set: Dataset, weights: torch.Tensor
    ) -> tuple[Dataset, torch.Tensor, Validation | None]:
        """What is learned, with its weights, and what is held out."""
        share, patience = self.parameters.validation_share, self.parameters.patience
        held = held_out(labels.dense(train_set.y), share, self.setting.seed)
        if not len(held):
            return train_set, weights, None
        judged, learned = train_set[held], np.setdiff1d(np.arange(len(train_set)), held)
        weight = weights[held].to(self.device)
        validation = Validation(self._texts(network, judged), self._targets(judged), weight, patience)
        return train_set[learned], weights[learned], validation

    def _begin(self, network: Network, texts: Texts, train_set: Dataset, weights: torch.Tensor) -> None:
        """Let the head begin as regressions, where it does; those of several labels give thresholds too."""
        start = self.parameters.head_start
        if not self.multi_label and not heads.is_regression(start, network, self.num_classes):
            return
        head, features = heads.head_and_features(
            ready(network, self.device), texts, self.tokenizer, self.max_length, train_set.x
        )
        if self.multi_label:
            self.thresholds = heads.begin_with_labels(head, features, train_set.y.toarray())
        else:
            heads.begin_with_classes(head, features, np.asarray(train_set.y), weights.double().numpy())

    def _targets(self, train_set: Dataset) -> torch.Tensor:
        if self.multi_label:
            return torch.as_tensor(train_set.y.toarray(), dtype=torch.float32, device=self.device)
        return torch.as_tensor(np.asarray(train_set.y, dtype=np.int64), device=self.device)

    def _learn_on(self, train_set: Dataset, texts: Sequence[str]) -> None:
        """Fine-tune further, also on what the model makes of texts without a label."""
        network, model = self._fitted()
        parameters, seed = self.parameters, self.setting.seed + 1
        probabilities = self.predict_proba(labels.unlabelled(texts, self.num_classes))
        train_set, by_class, validation = self._divided(network, train_set, self._by_class(train_set))
        rows, pseudo = self_training.pseudo_labels(probabilities, seed)
        self.metrics = {**self.metrics, "pseudo_labels": len(rows)}
        if not len(rows):
            return
        both = TextDataset(
            [*train_set.x, *(texts[row] for row in rows)],
            np.concatenate([train_set.y, pseudo]),
            target_labels=np.arange(self.num_classes),
        )
        weights = self_training.importances(len(train_set), len(rows), parameters.self_training)
        importance = torch.as_tensor(weights).float()
        importance[: len(train_set)] *= by_class
        torch.manual_seed(seed)
        figures = fine_tune(
            network,
            self._texts(network, both),
            self._targets(both),
            importance.to(self.device),
            replace(parameters, epochs=1, min_steps=self_training.steps(self.num_classes)),
            seed,
            validation,
        )
        if validation is not None:
            self.metrics = {**self.metrics, "validation_loss": figures["validation_loss"]}
        self._take(network, model)

    def predict_proba(
        self, data_set: Dataset, multi_label_threshold: float = 0.5, *, dropout_sampling: int = 1
    ) -> Floats:
        network, _ = self._fitted()
        if dropout_sampling > 1:
            encoded = self._encode(data_set)
            return sample_dropout(
                network, encoded, self.num_classes, self.device, dropout_sampling, self.multi_label
            )
        texts = self._texts(network, data_set)
        if not isinstance(texts, Encoded):
            return self._score(texts)
        parts = (texts.ids[start : start + SCORED] for start in range(0, len(texts), SCORED))
        scores = engine().map(self.score_tokens, parts, self._remote)
        return np.concatenate([np.empty((0, self.num_classes)), *scores])

    def score_tokens(self, ids: Sequence[Sequence[int]]) -> Floats:
        """Probabilities of tokenized texts, shape (texts, classes)."""
        return self._score(Encoded(self.tokenizer, ids))

    def predict_once(self, data_set: Dataset) -> Floats:
        return self._score(self._encode(data_set))

    def _score(self, texts: Texts) -> Floats:
        network, _ = self._fitted()
        return score(network, texts, self.num_classes, self.device, self.multi_label)

    def embed(
        self, data_set: Dataset, return_proba: bool = False, multi_label_threshold: float = 0.5, **kwargs: Any
    ) -> Any:
        _, model = self._fitted()
        embeddings, probabilities = represent(model, self._encode(data_set), self.multi_label)
        return (embeddings, probabilities) if return_proba else embeddings

    def save(self, folder: Path) -> None:
        network, model = self._fitted()
        model.save_pretrained(folder)
        save_tokenizer(self.base, folder, self.max_length)
        if isinstance(network, MeanPooled) and network.frozen_layers:
            facts = {"layers": network.frozen_layers, "weights": self.weights}
            (folder / FROZEN).write_text(json.dumps(facts) + "\n")

    def _texts(self, network: Network, data_set: Dataset) -> Texts:
        """The texts as the network takes them: what the frozen layers make of them, or their tokens."""
        if self._states is None:
            self._states = self._pool_states(network)
        states = self._states.of(data_set.x) if self._states is not None else None
        return self._encode(data_set) if states is None else states

    def _pool_states(self, network: Network) -> PoolStates | None:
        lower, setting = self._lower(network), self.setting
        return PoolStates(setting.texts, setting.order_seed, setting.cache, lower) if lower else None

    def _lower(self, network: Network) -> LowerLayers | None:
        if not isinstance(network, MeanPooled) or network.lower is None or self.weights is None:
            return None
        return LowerLayers(network.lower, self.tokenizer, self.max_length, self.weights, self.base)

    def half_layers(self) -> LowerLayers | None:
        """The frozen layers of the base model, if they are half of its layers."""
        if not averages_tokens(self.base, self.parameters.pooling):
            return None
        network = ready(self._new_network(), self.device)
        layers = AutoConfig.from_pretrained(self.base).num_hidden_layers
        has_half = isinstance(network, MeanPooled) and network.frozen_layers == layers // 2
        return self._lower(network) if has_half else None

    def _new_network(self) -> Network:
        parameters = self.parameters
        return build(
            self.base, self.num_classes, parameters.pooling, self.tokenizer, parameters.frozen_share
        ).to(self.device)

    def _encode(self, data_set: Dataset) -> Encoded:
        return Encoded.of(self.tokenizer, data_set.x, self.max_length)

    def _take(self, network: Network, model: PreTrainedModel) -> None:
        self.network, self.model = ready(network, self.device), ready(model, self.device)
        self._remote = None

    def _fitted(self) -> tuple[Network, PreTrainedModel]:
        if self.network is None or self.model is None:
            raise ValueError("the classifier is not fitted yet")
        return self.network, self.model


class TransformerFactory:
    """Makes transformer classifiers."""

    def new(self, setting: Setting) -> TransformerClassifier:
        """A classifier to fine-tune from its base model."""
        base = resolve(setting.spec.model, setting.spec.revision)
        parameters = TransformerParameters.parse(setting.spec.parameters)
        weights = base.digest if parameters.frozen_share else None
        return TransformerClassifier(base.folder, parameters, setting, weights)

    def load(self, folder: Path, setting: Setting) -> TransformerClassifier:
        """A fine-tuned classifier from its folder."""
        return TransformerClassifier.load(
            folder, TransformerParameters.parse(setting.spec.parameters), setting
        )

    def half_layers(self, setting: Setting, max_length: int) -> LowerLayers | None:
        """Those of its classifiers, if they are half of the layers and have so many tokens."""
        classifier = self.new(setting)
        is_alike = classifier.max_length == most_tokens(classifier.base, max_length)
        return classifier.half_layers() if is_alike and classifier.parameters.frozen_share else None


factory = TransformerFactory()


def _load_score(
    parameters: TransformerParameters, setting: Setting, folder: Path
) -> Callable[[Sequence[Sequence[int]]], Floats]:
    return TransformerClassifier.load(folder, parameters, setting).score_tokens
