"""The folder of a backup: the files of a home, and a list of them with their digests."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from labelloop import atomic
from labelloop.errors import UserError

FORMAT = 1
LIST = "backup.json"
FILES = "files"


@dataclass(frozen=True)
class Backup:
    """What a backup holds: events by project, and the sha256 of each file by its path in the home."""

    made_at: str
    home: str
    version: str
    events: Mapping[str, int]
    files: Mapping[str, str]
    format: int = FORMAT


def write(folder: Path, backup: Backup) -> None:
    atomic.write(folder / LIST, json.dumps(asdict(backup), indent=1) + "\n", mode=atomic.THIS_USER)


def read(folder: Path) -> Backup:
    """The list of the backup in a folder. Raises UserError."""
    try:
        backup = Backup(**json.loads((folder / LIST).read_text(encoding="utf-8")))
        newer = int(backup.format) > FORMAT
        safe = all(_is_inside(path) and isinstance(digest, str) for path, digest in backup.files.items())
        dict(backup.events)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise UserError(
            f"{folder} is not a whole backup ({LIST}: {error}): give a folder that `labelloop backup` wrote"
        ) from error
    if newer:
        raise UserError(f"a newer labelloop wrote the backup {folder}: upgrade labelloop")
    if not safe:
        raise UserError(
            f"{folder / LIST} names files outside the home: it is not what `labelloop backup` wrote"
        )
    return backup


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and not PurePosixPath(path).is_absolute() and ".." not in parts
