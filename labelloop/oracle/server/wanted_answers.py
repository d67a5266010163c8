"""How many people decide a text, where that changes from a batch on.

Argilla knows one number for all texts of a data set. Here counts what labelloop writes into the data set's
metadata: `{"min_submitted": [[0, 1], [5, 2]]}` says that from batch 5 on it is 2. In the metadata of a record
`{"answers-wanted": 2}` says it of that text alone.
"""

from collections.abc import Sequence
from typing import Any

from argilla_server.contexts import datasets, distribution
from argilla_server.enums import RecordStatus, ResponseStatus
from argilla_server.models import Dataset, Record, Response
from sqlalchemy import ColumnElement, and_, case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from labelloop.oracle.server.search import columns

KEY = "min_submitted"
OWN = "answers-wanted"
MOST = 2**31


def answers_wanted(dataset: Dataset) -> ColumnElement[int]:
    """How many people a record of the data set wants."""
    whole = literal(int(dataset.distribution[KEY]))
    newest_first = sorted(_steps(dataset), reverse=True)
    batch, own = columns.metadata_value("batch"), columns.metadata_value(OWN)
    steps = [(batch >= first, number) for first, number in newest_first]
    return case((and_(own >= 0, own < MOST), own), *steps, else_=whole)


def is_completed(dataset: Dataset) -> ColumnElement[bool]:
    """Whether a record has the answers that it wants. Its status may be older, if the server was killed."""
    submitted = select(func.count()).where(
        Response.record_id == Record.id, Response.status == ResponseStatus.submitted
    )
    return submitted.correlate(Record).scalar_subquery() >= answers_wanted(dataset)


def wanted_by(record: Record) -> int:
    """The same, of a record that is at hand with its data set."""
    metadata = record.metadata_ or {}
    batch, own = metadata.get("batch"), metadata.get(OWN)
    if type(own) is int and 0 <= own < MOST:
        return own
    steps = [step for step in _steps(record.dataset) if isinstance(batch, int) and step[0] <= batch]
    return max(steps)[1] if steps else int(record.dataset.distribution[KEY])


def count_by_batch() -> None:
    """Take a record as completed once it has as many answers as its own batch wants."""

    async def update(db: AsyncSession, record: Record) -> Record:
        is_completed = len(record.responses_submitted) >= wanted_by(record)
        record.status = RecordStatus.completed if is_completed else RecordStatus.pending
        saved: Record = await record.save(db, autocommit=False)
        return saved

    distribution._update_record_status_with_overlap_strategy = update


def keep_changed_metadata() -> None:
    """Argilla changes a data set's metadata in place, which its database does not notice a second time."""
    update = datasets.update_dataset

    async def update_dataset(db: AsyncSession, dataset: Dataset, attributes: dict[str, Any]) -> Dataset:
        metadata = attributes.pop("metadata_", None)
        if metadata is not None:
            dataset.metadata_ = {**(dataset.metadata_ or {}), **metadata}
        updated: Dataset = await update(db, dataset, attributes)
        return updated

    datasets.update_dataset = update_dataset


def _steps(dataset: Dataset) -> Sequence[tuple[int, int]]:
    """First batches, and how many people decide from there on. What does not look so is ignored."""
    steps = (dataset.metadata_ or {}).get(KEY)
    pairs = (
        [each for each in steps if isinstance(each, list) and len(each) == 2]
        if isinstance(steps, list)
        else []
    )
    return [
        (first, number)
        for first, number in pairs
        if type(first) is int and type(number) is int and 0 <= first < MOST and 0 < number < MOST
    ]
