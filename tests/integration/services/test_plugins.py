"""Plugins of someone else in the whole loop: those of an installed package, and of docs/plugins.md."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from labelloop.learner.shared import SHARED
from labelloop.loop.schedule import finished
from labelloop.store import open_store
from schemas.parts import Choice
from tests.integration.services.test_learning import label_batch, picks
from tests.support.argilla_server import ArgillaServer
from tests.support.command import labelloop
from tests.support.learner import a_learner
from tests.support.loop import ROOT, Loop, a_loop, texts
from tests.support.matrices import in_all_cells
from tests.support.packages import ACME, install_project
from tests.support.people import Person

LEARNERS = ("trainer", "querier", "evaluator")
PAGE = ROOT / "docs" / "plugins.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SAVED = re.compile(r"Save this\s+as `([\w.]+)`:\s*\Z")
LISTED = "my_plugins:words, my_plugins:longest, my_plugins:sure"


@dataclass(frozen=True)
class Plugged:
    """A loop, and the folder in which the page's files are saved."""

    loop: Loop
    page: Path


def commands(page: Path) -> str:
    """Save what the page has saved; what it has typed."""
    text = PAGE.read_text(encoding="utf-8")
    typed = ""
    for block in BLOCK.finditer(text):
        if block[1] == "python":
            saved = SAVED.search(text[: block.start()])
            assert saved is not None, block[2]
            (page / saved[1]).write_text(block[2])
        elif block[1] == "sh":
            typed += block[2]
    return typed


@pytest.fixture(scope="module")
def plugged(tmp_path_factory: pytest.TempPathFactory, argilla_server: ArgillaServer) -> Iterator[Plugged]:
    installed, page = tmp_path_factory.mktemp("installed"), tmp_path_factory.mktemp("page")
    install_project(installed, ACME)
    commands(page)
    path = os.pathsep.join(map(str, (installed, ACME, page, ROOT)))
    environment = {"PYTHONPATH": path, "LABELLOOP_PLUGINS": LISTED}
    with (
        a_learner(**environment) as (address, _),
        a_loop(tmp_path_factory.mktemp("plugins"), argilla_server) as loop,
    ):
        loop.start("annotation_watcher", *LEARNERS, **environment, **{SHARED: address})
        yield Plugged(loop, page)


OF_A_PACKAGE: dict[str, Any] = {
    "classifier": Choice(name="acme-centroids", parameters={"letters": 2}),
    "strategy": Choice(name="acme-spread", parameters={"temperature": 0.1}),
    "stopping": Choice(name="acme-agreement", parameters={"least": 0.0}),
}
OF_THE_PAGE: dict[str, Any] = {
    "classifier": Choice(name="words", parameters={"features": 512}),
    "strategy": Choice(name="longest"),
    "stopping": Choice(name="sure", parameters={"least": 0.0}),
}


@pytest.mark.parametrize(
    ("chosen", "criterion", "advised"),
    [(OF_A_PACKAGE, "AcmeAgreement", "1"), (OF_THE_PAGE, "sure", "0")],
    ids=["package", "page"],
)
def test_they_train_pick_and_advise_as_ours_do(
    plugged: Plugged, chosen: dict[str, Any], criterion: str, advised: str
) -> None:
    loop, ann = plugged.loop, Person(plugged.loop.argilla)
    settings: dict[str, Any] = {"batch_size": 6, "max_batches": 2, "lookahead": 0}
    project = loop.create(texts(30), test=texts(9), **settings, **chosen)

    for batch in (0, 1):
        label_batch(loop, project, ann, batch)

    state = loop.wait(project, lambda state: finished(state) and len(state.evaluations) == 2)
    state = loop.wait(project, lambda state: len(state.checks) == 2)
    assert not state.failures
    assert list(state.models) == ["0", "1"]
    assert state.batches["1"].queried.model == "0"
    assert len(set(picks(state, "1")) - set(picks(state, "0"))) == 6
    assert state.batches["1"].queried.strategy == chosen["strategy"].name
    assert open_store(loop.settings.store).model(state.models["1"].latest).is_dir()
    assert state.advised is not None
    assert (state.advised.criterion, state.advised.model) == (criterion, advised)
    where = ("--log", loop.settings.log, "--store", loop.settings.store)
    assert labelloop("replay", "--project", project, "--verify", *where).exit_code == 0


@pytest.mark.parametrize(
    ("changes", "service"),
    [
        ({"classifier": Choice(name="sentinel:Classifier")}, "trainer"),
        in_all_cells({"strategy": Choice(name="sentinel:Strategy")}, "querier"),
        in_all_cells({"stopping": Choice(name="sentinel:Criterion")}, "evaluator"),
    ],
    ids=["classifier", "strategy", "stopping"],
)
def test_a_name_in_the_log_chooses_no_code(plugged: Plugged, changes: dict[str, Any], service: str) -> None:
    touched = plugged.page / "touched"
    (plugged.page / "sentinel.py").write_text(f"from pathlib import Path\nPath({str(touched)!r}).touch()\n")
    loop = plugged.loop
    project = loop.create(texts(30), batch_size=6, max_batches=2, lookahead=0, **changes)

    label_batch(loop, project, Person(loop.argilla), 0)

    loop.until(lambda: "'sentinel:" in str(loop.status_file(service)))
    assert "LABELLOOP_PLUGINS" in str(loop.status_file(service))
    assert not touched.exists()
    assert loop.is_running(service)


@pytest.mark.all_cells
def test_a_project_is_made_by_what_the_page_says(tmp_path: Path) -> None:
    typed = commands(tmp_path)
    known = {name: value for name, value in os.environ.items() if not name.startswith("LABELLOOP_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    done = subprocess.run(
        ["sh", "-e"],
        input=typed,
        cwd=tmp_path,
        env={**known, "PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
    )

    assert done.returncode == 0, (done.stdout, done.stderr)
    assert (tmp_path / ".labelloop").is_dir()
