"""Load and clean a project's texts, and store them as snapshots."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from labelloop.errors import UserError, counted
from labelloop.pool.context import kind_of
from labelloop.pool.hugging_face import Split
from labelloop.pool.label_cells import Cells
from labelloop.pool.near_copies import near_copies_note, without_near_copies
from labelloop.pool.prepare import Prepared, clean_pool, clean_test, key, summary
from labelloop.pool.snapshot import NONE_KEPT, write
from labelloop.pool.sources import SourceTable, as_table, load
from labelloop.projects.answered import NO_ANSWERS, AnsweredTexts, answers
from labelloop.projects.gold import GoldColumns, GoldTexts, read_gold
from labelloop.projects.known_labels import known_labels, matched, read_labelled
from labelloop.projects.options import ProjectOptions
from schemas.parts import MULTI_LABEL, SINGLE_LABEL, AnnotatedItem, Snapshot, Task

Tell = Callable[[str], None]
"""It is told what is done now, in a few words."""


def untold(_: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class ProjectData:
    """Snapshots (URIs relative to the project's folder), task, labels, and notes on what was left out.

    `text_columns`, and the kinds of the columns of metadata, are those of the pool. `known_labels`: by
    pool item. `answers`: what people answered elsewhere, by pool item. `gold`: texts by which people are
    measured.
    """

    pool: Snapshot
    test: Snapshot | None
    labels: tuple[str, ...]
    notes: tuple[str, ...]
    text_columns: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    known_labels: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    answers: Mapping[int, AnnotatedItem] = field(default_factory=dict)
    task: Task = SINGLE_LABEL
    gold: Snapshot | None = None


def prepare_data(
    options: ProjectOptions,
    folder: Path,
    looks_for_near_copies: bool = False,
    tell: Tell = untold,
    answered: AnsweredTexts | None = None,
) -> ProjectData:
    """Load and clean pool and test set, and write their snapshots under `folder`. Raises UserError.

    `looks_for_near_copies`: a note tells of them. `answered`: the texts, where options name no file of them.
    """
    dataset = options.dataset or options.labelled or (answered.source if answered else None)
    if dataset is None:
        raise UserError("no data set is given: name one with --dataset FILE")
    if options.dataset is None and answered is None:
        options = options.with_other(
            text_column=options.labelled_text_column or options.text_column,
            label_column=options.labelled_label_column or options.label_column,
        )
    tell(f"reading {dataset}")
    table = _answered_table(answered, options) if answered else _loaded(dataset, options)
    if twice := [name for name in options.show_column or () if name in table.text_columns]:
        raise UserError(
            f"--show-column names {twice[0]!r}, which people see anyway: it is a column of the texts: "
            "leave it out"
        )
    if options.needs_gold and table.labels is None:
        raise _without_gold(dataset, "has no label column")
    options = _of_task(options, table.cells)
    labelled = read_labelled(options, table) if options.labelled else None
    if labelled is not None:
        options = _of_task(options, labelled.cells)
    if options.dataset is None:
        table = replace(table, label_column=None, labels=None)
    tell(f"looking for duplicates in {counted(len(table.texts), 'text')}")
    labels = answered.labels if answered else options.labels
    pool = clean_pool(table, labels or (known_labels(labelled, table) if labelled else None))
    if options.needs_gold and pool.unlabelled:
        raise _without_gold(dataset, f"has {counted(pool.unlabelled, 'text')} without a label")
    labels_of = matched(labelled, pool, dataset) if labelled else {}
    people_said = answers(answered, table, pool, options) if answered else NO_ANSWERS
    notes = [*table.notes, *(labelled.notes if labelled else ()), note_on(dataset, pool)]
    if options.drop_near_copies or looks_for_near_copies:
        tell(f"looking for near-copies in {counted(len(pool.rows), 'text')}")
    if options.drop_near_copies:
        pool, labels_of = _without_near_copies(pool, labels_of, people_said.by_item)
        people_said = answers(answered, table, pool, options) if answered else NO_ANSWERS
        notes.append(f"{dataset}: {counted(pool.near_copies, 'near-copy')} of other texts left out")
    elif looks_for_near_copies and (note := near_copies_note([row.text for row in pool.rows])):
        notes.append(f"{dataset}: {note}")
    tested = _test(options, pool)
    if labels_of:
        notes.append(_given_note(options.labelled, labels_of, pool))
    notes += people_said.notes
    if tested is not None:
        notes += [*tested[0].notes, note_on(f"test set {options.test}", tested[1])]
    kept_values = {
        column: [values[row.source_row] for row in pool.rows] for column, values in table.kept_columns.items()
    }
    metadata = {name: kind_of(kept_values[name]) for name in options.metadata_column or ()}
    if metadata:
        notes.append(f"metadata: {', '.join(f'{name} ({kind})' for name, kind in metadata.items())}")
    gold = _gold(options, table, pool, metadata) if options.gold is not None else None
    notes += gold.notes if gold else ()
    tell(f"storing {counted(len(pool.rows), 'text')}")
    return ProjectData(
        pool=keep_snapshot(folder, "pool", table, pool, kept_values),
        test=keep_snapshot(folder, "test", *tested) if tested else None,
        labels=tuple(pool.labels),
        notes=tuple(note for note in notes if note),
        text_columns=table.text_columns,
        metadata=metadata,
        known_labels=labels_of or people_said.labels,
        answers=people_said.by_item,
        task=options.asked_task or SINGLE_LABEL,
        gold=keep_snapshot(folder, "gold", *gold[:3]) if gold else None,
    )


def _gold(
    options: ProjectOptions, table: SourceTable, pool: Prepared, metadata: Mapping[str, str]
) -> GoldTexts:
    columns = GoldColumns(
        options.gold_text_column or options.text_column,
        options.gold_label_column or options.label_column or None,
        table.text_columns,
        options.show_column or (),
        metadata,
        options.asked_task == MULTI_LABEL,
    )
    return read_gold(options, columns, pool.labels, {key(row.text) for row in pool.rows})


def _loaded(dataset: str, options: ProjectOptions) -> SourceTable:
    return load(
        dataset,
        options.text_column,
        options.label_column,
        options.config,
        options.split,
        options.revision,
        reading=options.reading,
        keep=to_keep(options),
        cells=options.cells,
    )


def _answered_table(answered: AnsweredTexts, options: ProjectOptions) -> SourceTable:
    return as_table(
        answered.source,
        answered.columns,
        options.text_column,
        "",
        skip_bad_rows=options.skip_bad_rows,
        keep=to_keep(options),
        cells=Cells(answered.task == MULTI_LABEL),
    )


def _of_task(options: ProjectOptions, cells: Cells) -> ProjectOptions:
    """The options with the task that label cells tell, unless it was told before."""
    if options.asked_task is not None or cells.several is None:
        return options
    return options.model_copy(update={"task": MULTI_LABEL if cells.several else SINGLE_LABEL})


def to_keep(options: ProjectOptions) -> dict[str, str]:
    """The columns that the pool keeps beside the texts, and the options that name them."""
    texts = options.text_column or ()
    named = (
        ("--keep-columns", options.keep_columns or ()),
        ("--text-column", texts if len(texts) > 1 else ()),
        ("--show-column", options.show_column or ()),
        ("--metadata-column", options.metadata_column or ()),
    )
    option_of: dict[str, str] = {}
    for option, names in named:
        option_of |= {name: option for name in names if name not in option_of}
    return option_of


def _without_near_copies(
    pool: Prepared, labels_of: Mapping[int, tuple[str, ...]], answered: Container[int]
) -> tuple[Prepared, dict[int, tuple[str, ...]]]:
    """The pool without near-copies, and the known labels of its texts.

    A text with a known label stays, and one that people answered.
    """
    numbers = without_near_copies(pool.rows, labels_of or answered)
    labels = {place: labels_of[number] for place, number in enumerate(numbers) if number in labels_of}
    rows = [pool.rows[number] for number in numbers]
    return replace(pool, rows=rows, near_copies=len(pool.rows) - len(rows)), labels


def _without_gold(dataset: str, what: str) -> UserError:
    return UserError(
        f"{dataset} {what}, which simulated annotators need: name the column with --label-column, "
        "or let people label with `labelloop up`"
    )


def _test(options: ProjectOptions, pool: Prepared) -> tuple[SourceTable, Prepared] | None:
    if options.test is None:
        return None
    label_column = options.test_label_column or options.label_column
    path, pool_path = (
        Path(each or "").expanduser() for each in (options.test, options.dataset or options.labelled)
    )
    on_disk = path.exists()
    if path.is_file() and pool_path.is_file() and path.samefile(pool_path):
        raise UserError(
            f"{options.test} is both the data set and the test set: give texts that nobody is asked for as "
            "--test, or leave it out"
        )
    text_columns = options.test_text_column or options.text_column
    of_pool, of_test = len(options.text_column or ("",)), len(text_columns or ("",))
    if of_pool != of_test:
        raise UserError(
            f"--test-text-column names {counted(of_test, 'column')} for the {of_pool} of a text: "
            "name one for each --text-column, in the same order"
        )
    table = load(
        options.test,
        text_columns,
        label_column,
        None if on_disk else options.config,
        Split.of_test(options.test_split),
        None if on_disk else options.revision,
        "--test-text-column",
        reading=options.reading.beside(label_column),
        cells=options.cells,
    )
    return table, clean_test(table, pool.labels, pool.rows)


def note_on(what: str, prepared: Prepared) -> str | None:
    left_out = summary(prepared)
    return f"{what}: {left_out}" if left_out else None


def _given_note(labelled: str | None, labels_of: Mapping[int, tuple[str, ...]], pool: Prepared) -> str:
    unlabelled = len(pool.rows) - len(labels_of)
    return f"{labelled}: {counted(len(labels_of), 'text')} with labels, {unlabelled:,} left to label"


def keep_snapshot(
    folder: Path,
    name: str,
    table: SourceTable,
    prepared: Prepared,
    kept_values: Mapping[str, Sequence[str | None]] = NONE_KEPT,
) -> Snapshot:
    """Write the snapshot of what was prepared into a folder of this name, under `folder`."""
    info = write(folder / name, prepared.rows, kept_values)
    return Snapshot(
        uri=f"{name}/{info.name}",
        digest=info.digest,
        size=len(prepared.rows),
        text_column=table.text_column,
        label_column=table.label_column,
        dropped_empty=prepared.empty + table.bad,
        dropped_duplicate=prepared.duplicates,
        dropped_near_copies=prepared.near_copies,
    )
