"""Computes chunks of texts on the nodes of a Ray cluster, by Ray Data.

Ray Data does not run in a process that reaches its cluster by Ray Client. So a driver on the cluster's head
runs it, and this process fetches one result after another. Nodes run what they are sent as pickles.
"""

import pickle
import socket
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from labelloop.config.environment import OPENMP, choose
from labelloop.config.service_settings import ENGINE, LOCAL
from labelloop.errors import Unavailable, UserError, one_line
from labelloop.learner.engine import Chunk, Remote, Result
from labelloop.store.task_failures import TaskFailed

FEW = 4096
"""Texts that are computed here, because a cluster's processes would take longer to start."""
SENT_AT_A_TIME = 256
SECONDS_FOR_A_RESULT = 900
SECONDS_TO_CONNECT = 10
TRIES = 3
LONGEST = 300
SENT = ("*.json", "*.txt", "*.model", "*.safetensors", "1_Pooling/config.json")
"""The files of a model's folder that its loading needs. None can hold code."""
PORT = 10001
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DATA_DISABLE_PROGRESS_BARS": "1"}
HEAD = "node:__internal_head__"


@dataclass(frozen=True)
class Task:
    """What each process of a node needs. `load` is pickled; `files` has the model's folder, by names.

    `conditions`: what the values depend on, as they are where the task comes from.
    """

    load: bytes
    files: Mapping[str, Any]
    threads: int
    conditions: Mapping[str, str]


