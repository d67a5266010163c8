"""Of a large pool, the texts that the model scores: some drawn, and those of which a probe is least sure.

The probe is a logistic regression on the base model's embeddings. It learns the labels, and the classes that
the model gives to the drawn texts. That a cheap model looks at all texts for a dear one is selection by proxy
(Coleman et al. 2020).
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped]
from sklearn.preprocessing import StandardScaler  # type: ignore[import-untyped]

from labelloop.learner.classifiers.base import Features, Floats, margins
from labelloop.learner.pool_embeddings import PoolEmbeddings
from labelloop.learner.requests import QueryRequest
from labelloop.loop.draws import random_draw
from schemas.parts import Shortlist

Predict = Callable[[Sequence[int]], Floats]
"""The model's probabilities for items of the pool, shape (items, classes)."""

SMALL = 2
"""Times the shortlist: of a pool with no more texts, each is scored."""
LOOKED_AT = 2
"""Times the shortlist: so many texts the probe would look at for batch 0, and once more for each batch."""
DRAWN = 4
"""One in so many texts of a shortlist is drawn at random."""
AT_A_TIME = 10_000
"""Texts that the probe looks at."""
PENALTY = 0.03
"""The probe's C, for embeddings of which each dimension has a variance of 1."""


def shortlisted(
    request: QueryRequest, size: int, candidates: Sequence[int], labels: Mapping[int, int], predict: Predict
) -> tuple[list[int], Shortlist | None]:
    """The items that the model is to score, `size` in all, and how they were chosen.

    They are all candidates if these are few. `labels` has the class of each labelled item. With each batch
    the probe looks at `size` more texts.
    """
    size = max(size, request.n * DRAWN)
    if len(candidates) <= SMALL * size:
        return list(candidates), None
    embeddings = PoolEmbeddings(request.pool, request.classifier, request.order_seed, request.cache)
    items, features = embeddings.first(size * (LOOKED_AT + request.number))
    looked_at = sorted({*candidates} & {*items})
    free = looked_at if len(looked_at) > size else candidates
    drawn = [free[row] for row in random_draw(request.seed, len(free), (), size // DRAWN)]
    known = {**labels, **dict(zip(drawn, predict(drawn).argmax(axis=1).tolist(), strict=True))}
    doubtful = most_doubtful(items, features, known, looked_at, size - len(drawn))
    chosen = sorted([*doubtful, *drawn])
    digest = hashlib.sha256(",".join(map(str, chosen)).encode()).hexdigest()
    return chosen, Shortlist(looked_at=len(items), doubtful=len(doubtful), drawn=len(drawn), digest=digest)


def most_doubtful(
    items: Sequence[int],
    features: Features,
    known: Mapping[int, int],
    candidates: Sequence[int],
    number: int,
) -> list[int]:
    """Candidates with the smallest margin between their two likeliest classes, as the probe sees them.

    `features`, shape (items, dimensions), has a row for each of `items`, and `known` the classes that the
    probe learns. Texts whose class is known are left out, and the first candidates follow if the classes of
    the items are fewer than two.
    """
    learned = [row for row, item in enumerate(items) if item in known]
    y = [known[items[row]] for row in learned]
    free = {*candidates} - known.keys()
    rows = np.array([row for row, item in enumerate(items) if item in free], dtype=np.int64)
    if len(set(y)) > 1 and len(rows):
        probe = make_pipeline(StandardScaler(), LogisticRegression(C=PENALTY, max_iter=500))
        probe.fit(features[learned], y)
        parts = np.array_split(rows, len(rows) // AT_A_TIME + 1)
        found = np.concatenate([margins(probe.predict_proba(features[part])) for part in parts])
        rows = rows[np.argsort(found, kind="stable")]
    return [items[row] for row in rows[:number]]
