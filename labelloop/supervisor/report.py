"""How the services of a home fare."""

from dataclasses import asdict
from typing import Any

from labelloop.deployment import find_elsewhere
from labelloop.home import Home
from labelloop.slot import read_slot
from labelloop.supervisor.lock import holder
from labelloop.supervisor.state import ProcessState, read_state


def services_report(home: Home) -> dict[str, Any]:
    """What the supervisor says of each process and each process of itself, as JSON values."""
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
