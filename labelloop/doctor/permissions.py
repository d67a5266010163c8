"""What this user may do with a home, and what others may."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from labelloop import deployment, places
from labelloop.doctor.disk import nearest
from labelloop.doctor.finding import FAIL, OK, WARN, Finding
from labelloop.errors import UserError
from labelloop.home import MARK, Home, find_home
from labelloop.oracle.server import secrets

EFFECTIVE = {"effective_ids": True} if os.access in os.supports_effective_ids else {}
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check_home(folder: Path, is_needed: bool) -> list[Finding]:
    """A home that is there, or the place for one; without either nothing is wrong unless it is needed."""
    folder = folder.expanduser().absolute()
    try:
        if not is_needed and not (folder / MARK).exists():
            return [Finding("home", OK, "there is none, and none is needed: the log is elsewhere")]
        refused = _refused(nearest(folder))
        if refused is not None:
            return [Finding("home", FAIL, refused)]
        home = find_home(folder)
        if home is None:
            return [Finding("home", OK, f"none at {folder} yet: `labelloop up` or `labelloop demo` makes it")]
        found = [*_of_this_user(home), *_of_others(home)]
    except UserError as error:
        return [Finding("home", FAIL, str(error))]
    except OSError as error:
        return [Finding("home", FAIL, f"{error}: check its permissions, or give another by --home")]
    return found or [Finding("home", OK, str(folder))]


def _of_this_user(home: Home) -> Iterator[Finding]:
    beside = (home.log.with_name(home.log.name + ending) for ending in ("-wal", "-shm"))
    files = (home.log, *beside, home.store, home.argilla, home.run, home.logs, home.exports)
    for path in files:
        refused = _refused(path) if path.exists() else None
        if refused is not None:
            yield Finding("home", FAIL, refused)


def _of_others(home: Home) -> Iterator[Finding]:
    for path in (
        home.argilla / secrets.FILE,
        home.path / deployment.FILE,
        home.path / places.FILE,
    ):
        if path.exists() and path.stat().st_mode & OTHERS:
            yield Finding("home", WARN, f"others may read {path}, which holds a key: run `chmod 600 {path}`")


def _refused(path: Path) -> str | None:
    """What keeps this user from working with a file or folder; None when nothing does."""
    wanted = os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)
    if os.access(path, wanted, **EFFECTIVE):
        return None
    about = path.stat()
    return (
        f"this user ({os.geteuid()}) may not read and write {path} (of user {about.st_uid}, "
        f"mode {stat.S_IMODE(about.st_mode):03o}): as its owner run `chmod -R u+rwX {path}`, or as root "
        f"`chown -R {os.geteuid()} {path}`"
    )
