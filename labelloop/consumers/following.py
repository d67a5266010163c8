"""Follow a log's events from a script or a notebook, each with the state of its project."""

from collections.abc import AsyncIterator
from pathlib import Path

from labelloop.config.home import DEFAULT
from labelloop.config.locations import locations_of
from labelloop.consumers.discovery import checked
from labelloop.consumers.states import States
from labelloop.log import open_log
from labelloop.log.base import own_group
from labelloop.loop.state import ProjectState
from schemas.envelope import Event


async def follow(
    log: str | Path = DEFAULT, group: str | None = None, project: str | None = None
) -> AsyncIterator[tuple[Event, ProjectState]]:
    """Yields the valid events of a log (URL) or a home, without end. `project` is an id.

    It starts with the first event. With a `group`, it continues after the last event that was fully handled.
    Raises UserError and Unavailable.
    """
    name = own_group() if group is None else checked(group)
    locations = locations_of(str(log))
    opened = open_log(locations.log)
    states = States(opened)
    try:
        async with opened.follow(name) as follower:
            rebalances = follower.rebalances
            async for record in follower:
                if follower.rebalances != rebalances:
                    rebalances = follower.rebalances
                    states.forget()
                if record.event is not None and project in (None, record.event.project):
                    for event, state in await states.told(record):
                        yield event, state
                if group is not None:
                    await follower.commit(record)
    finally:
        await opened.close()
