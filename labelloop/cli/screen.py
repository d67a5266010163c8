"""A terminal with lines, and below them bars for what is being done."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from labelloop.cli.echo import as_given
from labelloop.errors import shown


@dataclass(frozen=True)
class Activity:
    """Work in progress. `total` is None if its length is unknown."""

    key: str
    text: str
    done: int = 0
    total: int | None = None


class Count(MofNCompleteColumn):
    """How much is done, of work whose length is known."""

    def render(self, task: Task) -> Text:
        """Such as 3/20."""
        return Text() if task.total is None else super().render(task)


class Screen:
    """A context manager. If the output is not a terminal, it prints lines only, without bars."""

    def __init__(self, stderr: bool = False) -> None:
        self._console = Console(stderr=stderr, highlight=False, soft_wrap=True)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            Count(),
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
        """Print lines as `labelloop.cli.echo.tell` does."""
        self._console.print(shown(as_given(text)), markup=False)
        self._console.file.flush()

    def show(self, activities: Iterable[Activity]) -> None:
        """Show one bar for each of these activities."""
        now = {activity.key: activity for activity in activities}
        for key in self._tasks.keys() - now.keys():
            self._progress.remove_task(self._tasks.pop(key))
        for key, activity in now.items():
            if key not in self._tasks:
                self._tasks[key] = self._progress.add_task(activity.text, total=activity.total)
            self._progress.update(self._tasks[key], completed=activity.done)

    def tell(self, doing: str) -> None:
        """Show one bar for what is done now, of which nobody knows how long it takes."""
        self.show([Activity(doing, doing)])

    def count(self, doing: str, done: int, total: int | None) -> None:
        """Show one bar for what is done now, and how far it is."""
        self.show([Activity(doing, doing, done, total)])
