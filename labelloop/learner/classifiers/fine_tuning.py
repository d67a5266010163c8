"""The training of a network: AdamW, linear warm-up and decay, clipped gradients.

Before it, what is held out to stop it early, and how much a text weighs by its class.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import get_linear_schedule_with_warmup

from labelloop.learner.classifiers.base import Booleans, Floats, Integers
from labelloop.learner.classifiers.batches import Texts
from labelloop.learner.classifiers.parameters import TransformerParameters

FEWEST = 2
"""Fewer texts tell nothing."""
WARM_UP = 0.1
MAX_GRADIENT = 1.0


def held_out(targets: Integers, share: float, seed: int) -> Integers:
    """The rows to hold out, sorted. None if there would be fewer than two, or a class would be gone.

    `targets` has shape (texts,): of each class about the same share is held out, drawn by the seed. Or it is
    of a multi-label task, shape (texts, labels): what is learned has a yes and a no of each label that has
    both.
    """
    wanted, random = round(share * len(targets)), np.random.default_rng(seed)
    if wanted < FEWEST:
        return np.empty(0, dtype=np.int64)
    rows = _of_labels(targets, wanted, random) if targets.ndim > 1 else _of_classes(targets, wanted, random)
    return np.sort(rows[: wanted if len(rows) >= wanted else 0])


def _of_classes(targets: Integers, wanted: int, random: np.random.Generator) -> Integers:
    classes, counts = np.unique(targets, return_counts=True)
    share, spare = counts * wanted / len(targets), counts - 1
    if wanted > spare.sum():
        return np.empty(0, dtype=np.int64)
    quota = np.minimum(np.floor(share).astype(int), spare)
    while quota.sum() < wanted:
        quota[np.argmax(np.where(quota < spare, share - quota, -np.inf))] += 1
    return np.concatenate(
        [
            random.permutation(np.flatnonzero(targets == each))[:number]
            for each, number in zip(classes, quota, strict=True)
        ]
    )


def _of_labels(targets: Integers, wanted: int, random: np.random.Generator) -> Integers:
    yes = targets > 0
    left = np.stack([(~yes).sum(axis=0), yes.sum(axis=0)])
    rows: list[int] = []
    for row in random.permutation(len(targets)):
        if len(rows) < wanted and _is_spare(left, yes[row]):
            left -= np.stack([~yes[row], yes[row]])
            rows.append(int(row))
    return np.array(rows, dtype=np.int64)


def _is_spare(left: Integers, row: Booleans) -> bool:
    """Whether each label keeps a text like this one; those of which all texts say the same do not count."""
    both = left.min(axis=0) > 0
    return bool((np.where(row, left[1], left[0])[both] > 1).all())


def importances(classes: Integers, is_balanced: bool) -> Floats:
    """The weight of each text. Balanced, those of each class weigh the same together. Their mean is 1."""
    if not is_balanced:
        return np.ones(len(classes))
    _, inverse, counts = np.unique(classes, return_inverse=True, return_counts=True)
    weights: Floats = len(classes) / (len(counts) * counts[inverse])
    return weights


@dataclass
class Validation:
    """Texts that a training does not learn. It stops after `patience` epochs that were no better for them.

    `targets` and `weights` are as those of the training.
    """

    texts: Texts
    targets: torch.Tensor
    weights: torch.Tensor
    patience: int
    loss: float = math.inf
    waited: int = 0
    _best: dict[str, torch.Tensor] = field(default_factory=dict)

    def begin(self, network: nn.Module) -> None:
        """Take the network as it is for the best so far."""
        self.loss, self.waited = math.inf, 0
        self.is_over(network)

    def is_over(self, network: nn.Module) -> bool:
        """Whether to stop. The network trains on afterwards."""
        network.train(False)
        loss = self._loss(network)
        network.train()
        if loss < self.loss:
            self.loss, self.waited = loss, 0
            trained = ((name, tensor) for name, tensor in network.named_parameters() if tensor.requires_grad)
            self._best = {name: tensor.detach().clone() for name, tensor in trained}
        else:
            self.waited += 1
        return self.waited >= self.patience

    @torch.no_grad()
    def take_best(self, network: nn.Module) -> None:
        """Give the network back the weights with which it was best."""
        for name, tensor in network.named_parameters():
            if name in self._best:
                tensor.copy_(self._best[name])

    @torch.no_grad()
    def _loss(self, network: nn.Module) -> float:
        total = 0.0
        for rows in self.texts.by_length():
            logits = network(**self.texts.batch(rows, self.targets.device))
            total += float((_losses(logits, self.targets[rows]) * self.weights[rows]).sum())
        return total / len(self.texts)


def fine_tune(
    network: nn.Module,
    texts: Texts,
    targets: torch.Tensor,
    weights: torch.Tensor,
    parameters: TransformerParameters,
    seed: int,
    validation: Validation | None = None,
) -> dict[str, float]:
    """Train `network` in place; `weights` are importances, shape (texts,).

    `targets` are class numbers, shape (texts,), or of multi-label texts 0 and 1, shape (texts, classes).
    Returns the mean loss of the last epoch, and the number of epochs and steps.
    """
    size, random = parameters.batch_size, np.random.default_rng(seed)
    steps_an_epoch = math.ceil(len(texts) / size)
    epochs = max(parameters.epochs, math.ceil(parameters.min_steps / steps_an_epoch))
    steps = epochs * steps_an_epoch
    optimizer = torch.optim.AdamW(_groups(network, parameters), fused=True)
    schedule = get_linear_schedule_with_warmup(  # type: ignore[no-untyped-call]
        optimizer, math.ceil(WARM_UP * steps), steps
    )
    network.train()
    total, done = 0.0, 0
    if validation is not None:
        validation.begin(network)
    for _ in range(epochs):
        total, done = 0.0, done + 1
        for rows in texts.shuffled(size, random):
            logits = network(**texts.batch(rows, targets.device))
            loss = (_losses(logits, targets[rows]) * weights[rows]).mean()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), MAX_GRADIENT)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            total += float(loss.detach()) * len(rows)
        if validation is not None and validation.is_over(network):
            break
    figures = {"train_loss": total / len(texts), "epochs": done, "steps": done * steps_an_epoch}
    if validation is not None:
        validation.take_best(network)
        figures["validation_loss"] = validation.loss
    return figures


def _losses(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The loss of each text."""
    if targets.dim() == 1:
        return functional.cross_entropy(logits, targets, reduction="none")
    return functional.binary_cross_entropy_with_logits(logits, targets, reduction="none").mean(dim=1)


def _groups(network: nn.Module, parameters: TransformerParameters) -> list[dict[str, Any]]:
    trained = [(name, tensor) for name, tensor in network.named_parameters() if tensor.requires_grad]
    head = [tensor for name, tensor in trained if name.startswith("classifier")]
    body = [tensor for name, tensor in trained if not name.startswith("classifier")]
    return [
        {"params": body, "lr": parameters.learning_rate},
        {"params": head, "lr": parameters.head_learning_rate},
    ]
