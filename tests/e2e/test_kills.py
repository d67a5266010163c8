"""A run in which everything is killed again and again ends as one that was left alone, on either log.

`make soak` runs the longer one: LABELLOOP_SOAK_KILLS kills on Kafka, at moments by LABELLOOP_SOAK_SEED.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from labelloop.places import places_of
from labelloop.pool.bundled import bundled
from tests.support.command import command, labelloop
from tests.support.kafka_broker import Broker, needs_java
from tests.support.kafka_view import events_in
from tests.support.killing import Find, Killer

SOAK_KILLS = int(os.environ.get("LABELLOOP_SOAK_KILLS") or 0)
SEED = int(os.environ.get("LABELLOOP_SOAK_SEED") or 1)
BATCHES, SIZE = max(10, SOAK_KILLS // 2), 8
SERVICES = ("annotation_watcher", "trainer", "querier", "evaluator", "annotators")

pytestmark = pytest.mark.timeout(900 + 30 * SOAK_KILLS)


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
class Run:
    """A demo that came to its end, and the kills that it suffered; the events as they lie in the log."""

    said: dict[str, Any]
    events: list[dict[str, Any]]
    kills: Kills | None
    hits: Counter[str]

    @property
    def accuracy(self) -> dict[int, float]:
        """By the number of labels."""
        return {point["labels"]: point["accuracy"] for point in self.said["accuracy"]}

    def of(self, name: str) -> list[dict[str, Any]]:
        return [event["data"] for event in self.events if event["type"] == f"labelloop.{name}.v1"]


# Argilla takes seconds to come back: one kill of it in each round of two over the others.
ON_SQLITE = Kills(24, (*SERVICES, *SERVICES, "argilla"), longest_rest=1.0, seconds_per_label=0.3)
ON_KAFKA = Kills(
    SOAK_KILLS or 15,
    (*SERVICES, "kafka", *SERVICES, "kafka", "argilla"),
    longest_rest=4.0,
    seconds_per_label=3.0 * SOAK_KILLS / (BATCHES * SIZE) or 0.4,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small part of the bundled questions."""
    folder = tmp_path_factory.mktemp("kills")
    questions = bundled("questions")
    for name, source, count in (("pool", questions.pool, 2 * BATCHES * SIZE), ("test", questions.test, 40)):
        lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / f"{name}.jsonl").write_text("".join(lines[:count]), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def quiet(folder: Path) -> Run:
    return run(folder, "quiet", Place(), None)


@pytest.fixture(scope="module", params=["sqlite", "kafka"])
def killed(request: pytest.FixtureRequest, folder: Path) -> Run:
    if request.param == "sqlite":
        return run(folder, "sqlite", Place(), ON_SQLITE)
    needs_java()
    with on_kafka(folder / "broker") as place:
        return run(folder, "kafka", place, ON_KAFKA)


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


def run(folder: Path, name: str, place: Place, kills: Kills | None) -> Run:
    home, output, began = folder / name, folder / f"{name}.txt", time.monotonic()
    data = ["--dataset", folder / "pool.jsonl", "--test", folder / "test.jsonl", "--home", home]
    loop = ["--batches", BATCHES, "--batch-size", SIZE, "--classifier", "linear"]
    pace = ["--seconds-per-label", kills.seconds_per_label if kills else 0]
    hits: Counter[str] = Counter()
    with command("demo", *data, *place.options, *loop, *pace, "--json", output=output) as process:
        if kills is not None:
            killer = Killer(home / "run", kills.victims, SEED, kills.longest_rest, place.others)
            killer.go_on_until(lambda: process.poll() is not None or killer.hits.total() >= kills.number)
            hits = killer.hits
        code = process.wait(600 + 30 * SOAK_KILLS)
    text = output.read_text(encoding="utf-8")
    assert code == 0, text
    said = json.loads(text.splitlines()[-1])
    took = time.monotonic() - began
    print(f"{name}: {said['digest']}, {took:.0f} s, {hits.total()} kills, {dict(hits)}")
    return Run(said, events(home), kills, hits)


def events(home: Path) -> list[dict[str, Any]]:
    log = places_of(str(home)).log
    if log.startswith("kafka"):
        found = events_in(log)
        return [{"type": event.type, "id": event.id, "data": json.loads(event.data)} for event in found]
    return list(map(json.loads, labelloop("events", "--home", home, "--json").stdout.splitlines()))


def test_each_kill_hit_and_each_victim_was_hit(killed: Run) -> None:
    kills = killed.kills
    assert kills is not None
    assert killed.hits.total() >= kills.number
    rounds = kills.number // len(kills.victims)
    assert all(killed.hits[name] >= rounds * kills.victims.count(name) for name in kills.victims), killed.hits


def test_it_ends_with_the_digest_of_a_run_left_alone(quiet: Run, killed: Run) -> None:
    assert killed.said["digest"] == quiet.said["digest"]
    # An evaluator that was away for long has passed some models over.
    common = killed.accuracy.keys() & quiet.accuracy.keys()
    assert len(common) >= BATCHES // 2
    assert all(killed.accuracy[labels] == quiet.accuracy[labels] for labels in common)


def test_no_text_is_asked_twice(killed: Run) -> None:
    asked = [item["item"] for batch in killed.of("BatchQueried") for item in batch["items"]]

    assert len(asked) == BATCHES * SIZE
    assert len(set(asked)) == len(asked)


def test_no_label_is_lost(killed: Run, folder: Path) -> None:
    gold = [json.loads(line)["label"] for line in (folder / "pool.jsonl").open(encoding="utf-8")]
    rows = [json.loads(line) for line in Path(killed.said["export"]).read_text("utf-8").splitlines()]

    assert len(rows) == BATCHES * SIZE
    assert all(row["label"] == gold[row["source_row"]] for row in rows)


def test_nothing_is_taken_for_a_withdrawal(killed: Run) -> None:
    assert [batch["revision"] for batch in killed.of("BatchAnnotated")] == [0] * BATCHES


def test_each_model_is_trained_once_in_the_log(killed: Run) -> None:
    assert [model["model"] for model in killed.of("ModelTrained")] == [str(n) for n in range(BATCHES)]


def test_nothing_is_stated_twice(killed: Run) -> None:
    stated = [event["id"] for event in killed.events]

    assert len(set(stated)) == len(stated)
