"""The search engine of the embedded Argilla."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from argilla_server.enums import MetadataPropertyType, RecordStatus
from argilla_server.errors.future import UnprocessableEntityError
from argilla_server.models import (
    Dataset,
    MetadataProperty,
    Question,
    Record,
    Response,
    Suggestion,
    User,
    VectorSettings,
)
from argilla_server.search_engine.base import (
    Filter,
    FloatMetadataMetrics,
    IntegerMetadataMetrics,
    MetadataMetrics,
    Order,
    SearchEngine,
    SearchResponseItem,
    SearchResponses,
    TermsMetrics,
    TextQuery,
)
from sqlalchemy import ColumnElement, Select, case, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession, async_object_session

from labelloop.oracle.escaping import is_escaped
from labelloop.oracle.server.environment import SEARCH_ENGINE
from labelloop.oracle.server.reservations import SCREEN, Reservations
from labelloop.oracle.server.search import columns
from labelloop.oracle.server.search.filters import Schema, condition
from labelloop.oracle.server.search.order import given_first, is_decided, is_offered, ordered, seat_of
from labelloop.oracle.server.search.query_string import Document, parse

FUNCTION = "labelloop_matches"
RESERVATIONS = Reservations()


async def metrics(session: AsyncSession, property: MetadataProperty) -> MetadataMetrics:
    """The terms with their counts (most frequent first), or the smallest and the largest number."""
    if property.type == MetadataPropertyType.terms:
        return await _terms(session, property)
    rows = columns.metadata_values(property.name)
    statement = select(func.min(rows.c.value), func.max(rows.c.value)).select_from(Record).join(rows, true())
    low, high = (await session.execute(statement.where(Record.dataset_id == property.dataset_id))).one()
    if property.type == MetadataPropertyType.integer:
        return IntegerMetadataMetrics(min=low, max=high)
    return FloatMetadataMetrics(min=low, max=high)


async def _terms(session: AsyncSession, property: MetadataProperty) -> TermsMetrics:
    rows = columns.metadata_values(property.name)
    term, count = columns.as_text(rows.c.value), func.count()
    counted = await session.execute(
        select(term, count)
        .select_from(Record)
        .join(rows, true())
        .where(Record.dataset_id == property.dataset_id, rows.c.value.is_not(None))
        .group_by(term)
        .order_by(count.desc(), term)
    )
    values = [TermsMetrics.TermCount(term=term, count=count) for term, count in counted]
    return TermsMetrics(total=sum(value.count for value in values), values=values)


def contains(query: TextQuery) -> ColumnElement[bool]:
    """Whether a record's field (any of them, if the query names none) matches the query."""
    return columns.boolean(getattr(func, FUNCTION)(Record.fields, Record.metadata_, query.field, query.q))


def matches(fields: str, metadata: str | None, field: str | None, text: str) -> bool:
    """Whether the JSON of a record's fields, or one of them, matches a simple query string."""
    query = parse(text)
    if query is None:
        return False
    return query.holds(Document(fields, field, escaped=is_escaped(json.loads(metadata or "{}"))))


