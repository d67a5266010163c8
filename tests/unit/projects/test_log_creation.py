"""A log for new projects: found, or made when the first of them is sound."""

from contextlib import aclosing
from pathlib import Path

import pytest

from labelloop.config.home import open_home
from labelloop.config.locations import Elsewhere, Locations, choose_locations
from labelloop.errors import UserError
from labelloop.projects.log_creation import LogForProjects, make_log


@pytest.fixture
def locations(tmp_path: Path) -> Locations:
    """Of a log outside the home, which is noted in a store."""
    return choose_locations(open_home(tmp_path / "home"), Elsewhere(f"sqlite:///{tmp_path}/team.sqlite"))


async def test_a_log_that_is_not_needed_is_not_made(locations: Locations, tmp_path: Path) -> None:
    async with aclosing(LogForProjects(locations)) as log:
        assert await log.find() is None

    assert not (tmp_path / "team.sqlite").exists()
    assert not (tmp_path / "home" / "store").exists()


async def test_a_log_is_made_once_and_noted(locations: Locations, tmp_path: Path) -> None:
    async with aclosing(LogForProjects(locations)) as log:
        await log.find()
        made = await log.make()
        assert await log.make() is made
        identity = await made.identity()

    async with aclosing(LogForProjects(locations)) as log:
        found = await log.find()
        assert found is not None
        assert await found.identity() == identity
    (tmp_path / "team.sqlite").unlink()
    async with aclosing(LogForProjects(locations)) as log:
        with pytest.raises(UserError, match="missing"):
            await log.find()


async def test_a_log_that_was_there_before_is_noted_too(locations: Locations, tmp_path: Path) -> None:
    await make_log(choose_locations(None, Elsewhere(locations.log, str(tmp_path / "another store"))))
    async with aclosing(LogForProjects(locations)) as log:
        found = await log.find()
        assert await log.make() is found

    assert list((tmp_path / "home" / "store" / ".logs").iterdir())
