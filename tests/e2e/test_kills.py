"""A run in which everything is killed again and again ends as one that was left alone, on either log.

`make test` kills each once, on Kafka; `make test-all` again and again.
`make soak` runs the longer one: LABELLOOP_SOAK_KILLS kills on Kafka, at moments by LABELLOOP_SOAK_SEED.
"""

import asyncio
import json
import os
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from labelloop.config.locations import locations_of
from labelloop.errors import UserError
from labelloop.learner.shared import SHARED
from labelloop.log.sqlite.log import SqliteLog
from labelloop.loop.proof import Proof
from labelloop.projects.replay import ReplayEnd, proven, replay_until
from schemas.envelope import Event
from tests.support.command import labelloop
from tests.support.demo import MOST_SECONDS, SIZE, Demo, Ended, Undisturbed
from tests.support.kafka_broker import Broker, needs_java
from tests.support.kafka_view import events_in
from tests.support.killing import Find, Killer
from tests.support.logs import read_log, write_log
from tests.support.matrices import in_all_cells
from tests.support.messages import names, raises_naming

SOAK_KILLS = int(os.environ.get("LABELLOOP_SOAK_KILLS") or 0)
SEED = int(os.environ.get("LABELLOOP_SOAK_SEED") or 1)
SERVICES = ("annotation_watcher", "trainer", "querier", "learner", "evaluator", "annotators")
PATIENCE = MOST_SECONDS + 30 * SOAK_KILLS

pytestmark = pytest.mark.timeout(PATIENCE + 300)


@dataclass(frozen=True)
class Kills:
    """How many, of whom in turn, and how many seconds each is left alone at most."""

    number: int
    victims: tuple[str, ...]
    longest_rest: float
    seconds_per_label: float


@dataclass(frozen=True)
class Place:
    """Where a run has its log, by options, and the victims that are no processes of its home."""

    options: tuple[str, ...] = ()
    others: dict[str, Find] = field(default_factory=dict)


@dataclass(frozen=True)
class Run(Ended):
    """A demo that came to its end in spite of the kills; the events as they lie in the log.

    `verified` is what `labelloop replay --verify` said.
    """

    events: list[Event]
    verified: Result
    kills: Kills
    hits: Counter[str]

    def of(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(event.data) for event in self.events if event.name == name]


# Argilla takes seconds to come back, so it is killed once a round.
ON_SQLITE = Kills(13, (*SERVICES, *SERVICES, "argilla"), longest_rest=1.0, seconds_per_label=0.6)
EACH_ONCE = Kills(8, (*SERVICES, "kafka", "argilla"), longest_rest=2.0, seconds_per_label=0.3)
ON_KAFKA = Kills(
    SOAK_KILLS or 15,
    (*SERVICES, "kafka", *SERVICES, "kafka", "argilla"),
    longest_rest=4.0 if SOAK_KILLS else 2.0,
    seconds_per_label=0.6,
)


