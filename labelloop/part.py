"""A partition as a running service has it: its projects, and how far they are folded."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import chain

from labelloop.folds import Folds, Mark, Misfit, is_worth_saving
from labelloop.live import Live
from labelloop.log.base import Record
from labelloop.loop.history import History


class Part:
    """The projects of a partition, and the tasks of those that have begun.

    `is_level`: all that was in the log when the partition came is folded.
    """

    def __init__(
        self, partition: int, make: Callable[[History], Live], folds: Folds | None, here: str | None = None
    ) -> None:
        self.projects: dict[str, Live] = {}
        self.tasks: dict[str, tuple[asyncio.Task[None], ...]] = {}
        self.is_level = False
        self._partition = partition
        self._make = make
        self._folds = folds
        self._here = here
        self._expected: Mark | None = None
        self._mark: Mark | None = None
        self._unsaved = 0

    def resume(self) -> int | None:
        """Take up what was saved of the partition: the offset from which to read on."""
        saved = self._folds.load(self._partition, self._here) if self._folds else None
        if saved is None:
            return None
        self.projects = {history.project: self._make(history) for history in saved.histories}
        self._expected = self._mark = saved.mark
        return saved.mark.offset

    def check(self, records: Sequence[Record]) -> Sequence[Record]:
        """The records that are new. Raises Misfit where those read first are not what was folded last."""
        if self._expected is None:
            return records
        if not records or Mark.of(records[0]) != self._expected:
            assert self._folds is not None
            self._folds.remove(self._partition)
            raise Misfit(
                f"the saved fold of partition {self._partition} is not of this log: folding it again"
            )
        self._expected = None
        return records[1:]

    def add(self, record: Record, project: str) -> Live:
        """Take an event of a project from the log."""
        live = self.projects.get(project)
        if live is None:
            live = self.projects[project] = self._make(History(project, self._here))
        live.add(record)
        self._mark = Mark.of(record)
        self._unsaved += 1
        return live

    def save(self) -> None:
        """Keep what is folded, once it is much more than was kept."""
        in_all = sum(len(live.history.seen) for live in self.projects.values())
        held = any(live.history.halt or live.history.held for live in self.projects.values())
        if self._folds and self._mark and not held and is_worth_saving(self._unsaved, in_all):
            self._folds.save(self._mark, [live.history for live in self.projects.values()])
            self._unsaved = 0

    def stop(self) -> None:
        """Give up what is under way: it is another's now."""
        for task in chain.from_iterable(self.tasks.values()):
            task.cancel()