@SearchEngine.register(engine_name=SEARCH_ENGINE)
class TableSearchEngine(SearchEngine):  # type: ignore[misc]
    """Searches the server's own tables, in the session of the request. Indexing does nothing."""

    @classmethod
    async def new_instance(cls) -> "TableSearchEngine":
        return cls()

    async def close(self) -> None:
        """Does nothing: there is nothing to close."""

    async def ping(self) -> bool:
        return True

    async def info(self) -> dict[str, Any]:
        return {"name": "labelloop", "version": {"distribution": "sqlite", "number": sqlite3.sqlite_version}}

    async def search(
        self,
        dataset: Dataset,
        query: TextQuery | str | None = None,
        filter: Filter | None = None,
        sort: list[Order] | None = None,
        offset: int = 0,
        limit: int = 100,
        user_id: UUID | None = None,
    ) -> SearchResponses:
        session = _session(dataset)
        schema = await _schema(session, dataset)
        conditions = [Record.dataset_id == dataset.id]
        if filter is not None:
            conditions.append(condition(schema, filter))
        if query is not None:
            conditions.append(contains(query if isinstance(query, TextQuery) else TextQuery(q=query)))
        matching = select(Record.id).where(*conditions)
        seat = None if user_id is None else await seat_of(session, dataset, user_id)

        async def page(of: Select[Any], first: Sequence[ColumnElement[int]] = ()) -> SearchResponses:
            total = await session.scalar(select(func.count()).select_from(of.subquery()))
            in_order = ordered(of.order_by(*first), dataset.id, schema, sort or [], seat)
            rows = await session.scalars(in_order.offset(offset).limit(limit))
            return SearchResponses(items=[SearchResponseItem(record_id=id) for id in rows], total=total or 0)

        screen = SCREEN.get()
        if user_id is not None and screen == "left":
            RESERVATIONS.leave(user_id, dataset.id)
        if user_id is None or screen != "queue":
            return await page(matching)
        async with RESERVATIONS.lock:
            await _forget_answered(session, RESERVATIONS.before(user_id, dataset.id))
            on_other_screens = RESERVATIONS.before(user_id, dataset.id)
            offered = is_offered(dataset, {record: len(who) for record, who in on_other_screens.items()})
            queued = await page(matching.where(offered), [given_first(RESERVATIONS.of(user_id, dataset.id))])
            RESERVATIONS.hold(user_id, dataset.id, [item.record_id for item in queued.items], limit)
            return queued

    async def similarity_search(self, dataset: Dataset, *args: Any, **kwargs: Any) -> SearchResponses:
        raise UnprocessableEntityError("This server has no similarity search: use Argilla with Elasticsearch")

    async def get_dataset_progress(self, dataset: Dataset) -> dict[str, int]:
        if dataset.is_draft:
            return {}
        status = case((is_decided(dataset), RecordStatus.completed), else_=Record.status)
        counted = select(status, func.count()).where(Record.dataset_id == dataset.id)
        return await _counts(_session(dataset), counted.group_by(status))

    async def get_dataset_user_progress(self, dataset: Dataset, user: User) -> dict[str, int]:
        if dataset.is_draft:
            return {}
        counted = select(Response.status, func.count()).join(Record)
        counted = counted.where(Record.dataset_id == dataset.id, Response.user_id == user.id)
        return await _counts(_session(dataset), counted.group_by(Response.status))

    async def compute_metrics_for(self, metadata_property: MetadataProperty) -> MetadataMetrics:
        return await metrics(_session(metadata_property), metadata_property)

    async def update_record_response(self, response: Response) -> None:
        RESERVATIONS.answered(response.user_id, response.record_id)

    async def create_index(self, dataset: Dataset) -> None: ...
    async def delete_index(self, dataset: Dataset) -> None: ...
    async def configure_metadata_property(
        self, dataset: Dataset, metadata_property: MetadataProperty
    ) -> None: ...
    async def configure_index_vectors(self, vector_settings: VectorSettings) -> None: ...
    async def index_records(self, dataset: Dataset, records: Iterable[Record]) -> None: ...
    async def partial_record_update(self, record: Record, **update: Any) -> None: ...
    async def delete_records(self, dataset: Dataset, records: Iterable[Record]) -> None: ...
    async def delete_record_response(self, response: Response) -> None: ...
    async def update_record_suggestion(self, suggestion: Suggestion) -> None: ...
    async def delete_record_suggestion(self, suggestion: Suggestion) -> None: ...


async def _forget_answered(session: AsyncSession, on_screens: Mapping[UUID, Collection[UUID]]) -> None:
    """Forget what people hold although they have answered it, lest one person count for two.

    An answer may arrive while what the screen shows next is looked up, or fail after it was stored.
    """
    answers = select(Response.user_id, Response.record_id).where(Response.record_id.in_(on_screens))
    for user, record in await session.execute(answers):
        RESERVATIONS.answered(user, record)


def _session(row: Dataset | MetadataProperty) -> AsyncSession:
    session = async_object_session(row)
    if session is None:
        raise RuntimeError(f"{row} is not part of a session")
    return session


async def _schema(session: AsyncSession, dataset: Dataset) -> Schema:
    properties = await session.scalars(
        select(MetadataProperty).where(MetadataProperty.dataset_id == dataset.id)
    )
    questions = await session.scalars(select(Question).where(Question.dataset_id == dataset.id))
    return Schema(dataset, {p.name: p for p in properties}, {q.name: q for q in questions})


async def _counts(session: AsyncSession, statement: Any) -> dict[str, int]:
    counts = {status.value: count for status, count in await session.execute(statement)}
    return {"total": sum(counts.values()), **counts}
