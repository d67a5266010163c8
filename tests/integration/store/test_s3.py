"""A store on S3: what is handed out is whole, whatever happened to the bucket, the way or the cache."""

import shutil
from pathlib import Path

import pytest
from moto.core import set_initial_no_auth_action_count

from labelloop.errors import TaskError, Unavailable, UserError
from labelloop.pool.snapshot import OpenSnapshot, Row, write
from labelloop.store import FolderStore, copy_snapshots, pool_uri
from labelloop.store.artifacts import MANIFEST, file_digest, verify
from schemas import parts
from schemas.model import replaced
from tests.support.faulty_proxy import faulty_proxy
from tests.support.matrices import cells, in_all_cells
from tests.support.messages import raises_naming
from tests.support.models import publish_model, write_model
from tests.support.s3 import Bucket
from tests.support.states import PROJECT

LARGE = 120_000_000
"""Bytes that do not go up in one piece."""


def a_snapshot(folder: Path, text: str = "a") -> tuple[parts.Snapshot, Path]:
    info = write(folder, [Row(text, None, 0)])
    return parts.Snapshot(uri=pool_uri(PROJECT, info.name), digest=info.digest, size=1), folder / info.name


def test_what_one_machine_published_another_reads(bucket: Bucket, tmp_path: Path) -> None:
    here, there = bucket.store(tmp_path / "here"), bucket.store(tmp_path / "there")
    snapshot, file = a_snapshot(tmp_path)
    with here.draft(PROJECT) as draft:
        (draft / "pool").mkdir(parents=True)
        shutil.copy(file, draft / "pool")
    trained = publish_model(here)

    folder = there.model(trained)

    verify(folder, trained.sha256)
    assert folder.is_relative_to(tmp_path / "there")
    assert OpenSnapshot.open(there.snapshot(snapshot), snapshot.digest).all_texts() == ["a"]
    assert trained.artifact == f"{PROJECT}/models/0/{trained.sha256}"
    assert bucket.names() == sorted(
        [snapshot.uri, *(f"{trained.artifact}/{path.name}" for path in folder.iterdir())]
    )


def test_everything_of_a_project_is_removed_from_bucket_and_cache_but_what_is_kept(
    bucket: Bucket, tmp_path: Path
) -> None:
    store = bucket.store(tmp_path / "cache")
    snapshot, file = a_snapshot(tmp_path)
    other = replaced(snapshot, uri=pool_uri(f"{PROJECT}-2", file.name))
    for each in (snapshot, other):
        store.add_snapshot(each, file)
    publish_model(store)

    store.remove(PROJECT, {snapshot.uri})
    assert bucket.names() == sorted([snapshot.uri, other.uri])

    store.remove(PROJECT)
    assert bucket.names() == [other.uri]
    assert not (tmp_path / "cache" / PROJECT).exists()


@pytest.mark.all_cells
def test_a_large_model_goes_up_and_down_in_parts(bucket: Bucket, tmp_path: Path) -> None:
    trained = publish_model(bucket.store(tmp_path / "here"), weights=bytes(LARGE))

    folder = bucket.store(tmp_path / "there").model(trained)

    assert (folder / "model.safetensors").stat().st_size == LARGE
    verify(folder, trained.sha256)


@pytest.mark.parametrize("harm", cells("flip", rest=["truncate", "remove"]))
def test_a_damaged_copy_in_the_cache_is_fetched_again(bucket: Bucket, tmp_path: Path, harm: str) -> None:
    store = bucket.store(tmp_path / "cache")
    snapshot, file = a_snapshot(tmp_path)
    store.add_snapshot(snapshot, file)
    trained = publish_model(store)
    for copy in (store.snapshot(snapshot), store.model(trained) / "model.safetensors"):
        whole = copy.read_bytes()
        copy.write_bytes({"truncate": whole[:-1], "flip": whole[:-1] + b"?"}.get(harm, whole))
        if harm == "remove":
            copy.unlink()

    assert file_digest(store.snapshot(snapshot)) == snapshot.digest
    verify(store.model(trained), trained.sha256)


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        (MANIFEST, "remove"),
        ("model.safetensors", "truncate"),
        in_all_cells(MANIFEST, "truncate"),
        in_all_cells("model.safetensors", "remove"),
    ],
)
def test_a_model_that_the_bucket_lost_is_told_as_lost_and_can_be_published_again(
    bucket: Bucket, tmp_path: Path, name: str, harm: str
) -> None:
    trainer, reader = bucket.store(tmp_path / "trainer"), bucket.store(tmp_path / "reader")
    trained = publish_model(trainer)
    uri = f"{trained.artifact}/{name}"
    if harm == "remove":
        bucket.remove(uri)
    else:
        bucket.write(uri, bucket.read(uri)[:-1])

    with pytest.raises(TaskError) as lost:
        reader.model(trained)

    kind = "model-missing" if (name, harm) == (MANIFEST, "remove") else "model-damaged"
    assert lost.value.kind == kind
    assert bucket.name in lost.value.message
    assert list((tmp_path / "reader").rglob("*.safetensors")) == []
    assert publish_model(trainer) == trained
    verify(reader.model(trained), trained.sha256)


