"""The queue of a person's screen, without the texts that need no answer of this person.

These are the texts that others have decided, and those that others have on their screens.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from argilla_server.enums import ResponseStatus
from argilla_server.models import Dataset, Record, Response
from sqlalchemy import ColumnElement, ScalarSelect, case, func, literal, select

DECIDING = (ResponseStatus.submitted, ResponseStatus.discarded)


def _decided_by() -> ScalarSelect[int]:
    """How many people have decided on a record: submitted a label, or discarded it."""
    return (
        select(func.count())
        .where(Response.record_id == Record.id, Response.status.in_(DECIDING))
        .correlate(Record)
        .scalar_subquery()
    )


def _wanted(dataset: Dataset) -> ColumnElement[int]:
    return literal(int(dataset.distribution["min_submitted"]))


def is_decided(dataset: Dataset) -> ColumnElement[bool]:
    """Whether as many people as the data set wants have decided on a record."""
    return _decided_by() >= _wanted(dataset)


def is_offered(dataset: Dataset, on_other_screens: Mapping[UUID, int]) -> ColumnElement[bool]:
    """Whether a record needs one more answer than those that it has and that others are about to give."""
    awaited: ColumnElement[int] = literal(0)
    if on_other_screens:
        awaited = case(dict(on_other_screens), value=Record.id, else_=0)
    return _decided_by() + awaited < _wanted(dataset)


def given_first(given: Sequence[UUID]) -> ColumnElement[int]:
    """Sorts what a screen was given before, in that order, before all others."""
    if not given:
        return literal(0)
    return case({record: place for place, record in enumerate(given)}, value=Record.id, else_=len(given))
