"""Base models: bundled and checked, a folder, or one clear line."""

from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.learner.base_model import BUNDLED, BUNDLED_SHA256, WEIGHTS, BaseModel, resolve
from tests.support.messages import raises_naming


def test_the_bundled_model_has_the_official_weights() -> None:
    model = resolve(BUNDLED)

    assert model.digest == BUNDLED_SHA256
    assert resolve(f"sentence-transformers/{BUNDLED}") == model


def test_a_folder_with_safetensors_is_a_model(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / WEIGHTS).write_bytes(b"")

    assert resolve(str(tmp_path)) == BaseModel(str(tmp_path), tmp_path)


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"")

    with raises_naming(UserError, tmp_path, "safetensors", "--model"):
        resolve(str(tmp_path))


def test_a_folder_without_a_config_is_no_model(tmp_path: Path) -> None:
    with raises_naming(UserError, tmp_path, "config.json", "--model"):
        resolve(str(tmp_path))


def test_an_absent_folder_is_named(tmp_path: Path) -> None:
    with raises_naming(UserError, tmp_path / "nothing", BUNDLED):
        resolve(str(tmp_path / "nothing"))


@pytest.mark.parametrize("name", ["nobody/no-such-model", "not a name", "all-MiniLM"])
def test_an_unknown_name_is_one_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    with raises_naming(UserError, name, BUNDLED):
        resolve(name)
