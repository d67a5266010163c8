"""The loop on either log, with an Argilla of the test run."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.argilla_server import ArgillaServer
from tests.support.loop import Loop, a_loop


@pytest.fixture(params=["sqlite", pytest.param("kafka", marks=pytest.mark.all_cells)])
def loop(request: pytest.FixtureRequest, tmp_path: Path, argilla_server: ArgillaServer) -> Iterator[Loop]:
    log = None
    if request.param == "kafka":
        log = f"kafka://{request.getfixturevalue('kafka')}/e2e-{secrets.token_hex(4)}"
    with a_loop(tmp_path / "home", argilla_server, log=log) as loop:
        yield loop
