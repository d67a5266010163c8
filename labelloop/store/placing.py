"""Files and folders that appear at their place whole or not at all."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labelloop.errors import Unavailable
from labelloop.store.artifacts import UNFINISHED, file_digest


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """A fresh name next to `target`, in a folder that is there; what is left at that name is removed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.parent / f"{UNFINISHED}{uuid.uuid4().hex}"
    try:
        yield draft
    finally:
        remove(draft)


def place_file(draft: Path, target: Path, digest: str) -> None:
    """Put a file at its place, durably. Raises Unavailable if its sha256 is another: it was cut short."""
    if file_digest(draft) != digest:
        raise Unavailable(f"{target.name} did not arrive as it was written (its sha256 is another)")
    descriptor = os.open(draft, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(target)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
