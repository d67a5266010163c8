"""Delete a project with everything that this machine or its Argilla holds of it."""

import json
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from labelloop import atomic
from labelloop.alerts.settings import BOOK
from labelloop.config.deployment import GivenArgilla, choose_elsewhere
from labelloop.config.home import Home
from labelloop.config.locations import Locations, cache_folder, is_file
from labelloop.errors import UserError
from labelloop.log.base import ErasingLog, Log
from labelloop.loop.history import History, all_created
from labelloop.loop.settings_in_force import snapshots
from labelloop.loop.state import LoopState
from labelloop.oracle.argilla import Argilla
from labelloop.oracle.server.environment import DATABASE
from labelloop.projects.catalog import NOWHERE, created, is_deleted
from labelloop.projects.move import leave
from labelloop.runtime.state_cache import StateCache
from labelloop.store import Store, open_store
from labelloop.supervisor.argilla import DEFAULT_HOST, Embedded, free_port, reached
from labelloop.supervisor.lock import hold, holder
from labelloop.supervisor.supervisor import argilla_answers, end_leftovers, running

ADDRESS = "nowhere, because it was deleted"


@dataclass(frozen=True)
class Deleted:
    """What was deleted, and what stays. `events`: how many were erased; None if the log keeps them."""

    project: str
    events: int | None
    stays: tuple[str, ...]


@contextmanager
def stopped(locations: Locations) -> Iterator[None]:
    """Let nothing be started in the home meanwhile. Raises UserError if something runs on its file.

    Services on a log that is no file learn from the log that a project is gone.
    """
    home = locations.home
    if home is None or (not is_file(locations.log) and _runs(home)):
        yield
        return
    with hold(home.run):
        end_leftovers(home)
        yield


async def delete(
    locations: Locations,
    log: Log,
    histories: Mapping[str, History],
    history: History,
    argilla_options: GivenArgilla,
    why: str,
    say: Callable[[str], None],
) -> Deleted:
    """Delete the project. What was interrupted can be done again: the log is the last that forgets it.

    Raises UserError, Unavailable and TaskError.
    """
    project, home, store = history.project, locations.home, open_store(locations.store)
    async with _argilla(locations, argilla_options, say) as argilla:
        if not isinstance(log, ErasingLog):
            await withdraw(log, history, why)
        if argilla is not None:
            await argilla.delete_project(project)
        forks = remove_from_store(store, histories, project)
        if argilla is not None and not isinstance(log, ErasingLog):
            # A service may have been writing to it until it read that the project is gone.
            await argilla.delete_project(project)
    if home is not None:
        _free_space(home)
    events = None
    if isinstance(log, ErasingLog):
        events = await log.erase(project)
        StateCache(cache_folder(), locations.log).clear()
        if home is not None:
            # What the dashboard keeps is made again from the log.
            atomic.remove(home.dashboard)
        if home is not None and locations.has_own_log:
            await _forget_alerts(home, log, project)
    return Deleted(project, events, tuple(_staying(locations, project, forks, events is None)))


def _runs(home: Home) -> bool:
    """Whether another process supervises the home."""
    return holder(home.run) not in (None, os.getpid())


@asynccontextmanager
async def _argilla(
    locations: Locations, argilla_options: GivenArgilla, say: Callable[[str], None]
) -> AsyncIterator[Argilla | None]:
    """The project's Argilla. The home's own is started if it does not run; None if there never was one."""
    home = locations.home
    if home is None or choose_elsewhere(home, argilla_options) is not None or _runs(home):
        async with reached(home, argilla_options) as (argilla, _):
            yield argilla
        return
    if not (home.argilla / DATABASE).is_file():
        yield None
        return
    address = Embedded(DEFAULT_HOST, free_port(DEFAULT_HOST))
    async with running(home, locations, address, say) as machine:
        say("starting Argilla, to delete the data set in it")
        await argilla_answers(machine)
        async with Argilla(machine.access.url, machine.access.key) as argilla:
            yield argilla


def _free_space(home: Home) -> None:
    """Let Argilla's file forget what was deleted, if nothing uses it."""
    database = home.argilla / DATABASE
    if not database.is_file():
        return
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(database, timeout=1)) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _forget_alerts(home: Home, log: Log, project: str) -> None:
    """Remove the project's open alerts, and let alerting go on behind the log's present end."""
    path = home.path / BOOK
    try:
        book: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        book["standing"].pop(project, None)
        ends: dict[str, int] = {}
        async for record in log.read():
            ends[str(record.partition)] = record.offset
        book["places"] = {each: min(place, ends.get(each, 0)) for each, place in book["places"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return
    atomic.write(path, json.dumps(book, indent=1), mode=atomic.THIS_USER)


def _staying(locations: Locations, project: str, forks: tuple[str, ...], log_keeps: bool) -> Iterator[str]:
    if log_keeps:
        yield f"its events in {locations.log}: names, labels and votes, never texts"
    if forks:
        yield f"its texts, which {', '.join(forks)} uses"
    if locations.home is not None:
        for path in sorted(locations.home.exports.glob(f"{project}*")):
            yield f"the export {path}"
        yield f"lines in {locations.home.logs}, which name it"
    yield "people's accounts in Argilla"
    yield "backups, exports elsewhere, what consumers wrote, and caches of other machines"


async def check_deletable(log: Log, history: History) -> None:
    """Raises UserError if the project cannot be deleted now. One that was deleted halfway can be."""
    if is_deleted(history):
        return
    if history.is_away:
        raise UserError(
            f"{history.project} has {history.inactive_because}, which may use its texts: delete it there, "
            "with --log"
        )
    if isinstance(log, ErasingLog):
        await log.check_unused()
        return
    created(history)
    if history.halt is not None:
        raise UserError(
            f"{history.project} is {history.halt}; first let it continue, then delete it: services must read "
            "that it is gone"
        )


async def withdraw(log: Log, history: History, why: str) -> None:
    """Tell the services of a shared log to leave the project alone. Its events stay there."""
    await leave(log, history.project, ADDRESS, NOWHERE, why)


def remove_from_store(store: Store, histories: Mapping[str, History], project: str) -> tuple[str, ...]:
    """Remove texts and models, except texts that forks use. Returns the ids of these forks."""
    others = {name: each for name, each in histories.items() if name != project and not is_deleted(each)}
    used = {uri: name for name, state in _created(others).items() for uri in _texts(state)}
    own = _texts(state) if (state := _created(histories).get(project)) else set()
    store.remove(project, used.keys())
    # The texts of a fork lie with the project that it was forked from, which may be gone.
    for owner in {uri.partition("/")[0] for uri in own} - others.keys() - {project}:
        store.remove(owner, used.keys())
    return tuple(sorted({name for uri, name in used.items() if uri.startswith(f"{project}/")}))


def _created(histories: Mapping[str, History]) -> dict[str, LoopState]:
    return {history.project: state for history, state in all_created(histories.values())}


def _texts(state: LoopState) -> set[str]:
    return {snapshot.uri for snapshot in snapshots(state)}
