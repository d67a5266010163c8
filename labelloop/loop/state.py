"""The state of one project's loop, folded from its events."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias, TypeVar

from labelloop.loop.log_digest import EMPTY, LogDigest
from labelloop.loop.names import expanded
from schemas.events import (
    AuditEstimated,
    BatchAnnotated,
    BatchQueried,
    LabelsChanged,
    LookaheadChosen,
    ModelEvaluated,
    ModelTrained,
    PredictionsRecorded,
    ProjectCreated,
    ProjectCreatedV4,
    ProjectMoved,
    ResponsesRecorded,
    ServiceFailed,
    StoppingAdvised,
    StoppingChecked,
    SuggestionsMade,
)
from schemas.parts import Choice, ItemVotes, SettingsV4, Snapshot, TopicRead

Key = TypeVar("Key")
Value = TypeVar("Value")
Labels = Mapping[int, tuple[str, ...]]
THERE = "there"
"""The standing of a person who may answer."""


class InapplicableEvent(ValueError):
    """An event that contradicts the events before it."""


class CopyOnWriteDict(dict[Key, Value]):
    """A mapping that is no longer changed once it is `shared`."""

    shared = False


def share(value: object) -> None:
    """Mark a mapping as shared, so that it is never changed again."""
    if isinstance(value, CopyOnWriteDict):
        value.shared = True


def with_value(mapping: Mapping[Key, Value], key: Key, value: Value) -> Mapping[Key, Value]:
    """The mapping with a value set: the same mapping, or a copy if it is shared."""
    if not isinstance(mapping, CopyOnWriteDict) or mapping.shared:
        mapping = CopyOnWriteDict(mapping)
    mapping[key] = value
    return mapping


def changed(value: Value, **changes: Any) -> Value:
    """Like `dataclasses.replace`, but ten times as fast: a fold does this twice per event."""
    copy = object.__new__(type(value))
    copy.__dict__.update(value.__dict__, **changes)
    return copy


@dataclass(frozen=True)
class Batch:
    """A batch that was picked. `closed`: the id of the event that closed it before it was done.

    `number`: its place in the annotators' queue; a relabel batch has the newest numbered batch's. `position`:
    how many events of the project came before its newest revision.
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
    suggestions: tuple[SuggestionsMade, ...] = ()

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
    def answers_wanted(self) -> Mapping[int, int]:
        """How many people are to answer an item, where that are more than answer the others."""
        return {picked.item: picked.answers for picked in self.queried.items if picked.answers}

    @property
    def kept_items(self) -> frozenset[int]:
        """The items that do not go back to the pool: all, except undecided ones of a closed batch."""
        if not self.revisions:
            return self.items
        return frozenset(answer.item for answer in self.revisions[0].items)

    @property
    def answers(self) -> tuple[ItemVotes, ...]:
        """The latest recorded votes, whether the batch is done or not."""
        if self.revisions:
            return self.revisions[-1].items
        return self.responses.items if self.responses else ()

    @property
    def answered(self) -> int:
        """How many texts have a recorded vote."""
        return sum(1 for answer in self.answers if answer.votes)


@dataclass(frozen=True)
class Trained:
    """A model: all training attempts, and the attempts whose folders were lost."""

    attempts: tuple[ModelTrained, ...]
    ids: tuple[str, ...]
    at: datetime
    lost: Mapping[int, str] = field(default_factory=dict)

    @property
    def first(self) -> ModelTrained:
        return self.attempts[0]

    @property
    def learned(self) -> Mapping[str, int]:
        """The learned revisions by batch."""
        return expanded(self.first.learned)

    @property
    def latest(self) -> ModelTrained:
        return self.attempts[-1]

    @property
    def available(self) -> bool:
        """Whether the latest attempt is not known to be lost."""
        return not self.lost or self.latest.attempt not in self.lost


@dataclass(frozen=True)
class Failure:
    """The last failure of a service at a piece of work."""

    event: ServiceFailed
    at: datetime


@dataclass(frozen=True)
class Change:
    """Settings that apply from a batch on."""

    from_batch: int
    settings: SettingsV4


@dataclass(frozen=True)
class Suggester:
    """Who suggests labels from a batch on, and whether its answer counts as a vote."""

    from_batch: int
    choice: Choice
    votes: bool


