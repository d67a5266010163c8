"""The verdict on a text: the labels of the majority, tie-breaking, or discarded. Pure."""

from collections import Counter
from statistics import fmean
from typing import Protocol

from labelloop.loop.agreement import likeness
from schemas.fields import UNSAID
from schemas.parts import MULTI_LABEL, AnnotatedItem, ItemVotes, Vote

Labels = tuple[str, ...]


class Rules(Protocol):
    """What a project, or one that is being made, says of votes."""

    @property
    def task(self) -> str: ...

    @property
    def labels(self) -> Labels: ...

    @property
    def min_submitted(self) -> int: ...

    @property
    def ties(self) -> str: ...


def verdict(votes: ItemVotes, project: Rules, wanted: int = 0) -> AnnotatedItem | None:
    """The labels of the majority, or discarded. None while too few annotators have decided.

    `wanted`: how many decide this text, if more than the project's others. A text is discarded if at least
    half of the deciding votes discard it.
    """
    submitted = [vote for vote in votes.votes if vote.status == "submitted"]
    discarded = [vote for vote in votes.votes if vote.status == "discarded"]
    deciding = len(submitted) + len(discarded)
    if deciding < max(wanted, project.min_submitted):
        return None
    if 2 * len(discarded) >= deciding:
        return _item(votes, (), True, None)
    return (_majority_of_each if project.task == MULTI_LABEL else _majority)(votes, submitted, project)


def withdrawn(votes: ItemVotes) -> AnnotatedItem:
    """The verdict on a text whose label was withdrawn: neither labelled nor discarded."""
    return _item(votes, (), False, None)


def _majority(votes: ItemVotes, submitted: list[Vote], project: Rules) -> AnnotatedItem:
    counts = Counter(vote.labels for vote in submitted)
    most = max(counts.values())
    leading = [labels for labels, count in counts.items() if count == most]
    agreement = most / len(submitted) if len(submitted) > 1 else None
    if len(leading) > 1 and project.ties == "discard":
        return _item(votes, (), True, agreement)
    winner = min(leading, key=lambda labels: _in_label_order(labels, project))
    return _item(votes, winner, False, agreement)


def _majority_of_each(votes: ItemVotes, submitted: list[Vote], project: Rules) -> AnnotatedItem:
    """Each label that more than half of the submitted votes give: a tie leaves it out."""
    counts = Counter(label for vote in submitted for label in set(vote.labels))
    labels = tuple(label for label in project.labels if 2 * counts[label] > len(submitted))
    alike = [likeness(vote.labels, labels) for vote in submitted]
    return _item(votes, labels, False, fmean(alike) if len(alike) > 1 else None, none=not labels)


def _in_label_order(labels: Labels, project: Rules) -> list[int]:
    known = {label: place for place, label in enumerate(project.labels)}
    return [known.get(label, len(known)) for label in labels]


def _item(
    votes: ItemVotes, labels: Labels, discarded: bool, agreement: float | None, *, none: bool = False
) -> AnnotatedItem:
    return AnnotatedItem(
        item=votes.item,
        record=votes.record,
        votes=votes.votes,
        labels=labels,
        discarded=discarded,
        agreement=agreement,
        none=none or UNSAID,
    )
