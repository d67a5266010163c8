"""Models on disk: plain folders with a manifest of digests. The folder's name is the manifest's sha256."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from labelloop import atomic

MANIFEST = "manifest.json"
ABANDONED_AFTER = 3600.0


class ModelMissing(Exception):
    """The model's folder or manifest does not exist."""


class ModelDamaged(Exception):
    """The model's folder was changed after it was written."""


def store(into: Path, fill: Callable[[Path], None]) -> Path:
    """Let `fill` write a model into a new folder, and move that to `into/<sha256>`, durably and atomically.

    An intact model that is already there is kept; a damaged one is replaced.
    """
    with atomic.beside(into / "any") as draft:
        draft.mkdir()
        fill(draft)
        folder = into / _write_manifest(draft)
        atomic.sync(*draft.iterdir(), draft)
        place(draft, folder)
    atomic.sync(into)
    return folder


def verify(folder: Path, sha256: str) -> None:
    """Check every byte of a model. Raises `ModelMissing` or `ModelDamaged`."""
    missing = ModelMissing(f"there is no model in {folder}")
    try:
        manifest = (folder / MANIFEST).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise missing from error
    try:
        _compare(folder, manifest, sha256)
    except (FileNotFoundError, ModelDamaged) as error:
        # It may have been removed meanwhile.
        if not (folder / MANIFEST).exists():
            raise missing from error
        if isinstance(error, FileNotFoundError):
            raise ModelDamaged(f"{error.filename} is missing") from error
        raise


def _compare(folder: Path, manifest: bytes, sha256: str) -> None:
    if hashlib.sha256(manifest).hexdigest() != sha256:
        raise ModelDamaged(f"the manifest of {folder} is not the one that was written")
    files = json.loads(manifest)["files"]
    present = {path.name for path in folder.iterdir()} - {MANIFEST}
    if present != set(files):
        raise ModelDamaged(
            f"{folder}: {', '.join(sorted(present ^ set(files)))} missing or not the model's own"
        )
    for name, expected in files.items():
        path = folder / name
        if path.stat().st_size != expected["size"] or file_digest(path) != expected["sha256"]:
            raise ModelDamaged(f"{path} is not as it was written")


def file_digest(path: Path) -> str:
    """The sha256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def place(beside: Path, folder: Path) -> None:
    """Move a complete model to `folder`, which is named by its sha256.

    An intact model that is already there is kept, as if it were new; a damaged one is replaced.
    """
    if folder.exists():
        try:
            verify(folder, folder.name)
            os.utime(folder)
            return
        except (ModelMissing, ModelDamaged):
            shutil.rmtree(folder)
    try:
        beside.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
        # Another process was quicker.
        verify(folder, folder.name)


def prune(models: Path, needed: Collection[Path] = (), superseded: Collection[Path] = ()) -> list[Path]:
    """Remove models under `models/<model>/<sha256>` that are superseded and not needed. Returns them.

    A model that is neither is removed an hour after it was written, because it may not be in the log yet.
    """
    limit = time.time() - ABANDONED_AFTER
    folders = [path for path in models.glob("*/*") if path.is_dir() and path not in needed]
    removed = [path for path in folders if path in superseded or path.stat().st_mtime < limit]
    for path in removed:
        # First, so that whoever reads the rest takes it for missing and not for damaged.
        with suppress(OSError):
            (path / MANIFEST).unlink()
        shutil.rmtree(path, ignore_errors=True)
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    return removed


def remove_tree(folder: Path, keep: Collection[Path] = ()) -> None:
    """Remove a folder with all in it, except some files. Links are removed, and not followed."""
    if folder.is_symlink():
        folder.unlink()
        return
    for place, folders, files in os.walk(folder, topdown=False):
        for path in (Path(place) / name for name in (*files, *folders)):
            if path.is_symlink() or (path.is_file() and path not in keep):
                path.unlink()
        if not any(Path(place).iterdir()):
            Path(place).rmdir()


def _write_manifest(folder: Path) -> str:
    files = {
        path.name: {"sha256": file_digest(path), "size": path.stat().st_size}
        for path in sorted(folder.iterdir())
    }
    manifest = json.dumps({"files": files}, indent=2, sort_keys=True).encode() + b"\n"
    (folder / MANIFEST).write_bytes(manifest)
    return hashlib.sha256(manifest).hexdigest()
