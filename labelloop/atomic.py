"""Files that are at their place whole or not at all, whatever ends the process meanwhile.

What nothing else could give again is durable: on the disk when the call returns (a home's settings, a login,
what is still to be alerted, an export), and so is what is trusted without a check of its bytes (snapshots,
embeddings). Status files, and caches that hold their own digest, need not wait for the disk.
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
    """Put a file with this content at `path`; `mode` is that of a new file, less the umask.

    Of two processes that write at a time the last wins; with `replaces` False the first, whose file stays.
    The folder must be there.
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
    """A fresh name next to `target`, in a folder that is made; what is left at that name is removed."""
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
    """A new file to write, where there is none; `mode` less the umask."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb")


def place(draft: Path, target: Path, *, durable: bool = True) -> None:
    """Put a finished file at its place, instead of what is there."""
    if durable:
        sync(draft)
    draft.replace(target)
    if durable:
        sync(target.parent)


def sync(*paths: Path) -> None:
    """Return when these files, or the names in these folders, are on the disk."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            # There are file systems on which a folder cannot be synced.
            if error.errno != errno.EINVAL:
                raise
        finally:
            os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
