"""A store under a URL (S3, GCS …), with a cache on this machine."""

import json
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from labelloop.atomic import remove
from labelloop.store.artifacts import (
    ABANDONED_AFTER,
    MANIFEST,
    ModelDamaged,
    ModelMissing,
    file_digest,
    verify,
)
from labelloop.store.base import Store, check_id, models_uri
from labelloop.store.cache import Cache, fetch_model, fetch_snapshot
from labelloop.store.objects import Objects, away
from schemas.events import ModelTrained
from schemas.parts import Snapshot


class RemoteStore(Store):
    """A remote store. Files are copied to the cache, and their digests are checked on each use.

    A model's manifest is written last, so a model without a manifest does not exist.
    """

    def __init__(self, objects: Objects, cache: Cache) -> None:
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

    def note(self, uri: str, content: str) -> None:
        if not self.noted(uri):
            with tempfile.TemporaryDirectory(prefix="labelloop-") as folder:
                file = Path(folder) / "note"
                file.write_text(content, encoding="utf-8")
                self._objects.put(file, uri)

    def noted(self, uri: str) -> bool:
        return self._objects.read(uri) is not None

    def address(self, uri: str) -> str:
        return f"{self._objects.shown}/{uri}"

    def _is_abandoned(self, names: Collection[str]) -> bool:
        written = [self._objects.modified(name) for name in names]
        limit = time.time() - ABANDONED_AFTER
        return all(at is not None and at.timestamp() < limit for at in written)
