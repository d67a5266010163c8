"""The order of records: by batch. Within a batch, each person starts at a different place.

The queue of a person's screen leaves out the texts that need no answer of this person: those that others have
decided, and those that others have on their screens.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from argilla_server.enums import RecordSortField, ResponseStatus, SortOrder
from argilla_server.models import Dataset, Question, Record, Response, Suggestion, User, WorkspaceUser
from argilla_server.search_engine.base import (
    MetadataFilterScope,
    Order,
    RecordFilterScope,
    ResponseFilterScope,
    SuggestionFilterScope,
)
from sqlalchemy import (
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    Subquery,
    UnaryExpression,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession

from labelloop.oracle.server.reservations import Seat, seat
from labelloop.oracle.server.search import columns
from labelloop.oracle.server.search.filters import Schema
from labelloop.oracle.server.wanted_answers import answers_wanted

BATCH = columns.metadata_value("batch")
RANK = columns.metadata_value("rank")
DECIDING = (ResponseStatus.submitted, ResponseStatus.discarded)


async def seat_of(session: AsyncSession, dataset: Dataset, user_id: UUID) -> Seat:
    """The seat of a user: members of the workspace in the order in which they joined, then others."""
    members = select(WorkspaceUser.inserted_at).where(WorkspaceUser.workspace_id == dataset.workspace_id)
    joined = members.where(WorkspaceUser.user_id == user_id).scalar_subquery()
    earlier = members.where(or_(joined.is_(None), WorkspaceUser.inserted_at < joined)).subquery()
    return seat(await session.scalar(select(func.count()).select_from(earlier)) or 0)


def ordered(
    statement: Select[Any], dataset_id: Any, schema: Schema, sort: Sequence[Order], seat: Seat | None
) -> Select[Any]:
    """`statement` ordered by `sort`, then by batch, then from the user's `seat` (or by rank), then by id.

    Missing values come last in both directions, as in Elasticsearch.
    """
    batches = _batches(dataset_id)
    clauses = [_directed(_value(schema, order), order.order) for order in sort]
    return statement.outerjoin(batches, batches.c.batch == BATCH).order_by(
        *clauses,
        BATCH.asc().nulls_last(),
        _position(batches, seat).asc().nulls_last(),
        Record.inserted_at,
        Record.id,
    )


def _batches(dataset_id: Any) -> Subquery:
    first = func.min(RANK)
    return (
        select(
            BATCH.label("batch"),
            first.label("first"),
            (cast(func.max(RANK), Integer) - first + 1).label("size"),
        )
        .where(Record.dataset_id == dataset_id, BATCH.is_not(None))
        .group_by(BATCH)
        .subquery("batches")
    )


def _position(batches: Subquery, seat: Seat | None) -> ColumnElement[Any]:
    if seat is None:
        return RANK
    size = batches.c.size
    start = cast(size * seat.start, Integer)
    place = cast(RANK, Integer) - batches.c.first
    walked = place - start if seat.forward else start - 1 - place
    return (walked + size) % size


def _directed(value: ColumnElement[Any], order: SortOrder) -> UnaryExpression[Any]:
    return (value.desc() if order == SortOrder.desc else value.asc()).nulls_last()


def _value(schema: Schema, order: Order) -> ColumnElement[Any]:
    match order.scope:
        case MetadataFilterScope(metadata_property=name):
            return _extreme(columns.metadata_values(name), order.order)
        case SuggestionFilterScope(question=name, property=property):
            return _suggestion(schema.questions[name], property, order.order)
        case ResponseFilterScope(question=str(name), user=user):
            return _response(schema.questions[name], user)
        case ResponseFilterScope(user=user):
            return _of_responses(select(func.min(Response.status)), user)
        case RecordFilterScope(property=property):
            column: ColumnElement[Any] = getattr(Record, RecordSortField(property).value)
            return column
    raise ValueError(f"Cannot sort by {order.scope}")


def _extreme(rows: Any, order: SortOrder) -> ColumnElement[Any]:
    best = func.max if order == SortOrder.desc else func.min
    return select(best(rows.c.value)).select_from(rows).scalar_subquery()


def _suggestion(question: Question, property: str, order: SortOrder) -> ColumnElement[Any]:
    value: ColumnElement[Any] = getattr(Suggestion, property)
    if property in ("value", "score"):
        value = _extreme(columns.suggestion_values(value), order)
    of_question = and_(Suggestion.record_id == Record.id, Suggestion.question_id == question.id)
    return select(value).where(of_question).correlate(Record).scalar_subquery()


def _response(question: Question, user: User | None) -> ColumnElement[Any]:
    rows = columns.response_values(question)
    mean = func.avg if columns.is_numeric(question) else func.min
    return _of_responses(select(mean(rows.c.value)).select_from(Response).join(rows, true()), user)


def _of_responses(statement: Select[Any], user: User | None) -> ColumnElement[Any]:
    by_user = [] if user is None else [Response.user_id == user.id]
    return statement.where(Response.record_id == Record.id, *by_user).correlate(Record).scalar_subquery()


def _decided_by() -> ScalarSelect[int]:
    """How many people have decided on a record: submitted a label, or discarded it."""
    return (
        select(func.count())
        .where(Response.record_id == Record.id, Response.status.in_(DECIDING))
        .correlate(Record)
        .scalar_subquery()
    )


def is_decided(dataset: Dataset) -> ColumnElement[bool]:
    """Whether as many people as it wants have decided on a record."""
    return _decided_by() >= answers_wanted(dataset)


def is_offered(dataset: Dataset, on_other_screens: Mapping[UUID, int]) -> ColumnElement[bool]:
    """Whether a record needs one more answer than those that it has and that others are about to give."""
    awaited: ColumnElement[int] = literal(0)
    if on_other_screens:
        awaited = case(dict(on_other_screens), value=Record.id, else_=0)
    return _decided_by() + awaited < answers_wanted(dataset)


def given_first(records: Sequence[UUID]) -> ColumnElement[int]:
    """Sorts what a screen was given before, in that order, before all others."""
    if not records:
        return literal(0)
    return case({record: place for place, record in enumerate(records)}, value=Record.id, else_=len(records))
