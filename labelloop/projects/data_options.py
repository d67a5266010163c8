"""The options of a project that say what its texts and labels are, and where."""

from collections import Counter
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator, model_validator

from labelloop.errors import UserError
from labelloop.pool.columns import Reading
from labelloop.pool.label_cells import Cells, check_separator, label_name
from labelloop.projects.option import CHANGE, DEMO, IMPORT, NEW, READ, Option
from schemas.parts import MULTI_LABEL, SINGLE_LABEL, Task

TEXT = "text"
Columns = tuple[str, ...]
BY_COLUMN = (
    *("text_column", "show_column", "metadata_column"),
    *("labelled_text_column", "test_text_column", "gold_text_column"),
)

OF_FILES = frozenset(
    {"dataset", "task", "label_separator", "labels", "label_column", "config", "split", "revision"}
)
"""Options that say where the texts and labels of files and Hub ids are."""


class DataOptions(BaseModel):
    """Where the texts and labels of a project are, and how they are read.

    `labelled`: where the known labels are (None: there are none). `match`: how they are matched to texts of
    the data set: by text, by row (`source_row`), or by a column. `labels` None: those of the label column.
    A text of several `text_column` is their texts, joined.
    """

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", protected_namespaces=(), defer_build=True
    )

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
        Columns | None,
        Option("Column of the texts in LABELS. [default: --text-column]", IMPORT, one_each=True),
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
    argilla_dataset: Annotated[
        str | None,
        Option(
            "In place of --dataset: texts of Argilla's data set WORKSPACE/NAME, with its labels and votes.",
            frozenset({"init"}),
        ),
    ] = None
    test: Annotated[
        str | None,
        Option(
            "Labelled texts to evaluate each model on: a file, folder or Hub id, like --dataset.",
            DEMO | CHANGE,
        ),
    ] = None
    gold: Annotated[
        str | None,
        Option(
            "Texts whose labels are certain, mixed into batches to measure people: a file, folder or Hub id.",
            NEW | {"fork", "change"},
        ),
    ] = None
    text_column: Annotated[
        Columns | None,
        Option(
            "Column of the texts; once more for each of several, which the model reads as one text. "
            "[default: text, or the only one]",
            DEMO,
            one_each=True,
        ),
    ] = None
    show_column: Annotated[
        Columns | None,
        Option("Further column that people see beside the text, and the model does not.", NEW, one_each=True),
    ] = None
    metadata_column: Annotated[
        Columns | None,
        Option("Further column by which people can filter texts in Argilla.", NEW, one_each=True),
    ] = None
    label_column: Annotated[
        str | None,
        Option("Column of known labels; '' for none. [default: label or labels, if it exists]", DEMO),
    ] = None
    task: Annotated[
        Literal["single-label", "multi-label"] | None,
        Option(
            "Whether a text has one label, or several or none of them. [default: multi-label if the label "
            "column holds lists]",
            DEMO,
            "task",
        ),
    ] = None
    label_separator: Annotated[
        str | None,
        Option(
            "What stands between the labels of a text in a cell, such as ';': multi-label.", READ | CHANGE
        ),
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
        bool,
        Option("Leave out texts that are like an earlier one but for numbers or a few words.", NEW | {"add"}),
    ] = False
    config: Annotated[str | None, Option("Configuration of a Hub data set.", READ)] = None
    split: Annotated[
        str | None, Option("Split of a Hub data set or a saved folder. [default: train]", READ)
    ] = None
    revision: Annotated[str | None, Option("Revision of a Hub data set.", READ)] = None
    no_header: Annotated[
        bool,
        Option("The first line of the files is a row, and columns go by number: --text-column 1.", READ),
    ] = False
    encoding: Annotated[str | None, Option("Encoding of files not in UTF-8, such as cp1252.", READ)] = None
    skip_bad_rows: Annotated[
        bool, Option("Leave out rows that cannot be used, and say how many there are.", READ)
    ] = False
    keep_columns: Annotated[
        tuple[str, ...] | None,
        Option("Further columns of the data set that exports shall have, such as id.", NEW),
    ] = None
    test_split: Annotated[str | None, Option("Split of the test set. [default: test]", CHANGE)] = None
    test_text_column: Annotated[
        Columns | None,
        Option("Column of the texts in the test set. [default: --text-column]", CHANGE, one_each=True),
    ] = None
    test_label_column: Annotated[
        str | None, Option("Column of the labels in the test set. [default: --label-column]", CHANGE)
    ] = None
    gold_text_column: Annotated[
        Columns | None,
        Option(
            "Column of the texts in --gold. [default: --text-column]",
            NEW | {"fork", "change"},
            one_each=True,
        ),
    ] = None
    gold_label_column: Annotated[
        str | None,
        Option(
            "Column of the labels in --gold. [default: label or labels, if it exists]",
            NEW | {"fork", "change"},
        ),
    ] = None

    @property
    def reading(self) -> Reading:
        """How the rows of the data set's file are read."""
        return Reading(self.no_header, self.skip_bad_rows, self.encoding)

    @property
    def asked_task(self) -> Task | None:
        """The task, as far as the options tell it."""
        return self.task or (MULTI_LABEL if self.label_separator else None)

    @property
    def cells(self) -> Cells:
        """How the cells of label columns are read."""
        task = self.asked_task
        return Cells(None if task is None else task == MULTI_LABEL, self.label_separator)

    @field_validator(*BY_COLUMN, mode="before")
    @classmethod
    def _one_or_several(cls, names: Any) -> Any:
        return (names,) if isinstance(names, str) else names

    @field_validator(*BY_COLUMN)
    @classmethod
    def _no_column_twice(cls, names: Columns | None, field: ValidationInfo) -> Columns | None:
        if twice := [name for name, count in Counter(names or ()).items() if count > 1]:
            option = f"--{field.field_name}".replace("_", "-")
            raise UserError(f"{option} names the column {twice[0]!r} twice: name it once")
        return names or None

    @field_validator("labels")
    @classmethod
    def _labels_as_columns_have_them(cls, labels: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return labels and tuple(map(label_name, labels))

    @field_validator("keep_columns")
    @classmethod
    def _each_column_once(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return names and tuple(dict.fromkeys(names))

    @model_validator(mode="after")
    def _check_separator(self) -> Self:
        if self.label_separator is None:
            return self
        if not self.label_separator or self.task == SINGLE_LABEL:
            raise UserError(
                "--label-separator is what stands between several labels, such as ';': "
                "leave it out where each text has one"
            )
        check_separator(self.label_separator, self.labels or ())
        return self

    @model_validator(mode="after")
    def _check_argilla_dataset(self) -> Self:
        if self.argilla_dataset is not None and (other := self.model_fields_set & OF_FILES):
            option = f"--{min(other)}".replace("_", "-")
            raise UserError(f"--argilla-dataset has texts and labels of its own: leave out {option}")
        return self

    @model_validator(mode="after")
    def _check_match(self) -> Self:
        if self.labelled is not None and self.dataset is None and self.match != TEXT:
            raise UserError(
                f"--match {self.match} needs the data set of the texts: name it with --dataset, "
                "or leave out --match"
            )
        return self
