"""Simulated annotators for a deployment: find the data set, pool and accounts that they need."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from labelloop.backoff import Backoff
from labelloop.config.settings import ServiceSettings
from labelloop.errors import Unavailable
from labelloop.log import open_log
from labelloop.log.base import own_group
from labelloop.loop.state import LoopState
from labelloop.oracle.argilla import Argilla
from labelloop.oracle.argilla.models import DEFAULT_WORKSPACE
from labelloop.projects.catalog import named, read_histories
from labelloop.store import open_store
from schemas.events import ProjectCreated

Found = TypeVar("Found")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AnnotationJob:
    """A data set in Argilla, the pool snapshots with its gold labels, and one API key per annotator."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    dataset: str
    workspace: str
    pools: Sequence[Path]
    keys: Sequence[str] = field(repr=False)


async def employ(settings: ServiceSettings, project: str, count: int) -> AnnotationJob:
    """Wait for a project with this name or id, and create `count` accounts, `annotator-1` and so on.

    Waits while the log or Argilla is down. Raises UserError.
    """
    project_id, created = await _patiently(lambda: _find(settings.log, project))
    keys = await _patiently(lambda: _accounts(settings, count))
    store = open_store(settings.store)
    pool = await _patiently(lambda: asyncio.to_thread(store.pool, created))
    return AnnotationJob(
        settings.argilla_url, settings.argilla_headers, project_id, DEFAULT_WORKSPACE, (pool,), keys
    )


async def _find(url: str, project: str) -> tuple[str, ProjectCreated]:
    opened = open_log(url)
    try:
        async with opened.follow(own_group()) as follower:
            async for record in follower:
                if record.event is not None and record.event.name == ProjectCreated.__name__:
                    history = named(await read_histories(opened), project)
                    if history is not None and isinstance(history.state, LoopState):
                        return history.project, history.state.project
    finally:
        await opened.close()
    raise Unavailable(f"the log {url} has ended")


async def _accounts(settings: ServiceSettings, count: int) -> tuple[str, ...]:
    names = [f"annotator-{number}" for number in range(1, count + 1)]
    async with Argilla(settings.argilla_url, settings.argilla_key, settings.argilla_headers) as argilla:
        accounts = [await argilla.create_annotator(name, DEFAULT_WORKSPACE) for name in names]
    return tuple(account.api_key for account in accounts)


async def _patiently(attempt: Callable[[], Awaitable[Found]]) -> Found:
    backoff, has_warned = Backoff(), False
    while True:
        try:
            return await attempt()
        except Unavailable as away:
            if not has_warned:
                log.warning("waiting: %s", away)
            has_warned = True
            await asyncio.sleep(backoff.next())
