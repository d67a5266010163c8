"""Gold labels of a pool, from its snapshots."""

from collections.abc import Callable, Sequence
from pathlib import Path

from labelloop.errors import UserError
from labelloop.pool.snapshot import Snapshot


def gold_labels(pools: Sequence[Path]) -> Callable[[int], str | None]:
    """The gold label of a pool item, a row number over all these snapshots; None beyond them.

    Raises UserError for a snapshot without gold labels.
    """
    labels = [label for path in pools for label in _labels(path)]

    def gold(item: int) -> str | None:
        return labels[item] if 0 <= item < len(labels) else None

    return gold


def _labels(path: Path) -> list[str]:
    snapshot = Snapshot.open(path)
    labels = snapshot.gold(range(len(snapshot)))
    if labels is None:
        raise UserError(f"the pool {path} has no gold labels; make it from a data set with a label column")
    return labels
