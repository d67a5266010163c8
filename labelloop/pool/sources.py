"""Load texts and labels from the user's files or the Hub."""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from labelloop.errors import UserError
from labelloop.pool import hugging_face
from labelloop.pool.columns import (
    AS_USUAL,
    SAVE_AS_UTF8,
    UNSTORABLE,
    Bad,
    Columns,
    Reading,
    bad_cell,
    damaged_cell,
    doubtful_header,
    left_out,
    refused,
    shortened,
    without_columns,
)
from labelloop.pool.context import joined
from labelloop.pool.file_kinds import KINDS, read_file
from labelloop.pool.hugging_face import Split
from labelloop.pool.label_cells import SEVERAL, Cells, Gold, NoLabels, names_of, quoted
from labelloop.pool.text_files import PACKED_SUFFIXES, suffix_of

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
TEXT_COLUMN = "text"
ONE_OR_SEVERAL = Cells()
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SourceTable:
    """The texts of a data set, in order, and their labels if there is a label column (None if missing).

    A text of several columns is their texts, joined. `notes`: lines for the user about what was read.
    `bad_rows`: those that could not be used; their texts are empty. `kept_columns`: the values of further
    columns, by name. `cells`: how the labels were read, which tells whether a text may have several.
    `numbers`: what the rows are called in the source; None: they count from 0.
    """

    source: str
    text_columns: tuple[str, ...]
    label_column: str | None
    texts: list[str]
    labels: Sequence[Gold | None] | None
    notes: tuple[str, ...] = ()
    bad_rows: Collection[int] = ()
    kept_columns: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    cells: Cells = ONE_OR_SEVERAL
    numbers: Sequence[int] | None = None

    @property
    def bad(self) -> int:
        """How many rows could not be used."""
        return len(self.bad_rows)

    @property
    def text_column(self) -> str:
        """The column of the texts, or the first one."""
        return self.text_columns[0]


def load(
    source: str,
    text_column: str | Sequence[str] | None = None,
    label_column: str | None = None,
    config: str | None = None,
    split: str | Split | None = None,
    revision: str | None = None,
    text_option: str = "--text-column",
    label_option: str = "--label-column",
    reading: Reading = AS_USUAL,
    keep: Mapping[str, str] | None = NOTHING,
    cells: Cells = ONE_OR_SEVERAL,
    usual_label: str | None = None,
    usual_text: Sequence[str] = (),
) -> SourceTable:
    """Load a file (see `KINDS`; texts may be packed), a folder saved by `datasets`, or a Hub id.

    The default text columns are `usual_text` if all are there, or else `text`, or else the only column of
    strings; several are joined. The default label column is `usual_label`, or else `label` or `labels`, if it
    exists (`""`: none). `config`, `split` and `revision` select within a Hub id, `split` also within a
    folder. `text_option` and `label_option` are the options that name the columns; `""`: none does, because
    they are those of a project. `reading` is for files whose columns have no names of their own. `keep`:
    further columns, and the options that name them; None: all others, and those of a text of several. Raises
    `UserError`.
    """
    chosen = split if isinstance(split, Split) else Split(split)
    columns = _read(source, config, chosen, revision, reading)
    options, skip = (text_option, label_option), reading.skip_bad_rows
    usual = usual_label, usual_text
    return as_table(source, columns, text_column, label_column, *options, skip, keep, cells, *usual)


def as_table(
    source: str,
    columns: Columns,
    text_column: str | Sequence[str] | None = None,
    label_column: str | None = None,
    text_option: str = "--text-column",
    label_option: str = "--label-column",
    skip_bad_rows: bool = False,
    keep: Mapping[str, str] | None = NOTHING,
    cells: Cells = ONE_OR_SEVERAL,
    usual_label: str | None = None,
    usual_text: Sequence[str] = (),
) -> SourceTable:
    """The texts and labels that a data set's columns hold; see `load`. Raises `UserError`."""
    if not columns.names:
        raise without_columns(source, columns)
    label_name = _label_column(source, columns, label_column, usual_label, label_option, cells)
    text_names = _text_columns(source, columns, text_column, label_name, text_option, usual_text)
    if keep is None:
        used = {label_name, *(text_names if len(text_names) == 1 else ())}
        keep = dict.fromkeys((name for name in columns.names if name and name not in used), "")
    if UNSTORABLE.search("".join((*text_names, label_name or "", *keep))):
        raise UserError(f"{source} has a header that is not in UTF-8, or holds a NUL; {SAVE_AS_UTF8}")
    for name, option in keep.items():
        _existing_column(source, columns.names, name, option)
    table, bad = read_columns(source, columns, text_names, label_name, keep, cells, text_option, label_option)
    if bad and (len(bad) == len(table.texts) or not skip_bad_rows):
        raise refused(source, bad, len(table.texts))
    by_chance = columns.named_by_first_row and (text_column, label_name) == (None, None)
    notes = [doubtful_header(source, text_names[0])] if by_chance and text_names != (TEXT_COLUMN,) else []
    if bad:
        notes.append(left_out(source, bad))
    return replace(without_bad(table, bad), notes=(*columns.notes, *notes))


