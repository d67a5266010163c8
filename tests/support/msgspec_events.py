"""Events as msgspec read and wrote them until 0.1.0: what the models of `schemas` are held against.

A field that was added to an event since is added here too.
"""

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, json

Probability = float | None
Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]


class Snapshot(Struct, kw_only=True, frozen=True, gc=False):
    uri: str
    digest: str
    size: Count
    text_column: str = "text"
    label_column: str | None = None
    dropped_empty: int = 0
    dropped_duplicate: int = 0
    dropped_near_copies: int = 0


class Choice(Struct, kw_only=True, frozen=True, gc=False):
    name: str
    parameters: dict[str, Any] = {}


class BaseModelChoice(Struct, kw_only=True, frozen=True, gc=False):
    name: str
    revision: str | None = None


class LogPrefix(Struct, kw_only=True, frozen=True, gc=False):
    events: Positive
    digest: str


class Shortlist(Struct, kw_only=True, frozen=True, gc=False):
    looked_at: Count
    doubtful: Count
    drawn: Count
    digest: str


class Settings(Struct, kw_only=True, frozen=True, gc=False):
    batch_size: Positive | None = None
    max_batches: Positive | None = None
    audit_share: Share | None = None
    ties: str | None = None
    classifier: Choice | None = None
    strategy: Choice | None = None
    model: BaseModelChoice | None = None


class QueriedItem(Struct, kw_only=True, frozen=True, gc=False):
    item: Count
    rank: Count
    reason: str
    score: float | None = None
    predicted: tuple[str, ...] = ()
    probability: Probability = None
    suggested: bool = False
    probabilities: tuple[float, ...] | UnsetType = UNSET
    answers: Positive | UnsetType = UNSET
    unaided: bool | UnsetType = UNSET


class GoldItem(Struct, kw_only=True, frozen=True, gc=False):
    item: Count
    rank: Count
    labels: tuple[str, ...] = ()


class Vote(Struct, kw_only=True, frozen=True, gc=False):
    username: str
    user: str | None = None
    status: str
    labels: tuple[str, ...] = ()
    time: datetime | None = None


class ItemVotes(Struct, kw_only=True, frozen=True, gc=False):
    item: Count
    record: str | None = None
    votes: tuple[Vote, ...] = ()


class AnnotatedItem(ItemVotes, kw_only=True, frozen=True, gc=False):
    labels: tuple[str, ...] = ()
    discarded: bool = False
    agreement: Probability = None
    none: bool | UnsetType = UNSET


class ClassFigures(Struct, kw_only=True, frozen=True, gc=False):
    precision: float
    recall: float
    f1: float
    support: int


class ProjectCreated(Struct, kw_only=True, frozen=True, gc=False):
    name: str
    task: str = "single-label"
    labels: Annotated[tuple[str, ...], Meta(min_length=2)]
    pool: Snapshot
    test: Snapshot | None = None
    batch_size: Positive
    max_batches: Positive | None = None
    lookahead: Count = 1
    cold_start: str = "random"
    audit_share: Share = 0.0
    min_submitted: Positive = 1
    ties: str = "label-order"
    classifier: Choice
    strategy: Choice
    stopping: Choice | None = None
    stop_when_advised: bool = False
    model: BaseModelChoice
    seed: int = 0
    guidelines: str | None = None
    given: Count = 0
    forked_from: str | None = None


class BatchQueried(Struct, kw_only=True, frozen=True, gc=False):
    batch: str
    items: tuple[QueriedItem, ...]
    model: str | None = None
    attempt: int | None = None
    strategy: str | None = None
    shortlist: Shortlist | None = None
    seed: int
    pool_version: str
    seconds: Seconds
    gold: tuple[GoldItem, ...] | UnsetType = UNSET
    gold_version: str | UnsetType = UNSET


class ResponsesRecorded(Struct, kw_only=True, frozen=True, gc=False):
    batch: str
    number: Count
    items: tuple[ItemVotes, ...]
    gold: tuple[ItemVotes, ...] | UnsetType = UNSET


class BatchAnnotated(Struct, kw_only=True, frozen=True, gc=False):
    batch: str
    revision: Count
    items: tuple[AnnotatedItem, ...]
    opened: datetime | None = None
    agreement: float | None = None
    gold: tuple[ItemVotes, ...] | UnsetType = UNSET


class ModelTrained(Struct, kw_only=True, frozen=True, gc=False):
    model: str
    attempt: Count
    learned: dict[str, int]
    digest: str
    labels: Count
    artifact: str
    sha256: str
    metrics: dict[str, float] = {}
    seconds: Seconds
    device: str
    threads: int
    versions: dict[str, str] = {}
    seed: int
    log: LogPrefix | None = None
    label_list: Positive | UnsetType = UNSET


class ModelLost(Struct, kw_only=True, frozen=True, gc=False):
    model: str
    attempt: Count
    reason: str


class ModelEvaluated(Struct, kw_only=True, frozen=True, gc=False):
    model: str
    attempt: Count
    labels: Count
    accuracy: float
    macro_f1: float
    classes: tuple[str, ...]
    per_class: dict[str, ClassFigures]
    confusion: tuple[tuple[int, ...], ...]
    size: int
    test_version: str
    seconds: Seconds
    micro_f1: float | UnsetType = UNSET


class AuditEstimated(Struct, kw_only=True, frozen=True, gc=False):
    model: str
    attempt: Count
    labels: Count
    accuracy: float
    low: float
    high: float
    audited: Positive
    known: Count
    batches: tuple[str, ...]
    seconds: Seconds
    pool_version: str | UnsetType = UNSET


class StoppingChecked(Struct, kw_only=True, frozen=True, gc=False):
    model: str
    attempt: Count
    labels: Count
    criterion: str
    parameters: dict[str, Any] | None = None
    value: float | None = None
    stop: bool
    predicted: tuple[int, ...]
    seconds: Seconds


class StoppingAdvised(Struct, kw_only=True, frozen=True, gc=False):
    model: str
    attempt: Count
    labels: Count
    criterion: str
    value: float | None = None


class OperatorEvent(Struct, kw_only=True, frozen=True, gc=False):
    request: str
    who: str
    why: str = ""


class BatchClosed(OperatorEvent, kw_only=True, frozen=True, gc=False):
    batch: str


class ProjectChanged(OperatorEvent, kw_only=True, frozen=True, gc=False):
    from_batch: Count
    settings: Settings


class RelabelRequested(OperatorEvent, kw_only=True, frozen=True, gc=False):
    items: Annotated[tuple[Count, ...], Meta(min_length=1)]


class ProjectPaused(OperatorEvent, kw_only=True, frozen=True, gc=False):
    pass


class ProjectResumed(OperatorEvent, kw_only=True, frozen=True, gc=False):
    pass


class ProjectEnded(OperatorEvent, kw_only=True, frozen=True, gc=False):
    pass


class ProjectMoved(OperatorEvent, kw_only=True, frozen=True, gc=False):
    log: str
    address: str
    events: Positive


class EventSkipped(OperatorEvent, kw_only=True, frozen=True, gc=False):
    event: str
    content: str


class ServiceFailed(Struct, kw_only=True, frozen=True, gc=False):
    service: str
    due: str
    kind: str
    error: str
    attempt: Positive


def read(name: str, data: bytes) -> Struct:
    """Raises what msgspec raises."""
    kind: type[Struct] = globals()[name]
    return json.Decoder(kind).decode(data)


def write(value: Struct) -> bytes:
    return json.encode(value)
