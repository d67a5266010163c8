"""Of a large pool, the texts that the model scores: some drawn, and those of which a probe is least sure.

The probe is a logistic regression on the base model's embeddings. It learns the labels, and the classes that
the model gives to the drawn texts. That a cheap model looks at all texts for a dear one is selection by proxy
(Coleman et al. 2020).
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.multiclass import OneVsRestClassifier  # type: ignore[import-untyped]
from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped]
from sklearn.preprocessing import StandardScaler  # type: ignore[import-untyped]

from labelloop.learner.classifiers.base import Booleans, Features, Floats, in_turn, margins
from labelloop.learner.large_pools import DRAWN, SMALL, looked_at, shortlist_size
from labelloop.learner.pool_embeddings import PoolEmbeddings
from labelloop.learner.requests import QueryRequest
from labelloop.learner.thresholds import USUAL
from labelloop.loop.random_draws import random_draw
from schemas.parts import Shortlist


class Embeddings(Protocol):
    """Embeddings of items in an order, one row each."""

    def of_places(self, places: Sequence[int], number: int) -> Features:
        """Those at some places of the first `number`. The places ascend."""

    def parts(self, number: int) -> Iterator[Features]:
        """Those of the first items, some at a time."""


Target = int | Sequence[int]
"""The class of a text, or in a multi-label task its row of 0 and 1."""
Predict = Callable[[Sequence[int]], Floats]
"""The model's probabilities for items of the pool, shape (items, classes)."""

PENALTY = 0.03
"""The probe's C, for embeddings of which each dimension has a variance of 1."""


def shortlisted(
    request: QueryRequest,
    size: int,
    candidates: Sequence[int],
    labels: Mapping[int, Target],
    predict: Predict,
    kept: Callable[[], PoolEmbeddings],
    counting: Callable[[Floats], Booleans] | None = None,
) -> tuple[list[int], Shortlist | None]:
    """The items that the model is to score, `size` in all, and how they were chosen.

    They are all candidates if these are few. `labels` has the class of each labelled item, or its row of 0
    and 1. `kept` gives the pool's embeddings. `counting`: in a multi-label task, which labels count with the
    model's probabilities.
    """
    size = shortlist_size(size, request.n)
    if len(candidates) <= SMALL * size:
        return list(candidates), None
    embeddings = kept()
    items = embeddings.items(looked_at(size, request.number))
    embedded = sorted({*candidates} & {*items})
    free = embedded if len(embedded) > size else candidates
    drawn = [free[row] for row in random_draw(request.seed, len(free), (), size // DRAWN)]
    probabilities = predict(drawn)
    predicted = probabilities.argmax(axis=1) if counting is None else counting(probabilities).astype(np.int64)
    class_of = {**labels, **dict(zip(drawn, predicted.tolist(), strict=True))}
    doubtful = most_doubtful(items, embeddings, class_of, embedded, size - len(drawn))
    chosen = sorted([*doubtful, *drawn])
    digest = hashlib.sha256(",".join(map(str, chosen)).encode()).hexdigest()
    return chosen, Shortlist(looked_at=len(items), doubtful=len(doubtful), drawn=len(drawn), digest=digest)


def most_doubtful(
    items: Sequence[int],
    embeddings: Embeddings,
    class_of: Mapping[int, Target],
    candidates: Sequence[int],
    number: int,
) -> list[int]:
    """Candidates with the smallest margin between their two likeliest classes, as the probe sees them.

    In a multi-label task there is a probe for each label. The labels take turns, and each takes the text of
    which its probe is least sure.
    `embeddings` are those of `items`, and `class_of` has the classes that the probe learns. Texts whose class
    is known are left out, and the first candidates follow if there is nothing to tell apart.
    """
    learned = [row for row, item in enumerate(items) if item in class_of]
    y = np.array([class_of[items[row]] for row in learned])
    free = {*candidates} - class_of.keys()
    rows = np.array([row for row, item in enumerate(items) if item in free], dtype=np.int64)
    if len(y) and (y != y[0]).any() and len(rows):
        scaler, regression = StandardScaler(), LogisticRegression(C=PENALTY, max_iter=500)
        if y.ndim > 1:
            y = y[:, y.min(axis=0) < y.max(axis=0)]
            regression = OneVsRestClassifier(regression)
        probe = make_pipeline(scaler, regression).fit(embeddings.of_places(learned, len(items)), y)
        parts = (probe.predict_proba(part) for part in embeddings.parts(len(items)))
        if y.ndim > 1:
            order = np.array(in_turn(np.abs(np.concatenate(list(parts))[rows] - USUAL)))
        else:
            order = np.argsort(np.concatenate([margins(part) for part in parts])[rows], kind="stable")
        rows = rows[order]
    return [items[row] for row in rows[:number]]
