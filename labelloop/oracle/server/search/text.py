"""Text search over the fields of records, in Elasticsearch's simple query string."""

from typing import Any

from argilla_server.database import async_engine
from argilla_server.models import Record
from argilla_server.search_engine.base import TextQuery
from sqlalchemy import ColumnElement, event, func

from labelloop.oracle.server.search import columns
from labelloop.oracle.server.search.matching import matches

FUNCTION = "labelloop_matches"


@event.listens_for(async_engine.sync_engine, "connect")
def _add_function(connection: Any, _record: Any) -> None:
    connection.create_function(FUNCTION, 2, matches, deterministic=True)


def contains(query: TextQuery) -> ColumnElement[bool]:
    """Whether a record's field (any of them, if the query names none) matches the query."""
    path = columns.json_path() if query.field is None else columns.json_path(query.field)
    return columns.boolean(getattr(func, FUNCTION)(func.json_extract(Record.fields, path), query.q))
