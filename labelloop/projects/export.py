"""The labels of a project as a table, one row a text that was asked and answered."""

import csv
import io
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from labelloop.errors import UserError
from labelloop.loop.state import Batch, LoopState
from labelloop.pool.snapshot import Snapshot
from labelloop.store import Store
from schemas.model import write
from schemas.parts import AnnotatedItem, QueriedItem, Vote

FORMATS = ("jsonl", "csv")
Row = dict[str, Any]


def rows(state: LoopState, store: Store) -> Iterator[Row]:
    """Rows in the order of batches and ranks; texts that nobody decided are absent. Raises UserError."""
    if state.project is None:
        return
    pool = Snapshot.open(store.pool(state.project), state.project.pool.digest)
    for batch in state.batches.values():
        if batch.done:
            yield from _batch_rows(batch, pool)


def format_of(path: str, asked: str | None) -> str:
    """The format asked for, or that of the file's ending. Raises UserError."""
    ending = asked or {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", "": "jsonl"}.get(
        Path(path).suffix
    )
    if ending not in FORMATS:
        raise UserError(f"{path} is of no known kind: name it *.jsonl or *.csv, or give --format")
    return ending


def write_rows(found: Sequence[Row], path: Path, kind: str) -> None:
    """Write the table whole or not at all. Raises UserError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(as_text(found, kind), encoding="utf-8", newline="")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise UserError(f"cannot write {path} ({error.strerror}): give another --output") from error


def as_text(found: Sequence[Row], kind: str) -> str:
    """The table as JSON Lines or CSV; in CSV several values of a cell are JSON."""
    if kind == "jsonl":
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found)
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in found)
    return file.getvalue()


COLUMNS = (
    "text",
    "label",
    "labels",
    "discarded",
    "item",
    "source_row",
    "batch",
    "revision",
    "reason",
    "predicted",
    "probability",
    "agreement",
    "annotators",
    "votes",
)


def _batch_rows(batch: Batch, pool: Snapshot) -> Iterator[Row]:
    answers = {answer.item: answer for answer in batch.answers}
    picks = [pick for pick in batch.queried.items if pick.item in answers]
    items = [pick.item for pick in picks]
    for pick, text, source_row in zip(picks, pool.texts(items), pool.source_rows(items), strict=True):
        yield _row(batch, pick, answers[pick.item], text, source_row)


def _row(batch: Batch, pick: QueriedItem, answer: Any, text: str, source_row: int) -> Row:
    labels: list[str] = list(answer.labels) if isinstance(answer, AnnotatedItem) else []
    return {
        "text": text,
        "label": labels[0] if len(labels) == 1 else None,
        "labels": labels,
        "discarded": bool(getattr(answer, "discarded", False)),
        "item": pick.item,
        "source_row": source_row,
        "batch": batch.name,
        "revision": len(batch.revisions) - 1,
        "reason": pick.reason,
        "predicted": list(pick.predicted),
        "probability": pick.probability,
        "agreement": answer.agreement,
        "annotators": [vote.username for vote in answer.votes],
        "votes": [_vote(vote) for vote in answer.votes],
    }


def _vote(vote: Vote) -> Row:
    return {name: value for name, value in json.loads(write(vote)).items() if name != "user"}


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
