"""Peers that learn on features which do not change: word weights, or frozen sentence embeddings.

Making the features is not timed. C was chosen for the peers: of 1, 10 and 100 the best on random texts of
TREC. scikit-activeml takes no sparse features, so it has no arm on TF-IDF.
"""

import fcntl
import hashlib
import time
from functools import lru_cache
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

from benchmarks.loops import Outcome, Round, Task
from benchmarks.peers.scores import Integers, figures, gold_of
from labelloop.learner import runtime
from labelloop.learner.array_files import read_or_computed
from labelloop.learner.base_model import resolve
from labelloop.loop.random_draws import derived
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.store.artifacts import file_digest

Pair = tuple[Any, Any]
"""Features of the pool and of the test set."""


def modal_on_words(task: Task, seed: int, round: Round) -> Outcome:
    return _modal(task, round, words(task), 100.0)


def modal_on_embeddings(task: Task, seed: int, round: Round) -> Outcome:
    return _modal(task, round, embeddings(task), 10.0)


def activeml_on_embeddings(task: Task, seed: int, round: Round) -> Outcome:
    """scikit-activeml knows of classes without labels, and gets the whole pool with the labels so far."""
    from skactiveml.classifier import SklearnClassifier
    from skactiveml.pool import UncertaintySampling

    texts, tests = embeddings(task)
    learned = np.array(round.learned)
    y = np.full(len(task.gold), np.nan)
    y[learned] = gold_of(task)[0][learned]
    started = time.perf_counter()
    classifier = SklearnClassifier(_regression(10.0), classes=list(range(len(task.labels))))
    classifier.fit(texts, y)
    trained = time.perf_counter()
    picks: list[int] = []
    if round.batch is not None:
        strategy = UncertaintySampling(
            method="margin_sampling", random_state=derived(seed, "query", str(round.batch))
        )
        picks = strategy.query(texts, y, classifier, fit_clf=False, batch_size=task.batch_size).tolist()
    queried = time.perf_counter()
    return Outcome(
        *figures(task, classifier.predict(tests)), trained - started, queried - trained, tuple(picks)
    )


def _modal(task: Task, round: Round, features: Pair, c: float) -> Outcome:
    from modAL.models import ActiveLearner
    from modAL.uncertainty import margin_sampling

    texts, tests = features
    learned = np.array(round.learned)
    started = time.perf_counter()
    learner = ActiveLearner(
        _regression(c), margin_sampling, X_training=texts[learned], y_training=gold_of(task)[0][learned]
    )
    trained = time.perf_counter()
    picks: Integers = np.array([], dtype=np.int64)
    if round.batch is not None:
        free = np.setdiff1d(np.arange(len(task.gold)), np.array(round.taken))
        places, _ = learner.query(texts[free], n_instances=task.batch_size)
        picks = free[places]
    queried = time.perf_counter()
    return Outcome(
        *figures(task, learner.predict(tests)), trained - started, queried - trained, tuple(picks.tolist())
    )


def _regression(c: float) -> LogisticRegression:
    return LogisticRegression(C=c, max_iter=1000)


@lru_cache(maxsize=1)
def words(task: Task) -> Pair:
    """TF-IDF with scikit-learn's defaults, fitted on the pool. Sparse."""
    vectorizer = TfidfVectorizer()
    texts = vectorizer.fit_transform(OpenSnapshot.open(task.pool).all_texts())
    return texts, vectorizer.transform(OpenSnapshot.open(task.test).all_texts())


@lru_cache(maxsize=1)
def embeddings(task: Task) -> Pair:
    """What sentence-transformers makes of the base model, computed by one process for all."""
    runtime.prepare(task.threads)
    base = resolve(task.model)

    def compute(texts: list[str]) -> Any:
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(str(base.folder), device=runtime.device().type)
        return model.encode(texts, show_progress_bar=False)

    pair = []
    for snapshot in (task.pool, task.test):
        name = hashlib.sha256(f"{base.digest}:{file_digest(snapshot)}".encode()).hexdigest()
        with (task.cache / "sentences.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            texts = OpenSnapshot.open(snapshot).all_texts()
            file = task.cache / f"sentences-{name}.npy"
            pair.append(np.asarray(read_or_computed(file, len(texts), lambda texts=texts: compute(texts))))  # type: ignore[misc]
    return pair[0], pair[1]
