"""Comparisons by type: a filter's values arrive as text or numbers, a record's are JSON or columns."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from argilla_server.enums import RecordSortField, RecordStatus
from argilla_server.errors.future import UnprocessableEntityError
from argilla_server.models import Record
from sqlalchemy import ColumnElement, and_, true

from labelloop.oracle.server.search.columns import as_text

Bound = float | str | None
MOMENTS = (RecordSortField.inserted_at, RecordSortField.updated_at)


def one_of(value: ColumnElement[Any], wanted: Sequence[str], numeric: bool) -> ColumnElement[bool]:
    """Whether `value` equals one of `wanted`, as numbers or as strings."""
    if numeric:
        return value.in_([_number(text) for text in wanted])
    return as_text(value).in_([str(text) for text in wanted])


def between(value: ColumnElement[Any], ge: Bound, le: Bound, numeric: bool) -> ColumnElement[bool]:
    """Whether `ge` <= `value` <= `le`, as numbers or as strings; a bound that is None is open."""
    if numeric:
        return _within(value, _maybe(_number, ge), _maybe(_number, le))
    return _within(as_text(value), _maybe(str, ge), _maybe(str, le))


def record_one_of(field: RecordSortField, wanted: Sequence[str]) -> ColumnElement[bool]:
    """Whether an attribute of the record equals one of `wanted`; what it cannot equal is no match."""
    column: ColumnElement[Any] = getattr(Record, field.value)
    if field is RecordSortField.status:
        return column.in_([status for status in RecordStatus if status.value in wanted])
    if field is RecordSortField.id:
        return column.in_([identity for text in wanted if (identity := _uuid(text)) is not None])
    if field in MOMENTS:
        return column.in_([_moment(text, time.min) for text in wanted])
    return column.in_(wanted)


def record_between(field: RecordSortField, ge: Bound, le: Bound) -> ColumnElement[bool]:
    """Whether an attribute of the record lies between bounds; dates are ISO 8601 or epoch milliseconds."""
    if field in MOMENTS:
        moment = getattr(Record, field.value)
        return _within(
            moment, *(None if b is None else _moment(b, t) for b, t in ((ge, time.min), (le, time.max)))
        )
    if field is RecordSortField.external_id:
        return between(Record.external_id, ge, le, numeric=False)
    raise UnprocessableEntityError(f"`{field.value}` of a record has no order: filter it by terms")


def _within(value: ColumnElement[Any], ge: Any, le: Any) -> ColumnElement[bool]:
    lower = true() if ge is None else value >= ge
    upper = true() if le is None else value <= le
    return and_(lower, upper)


def _maybe(convert: Any, bound: Bound) -> Any:
    return None if bound is None else convert(bound)


def _number(text: float | str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise UnprocessableEntityError(f"`{text}` is not a number") from error
    return int(number) if number.is_integer() else number


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _moment(bound: float | str, missing: time) -> datetime:
    """A naive UTC time, as the tables have it; a date alone gets the time of day `missing`."""
    try:
        if isinstance(bound, int | float):
            return datetime.fromtimestamp(bound / 1000, UTC).replace(tzinfo=None)
        moment = datetime.fromisoformat(bound)
    except (ValueError, OverflowError, OSError) as error:
        raise UnprocessableEntityError(f"`{bound}` is not a date or time") from error
    if len(bound) == len("2000-01-01"):
        moment = datetime.combine(moment, missing)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
