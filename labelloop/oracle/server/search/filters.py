"""Filters of Argilla's search as SQL conditions on records.

A filter's values are text or numbers; a record's values are JSON or columns. They are compared by type.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from argilla_server.enums import (
    RecordSortField,
    RecordStatus,
    ResponseStatus,
    ResponseStatusFilter,
    SuggestionType,
)
from argilla_server.errors.future import UnprocessableEntityError
from argilla_server.models import Dataset, MetadataProperty, Question, Record, Response, Suggestion, User
from argilla_server.search_engine.base import (
    AndFilter,
    Filter,
    MetadataFilterScope,
    RangeFilter,
    RecordFilterScope,
    ResponseFilterScope,
    SuggestionFilterScope,
    TermsFilter,
)
from sqlalchemy import ColumnElement, and_, false, not_, or_, true

from labelloop.oracle.server.search import columns
from labelloop.oracle.server.search.columns import as_text
from labelloop.oracle.server.wanted_answers import is_completed

Bound = float | str | None
MOMENTS = (RecordSortField.inserted_at, RecordSortField.updated_at)


@dataclass(frozen=True)
class Schema:
    """A data set with its metadata properties and questions, which filters refer to by name."""

    dataset: Dataset
    metadata: Mapping[str, MetadataProperty]
    questions: Mapping[str, Question]


def condition(schema: Schema, filter: Filter) -> ColumnElement[bool]:
    """The SQL condition that is true exactly for the records that Elasticsearch's `filter` accepts."""
    if isinstance(filter, AndFilter):
        return and_(true(), *(condition(schema, part) for part in filter.filters))
    match filter.scope:
        case MetadataFilterScope(metadata_property=name):
            return _metadata(schema.metadata[name], filter)
        case SuggestionFilterScope(question=name, property=property):
            return _suggestion(schema.questions[name], property, filter)
        case ResponseFilterScope(question=str(name), user=user):
            return _response_value(schema.questions[name], user, filter)
        case ResponseFilterScope(property="status", user=user) if isinstance(filter, TermsFilter):
            return _response_status(filter.values, user)
        case RecordFilterScope(property="status") if isinstance(filter, TermsFilter):
            return _record_status(schema.dataset, filter.values)
        case RecordFilterScope(property=property):
            return _record(property, filter)
    raise ValueError(f"Cannot filter by {filter.scope}")


def _matches(filter: Filter, value: ColumnElement[Any], numeric: bool) -> ColumnElement[bool]:
    if isinstance(filter, TermsFilter):
        return one_of(value, filter.values, numeric)
    return between(value, filter.ge, filter.le, numeric)


def _metadata(property: MetadataProperty, filter: Filter) -> ColumnElement[bool]:
    rows = columns.metadata_values(property.name)
    return columns.any_of(rows, _matches(filter, rows.c.value, columns.is_numeric(property)))


def _suggestion(question: Question, property: str, filter: Filter) -> ColumnElement[bool]:
    of_question = Suggestion.question_id == question.id
    match property:
        case "value" if question.type in columns.SEARCHABLE_QUESTIONS:
            rows = columns.suggestion_values(Suggestion.value)
            met = columns.any_of(rows, _matches(filter, rows.c.value, columns.is_numeric(question)))
        case "score":
            rows = columns.suggestion_values(Suggestion.score)
            met = columns.any_of(rows, _matches(filter, rows.c.value, True))
        case "agent":
            met = _matches(filter, Suggestion.agent, False)
        case "type" if isinstance(filter, TermsFilter):
            met = Suggestion.type.in_([kind for kind in SuggestionType if kind.value in filter.values])
        case _:
            return false()
    return columns.of_record(Suggestion, of_question, met)


def _response_value(question: Question, user: User | None, filter: Filter) -> ColumnElement[bool]:
    if question.type not in columns.SEARCHABLE_QUESTIONS:
        return false()
    rows = columns.response_values(question)
    met = columns.any_of(rows, _matches(filter, rows.c.value, columns.is_numeric(question)))
    return columns.of_record(Response, *_by(user), met)


def _response_status(values: list[str], user: User | None) -> ColumnElement[bool]:
    """Pending means that this user (or, without a user, anybody) has not responded yet."""
    conditions = []
    if ResponseStatusFilter.pending in values:
        conditions.append(not_(columns.of_record(Response, *_by(user))))
    statuses = [status for status in ResponseStatus if status.value in values]
    if statuses:
        conditions.append(columns.of_record(Response, *_by(user), Response.status.in_(statuses)))
    return or_(false(), *conditions)


def _by(user: User | None) -> list[ColumnElement[bool]]:
    return [] if user is None else [Response.user_id == user.id]


def _record_status(dataset: Dataset, values: list[str]) -> ColumnElement[bool]:
    is_of_status = {
        RecordStatus.completed: is_completed(dataset),
        RecordStatus.pending: not_(is_completed(dataset)),
    }
    return or_(false(), *(holds for status, holds in is_of_status.items() if status.value in values))


def _record(property: str, filter: Filter) -> ColumnElement[bool]:
    field = RecordSortField(property)
    if isinstance(filter, RangeFilter):
        return record_between(field, filter.ge, filter.le)
    if isinstance(filter, TermsFilter):
        return record_one_of(field, filter.values)
    raise ValueError(f"Cannot filter {Record.__tablename__} by {filter}")


def one_of(value: ColumnElement[Any], texts: Sequence[str], numeric: bool) -> ColumnElement[bool]:
    """Whether `value` equals one of `texts`, as numbers or as strings."""
    if numeric:
        return value.in_([_number(text) for text in texts])
    return as_text(value).in_([str(text) for text in texts])


def between(value: ColumnElement[Any], ge: Bound, le: Bound, numeric: bool) -> ColumnElement[bool]:
    """Whether `ge` <= `value` <= `le`, as numbers or as strings. None is an open bound."""
    if numeric:
        return _within(value, _maybe(_number, ge), _maybe(_number, le))
    return _within(as_text(value), _maybe(str, ge), _maybe(str, le))


def record_one_of(field: RecordSortField, texts: Sequence[str]) -> ColumnElement[bool]:
    """Whether an attribute of the record equals one of `texts`. Values of another type never match."""
    column: ColumnElement[Any] = getattr(Record, field.value)
    if field is RecordSortField.id:
        return column.in_([identity for text in texts if (identity := _uuid(text)) is not None])
    if field in MOMENTS:
        return column.in_([_moment(text, time.min) for text in texts])
    return column.in_(texts)


def record_between(field: RecordSortField, ge: Bound, le: Bound) -> ColumnElement[bool]:
    """Whether an attribute of the record is between bounds. Dates are ISO 8601 or epoch milliseconds."""
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
    """A naive UTC time, as in the tables. A date alone gets the time of day `missing`."""
    try:
        if isinstance(bound, int | float):
            return datetime.fromtimestamp(bound / 1000, UTC).replace(tzinfo=None)
        moment = datetime.fromisoformat(bound)
    except (ValueError, OverflowError, OSError) as error:
        raise UnprocessableEntityError(f"`{bound}` is not a date or time") from error
    if len(bound) == len("2000-01-01"):
        moment = datetime.combine(moment, missing)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
