"""Homes whose log was written by a test."""

import asyncio
import json
from pathlib import Path
from typing import Any

from labelloop.config.home import open_home
from labelloop.log import create_log, open_log
from schemas.envelope import new_event
from schemas.events import EventData
from tests.support.command import labelloop
from tests.support.states import PROJECT


def home_with(path: Path, *data: EventData) -> Path:
    """A home at the path, with these events of one project in its log."""
    asyncio.run(_append(open_home(path).log_url, *data))
    return path


def appended(home: Path, project: str = PROJECT) -> list[tuple[str, dict[str, Any]]]:
    """Name and data of the project's events, oldest first, as the command line tells them."""
    lines = labelloop("events", "--home", home, "--project", project, "--json").stdout.splitlines()
    events = [json.loads(line) for line in lines]
    return [(event["type"].split(".")[1], event["data"]) for event in events]


def add_to(home: Path, project: str, *data: EventData) -> None:
    """Append events of a project that the home has."""
    asyncio.run(_append(open_home(home).log_url, *data, project=project))


async def _append(url: str, *facts: EventData, project: str = PROJECT) -> None:
    await create_log(url)
    log = open_log(url)
    try:
        await log.append(*(new_event(project, data, source="tests") for data in facts))
    finally:
        await log.close()
