"""The status of a service. It is shown in log lines, status file, health page and metrics."""

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
    """The status of this process's service. A task is a part that waits, works and fails on its own."""

    def __init__(self, service: str, folder: Path | None = None, stale_after: float = 30.0) -> None:
        self.metrics = Metrics(service)
        self.health = Health(stale_after)
        self._file = StatusFile(folder, service)
        self._outages = Outages()
        self._invalid_records = 0

    def show(self, **facts: Any) -> None:
        """Set facts about the whole service in its status file. None removes a fact."""
        self._file.set(**facts)

    def does(self, task: str, what: str | None) -> None:
        """Note what a task does now. None: nothing is due, and nothing is wrong."""
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
        """Note that a task cannot continue at present, and what it does `then`. It is logged once."""
        self._outages.met(task, error, then)
        self.health.lacks(task, str(error))
        self._file.set_for(task, waiting=str(error))
        if project is not None:
            self.metrics.waited(project)

    def failed(self, task: str, what: str, error: BaseException, kind: str, project: str) -> None:
        """Note that a task failed."""
        self._file.set_for(task, failure=f"{what}: {error}")
        self.metrics.failed(project, kind)

    def works(self, task: str, lacking: str | None = None) -> None:
        """Note that a task works again. `lacking`: why the service still is not ready."""
        self._outages.over(task)
        self.health.lacks(task, lacking)
        self._file.set_for(task, waiting=None, failure=None)

    def left(self, task: str) -> None:
        """Forget a task that ended."""
        self._outages.left(task)
        self.does(task, None)

    def passed_over(self, position: str, problem: str | None) -> None:
        """Note a record of the log that is not an event."""
        self._invalid_records += 1
        logger.warning("skipped %s, which is not an event: %s", position, problem)
        self._file.set(strangers=self._invalid_records)
        self.metrics.passed_over()
