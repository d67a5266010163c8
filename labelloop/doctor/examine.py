"""Run all checks, those of the log, the store, Argilla and the pretrained models among them."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from labelloop.config.deployment import ArgillaAccess, GivenArgilla, choose_elsewhere
from labelloop.config.home import Home, find_home
from labelloop.config.locations import (
    Elsewhere,
    Locations,
    cache_folder,
    check_log_is_there,
    choose_locations,
)
from labelloop.config.service_settings import LOCAL, chosen_engine
from labelloop.doctor import FAIL, OK, WARN, Finding
from labelloop.doctor.machine import check_disks, check_home, check_ports, judge_clock
from labelloop.doctor.software import check_plugins, check_python, check_versions, release, requirements
from labelloop.errors import Unavailable, UserError, counted
from labelloop.learner.base_model import BUNDLED, is_of_hub, resolve
from labelloop.log import LogLost, open_log
from labelloop.log.open import log_plugin
from labelloop.loop.history import History, all_created
from labelloop.loop.settings_in_force import for_next
from labelloop.oracle.argilla import Argilla
from labelloop.projects.catalog import read_histories
from labelloop.projects.log_creation import check_is_new, check_none_is_lost, is_there
from labelloop.projects.summary import summarized
from labelloop.store import open_store
from labelloop.store.opening import PACKAGES, without_credentials
from labelloop.supervisor.argilla import check, embedded
from labelloop.supervisor.lock import holder
from schemas.parts import BaseModelChoice

WITHOUT = {
    "learner": "no model can be trained or used on this machine",
    "server": "Argilla cannot be started on this machine",
    "kafka": "the log on Kafka cannot be read",
    "ray": "nothing can be computed on the cluster that LABELLOOP_ENGINE names",
    "s3": "the store cannot be reached",
    "gcs": "the store cannot be reached",
}
SERVER = "argilla-server"
DEFAULT = BaseModelChoice(name=BUNDLED)


async def examine(
    folder: Path, home_given: bool, elsewhere: Elsewhere, argilla_options: GivenArgilla
) -> list[Finding]:
    """Check this machine, the home at `folder`, and the systems it uses.

    Unless the home was named (`home_given`), another log is enough. Changes nothing, except that opening
    creates files: SQLite's files next to a log, and a cache's folder.
    """
    findings = check_home(folder, is_needed=home_given or elsewhere.log is None)
    try:
        home = None if any(each.level == FAIL for each in findings) else find_home(folder)
        locations = choose_locations(home, elsewhere) if home or elsewhere.log else None
        argilla = choose_elsewhere(home, argilla_options)
        has_cluster = chosen_engine() != LOCAL
    except UserError as error:
        return [check_python(), *findings, Finding("settings", FAIL, str(error))]
    needed_extras = {extra: WITHOUT[extra] for extra in _extras(locations, argilla, has_cluster)}
    log = await check_log(locations) if locations else LogReport([])
    served, time = await _argilla(home, argilla)
    now = datetime.now(UTC)
    return [
        check_python(),
        *check_versions(needed_extras),
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


def _extras(locations: Locations | None, argilla: ArgillaAccess | None, has_cluster: bool) -> Iterator[str]:
    """The extras that this machine needs."""
    yield "learner"
    if argilla is None:
        yield "server"
    if has_cluster:
        yield "ray"
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


@dataclass(frozen=True)
class LogReport:
    """Findings and the log's content. `newest`: the time of its latest event."""

    findings: list[Finding]
    histories: Mapping[str, History] = field(default_factory=dict)
    newest: datetime | None = None