def read_columns(
    source: str,
    columns: Columns,
    text_names: tuple[str, ...],
    label_name: str | None,
    keep: Iterable[str],
    cells: Cells,
    text_option: str = "",
    label_option: str = "--label-column",
) -> tuple[SourceTable, dict[int, Bad]]:
    """The texts and labels of these columns as they are, and which rows cannot be used."""
    bad = dict(columns.bad)
    texts = _texts(columns, text_names, text_option, bad)
    labels: list[Gold | None] | None = None
    if label_name is not None:
        values = columns.values(label_name)
        cells = cells.knowing(values)
        labels = [
            _label(value, label_name, row, bad, cells, label_option) for row, value in enumerate(values)
        ]
    kept_columns = {
        name: [_kept_cell(value, name, row, bad) for row, value in enumerate(columns.values(name))]
        for name in keep
    }
    return SourceTable(
        source, text_names, label_name, texts, labels, kept_columns=kept_columns, cells=cells
    ), bad


def without_bad(table: SourceTable, bad: Collection[int]) -> SourceTable:
    """The table, in which rows that cannot be used have neither a text nor a label."""
    texts = ["" if row in bad else text for row, text in enumerate(table.texts)]
    labels = table.labels and [None if row in bad else label for row, label in enumerate(table.labels)]
    return replace(table, texts=texts, labels=labels, bad_rows=frozenset(bad))


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
        return read_file(path, reading)
    if HUB_ID.fullmatch(source) and not {path.suffix.lower(), suffix_of(path)} & {*KINDS, *PACKED_SUFFIXES}:
        return hugging_face.read_hub(source, config, split, revision)
    raise UserError(f"the data set {source!r} does not exist; check the path (from {Path.cwd()})")


def _label_column(
    source: str, columns: Columns, chosen: str | None, usual: str | None, option: str, cells: Cells
) -> str | None:
    if chosen == "":
        return None
    if chosen is None and usual is not None:
        return usual if usual in columns.names else None
    if chosen is None:
        column = cells.column(columns.names)
        is_meant = column != SEVERAL or cells.several or cells.knowing(columns.values(SEVERAL)).several
        return column if is_meant else None
    return _existing_column(source, columns.names, chosen, option)


def _text_columns(
    source: str,
    columns: Columns,
    chosen: str | Sequence[str] | None,
    label: str | None,
    option: str,
    usual: Sequence[str],
) -> tuple[str, ...]:
    if chosen is None and usual and {*usual} <= {*columns.names}:
        return tuple(usual)
    if chosen is not None:
        names = (chosen,) if isinstance(chosen, str) else chosen
        return tuple(_existing_column(source, columns.names, name, option) for name in names)
    if TEXT_COLUMN in columns.names:
        return (TEXT_COLUMN,)
    textual = [name for name in columns.textual if name != label]
    if len(textual) == 1:
        return (textual[0],)
    hint = ", or --no-header if its first line is a text" if columns.named_by_first_row else ""
    missing = " or ".join(map(repr, dict.fromkeys((*usual, TEXT_COLUMN))))
    raise UserError(
        f"{source} has no column {missing}; choose one by {option}{hint}: {_listed(columns.names)}"
    )


def _existing_column(source: str, names: Sequence[str], name: str, option: str) -> str:
    if name not in names and not option:
        raise UserError(
            f"{source} has no column {name!r}, as the project's texts have: give a file with their columns; "
            f"this one has {_listed(names)}"
        )
    if name not in names:
        raise UserError(f"{source} has no column {name!r}; choose one by {option}: {_listed(names)}")
    return name


def _listed(names: Sequence[str]) -> str:
    return quoted(map(shortened, names))


def _texts(columns: Columns, names: Sequence[str], option: str, bad: dict[int, Bad]) -> list[str]:
    """The text of each row. A row is bad if one of its columns is."""
    parts = [
        [_text(value, name, option, row, bad) for row, value in enumerate(columns.values(name))]
        for name in names
    ]
    return parts[0] if len(parts) == 1 else list(map(joined, zip(*parts, strict=True)))


def _text(value: object, column: str, option: str, row: int, bad: dict[int, Bad]) -> str:
    """A value as text: empty for a missing or bad value, a number as written."""
    if type(value) is str and not UNSTORABLE.search(value):
        return value
    if value is None or value != value:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        bad.setdefault(row, bad_cell(column, row, f"a {type(value).__name__}, not a text", option or "file"))
        return ""
    text = str(value)
    if UNSTORABLE.search(text):
        bad.setdefault(row, damaged_cell(column, row, text))
    return text


def _label(
    value: object, column: str, row: int, bad: dict[int, Bad], cells: Cells, option: str
) -> Gold | None:
    """What a cell says. None if missing or bad."""
    try:
        gold = cells.gold(value)
    except NoLabels as error:
        is_list = isinstance(value, list | tuple)
        other = f"{option}, or give --task multi-label" if is_list and option == "--label-column" else option
        bad.setdefault(row, bad_cell(column, row, str(error), other))
        return None
    if gold is not None and (unstorable := [name for name in names_of(gold) if UNSTORABLE.search(name)]):
        bad.setdefault(row, damaged_cell(column, row, unstorable[0]))
    return gold


def _kept_cell(value: object, column: str, row: int, bad: dict[int, Bad]) -> str | None:
    """A value of any kind as text: lists and objects as JSON. None if missing or bad."""
    if value is None or value != value:
        return None
    is_nested = isinstance(value, list | dict)
    try:
        text = json.dumps(value, ensure_ascii=False, default=str) if is_nested else str(value)
    except RecursionError:
        bad.setdefault(row, bad_cell(column, row, "what is nested too deeply", "file"))
        return None
    if UNSTORABLE.search(text):
        bad.setdefault(row, damaged_cell(column, row, text))
        return None
    return text or None
