"""Add texts to the pool of a project while it runs."""

import asyncio
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from labelloop.errors import Unavailable, UserError
from labelloop.log.base import Log
from labelloop.loop.history import History
from labelloop.loop.pools import pool_of
from labelloop.loop.settings_in_force import for_next
from labelloop.loop.state import LoopState
from labelloop.pool.context import first_misfit, metadata_kinds
from labelloop.pool.label_cells import Cells, Gold
from labelloop.pool.near_copies import without_near_copies
from labelloop.pool.prepare import UNUSED, Prepared, clean_further, key
from labelloop.pool.snapshot import Row
from labelloop.pool.sources import Table, load
from labelloop.projects.catalog import sound
from labelloop.projects.create import SOURCE
from labelloop.projects.data import Tell, keep_snapshot, untold
from labelloop.projects.operator_requests import who
from labelloop.projects.options import ProjectOptions
from labelloop.projects.replay import read_again
from labelloop.store import Store
from schemas.envelope import Event, new_event
from schemas.events import PoolGrown
from schemas.model import replaced
from schemas.parts import Snapshot

TRIES = 5


@dataclass(frozen=True)
class Grown:
    """How many texts were added (0: nothing changes), notes on each source, and the state after it."""

    texts: int
    notes: tuple[str, ...]
    state: LoopState


async def grow(
    log: Log,
    history: History,
    store: Store,
    sources: Sequence[str],
    options: ProjectOptions,
    why: str = "",
    tell: Tell = untold,
) -> Grown:
    """Add the texts of files, folders and Hub ids that the pool does not have, from the next batch on.

    Either all sources are read and added, or nothing. Raises UserError, and Unavailable if others add texts
    all the time.
    """
    for _ in range(TRIES):
        state = sound(history)
        if state.ended:
            raise UserError(
                f"{history.project} has ended: continue from its labels with `labelloop fork`, and add to "
                "that project"
            )
        with tempfile.TemporaryDirectory(prefix="labelloop-") as folder:
            further = await asyncio.to_thread(Further, state, store, options, Path(folder), tell)
            added = [await asyncio.to_thread(further.read, source) for source in sources]
            notes = tuple(note for each in added for note in each.notes)
            snapshots = [each.snapshot for each in added if each.snapshot is not None]
            texts = sum(snapshot.size for snapshot in snapshots)
            if not texts:
                return Grown(0, notes, state)
            tell(f"storing {texts:,} texts")
            for snapshot in snapshots:
                file = Path(folder) / snapshot.uri.removeprefix(f"{history.project}/")
                await asyncio.to_thread(store.add_snapshot, snapshot, file)
        await log.append(*_events(state, snapshots, why))
        history = await read_again(log, history)
        after = sound(history)
        if {*snapshots} <= {*pool_of(after).snapshots}:
            return Grown(texts, notes, after)
    raise Unavailable(f"others add texts to {history.project} all the time: nothing was added; try it again")


def _events(state: LoopState, snapshots: Sequence[Snapshot], why: str) -> Iterator[Event]:
    newest = pool_of(state).version
    for snapshot in snapshots:
        data = PoolGrown(snapshot=snapshot, after=newest, from_batch=state.numbered, who=who(), why=why)
        yield new_event(state.project_id, data, source=SOURCE, cause=state.latest_id)
        newest = snapshot.digest


@dataclass(frozen=True)
class Read:
    """The snapshot of what is new in a source, or None if nothing is; and notes on it."""

    snapshot: Snapshot | None
    notes: tuple[str, ...]


class Further:
    """Reads sources one after another, each as far as neither the pool nor a source before has its texts."""

    def __init__(
        self, state: LoopState, store: Store, options: ProjectOptions, folder: Path, tell: Tell
    ) -> None:
        self._project, self._project_id = for_next(state), state.project_id
        self._options, self._folder, self._tell = options, folder, tell
        self._pool = store.open_pool(pool_of(state))
        rows = zip(self._pool.all_texts(), self._gold(), strict=True)
        self._rows = [Row(text, gold, number) for number, (text, gold) in enumerate(rows)]
        self._there = {key(row.text) for row in self._rows}

    def _gold(self) -> Sequence[Gold | None]:
        items = range(len(self._pool))
        return self._pool.gold(items) or [None] * len(items)

    def read(self, source: str) -> Read:
        """Write a snapshot of what is new in the source. Raises UserError."""
        self._tell(f"reading {source}")
        table = self._table(source)
        self._tell(f"looking for those of {len(table.texts):,} texts that are new")
        further = clean_further(table, self._project.labels, self._there)
        if self._options.drop_near_copies and further.rows:
            further = self._without_near_copies(further)
        notes = (*table.notes, _note(source, further, self._pool.has_gold))
        if not further.rows:
            return Read(None, notes)
        kept = {name: [values[row.source_row] for row in further.rows] for name, values in table.kept.items()}
        self._check_metadata(source, further.rows, kept)
        self._rows += further.rows
        self._there |= {key(row.text) for row in further.rows}
        left_out = replace(further, duplicates=further.duplicates + further.in_pool)
        snapshot = keep_snapshot(self._folder, "pool", table, left_out, kept)
        return Read(replaced(snapshot, uri=f"{self._project_id}/{snapshot.uri}"), notes)

    def _table(self, source: str) -> Table:
        project, options = self._project, self._options
        gold = project.pool.label_column if self._pool.has_gold else None
        return load(
            source,
            project.text_columns or (project.pool.text_column,),
            None if gold else "",
            options.config,
            options.split,
            options.revision,
            text_option="",
            reading=options.reading,
            keep=dict.fromkeys(self._pool.kept_columns, ""),
            cells=Cells(project.is_multi_label, options.label_separator),
            usual_label=gold or "",
        )

    def _without_near_copies(self, further: Prepared) -> Prepared:
        before = len(self._rows)
        kept = without_near_copies([*self._rows, *further.rows], range(before))
        rows = [further.rows[number - before] for number in kept if number >= before]
        return replace(further, rows=rows, near_copies=len(further.rows) - len(rows))

    def _check_metadata(
        self, source: str, rows: Sequence[Row], kept: Mapping[str, Sequence[str | None]]
    ) -> None:
        for name, kind in metadata_kinds(self._project).items():
            place = first_misfit(kept[name], kind)
            if place is not None:
                raise UserError(
                    f"{source}, row {rows[place].source_row + 1}: {name!r} is {kept[name][place]!r}, and in "
                    f"the project it is a number ({kind}): correct it, or leave it empty"
                )


def _note(source: str, further: Prepared, has_gold: bool) -> str:
    rows = further.rows
    facts = [
        (further.in_pool, "in the pool already"),
        (further.duplicates, "duplicates left out"),
        (further.near_copies, "near-copies left out"),
        (further.empty, "empty left out"),
        (further.unlabelled, UNUSED),
        (len(rows) if has_gold and rows and rows[0].gold is None else 0, "without a known label"),
    ]
    parts = ", ".join(f"{count:,} {what}" for count, what in facts if count)
    new = f"{format(len(rows), ',') if rows else 'no'} new text{'s' * (len(rows) != 1)}"
    return f"{source}: {new}" + (f" ({parts})" if parts else "")
