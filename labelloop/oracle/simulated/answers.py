"""The answers of a simulated annotator, from the gold labels of the pool."""

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from labelloop.errors import UserError
from labelloop.pool.label_cells import Gold
from labelloop.pool.snapshot import OpenSnapshot

Decide = Callable[[int, str], "Answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to one text: `submitted` with labels, or `discarded`."""

    status: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GoldAnswers:
    """Answers from gold labels, of which a share is wrong (`error`) and a share discarded (`discard`).

    They depend only on the seed and the pool item, so a text always gets the same label. With `personal` they
    also depend on the annotator's name, so annotators make different errors and a majority is better than one
    of them. A text without a gold label, or with one that is no label any more, is discarded. Where texts may
    have several labels, a wrong answer has one label too many, or one too few.
    """

    gold: Callable[[int], Gold | None]
    labels: Sequence[str]
    error: float = 0.0
    discard: float = 0.0
    seed: int = 0
    personal: bool = False

    def __call__(self, item: int, annotator: str) -> Answer:
        """The answer of this annotator to this pool item."""
        gold = self.gold(item)
        who = annotator if self.personal else ""
        if gold is None or self._draw(item, who, "discard") < self.discard:
            return Answer("discarded")
        is_wrong = self._draw(item, who, "error") < self.error
        draw = self._draw(item, who, "label")
        if isinstance(gold, str) and gold not in self.labels:
            return Answer("discarded")
        if isinstance(gold, str):
            return Answer("submitted", (self._other(gold, draw) if is_wrong else gold,))
        return Answer("submitted", self._with_error(gold, draw) if is_wrong else self._known_labels(gold))

    def _known_labels(self, gold: Collection[str]) -> tuple[str, ...]:
        return tuple(label for label in gold if label in self.labels)

    def _with_error(self, gold: Collection[str], draw: float) -> tuple[str, ...]:
        wrong = self.labels[int(draw * len(self.labels))]
        return tuple(label for label in self.labels if (label in gold) != (label == wrong))

    def _other(self, label: str, draw: float) -> str:
        others = [other for other in self.labels if other != label]
        return others[int(draw * len(others))] if others else label

    def _draw(self, item: int, who: str, what: str) -> float:
        digest = hashlib.sha256(f"{self.seed}:{item}:{what}:{who}".encode()).digest()
        return int.from_bytes(digest[:6]) / 2**48


def gold_labels(
    pools: Sequence[Path], pools_now: Callable[[], Sequence[Path]] = tuple
) -> Callable[[int], Gold | None]:
    """A function from pool item (row number over all these snapshots) to its gold, or None beyond them.

    `pools_now` is asked for further snapshots at an item beyond them. Raises UserError for a snapshot without
    gold labels.
    """
    paths = list(pools)
    labels = [label for path in paths for label in _labels(path)]

    def gold(item: int) -> Gold | None:
        if item >= len(labels):
            for path in pools_now()[len(paths) :]:
                labels.extend(_labels(path))
                paths.append(path)
        return labels[item] if 0 <= item < len(labels) else None

    return gold


def _labels(path: Path) -> list[Gold]:
    snapshot = OpenSnapshot.open(path)
    labels: list[Gold] | None = snapshot.gold(range(len(snapshot)))
    if labels is None:
        raise UserError(f"the pool {path} has no gold labels; make it from a data set with a label column")
    return labels
