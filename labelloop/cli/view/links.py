"""Where people log in and label, and notes on a project's data before the loop runs."""

import asyncio

from labelloop.cli.view.screen import Screen
from labelloop.cli.view.watch import Watch
from labelloop.config.deployment import ArgillaAccess
from labelloop.errors import Unavailable, UserError
from labelloop.log.base import Log
from labelloop.loop.history import all_created
from labelloop.oracle.argilla import Argilla
from labelloop.oracle.argilla.models import DEFAULT_WORKSPACE
from labelloop.oracle.server import Credentials
from labelloop.projects.catalog import name_of, read_histories, sound
from labelloop.projects.create import EnsuredProject

SOON = 0.3
LATER = 2.0
UNTESTED = (
    "no accuracy and no learning curve without a test set or an audit share: give --test or --audit-share"
)


def labelling_url(argilla: str, dataset: str) -> str:
    """The page for labelling a data set, with its oldest batch first."""
    return f"{argilla}/dataset/{dataset}/annotation-mode?sort=metadata.batch.asc"


def login_lines(url: str, login: Credentials | None, colleagues: str | None) -> list[str]:
    """Argilla's address and login. `login` is None for an external Argilla, where users have their own."""
    lines = [f"Argilla    {url}"]
    if colleagues:
        lines.append(f"elsewhere  {colleagues}")
    if login:
        lines += [f"user       {login.username}", f"password   {login.password}"]
    return lines


async def tell_links(access: ArgillaAccess, watch: Watch, screen: Screen) -> None:
    """Print each project's link as soon as its first batch is there. Runs until cancelled."""
    linked: set[str] = set()
    async with Argilla(access.url, access.key, access.headers) as argilla:
        while True:
            waiting = [
                history
                for history, state in all_created(list(watch.histories.values()))
                if history.project not in linked and state.batches
            ]
            for history in waiting:
                dataset = await _find(argilla, history.project)
                if dataset is not None:
                    linked.add(history.project)
                    screen.line(f"label {name_of(history)}: {labelling_url(access.page, dataset)}")
            await asyncio.sleep(SOON if waiting or not linked else LATER)


async def _find(argilla: Argilla, project: str) -> str | None:
    try:
        dataset = await argilla.find_dataset(project, DEFAULT_WORKSPACE)
        if dataset is not None and await argilla.records(dataset, batch=0):
            return dataset.id
    except (Unavailable, UserError):
        return None
    return None


async def tell_notes(log: Log, ensured: EnsuredProject, screen: Screen) -> None:
    """Print what was left out of the data, and a note if there will be no curve."""
    project = sound((await read_histories(log))[ensured.project]).project
    for note in ensured.notes:
        screen.line(note)
    if project.test is None and not project.audit_share:
        screen.line(UNTESTED)
