"""A loop for each test, on the session's Argilla."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.argilla_server import ArgillaServer
from tests.support.loop import Loop, a_loop


@pytest.fixture
def loop(tmp_path: Path, argilla_server: ArgillaServer) -> Iterator[Loop]:
    with a_loop(tmp_path / "home", argilla_server) as loop:
        yield loop
