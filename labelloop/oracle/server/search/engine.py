"""The search engine that the embedded Argilla asks."""

import sqlite3
from collections.abc import Iterable
from typing import Any
from uuid import UUID

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
    MetadataMetrics,
    Order,
    SearchEngine,
    SearchResponseItem,
    SearchResponses,
    TextQuery,
)
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_object_session

from labelloop.oracle.server.environment import SEARCH_ENGINE
from labelloop.oracle.server.search.filters import Schema, condition
from labelloop.oracle.server.search.metrics import metrics
from labelloop.oracle.server.search.order import ordered
from labelloop.oracle.server.search.people import seat_of
from labelloop.oracle.server.search.text import contains


@SearchEngine.register(engine_name=SEARCH_ENGINE)
class TableSearchEngine(SearchEngine):  # type: ignore[misc]
    """Answers from the server's own tables, in the session of the request; indexing is nothing to do."""

    @classmethod
    async def new_instance(cls) -> "TableSearchEngine":
        return cls()

    async def close(self) -> None:
        """Nothing is open."""

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
        total = await session.scalar(select(func.count()).select_from(Record).where(*conditions))
        seat = None if user_id is None else await seat_of(session, dataset, user_id)
        page = ordered(select(Record.id).where(*conditions), dataset.id, schema, sort or [], seat)
        found = await session.scalars(page.offset(offset).limit(limit))
        return SearchResponses(items=[SearchResponseItem(record_id=id) for id in found], total=total or 0)

    async def similarity_search(self, dataset: Dataset, *args: Any, **kwargs: Any) -> SearchResponses:
        raise UnprocessableEntityError("This server has no similarity search: use Argilla with Elasticsearch")

    async def get_dataset_progress(self, dataset: Dataset) -> dict[str, int]:
        if dataset.is_draft:
            return {}
        counted = select(Record.status, func.count()).where(Record.dataset_id == dataset.id)
        return await _counts(_session(dataset), counted.group_by(Record.status))

    async def get_dataset_user_progress(self, dataset: Dataset, user: User) -> dict[str, int]:
        if dataset.is_draft:
            return {}
        counted = select(Response.status, func.count()).join(Record)
        counted = counted.where(Record.dataset_id == dataset.id, Response.user_id == user.id)
        return await _counts(_session(dataset), counted.group_by(Response.status))

    async def compute_metrics_for(self, metadata_property: MetadataProperty) -> MetadataMetrics:
        return await metrics(_session(metadata_property), metadata_property)

    async def create_index(self, dataset: Dataset) -> None: ...
    async def delete_index(self, dataset: Dataset) -> None: ...
    async def configure_metadata_property(
        self, dataset: Dataset, metadata_property: MetadataProperty
    ) -> None: ...
    async def configure_index_vectors(self, vector_settings: VectorSettings) -> None: ...
    async def index_records(self, dataset: Dataset, records: Iterable[Record]) -> None: ...
    async def partial_record_update(self, record: Record, **update: Any) -> None: ...
    async def delete_records(self, dataset: Dataset, records: Iterable[Record]) -> None: ...
    async def update_record_response(self, response: Response) -> None: ...
    async def delete_record_response(self, response: Response) -> None: ...
    async def update_record_suggestion(self, suggestion: Suggestion) -> None: ...
    async def delete_record_suggestion(self, suggestion: Suggestion) -> None: ...


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
    return Schema({p.name: p for p in properties}, {q.name: q for q in questions})


async def _counts(session: AsyncSession, statement: Any) -> dict[str, int]:
    counts = {status.value: count for status, count in await session.execute(statement)}
    return {"total": sum(counts.values()), **counts}
