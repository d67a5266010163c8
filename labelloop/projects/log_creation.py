"""Make a log, once: where something knows that there was one, it is lost, and no new one takes its place."""

import hashlib
from collections.abc import Collection
from urllib.parse import urlsplit

from labelloop.config.locations import Locations, locations_of, recorded_locations
from labelloop.errors import UserError
from labelloop.log.base import Log
from labelloop.log.open import create_log, log_plugin, open_log
from labelloop.store import Store, open_store
from labelloop.store.opening import without_credentials


async def make_log(locations: Locations) -> bool:
    """Make the log, unless it is there, and return whether it is new.

    Raises UserError and Unavailable, also if it was there once: then it is lost, and is not made anew.
    """
    is_new = await _is_new(locations)
    await _make(locations, is_new)
    return is_new


class LogForProjects:
    """A log that a new project is written to. If there is none, it is made once the project is sound."""

    def __init__(self, locations: Locations) -> None:
        self._locations = locations
        self._log: Log | None = None
        self._is_made = False

    async def find(self) -> Log | None:
        """Open the log; None if it is yet to be made. Raises what `make_log` raises."""
        if not await _is_new(self._locations):
            self._log = open_log(self._locations.log)
        return self._log

    async def make(self) -> Log:
        """The log, which is made if none was found. Raises UserError and Unavailable."""
        if not self._is_made:
            await _make(self._locations, is_new=self._log is None)
            self._is_made = True
        self._log = self._log or open_log(self._locations.log)
        return self._log

    async def aclose(self) -> None:
        """Close the log, if it is open."""
        if self._log is not None:
            await self._log.close()


async def _is_new(locations: Locations) -> bool:
    """Whether there is no log and never was one. Raises UserError and Unavailable."""
    if await is_there(locations.log):
        return False
    check_is_new(locations)
    return True


async def _make(locations: Locations, is_new: bool) -> None:
    """Make the log if it is new, and note in the store that there is one."""
    if is_new:
        await create_log(locations.log)
    if (store := _store_with_note(locations)) is not None:
        store.note(_note(locations.log), without_credentials(locations.log))


async def is_there(url: str) -> bool:
    """Whether there is a log at the URL. Raises UserError and Unavailable: LogLost if there was one."""
    exists = log_plugin(url).exists
    return exists is None or await exists(url)


def check_is_new(locations: Locations) -> None:
    """Raises UserError if the store tells that there was a log where none is now."""
    store = _store_with_note(locations)
    if store is not None and store.noted(_note(locations.log)) is not None:
        raise UserError(
            f"the log {locations.log} is missing, and the store tells that there was one: put it back, "
            f"or, to start anew, delete {store.address(_note(locations.log))}"
        )
    home = locations.home if locations.has_own_log else locations_of(locations.log).home
    if home is not None and recorded_locations(home) is None:
        for texts in sorted(home.store.glob("[!.]*/pool")):
            raise UserError(
                f"the log {home.log} is missing, but {home.store} has the texts of {texts.parent.name}: put "
                f"back a copy of the log, or, to start anew, remove {texts.parent}"
            )


def check_none_is_lost(locations: Locations, histories: Collection[str]) -> None:
    """Raises UserError if the store has models of a project that the log does not know.

    The log was truncated or replaced then. Only homes that never used another log are checked, because a
    store may serve several logs.
    """
    home = locations.home
    if (
        home is None
        or not (locations.has_own_log and locations.has_own_store)
        or recorded_locations(home) is not None
    ):
        return
    for models in sorted(home.store.glob("*/models")):
        if models.parent.name not in histories:
            raise UserError(
                f"the log {home.log} has no project {models.parent.name}, but {home.store} has its models: "
                f"put back a copy of the log, or remove {models.parent}"
            )


def _store_with_note(locations: Locations) -> Store | None:
    """The store, if it keeps a note of the log. A home's own log needs none: its store lies beside it."""
    if locations.has_own_log or locations.known_store is None:
        return None
    return open_store(locations.known_store)


def _note(url: str) -> str:
    parts = urlsplit(url)
    name = parts.path.strip("/") or parts.netloc
    return f".logs/{hashlib.sha256(f'{parts.scheme}/{name}'.encode()).hexdigest()[:16]}"
