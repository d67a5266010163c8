"""Copy files from a remote store to this machine, checked by their digests."""

import hashlib
import json
from pathlib import Path

from labelloop import atomic
from labelloop.errors import UserError
from labelloop.store.artifacts import MANIFEST, ModelDamaged, ModelMissing, file_digest, place, verify
from labelloop.store.objects import Objects
from labelloop.store.task_failures import TaskFailed
from schemas.events import ModelTrained
from schemas.parts import Snapshot

TRIES = 2
"""How often to try a download with a wrong digest: the transfer may be at fault, not the store."""


def fetch_snapshot(objects: Objects, snapshot: Snapshot, file: Path) -> None:
    """Copy a pool or test set to `file`. Raises UserError if it is missing or damaged."""
    where = f"{objects.shown}/{snapshot.uri}"
    remedy = "restore it from a backup, or create the project again from its data set"
    for _ in range(TRIES):
        with atomic.beside(file) as draft:
            if not objects.get(snapshot.uri, draft):
                raise UserError(f"the pool snapshot {where} is missing; {remedy}")
            if file_digest(draft) == snapshot.digest:
                atomic.place(draft, file)
                return
    raise UserError(f"the pool snapshot {where} is damaged (its sha256 has changed); {remedy}")


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
