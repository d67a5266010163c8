"""Data sets in Parquet."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from labelloop.errors import UserError
from labelloop.pool.columns import Columns


def read(path: Path) -> Columns:
    """Columns by name. Each is read when it is needed. Raises `UserError`."""
    try:
        schema: pa.Schema = pq.read_schema(path)
    except pa.ArrowException as error:
        raise _unreadable(path, error) from error

    def values(name: str) -> Sequence[object]:
        try:
            column: list[object] = pq.read_table(path, columns=[name]).column(name).to_pylist()
        except pa.ArrowException as error:
            raise _unreadable(path, error) from error
        return column

    return Columns(schema.names, [field.name for field in schema if _is_string(field.type)], values)


def _is_string(kind: pa.DataType) -> bool:
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(
        pa.types.is_string(value) or pa.types.is_large_string(value) or pa.types.is_string_view(value)
    )


def _unreadable(path: Path, error: pa.ArrowException) -> UserError:
    return UserError(
        f"{path} is not a readable Parquet file ({' '.join(str(error).split())}); write it again"
    )
