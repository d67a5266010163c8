"""The events. `identity` is what an event states: two that state the same have one id."""

from typing import Annotated, ClassVar

from annotated_types import MinLen

from schemas.batch_events import BatchAnnotated as BatchAnnotated
from schemas.batch_events import BatchQueried as BatchQueried
from schemas.batch_events import LookaheadChosen as LookaheadChosen
from schemas.batch_events import ResponsesRecorded as ResponsesRecorded
from schemas.fields import EMPTY, Count, Frozenly, Integer, Positive, Share
from schemas.machine_events import SuggesterChosen as SuggesterChosen
from schemas.machine_events import SuggesterChosenV2 as SuggesterChosenV2
from schemas.machine_events import SuggestionsMade as SuggestionsMade
from schemas.model import EventData as EventData
from schemas.model import Fact
from schemas.model_events import AuditEstimated as AuditEstimated
from schemas.model_events import ModelEvaluated as ModelEvaluated
from schemas.model_events import ModelEvaluatedV2 as ModelEvaluatedV2
from schemas.model_events import ModelLost as ModelLost
from schemas.model_events import ModelTrained as ModelTrained
from schemas.model_events import PredictionsRecorded as PredictionsRecorded
from schemas.model_events import StoppingAdvised as StoppingAdvised
from schemas.model_events import StoppingChecked as StoppingChecked
from schemas.operator_events import AnnotatorChanged as AnnotatorChanged
from schemas.operator_events import BatchClosed as BatchClosed
from schemas.operator_events import EventSkipped as EventSkipped
from schemas.operator_events import LabelsChanged as LabelsChanged
from schemas.operator_events import OperatorEvent as OperatorEvent
from schemas.operator_events import PoolGrown as PoolGrown
from schemas.operator_events import ProjectChanged as ProjectChanged
from schemas.operator_events import ProjectChangedV2 as ProjectChangedV2
from schemas.operator_events import ProjectChangedV3 as ProjectChangedV3
from schemas.operator_events import ProjectChangedV4 as ProjectChangedV4
from schemas.operator_events import ProjectEnded as ProjectEnded
from schemas.operator_events import ProjectMoved as ProjectMoved
from schemas.operator_events import ProjectPaused as ProjectPaused
from schemas.operator_events import ProjectResumed as ProjectResumed
from schemas.operator_events import RelabelRequested as RelabelRequested
from schemas.parts import (
    MULTI_LABEL,
    BaseModelChoice,
    Choice,
    ColdStart,
    ColdStartV2,
    Snapshot,
    Task,
    Ties,
)


class ProjectCreated(EventData):
    """A project begins: what is asked, and how the learner works. `max_batches` None: till the pool ends.

    `given`: the first batches come with their answers, as those of the project that it was `forked_from`.
    `stopping` None: nothing advises to stop. `stop_when_advised`: the project ends by that advice.
    """

    name: str
    task: Task = "single-label"
    labels: Annotated[tuple[str, ...], MinLen(2)]
    pool: Snapshot
    test: Snapshot | None = None
    batch_size: Positive
    max_batches: Positive | None = None
    lookahead: Count = 1
    cold_start: ColdStart = "random"
    audit_share: Share = 0.0
    min_submitted: Positive = 1
    ties: Ties = "label-order"
    classifier: Choice
    strategy: Choice
    stopping: Choice | None = None
    stop_when_advised: bool = False
    model: BaseModelChoice
    seed: Integer = 0
    guidelines: str | None = None
    given: Count = 0
    forked_from: str | None = None

    def identity(self) -> tuple[Fact, ...]:
        return ()

    @property
    def is_multi_label(self) -> bool:
        """Whether a text may have several labels, or none of them."""
        return self.task == MULTI_LABEL


class ProjectCreatedV2(ProjectCreated):
    """A project begins, whose first batches may be `typical` texts, which the base model picks.

    That start goes on until there are two texts for each label, and 40; of a small pool, a twentieth.
    """

    version: ClassVar[int] = 2

    cold_start: ColdStartV2 = "random"

    @classmethod
    def type_name(cls) -> str:
        return f"labelloop.ProjectCreated.v{cls.version}"


class ProjectCreatedV3(ProjectCreatedV2):
    """A project begins, whose lookahead may grow: more batches are picked ahead for people who are faster.

    `lookahead` is then the least, with which the project begins.
    """

    version: ClassVar[int] = 3

    lookahead_grows: bool = False


class ProjectCreatedV4(ProjectCreatedV3):
    """A project begins, whose texts have several columns, or columns beside them for people.

    The model reads the `text_columns` as one text, in this order (none: the pool's one). People see each for
    itself, and the `shown_columns`, and filter by the `metadata_columns`, which have a kind of Argilla's.
    """

    version: ClassVar[int] = 4

    text_columns: tuple[str, ...] = ()
    shown_columns: tuple[str, ...] = ()
    metadata_columns: Frozenly[str, str] = EMPTY


class ProjectCreatedV5(ProjectCreatedV4):
    """A project begins, whose texts may have several of its labels, or none of them."""

    version: ClassVar[int] = 5

    task: Task = MULTI_LABEL


class ServiceFailed(EventData):
    """A service could not do what was due; it tries again."""

    mustunderstand: ClassVar[bool] = False

    service: str
    due: str
    kind: str
    error: str
    attempt: Positive

    def identity(self) -> tuple[Fact, ...]:
        return (self.service, self.due, self.attempt)


EVENTS: dict[str, type[EventData]] = {
    event.type_name(): event
    for event in (
        ProjectCreated,
        ProjectCreatedV2,
        ProjectCreatedV3,
        ProjectCreatedV4,
        ProjectCreatedV5,
        LookaheadChosen,
        BatchQueried,
        ResponsesRecorded,
        BatchAnnotated,
        ModelTrained,
        ModelLost,
        ModelEvaluated,
        ModelEvaluatedV2,
        AuditEstimated,
        PredictionsRecorded,
        StoppingChecked,
        StoppingAdvised,
        BatchClosed,
        RelabelRequested,
        AnnotatorChanged,
        LabelsChanged,
        PoolGrown,
        ProjectChanged,
        ProjectChangedV2,
        ProjectChangedV3,
        ProjectChangedV4,
        ProjectPaused,
        ProjectResumed,
        ProjectEnded,
        ProjectMoved,
        EventSkipped,
        ServiceFailed,
        SuggesterChosen,
        SuggesterChosenV2,
        SuggestionsMade,
    )
}
