"""Add texts to the pool of a project while it runs: those of files and messages that it does not have."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from labelloop.errors import Unavailable, UserError, counted
from labelloop.log.base import Log
from labelloop.loop.gold_texts import gold_snapshots
from labelloop.loop.history import History
from labelloop.loop.label_lists import first_names
from labelloop.loop.pools import pool_of
from labelloop.loop.settings_in_force import for_next
from labelloop.loop.state import LoopState
from labelloop.pool.context import first_misfit, metadata_kinds
from labelloop.pool.label_cells import Cells, Gold
from labelloop.pool.messages import MessageColumns
from labelloop.pool.near_copies import without_near_copies
from labelloop.pool.prepare import Prepared, clean_further, in_brackets, key, with_names
from labelloop.pool.snapshot import OpenSnapshot, Row
from labelloop.pool.sources import SourceTable, load
from labelloop.projects.catalog import SOURCE, sound
from labelloop.projects.data import Tell, keep_snapshot, untold
from labelloop.projects.operator_requests import who
from labelloop.projects.options import ProjectOptions
from labelloop.projects.replay import read_again
from labelloop.store import Store
from schemas.envelope import Event, new_event
from schemas.events import PoolGrown
from schemas.fields import UNSAID
from schemas.model import replaced
from schemas.parts import Snapshot, TopicRead

TRIES = 5


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
        self._first_names = first_names(state)
        self._options, self._folder, self._tell = options, folder, tell
        self._pool = store.open_pool(pool_of(state))
        rows = zip(self._pool.all_texts(), self._gold(), strict=True)
        self._rows = [Row(text, gold, number) for number, (text, gold) in enumerate(rows)]
        self._there = {key(row.text) for row in self._rows}
        self._in_gold = {
            key(text)
            for snapshot in gold_snapshots(state)
            for text in OpenSnapshot.open(store.snapshot(snapshot)).all_texts()
        }

    def _gold(self) -> Sequence[Gold | None]:
        items = range(len(self._pool))
        return self._pool.gold(items) or [None] * len(items)

    @property
    def message_columns(self) -> MessageColumns:
        """What the project takes of a message."""
        project = self._project
        return MessageColumns(
            self._text_columns,
            self._label_column,
            tuple(self._pool.kept_columns),
            tuple(self._first_names),
            self._cells,
            metadata_kinds(project),
        )

    def read(self, source: str) -> Read:
        """Write a snapshot of what is new in a file, a folder or a Hub id. Raises UserError."""
        self._tell(f"reading {source}")
        return self.take(self._table(source))

    def take(self, table: SourceTable) -> Read:
        """Write a snapshot of what is new in a table. Raises UserError."""
        source = table.source
        self._tell(f"looking for the new ones of {counted(len(table.texts), 'text')}")
        table = with_names(table, self._first_names)
        further = clean_further(table, self._project.labels, self._there, self._in_gold)
        if self._options.drop_near_copies and further.rows:
            further = self._without_near_copies(further)
        notes = (*table.notes, _note(source, further, self._pool.has_gold))
        if not further.rows:
            return Read(None, notes)
        kept_values = {
            name: [values[row.source_row] for row in further.rows]
            for name, values in table.kept_columns.items()
        }
        self._check_metadata(source, further.rows, kept_values)
        self._rows += further.rows
        self._there |= {key(row.text) for row in further.rows}
        if table.numbers is not None:
            rows = [replace(row, source_row=table.numbers[row.source_row]) for row in further.rows]
            further = replace(further, rows=rows)
        repeated = further.duplicates + further.in_pool + further.in_gold
        left_out = replace(further, duplicates=repeated)
        snapshot = keep_snapshot(self._folder, "pool", table, left_out, kept_values)
        return Read(replaced(snapshot, uri=f"{self._project_id}/{snapshot.uri}"), notes)

    @property
    def _text_columns(self) -> tuple[str, ...]:
        return self._project.text_columns or (self._project.pool.text_column,)

    @property
    def _label_column(self) -> str | None:
        return self._project.pool.label_column if self._pool.has_gold else None

    @property
    def _cells(self) -> Cells:
        return Cells(self._project.is_multi_label, self._options.label_separator)

    def _table(self, source: str) -> SourceTable:
        options, gold = self._options, self._label_column
        return load(
            source,
            self._text_columns,
            None if gold else "",
            options.config,
            options.split,
            options.revision,
            text_option="",
            reading=options.reading,
            keep=dict.fromkeys(self._pool.kept_columns, ""),
            cells=self._cells,
            usual_label=gold or "",
        )

    def _without_near_copies(self, further: Prepared) -> Prepared:
        before = len(self._rows)
        numbers = without_near_copies([*self._rows, *further.rows], range(before))
        rows = [further.rows[number - before] for number in numbers if number >= before]
        return replace(further, rows=rows, near_copies=len(further.rows) - len(rows))

    def _check_metadata(
        self, source: str, rows: Sequence[Row], kept_values: Mapping[str, Sequence[str | None]]
    ) -> None:
        for name, kind in metadata_kinds(self._project).items():
            place = first_misfit(kept_values[name], kind)
            if place is not None:
                raise UserError(
                    f"{source}, row {rows[place].source_row + 1}: {name!r} is {kept_values[name][place]!r}, "
                    f"and in the project it is a number ({kind}): correct it, or leave it empty"
                )


def _note(source: str, further: Prepared, has_gold: bool) -> str:
    rows = further.rows
    unlabelled = (further.unlabelled or len(rows)) if has_gold and rows and rows[0].gold is None else 0
    facts = [
        (further.in_pool, "in the pool already"),
        (further.in_gold, "left out, as they are gold texts"),
        (further.duplicates, "repeated left out"),
        (further.near_copies, "near-copies left out"),
        (further.empty, "empty left out"),
        (unlabelled, "without a known label, so that the pool no longer has one for each text"),
    ]
    new = counted(len(rows), "new text") if rows else "no new texts"
    return f"{source}: {new}{in_brackets(facts)}"


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

    def read(further: Further) -> Sequence[Read]:
        return [further.read(source) for source in sources]

    return await grow_by(log, history, store, read, options, why, tell)


async def grow_by(
    log: Log,
    history: History,
    store: Store,
    read: Callable[[Further], Sequence[Read]],
    options: ProjectOptions,
    why: str = "",
    tell: Tell = untold,
    first_batch: Callable[[LoopState], int] = lambda state: state.numbered,
    topic: Callable[[], TopicRead] = lambda: UNSAID,
) -> Grown:
    """Add what `read` finds to be new, which is asked again if others added texts meanwhile.

    `first_batch`: from which batch on. `topic`: how far it was read by then. Raises what `grow` raises.
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
            added = await asyncio.to_thread(read, further)
            notes = tuple(note for each in added for note in each.notes)
            snapshots = [each.snapshot for each in added if each.snapshot is not None]
            texts = sum(snapshot.size for snapshot in snapshots)
            if not texts:
                return Grown(0, notes, state)
            tell(f"storing {counted(texts, 'text')}")
            for snapshot in snapshots:
                file = Path(folder) / snapshot.uri.removeprefix(f"{history.project}/")
                await asyncio.to_thread(store.add_snapshot, snapshot, file)
        await log.append(*_events(state, snapshots, why, first_batch(state), topic()))
        history = await read_again(log, history)
        after = sound(history)
        if {*snapshots} <= {*pool_of(after).snapshots}:
            return Grown(texts, notes, after)
    raise Unavailable(f"others add texts to {history.project} all the time: nothing was added; try it again")


def _events(
    state: LoopState, snapshots: Sequence[Snapshot], why: str, first_batch: int, topic: TopicRead
) -> Iterator[Event]:
    newest = pool_of(state).version
    for snapshot in snapshots:
        data = PoolGrown(
            snapshot=snapshot, after=newest, from_batch=first_batch, who=who(), why=why, topic=topic
        )
        yield new_event(state.project_id, data, source=SOURCE, cause=state.latest_id)
        newest = snapshot.digest
