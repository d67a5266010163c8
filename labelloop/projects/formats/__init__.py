"""Write tables of labels to files, folders and the Hub, and read them back."""

from labelloop.projects.formats.columns import COLUMNS, Row, own_name
from labelloop.projects.formats.files import (
    FORMATS,
    TEXTS,
    ending,
    format_of,
    read_rows,
    write_origin,
    write_rows,
)
from labelloop.projects.formats.text import as_text, formula_cells

__all__ = [
    "COLUMNS",
    "FORMATS",
    "TEXTS",
    "Row",
    "as_text",
    "ending",
    "format_of",
    "formula_cells",
    "own_name",
    "read_rows",
    "write_origin",
    "write_rows",
]
