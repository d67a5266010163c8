"""Delete a project from its log and its store."""

from collections.abc import Mapping

from labelloop.errors import UserError
from labelloop.log.base import ErasingLog, Log
from labelloop.loop.history import History, all_created
from labelloop.loop.state import LoopState
from labelloop.projects.catalog import NOWHERE, created, is_deleted
from labelloop.projects.move import leave
from labelloop.store import Store

ADDRESS = "nowhere, because it was deleted"


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
    return {snapshot.uri for snapshot in (state.project.pool, state.project.test) if snapshot is not None}
