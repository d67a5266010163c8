"""Picking: every strategy of small-text that can, never what is barred, best first."""

import inspect
import pkgutil
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import small_text  # type: ignore[import-untyped]

from labelloop.learner.requests import Pick, QueryRequest, TrainResult
from labelloop.learner.strategies.registry import STRATEGIES, known_strategies
from labelloop.learner.worker import Worker
from labelloop.pool.near_copies import near_copies
from labelloop.pool.snapshot import OpenSnapshot, Row, write
from labelloop.store.artifacts import MANIFEST
from labelloop.store.task_failures import TaskFailed
from tests.integration.learner.conftest import LABELS, SIZE, Bench, a_bench
from tests.support.matrices import cells, in_all_cells
from tests.support.messages import raises_naming

BARRED = {*range(12), 12, 13, 14, 15}
LEFT = SIZE - len(BARRED)
STRATEGIES_FOR_NETWORKS = {
    name
    for name, strategy in STRATEGIES.all().items()
    if strategy.needs & {"dropout", "network", "gradients"}
}
UNSEEDED = {"badge", "anchor-subsampling"}
SMALL = {"prob-cover": {"k": 10}, "anchor-subsampling": {"subsample_size": 30, "k": 10}, "seals": {"k": 10}}
OURS = {"DiverseTies", "DistinctTies", "DistinctLabels"}
ABSTRACT = {"QueryStrategy", "ConfidenceBasedQueryStrategy", "EmbeddingBasedQueryStrategy"}


class Trained:
    """Models of one bench, each trained for the first test that asks for it."""

    def __init__(self, bench: Bench, worker: Worker) -> None:
        self.bench = bench
        self._worker = worker
        self._models: dict[str, TrainResult] = {}

    async def query(self, classifier: str, strategy: str, n: int = 5) -> QueryRequest:
        """What asks the classifier's model for picks."""
        training = self.bench.training(classifier)
        if classifier not in self._models:
            self._models[classifier] = await self._worker.run(training)
        return self.bench.query(training, self._models[classifier], strategy, n)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, tiny: Path, worker: Worker) -> Trained:
    return Trained(a_bench(tmp_path_factory.mktemp("querying"), tiny), worker)


def test_every_strategy_of_small_text_is_known() -> None:
    modules = [
        import_module(found.name)
        for found in pkgutil.walk_packages(small_text.__path__, "small_text.")
        if "query_strategies" in found.name
    ]
    offered = {
        name
        for module in modules
        for name, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, small_text.QueryStrategy)
    }

    assert offered - ABSTRACT == {strategy.name for strategy in STRATEGIES.all().values()} - OURS


def strategies_and_classifiers() -> list[Any]:
    """Every strategy with `linear`, which is quick, and those for networks with one; all in all cells."""
    return [
        (strategy, classifier)
        if classifier == "linear" or strategy in STRATEGIES_FOR_NETWORKS
        else in_all_cells(strategy, classifier)
        for strategy in known_strategies()
        for classifier in ("linear", "transformer")
    ]


@pytest.mark.parametrize(("strategy", "classifier"), strategies_and_classifiers())
async def test_a_strategy_picks_texts_that_are_free(
    worker: Worker, trained: Trained, strategy: str, classifier: str
) -> None:
    query = await trained.query(classifier, strategy)
    request = replace(query, strategy_parameters=SMALL.get(strategy, {}))
    if classifier == "linear" and STRATEGIES_FOR_NETWORKS & {strategy}:
        with raises_naming(TaskFailed, "bad-input", "linear", "--classifier", "transformer"):
            await worker.run(request)
        return

    result = await worker.run(request)

    items = [pick.item for pick in result.picks]
    assert len(set(items)) == 5
    assert not BARRED & set(items)
    assert all(pick.label in LABELS and 1 / 3 <= pick.probability <= 1 for pick in result.picks)
    if strategy not in UNSEEDED:
        assert (await worker.run(request)).picks == result.picks


@pytest.mark.parametrize(
    "strategy",
    cells(
        "diverse-ties",
        "bald",
        rest=["distinct-ties", "breaking-ties", "least-confidence", "prediction-entropy"],
    ),
)
async def test_picks_are_ranked_by_their_scores(worker: Worker, trained: Trained, strategy: str) -> None:
    picks = (await worker.run(await trained.query("transformer", strategy))).picks

    scores = [pick.score for pick in picks if pick.score is not None]
    assert len(scores) == 5
    assert scores == sorted(scores, reverse=strategy in {"prediction-entropy", "bald"})


async def test_breaking_ties_picks_the_smallest_margins(worker: Worker, bench: Bench) -> None:
    training = replace(bench.training("linear"), labels=LABELS[:2], examples=bench.examples(0, 1, 3, 4))
    trained = await worker.run(training)
    request = replace(
        bench.query(training, trained, "breaking-ties"),
        labels=LABELS[:2],
        also=tuple(set(range(SIZE)) - {0, 1, 3, 4, 12, 13, 14, 15}),
    )

    result = await worker.run(request)

    def margin(pick: Pick) -> float:
        return 2 * pick.probability - 1

    smallest = sorted(margin(pick) for pick in result.also)[:5]
    assert [pick.score for pick in result.picks] == pytest.approx(smallest, abs=1e-9)


@pytest.mark.parametrize(
    ("strategy", "is_distinct"), [("diverse-ties", True), ("distinct-ties", True), ("breaking-ties", False)]
)
async def test_a_batch_of_ours_has_no_near_copies(
    worker: Worker, bench: Bench, strategy: str, is_distinct: bool
) -> None:
    """Each text of the pool is there eight times, with other numbers."""
    kinds = OpenSnapshot.open(bench.pool).texts(range(15))
    texts = [f"{kind} {copy}" for copy in range(8) for kind in kinds]
    rows = [Row(text, LABELS[row % len(LABELS)], row) for row, text in enumerate(texts)]
    pool = bench.folder / write(bench.folder, rows).name
    training = replace(bench.training("linear"), pool=pool)
    trained = await worker.run(training)

    picks = (await worker.run(replace(bench.query(training, trained, strategy), pool=pool))).picks

    assert len(picks) == 5
    assert (not near_copies([texts[pick.item] for pick in picks])) == is_distinct


@pytest.mark.parametrize(
    "strategy", cells("breaking-ties", "diverse-ties", rest=["random-sampling", "greedy-coreset"])
)
async def test_the_last_batch_is_what_is_left(worker: Worker, trained: Trained, strategy: str) -> None:
    result = await worker.run(await trained.query("linear", strategy, n=1000))

    assert {pick.item for pick in result.picks} == set(range(SIZE)) - BARRED
    assert len(result.picks) == LEFT


async def test_an_empty_pool_gives_no_picks(worker: Worker, trained: Trained) -> None:
    request = replace(await trained.query("linear", "breaking-ties"), taken=tuple(range(12, SIZE)))

    assert (await worker.run(request)).picks == ()


async def test_a_lost_and_a_damaged_model_are_told_apart(worker: Worker, bench: Bench) -> None:
    training = bench.training("linear")
    trained = await worker.run(training)
    request = bench.query(training, trained, "breaking-ties")
    (trained.folder / "config.json").write_text("{}")

    with pytest.raises(TaskFailed) as damaged:
        await worker.run(request)
    (trained.folder / MANIFEST).unlink()
    with pytest.raises(TaskFailed) as missing:
        await worker.run(request)

    assert damaged.value.kind == "model-damaged"
    assert missing.value.kind == "model-missing"
