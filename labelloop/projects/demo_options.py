"""The options of `labelloop demo`."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from labelloop.errors import UserError
from labelloop.projects.options import DEMO, Natural, Option, ProjectOptions, flag


class DemoOptions(ProjectOptions):
    """The options of `labelloop demo`, which has simulated annotators and bundled texts."""

    needs_gold: ClassVar[bool] = True

    dataset: Annotated[
        str | None,
        Option("Labelled texts, as for `labelloop up`. [default: bundled questions]", DEMO),
    ] = None
    test: Annotated[
        str | None, Option("Labelled texts to evaluate on. [default: bundled with the questions]", DEMO)
    ] = None
    text_column: Annotated[str | None, Option("Column of the texts.", DEMO)] = None
    label_column: Annotated[
        str | None, Option("Column of the labels that the annotators will give.", DEMO)
    ] = None
    classifier: Annotated[str, Option("transformer or linear (fast).", DEMO, "classifier.name")] = (
        "transformer"
    )
    strategy: Annotated[str, Option("Query strategy, by its name in small-text.", DEMO, "strategy.name")] = (
        "breaking-ties"
    )
    batches: Annotated[
        int | None, Field(ge=1), Option("Number of batches to label.", DEMO, "max_batches")
    ] = 10
    lookahead: Annotated[Natural, Option("Number of batches picked ahead.", DEMO, "lookahead")] = 1

    @model_validator(mode="after")
    def _check_source(self) -> Self:
        of_texts = {
            "test",
            "text_column",
            "label_column",
            "config",
            "split",
            "revision",
            "no_header",
            "skip_bad_rows",
        }
        if self.dataset is None and (given := sorted(self.given & of_texts)):
            raise UserError(f"{flag(given[0])} is for your own texts: give their --dataset too")
        return self
