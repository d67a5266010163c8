"""A person's project with a classifier of small-text: made, labelled, killed in the middle, used."""

import csv
import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from labelloop.loop.schedule import finished
from tests.integration.services.test_learning import label_batch
from tests.support.command import error_line, labelloop
from tests.support.loop import Loop, texts
from tests.support.matrices import cells
from tests.support.messages import names
from tests.support.needs import missing
from tests.support.people import Person
from tests.support.states import LABELS
from tests.support.tiny_bert import TINY

LONG = {"small-text-transformer": "num_epochs=60", "setfit": "num_iterations=40"}
"""A training that takes some seconds, so that it can be killed in the middle."""
ALSO = {
    "small-text-transformer": (
        "--validation-share",
        0.34,
        "--strategy",
        "seals",
        "--strategy-parameter",
        "k=5",
    ),
    "setfit": ("--strategy", "breaking-ties"),
}


@pytest.mark.parametrize("classifier", cells("small-text-transformer", rest=["setfit"]))
def test_a_project_goes_on_where_its_training_was_killed_and_its_model_is_used(
    loop: Loop, tmp_path: Path, classifier: str
) -> None:
    if classifier == "setfit" and find_spec("setfit") is None:
        missing("needs the extra setfit: pip install -e '.[setfit]'")
    mail = tmp_path / "mail.csv"
    mail.write_text("text\n" + "".join(f"{text}\n" for text, _ in texts(30)))
    learner = ("--classifier", classifier, "--classifier-parameter", LONG[classifier], "--model", TINY)
    sizes = ("--batch-size", 6, "--batches", 2, "--lookahead", 0, "--cold-start", "random")
    made = labelloop(
        "init", "--dataset", mail, "--labels", ",".join(LABELS), *learner, *sizes, *loop.where,
        "--class-weights", "balanced", *ALSO[classifier], "--json",
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    project = json.loads(made.stdout)["project"]
    loop.start("querier", "annotation_watcher", "trainer")
    ann = Person(loop.argilla)

    label_batch(loop, project, ann, 0)
    loop.until(lambda: "train model 0" in str(loop.status_file("trainer").get("doing")))
    loop.kill("trainer")
    loop.start("trainer")
    state = label_batch(loop, project, ann, 1)
    state = loop.wait(project, finished)

    assert state.project.classifier.parameters["class_weights"] == "balanced"
    assert list(state.models) == ["0", "1"]
    assert state.batches["1"].queried.model == "0"
    held_out = [trained.first.metrics.get("held_out", 0) for trained in state.models.values()]
    assert [bool(texts) for texts in held_out] == [classifier == "small-text-transformer"] * 2
    assert not state.failures
    loop.command("replay", "--project", project, "--verify")
    loop.command("predict", "--project", project, "--output", tmp_path / "rest.csv")
    rest = list(csv.DictReader((tmp_path / "rest.csv").open()))
    assert len(rest) == 18
    loop.command("push", "--project", project, "--output", tmp_path / "model")
    card = (tmp_path / "model" / "README.md").read_text()
    assert ("pipeline(" in card) == (classifier == "small-text-transformer")
    if classifier == "setfit":
        onnx = labelloop("push", "--project", project, "--output", tmp_path / "onnx", "--onnx", *loop.where)
        assert names(error_line(onnx), "setfit", "--onnx")
        assert not (tmp_path / "onnx").exists()


def test_an_option_that_cannot_be_is_told_and_makes_nothing(tmp_path: Path) -> None:
    mail = tmp_path / "mail.csv"
    mail.write_text("text\n" + "".join(f"{text}\n" for text, _ in texts(30)))
    home = tmp_path / "home"
    made = ("init", "--home", home, "--dataset", mail, "--labels", "spam,ham", "--model", TINY)

    for options, facts in (
        (("--classifier", "set-fit-2"), ("'set-fit-2'", "setfit", "linear", "transformer")),
        (("--classifier", "linear", "--validation-share", 0.1), ("linear", "validation_share")),
        (("--validation-share", 0.7), ("0.7",)),
        (("--class-weights", "even"), ("'even'", "balanced")),
        (("--class-weights", "balanced", "--task", "multi-label"), ("--class-weights",)),
        (("--classifier", "setfit", "--task", "multi-label"), ("setfit", "multi-label")),
        (("--strategy", "typi-clust"), ("TypiClust", "typical")),
    ):
        assert names(error_line(labelloop(*made, *options)), *facts)
        assert not (home / "log.sqlite").exists()
