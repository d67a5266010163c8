"""Loads texts and labels from where a user keeps them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from labelloop.errors import UserError
from labelloop.pool import delimited, hugging_face, json_lines
from labelloop.pool.columns import Columns
from labelloop.pool.values import as_label, as_text

KINDS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
TEXT_COLUMN = "text"
LABEL_COLUMN = "label"


@dataclass(frozen=True, slots=True)
class Table:
    """Texts of a data set in its order and, with a label column, their labels (None where one is missing)."""

    source: str
    text_column: str
    label_column: str | None
    texts: list[str]
    labels: list[str | None] | None


def load(
    source: str,
    text_column: str | None = None,
    label_column: str | None = None,
    config: str | None = None,
    split: str | None = None,
    revision: str | None = None,
    text_option: str = "--text-column",
) -> Table:
    """Load a JSON Lines, CSV, TSV or Parquet file, a folder saved by `datasets`, or a Hub id.

    The text column defaults to `text`, else to the only column of strings; the label column to `label`
    if there is one (`""`: none). Config, split and revision choose within a Hub id, split also within a
    folder; `text_option` is how a user names the text column. Raises `UserError`.
    """
    columns = _read(source, config, split, revision)
    label_name = _label_column(source, columns, label_column)
    text_name = _text_column(source, columns, text_column, label_name, text_option)
    texts = [as_text(source, text_name, row, value) for row, value in enumerate(columns.values(text_name))]
    labels = None
    if label_name is not None:
        values = columns.values(label_name)
        labels = [as_label(source, label_name, row, value) for row, value in enumerate(values)]
    return Table(source, text_name, label_name, texts, labels)


def _read(source: str, config: str | None, split: str | None, revision: str | None) -> Columns:
    path = Path(source).expanduser()
    on_disk = source != "" and path.exists()
    if on_disk and (config or revision):
        raise UserError(f"{source} is on disk, and config and revision are for Hub ids; leave them out")
    if on_disk and path.is_dir():
        return hugging_face.read_folder(path, split)
    if on_disk:
        if split:
            raise UserError(f"{source} is one file and has no splits; leave out the split {split!r}")
        return _read_file(path)
    if HUB_ID.fullmatch(source) and path.suffix.lower() not in KINDS:
        return hugging_face.read_hub(source, config, split, revision)
    raise UserError(f"the data set {source!r} does not exist; check the path (from {Path.cwd()})")


def _read_file(path: Path) -> Columns:
    try:
        if path.stat().st_size == 0:
            raise UserError(f"{path} is empty; give a data set with at least two texts")
        match path.suffix.lower():
            case ".jsonl" | ".ndjson" | ".json":
                return json_lines.read(path)
            case ".csv" | ".tsv":
                return delimited.read(path)
            case ".parquet":
                from labelloop.pool import parquet

                return parquet.read(path)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}; check its permissions") from error
    raise UserError(f"{path} is of no known kind; name it by what it holds: {', '.join(KINDS)}")


def _label_column(source: str, columns: Columns, asked: str | None) -> str | None:
    if asked == "":
        return None
    if asked is None:
        return LABEL_COLUMN if LABEL_COLUMN in columns.names else None
    return _known(source, columns.names, asked, "--label-column")


def _text_column(source: str, columns: Columns, asked: str | None, label: str | None, option: str) -> str:
    if asked is not None:
        return _known(source, columns.names, asked, option)
    if TEXT_COLUMN in columns.names:
        return TEXT_COLUMN
    textual = [name for name in columns.textual if name != label]
    if len(textual) == 1:
        return textual[0]
    raise UserError(f"{source} has no column 'text'; choose one by {option}: {_listed(columns.names)}")


def _known(source: str, names: Sequence[str], asked: str, option: str) -> str:
    if asked not in names:
        raise UserError(f"{source} has no column {asked!r}; choose one by {option}: {_listed(names)}")
    return asked


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "it has no columns at all"
