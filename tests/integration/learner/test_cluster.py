"""Chunks computed on a real Ray cluster of two nodes, one of which is killed meanwhile."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labelloop.errors import UserError
from labelloop.learner import cluster, runtime
from labelloop.learner.cluster import Cluster
from labelloop.learner.engine import Remote
from labelloop.learner.pool_embeddings import PoolEmbeddings
from labelloop.learner.querying import query
from labelloop.learner.requests import QueryRequest, QueryResult
from labelloop.learner.training import train
from labelloop.pool.bundled import bundled
from labelloop.pool.prepare import clean_pool
from labelloop.pool.snapshot import write
from labelloop.pool.sources import load
from labelloop.store.task_failures import TaskFailed
from tests.integration.learner.conftest import Bench
from tests.support import ray_cluster
from tests.support.ray_cluster import OTHER, RayCluster

CHUNKS = [[f"text {number}", f"and {number}"] for number in range(40)]
TEXTS = 600


@pytest.fixture(scope="module")
def ray() -> Iterator[RayCluster]:
    with ray_cluster.ray_cluster() as started:
        yield started


@pytest.fixture(autouse=True)
def _threads() -> None:
    runtime.prepare(1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text("!")
    (tmp_path / "code.py").write_text("is not sent")
    return tmp_path


def never(_: Any) -> Any:
    raise AssertionError("computed here")


@pytest.fixture
def questions(tmp_path: Path, tiny: Path) -> Bench:
    rows = clean_pool(load(str(bundled("questions").pool))).rows[:TEXTS]
    return Bench(tmp_path, tmp_path / write(tmp_path, rows).name, tiny)


def computed(bench: Bench, request: QueryRequest, name: str) -> tuple[dict[str, str], QueryResult]:
    """The digests of a pool's files, and a pick, made in a cache of their own."""
    request = replace(request, cache=bench.folder / name)
    PoolEmbeddings(bench.pool, request.classifier, 0, request.cache).first(TEXTS)
    result = query(request)
    files = [file for file in request.cache.rglob("*") if file.is_file()]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}, result


@pytest.mark.all_cells
@pytest.mark.parametrize("frozen_share", [0.5, 0.0])
def test_embeddings_and_picks_are_the_same_as_on_one_machine(
    ray: RayCluster, questions: Bench, frozen_share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = questions.training()
    spec = replace(
        training.classifier, parameters={"epochs": 2, "min_steps": 1, "frozen_share": frozen_share}
    )
    training = replace(training, classifier=spec, examples=questions.examples(*range(60)))
    request = questions.query(training, train(training), "breaking-ties", n=20)
    files, here = computed(questions, request, "here")

    monkeypatch.setattr(cluster, "FEW", 1)
    monkeypatch.setenv("LABELLOOP_ENGINE", ray.address)
    files_there, there = computed(questions, request, "there")

    assert files_there == files
    assert there.picks == here.picks


@pytest.mark.all_cells
def test_an_error_on_a_node_is_told_in_its_words(ray: RayCluster, folder: Path) -> None:
    with pytest.raises(TaskFailed, match=r"text 0 with \['config.json'\]"):
        list(Cluster(ray.address, few=1).map(never, CHUNKS[:2], Remote(folder, ray_cluster.failing)))


@pytest.mark.all_cells
def test_a_node_that_would_compute_other_values_computes_none(
    ray: RayCluster, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conditions = runtime.conditions()
    monkeypatch.setattr(runtime, "conditions", lambda: {**conditions, "torch": "1.0"})

    with pytest.raises(UserError, match=r"its torch is .*, and 1.0 where the task comes from"):
        list(Cluster(ray.address, few=1).map(never, CHUNKS[:2], Remote(folder, ray_cluster.slow)))


@pytest.mark.all_cells
def test_a_node_that_is_killed_meanwhile_changes_no_result(ray: RayCluster, folder: Path) -> None:
    results = Cluster(ray.address, few=1).map(never, CHUNKS, Remote(folder, ray_cluster.slow))

    seen, nodes = [], set()
    for node, texts in results:
        if node == OTHER and OTHER not in nodes:
            ray.kill(OTHER)
        nodes.add(node)
        seen.append(texts)

    assert seen == [[f"TEXT {number}!", f"AND {number}!"] for number in range(len(CHUNKS))]
    assert len(nodes) == 2
