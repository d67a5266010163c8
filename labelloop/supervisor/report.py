"""How the services of this machine fare."""

from dataclasses import asdict
from typing import Any

from labelloop.deployment import find_elsewhere
from labelloop.home import Home
from labelloop.places import Places
from labelloop.slot import read_slot
from labelloop.store.opening import without_credentials
from labelloop.supervisor.lock import holder
from labelloop.supervisor.state import ProcessState, read_state


def services_report(places: Places) -> dict[str, Any]:
    """Log, store, what the supervisor says of each process and each process of itself, as JSON values.

    Without a home, what runs is not known: `home` and `running` are None.
    """
    store = places.known_store
    where = {"log": places.log, "store": without_credentials(store) if store is not None else None}
    if places.home is None:
        return {"home": None, **where, "running": None, "services": {}}
    return {**_home_report(places.home), **where}


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
    """What the service says; nothing if that was another process."""
    slot = read_slot(home.run, name)
    if slot.get("pid") != process.pid:
        return {}
    return {key: value for key, value in slot.items() if key not in ("pid", "at")}
