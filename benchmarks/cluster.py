"""What a Ray cluster is worth: `python -m benchmarks.cluster`.

The first texts of a pool, and a pick that scores all of it, by this machine alone and by a cluster of two
nodes of one processor each on this machine, one of which is killed meanwhile. Each in a child as the services
do it. The digests of what was computed must be the same.
"""

import argparse
import asyncio
import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.large_pools import Memory, rows
from benchmarks.report import comparison, publish
from labelloop.learner.base_model import BUNDLED
from labelloop.learner.requests import (
    ClassifierSpec,
    FirstTextsRequest,
    FirstTextsResult,
    QueryRequest,
    QueryResult,
    TrainRequest,
)
from labelloop.learner.worker import Worker
from labelloop.pool.snapshot import write
from tests.support.ray_cluster import OTHER, RayCluster, ray_cluster

ENGINE = "LABELLOOP_ENGINE"
HERE, THERE, KILLED = "this machine", "two nodes", "two nodes, one killed"
AFTER = 8
"""Files of states after which the node is killed."""


class Measured:
    """The same requests again and again, each time with an empty cache."""

    def __init__(self, folder: Path, texts: int, worker: Worker) -> None:
        pool = list(rows(texts))
        self._folder, self._worker, self._memory = folder, worker, Memory()
        self._pool = folder / write(folder, pool).name
        self._gold = [str(row.gold) for row in pool]

    async def first_texts(self, arm: str, meanwhile: Callable[[Path], None]) -> dict[str, str]:
        cache = self._folder / f"states of {arm}"
        spec = ClassifierSpec("transformer", {"frozen_share": 0.5}, BUNDLED, None)
        request = FirstTextsRequest(self._pool, spec, (), 20, 40, 1, 1, cache)
        threading.Thread(target=meanwhile, args=(cache,), daemon=True).start()
        return await self._figures("first texts", self._worker.run(request), cache)

    async def train(self) -> None:
        """The model of the picks."""
        spec = ClassifierSpec(
            "transformer", {"frozen_share": 0.0, "epochs": 1, "min_steps": 1}, BUNDLED, None
        )
        examples = tuple((item, (self._gold[item],)) for item in range(40))
        labels = tuple(sorted(set(self._gold)))
        training = TrainRequest(
            self._pool, spec, labels, examples, (), 1, 1, self._folder / "models", self._folder / "training"
        )
        trained = await self._worker.run(training)
        self._request = QueryRequest(
            pool=self._pool,
            classifier=spec,
            labels=labels,
            model_folder=trained.folder,
            model_sha256=trained.sha256,
            strategy="breaking-ties",
            strategy_parameters={},
            taken=(),
            labelled=examples,
            ignored=(),
            n=20,
            seed=1,
            threads=1,
            cache=self._folder,
        )

    async def pick(self, arm: str) -> dict[str, str]:
        cache = self._folder / f"pick of {arm}"
        return await self._figures("a pick", self._worker.run(replace(self._request, cache=cache)), cache)

    async def _figures(
        self, what: str, task: Awaitable[FirstTextsResult | QueryResult], cache: Path
    ) -> dict[str, str]:
        self._memory.taken()
        began = time.perf_counter()
        result = await task
        seconds = time.perf_counter() - began
        chosen = result.items if isinstance(result, FirstTextsResult) else result.picks
        contents = await asyncio.to_thread(_contents, cache)
        digest = hashlib.sha256(b"".join([repr(chosen).encode(), *contents]))
        return {
            f"{what}: seconds": f"{seconds:.0f} s",
            f"{what}: the task's memory": f"{self._memory.taken() / 1e6:,.0f} MB",
            f"{what}: digest of the choice and of {len(contents)} files": digest.hexdigest()[:16],
        }


def _contents(cache: Path) -> list[bytes]:
    return [file.read_bytes() for file in sorted(cache.rglob("*")) if file.is_file()]


def killing(cluster: RayCluster) -> Callable[[Path], None]:
    """Kills a node when some files are there."""

    def kill(cache: Path) -> None:
        while sum(1 for _ in cache.glob("states-*/*.safetensors")) < AFTER:
            time.sleep(0.1)
        cluster.kill(OTHER)

    return kill


def nothing(cache: Path) -> None:
    pass


async def columns(folder: Path, texts: int) -> dict[str, dict[str, str]]:
    """A column for each arm."""
    worker = Worker(1)
    try:
        await worker.warm()
        measured = await asyncio.to_thread(Measured, folder, texts, worker)
        await measured.train()
        found = {HERE: {**await measured.first_texts(HERE, nothing), **await measured.pick(HERE)}}
        with ray_cluster() as cluster:
            os.environ[ENGINE] = cluster.address
            found[THERE] = {**await measured.first_texts(THERE, nothing), **await measured.pick(THERE)}
            first = await measured.first_texts(KILLED, killing(cluster))
            found[KILLED] = {**dict.fromkeys(found[HERE], "–"), **first}
        return found
    finally:
        worker.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=6000, help="size of the pool")
    texts = parser.parse_args().texts
    with tempfile.TemporaryDirectory(prefix="labelloop-") as folder:
        found = asyncio.run(columns(Path(folder), texts))
    publish("cluster", comparison(f"A pool of {texts:,} texts on a Ray cluster, one thread", found))


if __name__ == "__main__":
    main()
