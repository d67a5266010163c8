"""A terminal with lines, and below them bars for what is being done."""

import time
from collections.abc import Callable, Iterable
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


class Milestones:
    """Which looks at work in progress are worth a line: its beginning, each tenth, and one a minute."""

    TENTHS, LEAST, MOST = 10, 5.0, 60.0
    """`LEAST`: seconds from one line to the next of the same work. `MOST`: after so many there is one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._doing, self._tenth, self._said_at = "", 0, clock()

    def is_due(self, doing: str, done: int, total: int | None) -> bool:
        """Whether to say a line now. It counts as said then."""
        now, tenth = self._clock(), self.TENTHS * done // total if total else 0
        waited = now - self._said_at
        is_due = doing != self._doing or waited >= (self.LEAST if tenth > self._tenth else self.MOST)
        if is_due:
            self._doing, self._tenth, self._said_at = doing, tenth, now
        return is_due


class Screen:
    """A context manager. If the output is not a terminal, it prints lines only, without bars.

    `milestones`: then it prints a line now and then for what is being done, too.
    """

    def __init__(self, stderr: bool = False, milestones: Milestones | None = None) -> None:
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
        self._milestones = None if self._console.is_terminal else milestones

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
        self.count(doing, 0, None)

    def count(self, doing: str, done: int, total: int | None) -> None:
        """Show one bar for what is done now, and how far it is."""
        self.show([Activity(doing, doing, done, total)])
        if self._milestones is not None and self._milestones.is_due(doing, done, total):
            self.line(doing if total is None else f"{doing}: {done:,} of {total:,}")

    def finish(self, line: str) -> None:
        """Say that all is done, where lines tell of it."""
        if self._milestones is not None:
            self.line(line)
