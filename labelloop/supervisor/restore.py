"""Make a home of a backup."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from labelloop import atomic
from labelloop.config.home import Home, existing_home, find_home
from labelloop.config.locations import Elsewhere, cache_folder, choose_locations
from labelloop.errors import UserError
from labelloop.runtime.state_cache import StateCache
from labelloop.supervisor.backup import FILES, Backup, read_list

CHUNK = 1 << 20


@dataclass(frozen=True)
class Restored:
    """The new home, and the backup that it was made of."""

    home: Home
    backup: Backup


def restore(folder: Path, path: Path) -> Restored:
    """Make a private home at `path`, which is there whole or not at all. Checks each file by its digest.

    Raises UserError, also if there is a home already.
    """
    folder, path = folder.expanduser().absolute(), path.expanduser().absolute()
    if find_home(path) is not None:
        raise UserError(
            f"there is a home at {path} already, and it stays as it is: give another one with --home, or "
            "move it away first"
        )
    backup = read_list(folder)
    try:
        with atomic.beside(path) as draft:
            draft.mkdir(mode=0o700)
            for name, digest in backup.files.items():
                _copy(folder / FILES / name, draft / name, digest)
            existing_home(draft)
            draft.rename(path)
    except OSError as error:
        raise UserError(
            f"cannot restore to {path} ({error.strerror or error}): give another --home"
        ) from error
    home = existing_home(path)
    StateCache(cache_folder(), choose_locations(home, Elsewhere()).log).clear()
    return Restored(home, backup)


def _copy(source: Path, target: Path, digest: str) -> None:
    atomic.make_folder(target.parent)
    content = hashlib.sha256()
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise UserError(
            f"the backup lacks {source} ({error.strerror}): use another backup; nothing was restored"
        ) from error
    with os.fdopen(descriptor, "rb") as reading, atomic.create(target, atomic.THIS_USER) as writing:
        while chunk := reading.read(CHUNK):
            content.update(chunk)
            writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())
    if content.hexdigest() != digest:
        raise UserError(f"{source} is not as it was backed up: use another backup; nothing was restored")
