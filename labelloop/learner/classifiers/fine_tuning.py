"""The training of a network: AdamW, linear warm-up and decay, clipped gradients."""

import math
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import get_linear_schedule_with_warmup

from labelloop.learner.classifiers.batches import Texts
from labelloop.learner.classifiers.parameters import TransformerParameters

WARM_UP = 0.1
MAX_GRADIENT = 1.0


def fine_tune(
    network: nn.Module,
    texts: Texts,
    targets: torch.Tensor,
    weights: torch.Tensor,
    parameters: TransformerParameters,
    seed: int,
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
    total = 0.0
    for _ in range(epochs):
        total = 0.0
        for rows in texts.shuffled(size, random):
            logits = network(**texts.batch(rows, targets.device))
            loss = (_losses(logits, targets[rows]) * weights[rows]).mean()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), MAX_GRADIENT)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            total += float(loss.detach()) * len(rows)
    return {"train_loss": total / len(texts), "epochs": epochs, "steps": steps}


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
