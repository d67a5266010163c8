"""What a Ray cluster is worth: `python -m benchmarks.cluster`.

The first texts of a pool, by one process, and by a cluster of two nodes of one processor on this machine,
one of which is killed meanwhile. Each in a child as the services do it. What was computed must be the same.
"""

import argparse
import asyncio
import contextlib
import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from benchmarks.large_pools import rows
from benchmarks.report import comparison, publish
from labelloop.learner.base_model import BUNDLED
from labelloop.learner.child import Caller, Child, choose_threads
from labelloop.learner.requests import ClassifierSpec, FirstTextsRequest, FirstTextsResult
from labelloop.pool.snapshot import write
from tests.support.ray_cluster import OTHER, RayCluster, ray_cluster

ENGINE = "LABELLOOP_ENGINE"
AFTER = 8
"""Files of states after which the node is killed."""


class Measured:
    """The same request again and again, each time with an empty cache."""

    def __init__(self, folder: Path, texts: int) -> None:
        self._folder = folder
        self._pool = folder / write(folder, list(rows(texts))).name

    async def figures(self, arm: str, meanwhile: Callable[[Path], None]) -> dict[str, str]:
        """What it took until the first file, until the last, and in memory; and a digest of the result."""
        cache = self._folder / arm
        spec = ClassifierSpec("transformer", {"frozen_share": 0.5}, BUNDLED, None)
        request = FirstTextsRequest(self._pool, spec, (), 20, 40, 1, 1, cache)
        threading.Thread(target=meanwhile, args=(cache,), daemon=True).start()
        began = time.time()
        task = asyncio.ensure_future(asyncio.to_thread(_answer, request))
        most = 0
        while not task.done():
            await asyncio.wait([task], timeout=1)
            most = max(most, _largest_child())
        result = await task
        files = sorted(file for file in cache.rglob("*") if file.is_file())
        times = [file.stat().st_mtime - began for file in cache.glob("states-*/*")]
        content = [repr(result.items).encode(), *(file.read_bytes() for file in files)]
        return {
            "until the first 128 texts": f"{min(times):.0f} s",
            "from there to the last": f"{max(times) - min(times):.0f} s",
            "private memory of the task": f"{most / 1e6:,.0f} MB",
            f"digest of the choice and of {len(files)} files": hashlib.sha256(b"".join(content)).hexdigest()[
                :16
            ],
        }


def _answer(request: FirstTextsRequest) -> FirstTextsResult:
    """A child's, which gets the environment that this process has now."""
    child = Child(request, "benchmark", Caller.this_process())
    child.start()
    answer = child.answer()
    if not isinstance(answer, FirstTextsResult):
        raise RuntimeError(answer)
    return answer


def _largest_child() -> int:
    """Bytes that the largest process below this one has for itself, among those that run tasks."""
    own = [0]
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error, OSError):
            if "multiprocessing.forkserver" in " ".join(child.cmdline()):
                own.append(child.memory_full_info().uss)
    return max(own)


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
    measured = Measured(folder, texts)
    by_name = {"this machine, one thread": await measured.figures("here", nothing)}
    with ray_cluster() as cluster:
        os.environ[ENGINE] = cluster.address
        by_name["two nodes"] = await measured.figures("there", nothing)
        by_name["two nodes, one killed"] = await measured.figures("killed", killing(cluster))
    return by_name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=4200, help="size of the pool")
    texts = parser.parse_args().texts
    choose_threads(1)
    with tempfile.TemporaryDirectory(prefix="labelloop-") as folder:
        figures = asyncio.run(columns(Path(folder), texts))
    publish("cluster", comparison(f"The states of {texts:,} texts on a Ray cluster on one machine", figures))


if __name__ == "__main__":
    main()
