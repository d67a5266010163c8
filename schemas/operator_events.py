"""What people ask of a project that is under way."""

from typing import Annotated, ClassVar

from annotated_types import MinLen

from schemas.fields import UNSAID, Count, Positive, Seldom
from schemas.model import EventData, Fact, without_unsaid
from schemas.parts import Choice, Settings, SettingsV2, SettingsV3, SettingsV4, Snapshot, Standing, TopicRead


class OperatorEvent(EventData):
    """Asked for by a person; `request` is minted once for each request."""

    request: str
    who: str
    why: str = ""

    def identity(self) -> tuple[Fact, ...]:
        return (self.request,)


class BatchClosed(OperatorEvent):
    """A batch is done with what is there; its undecided texts go back to the pool."""

    batch: str


class ProjectChanged(OperatorEvent):
    """Settings hold from a batch on, and from the model of that number on.

    A batch that is in the log already stays as it was picked: then they hold from the next one on.
    """

    from_batch: Count
    settings: Settings


class ProjectChangedV2(ProjectChanged):
    """Settings hold from a batch on, among them such as could not be changed before."""

    version: ClassVar[int] = 2

    settings: SettingsV2

    @classmethod
    def type_name(cls) -> str:
        return f"labelloop.ProjectChanged.v{cls.version}"


class ProjectChangedV3(ProjectChangedV2):
    """Settings hold from a batch on, among them such as say what is asked of people."""

    version: ClassVar[int] = 3

    settings: SettingsV3


class ProjectChangedV4(ProjectChangedV3):
    """Settings hold from a batch on, among them texts by which people are measured."""

    version: ClassVar[int] = 4

    settings: SettingsV4


class LabelsChanged(OperatorEvent):
    """The labels to choose from are others from now on; `number` counts such changes, from 1.

    `names`: how each is called now, by its place, which it keeps for ever; new ones stand behind the others.
    `retired`: the places of those that count no more. Events speak of a label by the name that it had first.
    """

    number: Positive
    names: Annotated[tuple[str, ...], MinLen(2)]
    retired: tuple[Count, ...] = ()

    def identity(self) -> tuple[Fact, ...]:
        return (self.number,)


class PoolGrown(EventData):
    """Further texts are in the pool, from a batch on: the rows of a snapshot, whose items follow all others.

    `after`: the digest of the pool's newest snapshot before. If another one is by then, this adds nothing:
    its texts may be there already. A batch that is in the log already stays as it was picked.
    `topic`, where the texts are messages of a Kafka topic: how far it was read.
    """

    snapshot: Snapshot
    after: str
    from_batch: Count
    who: str
    why: str = ""
    topic: Seldom[TopicRead] = UNSAID

    _written = without_unsaid

    def identity(self) -> tuple[Fact, ...]:
        return (self.snapshot.digest, self.after)


class AnnotatorChanged(OperatorEvent):
    """A person may answer no more, or again. Recorded votes count as before.

    `disabled`: the account stays, but nobody can log in with it. `removed`: nor is it made again. `there`:
    the person may answer. It is said to each project of a log; of several that are said, the newest holds.
    """

    annotator: Annotated[str, MinLen(1)]
    standing: Standing


class SuggesterChosen(OperatorEvent):
    """Who suggests labels to people, from a batch on: a suggester by its name, with its parameters.

    The suggester named `model` is the loop's own model, as before the first such event. No parameter is a
    secret, an address or a text of the pool.
    """

    mustunderstand: ClassVar[bool] = False

    from_batch: Count
    suggester: Choice


class SuggesterChosenV2(SuggesterChosen):
    """Who suggests labels, where its answer also counts as one vote beside those of people.

    Whoever skipped it would decide texts without that vote.
    """

    version: ClassVar[int] = 2
    mustunderstand: ClassVar[bool] = True

    @classmethod
    def type_name(cls) -> str:
        return f"labelloop.SuggesterChosen.v{cls.version}"


class RelabelRequested(OperatorEvent):
    """People are to be asked for these texts once more: the newer answer takes the place of the older."""

    items: Annotated[tuple[Count, ...], MinLen(1)]


class ProjectPaused(OperatorEvent):
    """No new picks until it is resumed; what is labelled is recorded and learned."""


class ProjectResumed(OperatorEvent):
    """Picks go on."""


class ProjectEnded(OperatorEvent):
    """No further picks; what is labelled is recorded and learned once more."""


class ProjectMoved(OperatorEvent):
    """The project lives in another log from now on; what follows here is void until it moves back.

    `log` is that log's identity, `address` its URL; `events` counts what counts of the project before this.
    """

    log: str
    address: str
    events: Positive


class EventSkipped(OperatorEvent):
    """An event that halted the project counts no more: the one of that id with data of that sha256."""

    event: str
    content: str
