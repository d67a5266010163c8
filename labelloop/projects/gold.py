"""Texts whose labels are certain, for measuring people: what of a file is taken, how many a batch has, and
what people said of them."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from labelloop.errors import UserError, counted
from labelloop.loop import gold_texts
from labelloop.loop.label_lists import label_list
from labelloop.loop.random_draws import audit_count
from labelloop.loop.state import LoopState
from labelloop.pool.context import first_misfit
from labelloop.pool.label_cells import Cells
from labelloop.pool.prepare import NAME_LABELS, Prepared, clean_gold, in_brackets, with_names
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.pool.sources import NOTHING, SourceTable, load
from labelloop.projects import formats
from labelloop.projects.formats import tables as c
from labelloop.projects.options import ProjectOptions
from labelloop.store import Store

DEFAULT_SHARE = 0.05


def gold_share(options: ProjectOptions, now: float) -> float:
    """The share that the options ask for, where `now` holds; the default for a first file of gold texts."""
    if options.gold_share is not None:
        return options.gold_share
    return now or (DEFAULT_SHARE if options.gold is not None else 0.0)


def check_gold_share(share: float, batch_size: int, has_gold: bool) -> None:
    """Raises UserError for a share of no texts, or of texts that there are not."""
    if share and not has_gold:
        raise UserError("--gold-share needs texts whose labels are certain: name a file of them with --gold")
    if share and not audit_count(share, batch_size):
        raise UserError(
            f"--gold-share {share} of a batch of {batch_size} is no text: give {1 / batch_size:.2g} or more"
        )


def gold_note(share: float, batch_size: int) -> str:
    """What a share means for the work of people."""
    texts = audit_count(share, batch_size)
    return f"each batch of {batch_size} has {counted(texts, 'gold text')} in addition"


@dataclass(frozen=True)
class GoldColumns:
    """Which columns of a file of gold texts are read, so that people see them as the texts of the pool.

    `texts` None: the usual one. `as_in_pool`: what the columns of a text are called in the project.
    `metadata`: those by which people filter, and the kind of each. `several`: whether a text may have several
    labels.
    """

    texts: Sequence[str] | None
    labels: str | None
    as_in_pool: Sequence[str]
    shown: Sequence[str]
    metadata: Mapping[str, str]
    several: bool

    @property
    def to_keep(self) -> Mapping[str, str]:
        """The columns that people see or filter by, and the options that name them."""
        parts = (self.texts or self.as_in_pool) if len(self.as_in_pool) > 1 else ()
        return {
            **dict.fromkeys(self.metadata, "--metadata-column"),
            **dict.fromkeys(self.shown, "--show-column"),
            **dict.fromkeys(parts, "--gold-text-column"),
        }

    def as_kept(self, table: SourceTable, rows: Sequence[int]) -> dict[str, list[str | None]]:
        """The values of these rows, by what the columns are called in the project."""
        names = dict(zip(self.texts or self.as_in_pool, self.as_in_pool, strict=True))
        return {
            names.get(column, column): [values[row] for row in rows]
            for column, values in table.kept_columns.items()
        }


class GoldTexts(NamedTuple):
    """What is taken of a file: as `keep_snapshot` takes it, and notes."""

    table: SourceTable
    prepared: Prepared
    kept_values: Mapping[str, Sequence[str | None]]
    notes: tuple[str, ...]


def read_gold(
    options: ProjectOptions,
    columns: GoldColumns,
    labels: Sequence[str],
    pool: Container[str],
    asked: Container[str] = (),
    names: Mapping[str, str] = NOTHING,
    or_else: str = NAME_LABELS,
) -> GoldTexts:
    """The distinct texts of `--gold` with their labels. Raises UserError.

    `pool`: the keys of its texts. `asked`: those of gold texts that people were asked before. `names`: how
    labels are called in the log, where it is not how they are called now. `or_else`: where labels that the
    project lacks can be added.
    """
    source = str(options.gold)
    if columns.texts is not None and len(columns.texts) != len(columns.as_in_pool):
        raise UserError(
            f"--gold-text-column names {counted(len(columns.texts), 'column')} for the "
            f"{len(columns.as_in_pool)} of a text: name one for each, in the same order"
        )
    table = load(
        source,
        columns.texts,
        columns.labels,
        text_option="--gold-text-column",
        label_option="--gold-label-column",
        reading=options.reading.beside(columns.labels),
        keep=columns.to_keep,
        cells=Cells(columns.several, options.label_separator),
    )
    table = with_names(table, names)
    prepared = clean_gold(table, labels, pool, asked, "--gold-label-column", or_else)
    kept_values = columns.as_kept(table, [row.source_row for row in prepared.rows])
    for name, kind in columns.metadata.items():
        if (place := first_misfit(kept_values[name], kind)) is not None:
            raise UserError(
                f"{source}, row {prepared.rows[place].source_row + 1}: {name!r} is "
                f"{kept_values[name][place]!r}, and in the pool it is a number ({kind}): correct it, or "
                "leave it empty"
            )
    return GoldTexts(table, prepared, kept_values, (*table.notes, _note(source, prepared)))


def _note(source: str, prepared: Prepared) -> str:
    facts = [
        (prepared.in_pool, "left out, as they are in the pool"),
        (prepared.in_gold, "left out, as people were asked for them before"),
        (prepared.duplicates, "repeated left out"),
        (prepared.empty, "empty left out"),
        (prepared.unlabelled, "unlabelled left out"),
    ]
    texts = counted(len(prepared.rows), "gold text")
    return f"{source}: {texts}{in_brackets(facts)}"


@dataclass(frozen=True)
class AnsweredGold:
    """A gold text, its right labels as they are called now, and each person's answer to it."""

    text: str
    labels: tuple[str, ...]
    answers: tuple[gold_texts.GoldAnswer, ...]

    @property
    def wrong(self) -> int:
        """How many people gave it other labels."""
        return sum(answer.given is not None and not answer.is_right for answer in self.answers)


