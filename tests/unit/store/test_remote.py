"""The cache is bounded: the least recently used goes, what is in use stays."""

import os
import time
from pathlib import Path

from labelloop.atomic import UNFINISHED
from labelloop.errors import UserError
from labelloop.store.remote import IN_USE, Cache
from tests.support.messages import raises_naming

SIZE = 100


def entry(cache: Cache, uri: str, hours_ago: float, size: int = SIZE) -> Path:
    """A snapshot if the URI has a suffix, else a folder with one file."""
    path = cache.path(uri)
    file = path if path.suffix else path / "file"
    file.parent.mkdir(parents=True)
    file.write_bytes(bytes(size))
    at = time.time() - hours_ago * 3600
    os.utime(path, (at, at))
    return path


def test_the_least_recently_used_go_until_the_rest_fits(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit=2 * SIZE)
    model = entry(cache, "p/models/0/abc", hours_ago=5)
    embeddings = entry(cache, "q/cache", hours_ago=4)
    pool = entry(cache, "p/pool/x.arrow", hours_ago=3)
    test = entry(cache, "p/test/y.arrow", hours_ago=2)
    said = entry(cache, "p/predictions/z.parquet", hours_ago=6)

    removed = cache.trim()

    assert removed == [said, model, embeddings]
    assert not model.exists()
    assert not embeddings.exists()
    assert pool.is_file()
    assert test.is_file()


def test_what_is_used_is_young_again(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit=SIZE)
    first = entry(cache, "p/models/0/abc", hours_ago=5)
    second = entry(cache, "p/models/1/abc", hours_ago=4)

    cache.use(first)

    assert cache.trim() == [second]
    assert (first / "file").is_file()


def test_what_fits_stays_however_old(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit=SIZE)
    old = entry(cache, "p/models/0/abc", hours_ago=5000)

    assert cache.trim() == []
    assert old.is_dir()


def test_what_may_be_in_use_stays_however_large(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit=0)
    entry(cache, "p/models/0/abc", hours_ago=IN_USE / 3600 / 2)

    assert cache.trim() == []


def test_what_a_dead_writer_left_goes_though_there_is_room(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit=10 * SIZE)
    left = entry(cache, f"p/models/0/{UNFINISHED}1", hours_ago=2)
    fresh = entry(cache, f"p/models/1/{UNFINISHED}2", hours_ago=0)

    assert cache.trim() == [left]
    assert fresh.is_dir()


def test_using_what_was_removed_meanwhile_is_no_error(tmp_path: Path) -> None:
    Cache(tmp_path, limit=0).use(tmp_path / "gone")


def test_a_cache_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with raises_naming(UserError, tmp_path / "file" / "cache", "LABELLOOP_CACHE"):
        Cache(tmp_path / "file" / "cache", limit=0).check()
