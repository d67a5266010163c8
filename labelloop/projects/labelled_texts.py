"""Labelled texts for a project that there is: another test set, and gold texts."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from labelloop.errors import UserError, counted
from labelloop.loop.gold_texts import gold_snapshots, used
from labelloop.loop.label_lists import LabelList, first_names, label_list
from labelloop.loop.pools import pool_of
from labelloop.loop.state import LoopState
from labelloop.pool.context import metadata_kinds
from labelloop.pool.hugging_face import Split
from labelloop.pool.label_cells import Cells, Gold, names_of
from labelloop.pool.prepare import ADD_LABELS, clean_test, key, with_names
from labelloop.pool.snapshot import OpenSnapshot, Row
from labelloop.pool.sources import load
from labelloop.projects.data import keep_snapshot, note_on
from labelloop.projects.gold import GoldColumns, read_gold
from labelloop.projects.options import ProjectOptions
from labelloop.store import Store
from schemas.events import ProjectCreatedV4
from schemas.model import replaced
from schemas.parts import Snapshot


@dataclass(frozen=True)
class NewTexts:
    """The snapshots that were asked for and are others than before, by setting, their files, and notes."""

    fields: dict[str, Snapshot]
    files: dict[str, Path]
    notes: tuple[str, ...] = ()

    async def keep(self, store: Store | None) -> None:
        """Put them into the store."""
        for name, snapshot in self.fields.items():
            assert store is not None  # They were read with it.
            await asyncio.to_thread(store.add_snapshot, snapshot, self.files[name])


async def new_texts(
    options: ProjectOptions,
    state: LoopState,
    before: ProjectCreatedV4,
    project: str,
    store: Store | None,
    folder: Path,
) -> NewTexts:
    """Read the given test set and gold texts into the folder. `project`: whose they are. Raises UserError."""
    if options.test is None and options.gold is None:
        return NewTexts({}, {})
    if store is None:
        raise UserError("the store is not known here, where labelled texts are kept: give it with --store")
    pool = await asyncio.to_thread(store.open_pool, pool_of(state))
    prepared: dict[str, tuple[Snapshot, tuple[str, ...]]] = {}
    if options.test is not None:
        prepared["test"] = await asyncio.to_thread(prepare_test, options, before, pool, folder, state)
    if options.gold is not None:
        prepared["gold"] = await asyncio.to_thread(_prepare_gold, options, before, pool, folder, state, store)
    known = {before.test.digest if before.test else "", *(each.digest for each in gold_snapshots(state)[-1:])}
    return NewTexts(
        {
            name: replaced(snapshot, uri=f"{project}/{snapshot.uri}")
            for name, (snapshot, _) in prepared.items()
            if snapshot.digest not in known
        },
        {name: folder / snapshot.uri for name, (snapshot, _) in prepared.items()},
        tuple(note for _, notes in prepared.values() for note in notes),
    )


def _prepare_gold(
    options: ProjectOptions,
    project: ProjectCreatedV4,
    pool: OpenSnapshot,
    folder: Path,
    state: LoopState,
    store: Store,
) -> tuple[Snapshot, tuple[str, ...]]:
    """Gold texts for a project that there is. Those that people were asked before are left out."""
    as_in_pool = project.text_columns or (project.pool.text_column,)
    columns = GoldColumns(
        options.gold_text_column or as_in_pool,
        options.gold_label_column,
        as_in_pool,
        project.shown_columns,
        metadata_kinds(project),
        project.is_multi_label,
    )
    there, asked = set(map(key, pool.all_texts())), set(map(key, _used_texts(state, store)))
    gold = read_gold(options, columns, label_list(state).names, there, asked, first_names(state), ADD_LABELS)
    return keep_snapshot(folder, "gold", *gold[:3]), gold.notes


def _used_texts(state: LoopState, store: Store) -> Iterator[str]:
    for snapshot in dict.fromkeys(gold_snapshots(state)):
        opened = OpenSnapshot.open(store.snapshot(snapshot), snapshot.digest)
        yield from opened.texts(sorted(used(state, snapshot.digest)))


def prepare_test(
    options: ProjectOptions, project: ProjectCreatedV4, pool: OpenSnapshot, folder: Path, state: LoopState
) -> tuple[Snapshot, tuple[str, ...]]:
    """Another test set for a project that there is: its snapshot, written under `folder`, and notes.

    Its columns have the names that they had before, unless others are given. Its labels may have any name
    that they have or had in the `state`. Raises UserError.
    """
    before = project.test or project.pool
    columns = project.text_columns or (before.text_column,)
    test_columns = options.test_text_column or columns
    if len(test_columns) != len(columns):
        raise UserError(
            f"--test-text-column names {counted(len(test_columns), 'column')} for the {len(columns)} of a "
            "text: name one for each, in the same order"
        )
    table = load(
        str(options.test),
        test_columns,
        before.label_column if options.test_label_column is None else options.test_label_column,
        None,
        Split.of_test(options.test_split),
        text_option="--test-text-column",
        label_option="--test-label-column",
        cells=Cells(project.is_multi_label, options.label_separator),
    )
    rows = [Row(text, None, number) for number, text in enumerate(pool.all_texts())]
    labels = label_list(state)
    table = with_names(table, first_names(state))
    prepared = clean_test(table, labels.names, rows, "--test-label-column", ADD_LABELS)
    check_counting([row.gold for row in prepared.rows], labels)
    note = note_on(f"test set {options.test}", prepared)
    return keep_snapshot(folder, "test", table, prepared), (*table.notes, *((note,) if note else ()))


def check_counting(gold: Iterable[Gold | None], labels: LabelList) -> None:
    """Check that a label of some text of a test set is not retired. Raises UserError."""
    if all(each is None or labels.counting(names_of(each)) is None for each in gold):
        raise UserError(
            "no text of the test set has a label that is not retired: first name a test set that has with "
            "`labelloop change --test`"
        )
