"""The demo as a user runs it, on real parts; but for one run the `linear` classifier keeps it quick."""

import json
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import transformers

from labelloop.places import places_of
from labelloop.pool.bundled import bundled
from tests.support.command import command, eventually, labelloop, processes_about

pytestmark = pytest.mark.timeout(900)

BATCHES, SIZE = 3, 10
KEYS = {
    "project",
    "batches",
    "labels",
    "accuracy",
    "wait_seconds",
    "train_seconds",
    "query_seconds",
    "model",
    "export",
    "digest",
}


@dataclass(frozen=True)
class Run:
    """A demo that came to its end."""

    code: int
    output: str

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.output.splitlines()[-1])
        return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def arguments(folder: Path) -> list[str]:
    """A demo on a small part of the bundled questions."""
    questions = bundled("questions")
    for name, source, count in (("pool", questions.pool, 120), ("test", questions.test, 60)):
        lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / f"{name}.jsonl").write_text("".join(lines[:count]), encoding="utf-8")
    data = ["--dataset", str(folder / "pool.jsonl"), "--test", str(folder / "test.jsonl")]
    loop = ["--batches", str(BATCHES), "--batch-size", str(SIZE), "--classifier", "linear"]
    return ["demo", "--home", str(folder / "home"), *data, *loop, "--json"]


@pytest.fixture(scope="module")
def runs(folder: Path, arguments: list[str]) -> list[Run]:
    """Two demos in the same home, one after the other."""
    found = []
    for number in (1, 2):
        output = folder / f"output-{number}"
        with command(*arguments, "--seconds-per-label", 0, "--annotators", number, output=output) as process:
            code = process.wait(240)
        found.append(Run(code, output.read_text(encoding="utf-8")))
    return found


def test_it_ends_well_with_one_line_of_json(runs: list[Run]) -> None:
    assert [run.code for run in runs] == [0, 0], runs[0].output

    said = runs[0].said
    assert said.keys() == KEYS
    assert (said["batches"], said["labels"]) == (BATCHES, BATCHES * SIZE)
    assert [point["labels"] for point in said["accuracy"]] == [10, 20, 30]
    assert said["wait_seconds"].keys() == {"p50", "p95", "max"}
    assert said["train_seconds"] > 0


def test_it_tells_the_login_and_one_line_a_batch(runs: list[Run]) -> None:
    lines = runs[0].output.splitlines()

    assert any(line.startswith("Argilla    http://127.0.0.1:") for line in lines)
    assert any(line.startswith("password   ") for line in lines)
    assert [line.split()[:2] for line in lines if line.split()[:1] in (["0"], ["1"], ["2"])] == [
        ["0", "10"],
        ["1", "20"],
        ["2", "30"],
    ]
    assert any("accuracy on the test set" in line for line in lines)


def test_it_says_how_to_look_again_before_the_line_for_programs(runs: list[Run], folder: Path) -> None:
    assert runs[0].output.splitlines()[-2] == f"look    labelloop status --home {folder / 'home'}"

    found = json.loads(labelloop("status", "--home", folder / "home", "--json").stdout)["projects"][0]
    assert (found["model_folder"], found["digest"]) == (runs[1].said["model"], runs[1].said["digest"])


def test_what_it_names_is_there(runs: list[Run], folder: Path) -> None:
    said = runs[1].said

    model = Path(said["model"])
    assert {"config.json", "model.safetensors", "manifest.json"} <= {path.name for path in model.iterdir()}
    rows = [json.loads(line) for line in Path(said["export"]).read_text(encoding="utf-8").splitlines()]
    gold = [json.loads(line)["label"] for line in (folder / "pool.jsonl").open(encoding="utf-8")]
    assert len(rows) == BATCHES * SIZE
    assert all(row["label"] == gold[row["source_row"]] for row in rows)
    curve = Path(said["export"]).with_name(f"{said['project']}-curve.png")
    assert curve.read_bytes().startswith(b"\x89PNG")


def test_the_second_starts_afresh_and_decides_the_same(runs: list[Run], folder: Path) -> None:
    first, second = (run.said for run in runs)

    assert first["project"] != second["project"]
    assert [path.name for path in (folder / "home" / "store").iterdir()] == [second["project"]]
    assert first["digest"] == second["digest"]
    assert first["accuracy"] == second["accuracy"]


def test_over_kafka_it_decides_the_same(
    runs: list[Run], folder: Path, arguments: list[str], kafka: str
) -> None:
    home, output = folder / "over-kafka", folder / "output-kafka"
    arguments = [*arguments, "--home", str(home), "--log", f"kafka://{kafka}/demo"]
    with command(*arguments, "--seconds-per-label", 0, output=output) as process:
        code = process.wait(240)

    run = Run(code, output.read_text(encoding="utf-8"))
    assert run.code == 0, run.output
    assert places_of(str(home)).log.startswith(f"kafka://{kafka}/demo")
    assert not (home / "log.sqlite").exists()
    assert run.said["digest"] == runs[0].said["digest"]
    assert run.said["accuracy"] == runs[0].said["accuracy"]


def test_afterwards_the_home_can_still_be_asked(runs: list[Run], folder: Path) -> None:
    found = json.loads(labelloop("curve", "--home", folder / "home", "--json").stdout)

    assert [point["accuracy"] for point in found["curve"]] == [
        point["accuracy"] for point in runs[1].said["accuracy"]
    ]
    assert not processes_about(folder / "home")


def test_without_a_data_set_a_transformer_learns_the_bundled_questions(folder: Path) -> None:
    output = folder / "output-transformer"
    loop = ["--batches", 2, "--batch-size", SIZE, "--seconds-per-label", 0]
    with command("demo", "--home", folder / "transformer", *loop, "--json", output=output) as process:
        code = process.wait(600)

    run = Run(code, output.read_text(encoding="utf-8"))
    assert run.code == 0, run.output
    assert (run.said["batches"], run.said["labels"]) == (2, 2 * SIZE)
    assert [point["labels"] for point in run.said["accuracy"]] == [SIZE, 2 * SIZE]
    classify = transformers.pipeline("text-classification", run.said["model"])
    questions = bundled("questions").test.read_text(encoding="utf-8").splitlines()
    labels = {json.loads(question)["label"] for question in questions}
    predicted = classify([json.loads(question)["text"] for question in questions[:3]])
    assert all(each["label"] in labels and 0 < each["score"] <= 1 for each in predicted)


def test_ctrl_c_stops_everything_in_order(folder: Path, arguments: list[str]) -> None:
    home = folder / "interrupted"
    arguments = [*arguments, "--home", str(home)]
    output = folder / "output-interrupted"
    with command(*arguments, "--seconds-per-label", 2, output=output) as process:
        eventually(lambda: _is_labelling(home), "the annotators label")
        process.send_signal(signal.SIGINT)
        code = process.wait(60)

    assert code == 130
    assert "Traceback" not in output.read_text(encoding="utf-8")
    assert not processes_about(home)


def _is_labelling(home: Path) -> bool:
    if not (home / "log.sqlite").exists():
        return False
    return "ResponsesRecorded" in labelloop("events", "--home", home).stdout
