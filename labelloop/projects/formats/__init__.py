"""Write tables of labels to files, folders and the Hub, and read them back."""

from labelloop.projects.formats.files import (
    FORMATS,
    TEXTS,
    check_foreign,
    ending,
    format_of,
    read_rows,
    write_origin,
    write_rows,
    write_table,
)
from labelloop.projects.formats.tables import (
    COLUMNS,
    Row,
    Table,
    as_text,
    formula_cells,
    formulas_in,
    formulas_in_rows,
    own_name,
    text_of,
)

__all__ = [
    "COLUMNS",
    "FORMATS",
    "TEXTS",
    "Row",
    "Table",
    "as_text",
    "check_foreign",
    "ending",
    "format_of",
    "formula_cells",
    "formulas_in",
    "formulas_in_rows",
    "own_name",
    "read_rows",
    "text_of",
    "write_origin",
    "write_rows",
    "write_table",
]
