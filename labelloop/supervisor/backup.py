"""Back up a home, also while it runs: a folder with its files, and a list of them with their digests."""

import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from labelloop import atomic
from labelloop.config.home import Home
from labelloop.config.locations import Elsewhere, Locations, choose_locations
from labelloop.errors import TaskError, UserError
from labelloop.log import open_log
from labelloop.log.sqlite.log import back_up as back_up_log
from labelloop.loop.history import History, all_created
from labelloop.loop.retention import kept_predictions
from labelloop.loop.settings_in_force import snapshots
from labelloop.loop.state import LoopState
from labelloop.oracle.server.environment import DATABASE
from labelloop.projects.catalog import read_histories
from labelloop.projects.log_creation import check_is_new, check_none_is_lost, is_there
from labelloop.store import FolderStore, SnapshotLost, copy_snapshots
from labelloop.store.artifacts import ModelDamaged, ModelMissing, file_digest, verify
from labelloop.store.opening import without_credentials
from schemas.parts import Snapshot

FORMAT = 1
LIST = "backup.json"
FILES = "files"
TRIES = 3
OF_ARGILLA = ("secrets.json", "server_id.dat")


@dataclass(frozen=True)
class Backup:
    """What a backup holds: events by project, and the sha256 of each file by its path in the home."""

    made_at: str
    home: str
    version: str
    events: Mapping[str, int]
    files: Mapping[str, str]
    format: int = FORMAT


def write_list(folder: Path, backup: Backup) -> None:
    atomic.write(folder / LIST, json.dumps(asdict(backup), indent=1) + "\n", mode=atomic.THIS_USER)


def read_list(folder: Path) -> Backup:
    """The list of the backup in a folder. Raises UserError."""
    try:
        backup = Backup(**json.loads((folder / LIST).read_text(encoding="utf-8")))
        newer = int(backup.format) > FORMAT
        safe = all(_is_inside(path) and isinstance(digest, str) for path, digest in backup.files.items())
        dict(backup.events)
    except FileNotFoundError as error:
        what = f"holds no {LIST}" if folder.is_dir() else "is not there"
        raise UserError(f"{folder} {what}: give the folder of a backup") from error
    except OSError as error:
        raise UserError(
            f"{folder} cannot be read as a backup ({error.strerror or error}): give the folder of one"
        ) from error
    except (ValueError, TypeError, AttributeError) as error:
        raise UserError(
            f"{folder} is not a whole backup ({LIST}: {error}): give the folder of another one"
        ) from error
    if newer:
        raise UserError(f"a newer labelloop wrote the backup {folder}: upgrade labelloop")
    if not safe:
        raise UserError(
            f"{folder / LIST} names files outside the home, as no backup does: give the folder of another one"
        )
    return backup


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and not PurePosixPath(path).is_absolute() and ".." not in parts


@dataclass(frozen=True)
class BackedUp:
    """What was written to `folder`, and the addresses of logs and stores that are not in it."""

    folder: Path
    events: int
    projects: int
    models: int
    size: int
    elsewhere: tuple[str, ...]


async def back_up(home: Home, folder: Path) -> BackedUp:
    """Copy the home into a new private folder, which is there whole or not at all.

    The log is copied first, so that everything that it names is there, and Argilla last, so that its answers
    are at least as new: an answer that the log knows and Argilla lacks would count as withdrawn. Raises
    UserError.
    """
    folder = _target(home, folder)
    locations = choose_locations(home, Elsewhere())
    try:
        with atomic.beside(folder) as draft:
            draft.mkdir(mode=0o700)
            copy = Home(draft / FILES, home.kind)
            copy.path.mkdir()
            histories, models = await _log_and_store(locations, home, copy)
            _settings_and_exports(home, copy)
            _argilla(home, copy)
            events = {name: len(history.datahashes) for name, history in histories.items()}
            size = _finish(draft, home, events)
            draft.rename(folder)
            atomic.sync(folder.parent)
    except OSError as error:
        raise UserError(
            f"cannot write the backup {folder} ({error.strerror or error}): give another folder"
        ) from error
    return BackedUp(folder, sum(events.values()), len(events), models, size, tuple(_elsewhere(locations)))


def _target(home: Home, folder: Path) -> Path:
    """The absolute path of a new folder. Raises UserError if it is there, or lies in the home."""
    folder = folder.expanduser().absolute()
    if folder.exists():
        raise UserError(f"{folder} exists already: give a new folder to back up to")
    if folder.is_relative_to(home.path):
        raise UserError(f"{folder} lies in the home itself: give a folder elsewhere to back up to")
    return folder


