"""What is said of models: by the trainer, by whoever misses one, and by the evaluator.

Nothing in the loop needs what the evaluator says.
"""

from typing import ClassVar

from schemas.fields import EMPTY, UNSAID, Count, Frozenly, Integer, Parameters, Positive, Seconds, Seldom
from schemas.model import EventData, Fact, without_unsaid
from schemas.parts import ClassFigures, LogPrefix


class ModelTrained(EventData):
    """A model learned `learned` (batch: revision; `"0-57": 0` says it of batches 0 … 57).

    `digest` is over those picks and labels; `labels` counts the labelled texts. `log`: the events that the
    trainer had read when it began. `label_list`: how often the labels had changed by then, if they had.
    """

    model: str
    attempt: Count
    learned: Frozenly[str, Integer]
    digest: str
    labels: Count
    artifact: str
    sha256: str
    metrics: Frozenly[str, float] = EMPTY
    seconds: Seconds
    device: str
    threads: Integer
    versions: Frozenly[str, str] = EMPTY
    seed: Integer
    log: LogPrefix | None = None
    label_list: Seldom[Positive] = UNSAID

    _written = without_unsaid

    def identity(self) -> tuple[Fact, ...]:
        return (self.model, self.attempt)


class ModelLost(EventData):
    """A model's folder is missing or damaged; makes the next attempt due."""

    model: str
    attempt: Count
    reason: str

    def identity(self) -> tuple[Fact, ...]:
        return (self.model, self.attempt)


class ModelEvaluated(EventData):
    """A model on the test set; `confusion` has gold classes as rows, in the order of `classes`.

    Where a text may have several labels, `accuracy` is the share of texts whose labels are all right, and
    `confusion` is empty.
    """

    mustunderstand: ClassVar[bool] = False

    model: str
    attempt: Count
    labels: Count
    accuracy: float
    macro_f1: float
    classes: tuple[str, ...]
    per_class: Frozenly[str, ClassFigures]
    confusion: tuple[tuple[Integer, ...], ...]
    size: Integer
    test_version: str
    seconds: Seconds
    micro_f1: Seldom[float] = UNSAID

    _written = without_unsaid

    def identity(self) -> tuple[Fact, ...]:
        return (self.model, self.attempt)


class ModelEvaluatedV2(ModelEvaluated):
    """A model of a project whose test set was changed: it may be evaluated on each of its test sets."""

    version: ClassVar[int] = 2

    @classmethod
    def type_name(cls) -> str:
        return f"labelloop.ModelEvaluated.v{cls.version}"

    def identity(self) -> tuple[Fact, ...]:
        return (self.model, self.attempt, self.test_version)


class AuditEstimated(EventData):
    """A model on the whole pool, estimated from the texts of `batches` that were drawn at random.

    `low` and `high` are the 95 % interval. `audited` texts, which the model had not learned, stand for what
    was in no batch before them; `known` labels were there before and are counted as they are. `labels`: as
    many had the model learned. `pool_version`: that of the batches, all of one, if the pool grew.
    """

    mustunderstand: ClassVar[bool] = False

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
    pool_version: Seldom[str] = UNSAID

    _written = without_unsaid

    def identity(self) -> tuple[Fact, ...]:
        return (self.model, self.attempt)


class PredictionsRecorded(EventData):
    """What a model says of texts, in a Parquet file of the store: its `uri`, and the sha256 of its bytes.

    It holds `tested` texts, all of the test set `test_version` that count, and `drawn` texts of the pool, of
    the version `pool_version`: the same for each model, as long as the pool does not grow.
    """

    mustunderstand: ClassVar[bool] = False

    model: str
    attempt: Count
    uri: str
    sha256: str
    tested: Count
    drawn: Count
    test_version: str | None = None
    pool_version: str
    seconds: Seconds

    def identity(self) -> tuple[Fact, ...]:
        return (self.model, self.attempt, self.test_version or "")


class StoppingChecked(EventData):
    """What the stopping criterion looks at after a model: `value`, None where it cannot tell yet.

    `predicted` are the places, among the project's labels, of what the model says of the stopping set, the
    first `len(predicted)` texts of a random order of the pool; later checks go on from there. Where a text
    may have several labels, it is the sum of 2 to the power of each place. `labels`: as many had the model
    learned. `parameters` of the criterion; None: those that the project began with.
    """

    mustunderstand: ClassVar[bool] = False

    model: str
    attempt: Count
    labels: Count
    criterion: str
    parameters: Parameters | None = None
    value: float | None = None
    stop: bool
    predicted: tuple[Integer, ...]
    seconds: Seconds

    def identity(self) -> tuple[Fact, ...]:
        return (self.model, self.attempt)


class StoppingAdvised(EventData):
    """The criterion says that more labels change little, as it did not after the model before."""

    mustunderstand: ClassVar[bool] = False

    model: str
    attempt: Count
    labels: Count
    criterion: str
    value: float | None = None

    def identity(self) -> tuple[Fact, ...]:
        return (self.model, self.attempt)
