"""Run all checks."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from labelloop.config.deployment import ArgillaAccess, GivenArgilla, choose_elsewhere
from labelloop.config.home import Home, find_home
from labelloop.config.locations import Elsewhere, Locations, cache_folder, choose_locations
from labelloop.doctor import FAIL, OK, Finding
from labelloop.doctor.machine import check_disks, check_home, check_ports, judge_clock
from labelloop.doctor.parts import LogReport, check_argilla, check_log, check_models, check_store
from labelloop.doctor.software import check_plugins, check_python, check_versions
from labelloop.errors import UserError
from labelloop.log.open import log_plugin
from labelloop.loop.history import all_created
from labelloop.loop.settings import for_next
from labelloop.store.opening import PACKAGES
from labelloop.supervisor.argilla import embedded
from labelloop.supervisor.lock import holder

WITHOUT = {
    "learner": "no model can be trained or used on this machine",
    "server": "Argilla cannot be started on this machine",
    "kafka": "the log on Kafka cannot be read",
    "s3": "the store cannot be reached",
    "gcs": "the store cannot be reached",
}


async def examine(folder: Path, home_given: bool, elsewhere: Elsewhere, given: GivenArgilla) -> list[Finding]:
    """Check this machine, the home at `folder`, and the systems it uses.

    Unless the home was named (`home_given`), another log is enough. Changes nothing, except that opening
    creates files: SQLite's files next to a log, and a cache's folder.
    """
    findings = check_home(folder, is_needed=home_given or elsewhere.log is None)
    try:
        home = None if any(each.level == FAIL for each in findings) else find_home(folder)
        locations = choose_locations(home, elsewhere) if home or elsewhere.log else None
        argilla = choose_elsewhere(home, given)
    except UserError as error:
        return [check_python(), *findings, Finding("settings", FAIL, str(error))]
    wanted = {extra: WITHOUT[extra] for extra in _extras(locations, argilla)}
    log = await check_log(locations) if locations else LogReport([])
    served, time = await _argilla(home, argilla)
    now = datetime.now(UTC)
    return [
        check_python(),
        *check_versions(wanted),
        *check_plugins(),
        *findings,
        *check_disks(_folders(folder, locations)),
        *check_ports(home, argilla is None),
        *log.findings,
        *(check_store(locations) if locations else ()),
        *served,
        *check_models(for_next(state).model for _, state in all_created(log.histories.values())),
        *judge_clock(now, {"Argilla": time} if time else {}, log.newest),
    ]


async def _argilla(home: Home | None, argilla: ArgillaAccess | None) -> tuple[list[Finding], datetime | None]:
    if argilla is None:
        if home is None or holder(home.run) is None:
            return [Finding("argilla", OK, "starts with `labelloop up`")], None
        try:
            argilla = embedded(home)
        except UserError as error:
            return [Finding("argilla", FAIL, str(error))], None
    finding, time = await check_argilla(argilla)
    return [finding], time


def _extras(locations: Locations | None, argilla: ArgillaAccess | None) -> Iterator[str]:
    """The extras that this machine needs."""
    yield "learner"
    if argilla is None:
        yield "server"
    if locations is not None:
        yield from _extra_of_log(locations.log)
    scheme = (locations.known_store or "").partition("://")[0] if locations else ""
    if scheme in PACKAGES:
        yield PACKAGES[scheme][1]


def _extra_of_log(url: str) -> Iterator[str]:
    with suppress(UserError):
        extra = log_plugin(url).extra
        if extra in WITHOUT:
            yield extra


def _folders(folder: Path, locations: Locations | None) -> Iterator[Path]:
    """The folders in which this machine writes."""
    yield folder.expanduser().absolute()
    if locations is not None and locations.known_store is not None:
        yield cache_folder() if "://" in locations.known_store else Path(locations.known_store)
