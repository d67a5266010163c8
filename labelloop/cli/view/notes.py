"""What is said of a project's data before its loop runs."""

from labelloop.cli.view.screen import Screen
from labelloop.log.base import Log
from labelloop.projects.catalog import read_histories, sound
from labelloop.projects.create import Ensured

UNTESTED = (
    "no test set and no audit share, so no accuracy and no learning curve: give --test or --audit-share"
)


async def tell_notes(log: Log, ensured: Ensured, screen: Screen) -> None:
    """Print what was left out of the data, and whether no curve will be drawn."""
    project = sound((await read_histories(log))[ensured.project]).project
    for note in ensured.notes:
        screen.line(note)
    if project is not None and project.test is None and not project.audit_share:
        screen.line(UNTESTED)
