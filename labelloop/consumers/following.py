"""The events of a log for a script or a notebook, each with the state of its project."""

from collections.abc import AsyncIterator
from pathlib import Path

from labelloop.config.home import DEFAULT
from labelloop.config.locations import check_log_is_there, locations_of
from labelloop.consumers.discovery import checked
from labelloop.consumers.states import States
from labelloop.log import open_log
from labelloop.log.group import own_group
from labelloop.loop.state import ProjectState
from schemas.envelope import Event


async def follow(
    log: str | Path = DEFAULT, group: str | None = None, project: str | None = None
) -> AsyncIterator[tuple[Event, ProjectState]]:
    """The events that count, of a log by its URL or of a home, without an end; `project` by its id.

    From the beginning; a `group` goes on behind what it was given and came back from. Raises UserError and
    Unavailable.
    """
    name = own_group() if group is None else checked(group)
    locations = locations_of(str(log))
    check_log_is_there(locations)
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
