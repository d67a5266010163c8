"""Build a text's record for Argilla: id, text, metadata and suggestion."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from labelloop.oracle.argilla.column_names import field_names, metadata_names
from labelloop.oracle.argilla.models import (
    TEXT_FIELD,
    MetadataValue,
    NewRecord,
    NewResponse,
    StoredRecord,
    Suggestion,
)
from labelloop.oracle.base import AskedText, Prediction, ShownText

METADATA = {
    "batch": ("Batch", "integer"),
    "rank": ("Rank in the batch", "integer"),
    "item": ("Pool item", "integer"),
    "reason": ("Why it was picked", "terms"),
    "model": ("Picked by model", "terms"),
}
"""The metadata that annotators see: titles, and Argilla's types."""


RESTORED = "restored"
"""The metadata of a record on which votes were put back: the ids of their accounts."""


WANTED = "answers-wanted"
"""The metadata of a record that wants another number of answers than its batch."""


def wanted(metadata: Mapping[str, Any]) -> int | None:
    """How many answers a record with this metadata wants, if it says so."""
    number = metadata.get(WANTED)
    return number if type(number) is int else None


def restored(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of the accounts whose votes were put back on a record with this metadata."""
    return tuple(str(metadata.get(RESTORED, "")).split())


def record_id(batch: str, item: int) -> str:
    """The external id of a text's record. It is always the same."""
    return f"{batch}:{item}"


def item_of(external_id: str | None, batch: str) -> int | None:
    """The pool item of a record of this batch. None if the record is not of this batch."""
    name, _, item = (external_id or "").rpartition(":")
    return int(item) if name == batch and item.isdecimal() else None


def new_record(asked: AskedText) -> NewRecord:
    """The record of a text, with its metadata for annotators."""
    metadata: dict[str, MetadataValue] = {"batch": asked.number, "rank": asked.rank, "item": asked.item}
    if asked.reason is not None:
        metadata["reason"] = asked.reason
    if asked.model is not None:
        metadata["model"] = _agent(asked.model)
    put_back = {*asked.restored, *(vote.user for vote in asked.votes if vote.user is not None)}
    if put_back:
        metadata[RESTORED] = " ".join(sorted(put_back))
    if asked.wanted is not None:
        metadata[WANTED] = asked.wanted
    own = metadata_names(asked.metadata)
    metadata |= {own[name]: value for name, value in asked.metadata.items() if value is not None}
    return NewRecord(
        external_id=record_id(asked.batch, asked.item),
        fields=_fields(asked),
        metadata=metadata,
        suggestion=_suggestion(asked.suggestion) if asked.suggestion else None,
        responses=tuple(
            NewResponse(vote.user, vote.status, vote.labels) for vote in asked.votes if vote.user is not None
        ),
    )


def _suggestion(predicted: Prediction) -> Suggestion:
    scores = predicted.probabilities
    if not predicted.labels and predicted.probability is not None:
        scores = (1 - predicted.probability,)
    return Suggestion(predicted.labels, predicted.probability, _agent(predicted.model), scores)


def _fields(asked: AskedText) -> dict[str, str]:
    """What people see of a text. A column that it does not have is no field of its record."""
    if not asked.columns:
        return {TEXT_FIELD: asked.text}
    names = field_names(asked.columns)
    return {names[column]: text for column, text in asked.columns.items() if text is not None}


def _agent(model: str) -> str:
    return f"model-{model}"


def shown_texts(batch: str, records: Sequence[StoredRecord]) -> Iterator[ShownText]:
    """The texts of a batch on these records of its number."""
    for record in records:
        item, rank = item_of(record.external_id, batch), record.metadata.get("rank")
        if item is not None and isinstance(rank, int):
            reason = record.metadata.get("reason")
            yield ShownText(item, rank, None if reason is None else str(reason))
