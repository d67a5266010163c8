"""All checks, one after the other."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from labelloop.config.caches import cache_folder
from labelloop.config.deployment import ArgillaAccess, GivenArgilla, choose_elsewhere
from labelloop.config.home import Home, find_home
from labelloop.config.locations import KAFKA, Elsewhere, Places, choose_places
from labelloop.doctor.finding import FAIL, OK, Finding
from labelloop.doctor.machine import check_disks, check_home, check_ports, judge_clock
from labelloop.doctor.parts import Read, check_argilla, check_log, check_models, check_store
from labelloop.doctor.software import check_python, check_versions
from labelloop.errors import UserError
from labelloop.loop.settings import for_next
from labelloop.store.opening import PACKAGES
from labelloop.supervisor.access import embedded
from labelloop.supervisor.lock import holder

WITHOUT = {
    "learner": "no model can be trained or asked on this machine",
    "server": "Argilla cannot be started on this machine",
    "kafka": "the log on Kafka cannot be read",
    "s3": "the store cannot be reached",
    "gcs": "the store cannot be reached",
}


async def examine(folder: Path, home_given: bool, elsewhere: Elsewhere, given: GivenArgilla) -> list[Finding]:
    """What is found of this machine, of the home at `folder`, and of what it uses.

    Unless the home was named (`home_given`), a log elsewhere is enough.
    Changes nothing. Makes what opening makes: the files that SQLite keeps beside a log, a cache's folder.
    """
    findings = check_home(folder, is_needed=home_given or elsewhere.log is None)
    try:
        home = None if any(each.level == FAIL for each in findings) else find_home(folder)
        places = choose_places(home, elsewhere) if home or elsewhere.log else None
        argilla = choose_elsewhere(home, given)
    except UserError as error:
        return [check_python(), *findings, Finding("settings", FAIL, str(error))]
    wanted = {extra: WITHOUT[extra] for extra in _extras(places, argilla)}
    log = await check_log(places) if places else Read([])
    served, time = await _argilla(home, argilla)
    now = datetime.now(UTC)
    states = [each.state for each in log.histories.values() if each.state.project]
    return [
        check_python(),
        *check_versions(wanted),
        *findings,
        *check_disks(_folders(folder, places)),
        *check_ports(home, argilla is None),
        *log.findings,
        *(check_store(places) if places else ()),
        *served,
        *check_models(for_next(state).model for state in states),
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
    found, time = await check_argilla(argilla)
    return [found], time


def _extras(places: Places | None, argilla: ArgillaAccess | None) -> Iterator[str]:
    """Those that this machine has a use for."""
    yield "learner"
    if argilla is None:
        yield "server"
    if places is not None and places.log.startswith(KAFKA):
        yield "kafka"
    scheme = (places.known_store or "").partition("://")[0] if places else ""
    if scheme in PACKAGES:
        yield PACKAGES[scheme][1]


def _folders(folder: Path, places: Places | None) -> Iterator[Path]:
    """Where this machine writes."""
    yield folder.expanduser().absolute()
    if places is not None and places.known_store is not None:
        yield cache_folder() if "://" in places.known_store else Path(places.known_store)
