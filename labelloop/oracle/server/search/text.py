"""Text search over the fields of records, a function of SQLite's."""

from typing import Any

from argilla_server.database import async_engine
from argilla_server.models import Record
from argilla_server.search_engine.base import TextQuery
from sqlalchemy import ColumnElement, event, func

from labelloop.oracle.server.search import columns
from labelloop.oracle.server.search.parse import parse
from labelloop.oracle.server.search.words import Document

FUNCTION = "labelloop_matches"


def contains(query: TextQuery) -> ColumnElement[bool]:
    """Whether a record's field (any of them, if the query names none) matches the query."""
    return columns.boolean(getattr(func, FUNCTION)(Record.fields, query.field, query.q))


@event.listens_for(async_engine.sync_engine, "connect")
def _add_function(connection: Any, _record: Any) -> None:
    connection.create_function(FUNCTION, 3, _matches, deterministic=True)


def _matches(fields: str, field: str | None, text: str) -> bool:
    query = parse(text)
    return query is not None and query.holds(Document(fields, field))
