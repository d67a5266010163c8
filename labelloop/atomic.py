"""Atomic file writes: a file is at its place completely or not at all, even if the process is killed.

Writes are durable (on the disk when the call returns) for files that cannot be recreated, such as settings,
logins, pending alerts and exports, and for files that are read without a checksum, such as snapshots and
embeddings. Status files, and caches that hold their own digest, are not durable.
"""

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

UNFINISHED = ".writing-"
ANY_USER = 0o666
THIS_USER = 0o600


def write(
    path: Path,
    content: str | bytes,
    *,
    mode: int = ANY_USER,
    durable: bool = True,
    replaces: bool = True,
) -> None:
    """Write a file with this content to `path`. `mode` is the mode of a new file, before the umask.

    If two processes write at the same time, the last one wins; with `replaces` False, the first one does.
    The folder must exist.
    """
    with _draft(path) as draft:
        with create(draft, mode) as file:
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
