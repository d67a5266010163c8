"""A home: the folder that holds all state of one machine's projects."""

import json
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from labelloop import atomic
from labelloop.errors import UserError

FORMAT = 1
MARK = "home.json"
RUN, LOCK, TOKEN = "run", "lock", "dashboard.token"
USER = "user"
DEMO = "demo"
DEFAULT = Path(".labelloop")
DEFAULT_DEMO = Path(".labelloop-demo")
PRIVATE = 0o700


@dataclass(frozen=True)
class Home:
    """The paths in a home. `kind` is `user` or `demo`."""

    path: Path
    kind: str

    @property
    def log(self) -> Path:
        return self.path / "log.sqlite"

    @property
    def log_url(self) -> str:
        return f"sqlite:///{self.log}"

    @property
    def store(self) -> Path:
        return self.path / "store"

    @property
    def argilla(self) -> Path:
        return self.path / "argilla"

    @property
    def run(self) -> Path:
        return self.path / RUN

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def dashboard(self) -> Path:
        """What the dashboard keeps of the log, which can be made again."""
        return self.path / "dashboard"

    @property
    def dashboard_token(self) -> Path:
        return self.path / TOKEN

    @property
    def exports(self) -> Path:
        return self.path / "exports"


def find_home(path: Path) -> Home | None:
    """The home at `path`, or None if there is none yet.

    Raises UserError if the folder holds other things, and for a home of a newer version.
    """
    path = path.expanduser().absolute()
    try:
        mark = json.loads((path / MARK).read_text(encoding="utf-8"))
        version, kind = int(mark["format"]), str(mark["kind"])
    except FileNotFoundError:
        if path.is_dir() and any(path.iterdir()):
            raise UserError(
                f"{path} is not a labelloop home: give an empty or new folder with --home"
            ) from None
        return None
    except PermissionError as error:
        raise UserError(
            f"this user may not read {path}: ask whose home it is, or give another one with --home"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} is not a labelloop home ({MARK}: {error}): give another one with --home"
        ) from error
    if version > FORMAT:
        raise UserError(f"a newer labelloop made the home {path}: upgrade labelloop")
    return Home(path, kind)


def existing_home(path: Path) -> Home:
    """The home at `path`. Raises UserError if there is none."""
    home = find_home(path)
    if home is None:
        raise UserError(
            f"there is no home at {path}: create one with `labelloop init`, or give its folder with --home"
        )
    return home


def open_home(path: Path, kind: str = USER) -> Home:
    """The home at `path`, created if needed. Raises UserError for a home of another kind.

    A new folder is private. A folder that is there keeps its mode, and what is made in it is as open as it.
    """
    home = find_home(path)
    if home is None:
        home = Home(path.expanduser().absolute(), kind)
        _make(home)
    if kind == DEMO and home.kind != DEMO:
        raise UserError(
            f"{home.path} is not the home of a demo: give another one with --home, which the demo may clear"
        )
    return home


@contextmanager
def leaving_none_empty(path: Path, is_locked: bool = False) -> Iterator[None]:
    """If what is done in a home fails, and it made the home and nothing in it, then no home is left.

    `is_locked`: it takes the home's lock, which counts as nothing then, as does the dashboard's token.
    Otherwise somebody else works in the home.
    """
    path = path.expanduser().absolute()
    there_before = {folder for folder in (path, *path.parents) if folder.exists()}
    is_new = not (path / MARK).exists()
    try:
        yield
    except BaseException:
        nothing = {Path(MARK), *((Path(RUN, LOCK), Path(TOKEN)) if is_locked else ())}
        if is_new and {entry.relative_to(path) for entry in _files(path)} <= nothing:
            _remove_empty(path, there_before)
        raise


def _files(path: Path) -> Iterator[Path]:
    return (entry for entry in path.rglob("*") if not _is_folder(entry))


def _is_folder(entry: Path) -> bool:
    return entry.is_dir() and not entry.is_symlink()


def _remove_empty(path: Path, there_before: Collection[Path]) -> None:
    """Remove a home that is empty, and the folders that were made for it."""
    with suppress(OSError):
        for entry in sorted(path.rglob("*"), reverse=True):
            entry.rmdir() if _is_folder(entry) else entry.unlink()
        for folder in (path, *path.parents):
            if folder in there_before:
                break
            folder.rmdir()


def clear(home: Home) -> None:
    """Remove a demo's files, except its mark and its lock. Raises UserError for a home of another kind."""
    if home.kind != DEMO:
        raise UserError(
            f"{home.path} is not the home of a demo, so it is not cleared: give another one with --home"
        )
    for entry in home.path.iterdir():
        if entry.name != MARK and entry != home.run:
            _remove(entry)
    for entry in home.run.iterdir() if home.run.is_dir() else ():
        if entry.name != LOCK:
            _remove(entry)


def _remove(entry: Path) -> None:
    if _is_folder(entry):
        shutil.rmtree(entry)
    else:
        entry.unlink()


def _make(home: Home) -> None:
    try:
        home.path.parent.mkdir(parents=True, exist_ok=True)
        home.path.mkdir(mode=PRIVATE, exist_ok=True)
        atomic.write(home.path / MARK, json.dumps({"format": FORMAT, "kind": home.kind}) + "\n")
    except OSError as error:
        raise UserError(
            f"cannot create the home {home.path} ({error.strerror}): give another one with --home"
        ) from error
