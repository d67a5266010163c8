"""Copy a project's texts from one store to another."""

from collections.abc import Iterable

from labelloop.errors import UserError
from labelloop.store.artifacts import file_digest
from labelloop.store.base import Store
from schemas.parts import Snapshot


def copy_snapshots(source: Store, target: Store, snapshots: Iterable[Snapshot]) -> int:
    """Copy pools and test sets, checked by their digests. Returns how many were copied.

    Run it again if it was interrupted. Raises UserError if a snapshot is missing or damaged in the source.
    """
    copied = 0
    for snapshot in snapshots:
        file = source.snapshot(snapshot)
        if not file.is_file() or file_digest(file) != snapshot.digest:
            where = source.address(snapshot.uri)
            raise UserError(f"the snapshot {where} is missing or damaged: restore it from a backup")
        copied += target.add_snapshot(snapshot, file)
    return copied