def test_an_upload_that_was_cut_off_is_no_model_until_it_is_done_again(
    bucket: Bucket, tmp_path: Path
) -> None:
    trainer = bucket.store(tmp_path / "trainer")
    trained = publish_model(trainer)
    bucket.remove(f"{trained.artifact}/{MANIFEST}")
    bucket.write(f"{trained.artifact}/model.safetensors", b"wei")

    with raises_naming(TaskError, "model-missing"):
        bucket.store(tmp_path / "reader").model(trained)

    publish_model(trainer)
    verify(bucket.store(tmp_path / "reader").model(trained), trained.sha256)


def test_a_model_that_is_there_is_never_written_again(bucket: Bucket, tmp_path: Path) -> None:
    store = bucket.store(tmp_path / "cache")
    trained = publish_model(store)
    before = bucket.server.client.list_objects_v2(Bucket=bucket.name)["Contents"]

    publish_model(store)
    publish_model(bucket.store(tmp_path / "another"))

    after = bucket.server.client.list_objects_v2(Bucket=bucket.name)["Contents"]
    assert [each["LastModified"] for each in after] == [each["LastModified"] for each in before]
    assert f"{trained.artifact}/{MANIFEST}" in bucket.names()


@pytest.mark.parametrize("harm", cells("truncate", rest=["remove"]))
def test_a_pool_that_the_bucket_lost_is_said_in_one_line(bucket: Bucket, tmp_path: Path, harm: str) -> None:
    snapshot, file = a_snapshot(tmp_path)
    bucket.store(tmp_path / "here").add_snapshot(snapshot, file)
    if harm == "remove":
        bucket.remove(snapshot.uri)
    else:
        bucket.write(snapshot.uri, bucket.read(snapshot.uri)[:-1])

    with raises_naming(UserError, f"{bucket.url}/{snapshot.uri}"):
        bucket.store(tmp_path / "there").snapshot(snapshot)


def test_a_project_whose_texts_do_not_reach_the_bucket_is_not_made(bucket: Bucket, tmp_path: Path) -> None:
    store = bucket.store(tmp_path / "cache")

    def fail() -> None:
        with store.draft(PROJECT) as draft:
            write(draft / "pool", [Row("a", None, 0)])
            bucket.server.stop()

    with raises_naming(Unavailable, bucket.url):
        fail()
    bucket.server.start()

    assert bucket.names() == []
    assert list((tmp_path / "cache").iterdir()) == []


def test_while_the_server_is_away_it_is_waited_for_and_nothing_is_lost(
    bucket: Bucket, tmp_path: Path
) -> None:
    trainer, reader = bucket.store(tmp_path / "trainer"), bucket.store(tmp_path / "reader")
    trained = publish_model(trainer)
    folder = write_model(trainer, "1", b"others")
    bucket.server.stop()
    outages = []
    for attempt in (
        lambda: reader.model(trained),
        lambda: trainer.publish(folder),
        lambda: trainer.prune(PROJECT, [], [trained.artifact]),
    ):
        with pytest.raises(Unavailable) as away:
            attempt()
        outages.append(away.value.outage)
    bucket.server.start()

    assert set(outages) == {f"store {bucket.url}"}
    verify(reader.model(trained), trained.sha256)
    assert f"{trainer.publish(folder)}/{MANIFEST}" in bucket.names()


