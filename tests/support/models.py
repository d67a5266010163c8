"""Model folders of a few bytes."""

from pathlib import Path

from labelloop.store import Store, artifacts
from schemas.events import ModelTrained
from schemas.model import replaced
from tests.support.states import PROJECT, trained


def fill(folder: Path, weights: bytes = b"weights") -> None:
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(weights)


def write_model(store: Store, model: str = "0", weights: bytes = b"weights") -> Path:
    """A model as a training leaves it: on this machine, not published yet."""
    return artifacts.store(store.models(PROJECT) / model, lambda folder: fill(folder, weights))


def publish_model(store: Store, model: str = "0", weights: bytes = b"weights") -> ModelTrained:
    """A published model as the log names it."""
    folder = write_model(store, model, weights)
    changes = {"artifact": store.publish(folder), "sha256": folder.name}
    return replaced(trained(model, {}), **changes)
