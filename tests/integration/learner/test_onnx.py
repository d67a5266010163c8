"""A model as ONNX is written only if it says what the model says."""

from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.learner import onnx_files, results, runtime
from labelloop.learner.requests import OnnxRequest
from labelloop.learner.worker import Worker
from tests.integration.learner.conftest import LABELS, SIZE, Bench
from tests.support.messages import raises_naming
from tests.support.needs import missing


@pytest.fixture(autouse=True)
def _needed() -> None:
    for name in results.ONNX_PACKAGES:
        try:
            __import__(name)
        except ImportError:
            missing(f"needs the extra onnx ({name})")


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "onnx"
    folder.mkdir()
    return folder


async def request(worker: Worker, bench: Bench, into: Path) -> OnnxRequest:
    result = await worker.run(bench.training("linear"))
    return OnnxRequest(
        pool=bench.pool,
        classifier=bench.spec("linear"),
        labels=LABELS,
        model_folder=result.folder,
        model_sha256=result.sha256,
        into=into,
        threads=1,
        int8=True,
    )


async def test_the_same_model_gives_the_same_bytes(worker: Worker, bench: Bench, into: Path) -> None:
    wanted = await request(worker, bench, into)

    first = await worker.run(wanted)
    files = {file.name: file.read_bytes() for file in wanted.into.iterdir()}
    again = await worker.run(wanted)

    assert (first.whole.same, first.compared) == (SIZE, SIZE)
    assert {file.name: file.read_bytes() for file in wanted.into.iterdir()} == files
    assert again.whole.furthest == first.whole.furthest


async def test_one_that_says_something_else_is_refused(
    worker: Worker, bench: Bench, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = await request(worker, bench, into)
    monkeypatch.setattr(runtime, "prepare", lambda threads: None)
    monkeypatch.setattr(onnx_files, "NEAR", -1.0)

    with raises_naming(UserError, SIZE, "--onnx"):
        onnx_files.write_onnx(wanted)