@dataclass(frozen=True)
class Growth:
    """Further texts of the pool, which are there from a batch on, and the id of the event that added them.

    `topic`: how far the topic was read from which they came.
    """

    id: str
    from_batch: int
    snapshot: Snapshot
    topic: TopicRead | None = None


@dataclass(frozen=True)
class Standing:
    """Whether a person may answer, by the word of the event, and since when."""

    word: str
    since: datetime

    @property
    def is_barred(self) -> bool:
        """Whether the person may not answer."""
        return self.word != THERE


@dataclass(frozen=True)
class Relabel:
    """Texts to ask for again, and the id of the request event."""

    id: str
    items: tuple[int, ...]


class NotCreated(NamedTuple):
    """A project before its ProjectCreated, after `length` events, all of which skip others.

    A tuple, and no data class as LoopState is: by this the cache of states tells one from the other.
    """

    project_id: str
    length: int = 0
    latest_id: str | None = None
    log: LogDigest = EMPTY


@dataclass(frozen=True, repr=False)
class LoopState:
    """Everything the loop needs to know about a project that was created, after `length` events.

    Its fields are internal and may change. Other code reads `labelloop.loop.view`. `log` is over all events
    that the project's history took: those that were folded, and those of unknown types that may be skipped.

    `picks`: how many texts all batches asked for, counting each time that a text was asked for. `numbered`:
    the number of numbered batches, which is also the next number. `annotated`: how many of them, counted
    from the first, are done. `chosen`: which models pick batches, where the lookahead grows. `skipped`: model
    numbers that are never trained. `evaluations`: the last one of each model. `tested`: the last one of each
    model on each test set, by its digest. `predictions`: those of each model, likewise. `standings`: by
    name, of those of whom something was said. `moved`: where the project last moved to. `advised`: when the
    stopping criterion last began to say stop.
    """

    project_id: str
    project: ProjectCreatedV4
    created_id: str
    created_at: datetime
    latest_id: str
    length: int
    batches: Mapping[str, Batch] = field(default_factory=dict)
    picks: int = 0
    numbered: int = 0
    annotated: int = 0
    models: Mapping[str, Trained] = field(default_factory=dict)
    chosen: Mapping[str, LookaheadChosen] = field(default_factory=dict)
    skipped: frozenset[int] = frozenset()
    evaluations: Mapping[str, ModelEvaluated] = field(default_factory=dict)
    tested: Mapping[tuple[str, str], ModelEvaluated] = field(default_factory=dict)
    audits: Mapping[str, AuditEstimated] = field(default_factory=dict)
    predictions: Mapping[tuple[str, str], PredictionsRecorded] = field(default_factory=dict)
    checks: Mapping[str, StoppingChecked] = field(default_factory=dict)
    advised: StoppingAdvised | None = None
    failures: Mapping[tuple[str, str], Failure] = field(default_factory=dict)
    paused: bool = False
    ended: str | None = None
    changes: tuple[Change, ...] = ()
    suggesters: tuple[Suggester, ...] = ()
    label_changes: tuple[LabelsChanged, ...] = ()
    grown: tuple[Growth, ...] = ()
    relabels: tuple[Relabel, ...] = ()
    standings: Mapping[str, Standing] = field(default_factory=dict)
    moved: ProjectMoved | None = None
    latest_model: str | None = None
    log: LogDigest = EMPTY

    def __repr__(self) -> str:
        return f"<LoopState of {self.project_id}, {self.length} events>"

    @property
    def begun(self) -> bool:
        """Whether all batches that the project starts with have arrived."""
        return self.annotated >= self.project.given


def in_full(data: ProjectCreated) -> ProjectCreatedV4:
    """What a state holds of a project, whichever version began it."""
    return data if type(data) is ProjectCreatedV4 else ProjectCreatedV4(**dict(data))


ProjectState: TypeAlias = LoopState | NotCreated
"""A project as the fold has it: created or not."""


def with_log(state: ProjectState, log: LogDigest) -> ProjectState:
    """The same state after another log."""
    return state._replace(log=log) if isinstance(state, NotCreated) else changed(state, log=log)
