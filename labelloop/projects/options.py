"""The options of a project. The command line, files and notebooks are built from these definitions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from labelloop.config.deployment import LONGEST_GUIDELINES
from labelloop.errors import UserError
from labelloop.learner.stopping import DEFAULT, NONE
from labelloop.pool.columns import Reading
from labelloop.pool.words import label_name

TEXT = "text"
LOOKAHEAD = "lookahead"
IMPORT = frozenset({"import"})
NEW = IMPORT | {"init", "up"}
DEMO = NEW | {"demo"}
ADOPT = NEW | {"adopt"}
FORK = ADOPT | {"fork"}
CHANGE = FORK | {"change"}
PLAY = CHANGE | {"what-if"}
"""Which commands take an option. `up` and `import` take what `init` takes."""


@dataclass(frozen=True)
class Option:
    """An option's help and use. Its name, type, bounds and default are those of the field.

    `by`: the commands that take it (`adopt` is a notebook's); options that `change` takes can be changed
    later. `recorded`: its field in ProjectCreated, such as `seed` or `classifier.name`. `absent`: its value
    if that field is None. `argument`: its name in help if it is a positional argument. `in_file`: on the
    command line, it is the path of a file that contains the value.
    """

    help: str
    by: frozenset[str]
    recorded: str | None = None
    absent: Any = None
    argument: str | None = None
    in_file: bool = False


Positive = Annotated[int, Field(ge=1)]
GROWS: Literal["auto"] = "auto"
Lookahead = Annotated[int, Field(ge=0)] | Literal["auto"]
Share = Annotated[float, Field(ge=0, le=1)]
Parameters = dict[str, Any]


class ProjectOptions(BaseModel):
    """The options of a project, with their defaults. `given` names those that were set explicitly.

    `labelled`: where the known labels are (None: there are none). `match`: how they are matched to texts of
    the data set: by text, by row (`source_row`), or by a column. `labels` None: those of the label column.
    `batches` None: until the pool is empty. `guidelines` is the text itself. `needs_gold`: every text must
    have a label, because annotators are simulated.
    """

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", protected_namespaces=(), defer_build=True
    )
    needs_gold: ClassVar[bool] = False

    labelled: Annotated[
        str | None, Option("File, folder or Hub id with known labels.", IMPORT, argument="LABELS")
    ] = None
    match: Annotated[
        str,
        Option(
            "How to match LABELS to the texts of --dataset: text, source_row (row number from 0), or a "
            "column that both have.",
            IMPORT,
        ),
    ] = TEXT
    labelled_text_column: Annotated[
        str | None, Option("Column of the texts in LABELS. [default: --text-column]", IMPORT)
    ] = None
    labelled_label_column: Annotated[
        str | None, Option("Column of the labels in LABELS. [default: --label-column]", IMPORT)
    ] = None
    dataset: Annotated[
        str | None,
        Option(
            "Texts: a .jsonl, .json, .csv, .tsv, .txt, .xlsx or .parquet file, a folder saved by datasets, "
            "or a Hub id.",
            DEMO,
        ),
    ] = None
    test: Annotated[
        str | None,
        Option(
            "Labelled texts to evaluate each model on: a file, folder or Hub id, like --dataset.",
            DEMO | CHANGE,
        ),
    ] = None
    text_column: Annotated[
        str | None, Option("Column of the texts. [default: text, or the only one]", DEMO)
    ] = None
    label_column: Annotated[
        str | None, Option("Column of known labels; '' for none. [default: label, if it exists]", DEMO)
    ] = None
    labels: Annotated[
        tuple[str, ...] | None,
        Option(
            "Labels to choose from; quote one that holds a comma. [default: those of the label column]",
            NEW,
            "labels",
        ),
    ] = None
    drop_near_copies: Annotated[
        bool, Option("Leave out texts that are like an earlier one but for numbers or a few words.", NEW)
    ] = False
    config: Annotated[str | None, Option("Configuration of a Hub data set.", DEMO)] = None
    split: Annotated[
        str | None, Option("Split of a Hub data set or a saved folder. [default: train]", DEMO)
    ] = None
    revision: Annotated[str | None, Option("Revision of a Hub data set.", DEMO)] = None
    no_header: Annotated[
        bool,
        Option("The first line of the files is a row, and columns go by number: --text-column 1.", DEMO),
    ] = False
    encoding: Annotated[str | None, Option("Encoding of files not in UTF-8, such as cp1252.", DEMO)] = None
    skip_bad_rows: Annotated[
        bool, Option("Leave out rows that cannot be used, and say how many there are.", DEMO)
    ] = False
    keep_columns: Annotated[
        tuple[str, ...] | None,
        Option("Further columns of the data set that exports shall have, such as id.", NEW),
    ] = None
    test_split: Annotated[str | None, Option("Split of the test set. [default: test]", CHANGE)] = None
    test_text_column: Annotated[
        str | None, Option("Column of the texts in the test set. [default: --text-column]", CHANGE)
    ] = None
    test_label_column: Annotated[
        str | None, Option("Column of the labels in the test set. [default: --label-column]", CHANGE)
    ] = None
    model: Annotated[str, Option("Hub id or folder of a transformer model.", DEMO | PLAY, "model.name")] = (
        "all-MiniLM-L6-v2"
    )
    model_revision: Annotated[
        str | None, Option("Revision of the model on the Hub.", PLAY, "model.revision")
    ] = None
    classifier: Annotated[
        str,
        Option(
            "transformer (fine-tuned) or linear (logistic regression on embeddings; fast).",
            DEMO | PLAY,
            "classifier.name",
        ),
    ] = "transformer"
    classifier_parameters: Annotated[
        Parameters,
        Option("Parameter of the classifier, for example epochs=5.", PLAY, "classifier.parameters"),
    ] = {}
    strategy: Annotated[
        str,
        Option(
            "Query strategy: distinct-ties, or one of small-text's by name.", DEMO | PLAY, "strategy.name"
        ),
    ] = "distinct-ties"
    strategy_parameters: Annotated[
        Parameters, Option("Parameter of the query strategy, for example k=10.", PLAY, "strategy.parameters")
    ] = {}
    stopping: Annotated[
        str,
        Option("Stopping criterion, by its name in small-text, or none.", CHANGE, "stopping.name", NONE),
    ] = DEFAULT
    stopping_parameters: Annotated[
        Parameters,
        Option("Parameter of the stopping criterion, such as kappa=0.98.", CHANGE, "stopping.parameters", {}),
    ] = {}
    stop_when_advised: Annotated[
        bool, Option("End the project when the stopping criterion says stop.", CHANGE, "stop_when_advised")
    ] = False
    name: Annotated[str | None, Option("Name of the project. [default: the data set's name]", NEW)] = None
    batches: Annotated[
        int | None,
        Field(ge=1),
        Option("Maximum number of batches. [default: until the pool is empty]", DEMO | CHANGE, "max_batches"),
    ] = None
    batch_size: Annotated[Positive, Option("Texts per batch.", DEMO | CHANGE, "batch_size")] = 20
    lookahead: Annotated[
        Lookahead, Option("Batches picked ahead so that nobody waits; or auto.", DEMO | CHANGE, LOOKAHEAD)
    ] = 1
    cold_start: Annotated[
        Literal["random", "typical", "balanced"],
        Option(
            "First batches: typical texts of all kinds, a random draw, or one balanced over known labels.",
            ADOPT,
            "cold_start",
        ),
    ] = "typical"
    audit_share: Annotated[
        Share,
        Option("Share of each batch, drawn at random and shown without a suggestion.", CHANGE, "audit_share"),
    ] = 0.0
    min_submitted: Annotated[Positive, Option("Number of annotators per text.", CHANGE, "min_submitted")] = 1
    ties: Annotated[
        Literal["label-order", "discard"],
        Option("What to do with a text if the annotators' votes are tied.", CHANGE, "ties"),
    ] = "label-order"
    seed: Annotated[
        int, Option("Random seed of the first batches and the trainings.", DEMO | FORK, "seed")
    ] = 0
    guidelines: Annotated[
        str | None, Option("File with guidelines for the annotators.", CHANGE, "guidelines", in_file=True)
    ] = None
    annotators: Annotated[
        tuple[str, ...] | None, Option("Who alone sees it. [default: all]", NEW | {"fork", "change"})
    ] = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Options with the given values; the others keep their defaults. Raises UserError."""
        try:
            return cls(**given)
        except ValidationError as error:
            first = error.errors()[0]
            name, message = ".".join(map(str, first["loc"])), first["msg"]
            if name.startswith(f"{LOOKAHEAD}."):
                name, message = LOOKAHEAD, f"{message} or {GROWS!r}"
            raise UserError(
                f"an option is invalid: {name} is {first['input']!r}, and {message[:1].lower()}{message[1:]}"
            ) from error

    @classmethod
    def taken_by(cls, command: str) -> dict[str, Option]:
        """The options of a command, in order."""
        return {name: option for name, option in cls.options().items() if command in option.by}

    @classmethod
    def options(cls) -> dict[str, Option]:
        """All options, by name."""
        fields = cls.model_fields.items()
        return {name: next(x for x in field.metadata if isinstance(x, Option)) for name, field in fields}

    def with_other(self, **values: Any) -> Self:
        """A copy in which these values are given too. Raises UserError."""
        return self.of({**{name: getattr(self, name) for name in self.given}, **values})

    @property
    def given(self) -> frozenset[str]:
        return frozenset(self.model_fields_set)

    @property
    def reading(self) -> Reading:
        """How the rows of the data set's file are read."""
        return Reading(self.no_header, self.skip_bad_rows, self.encoding)

    @field_validator("labels")
    @classmethod
    def _labels_as_columns_have_them(cls, labels: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return labels and tuple(map(label_name, labels))

    @field_validator("keep_columns")
    @classmethod
    def _each_column_once(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return names and tuple(dict.fromkeys(names))

    @field_validator("stopping")
    @classmethod
    def _none_is_one_word(cls, stopping: str) -> str:
        return NONE if stopping.lower() == NONE else stopping

    @model_validator(mode="after")
    def _check_advice(self) -> Self:
        if self.stopping == NONE and self.stop_when_advised:
            raise UserError("--stop-when-advised needs a --stopping criterion: give one, or leave it out")
        return self

    @model_validator(mode="after")
    def _check_match(self) -> Self:
        if self.labelled is not None and self.dataset is None and self.match != TEXT:
            raise UserError(
                f"--match {self.match} needs the data set of the texts: name it with --dataset, "
                "or leave out --match"
            )
        return self

    @model_validator(mode="after")
    def _check_guidelines(self) -> Self:
        """Check the guidelines against Argilla's limits."""
        if self.guidelines is not None and not 0 < len(self.guidelines.strip()) <= LONGEST_GUIDELINES:
            raise UserError(
                f"the guidelines have {len(self.guidelines):,} characters: give 1 to {LONGEST_GUIDELINES:,}, "
                "and link to longer guidelines"
            )
        return self


def flag(name: str) -> str:
    """The name of an option on the command line. Parameters have a repeatable `…-parameter`."""
    return "--" + (name.removesuffix("s") if is_by_name(name) else name).replace("_", "-")


def is_by_name(name: str) -> bool:
    """Whether an option maps names to values."""
    return get_origin(ProjectOptions.model_fields[name].annotation) is dict
