"""Clean a loaded table into a pool or a test set. Pure."""

import unicodedata
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

from labelloop.errors import UserError, counted
from labelloop.pool.columns import no_rows, rows_named
from labelloop.pool.label_cells import called, label_name, label_text, names_in, ordered, quoted
from labelloop.pool.snapshot import Row
from labelloop.pool.sources import SourceTable

SHOWN = 5
UNUSED = "have no label, so none is used: `labelloop import` starts with the labels that there are"


ADD_LABELS = "add them to the project with `labelloop labels add`"
NAME_LABELS = "add them to --labels"


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows to keep, the project's labels, and counts of special texts.

    `empty`, `duplicates` and `near_copies` are left out. `unlabelled` texts are left out of a test set; a
    pool keeps them, and then none of its rows has a gold label. `in_pool` counts kept test texts that are
    also in the pool, and of further or gold texts those that are left out because they are; `in_gold` those
    that are left out because they are gold texts of the project already.
    """

    rows: list[Row]
    labels: list[str]
    empty: int
    duplicates: int
    unlabelled: int
    in_pool: int = 0
    near_copies: int = 0
    in_gold: int = 0


def clean_pool(table: SourceTable, labels: Sequence[str] | None = None) -> Prepared:
    """Distinct texts to label, with gold labels if every text has one.

    The default for `labels` is the sorted values of the label column. Raises `UserError`.
    """
    rows, empty, duplicates = _distinct(table, "correct it, or --label-column '' to go without")
    if not table.texts:
        raise no_rows(table.source)
    if not rows:
        raise UserError(
            f"{table.source} has no texts in the column {quoted(table.text_columns)}; choose another"
        )
    gold_labels = names_in(row.gold for row in rows)
    label_names = _labels(table, gold_labels, labels)
    _no_others(table, gold_labels, label_names, "name them in --labels, or --label-column '' to go without")
    rows, unlabelled = _all_labelled_or_none(rows)
    rows = [Row(row.text, ordered(row.gold, label_names), row.source_row) for row in rows]
    return Prepared(rows, label_names, empty, duplicates, unlabelled)


def with_names(table: SourceTable, names: Mapping[str, str]) -> SourceTable:
    """The table with other names for labels."""
    if table.labels is None:
        return table
    return replace(table, labels=[called(gold, names) for gold in table.labels])


def clean_further(
    table: SourceTable, labels: Sequence[str], there: Container[str], gold: Collection[str] = ()
) -> Prepared:
    """Distinct texts for a pool that does not have them, with gold labels if every text has one.

    `there`: the keys of the texts that it has. There may be none. `gold`: those of the project's gold texts.
    Raises `UserError`.
    """
    rows, empty, duplicates = _distinct(table, "correct it")
    remedy = f"correct them, or {ADD_LABELS}"
    if table.cells.several and table.cells.separator is None:
        remedy = f"correct them, name their --label-separator, or {ADD_LABELS}"
    _no_others(table, names_in(row.gold for row in rows), labels, remedy)
    others, in_pool, in_gold = _others(rows, there, gold)
    further, unlabelled = _all_labelled_or_none(others)
    further = [Row(row.text, ordered(row.gold, labels), row.source_row) for row in further]
    return Prepared(further, list(labels), empty, duplicates, unlabelled, in_pool=in_pool, in_gold=in_gold)


def _others(rows: Sequence[Row], pool: Container[str], gold: Container[str]) -> tuple[list[Row], int, int]:
    """The rows whose texts are neither in the pool nor gold texts, and how many are in each."""
    outside = [row for row in rows if key(row.text) not in pool]
    others = [row for row in outside if key(row.text) not in gold]
    return others, len(rows) - len(outside), len(outside) - len(others)


def _all_labelled_or_none(rows: list[Row]) -> tuple[list[Row], int]:
    """Rows that all have a gold label, or none has; and how many had none where others had one."""
    unlabelled = sum(row.gold is None for row in rows)
    if unlabelled in (0, len(rows)):
        return rows, 0
    return [Row(row.text, None, row.source_row) for row in rows], unlabelled


def clean_test(
    table: SourceTable,
    labels: Sequence[str],
    pool: Sequence[Row],
    label_option: str = "--label-column",
    or_else: str = NAME_LABELS,
) -> Prepared:
    """Distinct labelled texts to evaluate on. Texts that are also in the pool are kept and counted.

    Raises `UserError`.
    """
    named = f"the test set {table.source}"
    labelled, prepared = _labelled(table, labels, named, label_option, or_else)
    in_pool = len({key(row.text) for row in labelled} & {key(row.text) for row in pool})
    if in_pool == len(labelled) == len(pool):
        raise UserError(
            f"the test set {table.source} holds the texts of the pool; give others, name its split with "
            "--test-split, or leave it out"
        )
    return replace(prepared, in_pool=in_pool)


def clean_gold(
    table: SourceTable,
    labels: Sequence[str],
    pool: Container[str],
    asked: Container[str] = (),
    label_option: str = "--gold-label-column",
    or_else: str = NAME_LABELS,
) -> Prepared:
    """Distinct labelled texts whose labels are certain. Those that people are or were asked are left out.

    `pool`: the keys of its texts; `asked`: those of gold texts that people were asked before. Raises
    `UserError`.
    """
    labelled, prepared = _labelled(table, labels, table.source, label_option, or_else)
    others, in_pool, in_gold = _others(labelled, pool, asked)
    if not others:
        counts = ((in_pool, "are in the pool"), (in_gold, "were asked before as gold texts"))
        why = " and ".join(f"{count:,} {what}" for count, what in counts if count)
        remedy = ", or leave those of the pool out of the data set" if in_pool else ""
        raise UserError(f"{table.source} has no texts to ask for: {why}; give others as --gold{remedy}")
    return replace(prepared, rows=others, in_pool=in_pool, in_gold=in_gold)


def _labelled(
    table: SourceTable, labels: Sequence[str], named: str, label_option: str, or_else: str
) -> tuple[list[Row], Prepared]:
    """The distinct texts with a label. Raises `UserError` if there are none, and for other labels."""
    if table.labels is None:
        raise UserError(f"{named} has no labels; name their column with {label_option}")
    rows, empty, duplicates = _distinct(table, "correct it")
    labelled = [row for row in rows if row.gold is not None]
    if not labelled:
        raise UserError(f"{named} has no labelled texts; give another, or none")
    _no_others(table, names_in(row.gold for row in labelled), labels, f"correct them or {or_else}")
    labelled = [Row(row.text, ordered(row.gold, labels), row.source_row) for row in labelled]
    return labelled, Prepared(labelled, list(labels), empty, duplicates, len(rows) - len(labelled))


def summary(prepared: Prepared) -> str | None:
    """One line about texts that were left out or are special, or None."""
    size = len(prepared.rows)
    unlabelled = UNUSED if prepared.rows[0].gold is None else "unlabelled left out"
    facts = [
        (prepared.duplicates, "repeated left out"),
        (prepared.empty, "empty left out"),
        (prepared.unlabelled, unlabelled),
        (prepared.in_pool, "also in the pool"),
    ]
    return f"{counted(size, 'text')}{parts}" if (parts := in_brackets(facts)) else None


def in_brackets(facts: Iterable[tuple[int, str]]) -> str:
    """The counts that are not 0, each with what it counts, to be put after a text. Empty if all are 0."""
    parts = ", ".join(f"{count:,} {what}" for count, what in facts if count)
    return parts and f" ({parts})"


def key(text: str) -> str:
    """The key by which texts are equal: in NFC, without surrounding space."""
    return unicodedata.normalize("NFC", text).strip()


def _distinct(table: SourceTable, remedy: str) -> tuple[list[Row], int, int]:
    """The first row of each text, with the label of any of its rows."""
    labels = table.labels or [None] * len(table.texts)
    row_of: dict[str, Row] = {}
    unlike: dict[str, None] = {}
    empty = 0
    for number, (text, gold) in enumerate(zip(table.texts, labels, strict=True)):
        same = key(text)
        if not same:
            empty += 1
        elif (first := row_of.get(same)) is None:
            row_of[same] = Row(text, gold, number)
        elif gold is not None and gold != first.gold:
            if first.gold is not None:
                unlike[same] = None
            row_of[same] = Row(first.text, gold if first.gold is None else first.gold, first.source_row)
    if unlike:
        raise _two_labels(table, list(unlike), remedy)
    return list(row_of.values()), empty - table.bad, len(table.texts) - empty - len(row_of)


def _two_labels(table: SourceTable, texts: Sequence[str], remedy: str) -> UserError:
    """For texts that have several labels: tell the rows of the first of them, and how many more there are."""
    row_of = {
        label: number
        for number, label in reversed(list(enumerate(table.labels or ())))
        if label is not None and key(table.texts[number]) == texts[0]
    }
    (label, row), (other, later) = sorted(row_of.items(), key=itemgetter(1))[:2]
    more = f", and {len(texts) - 1:,} more texts have several" if texts[1:] else ""
    return UserError(
        f"{table.source}, {rows_named([row, later])}: one text has the labels {label_text(label)} and "
        f"{label_text(other)}{more}; {remedy}"
    )


def _labels(table: SourceTable, gold_labels: Collection[str], chosen: Sequence[str] | None) -> list[str]:
    if chosen is None and not gold_labels:
        raise UserError(
            f"{table.source} has no labels to choose from; name them: --labels spam,ham, or the column that "
            "holds them: --label-column"
        )
    labels = sorted(gold_labels) if chosen is None else [label_name(label) for label in chosen]
    if not all(labels) or len(set(labels)) < len(labels):
        raise UserError(f"labels must be distinct and not empty: {quoted(labels)}; correct --labels")
    if len(labels) < 2:
        raise _too_few("--labels" if chosen is not None else f"the column {table.label_column!r}", labels)
    if len(gold_labels) == 1 and not table.cells.several:
        raise _too_few(f"the column {table.label_column!r}", gold_labels)
    return labels


def _too_few(where: str, classes: Collection[str]) -> UserError:
    return UserError(
        f"{where} has only one class ({quoted(classes)}); a classifier needs two or more, so give others"
    )


def _no_others(
    table: SourceTable, gold_labels: Collection[str], label_names: Collection[str], remedy: str
) -> None:
    others = sorted(set(gold_labels) - set(label_names))
    if others:
        shown = quoted(others[:SHOWN]) + (f" and {len(others) - SHOWN} more" if others[SHOWN:] else "")
        raise UserError(
            f"{table.source} has labels in {table.label_column!r} that the project does not have ({shown}); "
            f"{remedy}"
        )
