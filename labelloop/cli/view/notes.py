"""What is said of a project's data before its loop runs."""

from labelloop.cli.view.screen import Screen
from labelloop.log.base import Log
from labelloop.projects.catalog import read_histories, sound
from labelloop.projects.create import Ensured

UNTESTED = "no test set, so no accuracy and no learning curve: give one with --test"


async def tell_notes(log: Log, ensured: Ensured, screen: Screen) -> None:
    """Print what was left out of the data, and that no curve will be drawn where there is no test set."""
    project = sound((await read_histories(log))[ensured.project]).project
    for note in ensured.notes:
        screen.line(note)
    if project is not None and project.test is None:
        screen.line(UNTESTED)