@pytest.fixture(scope="module")
def quiet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """A run left alone; a soak needs a longer one than the tests share."""
    if not SOAK_KILLS:
        undisturbed: Undisturbed = request.getfixturevalue("undisturbed")
        return undisturbed
    long = Demo(tmp_path_factory.mktemp("soak"), batches=SOAK_KILLS // 2)
    long.write()
    with long.start("quiet", "--seconds-per-label", 0) as process:
        return Undisturbed(long, Ended.wait(process, long.output("quiet"), PATIENCE))


@pytest.fixture(scope="module", params=["each once", in_all_cells("sqlite"), in_all_cells("kafka")])
def killed(
    request: pytest.FixtureRequest, quiet: Undisturbed, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    if request.param == "sqlite":
        return run(quiet.demo, "sqlite", Place(), ON_SQLITE)
    needs_java()
    kills = ON_KAFKA if request.param == "kafka" else EACH_ONCE
    with on_kafka(tmp_path_factory.mktemp("broker")) as place:
        return run(quiet.demo, str(request.param).replace(" ", "-"), place, kills)


@contextmanager
def on_kafka(folder: Path) -> Iterator[Place]:
    """A log on a broker that is started again whenever it is killed."""
    broker = Broker(folder)
    try:
        broker.start()
        with pytest.MonkeyPatch.context() as environment, broker.kept_running():
            environment.setenv("LABELLOOP_KAFKA_SESSION_TIMEOUT_MS", "3000")
            environment.setenv("LABELLOOP_KAFKA_PARTITIONS", "2")
            yield Place(("--log", f"kafka://{broker.servers}/kills"), {"kafka": broker.running})
    finally:
        broker.kill()


def run(demo: Demo, name: str, place: Place, kills: Kills) -> Run:
    home, output = demo.folder / name, demo.output(name)
    options = (*place.options, "--seconds-per-label", kills.seconds_per_label)
    with its_own_learner(), demo.start(name, *options) as process:
        killer = Killer(home / "run", kills.victims, SEED, kills.longest_rest, place.others)
        killer.go_on_until(lambda: process.poll() is not None or killer.hits.total() >= kills.number)
        ended = Ended.wait(process, output, PATIENCE)
    verified = labelloop("replay", "--verify", "--home", home)
    print(f"{name}: {ended.facts['digest']}, {killer.hits.total()} kills, {dict(killer.hits)}")
    return Run(ended.output, ended.facts, events(home), verified, kills, killer.hits)


@contextmanager
def its_own_learner() -> Iterator[None]:
    """The home runs one, which is killed too: it does not use the one of the tests."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv(SHARED)
        yield


def events(home: Path) -> list[Event]:
    """All records as they lie there: Kafka's own readers would pass over what is there twice."""
    log = locations_of(str(home)).log
    return list(events_in(log)) if log.startswith("kafka") else asyncio.run(read_log(log))


def test_each_kill_hit_and_each_victim_was_hit(killed: Run) -> None:
    kills = killed.kills
    assert killed.hits.total() >= kills.number
    rounds = kills.number // len(kills.victims)
    assert all(killed.hits[name] >= rounds * kills.victims.count(name) for name in kills.victims), killed.hits


def test_it_ends_with_the_digest_of_a_run_left_alone(quiet: Undisturbed, killed: Run) -> None:
    assert killed.facts["digest"] == quiet.ended.facts["digest"]
    # An evaluator that was away for long has passed some models over.
    common = killed.accuracy.keys() & quiet.ended.accuracy.keys()
    assert len(common) >= quiet.demo.batches // 2
    assert all(killed.accuracy[labels] == quiet.ended.accuracy[labels] for labels in common)


def test_no_text_is_asked_twice(quiet: Undisturbed, killed: Run) -> None:
    asked = [item["item"] for batch in killed.of("BatchQueried") for item in batch["items"]]

    assert len(asked) == quiet.demo.batches * SIZE
    assert len(set(asked)) == len(asked)


def test_no_label_is_lost(quiet: Undisturbed, killed: Run) -> None:
    gold = quiet.demo.gold()
    rows = [json.loads(line) for line in Path(killed.facts["export"]).read_text("utf-8").splitlines()]

    assert len(rows) == quiet.demo.batches * SIZE
    assert all(row["label"] == gold[row["source_row"]] for row in rows)


def test_nothing_is_taken_for_a_withdrawal(quiet: Undisturbed, killed: Run) -> None:
    assert [batch["revision"] for batch in killed.of("BatchAnnotated")] == [0] * quiet.demo.batches


def test_each_model_is_trained_once_in_the_log(quiet: Undisturbed, killed: Run) -> None:
    trained = [model["model"] for model in killed.of("ModelTrained")]
    assert trained == [str(number) for number in range(quiet.demo.batches)]


def test_nothing_is_stated_twice(killed: Run) -> None:
    stated = [event.id for event in killed.events]

    assert len(set(stated)) == len(stated)


def test_the_log_the_pool_and_the_models_are_verified(killed: Run) -> None:
    assert killed.verified.exit_code == 0, killed.verified.output
    last = killed.verified.stdout.splitlines()[-1]
    assert names(last, len(killed.events), killed.facts["digest"])


def test_each_of_200_changed_bytes_is_found(killed: Run, tmp_path: Path) -> None:
    log, draw = tmp_path / "log.sqlite", random.Random(SEED)
    asyncio.run(write_log(log, killed.events))
    with closing(sqlite3.connect(log, isolation_level=None)) as connection:
        for _ in range(200):
            event = draw.choice(killed.events)
            place = draw.randrange(len(event.data))
            other = (event.data[place] + draw.randrange(1, 256)) % 256
            data = event.data[:place] + bytes([other]) + event.data[place + 1 :]
            connection.execute("UPDATE events SET data = ? WHERE id = ?", (data, event.id))

            with raises_naming(UserError, event.id):
                asyncio.run(verify(log, event.project))

            connection.execute("UPDATE events SET data = ? WHERE id = ?", (event.data, event.id))
    asyncio.run(verify(log, killed.events[0].project))


async def verify(path: Path, project: str) -> None:
    log, proof = SqliteLog(path), Proof(project)
    try:
        await replay_until(log, proof, ReplayEnd())
        await proven(proof, None)
    finally:
        await log.close()
