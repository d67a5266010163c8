"""Labels to a Parquet data set: a file for each project, replaced when a batch is done or answers change."""

from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from labelloop import BatchAnnotated, Consumer, Event, LoopState, Store, rows

EVENTS = b"labelloop.events"
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
        "agreement": pa.float64(),
        "annotators": TEXTS,
    }
)


class ParquetLabels(Consumer):
    """Writes `<folder>/project=<id>/labels.parquet`, which `pyarrow.dataset` reads as one table."""

    name = "parquet_labels"
    events = (BatchAnnotated,)

    def __init__(self, store: Store, folder: str = "labels") -> None:
        self._store = store
        self._folder = Path(folder)

    def handle(self, event: Event, state: LoopState) -> None:
        """Write what is labelled, unless more is there already: a dead letter may come late."""
        path = self._folder / f"project={event.project}" / "labels.parquet"
        if path.exists() and int(pq.read_schema(path).metadata[EVENTS]) > state.length:
            return
        table = pa.Table.from_pylist(list(rows(state, self._store)), SCHEMA)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}")
        pq.write_table(table.replace_schema_metadata({EVENTS: str(state.length)}), draft)
        draft.replace(path)
