"""The labels at a point of the log: they can be called otherwise, become more, and be retired."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from labelloop.loop.state import InapplicableEvent, LoopState, Trained
from schemas.events import LabelsChanged
from schemas.fields import UNSAID
from schemas.model import replaced
from schemas.parts import AnnotatedItem, Vote


@dataclass(frozen=True)
class LabelList:
    """The labels after `number` changes.

    `names`: how each was called first, which is how events, votes and digests speak of it for ever; each
    keeps its place. `shown`: how each is called now. `retired`: the names of those that count no more.
    `place`: the number of the change by which people got other labels to choose from; 0: they have those of
    the beginning.
    """

    number: int
    names: tuple[str, ...]
    shown: tuple[str, ...]
    retired: frozenset[str] = frozenset()
    place: int = 0

    @cached_property
    def called(self) -> Mapping[str, str]:
        """How each label is called now, by its name."""
        return dict(zip(self.names, self.shown, strict=True))

    @property
    def choices(self) -> dict[str, str]:
        """The labels that people choose from, as they are called now, by name."""
        return {name: shown for name, shown in self.called.items() if name not in self.retired}

    def show(self, labels: Iterable[str]) -> tuple[str, ...]:
        """How labels are called now. What is no label stays."""
        return tuple(self.called.get(label, label) for label in labels)

    def counting(self, labels: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """The labels of a text without the retired ones; None, as if it had none, if none is left."""
        if not labels or self.retired.isdisjoint(labels):
            return labels
        return tuple(label for label in labels if label not in self.retired) or None

    def counting_votes(self, votes: tuple[Vote, ...]) -> tuple[Vote, ...]:
        """The votes without the retired labels. One for nothing else is left out, unless it discards."""
        if not self.retired:
            return votes
        return tuple(
            replaced(vote, labels=labels or ())
            for vote in votes
            if (labels := self.counting(vote.labels)) is not None or vote.status == "discarded"
        )

    def as_called(self, answer: AnnotatedItem) -> AnnotatedItem:
        """An answer with labels as they are called now, and without the retired ones of its verdict."""
        if not self.number:
            return answer
        labels = self.counting(answer.labels)
        return replaced(
            answer,
            labels=self.show(labels or ()),
            votes=tuple(replaced(vote, labels=self.show(vote.labels)) for vote in answer.votes),
        )


def with_change(state: LoopState, data: LabelsChanged) -> tuple[LabelsChanged, ...]:
    """All changes with this one. Raises InapplicableEvent if it does not follow them."""
    before = state.label_changes[-1].names if state.label_changes else state.project.labels
    if data.number != len(state.label_changes) + 1:
        raise InapplicableEvent(f"it is change {data.number}, where {len(state.label_changes) + 1} is next")
    if len(data.names) < len(before) or max(data.retired, default=0) >= len(data.names):
        raise InapplicableEvent("it leaves out a label, or retires one that it does not name")
    return (*state.label_changes, data)


def label_lists(state: LoopState) -> Iterator[LabelList]:
    """The labels of the beginning, and those after each change."""
    current = LabelList(0, state.project.labels, state.project.labels)
    yield current
    for change in state.label_changes:
        names = (*current.names, *change.names[len(current.names) :])
        retired = frozenset(names[place] for place in change.retired)
        is_other = retired != current.retired or len(names) > len(current.names)
        place = change.number if is_other else current.place
        current = LabelList(change.number, names, change.names, retired, place)
        yield current


def label_list(state: LoopState, number: int | None = None) -> LabelList:
    """The labels after so many changes; None: those of now."""
    *_, last = islice(label_lists(state), None if number is None else number + 1)
    return last


def first_names(state: LoopState) -> Mapping[str, str]:
    """How a label was called first, by each name that it has or had."""
    return {shown: name for each in label_lists(state) for name, shown in each.called.items()}


def places(state: LoopState) -> tuple[LabelList, ...]:
    """The newest list of labels of each place where people answered, oldest first."""
    return tuple({each.place: each for each in label_lists(state)}.values())


def of_trained(state: LoopState, trained: Trained) -> LabelList:
    """The labels with which a model was trained."""
    number = trained.first.label_list
    return label_list(state, 0 if number is UNSAID else number)