async def _log_and_store(locations: Locations, home: Home, copy: Home) -> tuple[Mapping[str, History], int]:
    """Copy both. A model that the log names may be superseded and removed meanwhile: then begin again."""
    for tries_left in reversed(range(TRIES)):
        log = locations.log
        if locations.has_own_log:
            if not await is_there(log):
                check_is_new(locations)
            atomic.remove(copy.log)
            back_up_log(home.log, copy.log)
            log = copy.log_url
        histories = await _read(log)
        check_none_is_lost(locations, histories)
        states = [state for _, state in all_created(histories.values())]
        if not locations.has_own_store:
            return histories, 0
        store, target = FolderStore(home.store), FolderStore(copy.store)
        for history, state in all_created(histories.values()):
            for snapshot in snapshots(state):
                _copy_snapshot(store, target, snapshot, is_needed=not history.is_away)
            for predictions in kept_predictions(state):
                with suppress(SnapshotLost):
                    copy_snapshots(store, target, [predictions])
        copied = [_copy_model(store, target, uri, sha256) for uri, sha256 in _models(states, store)]
        if all(copied) or not tries_left:
            break
    return histories, sum(copied)


async def _read(url: str) -> Mapping[str, History]:
    log = open_log(url)
    try:
        return await read_histories(log)
    finally:
        await log.close()


def _copy_snapshot(store: FolderStore, target: FolderStore, snapshot: Snapshot, is_needed: bool) -> None:
    file = store.snapshot(snapshot)
    if not file.is_file() and not is_needed:
        return
    if not file.is_file() or file_digest(file) != snapshot.digest:
        raise UserError(
            f"{file} is missing or damaged: restore it from an earlier backup, then back up again"
        )
    target.add_snapshot(snapshot, file)


def _models(states: list[LoopState], store: FolderStore) -> list[tuple[str, str]]:
    """The models that are there now, by URI and digest."""
    named = {
        trained.artifact: trained.sha256
        for state in states
        for model in state.models.values()
        for trained in model.attempts
        if store.find_model(trained) is not None
    }
    return list(named.items())


def _copy_model(store: FolderStore, target: FolderStore, uri: str, sha256: str) -> bool:
    """Whether the model is in the backup: it may have been removed, or be damaged in the home."""
    source, folder = store.root / uri, target.root / uri
    if folder.is_dir():
        return True
    try:
        with atomic.beside(folder) as draft:
            shutil.copytree(source, draft)
            verify(draft, sha256)
            draft.rename(folder)
    except (FileNotFoundError, shutil.Error, ModelMissing, ModelDamaged, TaskError):
        return False
    return True


def _settings_and_exports(home: Home, copy: Home) -> None:
    """The files of the home itself, and the exports: all but the log, which is copied already."""
    for file in home.path.iterdir():
        if file.is_file() and not file.name.startswith((home.log.name, atomic.UNFINISHED)):
            shutil.copyfile(file, copy.path / file.name)
    if home.exports.is_dir():
        shutil.copytree(home.exports, copy.exports, ignore=shutil.ignore_patterns(f"{atomic.UNFINISHED}*"))


def _argilla(home: Home, copy: Home) -> None:
    """The database of the embedded server, as it is at one moment, and its login."""
    if not home.argilla.is_dir():
        return
    copy.argilla.mkdir()
    for name in OF_ARGILLA:
        if (home.argilla / name).is_file():
            shutil.copyfile(home.argilla / name, copy.argilla / name)
    database = home.argilla / DATABASE
    if not database.is_file():
        return
    try:
        with (
            closing(sqlite3.connect(f"file:{database}?mode=rw", uri=True, timeout=30)) as source,
            closing(sqlite3.connect(copy.argilla / DATABASE)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise UserError(f"Argilla's database {database} cannot be copied ({error}): check it") from error


def _finish(draft: Path, home: Home, events: Mapping[str, int]) -> int:
    """Close the files to others, bring them to the disk, and list them. Returns their size in bytes."""
    root = draft / FILES
    root.chmod(0o700)
    atomic.restrict(root, draft)
    files = [path for path in sorted(root.rglob("*")) if path.is_file()]
    atomic.sync(*files)
    digests = {path.relative_to(root).as_posix(): file_digest(path) for path in files}
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    write_list(draft, Backup(made_at, str(home.path), version("labelloop"), dict(events), digests))
    return sum(path.stat().st_size for path in files)


def _elsewhere(locations: Locations) -> Iterator[str]:
    if not locations.has_own_log:
        yield without_credentials(locations.log)
    if not locations.has_own_store and locations.known_store is not None:
        yield without_credentials(locations.known_store)
