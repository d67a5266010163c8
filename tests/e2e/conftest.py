"""The loop on either log, with an Argilla of the test run."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from labelloop.loop.state import LoopState
from tests.support.argilla_server import ArgillaServer
from tests.support.loop import Loop, a_loop
from tests.support.people import Owner, Person, label_all
from tests.support.states import LABELS


@pytest.fixture(params=["sqlite", pytest.param("kafka", marks=pytest.mark.all_cells)])
def loop(request: pytest.FixtureRequest, tmp_path: Path, argilla_server: ArgillaServer) -> Iterator[Loop]:
    log = None
    if request.param == "kafka":
        log = f"kafka://{request.getfixturevalue('kafka')}/e2e-{secrets.token_hex(4)}"
    with a_loop(tmp_path / "home", argilla_server, log=log) as loop:
        yield loop


def label(loop: Loop, project: str, ann: Person, batch: int) -> LoopState:
    """Ann labels a batch as soon as it is there; the state once it is done."""
    owner = Owner(loop.argilla, project)
    state = loop.wait(project, lambda state: str(batch) in state.batches)
    loop.until(lambda: len(owner.records(batch)) == len(state.batches[str(batch)].items))
    label_all(ann, owner.records(batch), lambda item: LABELS[item % 3])
    return loop.wait(project, lambda state: state.batches[str(batch)].done)
