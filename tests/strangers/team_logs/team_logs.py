"""Logs by their names, in the folder of a team: `team://mail`."""

import os
import re
from pathlib import Path

from labelloop.errors import UserError
from labelloop.log.base import Log
from labelloop.log.open import LogPlugin
from labelloop.log.sqlite.log import SqliteLog


def _path(url: str) -> Path:
    name, folder = url.removeprefix("team://"), os.environ.get("TEAM_LOGS")
    if not re.fullmatch(r"[a-z0-9-]+", name):
        raise UserError(f"{url} names no log of the team: give team://name")
    if not folder:
        raise UserError("TEAM_LOGS is not set: give the folder of the team's logs")
    return Path(folder) / f"{name}.sqlite"


def open_log(url: str) -> Log:
    return SqliteLog(_path(url))


async def exists(url: str) -> bool:
    return _path(url).exists()


TEAM = LogPlugin("team", open_log, "team://name", exists)
