"""Build a text's record for Argilla: id, text, metadata and suggestion; read one that is there."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from labelloop.oracle.argilla.values import (
    TEXT_FIELD,
    MetadataValue,
    NewRecord,
    NewResponse,
    StoredRecord,
    Suggestion,
    field_names,
    metadata_names,
)
from labelloop.oracle.base import AskedText, Prediction, ShownText
from labelloop.oracle.lost_votes import SeenRecord
from schemas.parts import Vote

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

SUGGESTED_BY = "suggested_by"
"""The metadata of a record that shows what a machine suggests in the model's place: which one."""
NO_AGENT = re.compile(r"[^\w\-:./ ]", re.ASCII)
LONGEST_AGENT = 200


WANTED = "answers-wanted"
"""The metadata of a record that wants another number of answers than its batch."""


def wanted(metadata: Mapping[str, Any]) -> int | None:
    """How many answers a record with this metadata wants, if it says so."""
    number = metadata.get(WANTED)
    return number if type(number) is int else None


def restored(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of the accounts whose votes were put back on a record with this metadata."""
    return tuple(str(metadata.get(RESTORED, "")).split())


def suggested_by(metadata: Mapping[str, Any]) -> str:
    """Which machine's suggestion a record with this metadata shows. "": the model's, or none."""
    return str(metadata.get(SUGGESTED_BY, ""))


def record_id(batch: str, item: int) -> str:
    """The external id of a text's record. It is always the same."""
    return f"{batch}:{item}"


def item_of(external_id: str | None, batch: str) -> int | None:
    """The pool item of a record of this batch. None if the record is not of this batch."""
    name, _, item = (external_id or "").rpartition(":")
    return int(item) if name == batch and item.isdecimal() else None


def new_record(asked_text: AskedText) -> NewRecord:
    """The record of a text, with its metadata for annotators."""
    metadata: dict[str, MetadataValue] = {
        "batch": asked_text.number,
        "rank": asked_text.rank,
        "item": asked_text.item if asked_text.other_number is None else asked_text.other_number,
    }
    if asked_text.reason is not None:
        metadata["reason"] = asked_text.reason
    if asked_text.model is not None:
        metadata["model"] = _agent(asked_text.model)
    put_back = {*asked_text.restored, *(vote.user for vote in asked_text.votes if vote.user is not None)}
    if put_back:
        metadata[RESTORED] = " ".join(sorted(put_back))
    if asked_text.suggestion is not None and asked_text.suggestion.by:
        metadata[SUGGESTED_BY] = asked_text.suggestion.by
    if asked_text.wanted is not None:
        metadata[WANTED] = asked_text.wanted
    own = metadata_names(asked_text.metadata)
    metadata |= {own[name]: value for name, value in asked_text.metadata.items() if value is not None}
    return NewRecord(
        external_id=record_id(asked_text.batch, asked_text.item),
        fields=_fields(asked_text),
        metadata=metadata,
        suggestion=_suggestion(asked_text.suggestion) if asked_text.suggestion else None,
        responses=tuple(
            NewResponse(vote.user, vote.status, vote.labels)
            for vote in asked_text.votes
            if vote.user is not None
        ),
    )


def _suggestion(predicted: Prediction) -> Suggestion:
    scores = predicted.probabilities
    if not predicted.labels and predicted.probability is not None:
        scores = (1 - predicted.probability,)
    agent = _machine(predicted.by) if predicted.by else _agent(predicted.model)
    return Suggestion(predicted.labels, predicted.probability, agent, scores)


def _machine(name: str) -> str:
    """A machine's name, as Argilla takes one."""
    agent = NO_AGENT.sub("-", name)[:LONGEST_AGENT]
    return agent if agent.strip("-_:./ ") else "machine"


def _fields(asked_text: AskedText) -> dict[str, str]:
    """What people see of a text. A column that it does not have is no field of its record."""
    if not asked_text.columns:
        return {TEXT_FIELD: asked_text.text}
    names = field_names(asked_text.columns)
    return {names[column]: text for column, text in asked_text.columns.items() if text is not None}


def _agent(model: str) -> str:
    return f"model-{model}"


def seen_record(record: StoredRecord, votes: tuple[Vote, ...], earlier: tuple[Vote, ...]) -> SeenRecord:
    """A record as the loop sees it, with the votes on it, and earlier ones elsewhere on the same text."""
    return SeenRecord(
        record.id,
        votes,
        record.inserted_at,
        outdated=not record.is_literal,
        restored=restored(record.metadata),
        earlier=earlier,
        suggested_by=suggested_by(record.metadata),
        wanted=wanted(record.metadata),
    )


def shown_texts(batch: str, records: Sequence[StoredRecord]) -> Iterator[ShownText]:
    """The texts of a batch on these records of its number."""
    for record in records:
        item, rank = item_of(record.external_id, batch), record.metadata.get("rank")
        if item is not None and isinstance(rank, int):
            reason = record.metadata.get("reason")
            yield ShownText(item, rank, None if reason is None else str(reason))
