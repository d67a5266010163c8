"""The process that reads the store for the dashboard: it is killed, and it ends by itself."""

import asyncio
import json
from pathlib import Path

import pytest

from labelloop.errors import Unavailable
from labelloop.store import FolderStore, what_if_uri
from services.dashboard import from_store
from services.dashboard.from_store import FromStore
from tests.support.command import PATIENCE
from tests.support.predictions_recorded import HOSTILE, snapshot
from tests.support.states import PROJECT


@pytest.fixture
def pool(tmp_path: Path) -> list[dict[str, object]]:
    return [dict(snapshot(tmp_path, HOSTILE, "text 1"))]


async def test_a_killed_process_is_told_and_another_one_answers(
    tmp_path: Path, pool: list[dict[str, object]]
) -> None:
    store = FromStore(f"file://{tmp_path}")
    assert await store.texts(pool, [0, 1]) == [HOSTILE, "text 1"]
    assert store._reading is not None
    store._reading.kill()

    with pytest.raises(Unavailable):
        await store.texts(pool, [1])
    assert await store.texts(pool, [1]) == ["text 1"]
    await store.close()


async def test_what_cannot_be_read_leaves_the_process_for_the_next_question(
    tmp_path: Path, pool: list[dict[str, object]]
) -> None:
    store = FromStore(f"file://{tmp_path}")

    with pytest.raises(Unavailable):
        await store.texts([{**pool[0], "uri": "gone.arrow"}], [0])
    before = store._reading
    assert await store.texts(pool, [1]) == ["text 1"]
    assert store._reading is before
    await store.close()


async def test_what_a_simulation_left_is_read_and_what_is_none_is_nothing(tmp_path: Path) -> None:
    store, left = FromStore(f"file://{tmp_path}"), FolderStore(tmp_path)
    points = [{"labels": 20, "accuracy": 0.5, "low": 0.4, "high": 0.6}]
    played = {"random-sampling": {"classifier": "linear", "runs": 2, "points": points}}
    assert await store.what_if(PROJECT) == {}

    left.note(what_if_uri(PROJECT), json.dumps(played))
    assert await store.what_if(PROJECT) == played

    infinite = json.dumps(played).replace("0.6", "Infinity")
    huge, half = (
        infinite.replace("Infinity", f"1{'0' * 400}"),
        json.dumps(played).replace("linear", "\\ud800"),
    )
    deep, long = (
        "[" * 100_000,
        json.dumps({"random-sampling": {**played["random-sampling"], "points": points * 20_000}}),
    )
    no_points = json.dumps({"random-sampling": {"points": ["x"]}})
    for damaged in ("[]", "no json", infinite, huge, half, deep, long, no_points):
        left.note(what_if_uri(PROJECT), damaged, replaces=True)
        assert await store.what_if(PROJECT) == {}
    await store.close()


async def test_without_questions_it_ends(
    tmp_path: Path, pool: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(from_store, "LINGER", 0.0)
    store = FromStore(f"file://{tmp_path}")
    await store.texts(pool, [0])
    reading = store._reading

    assert reading is not None
    async with asyncio.timeout(PATIENCE):
        await reading.wait()
    assert store._reading is None
