"""What the trainer says of models, and whoever misses one."""

from schemas.fields import EMPTY, UNSAID, Count, Frozenly, Integer, Positive, Seconds, Seldom
from schemas.model import EventData, Fact, without_unsaid
from schemas.parts import LogPrefix


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
