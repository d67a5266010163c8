"""Which store a location names, and what is said of one that names none."""

import subprocess
import sys
from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.store import FolderStore, open_store
from labelloop.store.opening import without_credentials
from tests.support.messages import raises_naming
from tests.support.models import publish_model, write_model
from tests.support.states import PROJECT


@pytest.mark.parametrize("location", ["/shared/store", "file:///shared/store", Path("/shared/store")])
def test_a_folder_is_read_where_it_lies(location: str | Path) -> None:
    store = open_store(location, {})

    assert isinstance(store, FolderStore)
    assert store.root == Path("/shared/store")


def test_a_url_has_its_files_in_a_cache(tmp_path: Path) -> None:
    cache = {"LABELLOOP_CACHE": str(tmp_path)}
    trained = publish_model(open_store("memory://team", cache))

    other = open_store("memory://team", {"LABELLOOP_CACHE": str(tmp_path / "other")})

    assert other.model(trained).is_relative_to(tmp_path / "other")
    assert other.address(trained.artifact) == f"memory://team/{trained.artifact}"


def test_the_cache_is_the_users_unless_told_otherwise(tmp_path: Path) -> None:
    store = open_store("memory://team", {"XDG_CACHE_HOME": str(tmp_path)})

    assert store.models(PROJECT).is_relative_to(tmp_path / "labelloop")
    assert store.cache(PROJECT).is_dir()


def test_embeddings_and_a_model_that_is_not_published_stay_on_this_machine(tmp_path: Path) -> None:
    import fsspec  # type: ignore[import-untyped]

    store = open_store("memory://alone", {"LABELLOOP_CACHE": str(tmp_path)})
    write_model(store)
    (store.cache(PROJECT) / "features.npy").write_bytes(b"")

    assert fsspec.filesystem("memory").find("/alone") == []


@pytest.mark.parametrize(
    ("location", "environment", "said"),
    [
        ("", {}, "LABELLOOP_STORE"),
        ("nowhere://bucket", {}, "nowhere"),
        ("memory://team", {"LABELLOOP_STORE_OPTIONS": '{"secret": '}, "LABELLOOP_STORE_OPTIONS"),
        ("memory://team", {"LABELLOOP_STORE_OPTIONS": '["secret"]'}, "LABELLOOP_STORE_OPTIONS"),
        ("memory://team", {"LABELLOOP_CACHE_GB": "much"}, "LABELLOOP_CACHE_GB"),
        ("memory://team", {"LABELLOOP_CACHE_GB": "-1"}, "LABELLOOP_CACHE_GB"),
        ("memory://team", {"LABELLOOP_CACHE_GB": "inf"}, "LABELLOOP_CACHE_GB"),
    ],
)
def test_what_is_wrong_is_named_without_its_secrets(
    location: str, environment: dict[str, str], said: str, tmp_path: Path
) -> None:
    with raises_naming(UserError, said) as error:
        open_store(location, {"LABELLOOP_CACHE": str(tmp_path), **environment})

    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sftp://ada:hidden@host:22/folder", "sftp://host:22/folder"),
        ("s3://bucket/folder", "s3://bucket/folder"),
        ("https://host/folder?token=hidden", "https://host/folder"),
        ("/shared/ada@store", "/shared/ada@store"),
    ],
)
def test_credentials_in_a_url_are_never_shown(url: str, shown: str) -> None:
    assert without_credentials(url) == shown


def test_a_folder_needs_none_of_the_libraries_for_urls() -> None:
    code = "import sys, labelloop.store as s; s.open_store('/tmp'); print('fsspec' in sys.modules)"

    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert output.split() == ["False"]


def test_the_watcher_needs_no_store() -> None:
    code = "import sys, services.annotation_watcher.service; print(*{'fsspec', 's3fs'} & set(sys.modules))"

    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert output.split() == []
