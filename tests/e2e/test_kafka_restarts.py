"""Every service started anew, one after the other, while people label: nobody waits long, nothing is lost."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from labelloop.loop.figures import waits
from labelloop.loop.schedule import finished, open_batches
from labelloop.loop.state import Batch
from labelloop.store import open_store
from schemas.parts import BaseModelChoice
from tests.support.argilla_server import ArgillaServer
from tests.support.gold_work import GoldWork
from tests.support.kafka_view import events_in, owners, repeated
from tests.support.loop import Loop, a_loop, texts
from tests.support.people import Person
from tests.support.simulated import simulated_annotators

SERVICES = ("annotation_watcher", "querier", "trainer", "evaluator")
BATCHES, SIZE = 3, 12
SECONDS_PER_LABEL = 1.0


@pytest.fixture
def loop(
    tmp_path: Path, argilla_server: ArgillaServer, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Loop]:
    monkeypatch.setenv("LABELLOOP_KAFKA_PARTITIONS", "2")
    log = f"kafka://{kafka}/restarts-{secrets.token_hex(4)}"
    with a_loop(tmp_path / "home", argilla_server, log=log) as loop:
        yield loop


@pytest.mark.all_cells
def test_a_rolling_restart_loses_nothing_and_keeps_nobody_waiting(loop: Loop, tiny: BaseModelChoice) -> None:
    ann = Person(loop.argilla)
    work = GoldWork(loop, ann, BATCHES, SIZE, test=texts(6), model=tiny)
    loop.start(*SERVICES)
    work.wait_for(0)
    pool = open_store(loop.settings.store).snapshot(work.state.project.pool)

    with simulated_annotators(loop, work.project, pool, [ann.key], SECONDS_PER_LABEL):
        state = loop.wait(work.project, lambda state: state.batches["0"].done)
        for name in SERVICES:
            assert loop.stop(name) == 0
            assert owners(loop.settings.log, name) == {}, "it left its group"
            loop.start(name)
            loop.until(lambda n=name: owners(loop.settings.log, n))  # type: ignore[misc]
        assert open_batches(work.state), "people labelled all the while"
        state = loop.wait(work.project, lambda state: finished(state) and len(state.evaluations) == BATCHES)

    assert work.is_complete()
    assert [len(batch.revisions) for batch in state.batches.values()] == [1] * BATCHES
    assert repeated(events_in(loop.settings.log)) == []
    assert max(waits(state).values()) <= min(map(seconds_of_work, state.batches.values()))


def seconds_of_work(batch: Batch) -> float:
    """From the first to the last answer."""
    times = [vote.time for answer in batch.answers for vote in answer.votes if vote.time is not None]
    return (max(times) - min(times)).total_seconds()
