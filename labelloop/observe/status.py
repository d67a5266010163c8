"""How a service fares, said once and shown everywhere: log lines, status file, health page and metrics."""

import logging
from pathlib import Path
from typing import Any

from labelloop.errors import Unavailable, UserError
from labelloop.observe.health import Health
from labelloop.observe.metrics import Metrics
from labelloop.observe.outages import Outages
from labelloop.observe.status_file import StatusFile

logger = logging.getLogger(__name__)


class ServiceStatus:
    """One service in this process. A task is a part of it that waits, works and fails by itself."""

    def __init__(self, service: str, folder: Path | None = None, stale_after: float = 30.0) -> None:
        self.metrics = Metrics(service)
        self.health = Health(stale_after)
        self._file = StatusFile(folder, service)
        self._outages = Outages()
        self._invalid_records = 0

    def show(self, **facts: Any) -> None:
        """Facts of the whole service in its status file; a None takes one back."""
        self._file.set(**facts)

    def does(self, task: str, what: str | None) -> None:
        """What a task does now; None: nothing is due, and nothing is wrong any more."""
        self._file.set_for(task, doing=what)
        if what is None:
            self.works(task)

    def waits(
        self,
        task: str,
        error: Unavailable | UserError,
        then: str = "trying again",
        project: str | None = None,
    ) -> None:
        """A task cannot go on for now, and what it does `then`; people are told once."""
        self._outages.met(task, error, then)
        self.health.lacks(task, str(error))
        self._file.set_for(task, waiting=str(error))
        if project is not None:
            self.metrics.waited(project)

    def failed(self, task: str, what: str, error: BaseException, kind: str, project: str) -> None:
        """A task failed at what was due."""
        self._file.set_for(task, failure=f"{what}: {error}")
        self.metrics.failed(project, kind)

    def works(self, task: str, lacking: str | None = None) -> None:
        """What a task waited for is there, and nothing fails; `lacking`: why it is not ready all the same."""
        self._outages.over(task)
        self.health.lacks(task, lacking)
        self._file.set_for(task, waiting=None, failure=None)

    def left(self, task: str) -> None:
        """The task is no more, whatever it waited for."""
        self._outages.left(task)
        self.does(task, None)

    def passed_over(self, position: str, problem: str | None) -> None:
        """A record of the log holds no event."""
        self._invalid_records += 1
        logger.warning("%s is skipped, it holds no event: %s", position, problem)
        self._file.set(strangers=self._invalid_records)
        self.metrics.passed_over()
