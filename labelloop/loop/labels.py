"""Labels from the recorded answers, at a point of the loop."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from labelloop.loop.label_lists import LabelList, label_list, of_trained
from labelloop.loop.state import Batch, Labels, LoopState, Trained
from schemas.events import ProjectCreated
from schemas.fields import UNSAID
from schemas.parts import AnnotatedItem

NONE = "none of them"
"""What people choose where no label fits. Where a text may have several, no label has this name."""
Learned = Mapping[str, int]


def at_revisions(
    state: LoopState, learned: Learned, labels: LabelList | None = None
) -> dict[int, tuple[str, ...]]:
    """Labels by pool item at the given revisions of batches. Unlabelled and discarded texts are left out.

    `labels`: the list by which labels count; None: that of now. Answers of a relabel batch replace those of
    the given numbered batches. Its other texts are ignored.
    """
    answers = _answers(state, learned, labels or label_list(state))
    return {item: names for item, names in answers.items() if names is not None}


def ignored_at(state: LoopState, learned: Learned, labels: LabelList | None = None) -> tuple[int, ...]:
    """The discarded and withdrawn texts at those revisions: asked, but without a label."""
    answers = _answers(state, learned, labels or label_list(state))
    return tuple(item for item, names in answers.items() if names is None)


def learned_labels(state: LoopState, trained: Trained) -> dict[int, tuple[str, ...]]:
    """The labels by pool item that a model has learned."""
    return at_revisions(state, trained.learned, of_trained(state, trained))


def latest_revisions(state: LoopState, batches: Iterable[str]) -> dict[str, int]:
    """The newest revision of each batch. All batches must be done."""
    return {name: len(state.batches[name].revisions) - 1 for name in batches}


def current(state: LoopState) -> Labels:
    """The current labels of all finished batches."""
    return at_revisions(state, latest_revisions(state, (b.name for b in state.batches.values() if b.done)))


def as_answer(item: int, labels: tuple[str, ...]) -> AnnotatedItem:
    """The answer that gives these labels, which may be none of them."""
    return AnnotatedItem(item=item, labels=labels, none=not labels or UNSAID)


def named(labels: Sequence[str]) -> str:
    """The labels of an answer in one line."""
    return ", ".join(labels) or NONE


def of_answer(answer: AnnotatedItem) -> tuple[str, ...] | None:
    """The labels that an answer gives, which may be none of them. None: it is discarded or withdrawn."""
    return answer.labels if answer.labels or answer.none else None


def is_learnable(labels: Labels, project: ProjectCreated) -> bool:
    """Whether these labels tell texts apart: two of them, or one that some texts have and others have not."""
    counts = Counter(name for names in labels.values() for name in names)
    if project.is_multi_label:
        return any(count < len(labels) for count in counts.values())
    return len(counts) > 1


def asked_items(state: LoopState) -> frozenset[int]:
    """The items that a new batch may not ask for."""
    return frozenset(item for batch in state.batches.values() for item in batch.kept_items)


def decided(state: LoopState) -> Iterator[tuple[Batch, AnnotatedItem]]:
    """The answers that count, with their batches, in the order of the log."""
    last = {
        answer.item: batch.name
        for batch in state.batches.values()
        if batch.done and not batch.is_numbered
        for answer in batch.revisions[-1].items
    }
    for batch in state.batches.values():
        for answer in batch.revisions[-1].items if batch.done else ():
            if last.get(answer.item, batch.name) == batch.name:
                yield batch, answer


def _answers(state: LoopState, learned: Learned, counted: LabelList) -> Mapping[int, tuple[str, ...] | None]:
    """The answers that count, including those without a label."""
    numbered: dict[int, tuple[str, ...] | None] = {}
    relabelled: dict[int, tuple[str, ...] | None] = {}
    for name, revision in learned.items():
        batch = state.batches[name]
        answers = numbered if batch.is_numbered else relabelled
        answers |= {answer.item: of_answer(answer) for answer in batch.revisions[revision].items}
    labels_of = numbered | {item: labels for item, labels in relabelled.items() if item in numbered}
    if not counted.retired:
        return labels_of
    return {item: counted.counting(labels) for item, labels in labels_of.items()}
