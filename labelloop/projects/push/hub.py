"""Put a folder into a model's repository on the Hugging Face Hub, as one commit."""

import json
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from labelloop.errors import UserError, one_line
from labelloop.learner.results import CARD, ONNX, ONNX_INT8
from labelloop.projects.formats.files import HUB
from labelloop.projects.push.card import CURVE
from labelloop.store.artifacts import MANIFEST

if TYPE_CHECKING:
    from huggingface_hub import HfApi

OURS = CARD
"""The file by which a repository is known as one that labelloop fills."""
OTHERS = {".gitattributes", "README.md"}
"""What a repository that nobody has filled may have."""
ADDED = {CURVE, ONNX, ONNX_INT8}
"""What may be there beside what the model's manifest names."""
LONGEST = 300


@dataclass(frozen=True)
class Pushed:
    """The newest commit, and whether it was made now. It is not if nothing was to change."""

    commit: str
    is_new: bool


def check_name(name: str) -> None:
    """Raises UserError for what is no name on the Hub."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise UserError(
            f"{HUB}{name} is no name on the Hub ({one_line(error)[:LONGEST]}): give hf://user/name"
        ) from error


def push(folder: Path, name: str, public: bool, replace: bool, message: str) -> Pushed:
    """Make the repository if there is none, and give it these files. Raises UserError.

    A new one is private unless it is to be `public`. What others put there is left alone, unless it is to be
    replaced; what belongs to the model that was there goes with it.
    """
    try:
        return _pushed(folder, name, public, replace, message)
    except UserError:
        raise
    # What its client raises has no common base, and differs by version.
    except Exception as error:
        raise UserError(
            f"cannot push {name} to the Hub ({one_line(error)[:LONGEST]}): check the name, the network and "
            "`hf auth login`, or give a folder with --output"
        ) from error


def _pushed(folder: Path, name: str, public: bool, replace: bool, message: str) -> Pushed:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
    from huggingface_hub.errors import RepositoryNotFoundError
    from huggingface_hub.utils import logging
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    hub = HfApi(library_name="labelloop")
    try:
        before = hub.model_info(name)
    except RepositoryNotFoundError:
        hub.create_repo(name, private=not public)
        before = hub.model_info(name)
    there = {file.rfilename for file in before.siblings or ()}
    if there - OTHERS and OURS not in there and not replace:
        raise UserError(
            f"{HUB}{name} holds what labelloop did not put there: give another --output, or --replace"
        )
    files = sorted(folder.iterdir())
    gone = _of_model_before(hub, name, there) - {file.name for file in files}
    # One commit, so that nobody ever reads half a model; `upload_folder` may make several.
    after = hub.create_commit(
        name,
        [
            *(CommitOperationDelete(each) for each in sorted(gone)),
            *(CommitOperationAdd(file.name, file) for file in files),
        ],
        commit_message=message,
        parent_commit=before.sha,
    )
    return Pushed(after.oid, after.oid != before.sha)


def _of_model_before(hub: "HfApi", name: str, there: Collection[str]) -> set[str]:
    """Which of the files that are there belong to the model that was pushed before."""
    if MANIFEST not in there:
        return set()
    with tempfile.TemporaryDirectory(prefix="labelloop-") as folder:
        content = Path(hub.hf_hub_download(name, MANIFEST, local_dir=folder)).read_bytes()
    try:
        named = set(json.loads(content)["files"])
    except (ValueError, KeyError, TypeError):
        named = set()
    return (named | ADDED) & set(there)
