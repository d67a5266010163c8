"""Exports as Parquet and as data sets of the package `datasets`. Both use one Arrow table."""

from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from labelloop.projects.formats import tables as c

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
    c.NUMBERS: pa.list_(pa.float64()),
    c.VOTES: pa.list_(_VOTE),
}


def write_parquet(table: c.Table, path: Path) -> None:
    schema = _schema(table)
    with pq.ParquetWriter(path, schema) as writer:
        for rows in table.parts:
            writer.write_table(pa.Table.from_pylist(list(rows), schema))


def write_arrow(table: c.Table, path: Path) -> None:
    """Write the Arrow file that a `datasets.Dataset` is made of."""
    schema = _schema(table)
    with pa.ipc.new_stream(path, schema) as writer:
        for rows in table.parts:
            writer.write_table(pa.Table.from_pylist(list(rows), schema))


def read_parquet(path: Path) -> list[c.Row]:
    return _rows(pq.read_table(path), str(path))


def as_dataset(path: Path) -> Any:
    """The table in an Arrow file as a `datasets.Dataset`, which leaves it on the disk."""
    return _quiet_datasets().Dataset.from_file(str(path))


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


def _schema(table: c.Table) -> pa.Schema:
    return pa.schema([(name, _KINDS[kind]) for name, kind in table.columns.items()])
