"""Filters of Argilla's search as SQL conditions on records."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argilla_server.enums import RecordSortField, ResponseStatus, ResponseStatusFilter, SuggestionType
from argilla_server.models import MetadataProperty, Question, Record, Response, Suggestion, User
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
from labelloop.oracle.server.search.values import between, one_of, record_between, record_one_of


@dataclass(frozen=True)
class Schema:
    """What filters refer to by name: a data set's metadata properties and questions."""

    metadata: Mapping[str, MetadataProperty]
    questions: Mapping[str, Question]


def condition(schema: Schema, filter: Filter) -> ColumnElement[bool]:
    """The condition that a record meets exactly if Elasticsearch would let it through `filter`."""
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
    """Pending means no response yet, of this user or, without a user, of anybody."""
    wanted = []
    if ResponseStatusFilter.pending in values:
        wanted.append(not_(columns.of_record(Response, *_by(user))))
    statuses = [status for status in ResponseStatus if status.value in values]
    if statuses:
        wanted.append(columns.of_record(Response, *_by(user), Response.status.in_(statuses)))
    return or_(false(), *wanted)


def _by(user: User | None) -> list[ColumnElement[bool]]:
    return [] if user is None else [Response.user_id == user.id]


def _record(property: str, filter: Filter) -> ColumnElement[bool]:
    field = RecordSortField(property)
    if isinstance(filter, RangeFilter):
        return record_between(field, filter.ge, filter.le)
    if isinstance(filter, TermsFilter):
        return record_one_of(field, filter.values)
    raise ValueError(f"Cannot filter {Record.__tablename__} by {filter}")
