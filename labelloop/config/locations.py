"""Where a log and a store are: a home's own, or elsewhere by URL."""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from labelloop import atomic
from labelloop.config.home import MARK, Home, existing_home, find_home
from labelloop.errors import UserError

FILE = "elsewhere.json"
SQLITE = "sqlite:///"
KAFKA = "kafka://"
DEFAULT_PREFIX = "labelloop"


@dataclass(frozen=True)
class Elsewhere:
    """A log (URL) and a store (folder or URL) outside a home; None: the home's own."""

    log: str | None = None
    store: str | None = None


@dataclass(frozen=True)
class Locations:
    """The log (URL) and the store (folder or URL) in use; `home` None where nothing lies on this machine."""

    log: str
    known_store: str | None
    home: Home | None

    @property
    def store(self) -> str:
        """Raises UserError when nobody said where it is."""
        if self.known_store is None:
            raise UserError(f"the store of {self.log} is not known: give --store, or set LABELLOOP_STORE")
        return self.known_store

    @property
    def has_own_log(self) -> bool:
        return self.home is not None and self.log == self.home.log_url

    @property
    def has_own_store(self) -> bool:
        return self.home is not None and self.known_store == str(self.home.store)


def choose_locations(home: Home | None, given: Elsewhere) -> Locations:
    """What is given; of what is not, what the home remembers, or its own. Without a home, what is given.

    Raises UserError when the home's record is damaged, and when there is neither a home nor a log.
    """
    log, store = _absolute_log(given.log), _absolute_store(given.store)
    if home is not None:
        before = recorded_locations(home) or Elsewhere()
        return Locations(log or before.log or home.log_url, store or before.store or str(home.store), home)
    if log is None:
        raise UserError("there is no log: give --log, or set LABELLOOP_LOG")
    return Locations(log, store, None)


def locations_of(named: str) -> Locations:
    """A log by its URL, or that of a home by its folder; the store is known where the log is a home's.

    Raises UserError where there is no such home.
    """
    if "://" not in named:
        return choose_locations(existing_home(Path(named)), Elsewhere())
    log = _absolute_log(named) or named
    folder = _path(log).parent if is_file(log) else None
    home = find_home(folder) if folder is not None and (folder / MARK).is_file() else None
    own = home is not None and home.log_url == log
    return choose_locations(home, Elsewhere(log)) if own else Locations(log, None, None)


def choose_fresh_locations(home: Home, given: Elsewhere) -> Locations:
    """A log that nobody else uses, whatever the home remembers.

    On Kafka it is a new one below the prefix that is given: in a shared one the services of a demo would take
    the projects of others over. Raises UserError for a SQLite log that is there already.
    """
    log, store = _absolute_log(given.log), _absolute_store(given.store)
    if log is not None and log.startswith(KAFKA):
        servers, _, prefix = log.removeprefix(KAFKA).partition("/")
        log = f"{KAFKA}{servers}/{prefix.strip('/') or DEFAULT_PREFIX}.demo-{secrets.token_hex(3)}"
    if log is not None and is_file(log) and _path(log).exists():
        raise UserError(f"{_path(log)} is there already, and a demo starts afresh: give another --log")
    return Locations(log or home.log_url, store or str(home.store), home)


def is_file(log: str) -> bool:
    """Whether the log is a SQLite file."""
    return log.startswith(SQLITE)


def check_log_is_there(locations: Locations) -> None:
    """Raises UserError where a SQLite log elsewhere is no file: opening it would make an empty one."""
    if not locations.has_own_log:
        check_file(locations.log)


def check_file(log: str) -> None:
    """Raises UserError where a SQLite log is no file."""
    if is_file(log) and not _path(log).exists():
        raise UserError(f"there is no log at {_path(log)}: check --log, or put the file back")


def remember_locations(locations: Locations) -> None:
    """Keep them for the home, if they are not its own or once were not."""
    if locations.home is None:
        return
    elsewhere = Elsewhere(
        None if locations.has_own_log else locations.log,
        None if locations.has_own_store else locations.known_store,
    )
    before = recorded_locations(locations.home)
    if elsewhere == (before or Elsewhere()):
        return
    # The URL of a store may hold a credential.
    atomic.write(locations.home.path / FILE, json.dumps(asdict(elsewhere)), mode=atomic.THIS_USER)


def recorded_locations(home: Home) -> Elsewhere | None:
    """What the home remembers; None when it has only ever used its own. Raises UserError."""
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
        raise TypeError(f"{url!r} is no URL")
    return url


def _absolute_log(url: str | None) -> str | None:
    """A SQLite log stays the same file from whichever folder it is named."""
    return f"{SQLITE}{_path(url).expanduser().absolute()}" if url is not None and is_file(url) else url


def _path(sqlite_log: str) -> Path:
    return Path(sqlite_log.removeprefix(SQLITE))


def _absolute_store(store: str | None) -> str | None:
    return store if store is None or "://" in store else str(Path(store).expanduser().absolute())
