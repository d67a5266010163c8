"""Files that are at their place whole or not at all."""

import os
from pathlib import Path

import pytest

from labelloop import atomic


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was synced: a file with what it holds, or a folder with its files."""
    synced: list[str] = []

    def fsync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        synced.append(path.read_text() if path.is_file() else str(names(path)))

    monkeypatch.setattr(os, "fsync", fsync)
    return synced


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_what_is_written_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    atomic.write(tmp_path / "file", "before")
    atomic.write(tmp_path / "file", "após".encode())

    assert (tmp_path / "file").read_text() == "após"
    assert names(tmp_path) == ["file"]


def test_what_fails_on_its_way_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    atomic.write(tmp_path / "file", "before")
    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(OSError, match="No space left"):
        atomic.write(tmp_path / "file", "after")
    assert (tmp_path / "file").read_text() == "before"
    assert names(tmp_path) == ["file"]


def test_only_what_is_durable_waits_for_the_disk_first_the_file_and_then_its_name(
    tmp_path: Path, synced: list[str]
) -> None:
    atomic.write(tmp_path / "status", "idle", durable=False)
    assert synced == []

    atomic.write(tmp_path / "settings", "kept")

    assert synced == ["kept", "['settings', 'status']"]


@pytest.mark.parametrize(("mode", "expected"), [(atomic.ANY_USER, 0o640), (atomic.THIS_USER, 0o600)])
def test_a_new_file_has_its_mode_less_the_umask(mode: int, expected: int, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        atomic.write(tmp_path / "file", "", mode=mode)
    finally:
        os.umask(before)

    assert (tmp_path / "file").stat().st_mode & 0o777 == expected


@pytest.mark.parametrize(("folder", "expected"), [(0o700, 0o600), (0o750, 0o640), (0o755, 0o644)])
def test_a_file_and_a_folder_without_a_mode_of_their_own_are_as_open_as_their_folder(
    folder: int, expected: int, tmp_path: Path
) -> None:
    tmp_path.chmod(folder)

    atomic.write(tmp_path / "file", "")
    atomic.make_folder(tmp_path / "new" / "inner")

    assert (tmp_path / "file").stat().st_mode & 0o777 == expected
    assert (tmp_path / "new").stat().st_mode & 0o777 == folder
    assert (tmp_path / "new" / "inner").stat().st_mode & 0o777 == folder


def test_rights_that_a_folder_does_not_give_are_taken_from_what_lies_in_it(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "beside").touch(0o644)
    (root / "a" / "b" / "tool").touch(0o755)
    (root / "a" / "b" / "link").symlink_to(tmp_path / "elsewhere")
    root.chmod(0o750)

    atomic.restrict(root / "a" / "b", root)

    modes = {path.name: path.stat().st_mode & 0o777 for path in root.rglob("*") if not path.is_symlink()}
    assert modes == {"a": 0o750, "b": 0o750, "tool": 0o750, "beside": 0o644}


def test_the_first_of_several_stays_where_none_replaces_another(tmp_path: Path, synced: list[str]) -> None:
    atomic.write(tmp_path / "file", "first", replaces=False)
    atomic.write(tmp_path / "file", "second", replaces=False)

    assert (tmp_path / "file").read_text() == "first"
    assert names(tmp_path) == ["file"]
    assert synced[0] == "first"


def test_a_folder_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        atomic.write(tmp_path / "gone" / "file", "")


def test_a_draft_that_was_not_placed_is_removed_file_or_folder(tmp_path: Path) -> None:
    with atomic.beside(tmp_path / "new" / "file") as draft:
        draft.write_text("")
    with atomic.beside(tmp_path / "new" / "folder") as draft:
        draft.mkdir()
        (draft / "file").touch()

    assert names(tmp_path / "new") == []


def test_a_file_system_that_cannot_sync_folders_does_with_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fsync(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").is_dir():
            raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "fsync", fsync)

    atomic.write(tmp_path / "file", "kept")

    assert (tmp_path / "file").read_text() == "kept"
