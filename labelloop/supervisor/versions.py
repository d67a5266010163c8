"""Which version of labelloop runs in a home, beside the version of a command."""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from labelloop import atomic
from labelloop.config.environment import own_version
from labelloop.config.home import Home
from labelloop.observe.status_file import read_status_file
from labelloop.supervisor.lock import holder
from labelloop.supervisor.state import read_state

FILE = "version.json"


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
    version, before = own_version(), _read(run)
    if version is None:
        return
    newest = before.newest if before and _is_newer(before.newest, version) else version
    with suppress(OSError):
        record = RecordedVersion(os.getpid(), version, newest)
        atomic.write(run / FILE, json.dumps(asdict(record)), durable=False)


def running_versions(home: Home) -> RunningVersions | None:
    """The versions of what runs in the home. None if nothing runs, or if this process runs it."""
    pid, state = holder(home.run), read_state(home.run)
    if pid is None or pid == os.getpid() or state is None or state.pid != pid:
        return None
    recorded = _read(home.run)
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
    recorded = _read(home.run)
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


def _read(run: Path) -> RecordedVersion | None:
    try:
        content = json.loads((run / FILE).read_text(encoding="utf-8"))
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
