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
from contextlib import suppress
from pathlib import Path
from statistics import median

from benchmarks.brokers import a_kafka
from benchmarks.report import comparison, publish
from labelloop.errors import Unavailable, UserError
from labelloop.log import open_log
from labelloop.oracle.argilla.webhooks import ANSWERS
from tests.support.argilla_api import make_dataset, ok, record, respond
from tests.support.argilla_server import ArgillaServer, free_port
from tests.support.loop import Loop, a_loop, texts
from tests.support.people import Owner, Person
from tests.support.receivers import a_hook

WATCHER = "annotation_watcher"
ADDRESS = {"LABELLOOP_WEBHOOK_URL": "http://127.0.0.1:0"}
WAYS = ("polls alone", "webhooks")
PROJECTS = 5
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
        with suppress(UserError, Unavailable):  # The log is removed in the end.
            async with open_log(self._url).follow("benchmark") as follower:
                async for record in follower:
                    if record.event is not None and record.event.name == "BatchAnnotated":
                        self._came.setdefault(record.event.project, time.monotonic())


class Desk:
    """A loop with a reader and an annotator, who completes one batch after the other."""

    def __init__(self, loop: Loop, webhooks: bool) -> None:
        loop.quick = False
        loop.start("querier")
        loop.start(WATCHER, **(ADDRESS if webhooks else {}))
        loop.until(lambda: loop.status_file(WATCHER).get("doing") == "idle")
        loop.until(lambda: not webhooks or "http://" in loop.log_of(WATCHER))
        self._loop = loop
        self._reader, self._ann = Reader(loop.settings.log), Person(loop.argilla)
        self._reader.start()
        self._draw = random.Random(7)

    def reaction(self) -> float:
        """Seconds from the answer that completes a batch until BatchAnnotated was read."""
        project = self._loop.create(texts(2), batch_size=2, max_batches=1)
        owner = Owner(self._loop.argilla, project)
        self._loop.until(lambda: len(owner.records(0)) == 2)
        first, last = (record["id"] for record in owner.records(0).values())
        self._ann.answer(first, "spam")
        time.sleep(PAUSE + self._draw.uniform(-0.5, 0.5))
        self._ann.answer(last, "spam")
        answered = time.monotonic()
        return self._reader.wait_for(project) - answered


def reactions(folder: Path, server: ArgillaServer, log: str | None, times: int) -> dict[str, list[float]]:
    """By polls alone, and with webhooks, in turn: what else the machine does disturbs both alike.

    A loop has few projects, because those that are finished are looked at too.
    """
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    for part in range(times // PROJECTS):
        for way, seconds in taken.items():
            name = f"{way.split()[-1]}-{part}"
            with a_loop(folder / name, server, log=None if log is None else f"{log}-{name}") as loop:
                desk = Desk(loop, way == "webhooks")
                seconds.extend(desk.reaction() for _ in range(PROJECTS))
                assert loop.stop(WATCHER) == 0
    return taken


def answers(server: ArgillaServer, times: int) -> dict[str, list[float]]:
    """Seconds that an answer takes, without and with a webhook that takes it, in turn."""
    client = server.client()
    dataset = make_dataset(client)
    records = dataset.put([record(0, rank) for rank in range(2 * times)])
    ann = dataset.annotator()
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    with a_hook() as hook:
        for number in range(times):
            for name, seconds in taken.items():
                made = None
                if name == "webhooks":
                    about = {"url": hook.plain_url, "events": ANSWERS}
                    made = ok(client.post("/webhooks", json=about))["id"]
                began = time.monotonic()
                respond(ann, records.pop(), "human")
                seconds.append(time.monotonic() - began)
                if made is not None:
                    while len(hook.posted) <= number:
                        time.sleep(0.01)
                    ok(client.delete(f"/webhooks/{made}"))
    return taken


def spread(seconds: list[float]) -> str:
    most = sorted(seconds)[round(0.95 * (len(seconds) - 1))]
    return f"{median(seconds) * 1000:.0f} ms, 95 % {most * 1000:.0f} ms, n = {len(seconds)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="batches on each log, in each way")
    times = parser.parse_args().times
    columns: dict[str, dict[str, str]] = {way: {} for way in WAYS}

    def note(row: str, taken: dict[str, list[float]]) -> None:
        for way, seconds in taken.items():
            columns[way][row] = spread(seconds)
            print(f"{row}, {way}: {columns[way][row]}", flush=True)

    with tempfile.TemporaryDirectory() as folder, a_kafka(Path(folder) / "kafka") as kafka:
        server = ArgillaServer(Path(folder) / "argilla", free_port())
        server.start()
        try:
            note("an answer itself", answers(server, times))
            for name, log in (("SQLite", None), ("Kafka", f"kafka://{kafka}/wake-ups")):
                taken = reactions(Path(folder) / name, server, log, times)
                note(f"from a batch's last answer until BatchAnnotated was read, {name}", taken)
        finally:
            server.stop()
    publish("wake-ups", comparison("From an answer to the log", columns))


if __name__ == "__main__":
    main()
