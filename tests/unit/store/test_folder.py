"""A store that is a folder: files are read where they lie."""

from pathlib import Path

import pytest

from labelloop.errors import Unavailable, UserError
from labelloop.store import FolderStore, models_uri, pool_uri
from labelloop.store.artifacts import file_digest
from schemas.model import replaced
from schemas.parts import Snapshot
from tests.support.messages import raises_naming
from tests.support.states import PROJECT, project, trained

STORE = FolderStore(Path("/store"))


def test_uris_are_relative_to_the_root_and_lead_back(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    folder = store.models(PROJECT) / "3" / "abc"
    folder.mkdir(parents=True)

    assert store.publish(folder) == f"{PROJECT}/models/3/abc" == f"{models_uri(PROJECT, '3')}/abc"
    assert store.model(replaced(trained("3", {}), artifact=store.publish(folder))) == folder
    assert store.address(store.publish(folder)) == str(folder)


@pytest.mark.parametrize("mode", [0o700, 0o750, 0o775])
def test_what_is_put_into_a_store_is_at_most_as_open_as_its_folder(mode: int, tmp_path: Path) -> None:
    store, file = FolderStore(tmp_path / "store"), tmp_path / "file"
    store.root.mkdir()
    store.root.chmod(mode)
    file.write_text("texts")

    with store.draft(PROJECT) as draft:
        draft.mkdir()
        (draft / "card").write_text("of the project")
    store.add_snapshot(Snapshot(uri="other/pool/x.arrow", digest=file_digest(file), size=1), file)
    model = store.models(PROJECT) / "0" / "abc"
    model.mkdir(parents=True)
    (model / "weights").write_text("numbers")
    store.publish(model)

    assert {
        each.name: each.stat().st_mode & 0o077 & ~mode for each in store.root.rglob("*")
    } == dict.fromkeys(("other", "pool", "x.arrow", PROJECT, "card", "models", "0", "abc", "weights"), 0)
    assert (model / "weights").stat().st_mode & 0o777 == 0o644 & (0o700 | mode)


def test_pools_and_models_of_a_project_lie_together() -> None:
    created = project()

    assert STORE.snapshot(created.pool) == Path("/store") / pool_uri(PROJECT, "x.arrow")
    assert STORE.models(PROJECT) == Path("/store") / models_uri(PROJECT)
    assert STORE.cache(PROJECT).parent == STORE.models(PROJECT).parent


def test_a_draft_is_the_projects_folder_once_it_is_whole(tmp_path: Path) -> None:
    with FolderStore(tmp_path).draft(PROJECT) as draft:
        draft.mkdir()
        (draft / "pool").write_text("texts")
        assert not (tmp_path / PROJECT).exists()

    assert [path.name for path in tmp_path.iterdir()] == [PROJECT]
    assert (tmp_path / PROJECT / "pool").read_text() == "texts"


def test_a_draft_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with FolderStore(tmp_path).draft(PROJECT) as draft:
            draft.mkdir()
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()

    assert list(tmp_path.iterdir()) == []


def test_a_snapshot_is_added_once_and_a_damaged_one_is_mended(tmp_path: Path) -> None:
    store, file = FolderStore(tmp_path / "store"), tmp_path / "file"
    file.write_text("texts")
    snapshot = Snapshot(uri=pool_uri(PROJECT, "x.arrow"), digest=file_digest(file), size=1)

    added = [store.add_snapshot(snapshot, file) for _ in range(2)]
    store.snapshot(snapshot).write_text("tex")
    added.append(store.add_snapshot(snapshot, file))

    assert added == [True, False, True]
    assert store.snapshot(snapshot).read_text() == "texts"


def test_a_file_that_is_not_the_snapshot_is_not_added(tmp_path: Path) -> None:
    store, file = FolderStore(tmp_path / "store"), tmp_path / "file"
    file.write_text("other texts")
    snapshot = Snapshot(uri=pool_uri(PROJECT, "x.arrow"), digest="0" * 64, size=1)

    with raises_naming(Unavailable, "sha256"):
        store.add_snapshot(snapshot, file)

    assert list(store.snapshot(snapshot).parent.iterdir()) == []


def test_everything_of_a_project_is_removed_but_what_is_kept(tmp_path: Path) -> None:
    store, outside = FolderStore(tmp_path / "store"), tmp_path / "outside"
    outside.mkdir()
    (outside / "file").touch()
    for uri in (f"{PROJECT}/pool/x", f"{PROJECT}/pool/y", f"{PROJECT}/models/0/abc/weights", "other/pool/x"):
        (store.root / uri).parent.mkdir(parents=True, exist_ok=True)
        (store.root / uri).touch()
    (store.root / PROJECT / "models" / "link").symlink_to(outside)
    (store.root / f".{PROJECT}").mkdir()

    store.remove(PROJECT, {f"{PROJECT}/pool/y"})

    left = {str(path.relative_to(store.root)) for path in store.root.rglob("*") if not path.is_dir()}
    assert left == {f"{PROJECT}/pool/y", "other/pool/x"}
    assert (outside / "file").exists()
    store.remove(PROJECT)
    store.remove(PROJECT)
    assert [path.name for path in store.root.iterdir()] == ["other"]


@pytest.mark.parametrize("name", ["", ".", "..", "../outside", "a/b", "/etc"])
def test_an_id_that_leads_out_of_the_store_removes_nothing(name: str, tmp_path: Path) -> None:
    (tmp_path / "outside").touch()
    store = FolderStore(tmp_path / "store")
    (store.root / "kept").mkdir(parents=True)

    with pytest.raises(UserError):
        store.remove(name)
    assert {path.name for path in tmp_path.rglob("*")} == {"outside", "store", "kept"}
