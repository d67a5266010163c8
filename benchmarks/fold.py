"""How long the fold of a long history takes: `python -m benchmarks.fold`."""

import argparse
import itertools
import random
import time
from collections.abc import Iterator

from benchmarks.report import publish, table
from labelloop.loop.digest import loop_digest
from labelloop.loop.history import History
from labelloop.loop.order import next_batch, next_model
from schemas import events as e
from schemas.envelope import Event, new_event
from schemas.parts import AnnotatedItem, BaseModelChoice, Choice, ItemVotes, QueriedItem, Snapshot, Vote

PROJECT = "benchmark"
LABELS = ("ham", "spam")
BATCH = 20
RECORDED = 96


def facts() -> Iterator[e.EventData]:
    """A loop without an end: a hundred events for each batch of 20, most of them answers so far."""
    yield e.ProjectCreated(
        name=PROJECT,
        labels=LABELS,
        pool=Snapshot(uri="pools/1", digest="d", size=10**6),
        batch_size=BATCH,
        lookahead=0,
        classifier=Choice(name="linear"),
        strategy=Choice(name="breaking-ties"),
        model=BaseModelChoice(name="tiny"),
    )
    for number in itertools.count():
        yield from one_round(str(number), number * BATCH)


def one_round(name: str, start: int) -> Iterator[e.EventData]:
    items = range(start, start + BATCH)
    picks = tuple(
        QueriedItem(item=item, rank=rank, reason="uncertain", score=0.5, predicted=("ham",), probability=0.5)
        for rank, item in enumerate(items)
    )
    yield e.BatchQueried(batch=name, items=picks, seed=1, pool_version="d", seconds=1.0)
    votes = {item: vote(item) for item in items}
    for number in range(RECORDED):
        done = items[: number * BATCH // RECORDED + 1]
        answers = tuple(ItemVotes(item=item, record="r", votes=(votes[item],)) for item in done)
        yield e.ResponsesRecorded(batch=name, number=number, items=answers)
    answered = (AnnotatedItem(item=item, votes=(vote,), labels=vote.labels) for item, vote in votes.items())
    yield e.BatchAnnotated(batch=name, revision=0, items=tuple(answered))
    yield e.ModelTrained(
        model=name,
        attempt=0,
        learned={str(batch): 0 for batch in range(int(name) + 1)},
        digest="d",
        labels=start + BATCH,
        artifact="models/m",
        sha256="s",
        seconds=1.0,
        device="cpu",
        threads=2,
        seed=1,
    )
    yield e.ServiceFailed(service="trainer", due=f"train model {name}", kind="x", error="x", attempt=1)


def vote(item: int) -> Vote:
    return Vote(
        username="ada", user="u", status="submitted", labels=(LABELS[random.Random(item).random() > 0.5],)
    )


def events(count: int) -> list[Event]:
    return [new_event(PROJECT, data, source="benchmark") for data in itertools.islice(facts(), count)]


def measure(count: int) -> dict[str, str]:
    history, written = History(PROJECT), events(count)
    started, cpu = time.perf_counter(), time.process_time()
    for event in written:
        history.add(Event(event.attributes, event.data))
    folded, cpu = time.perf_counter(), time.process_time() - cpu
    next_batch(history.state)
    next_model(history.state)
    decided = time.perf_counter()
    loop_digest(history.state)
    digested = time.perf_counter()
    assert history.state.length == count, history.halt
    batches = len(history.state.batches)
    return {
        f"fold {count:,} events, {batches:,} batches": f"{folded - started:.1f} s, {cpu:.1f} s of CPU",
        f"what is due after {count:,}": f"{(decided - folded) * 1000:.0f} ms",
        f"the digest after {count:,}": f"{(digested - decided) * 1000:.0f} ms",
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fold", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    count = parser.parse_args().events
    publish("fold", table("The fold", {**measure(1000), **measure(count)}))


if __name__ == "__main__":
    main()
