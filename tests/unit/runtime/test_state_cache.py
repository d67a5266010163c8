"""The cache of the fold: used only when it is whole, of this version, and of this log."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from labelloop.log.base import Record
from labelloop.loop.history import History
from labelloop.loop.state import NotCreated
from labelloop.runtime import state_cache
from labelloop.runtime.state_cache import Checkpoint, StateCache, is_worth_saving
from schemas.envelope import new_event
from schemas.events import AnnotatorChanged
from schemas.parts import TopicRead
from tests.support.loops import PROJECT, Loop, mixed, project
from tests.support.messages import levels

URL = "sqlite:////h/log.sqlite"


@pytest.fixture
def history() -> History:
    loop = Loop(project(), mixed)
    loop.act("query")
    loop.grow("g", topic=TopicRead(topic="mail", cluster="k", offsets=(7, 0)))
    loop.grow("h")
    loop.append(AnnotatorChanged(request="1", who="ada", annotator="ann", standing="disabled"))
    return loop.history


def checkpoint(offset: int) -> Checkpoint:
    found = Checkpoint.of(Record(3, offset, new_event(PROJECT, project(), source="tests")))
    assert found is not None
    return found


@pytest.fixture(autouse=True)
def fresh_version() -> Iterator[None]:
    yield
    state_cache.version.cache_clear()


def the_file(folder: Path) -> Path:
    (found,) = folder.glob("folds/*/*")
    return found


def test_what_was_saved_of_a_partition_comes_back(tmp_path: Path, history: History) -> None:
    StateCache(tmp_path, URL).save(checkpoint(7), [history])

    found = StateCache(tmp_path, URL).load(3)

    assert found is not None
    assert (found.checkpoint, list(found.histories)) == (checkpoint(7), [history])
    assert the_file(tmp_path).stat().st_mode & 0o77 == 0


def test_a_project_that_is_not_created_comes_back_as_one(tmp_path: Path) -> None:
    StateCache(tmp_path, URL).save(checkpoint(7), [History(PROJECT)])

    saved = StateCache(tmp_path, URL).load(3)

    assert saved is not None
    assert [history.state for history in saved.histories] == [NotCreated(PROJECT)]
    assert isinstance(saved.histories[0].state, NotCreated)


def test_nothing_is_there_of_another_partition_or_another_log(tmp_path: Path, history: History) -> None:
    StateCache(tmp_path, URL).save(checkpoint(7), [history])

    assert StateCache(tmp_path, URL).load(4) is None
    assert StateCache(tmp_path, "kafka://h:1/x").load(3) is None


@pytest.mark.parametrize("at", [0.5, 0.9])
def test_a_damaged_one_is_removed_and_said(
    tmp_path: Path, history: History, at: float, caplog: pytest.LogCaptureFixture
) -> None:
    state_cache = StateCache(tmp_path, URL)
    state_cache.save(checkpoint(7), [history])
    path = the_file(tmp_path)
    content = bytearray(path.read_bytes())
    content[int(len(content) * at)] ^= 1
    path.write_bytes(content)

    with caplog.at_level(logging.WARNING):
        assert state_cache.load(3) is None

    assert levels(caplog, path) == ["WARNING"]
    assert not path.exists()


def test_one_of_another_version_of_the_fold_is_not_used_and_replaced(
    tmp_path: Path, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    state_cache = StateCache(tmp_path, URL)
    state_cache.save(checkpoint(7), [history])
    monkeypatch.setattr("labelloop.runtime.state_cache.version", lambda: "another")

    assert state_cache.load(3) is None

    state_cache.save(checkpoint(5), [history])
    found = state_cache.load(3)
    assert found is not None
    assert found.checkpoint == checkpoint(5)


def test_less_never_replaces_more(tmp_path: Path, history: History) -> None:
    state_cache = StateCache(tmp_path, URL)
    state_cache.save(checkpoint(7), [history])

    state_cache.save(checkpoint(5), [])

    found = state_cache.load(3)
    assert found is not None
    assert found.checkpoint == checkpoint(7)


def test_a_cache_that_cannot_be_written_is_said_and_no_error(
    tmp_path: Path, history: History, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "folds").write_text("in the way")

    StateCache(tmp_path, URL).save(checkpoint(7), [history])

    assert levels(caplog, tmp_path / "folds") == ["WARNING"]
    assert StateCache(tmp_path, URL).load(3) is None


def test_it_is_saved_when_a_twentieth_is_new() -> None:
    assert not is_worth_saving(1999, 1999)
    assert is_worth_saving(2000, 2000)
    assert not is_worth_saving(4999, 100_000)
    assert is_worth_saving(5000, 100_000)
