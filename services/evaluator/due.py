"""What the evaluator does next, on which texts, and what follows from a check for stopping. Pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from labelloop.loop.figures import predictions
from labelloop.loop.names import number_of, numbered
from labelloop.loop.pools import Pool
from labelloop.loop.random_draws import derived, first_of_pool, random_draw
from labelloop.loop.retention import kept_models
from labelloop.loop.schedule import newest_answers
from labelloop.loop.settings_in_force import checks_in_force, for_next
from labelloop.loop.state import LoopState, Trained
from schemas.events import (
    EventData,
    ModelTrained,
    ProjectCreated,
    ProjectEnded,
    StoppingAdvised,
    StoppingChecked,
)
from services.evaluator.audit import scoring_batches

STOPPING_SET = 500
RECORDED = 2000
"""For how many texts of the pool the predictions of each model are recorded."""


@dataclass(frozen=True)
class AboutModel:
    """A piece of work about a model. `cause` is the event that made it due."""

    trained: ModelTrained
    cause: str

    @property
    def model(self) -> str:
        return self.trained.model


@dataclass(frozen=True)
class Evaluation(AboutModel):
    """Evaluate a model on the test set."""

    @property
    def description(self) -> str:
        return f"evaluate model {self.model}"


@dataclass(frozen=True)
class Audit(AboutModel):
    """Estimate a model's accuracy on the pool, from random texts of these batches."""

    batches: tuple[str, ...]

    @property
    def description(self) -> str:
        return f"audit model {self.model}"


@dataclass(frozen=True)
class Check(AboutModel):
    """Check the stopping criterion after a model."""

    @property
    def description(self) -> str:
        return f"check after model {self.model} whether to stop"


@dataclass(frozen=True)
class Recording(AboutModel):
    """Record what a model says of the test set and of some texts of the pool."""

    @property
    def description(self) -> str:
        return f"record predictions of model {self.model}"


Work: TypeAlias = Evaluation | Audit | Check | Recording


def next_work(state: LoopState, keep: int, gone: Collection[str] = ()) -> Work | None:
    """The next piece of work. `keep`: how many models the trainer keeps, besides those still needed.

    `gone`: the digests of models that are not in the store, of which nothing is recorded.
    """
    return (
        next_evaluation(state, keep)
        or next_check(state, keep)
        or next_audit(state, keep)
        or next_recording(state, keep, gone)
    )


def next_evaluation(state: LoopState, keep: int) -> Evaluation | None:
    """The oldest model without an evaluation, or the newest one without one on the test set in force."""
    test = for_next(state).test
    if test is None:
        return None
    models = list(_available_models(state, keep))
    for trained in models:
        is_newest = trained is models[-1]
        is_tested = (trained.latest.model, test.digest) in state.tested
        if trained.latest.model not in state.evaluations or (is_newest and not is_tested):
            return Evaluation(trained.latest, trained.ids[-1])
    return None


def next_check(state: LoopState, keep: int) -> Check | None:
    """The oldest unchecked model of a batch. None without a criterion, and after the project ended."""
    if for_next(state).stopping is None or state.ended:
        return None
    for trained in _available_models(state, keep):
        model = trained.latest.model
        if number_of(model) is not None and model not in state.checks:
            return Check(trained.latest, trained.ids[-1])
    return None


def next_audit(state: LoopState, keep: int) -> Audit | None:
    """The oldest model without an audit whose audit texts are labelled."""
    for trained in _available_models(state, keep):
        batches = () if trained.latest.model in state.audits else scoring_batches(state, trained)
        if batches:
            return Audit(trained.latest, newest_answers(state, batches), batches)
    return None


def next_recording(state: LoopState, keep: int, gone: Collection[str] = ()) -> Recording | None:
    """The oldest model after those with predictions, or the newest one without any on the test set in force.

    While no model has some, it is the newest: a project that is older than this begins there.
    """
    names, test = list(state.models), for_next(state).test
    recorded = list(predictions(state))
    later = set(names[names.index(recorded[-1]) + 1 :] if recorded else names[-1:])
    for trained in _available_models(state, keep):
        model = trained.latest.model
        is_untested = model == names[-1] and (model, test.digest if test else "") not in state.predictions
        if (model in later or is_untested) and trained.latest.sha256 not in gone:
            return Recording(trained.latest, trained.ids[-1])
    return None


def recorded_texts(project: ProjectCreated, pool: Pool) -> list[int]:
    """The texts of a pool for which predictions are recorded. They depend on the seed and the sizes alone.

    They are those at which each pick looks first, so that what the lower layers make of them is there. If the
    pool grew, some of the newer texts take the place of the last of those before.
    """
    sizes = [snapshot.size for snapshot in pool.snapshots]
    return sorted(first_of_pool(project.seed, sizes, RECORDED))


def _available_models(state: LoopState, keep: int) -> Iterator[Trained]:
    """The models that will still be there after the trainer finishes the next one."""
    return (trained for trained in kept_models(state, max(2, keep), coming=1) if trained.available)


def stopping_set(project: ProjectCreated) -> list[int]:
    """The texts on which the criterion compares models. They depend only on the seed."""
    return random_draw(derived(project.seed, "stopping"), project.pool.size, (), STOPPING_SET)


def count_up_to(state: LoopState, model: str) -> int:
    """How many models of batches there are up to and including this one."""
    return numbered(state.models).index(model) + 1


def earlier(state: LoopState, model: str, most: int) -> list[StoppingChecked]:
    """At most `most` checks of earlier models, the latest ones, oldest first."""
    names = list(state.models)
    newest_first = (state.checks.get(name) for name in reversed(names[: names.index(model)]))
    checks = islice((check for check in newest_first if check is not None), most)
    return list(checks)[::-1]


def stopping_events(state: LoopState, check: StoppingChecked) -> list[EventData]:
    """The check, an advice if it is the first that says stop, and an end if the project wants that."""
    before = [each for each in checks_in_force(state) if each.model != check.model]
    if not check.stop or (before and before[-1].stop):
        return [check]
    advised = StoppingAdvised(
        model=check.model,
        attempt=check.attempt,
        labels=check.labels,
        criterion=check.criterion,
        value=check.value,
    )
    if not for_next(state).stop_when_advised:
        return [check, advised]
    end = ProjectEnded(
        request=f"stopping-{check.model}",
        who="evaluator",
        why=f"{check.criterion} advises to stop after model {check.model}",
    )
    return [check, advised, end]
