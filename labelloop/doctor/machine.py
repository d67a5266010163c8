"""Checks of this machine: clock, free space, ports, and permissions of a home."""

import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from labelloop.config import deployment, locations
from labelloop.config.home import MARK, Home, find_home
from labelloop.config.service_settings import SERVICES
from labelloop.doctor import FAIL, OK, WARN, Finding
from labelloop.errors import UserError
from labelloop.observe.settings import Observing
from labelloop.oracle.server import secrets
from labelloop.supervisor.argilla import DEFAULT_HOST, DEFAULT_PORT, Embedded, check_free, choose_address
from labelloop.supervisor.lock import holder
from labelloop.supervisor.state import difference

TOLERANCE = timedelta(seconds=30)
REMEDY = "set it with `timedatectl set-ntp true`, or in your system's way"
LEAST, LITTLE = 200e6, 2e9
EFFECTIVE = {"effective_ids": True} if os.access in os.supports_effective_ids else {}
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def judge_clock(now: datetime, clocks: Mapping[str, datetime], newest: datetime | None) -> list[Finding]:
    """Compare the clock. `clocks`: the current time on other machines. `newest`: the log's latest event."""
    findings = [
        Finding("clock", WARN, f"{_distance(now - time)} {whose}: {REMEDY}")
        for whose, time in clocks.items()
        if abs(now - time) > TOLERANCE
    ]
    if newest is not None and newest - now > TOLERANCE:
        findings.append(
            Finding(
                "clock",
                WARN,
                f"the log's newest event is of {newest.isoformat(timespec='seconds')}, "
                f"{_seconds(newest - now)} from now; if this clock is wrong, {REMEDY}",
            )
        )
    agreed_time = f"{now.isoformat(timespec='seconds')}" + "".join(f", as {whose} says" for whose in clocks)
    return findings or [Finding("clock", OK, agreed_time)]


def _distance(difference: timedelta) -> str:
    word = "ahead of" if difference > timedelta() else "behind"
    return f"this clock is {_seconds(abs(difference))} {word} that of"


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():,.0f} s"


def check_disks(folders: Iterable[Path]) -> list[Finding]:
    """One finding per disk on which these folders are or would be."""
    places = [nearest(folder) for folder in folders]
    disks = {place.stat().st_dev: place for place in reversed(places)}
    return [judge_disk(place, shutil.disk_usage(place).free) for place in reversed(disks.values())]


def judge_disk(place: Path, free: int) -> Finding:
    free_space = f"{free / 1e9:,.1f} GB free on the disk of {place}"
    if free >= LITTLE:
        return Finding("disk", OK, free_space)
    return Finding(
        "disk",
        WARN if free >= LEAST else FAIL,
        f"{free_space}, and each kept model takes about 0.1 GB: free some space, or keep fewer "
        "(LABELLOOP_KEEP_MODELS)",
    )


def nearest(folder: Path) -> Path:
    """The folder itself, or its nearest existing parent."""
    return next(place for place in (folder, *folder.parents) if _is_folder(place))


def _is_folder(place: Path) -> bool:
    try:
        return place.is_dir()
    except OSError:
        return False


def check_ports(home: Home | None, has_embedded_argilla: bool) -> list[Finding]:
    """Check that the ports are free, unless the home's services run."""
    pid = holder(home.run) if home is not None else None
    if pid is not None:
        return [Finding("ports", OK, f"in use by this home's own services (process {pid})")]
    try:
        addresses = _addresses(home, has_embedded_argilla)
    except UserError as error:
        return [Finding("ports", FAIL, str(error))]
    taken = [Finding("ports", FAIL, refusal) for host, port in addresses if (refusal := _refusal(host, port))]
    if taken:
        return taken
    free = ", ".join(str(port) for _, port in addresses)
    return [Finding("ports", OK, f"free: {free}" if free else "none is needed")]


def _addresses(home: Home | None, has_embedded_argilla: bool) -> list[tuple[str, int]]:
    observing = Observing.from_environment()
    addresses = [(observing.host, observing.port + n) for n in range(len(SERVICES))] if observing.port else []
    if has_embedded_argilla:
        address = choose_address(home, None, None) if home else Embedded(DEFAULT_HOST, DEFAULT_PORT)
        addresses.insert(0, (address.host, address.port))
    return addresses


def _refusal(host: str, port: int) -> str | None:
    """Why the port cannot be used, or None."""
    try:
        check_free(host, port)
    except UserError as error:
        return str(error)
    return None


def check_home(folder: Path, is_needed: bool) -> list[Finding]:
    """Check the home, or the place for a new one. No home is fine unless one is needed."""
    folder = folder.expanduser().absolute()
    try:
        if not is_needed and not (folder / MARK).exists():
            return [Finding("home", OK, "there is none, and none is needed, because the log is elsewhere")]
        refused = _refused(nearest(folder))
        if refused is not None:
            return [Finding("home", FAIL, refused)]
        home = find_home(folder)
        if home is None:
            return [
                Finding("home", OK, f"none at {folder} yet: `labelloop up` or `labelloop demo` creates it")
            ]
        readable = _of_an_open_home(home) or _of_keys(home)
        findings = [*_of_this_user(home), *readable, *_of_other_versions(home)]
    except UserError as error:
        return [Finding("home", FAIL, str(error))]
    except OSError as error:
        return [Finding("home", FAIL, f"{error}: check its permissions, or give another one with --home")]
    return findings or [Finding("home", OK, str(folder))]


def _of_other_versions(home: Home) -> Iterator[Finding]:
    if line := difference(home):
        yield Finding("home", WARN, line)


def _of_this_user(home: Home) -> Iterator[Finding]:
    beside = (home.log.with_name(home.log.name + ending) for ending in ("-wal", "-shm"))
    files = (home.log, *beside, home.store, home.argilla, home.run, home.logs, home.exports)
    for path in files:
        refused = _refused(path) if path.exists() else None
        if refused is not None:
            yield Finding("home", FAIL, refused)


def _of_an_open_home(home: Home) -> list[Finding]:
    """A finding if others can enter the home: texts and votes are in it."""
    if not home.path.stat().st_mode & OTHERS or not all(_lets_others_in(each) for each in home.path.parents):
        return []
    return [
        Finding(
            "home",
            WARN,
            f"others on this machine can read the texts and votes in {home.path} (mode "
            f"{stat.S_IMODE(home.path.stat().st_mode):03o}): unless they should, run "
            f"`chmod -R go= {home.path}`",
        )
    ]


def _lets_others_in(folder: Path) -> bool:
    return bool(folder.stat().st_mode & (stat.S_IXGRP | stat.S_IXOTH))


def _of_keys(home: Home) -> list[Finding]:
    keys = (home.argilla / secrets.FILE, home.path / deployment.FILE, home.path / locations.FILE)
    return [
        Finding("home", WARN, f"others can read {path}, which contains a key: run `chmod 600 {path}`")
        for path in keys
        if path.exists() and path.stat().st_mode & OTHERS
    ]


def _refused(path: Path) -> str | None:
    """Why this user cannot use a file or folder, or None."""
    permissions = os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)
    if os.access(path, permissions, **EFFECTIVE):
        return None
    about = path.stat()
    return (
        f"this user ({os.geteuid()}) cannot read and write {path} (of user {about.st_uid}, "
        f"mode {stat.S_IMODE(about.st_mode):03o}): as its owner run `chmod -R u+rwX {path}`, or as root "
        f"`chown -R {os.geteuid()} {path}`"
    )
