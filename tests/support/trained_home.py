"""A home with a project whose first batches are labelled, and a model that learned the first of them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labelloop.config.home import Home, open_home
from labelloop.learner.worker import Worker
from labelloop.loop.schedule import NextModel
from labelloop.loop.state import LoopState
from labelloop.pool.snapshot import Row, write
from labelloop.projects.learner_requests import train_request, trained
from labelloop.store import FolderStore, pool_uri
from schemas.events import EventData, ModelTrained
from schemas.model import replaced
from schemas.parts import QueriedItem, Snapshot
from tests.support.homes import home_with
from tests.support.states import PROJECT, annotated, answered, project, queried, state_of, vote


def trained_home(path: Path, rows: Sequence[Row], batch: int, wrong: int = 0, **settings: Any) -> Path:
    """Three batches of so many texts each are labelled as the rows say, and model 0 learned the first.

    The third is an audit, of which it was `wrong` on so many texts, and sure of itself on all.
    """
    home = open_home(path)
    pool = home.store / PROJECT / "pool"
    pool.mkdir(parents=True)
    own = {"id": [f"i{row.source_row}" for row in rows]}
    info = write(pool, [Row(row.text, None, row.source_row) for row in rows], own)
    labels = tuple(sorted({str(row.gold) for row in rows}))
    settings = {"labels": labels, "batch_size": batch, **settings}
    snapshot = Snapshot(uri=pool_uri(PROJECT, info.name), digest=info.digest, size=len(rows))
    batches = [range(number * batch, (number + 1) * batch) for number in range(3)]
    facts: list[EventData] = [
        project(pool=snapshot, **settings),
        queried("0", batches[0]),
        queried("1", batches[1]),
        _labelled("0", rows, batches[0]),
        _labelled("1", rows, batches[1]),
    ]
    facts.append(first_model(home, state_of(*facts)))
    facts += [_audited("2", rows, batches[2], labels, wrong), _labelled("2", rows, batches[2])]
    return home_with(home.path, *facts)


def _labelled(batch: str, rows: Sequence[Row], items: range) -> EventData:
    answers = (answered(item, vote("ann", str(rows[item].gold))) for item in items)
    return annotated(*answers, batch=batch)


def _audited(batch: str, rows: Sequence[Row], items: range, labels: Sequence[str], wrong: int) -> EventData:
    picks = []
    for rank, item in enumerate(items):
        gold = labels.index(str(rows[item].gold))
        predicted = (labels[(gold + (rank < wrong)) % len(labels)],)
        picks.append(QueriedItem(item=item, rank=rank, reason="audit", predicted=predicted, probability=0.97))
    return replaced(queried(batch, items, model="0"), items=tuple(picks))


def first_model(home: Home, state: LoopState) -> ModelTrained:
    """Model 0, trained now, in the home's store."""
    return next_model(home, state, 0)


def next_model(home: Home, state: LoopState, number: int) -> ModelTrained:
    """The model of this number, which learns each batch up to it, trained now, in the home's store."""
    store, model = FolderStore(home.store), f"{number}"
    learned = {f"{batch}": 0 for batch in range(number + 1)}
    request = train_request(
        state,
        model,
        learned,
        pool=store.snapshot(state.project.pool),
        threads=1,
        into=store.models(PROJECT) / model,
        cache=store.cache(PROJECT),
    )
    result = asyncio.run(Worker(1).run(request))
    work = NextModel(model=model, learned=learned, attempt=0, cause="")
    return trained(state, work, request, result, store.publish(result.folder))
