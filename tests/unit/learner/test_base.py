"""Base models: bundled and checked, a folder, or one clear line."""

from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.learner.base import BUNDLED, BUNDLED_SHA256, WEIGHTS, BaseModel, resolve


def test_the_bundled_model_has_the_official_weights() -> None:
    model = resolve(BUNDLED)

    assert model.digest() == BUNDLED_SHA256
    assert resolve(f"sentence-transformers/{BUNDLED}") == model


def test_a_folder_with_safetensors_is_a_model(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / WEIGHTS).write_bytes(b"")

    assert resolve(str(tmp_path)) == BaseModel(str(tmp_path), tmp_path)


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"")

    with pytest.raises(UserError, match="no safetensors weights"):
        resolve(str(tmp_path))


def test_a_folder_without_a_config_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no config\.json"):
        resolve(str(tmp_path))


def test_an_absent_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no model folder"):
        resolve(str(tmp_path / "nothing"))


@pytest.mark.parametrize("name", ["nobody/no-such-model", "not a name", "all-MiniLM"])
def test_an_unknown_name_is_one_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    with pytest.raises(UserError, match=f"there is no model {name}") as caught:
        resolve(name)

    assert "\n" not in str(caught.value)
