"""The state of one project's loop, as its events tell it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias, TypeVar

from labelloop.loop.batch_ranges import expanded
from schemas.events import (
    AuditEstimated,
    BatchAnnotated,
    BatchQueried,
    ModelEvaluated,
    ModelTrained,
    ProjectCreated,
    ProjectMoved,
    ResponsesRecorded,
    ServiceFailed,
    StoppingAdvised,
    StoppingChecked,
)
from schemas.parts import ItemVotes, Settings

Labels = Mapping[int, tuple[str, ...]]
Value = TypeVar("Value")


def changed(value: Value, **changes: Any) -> Value:
    """What `dataclasses.replace` does, which takes ten times as long: a fold does it twice an event."""
    made = object.__new__(type(value))
    made.__dict__.update(value.__dict__, **changes)
    return made


@dataclass(frozen=True)
class Batch:
    """A batch from its query on. `closed`: the id of the event that closed it before it was done.

    `number`: where people meet it; a relabel batch comes with the newest numbered one. `place`: how many
    events of the project came before its newest revision.
    """

    queried: BatchQueried
    queried_id: str
    queried_at: datetime
    number: int = 0
    is_numbered: bool = True
    responses: ResponsesRecorded | None = None
    responses_at: datetime | None = None
    revisions: tuple[BatchAnnotated, ...] = ()
    revision_ids: tuple[str, ...] = ()
    annotated_at: datetime | None = None
    position: int = 0
    closed: str | None = None

    @property
    def name(self) -> str:
        return self.queried.batch

    @property
    def done(self) -> bool:
        return bool(self.revisions)

    @property
    def items(self) -> frozenset[int]:
        return frozenset(picked.item for picked in self.queried.items)

    @property
    def kept(self) -> frozenset[int]:
        """The items that do not go back to the pool: all of them, but the undecided of a closed batch."""
        if not self.revisions:
            return self.items
        return frozenset(answer.item for answer in self.revisions[0].items)

    @property
    def answers(self) -> tuple[ItemVotes, ...]:
        """The votes recorded last, whether the batch is done or not."""
        if self.revisions:
            return self.revisions[-1].items
        return self.responses.items if self.responses else ()

    @property
    def answered(self) -> int:
        """How many texts have a vote that is recorded."""
        return sum(1 for answer in self.answers if answer.votes)


@dataclass(frozen=True)
class Trained:
    """A model: every attempt at it, and the attempts whose folders were lost."""

    attempts: tuple[ModelTrained, ...]
    ids: tuple[str, ...]
    at: datetime
    lost: Mapping[int, str] = field(default_factory=dict)

    @property
    def first(self) -> ModelTrained:
        return self.attempts[0]

    @property
    def learned(self) -> Mapping[str, int]:
        """The revisions that it learned, by batch."""
        return expanded(self.first.learned)

    @property
    def latest(self) -> ModelTrained:
        return self.attempts[-1]

    @property
    def available(self) -> bool:
        """Whether the latest attempt is not known to be lost."""
        return self.latest.attempt not in self.lost


@dataclass(frozen=True)
class Failure:
    """The last failure of a service at what was due."""

    event: ServiceFailed
    at: datetime


@dataclass(frozen=True)
class Change:
    """Settings that hold from a batch on."""

    from_batch: int
    settings: Settings


@dataclass(frozen=True)
class Relabel:
    """Texts to be asked for once more, and the id of the event that says so."""

    id: str
    items: tuple[int, ...]


class NotCreated(NamedTuple):
    """A project before its ProjectCreated, after `length` events, all of which skip others.

    A tuple, and no data class as LoopState is: by this the cache of states tells one from the other.
    """

    project_id: str
    length: int = 0
    latest_id: str | None = None


@dataclass(frozen=True, repr=False)
class LoopState:
    """All that the loop needs to know of a project that was created, after `length` events.

    Its fields are the loop's own, and change as the loop does: `labelloop.loop.view` is what others read.

    `numbered`: how many numbered batches there are: the number of the next one. `annotated`: how many of
    them, from the first on, are done. `skipped`: model numbers that are never trained. `moved`: where the
    project went last. `advised`: when a stopping criterion last began to say so.
    """

    project_id: str
    project: ProjectCreated
    created_id: str
    created_at: datetime
    latest_id: str
    length: int
    batches: Mapping[str, Batch] = field(default_factory=dict)
    numbered: int = 0
    annotated: int = 0
    models: Mapping[str, Trained] = field(default_factory=dict)
    skipped: frozenset[int] = frozenset()
    evaluations: Mapping[str, ModelEvaluated] = field(default_factory=dict)
    audits: Mapping[str, AuditEstimated] = field(default_factory=dict)
    checks: Mapping[str, StoppingChecked] = field(default_factory=dict)
    advised: StoppingAdvised | None = None
    failures: Mapping[tuple[str, str], Failure] = field(default_factory=dict)
    paused: bool = False
    ended: str | None = None
    changes: tuple[Change, ...] = ()
    relabels: tuple[Relabel, ...] = ()
    moved: ProjectMoved | None = None
    latest_model: str | None = None

    def __repr__(self) -> str:
        return f"<LoopState of {self.project_id}, {self.length} events>"

    @property
    def begun(self) -> bool:
        """Whether all that the project began with has arrived."""
        return self.annotated >= self.project.given


ProjectState: TypeAlias = LoopState | NotCreated
"""A project as the fold has it: created or not."""
