"""The public view of a project's state. Consumers and notebooks can rely on it across releases."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from labelloop.loop import schedule
from labelloop.loop.labels import current, of_answer
from labelloop.loop.settings_in_force import for_next
from labelloop.loop.state import Batch, LoopState, NotCreated, ProjectState
from schemas.events import BatchAnnotated, BatchQueried, ModelEvaluated, ModelTrained, ProjectCreated
from schemas.parts import ItemVotes

Labels = Mapping[int, tuple[str, ...]]


@dataclass(frozen=True)
class BatchView:
    """A batch: the texts that were picked from the pool, and the answers."""

    _batch: Batch

    @property
    def name(self) -> str:
        """Its number, or `relabel-1`, `relabel-2` …"""
        return self._batch.name

    @property
    def queried(self) -> BatchQueried:
        """The event that tells how its texts were picked."""
        return self._batch.queried

    @property
    def queried_at(self) -> datetime:
        return self._batch.queried_at

    @property
    def items(self) -> tuple[int, ...]:
        """Its texts as pool items, in the order of the batch."""
        return tuple(picked.item for picked in self._batch.queried.items)

    @property
    def is_done(self) -> bool:
        return self._batch.done

    @property
    def revisions(self) -> tuple[BatchAnnotated, ...]:
        """Its results: when it was done, and after each later change of an answer. Empty while it is open."""
        return self._batch.revisions

    @property
    def answers(self) -> tuple[ItemVotes, ...]:
        """The latest recorded votes on its texts, whether it is done or not."""
        return self._batch.answers

    @property
    def labels(self) -> Labels:
        """The labels of its newest revision by pool item, without discarded and withdrawn texts."""
        newest = self._batch.revisions[-1].items if self._batch.revisions else ()
        return {answer.item: labels for answer in newest if (labels := of_answer(answer)) is not None}


@dataclass(frozen=True, init=False)
class ProjectView:
    """A created project, right after an event: `ProjectView(state)`."""

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
        """How many events of the project count up to this state."""
        return self._state.length

    @property
    def created(self) -> ProjectCreated:
        """The project as it was created: name, labels, pool, settings."""
        return self._state.project

    @property
    def settings(self) -> ProjectCreated:
        """The project with the settings for the next batch."""
        return for_next(self._state)

    @property
    def batches(self) -> Mapping[str, BatchView]:
        """All batches by name, oldest first."""
        return {name: BatchView(batch) for name, batch in self._state.batches.items()}

    @property
    def open_batches(self) -> tuple[BatchView, ...]:
        """The batches that people still label."""
        return tuple(map(BatchView, schedule.open_batches(self._state)))

    @property
    def labels(self) -> Labels:
        """The current labels of all finished batches, by pool item."""
        return current(self._state)

    @property
    def models(self) -> Mapping[str, ModelTrained]:
        """The latest training of each model by name, oldest first."""
        return {name: trained.latest for name, trained in self._state.models.items()}

    @property
    def evaluations(self) -> Mapping[str, ModelEvaluated]:
        """The results of models on the test set, by model name."""
        return self._state.evaluations

    @property
    def accuracy(self) -> float | None:
        """The accuracy of the newest evaluated model, or None."""
        measured = [name for name in self._state.models if name in self._state.evaluations]
        return self._state.evaluations[measured[-1]].accuracy if measured else None

    @property
    def is_paused(self) -> bool:
        return self._state.paused

    @property
    def is_ended(self) -> bool:
        """Whether the project was ended."""
        return self._state.ended is not None

    @property
    def is_finished(self) -> bool:
        """Whether nothing more can happen, unless people change their answers."""
        return schedule.finished(self._state)
