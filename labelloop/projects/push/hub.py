"""Put a folder into a model's repository on the Hugging Face Hub, as one commit."""

from dataclasses import dataclass
from pathlib import Path

from labelloop.errors import UserError, one_line
from labelloop.projects.formats.files import HUB as HUB

OURS = "labelloop.json"
"""The file by which a repository is known as one that labelloop fills."""
OTHERS = {".gitattributes", "README.md"}
"""What a repository that nobody has filled may have."""
REPLACED = ("*.onnx", "*.safetensors", "*.json", "curve.png")
"""What goes if the model has it no more: it would be of another model."""
LONGEST = 300


@dataclass(frozen=True)
class Pushed:
    """A commit, or none if nothing was to change."""

    commit: str
    is_new: bool


def push(folder: Path, name: str, public: bool, replace: bool, message: str) -> Pushed:
    """Make the repository if there is none, and give it these files. Raises UserError.

    A new one is private unless it is to be `public`. What is there of other makers is left alone unless it is
    to be replaced.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()
    hub = HfApi(library_name="labelloop")
    try:
        try:
            before = hub.model_info(name)
        except RepositoryNotFoundError:
            hub.create_repo(name, private=not public)
            before = hub.model_info(name)
        files = {file.rfilename for file in before.siblings or ()}
        if files - OTHERS and OURS not in files and not replace:
            raise UserError(
                f"{HUB}{name} holds what labelloop did not put there: give another --output, or --replace"
            )
        after = hub.upload_folder(
            repo_id=name, folder_path=folder, commit_message=message, delete_patterns=list(REPLACED)
        )
    except UserError:
        raise
    # What its client raises has no common base, and differs by version.
    except Exception as error:
        raise UserError(
            f"cannot push {name} to the Hub ({one_line(error)[:LONGEST]}): check the name, the network and "
            "`hf auth login`, or give a folder with --output"
        ) from error
    return Pushed(after.oid, after.oid != before.sha)
