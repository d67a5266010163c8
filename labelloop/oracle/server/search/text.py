"""Text search over the fields of records, by a function that each connection adds to SQLite."""

from argilla_server.models import Record
from argilla_server.search_engine.base import TextQuery
from sqlalchemy import ColumnElement, func

from labelloop.oracle.server.search import columns
from labelloop.oracle.server.search.parse import parse
from labelloop.oracle.server.search.words import Document

FUNCTION = "labelloop_matches"


def contains(query: TextQuery) -> ColumnElement[bool]:
    """Whether a record's field (any of them, if the query names none) matches the query."""
    return columns.boolean(getattr(func, FUNCTION)(Record.fields, query.field, query.q))


def matches(fields: str, field: str | None, text: str) -> bool:
    """Whether the JSON of a record's fields, or one of them, matches a simple query string."""
    query = parse(text)
    return query is not None and query.holds(Document(fields, field))
