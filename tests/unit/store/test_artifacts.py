"""Model folders: whole or not there, named by what they hold, every byte checked."""

import os
import shutil
from pathlib import Path

import pytest

from labelloop.store import artifacts
from labelloop.store.artifacts import (
    MANIFEST,
    ModelDamaged,
    ModelMissing,
    file_digest,
    place,
    prune,
    store,
    verify,
)

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


def test_of_two_who_place_the_same_model_the_first_stands(tmp_path: Path) -> None:
    folder = store(tmp_path / "there", fill)
    again = store(tmp_path / "again", fill)
    written = (folder / "config.json").stat().st_ino

    place(again, folder)

    assert (folder / "config.json").stat().st_ino == written


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


def test_pruning_removes_what_is_superseded_and_not_needed(tmp_path: Path) -> None:
    folders = [store(tmp_path / str(model), fill) for model in range(4)]

    removed = prune(tmp_path, needed=folders[2:3], superseded=folders[:3])

    assert sorted(removed) == folders[:2]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2", "3"]


def test_a_model_that_is_removed_while_it_is_read_is_missing_and_not_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = store(tmp_path / "0", fill)

    def remove_first(path: Path) -> str:
        prune(tmp_path, superseded=[folder])
        return file_digest(path)

    monkeypatch.setattr(artifacts, "file_digest", remove_first)

    with pytest.raises(ModelMissing):
        verify(folder, folder.name)


def test_a_model_of_which_a_part_is_removed_is_missing_and_not_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = store(tmp_path / "0", fill)

    def cut_off(path: Path, ignore_errors: bool) -> None:
        (path / "config.json").unlink()

    monkeypatch.setattr(shutil, "rmtree", cut_off)
    prune(tmp_path, superseded=[folder])

    assert (folder / "model.safetensors").exists()
    with pytest.raises(ModelMissing):
        verify(folder, folder.name)


def test_pruning_leaves_a_model_that_the_log_may_not_have_yet_for_an_hour(tmp_path: Path) -> None:
    old, new = (store(tmp_path / str(model), fill) for model in range(2))
    os.utime(old, (DAY, DAY))

    assert prune(tmp_path) == [old]
    assert new.is_dir()


def test_a_model_that_is_made_again_under_an_older_log_is_not_pruned_before_the_log_has_it(
    tmp_path: Path,
) -> None:
    old = store(tmp_path / "0", fill)
    os.utime(old, (DAY, DAY))

    assert store(tmp_path / "0", fill) == old

    assert prune(tmp_path) == []


def test_pruning_clears_away_what_a_dead_writer_left(tmp_path: Path) -> None:
    left = tmp_path / "7" / ".writing-1"
    left.mkdir(parents=True)
    os.utime(left, (DAY, DAY))
    fresh = tmp_path / "8" / ".writing-2"
    fresh.mkdir(parents=True)

    prune(tmp_path)

    assert not left.exists()
    assert fresh.exists()
