"""The optimisation: AdamW with linear warm-up and decay, gradients clipped."""

import math
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import get_linear_schedule_with_warmup

from labelloop.learner.classifiers.batches import Encoded
from labelloop.learner.classifiers.parameters import TransformerParameters

WARM_UP = 0.1
MAX_GRADIENT = 1.0


def fine_tune(
    network: nn.Module,
    encoded: Encoded,
    targets: torch.Tensor,
    weights: torch.Tensor,
    parameters: TransformerParameters,
    seed: int,
) -> dict[str, float]:
    """Train `network` in place; `targets` are class numbers and `weights` importances, shape (texts,).

    Returns the mean loss of the last epoch, and how many epochs and steps were made.
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