class Cluster:
    """The Ray cluster at an address such as `ray://host:10001`. Few texts are computed here."""

    def __init__(self, address: str, few: int | None = None) -> None:
        self._address = address
        self._few = FEW if few is None else few

    def map(
        self,
        function: Callable[[Chunk], Result],
        chunks: Iterable[Chunk],
        remote: Remote[Chunk, Result] | None,
    ) -> Iterator[Result]:
        """Raises `Unavailable` if the cluster does not answer, UserError if a node would differ."""
        following = iter(chunks)
        first, texts = [], 0
        while texts < self._few and (chunk := next(following, None)) is not None:
            first.append(chunk)
            texts += len(chunk)
        every = chain(first, following)
        if remote is None or texts < self._few:
            return map(function, every)
        return self._spread(every, remote)

    def _spread(self, chunks: Iterable[Chunk], remote: Remote[Chunk, Result]) -> Iterator[Result]:
        from labelloop.learner import runtime

        conditions = runtime.conditions()
        with self._connected() as ray:
            threads, gpus = runtime.threads(), int(runtime.device().type == "cuda")
            files = {
                name: ray.put(np.fromfile(remote.folder / name, dtype=np.uint8))
                for name in files_to_send(remote.folder)
            }
            task = Task(pickle.dumps(remote.load), files, threads, conditions)
            driver = ray.remote(Driver).options(num_cpus=0, resources={HEAD: 0.001}).remote()
            number = 0
            pickled = (pickle.dumps(chunk) for chunk in chunks)
            while part := list(islice(pickled, SENT_AT_A_TIME)):
                number += len(part)
                ray.get(driver.add.remote(part), timeout=SECONDS_FOR_A_RESULT)
            processes = min(self._places(ray, threads), number)
            ray.get(driver.start.remote(task, processes, gpus), timeout=SECONDS_FOR_A_RESULT)
            following = driver.next.remote()
            for _ in range(number):
                answer = ray.get(following, timeout=SECONDS_FOR_A_RESULT)
                following = driver.next.remote()
                yield _result(pickle.loads(answer))

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        """Ray, connected to the cluster. Its errors are outages: it has tried again what may help."""
        url = urlsplit(self._address)
        host, port = url.hostname or "", url.port or PORT
        try:
            socket.create_connection((host, port), SECONDS_TO_CONNECT).close()
        except OSError as error:
            raise self._unavailable(f"does not answer ({error.strerror or one_line(error)})") from error
        ray, grpc = _ray()
        try:
            _connect(ray, f"ray://{url.netloc if url.port else f'{url.netloc}:{port}'}")
            yield ray
        except ray.exceptions.GetTimeoutError as error:
            raise self._unavailable(f"gave no result in {SECONDS_FOR_A_RESULT} s") from error
        except (ray.exceptions.RayError, grpc.RpcError, ConnectionError, RuntimeError) as error:
            raise self._failed(str(error)) from error
        finally:
            ray.shutdown()

    def _places(self, ray: Any, threads: int) -> int:
        """How many processes the nodes that live have processors for."""
        nodes = [node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]]
        places = sum(int(processors // threads) for processors in nodes)
        if not places:
            raise self._unavailable(f"has no node with {threads} CPUs, as many as LABELLOOP_THREADS")
        return places

    def _failed(self, reason: str) -> Exception:
        if "No module named 'labelloop" in reason:
            return UserError(f"on the Ray cluster at {self._address} labelloop is not installed")
        if "Version mismatch" in reason:
            return UserError(f"the Ray cluster at {self._address}: {one_line(reason)[:LONGEST]}")
        last = [line for line in reason.splitlines() if line.strip()][-1:]
        return self._unavailable(f"failed ({one_line(''.join(last))[:LONGEST]})")

    def _unavailable(self, what: str) -> Unavailable:
        return Unavailable(f"the Ray cluster at {self._address} {what}", "the Ray cluster")


class Driver:
    """Runs on the cluster's head: gives chunks to Ray Data, and hands out results in the order of chunks."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._results: Iterator[dict[str, bytes]] = iter(())

    def add(self, chunks: Sequence[bytes]) -> None:
        """Take more chunks, before the start."""
        self._chunks += chunks

    def start(self, task: Task, processes: int, gpus: int) -> None:
        """Begin with the chunks, in so many processes."""
        import ray.data

        context = ray.data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = False
        rows = [{"chunk": chunk} for chunk in self._chunks]
        data_set = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
            Node,
            fn_constructor_args=(task,),
            compute=ray.data.ActorPoolStrategy(size=processes),
            num_cpus=task.threads,
            num_gpus=gpus,
        )
        self._chunks = []
        self._results = iter(data_set.iter_rows())

    def next(self) -> bytes | None:
        """The next result or error as a pickle, or None after the last."""
        row = next(self._results, None)
        return row["result"] if row is not None else None


class Node:
    """A process of a node. It loads the model with its first chunk. Errors are results, too."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._function: Callable[[Any], Any] | None = None

    def __call__(self, row: Mapping[str, bytes]) -> dict[str, bytes]:
        try:
            result = self._computed(pickle.loads(row["chunk"]))
        except UserError as error:
            result = error
        except Exception as error:
            result = TaskFailed.of(error)
        return {"result": pickle.dumps(result)}

    def _computed(self, chunk: Any) -> Any:
        if self._function is not None:
            return self._function(chunk)
        import ray

        from labelloop.learner import runtime

        runtime.prepare(self._task.threads)
        _check(self._task.conditions, runtime.conditions(), ray.util.get_node_ip_address())
        # A process of Ray is killed at its end: a folder that lives as long would stay.
        with tempfile.TemporaryDirectory(prefix="labelloop-") as folder:
            for name, content in self._task.files.items():
                file = Path(folder, name)
                file.parent.mkdir(parents=True, exist_ok=True)
                ray.get(content).tofile(file)
            self._function = pickle.loads(self._task.load)(Path(folder))
            return self._function(chunk)


def _ray() -> tuple[Any, Any]:
    """Ray without usage statistics, and the library it calls by."""
    for name, value in QUIET.items():
        choose(name, value)
    try:
        import grpc
        import ray
    except ImportError as error:
        raise UserError("the engine ray://… needs pip install 'labelloop[ray]'") from error
    return ray, grpc


def _connect(ray: Any, address: str) -> None:
    """The process that a head starts for a client may end at once where the head is busy: try again."""
    for tries_left in reversed(range(TRIES)):
        try:
            ray.init(
                address,
                runtime_env={"env_vars": _environment()},
                log_to_driver=False,
                logging_level="CRITICAL",
            )
            return
        except ConnectionError:
            ray.shutdown()
            if not tries_left:
                raise


def _environment() -> dict[str, str]:
    """What processes on the nodes must have in their environment before they load anything."""
    return {**OPENMP, "HF_HUB_OFFLINE": "1", ENGINE: LOCAL, **QUIET}


def files_to_send(folder: Path) -> list[str]:
    """The names of the files in a model's folder that its loading needs."""
    files = {file for pattern in SENT for file in folder.glob(pattern)}
    return sorted(str(file.relative_to(folder)) for file in files)


def _check(ours: Mapping[str, str], there: Mapping[str, str], node: str) -> None:
    """Raises UserError if a node would compute other values."""
    for name, value in ours.items():
        if there.get(name) != value:
            raise UserError(
                f"the node {node} of the Ray cluster would compute other values: its {name} is "
                f"{there.get(name)}, and {value} where the task comes from; make them the same"
            )


def _result(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer
