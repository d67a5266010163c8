"""Kafka killed, unreachable for a minute and slow: every service waits, says so once, and goes on."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from labelloop.loop.schedule import finished
from schemas.parts import BaseModelChoice
from tests.support.argilla_server import ArgillaServer
from tests.support.gold_work import GoldWork
from tests.support.kafka_broker import Broker, needs_java
from tests.support.kafka_view import events_in, repeated
from tests.support.loop import Loop, a_loop
from tests.support.messages import names
from tests.support.people import Person
from tests.support.tcp_proxy import TcpProxy, tcp_proxy

pytestmark = pytest.mark.timeout(600)

SERVICES = ("annotation_watcher", "querier", "trainer", "evaluator")
BATCHES, SIZE = 5, 4
UNREACHABLE_SECONDS = 60.0
DELAY = 0.5
AWAY, BACK = "warning", "info"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker that is started by the test."""
    needs_java()
    broker = Broker(tmp_path / "kafka")
    yield broker
    broker.kill()


@pytest.fixture
def proxy(broker: Broker) -> Iterator[TcpProxy]:
    """All clients come by the proxy."""
    with tcp_proxy(broker.port) as proxy:
        broker.advertise(proxy.port)
        broker.start()
        yield proxy


@pytest.fixture
def loop(
    tmp_path: Path, argilla_server: ArgillaServer, proxy: TcpProxy, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Loop]:
    monkeypatch.setenv("LABELLOOP_KAFKA_PARTITIONS", "2")
    log = f"kafka://127.0.0.1:{proxy.port}/outages"
    with a_loop(tmp_path / "home", argilla_server, log=log) as loop:
        yield loop


class Scene:
    """A loop at work, and Ann, who labels on whatever becomes of the log."""

    def __init__(self, loop: Loop, model: BaseModelChoice) -> None:
        self.loop = loop
        self.work = GoldWork(loop, Person(loop.argilla), BATCHES, SIZE, model=model)
        loop.start(*SERVICES, LABELLOOP_LOG_FORMAT="json")

    def label(self, batch: int) -> None:
        self.work.label(batch)

    def wait_until_learned(self, batch: int) -> None:
        """The batch is done, its model is trained, and what that one picks is to be labelled."""
        self.loop.wait(self.work.project, lambda state: str(batch) in state.models)
        if batch + 2 < BATCHES:
            self.work.wait_for(batch + 2)

    @contextmanager
    def away(self) -> Iterator[Callable[[], bool]]:
        """Around an outage: whether all services have said so. In the end each said it and its end once."""
        before = {name: len(self._about_kafka(name)) for name in SERVICES}

        def levels(name: str) -> list[str]:
            return self._about_kafka(name)[before[name] :]

        yield lambda: all(AWAY in levels(name) for name in SERVICES)
        self.loop.until(lambda: all(BACK in levels(name) for name in SERVICES))
        for name in SERVICES:
            assert levels(name) == [AWAY, BACK], self.loop.log_of(name)

    def _about_kafka(self, name: str) -> list[str]:
        """The levels of what a service, and no library of it, says of Kafka by its address."""
        servers = self.loop.settings.log.removeprefix("kafka://").partition("/")[0]
        lines = [json.loads(line) for line in self.loop.log_of(name).splitlines() if line.endswith("}")]
        ours = [line for line in lines if line["logger"].startswith("labelloop")]
        return [line["level"] for line in ours if names(line["message"], servers)]


@pytest.mark.all_cells
def test_a_loop_goes_on_after_each_outage(
    loop: Loop, broker: Broker, proxy: TcpProxy, tiny: BaseModelChoice
) -> None:
    scene = Scene(loop, tiny)
    processes = dict(loop.processes)
    scene.label(0)
    scene.wait_until_learned(0)

    with scene.away() as said_by_all:
        proxy.shut()
        broker.kill()
        scene.label(1)
        loop.until(said_by_all)
        broker.start()
        proxy.open()
        scene.wait_until_learned(1)

    with scene.away() as said_by_all:
        broker.freeze()
        scene.label(2)
        unreachable_until = time.monotonic() + UNREACHABLE_SECONDS
        loop.until(lambda: said_by_all() and time.monotonic() > unreachable_until)
        broker.wake()
        scene.wait_until_learned(2)

    proxy.delay = DELAY
    scene.label(3)
    scene.wait_until_learned(3)
    assert proxy.delayed > 20
    proxy.delay = 0.0

    scene.label(4)
    loop.wait(scene.work.project, finished)

    assert loop.processes == processes
    assert all(loop.is_running(name) for name in SERVICES)
    assert scene.work.is_complete()
    assert repeated(events_in(loop.settings.log)) == []
