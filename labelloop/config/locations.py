"""Where things are: logs and stores, of a home or by URL, what a command works on, and caches."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from labelloop import atomic
from labelloop.config.environment import CACHES
from labelloop.config.home import MARK, Home, existing_home, find_home, open_home
from labelloop.errors import UserError

FILE = "elsewhere.json"
SQLITE = "sqlite:///"
KAFKA = "kafka://"
DEFAULT_PREFIX = "labelloop"
CACHE = "LABELLOOP_CACHE"


@dataclass(frozen=True)
class Elsewhere:
    """A log (URL) and a store (folder or URL) outside a home. None: the home's own."""

    log: str | None = None
    store: str | None = None


@dataclass(frozen=True)
class Locations:
    """The log (URL) and the store (folder or URL) in use. `home` is None if there is no home."""

    log: str
    known_store: str | None
    home: Home | None

    @property
    def store(self) -> str:
        """The store. Raises UserError if it is unknown."""
        if self.known_store is None:
            raise UserError(f"the store of {self.log} is not known: give --store, or set LABELLOOP_STORE")
        return self.known_store

    @property
    def has_own_log(self) -> bool:
        return self.home is not None and self.log == self.home.log_url

    @property
    def has_own_store(self) -> bool:
        return self.home is not None and self.known_store == str(self.home.store)


def choose_locations(home: Home | None, elsewhere: Elsewhere) -> Locations:
    """The given locations; otherwise those that the home remembers, or its own.

    Raises UserError if the home's record is damaged, and if there is neither a home nor a log.
    """
    log, store = _absolute_log(elsewhere.log), _absolute_store(elsewhere.store)
    if home is not None:
        before = recorded_locations(home) or Elsewhere()
        return Locations(log or before.log or home.log_url, store or before.store or str(home.store), home)
    if log is None:
        raise UserError("there is no log: give --log, or set LABELLOOP_LOG")
    return Locations(log, store, None)


def locations_of(named: str, make_home: bool = False) -> Locations:
    """The locations of a log by URL, or of a home by folder. The store is known only for a home.

    `make_home`: a home that is not there is made. Otherwise raises UserError if there is no such home.
    """
    if "://" not in named:
        home = open_home(Path(named)) if make_home else find_home(Path(named))
        if home is None:
            raise UserError(f"there is no home at {named}: give the folder of a home, or the URL of a log")
        return choose_locations(home, Elsewhere())
    log = _absolute_log(named) or named
    folder = _path(log).parent if is_file(log) else None
    home = find_home(folder) if folder is not None and (folder / MARK).is_file() else None
    own = home is not None and home.log_url == log
    return choose_locations(home, Elsewhere(log)) if own else Locations(log, None, None)


def choose_fresh_locations(home: Home, elsewhere: Elsewhere) -> Locations:
    """A new log for a demo, whatever the home remembers.

    On Kafka it has a new name under the given prefix, because in a shared log the demo's services would take
    over the projects of others. Raises UserError if a SQLite log already exists.
    """
    log, store = _absolute_log(elsewhere.log), _absolute_store(elsewhere.store)
    if log is not None and log.startswith(KAFKA):
        servers, _, prefix = log.removeprefix(KAFKA).partition("/")
        log = f"{KAFKA}{servers}/{prefix.strip('/') or DEFAULT_PREFIX}.demo-{secrets.token_hex(3)}"
    if log is not None and is_file(log) and _path(log).exists():
        raise UserError(f"{_path(log)} already exists, but a demo needs a new log: give another --log")
    return Locations(log or home.log_url, store or str(home.store), home)


def is_file(log: str) -> bool:
    """Whether the log is a SQLite file."""
    return log.startswith(SQLITE)


def check_log_is_there(locations: Locations) -> None:
    """Raises UserError if a SQLite log outside the home does not exist: opening it would create one."""
    if not locations.has_own_log:
        check_file(locations.log)


def check_file(log: str) -> None:
    """Raises UserError if a SQLite log does not exist."""
    if is_file(log) and not _path(log).exists():
        raise UserError(f"there is no log at {_path(log)}: check --log, or put the file back")


def remember_locations(locations: Locations) -> None:
    """Save the locations for the home, if they are not its own or once were not."""
    if locations.home is None:
        return
    elsewhere = Elsewhere(
        None if locations.has_own_log else locations.log,
        None if locations.has_own_store else locations.known_store,
    )
    before = recorded_locations(locations.home)
    if elsewhere == (before or Elsewhere()):
        return
    # The URL of a store may contain a credential.
    atomic.write(locations.home.path / FILE, json.dumps(asdict(elsewhere)), mode=atomic.THIS_USER)


def recorded_locations(home: Home) -> Elsewhere | None:
    """The saved locations, or None if the home has only ever used its own. Raises UserError."""
    path = home.path / FILE
    try:
        remembered = json.loads(path.read_text(encoding="utf-8"))
        return Elsewhere(_text(remembered["log"]), _text(remembered["store"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} cannot be read ({error}): remove it, then give --log and --store again"
        ) from error


def _text(url: object) -> str | None:
    if url is not None and not isinstance(url, str):
        raise TypeError(f"{url!r} is not a URL")
    return url


def _absolute_log(url: str | None) -> str | None:
    """The URL with an absolute path, if it is a SQLite log."""
    return f"{SQLITE}{_path(url).expanduser().absolute()}" if url is not None and is_file(url) else url


def _path(sqlite_log: str) -> Path:
    return Path(sqlite_log.removeprefix(SQLITE))


def _absolute_store(store: str | None) -> str | None:
    return store if store is None or "://" in store else str(Path(store).expanduser().absolute())


def cache_folder(environment: Mapping[str, str] = CACHES) -> Path:
    """The folder of all caches: LABELLOOP_CACHE, or the user's own. Raises UserError if there is none."""
    folder = environment.get(CACHE)
    basis = environment.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        return (Path(folder) if folder else Path(basis) / "labelloop").expanduser().absolute()
    except RuntimeError as error:
        raise UserError(f"there is no home folder for a cache: set {CACHE} to a folder") from error


@dataclass(frozen=True)
class Where:
    """The user's options. `home_given`: whether the home was given, or is the default."""

    home: Path
    home_given: bool
    elsewhere: Elsewhere

    def find(self) -> Locations:
        """The locations for a command on an existing home or log. A given log needs no home.

        Raises UserError if there is neither.
        """
        without_home = self.elsewhere.log is not None and not self.home_given
        home = find_home(self.home) if without_home else existing_home(self.home)
        return choose_locations(home, self.elsewhere)

    def make(self) -> Locations:
        """The locations for a command that creates something. Creates the home, unless both are given.

        Raises UserError.
        """
        enough = self.elsewhere.log is not None and self.elsewhere.store is not None
        home = find_home(self.home) if enough and not self.home_given else open_home(self.home)
        locations = choose_locations(home, self.elsewhere)
        if self.elsewhere.log is None:
            check_log_is_there(locations)
        return locations
