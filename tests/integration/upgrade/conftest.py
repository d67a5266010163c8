"""0.1.0 itself, for all tests of upgrades."""

from pathlib import Path

import pytest

from tests.support.version_010 import unpacked_code


@pytest.fixture(scope="session")
def code_010(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the code of 0.1.0."""
    return unpacked_code(tmp_path_factory.mktemp("code-010"))
