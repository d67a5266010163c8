"""Logs by their names, in the folder of a team: `team://mail`."""

import os
import re
from pathlib import Path

from labelloop import UserError, sqlite_logs


def path(url: str) -> Path:
    name, folder = url.removeprefix("team://"), os.environ.get("TEAM_LOGS")
    if not re.fullmatch(r"[a-z0-9-]+", name):
        raise UserError(f"{url} names no log of the team: give team://name")
    if not folder:
        raise UserError("TEAM_LOGS is not set: give the folder of the team's logs")
    return Path(folder) / f"{name}.sqlite"


TEAM = sqlite_logs("team", path, "team://name")
