"""Logistic regressions on features: one for all classes, or one for each label of a multi-label task.

There, also from which probability on each label should count, as the labelled texts tell.
"""

import warnings

import numpy as np
from scipy.special import expit  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.model_selection import KFold  # type: ignore[import-untyped]

from labelloop.learner.classifiers.base import Booleans, Floats, Integers
from labelloop.learner.thresholds import USUAL

SURE = 30.0
"""What a label that all texts have, or none, has as its logit."""
NEVER_SEEN = -30.0
"""The logit of a class without examples, which makes its probability almost 0."""
FOLDS = 5
EPSILON = 1e-12
USUAL_WEIGHS, COMMON_WEIGHS = 10, 20
"""The usual threshold, and that for all labels, weigh as much as what so many yeses tell."""
LOWEST, HIGHEST = 0.05, 0.95


def fit_classes(
    features: Floats,
    targets: Integers,
    num_classes: int,
    c: float,
    has_bias: bool = True,
    weights: Floats | None = None,
    balanced: bool = False,
) -> tuple[Floats, Floats]:
    """Weight, shape (classes, dimensions), and bias, shape (classes,), of the logits.

    `targets` are class numbers, shape (texts,), of two classes at least; `balanced`: each weighs the same. A
    class without examples is never predicted.
    """
    regression = LogisticRegression(
        C=c, max_iter=1000, fit_intercept=has_bias, class_weight="balanced" if balanced else None
    )
    with warnings.catch_warnings():
        # It takes many classes of few texts each for a mistake.
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        regression.fit(features, targets, sample_weight=weights)
    weight, bias = regression.coef_, np.broadcast_to(regression.intercept_, len(regression.coef_))
    if len(regression.classes_) == 2:
        weight, bias = np.vstack([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    unseen, mean = np.zeros(features.shape[1]), features.mean(axis=0)
    if not has_bias:
        unseen = NEVER_SEEN * mean / max(float(mean @ mean), EPSILON)
    weight_of_all = np.tile(unseen, (num_classes, 1))
    bias_of_all = np.full(num_classes, NEVER_SEEN if has_bias else 0.0)
    weight_of_all[regression.classes_], bias_of_all[regression.classes_] = weight, bias
    return weight_of_all, bias_of_all


def fit_labels(
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
        weight, bias = fit_labels(features[learned], targets[learned], c, has_bias)
        result[judged] = expit(features[judged] @ weight.T + bias)
    return result


def tuned(probabilities: Floats, targets: Integers) -> tuple[float, ...]:
    """The threshold of each label. Both arguments have shape (texts, labels).

    The probabilities must be those of a model that has not learned the texts. The threshold with the best F1
    differs between labels, and is far below 0.5 while there are few texts. It is known badly for a label that
    few texts have, so it is drawn towards one for all labels together, and that to the usual one.
    """
    yes = targets > 0
    common = _drawn(probabilities.ravel(), yes.ravel(), USUAL, USUAL_WEIGHS)
    return tuple(_drawn(*label, common, COMMON_WEIGHS) for label in zip(probabilities.T, yes.T, strict=True))


def _drawn(probabilities: Floats, yes: Booleans, towards: float, weighs: int) -> float:
    """The threshold with the best F1, drawn towards another by as much as the yeses are few."""
    count = int(yes.sum())
    if not 0 < count < len(yes):
        return towards
    best = min(max(_best(probabilities, yes), LOWEST), HIGHEST)
    return (weighs * towards + count * best) / (weighs + count)


def _best(probabilities: Floats, yes: Booleans) -> float:
    """The threshold with the best F1, half way between two probabilities. The highest of several."""
    order = np.argsort(-probabilities, kind="stable")
    ranked, hits = probabilities[order], np.cumsum(yes[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + hits[-1])
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(order) - 1)
    last = int(ends[np.argmax(f1[ends])])
    below = ranked[last + 1] if last + 1 < len(ranked) else 0.0
    return float((ranked[last] + below) / 2)
