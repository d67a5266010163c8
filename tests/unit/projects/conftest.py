"""A home with an empty log."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from labelloop.config.home import Home, open_home
from labelloop.log import create_log, open_log
from labelloop.log.base import Log


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


@pytest.fixture
async def log(home: Home) -> AsyncIterator[Log]:
    await create_log(home.log_url)
    opened = open_log(home.log_url)
    yield opened
    await opened.close()
