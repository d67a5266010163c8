"""What people are asked for, what they answer, and what machines suggest to them."""

from typing import Annotated, ClassVar

from annotated_types import Ge

from schemas.fields import UNSAID, Count, Integer, Seconds, Seldom, Time
from schemas.model import EventData, Fact, without_unsaid
from schemas.parts import AnnotatedItem, GoldItem, ItemVotes, QueriedItem, Shortlist, SuggestedItem


class LookaheadChosen(EventData):
    """The model that picks a batch of a project whose lookahead grows, appended with its BatchQueried.

    `waiting`: how many texts waited for people; `expected`: how many they answer until the batch is there.
    """

    batch: str
    model: str
    waiting: Count
    expected: Annotated[float, Ge(0)]

    def identity(self) -> tuple[Fact, ...]:
        return (self.batch,)


class BatchQueried(EventData):
    """A batch was picked. `model` None: drawn by the seed (cold start).

    `shortlist` None: the model scored every text that could be picked, or none. `gold`: texts whose labels
    are certain, which people are asked beside these. They are no texts of the pool: nothing learns them.
    `gold_version`: the digest of their snapshot.
    """

    batch: str
    items: tuple[QueriedItem, ...]
    model: str | None = None
    attempt: Integer | None = None
    strategy: str | None = None
    shortlist: Shortlist | None = None
    seed: Integer
    pool_version: str
    seconds: Seconds
    gold: Seldom[tuple[GoldItem, ...]] = UNSAID
    gold_version: Seldom[str] = UNSAID

    _written = without_unsaid

    def identity(self) -> tuple[Fact, ...]:
        return (self.batch,)


class ResponsesRecorded(EventData):
    """The answers so far of a batch that is not done: Argilla can be lost, answers cannot.

    `gold`: those to its gold texts, by their rows.
    """

    batch: str
    number: Count
    items: tuple[ItemVotes, ...]
    gold: Seldom[tuple[ItemVotes, ...]] = UNSAID

    _written = without_unsaid

    def identity(self) -> tuple[Fact, ...]:
        return (self.batch, self.number)


class BatchAnnotated(EventData):
    """A batch is done (revision 0), or its answers changed afterwards.

    Texts of a closed batch that nobody decided are absent. `opened` is when its records came on the
    annotators' screen; `agreement` is the mean over texts with two votes or more. `gold`: the answers to its
    gold texts, by their rows; of a closed batch those that were answered.
    """

    batch: str
    revision: Count
    items: tuple[AnnotatedItem, ...]
    opened: Time | None = None
    agreement: float | None = None
    gold: Seldom[tuple[ItemVotes, ...]] = UNSAID

    _written = without_unsaid

    def identity(self) -> tuple[Fact, ...]:
        return (self.batch, self.revision)


class SuggestionsMade(EventData):
    """What a suggester said of texts of a batch; `number` counts such events of the batch.

    `suggester`: its name. `llm` and `release`: model and version as its endpoint names them; of label
    functions `release` is a digest of their code. `template`: the sha256 of the instructions in
    SuggesterChosen. `functions`: all that were asked, in order. `cost` is in the currency of its prices.
    """

    mustunderstand: ClassVar[bool] = False

    batch: str
    number: Count
    suggester: str
    items: tuple[SuggestedItem, ...]
    llm: Seldom[str] = UNSAID
    release: Seldom[str] = UNSAID
    template: Seldom[str] = UNSAID
    functions: Seldom[tuple[str, ...]] = UNSAID
    tokens_in: Seldom[Count] = UNSAID
    tokens_out: Seldom[Count] = UNSAID
    cost: Seldom[Annotated[float, Ge(0)]] = UNSAID
    seconds: Seconds

    _written = without_unsaid

    def identity(self) -> tuple[Fact, ...]:
        return (self.batch, self.number)
