"""Score texts that come over a socket with one model that is loaded once, until the socket is closed."""

import socket
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from labelloop.learner import runtime
from labelloop.learner.classifiers.base import Features
from labelloop.learner.requests import ServeRequest
from labelloop.learner.scoring import loaded, scored

FIRST = "a text, so that nobody waits for what is made with the first one"


def serve(request: ServeRequest) -> int:
    """Load the model, connect, and answer. Returns how many texts were scored."""
    runtime.prepare(request.threads)
    with tempfile.TemporaryDirectory(prefix="labelloop-") as scratch:
        classifier = loaded(
            request.classifier, request.labels, request.model_folder, request.model_sha256, Path(scratch)
        )
        score = partial(scored, classifier)
        score([FIRST])
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(str(request.address))
            return _answer(score, asking)


def _answer(score: Callable[[Sequence[str]], Features], asking: socket.socket) -> int:
    count = 0
    for line in asking.makefile("rb"):
        texts = msgspec.json.decode(line, type=list[str])
        answer: list[Any] | dict[str, str]
        try:
            answer = score(texts).tolist()
            count += len(texts)
        except Exception as error:
            # The message may hold a text, and goes where no text may be.
            answer = {"error": type(error).__name__}
        asking.sendall(msgspec.json.encode(answer) + b"\n")
    return count
