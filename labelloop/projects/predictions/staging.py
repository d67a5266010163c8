"""The texts of files in one snapshot, with the user's other columns, read part by part."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]

from labelloop import atomic
from labelloop.errors import counted
from labelloop.pool.parts import FileColumns, NotInParts, is_large, parts
from labelloop.pool.snapshot import KEPT
from labelloop.pool.sources import SourceTable
from labelloop.projects.interrupted_work import Unfinished

SOURCE, OWN = "source", "own"
"""The columns that the snapshot keeps: the name of the file, and the user's columns as a JSON object."""
ROWS_PER_BATCH = 4096
_SCHEMA = pa.schema(
    [
        pa.field("text", pa.string(), nullable=False),
        pa.field("source_row", pa.int64(), nullable=False),
        pa.field(f"{KEPT}{SOURCE}", pa.string()),
        pa.field(f"{KEPT}{OWN}", pa.string()),
    ]
)


@dataclass
class Staged:
    """What was read: the names of the user's columns, and notes for the user."""

    names: dict[str, None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def stage(files: Sequence[Path], file_columns: FileColumns, unfinished: Unfinished) -> Staged:
    """Write the rows of the files that can be used into a snapshot. Raises UserError."""
    staged = Staged()
    with atomic.beside(unfinished.rows) as draft:
        with atomic.create(draft, atomic.THIS_USER) as writing, pa.ipc.new_stream(writing, _SCHEMA) as writer:
            for file in files:
                for batch in _batches(file, file_columns, draft.parent, staged):
                    writer.write_batch(batch)
        atomic.write(unfinished.columns, json.dumps(asdict(staged)), mode=atomic.THIS_USER)
        atomic.place(draft, unfinished.rows)
    return staged


def _batches(file: Path, file_columns: FileColumns, folder: Path, staged: Staged) -> Iterator[pa.RecordBatch]:
    """The rows of a file: in parts, which are seen to fit each other before any is used, or as a whole."""
    if is_large(file):
        with atomic.beside(folder / "parts") as draft, suppress(NotInParts):
            staged_file = _written(file, file_columns, draft)
            staged.names |= staged_file.names
            staged.notes += staged_file.notes
            yield from pa.ipc.open_stream(pa.memory_map(str(draft)))
            return
    table = file_columns.of(file)
    staged.names |= dict.fromkeys(table.kept_columns)
    staged.notes += table.notes
    yield from _rows(str(file), table, 0)


def _written(file: Path, file_columns: FileColumns, draft: Path) -> Staged:
    staged_file, before, bad = Staged(), 0, 0
    with atomic.create(draft, atomic.THIS_USER) as writing, pa.ipc.new_stream(writing, _SCHEMA) as writer:
        for table in parts(file, file_columns):
            staged_file.names |= dict.fromkeys(table.kept_columns)
            for batch in _rows(str(file), table, before):
                writer.write_batch(batch)
            before += len(table.texts)
            bad += table.bad
    if bad:
        staged_file.notes.append(f"{file}: {counted(bad, 'row')} left out")
    return staged_file


def _rows(file: str, table: SourceTable, before: int) -> Iterator[pa.RecordBatch]:
    """The rows that can be used. `before`: how many rows of the file came before the table."""
    for start in range(0, len(table.texts), ROWS_PER_BATCH):
        stop = min(start + ROWS_PER_BATCH, len(table.texts))
        rows = [row for row in range(start, stop) if row not in table.bad_rows]
        columns = {
            "text": [table.texts[row] for row in rows],
            "source_row": [before + row for row in rows],
            f"{KEPT}{SOURCE}": [file] * len(rows),
            f"{KEPT}{OWN}": [_own(table, row) for row in rows],
        }
        yield pa.record_batch(columns, schema=_SCHEMA)


def _own(table: SourceTable, row: int) -> str:
    return json.dumps(
        {name: values[row] for name, values in table.kept_columns.items() if values[row] is not None}
    )
