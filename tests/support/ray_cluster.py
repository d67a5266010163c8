"""A Ray cluster of two nodes on this machine, each with an address of its own, and a function for it."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from subprocess import PIPE, STDOUT

import psutil

from tests.support.argilla_server import free_port
from tests.support.needs import missing

HEAD, OTHER = "127.0.0.2", "127.0.0.3"
STARTED = "Ray runtime started"
ROOT = Path(__file__).parents[2]


class RayCluster:
    """A head and another node, each with one processor."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._client, self._gcs = free_port(), free_port()
        self.address = f"ray://{HEAD}:{self._client}"
        self._nodes: dict[str, subprocess.Popen[str]] = {}

    def start(self) -> None:
        """Start both nodes."""
        ports = (f"--port={self._gcs}", f"--ray-client-server-port={self._client}")
        self._start(HEAD, "--head", *ports, f"--temp-dir={self._folder}", "--include-dashboard=false")
        self._start(OTHER, f"--address={HEAD}:{self._gcs}")

    def kill(self, node: str) -> None:
        """Kill all processes of a node at once."""
        started = self._nodes.pop(node)
        with suppress(psutil.NoSuchProcess):
            processes = psutil.Process(started.pid).children(recursive=True)
            for process in [psutil.Process(started.pid), *processes]:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        started.communicate()

    def stop(self) -> None:
        """Kill all nodes."""
        for node in list(self._nodes):
            self.kill(node)

    def _start(self, node: str, *options: str) -> None:
        command = (sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--disable-usage-stats")
        sizes = ("--num-cpus=1", "--object-store-memory=100000000")
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "RAY_USAGE_STATS_ENABLED": "0"}
        node_started = self._nodes[node] = subprocess.Popen(
            (*command, f"--node-ip-address={node}", *sizes, *options),
            env=environment,
            stdout=PIPE,
            stderr=STDOUT,
            start_new_session=True,
            text=True,
        )
        assert node_started.stdout is not None
        output = []
        for line in node_started.stdout:
            output.append(line)
            if STARTED in line:
                return
        raise AssertionError(f"the node {node} of Ray did not start: {''.join(output)}")


@contextmanager
def ray_cluster() -> Iterator[RayCluster]:
    """A cluster until the end of the block. Without Ray, the test is skipped."""
    if find_spec("ray") is None:
        missing("needs Ray: pip install 'labelloop[ray]'")
    # The names of sockets may not be long.
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
    cluster = RayCluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def slow(folder: Path) -> Callable[[Sequence[str]], tuple[str, list[str]]]:
    """Makes capitals of texts, ended by what the folder's configuration holds, and tells its node."""
    end = (folder / "config.json").read_text()

    def function(texts: Sequence[str]) -> tuple[str, list[str]]:
        import ray

        time.sleep(0.3)
        return ray.util.get_node_ip_address(), [text.upper() + end for text in texts]

    return function


def failing(folder: Path) -> Callable[[Sequence[str]], None]:
    """Fails, and says which files there are."""
    files = sorted(file.name for file in folder.iterdir())

    def function(texts: Sequence[str]) -> None:
        raise ValueError(f"{texts[0]} with {files}")

    return function
