"""Score texts with one model that is loaded once: chunk by chunk, or as they come over a socket.

What a text gets depends on the texts of its chunk alone, and not on who asks, or on what was scored before.
"""

import socket
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from labelloop.learner import labels, runtime
from labelloop.learner.array_files import write
from labelloop.learner.classifiers.base import Features, LoopClassifier
from labelloop.learner.classifiers.registry import Setting, load
from labelloop.learner.engine import Remote, engine
from labelloop.learner.requests import SCORED_AT_A_TIME, ClassifierSpec, ScoreRequest, ServeRequest
from labelloop.pool import snapshot
from labelloop.store import artifacts

FIRST = "a text, so that nobody waits for what is made with the first one"


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
        starts = (number * SCORED_AT_A_TIME for number in missing)
        parts = (texts.part(start, start + SCORED_AT_A_TIME).all_texts() for start in starts)
        remote = Remote(request.model_folder, partial(_load_scored, request.classifier, request.labels))
        scored_parts = engine().map(partial(scored, classifier), parts, remote)
        for number, probabilities in zip(missing, scored_parts, strict=True):
            write(request.file_of(number), probabilities)
    return len(missing)


def loaded(
    spec: ClassifierSpec, names: Sequence[str], folder: Path, sha256: str, scratch: Path
) -> LoopClassifier:
    """The classifier in a folder, checked, for texts of no pool. It writes into `scratch` only."""
    artifacts.verify(folder, sha256)
    return _classifier(spec, names, folder, scratch)


def _classifier(spec: ClassifierSpec, names: Sequence[str], folder: Path, scratch: Path) -> LoopClassifier:
    nothing = scratch / snapshot.write(scratch, ()).name
    return load(folder, Setting(spec, len(names), 0, nothing, scratch), names)


def scored(classifier: LoopClassifier, chunk: Sequence[str]) -> Features:
    """The probabilities of the texts of a chunk, shape (texts, classes)."""
    data = labels.unlabelled(chunk, classifier.num_classes, classifier.multi_label)
    probabilities = classifier.predict_once(data)
    return probabilities.astype(np.float32)


def _load_scored(
    spec: ClassifierSpec, names: Sequence[str], folder: Path
) -> Callable[[Sequence[str]], Features]:
    with tempfile.TemporaryDirectory(prefix="labelloop-") as scratch:
        return partial(scored, _classifier(spec, names, folder, Path(scratch)))


def serve(request: ServeRequest) -> int:
    """Load the model, connect, and answer. Returns how many texts were scored."""
    runtime.prepare(request.threads)
    with tempfile.TemporaryDirectory(prefix="labelloop-") as scratch:
        classifier = loaded(
            request.classifier, request.labels, request.model_folder, request.model_sha256, Path(scratch)
        )
        probabilities_of = partial(scored, classifier)
        probabilities_of([FIRST])
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(str(request.address))
            return _answer(probabilities_of, asking)


def _answer(probabilities_of: Callable[[Sequence[str]], Features], asking: socket.socket) -> int:
    count = 0
    for line in asking.makefile("rb"):
        texts = msgspec.json.decode(line, type=list[str])
        answer: list[Any] | dict[str, str]
        try:
            answer = probabilities_of(texts).tolist()
            count += len(texts)
        except Exception as error:
            # The message may hold a text, and goes where no text may be.
            answer = {"error": type(error).__name__}
        asking.sendall(msgspec.json.encode(answer) + b"\n")
    return count
