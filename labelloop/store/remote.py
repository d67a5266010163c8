"""A store under a URL (S3, GCS …), with a cache of its files on this machine."""

import hashlib
import json
import os
import tempfile
import time
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from labelloop import atomic
from labelloop.atomic import UNFINISHED, remove
from labelloop.errors import UserError
from labelloop.store.artifacts import (
    ABANDONED_AFTER,
    MANIFEST,
    ModelDamaged,
    ModelMissing,
    file_digest,
    place,
    verify,
)
from labelloop.store.base import SnapshotLost, Store, check_id, models_uri
from labelloop.store.objects import Objects, away
from labelloop.store.task_failures import TaskFailed
from schemas.events import ModelTrained
from schemas.parts import Snapshot

IN_USE = 3600.0
"""Seconds for which a returned entry is not removed, because a service may be about to open it."""
ENTRIES = ("*/pool/*", "*/test/*", "*/predictions/*", "*/models/*/*", "*/cache")
TRIES = 2
"""How often to try a download with a wrong digest: the transfer may be at fault, not the store."""


class RemoteStore(Store):
    """A remote store. Files are copied to the cache, and their digests are checked on each use.

    A model's manifest is written last, so a model without a manifest does not exist.
    """

    def __init__(self, objects: Objects, cache: "Cache") -> None:
        self._objects = objects
        self._cache = cache
        self._pruned: dict[str, frozenset[str]] = {}

    def snapshot(self, snapshot: Snapshot) -> Path:
        file = self._cache.path(snapshot.uri)
        if not (file.is_file() and file_digest(file) == snapshot.digest):
            fetch_snapshot(self._objects, snapshot, file)
            self._cache.trim()
        self._cache.use(file)
        return file

    def model(self, trained: ModelTrained) -> Path:
        folder = self._cache.path(trained.artifact)
        try:
            verify(folder, trained.sha256)
        except (ModelMissing, ModelDamaged, OSError):
            fetch_model(self._objects, trained, folder)
            self._cache.trim()
        self._cache.use(folder)
        return folder

    def has_model(self, trained: ModelTrained) -> bool:
        return self._objects.read(f"{trained.artifact}/{MANIFEST}") is not None

    def models(self, project_id: str) -> Path:
        return self._cache.path(models_uri(project_id))

    def publish(self, folder: Path) -> str:
        uri = self._cache.uri(folder)
        self._cache.use(folder)
        verify(folder, folder.name)
        manifest = (folder / MANIFEST).read_bytes()
        digests = {name: file["sha256"] for name, file in json.loads(manifest)["files"].items()}
        there = self._objects.read(f"{uri}/{MANIFEST}")
        if there is not None:
            digests = {n: d for n, d in digests.items() if self._objects.digest(f"{uri}/{n}") != d}
            if there == manifest and not digests:
                return uri
            self._objects.remove(f"{uri}/{MANIFEST}")
        for name in (*digests, MANIFEST):
            self._objects.put(folder / name, f"{uri}/{name}")
        self._cache.trim()
        return uri

    def prune(self, project_id: str, needed: Collection[str], superseded: Collection[str]) -> list[str]:
        if self._pruned.get(project_id) == frozenset(needed):
            return []
        names_by_uri: dict[str, list[str]] = {}
        for name in self._objects.find(models_uri(project_id)):
            names_by_uri.setdefault(str(PurePosixPath(name).parent), []).append(name)
        removed = []
        for uri, names in names_by_uri.items():
            if uri not in needed and (uri in superseded or self._is_abandoned(names)):
                # Without its manifest it does not count as a model, even if the rest is not removed.
                for name in sorted(names, key=lambda name: not name.endswith(f"/{MANIFEST}")):
                    self._objects.remove(name)
                remove(self._cache.path(uri))
                removed.append(uri)
        self._pruned[project_id] = frozenset(needed)
        return removed

    def cache(self, project_id: str) -> Path:
        folder = self._cache.path(f"{project_id}/cache")
        folder.mkdir(parents=True, exist_ok=True)
        self._cache.use(folder)
        return folder

    @contextmanager
    def draft(self, project_id: str) -> Iterator[Path]:
        folder = self._cache.path(f".{project_id}")
        try:
            yield folder
            for file in sorted(path for path in folder.rglob("*") if path.is_file()):
                self._objects.put(file, f"{project_id}/{file.relative_to(folder).as_posix()}")
            folder.replace(self._cache.path(project_id))
        finally:
            remove(folder)
        self._cache.trim()

    def add_snapshot(self, snapshot: Snapshot, file: Path) -> bool:
        if self._objects.digest(snapshot.uri) == snapshot.digest:
            return False
        self._objects.put(file, snapshot.uri)
        if self._objects.digest(snapshot.uri) != snapshot.digest:
            raise away(self._objects.shown, f"{snapshot.uri} did not arrive as it was sent")
        return True

    def remove(self, project_id: str, keep: Collection[str] = ()) -> None:
        check_id(project_id)
        for name in self._objects.find(project_id):
            if name not in keep and name.startswith(f"{project_id}/"):
                self._objects.remove(name)
        for folder in (f".{project_id}", project_id):
            remove(self._cache.path(folder))

    def note(self, uri: str, content: str, replaces: bool = False) -> None:
        if replaces or self.noted(uri) is None:
            with tempfile.TemporaryDirectory(prefix="labelloop-") as folder:
                file = Path(folder) / "note"
                file.write_text(content, encoding="utf-8")
                self._objects.put(file, uri)

    def noted(self, uri: str) -> str | None:
        content = self._objects.read(uri)
        return None if content is None else content.decode()

    def address(self, uri: str) -> str:
        return f"{self._objects.shown}/{uri}"

    def _is_abandoned(self, names: Collection[str]) -> bool:
        written = [self._objects.modified(name) for name in names]
        limit = time.time() - ABANDONED_AFTER
        return all(at is not None and at.timestamp() < limit for at in written)


