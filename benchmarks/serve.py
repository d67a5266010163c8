"""`labelloop serve` under load: `python -m benchmarks.serve`, two to three minutes.

The bundled model, trained on bundled questions, on all cores of this machine, which the clients share. One
client and eight ask without a pause, each for one text at a time or for sixteen; then eight do while two new
models are taken over.
"""

import argparse
import asyncio
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import quantiles

import httpx
import psutil

from benchmarks.report import comparison, publish
from labelloop.config.home import open_home
from labelloop.learner.base_model import BUNDLED
from labelloop.loop.history import History
from labelloop.pool.bundled import bundled
from labelloop.pool.prepare import clean_pool
from labelloop.pool.sources import load
from labelloop.projects.catalog import created
from schemas.envelope import Event, new_event
from schemas.model import replaced
from schemas.parts import BaseModelChoice, Choice
from tests.support.logs import read_log, write_log
from tests.support.serving import Serving, serving
from tests.support.states import PROJECT
from tests.support.trained_home import next_model, trained_home

BATCH, PARAMETERS = 40, {"epochs": 1}
AFTER = 3.0
"""Seconds of load once the last model answers."""
BY_EACH = ("one client, 1 text", "8 clients, 1 text", "8 clients, 16 texts")


@dataclass
class Load:
    """What clients saw: seconds of each answer, failures, and which models answered."""

    texts: int
    seconds: list[float] = field(default_factory=list)
    failures: int = 0
    models: dict[str, None] = field(default_factory=dict)
    took: float = 0.0
    cpu: float = 0.0

    def row(self) -> dict[str, str]:
        cuts = [1000 * each for each in quantiles(self.seconds, n=100, method="inclusive")]
        return {
            "requests a second": f"{len(self.seconds) / self.took:,.0f}",
            "texts a second": f"{self.texts * len(self.seconds) / self.took:,.0f}",
            "median, 95 %, 99 %": f"{cuts[49]:.0f}, {cuts[94]:.0f}, {cuts[98]:.0f} ms",
            "slowest": f"{1000 * max(self.seconds):.0f} ms",
            "CPU of the server for a text": f"{1000 * self.cpu / (self.texts * len(self.seconds)):.0f} ms",
            "failures": f"{self.failures} of {len(self.seconds) + self.failures:,}",
            "models that answered": ", ".join(self.models),
        }


def loaded(server: Serving, texts: list[str], clients: int, each: int, until: Callable[[], bool]) -> Load:
    """Have clients ask for so many texts each time."""
    load = Load(each)
    lock = threading.Lock()

    def ask(number: int) -> None:
        random = Random(number)
        with httpx.Client(headers=server.headers, timeout=120, verify=False) as client:
            while not until():
                began = time.perf_counter()
                answer = client.post(f"{server.url}/predict", json={"texts": random.sample(texts, each)})
                seconds = time.perf_counter() - began
                with lock:
                    if answer.status_code == 200:
                        load.seconds.append(seconds)
                        load.models.setdefault(answer.json()["model"])
                    else:
                        load.failures += 1

    began, before = time.perf_counter(), cpu_of(server)
    with ThreadPoolExecutor(clients) as pool:
        for asking in [pool.submit(ask, number) for number in range(clients)]:
            asking.result()
    load.took, load.cpu = time.perf_counter() - began, cpu_of(server) - before
    return load


def cpu_of(server: Serving) -> float:
    """Seconds of CPU that the processes of the server have taken, those that ended too."""
    itself = psutil.Process(server.process.pid)
    times = [process.cpu_times() for process in (itself, *itself.children(recursive=True))]
    return sum(each.user + each.system + each.children_user + each.children_system for each in times)


def while_models_come(server: Serving, home: Path, texts: list[str], more: list[Event]) -> Load:
    """Eight clients ask for one text, while a model comes as soon as the one before answers."""
    is_over = threading.Event()

    def come() -> None:
        for event in more:
            asyncio.run(write_log(open_home(home).log, [event]))
            model = event.payload.model  # type: ignore[attr-defined]
            while server.get("/model").json()["model"] != model:
                time.sleep(0.2)
        time.sleep(AFTER)
        is_over.set()

    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(come)
        load = loaded(server, texts, 8, 1, lambda: is_over.is_set() or coming.done())
        coming.result()
    return load


def models_after(home: Path) -> list[Event]:
    """Models 1 and 2, trained now; the log does not have them yet."""
    history = History(PROJECT)
    for event in asyncio.run(read_log(open_home(home).log_url)):
        history.add(event)
    told = []
    for number in (1, 2):
        trained = next_model(open_home(home), created(history), number)
        told.append(new_event(PROJECT, replaced(trained, attempt=0), source="benchmarks"))
        history.add(told[-1])
    return told


def main() -> None:
    """Parse the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each load")
    options = parser.parse_args()
    rows = clean_pool(load(str(bundled("questions").pool))).rows
    texts = [row.text for row in rows]
    columns = {}
    with tempfile.TemporaryDirectory(prefix="labelloop-") as folder:
        classifier = Choice(name="transformer", parameters=PARAMETERS)
        model = BaseModelChoice(name=BUNDLED)
        home = trained_home(Path(folder) / "home", rows, BATCH, model=model, classifier=classifier)
        more = models_after(home)
        with serving(home, "--rate", 0) as server:
            server.predicted(texts[:16])
            for name, (clients, each) in zip(BY_EACH, ((1, 1), (8, 1), (8, 16)), strict=True):
                is_over = threading.Event()
                threading.Timer(options.seconds, is_over.set).start()
                columns[name] = loaded(server, texts, clients, each, is_over.is_set).row()
            swapped = while_models_come(server, home, texts, more)
            columns["8 clients, 1 text, two new models"] = swapped.row()
    publish(
        "serve", comparison("`labelloop serve`, all-MiniLM-L6-v2 (`transformer`), bundled questions", columns)
    )


if __name__ == "__main__":
    main()
