"""Every query strategy that can be named, in a loop with its order of work, trainings and picks."""

from pathlib import Path
from typing import Any

import pytest

from labelloop.learner.classifiers.registry import CLASSIFIERS
from labelloop.learner.strategies.registry import STRATEGIES, known_strategies
from labelloop.learner.worker import Worker
from labelloop.loop.labels import current
from labelloop.pool.snapshot import Row, write
from labelloop.projects.simulated_loop import SimulatedLoop, played
from labelloop.store import FolderStore, pool_uri
from schemas.parts import MULTI_LABEL, SINGLE_LABEL, BaseModelChoice, Choice, Snapshot, Task
from tests.integration.learner.conftest import LABELS, STARTS
from tests.support.states import PROJECT, annotated, of_several, project, queried, state_of

SMALL = {"prob-cover": {"k": 10}, "anchor-subsampling": {"subsample_size": 12, "k": 5}, "seals": {"k": 5}}
WORDS = ("color", "number", "the", "when", "was")
SIZE, LABELLED, BATCH = 40, 30, 10


def strategies() -> list[Any]:
    """Each that there is, for each task that it serves."""
    tasks: tuple[Task, ...] = (SINGLE_LABEL, MULTI_LABEL)
    return [(name, task) for task in tasks for name in known_strategies(task)]


def classifier_for(strategy: str) -> Choice:
    """`linear` if the strategy needs no more, as it is quick; else small-text's own transformer."""
    if STRATEGIES.get(strategy).needs <= CLASSIFIERS.get("linear").offers:
        return Choice(name="linear")
    return Choice(name="small-text-transformer", parameters={"num_epochs": 1})


@pytest.mark.parametrize(("strategy", "task"), strategies())
async def test_a_strategy_picks_in_the_loop(
    worker: Worker, tiny: Path, tmp_path: Path, strategy: str, task: Task
) -> None:
    store = FolderStore(tmp_path / "store")
    pool = store.root / PROJECT / "pool"
    pool.mkdir(parents=True)
    golds = [gold(item, task) for item in range(SIZE)]
    written = write(
        pool,
        [
            Row(
                f"{STARTS[names[0]]} {WORDS[item % 5]} {item}",
                names[0] if task == SINGLE_LABEL else names,
                item,
            )
            for item, names in enumerate(golds)
        ],
    )
    snapshot = Snapshot(
        uri=pool_uri(PROJECT, written.name), digest=written.digest, size=SIZE, label_column="label"
    )
    created = project(
        task=task,
        labels=LABELS,
        pool=snapshot,
        test=snapshot,
        batch_size=BATCH,
        lookahead=0,
        classifier=classifier_for(strategy),
        strategy=Choice(name=strategy, parameters=SMALL.get(strategy, {})),
        model=BaseModelChoice(name=str(tiny)),
    )
    answers = [of_several(item, *names) for item, names in enumerate(golds[:LABELLED])]
    state = state_of(created, queried("0", range(LABELLED)), annotated(*answers))
    loop = SimulatedLoop(worker, store, 1, state, tmp_path / "scratch")

    points = []
    async for point in loop.run(played(state.project, current(state), seed=1)):
        points.append(point)
        if len(points) == 2:
            break

    assert [point.labels for point in points] == [BATCH, 2 * BATCH]
    assert all(0 <= point.accuracy <= 1 for point in points)


def gold(item: int, task: Task) -> tuple[str, ...]:
    """The labels of a text: one, or of several labels another one for every second text."""
    label = LABELS[item % len(LABELS)]
    return (label,) if task == SINGLE_LABEL or item % 2 else tuple(dict.fromkeys((label, LABELS[0])))
