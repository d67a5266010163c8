"""One partition that this process owns: its projects, and what is saved of them."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import chain

from labelloop.log.base import LogLost, Ownership, Record
from labelloop.loop.history import History
from labelloop.runtime.project_work import OwnedProject
from labelloop.runtime.state_cache import Checkpoint, ForeignCheckpoint, StateCache, is_worth_saving


class OwnedPartition:
    """The projects of a partition, and the tasks of those that have begun.

    `is_caught_up`: all that was in the log when the partition came is folded.
    """

    def __init__(
        self,
        partition: int,
        make: Callable[[History], OwnedProject],
        state_cache: StateCache | None,
        log_identity: str | None = None,
    ) -> None:
        self.projects: dict[str, OwnedProject] = {}
        self.tasks: dict[str, tuple[asyncio.Task[None], ...]] = {}
        self.is_caught_up = False
        self._partition = partition
        self._make = make
        self._state_cache = state_cache
        self._log_identity = log_identity
        self._expected: Checkpoint | None = None
        self._checkpoint: Checkpoint | None = None
        self._unsaved = 0

    def resume(self, ownership: Ownership) -> None:
        """Take up what was saved of the partition, and read on from there.

        Raises LogLost if the log ends before the event that was folded last.
        """
        saved = self._state_cache.load(self._partition, self._log_identity) if self._state_cache else None
        if self._state_cache is None or saved is None:
            return
        offset = saved.checkpoint.offset
        try:
            # What was folded last is read once more: it tells whether this is the log that was folded.
            ownership.skip_past(self._partition, offset - 1)
        except LogLost as error:
            raise LogLost(
                f"{error}, and this machine has read it up to offset {offset}: put back the log that was "
                f"there, or, if this older one is meant, delete {self._state_cache.folder}"
            ) from error
        self.projects = {history.project: self._make(history) for history in saved.histories}
        self._expected = self._checkpoint = saved.checkpoint

    def check(self, records: Sequence[Record]) -> Sequence[Record]:
        """The records that are new. Raises ForeignCheckpoint where the first is not what was folded last."""
        if self._expected is None:
            return records
        if not records or Checkpoint.of(records[0]) != self._expected:
            assert self._state_cache is not None
            self._state_cache.remove(self._partition)
            raise ForeignCheckpoint(
                f"the saved fold of partition {self._partition} is not of this log: folding it again"
            )
        self._expected = None
        return records[1:]

    def add(self, record: Record, project: str) -> OwnedProject:
        """Take an event of a project from the log."""
        owned = self.projects.get(project)
        if owned is None:
            owned = self.projects[project] = self._make(History(project, self._log_identity))
        owned.add(record)
        self._checkpoint = Checkpoint.of(record)
        self._unsaved += 1
        return owned

    def save(self) -> None:
        """Keep what is folded, once it is much more than was kept."""
        histories = [project.history for project in self.projects.values()]
        in_all = sum(len(history.datahashes) for history in histories)
        held = any(history.halt or history.held for history in histories)
        if self._state_cache and self._checkpoint and not held and is_worth_saving(self._unsaved, in_all):
            self._state_cache.save(self._checkpoint, histories)
            self._unsaved = 0

    def stop(self) -> None:
        """Give up what is under way: it is another's now."""
        for task in chain.from_iterable(self.tasks.values()):
            task.cancel()
