"""The example notebooks, run as a user runs them; what a notebook is told that asks for what is not there."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

import labelloop
from labelloop.config.deployment import ArgillaAccess, save_elsewhere
from labelloop.config.home import open_home
from labelloop.errors import UserError
from tests.e2e.conftest import label
from tests.support.argilla_server import ArgillaServer
from tests.support.command import labelloop as command
from tests.support.demo import BATCHES, KEPT, SIZE, Undisturbed
from tests.support.loop import ROOT, Loop, a_loop, texts
from tests.support.messages import raises_naming
from tests.support.people import Owner, Person
from tests.support.states import LABELS

NOTEBOOKS = ROOT / "examples" / "notebooks"


def run(name: str, home: Path, *asked: str) -> list[Any]:
    """Run a notebook on a home; then, what these expressions are there."""
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)  # type: ignore[no-untyped-call]
    for expression in asked:
        notebook.cells.append(nbformat.v4.new_code_cell(f"import json; print(json.dumps({expression}))"))  # type: ignore[no-untyped-call]
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "LABELLOOP_HOME": str(home), "PATH": programs, "HF_HUB_OFFLINE": "1"}
    NotebookClient(notebook, timeout=240, kernel_name="python3").execute(cwd=str(ROOT), env=environment)
    return [json.loads(printed(cell)) for cell in notebook.cells[-len(asked) :]]


def printed(cell: Any) -> str:
    """What a cell printed, which a busy kernel sends in several pieces."""
    return "".join(output.text for output in cell.outputs if output.get("name") == "stdout")


@pytest.mark.all_cells
def test_a_notebook_goes_on_from_a_project(undisturbed: Undisturbed) -> None:
    home = undisturbed.demo.folder / KEPT
    before = json.loads(command("replay", "--home", home, "--json").stdout)

    labelled, ignored, classes, queried, earlier = run(
        "go_on.ipynb",
        home,
        "learner.indices_labeled.tolist()",
        "learner.indices_ignored.tolist()",
        "[int(y) for y in learner.y]",
        "indices.tolist()",
        "earlier.indices_labeled.tolist()",
    )

    recorded = {int(item): names for item, names in before["items"].items()}
    assert labelled[: len(recorded)] == sorted(recorded)
    assert len(recorded) == BATCHES * SIZE
    names = sorted(set(undisturbed.demo.gold()))
    assert [[names[number]] for number in classes[: len(recorded)]] == [recorded[i] for i in sorted(recorded)]
    assert ignored == []
    assert labelled[len(recorded) :] == queried
    assert len(set(queried) - set(recorded)) == 5
    assert len(earlier) == 4 * SIZE
    assert set(earlier) < set(recorded)
    assert json.loads(command("replay", "--home", home, "--json").stdout) == before


@pytest.mark.all_cells
def test_a_learner_of_a_notebook_becomes_a_project_with_its_labels_kept(tmp_path: Path) -> None:
    home = tmp_path / "home"

    project, texts, labels, labelled, classes = run(
        "adopt.ipynb",
        home,
        "project",
        "texts",
        "labels",
        "learner.indices_labeled.tolist()",
        "[int(y) for y in learner.y]",
    )

    rows = command("export", "--home", home, "--output", "-").stdout.splitlines()
    found = {row["text"]: row["label"] for row in map(json.loads, rows)}
    assert found == {texts[row]: labels[y] for row, y in zip(labelled, classes, strict=True)}
    assert len(found) == 80
    created = json.loads(command("events", "--home", home, "--json").stdout.splitlines()[0])["data"]
    assert (created["name"], created["given"], created["strategy"]["name"]) == (
        "questions",
        1,
        "BreakingTies",
    )
    assert project.startswith("questions-")


@pytest.fixture
def labelled(tmp_path: Path, argilla_server: ArgillaServer) -> Iterator[tuple[Loop, str]]:
    """A project whose first batch a person labelled, in a home that names the Argilla."""
    home = open_home(tmp_path / "home")
    save_elsewhere(home, ArgillaAccess(argilla_server.url, argilla_server.login.api_key))
    with a_loop(home.path, argilla_server) as loop:
        project = loop.create(texts(12), batch_size=3)
        loop.start("querier", "annotation_watcher")
        label(loop, project, Person(argilla_server), 0)
        loop.until(lambda: len(Owner(argilla_server, project).records(1)) == 3)
        yield loop, project


def test_a_notebook_gets_the_data_set_of_a_project(labelled: tuple[Loop, str]) -> None:
    loop, project = labelled

    dataset = labelloop.dataset(home=loop.home)

    assert (dataset.name, dataset.settings.questions["label"].labels) == (project, list(LABELS))
    records = list(dataset.records(with_responses=True))
    assert len(records) == 6
    item = {record.id: int(record.metadata["item"]) for record in records}
    answers = {item[record.id]: [answer.value for answer in record.responses] for record in records}
    done = loop.state(project).batches["0"].items
    assert answers == {each: [LABELS[each % 3]] if each in done else [] for each in item.values()}
    with raises_naming(UserError, "another", project):
        labelloop.dataset("another", home=loop.home)
    with raises_naming(UserError, "argilla-key"):
        labelloop.dataset(home=loop.home, argilla_url="http://127.0.0.1:1")
    with raises_naming(UserError, "127.0.0.1:1", "does not answer"):
        labelloop.dataset(home=loop.home, argilla_url="http://127.0.0.1:1", argilla_key="x")


@pytest.mark.all_cells
def test_a_notebook_looks_at_what_people_answered(labelled: tuple[Loop, str]) -> None:
    loop, project = labelled

    name, answers = run(
        "dataset.ipynb", loop.home, "dataset.name", "sorted(a.value for r in records for a in r.responses)"
    )

    assert name == project
    assert answers == sorted(LABELS[each % 3] for each in loop.state(project).batches["0"].items)


async def test_what_is_not_there_is_told(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """Also to a notebook, which has an event loop that runs."""
    home = undisturbed.demo.folder / KEPT
    with raises_naming(UserError, tmp_path / "nowhere"):
        labelloop.rebuild(home=tmp_path / "nowhere")
    with raises_naming(UserError, "'other'"):
        labelloop.rebuild("other", home=home)
    with raises_naming(UserError, 77):
        labelloop.rebuild(home=home, at=77)
    with raises_naming(UserError, "at="):
        labelloop.rebuild(home=home, at=0)
    bare = open_home(tmp_path / "bare")
    shutil.copy(home / "log.sqlite", bare.log)
    with raises_naming(UserError, f"model {BATCHES - 1}", "at="):
        await asyncio.to_thread(labelloop.rebuild, home=bare.path)
