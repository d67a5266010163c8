"""Exports as Parquet and as data sets of the package `datasets`. Both use one Arrow table."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from labelloop.projects.formats import columns as c

_TIME = pa.timestamp("us", tz="UTC")
_VOTE = pa.struct(
    [
        ("username", pa.string()),
        ("status", pa.string()),
        ("labels", pa.list_(pa.string())),
        ("time", _TIME),
    ]
)
_KINDS = {
    c.TEXT: pa.string(),
    c.FLAG: pa.bool_(),
    c.WHOLE: pa.int64(),
    c.NUMBER: pa.float64(),
    c.TIME: _TIME,
    c.TEXTS: pa.list_(pa.string()),
    c.VOTES: pa.list_(_VOTE),
}
SCHEMA = pa.schema([(name, _KINDS[kind]) for name, kind in c.COLUMNS.items()])


def write_parquet(rows: Sequence[c.Row], path: Path) -> None:
    pq.write_table(_table(rows), path)


def read_parquet(path: Path) -> list[c.Row]:
    return _rows(pq.read_table(path), str(path))


def as_dataset(rows: Sequence[c.Row]) -> Any:
    """The table as a `datasets.Dataset`."""
    from datasets.table import InMemoryTable  # type: ignore[import-untyped]

    return _quiet_datasets().Dataset(InMemoryTable(_table(rows)))


def read_dataset(path: Path) -> list[c.Row]:
    loaded = _quiet_datasets().load_from_disk(str(path))
    return _rows(loaded.with_format("arrow")[:], str(path))


def read_hub(name: str) -> list[c.Row]:
    loaded = _quiet_datasets().load_dataset(name, split="train")
    return _rows(loaded.with_format("arrow")[:], name)


def _quiet_datasets() -> Any:
    """The package `datasets`, with its progress bars turned off."""
    import datasets  # type: ignore[import-untyped]
    from huggingface_hub.utils.tqdm import disable_progress_bars

    datasets.disable_progress_bars()
    datasets.logging.set_verbosity_error()
    disable_progress_bars()
    return datasets


def _rows(table: pa.Table, source: str) -> list[c.Row]:
    c.check_columns(table.column_names, source)
    rows: list[c.Row] = table.to_pylist()
    return rows


def _table(rows: Sequence[c.Row]) -> pa.Table:
    own = [pa.field(name, pa.string()) for name in c.own(rows[0] if rows else {})]
    return pa.Table.from_pylist(list(rows), pa.schema([*SCHEMA, *own]))
