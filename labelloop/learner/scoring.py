"""Score texts chunk by chunk with one model that is loaded once.

What a text gets depends on the texts of its chunk alone, and not on who asks, or on what was scored before.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from labelloop import atomic
from labelloop.learner import labels, runtime
from labelloop.learner.classifiers.base import Features, LoopClassifier
from labelloop.learner.classifiers.registry import Setting, factory
from labelloop.learner.requests import SCORED_AT_A_TIME, ClassifierSpec, ScoreRequest
from labelloop.pool import snapshot
from labelloop.store import artifacts


def score(request: ScoreRequest) -> int:
    """Score the chunks that have no file yet, and return how many these were."""
    runtime.prepare(request.threads)
    texts = snapshot.OpenSnapshot.open(request.texts)
    chunks = range(-(-len(texts) // SCORED_AT_A_TIME))
    missing = [number for number in chunks if not request.file_of(number).is_file()]
    with tempfile.TemporaryDirectory(prefix="labelloop-") as scratch:
        classifier = loaded(
            request.classifier, request.labels, request.model_folder, request.model_sha256, Path(scratch)
        )
        for number in missing:
            start = number * SCORED_AT_A_TIME
            chunk = texts.part(start, start + SCORED_AT_A_TIME).all_texts()
            _write(request.file_of(number), scored(classifier, chunk))
    return len(missing)


def loaded(
    spec: ClassifierSpec, names: Sequence[str], folder: Path, sha256: str, scratch: Path
) -> LoopClassifier:
    """The classifier in a folder, checked, for texts of no pool. It writes into `scratch` only."""
    artifacts.verify(folder, sha256)
    nothing = scratch / snapshot.write(scratch, ()).name
    return factory(spec.name).load(folder, Setting(spec, len(names), 0, nothing, scratch))


def scored(classifier: LoopClassifier, chunk: Sequence[str]) -> Features:
    """The probabilities of the texts of a chunk, shape (texts, classes)."""
    found = classifier.predict_once(labels.unlabelled(chunk, classifier.num_classes))
    return found.astype(np.float32)


def _write(file: Path, probabilities: Features) -> None:
    with atomic.beside(file) as draft:
        with atomic.create(draft, atomic.THIS_USER) as writing:
            np.save(writing, probabilities, allow_pickle=False)
        atomic.place(draft, file)
