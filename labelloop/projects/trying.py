"""Try a project's model on this machine before anybody labels."""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

from labelloop.config.settings import default_threads
from labelloop.errors import TaskError, UserError
from labelloop.learner.requests import ClassifierSpec, TryRequest, classifier_spec
from labelloop.learner.worker import Worker
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.store import Store
from schemas.events import ProjectCreated

TEXTS = 10
NOTED = 0.1
NEEDED = ("torch", "transformers", "small_text")


async def try_model(pool: Path, classifier: ClassifierSpec, labels: Sequence[str]) -> tuple[str, ...]:
    """Try the classifier and its model on some texts of a pool. Returns notes for people.

    Raises UserError if no model can be trained. Without the learner's packages nothing is tried.
    """
    missing = [package for package in NEEDED if find_spec(package) is None]
    if missing:
        return (f"the model was not tried, because {missing[0]} is not installed here",)
    with closing(Worker(default_threads())) as worker:
        request = TryRequest(classifier, tuple(labels), sample(pool), default_threads())
        try:
            tried = await worker.run(request)
        except TaskError as error:
            raise UserError(
                f"the classifier {classifier.name} cannot learn from the model {classifier.model_name}: "
                f"{error.message}"
            ) from error
    if tried.unknown is not None and tried.unknown > NOTED:
        return (
            f"{tried.unknown:.0%} of the tokens of {TEXTS} texts are unknown to the tokenizer of "
            f"{classifier.model_name}: a model for their language would learn from fewer labels",
        )
    return ()


async def try_change(store: Store, before: ProjectCreated, after: ProjectCreated) -> tuple[str, ...]:
    """Try the classifier and the model of a project, if they are others than before.

    Returns notes for people. Raises UserError if no model can be trained, and Unavailable.
    """
    if (after.classifier, after.model) == (before.classifier, before.model):
        return ()
    pool = await asyncio.to_thread(store.pool, after)
    return await try_model(pool, classifier_spec(after), after.labels)


def sample(pool: Path) -> tuple[str, ...]:
    """Some texts from all over a pool."""
    snapshot = OpenSnapshot.open(pool)
    step = max(1, len(snapshot) // TEXTS)
    return tuple(snapshot.texts(range(0, len(snapshot), step)[:TEXTS]))
