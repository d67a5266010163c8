"""The values that events are made of."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, JsonValue

from schemas.model import Model, OneOf

Task = Annotated[str, OneOf(("single-label", "multi-label"))]
ColdStart = Annotated[str, OneOf(("random", "balanced"))]
Ties = Annotated[str, OneOf(("label-order", "discard"))]
Reason = Annotated[str, OneOf(("cold-start", "uncertain", "audit", "relabel"))]
VoteStatus = Annotated[str, OneOf(("submitted", "discarded", "draft"))]
Probability = float | None


class Snapshot(Model):
    """An immutable table of texts: its `uri` relative to the store's root, the sha256 of its bytes."""

    uri: str
    digest: str
    size: int = Field(ge=0)
    text_column: str = "text"
    label_column: str | None = None
    dropped_empty: int = 0
    dropped_duplicate: int = 0


class Choice(Model):
    """A classifier or a query strategy by name, with its parameters."""

    name: str
    parameters: dict[str, JsonValue] = {}


class BaseModelChoice(Model):
    """The pretrained model that a classifier starts from: a Hub id, a folder or a bundled name."""

    name: str
    revision: str | None = None


class QueriedItem(Model):
    """A text that a batch asks for: why, and what the model that picked it thought of it."""

    item: int = Field(ge=0)
    rank: int = Field(ge=0)
    reason: Reason
    score: float | None = None
    predicted: tuple[str, ...] = ()
    probability: Probability = None
    suggested: bool = False


class Vote(Model):
    """One annotator's answer. `user` is the id of the account on the server where it was seen."""

    username: str
    user: str | None = None
    status: VoteStatus
    labels: tuple[str, ...] = ()
    time: datetime | None = None


class ItemVotes(Model):
    """The answers to a text so far. `record` is the id that the server gave to the record that holds them."""

    item: int = Field(ge=0)
    record: str | None = None
    votes: tuple[Vote, ...] = ()


class AnnotatedItem(ItemVotes):
    """What the votes on a text come to: labels, or discarded, or neither when a vote was withdrawn.

    `agreement` is the share of the submitted votes that the label got; None below two votes.
    """

    labels: tuple[str, ...] = ()
    discarded: bool = False
    agreement: Probability = None


class ClassFigures(Model):
    """A class on the test set; `support` counts its gold labels."""

    precision: float
    recall: float
    f1: float
    support: int
