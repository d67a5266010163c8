"""Fine-tunes a transformer: AdamW, linear warm-up and decay, clipped gradients, frozen word embeddings."""

import math
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from small_text import Dataset  # type: ignore[import-untyped]
from torch import nn
from torch.nn import functional
from transformers import (
    AutoModelForSequenceClassification,
    PreTrainedModel,
    get_linear_schedule_with_warmup,
)

from labelloop.learner.base import resolve
from labelloop.learner.classifiers.base import Floats, LoopClassifier
from labelloop.learner.classifiers.batches import Encoded, represent, sample_dropout, save_tokenizer, score
from labelloop.learner.classifiers.networks import build, exported, ready
from labelloop.learner.classifiers.parameters import TransformerParameters
from labelloop.learner.classifiers.pretrained import load_tokenizer, most_tokens
from labelloop.learner.classifiers.registry import Setting
from labelloop.learner.runtime import device

WARM_UP = 0.1
MAX_GRADIENT = 1.0


class TransformerClassifier(LoopClassifier):
    """A transformer with a linear head. `base` is a local folder with safetensors weights."""

    def __init__(
        self, base: Path, num_classes: int, parameters: TransformerParameters, seed: int, device: torch.device
    ) -> None:
        self.base = base
        self.num_classes = num_classes
        self.parameters = parameters
        self.seed = seed
        self.device = device
        self.metrics = {}
        self.tokenizer = load_tokenizer(base)
        self.max_length = most_tokens(base, parameters.max_length)
        self.model: PreTrainedModel | None = None

    @classmethod
    def load(cls, folder: Path, parameters: TransformerParameters, device: torch.device) -> Self:
        """A classifier from a folder that `save` wrote."""
        model = AutoModelForSequenceClassification.from_pretrained(folder, use_safetensors=True)
        classifier = cls(folder, model.config.num_labels, parameters, 0, device)
        classifier.model = ready(model, device)
        return classifier

    def fit(self, train_set: Dataset, weights: Floats | None = None) -> Self:
        """Fine-tune on the labelled texts, from the base model and the seed."""
        torch.manual_seed(self.seed)
        network = build(self.base, self.num_classes, self.parameters.pooling, self.tokenizer).to(self.device)
        encoded = Encoded.of(self.tokenizer, train_set.x, self.max_length)
        targets = torch.as_tensor(np.asarray(train_set.y, dtype=np.int64), device=self.device)
        importance = torch.ones(len(encoded.ids)) if weights is None else torch.as_tensor(weights).float()
        self.metrics = fine_tune(
            network, encoded, targets, importance.to(self.device), self.parameters, self.seed
        )
        self.model = ready(exported(network), self.device)
        return self

    def predict_proba(
        self, data_set: Dataset, multi_label_threshold: float = 0.5, *, dropout_sampling: int = 1
    ) -> Floats:
        encoded = self._encode(data_set)
        if dropout_sampling == 1:
            return score(self._fitted(), encoded)
        return sample_dropout(self._fitted(), encoded, dropout_sampling)

    def embed(
        self, data_set: Dataset, return_proba: bool = False, multi_label_threshold: float = 0.5, **kwargs: Any
    ) -> Any:
        embeddings, probabilities = represent(self._fitted(), self._encode(data_set))
        return (embeddings, probabilities) if return_proba else embeddings

    def save(self, folder: Path) -> None:
        self._fitted().save_pretrained(folder)
        save_tokenizer(self.base, folder, self.max_length)

    def _encode(self, data_set: Dataset) -> Encoded:
        return Encoded.of(self.tokenizer, data_set.x, self.max_length)

    def _fitted(self) -> PreTrainedModel:
        if self.model is None:
            raise ValueError("the classifier is not fitted yet")
        return self.model


class TransformerFactory:
    """Makes transformer classifiers."""

    def new(self, setting: Setting) -> TransformerClassifier:
        """A classifier to fine-tune from its base model."""
        base = resolve(setting.spec.model, setting.spec.revision).folder
        parameters = TransformerParameters.parse(setting.spec.parameters)
        return TransformerClassifier(base, setting.num_classes, parameters, setting.seed, device())

    def load(self, folder: Path, setting: Setting) -> TransformerClassifier:
        """A fine-tuned classifier from its folder."""
        return TransformerClassifier.load(
            folder, TransformerParameters.parse(setting.spec.parameters), device()
        )


factory = TransformerFactory()


def fine_tune(
    network: nn.Module,
    encoded: Encoded,
    targets: torch.Tensor,
    weights: torch.Tensor,
    parameters: TransformerParameters,
    seed: int,
) -> dict[str, float]:
    """Train `network` in place; `targets` are class numbers and `weights` importances, shape (texts,).

    Returns the mean loss of the last epoch, and the number of epochs and steps.
    """
    size, random = parameters.batch_size, np.random.default_rng(seed)
    texts = len(encoded.ids)
    steps_an_epoch = math.ceil(texts / size)
    epochs = max(parameters.epochs, math.ceil(parameters.min_steps / steps_an_epoch))
    steps = epochs * steps_an_epoch
    optimizer = torch.optim.AdamW(_groups(network, parameters), fused=True)
    schedule = get_linear_schedule_with_warmup(  # type: ignore[no-untyped-call]
        optimizer, math.ceil(WARM_UP * steps), steps
    )
    network.train()
    total = 0.0
    for _ in range(epochs):
        total = 0.0
        for rows in encoded.shuffled(size, random):
            logits = network(**encoded.batch(rows, targets.device))
            losses = functional.cross_entropy(logits, targets[rows], reduction="none")
            loss = (losses * weights[rows]).mean()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), MAX_GRADIENT)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            total += float(loss.detach()) * len(rows)
    return {"train_loss": total / texts, "epochs": epochs, "steps": steps}


def _groups(network: nn.Module, parameters: TransformerParameters) -> list[dict[str, Any]]:
    trained = [(name, tensor) for name, tensor in network.named_parameters() if tensor.requires_grad]
    head = [tensor for name, tensor in trained if name.startswith("classifier")]
    body = [tensor for name, tensor in trained if not name.startswith("classifier")]
    return [
        {"params": body, "lr": parameters.learning_rate},
        {"params": head, "lr": parameters.head_learning_rate},
    ]
