"""The first texts to label: the most typical one of each cluster, before there is a model.

A start from clusters as in Hu, Mac Namee and Delany 2010, "Off to a Good Start". The clusters are those of
the base model's middle layer, which tells kinds of sentences apart where the last one tells topics.
"""

import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from labelloop.learner import runtime
from labelloop.learner.classifiers.base import Features, Integers
from labelloop.learner.clusters import apart, k_means
from labelloop.learner.pool_embeddings import SAMPLE, PoolEmbeddings
from labelloop.learner.requests import FirstTextsRequest, FirstTextsResult
from labelloop.loop.random_draws import random_draw
from labelloop.pool.near_copies import near_copies
from labelloop.pool.snapshot import OpenSnapshot

CHARACTERS = 1000
"""Of a text, so many are compared with others: more than the model reads."""


def typical_texts(request: FirstTextsRequest) -> FirstTextsResult:
    """Pick texts, the one of the largest cluster first. There are fewer than `n` only if fewer are left.

    There are near-copies among them only if too few other texts are left.
    """
    started = time.monotonic()
    runtime.prepare(request.threads)
    pool = OpenSnapshot.open(request.pool)
    embedded = PoolEmbeddings(request.pool, request.classifier, request.seed, request.cache)
    sample, embeddings = embedded.first(SAMPLE)
    first_like = _first_like(pool, sorted(sample))
    items = sorted(set(first_like.values()))
    place = {item: row for row, item in enumerate(sample)}
    features = apart(embeddings[[place[item] for item in items]])
    rows = {item: row for row, item in enumerate(items)}
    taken = [rows[first_like[item]] for item in request.taken if item in first_like]
    clusters = max(request.clusters, len(request.taken) + request.n)
    like = Counter(first_like.values())
    weights = np.array([like[item] for item in items])
    picked = [items[row] for row in typical_rows(features, taken, request.n, clusters, request.seed, weights)]
    if len(picked) < request.n:
        barred = {*request.taken, *picked}
        picked += random_draw(request.seed, len(pool), barred, request.n - len(picked))
    return FirstTextsResult(tuple(picked), time.monotonic() - started)


def _first_like(pool: OpenSnapshot, items: Sequence[int]) -> dict[int, int]:
    """For each item the first one whose text it nearly is, or itself."""
    copies = near_copies([text[:CHARACTERS] for text in pool.texts(items)])
    return {item: items[copies.get(row, row)] for row, item in enumerate(items)}


def typical_rows(
    features: Features,
    taken: Collection[int],
    n: int,
    clusters: int,
    seed: int,
    weights: Integers | None = None,
) -> list[int]:
    """The row nearest to the centre of each of `n` clusters, largest first, of those that hold none taken.

    `features` has shape (texts, dimensions); `weights` says for how many texts each row stands (for one). If
    there are fewer such clusters, further rows follow in turn.
    """
    clusters = min(clusters, len(features))
    cluster_of, distances = k_means(features, clusters, seed, weights)
    barred = frozenset(taken)
    covered = {int(cluster_of[row]) for row in barred}

    def from_centre(cluster: int) -> list[int]:
        rows = np.flatnonzero(cluster_of == cluster)
        nearest = rows[np.argsort(distances[rows], kind="stable")]
        return [int(row) for row in nearest if row not in barred]

    sizes = np.bincount(cluster_of, weights, minlength=clusters)
    largest_first = [int(cluster) for cluster in np.argsort(-sizes, kind="stable")]
    new = [from_centre(cluster) for cluster in largest_first if cluster not in covered]
    others = [from_centre(cluster) for cluster in sorted(covered)]
    return [*_in_turn(new), *_in_turn(others)][:n]


def _in_turn(queues: Sequence[Sequence[int]]) -> Iterator[int]:
    for place in range(max(map(len, queues), default=0)):
        yield from (queue[place] for queue in queues if place < len(queue))
