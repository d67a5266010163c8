"""The values that events are made of."""

from typing import Annotated

from schemas.fields import EMPTY, UNSAID, Count, Integer, OneOf, Parameters, Positive, Seldom, Share, Time
from schemas.model import Model, part, without_unsaid

SINGLE_LABEL, MULTI_LABEL = "single-label", "multi-label"
Task = Annotated[str, OneOf((SINGLE_LABEL, MULTI_LABEL))]
ColdStart = Annotated[str, OneOf(("random", "balanced"))]
ColdStartV2 = Annotated[str, OneOf(("random", "balanced", "typical"))]
Ties = Annotated[str, OneOf(("label-order", "discard"))]
Reason = Annotated[str, OneOf(("cold-start", "uncertain", "audit", "relabel", "given"))]
Standing = Annotated[str, OneOf(("there", "disabled", "removed"))]
MACHINE = "machine"
"""The status of what a machine suggested, where that counts as a vote."""
VoteStatus = Annotated[str, OneOf(("submitted", "discarded", "draft", MACHINE))]
Abstained = Annotated[str, OneOf(("unsure", "unclear", "refused", "failed", "divided"))]
Probability = float | None


class Snapshot(Model):
    """An immutable table of texts: its `uri` relative to the store's root, the sha256 of its bytes."""

    uri: str
    digest: str
    size: Count
    text_column: str = "text"
    label_column: str | None = None
    dropped_empty: Integer = 0
    dropped_duplicate: Integer = 0
    dropped_near_copies: Integer = 0


class TopicRead(Model):
    """How far a Kafka topic was read: the next offset of each of its partitions, in their order.

    `cluster`: the id of the cluster, whatever its address is.
    """

    topic: str
    cluster: str
    offsets: tuple[Count, ...]


class Choice(Model):
    """A classifier, a query strategy or a stopping criterion by name, with its parameters."""

    name: str
    parameters: Parameters = EMPTY


class BaseModelChoice(Model):
    """The pretrained model that a classifier starts from: a Hub id, a folder or a bundled name."""

    name: str
    revision: str | None = None


class LogPrefix(Model):
    """The first `events` events of a project's log, and the digest over them."""

    events: Positive
    digest: str


class Settings(Model):
    """Settings of a project that take the place of others; None stays as it is."""

    batch_size: Positive | None = None
    max_batches: Positive | None = None
    audit_share: Share | None = None
    ties: Ties | None = None
    classifier: Choice | None = None
    strategy: Choice | None = None
    model: BaseModelChoice | None = None


class SettingsV2(Settings):
    """Settings of a project that take the place of others, also those that an earlier version did not change.

    A `stopping` criterion named `none`: nothing advises to stop any more. `annotators`: who alone sees the
    project where people answer; None, if nothing ever said it: everybody.
    """

    min_submitted: Positive | None = None
    lookahead: Count | None = None
    lookahead_grows: bool | None = None
    test: Snapshot | None = None
    stopping: Choice | None = None
    stop_when_advised: bool | None = None
    guidelines: str | None = None
    annotators: tuple[str, ...] | None = None


class SettingsV3(SettingsV2):
    """Settings of a project that take the place of others, also those of what is asked of people.

    `overlap`: the share of each batch that two people answer.
    """

    overlap: Share | None = None


class SettingsV4(SettingsV3):
    """Settings of a project that take the place of others, also of texts by which people are measured.

    `gold`: texts whose labels are certain, mixed into batches: so many, in addition, as `gold_share` of the
    batch's texts are.
    """

    gold: Snapshot | None = None
    gold_share: Share | None = None


class Shortlist(Model):
    """The texts of a large pool that a model scored: some drawn, and doubtful ones.

    A probe looked at so many texts, and was least sure of the doubtful ones. `digest`: the sha256 of the
    items, in order, separated by commas.
    """

    looked_at: Count
    doubtful: Count
    drawn: Count
    digest: str


@part
class QueriedItem:
    """A text that a batch asks for: why, and what the model that picked it thought of it.

    `probabilities`, where a text may have several labels: those of the predicted ones, of which there may be
    none; `probability` is then that of the likeliest label. `answers`: how many people are to answer it,
    where that are more than answer the other texts of its batch. `unaided`: nothing is suggested for it, so
    that gold texts are not the only ones.
    """

    item: Count
    rank: Count
    reason: Reason
    score: float | None = None
    predicted: tuple[str, ...] = ()
    probability: Probability = None
    suggested: bool = False
    probabilities: Seldom[tuple[float, ...]] = UNSAID
    answers: Seldom[Positive] = UNSAID
    unaided: Seldom[bool] = UNSAID

    _written = without_unsaid


@part
class GoldItem:
    """A text whose labels are certain: its row in the snapshot of such texts, and those labels.

    `rank`: its place among all texts that people are shown of the batch; those of the pool fill the other
    places in their order. No labels, where a text may have several: it has none of them.
    """

    item: Count
    rank: Count
    labels: tuple[str, ...] = ()


@part
class Vote:
    """One annotator's answer. `user` is the id of the account on the server where it was seen.

    Submitted without labels, where a text may have several: that none of them fits. If it is a machine's,
    `username` is the suggester and its model.
    """

    username: str
    user: str | None = None
    status: VoteStatus
    labels: tuple[str, ...] = ()
    time: Time | None = None


@part
class ItemVotes:
    """The answers to a text so far. `record` is the id that the server gave to the record that holds them."""

    item: Count
    record: str | None = None
    votes: tuple[Vote, ...] = ()


@part
class AnnotatedItem(ItemVotes):
    """What the votes on a text come to: labels, or discarded, or neither when a vote was withdrawn.

    `none`, where a text may have several labels: that it has none of them. `agreement` is the share of the
    submitted votes that the label got, of several the mean likeness of the votes to them; None below two.
    """

    labels: tuple[str, ...] = ()
    discarded: bool = False
    agreement: Probability = None
    none: Seldom[bool] = UNSAID

    _written = without_unsaid


@part
class FunctionVote:
    """The labels that one label function gave a text."""

    function: str
    labels: tuple[str, ...]


@part
class SuggestedItem:
    """What a suggester said of a text: labels, or why it has none.

    `none`, where a text may have several labels: that it has none of them. `abstained`: it could not tell
    (`unsure`), its answer was none (`unclear`), its endpoint refused the text, a label function failed, or
    label functions are divided. `votes`: of each label function that gave a label.
    """

    item: Count
    labels: tuple[str, ...] = ()
    none: Seldom[bool] = UNSAID
    abstained: Seldom[Abstained] = UNSAID
    votes: Seldom[tuple[FunctionVote, ...]] = UNSAID

    _written = without_unsaid


@part
class ClassFigures:
    """A class on the test set; `support` counts its gold labels."""

    precision: float
    recall: float
    f1: float
    support: Integer
