"""Match known labels to the texts of the pool. Every failure is a UserError."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labelloop.errors import UserError, counted
from labelloop.pool.columns import SHOWN, rows_named
from labelloop.pool.label_cells import (
    Cells,
    Gold,
    label_text,
    names_in,
    names_of,
    ordered,
    quoted,
    whole,
)
from labelloop.pool.prepare import Prepared, key
from labelloop.pool.sources import ONE_OR_SEVERAL, SourceTable, load
from labelloop.projects.data_options import TEXT
from labelloop.projects.options import ProjectOptions

ROW = "source_row"


@dataclass(frozen=True)
class Labelled:
    """For each row, the matching text of the pool (None: no match) and what it says, if it says something.

    Texts are in the form that `key` returns.
    """

    source: str
    texts: Sequence[str | None]
    labels: Sequence[Gold | None]
    notes: tuple[str, ...] = ()
    cells: Cells = ONE_OR_SEVERAL


def read_labelled(options: ProjectOptions, table: SourceTable) -> Labelled:
    """Read the labels that the options name. `table` is the data set, which may contain them itself."""
    if options.labelled is None or options.dataset is None:
        texts = [key(text) for text in table.texts]
        return Labelled(table.source, texts, _labels(table), cells=table.cells)
    by = options.match
    label_column = options.labelled_label_column or options.label_column
    if by == TEXT:
        text_columns = options.labelled_text_column or options.text_column
        option = "--labelled-text-column"
    else:
        text_columns, option = (by,), "--match"
    reading = options.reading.beside(label_column)
    labelled = load(
        options.labelled,
        text_columns,
        label_column,
        text_option=option,
        reading=reading,
        cells=options.cells,
    )
    if by != TEXT:
        _check_named(labelled, by)
    return Labelled(
        options.labelled,
        _meant(options, table, labelled.texts),
        _labels(labelled),
        labelled.notes,
        labelled.cells,
    )


def known_labels(labelled: Labelled, table: SourceTable) -> list[str]:
    """The default labels to choose from: all labels in the data, sorted. There must be at least two."""
    label_names = sorted(names_in([*labelled.labels, *(table.labels or ())]))
    if not label_names:
        raise _without_labels(labelled)
    if len(label_names) == 1:
        raise UserError(
            f"{labelled.source} has labels of one class only ({label_names[0]!r}): "
            "name all possible labels with --labels"
        )
    return label_names


def matched(labelled: Labelled, pool: Prepared, dataset: str) -> dict[int, tuple[str, ...]]:
    """The labels by pool item, lowest first."""
    items: dict[str | None, int] = {key(row.text): item for item, row in enumerate(pool.rows)}
    rows = [
        (row, label)
        for row, label in enumerate(labelled.labels)
        if label is not None and labelled.texts[row] != ""
    ]
    _check_known(labelled, rows, pool.labels)
    strays = [row for row, _ in rows if labelled.texts[row] not in items]
    if strays:
        raise UserError(
            f"{labelled.source} has {len(strays)} labelled texts that {dataset} does not have "
            f"({rows_named(strays)}): add them there, or leave them out here"
        )
    if not rows:
        raise _without_labels(labelled)
    return _by_item(labelled, rows, items, pool.labels)


def _without_labels(labelled: Labelled) -> UserError:
    return UserError(
        f"{labelled.source} has no labels where they are read: give --task multi-label if a text may have "
        "several, as in an export of such a project, name their column with --label-column, or create the "
        "project with `labelloop init` if there are none yet"
    )


def _by_item(
    labelled: Labelled,
    rows: Sequence[tuple[int, Gold]],
    items: Mapping[str | None, int],
    labels: Sequence[str],
) -> dict[int, tuple[str, ...]]:
    first: dict[int, tuple[int, Gold]] = {}
    unlike: dict[int, str] = {}
    for row, label in rows:
        item = items[labelled.texts[row]]
        before, earlier = first.setdefault(item, (row, label))
        if earlier != label:
            unlike.setdefault(
                item, f"{rows_named([before, row])}: {label_text(earlier)} and {label_text(label)}"
            )
    if unlike:
        shown = f"{'; '.join(list(unlike.values())[:SHOWN])}{' …' if len(unlike) > SHOWN else ''}"
        raise UserError(
            f"{labelled.source} has several labels for {counted(len(unlike), 'text')} "
            f"({shown}): choose one for each"
        )
    return {item: names_of(ordered(first[item][1], labels) or ()) for item in sorted(first)}


def _check_known(labelled: Labelled, rows: Sequence[tuple[int, Gold]], label_names: Sequence[str]) -> None:
    for row, gold in rows:
        for label in {*names_of(gold)} - {*label_names}:
            raise UserError(
                f"{labelled.source}, {rows_named([row])}: the label {label!r} is not one of "
                f"{quoted(label_names)}: correct it, or add it to --labels"
            )


def _labels(table: SourceTable) -> Sequence[Gold | None]:
    if table.labels is None:
        raise UserError(
            f"{table.source} has no column 'label' or 'labels': name that of the labels with --label-column"
        )
    return table.labels


def _check_named(table: SourceTable, by: str) -> None:
    nameless = [
        row for row, label in enumerate(_labels(table)) if label is not None and not key(table.texts[row])
    ]
    if nameless:
        raise UserError(
            f"{table.source} has {counted(len(nameless), 'label')} without {by} ({rows_named(nameless)}): "
            "fill that column in, or leave these rows out"
        )


def _meant(options: ProjectOptions, table: SourceTable, names: Sequence[str]) -> list[str | None]:
    """The pool's text for each name: the text itself, its row number, or a value of the shared column."""
    if options.match == TEXT:
        return [key(name) for name in names]
    texts = [key(text) for text in table.texts]
    if options.match == ROW:
        by_name = {str(row): text for row, text in enumerate(texts)}
    else:
        by_name = _by_value(options, texts)
    return [by_name.get(whole(key(name))) for name in names]


def _by_value(options: ProjectOptions, texts: Sequence[str]) -> dict[str, str]:
    assert options.dataset is not None
    columns = load(
        options.dataset,
        options.match,
        "",
        options.config,
        options.split,
        options.revision,
        text_option="--match",
        reading=options.reading,
    )
    by_value: dict[str, str] = {}
    for value, text in zip(map(whole, map(key, columns.texts)), texts, strict=True):
        if value and by_value.setdefault(value, text) != text:
            raise UserError(
                f"{options.dataset} has several texts with {options.match} {value!r}: give another --match"
            )
    return by_value
