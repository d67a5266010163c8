"""The first texts to label: the most typical one of each cluster, before there is a model.

A start from clusters as in Hu, Mac Namee and Delany 2010, "Off to a Good Start". The clusters are those of
the base model's middle layer, which tells kinds of sentences apart where the last one tells topics.
"""

import hashlib
import time
import warnings
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

import numpy as np
import torch
from sklearn.cluster import KMeans  # type: ignore[import-untyped]
from sklearn.exceptions import ConvergenceWarning  # type: ignore[import-untyped]
from transformers import AutoConfig, AutoModel, PreTrainedModel

from labelloop.learner import runtime
from labelloop.learner.base_model import BaseModel, resolve
from labelloop.learner.classifiers.base import Integers
from labelloop.learner.classifiers.batches import Encoded
from labelloop.learner.classifiers.linear import Features, kept
from labelloop.learner.classifiers.networks import mean_over_tokens, ready
from labelloop.learner.classifiers.pretrained import fit_embeddings, load_tokenizer, most_tokens
from labelloop.learner.requests import FirstTextsRequest, FirstTextsResult
from labelloop.loop.draws import random_draw
from labelloop.pool.near_copies import near_copies
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.store.artifacts import file_digest

SAMPLE = 20_000
"""Of a larger pool, so many texts are looked at, drawn by the seed."""
MAX_LENGTH = 128
CHARACTERS = 1000
"""Of a text, so many are compared with others: more than the model reads."""


def first_texts(request: FirstTextsRequest) -> FirstTextsResult:
    """Pick texts, the one of the largest cluster first. There are fewer than `n` only if fewer are left.

    There are near-copies among them only if too few other texts are left.
    """
    started = time.monotonic()
    runtime.prepare(request.threads)
    pool = OpenSnapshot.open(request.pool)
    first_like = _first_like(pool, sorted(random_draw(request.seed, len(pool), (), SAMPLE)))
    items = sorted(set(first_like.values()))
    features = _embeddings(request, pool, items)
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
    means = KMeans(clusters, n_init=1, random_state=seed % 2**32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # texts that are alike make fewer clusters
        distances = means.fit_transform(features, sample_weight=weights)
    barred = frozenset(taken)
    covered = {int(means.labels_[row]) for row in barred}

    def from_centre(cluster: int) -> list[int]:
        rows = np.flatnonzero(means.labels_ == cluster)
        nearest = rows[np.argsort(distances[rows, cluster], kind="stable")]
        return [int(row) for row in nearest if row not in barred]

    sizes = np.bincount(means.labels_, weights, minlength=clusters)
    largest_first = [int(cluster) for cluster in np.argsort(-sizes, kind="stable")]
    new = [from_centre(cluster) for cluster in largest_first if cluster not in covered]
    others = [from_centre(cluster) for cluster in sorted(covered)]
    return [*_in_turn(new), *_in_turn(others)][:n]


def _in_turn(queues: Sequence[Sequence[int]]) -> Iterator[int]:
    for place in range(max(map(len, queues), default=0)):
        yield from (queue[place] for queue in queues if place < len(queue))


def _embeddings(request: FirstTextsRequest, pool: OpenSnapshot, items: Sequence[int]) -> Features:
    """Embeddings of these texts, shape (texts, hidden size). They are kept in the cache."""
    base = resolve(request.model, request.revision)
    chosen = hashlib.sha256(np.asarray(items, dtype=np.int64).tobytes()).hexdigest()
    key = f"{base.digest()}:{MAX_LENGTH}:{file_digest(request.pool)}:{chosen}"
    name = hashlib.sha256(key.encode()).hexdigest()
    return kept(request.cache / f"typical-{name}.npy", lambda: embed(base, pool.texts(items)))


def embed(base: BaseModel, texts: Sequence[str]) -> Features:
    """The average of each text's states after half of the layers, shape (texts, hidden size).

    Less what all texts have in common, and scaled to length 1.
    """
    means = _means(base, texts)
    apart = means - means.mean(axis=0)
    lengths = np.linalg.norm(apart, axis=1, keepdims=True)
    scaled: Features = np.divide(apart, lengths, out=np.zeros_like(apart), where=lengths > 0)
    return scaled


@torch.inference_mode()
def _means(base: BaseModel, texts: Sequence[str]) -> Features:
    tokenizer = load_tokenizer(base.folder)
    model = _lower_half(base)
    fit_embeddings(model, tokenizer)
    ready(model, runtime.device())
    encoded = Encoded.of(tokenizer, texts, most_tokens(base.folder, MAX_LENGTH))
    result = np.empty((len(texts), model.config.hidden_size), dtype=np.float32)
    for rows in encoded.by_length():
        batch = encoded.batch(rows, model.device)
        mean = mean_over_tokens(model(**batch).last_hidden_state, batch["attention_mask"])
        result[rows] = mean.float().cpu().numpy()
    return result


def _lower_half(base: BaseModel) -> PreTrainedModel:
    """The base model without the upper half of its layers."""
    config = AutoConfig.from_pretrained(base.folder)
    layers = getattr(config, "num_hidden_layers", 0)
    if layers > 1:
        config.num_hidden_layers = layers // 2
    model: PreTrainedModel = AutoModel.from_pretrained(base.folder, config=config, use_safetensors=True)
    return model
