"""A large file of texts in parts, so that memory holds one of them at a time.

Each part is a file of its own, with the header of the whole, and is read as any data set is. Where a file
cannot be cut, the rows are not those of the whole, or none can be read: then the whole must be read at once.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import pyarrow as pa  # type: ignore[import-untyped]

from labelloop.errors import UserError
from labelloop.pool.columns import AS_USUAL, Reading
from labelloop.pool.sources import SourceTable, load
from labelloop.pool.text_files import UTF_8, open_text, raw_file, start_of, suffix_of

LARGE = 2**24
"""Bytes of a file, or characters of a part, from which on it is cut."""
ROWS = 50_000
"""Rows of a part of a Parquet file."""
PARQUET_MARK = b"PAR1"
WITH_HEADER = (".csv", ".tsv")
ONE_A_LINE = (".jsonl", ".ndjson", ".txt")
QUOTE = '"'


class NotInParts(Exception):
    """The file has to be read as a whole."""


@dataclass(frozen=True)
class FileColumns:
    """What is read of a file: texts, and all other columns as texts.

    `usual`: the columns of its texts if none are named, and it has them.
    """

    text_columns: tuple[str, ...] | None = None
    reading: Reading = AS_USUAL
    usual: tuple[str, ...] = ()

    def of(self, path: Path) -> SourceTable:
        return load(
            str(path),
            self.text_columns,
            label_column="",
            reading=self.reading,
            keep=None,
            usual_text=self.usual,
        )


def parts(path: Path, file_columns: FileColumns) -> Iterator[SourceTable]:
    """The rows of a file, part by part. Raises NotInParts, also after some parts, and UserError."""
    try:
        files = _cut(path, file_columns.reading)
        with files as each:
            yield from _alike(each, file_columns)
    except (UserError, UnicodeError, pa.ArrowException) as error:
        raise NotInParts from error


def is_large(path: Path) -> bool:
    """Whether a file is worth cutting. A packed one is larger than it seems."""
    size = path.stat().st_size
    return size > LARGE // (1 if path.suffix.lower() == suffix_of(path) else 10)


def _alike(files: Iterator[Path], file_columns: FileColumns) -> Iterator[SourceTable]:
    """The tables of the parts, whose columns must be the same, unless each row names its own."""
    first: SourceTable | None = None
    for file in files:
        table = file_columns.of(file)
        if first is None:
            first = table
            file_columns = FileColumns(table.text_columns, replace(file_columns.reading, encoding=None))
        elif suffix_of(file) in WITH_HEADER and [*table.kept_columns] != [*first.kept_columns]:
            raise NotInParts
        yield table


@contextmanager
def _cut(path: Path, reading: Reading) -> Iterator[Iterator[Path]]:
    suffix = suffix_of(path)
    with tempfile.TemporaryDirectory(prefix="labelloop-") as folder:
        if start_of(path, raw_file).startswith(PARQUET_MARK):
            yield _of_parquet(path, Path(folder))
        elif suffix in (*WITH_HEADER, *ONE_A_LINE):
            lenient, other = reading.skip_bad_rows, reading.encoding
            with open_text(path, newline="", lenient=lenient, other=other) as file:
                has_header = suffix in WITH_HEADER and not reading.no_header
                yield _of_lines(file, Path(folder) / f"part{suffix}", has_header)
        else:
            raise NotInParts


def _of_parquet(path: Path, folder: Path) -> Iterator[Path]:
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    part = folder / "part.parquet"
    for batch in pq.ParquetFile(path).iter_batches(ROWS):
        pq.write_table(pa.Table.from_batches([batch]), part)
        yield part


def _of_lines(file: TextIO, part: Path, has_header: bool) -> Iterator[Path]:
    """Cut between records: in CSV, at the end of a line before which quotes are in pairs."""
    header: list[str] = []
    lines: list[str] = []
    size = quotes = 0
    in_quotes = part.suffix in WITH_HEADER
    for line in file:
        quotes += line.count(QUOTE)
        is_whole = not (in_quotes and quotes % 2)
        if has_header:
            header.append(line)
            has_header = not is_whole
            continue
        lines.append(line)
        size += len(line)
        if is_whole and size > LARGE:
            yield _written(part, [*header, *lines])
            lines, size = [], 0
    if lines:
        yield _written(part, [*header, *lines])


def _written(part: Path, lines: list[str]) -> Path:
    with part.open("w", encoding=UTF_8.removesuffix("-sig"), errors="surrogateescape", newline="") as file:
        file.writelines(lines)
    return part
