"""Tables of labels as files, folders and data sets of the Hub, and back again."""

from labelloop.projects.formats.columns import COLUMNS, Row
from labelloop.projects.formats.places import FORMATS, TEXTS, ending, format_of
from labelloop.projects.formats.reading import read_rows
from labelloop.projects.formats.text import as_text
from labelloop.projects.formats.writing import write_rows

__all__ = ["COLUMNS", "FORMATS", "TEXTS", "Row", "as_text", "ending", "format_of", "read_rows", "write_rows"]
