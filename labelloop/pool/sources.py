"""Load texts and labels from the user's files or the Hub."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from labelloop.errors import UserError
from labelloop.pool import delimited, hugging_face, json_text, plain
from labelloop.pool.columns import AS_USUAL, Columns, Reading
from labelloop.pool.hugging_face import Split
from labelloop.pool.opening import EXCEL, PACKED_SUFFIXES, PARQUET, kind_of, suffix_of
from labelloop.pool.words import label_name, quoted

KINDS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".txt", ".parquet", ".xlsx")
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
TEXT_COLUMN = "text"
LABEL_COLUMN = "label"
LONGEST_NAME = 60
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
DAMAGE = "a NUL or half a surrogate pair, which no database stores"


@dataclass(frozen=True, slots=True)
class Table:
    """The texts of a data set, in order, and their labels if there is a label column (None if missing).

    `notes`: lines for the user about what was read.
    """

    source: str
    text_column: str
    label_column: str | None
    texts: list[str]
    labels: list[str | None] | None
    notes: tuple[str, ...] = ()


def load(
    source: str,
    text_column: str | None = None,
    label_column: str | None = None,
    config: str | None = None,
    split: str | Split | None = None,
    revision: str | None = None,
    text_option: str = "--text-column",
    reading: Reading = AS_USUAL,
) -> Table:
    """Load a file (see `KINDS`; texts may be packed), a folder saved by `datasets`, or a Hub id.

    The default text column is `text`, or else the only column of strings. The default label column is
    `label`, if it exists (`""`: none). `config`, `split` and `revision` select within a Hub id, `split` also
    within a folder. `text_option` is the option that names the text column. `reading` is for files whose
    columns have no names of their own. Raises `UserError`.
    """
    chosen = split if isinstance(split, Split) else Split(split)
    columns = _read(source, config, chosen, revision, reading)
    label_name = _label_column(source, columns, label_column)
    text_name = _text_column(source, columns, text_column, label_name, text_option)
    texts = [as_text(source, text_name, row, value) for row, value in enumerate(columns.values(text_name))]
    labels = None
    if label_name is not None:
        values = columns.values(label_name)
        labels = [as_label(source, label_name, row, value) for row, value in enumerate(values)]
    by_chance = columns.named_by_first_row and (text_column, label_name) == (None, None)
    notes = [_doubtful_header(source, text_name)] if by_chance and text_name != TEXT_COLUMN else []
    return Table(source, text_name, label_name, texts, labels, (*columns.notes, *notes))


def _doubtful_header(source: str, name: str) -> str:
    return (
        f"{source}: its first line was taken as a header, {_short(name)!r}; if that is a text, "
        "give --no-header and another --name"
    )


def _short(name: str) -> str:
    return f"{name[:LONGEST_NAME]}…" if name[LONGEST_NAME:] else name


def _read(source: str, config: str | None, split: Split, revision: str | None, reading: Reading) -> Columns:
    path = Path(source).expanduser()
    on_disk = source != "" and path.exists()
    if on_disk and (config or revision):
        raise UserError(f"{source} is on disk, and config and revision are for Hub ids; leave them out")
    if on_disk and path.is_dir():
        return hugging_face.read_folder(path, split)
    if on_disk:
        if split.name:
            raise UserError(f"{source} is one file and has no splits; leave out the split {split.name!r}")
        return _read_file(path, reading)
    if HUB_ID.fullmatch(source) and not {path.suffix.lower(), suffix_of(path)} & {*KINDS, *PACKED_SUFFIXES}:
        return hugging_face.read_hub(source, config, split, revision)
    raise UserError(f"the data set {source!r} does not exist; check the path (from {Path.cwd()})")


def _read_file(path: Path, reading: Reading) -> Columns:
    try:
        if path.stat().st_size == 0:
            raise UserError(f"{path} is empty; give a data set with at least two texts")
        return _of_kind(kind_of(path), path, reading)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}; check its permissions") from error


def _of_kind(kind: str, path: Path, reading: Reading) -> Columns:
    """Read a file by what it holds, whatever its suffix; a text is read by its suffix."""
    suffix = suffix_of(path)
    if kind == EXCEL:
        from labelloop.pool import spreadsheet

        return spreadsheet.read(path, reading)
    if kind == PARQUET or suffix == ".parquet":
        from labelloop.pool import parquet

        return parquet.read(path)
    match suffix:
        case ".jsonl" | ".ndjson" | ".json":
            return json_text.read(path)
        case ".csv" | ".tsv":
            return delimited.read(path, reading)
        case ".txt":
            return plain.read(path)
    others = ", ".join(each for each in KINDS if each != suffix)
    raise UserError(f"the format of {path} is unknown; give it the suffix of what it holds: {others}")


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
    hint = ", or --no-header if its first line is a text" if columns.named_by_first_row else ""
    raise UserError(f"{source} has no column 'text'; choose one by {option}{hint}: {_listed(columns.names)}")


def _known(source: str, names: Sequence[str], asked: str, option: str) -> str:
    if asked not in names:
        raise UserError(f"{source} has no column {asked!r}; choose one by {option}: {_listed(names)}")
    return asked


def _listed(names: Sequence[str]) -> str:
    return quoted(names) or "it has no columns at all"


def as_text(source: str, column: str, row: int, value: object) -> str:
    """A value as text: empty for a missing value, a number as written. Raises `UserError`."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _wrong(
            source, column, row, f"a {type(value).__name__}, not a text", "choose another --text-column"
        )
    text = str(value)
    if UNSTORABLE.search(text):
        raise _wrong(source, column, row, DAMAGE, "remove it from the data set")
    return text


def as_label(source: str, column: str, row: int, value: object) -> str | None:
    """A value as a label; see `label_name`. None if missing. Raises `UserError`."""
    if value is None or value != value:
        return None
    if not isinstance(value, str | int | float):
        kind = type(value).__name__
        raise _wrong(source, column, row, f"a {kind}, not one label", "choose another --label-column")
    label = label_name(str(int(value)) if isinstance(value, float) and value.is_integer() else str(value))
    if not label:
        return None
    if UNSTORABLE.search(label):
        raise _wrong(source, column, row, DAMAGE, "remove it from the data set")
    return label


def _wrong(source: str, column: str, row: int, what: str, remedy: str) -> UserError:
    return UserError(f"{source}, row {row + 1}: the column {column!r} holds {what}; {remedy}")
