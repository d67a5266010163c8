"""A run in which everything is killed again and again ends as one that was left alone."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from labelloop.pool.bundled import bundled
from tests.support.command import command, labelloop
from tests.support.killing import Killer

pytestmark = pytest.mark.timeout(900)

BATCHES, SIZE = 10, 8
KILLS = 24
SERVICES = ["annotation_watcher", "trainer", "querier", "evaluator", "annotators"]
# Argilla takes seconds to come back: one kill of it in each round of two over the others.
VICTIMS = [*SERVICES, *SERVICES, "argilla"]


@dataclass(frozen=True)
class Run:
    """A demo that came to its end, and the kills that it suffered."""

    said: dict[str, Any]
    events: list[dict[str, Any]]
    hits: Counter[str]

    def of(self, name: str) -> list[dict[str, Any]]:
        return [event["data"] for event in self.events if event["type"] == f"labelloop.{name}.v1"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small part of the bundled questions."""
    folder = tmp_path_factory.mktemp("kills")
    questions = bundled("questions")
    for name, source, count in (("pool", questions.pool, 160), ("test", questions.test, 40)):
        lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / f"{name}.jsonl").write_text("".join(lines[:count]), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def quiet(folder: Path) -> Run:
    return run(folder, "quiet", seconds_per_label=0, kills=0)


@pytest.fixture(scope="module")
def killed(folder: Path) -> Run:
    return run(folder, "killed", seconds_per_label=0.3, kills=KILLS)


def run(folder: Path, name: str, seconds_per_label: float, kills: int) -> Run:
    home, output = folder / name, folder / f"{name}.txt"
    killer = Killer(home / "run", VICTIMS, seed=1)
    data = ["--dataset", folder / "pool.jsonl", "--test", folder / "test.jsonl", "--home", home]
    loop = ["--batches", BATCHES, "--batch-size", SIZE, "--classifier", "linear"]
    pace = ["--seconds-per-label", seconds_per_label]
    with command("demo", *data, *loop, *pace, "--json", output=output) as process:
        killer.go_on_until(lambda: process.poll() is not None or killer.hits.total() >= kills)
        code = process.wait(600)
    said = output.read_text(encoding="utf-8")
    assert code == 0, said
    events = labelloop("events", "--home", home, "--json").stdout
    return Run(json.loads(said.splitlines()[-1]), list(map(json.loads, events.splitlines())), killer.hits)


def test_each_kill_hit_and_each_service_was_hit(killed: Run) -> None:
    assert killed.hits.total() >= KILLS
    assert killed.hits["argilla"] >= 2
    assert all(killed.hits[service] >= 4 for service in SERVICES), killed.hits


def test_it_ends_with_the_digest_of_a_run_left_alone(quiet: Run, killed: Run) -> None:
    assert killed.said["digest"] == quiet.said["digest"]
    assert killed.said["accuracy"] == quiet.said["accuracy"]


def test_no_text_is_asked_twice(killed: Run) -> None:
    asked = [item["item"] for batch in killed.of("BatchQueried") for item in batch["items"]]

    assert len(asked) == BATCHES * SIZE
    assert len(set(asked)) == len(asked)


def test_no_label_is_lost(killed: Run, folder: Path) -> None:
    gold = [json.loads(line)["label"] for line in (folder / "pool.jsonl").open(encoding="utf-8")]
    rows = [json.loads(line) for line in Path(killed.said["export"]).read_text("utf-8").splitlines()]

    assert len(rows) == BATCHES * SIZE
    assert all(row["label"] == gold[row["source_row"]] for row in rows)


def test_nothing_is_taken_for_a_withdrawal(killed: Run) -> None:
    assert [batch["revision"] for batch in killed.of("BatchAnnotated")] == [0] * BATCHES


def test_each_model_is_trained_once_in_the_log(killed: Run) -> None:
    assert [model["model"] for model in killed.of("ModelTrained")] == [str(n) for n in range(BATCHES)]
