"""From the answer that completes a batch to BatchAnnotated in the log: `python -m benchmarks.wake_ups`.

On both logs, with and without Argilla's webhooks. Watcher and querier run as processes on the embedded
Argilla, as `labelloop up` runs them.
"""

import argparse
import asyncio
import random
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

from benchmarks.brokers import a_kafka
from benchmarks.report import comparison, publish
from labelloop.log import open_log
from tests.support.argilla_server import ArgillaServer, free_port
from tests.support.loop import Loop, a_loop, texts
from tests.support.people import Owner, Person

WATCHER = "annotation_watcher"
ADDRESS = {"LABELLOOP_WEBHOOK_URL": "http://127.0.0.1:0"}
PAUSE = 1.5
"""Seconds between the two answers to a batch, give or take half a second: a poll comes at any time."""


class Reader(threading.Thread):
    """Another reader of the log: when each project's BatchAnnotated came to it."""

    def __init__(self, log: str) -> None:
        super().__init__(daemon=True)
        self._url = log
        self._came: dict[str, float] = {}

    def wait_for(self, project: str) -> float:
        while project not in self._came:
            time.sleep(0.001)
        return self._came[project]

    def run(self) -> None:
        asyncio.run(self._follow())

    async def _follow(self) -> None:
        async with open_log(self._url).follow("benchmark") as follower:
            async for record in follower:
                if record.event is not None and record.event.name == "BatchAnnotated":
                    self._came.setdefault(record.event.project, time.monotonic())


def reactions(loop: Loop, webhooks: bool, times: int) -> tuple[list[float], list[float]]:
    """Seconds that the last answers themselves took, and from their end until BatchAnnotated was read."""
    loop.quick = False
    loop.start("querier")
    loop.start(WATCHER, **(ADDRESS if webhooks else {}))
    loop.until(lambda: loop.status_file(WATCHER).get("doing") == "idle")
    loop.until(lambda: not webhooks or "http://" in loop.said(WATCHER))
    reader, ann = Reader(loop.settings.log), Person(loop.argilla)
    reader.start()
    draw = random.Random(7)
    answers, reacted = [], []
    for _ in range(times):
        project = loop.create(texts(2), batch_size=2, max_batches=1)
        owner = Owner(loop.argilla, project)
        loop.until(lambda owner=owner: len(owner.records(0)) == 2)  # type: ignore[misc]
        first, last = (record["id"] for record in owner.records(0).values())
        ann.answer(first, "spam")
        time.sleep(PAUSE + draw.uniform(-0.5, 0.5))
        began = time.monotonic()
        ann.answer(last, "spam")
        answered = time.monotonic()
        answers.append(answered - began)
        reacted.append(reader.wait_for(project) - answered)
    assert loop.stop(WATCHER) == 0
    return answers, reacted


def figures(answers: list[float], reacted: list[float]) -> dict[str, str]:
    return {"the answer itself": spread(answers), "from there until BatchAnnotated was read": spread(reacted)}


def spread(seconds: list[float]) -> str:
    most = sorted(seconds)[round(0.95 * (len(seconds) - 1))]
    return f"{median(seconds) * 1000:.0f} ms, 95 % {most * 1000:.0f} ms, n = {len(seconds)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=25, help="batches on each log, in each way")
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as folder:
        server = ArgillaServer(Path(folder) / "argilla", free_port())
        server.start()
        columns = {}
        try:
            with a_kafka(Path(folder) / "kafka") as kafka:
                for name, log in (("SQLite", None), ("Kafka", f"kafka://{kafka}/wake-ups")):
                    for webhooks in (False, True):
                        home = Path(folder) / f"{name}-{webhooks}"
                        at = None if log is None else f"{log}-{webhooks}"
                        with a_loop(home, server, log=at) as loop:
                            column = f"{name}, {'webhooks' if webhooks else 'polls alone'}"
                            columns[column] = figures(*reactions(loop, webhooks, times))
                            print(column, columns[column], flush=True)
        finally:
            server.stop()
    publish("wake-ups", comparison("From the last answer of a batch to the log", columns))


if __name__ == "__main__":
    main()
