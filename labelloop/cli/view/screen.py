"""The terminal of a running loop: lines that stay, and progress bars below them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from labelloop.loop.history import History, all_created
from labelloop.loop.schedule import open_batches

WORKERS = {"trainer": "training", "querier": "picking", "evaluator": "testing"}
NOT_WORKING = ("idle", "starting")


@dataclass(frozen=True)
class Activity:
    """Work in progress. `total` is None if its length is unknown."""

    key: str
    text: str
    done: int = 0
    total: int | None = None


def activities(
    histories: Iterable[History], status_files: Mapping[str, Mapping[str, Any]]
) -> Iterator[Activity]:
    """The open batches with their recorded answers, and what the services are doing."""
    for history, state in all_created(histories):
        for batch in open_batches(state):
            total = len(batch.items)
            key = f"{history.project}/{batch.name}"
            yield Activity(key, f"labelling batch {batch.name}", min(batch.answered, total), total)
    for service, verb in WORKERS.items():
        doing = str(status_files.get(service, {}).get("doing", "idle"))
        if not doing.startswith(NOT_WORKING) and ": " in doing:
            yield Activity(f"{service}/{doing}", f"{verb}: {doing.partition(': ')[2]}")


class Screen:
    """A context manager. If the output is not a terminal, it prints lines only, without bars."""

    def __init__(self, stderr: bool = False) -> None:
        self._console = Console(stderr=stderr, highlight=False, soft_wrap=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            refresh_per_second=5,
            disable=not self._console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "Screen":
        self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()

    def line(self, text: str = "") -> None:
        """Print a line unchanged."""
        self._console.print(text, markup=False)
        self._console.file.flush()

    def show(self, shown: Iterable[Activity]) -> None:
        """Show one bar for each of these activities."""
        now = {activity.key: activity for activity in shown}
        for key in self._tasks.keys() - now.keys():
            self._progress.remove_task(self._tasks.pop(key))
        for key, activity in now.items():
            if key not in self._tasks:
                self._tasks[key] = self._progress.add_task(activity.text, total=activity.total)
            self._progress.update(self._tasks[key], completed=activity.done)
