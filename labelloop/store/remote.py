"""A store under a URL (S3, GCS …), with a cache on this machine."""

import hashlib
import json
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from labelloop.errors import UserError
from labelloop.learner.artifacts import (
    ABANDONED_AFTER,
    MANIFEST,
    ModelDamaged,
    ModelMissing,
    file_digest,
    place,
    verify,
)
from labelloop.learner.failures import TaskFailed
from labelloop.store.base import Store, models_uri
from labelloop.store.cache import Cache
from labelloop.store.objects import Objects
from labelloop.store.placing import beside, place_file, remove
from labelloop.store.troubles import away
from schemas.events import ModelTrained
from schemas.parts import Snapshot

TRIES = 2
"""Of a download that is not what was written: the way may have done the harm, not the store."""


class RemoteStore(Store):
    """Files are copied to the cache and checked by their digests each time they are handed out.

    A model's manifest is written last: a model without one is not there.
    """

    def __init__(self, objects: Objects, cache: Cache) -> None:
        self._objects = objects
        self._cache = cache
        self._pruned: dict[str, frozenset[str]] = {}

    def snapshot(self, snapshot: Snapshot) -> Path:
        file = self._cache.path(snapshot.uri)
        if not (file.is_file() and file_digest(file) == snapshot.digest):
            self._fetch_snapshot(snapshot, file)
            self._cache.trim()
        self._cache.use(file)
        return file

    def model(self, trained: ModelTrained) -> Path:
        folder = self._cache.path(trained.artifact)
        try:
            verify(folder, trained.sha256)
        except (ModelMissing, ModelDamaged, OSError):
            self._fetch_model(trained, folder)
            self._cache.trim()
        self._cache.use(folder)
        return folder

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
        found: dict[str, list[str]] = {}
        for name in self._objects.find(models_uri(project_id)):
            found.setdefault(str(PurePosixPath(name).parent), []).append(name)
        removed = []
        for uri, names in found.items():
            if uri not in needed and (uri in superseded or self._is_abandoned(names)):
                # Without its manifest it is no model, however far the rest of this comes.
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

    def address(self, uri: str) -> str:
        return f"{self._objects.shown}/{uri}"

    def _fetch_snapshot(self, snapshot: Snapshot, file: Path) -> None:
        remedy = "restore it from a backup, or make the project again from its data set"
        for _ in range(TRIES):
            with beside(file) as draft:
                if not self._objects.get(snapshot.uri, draft):
                    where = self.address(snapshot.uri)
                    raise UserError(f"the pool snapshot {where} is missing; {remedy}")
                if file_digest(draft) == snapshot.digest:
                    place_file(draft, file, snapshot.digest)
                    return
        where = self.address(snapshot.uri)
        raise UserError(f"the pool snapshot {where} is damaged (its sha256 has changed); {remedy}")

    def _fetch_model(self, trained: ModelTrained, folder: Path) -> None:
        for tries_left in reversed(range(TRIES)):
            try:
                with beside(folder) as draft:
                    draft.mkdir()
                    self._download(trained, draft)
                    verify(draft, trained.sha256)
                    place(draft, folder)
                return
            except ModelMissing as error:
                raise TaskFailed.of(error) from error
            except ModelDamaged as error:
                if not tries_left:
                    where = self.address(trained.artifact)
                    damaged = ModelDamaged(f"the model {where} is not as it was written")
                    raise TaskFailed.of(damaged) from error

    def _download(self, trained: ModelTrained, draft: Path) -> None:
        manifest = self._objects.read(f"{trained.artifact}/{MANIFEST}")
        if manifest is None:
            raise ModelMissing(f"there is no model at {self.address(trained.artifact)}")
        (draft / MANIFEST).write_bytes(manifest)
        if hashlib.sha256(manifest).hexdigest() != trained.sha256:
            raise ModelDamaged("another manifest")
        for name in json.loads(manifest)["files"]:
            if not self._objects.get(f"{trained.artifact}/{name}", draft / name):
                raise ModelDamaged(f"{name} is missing")

    def _is_abandoned(self, names: Collection[str]) -> bool:
        written = [self._objects.modified(name) for name in names]
        limit = time.time() - ABANDONED_AFTER
        return all(at is not None and at.timestamp() < limit for at in written)
