"""One logistic regression for each label of a multi-label task."""

import numpy as np
from scipy.special import expit  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.model_selection import KFold  # type: ignore[import-untyped]

from labelloop.learner.classifiers.base import Floats, Integers

SURE = 30.0
"""What a label that all texts have, or none, has as its logit."""
FOLDS = 5
EPSILON = 1e-12


def fit(
    features: Floats, targets: Integers, c: float, has_bias: bool = True, weights: Floats | None = None
) -> tuple[Floats, Floats]:
    """Weight, shape (labels, dimensions), and bias, shape (labels,), of the logits.

    `targets` has shape (texts, labels). Without a bias a label that all texts have, or none, has its logit
    for the mean text.
    """
    weight, bias = np.zeros((targets.shape[1], features.shape[1])), np.zeros(targets.shape[1])
    mean = features.mean(axis=0)
    for label, y in enumerate(targets.T):
        if y.min() < y.max():
            regression = LogisticRegression(C=c, max_iter=1000, fit_intercept=has_bias)
            regression.fit(features, y, sample_weight=weights)
            weight[label], bias[label] = regression.coef_[0], np.ravel(regression.intercept_)[0]
        elif has_bias:
            bias[label] = SURE if y[0] else -SURE
        else:
            weight[label] = (SURE if y[0] else -SURE) * mean / max(float(mean @ mean), EPSILON)
    return weight, bias


def held_out(features: Floats, targets: Integers, c: float, has_bias: bool = True) -> Floats:
    """The probability of each label of each text, by regressions that have not learned the text.

    The folds are drawn in the same way each time. Shape (texts, labels).
    """
    result = np.empty(targets.shape)
    folds = KFold(min(FOLDS, len(features)), shuffle=True, random_state=0)
    for learned, judged in folds.split(features):
        weight, bias = fit(features[learned], targets[learned], c, has_bias)
        result[judged] = expit(features[judged] @ weight.T + bias)
    return result
