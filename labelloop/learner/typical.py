"""The first texts to label: the most typical one of each cluster, before there is a model.

TypiClust (Hacohen, Dekel and Weinshall 2022, "Active Learning on a Budget"), on embeddings of the base model.
"""

import hashlib
import time
import warnings
from collections.abc import Collection, Iterator, Sequence

import numpy as np
import torch
from sklearn.cluster import KMeans  # type: ignore[import-untyped]
from sklearn.exceptions import ConvergenceWarning  # type: ignore[import-untyped]
from sklearn.neighbors import NearestNeighbors  # type: ignore[import-untyped]
from transformers import AutoModel

from labelloop.learner import runtime
from labelloop.learner.base_model import BaseModel, resolve
from labelloop.learner.classifiers.base import Integers
from labelloop.learner.classifiers.batches import Encoded
from labelloop.learner.classifiers.linear import Features, kept
from labelloop.learner.classifiers.networks import mean_over_tokens, ready
from labelloop.learner.classifiers.pretrained import fit_embeddings, load_tokenizer, most_tokens
from labelloop.learner.requests import FirstTextsRequest, FirstTextsResult
from labelloop.loop.draws import random_draw
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.store.artifacts import file_digest

SAMPLE = 20_000
"""Of a larger pool, so many texts are looked at, drawn by the seed."""
NEIGHBOURS = 20
MAX_LENGTH = 128


def first_texts(request: FirstTextsRequest) -> FirstTextsResult:
    """Pick texts, the one of the largest cluster first. There are fewer than `n` only if fewer are left."""
    started = time.monotonic()
    runtime.prepare(request.threads)
    pool = OpenSnapshot.open(request.pool)
    items = sorted(random_draw(request.seed, len(pool), (), SAMPLE))
    features = _embeddings(request, pool, items)
    rows = {item: row for row, item in enumerate(items)}
    taken = [rows[item] for item in request.taken if item in rows]
    clusters = max(request.clusters, len(request.taken) + request.n)
    picked = [items[row] for row in typical_rows(features, taken, request.n, clusters, request.seed)]
    if len(picked) < request.n:
        barred = {*request.taken, *picked}
        picked += random_draw(request.seed, len(pool), barred, request.n - len(picked))
    return FirstTextsResult(tuple(picked), time.monotonic() - started)


def typical_rows(features: Features, taken: Collection[int], n: int, clusters: int, seed: int) -> list[int]:
    """The most typical row of each of `n` clusters, largest first, of those that hold no row that is taken.

    `features` has shape (texts, dimensions). A row is typical if its nearest neighbours in its cluster are
    near. If there are fewer such clusters, further rows follow in turn.
    """
    clusters = min(clusters, len(features))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # texts that are alike make fewer clusters
        of_row = KMeans(clusters, n_init=1, random_state=seed % 2**32).fit_predict(features)
    barred = frozenset(taken)
    covered = {int(of_row[row]) for row in barred}
    queues = [
        [row for row in _by_typicality(features, np.flatnonzero(of_row == cluster)) if row not in barred]
        for cluster in np.argsort(-np.bincount(of_row, minlength=clusters), kind="stable")
        if cluster not in covered
    ]
    others = [
        [row for row in _by_typicality(features, np.flatnonzero(of_row == cluster)) if row not in barred]
        for cluster in sorted(covered)
    ]
    return [*_in_turn(queues), *_in_turn(others)][:n]


def _by_typicality(features: Features, rows: Integers) -> list[int]:
    """Rows of one cluster, those first whose mean distance to their nearest neighbours in it is least."""
    if len(rows) < 2:
        return [int(row) for row in rows]
    near = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(rows) - 1)).fit(features[rows])
    distances, _ = near.kneighbors()
    return [int(row) for row in rows[np.argsort(distances.mean(axis=1), kind="stable")]]


def _in_turn(queues: Sequence[Sequence[int]]) -> Iterator[int]:
    for place in range(max(map(len, queues), default=0)):
        yield from (queue[place] for queue in queues if place < len(queue))


def _embeddings(request: FirstTextsRequest, pool: OpenSnapshot, items: Sequence[int]) -> Features:
    """Embeddings of length 1 of these texts, shape (texts, hidden size). They are kept in the cache."""
    base = resolve(request.model, request.revision)
    chosen = hashlib.sha256(np.asarray(items, dtype=np.int64).tobytes()).hexdigest()
    key = f"{base.digest()}:{MAX_LENGTH}:{file_digest(request.pool)}:{chosen}"
    name = hashlib.sha256(key.encode()).hexdigest()
    return kept(request.cache / f"typical-{name}.npy", lambda: embed(base, pool.texts(items)))


@torch.inference_mode()
def embed(base: BaseModel, texts: Sequence[str]) -> Features:
    """The average of the last hidden states of each text, scaled to length 1, shape (texts, hidden size)."""
    tokenizer = load_tokenizer(base.folder)
    model = AutoModel.from_pretrained(base.folder, use_safetensors=True)
    fit_embeddings(model, tokenizer)
    ready(model, runtime.device())
    encoded = Encoded.of(tokenizer, texts, most_tokens(base.folder, MAX_LENGTH))
    result = np.empty((len(texts), model.config.hidden_size), dtype=np.float32)
    for rows in encoded.by_length():
        batch = encoded.batch(rows, model.device)
        mean = mean_over_tokens(model(**batch).last_hidden_state, batch["attention_mask"])
        result[rows] = torch.nn.functional.normalize(mean, dim=1).float().cpu().numpy()
    return result
