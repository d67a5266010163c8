"""The three examples on a real log, twice: at least once is as good as once."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pyarrow.dataset as arrow  # type: ignore[import-untyped]
import pytest
import yaml

from labelloop import Unavailable, follow
from labelloop.config.home import existing_home
from labelloop.consumers.runner import find, make
from labelloop.log import Log, open_log
from labelloop.loop.state import LoopState
from labelloop.store import artifacts
from schemas.envelope import new_event
from tests.support import plain_http
from tests.support.argilla_server import free_port
from tests.support.command import eventually
from tests.support.messages import levels, names
from tests.support.plugged import once
from tests.support.states import PROJECT, all_answered, trained

pytestmark = pytest.mark.usefixtures("examples")


@pytest.fixture
async def log(home: Path) -> AsyncIterator[Log]:
    log = open_log(existing_home(home).log_url)
    yield log
    await log.close()


async def twice(log: Log, home: Path, named: str, **options: object) -> None:
    """Run a consumer over all that is there, and then over all of it again."""
    for _ in range(2):
        consumer = make(named, find(named), options, str(existing_home(home).store))
        await log.seek("tried", at_end=False)
        await once(log, consumer, "tried")
    assert not await log.dead_letters.read()


async def test_labels_become_a_parquet_data_set(log: Log, home: Path, tmp_path: Path) -> None:
    await twice(log, home, "parquet_labels:ParquetLabels", folder=str(tmp_path / "labels"))

    table = arrow.dataset(tmp_path / "labels", partitioning="hive").to_table()
    rows = sorted((row["text"], row["label"], row["batch"], row["project"]) for row in table.to_pylist())
    assert rows == [
        ("text 0", "spam", "0", PROJECT),
        ("text 1", "ham", "0", PROJECT),
        ("text 2", "news", "0", PROJECT),
        ("text 3", "spam", "1", PROJECT),
        ("text 4", "ham", "1", PROJECT),
    ]


async def test_labels_that_changed_are_replaced_and_not_by_what_they_were(
    log: Log, home: Path, tmp_path: Path
) -> None:
    named = "parquet_labels:ParquetLabels"
    options = {"folder": str(tmp_path / "labels")}
    await once(log, make(named, find(named), options, str(existing_home(home).store)), "labels")
    await log.append(new_event(PROJECT, all_answered("0", (0, 1), revision=1), source="tests"))
    revised = make(named, find(named), options, str(existing_home(home).store))
    await once(log, revised, "labels")

    await log.seek("labels", at_end=False)
    await once(log, revised, "labels")

    table = arrow.dataset(tmp_path / "labels").to_table()
    assert sorted(table.column("text").to_pylist()) == ["text 0", "text 1", "text 3", "text 4"]


async def test_each_model_becomes_a_folder_with_a_card(log: Log, home: Path, tmp_path: Path) -> None:
    await twice(log, home, "model_publisher:ModelPublisher", folder=str(tmp_path / "hub"))

    (folder,) = (tmp_path / "hub").iterdir()
    assert folder.name == f"{PROJECT}-0"
    model = next((existing_home(home).store / PROJECT / "models" / "0").iterdir())
    for file in model.iterdir():
        assert artifacts.file_digest(folder / file.name) == artifacts.file_digest(file)
    _, front, page = (folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    metadata: dict[str, Any] = yaml.safe_load(front)
    assert (metadata["library_name"], metadata["pipeline_tag"]) == ("transformers", "text-classification")
    assert metadata["base_model"] == "all-MiniLM-L6-v2"
    assert {"linear", "breaking-ties"} <= set(metadata["tags"])
    (result,) = metadata["model-index"][0]["results"]
    assert {"type": "accuracy", "value": 0.8} in result["metrics"]
    assert "| labels | 3 |" in page


async def test_a_model_that_is_no_more_in_the_store_is_passed_over(
    log: Log, home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await log.append(new_event(PROJECT, trained("1", {"0": 0, "1": 0}), source="tests"))

    await twice(log, home, "model_publisher:ModelPublisher", folder=str(tmp_path / "hub"))

    assert [folder.name for folder in (tmp_path / "hub").iterdir()] == [f"{PROJECT}-0"]
    assert levels(caplog, 1, PROJECT) == ["WARNING"] * 2, "at each of the two runs"


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real MLflow server."""
    folder, port = tmp_path_factory.mktemp("mlflow"), free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    places = ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder)]
    settings = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "log").open("wb") as said:
        server = subprocess.Popen(
            [*command, *places], stdout=said, stderr=said, start_new_session=True, env=settings
        )
    try:
        eventually(lambda: _answers(f"http://127.0.0.1:{port}/health"), "MLflow answers")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(30)


def _answers(url: str) -> bool:
    try:
        return plain_http.get(url).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.all_cells
async def test_metrics_become_a_run_of_a_real_mlflow_server(log: Log, home: Path, mlflow: str) -> None:
    await twice(log, home, "mlflow_metrics:MlflowMetrics", uri=mlflow)

    def asked(what: str, **query: object) -> Any:
        return plain_http.post(f"{mlflow}/api/2.0/mlflow/{what}", json=query).raise_for_status().json()

    experiments = asked("experiments/search", max_results=10)["experiments"]
    (experiment,) = (each["experiment_id"] for each in experiments if each["name"] == "labelloop")
    (run,) = asked("runs/search", experiment_ids=[experiment])["runs"]
    tags = {each["key"]: each["value"] for each in run["data"]["tags"]}
    assert (run["info"]["run_name"], tags["labelloop.project"]) == ("mail", PROJECT)
    metrics = {each["key"]: (each["step"], each["value"]) for each in run["data"]["metrics"]}
    assert metrics["accuracy"] == (3, 0.8)
    assert metrics["f1_ham"] == (3, 0.6)
    assert metrics["training_seconds"] == (3, 1.0)
    assert {each["key"]: each["value"] for each in run["data"]["params"]}["strategy"] == "breaking-ties"
    assert len(_history(mlflow, run["info"]["run_id"], "accuracy")) == 1


def _history(mlflow: str, run: str, metric: str) -> list[Any]:
    query = {"run_id": run, "metric_key": metric}
    answer = plain_http.get(f"{mlflow}/api/2.0/mlflow/metrics/get-history", params=query)
    found: list[Any] = answer.raise_for_status().json()["metrics"]
    return found


async def test_while_mlflow_is_away_its_consumer_waits(home: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    consumer = make("mlflow", find("mlflow_metrics:MlflowMetrics"), {"uri": nowhere}, None)

    async for event, state in follow(home):
        if event.name == "ModelTrained":
            assert isinstance(state, LoopState)
            with pytest.raises(Unavailable) as away:
                consumer.handle(event, state)
            assert names(away.value.outage, "MLflow")
            break
