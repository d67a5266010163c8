"""What a model is trained from."""

from pathlib import Path

from labelloop.learner.project import classifier_spec
from labelloop.learner.requests import TrainRequest
from labelloop.loop.labels import Learned, at_revisions, ignored_at
from labelloop.loop.seeds import derived
from labelloop.loop.settings import for_learned
from labelloop.loop.state import LoopState


def train_request(
    state: LoopState, model: str, learned: Learned, *, pool: Path, threads: int, into: Path, cache: Path
) -> TrainRequest:
    """The training of a model on batches at revisions: the same each time, by the log alone."""
    project = for_learned(state, learned)
    return TrainRequest(
        pool=pool,
        classifier=classifier_spec(project),
        labels=project.labels,
        examples=tuple(sorted(at_revisions(state, learned).items())),
        ignored=ignored_at(state, learned),
        seed=derived(project.seed, "train", model),
        threads=threads,
        into=into,
        cache=cache,
    )
