"""What the filter widgets show of a metadata property."""

from argilla_server.enums import MetadataPropertyType
from argilla_server.models import MetadataProperty, Record
from argilla_server.search_engine.base import (
    FloatMetadataMetrics,
    IntegerMetadataMetrics,
    MetadataMetrics,
    TermsMetrics,
)
from sqlalchemy import func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from labelloop.oracle.server.search import columns


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
