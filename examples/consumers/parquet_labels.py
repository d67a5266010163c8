"""Labels to a Parquet data set: one file a batch, replaced when people change their answers."""

from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]

from labelloop import BatchAnnotated, Consumer, Event, LoopState, Store, rows, write_rows


class ParquetLabels(Consumer):
    """Writes `<folder>/project=<id>/batch-<name>.parquet`, which `pyarrow.dataset` reads as one table."""

    name = "parquet_labels"
    events = (BatchAnnotated,)

    def __init__(self, store: Store, folder: str = "labels") -> None:
        self._store = store
        self._folder = Path(folder)

    def handle(self, event: Event, state: LoopState) -> None:
        """Write the batch, unless a later revision of it is there: a dead letter may come late."""
        answered = event.payload
        assert isinstance(answered, BatchAnnotated)
        path = self._folder / f"project={event.project}" / f"batch-{answered.batch}.parquet"
        if not path.exists() or _revision(path) <= answered.revision:
            write_rows(list(rows(state, self._store, answered.batch)), path, "parquet")


def _revision(path: Path) -> int:
    found: list[int] = pq.read_table(path, columns=["revision"]).column("revision").to_pylist()
    return max(found, default=-1)
