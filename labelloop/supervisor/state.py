"""What runs in a home: the state of its processes as the supervisor writes it, and their versions."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from labelloop import atomic
from labelloop.config.deployment import find_elsewhere
from labelloop.config.environment import own_version
from labelloop.config.home import Home
from labelloop.config.locations import Locations
from labelloop.observe.status_file import SINCE, read_status_file
from labelloop.store.opening import without_credentials
from labelloop.supervisor.lock import holder

FILE = "supervisor.json"
VERSION_FILE = "version.json"


@dataclass
class ProcessState:
    """One process. `state`: starting, running, waiting (for a restart) or stopped. Times are Unix times.

    `started` is the process's creation time, which tells it from a later process with the same pid.
    """

    state: str = "starting"
    pid: int | None = None
    started: float | None = None
    since: float | None = None
    restarts: int = 0
    ended: str | None = None


@dataclass
class SupervisorState:
    """The supervisor `pid`, Argilla's address, and the processes by name."""

    pid: int
    since: float
    argilla: str | None = None
    processes: dict[str, ProcessState] = field(default_factory=dict)


def write_state(run: Path, state: SupervisorState) -> None:
    """Replace the state file. If the disk is full, the old one is kept."""
    with suppress(OSError):
        atomic.write(run / FILE, json.dumps(asdict(state), indent=1), durable=False)


def read_state(run: Path) -> SupervisorState | None:
    """The last state, or None if there is no readable one. What a newer version says beside it is ignored."""
    try:
        content = json.loads((run / FILE).read_text(encoding="utf-8"))
        processes = {
            name: ProcessState(**_of_fields(ProcessState, process))
            for name, process in content.pop("processes").items()
        }
        return SupervisorState(**_of_fields(SupervisorState, content), processes=processes)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _of_fields(kind: type[Any], content: Mapping[str, Any]) -> dict[str, Any]:
    """The values for which the data class has a field."""
    return {field.name: content[field.name] for field in fields(kind) if field.name in content}


def services_report(locations: Locations) -> dict[str, Any]:
    """Log, store, and the state of each process by the supervisor and by itself, as JSON values.

    Without a home it is not known what runs: `home` and `running` are None.
    """
    store = locations.known_store
    where = {"log": locations.log, "store": without_credentials(store) if store is not None else None}
    if locations.home is None:
        return {"home": None, **where, "running": None, "services": {}}
    return {**_home_report(locations.home), **where}


def _home_report(home: Home) -> dict[str, Any]:
    pid = holder(home.run)
    state = read_state(home.run) if pid else None
    elsewhere = find_elsewhere(home)
    report: dict[str, Any] = {
        "home": str(home.path),
        "running": pid is not None,
        "pid": pid,
        "since": state.since if state else None,
        "argilla": elsewhere.url if elsewhere else state.argilla if state else None,
        "services": {},
    }
    for name, process in state.processes.items() if state else ():
        report["services"][name] = {**asdict(process), **_own_status(home, name, process)}
    return report


def _own_status(home: Home, name: str, process: ProcessState) -> dict[str, Any]:
    """The service's own status, or nothing if another process wrote it."""
    status_file = read_status_file(home.run, name)
    if status_file.get("pid") != process.pid:
        return {}
    return {key: value for key, value in status_file.items() if key not in ("pid", "at", SINCE)}


@dataclass(frozen=True)
class RecordedVersion:
    """The version of the supervisor `pid`, the last that ran, and the newest that ever ran in the home."""

    pid: int
    version: str
    newest: str


@dataclass(frozen=True)
class RunningVersions:
    """The version of the running supervisor, and of its services by name. None: one that tells none."""

    supervisor: str | None
    services: dict[str, str | None]


def record_version(run: Path) -> None:
    """Record that this process is the supervisor, with its version. If the disk is full, nothing is."""
    version, before = own_version(), _recorded_version(run)
    if version is None:
        return
    newest = before.newest if before and _is_newer(before.newest, version) else version
    with suppress(OSError):
        record = RecordedVersion(os.getpid(), version, newest)
        atomic.write(run / VERSION_FILE, json.dumps(asdict(record)), durable=False)


def running_versions(home: Home) -> RunningVersions | None:
    """The versions of what runs in the home. None if nothing runs, or if this process runs it."""
    pid, state = holder(home.run), read_state(home.run)
    if pid is None or pid == os.getpid() or state is None or state.pid != pid:
        return None
    recorded = _recorded_version(home.run)
    services = {}
    for name, process in state.processes.items():
        status_file = read_status_file(home.run, name)
        if process.pid is not None and status_file.get("pid") == process.pid:
            version = status_file.get("version")
            services[name] = None if version is None else str(version)
    return RunningVersions(recorded.version if recorded and recorded.pid == pid else None, services)


def difference(home: Home) -> str | None:
    """One line if another version than this one runs in the home, or if a newer one did. None otherwise."""
    own = own_version()
    if own is None:
        return None
    running = running_versions(home)
    if running is not None:
        return _of_running(home, running, own)
    recorded = _recorded_version(home.run)
    if recorded is None or not _is_newer(recorded.newest, own) or holder(home.run) not in (None, os.getpid()):
        return None
    return (
        f"labelloop {recorded.newest} has run in {home.path}, and this is the older labelloop {own}: "
        "upgrade it, or work on a copy of the home"
    )


def _of_running(home: Home, running: RunningVersions, own: str) -> str | None:
    others = {name: version for name, version in running.services.items() if version != running.supervisor}
    if running.supervisor == own and not others:
        return None
    which = "an earlier labelloop that does not tell its version"
    if running.supervisor is not None:
        which = f"labelloop {running.supervisor}"
    apart = ", ".join(f"{name}: {version or 'an earlier one'}" for name, version in sorted(others.items()))
    newest = max(filter(None, (running.supervisor, *others.values())), key=_comparable, default=own)
    remedy = "restart it with `labelloop down` and `labelloop up`"
    if _is_newer(newest, own):
        remedy = f"upgrade this one to {newest}"
    shown = f"{which} ({apart})" if apart else which
    return f"{shown} runs in {home.path}, and this command is labelloop {own}: {remedy}"


def _recorded_version(run: Path) -> RecordedVersion | None:
    try:
        content = json.loads((run / VERSION_FILE).read_text(encoding="utf-8"))
        return RecordedVersion(int(content["pid"]), str(content["version"]), str(content["newest"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_newer(version: str, other: str) -> bool:
    return _comparable(version) > _comparable(other)


def _comparable(version: str) -> Version:
    """The version as one that compares. What is none comes before all."""
    try:
        return Version(version)
    except InvalidVersion:
        return Version("0.dev0")
