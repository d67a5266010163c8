"""How the head of a transformer begins: at random, or as regressions on the base model's features."""

from collections.abc import Sequence

import numpy as np
from torch import nn
from transformers import PreTrainedTokenizerBase

from labelloop.learner.classifiers import regressions
from labelloop.learner.classifiers.base import Floats, Integers
from labelloop.learner.classifiers.batches import Texts, features_of
from labelloop.learner.classifiers.linear import inputs_of_head
from labelloop.learner.classifiers.networks import MeanPooled, Network
from labelloop.learner.classifiers.pretrained import head_of, set_head

MANY_CLASSES = 12
"""So many classes at least are many to `auto`, which never changes."""
PENALTY = 1.0
"""The C of the regressions of a multi-label task, as of `linear`."""
PENALTY_OF_UNIT_LENGTH = 100.0
"""The C of the regression of all classes, on features of length 1 on average."""


def is_regression(start: str, network: Network, num_classes: int) -> bool:
    """Whether a head for so many classes begins as a regression."""
    has_many = num_classes >= MANY_CLASSES and isinstance(network, MeanPooled)
    return start == "regression" or (start == "auto" and has_many)


def head_and_features(
    network: Network,
    texts: Texts,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    as_written: Sequence[str],
) -> tuple[nn.Linear, Floats]:
    """The last linear layer, and what it gets for texts, shape (texts, hidden size)."""
    if isinstance(network, MeanPooled):
        return network.classifier, features_of(network, texts)
    _, head = head_of(network.model)
    inputs = inputs_of_head(network.model, tokenizer, max_length, as_written)
    return head, inputs.astype(np.float64)


def begin_with_classes(head: nn.Linear, features: Floats, targets: Integers, weights: Floats) -> None:
    """Give the head the regression of all classes, if texts have more than one (linear probing first: Kumar
    et al. 2022, "Fine-Tuning can Distort Pretrained Features").

    `targets` are class numbers, and `weights` importances, both of shape (texts,).
    """
    if len(np.unique(targets)) < 2:
        return
    length = float(np.linalg.norm(features, axis=1).mean())
    weight, bias = regressions.fit_classes(
        features / length,
        targets,
        head.out_features,
        PENALTY_OF_UNIT_LENGTH,
        head.bias is not None,
        weights,
    )
    set_head(head, weight / length, bias)


def begin_with_labels(head: nn.Linear, features: Floats, targets: Integers) -> tuple[float, ...]:
    """Give each label the head of a regression. Returns the threshold of each, by its held-out probabilities.

    `targets` are 0 and 1, shape (texts, labels).
    """
    has_bias = head.bias is not None
    set_head(head, *regressions.fit_labels(features, targets, PENALTY, has_bias))
    return regressions.tuned(regressions.held_out(features, targets, PENALTY, has_bias), targets)
