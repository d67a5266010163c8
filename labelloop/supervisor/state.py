"""The supervisor's state file, and a report on this machine's services."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from labelloop import atomic
from labelloop.config.deployment import find_elsewhere
from labelloop.config.home import Home
from labelloop.config.locations import Locations
from labelloop.observe.status_file import read_status_file
from labelloop.store.opening import without_credentials
from labelloop.supervisor.lock import holder

FILE = "supervisor.json"


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
            name: ProcessState(**_known(ProcessState, process))
            for name, process in content.pop("processes").items()
        }
        return SupervisorState(**_known(SupervisorState, content), processes=processes)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _known(kind: type[Any], content: Mapping[str, Any]) -> dict[str, Any]:
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
        report["services"][name] = {**asdict(process), **_said(home, name, process)}
    return report


def _said(home: Home, name: str, process: ProcessState) -> dict[str, Any]:
    """The service's own status, or nothing if another process wrote it."""
    status_file = read_status_file(home.run, name)
    if status_file.get("pid") != process.pid:
        return {}
    return {key: value for key, value in status_file.items() if key not in ("pid", "at")}
