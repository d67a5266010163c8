"""The labels of a project as a table: one row per text that was asked and answered."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter

from labelloop.loop.label_lists import LabelList, label_list
from labelloop.loop.labels import decided, of_answer
from labelloop.loop.pools import pool_of
from labelloop.loop.state import Batch, NotCreated, ProjectState
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.projects.formats import Row, own_name
from labelloop.store import Store
from schemas.parts import MACHINE, AnnotatedItem, QueriedItem, Vote

DRAFT = "draft"


def rows(state: ProjectState, store: Store) -> Iterator[Row]:
    """Rows in the order of batches and ranks. Undecided texts are left out. Raises UserError.

    A text that was labelled again appears in its relabel batch only. The columns of the data set that the
    pool keeps come last, `source_text` if one has a name as `text` that the export uses itself. Where a text
    may have several labels, `label` is always missing.
    """
    if isinstance(state, NotCreated):
        return
    pool, listed = store.open_pool(pool_of(state)), label_list(state)
    for batch, counting in groupby(decided(state), itemgetter(0)):
        answers = {answer.item: listed.as_called(answer) for _, answer in counting}
        yield from _batch_rows(batch, answers, pool, listed, several=state.project.is_multi_label)


def _batch_rows(
    batch: Batch,
    answers: Mapping[int, AnnotatedItem],
    pool: OpenSnapshot,
    listed: LabelList,
    *,
    several: bool,
) -> Iterator[Row]:
    picks = [pick for pick in batch.queried.items if pick.item in answers]
    items = [pick.item for pick in picks]
    kept_values = pool.kept_values(items)
    for rank, (pick, text, source_row) in enumerate(
        zip(picks, pool.texts(items), pool.source_rows(items), strict=True)
    ):
        own = {own_name(name, kept_values): values[rank] for name, values in kept_values.items()}
        row = _row(batch, pick, answers[pick.item], text, source_row, listed)
        yield {**row, **(_of_several(answers[pick.item]) if several else {}), **own}


def _row(
    batch: Batch, pick: QueriedItem, answer: AnnotatedItem, text: str, source_row: int, listed: LabelList
) -> Row:
    times = [vote.time for vote in answer.votes if vote.time is not None and vote.status != DRAFT]
    return {
        "text": text,
        "label": answer.labels[0] if len(answer.labels) == 1 else None,
        "labels": list(answer.labels),
        "discarded": answer.discarded,
        "item": pick.item,
        "source_row": source_row,
        "batch": batch.name,
        "revision": len(batch.revisions) - 1,
        "reason": pick.reason,
        "model": batch.queried.model,
        "predicted": list(listed.show(pick.predicted)),
        "probability": pick.probability,
        "agreement": answer.agreement,
        "time": max(times, default=batch.annotated_at),
        "annotators": [vote.username for vote in answer.votes if vote.status != MACHINE],
        "votes": [_vote(vote) for vote in answer.votes],
    }


def _of_several(answer: AnnotatedItem) -> Row:
    """An empty list says that no label fits. Of a text without an answer that counts there is none."""
    labels = of_answer(answer)
    return {"label": None, "labels": None if labels is None else list(labels)}


def _vote(vote: Vote) -> Row:
    return {
        "username": vote.username,
        "status": vote.status,
        "labels": list(vote.labels),
        "time": vote.time,
    }
