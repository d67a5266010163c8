"""The status of a service: log lines, status file, health and metrics show it."""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labelloop.errors import Unavailable, UserError
from labelloop.observe.metrics import Metrics
from labelloop.observe.status_file import StatusFile

logger = logging.getLogger(__name__)
INTERVAL = 0.5
LOG = "log"
"""The log: a service lacks it until it reports otherwise."""
IS_STARTING, READING = "it is starting", "it reads what the log holds"


class ServiceStatus:
    """The status of this process's service. A task is a part that waits, works and fails on its own."""

    def __init__(self, service: str, folder: Path | None = None, stale_after: float = 30.0) -> None:
        self.metrics = Metrics(service)
        self.health = Health(stale_after)
        self._file = StatusFile(folder, service)
        self._outages = Outages()
        self._invalid_records = 0
        self._due = set[str]()

    def show(self, **facts: Any) -> None:
        """Set facts about the whole service in its status file. None removes a fact."""
        self._file.set(**facts)

    def does(self, task: str, what: str | None) -> None:
        """Note what a task does now, or waits its turn for. None: nothing is due, and nothing is wrong."""
        if what is None:
            self._due.discard(task)
        else:
            self._due.add(task)
        self.metrics.due(len(self._due))
        self._file.set_for(task, doing=what)
        self._file.set(work_due=len(self._due))
        if what is None:
            self.works(task)

    def behind(self, events: int) -> None:
        """Note how many events of the log are not read yet."""
        lag = self.metrics.lag
        lag.behind(events)
        self._file.set(lag_events=events, lag_seconds=round(lag.seconds(), 1))

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
        self._outages.recovered(task)
        self.health.lacks(task, lacking)
        self._file.set_for(task, waiting=None, failure=None)

    def ended(self, task: str) -> None:
        """Forget a task that ended."""
        self._outages.forget(task)
        self.does(task, None)

    def passed_over(self, position: str, problem: str | None) -> None:
        """Note a record of the log that is not an event."""
        self._invalid_records += 1
        logger.warning("skipped %s, which is not an event: %s", position, problem)
        self._file.set(strangers=self._invalid_records)
        self.metrics.passed_over()


class Health:
    """A heartbeat, and what the service lacks. Times are seconds of a monotonic clock."""

    def __init__(self, stale_after: float = 30.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._stale_after = stale_after
        self._clock = clock
        self._beat = clock()
        self._lacking: dict[str, str] = {LOG: IS_STARTING}

    def beat(self) -> None:
        self._beat = self._clock()

    async def keep_beating(self) -> None:
        """Beat regularly, as long as the event loop is not stuck."""
        while True:
            self.beat()
            await asyncio.sleep(INTERVAL)

    def age(self) -> float:
        """Seconds since the last beat."""
        return self._clock() - self._beat

    def lacks(self, what: str, reason: str | None) -> None:
        """Note why something that the service needs is missing. None: it is available now."""
        if reason is None:
            self._lacking.pop(what, None)
        else:
            self._lacking[what] = reason

    def sickness(self) -> str | None:
        """Why the service counts as stuck, or None."""
        age = self.age()
        if age <= self._stale_after:
            return None
        return f"its event loop has been stuck for {age:.0f} s"

    def unreadiness(self) -> str | None:
        """Why the service is not ready, or None."""
        sickness = self.sickness()
        reasons = dict.fromkeys([*([sickness] if sickness else ()), *self._lacking.values()])
        return "; ".join(reasons) or None


class Outages:
    """The current outages of a service's parts. Each part has at most one."""

    def __init__(self) -> None:
        self._met: dict[str, tuple[str, str]] = {}

    def met(self, part: str, error: Unavailable | UserError, then: str = "trying again") -> None:
        """Note a part's outage, and log it, with what the part does `then`, unless it is known."""
        outage = error.outage if isinstance(error, Unavailable) else str(error)
        if not self._is_known(outage):
            logger.warning("%s; %s", error, then)
        self._met[part] = outage, str(error)

    def recovered(self, part: str) -> None:
        """Note that a part's outage is over, and log it if no other part waits for it."""
        outage, waiting = self._met.pop(part, (None, ""))
        if outage is not None and not self._is_known(outage):
            logger.info("available again (before: %s)", waiting)

    def forget(self, part: str) -> None:
        """Forget a part that ended."""
        self._met.pop(part, None)

    def _is_known(self, outage: str) -> bool:
        return any(noted == outage for noted, _ in self._met.values())