class Cache:
    """Files and folders under `root`, by URI, with at most about `limit` bytes.

    An entry is a snapshot, a model, or all of a project's embeddings; its age is its modification time.
    """

    def __init__(self, root: Path, limit: int) -> None:
        self.root = root
        self._limit = limit

    def path(self, uri: str) -> Path:
        return self.root / uri

    def uri(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def check(self) -> None:
        """Raises UserError if the cache cannot be written."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            probe = self.root / f"{UNFINISHED}{uuid.uuid4().hex}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise UserError(
                f"the cache {self.root} cannot be written ({error.strerror or error}): "
                "set LABELLOOP_CACHE to a writable folder"
            ) from error

    def use(self, path: Path) -> None:
        """Mark an entry as used now."""
        with suppress(FileNotFoundError):
            os.utime(path)

    def trim(self) -> list[Path]:
        """Remove the least recently used entries beyond the limit, and what dead writers left."""
        now = time.time()
        entries = sorted(self._entries())
        surplus = sum(size for _, size, _ in entries) - self._limit
        removed = []
        for used, size, path in entries:
            unfinished = path.name.startswith(UNFINISHED)
            if used < now - (ABANDONED_AFTER if unfinished else IN_USE) and (unfinished or surplus > 0):
                _withdraw(path)
                removed.append(path)
                surplus -= size
        return removed

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        for pattern in ENTRIES:
            for path in self.root.glob(pattern):
                with suppress(FileNotFoundError):
                    yield path.stat().st_mtime, _size(path), path


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def _withdraw(path: Path) -> None:
    """Remove an entry atomically."""
    aside = path.with_name(f"{UNFINISHED}{uuid.uuid4().hex}")
    with suppress(OSError):
        path.rename(aside)
        remove(aside)


def fetch_snapshot(objects: Objects, snapshot: Snapshot, file: Path) -> None:
    """Copy a pool or test set to `file`. Raises SnapshotLost."""
    where = f"{objects.shown}/{snapshot.uri}"
    remedy = "restore it from a backup, or create the project again from its data set"
    for _ in range(TRIES):
        with atomic.beside(file) as draft:
            if not objects.get(snapshot.uri, draft):
                raise SnapshotLost(f"the pool snapshot {where} is missing; {remedy}")
            if file_digest(draft) == snapshot.digest:
                atomic.place(draft, file)
                return
    raise SnapshotLost(f"the pool snapshot {where} is damaged (its sha256 has changed); {remedy}")


def fetch_model(objects: Objects, trained: ModelTrained, folder: Path) -> None:
    """Copy a model to `folder`. Raises TaskError (model-missing, model-damaged)."""
    for tries_left in reversed(range(TRIES)):
        try:
            with atomic.beside(folder) as draft:
                draft.mkdir()
                _download(objects, trained, draft)
                verify(draft, trained.sha256)
                place(draft, folder)
            return
        except ModelMissing as error:
            raise TaskFailed.of(error) from error
        except ModelDamaged as error:
            if not tries_left:
                where = f"{objects.shown}/{trained.artifact}"
                damaged = ModelDamaged(f"the model {where} is not as it was written")
                raise TaskFailed.of(damaged) from error


def _download(objects: Objects, trained: ModelTrained, draft: Path) -> None:
    manifest = objects.read(f"{trained.artifact}/{MANIFEST}")
    if manifest is None:
        raise ModelMissing(f"there is no model at {objects.shown}/{trained.artifact}")
    if hashlib.sha256(manifest).hexdigest() != trained.sha256:
        raise ModelDamaged("another manifest")
    (draft / MANIFEST).write_bytes(manifest)
    for name in json.loads(manifest)["files"]:
        if not objects.get(f"{trained.artifact}/{name}", draft / name):
            raise ModelDamaged(f"{name} is missing")
