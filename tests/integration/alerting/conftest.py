"""Who is told, and a home whose log tells it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.homes import home_with
from tests.support.receivers import Hook, Mailbox, a_hook, a_mailbox
from tests.support.states import project, queried


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with a_mailbox() as mailbox:
        yield mailbox


@pytest.fixture
def hook() -> Iterator[Hook]:
    with a_hook() as hook:
        yield hook


@pytest.fixture
def other() -> Iterator[Hook]:
    """A second one."""
    with a_hook() as hook:
        yield hook


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return home_with(tmp_path / "home", project(), queried())
