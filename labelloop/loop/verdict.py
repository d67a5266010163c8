"""The verdict on a text: the labels of the majority, tie-breaking, or discarded. Pure.

A machine has one vote. It counts only beside those of people, and never outweighs as many of them.
"""

from collections import Counter
from statistics import fmean
from typing import Protocol

from labelloop.loop.agreement import likeness
from schemas.fields import UNSAID
from schemas.parts import MACHINE, MULTI_LABEL, AnnotatedItem, ItemVotes, Vote

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
    """The labels of the majority, or discarded. None while too few people have decided.

    `wanted`: how many people decide this text, if more than the project's others. A text is discarded if at
    least half of those who decide discard it.
    """
    submitted = [vote for vote in votes.votes if vote.status == "submitted"]
    machines = [vote for vote in votes.votes if vote.status == MACHINE]
    discarded = [vote for vote in votes.votes if vote.status == "discarded"]
    deciding = len(submitted) + len(discarded)
    if deciding < max(wanted, project.min_submitted):
        return None
    if 2 * len(discarded) >= deciding:
        return _item(votes, (), True, None)
    majority = _majority_of_each if project.task == MULTI_LABEL else _majority
    return majority(votes, submitted, [*submitted, *machines], project)


def withdrawn(votes: ItemVotes) -> AnnotatedItem:
    """The verdict on a text whose label was withdrawn: neither labelled nor discarded."""
    return _item(votes, (), False, None)


def _majority(votes: ItemVotes, people: list[Vote], everyone: list[Vote], project: Rules) -> AnnotatedItem:
    """The labels with most votes; of several, those with most votes of people."""
    counts, of_people = Counter(vote.labels for vote in everyone), Counter(vote.labels for vote in people)
    most = max((counts[labels], of_people[labels]) for labels in of_people)
    leading = [labels for labels in of_people if (counts[labels], of_people[labels]) == most]
    agreement = most[0] / len(everyone) if len(everyone) > 1 else None
    if len(leading) > 1 and project.ties == "discard":
        return _item(votes, (), True, agreement)
    winner = min(leading, key=lambda labels: _in_label_order(labels, project))
    return _item(votes, winner, False, agreement)


def _majority_of_each(
    votes: ItemVotes, people: list[Vote], everyone: list[Vote], project: Rules
) -> AnnotatedItem:
    """Each label that more than half of the votes give, or half of them, and more than half of people's."""
    counts = Counter(label for vote in everyone for label in set(vote.labels))
    of_people = Counter(label for vote in people for label in set(vote.labels))
    labels = tuple(
        label
        for label in project.labels
        if (2 * counts[label], 2 * of_people[label]) > (len(everyone), len(people))
    )
    alike = [likeness(vote.labels, labels) for vote in everyone]
    return _item(votes, labels, False, fmean(alike) if len(alike) > 1 else None, none=not labels)


def _in_label_order(labels: Labels, project: Rules) -> list[int]:
    place_of = {label: place for place, label in enumerate(project.labels)}
    return [place_of.get(label, len(place_of)) for label in labels]


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
