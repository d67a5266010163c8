"""Of a large pool, the texts that the model scores: those of which a probe is least sure, and some drawn.

The probe is a logistic regression of the labels on the base model's embeddings. Looking at all texts cheaply
and at few of them with the model is what selection by proxy does (Coleman et al. 2020).
"""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped]
from sklearn.preprocessing import StandardScaler  # type: ignore[import-untyped]

from labelloop.learner.base_model import resolve
from labelloop.learner.classifiers.base import Floats
from labelloop.learner.classifiers.linear import Features
from labelloop.learner.pool_embeddings import PoolEmbeddings
from labelloop.learner.requests import QueryRequest
from labelloop.loop.draws import random_draw
from schemas.parts import Shortlist

SMALL = 5
"""Times the shortlist: of a pool with no more texts, each is scored. So many are embedded at first."""
DRAWN = 4
"""One in so many texts of a shortlist is drawn at random."""


def shortlisted(
    request: QueryRequest, size: int, candidates: Sequence[int]
) -> tuple[list[int], Shortlist | None]:
    """The items that the model is to score, `size` in all, and how they were chosen.

    They are all candidates if these are few. With each batch the probe looks at `size` more texts.
    """
    size = max(size, request.n)
    if len(candidates) <= SMALL * size:
        return list(candidates), None
    base = resolve(request.classifier.model, request.classifier.revision)
    embeddings = PoolEmbeddings(request.pool, base, request.order_seed, request.cache)
    items, features = embeddings.first(size * (SMALL + request.number))
    labels = {item: names[0] for item, names in request.labelled}
    doubtful = most_doubtful(items, features, labels, candidates, size - size // DRAWN)
    rest = sorted(set(candidates) - set(doubtful))
    drawn = [rest[row] for row in random_draw(request.seed, len(rest), (), size - len(doubtful))]
    chosen = sorted([*doubtful, *drawn])
    digest = hashlib.sha256(",".join(map(str, chosen)).encode()).hexdigest()
    return chosen, Shortlist(looked_at=len(items), doubtful=len(doubtful), drawn=len(drawn), digest=digest)


def most_doubtful(
    items: Sequence[int],
    features: Features,
    labels: Mapping[int, str],
    candidates: Sequence[int],
    number: int,
) -> list[int]:
    """Of the candidates among `items`, those with the smallest margin between their two likeliest classes.

    `features` has shape (items, dimensions). There are none if the labels of the items have no two classes.
    """
    learned = [row for row, item in enumerate(items) if item in labels]
    y = [labels[items[row]] for row in learned]
    free = set(candidates)
    rows = [row for row, item in enumerate(items) if item in free]
    if len(set(y)) < 2 or not rows:
        return []
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(features[learned], y)
    order = np.argsort(margins(probe.predict_proba(features[rows])), kind="stable")[:number]
    return [items[rows[place]] for place in order]


def margins(probabilities: Floats) -> Floats:
    """By how much each text's likeliest class is ahead of the second. `probabilities`: (texts, classes)."""
    two: Floats = np.sort(probabilities, axis=1)[:, -2:]
    return two[:, 1] - two[:, 0]