async def check_log(locations: Locations) -> LogReport:
    """Check the log by reading all of it. Does not create one."""
    try:
        check_log_is_there(locations)
        if not await is_there(locations.log):
            check_is_new(locations)
            return LogReport(
                [Finding("log", OK, f"{locations.log} is not there yet: the first project creates it")]
            )
        report = await _read(locations.log)
        check_none_is_lost(locations, report.histories)
        return report
    except LogLost as error:
        return LogReport([Finding("log", FAIL, str(error))])
    except Unavailable as error:
        return LogReport([Finding("log", FAIL, f"{error}: start it, or check --log and the network")])
    except UserError as error:
        return LogReport([Finding("log", FAIL, str(error))])


async def _read(url: str) -> LogReport:
    times: list[datetime] = []
    log = open_log(url)
    try:
        histories = await read_histories(log, lambda event: times.append(event.time))
    finally:
        await log.close()
    halted = [
        Finding("log", FAIL, f"the project {history.project} is {history.halt}")
        for history in histories.values()
        if history.halt is not None
    ]
    paused = [
        Finding(
            "log",
            WARN,
            f"the project {name} is paused, and {failure.service} failed at {failure.due} "
            f"({failure.error}): repair that, then run `labelloop resume`",
        )
        for name, summary in ((name, summarized(history)) for name, history in histories.items())
        for failure in summary.progress.failures[-1:]
        if summary.progress.paused
    ]
    contents = f"{url} ({counted(len(histories), 'project')}, {counted(len(times), 'event')})"
    return LogReport(halted or paused or [Finding("log", OK, contents)], histories, max(times, default=None))


def check_store(locations: Locations) -> list[Finding]:
    """Check the store's address and settings. Does not use the network."""
    if locations.known_store is None:
        return [
            Finding(
                "store",
                WARN,
                f"the store of {locations.log} is not known: give --store, or set LABELLOOP_STORE",
            )
        ]
    try:
        open_store(locations.known_store)
    except UserError as error:
        return [Finding("store", FAIL, str(error))]
    return [Finding("store", OK, without_credentials(locations.known_store))]


async def check_argilla(access: ArgillaAccess) -> tuple[Finding, datetime | None]:
    """Check Argilla. Returns the finding and Argilla's time, or None if unknown."""
    try:
        async with Argilla(access.url, access.key, access.headers) as argilla:
            await check(argilla, access.url)
            about = await argilla.about()
    except (UserError, Unavailable) as error:
        return Finding("argilla", FAIL, str(error)), None
    tested = next((each.bounds for each in requirements() if each.name == SERVER), "")
    return judge_version(access.url, about.version, tested), about.time


def judge_version(url: str, version: str, tested: str) -> Finding:
    """Compare Argilla's version with `tested`, such as `==2.8.0`. The first two numbers count."""
    tested_release = release(tested.removeprefix("=="))
    if not tested_release or release(version) == tested_release:
        return Finding("argilla", OK, f"{version} at {url}")
    return Finding(
        "argilla",
        WARN,
        f"Argilla {version} at {url}, but labelloop is tested with {tested_release}: use that version",
    )


def check_models(used: Iterable[BaseModelChoice]) -> list[Finding]:
    """Check the base models that are used, or the default one. Downloads nothing."""
    choices = {(choice.name, choice.revision): choice for choice in used} or {(BUNDLED, None): DEFAULT}
    return [_check_model(choice) for choice in choices.values()]


def _check_model(choice: BaseModelChoice) -> Finding:
    try:
        resolved = resolve(choice.name, choice.revision, fetch=False)
    except UserError as error:
        if is_of_hub(choice.name, choice.revision):
            return Finding(
                "model",
                WARN,
                f"{choice.name} is not on this machine yet: the first training downloads it from the Hub; "
                f"if there is no network then, run `hf download {choice.name}` first",
            )
        # Another machine may be the one that trains.
        return Finding("model", WARN, f"{error}; without it no model can be trained or used on this machine")
    except ModuleNotFoundError as error:
        return Finding(
            "model",
            WARN,
            f"{choice.name} needs the package {error.name}: run pip install 'labelloop[learner]'",
        )
    return Finding("model", OK, f"{choice.name} in {resolved.folder}")
