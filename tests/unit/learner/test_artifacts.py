"""Model folders: whole or not there, named by what they hold, every byte checked."""

import os
from pathlib import Path

import pytest

from labelloop.learner.artifacts import MANIFEST, ModelDamaged, ModelMissing, prune, store, surplus, verify

DAY = 86_400


def fill(folder: Path) -> None:
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")


def test_a_stored_model_verifies_under_its_name(tmp_path: Path) -> None:
    folder = store(tmp_path / "0", fill)

    verify(folder, folder.name)
    assert (folder / "model.safetensors").read_bytes() == b"weights"


def test_the_same_bytes_give_one_folder(tmp_path: Path) -> None:
    first = store(tmp_path, fill)
    written = (first / "config.json").stat().st_mtime_ns

    second = store(tmp_path, fill)

    assert first == second
    assert (first / "config.json").stat().st_mtime_ns == written
    assert list(tmp_path.iterdir()) == [first]


def test_a_damaged_model_is_replaced_when_stored_again(tmp_path: Path) -> None:
    folder = store(tmp_path, fill)
    (folder / "model.safetensors").write_bytes(b"wEights")

    store(tmp_path, fill)

    verify(folder, folder.name)


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        fill(folder)
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        store(tmp_path, fail)

    assert list(tmp_path.iterdir()) == []


def test_an_absent_model_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        verify(tmp_path / "nothing", "0" * 64)


@pytest.mark.parametrize("harm", ["flip", "truncate", "remove", "add", "manifest"])
def test_any_change_is_damage(tmp_path: Path, harm: str) -> None:
    folder = store(tmp_path, fill)
    weights, manifest = folder / "model.safetensors", folder / MANIFEST
    match harm:
        case "flip":
            weights.write_bytes(b"wEights")
        case "truncate":
            weights.write_bytes(b"weigh")
        case "remove":
            weights.unlink()
        case "add":
            (folder / "pytorch_model.bin").write_bytes(b"pickle")
        case "manifest":
            manifest.write_bytes(manifest.read_bytes() + b"\n")

    with pytest.raises(ModelDamaged):
        verify(folder, folder.name)


def test_all_but_the_latest_are_surplus() -> None:
    folders = [(float(age), Path(str(age))) for age in (3, 1, 2)]

    assert surplus(folders, keep=2) == [Path("1")]
    assert surplus(folders, keep=5) == []


def test_pruning_keeps_the_latest_and_the_needed(tmp_path: Path) -> None:
    folders = [store(tmp_path / str(model), fill) for model in range(4)]
    for age, folder in enumerate(reversed(folders)):
        os.utime(folder, (DAY - age, DAY - age))

    removed = prune(tmp_path, keep=1, needed=[folders[0]])

    assert removed == [folders[1], folders[2]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "3"]


def test_pruning_clears_away_what_a_dead_writer_left(tmp_path: Path) -> None:
    left = tmp_path / "7" / ".writing-1"
    left.mkdir(parents=True)
    os.utime(left, (DAY, DAY))
    fresh = tmp_path / "8" / ".writing-2"
    fresh.mkdir(parents=True)

    prune(tmp_path)

    assert not left.exists()
    assert fresh.exists()
