"""What is said of the machines among the annotators: which one suggests labels, and what it suggested."""

from typing import Annotated, ClassVar

from annotated_types import Ge

from schemas.fields import UNSAID, Count, Seconds, Seldom
from schemas.model import EventData, Fact, without_unsaid
from schemas.operator_events import OperatorEvent
from schemas.parts import Choice, SuggestedItem


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
