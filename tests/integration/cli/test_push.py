"""`labelloop push` with models that were really trained: into folders. The Hub is in a file of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import ModelCard
from transformers import AutoTokenizer, pipeline

from labelloop.config.home import open_home
from labelloop.learner.results import ONNX, ONNX_INT8
from labelloop.learner.shared import SHARED
from labelloop.projects.push import push as pushing
from labelloop.store import FolderStore, artifacts
from labelloop.store.artifacts import MANIFEST
from schemas.model import replaced
from schemas.parts import Choice
from tests.integration.learner.conftest import LABELS
from tests.support import many_labels
from tests.support.command import LABELLOOP, error_line, eventually, labelloop
from tests.support.homes import home_with
from tests.support.matrices import cells
from tests.support.messages import names
from tests.support.pushing import (
    BATCH,
    SIZE,
    home,
    home_of,
    home_of_several,
    left_files,
    model_folder,
    needs_onnx,
    own,
    rows,
    verify_copy,
)
from tests.support.s3 import Bucket, bucket, s3_server
from tests.support.states import PROJECT, all_answered, project, queried, trained

__all__ = ["bucket", "home", "own", "s3_server"]


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return home_of_several(tmp_path_factory.mktemp("push") / "several")


def pushed(home: Path, *arguments: object) -> dict[str, Any]:
    result = labelloop("push", *arguments, "--home", home, "--json")
    assert result.exit_code == 0, result.output
    said: dict[str, Any] = json.loads(result.stdout)
    return said


def predicted(home: Path, texts: list[str], folder: Path) -> list[dict[str, Any]]:
    """What `labelloop predict` says of them."""
    (folder / "texts.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    result = labelloop("predict", folder / "texts.jsonl", "--home", home, "--output", "-")
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize("classifier", cells("linear", rest=["transformer"]))
def test_a_folder_is_read_back_by_transformers_and_says_what_predict_says(
    home: Path, tmp_path: Path, classifier: str
) -> None:
    there = home if classifier == "linear" else home_of(tmp_path / "home", classifier)

    said = pushed(there, "--output", tmp_path / "out")

    texts = [row.text for row in rows(40)]
    found: Any = pipeline("text-classification", model=str(tmp_path / "out"))(texts, truncation=True)
    assert [each["label"] for each in found] == [row["label"] for row in predicted(there, texts, tmp_path)]
    assert (said["model"], said["texts"], said["labels"]) == ("0", BATCH, dict.fromkeys(LABELS, 10))
    assert left_files(tmp_path / "out") == {*left_files(model_folder(there)), "README.md"}
    card = ModelCard.load(tmp_path / "out" / "README.md")
    assert said["sha256"] in card.text
    assert f"{said['log']['events']}:{said['log']['digest']}" in card.text
    assert str(tmp_path) not in card.content


def test_the_models_of_several_labels_come_with_thresholds(several: Path, tmp_path: Path) -> None:
    pushed(several, "--output", tmp_path / "out")

    texts = [many_labels.text_of(item) for item in range(40, 60)]
    thresholds = json.loads((tmp_path / "out" / "thresholds.json").read_text())
    classify: Any = pipeline("text-classification", model=str(tmp_path / "out"), top_k=None)
    found = [
        {each["label"] for each in every if each["score"] >= thresholds[each["label"]]}
        for every in classify(texts, truncation=True)
    ]
    assert found == [set(row["labels"]) for row in predicted(several, texts, tmp_path)]


@pytest.mark.parametrize("several_labels", [False, True], ids=["one-label", "several"])
def test_as_onnx_it_says_the_same_and_the_cost_of_8_bits_is_said(
    home: Path, several: Path, tmp_path: Path, several_labels: bool
) -> None:
    needs_onnx()
    import onnxruntime

    there = several if several_labels else home

    said = pushed(there, "--output", tmp_path / "out", "--int8")

    texts = [row.text for row in rows(30)]
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    session = onnxruntime.InferenceSession(tmp_path / "out" / ONNX)
    inputs = tokenizer(texts, padding=True, truncation=True, return_tensors="np")
    (logits,) = session.run(None, {each.name: inputs[each.name] for each in session.get_inputs()})
    e = np.exp(logits - (0 if several_labels else logits.max(axis=1, keepdims=True)))
    probabilities = e / (1 + e) if several_labels else e / e.sum(axis=1, keepdims=True)
    classify: Any = pipeline("text-classification", model=str(tmp_path / "out"), top_k=None)
    labels = many_labels.LABELS if several_labels else LABELS
    for row, every in zip(probabilities, classify(texts, truncation=True), strict=True):
        assert dict(zip(labels, row, strict=True)) == pytest.approx(
            {each["label"]: each["score"] for each in every}, abs=1e-3
        )
    whole, int8 = said["onnx"]["whole"], said["onnx"]["int8"]
    assert whole["same"] == said["onnx"]["compared"] == (many_labels.SIZE if several_labels else SIZE)
    assert whole["furthest"] < 1e-3
    assert (whole["size"], int8["size"]) == tuple(
        (tmp_path / "out" / name).stat().st_size for name in (ONNX, ONNX_INT8)
    )
    if not several_labels:
        assert said["onnx"]["tested"] == 24
        assert whole["accuracy"] > 0.9
    card = (tmp_path / "out" / "README.md").read_text()
    assert names(card, ONNX_INT8, f"{int8['same']} of {said['onnx']['compared']}")


def test_without_the_packages_onnx_is_refused_before_anything(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "ONNX_PACKAGES", ("onnx_that_nobody_has",))

    line = error_line(labelloop("push", "--onnx", "--output", tmp_path / "out", "--home", home))

    assert names(line, "onnx_that_nobody_has", "labelloop[onnx]")
    assert not left_files(tmp_path)


def test_a_plugins_model_that_transformers_cannot_read_is_pushed_but_not_as_onnx(tmp_path: Path) -> None:
    path = tmp_path / "home"
    store = FolderStore(open_home(path).store)
    folder = artifacts.store(store.models(PROJECT) / "0", save_centroids)
    made = replaced(trained("0", {"0": 0}), artifact=store.publish(folder), sha256=folder.name)
    home_with(path, project(classifier=Choice(name="centroids")), queried("0"), all_answered("0"), made)

    said = pushed(path, "--output", tmp_path / "out")

    verify_copy(tmp_path / "out", said["sha256"])
    needs_onnx()
    line = error_line(labelloop("push", "--onnx", "--output", tmp_path / "other", "--home", path))
    assert names(line, "centroids", "--onnx", "config.json")
    assert not (tmp_path / "other").exists()


def save_centroids(folder: Path) -> None:
    """What the classifier of a plugin may save."""
    (folder / "centroids.safetensors").write_bytes(b"centroids")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--model", "7"), ("'7'", "0")),
        (("--output", "file"), ("file", "folder")),
        (("--output", "other"), ("other", "other things")),
        (("--output", "other", "--replace"), ("other", "other things")),
        (("--output", "file/out"), ("file/out", "--output")),
        (("--output", "pushed"), ("pushed", "exists", "--replace")),
        (("--public",), ("--public", "hf://user/name")),
        (("--output", "hf://a/b/c"), ("hf://a/b/c", "hf://user/name")),
        (("--project", "none"), ("none", PROJECT)),
    ],
)
def test_bad_input_gets_one_line_and_nothing_is_lost(
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    words: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("mine")
    Path("other").mkdir()
    Path("other/mine.txt").write_text("mine")
    shutil.copytree(model_folder(home), "pushed")
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    where = () if "--output" in arguments else ("--output", "out")

    line = error_line(labelloop("push", *arguments, *where, "--home", home))

    assert names(line, *words)
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


def test_torch_is_loaded_for_onnx_only(home: Path, tmp_path: Path) -> None:
    arguments = ["push", "--home", str(home), "--output", str(tmp_path / "out")]
    told = f"from labelloop.cli.main import cli; cli({arguments}, standalone_mode=False)"
    code = f"{told}\nimport sys; print({{'torch', 'transformers'}} & set(sys.modules))"

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout.splitlines()[-1] == "set()"
    assert (tmp_path / "out" / "README.md").is_file()


def test_a_folder_that_may_not_be_written_is_told(home: Path, tmp_path: Path) -> None:
    closed = Path("/proc/labelloop-model")

    line = error_line(labelloop("push", "--output", closed, "--home", home))

    assert names(line, closed, "--output")


def test_a_pushed_model_is_replaced_as_a_whole_when_asked_to(home: Path, tmp_path: Path) -> None:
    said = pushed(home, "--output", tmp_path / "out")
    (tmp_path / "out" / ONNX).write_bytes(b"of another model")

    pushed(home, "--output", tmp_path / "out", "--replace")

    assert ONNX not in left_files(tmp_path / "out")
    verify_copy(tmp_path / "out", said["sha256"])
    assert left_files(tmp_path) == {"out"}


def test_a_model_that_is_damaged_or_pruned_is_told_with_those_that_are_there(
    own: Path, tmp_path: Path
) -> None:
    weights = model_folder(own) / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    damaged = error_line(labelloop("push", "--home", own, "--output", tmp_path / "out"))

    shutil.rmtree(own / "store" / PROJECT / "models")
    pruned = error_line(labelloop("push", "--home", own, "--output", tmp_path / "out", "--model", "0"))
    newest = error_line(labelloop("push", "--home", own, "--output", tmp_path / "out"))
    bare = home_with(tmp_path / "bare", project())
    none_yet = error_line(labelloop("push", "--home", bare, "--output", tmp_path / "out"))

    assert names(damaged, "model 0", "damaged")
    assert names(pruned, "model 0", "no longer", "--model")
    assert names(newest, "none", "store")
    assert names(none_yet, "no model", "label")
    assert not (tmp_path / "out").exists()


def test_a_model_in_a_bucket(home: Path, bucket: Bucket, tmp_path: Path) -> None:
    for file in (home / "store").rglob("*"):
        if file.is_file():
            bucket.write(file.relative_to(home / "store").as_posix(), file.read_bytes())

    said = pushed(home, "--store", bucket.url, "--output", tmp_path / "out")

    verify_copy(tmp_path / "out", said["sha256"])
    bucket.remove(model_folder(home).relative_to(home / "store").as_posix() + f"/{MANIFEST}")
    asked = ("push", "--home", home, "--store", bucket.url, "--output", tmp_path / "other", "--model", "0")
    shutil.rmtree(os.environ["LABELLOOP_CACHE"], ignore_errors=True)
    assert names(error_line(labelloop(*asked)), "model 0", "no longer")


def test_what_a_killed_process_left_is_done_anew_and_what_it_moved_is_put_back(
    home: Path, tmp_path: Path
) -> None:
    unfinished = tmp_path / "out.unfinished"
    (unfinished / "model").mkdir(parents=True)
    (unfinished / "model" / "config.json").write_text("half")
    shutil.copytree(model_folder(home), unfinished / "before")

    refused = error_line(labelloop("push", "--output", tmp_path / "out", "--home", home))

    assert names(refused, "exists", "--replace"), "the one that was moved away is there again"
    said = pushed(home, "--output", tmp_path / "out", "--replace")
    verify_copy(tmp_path / "out", said["sha256"])
    assert left_files(tmp_path) == {"out"}


def test_killed_while_it_makes_the_folder_nothing_is_there_and_the_same_command_does_it(
    home: Path, tmp_path: Path
) -> None:
    needs_onnx()
    output = tmp_path / "out"
    arguments = ("push", "--home", home, "--output", output, "--onnx")
    alone = {name: value for name, value in os.environ.items() if name != SHARED}
    process = subprocess.Popen([*LABELLOOP, *map(str, arguments)], env={**alone, "HF_HUB_OFFLINE": "1"})
    eventually((tmp_path / "out.unfinished" / "onnx").is_dir, "the model is copied, and ONNX is next")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not output.exists()

    said = pushed(home, "--output", output, "--onnx")

    assert (output / ONNX).is_file()
    verify_copy(output, said["sha256"])
    assert left_files(tmp_path) == {"out"}
