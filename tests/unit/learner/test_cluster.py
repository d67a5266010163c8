"""A Ray cluster as the engine, before anything is computed on it."""

import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from labelloop.errors import Unavailable, UserError
from labelloop.learner.cluster import Cluster, files_to_send
from labelloop.learner.engine import Here, Remote, engine

CHUNKS = [["one", "two"], ["three"]]


def never(folder: Path) -> Callable[[Sequence[str]], int]:
    raise AssertionError("loaded here")


REMOTE = Remote(Path("model"), never)


@pytest.fixture
def port() -> Iterator[int]:
    """A port on which somebody listens and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_the_deployment_chooses_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(engine(), Here)

    monkeypatch.setenv("LABELLOOP_ENGINE", "ray://head")
    assert isinstance(engine(), Cluster)

    monkeypatch.setenv("LABELLOOP_ENGINE", "dask://head")
    with pytest.raises(UserError, match="dask://head"):
        engine()


def test_few_texts_are_computed_here_and_so_is_what_no_other_machine_knows() -> None:
    nowhere = "ray://127.0.0.1:1"

    assert list(Cluster(nowhere, few=4).map(len, CHUNKS, REMOTE)) == [2, 1]
    assert list(Cluster(nowhere, few=1).map(len, CHUNKS, None)) == [2, 1]


def test_a_cluster_that_does_not_answer_is_an_outage() -> None:
    results = Cluster("ray://127.0.0.1:1", few=3).map(len, CHUNKS, REMOTE)

    with pytest.raises(Unavailable, match=r"^the Ray cluster at ray://127.0.0.1:1 does not answer \(.*\)$"):
        list(results)


def test_without_ray_it_says_what_to_install(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)

    with pytest.raises(UserError, match=r"pip install 'labelloop\[ray\]'"):
        list(Cluster(f"ray://127.0.0.1:{port}", few=1).map(len, CHUNKS, REMOTE))


def test_of_a_models_folder_what_can_hold_code_is_not_sent(tmp_path: Path) -> None:
    needed = ["1_Pooling/config.json", "config.json", "merges.txt", "model.safetensors", "spiece.model"]
    others = ["code.py", "model.bin", "model.pt", "onnx/model.onnx", "onnx/config.json"]
    for name in (*needed, *others):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.touch()

    assert files_to_send(tmp_path) == needed