def test_a_server_that_answers_503_is_away(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = publish_model(bucket.store(tmp_path / "here"))
    with faulty_proxy(bucket.server.url) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        proxy.status = 503

        with raises_naming(Unavailable, bucket.url):
            bucket.store(tmp_path / "there").model(trained)

    assert proxy.refused


def test_what_a_cache_holds_is_served_without_the_server(bucket: Bucket, tmp_path: Path) -> None:
    store = bucket.store(tmp_path / "cache")
    trained = publish_model(store)
    snapshot, file = a_snapshot(tmp_path)
    store.add_snapshot(snapshot, file)
    store.snapshot(snapshot)
    bucket.server.stop()

    try:
        verify(store.model(trained), trained.sha256)
        assert file_digest(store.snapshot(snapshot)) == snapshot.digest
    finally:
        bucket.server.start()


def test_a_bucket_that_is_missing_is_no_lost_model(bucket: Bucket, tmp_path: Path) -> None:
    trained = publish_model(bucket.store(tmp_path / "here"))
    missing = Bucket(bucket.server, f"{bucket.name}-not")
    store = missing.store(tmp_path / "there")
    folder = write_model(store, "1", b"others")

    for attempt in (lambda: store.model(trained), lambda: store.publish(folder)):
        with raises_naming(UserError, missing.url, missing.name, "LABELLOOP_STORE"):
            attempt()


def test_wrong_credentials_are_said_in_one_line_without_them(bucket: Bucket, tmp_path: Path) -> None:
    trained = publish_model(bucket.store(tmp_path / "here"))
    store = bucket.store(tmp_path / "there")

    @set_initial_no_auth_action_count(0)
    def refused() -> pytest.ExceptionInfo[UserError]:
        with raises_naming(UserError, bucket.url, "credentials") as error:
            store.model(trained)
        return error

    assert "hidden" not in str(refused().value)


def test_no_credentials_at_all_are_said_in_one_line(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = publish_model(bucket.store(tmp_path / "here"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))

    with raises_naming(UserError, bucket.url, "credentials"):
        bucket.store(tmp_path / "there").model(trained)


def test_pruning_removes_what_is_superseded_and_leaves_the_rest(bucket: Bucket, tmp_path: Path) -> None:
    store = bucket.store(tmp_path / "cache")
    models = [publish_model(store, str(number), bytes([number])) for number in range(4)]
    uris = [trained.artifact for trained in models]

    removed = store.prune(PROJECT, needed=uris[2:3], superseded=uris[:3])

    assert sorted(removed) == uris[:2]
    assert {name.rpartition("/")[0] for name in bucket.names()} == set(uris[2:])
    with pytest.raises(TaskError) as gone:
        store.model(models[0])
    assert gone.value.kind == "model-missing"


def test_options_of_the_file_system_come_from_the_environment(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = publish_model(bucket.store(tmp_path / "here"))
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    options = f'{{"endpoint_url": "{bucket.server.url}"}}'

    store = bucket.store(tmp_path / "there", LABELLOOP_STORE_OPTIONS=options)

    verify(store.model(trained), trained.sha256)


def test_snapshots_are_copied_between_stores_once(bucket: Bucket, tmp_path: Path) -> None:
    folder, remote = FolderStore(tmp_path / "folder"), bucket.store(tmp_path / "cache")
    snapshots = []
    for text in ("a", "b"):
        snapshot, file = a_snapshot(tmp_path, text)
        folder.add_snapshot(snapshot, file)
        snapshots.append(snapshot)

    interrupted = copy_snapshots(folder, remote, snapshots[:1])
    resumed = copy_snapshots(folder, remote, snapshots)
    bucket.write(snapshots[0].uri, b"cut")
    mended = copy_snapshots(folder, remote, snapshots)
    back = copy_snapshots(bucket.store(tmp_path / "other"), FolderStore(tmp_path / "back"), snapshots)

    assert (interrupted, resumed, mended, back) == (1, 1, 1, 2)
    for snapshot, text in zip(snapshots, "ab", strict=True):
        copied = FolderStore(tmp_path / "back").snapshot(snapshot)
        assert OpenSnapshot.open(copied, snapshot.digest).all_texts() == [text]


def test_a_damaged_snapshot_is_not_copied(bucket: Bucket, tmp_path: Path) -> None:
    folder = FolderStore(tmp_path / "folder")
    snapshot, file = a_snapshot(tmp_path)
    folder.add_snapshot(snapshot, file)
    folder.snapshot(snapshot).write_bytes(b"cut")

    with raises_naming(UserError, tmp_path / "folder" / snapshot.uri):
        copy_snapshots(folder, bucket.store(tmp_path / "cache"), [snapshot])

    assert bucket.names() == []
