"""Atomic file writes: a file is at its place completely or not at all, even if the process is killed.

Writes are durable (on the disk when the call returns) for files that cannot be recreated, such as settings,
logins, pending alerts and exports, and for files that are read without a checksum, such as snapshots and
embeddings. Status files, and caches that hold their own digest, are not durable.
"""

import errno
import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

UNFINISHED = ".writing-"
ANY_USER = 0o666
ANY_USER_ENTERS = 0o777
PERMISSIONS = stat.S_IRWXU | stat.S_IRWXG | stat.S_IRWXO
THIS_USER = 0o600


def write(
    path: Path,
    content: str | bytes,
    *,
    mode: int | None = None,
    durable: bool = True,
    replaces: bool = True,
) -> None:
    """Write a file with this content to `path`.

    `mode` is the mode of a new file, before the umask; by default it is as open as its folder.

    If two processes write at the same time, the last one wins; with `replaces` False, the first one does.
    The folder must exist.
    """
    with _draft(path) as draft:
        with create(draft, limited(ANY_USER, path.parent) if mode is None else mode) as file:
            file.write(content.encode() if isinstance(content, str) else content)
        if replaces:
            place(draft, path, durable=durable)
            return
        if durable:
            sync(draft)
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        if durable:
            sync(path.parent)


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """A temporary name next to `target`. The folder is created; what is left at the name is removed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with _draft(target) as draft:
        yield draft


@contextmanager
def _draft(target: Path) -> Iterator[Path]:
    draft = target.parent / f"{UNFINISHED}{uuid.uuid4().hex}"
    try:
        yield draft
    finally:
        remove(draft)


def create(path: Path, mode: int = ANY_USER) -> BinaryIO:
    """Open a new file for writing; it must not exist. `mode` is reduced by the umask."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb")


def limited(mode: int, folder: Path) -> int:
    """The mode without the rights that group and others do not have in `folder`."""
    return mode & (stat.S_IRWXU | folder.stat().st_mode)


def make_folder(path: Path) -> None:
    """Create a folder and its parents. Each new one is at most as open as the one in which it lies."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(mode=limited(ANY_USER_ENTERS, path.parent), exist_ok=True)


def restrict(path: Path, root: Path) -> None:
    """Take the rights that group and others lack in the folder `root` from what lies at `path` in it.

    That is a file, or a folder and all in it, and the folders on the way from `root`.
    """
    allowed = stat.S_IRWXU | stat.S_IMODE(root.stat().st_mode)
    on_the_way = [folder for folder in path.parents if folder.is_relative_to(root) and folder != root]
    for place in (*on_the_way, path, *(path.rglob("*") if path.is_dir() else ())):
        mode = stat.S_IMODE(place.lstat().st_mode)
        if not place.is_symlink() and mode & PERMISSIONS & ~allowed:
            place.chmod(mode & (allowed | ~PERMISSIONS))


def place(draft: Path, target: Path, *, durable: bool = True) -> None:
    """Move a finished file to its place and replace what is there."""
    if durable:
        sync(draft)
    draft.replace(target)
    if durable:
        sync(target.parent)


def sync(*paths: Path) -> None:
    """Sync these files, or the names in these folders, to the disk."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            # Some file systems cannot sync a folder.
            if error.errno != errno.EINVAL:
                raise
        finally:
            os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a file or a folder if it exists."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
