"""The demo as a user runs it, on real parts; but for one run the `linear` classifier keeps it quick."""

import asyncio
import json
import random
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import transformers

from labelloop.cli.opened import opened_project
from labelloop.config.locations import locations_of
from labelloop.pool.bundled import bundled
from labelloop.projects.catalog import created
from labelloop.projects.recompute import Recomputed, Retrained, recompute, retrain
from schemas.events import BatchAnnotated
from schemas.model import replaced
from tests.support.argilla_server import free_port
from tests.support.command import command, error_line, eventually, labelloop, processes_about
from tests.support.damage import change_byte
from tests.support.demo import BATCHES, HOME, KEPT, SIZE, Demo, Ended, Undisturbed
from tests.support.messages import names

pytestmark = pytest.mark.timeout(900)

LABELS = [SIZE * (number + 1) for number in range(BATCHES)]
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
    "predictions",
    "digest",
}


@pytest.fixture(scope="module")
def demo(undisturbed: Undisturbed) -> Demo:
    return undisturbed.demo


@pytest.fixture(scope="module")
def first(undisturbed: Undisturbed) -> Ended:
    return undisturbed.ended


@pytest.fixture(scope="module")
def home(demo: Demo, first: Ended, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home as the demo left it, of which bytes may be changed."""
    return shutil.copytree(demo.folder / KEPT, tmp_path_factory.mktemp("demo") / "home")


def model_in(home: Path, ended: Ended) -> Path:
    """The model that the demo named, in a copy of its home."""
    folder = Path(ended.facts["model"])
    return home / folder.relative_to(next(each for each in folder.parents if each.name == HOME))


@pytest.fixture(scope="module")
def log(request: pytest.FixtureRequest) -> str | None:
    """One over Kafka, where there is a Kafka."""
    try:
        return f"kafka://{request.getfixturevalue('kafka')}/demo"
    except pytest.skip.Exception:
        return None


@pytest.fixture(scope="module")
def second(demo: Demo, first: Ended, log: str | None) -> Ended:
    """Another demo in the same home, after the first."""
    output = demo.folder / "second.txt"
    options = ["--log", log] if log else []
    with demo.start(HOME, "--seconds-per-label", 0, "--annotators", 2, *options, output=output) as process:
        return Ended.wait(process, output)


def test_it_ends_well_with_one_line_of_json(first: Ended) -> None:
    said = first.facts
    assert said.keys() == KEYS
    assert (said["batches"], said["labels"]) == (BATCHES, BATCHES * SIZE)
    assert [point["labels"] for point in said["accuracy"]] == LABELS
    assert said["wait_seconds"].keys() == {"p50", "p95", "max"}
    assert said["train_seconds"] > 0


def test_it_tells_the_login_and_one_line_a_batch(first: Ended) -> None:
    lines = first.output.splitlines()

    assert any("http://127.0.0.1:" in line for line in lines)
    assert any(names(line, "password") for line in lines)
    of_batches = [line.split()[:2] for line in lines if line.split()[:1] and line.split()[0].isdigit()]
    assert of_batches[:BATCHES] == [[str(number), str(labels)] for number, labels in enumerate(LABELS)]
    assert any("●" in line for line in lines), "the curve"


@pytest.mark.all_cells
def test_the_second_starts_afresh_and_decides_the_same(demo: Demo, first: Ended, second: Ended) -> None:
    assert first.facts["project"] != second.facts["project"]
    assert [path.name for path in (demo.folder / HOME / "store").glob("[!.]*")] == [second.facts["project"]]
    assert first.facts["digest"] == second.facts["digest"]
    assert first.accuracy == second.accuracy


@pytest.mark.all_cells
def test_over_kafka_it_decides_the_same(
    demo: Demo, first: Ended, second: Ended, log: str | None, kafka: str
) -> None:
    assert log is not None
    assert locations_of(str(demo.folder / HOME)).log.startswith(log)
    assert not (demo.folder / HOME / "log.sqlite").exists()
    assert first.facts["digest"] == second.facts["digest"]


def test_it_says_how_to_look_again_before_the_line_for_programs(demo: Demo, first: Ended) -> None:
    home = demo.folder / HOME
    assert names(first.output.splitlines()[-2], f"labelloop status --home {home}")


def test_the_status_names_its_model_and_its_digest(home: Path, first: Ended) -> None:
    found = json.loads(labelloop("status", "--home", home, "--json").stdout)["projects"][0]
    assert (Path(found["model_folder"]), found["digest"]) == (model_in(home, first), first.facts["digest"])


def test_what_it_names_is_there(demo: Demo, home: Path, first: Ended) -> None:
    said = first.facts

    model = model_in(home, first)
    assert {"config.json", "model.safetensors", "manifest.json"} <= {path.name for path in model.iterdir()}
    export = home / "exports" / Path(said["export"]).name
    rows = [json.loads(line) for line in export.read_text(encoding="utf-8").splitlines()]
    gold = demo.gold()
    assert len(rows) == BATCHES * SIZE
    assert all(row["label"] == gold[row["source_row"]] for row in rows)
    curve = export.with_name(f"{said['project']}-curve.png")
    assert curve.read_bytes().startswith(b"\x89PNG")


def test_afterwards_the_home_can_still_be_asked(demo: Demo, home: Path, first: Ended) -> None:
    found = json.loads(labelloop("curve", "--home", home, "--json").stdout)

    assert {point["labels"]: point["accuracy"] for point in found["curve"]} == first.accuracy
    assert not processes_about(demo.folder / HOME)


def test_a_changed_byte_of_a_model_or_of_the_pool_is_found(home: Path, first: Ended) -> None:
    verify = ("replay", "--verify", "--home", home)
    assert names(labelloop(*verify).stdout.splitlines()[-1], first.facts["digest"])

    model = model_in(home, first) / "model.safetensors"
    (pool,) = (home / "store" / first.facts["project"] / "pool").iterdir()
    for file, fact in ((model, BATCHES - 1), (pool, pool.name)):
        with one_byte_changed(file):
            assert names(error_line(labelloop(*verify)), fact)
    assert labelloop(*verify).exit_code == 0


def test_a_text_is_told_with_what_each_model_says_of_it(demo: Demo, home: Path, first: Ended) -> None:
    events = labelloop("events", "--home", home, "--type", "BatchQueried", "-n", 1, "--json")
    queried = json.loads(events.stdout)["data"]
    picked = queried["items"][0]

    said = json.loads(labelloop("why", picked["item"], "--home", home, "--json").stdout)

    oldest, *_, last = said["models"]
    assert oldest["model"] == queried["model"]
    assert oldest["predicted"] == picked["predicted"][0], "it says now what it said when it picked"
    assert oldest["probability"] == pytest.approx(picked["probability"])
    assert not oldest["learned_it"]
    assert last["learned_it"]
    assert 0 < last["probability"] <= 1
    assert said["labels"] == [demo.gold()[picked["item"]]]
    with (demo.folder / "questions.jsonl").open(encoding="utf-8") as rows:
        assert said["text"] == [json.loads(row)["text"] for row in rows][picked["item"]]


def test_a_model_trained_again_from_the_log_has_the_same_weights(home: Path, first: Ended) -> None:
    result = labelloop("replay", "--retrain", BATCHES - 1, "--home", home, "--json")

    said = json.loads(result.stdout)["retrained"]
    assert (said["model"], said["labels"]) == (str(BATCHES - 1), LABELS[-1])
    assert (said["same"], said["difference"], said["changed"]) == (True, None, {})
    text = labelloop("replay", "--retrain", "0", "--home", home).stdout
    assert names(text, 0, LABELS[0])
    assert names(error_line(labelloop("replay", "--retrain", "9", "--home", home)), "'9'")


def test_figures_that_are_measured_again_are_those_of_the_log(home: Path, first: Ended) -> None:
    said = json.loads(labelloop("replay", "--recompute", "--home", home, "--json").stdout)["recomputed"]

    assert [(each["model"], each["changed"]) for each in said["models"]] == [
        (str(model), {}) for model in range(BATCHES)
    ]
    assert {LABELS[int(each["model"])]: each["accuracy"] for each in said["models"]} == first.accuracy
    assert said["gone"] == 0


def test_a_figure_of_the_log_that_is_another_is_told_and_fails_nothing(home: Path, first: Ended) -> None:
    async def recomputed() -> Recomputed:
        async with opened_project(locations_of(str(home)), None) as (found, history):
            state = created(history)
            evaluated = replaced(state.evaluations["0"], accuracy=0.99)
            tested = {("0", evaluated.test_version): evaluated}
            return await recompute(found.store, replace(state, tested=tested))

    (measured,) = asyncio.run(recomputed()).models

    assert measured.changed == {"accuracy": (0.99, first.accuracy[LABELS[0]])}


@pytest.mark.all_cells
def test_a_model_trained_again_from_other_labels_predicts_otherwise(home: Path, first: Ended) -> None:
    async def retrained() -> Retrained:
        places = locations_of(str(home))
        async with opened_project(places, None) as (found, history):
            state = created(history)
            batch = state.batches["0"]
            labels = {answer.labels for answer in batch.revisions[0].items}

            def otherwise(said: BatchAnnotated) -> BatchAnnotated:
                items = (replaced(one, labels=min(labels - {one.labels})) for one in said.items)
                return replaced(said, items=tuple(items))

            changed = replace(batch, revisions=tuple(map(otherwise, batch.revisions)))
            batches = {**state.batches, "0": changed}
            return await retrain(found.store, replace(state, batches=batches), str(BATCHES - 1))

    again = asyncio.run(retrained())

    assert again.same is False
    assert again.difference is not None
    assert again.difference.texts == 2 * BATCHES * SIZE
    assert 0 < again.difference.other_label < again.difference.texts
    assert 0 < again.difference.probability < 1


@contextmanager
def one_byte_changed(file: Path) -> Iterator[None]:
    place = random.Random(file.stat().st_size).randrange(file.stat().st_size)
    change_byte(file, place)
    yield
    change_byte(file, place)


@pytest.mark.all_cells
def test_without_a_data_set_a_transformer_learns_the_bundled_questions(tmp_path: Path) -> None:
    output = tmp_path / "output.txt"
    loop = ["--batches", 2, "--batch-size", SIZE, "--seconds-per-label", 0]
    where = ["--home", tmp_path / "home", "--port", free_port()]
    with command("demo", *where, *loop, "--json", output=output) as process:
        said = Ended.wait(process, output).facts

    assert (said["batches"], said["labels"]) == (2, 2 * SIZE)
    assert [point["labels"] for point in said["accuracy"]] == [SIZE, 2 * SIZE]
    classify = transformers.pipeline("text-classification", said["model"])
    questions = bundled("questions").test.read_text(encoding="utf-8").splitlines()
    labels = {json.loads(question)["label"] for question in questions}
    predicted = classify([json.loads(question)["text"] for question in questions[:3]])
    assert all(each["label"] in labels and 0 < each["score"] <= 1 for each in predicted)


@pytest.mark.all_cells
def test_ctrl_c_stops_everything_in_order(demo: Demo) -> None:
    home = demo.folder / "interrupted"
    with demo.start("interrupted", "--seconds-per-label", 2) as process:
        eventually(lambda: _is_labelling(home), "the annotators label")
        process.send_signal(signal.SIGINT)
        code = process.wait(60)

    assert code == 130
    assert "Traceback" not in demo.output("interrupted").read_text(encoding="utf-8")
    assert not processes_about(home)


def _is_labelling(home: Path) -> bool:
    if not (home / "log.sqlite").exists():
        return False
    return "ResponsesRecorded" in labelloop("events", "--home", home).stdout
