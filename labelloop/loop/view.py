"""What of a project's state is public: consumers and notebooks can rely on it from release to release."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from labelloop.loop import order
from labelloop.loop.labels import current
from labelloop.loop.settings import for_next
from labelloop.loop.state import Batch, LoopState, NotCreated, ProjectState
from schemas.events import BatchAnnotated, BatchQueried, ModelEvaluated, ModelTrained, ProjectCreated
from schemas.parts import ItemVotes

Labels = Mapping[int, tuple[str, ...]]


@dataclass(frozen=True)
class BatchView:
    """A batch: the texts of the pool that were picked, and what people answered."""

    _batch: Batch

    @property
    def name(self) -> str:
        """Its number, or `relabel-1` …"""
        return self._batch.name

    @property
    def queried(self) -> BatchQueried:
        """How its texts were picked."""
        return self._batch.queried

    @property
    def queried_at(self) -> datetime:
        return self._batch.queried_at

    @property
    def items(self) -> tuple[int, ...]:
        """Its texts by their place in the pool, in the order of the batch."""
        return tuple(picked.item for picked in self._batch.queried.items)

    @property
    def is_done(self) -> bool:
        return self._batch.done

    @property
    def revisions(self) -> tuple[BatchAnnotated, ...]:
        """What it came to when it was done, and after each change of an answer; empty while it is open."""
        return self._batch.revisions

    @property
    def answers(self) -> tuple[ItemVotes, ...]:
        """The votes on its texts that were recorded last, whether it is done or not."""
        return self._batch.answers

    @property
    def labels(self) -> Labels:
        """The labels of its newest revision by text; none of those that were discarded or taken back."""
        newest = self._batch.revisions[-1].items if self._batch.revisions else ()
        return {answer.item: answer.labels for answer in newest if answer.labels}


@dataclass(frozen=True, init=False)
class ProjectView:
    """A project that was created, right after an event: `ProjectView(state)`."""

    _state: LoopState

    def __init__(self, state: ProjectState) -> None:
        if isinstance(state, NotCreated):
            raise ValueError(f"the project {state.project_id} is not created yet")
        object.__setattr__(self, "_state", state)

    @property
    def id(self) -> str:
        return self._state.project_id

    @property
    def events(self) -> int:
        """How many events of the project count, up to this state."""
        return self._state.length

    @property
    def created(self) -> ProjectCreated:
        """How the project began: name, labels, pool, settings."""
        return self._state.project

    @property
    def settings(self) -> ProjectCreated:
        """As it began, with the settings that hold for the next batch."""
        return for_next(self._state)

    @property
    def batches(self) -> Mapping[str, BatchView]:
        """All batches by name, oldest first."""
        return {name: BatchView(batch) for name, batch in self._state.batches.items()}

    @property
    def open_batches(self) -> tuple[BatchView, ...]:
        """Those that people still label."""
        return tuple(map(BatchView, order.open_batches(self._state)))

    @property
    def labels(self) -> Labels:
        """The labels of all batches that are done, as they are now, by text."""
        return current(self._state)

    @property
    def models(self) -> Mapping[str, ModelTrained]:
        """Each model by name, oldest first, as it was trained last."""
        return {name: trained.latest for name, trained in self._state.models.items()}

    @property
    def evaluations(self) -> Mapping[str, ModelEvaluated]:
        """What models scored on the test set, by the models' names."""
        return self._state.evaluations

    @property
    def accuracy(self) -> float | None:
        """What the newest model scored that was measured; None before."""
        measured = [name for name in self._state.models if name in self._state.evaluations]
        return self._state.evaluations[measured[-1]].accuracy if measured else None

    @property
    def is_paused(self) -> bool:
        return self._state.paused

    @property
    def is_ended(self) -> bool:
        """Whether somebody ended it."""
        return self._state.ended is not None

    @property
    def is_finished(self) -> bool:
        """Whether nothing more can come, but by people who change their answers."""
        return order.finished(self._state)
