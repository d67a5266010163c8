"""A home: the folder that holds all state of one machine's projects."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from labelloop import atomic
from labelloop.errors import UserError

FORMAT = 1
MARK = "home.json"
LOCK = "lock"
USER = "user"
DEMO = "demo"
DEFAULT = Path(".labelloop")
DEFAULT_DEMO = Path(".labelloop-demo")


@dataclass(frozen=True)
class Home:
    """Where things lie under `path`; `kind` is `user` or `demo`."""

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
        return self.path / "run"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def exports(self) -> Path:
        return self.path / "exports"


def find_home(path: Path) -> Home | None:
    """The home at `path`, None where there is none yet.

    Raises UserError for a folder that holds other things, and for a home of a newer version.
    """
    path = path.expanduser().absolute()
    try:
        mark = json.loads((path / MARK).read_text(encoding="utf-8"))
        version, kind = int(mark["format"]), str(mark["kind"])
    except FileNotFoundError:
        if path.is_dir() and any(path.iterdir()):
            raise UserError(
                f"{path} is no home of labelloop: give an empty or new folder by --home"
            ) from None
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} is no home of labelloop ({MARK}: {error}): give another by --home"
        ) from error
    if version > FORMAT:
        raise UserError(f"a newer labelloop made the home {path}: upgrade labelloop")
    return Home(path, kind)


def existing_home(path: Path) -> Home:
    """The home at `path`. Raises UserError where there is none."""
    home = find_home(path)
    if home is None:
        raise UserError(f"there is no home at {path}: make one with `labelloop init`, or give its --home")
    return home


def open_home(path: Path, kind: str = USER) -> Home:
    """The home at `path`, made where there is none. Raises UserError for one of another kind."""
    home = find_home(path)
    if home is None:
        home = Home(path.expanduser().absolute(), kind)
        _make(home)
    if kind == DEMO and home.kind != DEMO:
        raise UserError(f"{home.path} is not the home of a demo, which starts afresh: give another by --home")
    return home


def clear(home: Home) -> None:
    """Remove what a demo left, but its mark and its lock. Raises UserError for a home of another kind."""
    if home.kind != DEMO:
        raise UserError(
            f"{home.path} is not the home of a demo, and is left as it is: give another by --home"
        )
    for entry in home.path.iterdir():
        if entry.name != MARK and entry != home.run:
            _remove(entry)
    for entry in home.run.iterdir() if home.run.is_dir() else ():
        if entry.name != LOCK:
            _remove(entry)


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()


def _make(home: Home) -> None:
    try:
        home.path.mkdir(parents=True, exist_ok=True)
        atomic.write(home.path / MARK, json.dumps({"format": FORMAT, "kind": home.kind}) + "\n")
    except OSError as error:
        raise UserError(
            f"cannot make the home {home.path} ({error.strerror}): give another by --home"
        ) from error
