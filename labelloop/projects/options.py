"""The options of a project. The command line, files and notebooks are built from these definitions."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self, get_origin

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from labelloop.config.deployment import LONGEST_GUIDELINES
from labelloop.errors import UserError
from labelloop.learner.stopping import registry as stopping
from labelloop.learner.stopping.registry import DEFAULT, NONE
from labelloop.projects.data_options import DataOptions
from labelloop.projects.option import ADOPT, CHANGE, DEMO, FORK, NEW, PLAY, Option
from schemas.parts import Task

LOOKAHEAD = "lookahead"
SHORT = ("class_weights", "validation_share")
"""Parameters of the classifier that have an option of their own."""
LARGEST = 2**53
"""The largest whole number that every reader of JSON keeps."""
Positive = Annotated[int, Field(ge=1)]
GROWS: Literal["auto"] = "auto"
Lookahead = Annotated[int, Field(ge=0)] | Literal["auto"]
Share = Annotated[float, Field(ge=0, le=1)]
Parameters = dict[str, Any]


class ProjectOptions(DataOptions):
    """The options of a project, with their defaults. `given_names` has those that were set explicitly.

    `batches` None: until the pool is empty. `guidelines` is the text itself. `needs_gold`: every text must
    have a label, because annotators are simulated.
    """

    needs_gold: ClassVar[bool] = False

    model: Annotated[str, Option("Hub id or folder of a transformer model.", DEMO | PLAY, "model.name")] = (
        "all-MiniLM-L6-v2"
    )
    model_revision: Annotated[
        str | None, Option("Revision of the model on the Hub.", PLAY, "model.revision")
    ] = None
    classifier: Annotated[
        str,
        Option(
            "transformer (fine-tuned), linear (logistic regression on embeddings; fast), "
            "small-text-transformer or setfit (small-text's own).",
            DEMO | PLAY,
            "classifier.name",
        ),
    ] = "transformer"
    classifier_parameters: Annotated[
        Parameters,
        Option("Parameter of the classifier, for example epochs=5.", PLAY, "classifier.parameters"),
    ] = {}
    class_weights: Annotated[
        Literal["none", "balanced"],
        Option("balanced: all classes weigh the same in a training.", PLAY, "classifier.class_weights"),
    ] = "none"
    validation_share: Annotated[
        float,
        Field(ge=0, le=0.5),
        Option(
            "Share of the labels that a training holds out, to stop by them.",
            PLAY,
            "classifier.validation_share",
        ),
    ] = 0.0
    strategy: Annotated[
        str,
        Option("Query strategy: diverse-ties, or one of small-text's by name.", DEMO | PLAY, "strategy.name"),
    ] = "diverse-ties"
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
    overlap: Annotated[
        Share | None,
        Option("Share of each batch that two people answer. [default: 0]", NEW | {"fork", "change"}),
    ] = None
    gold_share: Annotated[
        Share | None,
        Option(
            "How many texts of --gold each batch has in addition, as a share of its own. [default: 0.05]",
            NEW | {"fork", "change"},
        ),
    ] = None
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
    suggest: Annotated[
        str,
        Option(
            "Who suggests labels: model, llm (a language model), rules (patterns), or label functions.",
            NEW | {"fork", "change"},
        ),
    ] = "model"
    suggest_parameters: Annotated[
        Parameters,
        Option("Parameter of what suggests, such as model=qwen2.5.", NEW | {"fork", "change"}),
    ] = {}
    machine_vote: Annotated[
        bool,
        Option(
            "Count what llm, rules or functions suggest as one vote beside people's.",
            NEW | {"fork", "change"},
        ),
    ] = False
    annotators: Annotated[
        tuple[str, ...] | None, Option("Who alone sees it. [default: all]", NEW | {"fork", "change"})
    ] = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Options with the given values; the others keep their defaults. Raises UserError."""
        try:
            return cls(**values)
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
        return self.of({**{name: getattr(self, name) for name in self.given_names}, **values})

    def of_task(self, task: Task) -> Self:
        """The same for a task: what is not given is what a new project of the task uses."""
        from labelloop.learner.strategies.registry import FOR_NEW

        defaults: dict[str, Any] = {"task": task}
        if "strategy" not in self.given_names:
            defaults["strategy"] = FOR_NEW[task]
        if not self.given_names & {"stopping", "stopping_parameters"}:
            criterion = stopping.FOR_NEW[task]
            defaults |= {"stopping": criterion.name, "stopping_parameters": dict(criterion.parameters)}
        return self.model_construct(_fields_set={*self.given_names}, **{**dict(self), **defaults})

    @property
    def parameters_of_classifier(self) -> dict[str, Any]:
        """Those that are given, also by an option of their own."""
        short = {name: getattr(self, name) for name in SHORT if name in self.given_names}
        return {**self.classifier_parameters, **short}

    @property
    def given_names(self) -> frozenset[str]:
        return frozenset(self.model_fields_set)

    @field_validator("batches", "batch_size", "lookahead", "min_submitted", "seed")
    @classmethod
    def _fits_an_event(cls, number: Any, field: ValidationInfo) -> Any:
        if isinstance(number, int) and abs(number) > LARGEST:
            raise UserError(f"{flag(str(field.field_name))} {number} is too large: give at most {LARGEST}")
        return number

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
    def _check_parameters(self) -> Self:
        for name in self.given_names.intersection(SHORT):
            asked, other = getattr(self, name), self.classifier_parameters.get(name)
            if other not in (None, asked):
                raise UserError(
                    f"{flag(name)} is {asked}, and --classifier-parameter {name}={other}: give one"
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