def answered_gold(state: LoopState, store: Store) -> list[AnsweredGold]:
    """The gold texts that people answered, those with most wrong labels first. Raises UserError.

    One with a label that is retired measures nobody, and is left out.
    """
    listed = label_list(state)
    by_text: dict[tuple[str, int], list[gold_texts.GoldAnswer]] = {}
    for answer in gold_texts.gold_answers(state):
        given = None if answer.given is None else listed.show(answer.given)
        shown = answer._replace(labels=listed.show(answer.labels), given=given)
        by_text.setdefault((answer.version, answer.row), []).append(shown)
    texts = []
    for digest, snapshot in {each.digest: each for each in gold_texts.gold_snapshots(state)}.items():
        rows = [row for version, row in by_text if version == digest]
        opened = OpenSnapshot.open(store.snapshot(snapshot), digest).texts(rows) if rows else []
        for row, text in zip(rows, opened, strict=True):
            answers = by_text[digest, row]
            texts.append(AnsweredGold(text, answers[0].labels, tuple(answers)))
    return sorted(texts, key=lambda text: -text.wrong)


GOLD_COLUMNS = {
    "text": c.TEXT,
    "gold": c.TEXTS,
    "username": c.TEXT,
    "labels": c.TEXTS,
    "discarded": c.FLAG,
    "right": c.FLAG,
    "batch": c.TEXT,
}


def gold_rows(texts: Sequence[AnsweredGold]) -> Iterator[formats.Row]:
    """A row for each answer, as JSON values."""
    for text in texts:
        for answer in text.answers:
            yield {
                "text": text.text,
                "gold": list(text.labels),
                "username": answer.username,
                "labels": None if answer.given is None else list(answer.given),
                "discarded": answer.given is None,
                "right": None if answer.given is None else answer.is_right,
                "batch": answer.batch,
            }


def gold_table(texts: Sequence[AnsweredGold]) -> formats.Table:
    """The same as a table to write."""
    return formats.Table(GOLD_COLUMNS, [list(gold_rows(texts))])
