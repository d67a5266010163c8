"""A store that is a folder, on this machine or on a volume that every machine mounts."""

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from labelloop import atomic
from labelloop.errors import Unavailable
from labelloop.store.artifacts import MANIFEST, file_digest, prune, remove_tree
from labelloop.store.base import Store, check_id, models_uri
from schemas.events import ModelTrained
from schemas.parts import Snapshot


class FolderStore(Store):
    """A folder as a store. Files are read in place. What is put into it is at most as open as the folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def snapshot(self, snapshot: Snapshot) -> Path:
        return self.root / snapshot.uri

    def model(self, trained: ModelTrained) -> Path:
        return self.root / trained.artifact

    def has_model(self, trained: ModelTrained) -> bool:
        return (self.model(trained) / MANIFEST).is_file()

    def models(self, project_id: str) -> Path:
        return self.root / models_uri(project_id)

    def publish(self, folder: Path) -> str:
        atomic.restrict(folder, self.root)
        return folder.relative_to(self.root).as_posix()

    def prune(self, project_id: str, needed: Collection[str], superseded: Collection[str]) -> list[str]:
        removed = prune(
            self.models(project_id),
            needed={self.root / uri for uri in needed},
            superseded={self.root / uri for uri in superseded},
        )
        return [path.relative_to(self.root).as_posix() for path in removed]

    def cache(self, project_id: str) -> Path:
        return self.root / project_id / "cache"

    @contextmanager
    def draft(self, project_id: str) -> Iterator[Path]:
        atomic.make_folder(self.root)
        folder = self.root / f".{project_id}"
        try:
            yield folder
            atomic.restrict(folder, self.root)
            folder.replace(self.root / project_id)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def add_snapshot(self, snapshot: Snapshot, file: Path) -> bool:
        target = self.root / snapshot.uri
        if target.is_file() and file_digest(target) == snapshot.digest:
            return False
        atomic.make_folder(self.root)
        with atomic.beside(target) as copy:
            shutil.copyfile(file, copy)
            if file_digest(copy) != snapshot.digest:
                raise Unavailable(f"{target.name} did not arrive as it was written (its sha256 is another)")
            atomic.place(copy, target)
        atomic.restrict(target, self.root)
        return True

    def remove(self, project_id: str, keep: Collection[str] = ()) -> None:
        check_id(project_id)
        for folder in (f".{project_id}", project_id):
            remove_tree(self.root / folder, {self.root / uri for uri in keep})

    def note(self, uri: str, content: str, replaces: bool = False) -> None:
        if replaces or self.noted(uri) is None:
            atomic.make_folder((self.root / uri).parent)
            atomic.write(self.root / uri, content)

    def noted(self, uri: str) -> str | None:
        with suppress(FileNotFoundError, NotADirectoryError):
            return (self.root / uri).read_text(encoding="utf-8")
        return None

    def address(self, uri: str) -> str:
        return str(self.root / uri)
