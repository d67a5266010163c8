"""An immutable pool of texts in one Arrow IPC stream file, named by the sha256 of its bytes.

A text's row number is its pool item id; in a pool that grew, its row number over all snapshots.
"""

import hashlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Self, TypeAlias

import pyarrow as pa  # type: ignore[import-untyped]

from labelloop import atomic
from labelloop.errors import UserError, one_line
from labelloop.pool.label_cells import Gold

ROWS_PER_BATCH = 4096
KEPT = "kept:"
Files: TypeAlias = Path | tuple[Path, ...]
"""The file of a snapshot, or those of a pool that grew, in their order."""
NONE_KEPT: Mapping[str, Sequence[str | None]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Row:
    """A text, its gold if the source has one, and its row (from 0) in the source."""

    text: str
    gold: Gold | None
    source_row: int


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """A snapshot's file name in its folder, sha256 in hex, and size in bytes."""

    name: str
    digest: str
    size: int


def write(
    folder: Path, rows: Iterable[Row], further_columns: Mapping[str, Sequence[str | None]] = NONE_KEPT
) -> SnapshotInfo:
    """Write rows to `<folder>/<sha256>.arrow`. Equal rows give equal bytes and the same file.

    There is a column `gold` if the first row has gold, of lists if that is a tuple; then every row must have
    such gold (else `ValueError`).
    `further_columns`: those of the source by name, with a value for each row.
    Raises `UserError` if the folder cannot be written.
    """
    try:
        with atomic.beside(folder / "any.arrow") as draft:
            with atomic.create(draft, atomic.THIS_USER) as file:
                _write_stream(file, rows, further_columns)
            info = _info(draft)
            atomic.place(draft, folder / info.name)
    except OSError as error:
        raise UserError(
            f"cannot write a pool snapshot to {folder}: {error.strerror or error}; "
            "free some space or choose another --home"
        ) from error
    return info


class OpenSnapshot:
    """A memory-mapped snapshot, or several as one, open for reading. `sizes`: how many texts each has."""

    def __init__(self, *tables: pa.Table) -> None:
        # A column that a later snapshot lacks has no values there.
        self._table = tables[0] if len(tables) == 1 else pa.concat_tables(tables, promote_options="default")
        self.sizes = tuple(int(table.num_rows) for table in tables)

    @classmethod
    def open(cls, files: Files, *digests: str) -> Self:
        """Open a snapshot, or several. With `digests` (sha256 in hex), their bytes are checked.

        Raises `UserError`.
        """
        paths = paths_of(files)
        return cls(*map(_table, paths, digests or [None] * len(paths)))

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def part(self, start: int, stop: int) -> "OpenSnapshot":
        """The rows from the first of these to before the second, as a snapshot whose items begin at 0."""
        return OpenSnapshot(self._table.slice(start, max(0, stop - start)))

    @property
    def has_gold(self) -> bool:
        """Whether the snapshot has a gold label for each text."""
        return "gold" in self._table.column_names and not self._table.column("gold").null_count

    def texts(self, items: Sequence[int]) -> list[str]:
        """Texts of these pool items, in the same order. `IndexError` for an unknown item."""
        return self._take("text", items)

    def all_texts(self) -> list[str]:
        """All texts. The index is the pool item."""
        texts: list[str] = self._table.column("text").to_pylist()
        return texts

    def lengths(self) -> list[int]:
        """The number of characters of each text."""
        import pyarrow.compute as pc  # type: ignore[import-untyped]

        lengths: list[int] = pc.utf8_length(self._table.column("text")).to_pylist()
        return lengths

    def gold(self, items: Sequence[int]) -> list[Any] | None:
        """The Gold of these pool items, all of one kind, or None if there is none."""
        if not self.has_gold:
            return None
        values = self._table.column("gold").take(_rows(items)).to_pylist()
        return [tuple(value) if isinstance(value, list) else value for value in values]

    def source_rows(self, items: Sequence[int]) -> list[int]:
        """Rows (from 0) of these pool items in the user's data set."""
        indices = _rows(items)
        rows: list[int] = self._table.column("source_row").take(indices).to_pylist()
        return rows

    @property
    def kept_columns(self) -> tuple[str, ...]:
        """The names of the user's own columns that the snapshot keeps."""
        names = self._table.column_names
        return tuple(name.removeprefix(KEPT) for name in names if name.startswith(KEPT))

    def kept_values(self, items: Sequence[int]) -> dict[str, list[str | None]]:
        """Values of the user's own columns for these pool items, by column."""
        indices = _rows(items)
        return {
            name: self._table.column(f"{KEPT}{name}").take(indices).to_pylist() for name in self.kept_columns
        }

    def _take(self, column: str, items: Sequence[int]) -> list[str]:
        values: list[str] = self._table.column(column).take(_rows(items)).to_pylist()
        return values


def _rows(items: Sequence[int]) -> pa.Array:
    """Row numbers for Arrow. Its own way from a list loads pandas, if that is installed: 50 MB."""
    return pa.Array.from_buffers(pa.int64(), len(items), [None, pa.py_buffer(array("q", items))])


def paths_of(files: Files) -> tuple[Path, ...]:
    """The files, one for each snapshot."""
    return (files,) if isinstance(files, Path) else files


def _table(path: Path, digest: str | None) -> pa.Table:
    remedy = "restore it from a backup, or create the project again from its data set"
    try:
        if digest is not None and _info(path).digest != digest:
            raise UserError(f"the pool snapshot {path} is damaged (its sha256 has changed); {remedy}")
        return pa.ipc.open_stream(pa.memory_map(str(path))).read_all()
    except FileNotFoundError as error:
        raise UserError(f"the pool snapshot {path} is missing; {remedy}") from error
    except (OSError, pa.ArrowInvalid) as error:
        raise UserError(f"the pool snapshot {path} cannot be read ({one_line(error)}); {remedy}") from error


def _write_stream(
    file: IO[bytes], rows: Iterable[Row], further_columns: Mapping[str, Sequence[str | None]]
) -> None:
    remaining, start = iter(rows), 0
    batch = list(islice(remaining, ROWS_PER_BATCH))
    gold = type(batch[0].gold) if batch else type(None)
    has_gold = gold is not type(None)
    fields = [pa.field("text", pa.string(), nullable=False)]
    if has_gold:
        kind = pa.list_(pa.string()) if gold is tuple else pa.string()
        fields.append(pa.field("gold", kind, nullable=False))
    fields.append(pa.field("source_row", pa.int64(), nullable=False))
    own = [pa.field(f"{KEPT}{name}", pa.string()) for name in further_columns]
    schema = pa.schema([*fields, *own])
    with pa.ipc.new_stream(file, schema) as writer:
        while batch:
            if any(type(row.gold) is not gold for row in batch):
                raise ValueError("either every row has gold of one kind or none")
            columns = {field.name: [getattr(row, field.name) for row in batch] for field in fields}
            end = start + len(batch)
            columns |= {f"{KEPT}{name}": list(values[start:end]) for name, values in further_columns.items()}
            writer.write_batch(pa.record_batch(columns, schema=schema))
            start = end
            batch = list(islice(remaining, ROWS_PER_BATCH))


def _info(path: Path) -> SnapshotInfo:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return SnapshotInfo(f"{digest}.arrow", digest, path.stat().st_size)
