"""What the evaluator does next. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from labelloop.loop.names import number_of
from labelloop.loop.schedule import kept, newest_answers
from labelloop.loop.state import LoopState, Trained
from schemas.events import ModelTrained
from services.evaluator.audit import scoring_batches


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


Work: TypeAlias = Evaluation | Audit | Check


def next_work(state: LoopState, keep: int) -> Work | None:
    """The next piece of work. `keep`: how many models the trainer keeps, besides those still needed."""
    return next_evaluation(state, keep) or next_check(state, keep) or next_audit(state, keep)


def next_evaluation(state: LoopState, keep: int) -> Evaluation | None:
    """The oldest model without an evaluation. None without a test set."""
    if state.project.test is None:
        return None
    for trained in _kept(state, keep):
        if trained.latest.model not in state.evaluations:
            return Evaluation(trained.latest, trained.ids[-1])
    return None


def next_check(state: LoopState, keep: int) -> Check | None:
    """The oldest unchecked model of a batch. None without a criterion, and after the project ended."""
    if state.project.stopping is None or state.ended:
        return None
    for trained in _kept(state, keep):
        model = trained.latest.model
        if number_of(model) is not None and model not in state.checks:
            return Check(trained.latest, trained.ids[-1])
    return None


def next_audit(state: LoopState, keep: int) -> Audit | None:
    """The oldest model without an audit whose audit texts are labelled."""
    for trained in _kept(state, keep):
        batches = () if trained.latest.model in state.audits else scoring_batches(state, trained)
        if batches:
            return Audit(trained.latest, newest_answers(state, batches), batches)
    return None


def _kept(state: LoopState, keep: int) -> Iterator[Trained]:
    """The models that will still be there after the trainer finishes the next one."""
    return (trained for trained in kept(state, max(2, keep), coming=1) if trained.available)
