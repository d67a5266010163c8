"""Labels to a Parquet data set: one file a batch, replaced when people change their answers."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from labelloop import BatchAnnotated, Consumer, Event, LoopState, Store, rows

REVISION = b"labelloop.revision"
TEXTS = pa.list_(pa.string())
SCHEMA = pa.schema(
    {
        "text": pa.string(),
        "label": pa.string(),
        "labels": TEXTS,
        "discarded": pa.bool_(),
        "item": pa.int64(),
        "source_row": pa.int64(),
        "batch": pa.string(),
        "reason": pa.string(),
        "predicted": TEXTS,
        "probability": pa.float64(),
        "agreement": pa.float64(),
        "annotators": TEXTS,
    }
)


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
        if path.exists() and _revision(path) > answered.revision:
            return
        table = pa.Table.from_pylist(list(rows(state, self._store, answered.batch)), SCHEMA)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}")
        pq.write_table(table.replace_schema_metadata({REVISION: str(answered.revision)}), draft)
        draft.replace(path)


def _revision(path: Path) -> int:
    return int(pq.read_schema(path).metadata[REVISION])
